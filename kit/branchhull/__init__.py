"""BranchHull: recover h and m from y = (B h) o (C m) with known signs, by a convex program.

Papers: arXiv 1702.04342 (l2), arXiv 1809.08359 and 1906.11636 (l1, tv). Open problem.py first.

The front room   problem (the program), hull (its constraint), certificate with repair, ray and tv
                 (what is proved of an answer), solve with candidates (one entry), batch; scaled
                 (units), rows and variation (kinds of B, differences)
methods/         the papers' ADMM, and the reference that goes through cvxpy
guess/           Newton's method on the hyperbolas, then a dual: newton (for dense and
                 matrix_free), l1
interior/        one predictor-corrector loop (loop, on cones); its models l2, l1 (with normal), tv
                 (with banded)
rivals/          lifting (nuclear_norm), alternating, gradient (local), log_domain: what people do
data/            signals, applications, scenes; verdict (will the program find the truth?)

One call: solve -> a method of METHODS -> a candidate (point and dual) -> repair, or a ray ->
certify -> answer. A method proves nothing about itself.
"""

from kit.branchhull.batch import Batch, solve_batch
from kit.branchhull.candidates import METHODS
from kit.branchhull.certificate import certify
from kit.branchhull.data.applications import self_calibration
from kit.branchhull.data.scenes import Scene, contrast_error, photograph, picture, scene
from kit.branchhull.data.signals import balance, gaussian, recovery_error
from kit.branchhull.data.verdict import Verdict, recovers, verdict
from kit.branchhull.problem import Bilinear, BranchHull, Truth, canonical
from kit.branchhull.ray import infeasible_ray
from kit.branchhull.rivals.alternating import alternate
from kit.branchhull.rivals.gradient import descend
from kit.branchhull.rivals.lifting import lift, solve_lifted
from kit.branchhull.rivals.log_domain import log_domain
from kit.branchhull.rivals.nuclear_norm import certify_lifted
from kit.branchhull.solve import methods_for, solve
from kit.branchhull.tv import Dual
from kit.branchhull.variation import total_variation
