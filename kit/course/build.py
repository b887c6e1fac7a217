"""Notebooks from their .py sources: lessons and solutions executed, exercises with holes in them.

python -m kit.course.build lessons [files]       notebooks/*.py -> .ipynb, executed and cleaned
python -m kit.course.build exercises [--check]   solutions/*.py -> exercises/*.py and .ipynb

A built notebook is a function of its source and of what it prints, with nothing random and nothing
of the machine in it; building twice gives the same bytes.
"""

import argparse
import ast
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
FORMAT = "py:percent"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET = "application/vnd.jupyter.widget-view+json"
SKIPPED = {"nbval-skip", "skip-execution"}  # cells that are not run
UNCOMPARED = {"nbval-ignore-output", "raises-exception"}
SECRET = ("answer", "wrong")  # cells of a solution that do not travel
TRAVELLING = ("check", "hint", *sorted(SKIPPED | UNCOMPARED))  # tags that do
STUB = 'raise NotImplementedError("your turn")'
REGION = re.compile(r"### (BEGIN|END) (SOLUTION|HIDDEN TESTS)")


# One notebook ------------------------------------------------------------------------------------


def tags(cell: NotebookNode) -> list[str]:
    """Tags of a cell."""
    return list(cell.metadata.get("tags", []))


def read(path: Path | str) -> NotebookNode:
    """Read a py:percent file (or an .ipynb) as a notebook; ids are made from what the cells say."""
    path = Path(path)
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4)
    return plain(jupytext.reads(path.read_text(encoding="utf-8"), fmt=FORMAT).cells)


def plain(cells: Iterable[NotebookNode]) -> NotebookNode:
    """Notebook of the given cells with type, source and tags alone, and ids that do not vary."""
    nb = nbformat.v4.new_notebook(metadata={"kernelspec": dict(KERNEL)})
    seen: Counter[str] = Counter()
    for cell in cells:
        key = cell.cell_type + cell.source
        seen[key] += 1
        name = hashlib.sha256(f"{key}{seen[key]}".encode()).hexdigest()[:8]
        kept = {key: part for key, part in cell.metadata.items() if key in ("tags", "jupyter")}
        new = getattr(nbformat.v4, f"new_{cell.cell_type}_cell")
        nb.cells.append(new(cell.source, id=name, metadata=deepcopy(kept)))
    return nb


def rendered(nb: NotebookNode, suffix: str) -> str:
    """Text of an .ipynb, or of a .py with the header that jupytext.toml asks for."""
    if suffix == ".ipynb":
        text = nbformat.writes(nb)
    else:
        config = jupytext.config.load_jupytext_config(str(ROOT / "notebooks"))
        text = jupytext.writes(nb, fmt=FORMAT, config=config)
    return text.rstrip("\n") + "\n"


