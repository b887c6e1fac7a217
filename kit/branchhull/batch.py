"""Many small instances of one size at once: guess and certify with stacked arrays.

The method is that of guess/newton.py, step for step, and its docstring has the formulas. A small
instance spends most of its time between the calls of numpy; here one call serves a whole chunk of
them, and a chunk is small enough to stay in the cache. What differs: all rows are used, Gram
matrices are solved by numpy's stacked `solve`, and an instance whose guess is not certified goes
to `solve`, alone. So an instance near or below the transition, or a noisy one, costs what it costs
there.
"""

from dataclasses import dataclass

import numpy as np

from kit.arguments import number, real_array
from kit.branchhull.guess.newton import CLOSE, POLISH, REFLECTIONS, REWEIGHTED, RIDGE, TIGHT
from kit.branchhull.problem import Bilinear, BranchHull
from kit.branchhull.solve import solve
from kit.results import Array, Status
from kit.rounding import growth, up

CHUNK = 16  # instances at once: the stacks of a few dozen unknowns then fit the cache
NEWTON, PATIENCE = 14, 8  # the most Newton steps, and those before one that gains nothing ends it
REFLECT = 1.8  # a negative weight becomes so many times its size
SMALLEST = 1e-140  # norm of a row whose squares are numbers of full precision


@dataclass(frozen=True, eq=False)
class Batch:
    """Answers to n instances of one size, each with its own certificate.

    h, m are feasible with |h| = |m| where upper is finite. lower <= optimum <= upper hold in exact
    arithmetic, by the formulas of certificate.py, for the dual (al, be) that stands here.
    """

    h: Array  # (n, K)
    m: Array  # (n, N)
    dual: Array  # (n, 2, L); NaN never, 0 where a method had none
    upper: Array  # (n,)
    lower: Array  # (n,)
    gap: Array  # (n,)
    status: tuple[Status, ...]  # n of them
    guessed: Array  # (n,) True where the guess was certified, False where `solve` was called

    def __repr__(self) -> str:
        solved = sum(one is Status.SOLVED for one in self.status)
        return (
            f"Batch({len(self.gap)} instances, {solved} certified, "
            f"{int(self.guessed.sum())} of them by the guess)"
        )


def solve_batch(B: Array, C: Array, y: Array, signs: Array, tol: float = 1e-8) -> Batch:
    """Solve n instances of the l2 program; SOLVED means a certified gap <= tol, one by one.

    B (n, L, K), C (n, L, N), y (n, L), signs (n, L)  as in Bilinear, with one more axis in front

    Instances whose guess is not certified are solved by `solve`, one at a time. Raises ValueError
    for shapes that do not match, numbers that are not finite and real, or signs that are not +-1.
    """
    tol = number("tol", tol, least=0)
    B, C = real_array("B", B, 3), real_array("C", C, 3)
    y, signs = real_array("y", y, 2), real_array("signs", signs, 2)
    n, L = y.shape
    for name, stack in (("B", B), ("C", C), ("signs", signs)):
        if stack.shape[:2] != (n, L):
            raise ValueError(
                f"{name} must hold {n} instances of {L} rows, as y does, got shape {stack.shape}"
            )
    strange = signs[np.abs(signs) != 1]
    if strange.size:
        raise ValueError(f"signs must be -1 or 1, got {strange[0]:g}")
    K, N = B.shape[2], C.shape[2]
    h, m, dual = np.zeros((n, K)), np.zeros((n, N)), np.zeros((n, 2, L))
    upper, lower = np.full(n, np.inf), np.full(n, -np.inf)
    if L >= K + N:  # else the equations do not determine a point
        for first in range(0, n, CHUNK):
            some = slice(first, first + CHUNK)
            with np.errstate(all="ignore"):  # a wild guess is not certified, that is all
                h[some], m[some], dual[some], upper[some], lower[some] = _guess(
                    B[some], C[some], y[some], signs[some]
                )
    with np.errstate(all="ignore"):
        gap = np.where(np.isfinite(lower), (upper - lower) / upper, np.inf)  # NaN: no upper
    guessed = gap <= tol
    status = [Status.SOLVED] * n
    for i in np.flatnonzero(~guessed):
        answer = solve(BranchHull(Bilinear(B[i], C[i], y[i], signs[i])), tol=tol)
        h[i], m[i], status[i] = answer.h, answer.m, answer.report.run.status
        dual[i] = 0.0 if answer.dual is None else answer.dual
        proof = answer.report.certificate
        upper[i], lower[i], gap[i] = proof.upper, proof.lower, proof.gap
    return Batch(h, m, dual, upper, lower, gap, tuple(status), guessed)


