"""Data: what a generator promises."""

import numpy as np
import pytest

from kit import datasets


def rng(seed=0):
    return np.random.default_rng(seed)


def test_spirals_lie_on_their_arms():
    data = datasets.spirals(rng(), 400, arms=3, turns=2.0, noise=0.0)
    X, labels = np.hstack([data.X, data.X_test]), np.append(data.labels, data.labels_test)
    assert X.shape == (2, 400) and data.labels_test.size == 100
    assert sorted(np.bincount(labels)) == [133, 133, 134]
    r = np.linalg.norm(X, axis=0)
    assert r.min() >= 0.1 and r.max() <= 1
    phi = 2 * np.pi * (2.0 * (r - 0.1) / 0.9 + labels / 3)
    assert np.allclose(X, r * [np.cos(phi), np.sin(phi)])
    again = datasets.spirals(rng(), 400, arms=3, turns=2.0, noise=0.0)
    assert np.array_equal(again.X, data.X)


def test_noise_of_spirals_has_its_size():
    clean, noisy = (datasets.spirals(rng(), 4000, noise=n) for n in (0.0, 0.1))
    assert np.std(noisy.X - clean.X) == pytest.approx(0.1, rel=0.05)


BAD = {
    "P": (lambda: datasets.spirals(rng(), 1), "P must be"),
    "arms": (lambda: datasets.spirals(rng(), arms=1), "arms must be"),
    "noise": (lambda: datasets.spirals(rng(), noise=-1), "noise must be"),
    "test": (lambda: datasets.spirals(rng(), test=1), "test must be a share below 1"),
    "rng": (lambda: datasets.spirals(0), "rng must be"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()
