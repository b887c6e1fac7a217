"""Lessons teach what is true: each algorithm from scratch is right, and its check can say no.

A cell tagged `from-scratch` holds an algorithm in view; one tagged `compared` sets what it gives
beside the definition or the kit, and asserts that they agree. BREAKS names for each lesson slips in
its from-scratch cells, (what stands there, what a slip would make of it): with any one of them an
assertion of the lesson has to fail.
"""

import ast
import contextlib
import copy
import io
import re
from pathlib import Path

import numpy as np
import pytest

from kit.course import notebooks
from kit.course.notebooks import tags

LESSONS = Path(__file__).parents[1] / "notebooks"
ALGORITHM, COMPARED = "from-scratch", "compared"
LINES = 25  # of an algorithm, without what a reader skips: blank lines, comments, its docstring

BREAKS: dict[str, list[tuple[str, str]]] = {
    "00_start_here": [
        ("min(axis=1)", "mean(axis=1)"),
        ("np.sin(angle)", "np.cos(angle)"),
        ("y / (t * w)", "y / w"),
    ],
    "01_bounds": [
        ("** 2) / 4", "** 2) / 2"),
        ("lam @ b -", "lam @ b +"),
        ("np.max(b / (A @ x))", "np.min(b / (A @ x))"),
        ("(b - A @ x)", "(A @ x - b)"),
        ("A.T @ lam / 2", "A.T @ lam"),
    ],
    "02_splitting": [
        ("A @ x - a, b)", "A @ x + a, b)"),
        ("a + u - A @ x", "a - u + A @ x"),
        ("2 / rho", "rho / 2"),
        ("np.maximum(rho * a", "np.maximum(-rho * a"),
        ("** 2) / 4", "** 2) / 2"),
    ],
    "10_bilinear_lifting": [
        ("sigma - tau", "sigma - 2 * tau"),
        ("* (C @ C.T)", "* (C @ C.T + np.eye(len(y)))"),
        ("y - np.einsum", "y - 0.5 * np.einsum"),
        ("U + X - Z", "U + 0.5 * (X - Z)"),
        ("rho * v", "-rho * v"),
    ],
    "11_hull_geometry": [
        ("sigma / (2 * sigma - sigma0)\n        f", "sigma / (2 * sigma + sigma0)\n        f"),
        ("- 2 * d", "- d"),
        ("(sigma + delta)", "(sigma - delta)"),
        ("if f < 0 else", "if f > 0 else"),
        ("2 * d + delta0**2", "2 * d"),
    ],
    "12_branchhull": [
        ("[p - q, 2 * np.sqrt(d)]", "[p - q, np.sqrt(d)]"),
        ("cp.SOC(p + q", "cp.SOC(p"),
        ("+ cp.sum_squares(m)", "+ 2 * cp.sum_squares(m)"),
        ("v0.ravel() - v1", "v0.ravel() + v1 / 2"),
        ("2 * total**2", "total**2"),
        ("np.linalg.norm(Ct.T @ be)", "np.linalg.norm(Bt.T @ be)"),
        ("np.max(d / (p * q))", "np.min(d / (p * q))"),
        ("min(p.min(), q.min()) > 0", "q.min() > 0"),
        ("2 * r * np", "r * np"),
    ],
    "13_admm": [
        ("project(p - a, q - b, d)", "project(p + a, q + b, d)"),
        ("2 / rho * np.eye(Bt.shape[1])", "1 / rho * np.eye(Bt.shape[1])"),
        ("2 / rho * np.eye(Ct.shape[1])", "rho / 2 * np.eye(Ct.shape[1])"),
        ("a + u - p, b + v - q", "a - u + p, b - v + q"),
        ("rho * np.stack([a, b])", "np.stack([a, -b])"),
        ("np.stack([p, -q])", "np.stack([q, p])"),
        ("force * 2 * d", "force * d"),
        ("D @ (2 * P", "D @ (P"),
        ("np.hypot(al, be) / rho", "np.hypot(al, be)"),
    ],
    "14_how_many_measurements": [
        ("s * np.hstack", "np.hstack"),
        ("(data.C @ m)[:, None]", "(data.B @ h)[:, None]"),
        ("nnls(A.T, target)", "nnls(A.T, -target)"),
        ("[h, m])", "[h, 2 * m])"),
    ],
    "19_fast_solvers": [
        ("al, be = mu * q / e, mu * p / e", "al, be = 2 * mu * q / e, 2 * mu * p / e"),
        ("mu * d / e**2", "0.9 * mu * d / e**2"),
        ("al - pp * dp - pq * dq", "al + pp * dp + pq * dq"),
        ("2 * np.eye(len(right))", "np.eye(len(right))"),
        ("max(shrink * mu, least)", "max(mu, least)"),
        ("(omega * p)[:, None] * Ct", "0.5 * (omega * p)[:, None] * Ct"),
        ("z = z + np.linalg", "z = z - np.linalg"),
        ("2 * z - J.T @ nu", "2 * z + J.T @ nu"),
        ("-1.8 * nu", "nu"),
    ],
    "23_networks": [
        ("epsilon * np.linalg.norm(Y), 0.0", "epsilon, 0.0"),
        ("np.sqrt(gamma) * miss", "gamma * miss"),
        ("0.0 if k == 1 else V", "0.0"),
        ("relu(W.T @ ones(Y), last)", "relu(W.T @ A, last)"),
        ("np.linalg.norm(U[:-1], 2) * bound", "bound"),
        ("np.sqrt(gamma) * np.linalg.norm(W[:-1], 2)", "np.linalg.norm(W[:-1], 2)"),
        ("relu(U.T @ ones(Y_hat), last)", "relu(U.T @ A, last)"),
    ],
    "25_pruning_today": [
        ("G[left, left]", "H[left, left]"),
        ("w[n] / G[n, n] * G[:, n]", "w[n] * G[:, n]"),
        ("np.outer(G[:, n], G[n]) / G[n, n]", "np.outer(G[:, n], G[n])"),
        ("v - length * H @ (v - w)", "v - length * H @ v"),
        ("np.abs(step) - length * price", "np.abs(step) - price"),
        ("(t - 1) / after", "0"),
    ],
    "26_your_own_network": [
        ("W.T @ X + b[:, None]", "W.T @ X"),
        ("k == len(layers)", "k > len(layers)"),
        ("(Y > 0) | last", "Y > 0"),
        ("run(new, X, lambda", "run(old, X, lambda"),
    ],
    "15_sparse_signals": [
        ("s * np.hstack", "np.hstack"),
        ("(data.C @ m)[:, None]", "(data.B @ h)[:, None]"),
        ("-np.sign(z[on])", "-z[on]"),
        ("[box, -box]", "[box, 0 * box]"),
        ("[(0, None)] * L", "[(None, None)] * L"),
    ],
    "16_noise_and_lies": [
        ("(q + xi) / p", "q / p"),
        ("[0, 0, 1, 1, 0, 0]", "[0, 0, 2, 2, 0, 0]"),
        ("(1, -1)]", "(1, 1)]"),
        ("data.signs[:, None] * data.B", "data.B"),
        ("np.ones(L)]", "0 * np.ones(L)]"),
    ],
    "17_calibration": [
        ("np.linalg.lstsq(data.C, data.y)[0]", "np.linalg.lstsq(data.C, 2 * data.y)[0]"),
        ("(data.C @ m)[:, None]", "(data.B @ h)[:, None]"),
        ("h + size * step", "h - size * step"),
        ("m * h[0]", "m / h[0]"),
    ],
    "18_images": [
        ("2 * np.sqrt(d)", "np.sqrt(d)"),
        ("H[:, 1:] - H[:, :-1]", "H[:, 1:] + H[:, :-1]"),
        ("mu * cp.norm1(h)", "2 * mu * cp.norm1(h)"),
        ("cp.norm1(m)", "2 * cp.norm1(m)"),
    ],
    "20_relu_convexification": [
        ("np.maximum(U @ X, 0)", "np.abs(U @ X)"),
        ("(Z - y)[..., active]", "Z[..., active]"),
        ("(Z <= V)", "(Z >= V)"),
        ("follows & silent", "follows | silent"),
        ("y > 0", "y >= 0"),
        ("np.abs(U)", "(U)"),
    ],
    "21_one_neuron": [
        ("-sign[J]], axis", "sign[J]], axis"),
        ("- B @ mu", "+ B @ mu"),
        ("one + g", "one - g"),
        ("mu, -B.T @ u", "mu, B.T @ u"),
        ("1 if k < N else -1", "-1 if k < N else 1"),
        ("lstsq(A.T, t)[0]", "lstsq(A.T, -t)[0]"),
    ],
    "22_one_layer": [
        ("np.minimum(Z, 0))", "Z)"),
        ("Y + shrink * step", "Y"),
        ("np.abs(W3 - U2) - 1 / rho", "np.abs(W3 - U2) - 0 / rho"),
        ("U1 + W1 - W3.T @ X", "U1 + 0 * W1"),
        ("yield W2", "yield W3"),
        ("np.where(Omega, Y, V)) - radius", "np.where(Omega, Y, V)) + radius"),
        ("np.minimum(Q, 0))", "-np.minimum(Q, 0))"),
        ("room = 1 - np.abs(X @ Q.T)", "room = 1 + 9 * np.abs(X @ Q.T)"),
    ],
    "24_how_many_samples": [
        ("X[:, w @ X > 0]", "X"),
        ("-A[~on], -rows", "-A[~on], 0 * rows"),
        ("np.sign(w[on])", "2 * np.sign(w[on])"),
        ("on.sum(axis=1) +", "np.abs(on).sum(axis=1) +"),
        ("off > tau", "off < tau"),
        ("np.maximum(off - tau, 0) ** 2", "(off - tau) ** 2"),
    ],
}