def _guess(B: Array, C: Array, y: Array, signs: Array) -> tuple[Array, ...]:
    """h, m, dual, upper, lower of a chunk; upper and lower are NaN or useless where it failed.

    Rows have norm 1, so the roundings of p = B h are below growth(K) |h|, those of B'al below
    growth(L) sum al in the 2-norm; the 12 more cover units and square roots.
    """
    B, C, d, zoom, of_al, of_be = _canonical_unit_rows(B, C, y, signs)
    (_, L, K), N = B.shape, C.shape[2]
    h, m, p, q, inverse = _points(B, C, d)
    size_h, size_m = np.linalg.norm(h, axis=1), np.linalg.norm(m, axis=1)
    p = p - growth(K + 12) * size_h[:, None]  # what is surely reached
    q = q - growth(N + 12) * size_m[:, None]
    inside = (p.min(axis=1) > 0) & (q.min(axis=1) > 0)
    reach = np.where(inside, np.max(d / (p * q), axis=1) * up(0), np.inf)
    upper = 2 * size_h * size_m * reach * zoom[:, 0] ** 2 * up(K + N)
    al, be = _weights(B, C, h, m, p, q, inverse, inside & (reach < 1 + 1e-6))
    S = np.sum(np.sqrt(al * be * d), axis=1)
    a = np.linalg.norm(_columns(al, B), axis=1) + growth(L + 12) * al.sum(axis=1)
    b = np.linalg.norm(_columns(be, C), axis=1) + growth(L + 12) * be.sum(axis=1)
    lower = 2 * (S / a) * (S / b) * zoom[:, 0] ** 2 / up(K + N) / up(L) ** 2
    h = h * zoom * np.sqrt(reach * size_m / size_h)[:, None]
    m = m * zoom * np.sqrt(reach * size_h / size_m)[:, None]
    return h, m, np.stack([of_al * al, of_be * be], axis=1), upper, lower


def _canonical_unit_rows(B: Array, C: Array, y: Array, signs: Array) -> tuple[Array, ...]:
    """Canonical form with rows of norm 1, max d = 1, as `normalise` makes it, and the units."""
    size_B = np.sqrt(np.einsum("nlk,nlk->nl", B, B))
    size_C = np.sqrt(np.einsum("nlk,nlk->nl", C, C))
    for size in (size_B, size_C):
        size[size < SMALLEST] = np.nan  # squares that underflow are no norms: left to `solve`
    B = B * (signs / size_B)[:, :, None]
    C = C * (signs * np.sign(y) / size_C)[:, :, None]
    d = np.abs(y) / size_B / size_C
    largest = np.max(d, axis=1, keepdims=True)
    return B, C, d / largest, np.sqrt(largest), 1 / size_B, 1 / size_C


def _points(B: Array, C: Array, d: Array) -> tuple[Array, ...]:
    """h, m with p q = d as nearly as Gauss-Newton gets it, p, q, and inverse Gram matrices."""
    root, K = np.sqrt(d), B.shape[2]
    h, m = _columns(root, B), _columns(root, C)
    h, m = _balance(h * np.median(d / np.abs(_rows(B, h) * _rows(C, m)), axis=1)[:, None], m)
    # far from the answer half the digits do: float32
    z, gram, left = _newton(np.concatenate([B, C], axis=2, dtype=np.float32), d, h, m)
    inverse, h, m = np.linalg.inv(gram), z[:, :K].astype(float), z[:, K:].astype(float)
    for _ in range(POLISH):
        p, q = _rows(B, h), _rows(C, m)
        w = 1 / np.hypot(p, q)
        miss = w * (d - p * q)
        if not np.any((np.abs(miss) > 1e-12 * w * d).any(axis=1) & (left < CLOSE)):
            break
        right = np.concatenate([_columns(w * q * miss, B), _columns(w * p * miss, C)], axis=1)
        step = _rows(inverse, right.astype(np.float32))
        h, m = _balance(h + step[:, :K], m + step[:, K:])
    return h, m, _rows(B, h), _rows(C, m), inverse


