"""Who handed in what: every folder and file below a folder becomes something to mark, or a note.

    FOLDER/student/.../NN_name.ipynb     FOLDER/NN_name/student.ipynb, or .../student/any.ipynb
    FOLDER/student_NN_name.ipynb         nbgrader's course folder, or its submitted/
    FOLDER.zip                           what Moodle or Canvas gives for download

Which exercise a notebook is, the judge decides by what it holds; its name is a hint.
"""

import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

EXPECTED = "expected is FOLDER/student/NN_name.ipynb, such as FOLDER/ada/11_projection.ipynb"
SKIPPED = ("__MACOSX", "desktop.ini", "Thumbs.db", "timestamp.txt")
PLATFORM = re.compile(r"_\d+_assignsubmission_\w+?_*$|(_LATE)?(_\d+){1,2}_?(-\d+)?$", re.IGNORECASE)
MOST_FILES, MOST_BYTES = 20_000, 4 << 30


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
        if top.is_dir() and not top.is_symlink():
            files = [path for path in _below(top)]
            if name in stems:
                found += [_file(path, _owner(path, top, name), [name]) for path in files]
                if not files:
                    found.append(Found(top, name, name, f"The folder is empty; {EXPECTED}."))
                continue
            student = PLATFORM.sub("", name) or name
            if not files:
                found.append(Found(top, student, "", "The folder is empty."))
            for path in files:
                parts = [_plain(part) for part in path.relative_to(folder).parts]
                found.append(_file(path, student, [s for s in stems if any(s in p for p in parts)]))
        else:
            hints = [stem for stem in stems if stem in name]
            student = name.split(".")[0].replace(max(hints, key=len, default=""), "")
            student = PLATFORM.sub("", student).strip("_- ") or name.split(".")[0]
            found.append(_file(top, student, hints))
    return found


def _owner(path: Path, top: Path, stem: str) -> str:
    """Who a file below FOLDER/NN_name belongs to: its folder there, or its own name."""
    first = path.relative_to(top).parts[0]
    name = _plain(first).split(".")[0] if path.parent == top else _plain(first)
    return PLATFORM.sub("", name.replace(stem, "")).strip("_- ") or name


def _file(path: Path, student: str, hints: list[str]) -> Found:
    """A file as it is to be marked, or with a note."""
    kind, name, note = path.suffix.lower(), path.name.lower(), ""
    if path.is_symlink():
        note = "This is a link, and links are not followed."
    elif not stat.S_ISREG(path.stat().st_mode):
        note = "This is no ordinary file."
    elif kind == ".zip":
        note = "A zip is not opened: unpack it in its place, and mark again."
    elif kind == ".py":
        note = "A .py is not marked: the notebook itself, .ipynb, should be handed in."
    elif not (kind == ".ipynb" or ".ipynb." in name):
        note = f"Not a notebook (.ipynb), and not marked: {_plain(path.name)}."
    return Found(path, student, max(hints, key=len, default=""), note)


def _inside(folder: Path) -> list[Path]:
    found = [path for path in folder.iterdir() if not path.name.startswith(".")]
    return sorted(path for path in found if path.name not in SKIPPED)


def _below(folder: Path) -> list[Path]:
    """Files of a folder and its folders; links are not followed."""
    found = []
    for path in _inside(folder):
        found += _below(path) if path.is_dir() and not path.is_symlink() else [path]
    return found


def _plain(name: str) -> str:
    """A name in one Unicode form; bytes that are no UTF-8 are read as Latin-1."""
    raw = name.encode("utf-8", "surrogateescape")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return unicodedata.normalize("NFC", text)


def unpacked(archive: Path, folder: Path) -> Path:
    """What a platform's zip holds, below a folder. ValueError for what no platform gives."""
    with zipfile.ZipFile(archive) as zipped:
        members = [one for one in zipped.infolist() if not one.is_dir()]
        if len(members) > MOST_FILES or sum(one.file_size for one in members) > MOST_BYTES:
            raise ValueError(f"{archive.name} holds more than a class hands in; {EXPECTED}")
        for one in members:
            parts = [p for p in re.split(r"[/\\]", one.filename) if p not in ("", ".", "..")]
            if not parts or any(part in SKIPPED or part.startswith(".") for part in parts):
                continue
            path = folder.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipped.open(one) as source:
                path.write_bytes(source.read(one.file_size + 1))
    return folder