def write(nb: NotebookNode, path: Path) -> None:
    """Write a notebook as .ipynb or .py, as the path says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(rendered(nb, path.suffix), encoding="utf-8")


def clean(nb: NotebookNode) -> NotebookNode:
    """Copy of an executed notebook without what is random, timed or of one machine.

    A widget's view goes (its id is random); the picture and caption shown with it stay, and a view
    without a picture (a progress bar) goes altogether. A traceback shrinks to its last line.
    """
    nb = deepcopy(nb)
    nb.metadata = NotebookNode(
        {key: nb.metadata[key] for key in ("kernelspec", "language_info") if key in nb.metadata}
    )
    nb.metadata.get("language_info", {}).pop("version", None)
    for cell in nb.cells:
        for key in ("execution", "ExecuteTime", "widgets", "collapsed"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _bare_widget(output)]
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET, None)
                if output.output_type == "error":
                    output.traceback = [f"{output.ename}: {output.evalue}"]
    return nb


def _bare_widget(output: NotebookNode) -> bool:
    data = output.get("data", {})
    return WIDGET in data and not any(mime.startswith("image/") for mime in data)


def faults(nb: NotebookNode) -> list[str]:
    """What a stored notebook lacks or should not hold: one sentence per fault, naming the cell."""
    found = []
    code = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    for k, cell in enumerate(code):
        outputs = cell.get("outputs", [])
        if SKIPPED.intersection(tags(cell)):
            continue
        if cell.execution_count is None:
            found.append(f"code cell {k} was never run")
        elif _shows(cell.source) and not outputs and not UNCOMPARED.intersection(tags(cell)):
            found.append(f"code cell {k} should show something and shows nothing")
        if any(output.get("name") == "stderr" for output in outputs):
            found.append(f"code cell {k} wrote to stderr")
        if cell.source.rstrip().endswith(";"):
            found.append(f"code cell {k} ends with a semicolon, which nbval does not honour")
        if any("Warning:" in output.get("text", "") for output in outputs):
            found.append(f"code cell {k} printed a warning")
        if any(WIDGET in output.get("data", {}) for output in outputs):
            found.append(f"code cell {k} holds a widget view, whose id is random")
        if any(output.output_type == "error" for output in outputs) and (
            "raises-exception" not in tags(cell)
        ):
            found.append(f"code cell {k} holds an error")
    if "widgets" in nb.metadata:
        found.append("the notebook holds the state of widgets")
    return found


def _shows(source: str) -> bool:
    """Whether a cell must leave an output: it prints, displays, or ends with a value."""
    body = ast.parse(TransformerManager().transform_cell(source)).body  # magics become calls
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else ast.Constant(None)
    value = not isinstance(last, ast.Call) and getattr(last, "value", ...) is not None
    return value or any(_name(call) in ("print", "display", "explorer") for call in _calls(body))


def _calls(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    """Calls made for sure when the cell runs: not those in functions, classes and branches."""
    for node in nodes:
        if isinstance(node, ast.Call):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.If | ast.Try):
            yield from _calls(ast.iter_child_nodes(node))


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


# Lessons and solutions: executed -----------------------------------------------------------------


def execute(nb: NotebookNode, folder: Path, title: str = "") -> NotebookNode:
    """Run a notebook's cells in a fresh kernel of this Python, in the given folder."""
    from nbclient import NotebookClient
    from tqdm import tqdm

    nb = deepcopy(nb)
    with (
        tqdm(total=_code(nb), desc=title, unit="cell", disable=not title) as bar,
        tempfile.TemporaryDirectory() as profile,
    ):
        client = NotebookClient(
            nb,
            kernel_name="python3",
            timeout=1200,
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=True,
            on_cell_complete=lambda **_: bar.update(),
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute(env={**os.environ, "IPYTHONDIR": profile})
    return nb


def _code(nb: NotebookNode) -> int:
    return sum(cell.cell_type == "code" for cell in nb.cells)


def lesson(path: Path) -> list[str]:
    """Build the .ipynb beside a .py source, executed and clean; return what is wrong with it."""
    ran = execute(read(path), path.parent, path.stem)
    nb = clean(ran)
    write(nb, path.with_suffix(".ipynb"))
    bars = [
        f"code cell {k} shows a widget without a picture (a progress bar?): print in another"
        " cell, and tag this one nbval-ignore-output"
        for k, cell in enumerate(cell for cell in ran.cells if cell.cell_type == "code")
        if any(map(_bare_widget, cell.outputs)) and not UNCOMPARED.intersection(tags(cell))
    ]
    return faults(nb) + bars


def differences(first: NotebookNode, second: NotebookNode) -> list[str]:
    """Where two notebooks differ in their cells: number, type, source, tags."""
    one, two = ([(c.cell_type, c.source, tags(c)) for c in nb.cells] for nb in (first, second))
    if len(one) != len(two):
        return [f"{len(one)} cells and {len(two)} cells"]
    return [
        f"cell {k}: {a!r} and {b!r}"
        for k, (a, b) in enumerate(zip(one, two, strict=True))
        if a != b
    ]


# Exercises: solutions with holes -----------------------------------------------------------------


def unpaired(nb: NotebookNode) -> list[str]:
    """Marks without partner, nested or crossed: one sentence each."""
    found = []
    for k, cell in enumerate(nb.cells):
        opened = None
        for edge, kind in REGION.findall(cell.source):
            if (edge == "BEGIN") == (opened is None) and opened in (None, kind):
                opened = kind if edge == "BEGIN" else None
            else:
                found.append(f"cell {k}: {edge} {kind} has no partner")
        if opened:
            found.append(f"cell {k}: BEGIN {opened} has no partner")
        if len(REGION.findall(cell.source)) != len(
            re.findall(r"\b(BEGIN|END) (SOLUTION|HIDDEN TESTS)", cell.source)
        ):
            found.append(f"cell {k}: a mark must read ### BEGIN SOLUTION, or ### END SOLUTION")
    return found


def exercise(nb: NotebookNode) -> NotebookNode:
    """Exercise of a solution notebook: holes for solutions, no answers, no outputs, no metadata."""
    from nbconvert.preprocessors import TagRemovePreprocessor
    from nbgrader.preprocessors import ClearHiddenTests, ClearOutput, ClearSolutions

    if found := unpaired(nb):
        raise ValueError("; ".join(found))
    nb, resources = deepcopy(nb), {}
    for step in (
        TagRemovePreprocessor(remove_cell_tags=set(SECRET)),
        ClearSolutions(code_stub={"python": STUB}, enforce_metadata=False),
        ClearHiddenTests(enforce_metadata=False),
        ClearOutput(),
    ):
        nb, resources = step.preprocess(nb, resources)
    for cell in nb.cells:
        kept = [tag for tag in tags(cell) if tag in TRAVELLING]
        cell.metadata = NotebookNode({"tags": kept} if kept else {})
    return fold(plain(nb.cells))


def fold(nb: NotebookNode) -> NotebookNode:
    """The notebook with its check cells folded: a reader calls them and may open them."""
    for cell in nb.cells:
        if "check" in tags(cell):
            cell.metadata["jupyter"] = {"source_hidden": True}
    return nb


def tidy(text: str) -> str:
    """The text of a .py with the blank lines that ruff wants around what is left."""
    for command in (["check", "--select", "I", "--fix-only"], ["format"]):
        ruff = [sys.executable, "-m", "ruff", *command, "-q", "--stdin-filename", "x.py", "-"]
        done = subprocess.run(ruff, cwd=ROOT, input=text.encode(), capture_output=True, check=True)
        text = done.stdout.decode()
    return text


def build_exercises(root: Path = ROOT, check: bool = False) -> list[str]:
    """Build exercises/ from solutions/; return what changed, or with `check` would change."""
    wanted: dict[Path, str] = {}
    for source in sorted((root / "solutions").glob("*.py")):
        try:
            nb = exercise(read(source))
        except ValueError as problem:
            raise SystemExit(f"{source.name}: {problem}") from None
        built = root / "exercises" / source.name
        wanted[built] = tidy(rendered(nb, ".py"))
        nb = fold(plain(jupytext.reads(wanted[built], fmt=FORMAT).cells))
        wanted[built.with_suffix(".ipynb")] = rendered(nb, ".ipynb")
    changed = []
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            changed.append(path.name)
            if not check:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
    found = (root / "exercises").glob("*.*")
    orphans = {path for path in found if path.suffix in (".py", ".ipynb")} - set(wanted)
    return changed + [f"{path.name} (has no solution: delete it)" for path in sorted(orphans)]


# Leaks -------------------------------------------------------------------------------------------


def travelling(folder: Path) -> list[Path]:
    """All files that a copy of the folder would carry: hidden ones and checkpoints too."""
    return sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())


