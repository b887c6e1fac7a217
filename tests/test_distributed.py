"""A layer in batches of neurons: the same answer, certified from the files, and nothing twice."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from kit import nettrim
from kit.experiments import collect, fingerprint, provenance
from kit.experiments.distributed import (
    COST,
    FULL,
    GOAL,
    LAYER,
    gather,
    layer,
    layer_files,
    neuron_cost,
    prune_layer,
    prune_neurons,
)

EPSILON = 0.1
RESULTS = Path(__file__).parents[1] / "notebooks" / "results"


@pytest.fixture(scope="module")
def toy():
    """X, W, and the answer of one process."""
    X, W = layer(np.random.default_rng(3), 24, 11, 300, 0.4)
    Y = np.maximum(W.T @ X, 0)
    whole = nettrim.NetTrim(X, Y, EPSILON * np.linalg.norm(Y, axis=1))
    return X, W, whole, nettrim.solve(whole, "exact")


def test_batches_give_the_layer_and_their_files_prove_it(toy, tmp_path):
    X, W, whole, here = toy
    files = layer_files(X, W, EPSILON, tmp_path, 4)
    assert list(files.values()) == [(0, 4), (4, 8), (8, 11)]
    for path, (first, last) in files.items():
        prune_neurons(X, W, EPSILON, first, last, path)
    answer = gather(files)
    assert np.allclose(answer.W, here.W, rtol=0, atol=1e-12)
    assert np.array_equal(answer.W == 0, here.W == 0)
    assert answer.report.run.status.name == "SOLVED"
    dual = np.vstack([np.load(path)["dual"] for path in files])  # float32 is still a proof
    proof = nettrim.certify(whole, answer.W, dual)
    assert proof.gap < 1e-6 and answer.report.certificate.gap < 1e-6
    assert answer.report.certificate.upper == pytest.approx(proof.upper, rel=1e-12)
    assert answer.report.certificate.lower == pytest.approx(proof.lower, rel=1e-6)


def test_a_batch_that_failed_is_seen_in_the_layer(toy, tmp_path):
    X, W, _, _ = toy
    files = layer_files(X, W, EPSILON, tmp_path, 6)
    for path, (first, last) in files.items():
        prune_neurons(X, W, EPSILON, first, last, path)
    path = next(iter(files))
    stored = dict(np.load(path))
    stored["proof"][1] *= 0.99  # a lower bound that is not reached
    np.savez(path, **stored)
    assert gather(files).report.run.status.name == "FAILED"


def test_nothing_is_solved_twice(toy, tmp_path):
    X, W, _, _ = toy
    files = layer_files(X, W, EPSILON, tmp_path, 4)
    for path, (first, last) in files.items():
        prune_neurons(X, W, EPSILON, first, last, path)
    (tmp_path / f".1-{next(iter(files)).name}").write_bytes(b"of a worker that was killed")
    answer = prune_layer(X, W, EPSILON, None, tmp_path, 4)  # no client: there is nothing left
    assert answer.report.run.status.name == "SOLVED"
    for other in (layer_files(X, 2 * W, EPSILON, tmp_path, 4), layer_files(X, W, 0.2, tmp_path, 4)):
        assert not any(path.exists() for path in other)  # another layer, other files


@pytest.mark.slow  # starting the cluster takes seconds
def test_a_cluster_gives_the_same_and_resumes(toy, tmp_path):
    distributed = pytest.importorskip("distributed")
    X, W, _, here = toy
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(host="127.0.0.1", **settings) as cluster,
        distributed.Client(cluster) as client,
    ):
        go = partial(prune_layer, X, W, EPSILON, client, tmp_path, 4)
        there = go()
        files = sorted(tmp_path.iterdir())
        lost, before = files[1], [path.stat().st_mtime_ns for path in files]
        lost.unlink()
        again = go()
        after = [path.stat().st_mtime_ns for path in files]
    for answer in (there, again):
        assert np.allclose(answer.W, here.W, rtol=0, atol=1e-12)
        assert np.array_equal(answer.W == 0, here.W == 0)
        assert answer.report.run.status.name == "SOLVED"
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]


def test_bad_input_is_named(toy, tmp_path):
    X, W, _, _ = toy
    with pytest.raises(ValueError, match="W must have a row for each of 24 inputs"):
        prune_layer(X, W[:-1], EPSILON, None, tmp_path)
    with pytest.raises(ValueError, match="epsilon must be a finite number >= 0"):
        prune_layer(X, W, -0.1, None, tmp_path)
    with pytest.raises(ValueError, match="batch must be a whole number >= 1"):
        prune_layer(X, W, EPSILON, None, tmp_path, 0)


def test_the_cost_of_a_neuron_is_counted():
    rows = neuron_cost(np.random.default_rng(0), 128, 0.2)
    assert len(rows) == 64 and GOAL[0] // 128 == 32
    for row in rows:
        assert 0 < row["inputs"] <= 32 and row["events"] > 0 and row["gap"] < 1e-6
        assert row["megabytes"] > 32 * 1000 * 8 / 4e6 and row["seconds"] > 0


@pytest.mark.parametrize("sweep", [COST, FULL, LAYER], ids=["cost", "full", "layer"])
def test_the_stored_rows_are_whole_and_of_this_code(sweep):
    rows = collect(sweep, RESULTS)
    assert {row["scale"] for row in rows} == {cell["scale"] for cell, _ in sweep.jobs()}
    assert {e["code"] for e in provenance(sweep, RESULTS) if e["jobs"]} == {
        fingerprint(sweep.trial)
    }
    assert max(row["gap"] for row in rows) < 1e-6
