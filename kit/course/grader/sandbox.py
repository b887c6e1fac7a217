"""A place to run code that nobody has read: what it can reach is listed, the rest is not there.

One way of containing: the namespaces of Linux, by `unshare`. In there are Python, its packages,
the few files of the kit that the worker needs (none holds an answer), all read-only, a small
folder, and nothing else: no network, no other processes, no rights. Started as root it runs as a
user that belongs to nobody; started by anyone else, as that user, without its files.
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
LARGEST, PROCESSES = 32 << 20, 24  # bytes of one message, processes in a sandbox
MOST = {"RLIMIT_FSIZE": 32 << 20, "RLIMIT_NOFILE": 128, "RLIMIT_CORE": 0}
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "agg",
    "PYTHONPATH": str(ROOT),
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
COURSE = ("__init__", "cells", "checks", "guard", "program", "values")
OURS = ("kit/__init__", *(f"kit/course/{name}" for name in COURSE))
OURS += tuple(f"kit/course/grader/{name}" for name in ("__init__", "wire", "worker"))
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
    """What one function may take: seconds of the processor, which a busy machine does not use up
    (PATIENCE times as many on the wall), and bytes; and whether it is contained.
    """

    seconds: float = 20.0
    memory: int = 3 << 30
    contained: bool = True


class Sandbox(Guarded, contextlib.AbstractContextManager):
    """A worker for one job: `with Sandbox(limits, data=...) as box: box.hear()`.

    After that it is the function of a check, called like any other; the guard stands in there.
    """

    def __init__(self, limits: Limits, **job: object) -> None:
        self.limits, self.ended, self.late = limits, "", False
        self.known: dict[bytes, list] = {}
        self.stage = tempfile.TemporaryDirectory(prefix="kit-stage-", ignore_cleanup_errors=True)
        folder = "/scratch" if limits.contained else self.stage.name
        self.sock, inner = socket.socketpair()
        self.lines = self.sock.makefile("rb")
        with inner:
            self.process = subprocess.Popen(
                _command(inner.fileno(), self.stage.name, limits.contained),
                env=ENVIRONMENT | dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), folder),
                pass_fds=[inner.fileno()],
                start_new_session=True,
                **dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL),
            )
        self.timer = threading.Timer(PATIENCE * limits.seconds + STARTING, self._too_late)
        self.timer.start()
        most = {"RLIMIT_NPROC": PROCESSES} if limits.contained else {}
        most |= {**MOST, "RLIMIT_AS": limits.memory}
        job |= {"folder": folder, "limits": most, "cpu": math.ceil(limits.seconds)}
        self._send(pickle.dumps(job))

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
        self._kill()
        self.process.wait()
        self.lines.close()
        self.sock.close()
        self.stage.cleanup()

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
            if self.process.wait(STARTING) == worker.LATE or self.late:
                return f"Your code takes longer than the {self.limits.seconds:g} seconds it has."
        return "Your code ends the process it runs in, or is ended for taking too much."

    def _ask(self, *question: object, **kwargs: object) -> object:
        asked = pickle.dumps((question, kwargs))
        if asked not in self.known:
            self._send(asked)
            try:
                self.known[asked] = self.hear()
            except Ended as end:
                raise Stop("mistake", str(end)) from None
        kind, *said = self.known[asked]
        if kind == "value" and len(said) == 1:
            return said[0]
        kind, message = [*map(str, said), "", ""][:2]
        raise Stop(kind if kind in ("nothing yet", "type") else "mistake", message[:400])

    __call__ = partialmethod(_ask, "__call__")
    fits, cost = partialmethod(_ask, "fits"), partialmethod(_ask, "cost")

    def _send(self, message: bytes) -> None:
        with contextlib.suppress(OSError):  # it is gone, and `hear` will say so
            self.sock.sendall(message)

    def _too_late(self) -> None:
        self.late = True
        self._kill()
        with contextlib.suppress(OSError):  # whoever else may hold its other end
            self.sock.shutdown(socket.SHUT_RDWR)

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


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
    chosen: list[str] = []
    for path in sorted(filter(os.path.lexists, {*SYSTEM, *own}), key=len):
        if not any(Path(path).is_relative_to(other) for other in chosen):
            chosen.append(path)
    return [*chosen, *(f"{ROOT}/{name}.py" for name in OURS)]


PROBE = """\
def probe(paths, port):
    import os, socket
    with socket.socket() as sock:
        network = sock.connect_ex(("127.0.0.1", port)) == 0
    return os.getuid(), *(os.access(path, mode) for path, mode in paths), network
"""


def measure(limits: Limits) -> dict:
    """What a submission can do here, found by trying; raises Ended where nothing starts."""
    paths = {"read solutions": ROOT / "solutions", "read the history": ROOT / ".git"}
    paths |= {"write the kit": ROOT / "kit", "write at home": Path.home()}
    paths |= {"write packages": Path(sys.prefix)}
    modes = {do: os.R_OK if do.startswith("read") else os.W_OK for do in paths}
    job = {"given": [], "kit": {}, "checks": {"check": "probe"}, "check": "check", "number": 0}
    job["data"] = json.dumps({"cells": [{"cell_type": "code", "source": PROBE}]}).encode()
    with socket.create_server(("127.0.0.1", 0)) as server, Sandbox(limits, **job) as box:
        box.hear()
        found = box([(str(paths[do]), modes[do]) for do in paths], server.getsockname()[1])
    return dict(zip(["user", *paths, "reach the network"], found, strict=True))
