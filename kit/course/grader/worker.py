"""What runs in a sandbox, for one question about a submission: no check, solution or mark is here.

`python -m kit.course.grader.worker FD` gets a socket, and on it, pickled, a job: limits, and the
bytes of a file. Of a file alone it tells what is in it. With a check it tells how many programs
there are for the check's function, and runs one of them in a child that answers calls.
"""

import ast
import asyncio
import contextlib
import inspect
import os
import pickle
import re
import resource
import signal
import socket
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

import kit
from kit.course.cells import code_cells
from kit.course.grader import wire
from kit.course.guard import Guarded, Stop, named
from kit.course.program import Notebook, Statement
from kit.course.values import values

LATE = 75  # exit code for a function that computed too long
STEM = re.compile(r"[\"'](\d\d_\w{1,40})[\"']")


def main() -> None:
    """Do a job and end."""
    with socket.socket(fileno=int(sys.argv[1])) as sock, sock.makefile("rb") as file:
        job = pickle.load(file)
        os.chdir(job["folder"])
        for kind, most in job["limits"].items():
            resource.setrlimit(getattr(resource, kind), (most, most))
        notebook = Notebook(*code_cells(job["data"]))
        if "check" not in job:
            bound = {name for s in notebook.statements for name in s.binds if len(name) < 60}
            stems = {stem for cell in notebook.cells for stem in STEM.findall(cell)}
            sock.sendall(wire.line([notebook.notes[:20], sorted(bound)[:5000], sorted(stems)[:50]]))
            return
        function = job["checks"][job["check"]]
        given = Notebook(job["given"], first=-len(job["given"]))
        notebook.hand_over(job["checks"])
        programs = notebook.programs(job["check"], function, given)
        there = any(function in s.binds for s in notebook.statements)
        program = programs[job["number"]] if programs else []
        own = [ast.unparse(s.node) for s in program if function in s.binds and s.place[0] > 0]
        sock.sendall(wire.line([there, len(programs), "".join(own[-1:])[: 1 << 16]]))
        if not programs:
            return
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                add_to_the_kit(job["kit"])
                resource.setrlimit(resource.RLIMIT_CPU, (job["cpu"], job["cpu"] + 1))
                for answer in serve(file, program, function):
                    sock.sendall(wire.line(answer))
            os._exit(1)
        status = os.waitpid(child, 0)[1]
        os._exit(LATE if os.waitstatus_to_exitcode(status) == -signal.SIGXCPU else 1)


def add_to_the_kit(modules: dict[str, str]) -> None:
    """What the exercise gives of the kit; nothing else of it is there."""
    for name, source in modules.items():
        path = Path("given", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    kit.__path__.append(str(Path("given").resolve()))


def serve(file: BinaryIO, program: list[Statement], function: str) -> Iterator[list]:
    """Run a program and answer calls of its function."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    main_ = sys.modules["__main__"] = types.ModuleType("__main__")
    trouble = run(program, vars(main_))
    found = vars(main_).get(function)
    while True:
        (how, *args), kwargs = pickle.load(file)
        try:
            if not callable(found):
                raise Stop("mistake", trouble or f"`{function}` is no function.")
            yield ["value", values(getattr(Guarded(found), how)(*args, **kwargs))]
        except Stop as stop:
            missed = trouble if "NameError" in stop.message else ""
            yield ["stop", stop.kind, f"{stop.message} {missed}".strip()]
        except BaseException as problem:
            yield ["stop", "mistake", f"Your function stops with `{named(problem)}`."]


def run(program: list[Statement], names: dict) -> str:
    """Run statements, what fails once more after the others; return the first that never ran."""
    later, trouble = [], ""
    for s in program:
        try:
            result = eval(s.code, names)
            if s.code.co_flags & inspect.CO_COROUTINE:
                asyncio.run(result)
        except BaseException as problem:
            later.append(s)
            trouble = trouble or why(s, problem)
    return run(later, names) if len(later) < len(program) else trouble


def why(s: Statement, problem: BaseException) -> str:
    """One sentence on a statement that stops."""
    if isinstance(problem, ImportError) and str(problem.name).startswith("kit."):
        return (
            f"`{ast.unparse(s.node)}` asks for the kit's own, which is not there when marks are "
            "given: write your own."
        )
    return f"Cell {s.place[0]}, line {s.place[1]}, stops with `{named(problem)}`."


if __name__ == "__main__":
    main()
