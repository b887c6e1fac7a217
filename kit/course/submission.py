"""What somebody handed in: a notebook in any state, read for the functions it defines.

Order, metadata, numbers and outputs of the cells do not matter, nor do cells that are missing or
there twice. Every top-level definition, import and assignment of every code cell is taken; plots,
prints and calls of checks are not. Of several definitions of a function, one that only raises
NotImplementedError never counts, and the best of the others does.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

MOST_BYTES = 200 << 20
MOST_CELLS = 2000
MOST_VERSIONS = 4
TAKEN = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
ASSIGNED = (ast.Assign, ast.AnnAssign, ast.AugAssign)


@dataclass(frozen=True)
class Statement:
    """A top-level statement: its text, its line in its cell, the cell, and the names it binds."""

    source: str
    line: int
    title: str
    names: tuple[str, ...]
    empty: bool  # a function that only raises NotImplementedError

    def sent(self) -> list:
        """As the worker takes it."""
        return [self.source, self.line, self.title]


@dataclass
class Submission:
    """Statements of a notebook, and what its author should know about reading it."""

    path: Path
    statements: list[Statement] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def versions(self, name: str) -> list[Statement]:
        """Definitions of a function that are not empty, without repetitions, the last ones."""
        found = {s.source: s for s in self.statements if name in s.names and not s.empty}
        return list(found.values())[-MOST_VERSIONS:]

    def mentions(self, name: str) -> bool:
        """Whether the function is defined at all, be it empty."""
        return any(name in s.names for s in self.statements)

    def around(self, version: Statement) -> list[list]:
        """Everything but `version` and the other versions of it: imports first, then the rest."""
        names = set(version.names)
        rest = [s for s in self.statements if not names.intersection(s.names) and not s.empty]
        order = sorted(rest, key=lambda s: not s.source.startswith(("import", "from")))
        return [s.sent() for s in order]


def read(path: Path) -> Submission:
    """Read a submission; whatever it is, it is no reason to stop, and the notes say what it was."""
    submission = Submission(path)
    if path.is_symlink():
        submission.notes.append("This is a link, and links are not followed.")
        return submission
    try:
        if path.stat().st_size > MOST_BYTES:
            submission.notes.append(f"The file is larger than {MOST_BYTES >> 20} MB.")
            return submission
        cells = list(_code_cells(json.loads(path.read_bytes())))
    except (OSError, ValueError, RecursionError, MemoryError):
        submission.notes.append("This file is no notebook: it cannot be read as JSON.")
        return submission
    for k, source in enumerate(cells[:MOST_CELLS], 1):
        title = f"cell {k}"
        try:
            submission.statements += _statements(source, title)
        except Exception:  # not even in parts
            submission.notes.append(
                f"Code cell {k} is not Python as a whole; the parts of it that are count."
            )
            submission.statements += list(_salvaged(source, title))
    if not cells:
        submission.notes.append("There is no code in this notebook.")
    return submission


def _code_cells(notebook: object) -> Iterator[str]:
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


def _statements(source: str, title: str) -> list[Statement]:
    """Top-level statements of a cell that are taken. Raises what ast.parse raises."""
    plain = re.sub(r"^(\s*)[%!?].*$", r"\1pass", source, flags=re.MULTILINE)
    found = []
    for node in ast.parse(plain).body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        text = "\n".join(plain.split("\n")[first - 1 : node.end_lineno])
        if isinstance(node, TAKEN + ASSIGNED):
            names = tuple(_bound(node))
            found.append(Statement(text.strip(), first, title, names, _empty(node)))
    return found


def _salvaged(source: str, title: str) -> Iterator[Statement]:
    """Statements of a cell that does not parse as a whole: those parts of it that do."""
    lines = source.split("\n")
    starts = [k for k, line in enumerate(lines) if line[:1].strip()] + [len(lines)]
    k = 0
    while k < len(starts) - 1:
        for end in range(k + 1, min(k + 8, len(starts))):  # decorators, closing brackets
            try:
                part = _statements("\n".join(lines[starts[k] : starts[end]]), title)
            except Exception:
                continue
            yield from (replace(s, line=s.line + starts[k]) for s in part)
            k = end
            break
        else:
            k += 1


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((a.asname or a.name).split(".")[0] for a in node.names)
    else:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def _empty(node: ast.stmt) -> bool:
    """Whether a function does nothing but raise NotImplementedError, or `...`, or `pass`."""
    if not isinstance(node, ast.FunctionDef):
        return False
    for part in node.body:
        if isinstance(part, ast.Pass) or (
            isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
        ):
            continue
        if isinstance(part, ast.Raise) and part.exc is not None:
            name = part.exc.func if isinstance(part.exc, ast.Call) else part.exc
            return isinstance(name, ast.Name) and name.id == "NotImplementedError"
        return False
    return True


# Whose code it is --------------------------------------------------------------------------------


def shape(source: str) -> str:
    """A function's code without its names, its comments and its docstrings; "" if it is short.

    Two functions of the same shape differ at most in what their variables are called.
    """
    try:
        first = ast.parse(source).body[0]
        return _shape(first) if isinstance(first, ast.FunctionDef) else ""
    except Exception:  # no Python, or nested too deeply
        return ""


def _shape(function: ast.FunctionDef) -> str:
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and _constant(s.value))]
    size = sum(1 for statement in body for _ in ast.walk(statement))
    seen: dict[str, str] = {}
    return "\n".join(_nameless(s, seen) for s in body) if size >= 40 else ""


def _nameless(node: object, seen: dict[str, str]) -> str:
    """A syntax tree as text, with variables numbered in the order in which they appear."""
    if isinstance(node, list):
        return f"[{','.join(_nameless(part, seen) for part in node)}]"
    if isinstance(node, ast.Name):
        return seen.setdefault(node.id, f"n{len(seen)}")
    if isinstance(node, ast.arg):
        return seen.setdefault(node.arg, f"n{len(seen)}")
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return "''"
    if isinstance(node, ast.AST):
        inside = (_nameless(part, seen) for name, part in ast.iter_fields(node) if name != "ctx")
        return f"{type(node).__name__}({','.join(inside)})"
    return repr(node)


def _constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def shapes(text: str) -> dict[str, str]:
    """Shape -> name, for all functions of a source that are long enough to be recognised."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return {}
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found = {_shape(node): node.name for node in nodes}
    found.pop("", None)
    return found
