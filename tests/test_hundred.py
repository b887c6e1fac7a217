"""A hundred instances of every kind: a certified gap, or a proof that there is no point at all."""

import numpy as np
import pytest

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull
from kit.branchhull.data import scenes
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
        fast = answer = branchhull.solve(problem)
        if "auto took guess" in fast.report.notes[0]:
            answer = branchhull.solve(problem, "interior")
        statuses = {fast.report.run.status, answer.report.run.status}
        assert statuses in ({Status.SOLVED}, {Status.INFEASIBLE}), (seed, problem, answer)
        if Status.SOLVED in statuses:
            one, other = fast.report.certificate, answer.report.certificate
            assert max(one.gap, other.gap) <= 1e-8 and max(one.violation, other.violation) <= 1e-12
            assert one.lower <= other.upper and other.lower <= one.upper
            steps.append(answer.report.run.iterations)
        if seed % 12 == 0 and problem.data.y.size <= 400:  # to Clarabel's accuracy
            theirs = branchhull.solve(problem, "cvxpy", tol=1e-6).report
            assert theirs.run.status is not Status.INFEASIBLE or Status.INFEASIBLE in statuses
            assert theirs.certificate.lower <= fast.report.certificate.upper * (1 + 1e-12)
            assert fast.report.certificate.lower <= theirs.certificate.upper
    print(f"steps of the interior point method: mean {np.mean(steps):.1f}, most {max(steps)}")
    assert max(steps) <= 40


def drawn_image(seed):
    """Pictures of 5 x 5 to 12 x 12 pixels, one half of them B = I, the other random B.

    K + N from L / 6 to 2 L for random B; N = 3 to 40; mu from 0.03 to 10; slack, weight, noise,
    units of 1e4 and by rows (of C only where B = I), mixed signs of w, lying signs of y.
    """
    rng = np.random.default_rng([2027, seed])
    shape = tuple(rng.integers(5, 13, 2).tolist())
    L, noise = shape[0] * shape[1], (0.0, 0.05, 0.3)[seed // 2 % 3]
    units = (1.0, 1e4, 10 ** rng.uniform(-2, 2, L))[seed // 6 % 3]
    lam = (None, 0.3, None, 1.0, 10.0)[seed // 2 % 5]
    gamma, mu = (1.0, 0.3, 2.0)[seed // 4 % 3], 10 ** rng.uniform(-1.5, 1)
    N = int(np.exp(rng.uniform(np.log(3), np.log(40))))
    if seed % 2:
        K = int(np.clip(L / rng.uniform(0.5, 6) - N, 3, L + 10))
        data, _ = branchhull.gaussian(rng, L, K, N, noise=noise)
        B, C, y, signs = data.B * (units * np.ones(L))[:, None], data.C, data.y * units, data.signs
    else:
        light = scenes.LIGHTS[seed // 2 % 4]
        scene = branchhull.scene(rng, shape, min(N, L), light=light, objects=3)
        B, C, signs = scene.data.B, scene.data.C * (units * np.ones(L))[:, None], scene.data.signs
        if seed % 5 == 2:
            signs = np.where(np.arange(L) < L // 2, -1.0, 1.0)
        y = scene.data.y * signs * units * (1 + noise * rng.standard_normal(L))
    if seed % 7 == 3:
        y[rng.choice(L, L // 20 + 1, replace=False)] *= -1
    if seed % 11 == 4:
        y[rng.choice(L, L // 10, replace=False)] = 0
    data = Bilinear(B, C, y, signs)
    return BranchHull(data, "tv", lam=lam, gamma=gamma, mu=float(mu), shape=shape)


@pytest.mark.slow
def test_a_hundred_images_end_in_a_proof():
    steps, gaps, proved = [], [], 0
    for seed in range(100):
        problem = drawn_image(seed)
        answer = branchhull.solve(problem, "interior")
        status, ours = answer.report.run.status, answer.report.certificate
        assert status in (Status.SOLVED, Status.INFEASIBLE), (seed, problem, answer)
        if status is Status.INFEASIBLE:
            assert branchhull.infeasible_ray(problem) is not None
            proved += 1
            continue
        assert ours.gap <= 1e-8 and ours.violation <= 1e-11
        steps.append(answer.report.run.iterations)
        if seed % 9 == 0:  # to Clarabel's accuracy, by its own certificate
            theirs = branchhull.solve(problem, "cvxpy").report.certificate
            gaps.append(theirs.gap)
            assert theirs.lower <= ours.upper * (1 + 1e-12)
            assert ours.lower <= theirs.upper * (1 + 1e-12)
    print(f"{proved} infeasible; steps: mean {np.mean(steps):.1f}, most {max(steps)}")
    print("Clarabel's gaps:", " ".join(f"{gap:.0e}" for gap in gaps))
    assert max(steps) <= 50 and proved < 15 and len(gaps) >= 9 and max(gaps) < 1e-4
