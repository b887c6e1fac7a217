"""The public face: names, the order of their arguments, defaults, and what comes back.

More may be added behind what stands here; what stands here stays.
"""

import dataclasses
import importlib
import inspect
import re

import pytest

# module -> name -> what inspect shows of it at least: arguments in order, with defaults where fixed
FUNCTIONS = {
    "kit.branchhull": {
        "solve": "problem, method='auto', *, tol=1e-08, max_iter=None, callback=None",
        "methods_for": "problem",
        "certify": "problem, h, m, dual, xi=None",
        "canonical": "data",
        "lift": "data",
        "alternate": "data, rng",
        "descend": "data, rng",
        "gaussian": "rng, L, K, N, *, sparsity=None, values='normal', noise=0.0, outliers=0, "
        "wrong_signs=0",
        "recovery_error": "h, m, truth, objective='l2'",
    },
    "kit.nettrim": {
        "solve": "problem, method='auto'",
        "path": "problem, epsilons",
        "methods_for": "problem",
        "certify": "problem, W, dual, feasibility=1e-06",
        "forward": "network, X",
        "from_sklearn": "estimator",
        "to_sklearn": "network, estimator",
        "from_torch": "module",
        "to_torch": "network, module",
        "prune": "network, X, *, epsilon, mode='parallel', gamma=1.1, kappa=1.0, layers=None, "
        "normalise=False, penalise_bias=True, refit=None, method='auto', n_jobs=1, progress=True",
    },
    "kit.experiments": {
        "run": "sweep, folder, n_jobs=-1, progress=True",
        "success_rate": "rows, *, below=0.0001, by=('L', 'S')",
    },
    "kit.course.explorers": {"explorer": "draw, **controls"},
    "kit.course.checks": {"judge": "answer, *tests, mistakes=()"},
}
FIELDS = {
    "kit.results": {
        "Certificate": "upper lower violation",
        "Run": "status iterations elapsed history",
        "Report": "method run certificate notes",
        "Recovered": "h m xi dual report",
        "Pruned": "W dual report",
    },
    "kit.branchhull": {
        "Bilinear": "B C y signs",
        "Truth": "h m",
        "BranchHull": "data objective='l2' lam=None gamma=1.0 mu=None shape=None",
        "Dual": "al be w r",
    },
    "kit.nettrim": {
        "NetTrim": "X Y epsilon V=0.0 Omega=None",
        "Network": "weights biases",
        "PrunedNetwork": "network layers discrepancy bound",
    },
    "kit.experiments": {"Sweep": "name version trial grid trials seed=0 paired=()"},
    "kit.course.checks": {"Feedback": "kind ok message"},
}


def cases(table):
    return [(module, name, text) for module, names in table.items() for name, text in names.items()]


def written(parameter):
    """name, or name=default, with a star where it takes the rest."""
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
    return f"{stars}{parameter.name}{default}"


@pytest.mark.parametrize(("module", "name", "text"), cases(FUNCTIONS))
def test_arguments_stand_in_their_order(module, name, text):
    function = getattr(importlib.import_module(module), name)
    parameters = list(inspect.signature(function).parameters.values())
    before, _, by_name = text.partition("*, ")
    positional = [part for part in before.split(", ") if part]
    shown = [written(p) for p in parameters]
    assert shown[: len(positional)] == positional
    assert set(re.split(r", (?=\w)", by_name)) - {""} <= set(shown)


@pytest.mark.parametrize(("module", "name", "text"), cases(FIELDS))
def test_fields_stand_in_their_order(module, name, text):
    kind = getattr(importlib.import_module(module), name)
    shown = []
    for field in dataclasses.fields(kind):
        given = "" if field.default is dataclasses.MISSING else f"={field.default!r}"
        shown.append(field.name + (given if f"{field.name}=" in text else ""))
    assert [part for part in shown if part in text.split()] == text.split()
    assert kind.__dataclass_params__.frozen


def test_statuses_and_methods():
    from kit import branchhull, nettrim
    from kit.results import Certificate, Status

    names = {"SOLVED", "MAX_ITER", "STOPPED", "INFEASIBLE", "UNATTAINED", "FAILED"}
    assert names <= set(Status.__members__)
    assert all(" " in status.value for status in Status)  # each value is a sentence
    wanted = {"auto", "cvxpy", "admm", "interior", "guess", "matrix-free"}
    assert wanted <= set(branchhull.METHODS) and {"auto", "cvxpy"} <= set(nettrim.METHODS)
    inf = float("inf")
    assert Certificate(2.0, 2.0).gap == 0 and Certificate(inf, 1.0).gap == inf
    assert Certificate(2.0, 1.0).gap == 0.5
