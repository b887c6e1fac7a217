"""The Hartley transform and self-calibration: the models are what their docstrings say."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from kit import branchhull
from kit.branchhull import BranchHull
from kit.branchhull.data.applications import convolve, even_kernels, hartley


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("L", [1, 2, 7, 16])
def test_the_hartley_transform_is_real_orthogonal_and_its_own_inverse(L):
    H = hartley(np.eye(L))
    t = 2 * np.pi * np.outer(np.arange(L), np.arange(L)) / L
    assert np.allclose(H, (np.cos(t) + np.sin(t)) / np.sqrt(L), atol=1e-13)
    assert np.allclose(H @ H, np.eye(L), atol=1e-13) and np.allclose(H, H.T, atol=1e-13)


def test_convolve_is_the_definition():
    w, x = rng().normal(size=(2, 7))
    slow = [sum(w[j] * x[(n - j) % 7] for j in range(7)) for n in range(7)]
    assert np.allclose(convolve(w, x), slow, atol=1e-14)


@pytest.mark.parametrize("L", [15, 16, 40])
def test_an_even_kernel_has_a_convolution_theorem(L):
    w, x = even_kernels(L, 6) @ rng().normal(size=6), rng(1).normal(size=L)
    assert np.array_equal(w[1:], w[:0:-1])
    product = np.sqrt(L) * hartley(w) * hartley(x)
    assert np.allclose(hartley(convolve(w, x)), product, rtol=0, atol=1e-12)
    assert np.allclose(np.fft.fft(w).imag, 0, atol=1e-12)


def test_a_kernel_that_is_not_even_has_none():
    w, x = rng().normal(size=(2, 16))
    product = 4 * hartley(w) * hartley(x)
    assert np.linalg.norm(hartley(convolve(w, x)) - product) > 0.1 * np.linalg.norm(product)


@pytest.mark.parametrize("snapshots", [1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_gains_are_positive_smooth_and_shared(snapshots, seed):
    data, truth = branchhull.self_calibration(rng(seed), 30, 5, 4, snapshots=snapshots, ripple=0.8)
    gains = (data.B @ truth.h).reshape(snapshots, 30)
    assert np.all(gains == gains[0]) and np.max(np.abs(gains - 1)) == pytest.approx(0.8)
    assert np.all(gains > 0) and np.all(data.signs == 1)
    assert data.shape == (30 * snapshots, 5, 4 * snapshots)
    assert np.abs(data.B).max() <= 1 and np.all(data.B[:, 0] == 1)
    for t in range(snapshots):
        rows, part = slice(30 * t, 30 * t + 30), slice(4 * t, 4 * t + 4)
        A = data.C[rows, part]
        assert np.array_equal(A, data.C[:30, :4])
        assert np.allclose(data.y[rows], gains[0] * (A @ truth.m[part]), atol=1e-14)
    assert np.count_nonzero(data.C) == 30 * snapshots * 4


def test_flat_gains_and_noise():
    flat, truth = branchhull.self_calibration(rng(), 20, 4, 3, ripple=0)
    assert np.array_equal(truth.h, [1, 0, 0, 0])
    assert branchhull.self_calibration(rng(), 5, 1, 1)[1].h == [1]
    clean, its = branchhull.self_calibration(rng(1), 2000, 4, 3)
    noisy, same = branchhull.self_calibration(rng(1), 2000, 4, 3, noise=0.1)
    assert np.array_equal(its.m, same.m)
    assert np.std(noisy.y / clean.y - 1) == pytest.approx(0.1, rel=0.1)
    assert flat.y.size == 20


@pytest.mark.parametrize(
    "make",
    [
        lambda stream: branchhull.self_calibration(stream, 96, 6, 8),
        lambda stream: branchhull.self_calibration(stream, 32, 6, 8, snapshots=4),
    ],
    ids=["calibration", "four snapshots"],
)
def test_branchhull_recovers_them_with_a_certificate(make):
    # measured: all of 20 seeds in each of the two
    for seed in range(4):
        data, truth = make(rng(seed))
        answer = branchhull.solve(BranchHull(data))
        assert answer.report.certificate.gap <= 1e-8
        assert branchhull.recovery_error(answer.h, answer.m, truth) < 1e-4


BAD_CALLS = {
    "rng must": lambda: branchhull.self_calibration(None, 16, 2, 2),
    "sensors": lambda: branchhull.self_calibration(rng(), 1.5, 2, 2),
    "K must be at most sensors": lambda: branchhull.self_calibration(rng(), 4, 5, 2),
    "snapshots": lambda: branchhull.self_calibration(rng(), 16, 2, 2, snapshots=0),
    "ripple must be below": lambda: branchhull.self_calibration(rng(), 16, 2, 2, ripple=1),
    "ripple must be a": lambda: branchhull.self_calibration(rng(), 16, 2, 2, ripple=-0.1),
    "noise must": lambda: branchhull.self_calibration(rng(), 16, 2, 2, noise=np.nan),
    "K must be at most (": lambda: even_kernels(16, 9),
    "x must": lambda: convolve(np.ones(3), np.ones(4)),
}


@pytest.mark.parametrize("words", BAD_CALLS)
def test_bad_calls_name_the_argument(words):
    with pytest.raises(ValueError, match=f"^{words}".replace("(", r"\(")) as refusal:
        BAD_CALLS[words]()
    assert "\n" not in str(refusal.value)