# Lessons that show no algorithm yet
SILENT = {path.stem for path in LESSONS.glob("[12]*.py") if "from-scratch" not in path.read_text()}


def code(cells: list) -> list[tuple[list[str], str]]:
    """Tags and source of the code cells up to the last one that compares."""
    found = [(tags(cell), cell.source) for cell in cells if cell.cell_type == "code"]
    last = max((k for k, (names, _) in enumerate(found) if COMPARED in names), default=-1)
    return found[: last + 1]


def algorithms(cells: list) -> list[str]:
    """Sources of the from-scratch cells that a comparison follows."""
    return [source for names, source in code(cells) if ALGORITHM in names]


def run(sources: list[str], names: dict) -> dict:
    """Names after running cells in the folder of the lessons, with those before, quietly."""
    names = {
        key: copy.deepcopy(v) if isinstance(v, np.ndarray | np.random.Generator) else v
        for key, v in names.items()
    }
    with contextlib.chdir(LESSONS), contextlib.redirect_stdout(io.StringIO()):
        for source in sources:
            exec(compile(re.sub(r"^%.*$", "", source, flags=re.M), "<cell>", "exec"), names)
    return names


def unbroken(cells: list, breaks: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The slips that no assertion of the lesson notices; the lesson as it stands must pass."""
    found = code(cells)
    first = next(k for k, (names, _) in enumerate(found) if ALGORITHM in names)
    before = run([source for _, source in found[:first]], {"__name__": "__main__"})
    run([source for _, source in found[first:]], before)
    missed = []
    for old, new in breaks:
        changed = [
            source.replace(old, new) if ALGORITHM in names else source
            for names, source in found[first:]
        ]
        try:
            run(changed, before)
        except AssertionError:
            continue
        missed.append((old, new))
    return missed


def lines(source: str) -> int:
    """Lines of code: not the blank ones, comments and docstrings."""
    tree = ast.parse(re.sub(r"^%.*$", "", source, flags=re.M))
    return len(ast.unparse(_undocumented(tree)).splitlines())


def _undocumented(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def lesson(name: str) -> list:
    """Cells of a lesson."""
    return notebooks.read(LESSONS / f"{name}.py").cells


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_a_slip_in_an_algorithm_is_noticed_by_its_lesson(name):
    assert unbroken(lesson(name), BREAKS[name]) == []


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_breaks_are_of_the_lesson_and_reach_every_algorithm(name):
    found = algorithms(lesson(name))
    assert len(found) == sum(ALGORITHM in tags(cell) for cell in lesson(name))
    assert [old for old, _ in BREAKS[name] if sum(s.count(old) for s in found) != 1] == []
    assert [s for s in found if not any(old in s for old, _ in BREAKS[name])] == []


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_an_algorithm_is_short(name):
    assert [lines(s) for s in algorithms(lesson(name)) if lines(s) > LINES] == []


def test_every_lesson_from_10_on_shows_an_algorithm():
    numbered = {path.stem for path in LESSONS.glob("[12]*.py")}
    assert numbered - set(BREAKS) == SILENT


# The checks say no --------------------------------------------------------------------------------

LESSON = """\
# %% tags=["from-scratch"]
def half(x):
    return x / 2

# %%
print(half(3))

# %% tags=["compared"]
assert half(8) == 4
"""


def test_a_slip_that_nobody_notices_is_found(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(LESSON)
    cells = notebooks.read(path).cells
    slips = [("x / 2", "x / 3"), ("x / 2", "x // 2"), ("x / 2", "2")]
    assert unbroken(cells, slips) == [("x / 2", "x // 2")]
    path.write_text(LESSON.replace("== 4", "== 5"))
    with pytest.raises(AssertionError):
        unbroken(notebooks.read(path).cells, slips)


def test_lines_count_what_a_reader_has_to_follow():
    assert lines('def f(x):\n    """Half."""\n\n    # why\n    return x / 2\n') == 2
