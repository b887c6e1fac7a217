"""From a bare machine with Python 3.11 to 3.13: `lab` opens the lessons, `test` runs the tests.

Standard library only. The first call makes .venv and installs what the lock names; a stamp in
.venv tells the next call that nothing has changed, and it starts at once.
"""

import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "kit-stamp"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LESSONS, TEST = "requirements.lock", "requirements-test.lock"
STRICT = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with=tests/nbval_sanitize.cfg"]
HELP = """\
python3 run.py lab [options of JupyterLab]   open the lessons in JupyterLab, in your own copy my/
python3 run.py test [options of pytest]      quick tests; every lesson executed and compared
python3 run.py test --all [...]              the slow tests too
python3 run.py bench [options of pytest]     benchmarks beside cvxpy, one after the other
python3 run.py lessons [files]               execute lessons and store what they show
python3 run.py exercises [--check]           build exercises/ from solutions/
python3 run.py site [folder]                 the lessons as pages to read without kernel or network
python3 run.py class FOLDER [--seed N]       a course folder for nbgrader
python3 run.py grade FOLDER [--out ...]      mark a folder of notebooks handed in"""


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
    if not os.environ.get("KIT_NO_UV") and call(*pip, "uv", **quiet) == 0:
        ways = [[PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON], pip]
    # setuptools is in the lock, so the project needs no build environment of its own
    steps = (["--require-hashes", "-r", lock], ["--no-deps", "--no-build-isolation", "-e", "."])
    if not any(all(call(*way, *step) == 0 for step in steps) for way in ways):
        sys.exit("The installation failed for the reason above; the same command tries again.")
    call(PYTHON, "-c", "import matplotlib.font_manager")  # its font cache, slow to make, once
    STAMP.write_text(stamp(lock))


def digest(path: Path) -> str:
    """Hash of a file, empty if there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def copy_lessons(root: Path = ROOT) -> None:
    """Copy notebooks/ and exercises/ into my/, never over a file the reader has changed.

    my/.origin.json holds the hash of what was copied: a copy still equal to it follows updates.
    """
    record = root / "my" / ".origin.json"
    record.parent.mkdir(exist_ok=True)
    origin = json.loads(record.read_text()) if record.exists() else {}
    copied, updated, kept = [], [], []
    patterns = ("notebooks/*.ipynb", "exercises/*.ipynb", "notebooks/results/**/*.*")
    for source in sorted(path for pattern in patterns for path in root.glob(pattern)):
        name = source.relative_to(root).as_posix()
        copy, known = root / "my" / name, origin.get(name, "")
        new, mine = digest(source), digest(copy)
        if mine in ("", known, new):
            if mine != new:
                (updated if mine else copied).append(name)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)
            origin[name] = new
        elif new != known:
            kept.append(name)
    record.write_text(json.dumps(origin, indent=1))
    for names, sentence in (
        (copied, "Copied into my/, your own copy:"),
        (updated, "Updated in my/, where you had changed nothing:"),
        (kept, "Kept in my/ as you changed them (a newer one comes if you delete yours):"),
    ):
        if names:
            print(sentence, ", ".join(names), flush=True)


def lab(options: list) -> int:
    """Open JupyterLab in my/; options are JupyterLab's own."""
    copy_lessons()
    start = "/lab/tree/notebooks/00_start_here.ipynb"
    own = ["--ServerApp.answer_yes=True", f"--LabApp.default_url={start}"]
    return call(PYTHON, "-m", "jupyterlab", *own, *options, cwd=ROOT / "my")


def test(options: list) -> int:
    """The tests, then the lessons; naming files in the options leaves the other half out."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers: their threads would collide
    every = "--all" in options
    options = [option for option in options if option != "--all"]
    ends = (".py", ".ipynb", "tests", "notebooks")
    named = [name for name in options if name.split("::")[0].rstrip("/").endswith(ends)]
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


def main(arguments: list) -> int:
    """Run one command; anything unknown gets the help."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        print(f"This kit needs Python 3.11, 3.12 or 3.13; this is {platform.python_version()}.")
        return 2
    command, *options = arguments or ["help"]
    build = [PYTHON, "-m", "kit.course.build", command, *options]
    module = {"class": "kit.course.classroom", "grade": "kit.course.grader"}.get(command)
    course = [PYTHON, "-m", module, *options]
    commands = {
        "lab": (LESSONS, lambda: lab(options)),
        "test": (TEST, lambda: test(options)),
        "bench": (TEST, lambda: bench(options)),
        "lessons": (LESSONS, lambda: call(*build)),
        "exercises": (TEST, lambda: call(*build)),
        "site": (TEST, lambda: call(PYTHON, "-m", "kit.course.site", *options)),
        "class": (TEST, lambda: call(*course, cwd=Path.cwd())),
        "grade": (TEST, lambda: call(*course, cwd=Path.cwd())),
    }
    if command not in commands:
        print(HELP)
        return 0 if command in ("help", "-h", "--help") else 2
    lock, run = commands[command]
    try:
        install(lock)
        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
