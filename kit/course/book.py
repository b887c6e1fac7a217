"""The book: the executed lessons as pages with search and contents, read without any network.

    python -m kit.course.book [folder]        default: site/

Sphinx builds it, with MyST-NB and the book theme, from sources laid out in a folder of their own:
docs/, the notebooks with their explorers drawn (panels.py), the exercises, the ledger, and MathJax.
With KIT_REPOSITORY set to the address of a repository on GitHub, pages get buttons for Binder and
Colab.
"""

import argparse
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from joblib import Parallel, delayed
from nbformat import NotebookNode

from kit.course import panels
from kit.course.drawing import look
from kit.course.notebooks import ROOT, read, tags
from kit.experiments.theorems import LEDGER

MATHJAX = ("tex-chtml.js", "output/chtml/fonts/woff-v2")  # of 24 MB, what pages need


def prepared(path: Path, frames: Path) -> NotebookNode:
    """The notebook as the book shows it: explorers with sliders, imports folded, pictures named."""
    os.chdir(path.parent)  # lessons look for results/ where they stand
    nb = read(path)
    opened = panels.explorers(nb)
    first = next((k for k, cell in enumerate(nb.cells) if cell.cell_type == "code"), None)
    heading = path.stem
    for k, cell in enumerate(nb.cells):
        if cell.cell_type == "markdown":
            heading = [heading, *re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE)][-1]
            continue
        if k == first or "explorer(" in cell.source:
            cell.metadata["tags"] = [*tags(cell), "hide-input"]
        if k in opened:
            page = panels.panel(opened[k], f"{path.stem}-{k}", frames)
            cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": page})]
            continue
        words = _said(nb.cells[k + 1 : k + 2]) or f"Figure of the section {heading}"
        for output in cell.get("outputs", []):
            if (picture := panels.decoded(output)) is not None:
                words = output.metadata.get("image/png", {}).get("alt", words)
                classes = f"dark-light {look(panels.read(picture))}"
                cell.metadata["mystnb"] = {"image": {"alt": _plain(words), "classes": classes}}
            elif "text/html" in output.get("data", {}) and "text/plain" in output.data:
                del output.data["text/html"]
    return nb


def _said(cells: list[NotebookNode]) -> str:
    """What the next cell prints: the caption of a figure."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    said = (o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs)
    return " ".join(words for words in said if not words.startswith("<"))


def _plain(words: str) -> str:
    return re.sub(r"\s+", " ", words.replace('"', "").replace("$", "")).strip()[:400]


def ledger() -> str:
    """The page of theorems, and the lessons that call each by its name."""
    lessons = {path.stem: path.read_text() for path in sorted((ROOT / "notebooks").glob("*.py"))}
    parts = [
        "# The ledger",
        "Statements of the lessons: what each says, where it is from, and a list of hypotheses, "
        "each with a measurement that breaks it, and it alone. "
        "`python -m kit.experiments.theorems` measures all of them, inside and outside.",
    ]
    for name, entry in LEDGER.items():
        used = [f"[{stem}](notebooks/{stem}.ipynb)" for stem, t in lessons.items() if name in t]
        parts += [
            f"## {name}",
            f"```text\n{entry.statement}\n```",
            "\n".join(f"* needs: {_escaped(words)}" for words in entry.hypotheses),
            f"{_escaped(entry.source)}{'. Measured in ' + ', '.join(used) if used else ''}.",
        ]
    return "\n\n".join(parts) + "\n"


def _escaped(words: str) -> str:
    return re.sub(r"([*_`|$<\[\]\\])", r"\\\1", words)


def lay_out(folder: Path, lessons: list[Path]) -> None:
    """Write the sources of the book into a folder."""
    shutil.copytree(ROOT / "docs", folder, dirs_exist_ok=True)
    frames = folder / "_static" / "frames"
    frames.mkdir(parents=True)
    (folder / "notebooks").mkdir()
    jobs = (delayed(prepared)(path.resolve(), frames) for path in lessons)
    books = Parallel(min(2, len(lessons)), return_as="generator")(jobs)
    for k, (path, nb) in enumerate(zip(lessons, books, strict=True), 1):
        print(f"[{k}/{len(lessons)}] {path.stem}", flush=True)
        nbformat.write(nb, folder / "notebooks" / path.name)
    aside = shutil.ignore_patterns("__pycache__", ".*")
    for part in ("notebooks/images", "exercises", "kit"):  # lessons link to files of the kit
        shutil.copytree(ROOT / part, folder / part, ignore=aside)
    listed = "\n".join(path.stem for path in sorted((ROOT / "exercises").glob("*.ipynb")))
    (folder / "exercises" / "index.md").write_text(
        "# Exercises\n\nTo be filled in where a kernel runs: `python3 run.py lab`, or the download "
        f"button of each.\n\n```{{toctree}}\n:maxdepth: 1\n{listed}\n```\n"
    )
    (folder / "ledger.md").write_text(ledger(), encoding="utf-8")
    carrier = importlib.metadata.distribution("django-static-mathjax")
    es5, target = Path(carrier.locate_file("mathjax/static/mathjax/es5")), "_static/mathjax"
    for part in MATHJAX:
        (folder / target / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (es5 / part).is_dir() else shutil.copy
        copy(es5 / part, folder / target / part)


def build(folder: Path, lessons: list[Path] | None = None) -> int:
    """Write the book and return Sphinx's exit code; what was in the folder is replaced.

    lessons  .ipynb files; None for all of notebooks/
    Raises ValueError for a folder that holds something else than a book.
    """
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()) and not (folder / "searchindex.js").exists():
        raise ValueError(f"{folder} holds files that are no book; name an empty folder")
    with tempfile.TemporaryDirectory() as place:
        source, made = Path(place) / "source", Path(place) / "made"
        lay_out(source, lessons or sorted((ROOT / "notebooks").glob("*.ipynb")))
        strict = [] if lessons else ["-W", "--keep-going"]  # a part has links that lead nowhere
        options = ["-q", "-b", "html", *strict, "-d", f"{place}/doctrees"]
        code = subprocess.call([sys.executable, "-m", "sphinx", *options, source, made])
        for path in made.glob("_sources/*/*.ipynb"):  # the download: as it is stored
            shutil.copy(ROOT / path.parent.name / path.name, path)
        if made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(made, folder)
    return code


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python3 run.py site", description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "site")
    folder = parser.parse_args(arguments).folder.resolve()
    try:
        code = build(folder)
    except (OSError, ValueError) as problem:
        print(f"The book was not built: {problem}.", file=sys.stderr)
        return 1
    print(f"Open {folder / 'index.html'} in a browser; no network is needed.")
    return code


if __name__ == "__main__":
    sys.exit(main())
