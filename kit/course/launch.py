"""The commands of run.py. Standard library only: what it starts is in .venv, which it makes."""

import argparse
import hashlib
import json
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = VENV / "kit-stamp"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LESSONS, TEST = "requirements.lock", "requirements-test.lock"
STRICT = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with=tests/nbval_sanitize.cfg"]
PORT = 8888  # JupyterLab's own
# Voila's pages name style sheets of other machines, for icons that we do not use: not to be fetched
HERE = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: ws: wss:"
COMMANDS = {  # what comes after `run.py`, and what it does
    "lab": ("[options of JupyterLab]", "open the lessons in JupyterLab, in your copy my/"),
    "explore": ("[options of JupyterLab]", "all explorers as an app, no code in sight"),
    "test": ("[--all] [options of pytest]", "quick tests, every lesson; --all: slow ones too"),
    "bench": ("[options of pytest]", "benchmarks beside cvxpy, one after the other"),
    "lessons": ("[files]", "execute lessons and store what they show"),
    "exercises": ("[--check]", "build exercises/ from solutions/"),
    "site": ("[folder]", "the lessons as a book, to be read without kernel or network"),
    "class": ("FOLDER [--seed N]", "a course folder for nbgrader"),
    "grade": ("FOLDER [--out ...]", "mark a folder of notebooks handed in"),
}
MODULES = {  # commands with a command line of their own, and the options of that
    "lessons": ("kit.course.build lessons", ""),
    "exercises": ("kit.course.build exercises", "--check"),
    "site": ("kit.course.book", ""),
    "class": ("kit.course.classroom", "--only --seed"),
    "grade": ("kit.course.grader", "--out --seconds --memory --jobs --seed --uncontained"),
}


def call(*command: object, **options: object) -> int:
    """Run a command, return its exit code; Ctrl-C is the command's to handle, then we end too."""
    interrupted = []
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.append(True))
    code = subprocess.call([str(part) for part in command], **{"cwd": ROOT, **options})
    signal.signal(signal.SIGINT, before)
    return sys.exit(130) if interrupted else code


def stamp(lock: str = "") -> str:
    """What an installation depends on: Python and the place; the locked versions, the project."""
    parts = [(ROOT / name).read_bytes() for name in (lock, "pyproject.toml")] if lock else []
    place = f"{platform.python_version()} {platform.machine()} {ROOT}\n"
    return place + (hashlib.sha256(b"\0".join(parts)).hexdigest() if lock else "")


def usable(found: str) -> bool:
    """Whether .venv is of this Python, in its place, and no installation in it was broken off."""
    config = VENV / "pyvenv.cfg"
    if found or not config.exists():
        return PYTHON.exists() and found.startswith(stamp())
    return PYTHON.exists() and platform.python_version() in config.read_text()  # made by others


