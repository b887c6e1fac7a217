"""From the bytes of a file to the cells of a notebook, and from a cell to its statements."""

import ast
import json
from collections.abc import Iterator

from IPython.core.inputtransformer2 import TransformerManager

RUN_ANYWAY = ("time", "capture", "prun")  # magics of IPython that run what they are given
LONGEST, APART = 1 << 20, 8  # letters of a cell; parts of a broken cell that belong together


def code_cells(data: bytes) -> tuple[list[str], list[str]]:
    """Code cells of a file, and notes; whatever it is, it is no reason to stop."""
    notes = []
    try:
        try:
            notebook = json.loads(data)
        except UnicodeDecodeError:
            notebook = json.loads(data.decode("cp1252", errors="replace"))
            notes = ["The file is not in UTF-8; it was read as Latin-1."]
        cells = list(_sources(notebook))
    except (ValueError, RecursionError, MemoryError):
        return [], ["This file is no notebook: it cannot be read as JSON."]
    return cells, notes if cells else ["There is no code in this notebook."]


def _sources(found: object) -> Iterator[str]:
    """Sources of the code cells, as far as they can be made out; of old notebooks too."""
    if isinstance(found, list):
        for part in found:
            yield from _sources(part)
    elif isinstance(found, dict) and found.get("cell_type") == "code":
        source = found.get("source", found.get("input", ""))
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        if isinstance(source, str) and len(source) < LONGEST:
            yield source
    elif isinstance(found, dict):
        yield from _sources([found.get("cells"), found.get("worksheets")])


def parsed(source: str) -> list[ast.stmt]:
    """Top-level statements of a cell, by IPython's reader only if it is no Python as it stands.

    Raises what ast.parse raises.
    """
    try:
        body = ast.parse(source).body
    except SyntaxError:
        body = ast.parse(TransformerManager().transform_cell(source)).body
    found: list[ast.stmt] = []
    for node in body:
        call = node.value if isinstance(node, ast.Expr) else None
        magic = isinstance(call, ast.Call) and getattr(call.func, "attr", "")
        if magic not in ("run_cell_magic", "run_line_magic"):
            found.append(node)
        elif call.args[0].value in RUN_ANYWAY:
            offset = node.lineno if magic == "run_cell_magic" else node.lineno - 1
            inner = parsed(call.args[-1].value)
            found += [ast.increment_lineno(part, offset) for part in inner]
    return found


def salvaged(source: str) -> Iterator[ast.stmt]:
    """Statements of a cell that does not parse as a whole: those parts of it that do."""
    lines = source.split("\n")
    starts = [k for k, line in enumerate(lines) if line[:1].strip()] + [len(lines)]
    k = 0
    while k < len(starts) - 1:
        for end in range(k + 1, min(k + APART, len(starts))):  # decorators, closing brackets
            try:
                part = parsed("\n".join(lines[starts[k] : starts[end]]))
            except Exception:
                continue
            yield from (ast.increment_lineno(node, starts[k]) for node in part)
            k = end - 1
            break
        k += 1
