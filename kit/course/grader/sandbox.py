"""A place to run code that nobody has read: what it can reach is listed, the rest is not there.

One way of containing: the namespaces of Linux, by `unshare`. In there are Python, its packages, the
few files of the kit that the worker needs (none holds an answer), all read-only, a small folder, and
nothing else: no network, no other processes, no rights. Started as root it runs as a user that
belongs to nobody; started by anyone else, as that user in a user namespace, without its files.
Every question about a submission has a sandbox of its own, and nothing outlives it. Whether it
works is tried, by `measure`, before anything is marked. Nothing here is a promise about the kernel.
"""

import contextlib
import json
import math
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from functools import partialmethod
from pathlib import Path

from kit.course.grader import wire, worker
from kit.course.guard import Guarded, Stop

ROOT = Path(__file__).resolve().parents[3]
PATIENCE, STARTING = 4, 30  # on the wall: times as long as it may compute, and seconds to start
LARGEST = 32 << 20  # bytes of one message from a sandbox
OURS = ("__init__", "course/__init__", "course/checks", "course/guard", "course/values")
OURS += tuple(f"course/grader/{n}" for n in ("__init__", "cells", "notebook", "wire", "worker"))
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache")
SPACES = ("--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child")
MOUNTS = """\
set -e
umask 022
stage=$1; shift
mount --make-rprivate /
mount -t tmpfs -o size=64m,nr_inodes=20k,mode=755 kit "$stage"
mkdir "$stage/proc" "$stage/dev" "$stage/scratch"
mount -t tmpfs -o size=64m,nr_inodes=4k,mode=1777 scratch "$stage/scratch"
while [ "$1" != -- ]; do
    mkdir -p "$stage${1%/*}"
    if [ -L "$1" ]; then cp -P "$1" "$stage$1"
    elif [ -f "$1" ]; then cat "$1" >"$stage$1"
    else
        mkdir -p "$stage$1"
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


class Ended(Exception):
    """A sandbox answers no more; why, in a sentence for the student."""


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
    contained: bool = True


class Sandbox:
    """A worker for one job: `with Sandbox(limits, data=...) as box: box.hear()`."""

    def __init__(self, limits: Limits, **job: object) -> None:
        self.limits, self.ended, self.late = limits, "", False
        self.stage = tempfile.TemporaryDirectory(prefix="kit-stage-", ignore_cleanup_errors=True)
        self.sock, inner = socket.socketpair()
        self.lines = self.sock.makefile("rb")
        threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        env = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "MPLBACKEND": "agg",
            **dict.fromkeys(threads, "1"),
        }
        quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        command = _command(inner.fileno(), self.stage.name, limits.contained)
        with inner:
            self.process = subprocess.Popen(
                command, env=env, pass_fds=[inner.fileno()], start_new_session=True, **quiet
            )
        self.timer = threading.Timer(PATIENCE * limits.seconds + STARTING, self._too_late)
        self.timer.start()
        most = {"AS": limits.memory, "FSIZE": limits.file, "NOFILE": 128, "CORE": 0}
        most |= {"NPROC": limits.processes} if limits.contained else {}
        job["limits"] = {f"RLIMIT_{kind}": n for kind, n in most.items()}
        job["folder"] = "/scratch" if limits.contained else self.stage.name
        self.send(pickle.dumps({**job, "cpu": math.ceil(limits.seconds)}))

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
        self._kill()
        self.process.wait()
        self.lines.close()
        self.sock.close()
        self.stage.cleanup()

    def send(self, message: bytes) -> None:
        """Send what the grader has pickled."""
        with contextlib.suppress(OSError):  # it is gone, and `hear` will say so
            self.sock.sendall(message)

    def hear(self) -> list:
        """One message. Raises Ended, from then on always, if none comes that can be read."""
        text = b""
        if not self.ended:
            with contextlib.suppress(OSError):
                text = self.lines.readline(LARGEST)
            try:
                return wire.read(text)
            except ValueError:
                self.ended = self._why(text)
        raise Ended(self.ended)

    def _why(self, text: bytes) -> str:
        if len(text) == LARGEST:
            return f"Your function gives back more than the {LARGEST >> 20} MB that are read."
        if text.endswith(b"\n"):
            return "Your function gives back something that is no value."
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.late |= self.process.wait(STARTING) == worker.LATE
        if self.late:
            return f"Your code takes longer than the {self.limits.seconds:g} seconds it has."
        return "Your code ends the process it runs in, or is ended for taking too much."

    def _too_late(self) -> None:
        self.late = True
        self._kill()
        with contextlib.suppress(OSError):  # whoever else may hold its other end
            self.sock.shutdown(socket.SHUT_RDWR)

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Remote(Guarded):
    """The function of a sandbox, called like any other; the guard stands in there."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.known: dict[bytes, list] = {}

    def _ask(self, *question: object, **kwargs: object) -> object:
        asked = pickle.dumps((question, kwargs))
        if asked not in self.known:
            self.box.send(asked)
            try:
                self.known[asked] = self.box.hear()
            except Ended as end:
                raise Stop("mistake", str(end)) from None
        kind, *said = self.known[asked]
        if kind == "value" and len(said) == 1:
            return said[0]
        kind, message = [*map(str, said), "", ""][:2]
        raise Stop(kind if kind in ("nothing yet", "type") else "mistake", message[:400])

    __call__ = partialmethod(_ask, "__call__")
    fits, cost = partialmethod(_ask, "fits"), partialmethod(_ask, "cost")


