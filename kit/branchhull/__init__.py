"""BranchHull: recover h and m from y = (B h) o (C m) with known signs, by a convex program.

Papers: arXiv 1702.04342 (l2), arXiv 1809.08359 and 1906.11636 (l1). The files of this folder are
their table of contents: problem, hull, certificate, reference, admm, interior_point (with cones),
interior_l1, guess, guess_l1, matrix_free (with rows), solve, batch; for images variation, tv,
tv_reference, tv_admm, tv_interior (with banded); verdict (does the program find the truth?);
signals, applications and scenes for data; and the rivals: lifting (with nuclear_norm), alternating,
gradient, sparse_power (with local), log_domain.
"""

from kit.branchhull.alternating import alternate
from kit.branchhull.applications import blind_deconvolution, self_calibration
from kit.branchhull.batch import Batch, solve_batch
from kit.branchhull.certificate import certify, infeasible_ray
from kit.branchhull.gradient import descend
from kit.branchhull.lifting import lift, solve_lifted
from kit.branchhull.log_domain import log_domain
from kit.branchhull.nuclear_norm import certify_lifted
from kit.branchhull.problem import Bilinear, BranchHull, Truth, canonical
from kit.branchhull.scenes import Scene, contrast_error, photograph, picture, scene
from kit.branchhull.signals import balance, dct_data, gaussian, recovery_error
from kit.branchhull.solve import METHODS, methods_for, solve
from kit.branchhull.sparse_power import spf
from kit.branchhull.tv import Dual
from kit.branchhull.variation import total_variation
from kit.branchhull.verdict import Verdict, recovers, verdict

__all__ = [
    "METHODS",
    "Batch",
    "Bilinear",
    "BranchHull",
    "Dual",
    "Scene",
    "Truth",
    "Verdict",
    "alternate",
    "balance",
    "blind_deconvolution",
    "canonical",
    "certify",
    "certify_lifted",
    "contrast_error",
    "dct_data",
    "descend",
    "gaussian",
    "infeasible_ray",
    "lift",
    "log_domain",
    "methods_for",
    "photograph",
    "picture",
    "recovers",
    "recovery_error",
    "scene",
    "self_calibration",
    "solve",
    "solve_batch",
    "solve_lifted",
    "spf",
    "total_variation",
    "verdict",
]
