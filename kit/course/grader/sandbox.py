"""A place to run code that nobody has read: what it can reach is listed, the rest is not there.

One way of containing: the namespaces of Linux, by `unshare`. In there are Python, its packages, the
few files of the kit that the worker needs (none holds an answer), all read-only, a small /tmp, and
nothing else: no network, no other processes, no rights. Started as root it runs as a user that
belongs to nobody; started by anyone else, as that user in a user namespace, without its files.
Every submission has a sandbox of its own, and nothing outlives it. Whether it works is tried, by
`probe.measure`, before anything is marked. Nothing here is a promise about the kernel.
"""

import contextlib
import inspect
import math
import os
import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kit.course.grader import wire
from kit.course.guard import Guarded, Stop

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 4
STAGE = "kit-stage-"  # + the grader's process + "-" + something random
OURS = ("__init__", "course/__init__", "course/checks", "course/guard", "course/values")
OURS += tuple(
    f"course/grader/{name}" for name in ("__init__", "cells", "notebook", "wire", "worker")
)
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache")
MOUNTS = """\
set -e
stage=$1; shift
mount --make-rprivate /
mount -t tmpfs -o size=64m,nr_inodes=20k,mode=755 kit "$stage"
mkdir "$stage/proc" "$stage/dev" "$stage/tmp"
mount -t tmpfs -o size=64m,nr_inodes=4k,mode=1777 tmp "$stage/tmp"
while [ "$1" != -- ]; do
    mkdir -p "$stage$(dirname "$1")"
    if [ -L "$1" ]; then ln -s "$(readlink "$1")" "$stage$1"
    elif [ -d "$1" ]; then mkdir -p "$stage$1"
    else touch "$stage$1"; fi
    if [ ! -L "$1" ]; then
        mount --bind "$1" "$stage$1"
        mount -o remount,ro,bind,nosuid,nodev "$stage$1"
    fi
    shift
done
shift
mount -t proc proc "$stage/proc"
for device in null zero urandom random; do
    touch "$stage/dev/$device"
    mount --bind "/dev/$device" "$stage/dev/$device"
done
mount -o remount,ro,bind "$stage"
cd "$stage"
exec chroot "$stage" "$@"
"""


@dataclass(frozen=True)
class Limits:
    """What one function may take: seconds of computing, bytes of memory, of a file, processes.

    Seconds are the processor's, so that a busy machine takes no marks away; PATIENCE times as many
    may pass on the wall, for whoever sleeps.
    """

    seconds: float = 20.0
    memory: int = 3 << 30
    file: int = 32 << 20
    processes: int = 24


