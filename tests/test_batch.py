"""Many instances at once: the same answers and the same proofs as one by one."""

import numpy as np
import pytest
from scipy.stats import binom

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull, batch, solve_batch
from kit.results import Status


def stacks(n, L, K, N, seed=0, **options):
    """B, C, y, signs of n Gaussian instances, and their truths."""
    pairs = [
        branchhull.gaussian(np.random.default_rng([seed, i]), L, K, N, **options) for i in range(n)
    ]
    data = [np.stack([getattr(d, f) for d, _ in pairs]) for f in ("B", "C", "y", "signs")]
    return data, [truth for _, truth in pairs]


def one(data, i):
    return BranchHull(Bilinear(*(stack[i] for stack in data)))


SIZES = {
    "easy": (20, 120, 10, 10, {}),
    "unequal": (20, 90, 3, 12, {}),
    "middle of the transition": (20, 36, 10, 10, {}),
    "fewer rows than unknowns": (5, 9, 6, 6, {}),
    "noise": (6, 120, 10, 10, {"noise": 0.05}),
    "one unknown each": (20, 6, 1, 1, {}),
}


@pytest.mark.parametrize("name", SIZES)
def test_every_answer_carries_the_certificate_that_certify_finds(name):
    n, L, K, N, options = SIZES[name]
    data, _ = stacks(n, L, K, N, **options)
    answers = solve_batch(*data)
    assert answers.status == (Status.SOLVED,) * n and np.all(answers.gap <= 1e-8)
    for i in range(n):
        proof = branchhull.certify(one(data, i), answers.h[i], answers.m[i], answers.dual[i])
        assert proof.upper == pytest.approx(answers.upper[i], rel=1e-10)  # rounded outward, twice
        assert proof.lower == pytest.approx(answers.lower[i], rel=1e-10)
        assert proof.violation <= 1e-12  # the point itself is feasible
        size = np.linalg.norm([answers.h[i] @ answers.h[i], answers.m[i] @ answers.m[i]], 1)
        assert size == pytest.approx(answers.upper[i], rel=1e-12)


def test_the_guess_serves_all_that_is_well_determined_and_nothing_noisy():
    assert solve_batch(*stacks(40, 120, 10, 10)[0]).guessed.all()
    assert not solve_batch(*stacks(3, 120, 10, 10, noise=0.05)[0]).guessed.any()


def test_near_the_transition_the_optimum_is_the_same_as_one_by_one():
    data, _ = stacks(12, 16, 5, 5)
    answers = solve_batch(*data)
    assert 0 < answers.guessed.sum() < 12
    for i in range(12):
        proof = branchhull.solve(one(data, i), "interior").report.certificate
        assert answers.upper[i] == pytest.approx(proof.upper, rel=2e-8)


def test_a_wrong_guess_is_not_believed(monkeypatch):
    data, _ = stacks(3, 60, 5, 5)
    right = batch._weights

    def spoilt(*arguments):
        al, be = right(*arguments)
        return al, 1.5 * be * (1 + 0.01 * np.cos(np.arange(be.shape[1])))

    monkeypatch.setattr(batch, "_weights", spoilt)
    answers = solve_batch(*data)
    assert not answers.guessed.any() and np.all(answers.gap <= 1e-8)


def test_zeros_and_conflicts_fall_through_one_by_one():
    (B, C, y, signs), _ = stacks(4, 40, 4, 4)
    y[1, ::3] = 0
    B[2, 0] = C[2, 1] = 0
    y[2, :2] = 0
    signs[3, :3] *= -1  # no h fits these
    answers = solve_batch(B, C, y, signs)
    assert answers.guessed.tolist() == [True, False, False, False]
    assert answers.status == (*[Status.SOLVED] * 3, Status.INFEASIBLE)
    assert np.all(answers.gap[:3] <= 1e-8)
    assert answers.lower[3] == answers.upper[3] == answers.gap[3] == np.inf
    assert "4 instances, 3 certified, 1 of them by the guess" in repr(answers)
    for array in (answers.h, answers.m, answers.dual, answers.gap):
        assert not np.isnan(array).any()


def test_units_do_not_matter():
    (B, C, y, signs), _ = stacks(5, 60, 5, 5)
    rows = np.geomspace(1, 1e4, 60)[:, None]
    other = solve_batch(1e4 * B, C * rows, 1e4 * y * rows[:, 0], signs)
    base = solve_batch(B, C, y, signs)
    assert other.guessed.all() and np.allclose(other.upper, base.upper, rtol=1e-7, atol=0)
    far = solve_batch(1e-30 * B, C, 1e-90 * y, signs)
    assert far.guessed.all() and np.allclose(far.upper, 1e-60 * base.upper, rtol=1e-7, atol=0)


def test_chunks_and_order_do_not_matter(monkeypatch):
    data, _ = stacks(5, 60, 5, 5)
    base = solve_batch(*data)
    monkeypatch.setattr(batch, "CHUNK", 2)
    other = solve_batch(*(stack[::-1] for stack in data))
    assert np.allclose(other.h[::-1], base.h, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"B": np.ones((2, 3, 4))}, "B must hold 2 instances of 5 rows"),
        ({"C": np.ones((5, 4))}, "C must have 3 dimension"),
        ({"signs": np.zeros((2, 5))}, "signs must be -1 or 1, got 0"),
        ({"y": np.full((2, 5), np.nan)}, "y must be finite"),
        ({"tol": -1}, "tol must be a finite number >= 0"),
    ],
)
def test_bad_stacks_are_told_in_one_sentence(change, sentence):
    good = {"B": np.ones((2, 5, 2)), "C": np.ones((2, 5, 2)), "y": np.ones((2, 5))}
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(")):
        solve_batch(**{**good, "signs": np.ones((2, 5)), **change})


def recovered(n, L, K, N, seed):
    """How many of n instances recover the truth to 1e-4."""
    data, truths = stacks(n, L, K, N, seed)
    answers = solve_batch(*data)
    assert all(status is Status.SOLVED for status in answers.status)
    points = zip(answers.h, answers.m, truths, strict=True)
    return sum(branchhull.recovery_error(h, m, truth) < 1e-4 for h, m, truth in points)


def law(L, K, N):
    """P(success) = P(Bin(L - 1, 1/2) >= K + N - 2): arXiv 1702.04342, exact form derived."""
    return binom.sf(K + N - 3, L - 1, 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("L", [30, 36, 44, 50])
def test_the_published_transition(L):  # target R1
    hits, promised = recovered(200, L, 10, 10, seed=L) / 200, law(L, 10, 10)
    print(f"K=N=10 L={L}: {hits:.3f}, law {promised:.3f}")
    assert abs(hits - promised) <= 3.5 * np.sqrt(promised * (1 - promised) / 200)


@pytest.mark.slow
@pytest.mark.parametrize(("K", "N"), [(5, 5), (10, 5), (5, 10), (10, 10), (20, 20), (10, 50)])
def test_the_coefficient_is_two_for_any_split(K, N):  # target R2
    L = 2 * (K + N - 2)
    hits = recovered(100, L, K, N, seed=7) / 100
    print(f"K={K} N={N} L={L}: {hits:.3f}, law {law(L, K, N):.3f}")
    assert law(L, K, N) == pytest.approx(0.5)
    assert abs(hits - 0.5) <= 3.5 * np.sqrt(0.25 / 100)
