"""An exercise as its marker sees it: checks with hidden ends, and what everybody was given."""

import ast
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from kit.course.grader import vocabulary
from kit.course.grader.cells import parsed
from kit.course.grader.notebook import Notebook, needed
from kit.course.grader.sandbox import ROOT
from kit.course.practice import Exercise

SHORTEST = 40  # nodes of a syntax tree: a shorter function belongs to nobody


@dataclass(frozen=True)
class Asked:
    """One check: its name, the function it asks for, and the heading it stands under."""

    check: str
    function: str
    part: str


@dataclass(frozen=True)
class Exam:
    """What is asked, as it can be read without running anything; `checks` runs it."""

    stem: str
    asked: list[Asked]
    cells: list[str]  # code of the solution, without wrong and further answers
    given: list[str]  # code of the exercise
    published: frozenset[str]  # shapes of the solution's functions

    def checks(self) -> dict[str, Exercise]:
        """The checks themselves, hidden ends included."""
        names: dict = {}
        wanted = {}
        every = Notebook(self.cells).parse().statements
        for version in [s for s in every if _exercise(s.node)]:
            wanted |= {(s.place, s.code): s for s in needed(version, every)}
        for s in sorted(wanted.values(), key=lambda s: s.place):
            exec(s.code, names)
        return {one.check: names[one.check] for one in self.asked}

    def task(self) -> dict:
        """What a sandbox is told: names, and what everybody was given."""
        given = Notebook(self.given).parse(first=-len(self.given))
        checks = {one.check: one.function for one in self.asked}
        return {"given": self.given, "kit": vocabulary.modules(given, ROOT), "checks": checks}


def exams(root: Path = ROOT) -> dict[str, Exam]:
    """Exercise -> exam, from the notebooks of solutions/ and exercises/."""
    return {path.stem: _exam(path) for path in sorted((root / "solutions").glob("*.ipynb"))}


def _exam(path: Path) -> Exam:
    part, code, asked, further = "", [], [], []
    for kind, source, tags in _cells(path):
        if kind == "markdown":
            part = ([part, *re.findall(r"^## (.+)", source, re.MULTILINE)])[-1]
        elif {"wrong", "answer"}.intersection(tags):
            further.append(source)
        elif kind == "code":
            code.append(source)
            for node in parsed(source):
                if decorator := _exercise(node):
                    asked.append(Asked(node.name, decorator.args[1].value, part))
    exercise = path.parents[1] / "exercises" / path.name
    given = [source for kind, source, _ in _cells(exercise) if kind == "code"]
    published = {form for source in code + further for form in shapes(source)}
    published -= {form for source in given for form in shapes(source)}
    return Exam(path.stem, asked, code, given, frozenset(published))


def _exercise(node: ast.stmt) -> ast.Call | None:
    """The decorator that makes a function a check."""
    for call in getattr(node, "decorator_list", []):
        if getattr(getattr(call, "func", None), "id", "") == "exercise":
            return call
    return None


def _cells(path: Path) -> list[tuple[str, str, list[str]]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [
        (c["cell_type"], "".join(c["source"]), c.get("metadata", {}).get("tags", [])) for c in cells
    ]


# Whose code it is --------------------------------------------------------------------------------


def kit_shapes(root: Path = ROOT) -> dict[str, str]:
    """Shape -> name of each function of the kit that is long enough to be recognised."""
    found = {}
    for path in sorted((root / "kit").rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        forms = shapes(path.read_text(encoding="utf-8"))
        found |= {form: f"{module}.{name}" for form, name in forms.items()}
    return found


def shapes(source: str) -> dict[str, str]:
    """Shape -> name of the functions in a source. Of one shape: equal but for names and texts."""
    try:
        nodes = list(ast.walk(ast.parse(source.replace("\n%", "\n# %").removeprefix("%"))))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    return {form: f.name for f in functions if (form := _shape(f))}


def _shape(function: ast.FunctionDef) -> str:
    body = [s for s in function.body if not isinstance(getattr(s, "value", None), ast.Constant)]
    tree = ast.parse(ast.unparse(ast.Module(body, [])))
    seen: dict[str, str] = {}
    nodes = list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Name):
            node.id = seen.setdefault(node.id, f"n{len(seen)}")
        elif isinstance(node, ast.arg):
            node.arg = seen.setdefault(node.arg, f"n{len(seen)}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest() if len(nodes) >= SHORTEST else ""