class Sandbox:
    """A worker for one submission. `with Sandbox(limits) as box: box.read(data); box.plan(...)`."""

    def __init__(self, limits: Limits, contained: bool = True) -> None:
        self.limits, self.contained = limits, contained
        self.process: subprocess.Popen | None = None
        self.data, self.task = b"", None

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, data: bytes) -> dict:
        """Start the worker and have it read a file: notes, names it binds, exercises it names.

        Raises wire.Broken, or its Late, if that takes more than a function may take.
        """
        self.data = data
        stage = Path(tempfile.mkdtemp(prefix=f"{STAGE}{os.getpid()}-"))
        self.stage = stage
        (stage / "root").mkdir()
        for name in OURS:
            copy = stage / "code" / "kit" / f"{name}.py"
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / "kit" / f"{name}.py", copy)
        for path in (stage, *stage.rglob("*")):
            path.chmod(0o755)
        self.sock, inner = socket.socketpair()
        ours = os.environ.get("KIT_SANDBOX_LOUD")
        env = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": "/tmp",
            "PYTHONPATH": str(stage / "code"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "MPLBACKEND": "agg",
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        }
        quiet = subprocess.DEVNULL
        try:
            self.process = subprocess.Popen(
                self._command(inner.fileno()),
                env=env,
                pass_fds=[inner.fileno()],
                start_new_session=True,
                stdin=quiet,
                stdout=quiet,
                stderr=None if ours else quiet,
            )
        except OSError as problem:
            raise wire.Broken(str(problem)) from None
        finally:
            inner.close()
        folder = "/tmp" if self.contained else str(stage / "root")
        count = self.limits.processes if self.contained else None
        told = {"memory": self.limits.memory, "file": self.limits.file, "processes": count}
        cpu = math.ceil(self.limits.seconds)
        wire.send(self.sock, {**told, "cpu": cpu, "folder": folder, "loud": bool(ours)})
        wire.send(self.sock, data)
        return wire.heard(self.sock, self._deadline() + 30)

    def _command(self, fd: int) -> list[str]:
        python = [sys.executable, "-m", "kit.course.grader.worker", str(fd)]
        if not self.contained:
            return python
        user = ["--user", "--map-root-user"]
        drop = ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
        if os.getuid() == 0:
            nobody = str(61_000 + os.getpid() % 1000)
            user, drop = [], [*drop, f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups"]
        spaces = ["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
        script = ["sh", "-c", MOUNTS, "sh", str(self.stage / "root")]
        code = str(self.stage / "code")
        return ["unshare", *user, *spaces, *script, *reached(), code, "--", *drop, *python]

    def plan(self, task: dict) -> dict:
        """Tell what the exercise gives and asks for; hear which functions have which programs."""
        self.task = task
        wire.send(self.sock, task)
        return wire.heard(self.sock, self._deadline() + 30)

    @contextlib.contextmanager
    def job(self, check: str, number: int) -> Iterator["Remote"]:
        """Run a program of a function in a fresh process, then call the function from here."""
        if self.process is None:
            self.read(self.data)
            self.plan(self.task)
        wire.send(self.sock, [check, number])
        remote = Remote(self.sock, self._deadline(), self.limits)
        try:
            yield remote
        finally:
            try:
                if remote.ended:
                    raise wire.Broken
                if not remote.missing:
                    wire.send(self.sock, b"over")
            except wire.Broken:
                self.close()  # the next job begins with a new worker

    def _deadline(self) -> float:
        return time.monotonic() + PATIENCE * self.limits.seconds

    def close(self) -> None:
        """End the worker and all in it."""
        if self.process is not None:
            self.sock.close()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, 9)
            self.process.kill()
            self.process.wait()
            shutil.rmtree(self.stage, ignore_errors=True)
            self.process = None


class Remote(Guarded):
    """A function in a sandbox, called like any other; the guard stands in there."""

    def __init__(self, sock: socket.socket, deadline: float, limits: Limits) -> None:
        self.sock, self.deadline, self.limits = sock, deadline, limits
        self.known: dict[bytes, dict] = {}
        self.ended = ""  # why it answers no more
        hello = self._receive()
        self.missing = str(hello.get("missing", ""))[:400]
        if signature := _signature(hello.get("parameters")):
            self.__signature__ = signature

    def __call__(self, *args: object, **kwargs: object) -> object:
        return self._ask("call", args, kwargs)

    def cost(self, *args: object) -> tuple[int, int]:
        """As Guarded.cost, measured in the sandbox."""
        peak, steps = self._ask("cost", args, {})
        return int(peak), int(steps)

    def _ask(self, how: str, args: tuple, kwargs: dict) -> object:
        asked = pickle.dumps((how, args, kwargs))
        if asked not in self.known:
            with contextlib.suppress(wire.Broken):
                if not self.ended:
                    wire.send(self.sock, asked)
            self.known[asked] = self._receive()
        reply = self.known[asked]
        if self.ended and "stop" not in reply and "result" not in reply:
            raise Stop("mistake", self.ended)
        if "stop" in reply:
            kind, message = [*reply["stop"], "", ""][:2]
            raise Stop(kind if kind in ("nothing yet", "type") else "mistake", str(message)[:400])
        try:
            return wire.unpack(reply.get("result"))
        except wire.Broken:
            raise Stop("mistake", "Your function gives back something that is no value.") from None

    def _receive(self) -> dict:
        if self.ended:
            return {}
        try:
            found = wire.heard(self.sock, self.deadline)
            if "ended" not in found:
                return found
            raise wire.Late if found["ended"] == "late" else wire.Broken
        except wire.Late:
            self.ended = f"Your code takes longer than the {self.limits.seconds:g} seconds it has."
        except wire.Broken as problem:
            self.ended = (
                f"Your function gives back {problem}."
                if problem.args
                else "Your function ends the process it runs in, or is ended for taking too much."
            )
        return {}


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


def reached() -> list[str]:
    """Files and folders a sandbox may read: Python and the packages; parents before children."""
    own = [sys.base_prefix, sys.prefix, str(Path(sys.executable).parent)]
    own += [str(Path(sys.executable).resolve().parents[1])]
    wanted = [path for path in (*SYSTEM, *own) if os.path.lexists(path)]
    chosen: list[str] = []
    for path in sorted(dict.fromkeys(wanted), key=len):
        if not any(Path(path).is_relative_to(other) for other in chosen):
            chosen.append(path)
    return chosen


def tidy(folder: str | None = None) -> list[str]:
    """Remove the stages that graders of this user left behind when they were killed.

    One whose grader still runs is kept, and so is one that is a link, or somebody else's.
    """
    removed = []
    for path in sorted(Path(folder or tempfile.gettempdir()).glob(f"{STAGE}*")):
        grader = path.name.removeprefix(STAGE).partition("-")[0]
        with contextlib.suppress(OSError):
            ours = path.is_dir() and not path.is_symlink() and path.stat().st_uid == os.getuid()
            known = grader.isdecimal() and Path("/proc/self").exists()
            if ours and known and not Path("/proc", grader).exists():
                shutil.rmtree(path, ignore_errors=True)
                removed.append(path.name)
    return removed