def _newton(A: Array, d: Array, h: Array, m: Array) -> tuple[Array, Array, Array]:
    """z = (h, m) to a relative residual of CLOSE, the Gram matrices there, the residuals."""
    n, K = h.shape
    d, z = d.astype(A.dtype), np.concatenate([h, m], axis=1, dtype=A.dtype)
    gram = np.empty((n, z.shape[1], z.shape[1]), A.dtype)
    left, going = np.full(n, np.inf), np.arange(n)
    for k in range(NEWTON):
        A_, d_, z_ = (A, d, z) if going.size == n else (A[going], d[going], z[going])
        p, q = _rows(A_[:, :, :K], z_[:, :K]), _rows(A_[:, :, K:], z_[:, K:])
        w = 1 / np.hypot(p, q)
        miss, last = w * (d_ - p * q), left[going]
        left[going] = np.linalg.norm(miss, axis=1) / np.linalg.norm(w * d_, axis=1)
        J = _jacobian(A_[:, :, :K], A_[:, :, K:], w * q, w * p)
        gram[going] = G = _gram(J, z_, K)
        step = z_ + np.linalg.solve(G, _columns(miss, J)[:, :, None])[:, :, 0]
        z[going] = np.concatenate(_balance(step[:, :K], step[:, K:]), axis=1)
        going = going[(left[going] > CLOSE) & ((k < PATIENCE) | (left[going] < 0.9 * last))]
        if not going.size:
            break
    return z, gram, left


def _weights(
    B: Array, C: Array, h: Array, m: Array, p: Array, q: Array, inverse: Array, worth: Array
) -> tuple[Array, Array]:
    """(al, be) = nu w (q, p) with J'nu = 2 (h, m) and nu >= 0; more work where it is `worth` it."""
    w = 1 / np.hypot(p, q)
    J, z = _jacobian(B, C, w * q, w * p), 2 * np.concatenate([h, m], axis=1).astype(np.float32)
    size = np.linalg.norm(z, axis=1)
    nu = np.ones(p.shape, np.float32)
    nu *= (size**2 / np.sum(_columns(nu, J) * z, axis=1))[:, None]
    for _ in range(REFLECTIONS):
        rest = z - _columns(nu, J)
        going = np.linalg.norm(rest, axis=1) > TIGHT * size
        if not going.any():
            break
        nu += _rows(J, _rows(inverse, rest))
        nu = np.where(nu < 0, -REFLECT * nu, nu)
    going = np.flatnonzero(going & worth)
    if going.size:
        nu[going] = _reweighted(J[going], z[going], B.shape[2])
    return nu * (w * q), nu * (w * p)


def _reweighted(J: Array, z: Array, K: int) -> Array:
    """nu > 0 with J'nu = z, by steps that are least squares relative to nu itself."""
    nu = np.ones(J.shape[:2], np.float32)
    nu *= (np.sum(z * z, axis=1) / np.sum(_columns(nu, J) * z, axis=1))[:, None]
    for _ in range(REWEIGHTED):
        unit = np.sqrt(np.mean(nu * nu, axis=1))[:, None]
        V = (nu / unit)[:, :, None] * J
        right = (z - _columns(nu, J)) / unit
        ratio = _rows(V, np.linalg.solve(_gram(V, z, K), right[:, :, None])[:, :, 0])
        step = np.minimum(1, 0.9 / np.maximum(-ratio.min(axis=1), 0.1))[:, None]
        nu = nu * (1 + step * ratio)
        if np.all(step == 1):
            break
    return nu


def _rows(A: Array, x: Array) -> Array:
    """A x, (n, rows)."""
    return np.matmul(A, x[:, :, None])[:, :, 0]


def _columns(v: Array, A: Array) -> Array:
    """A'v, (n, columns)."""
    return np.matmul(v[:, None, :], A)[:, 0]


def _balance(h: Array, m: Array) -> tuple[Array, Array]:
    """(c h, m / c) with |c h| = |m / c|."""
    c = np.sqrt(np.linalg.norm(m, axis=1) / np.linalg.norm(h, axis=1))[:, None]
    return c * h, m / c


def _jacobian(B: Array, C: Array, of_B: Array, of_C: Array) -> Array:
    """Rows w (q b, p c), (n, L, K + N), in float32: it only has to point the way."""
    K = B.shape[2]
    J = np.empty((*B.shape[:2], K + C.shape[2]), np.float32)
    np.multiply(B, of_B[:, :, None], out=J[:, :, :K], casting="same_kind")
    np.multiply(C, of_C[:, :, None], out=J[:, :, K:], casting="same_kind")
    return J


def _gram(J: Array, z: Array, K: int) -> Array:
    """J'J, made definite in the direction (h, -m) that no measurement sees, and by a trace of I."""
    u = np.where(np.arange(z.shape[1]) < K, z, -z)
    size = J.shape[1] / J.shape[2]  # the mean eigenvalue, for rows of about norm 1
    u *= np.sqrt(size) / np.linalg.norm(u, axis=1)[:, None]
    G = np.matmul(J.transpose(0, 2, 1), J) + u[:, :, None] * u[:, None, :]
    i = np.arange(J.shape[2])
    G[:, i, i] += np.float32(RIDGE * size)
    return G
