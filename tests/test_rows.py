"""B and C may be dense, scipy sparse, or operators: the same canonical form, the same proofs."""

import importlib
import pickle

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull, rows
from kit.results import Status

KINDS = {"dense": np.asarray, "sparse": sparse.csc_matrix, "operator": aslinearoperator}


def given(kind, L=30, K=3, N=4):
    data, truth = branchhull.gaussian(np.random.default_rng(0), L, K, N)
    B = np.where(np.abs(data.B) > 0.05, data.B, 0)
    w = B @ truth.h
    y = np.where(np.arange(L) % 7, w * (data.C @ truth.m), 0)
    data = Bilinear(B, data.C, y, np.where(w < 0, -1, 1))
    return data, Bilinear(KINDS[kind](B), KINDS[kind](data.C), y, data.signs)


@pytest.mark.parametrize("kind", KINDS)
def test_the_canonical_form_multiplies_alike(kind):
    data, other = given(kind)
    rng = np.random.default_rng(1)
    assert other.shape == (30, 3, 4)
    for A, B in zip(branchhull.canonical(data)[:2], branchhull.canonical(other)[:2], strict=True):
        x, v = rng.normal(size=A.shape[1]), rng.normal(size=30)
        assert np.allclose(A @ x, B @ x) and np.allclose(A.T @ v, rows.pull(B, v))
        assert np.allclose(A.T @ v, B.T @ v)
    assert rows.is_dense(other.B) is (kind == "dense")
    for one, two in zip(data.scaled.sizes, other.scaled.sizes, strict=True):
        assert two is None if kind == "operator" else np.allclose(one, two)


@pytest.mark.parametrize("kind", ["sparse", "operator"])
def test_the_certificate_is_the_same(kind):
    data, other = given(kind)
    answer = branchhull.solve(BranchHull(data), "interior")
    proof = branchhull.certify(BranchHull(other), answer.h, answer.m, answer.dual)
    assert proof.gap <= 1e-8
    assert proof.upper == pytest.approx(answer.report.certificate.upper, rel=1e-12)
    assert proof.lower == pytest.approx(answer.report.certificate.lower, rel=1e-12)
    refused = branchhull.certify(BranchHull(other), -answer.h, answer.m, -answer.dual)
    assert refused.upper == np.inf and refused.lower == 0


def test_a_ray_is_seen_in_sparse_data_and_asked_of_no_operator():
    data, other = given("sparse")
    signs = data.signs * np.r_[-np.ones(8), np.ones(22)]
    spoilt = [Bilinear(A.B, A.C, A.y, signs) for A in (data, other)]
    dual, said = branchhull.infeasible_ray(BranchHull(spoilt[1]))
    assert said == branchhull.infeasible_ray(BranchHull(spoilt[0]))[1]
    assert branchhull.certify(BranchHull(spoilt[1]), np.ones(3), np.ones(4), dual).lower == np.inf
    with pytest.raises(ValueError, match="problem must show the rows"):
        branchhull.infeasible_ray(BranchHull(given("operator")[1]))


def test_the_canonical_arrays_are_made_once_and_do_not_travel():
    data, _ = given("dense")
    Bt, Ct, _ = branchhull.canonical(data)
    assert branchhull.canonical(data)[0] is Bt
    with pytest.raises(ValueError, match="read-only"):
        Ct[0, 0] = 1
    back = pickle.loads(pickle.dumps(data))
    assert "canonical" in vars(data) and "canonical" not in vars(back)
    assert np.array_equal(branchhull.canonical(back)[0], Bt)


@pytest.mark.parametrize(
    ("B", "sentence"),
    [
        (sparse.csr_array(np.array([[1.0, np.nan]])), "B must be finite"),
        (sparse.csr_array(np.array([[1j, 1]])), "B must be real"),
        (sparse.csr_array((1, 0)), "B must not be empty"),
        (aslinearoperator(np.array([[1j, 1]])), "B must be real"),
        (LinearOperator((1, 0), matvec=abs, dtype=float), "B must not be empty"),
        (aslinearoperator(np.ones((3, 2))), "B must have a row for each of the 1 entries"),
        (sparse.csr_array(np.ones((3, 2))), "B must have a row for each of the 1 entries"),
    ],
)
def test_bad_matrices_are_told_in_one_sentence(B, sentence):
    with pytest.raises(ValueError, match=sentence):
        Bilinear(B, np.ones((1, 1)), np.ones(1), np.ones(1))


@pytest.mark.parametrize("kind", ["sparse", "operator"])
def test_what_looks_at_entries_says_so(kind, monkeypatch):
    _, other = given(kind)
    assert branchhull.solve(BranchHull(other), "interior").report.run.status is Status.SOLVED
    solving = importlib.import_module("kit.branchhull.solve")
    monkeypatch.setattr(solving, "MANY", 0)  # as if they were too large to be made dense
    why = "it needs dense B and C, and these are too large for it"
    reasons = branchhull.methods_for(BranchHull(other))
    assert reasons["interior"] == reasons["cvxpy"] == why
    assert reasons["auto"] == reasons["matrix-free"] == ""
    l1 = branchhull.methods_for(BranchHull(other, "l1"))
    assert l1["auto"] == why and l1["matrix-free"] == "it is for l2 only"
    with pytest.raises(ValueError, match="method must fit the problem"):
        branchhull.solve(BranchHull(other), "interior")
    for call in (
        lambda: branchhull.lift(other),
        lambda: branchhull.alternate(other, np.random.default_rng(0)),
        lambda: branchhull.descend(other, np.random.default_rng(0)),
    ):
        with pytest.raises(ValueError, match="data must have dense B and C"):
            call()
