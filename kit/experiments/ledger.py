"""A theorem as data: what it says, what it needs, what is measured beside what it promises.

    @theorem("Balance", "the optimum has |h|_2 = |m|_2", "derived (lesson 11)", "=",
             {"the point is optimal": {"stretch": 1.5}}, tol=1e-4)
    def balance(rng, stretch=1.0):
        ...
        return measured, promised

The function measures inside the hypotheses. Each hypothesis names the keywords that break it, and
it alone: the same measurement then has to come out against the statement. A hypothesis without a
counter-example, or a keyword without a hypothesis, fails a test.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from kit.arguments import choice, generator, instance, number, several, shown

RELATIONS = {
    "<=": lambda measured, promised, tol: measured <= promised + tol,
    ">=": lambda measured, promised, tol: measured >= promised - tol,
    "=": lambda measured, promised, tol: abs(measured - promised) <= tol,
}
Pair = tuple[float, float]
Rng = np.random.Generator


@dataclass(frozen=True)
class Theorem:
    """A statement and its measurement.

    name, statement, source  in words, formulas in plain characters
    relation    "<=", ">=" or "=": measured relation promised is what the statement says
    hypotheses  sentence -> keywords of `measure` that break this hypothesis and no other
    measure     (rng, **broken) -> (measured, promised), numbers of any kind
    tol         what counts as rounding, or as chance where a rate is measured; absolute

    Raises ValueError if the keywords of measure and those of the hypotheses are not the same.
    """

    name: str
    statement: str
    source: str
    relation: str
    hypotheses: Mapping[str, Mapping[str, Any]]
    measure: Callable[..., Pair]
    tol: float = 1e-9

    def __post_init__(self) -> None:
        for field in ("name", "statement", "source"):
            if not (isinstance(getattr(self, field), str) and getattr(self, field)):
                raise ValueError(f"{field} must be words, got {shown(getattr(self, field))}")
        choice("relation", self.relation, RELATIONS)
        number("tol", self.tol, least=0)
        if not callable(self.measure):
            raise ValueError(f"measure must be a function of rng, got {shown(self.measure)}")
        if not isinstance(self.hypotheses, Mapping) or not self.hypotheses:
            raise ValueError(f"hypotheses must be a dictionary, got {shown(self.hypotheses)}")
        broken = {keyword for keywords in self.hypotheses.values() for keyword in keywords}
        _, *known = inspect.signature(self.measure).parameters
        if not all(self.hypotheses.values()) or broken != set(known):
            raise ValueError(
                f"hypotheses must break every keyword of measure, {known}, got {sorted(broken)}"
            )


@dataclass(frozen=True)
class Finding:
    """What came out: inside the hypotheses, or with one of them broken."""

    theorem: Theorem
    broken: str  # the hypothesis that was broken, "" inside
    measured: float
    promised: float

    @property
    def holds(self) -> bool:
        """Whether measured relation promised, up to the theorem's tol."""
        relation = RELATIONS[self.theorem.relation]
        return bool(relation(self.measured, self.promised, self.theorem.tol))

    @property
    def line(self) -> str:
        """Whether it holds, both sides, and where.

        Three digits; more where a difference that counts would not be seen.
        """
        rounding = min(self.theorem.tol, 1e-4)  # of a solver
        sides = [0.0 if abs(side) <= rounding else side for side in (self.measured, self.promised)]
        for digits in range(3, 17):
            measured, promised = (f"{side:.{digits}g}" for side in sides)
            if self.holds or measured != promised:
                break
        found = f"{measured} {self.theorem.relation} {promised}"
        sign = "holds" if self.holds else "fails"
        where = f"without: {self.broken}" if self.broken else "inside the hypotheses"
        return f"{sign}   {found:<32} {where}"

    def __repr__(self) -> str:
        return f"{self.theorem.name}: {self.line}"


def theorem(*stated: Any, tol: float = 1e-9) -> Callable[[Callable[..., Pair]], Theorem]:
    """Decorate a measurement: it becomes the Theorem(*stated, measure, tol) that it measures."""
    return lambda measure: Theorem(*stated, measure, tol)


def examine(entry: Theorem, rng: Rng) -> list[Finding]:
    """Measure inside all hypotheses, then with each of them broken; the first Finding should hold.

    Raises ValueError for an entry that is no Theorem.
    """
    instance("entry", entry, Theorem)
    generator(rng)
    cases = [("", {}), *entry.hypotheses.items()]
    return [
        Finding(entry, words, *map(float, entry.measure(rng, **broken))) for words, broken in cases
    ]


def table(findings: Iterable[Finding]) -> str:
    """The findings as text, one line each, the statement and source above those of one theorem."""
    lines = []
    read = (instance("findings", finding, Finding) for finding in several("findings", findings))
    for entry, found in groupby(read, key=lambda finding: finding.theorem):
        lines += ["", f"{entry.name}: {entry.statement}", f"    [{entry.source}]"]
        lines += [f"    {finding.line}" for finding in found]
    return "\n".join(lines[1:])
