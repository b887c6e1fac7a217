"""One Gaussian neuron, (N, P) = (100, 300): the exact method beside cvxpy's Clarabel and SCS.

Run by `python3 run.py bench`. SCS stops at its own 1e-6; Clarabel and exact are certified.
Seconds of cvxpy include its compilation. BLAS has one thread.
"""

import cvxpy as cp
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from kit.nettrim import NetTrim, solve


def neuron() -> NetTrim:
    """A ReLU neuron of which a tenth of the weights are not 0, and a ball of 10 % of |y|."""
    rng = np.random.default_rng(7001)
    X = rng.standard_normal((100, 300))
    w = rng.standard_normal((100, 1)) * (rng.random((100, 1)) < 0.1)
    Y = np.maximum(w.T @ X, 0)
    return NetTrim(X, Y, 0.1 * np.linalg.norm(Y))


def by_scs(problem: NetTrim) -> float:
    """The program as anybody would write it in cvxpy, solved by SCS: its value."""
    on, u = problem.Omega[0], cp.Variable(len(problem.X))
    ball = cp.norm(problem.X[:, on].T @ u - problem.Y[0, on]) <= problem.epsilon
    model = cp.Problem(cp.Minimize(cp.norm1(u)), [ball, problem.X[:, ~on].T @ u <= 0])
    return float(model.solve(solver=cp.SCS, eps=1e-6))


@pytest.mark.parametrize("method", ["exact", "cvxpy"])
def test_certified(benchmark, method):
    answer = benchmark.pedantic(solve, (neuron(), method), rounds=5, warmup_rounds=1)
    assert answer.report.certificate.gap <= 1e-6


def test_scs(benchmark):
    with threadpool_limits(1):
        value = benchmark.pedantic(by_scs, (neuron(),), rounds=5, warmup_rounds=1)
    assert value == pytest.approx(solve(neuron(), "exact").report.certificate.upper, rel=1e-3)