def secrets(nb: NotebookNode) -> list[list[str]]:
    """Regions of a solution that must not travel, each as its telling lines without blanks.

    A line that is public code as well tells nothing, unless that is so of the whole region.
    """
    regions, public = [], set()
    for cell in nb.cells:
        opened: list[str] | None = [] if set(SECRET).intersection(tags(cell)) else None
        whole = opened is not None
        for line in cell.source.splitlines():
            mark = REGION.search(line)
            if mark and not whole:
                regions += [opened] if mark[1] == "END" else []
                opened = [] if mark[1] == "BEGIN" else None
            elif opened is not None and _telling(line):
                opened.append(_squeeze(line))
            elif opened is None and cell.cell_type == "code":
                public.add(_squeeze(line))
        regions += [opened] if whole else []
    shown = "\n".join(public)
    return [[line for line in region if line not in shown] or region for region in regions]


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _telling(line: str) -> bool:
    """Whether a line gives something away: long enough, and not a frame any answer has."""
    frame = ("def ", "class ", "import ", "from ", "@", "#", '"""')
    return len(_squeeze(line)) >= 12 and not line.strip().startswith(frame)


def leaks(solution: NotebookNode, files: Iterable[Path], stem: str = "") -> list[str]:
    """Where lines of a solution, its marks, or ways to its file occur in files that travel.

    Sources, outputs, attachments, metadata, comments, links, checkpoints: whatever a file holds is
    searched, with blanks left out. stem: name of the solution's file, for links to it.
    """
    lines = {line for region in secrets(solution) for line in region}
    found = []
    for path in files:
        if path.is_symlink():
            found.append(f"{path}: is a link to {os.readlink(path)}")
            continue
        text = _squeeze("\n".join(_texts(path)))
        found += [f"{path}: holds {line!r}" for line in sorted(lines) if line in text]
        found += [f"{path}: holds a mark, {mark}" for mark in _marks(text)]
        if stem and re.search(rf"solutions[/\\]+{re.escape(stem)}\b", text):
            found.append(f"{path}: holds a link to the solution")
    return found


