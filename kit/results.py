"""What a method hands back: a status in words, a certificate, a run, and the answer itself.

Nothing here knows a method. A certificate is computed by `branchhull.certify` or `nettrim.certify`
from the answer alone, so that every method is graded by the same code.
"""

import math
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

Array = np.ndarray


class Status(Enum):
    """How a run ended. Each value is a sentence for the reader."""

    SOLVED = "Solved: the certified gap is within the tolerance."
    MAX_ITER = "Stopped at the iteration limit; the certificate says how far it got."
    STOPPED = "Stopped early by the callback; the certificate says how far it got."
    INFEASIBLE = "Infeasible: no point meets the constraints, and the dual ray proves it."
    UNATTAINED = "The infimum is 0 and no point attains it."
    FAILED = "Ended without meeting the tolerance; the certificate says how far it got."
    CONTRADICTED = "The lower bound lies above the upper one: no certificate could be computed."

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Certificate:
    """Proof of quality: lower <= optimal value <= upper (see violation).

    upper      value of a feasible point made from the answer; inf if there is none
    lower      value of a dual feasible point; -inf without a dual, inf if the data are infeasible
    violation  how far the answer itself is from feasible, relative (each certify says how). Where
               Net-Trim's is > 0, upper bounds the optimum of a program relaxed by that much only
    """

    upper: float
    lower: float
    violation: float = 0.0

    @property
    def gap(self) -> float:
        """(upper - lower) / max(|upper|, tiny); inf unless both are finite, 0 if they are equal."""
        if not (math.isfinite(self.upper) and math.isfinite(self.lower)):
            return math.inf
        if self.upper == self.lower:
            return 0.0
        return (self.upper - self.lower) / max(abs(self.upper), np.finfo(float).tiny)

    def __repr__(self) -> str:
        return (
            f"Certificate({self.lower:.9g} <= optimum <= {self.upper:.9g}, "
            f"gap {self.gap:.1e}, violation {self.violation:.1e})"
        )


@dataclass(frozen=True)
class Run:
    """What happened: the status, how many iterations, how many seconds, and the curves.

    history  name -> array (iterations,), one entry per recorded scalar of the method's state
    """

    status: Status
    iterations: int
    elapsed: float
    history: dict[str, Array] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"Run({self.status.name}, {self.iterations} iterations, {self.elapsed:.3g} s)"


@dataclass(frozen=True)
class Report:
    """Which method ran, how it went, what is proved, and what a reader should know besides."""

    method: str
    run: Run
    certificate: Certificate
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        lines = [f"{self.method}: {self.run.status}", f"  {self.certificate}", f"  {self.run}"]
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


@dataclass(frozen=True, eq=False)
class Recovered:
    """Answer of BranchHull and of its rivals: y is about (B h) o (C m).

    dual is (2, L), the pair (al, be) in canonical form, or None where a method has none.
    xi is the slack (L,), or None where the program has none.
    """

    h: Array  # (K,)
    m: Array  # (N,)
    xi: Array | None
    dual: Array | None
    report: Report

    def __repr__(self) -> str:
        return f"Recovered(h {self.h.shape}, m {self.m.shape})\n{self.report}"


@dataclass(frozen=True, eq=False)
class Pruned:
    """Answer of Net-Trim for one layer: sparse weights W and the dual Q that certifies them.

    Q is determined up to a factor > 0 (certify rescales it): max|X Q'| need not be 1.
    """

    W: Array  # (N, M)
    dual: Array | None  # (M, P)
    report: Report

    @property
    def zeros(self) -> float:
        """Share of entries of W that are exactly 0."""
        return float(np.mean(self.W == 0)) if self.W.size else 0.0

    def __repr__(self) -> str:
        return f"Pruned(W {self.W.shape}, {self.zeros:.1%} exact zeros)\n{self.report}"


def settle(run: Run, certificate: Certificate, tol: float) -> Run:
    """Let the certificate have the last word: SOLVED means 0 <= gap <= tol, nothing else.

    A lower bound above the upper one is a defect of a certificate, and proves nothing.
    """
    if certificate.upper == certificate.lower == math.inf:
        return replace(run, status=Status.INFEASIBLE)
    if certificate.lower > certificate.upper:
        return replace(run, status=Status.CONTRADICTED)
    if certificate.gap <= tol:
        return replace(run, status=Status.SOLVED)
    if run.status in (Status.SOLVED, Status.INFEASIBLE):
        return replace(run, status=Status.FAILED)
    return run
