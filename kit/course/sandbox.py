"""A place to run code that nobody has read: what it can reach is listed, the rest is not there.

    with Sandbox(public_code) as box:
        with box.job(statements, last, "project", limits) as function:
            function(p, q, d)        runs inside; values come back, and nothing else

The first of the ways of kit/course/containment.py that works here is taken.
`measure` runs a probe in it and says what holds. Nothing here is a promise about the kernel.
"""

import contextlib
import inspect
import os
import pickle
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kit.course import wire
from kit.course.checks import Told, overwritten
from kit.course.containment import ROOT, WAYS, command_for, open_to_all, reached

STAGE = "kit-stage-"  # + the grader's process + "-" + something random: a folder that stays empty


@dataclass(frozen=True)
class Limits:
    """What one function may take: wall seconds, bytes of memory, bytes in a file, processes."""

    seconds: float = 20.0
    memory: int = 3 << 30
    file: int = 64 << 20
    processes: int = 24

    def told(self, way: str) -> dict:
        """As the worker wants them; the user of a job belongs to nobody and to this grader.

        By bubblewrap there is no other user inside: 0 keeps the one there is.
        """
        cpu = int(self.seconds) + 2
        uid = 0 if way == "bubblewrap" else 61_000 + os.getpid() % 1000
        kept = {"memory": self.memory, "file": self.file, "processes": self.processes}
        return {**kept, "cpu": cpu, "uid": uid}


