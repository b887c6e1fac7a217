"""Who handed in what: every folder and file below a folder becomes something to mark, or a note.

FOLDER/student/.../NN_name.ipynb     FOLDER/NN_name/student.ipynb, or .../student/any.ipynb
FOLDER/student_NN_name.ipynb         nbgrader's course folder, or its submitted/
FOLDER.zip                           what Moodle or Canvas gives for download
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

EXPECTED = "expected is FOLDER/student/NN_name.ipynb, such as FOLDER/ada/11_projection.ipynb"
SKIPPED = ("__MACOSX", "desktop.ini", "Thumbs.db", "timestamp.txt")
PLATFORM = re.compile(r"_\d+_assignsubmission_\w+?_*$|(_LATE)?(_\d+){1,2}_?(-\d+)?$", re.IGNORECASE)


@dataclass
class Mark:
    """What one check gives: points out of most, and what to say; private is for the instructor."""

    check: str
    function: str
    most: float
    points: float = 0.0
    verdict: str = ""
    private: str = ""
    part: str = ""
    failed: str = ""  # the property


@dataclass
class Handed:
    """A file or folder, who handed it in, which exercise (at first a hint), marks and notes."""

    path: Path
    student: str
    notebook: str
    notes: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def points(self) -> float:
        """Of all marks together."""
        return round(sum(mark.points for mark in self.marks), 2)

    @property
    def most(self) -> float:
        """The most that there is."""
        return sum(mark.most for mark in self.marks)


def collect(folder: Path, stems: Iterable[str]) -> list[Handed]:
    """All that is below a folder."""
    if (folder / "submitted").is_dir() and (folder / "nbgrader_config.py").exists():
        folder = folder / "submitted"
    found = []
    for top in _inside(folder):
        name, files = _plain(top.name), _below(top)
        for path in files or [top]:
            parts = [_plain(part) for part in path.relative_to(folder).parts]
            hint = max((s for s in stems if any(s in p for p in parts)), key=len, default="")
            by_exercise = name in stems and len(parts) > 1
            who = parts[1] if by_exercise else name
            if path.name == parts[-1] and len(parts) == 1 + by_exercise and files:
                who = who.split(".")[0].replace(hint or "\\0", "").strip("_- ") or who
            note = _note(path) if files else f"The folder is empty; {EXPECTED}."
            found.append(Handed(path, PLATFORM.sub("", who) or who, hint, [note] if note else []))
    return found


def _note(path: Path) -> str:
    """Why a file is not marked."""
    name = _plain(path.name).lower()
    if path.is_symlink():
        return "This is a link, and links are not followed."
    if not path.is_file():
        return "This is no ordinary file."
    if name.endswith(".zip"):
        return "A zip is not opened: unpack it in its place, and mark again."
    if name.endswith(".ipynb") or ".ipynb." in name:
        return ""
    return f"Not a notebook (.ipynb), and not marked: {_plain(path.name)}."


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
        return unicodedata.normalize("NFC", raw.decode("utf-8"))
    except UnicodeDecodeError:
        return raw.decode("latin-1")
