"""BranchHull and Net-Trim: two convex programs, their solvers, and certificates for every answer.

from kit import branchhull, nettrim       solve, certify, generators, rivals
python -m kit                             the version, and where the lessons are
"""

__version__ = "0.2.0"