def _command(fd: int, stage: str, contained: bool) -> list[str]:
    """How the worker is started: in namespaces, without rights."""
    python = [sys.executable, "-m", "kit.course.grader.worker", str(fd)]
    if not contained:
        return python
    user = ["--user", "--map-root-user"]
    drop = ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    if os.getuid() == 0:
        nobody = str(61_000 + os.getpid() % 1000)
        user, drop = [], [*drop, f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups"]
    script = ["sh", "-c", MOUNTS, "sh", stage, *reached(), "--"]
    return ["unshare", *user, *SPACES, *script, *drop, *python]


def reached() -> list[str]:
    """Files and folders a sandbox may read: Python, packages, ours; parents before children."""
    own = [sys.base_prefix, sys.prefix, os.path.dirname(sys.executable)]
    own += [str(Path(sys.executable).resolve().parents[1])]
    wanted = [path for path in (*SYSTEM, *own) if os.path.lexists(path)]
    chosen: list[str] = []
    for path in sorted(dict.fromkeys(wanted), key=len):
        if not any(Path(path).is_relative_to(other) for other in chosen):
            chosen.append(path)
    return [*chosen, *(f"{ROOT}/kit/{name}.py" for name in OURS)]


PROBE = """\
def probe(hidden, writable, port):
    import os, socket
    found = [os.access(path, os.R_OK) for path in hidden]
    found += [os.access(path, os.W_OK) for path in writable]
    with socket.socket() as sock:
        return os.getuid(), *found, sock.connect_ex(("127.0.0.1", port)) == 0
"""


def measure(limits: Limits) -> dict:
    """What a submission can do here, found by trying; raises Ended where nothing starts."""
    hidden = {"read solutions": ROOT / "solutions", "read the history": ROOT / ".git"}
    writable = {"write the kit": ROOT / "kit", "write at home": Path.home()}
    writable["write packages"] = Path(sys.prefix)
    asked = [list(map(str, paths.values())) for paths in (hidden, writable)]
    job = {"given": [], "kit": {}, "checks": {"check": "probe"}, "check": "check", "number": 0}
    job["data"] = json.dumps({"cells": [{"cell_type": "code", "source": PROBE}]}).encode()
    with socket.create_server(("127.0.0.1", 0)) as server, Sandbox(limits, **job) as box:
        box.hear()
        found = Remote(box)(*asked, server.getsockname()[1])
    return dict(zip(["user", *hidden, *writable, "reach the network"], found, strict=True))
