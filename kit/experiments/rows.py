"""Rows of experiments: read and written line by line, and turned into rates of success.

A line of a file is one of

    {"code": ..., "sweep": ..., "versions": ...}       provenance of the rows below
    {"cell": {...}, "trial": k, "row": {...}}          a job done; "rows": [...] for many
    {"cell": {...}, "trial": k, "failed": "..."}       a job that raised

with the line break first: a torn line is no JSON, is skipped, and spoils no other.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from kit.arguments import number, several, shown
from kit.results import Array

Row = dict[str, Any]


def success_rate(
    rows: Iterable[Row], *, below: float = 1e-4, by: tuple[str, ...] = ("L", "S"), of: str = "error"
) -> Array:
    """Share of rows with row[of] < below (or, for a flag, with row[of] true), over the axes `by`.

    The array has an axis for each name in `by`, over its `values` in rising order; NaN where there
    is no row. Raises ValueError for no rows, and for names that the rows do not have.
    """
    rows = list(several("rows", rows))
    by = several("by", by)
    if not by:
        raise ValueError("by must name at least one axis, got none")
    below = number("below", below)
    axes = [values(rows, name) for name in by]
    values(rows, of)
    hits, counts = np.zeros((2, *map(len, axes)))
    places = [{hashable(value): k for k, value in enumerate(axis)} for axis in axes]
    for row in rows:
        place = tuple(where[hashable(row[name])] for where, name in zip(places, by, strict=True))
        hits[place] += row[of] if isinstance(row[of], bool) else row[of] < below
        counts[place] += 1
    return np.divide(hits, counts, out=np.full_like(hits, np.nan), where=counts > 0)


def values(rows: Iterable[Row], name: str) -> list:
    """The different values of row[name], in rising order."""
    found = {}
    if not isinstance(name, str):
        raise ValueError(f"axes must be named by words, got {shown(name)}")
    for row in several("rows", rows):
        if not isinstance(row, Mapping) or name not in row:
            raise ValueError(f"rows must all have {name!r}, got {shown(row)}")
        found[hashable(row[name])] = row[name]
    if not found:
        raise ValueError("rows must not be empty")
    return sorted(found.values())


def hashable(value: object) -> object:
    """A pair as it was before JSON made it a list."""
    return tuple(value) if isinstance(value, list) else value


def rows_in(line: Row) -> list[Row]:
    """What the trial of a line returned, as a list."""
    return line["rows"] if "rows" in line else [line["row"]]


def read(path: Path) -> tuple[dict[str, list[Row]], dict[str, str], list[Row]]:
    """Rows of the jobs done, what the others failed with, and the lines of provenance."""
    done: dict[str, list[Row]] = {}
    failed: dict[str, str] = {}
    headers = []
    text = path.read_text(encoding="ascii", errors="replace") if path.exists() else ""
    for text_line in text.split("\n"):
        try:
            line = json.loads(text_line)
        except ValueError:
            continue  # empty, or torn: the job is done again
        if "code" in line:
            headers.append({**line, "jobs": 0})
            continue
        name = name_of(line["cell"], line["trial"])
        if "failed" in line:
            failed[name] = line["failed"]
        elif headers and name not in done:  # a row that nothing vouches for is none
            done[name] = rows_in(line)
            headers[-1]["jobs"] += 1
    return done, {name: why for name, why in failed.items() if name not in done}, headers


def write(file: TextIO, line: Row) -> None:
    """Append a line, its line break first, and hand it to the system at once."""
    file.write("\n" + json.dumps(line, default=plain, separators=(",", ":")))
    file.flush()


def name_of(*parts: object) -> str:
    """The same text for the same content, whatever the order of a dictionary."""
    return json.dumps(parts, sort_keys=True, default=plain, separators=(",", ":"))


def plain(value: object) -> object:
    """What JSON does not know: numpy's numbers and arrays."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be stored in a row")
