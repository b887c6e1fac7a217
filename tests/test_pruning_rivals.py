"""Rivals of Net-Trim: each does what its docstring derives, all at exactly the same sparsity."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from kit.nettrim.rivals import IMPROVED, RIVALS, Trained, compare
from scipy.linalg import cholesky

from kit import datasets, experiments, nettrim
from kit.experiments import pruning
from kit.nettrim import rivals

METHODS = {**RIVALS, **IMPROVED}
ROOT = Path(__file__).parents[1]


def trained_layer(seed=0, N=9, M=5, P=60):
    rng = np.random.default_rng(seed)
    mix = rng.standard_normal((N, N))
    X = np.vstack([np.maximum(mix @ rng.standard_normal((N, P)), 0), np.ones(P)])
    return Trained(X, rng.standard_normal((N + 1, M)))


LAYER = trained_layer()


def test_everything_has_exactly_the_weights_that_were_asked_for():
    for name, method in METHODS.items():
        for keep, W in zip((45, 30, 9, 1, 0), method(LAYER, (45, 30, 9, 1, 0)), strict=True):
            count = np.count_nonzero(W[:-1])
            assert count == keep or (count >= 40 and keep == 45), name  # l1 at its densest
            assert W.shape == LAYER.W.shape and np.all(np.isfinite(W)), name


@pytest.mark.parametrize("name", ["magnitude", "wanda", "obs", "sparsegpt"])
def test_nothing_removed_nothing_changed(name):
    assert np.allclose(RIVALS[name](LAYER, [45])[0], LAYER.W, atol=1e-4)


def test_magnitude_and_wanda_keep_the_largest_scores():
    W = rivals.magnitude(LAYER, [20])[0]
    sizes = np.abs(LAYER.W[:-1])
    assert sizes[W[:-1] != 0].min() >= sizes[W[:-1] == 0].max()
    W = rivals.wanda(LAYER, [20])[0]
    assert np.all(np.count_nonzero(W[:-1], axis=0) == 4)
    score = sizes * np.linalg.norm(LAYER.X[:-1], axis=1)[:, None]
    for m in range(5):
        assert score[W[:-1, m] != 0, m].min() >= score[W[:-1, m] == 0, m].max()


def test_obs_takes_the_best_single_weight():
    """Against all single removals, each with a least squares refit."""
    W = rivals.obs(replace(LAYER, W=LAYER.W[:, :1]), [8])[0]
    layer = replace(LAYER, W=LAYER.W[:, :1])
    costs = []
    for n in range(9):
        U = layer.W.copy()
        U[n] = 0
        costs.append(np.linalg.norm(rivals.least_squares(layer, U).T @ layer.X - layer.Z))
    assert np.flatnonzero(W[:, 0] == 0) == [np.argmin(costs)]
    assert np.linalg.norm(W.T @ layer.X - layer.Z) == pytest.approx(min(costs), rel=1e-3)


def test_obs_updates_are_least_squares():
    """The update formula, step by step, ends at the least squares weights: a refit adds nothing."""
    w, H = LAYER.W[:, 0].copy(), rivals._gram(LAYER.X)
    G = np.linalg.inv(H)
    for n in (3, 1, 7):
        w -= w[n] / G[n, n] * G[:, n]
        G -= np.outer(G[:, n], G[n]) / G[n, n]
    w[[3, 1, 7]] = 0
    U = LAYER.W[:, :1].copy()
    U[[3, 1, 7]] = 0
    layer = replace(LAYER, W=LAYER.W[:, :1])
    assert np.allclose(rivals.least_squares(layer, U)[:, 0], w, atol=1e-3)
    for W in rivals.obs(LAYER, [30, 9]):
        assert np.allclose(rivals.least_squares(LAYER, W), W)


def test_sparsegpt_in_one_block_by_hand(monkeypatch):
    monkeypatch.setattr(rivals, "BLOCK", 9)
    W = rivals.sparsegpt(LAYER, [30])[0]
    U = cholesky(np.linalg.inv(rivals._gram(LAYER.X)))
    stays = rivals.top((LAYER.W[:-1] / np.diag(U)[:-1, None]) ** 2, 30)
    by_hand = LAYER.W.copy()
    for n in range(9):
        for m in range(5):
            if not stays[n, m]:
                by_hand[n + 1 :, m] -= U[n, n + 1 :] * by_hand[n, m] / U[n, n]
                by_hand[n, m] = 0
    assert np.allclose(W, by_hand)
    naive = np.vstack([np.where(stays, LAYER.W[:-1], 0), LAYER.W[-1:]])
    errors = [np.linalg.norm((V - LAYER.W).T @ LAYER.X) for V in (W, naive)]
    assert errors[0] < errors[1]


def test_refit_never_raises_the_error_on_z():
    for name, method in METHODS.items():
        W = method(LAYER, [20])[0]
        before, after = (
            np.linalg.norm(V.T @ LAYER.X - LAYER.Z) for V in (W, rivals.least_squares(LAYER, W))
        )
        assert after <= before * (1 + 1e-9), name


def test_reweighting_shrinks_large_weights_less():
    plain = rivals.net_trim_neurons(LAYER, [25])[0]
    again = rivals.net_trim_reweighted(LAYER, [25])[0]
    lost = [np.linalg.norm(V.T @ LAYER.X - LAYER.Z) for V in (plain, again)]
    assert lost[1] < lost[0]


@pytest.fixture(scope="module")
def spiral():
    data = datasets.spirals(np.random.default_rng(0), 200, turns=0.5)
    net = nettrim.train(np.random.default_rng(1), data, (12, 10), epochs=400, alpha=1e-3).network
    return net, data


def test_the_table_is_at_equal_sparsity_and_repeatable(spiral):
    net, data = spiral
    fast = {name: RIVALS[name] for name in ("magnitude", "obs", "sparsegpt")}
    rows = compare(net, data, (0.0, 0.5), methods=fast)
    assert len(rows) == 3 * 2 * 2 and rows == compare(net, data, (0.0, 0.5), methods=fast)
    for row in rows:
        assert 0 <= row.accuracy <= 1
        assert row.share - 1e-2 <= row.zeros < row.share + 0.25
        if row.share == 0:
            assert row.change < 1e-2
    change = {(r.method, r.refit): r.change for r in rows if r.share == 0.5}
    assert change["obs", ""] == pytest.approx(change["obs", "least-squares"])
    assert change["magnitude", "least-squares"] < change["magnitude", ""]


def test_means_and_standard_errors():
    rows = [
        {"data": "d", "method": "m", "refit": "", "share": 0.5, "accuracy": a}
        for a in (0.7, 0.8, 0.9)
    ]
    mean, error, count = pruning.means(rows)["d", "m", "", 0.5]
    assert (mean, error, count) == (pytest.approx(0.8), pytest.approx(0.1 / np.sqrt(3)), 3)


def made_up(half, accuracy):
    """Rows with an accuracy for every candidate, on two data sets and three trainings."""
    return [
        {"data": d, "half": half, "trial": t, "share": 0.5, "method": m, "refit": r, "accuracy": a}
        for d in pruning.SIZES
        for t in range(3)
        for (m, r), a in accuracy.items()
    ]


def test_the_choice_sees_the_choosing_half_alone():
    flat = dict.fromkeys(pruning.CANDIDATES, 0.5)
    for which in pruning.CANDIDATES:
        assert pruning.best(made_up("choose", {**flat, which: 0.6})) == which
    assert pruning.best(made_up("choose", {**flat, ("obs", ""): 0.9})) in pruning.CANDIDATES
    report = made_up("report", flat)
    for rows in (report, made_up("choose", flat) + report[-1:]):
        with pytest.raises(ValueError, match="must be of the half 'choose' alone"):
            pruning.best(rows)


def test_gains_are_of_the_same_trainings():
    one, other = pruning.CANDIDATES[:2]
    rows = made_up("report", {one: 0.6, other: 0.5})
    for row in rows:
        row["accuracy"] += 0.1 * row["trial"]  # lucky trainings, for both
    assert np.allclose(pruning.gains(rows, one, other), 0.1)
    assert pruning.gains(rows, other, one).shape == (6,)


def test_the_halves_have_no_image_in_common():
    seen = {}
    for half in pruning.HALVES:
        first, again = (pruning.digits(np.random.default_rng(s), half) for s in (0, 1))
        assert first.X.shape == (64, pruning.SAMPLES) and not np.array_equal(first.X, again.X)
        seen[half] = [np.hstack([d.X, d.X_test]).T for d in (first, again)]
        one, other = (sorted(map(tuple, images)) for images in seen[half])
        assert one == other  # always the same images
    choose, report = (set(map(tuple, seen[half][0])) for half in pruning.HALVES)
    assert len(choose & report) <= 2  # a few drawings look alike to the pixel
    assert sum(len(seen[half][0]) for half in pruning.HALVES) == 1797


def test_stored_rows_are_of_both_halves_and_the_choice_stands():
    choosing, reporting = (
        experiments.collect(sweep, ROOT / "notebooks" / "results")
        for sweep in (pruning.CHOICE, pruning.REPORT)
    )
    assert {row["half"] for row in choosing} == {"choose"}
    assert {row["half"] for row in reporting} == {"report"}
    winner, published = pruning.best(choosing), ("net-trim", "")
    assert winner in pruning.CANDIDATES and winner != published
    gain = pruning.gains(reporting, winner, published)
    assert gain.size == 10 and gain.mean() > 2 * gain.std(ddof=1) / np.sqrt(10)


BAD = {
    "share": ({"shares": [1.0]}, "shares must be >= 0 and < 1"),
    "shares": ({"shares": 0.5}, "shares must be a sequence"),
    "refits": ({"refits": ["x"]}, "refits must be one of"),
    "network": ({"network": None}, "network must be"),
    "data": ({"data": None}, "X must"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case, spiral):
    change, message = BAD[case]
    call = {"network": spiral[0], "data": spiral[1], "shares": [0.5], "methods": {}, **change}
    with pytest.raises(ValueError, match=message):
        compare(**call)
