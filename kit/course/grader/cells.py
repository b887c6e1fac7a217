"""From the bytes of a file to the cells of a notebook, and from a cell to its statements.

A cell is read as it stands, and through IPython's own input transformer only if it is no Python as
it stands.
"""

import ast
import json
from collections.abc import Iterator

from IPython.core.inputtransformer2 import TransformerManager

RUN_ANYWAY = ("time", "capture", "prun")  # magics of IPython that run what they are given


def code_cells(data: bytes) -> tuple[list[str], list[str]]:
    """Code cells of a file, and notes; whatever it is, it is no reason to stop."""
    try:
        text: str | bytes = data
        notes = []
        if data[:2] not in (b"\xff\xfe", b"\xfe\xff") and b"\0" not in data[:8]:
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                text = data.decode("cp1252", errors="replace")
                notes.append("The file is not in UTF-8; it was read as Latin-1.")
        cells = list(_sources(json.loads(text)))
    except (ValueError, RecursionError, MemoryError):
        return [], ["This file is no notebook: it cannot be read as JSON."]
    return cells, notes if cells else ["There is no code in this notebook."]


def _sources(notebook: object) -> Iterator[str]:
    """Sources of the code cells, as far as they can be made out; of old notebooks too."""
    if not isinstance(notebook, dict):
        return
    sheets = notebook.get("worksheets")
    holders = [notebook, *(sheets if isinstance(sheets, list) else [])]
    for holder in holders:
        cells = holder.get("cells") if isinstance(holder, dict) else None
        for cell in cells if isinstance(cells, list) else []:
            if isinstance(cell, dict) and cell.get("cell_type") == "code":
                source = cell.get("source", cell.get("input", ""))
                if isinstance(source, list):
                    source = "".join(part for part in source if isinstance(part, str))
                if isinstance(source, str) and len(source) < 1 << 20:
                    yield source


def parsed(source: str) -> list[ast.stmt]:
    """Top-level statements of a cell. Raises what ast.parse raises."""
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


def salvaged(source: str) -> Iterator[list[ast.stmt]]:
    """Statements of a cell that does not parse as a whole: those parts of it that do."""
    lines = source.split("\n")
    starts = [k for k, line in enumerate(lines) if line[:1].strip()] + [len(lines)]
    k = 0
    while k < len(starts) - 1:
        for end in range(k + 1, min(k + 8, len(starts))):  # decorators, closing brackets
            try:
                part = parsed("\n".join(lines[starts[k] : starts[end]]))
            except Exception:
                continue
            yield [ast.increment_lineno(node, starts[k]) for node in part]
            k = end
            break
        else:
            k += 1
