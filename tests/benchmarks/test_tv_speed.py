"""Images: the banded interior point method beside Clarabel through cvxpy, same certified gap.

`python3 run.py bench`: one BLAS thread, a quiet machine. The pairs at 64 x 64 are to be compared;
the large pictures are out of Clarabel's reach in such times.
"""

import numpy as np
import pytest

from kit import branchhull

SIZES = {"64x64, N=40": (64, 40), "64x64, N=100": (64, 100)}
LARGE = {"115x115, N=400": (115, 400), "256x256, N=400": (256, 400)}


def program(side, N, lam):
    scene = branchhull.scene(np.random.default_rng(11), (side, side), N, light="dct")
    return scene.problem(mu=2.0, lam=lam)


@pytest.mark.parametrize("lam", [None, 10.0], ids=["", "slack"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("method", ["interior", "cvxpy"])
def test_image(benchmark, method, size, lam):
    problem = program(*SIZES[size], lam)
    answer = benchmark.pedantic(
        lambda: branchhull.solve(problem, method, tol=1e-4), rounds=3, iterations=1
    )
    assert answer.report.certificate.gap <= 1e-4


@pytest.mark.parametrize("size", LARGE)
def test_large_image_with_slack(benchmark, size):
    problem = program(*LARGE[size], 10.0)
    answer = benchmark.pedantic(
        lambda: branchhull.solve(problem, "interior", tol=1e-4), rounds=1, iterations=1
    )
    assert answer.report.certificate.gap <= 1e-4
