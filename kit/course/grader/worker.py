"""What runs inside the sandbox, for one submission: it holds no check, no solution and no mark.

`python -m kit.course.grader.worker FD` gets a socket, and on it, one after the other: its limits;
the bytes of a file, which it reads; what the exercise gives and asks for; then the number of a
program of one function, which a child process runs, answering calls until it is told to end.
"""

import ast
import asyncio
import contextlib
import importlib
import inspect
import json
import os
import pickle
import re
import resource
import signal
import socket
import sys
import types
import warnings
from pathlib import Path

import numpy as np

import kit
from kit.course.grader import wire
from kit.course.grader.notebook import Notebook, Statement, read
from kit.course.guard import Guarded, Stop, named

TOLD_TO = 77  # exit code of a child that ended because it was told to


def main() -> None:
    """Serve until the socket closes."""
    sock = socket.socket(fileno=int(sys.argv[1]))
    sys.meta_path[:] = [way for way in sys.meta_path if "editable" not in repr(way)]  # of the kit
    with contextlib.suppress(wire.Broken):
        limits = json.loads(wire.receive(sock))
        confine(limits)
        notebook = read(wire.receive(sock, largest=1 << 40)).parse()
        code = "\n".join(notebook.cells)[: 1 << 22]
        stems = sorted(set(re.findall(r"[\"'](\d\d_\w{1,40})[\"']", code)))[:50]
        bound = sorted({name for s in notebook.statements for name in s.binds if len(name) < 60})
        wire.send(sock, {"notes": notebook.notes[:20], "bound": bound[:5000], "named": stems})
        task = json.loads(wire.receive(sock))
        checks = task["checks"]
        given = Notebook(task["given"]).parse(first=-len(task["given"]))
        prepare(task["kit"], given)
        notebook.hand_over(checks)
        programs = {check: notebook.programs(check, checks[check], given) for check in checks}
        texts = {check: [text(one, checks[check]) for one in programs[check]] for check in checks}
        there = [check for check in checks if checks[check] in bound]
        wire.send(sock, {"there": there, "programs": texts})
        while True:
            check, number = json.loads(wire.receive(sock))
            child = os.fork()
            if child == 0:
                with contextlib.suppress(BaseException):
                    os.setsid()
                    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu"], limits["cpu"] + 1))
                    serve(sock, programs[check][number], checks[check])
                    os._exit(TOLD_TO)
                os._exit(1)
            _, status = os.waitpid(child, 0)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getpid() == 1:  # of a process space: whoever else is there came from it
                    os.kill(-1, signal.SIGKILL)
                else:
                    os.killpg(child, signal.SIGKILL)
            ended = os.waitstatus_to_exitcode(status)
            if ended != TOLD_TO:
                wire.send(sock, {"ended": "late" if ended == -signal.SIGXCPU else "broken"})


def confine(limits: dict) -> None:
    """Take on limits, with an empty folder, no input and no output."""
    os.chdir(limits["folder"])
    os.environ.update(dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), limits["folder"]))
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1) if limits["loud"] else (0, 1, 2):
        os.dup2(null, fd)
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_CORE, 0),
    ):
        if most is not None:
            resource.setrlimit(kind, (most, most))


def prepare(modules: dict[str, str], given: Notebook) -> None:
    """Add to the kit what the exercise gives of it; import once what it imports from elsewhere."""
    for name, source in modules.items():
        path = Path("given", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    kit.__path__.append(str(Path("given").resolve()))
    for s in given.statements:
        if isinstance(s.node, ast.Import | ast.ImportFrom):
            module = getattr(s.node, "module", None) or s.node.names[0].name
            if not module.startswith("kit."):
                with contextlib.suppress(ImportError):
                    importlib.import_module(module)


def text(program: list[Statement], function: str) -> str:
    """The definition of the function in a program, without comments and layout."""
    found = [s for s in program if function in s.binds and s.place[0] > 0]
    return ast.unparse(found[-1].node)[: 1 << 16] if found else ""


def serve(sock: socket.socket, program: list[Statement], function: str) -> None:
    """Run a program, say what the function looks like, and answer calls of it."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    main_ = sys.modules["__main__"] = types.ModuleType("__main__")
    trouble = run(program, vars(main_))
    found = vars(main_).get(function)
    if not callable(found):
        wire.send(sock, {"missing": trouble or f"`{function}` is no function."})
        return
    guarded = Guarded(found)
    wire.send(sock, {"parameters": parameters(found)})
    while (asked := wire.receive(sock)) != b"over":
        how, args, kwargs = pickle.loads(asked)
        try:
            result = guarded.cost(*args) if how == "cost" else guarded(*args, **kwargs)
            wire.send(sock, {"result": wire.pack(result)})
        except Stop as stop:
            missed = trouble if "NameError" in stop.message else ""
            wire.send(sock, {"stop": [stop.kind, f"{stop.message} {missed}".strip()]})
        except BaseException as problem:
            wire.send(sock, {"stop": ["mistake", f"Your function stops with `{named(problem)}`."]})


def run(program: list[Statement], names: dict) -> str:
    """Run statements, what fails once more after the others; return the first that never ran."""
    waiting = program
    while waiting:  # in whatever order the cells came
        later, trouble = [], ""
        for s in waiting:
            try:
                result = eval(s.code, names)
                if s.code.co_flags & inspect.CO_COROUTINE:
                    asyncio.run(result)
            except BaseException as problem:
                later.append(s)
                trouble = trouble or why(s, problem)
        if len(later) == len(waiting):
            return trouble
        waiting = later
    return ""


def why(s: Statement, problem: BaseException) -> str:
    """One sentence on a statement that stops."""
    if isinstance(problem, ImportError) and str(problem.name).startswith("kit."):
        return (
            f"`{ast.unparse(s.node)}` asks for the kit's own, which is not there when marks are "
            "given: write your own."
        )
    return f"Cell {s.place[0]}, line {s.place[1]}, stops with `{named(problem)}`."


def parameters(function: object) -> list | None:
    """(name, kind, has a default) of each parameter; None where Python cannot tell."""
    try:
        found = inspect.signature(function).parameters.values()
        return [[p.name, int(p.kind), p.default is not p.empty] for p in found]
    except (ValueError, TypeError):
        return None


if __name__ == "__main__":
    main()
