"""Who handed in what: every folder and file below a folder becomes something to mark, or a note.

    FOLDER/student/.../NN_name.ipynb     FOLDER/NN_name/student.ipynb, or .../student/any.ipynb
    FOLDER/student_NN_name.ipynb         nbgrader's course folder, or its submitted/
    FOLDER.zip                           what Moodle or Canvas gives for download

Which exercise a notebook is, the judge decides by what it holds; its name is a hint.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

EXPECTED = "expected is FOLDER/student/NN_name.ipynb, such as FOLDER/ada/11_projection.ipynb"
SKIPPED = ("__MACOSX", "desktop.ini", "Thumbs.db", "timestamp.txt")
PLATFORM = re.compile(r"_\d+_assignsubmission_\w+?_*$|(_LATE)?(_\d+){1,2}_?(-\d+)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """A file or folder, who handed it in, a hint at the exercise, or why it is not marked."""

    path: Path
    student: str
    notebook: str
    note: str = ""


def collect(folder: Path, stems: Iterable[str]) -> list[Found]:
    """All that is below a folder."""
    if (folder / "submitted").is_dir() and (folder / "nbgrader_config.py").exists():
        folder = folder / "submitted"
    found = []
    for top in _inside(folder):
        name = _plain(top.name)
        files = _below(top)
        if not files:
            expected = f"; {EXPECTED}" if name in stems else ""
            found.append(Found(top, _student(name), "", f"The folder is empty{expected}."))
        for path in files:
            parts = [_plain(part) for part in path.relative_to(folder).parts]
            hint = max((s for s in stems if any(s in p for p in parts)), key=len, default="")
            who = parts[min(1, len(parts) - 1)] if name in stems else name
            is_file = len(parts) == 1 or (name in stems and len(parts) == 2)
            who = _student(who.split(".")[0], hint) if is_file else _student(who)
            found.append(Found(path, who, hint, _note(path)))
    return found


def _student(name: str, stem: str = "") -> str:
    """A student's name, without a platform's numbers and the name of an exercise."""
    bare = name.replace(stem, "").strip("_- ") if stem else name
    return PLATFORM.sub("", bare).strip("_- " if stem else "") or name


def _note(path: Path) -> str:
    """Why a file is not marked."""
    kind, name = path.suffix.lower(), path.name.lower()
    if path.is_symlink():
        return "This is a link, and links are not followed."
    if not path.is_file():
        return "This is no ordinary file."
    if kind == ".zip":
        return "A zip is not opened: unpack it in its place, and mark again."
    if kind == ".py":
        return "A .py is not marked: the notebook itself, .ipynb, should be handed in."
    if not (kind == ".ipynb" or ".ipynb." in name):
        return f"Not a notebook (.ipynb), and not marked: {_plain(path.name)}."
    return ""


def _inside(folder: Path) -> list[Path]:
    found = [path for path in folder.iterdir() if not path.name.startswith(".")]
    return sorted(path for path in found if path.name not in SKIPPED)


def _below(top: Path) -> list[Path]:
    """A file, or the files of a folder and its folders; links are not followed."""
    if not top.is_dir() or top.is_symlink():
        return [top]
    return [path for inner in _inside(top) for path in _below(inner)]


def _plain(name: str) -> str:
    """A name in one Unicode form; bytes that are no UTF-8 are read as Latin-1."""
    raw = name.encode("utf-8", "surrogateescape")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return unicodedata.normalize("NFC", text)
