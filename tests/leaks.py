"""Whether anything of a solution travels with an exercise: every file, all that is in it."""

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from kit.course.exercises import REGION, SECRET
from kit.course.notebooks import tags


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