def _marks(text: str) -> set[str]:
    return {mark[0] for mark in re.finditer(r"###(BEGIN|END)(SOLUTION|HIDDENTESTS)", text)}


def _texts(path: Path) -> Iterator[str]:
    """All texts in a file; those in a notebook with their attachments decoded."""
    text = path.read_text(encoding="utf-8", errors="ignore")
    try:
        yield from _strings(json.loads(text) if path.suffix == ".ipynb" else text)
    except json.JSONDecodeError:
        yield text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _strings(part)
    elif isinstance(value, list):
        if all(isinstance(part, str) for part in value):
            value = ["".join(value)]
        for part in value:
            yield from _strings(part)
    elif isinstance(value, str):
        yield value
        if len(value) >= 16 and re.fullmatch(r"[A-Za-z0-9+/\s]+=*\s*", value):
            packed = _squeeze(value)
            packed = packed[: len(packed) - len(packed) % 4]
            yield base64.b64decode(packed).decode("utf-8", errors="ignore")


# The command -------------------------------------------------------------------------------------


def build_lessons(files: list[Path]) -> int:
    """Build every file given, showing what happens; return how many were not right."""
    wrong = 0
    for k, path in enumerate(files, 1):
        start = time.perf_counter()
        try:
            found = lesson(path)
        except Exception as problem:  # a cell raised: the old notebook stays, the others go on
            found = [f"not built: {problem}"]
        print(f"[{k}/{len(files)}] {path.name}: {time.perf_counter() - start:.1f} s", flush=True)
        print(*(f"  {fault}\n" for fault in found), sep="", end="", flush=True)
        wrong += bool(found)
    return wrong


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 means that all is well."""
    parser = argparse.ArgumentParser(prog="python -m kit.course.build")
    commands = parser.add_subparsers(dest="command", required=True)
    lessons = commands.add_parser("lessons", help="execute .py sources, store the .ipynb")
    lessons.add_argument("files", nargs="*", type=Path, help="default: notebooks/*.py")
    exercises = commands.add_parser("exercises", help="build exercises/ from solutions/")
    exercises.add_argument("--check", action="store_true", help="change nothing, say what differs")
    options = parser.parse_args(arguments)
    if options.command == "lessons":
        chosen = [path.with_suffix(".py").resolve() for path in options.files]
        return int(build_lessons(chosen or sorted((ROOT / "notebooks").glob("*.py"))) > 0)
    try:
        import nbgrader  # noqa: F401
    except ImportError:
        print("Building exercises needs nbgrader, which `python3 run.py exercises` installs.")
        return 1
    stale = [
        path
        for path in sorted((ROOT / "solutions").glob("*.py"))
        if not path.with_suffix(".ipynb").exists()
        or differences(read(path), read(path.with_suffix(".ipynb")))
    ]
    if options.check:
        changed = build_exercises(ROOT, check=True) + [path.stem + ".ipynb" for path in stale]
        if changed:
            print(f"Not up to date (run `python3 run.py exercises`): {', '.join(changed)}.")
        return int(bool(changed))
    wrong = build_lessons(stale)
    changed = build_exercises(ROOT)
    print(f"Changed in exercises/: {', '.join(changed) or 'nothing'}.")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
