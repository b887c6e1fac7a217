"""What runs inside the grader's sandbox: it holds no check, no solution and no mark.

`python -m kit.course.worker FD` gets a control socket. The first message is the public code of an
exercise, which is run once. Every further one is a job, and comes with a socket of its own: a child
is forked, takes on its limits and gives up its rights, runs the code handed in, and answers calls
of one function on that socket until the control says that the job has ended. Then everything the
job has left behind is killed, and its files are deleted.
"""

import ast
import contextlib
import ctypes
import inspect
import os
import pickle
import resource
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kit.course import wire
from kit.course.checks import named

KIT = str(Path(__file__).parents[1]) + os.sep
SUBREAPER = 36  # prctl: orphans below this process become its children, not init's


def main() -> None:
    """Serve jobs until the control socket closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    names = {"__name__": "__main__"}
    try:
        setup = wire.from_json(wire.receive(control))
        for source, line, title in setup["code"]:
            with contextlib.suppress(Exception):  # what needs an answer has none yet
                run(source, line, title, names)
        wire.send(control, b"ready")
        while True:
            job = wire.from_json(wire.receive(control))
            _, fds, _, _ = socket.recv_fds(control, 1, 1)
            one_job(control, socket.socket(fileno=fds[0]), job, names)
    except wire.Broken:
        return


def one_job(control: socket.socket, answers: socket.socket, job: dict, names: dict) -> None:
    """Fork, serve, and when the control says so, leave nothing behind."""
    folder = tempfile.mkdtemp(prefix="job")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            control.close()
            os.setsid()
            confine(job["limits"], folder)
            serve(answers, job, dict(names))
            status = 0
        finally:
            os._exit(status)
    answers.close()
    try:
        wire.receive(control)  # any message: the job is over
    finally:
        sweep(child)
        shutil.rmtree(folder, ignore_errors=True)
    wire.send(control, b"swept")


def confine(limits: dict, folder: str) -> None:
    """Limits, an empty folder, no input and no output; then another user, if this is root."""
    os.chdir(folder)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.environ.update(HOME=folder, TMPDIR=folder, MPLCONFIGDIR=folder)
    if os.getuid() == 0 and limits["uid"]:
        os.chown(folder, limits["uid"], limits["uid"])
        resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"],) * 2)
        os.setgroups([])
        os.setgid(limits["uid"])
        os.setuid(limits["uid"])
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["cpu"]),
        (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def sweep(child: int) -> None:
    """Kill the job and all that it started."""
    if os.getpid() == 1:  # of a process space of our own: whoever else is there came from the job
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    for _ in range(1000):
        for orphan in _children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(orphan, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> Iterator[int]:
    with contextlib.suppress(OSError):
        yield from map(int, Path("/proc/thread-self/children").read_text().split())


# One function, on call --------------------------------------------------------------------------


def run(source: str, line: int, title: str, names: dict) -> None:
    """Run a statement as if it stood in that line of a file of that title."""
    tree = ast.increment_lineno(ast.parse(source), line - 1)
    exec(compile(tree, title, "exec"), names)


def serve(answers: socket.socket, job: dict, names: dict) -> None:
    """Run the code handed in, say what the function looks like, and answer calls of it."""
    given = set(names)
    waiting, problem = [tuple(statement) for statement in job["code"]], None
    while waiting:  # in whatever order the cells came: what fails now may work after the others
        later = []
        for source, line, title in waiting:
            try:
                run(source, line, title, names)
            except BaseException as error:
                problem = error
                later.append((source, line, title))
        if len(later) == len(waiting):
            break
        waiting = later
    with contextlib.suppress(BaseException):
        run(*job["last"], names)
    function = names.get(job["name"])
    if not callable(function):
        told = f"`{type(problem).__name__}`" if problem is not None else "it is no function"
        wire.send(answers, wire.to_json({"missing": told}))
        return
    wire.send(answers, wire.to_json({"parameters": parameters(function)}))
    public = {name: names[name] for name in given if name in names}
    while True:
        args, kwargs = pickle.loads(wire.receive(answers))
        wire.send(answers, wire.to_json(call(function, args, kwargs, public)))


def parameters(function: object) -> list | None:
    """(name, kind, has a default) of each parameter; None where Python cannot tell."""
    try:
        found = inspect.signature(function).parameters.values()
        return [[p.name, int(p.kind), p.default is not p.empty] for p in found]
    except (ValueError, TypeError):
        return None


def call(function: object, args: tuple, kwargs: dict, public: dict) -> dict:
    """The packed result of a call, or what went wrong; and which functions of the kit it called."""
    before = [pickle.dumps(value) for value in (*args, *kwargs.values())]
    used: set[str] = set()
    reply: dict = {}
    np.seterr(all="ignore")
    try:
        sys.setprofile(watcher(used, public))
        result = function(*args, **kwargs)
        sys.setprofile(None)
        reply["result"] = wire.pack(result)
    except NotImplementedError:
        reply["empty"] = True
    except BaseException as error:
        sys.setprofile(None)
        reply["error"] = told(error)
    finally:
        sys.setprofile(None)
    after = [pickle.dumps(value) for value in (*args, *kwargs.values())]
    changed = [k for k, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    if changed:
        try:
            names = [*list(inspect.signature(function).parameters)[: len(args)], *kwargs]
        except ValueError:
            names = []
        reply["changed"] = names[changed[0]] if changed[0] < len(names) else str(changed[0] + 1)
    return {**reply, "used": sorted(used)[:5]}


def watcher(used: set, public: dict) -> object:
    """A profiler that notes functions of the kit, called from outside it, that no cell gave."""
    allowed = {
        (value.__module__, value.__qualname__)
        for value in public.values()
        if hasattr(value, "__qualname__") and getattr(value, "__module__", None)
    }

    def watch(frame: object, event: str, _arg: object) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(KIT):
            return
        caller = frame.f_back
        if caller is None or caller.f_code.co_filename.startswith(KIT):
            return
        module = frame.f_globals.get("__name__", "")
        outer = code.co_qualname.split(".")[0]
        if outer.startswith("<") or module.startswith("kit.course"):
            return
        if (module, outer) not in allowed and not outer[0].isupper():  # classes are vocabulary
            used.add(f"{module}.{code.co_qualname}")

    return watch


def told(error: BaseException) -> str:
    """One sentence on an exception, with the line in the cell where the reader's code stopped."""
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename.startswith("cell ")
    ]
    where = f" in line {lines[-1]} of its cell" if lines else ""
    with contextlib.suppress(BaseException):
        return f"Your function stops{where} with `{named(error)}`."
    return f"Your function stops{where} with an exception that cannot be shown."


if __name__ == "__main__":
    main()
