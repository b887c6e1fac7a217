"""A hundred instances of every kind: a certified gap, or a proof that there is no point at all."""

import numpy as np
import pytest

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull
from kit.results import Status


def drawn(seed):
    """Sizes 5 to 100, L / (K + N) from 0.5 to 6, three levels of noise, three kinds of units."""
    rng = np.random.default_rng([2025, seed])
    K, N = np.exp(rng.uniform(np.log(5), np.log(100), 2)).astype(int)
    L = int(rng.uniform(0.5, 6) * (K + N))
    noise = (0.0, 0.05, 0.3)[seed % 3]
    data, _ = branchhull.gaussian(rng, L, int(K), int(N), noise=noise)
    of_B, of_C = np.ones(L), np.ones(L)
    if seed // 3 % 3 == 1:
        of_B = np.full(L, 1e4)
    elif seed // 3 % 3 == 2:
        of_B, of_C = 10 ** rng.uniform(-2, 2, (2, L))
    scaled = data.B * of_B[:, None], data.C * of_C[:, None], data.y * of_B * of_C
    return BranchHull(Bilinear(*scaled, data.signs))


@pytest.mark.slow
def test_a_hundred_instances_end_in_a_proof():
    steps = []
    for seed in range(100):
        problem = drawn(seed)
        fast, answer = branchhull.solve(problem), branchhull.solve(problem, "interior")
        statuses = {fast.report.run.status, answer.report.run.status}
        assert statuses in ({Status.SOLVED}, {Status.INFEASIBLE}), (seed, problem, answer)
        if Status.SOLVED in statuses:
            one, other = fast.report.certificate, answer.report.certificate
            assert max(one.gap, other.gap) <= 1e-8 and max(one.violation, other.violation) <= 1e-12
            assert one.lower <= other.upper and other.lower <= one.upper
            steps.append(answer.report.run.iterations)
        if seed % 4 == 0 and problem.data.y.size <= 400:  # to Clarabel's accuracy
            theirs = branchhull.solve(problem, "cvxpy", tol=1e-6).report
            assert theirs.run.status is not Status.INFEASIBLE or Status.INFEASIBLE in statuses
            assert theirs.certificate.lower <= fast.report.certificate.upper * (1 + 1e-12)
            assert fast.report.certificate.lower <= theirs.certificate.upper
    print(f"steps of the interior point method: mean {np.mean(steps):.1f}, most {max(steps)}")
    assert max(steps) <= 40