def install(lock: str) -> None:
    """Make .venv hold what the lock names and the project itself; the stamp is written last."""
    found = STAMP.read_text() if STAMP.exists() else ""
    if PYTHON.exists() and found in (stamp(lock), stamp(TEST)):  # the test lock holds all of it
        return
    print(f"Installing what {lock} names into .venv: a minute or two, this once.", flush=True)
    if not usable(found):
        shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir(exist_ok=True)
    STAMP.write_text("unfinished")
    try:
        venv.create(VENV, with_pip=True)  # leaves alone what is there
    except subprocess.CalledProcessError:
        sys.exit("This Python lacks the venv module (Debian, Ubuntu: apt install python3-venv).")
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install"]
    ways, quiet = [pip], {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if call(*pip, "uv", **quiet) == 0:
        ways = [[PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON], pip]
    # setuptools is in the lock, so the project needs no build environment of its own
    steps = (["--require-hashes", "-r", lock], ["--no-deps", "--no-build-isolation", "-e", "."])
    if not any(all(call(*way, *step) == 0 for step in steps) for way in ways):
        sys.exit(
            "The installation failed, for the reason above or for want of a network, needed "
            "this once; the same command tries again."
        )
    call(PYTHON, "-c", "import matplotlib.font_manager")  # its font cache, slow to make, once
    STAMP.write_text(stamp(lock))


def renewed(folder: Path, files: dict[str, bytes], known: dict[str, str]) -> dict[str, list[str]]:
    """Write files below a folder, but over none that somebody has changed; what became of which.

    known  name -> hash of what was written last, brought up to date here
    """
    told: dict[str, list[str]] = {"copied": [], "updated": [], "kept": [], "kept, as before": []}
    for name, data in files.items():
        path, new, old = folder / name, hashlib.sha256(data).hexdigest(), known.get(name)
        mine = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
        if mine not in (None, old, new):
            told["kept" if new != old else "kept, as before"].append(name)
            continue
        if mine != new:
            told["updated" if mine else "copied"].append(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        known[name] = new
    return told


def copy_lessons() -> None:
    """Copy notebooks/ and exercises/ into my/, where my/.origin.json holds what was copied."""
    record = ROOT / "my" / ".origin.json"
    record.parent.mkdir(exist_ok=True)
    origin = json.loads(record.read_text()) if record.exists() else {}
    patterns = ("notebooks/*.ipynb", "exercises/*.ipynb", "notebooks/results/**/*.*")
    sources = sorted(path for pattern in patterns for path in ROOT.glob(pattern))
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in sources}
    told = renewed(ROOT / "my", files, origin)
    record.write_text(json.dumps(origin, indent=1))
    for what, sentence in (
        ("copied", "Copied into my/, your own copy:"),
        ("updated", "Updated in my/, where you had changed nothing:"),
        ("kept", "Kept in my/ as you changed them (a newer one comes if you delete yours):"),
    ):
        if told[what]:
            print(sentence, ", ".join(told[what]), flush=True)


def port_of(options: list) -> tuple:
    """The port asked for, else JupyterLab's own or any that is free; and the other options.

    Ends with a sentence if the one asked for is taken. JupyterLab takes a port once.
    """
    named = argparse.ArgumentParser("run.py", "lab --port 8899", add_help=False, allow_abbrev=False)
    named.add_argument("--port", "--ServerApp.port", type=int)
    asked, others = named.parse_known_args(options)
    for port in (PORT, 0) if asked.port is None else (asked.port,):
        try:
            with socket.create_server(("127.0.0.1", port)) as door:
                return door.getsockname()[1], others
        except (OSError, OverflowError) as problem:
            why = problem
    sys.exit(f"Port {port} cannot be used ({why}); name another.")


def server(options: list, start: str, what: str) -> int:
    """Run JupyterLab in my/, opened at a page; options are JupyterLab's own."""
    port, options = port_of(options)
    token = os.environ.setdefault("JUPYTER_TOKEN", secrets.token_hex(16))
    print(
        f"{what} starts at http://localhost:{port}{start}?token={token}\n"
        "Ctrl-C here, twice, stops it. What you change is kept in my/.",
        flush=True,
    )
    own = [f"--LabApp.default_url={start}", "--ServerApp.answer_yes=True"]
    own += ["--ServerApp.log_level=30", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    return call(PYTHON, "-m", "jupyterlab", *own, *options, cwd=ROOT / "my")


def lab(options: list) -> int:
    """Open the lessons."""
    copy_lessons()
    print("Open 00_start_here first; lessons are in notebooks/, exercises in exercises/.")
    return server(options, "/lab/tree/notebooks/00_start_here.ipynb", "JupyterLab")


def explore(options: list) -> int:
    """Open the gallery of explorers, drawn from the reader's copy of the lessons."""
    copy_lessons()
    if code := call(PYTHON, "-m", "kit.course.gallery", ROOT / "my"):
        return code
    print("Choose a tile; each leads to its lesson too.")
    own = [f"--ServerApp.tornado_settings={ {'headers': {'Content-Security-Policy': HERE}} }"]
    own += [f"--MappingKernelManager.cull_{k}" for k in ("idle_timeout=60", "interval=30")]
    return server([*own, *options], "/voila/render/explorers/gallery.ipynb", "The gallery")


def paths(options: list) -> list:
    """The options that name files; ends with a sentence if there is no such file."""
    ends = (".py", ".ipynb", "tests", "notebooks")
    named = [name for name in options if name.split("::")[0].rstrip("/").endswith(ends)]
    if missing := [name for name in named if not (ROOT / name.split("::")[0]).exists()]:
        sys.exit(f"There is no {', no '.join(missing)}.")
    return named


def test(options: list) -> int:
    """The tests, then the lessons; naming files in the options leaves the other half out."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers: their threads would collide
    every = "--all" in options
    options = [option for option in options if option != "--all"]
    named = paths(options)
    books = [name for name in named if name.startswith("notebooks")]
    # the files in the order of their names: else the browser's, long but of few tests, comes last
    pytest = [PYTHON, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    codes = []
    if not books:
        codes += [call(*pytest, *([] if every else ["-m", "not slow"]), *options)]
    if books or not named:
        codes += [call(*pytest, *STRICT, *([] if books else ["notebooks"]), *options)]
    allowed = {0, 5} if options else {0}  # 5: the options chose no test of this half
    return 0 if 0 in codes and set(codes) <= allowed else 1


def bench(options: list) -> int:
    """The benchmarks, one after the other in one process: two at once would slow each other."""
    named = [name for name in options if name.startswith("tests/benchmarks")]
    folder = [] if named else ["tests/benchmarks"]
    return call(PYTHON, "-m", "pytest", "--benchmark-only", "-s", *folder, *options)


def usage(command: str = "") -> str:
    """One line for each command, or for the one named."""
    shown = [command] if command else COMMANDS
    rows = [(f"{name} {COMMANDS[name][0]}", COMMANDS[name][1]) for name in shown]
    return "\n".join(f"python3 run.py {words:<32} {text}" for words, text in rows)


def only_known(command: str, options: list) -> None:
    """End with a sentence at an option that a command lacks; short forms and numbers pass."""
    own = MODULES[command][1].split()
    for name in (word.split("=")[0] for word in options):
        short = any(one.startswith(name) for one in ("--help", *own))
        if name.startswith("-") and not name[1:2].isdigit() and not short:
            sys.exit(f"{command} has no option {name}; it has {', '.join(own) or 'none'}.")


def started(command: str, options: list) -> int:
    """Install what a command needs, then run it; options are looked at before that."""
    if command == "test":
        paths(options)
    elif command in MODULES:
        only_known(command, options)
    install(LESSONS if command in ("lab", "explore") else TEST)
    if command in MODULES:
        where = {"cwd": Path.cwd()} if command in ("class", "grade") else {}
        return call(PYTHON, "-m", *MODULES[command][0].split(), *options, **where)
    return {"lab": lab, "explore": explore, "test": test, "bench": bench}[command](options)


def main(arguments: list) -> int:
    """Run one command; anything unknown is named, beside what is known."""
    command, *options = arguments or ["help"]
    try:
        if command in ("help", "-h", "--help"):
            print(usage())
            code = 0
        elif command not in COMMANDS:
            print(f"There is no command {command!r}. There are:\n{usage()}")
            code = 2
        elif {"-h", "--help"} & set(options):
            print(usage(command), flush=True)
            own = command in MODULES and PYTHON.exists()
            code = call(PYTHON, "-m", *MODULES[command][0].split(), "--help") if own else 0
        else:
            code = started(command, options)
        sys.stdout.flush()
    except BrokenPipeError:  # who read our words has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    except OSError as problem:
        name = f" {problem.filename}" if problem.filename else ""
        sys.exit(f"Cannot write{name} ({problem.strerror}): move the kit to a folder of your own.")
    return code
