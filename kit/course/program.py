"""What a notebook says, and what of it a function needs.

Of a notebook only what the function asked for needs is run: from the names that its
compiled code reads follow the statements that bind them (imports, definitions, constants, whatever
stands around them: `if`, `with`, `try`), from the names that those read the next, and so on. Plots,
prints and slow or broken cells beside it cost nothing.

Which of several statements that bind a name? Before the call of the check that follows the
function, the last one: that is what the notebook's own check saw. If there is none before, the last
of all; if there is none at all, what the exercise gives.
"""

import __future__

import ast
import contextlib
import dis
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType

from kit.course.cells import parsed, salvaged

MOST_CELLS, MOST_VERSIONS = 2000, 6
LAST = (1 << 30, 0)  # a place after all others
SIMPLE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
SIMPLE += (ast.Assign, ast.AnnAssign)  # they bind their names whatever was there before


@dataclass(frozen=True)
class Statement:
    """A top-level statement, where it stands, and the names it reads, binds, and changes."""

    place: tuple[int, int]  # cell, line; cells that the exercise gives are numbered below 0
    node: ast.stmt
    code: CodeType
    reads: frozenset[str]
    binds: frozenset[str]
    at_once: frozenset[str]  # of those it reads: what it reads when it runs
    changes: frozenset[str]  # by an item, an attribute, a method
    check: str = ""  # only for this check: what it was called with

    def empty(self, name: str) -> bool:
        """Whether it defines a function that only raises NotImplementedError, or does nothing."""
        nodes = [n for n in ast.walk(self.node) if isinstance(n, ast.FunctionDef)]
        found = [_does_nothing(n) for n in nodes if n.name == name]
        return bool(found) and all(found)


@dataclass
class Notebook:
    """Code cells, their statements, and notes: which cells do not parse but in parts."""

    cells: list[str]
    notes: list[str] = field(default_factory=list)
    first: int = 1  # number of the first cell
    statements: list[Statement] = field(init=False)

    def __post_init__(self) -> None:
        trees = []
        for k, source in enumerate(self.cells[:MOST_CELLS], self.first):
            try:
                trees += [(k, node) for node in parsed(source)]
            except Exception as problem:
                line = getattr(problem, "lineno", None) or 1
                why = getattr(problem, "msg", None) or type(problem).__name__
                self.notes.append(
                    f"Code cell {k} is not Python: line {line}: {why}. The parts of it that are "
                    "Python count."
                )
                trees += [(k, node) for node in salvaged(source)]
        future = any(getattr(node, "module", "") == "__future__" for _, node in trees)
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        flags |= __future__.annotations.compiler_flag if future else 0
        self.statements = [s for k, node in trees for s in _statements(node, k, flags)]

    def versions(self, check: str, function: str) -> list[Statement]:
        """Definitions of a function, and what its check was called with; without empty ones."""
        mine = [s for s in self.statements if function in s.binds and s.check in ("", check)]
        found = [s for s in mine if not s.empty(function)]
        return sorted(found, key=lambda s: s.place)[-MOST_VERSIONS:]

    def hand_over(self, checks: dict[str, str]) -> None:
        """Note what each check (name -> function) is called with, if it is not the function."""
        for s in list(self.statements):
            for node in ast.walk(s.node):
                name = _id(node.func) if isinstance(node, ast.Call) else ""
                for part in node.args[:1] if name in checks else []:
                    if not isinstance(part, ast.Starred) and _id(part) != checks[name]:
                        new = ast.Assign([ast.Name(checks[name], ast.Store())], part)
                        new = ast.fix_missing_locations(ast.copy_location(new, s.node))
                        self.statements.append(_statement(new, s.place[0], 0, check=name))

    def programs(self, check: str, function: str, given: "Notebook") -> list[list[Statement]]:
        """For each version of a function what it needs: when it was checked, and at the end."""
        found: list[list[Statement]] = []
        for version in self.versions(check, function):
            later = [s for s in self.statements if s.place > version.place]
            calls = [s.place for s in later if {check, function} <= s.reads]
            calls = [version.place] if version.check else calls
            for until in (min(calls, default=LAST), LAST):
                program = needed(version, self.statements, given.statements, until)
                if program not in found:
                    found.append(program)
        return found


@cache
def statements(path: Path) -> list[Statement]:
    """The statements of a source."""
    return Notebook([path.read_text(encoding="utf-8")]).statements


