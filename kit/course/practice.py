"""An exercise in a notebook: check, hint, solution, and a record of progress that is the reader's.

    @exercise("11_projection", "project", hints=("Where does it land?", "At what angle?"))
    def check(answer, seed=0):
        return judge(answer, ...)

    check(project)       the verdict; every try draws other instances, so nothing can be learnt by
                         heart; check(project, seed=7) draws those of seed 7 and counts as no try
    check.hint()         the next hint, from vague to plain
    check.solution()     the solution: after success, or after three tries
    progress()           what has been tried, and where that is written down; forget() deletes it

The record is my/progress.json, a few numbers and no code, and it is kept only where `my/` is the
reader's copy that `python3 run.py lab` makes. Elsewhere nothing is written, and a restarted kernel
has forgotten all.
"""

import ast
import contextlib
import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kit.course.checks import Feedback
from kit.course.program import executed, needed, statements

TRIES = 3  # after so many the solution opens
KIT = Path(__file__).parents[2]
MARK = re.compile(r"^ *### (BEGIN|END) SOLUTION *\n", re.MULTILINE)
CELL = re.compile(r"^# %%.*\n", re.MULTILINE)
EMPTY = {"tries": 0, "right": False, "hints": 0}
_memory: dict[str, dict] = {}


@dataclass(frozen=True)
class Note:
    """A text for the reader, shown as Markdown where that is possible."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Exercise:
    """A check with its hints: call it with an answer. See the module docstring.

    notebook, function  where the exercise is, and the name of what is to be written
    judge               judge(answer, seed) -> Feedback; its name is that of the check, and each
                        check has a record of its own
    points              what it is worth when it is marked
    """

    notebook: str
    function: str
    judge: Callable[..., Feedback]
    hints: tuple[str, ...] = ()
    points: int = 1
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.notebook}/{self.judge.__name__}")

    def __call__(self, answer: object, seed: int | None = None) -> Feedback:
        if seed is not None:
            return self.judge(answer, seed)
        state = _all().get(self.key, EMPTY)
        feedback = self.judge(answer, state["tries"])
        if feedback.kind != "nothing yet":
            right = state["right"] or feedback.ok
            _save(self.key, {**state, "tries": state["tries"] + 1, "right": right})
        return feedback

    def worst(self, answer: object, seed: int = 0) -> Feedback:
        """The verdict that is marked: the worse one of two instances."""
        found = [self.judge(answer, seed + k) for k in range(2)]
        return min(found, key=lambda said: (said.share, said.ok))

    def marks(self, answer: object, seed: int = 0) -> float:
        """Points for an answer, in part too."""
        return round(self.points * self.worst(answer, seed).share, 2)

    def hint(self) -> Note:
        """The next hint; after the last one, all of them."""
        state = _all().get(self.key, EMPTY)
        shown = min(state["hints"] + 1, len(self.hints))
        if not self.hints:
            return Note("There is no hint here; the check tells what is wrong.")
        if shown == state["hints"]:
            listed = "\n".join(f"{k}. {text}" for k, text in enumerate(self.hints, 1))
            return Note(f"These were all {len(self.hints)}:\n\n{listed}")
        _save(self.key, {**state, "hints": shown})
        return Note(f"**Hint {shown} of {len(self.hints)}.** {self.hints[shown - 1]}")

    def solution(self) -> Note:
        """One right answer, once yours is right or you have tried three times."""
        state = _all().get(self.key, EMPTY)
        left = TRIES - state["tries"]
        if left > 0 and not state["right"]:
            tries = "one more try" if left == 1 else f"{left} more tries"
            return Note(f"The solution opens when your answer is right, or after {tries}.")
        source = _published(self.notebook, self.function)
        if source is None:
            return Note(
                "The solution is not in this copy of the kit. Who studies alone finds it in "
                "`solutions/` of the whole kit; who takes a course asks there."
            )
        return Note(f"One way to write it:\n\n```python\n{source}\n```")


def exercise(
    notebook: str, function: str, *, hints: tuple[str, ...] = (), points: int = 1
) -> Callable[[Callable[..., Feedback]], Exercise]:
    """Decorator that makes an Exercise of a function check(answer, seed) -> Feedback."""
    return lambda judge: Exercise(notebook, function, _as_given(judge, notebook), hints, points)


def _as_given(judge: Callable[..., Feedback], notebook: str) -> Callable[..., Feedback]:
    """The judge among the names that its exercise gives, read from exercises/.

    `from numpy import *`, or `start = 1` in another cell, hides from it neither its helpers nor
    Python's own; the marks, which know nothing of such a cell, say the same. A check that somebody
    has changed is judged as it stands.
    """
    try:
        mine = ast.dump(ast.parse(inspect.getsource(judge)).body[0])
        every = statements(KIT / "exercises" / f"{notebook}.py")
    except (OSError, SyntaxError):  # it stands in no cell, among its own names; a lecturer's own
        return judge
    for version in every:
        if judge.__name__ in version.binds and ast.dump(version.node) == mine:
            return executed(needed(version, every))[judge.__name__].judge
    return judge


def progress() -> Note:
    """All that is recorded, as a table, and in which file."""
    path, states = _where(), _all()
    head = ["| exercise | tries | hints | right |", "|---|---|---|---|"]
    rows = [
        f"| {key} | {one['tries']} | {one['hints']} | {'yes' if one['right'] else 'not yet'} |"
        for key, one in sorted(states.items())
    ]
    kept = "Nothing is written down here: a restarted kernel has forgotten this."
    if path:
        kept = f"Kept in `{path.parent.name}/{path.name}`, for you alone; `forget()` deletes it."
    return Note("\n".join([*head, *rows, "", kept]) if rows else f"Nothing tried yet. {kept}")


def forget() -> Note:
    """Delete the record; every exercise is as if new."""
    path = _where()
    _memory.clear()
    if path:
        path.unlink(missing_ok=True)
    return Note("Forgotten.")


# The record --------------------------------------------------------------------------------------


def _where() -> Path | None:
    """my/progress.json, if the notebook runs inside the reader's copy."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if folder.name == "my" and (folder / ".origin.json").exists():
            return folder / "progress.json"
    return None


def _all() -> dict[str, dict]:
    path = _where()
    if path is None:
        return dict(_memory)
    try:
        return {
            key: {name: max(start, type(start)(one[name])) for name, start in EMPTY.items()}
            for key, one in json.loads(path.read_text(encoding="utf-8")).items()
        }
    except (OSError, ValueError, AttributeError, TypeError, KeyError):  # none yet, or spoilt
        return {}


def _save(key: str, state: dict) -> None:
    path, states = _where(), {**_all(), key: state}
    _memory[key] = state
    if path:
        with contextlib.suppress(OSError):  # a full or read-only disk stops no exercise
            path.write_text(json.dumps(states, indent=1, sort_keys=True), encoding="utf-8")


def _published(notebook: str, function: str) -> str | None:
    """Source of a function from solutions/, or None where there is no such folder."""
    here = Path.cwd()
    for folder in (here, *here.parents, KIT):
        path = folder / "solutions" / f"{notebook}.py"
        if path.exists():
            for cell in CELL.split(path.read_text(encoding="utf-8")):
                if MARK.search(cell) and re.search(rf"^def {function}\(", cell, re.MULTILINE):
                    return MARK.sub("", cell).strip()
    return None
