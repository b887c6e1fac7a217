"""BranchHull: recover h and m from y = (B h) o (C m) with known signs, by a convex program.

Papers: arXiv 1702.04342 (l2), arXiv 1809.08359 and 1906.11636 (l1). The files of this folder are
their table of contents: problem, hull, certificate, reference, admm, solve, signals, applications;
and the rivals: lifting, alternating, gradient, sparse_power.
"""

from kit.branchhull.alternating import alternate
from kit.branchhull.certificate import certify, infeasible_ray
from kit.branchhull.gradient import descend
from kit.branchhull.problem import Bilinear, BranchHull, Truth, canonical
from kit.branchhull.signals import balance, gaussian, recovery_error
from kit.branchhull.solve import METHODS, methods_for, solve

__all__ = [
    "METHODS",
    "Bilinear",
    "BranchHull",
    "Truth",
    "alternate",
    "balance",
    "canonical",
    "certify",
    "descend",
    "gaussian",
    "infeasible_ray",
    "methods_for",
    "recovery_error",
    "solve",
]
