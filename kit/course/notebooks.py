"""Notebooks from their .py sources: read, execute, clean, and find what is wrong with one.

A built notebook is a function of its source and of what it prints, with nothing random and nothing
of the machine in it; building twice gives the same bytes.
"""

import ast
import hashlib
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from kit.course.cells import parsed

ROOT = Path(__file__).resolve().parents[2]
FORMAT = "py:percent"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET = "application/vnd.jupyter.widget-view+json"
SKIPPED = {"nbval-skip", "skip-execution"}  # cells that are not run
UNCOMPARED = {"nbval-ignore-output", "raises-exception"}
FOLDED = "hide-input"  # cells whose code a reader opens, in JupyterLab and in the reading copy
ABOUT = re.compile(r"≈\s*[-+]?(\d+(?:\.\d+)?)(?:e[-+]?\d+)?")  # what the comparison leaves out


def code(nb: NotebookNode) -> list[NotebookNode]:
    """The cells that hold code."""
    return [cell for cell in nb.cells if cell.cell_type == "code"]


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
        kept: dict[str, object] = {"tags": tags(cell)} if tags(cell) else {}
        if FOLDED in tags(cell):
            kept["jupyter"] = {"source_hidden": True}
        new = getattr(nbformat.v4, f"new_{cell.cell_type}_cell")
        nb.cells.append(new(cell.source, id=name, metadata=kept))
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
    kept = ("kernelspec", "language_info")
    nb.metadata = NotebookNode({key: nb.metadata[key] for key in kept if key in nb.metadata})
    nb.metadata.get("language_info", {}).pop("version", None)
    for cell in nb.cells:
        for key in ("execution", "ExecuteTime", "widgets", "collapsed"):
            cell.metadata.pop(key, None)
    for cell in code(nb):
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
    cells = [cell for cell in code(nb) if cell.source.strip()]
    found = [f"code cell {k} {fault}" for k, cell in enumerate(cells) for fault in _faults(cell)]
    return found + ["the notebook holds the state of widgets"] * ("widgets" in nb.metadata)


def _faults(cell: NotebookNode) -> Iterator[str]:
    outputs, marks = cell.get("outputs", []), set(tags(cell))
    if SKIPPED & marks:
        return
    if cell.execution_count is None:
        yield "was never run"
    elif _shows(cell.source) and not outputs and not UNCOMPARED & marks:
        yield "should show something and shows nothing"
    if cell.source.rstrip().endswith(";"):
        yield "ends with a semicolon, which nbval does not honour"
    texts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs]
    for number in ABOUT.findall("\n".join(texts)):
        if len(number.replace(".", "").strip("0")) > 2:
            yield f"prints {number} after ≈, which is to have two digits"
    for fault, there in (
        ("wrote to stderr", lambda o: o.get("name") == "stderr"),
        ("printed a warning", lambda o: "Warning:" in o.get("text", "")),
        ("holds a widget view, whose id is random", lambda o: WIDGET in o.get("data", {})),
        ("holds an error", lambda o: o.output_type == "error" and "raises-exception" not in marks),
    ):
        if any(map(there, outputs)):
            yield fault


def _shows(source: str) -> bool:
    """Whether a cell must leave an output: it prints, displays, or ends with a value."""
    body = parsed(source)  # without magics
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else ast.Constant(None)
    value = not isinstance(last, ast.Call) and getattr(last, "value", ...) is not None
    called = {ast.unparse(call.func).split(".")[-1] for call in _calls(body)}
    return value or not called.isdisjoint(("print", "display", "explorer", "show"))


def _calls(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    """Calls made for sure when the cell runs: not those in functions, classes and branches."""
    for node in nodes:
        if isinstance(node, ast.Call):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.If | ast.Try):
            yield from _calls(ast.iter_child_nodes(node))


# Executed ----------------------------------------------------------------------------------------


def execute(nb: NotebookNode, folder: Path, title: str = "") -> NotebookNode:
    """Run a notebook's cells in a fresh kernel of this Python, in the given folder."""
    from nbclient import NotebookClient
    from tqdm import tqdm

    nb = deepcopy(nb)
    with (
        tqdm(total=len(code(nb)), desc=title, unit="cell", disable=not title) as bar,
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


def lesson(path: Path) -> list[str]:
    """Build the .ipynb beside a .py source, executed and clean; return what is wrong with it."""
    ran = execute(read(path), path.parent, path.stem)
    nb = clean(ran)
    write(nb, path.with_suffix(".ipynb"))
    bars = [
        f"code cell {k} shows a widget without a picture (a progress bar?): print in another"
        " cell, and tag this one nbval-ignore-output"
        for k, cell in enumerate(code(ran))
        if any(map(_bare_widget, cell.outputs)) and not UNCOMPARED.intersection(tags(cell))
    ]
    return faults(nb) + bars


def differences(first: NotebookNode, second: NotebookNode) -> list[str]:
    """Where two notebooks differ in their cells: number, type, source, tags."""
    one, two = ([(c.cell_type, c.source, tags(c)) for c in nb.cells] for nb in (first, second))
    if len(one) != len(two):
        return [f"{len(one)} cells and {len(two)} cells"]
    pairs = enumerate(zip(one, two, strict=True))
    return [f"cell {k}: {a!r} and {b!r}" for k, (a, b) in pairs if a != b]