def needed(
    version: Statement,
    every: list[Statement],
    given: Iterable[Statement] = (),
    until: tuple[int, int] = LAST,
) -> list[Statement]:
    """The statements that one statement needs, in their order, itself among them.

    What a statement reads when it runs (`project = make()`) must have been bound before it; what a
    function in it reads later, at the latest `until`. A function that is called when a statement
    runs meets the names of that moment too.
    """
    own = [s for s in every if not s.check and s is not version]
    stars = [s for s in own if "*" in s.binds and s.place <= until]  # who knows what they bring
    chosen, asked, waiting = set(), set(), [(s, until) for s in (version, *stars)]
    while waiting:
        s, limit = waiting.pop()
        chosen.add(id(s))
        now = min(limit, s.place)
        names = {(name, now if name in s.at_once else until) for name in s.reads}
        names |= {(name, limit) for name in s.reads - s.at_once}
        for name, limit in names - asked:
            before = [s for s in own if s.place <= limit]
            new = _binders(name, version, [before, own, list(given)])
            imported = any(isinstance(s.node, ast.Import | ast.ImportFrom) for s in new)
            first = min((s.place for s in new), default=limit)
            new += [s for s in before if name in s.changes and s.place >= first and not imported]
            waiting += [(s, limit) for s in new]
        asked |= names
    return sorted((s for s in (*given, *every) if id(s) in chosen), key=lambda s: s.place)


def gathered(versions: Iterable[Statement], every: list[Statement]) -> list[Statement]:
    """What several statements need, in its order, themselves among it."""
    wanted = {id(s) for version in versions for s in needed(version, every)}
    return sorted((s for s in every if id(s) in wanted), key=lambda s: s.place)


def executed(program: Iterable[Statement]) -> dict:
    """The names there are once statements have run."""
    names: dict = {}
    for s in program:
        exec(s.code, names)
    return names


def _binders(name: str, version: Statement, rooms: list[list[Statement]]) -> list[Statement]:
    """Who gives a name its value: the last to bind it, and those before that it builds on."""
    for empty in (False, True):
        for room in rooms:
            found = [s for s in room if name in s.binds and s.empty(name) == empty]
            if name in version.binds:  # a version may wrap an earlier one, not a later one
                found = [s for s in found if s.place < version.place]
            for k in reversed(range(len(found))):
                node = found[k].node
                loop = ast.walk(node.target) if isinstance(node, ast.For) else ()
                plain = isinstance(node, SIMPLE) and name not in found[k].at_once
                if k == 0 or plain or name in map(_id, loop):
                    return found[k:]
    return []


def _statements(node: ast.stmt, cell: int, flags: int) -> Iterator[Statement]:
    """The statement; one for each name of an import, so that each can be had alone."""
    parts = [node]
    if getattr(node, "module", "") == "__future__":
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        kind, kept = type(node), {k: v for k, v in vars(node).items() if k != "names"}
        parts = [kind(names=[alias], **kept) for alias in node.names]
    for part in parts:
        with contextlib.suppress(SyntaxError, ValueError):  # `return` outside a function, say
            yield _statement(part, cell, flags)


def _statement(node: ast.stmt, cell: int, flags: int, check: str = "") -> Statement:
    code = compile(ast.Module([node], []), f"cell {cell}", "exec", flags, True)
    star = isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    changes = [] if isinstance(node, ast.FunctionDef) else _changed(node)
    binds = ["*"] if star else _names(code, "STORE")
    found = (_names(code, "LOAD"), binds, _names(code, "LOAD", deep=False), changes)
    return Statement((cell, node.lineno), node, code, *map(frozenset, found), check)


def _names(code: CodeType, verb: str, deep: bool = True) -> Iterator[str]:
    """Global names that code reads (LOAD) or binds (STORE); of functions in it, what they read."""
    for step in dis.get_instructions(code):
        if step.opname.startswith(verb) and step.opname.endswith(("_NAME", "_GLOBAL", "_GLOBALS")):
            yield step.argval
    for inner in code.co_consts:
        comprehension = isinstance(inner, CodeType) and inner.co_name.startswith("<")
        if isinstance(inner, CodeType) and (comprehension or (deep and verb == "LOAD")):
            yield from _names(inner, verb, deep)


def _changed(node: ast.stmt) -> Iterator[str]:
    """Names whose items or attributes are set, or a method of which is called for its effect."""
    for part in ast.walk(node):
        is_call = isinstance(part, ast.Expr) and isinstance(part.value, ast.Call)
        target = part.value.func if is_call else part
        if is_call and not _id(target).startswith(("print", "display", "check")) and _id(target):
            yield from map(_id, part.value.args)
        changes = is_call or isinstance(getattr(target, "ctx", None), ast.Store | ast.Del)
        if changes and isinstance(target, ast.Subscript | ast.Attribute):
            while isinstance(target, ast.Subscript | ast.Attribute):
                target = target.value
            yield _id(target)


def _id(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _does_nothing(function: ast.FunctionDef) -> bool:
    """Whether there are only texts, `...` and `pass` before its end or a NotImplementedError."""
    for part in function.body:
        if ast.unparse(part).startswith("raise NotImplementedError"):
            return True
        text = isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
        if not (text or isinstance(part, ast.Pass)):
            return False
    return True
