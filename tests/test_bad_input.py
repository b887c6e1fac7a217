"""Every public function against a table of nonsense: one sentence that names what is wrong.

A call may also answer, where the nonsense makes sense for that argument (0 for a tolerance, None
for a default); then no number in the answer is NaN. What never happens is another exception, or a
warning from inside numpy.
"""

import dataclasses
import tempfile

import numpy as np
import pytest

from kit import branchhull as b
from kit import datasets
from kit import experiments as e
from kit import nettrim as n
from kit.branchhull import hull
from kit.experiments import bilinear, neurons, rates, sparse, theorems

rng = np.random.default_rng
data, truth = b.gaussian(rng(0), 12, 2, 3)
P = b.BranchHull(data)
TV = b.scene(rng(0), (4, 3), 3).problem(mu=1.0)
X = np.abs(rng(0).normal(size=(4, 9)))
W = rng(1).normal(size=(4, 3))
Y = np.maximum(W.T @ X, 0)
LAYER = n.NetTrim(X, Y, 0.1)
ANSWER = n.solve(LAYER)
NET = n.Network((W, rng(2).normal(size=(3, 2))), (np.zeros(3), np.zeros(2)))
DIGITS = datasets.digits(rng(0))
DIGITS_4 = datasets.Labelled(X, np.arange(9) % 2, X, np.arange(9) % 2)
GRID = {"L": (1, 2), "S": (1,)}
SWEEP = e.Sweep("small", 1, lambda rng, L, S: {"error": 0.0}, GRID, trials=1)
TANGENT = theorems.LEDGER["Tangent of a branch"]
ROWS = [{"L": 1, "S": 1, "trial": 0, "error": 0.0}]


