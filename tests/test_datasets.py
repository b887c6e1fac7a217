"""Data: what a generator promises, and a loader that is honest about being offline."""

import warnings
from types import SimpleNamespace
from urllib.error import URLError

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


@pytest.mark.parametrize("values", ["normal", "signs"])
def test_teacher_has_s_weights_a_neuron(values):
    layer = datasets.gaussian_layer(rng(1), 20, 7, 500, s=4, values=values)
    assert np.all(np.count_nonzero(layer.W, axis=0) == 4)
    assert np.array_equal(layer.Y, np.maximum(layer.W.T @ layer.X, 0))
    assert abs(layer.X.mean()) < 0.05 and abs(layer.X.std() - 1) < 0.05
    assert len({tuple(np.flatnonzero(w)) for w in layer.W.T}) > 3  # the places differ
    assert (np.abs(layer.W[layer.W != 0]) == 1).all() == (values == "signs")
    assert "7 neurons of 4 weights" in repr(layer)


@pytest.mark.parametrize(
    "load, name", [(datasets.mnist, "mnist_784"), (datasets.fashion_mnist, "Fashion-MNIST")]
)
def test_loader_on_made_data(monkeypatch, load, name):
    """The same shapes and types as openml.org gives: grey values to 255, labels as text."""
    pixels = rng(2).integers(0, 256, (90, 784))
    pixels[:, 0] = np.arange(90)  # says which sample it is
    asked = {}

    def fetch(name, **settings):
        asked.update(name=name, **settings)
        return SimpleNamespace(data=pixels, target=np.array([str(k % 10) for k in range(90)]))

    monkeypatch.setattr(datasets, "fetch_openml", fetch)
    data = load(rng(), samples=40, test=0.25)
    assert asked["name"] == name and asked["as_frame"] is False
    assert data.X.shape == (784, 30) and data.X_test.shape == (784, 10)
    assert data.X.max() <= 1 and data.labels.dtype.kind == "i"
    for X, labels in ((data.X, data.labels), (data.X_test, data.labels_test)):
        who = np.rint(255 * X[0]).astype(int)
        assert np.array_equal(who % 10, labels) and np.allclose(255 * X.T, pixels[who])
    assert load(rng(), samples=10_000).labels.size == 68  # all there are


@pytest.mark.parametrize("problem", [URLError("no route"), TimeoutError(), ConnectionError()])
def test_offline_is_said_in_a_sentence(monkeypatch, problem):
    def fetch(*_args, **_settings):
        warnings.warn("A network error occurred while downloading. Retrying...", stacklevel=1)
        raise problem

    monkeypatch.setattr(datasets, "fetch_openml", fetch)
    with pytest.raises(ConnectionError, match=r"openml\.org.*go online once, or use datasets\.dig"):
        datasets.mnist(rng())


BAD = {
    "P": (lambda: datasets.spirals(rng(), 1), "P must be"),
    "arms": (lambda: datasets.spirals(rng(), arms=1), "arms must be"),
    "noise": (lambda: datasets.spirals(rng(), noise=-1), "noise must be"),
    "test": (lambda: datasets.spirals(rng(), test=1), "test must be a share below 1"),
    "rng": (lambda: datasets.spirals(0), "rng must be"),
    "s": (lambda: datasets.gaussian_layer(rng(), 3, 2, 5, s=4), "s must be at most N = 3"),
    "values": (lambda: datasets.gaussian_layer(rng(), 3, 2, 5, s=1, values="x"), "values must"),
    "samples": (lambda: datasets.mnist(rng(), samples=0), "samples must be"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()