class Sandbox:
    """A worker process in which jobs run one after the other."""

    def __init__(self, code: list, way: str | None = None) -> None:
        self.code, self.way = code, way or best_way()
        self.process: subprocess.Popen | None = None
        self.control: socket.socket | None = None
        self.stage: str | None = None

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the worker and have it run the public code. Raises wire.Broken if it cannot."""
        self.control, inner = socket.socketpair()
        self.stage = tempfile.mkdtemp(prefix=f"{STAGE}{os.getpid()}-")
        command = command_for(self.way, self.stage, inner.fileno())
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        if not os.environ.get("KIT_SANDBOX_LOUD"):
            quiet["stderr"] = subprocess.DEVNULL
        env = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": "/tmp",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "MPLBACKEND": "agg",
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        }
        try:
            self.process = subprocess.Popen(
                command, env=env, pass_fds=[inner.fileno()], start_new_session=True, **quiet
            )
        except OSError as problem:
            raise wire.Broken(str(problem)) from None
        finally:
            inner.close()
        wire.send(self.control, wire.to_json({"code": self.code}))
        wire.receive(self.control, time.monotonic() + 120)

    def close(self) -> None:
        """End the worker and all in it."""
        if self.control is not None:
            self.control.close()
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, 9)
            self.process.kill()
            self.process.wait()
        if self.stage:
            shutil.rmtree(self.stage, ignore_errors=True)
        self.process = self.control = self.stage = None

    @contextlib.contextmanager
    def job(self, statements: list, last: list, name: str, limits: Limits) -> Iterator["Remote"]:
        """Run statements in a fresh child, then call the function `name` from here.

        statements  (source, line, title) each, in any order that can be made to work
        last        the statement that defines the function
        """
        if self.process is None:
            self.start()
        ours, theirs = socket.socketpair()
        job = {"code": statements, "last": last, "name": name, "limits": limits.told(self.way)}
        try:
            wire.send(self.control, wire.to_json(job))
            socket.send_fds(self.control, [b"."], [theirs.fileno()])
            theirs.close()
            yield Remote(ours, time.monotonic() + limits.seconds, limits)
        except OSError:
            raise wire.Broken("the sandbox has ended") from None
        finally:
            ours.close()
            try:
                wire.send(self.control, b"over")
                wire.receive(self.control, time.monotonic() + 15)
                if self.way != "namespaces":  # here a job could have touched the worker itself
                    self.close()
            except wire.Broken:
                self.close()


class Remote:
    """A function in a sandbox, called like any other; what goes wrong in there is a Told."""

    def __init__(self, sock: socket.socket, deadline: float, limits: Limits) -> None:
        self.sock, self.deadline, self.limits = sock, deadline, limits
        self.known: dict[bytes, object] = {}
        self.used: set[str] = set()
        self.ended = ""  # why it answers no more
        hello = self._receive()
        self.missing = str(hello.get("missing", ""))[:200]
        signature = _signature(hello.get("parameters"))
        if signature:
            self.__signature__ = signature

    def __call__(self, *args: object, **kwargs: object) -> object:
        asked = pickle.dumps((args, kwargs))
        if asked not in self.known:
            self.known[asked] = self._ask(asked)
        reply = self.known[asked]
        if "empty" in reply:
            raise NotImplementedError
        if "error" in reply:
            raise Told(str(reply["error"])[:300])
        if "changed" in reply:
            raise Told(overwritten(str(reply["changed"])[:40]))
        try:
            return wire.unpack(reply.get("result"))
        except wire.Broken:
            raise Told("Your function gives back something that is no value.") from None

    def _ask(self, asked: bytes) -> dict:
        if self.ended:
            return {"error": self.ended}
        try:
            wire.send(self.sock, asked)
        except wire.Broken:
            self.ended = "Your function ends the process it runs in."
        reply = {"error": self.ended} if self.ended else self._receive()
        used = reply.get("used")
        if isinstance(used, list):
            self.used |= {str(name)[:80] for name in used[:5]}
        return reply

    def _receive(self) -> dict:
        try:
            found = wire.from_json(wire.receive(self.sock, self.deadline))
            if isinstance(found, dict):
                return found
            self.ended = "Your function gives back something that is no value."
        except wire.Late:
            self.ended = f"Your code takes longer than the {self.limits.seconds:g} seconds it has."
        except wire.Broken as problem:
            self.ended = (
                f"Your function gives back {problem}."
                if problem.args
                else "Your function ends the process it runs in, or is ended for taking too much."
            )
        return {"error": self.ended}


def _signature(found: object) -> inspect.Signature | None:
    kinds = list(inspect._ParameterKind)
    try:
        return inspect.Signature(
            [
                inspect.Parameter(
                    str(name), kinds[kind], **({"default": None} if has_default else {})
                )
                for name, kind, has_default in found
            ]
        )
    except (TypeError, ValueError, IndexError):
        return None


def tidy(folder: str | None = None) -> list[str]:
    """Remove the stages that graders of this user left behind when they were killed.

    A stage is an empty folder here (what is mounted on it is seen by its worker alone). One whose
    grader still runs is kept, and so is one that is a link, not empty, or somebody else's.
    """
    removed = []
    for path in sorted(Path(folder or tempfile.gettempdir()).glob(f"{STAGE}*")):
        grader = path.name.removeprefix(STAGE).partition("-")[0]
        with contextlib.suppress(OSError):
            ours = path.is_dir() and not path.is_symlink() and path.stat().st_uid == os.getuid()
            known = grader.isdecimal() and Path("/proc/self").exists()
            if ours and known and not Path("/proc", grader).exists():
                path.rmdir()
                removed.append(path.name)
    return removed


def best_way() -> str:
    """The first way whose worker starts here."""
    for way in WAYS[:-1]:
        if way == "namespaces" and os.name == "posix" and os.getuid() != 0:
            continue
        if not shutil.which({"namespaces": "unshare", "bubblewrap": "bwrap"}[way]):
            continue
        with contextlib.suppress(wire.Broken), Sandbox([], way):
            return way
    if os.getuid() == 0 and not all(map(open_to_all, reached())):
        raise SystemExit(
            "Started as root, and this system allows no namespaces: start the grader as an "
            "ordinary user, or in a container (INSTRUCTORS.md has the command)."
        )
    return "limits"


PROBE = """\
def probe(hidden, writable, port):
    import os, socket
    found = {"user": os.getuid(), "processes": 0}
    for name, path in hidden.items():
        found["reads " + name] = os.access(path, os.R_OK)
    for name, path in writable.items():
        found["writes " + name] = os.access(path, os.W_OK)
    found["processes"] = sum(name.isdigit() for name in os.listdir("/proc"))
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        found["network"] = True
    except OSError:
        found["network"] = False
    return found
"""


def measure(way: str | None = None) -> dict:
    """What a job can do here, found by trying: reads, writes, network, other processes' number."""
    statement = [PROBE, 1, "cell 1"]
    with (
        Sandbox([], way) as box,
        socket.create_server(("127.0.0.1", 0)) as server,
        box.job([], statement, "probe", Limits()) as probe,
    ):
        port = server.getsockname()[1]
        hidden = {"solutions": str(ROOT / "solutions"), "history": str(ROOT / ".git")}
        return probe(hidden, {"the kit": str(ROOT / "kit"), "home": str(Path.home())}, port)