def in_passing(call):
    """call(folder) in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        return call(folder)


NONSENSE = {
    "None": None,
    "text": "a",
    "complex": 1j,
    "nan": np.nan,
    "inf": np.inf,
    "empty list": [],
    "empty array": np.array([]),
    "three dimensions": np.ones((2, 2, 2)),
    "ragged": [[1, 2], [3]],
    "object": object(),
    "negative": -1,
    "zero": 0,
    "dictionary": {},
    "complex array": np.array([1 + 1j]),
    "array of nan": np.full((4, 9), np.nan),
    "module": b,
    "other text": "auto",
}
CALLS = {
    "canonical": lambda x: b.canonical(x),
    "certify.problem": lambda x: b.certify(x, truth.h, truth.m, None),
    "certify.h": lambda x: b.certify(P, x, truth.m, None),
    "certify.dual": lambda x: b.certify(P, truth.h, truth.m, x),
    "ray": lambda x: b.infeasible_ray(x),
    "balance": lambda x: b.balance(x, truth.m),
    "rec": lambda x: b.recovery_error(x, truth.m, truth),
    "rec.truth": lambda x: b.recovery_error(truth.h, truth.m, x),
    "rec.gamma": lambda x: b.recovery_error(truth.h, truth.m, truth, "l1", x),
    "balance.gamma": lambda x: b.balance(truth.h, truth.m, "l1", x),
    "rec.obj": lambda x: b.recovery_error(truth.h, truth.m, truth, x),
    "methods_for": lambda x: b.methods_for(x),
    "verdict": lambda x: b.verdict(x, truth),
    "verdict.truth": lambda x: b.verdict(data, x),
    "recovers.obj": lambda x: b.recovers(data, truth, x),
    "solve": lambda x: b.solve(x),
    "solve.method": lambda x: b.solve(P, x),
    "solve.tol": lambda x: b.solve(P, tol=x),
    "solve.max_iter": lambda x: b.solve(P, "admm", max_iter=x),
    "solve.rho": lambda x: b.solve(P, "admm", rho=x, max_iter=3),
    "batch.B": lambda x: b.solve_batch(x, data.C[None], data.y[None], data.signs[None]),
    "batch.y": lambda x: b.solve_batch(data.B[None], data.C[None], x, data.signs[None]),
    "batch.tol": lambda x: b.solve_batch(
        data.B[None], data.C[None], data.y[None], data.signs[None], x
    ),
    "gauss.L": lambda x: b.gaussian(rng(0), x, 2, 2),
    "gauss.sp": lambda x: b.gaussian(rng(0), 4, 2, 2, sparsity=x),
    "gauss.values": lambda x: b.gaussian(rng(0), 4, 2, 2, values=x),
    "gauss.noise": lambda x: b.gaussian(rng(0), 4, 2, 2, noise=x),
    "gauss.out": lambda x: b.gaussian(rng(0), 4, 2, 2, outliers=x),
    "gauss.rng": lambda x: b.gaussian(x, 4, 2, 2),
    "Bilinear.B": lambda x: b.Bilinear(x, data.C, data.y, data.signs),
    "Bilinear.signs": lambda x: b.Bilinear(data.B, data.C, data.y, x),
    "Truth": lambda x: b.Truth(x, truth.m),
    "BH": lambda x: b.BranchHull(x),
    "BHo": lambda x: b.BranchHull(data, x),
    "BH.lam": lambda x: b.BranchHull(data, "l1", lam=x),
    "BH.gamma": lambda x: b.BranchHull(data, "l1", gamma=x),
    "BH.mu": lambda x: b.BranchHull(data, "tv", mu=x, shape=(4, 3)),
    "BH.shape": lambda x: b.BranchHull(data, "tv", mu=0.0, shape=x),
    "solve.tv": lambda x: b.solve(TV, tol=x),
    "solve.tv.rho": lambda x: b.solve(TV, "admm", rho=x, max_iter=3),
    "certify.tv.h": lambda x: b.certify(TV, x, np.ones(3), None),
    "certify.tv.dual": lambda x: b.certify(TV, np.ones(12), np.ones(3), x),
    "Dual": lambda x: b.Dual(x, np.ones(12), np.ones(17), np.ones(12)),
    "scene.rng": lambda x: b.scene(x),
    "scene.shape": lambda x: b.scene(rng(0), x, 2),
    "scene.N": lambda x: b.scene(rng(0), (4, 5), x),
    "scene.light": lambda x: b.scene(rng(0), (4, 5), 2, light=x),
    "scene.objects": lambda x: b.scene(rng(0), (4, 5), 2, objects=x),
    "scene.heights": lambda x: b.scene(rng(0), (4, 5), 2, heights=x),
    "scene.ripple": lambda x: b.scene(rng(0), (4, 5), 2, light="smooth", ripple=x),
    "scene.noise": lambda x: b.scene(rng(0), (4, 5), 2, noise=x),
    "photo.name": lambda x: b.photograph(rng(0), x),
    "picture": lambda x: b.picture(np.ones(6), x),
    "picture.v": lambda x: b.picture(x, (2, 3)),
    "contrast": lambda x: b.contrast_error(x, np.ones(3)),
    "variation": lambda x: b.total_variation(x, (2, 3)),
    "variation.s": lambda x: b.total_variation(np.ones(6), x),
    "log.y": lambda x: b.log_domain(x, np.ones((6, 1)), (2, 3)),
    "log.C": lambda x: b.log_domain(np.ones(6), x, (2, 3)),
    "log.shape": lambda x: b.log_domain(np.ones(6), np.ones((6, 1)), x),
    "hull.project": lambda x: hull.project(x, 1, 1),
    "hull.viol": lambda x: hull.violation(1, 1, x),
    "hull.slack": lambda x: hull.project_with_slack(1, 1, x, 1),
    "NetTrim.X": lambda x: n.NetTrim(x, Y, 0.1),
    "NetTrim.Y": lambda x: n.NetTrim(X, x, 0.1),
    "NetTrim.eps": lambda x: n.NetTrim(X, Y, x),
    "NetTrim.V": lambda x: n.NetTrim(X, Y, 0.1, x),
    "NetTrim.Om": lambda x: n.NetTrim(X, Y, 0.1, 0.0, x),
    "n.solve": lambda x: n.solve(x),
    "n.solve.m": lambda x: n.solve(LAYER, x),
    "n.solve.tol": lambda x: n.solve(LAYER, tol=x),
    "n.solve.it": lambda x: n.solve(LAYER, "admm", max_iter=x),
    "n.rho": lambda x: n.solve(LAYER, "admm", rho=x, max_iter=3),
    "n.cert.W": lambda x: n.certify(LAYER, x, None),
    "n.cert.Q": lambda x: n.certify(LAYER, W, x),
    "n.cert.f": lambda x: n.certify(LAYER, W, None, x),
    "NetTrim.bias": lambda x: n.NetTrim(X, Y, 0.1, penalise_bias=x),
    "n.exact.jobs": lambda x: n.solve(LAYER, "exact", n_jobs=x),
    "n.path": lambda x: n.path(LAYER, x),
    "n.path.jobs": lambda x: n.path(LAYER, [0.1], n_jobs=x),
    "n.zeros": lambda x: n.proved_zeros(x, W, np.zeros((3, 9))),
    "n.zeros.W": lambda x: n.proved_zeros(LAYER, x, np.zeros((3, 9))),
    "n.zeros.Q": lambda x: n.proved_zeros(LAYER, W, x),
    "n.zeros.f": lambda x: n.proved_zeros(LAYER, W, None, x),
    "n.penalty": lambda x: n.penalty(x, ANSWER),
    "n.penalty.a": lambda x: n.penalty(LAYER, x),
    "Network": lambda x: n.Network(x, (np.zeros(3),)),
    "Network.b": lambda x: n.Network((W,), x),
    "forward": lambda x: n.forward(x, X),
    "forward.X": lambda x: n.forward(NET, x),
    "from_sk": lambda x: n.from_sklearn(x),
    "to_sk": lambda x: n.to_sklearn(NET, x),
    "from_torch": lambda x: n.from_torch(x),
    "to_torch": lambda x: n.to_torch(NET, x),
    "spirals": lambda x: datasets.spirals(x),
    "spirals.P": lambda x: datasets.spirals(rng(0), x),
    "spirals.noise": lambda x: datasets.spirals(rng(0), noise=x),
    "link": lambda x: n.link_normalise(x),
    "restore": lambda x: n.link_restore(NET, x),
    "prune.net": lambda x: n.prune(x, X, epsilon=0.1, progress=False),
    "prune.X": lambda x: n.prune(NET, x, epsilon=0.1, progress=False),
    "prune.eps": lambda x: n.prune(NET, X, epsilon=x, progress=False),
    "prune.mode": lambda x: n.prune(NET, X, epsilon=0.1, mode=x, progress=False),
    "prune.gamma": lambda x: n.prune(NET, X, epsilon=0.1, mode="cascade", gamma=x, progress=False),
    "prune.kappa": lambda x: n.prune(NET, X, epsilon=0.1, kappa=x, progress=False),
    "prune.refit": lambda x: n.prune(NET, X, epsilon=0.1, refit=x, progress=False),
    "prune.balls": lambda x: n.prune(NET, X, epsilon=0.1, balls=x, progress=False),
    "compare": lambda x: n.compare(x, DIGITS, [0.5], methods={}),
    "compare.shares": lambda x: n.compare(NET, DIGITS_4, x, methods={}),
    "compare.refits": lambda x: n.compare(NET, DIGITS_4, [0.5], methods={}, refits=x),
    "refit": lambda x: n.refit(W, x, Y, "relu"),
    "refit.kind": lambda x: n.refit(W, X, Y, x),
    "prune.layers": lambda x: n.prune(NET, X, epsilon=0.1, layers=x, progress=False),
    "prune.jobs": lambda x: n.prune(NET, X, epsilon=0.1, n_jobs=x, progress=False),
    "train": lambda x: n.train(x, DIGITS),
    "train.d": lambda x: n.train(rng(0), x),
    "train.h": lambda x: n.train(rng(0), DIGITS, x),
    "digits": lambda x: datasets.digits(x),
    "digits.t": lambda x: datasets.digits(rng(0), test=x),
    "acc": lambda x: n.accuracy(NET, X, x),
    "Sweep.name": lambda x: e.Sweep(x, 1, len, GRID, 1).name,
    "Sweep.version": lambda x: e.Sweep("a", x, len, GRID, 1).version,
    "Sweep.trial": lambda x: e.Sweep("a", 1, x, GRID, 1).version,
    "Sweep.grid": lambda x: e.Sweep("a", 1, len, x, 1).version,
    "Sweep.axis": lambda x: e.Sweep("a", 1, len, {"L": x}, 1).version,
    "Sweep.trials": lambda x: e.Sweep("a", 1, len, GRID, x).version,
    "Sweep.seed": lambda x: e.Sweep("a", 1, len, GRID, 1, x).version,
    "Sweep.paired": lambda x: e.Sweep("a", 1, len, GRID, 1, 0, x).version,
    "run.sweep": lambda x: e.run(x, "nowhere", progress=False),
    "run.folder": lambda x: e.collect(SWEEP, x),
    "run.jobs": lambda x: in_passing(lambda folder: e.run(SWEEP, folder, x, progress=False)),
    "provenance": lambda x: e.provenance(x, "nowhere"),
    "resolve": lambda x: e.resolve(SWEEP, x),
    "resolve.sweep": lambda x: e.resolve(x, ROWS[0]),
    "recheck": lambda x: e.recheck(SWEEP, ROWS, rng(0), of=x),
    "recheck.rows": lambda x: e.recheck(SWEEP, x, rng(0), of="error"),
    "recheck.jobs": lambda x: e.recheck(SWEEP, ROWS, rng(0), of="error", jobs=x),
    "rate": lambda x: e.success_rate(x),
    "rate.below": lambda x: e.success_rate(ROWS, below=x),
    "rate.by": lambda x: e.success_rate(ROWS, by=x),
    "rate.of": lambda x: e.success_rate(ROWS, of=x),
    "values": lambda x: e.values(x, "L"),
    "values.name": lambda x: e.values(ROWS, x),
    "theorem": lambda x: theorems.examine(x, rng(0)),
    "theorem.table": lambda x: theorems.table(x),
    "Theorem.name": lambda x: dataclasses.replace(TANGENT, name=x).name,
    "Theorem.relation": lambda x: dataclasses.replace(TANGENT, relation=x).name,
    "Theorem.hypotheses": lambda x: dataclasses.replace(TANGENT, hypotheses=x).name,
    "Theorem.tol": lambda x: dataclasses.replace(TANGENT, tol=x).name,
    "l1_cone": lambda x: neurons.l1_cone(20, x),
    "dual_size": lambda x: neurons.dual_size(X, x),
    "window": lambda x: sparse.window(x, truth),
    "window.truth": lambda x: sparse.window(data, x),
    "l2_residual": lambda x: bilinear.l2_residual(x, truth),
    "local_rate": lambda x: rates.local_rate(x, np.ones(2), np.ones(2), np.ones((2, 6))),
    "steps_of_admm": lambda x: rates.steps_of_admm(x, 5),
    "fingerprint": lambda x: e.fingerprint(x),
}


def numbers(answer):
    """All arrays and numbers in an answer, however nested."""
    if dataclasses.is_dataclass(answer):
        for field in dataclasses.fields(answer):
            yield from numbers(getattr(answer, field.name))
    elif isinstance(answer, tuple | list):
        for part in answer:
            yield from numbers(part)
    elif isinstance(answer, float | np.ndarray):
        yield np.asarray(answer)


@pytest.mark.parametrize("call", CALLS)
def test_nonsense_is_told_in_one_sentence(call):
    refused = 0
    for name, nonsense in NONSENSE.items():
        try:
            answer = CALLS[call](nonsense)
        except ValueError as refusal:
            sentence = str(refusal)
            assert "\n" not in sentence and len(sentence) < 300, name
            assert sentence[0].isalpha() and " must " in sentence, sentence
            refused += 1
        else:
            for part in numbers(answer):
                assert part.dtype == object or not np.isnan(part).any(), name
    assert refused >= len(NONSENSE) // 2


def test_an_object_of_a_reloaded_module_is_told_as_such():
    again = type("Bilinear", (), {"__module__": "kit.branchhull.problem"})()
    with pytest.raises(ValueError, match=r"made anew: kit\.branchhull\.problem has been reloaded"):
        b.BranchHull(again)
