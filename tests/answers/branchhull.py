"""Right answers to exercises 10 to 18, written from the tasks alone: three for each function.

They differ on purpose in what rounding leaves: bisection, fixed points, closed forms, libraries.
"""

import math
from functools import reduce
from itertools import pairwise

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from scipy.optimize import brentq, minimize_scalar
from scipy.special import comb

from kit.branchhull.hull import project as given_projection

# 10 ----------------------------------------------------------------------------------------------


def measure_by_stacks(B, C, Z):
    return (B[:, None, :] @ Z @ C[:, :, None])[:, 0, 0]


def measure_by_features(B, C, Z):
    return scipy.linalg.khatri_rao(B.T, C.T).T @ Z.ravel()


def measure_by_svd(B, C, Z):
    U, s, Vt = np.linalg.svd(Z, full_matrices=False)
    return ((B @ U) * (C @ Vt.T)) @ s


def adjoint_by_einsum(B, C, nu):
    return np.einsum("l,lk,ln->kn", nu, B, C)


def adjoint_by_sparse(B, C, nu):
    return B.T @ (sp.diags_array(nu) @ C)


def adjoint_by_entries(B, C, nu):
    return [[math.fsum(nu * b * c) for c in C.T] for b in B.T]


def factors_by_eigenvectors(Z):
    h = np.linalg.eigh(Z @ Z.T)[1][:, -1]
    h = h if h[0] >= 0 else -h
    m = Z.T @ h
    size = math.sqrt(np.linalg.norm(m))
    return h * size, m / size


def factors_by_sparse_svd(Z):
    u, s, vt = sp.linalg.svds(Z, k=1, v0=np.ones(min(Z.shape)))
    h, m = u[:, 0] * s**0.5, vt[0] * s**0.5
    return (h, m) if h[0] > 0 else (-h, -m)


def factors_by_alternation(Z):
    m = Z[np.abs(Z).sum(axis=1).argmax()]
    for _ in range(5000):
        h = Z @ m / (m @ m)
        m = Z.T @ h / (h @ h)
    ratio = np.sqrt(np.linalg.norm(m) / np.linalg.norm(h)) * np.copysign(1.0, h[0])
    return ratio * h, m / ratio


# 11 ----------------------------------------------------------------------------------------------


def _kept(p, q, d, u, v):
    stay = np.logical_and.reduce([p >= 0, q >= 0, p * q >= d])
    return np.where(stay, p, u), np.where(stay, q, v)


def project_by_brent(p, q, d):
    """The logarithm t of u: the derivative of the distance changes its sign once, outside."""

    def one(p, q, d):
        if p >= 0 and q >= 0 and p * q >= d:
            return p, q
        if d == 0:
            return max(p, 0.0), max(q, 0.0)

        def slope(t):
            return (
                math.exp(2 * t)
                - p * math.exp(t)
                - d * d * math.exp(-2 * t)
                + d * q * (math.exp(-t))
            )

        start = math.log(d) / 2
        low, high = start - 1, start + 1
        while slope(low) > 0:
            low -= 1
        while slope(high) < 0:
            high += 1
        u = math.exp(brentq(slope, low, high, xtol=1e-14))
        return u, d / u

    return tuple(np.array([one(*each) for each in zip(p, q, d, strict=True)]).T)


def project_by_bisecting_mu(p, q, d):
    """(1) is linear in u and v for given mu in [0, 1): u = (p + mu q) / (1 - mu^2)."""
    low, high = np.zeros_like(p), np.ones_like(p)
    sum_, difference = p + q, p - q
    # u + v = (p + q) / (1 - mu), u - v = (p - q) / (1 + mu); p + q <= 0 needs mu > 1
    flip = sum_ <= 0
    low, high = np.where(flip, 1.0, low), np.where(flip, 1e16, high)

    def at(mu):
        with np.errstate(all="ignore"):
            return sum_ / (1 - mu), difference / (1 + mu)

    for _ in range(400):
        mu = np.where(flip, np.sqrt(low * high), (low + high) / 2)
        total, apart = at(mu)
        enough = total**2 - apart**2 >= 4 * d
        enough &= np.isfinite(total)
        up = np.where(flip, enough, ~enough)  # left of 1 the product grows with mu, right it falls
        low, high = np.where(up, mu, low), np.where(up, high, mu)
    apart = at((low + high) / 2)[1]
    total = np.sqrt(4 * d + apart**2)
    big = (total + np.abs(apart)) / 2
    small = np.divide(d, big, out=np.zeros_like(big), where=big > 0)
    return _kept(p, q, d, np.where(apart >= 0, big, small), np.where(apart >= 0, small, big))


def project_by_newton(p, q, d):
    """Newton in X on (3) written without a fraction, from the right end, guarded by bisection."""
    x, z = (p + q) / 2**0.5, (p - q) / 2**0.5
    low = np.maximum(np.maximum(x, 0), (x + abs(z)) / 2)
    high = np.maximum(np.sqrt(2 * d + z * z), low)
    X = high.copy()
    with np.errstate(all="ignore"):
        for _ in range(200):
            t = np.where(x < 2 * X, z / (2 * X - x), 0.0)
            g = X * X * (1 - t * t) - 2 * d
            slope = 2 * X * (1 - t * t) + 4 * X * X * t * t / (2 * X - x)
            low, high = np.where(g < 0, X, low), np.where(g < 0, high, X)
            step = X - g / slope
            X = np.where((step > low) & (step < high), step, (low + high) / 2)
    big = X * (1 + abs(t)) / 2**0.5
    small = np.divide(d, big, out=np.zeros_like(big), where=big > 0)
    return _kept(p, q, d, np.where(z >= 0, big, small), np.where(z >= 0, small, big))


def slack_by_formula(p, q, xi, d, project=project_by_newton):
    """The plane of (q, xi) turned by 45 degrees: q + xi counts, q - xi stays."""
    u, t = project(p, (q + xi) / math.sqrt(2), d / math.sqrt(2))
    a = (q - xi) / math.sqrt(2)
    return u, (t + a) / math.sqrt(2), (t - a) / math.sqrt(2)


def slack_by_shift(p, q, xi, d):
    """q and xi move by the same amount."""
    root2 = np.sqrt(2.0)
    u, t = project_by_bisecting_mu(p, (q + xi) / root2, d / root2)
    move = (t * root2 - q - xi) / 2
    return [u, q + move, xi + move]


def slack_by_brent(p, q, xi, d):
    u, t = project_by_brent(p, np.sqrt(0.5) * (q + xi), np.sqrt(0.5) * d)
    middle, half = t * np.sqrt(0.5), (q - xi) / 2
    return u, middle + half, middle - half


# 12 ----------------------------------------------------------------------------------------------


def bound_by_terms(Bt, Ct, d, al, be):
    """c^2 al and be / c^2 with both lengths equal: (2 S)^2 / (2 |.| |.|) with the lengths equal."""
    al, be = np.clip(al, 0, None), np.clip(be, 0, None)
    S = math.fsum(math.sqrt(a * b * e) for a, b, e in zip(al, be, d, strict=True))
    left, right = math.hypot(*(Bt.T @ al)), math.hypot(*(Ct.T @ be))
    return 2 * S * S / (left * right) if left * right > 0 else 0.0


def bound_by_minimising(Bt, Ct, d, al, be):
    """Half of (2 S)^2 over the smallest |.|^2 + |.|^2 of all scalings, found by a search."""
    al, be = (al + abs(al)) / 2, (be + abs(be)) / 2
    x, y = np.sum((al @ Bt) ** 2), np.sum((be @ Ct) ** 2)
    S = np.dot(np.sqrt(al * be), np.sqrt(d))
    if not x * y:
        return 0.0
    worst = minimize_scalar(lambda t: x * np.exp(t) + y * np.exp(-t), tol=1e-14).fun
    return 4 * S**2 / worst


def bound_by_directions(Bt, Ct, d, al, be):
    """min |h|^2 + |m|^2 with a'h + b'm >= 2 S is (2 S)^2 / (|a|^2 + |b|^2), after balancing."""
    al, be = np.where(al > 0, al, 0), np.where(be > 0, be, 0)
    a, b = np.einsum("lk,l->k", Bt, al), np.einsum("ln,l->n", Ct, be)
    na, nb = np.linalg.norm(a), np.linalg.norm(b)
    if min(na, nb) == 0:
        return 0
    c = np.sqrt(nb / na)
    both = np.concatenate([c * a, b / c])
    return (2 * np.sqrt(al * be * d).sum()) ** 2 / both.dot(both)


def feasible_by_ratio(Bt, Ct, d, h, m):
    need = max(d / ((Bt @ h) * (Ct @ m)))
    r = np.sqrt(np.linalg.norm(m) / np.linalg.norm(h))
    return h * (np.sqrt(need) * r), m * (np.sqrt(need) / r)


def feasible_by_loop(Bt, Ct, d, h, m):
    need = 0.0
    for b, c, e in zip(Bt, Ct, d, strict=True):
        need = max(need, e / (b @ h) / (c @ m))
    a = (need * math.sqrt(sum(m**2)) / math.sqrt(sum(h**2))) ** 0.5
    return [a * h, need / a * m]


def feasible_by_units(Bt, Ct, d, h, m):
    h, m = h / np.linalg.norm(h), m / np.linalg.norm(m)
    size = np.exp(0.25 * np.log(np.max(d / (Bt @ h * (Ct @ m))) ** 2))
    return size * h, size * m


# 13 ----------------------------------------------------------------------------------------------


def admm_by_cholesky(Bt, Ct, d, h, m, a, b, rho):
    p, q = given_projection(Bt @ h - a, Ct @ m - b, d)

    def solve(A, right):
        factor = scipy.linalg.cho_factor(A.T @ A + 2 / rho * np.eye(A.shape[1]))
        return scipy.linalg.cho_solve(factor, A.T @ right)

    h, m = solve(Bt, p + a), solve(Ct, q + b)
    return h, m, a + p - Bt @ h, b + q - Ct @ m


def admm_by_svd(Bt, Ct, d, h, m, a, b, rho):
    found = given_projection(Bt.dot(h) - a, Ct.dot(m) - b, d)
    new = []
    for A, target in zip((Bt, Ct), (found[0] + a, found[1] + b), strict=True):
        U, s, Vt = np.linalg.svd(A, full_matrices=False)
        new.append(Vt.T @ (s / (s**2 + 2 / rho) * (U.T @ target)))
    return (*new, a - (Bt @ new[0] - found[0]), b - (Ct @ new[1] - found[1]))


def admm_all_at_once(Bt, Ct, d, h, m, a, b, rho):
    A, x, t = scipy.linalg.block_diag(Bt, Ct), np.r_[h, m], np.r_[a, b]
    L, K = Bt.shape
    w = A @ x - t
    w = np.concatenate(given_projection(w[:L], w[L:], d))
    x = np.linalg.inv(2 * np.eye(len(x)) + rho * A.T @ A) @ (rho * A.T @ (w + t))
    t = t + w - A @ x
    return x[:K], x[K:], t[:L], t[L:]


def newton_by_blocks(Bt, Ct, d, h, m, mu):
    p, q = Bt @ h, Ct @ m
    s = p * q - d
    first = np.r_[2 * h - mu * Bt.T @ (q / s), 2 * m - mu * Ct.T @ (p / s)]
    hh = Bt.T * (mu * (q / s) ** 2) @ Bt + 2 * np.eye(h.size)
    mm = Ct.T * (mu * (p / s) ** 2) @ Ct + 2 * np.eye(m.size)
    hm = Bt.T * (mu * d / s**2) @ Ct
    return first, np.block([[hh, hm], [hm.T, mm]])


def newton_by_one_jacobian(Bt, Ct, d, h, m, mu):
    """F is |x|^2 - mu sum log s(x): its Hessian by the gradients and the Hessians of the s_l."""
    n, K = h.size + m.size, h.size
    p, q = Bt @ h, Ct @ m
    s = p * q - d
    J = np.hstack([q[:, None] * Bt, p[:, None] * Ct])
    H = 2.0 * np.identity(n) + mu * (J / s[:, None]).T @ (J / s[:, None])
    cross = np.zeros((n, n))
    for b, c, weight in zip(Bt, Ct, 1 / s, strict=True):
        cross[:K, K:] += weight * np.outer(b, c)
    return 2 * np.concatenate([h, m]) - mu * J.T @ (1 / s), H - mu * (cross + cross.T)


def newton_by_complex_steps(Bt, Ct, d, h, m, mu):
    K, x = h.size, np.r_[h, m].astype(complex)

    def gradient(x):
        p, q = Bt @ x[:K], Ct @ x[K:]
        s = p * q - d
        return 2 * x - mu * np.r_[Bt.T @ (q / s), Ct.T @ (p / s)]

    steps = 1e-30j * np.eye(x.size)
    return gradient(x).real, np.array([gradient(x + e).imag / 1e-30 for e in steps])


# 14 ----------------------------------------------------------------------------------------------


def measurements_by_counting(K, N, target):
    """Whole numbers only: 2^(L-1) P(L) is a sum of binomial coefficients."""
    k, L = K + N - 2, K + N - 1
    while sum(math.comb(L - 1, j) for j in range(k, L)) / 2 ** (L - 1) < target:
        L += 1
    return L


def measurements_by_recursion(K, N, target):
    """P(L + 1) - P(L) is half the chance of k - 1 heads in L - 1 tosses."""
    k, L, chance = K + N - 2, 1, 0.0
    chance = 1.0 if k <= 0 else 0.0
    while chance < target:
        chance += comb(L - 1, k - 1) / 2.0**L if k >= 1 else 0.0
        L += 1
    return np.int64(L)


def measurements_from_quantiles(K, N, target):
    from scipy.special import bdtrc

    Ls = np.arange(1, 40 * (K + N) + 400)
    with np.errstate(all="ignore"):
        chance = np.where(Ls > K + N - 2, bdtrc(K + N - 3, Ls - 1, 0.5), 0.0)
    chance = np.ones(len(Ls)) if K + N == 2 else chance
    return int(Ls[np.flatnonzero(chance >= target)[0]])


def half_by_pairs(L, wins, trials):
    for (a, r), (b, s) in pairwise(zip(L, wins, strict=True)):
        if 2 * r < trials <= 2 * s:
            return a + (b - a) * (trials / 2 - r) / (s - r)


def half_by_polyfit(L, wins, trials):
    k = int(np.argmax(np.asarray(wins) * 2 >= trials))
    slope, level = np.polyfit(L[k - 1 : k + 1], np.asarray(wins)[k - 1 : k + 1] / trials - 0.5, 1)
    return -level / slope


def half_by_brent(L, wins, trials):
    rate = np.array(wins) / trials
    k = next(k for k in range(len(rate)) if rate[k] >= 0.5)
    return brentq(lambda x: np.interp(x, L, rate) - 0.5, L[k - 1], L[k])


# 15 ----------------------------------------------------------------------------------------------


def smallest_by_clip(p, q, d):
    return np.clip(d / p - q, 0, None)


def smallest_by_deficit(p, q, d):
    missing = d - p * q
    return np.where(missing > 0, missing, 0) / p


def smallest_one_by_one(p, q, d):
    return [max(e / u - v, 0.0) for u, v, e in zip(p, q, d, strict=True)]


def balanced_by_norms(h, m, z, lam):
    def one(v):
        return np.linalg.norm(v, 1)

    c = ((one(m) + lam * one(z)) / one(h)) ** 0.5
    return h * c, m / c, z / c


def balanced_by_logarithms(h, m, z, lam):
    up, down = sum(abs(h)), sum(abs(m)) + lam * sum(abs(z))
    t = minimize_scalar(lambda t: up * math.exp(t) + down * math.exp(-t), tol=1e-15).x
    t = (math.log(down) - math.log(up)) / 2 if abs(t) > 1e-3 else t
    return np.exp(t) * h, np.exp(-t) * m, np.exp(-t) * z


def balanced_by_target(h, m, z, lam):
    price = np.abs(np.r_[m, lam * z]).sum()
    c = math.sqrt(price * np.abs(h).sum()) / np.abs(h).sum()
    return [c * h, *np.split(np.r_[m, z] / c, [len(m)])]


# 16 ----------------------------------------------------------------------------------------------


def matrices_by_kron(D, A, T):
    return np.kron(np.ones((T, 1)), D), np.kron(np.eye(T), A)


def matrices_by_scipy(D, A, T):
    return np.concatenate([D] * T), scipy.linalg.block_diag(*[A] * T)


def matrices_by_index(D, A, T):
    n, N = A.shape
    rows, cols = np.arange(n * T), np.arange(N * T)
    same_time = rows[:, None] // n == cols // N
    return D[rows % n], same_time * A[rows % n][:, cols % N]


def read_by_reshape(D, h, m, T):
    g = D @ h
    return g / g.mean(), g.mean() * m.reshape(T, -1)


def read_by_split(D, h, m, T):
    c = len(D) / (D @ h).sum()
    return c * (D @ h), np.array(np.split(m, T)) / c


def read_by_loops(D, h, m, T):
    g, N = np.array([row @ h for row in D]), len(m) // T
    mean = math.fsum(g) / len(g)
    return g / mean, [[mean * m[t * N + k] for k in range(N)] for t in range(T)]


# 17 ----------------------------------------------------------------------------------------------


def _operator(rows, cols):
    def steps(n):
        return sp.diags_array([-np.ones(n - 1), np.ones(n - 1)], offsets=[0, 1], shape=(n - 1, n))

    vertical = sp.kron(sp.eye_array(cols), steps(rows))
    return sp.vstack([vertical, sp.kron(steps(cols), sp.eye_array(rows))]).tocsr()


def differences_by_matrix(w, rows, cols):
    return _operator(rows, cols) @ w


def differences_by_transpose(w, rows, cols):
    turned = w.reshape(cols, rows)  # one column of the image in each row
    return np.hstack([np.diff(turned, axis=1).ravel(), np.diff(turned, axis=0).ravel()])


def differences_by_stride(w, rows, cols):
    number = np.arange(rows * cols)
    below = number[number % rows < rows - 1]
    right = number[: rows * (cols - 1)]
    return np.r_[w[below + 1] - w[below], w[right + rows] - w[right]]


def back_by_matrix(v, rows, cols):
    return _operator(rows, cols).T @ v


def back_by_bincount(v, rows, cols):
    number = np.arange(rows * cols)
    tail = np.r_[number[number % rows < rows - 1], number[: rows * (cols - 1)]]
    head = tail + np.repeat([1, rows], [(rows - 1) * cols, rows * (cols - 1)])
    n = rows * cols
    return np.bincount(head, v, n) - np.bincount(tail, v, n)


def back_by_padding(v, rows, cols):
    down = v[: (rows - 1) * cols].reshape(cols, rows - 1)
    across = v[(rows - 1) * cols :].reshape(cols - 1, rows)
    down = -np.diff(np.pad(down, ((0, 0), (1, 1))), axis=1)
    return (down - np.diff(np.pad(across, ((1, 1), (0, 0))), axis=0)).flatten()


def tv_by_maxima(back, C, d, al, be, u, mu):
    al, be = np.maximum(al, 0), np.maximum(be, 0)
    high = max(np.abs(u).max(), ((al - back) / mu).max())
    return 2 * np.sqrt(al * be * d).sum() / np.sqrt(high * np.abs(C.T @ be).max())


def tv_by_loops(back, C, d, al, be, u, mu):
    al, be = [max(float(a), 0.0) for a in al], [max(float(b), 0.0) for b in be]
    S = math.fsum(math.sqrt(a * b * e) for a, b, e in zip(al, be, d, strict=True))
    first = max([abs(x) for x in u] + [(a - r) / mu for a, r in zip(al, back, strict=True)])
    second = max(abs(sum(b * c for b, c in zip(be, col, strict=True))) for col in C.T)
    return 2 * S * (first * second) ** -0.5


def tv_by_rescaling(back, C, d, al, be, u, mu):
    """Everything of the first half divided by theta_h, of the second by theta_m; then 2 S."""
    al, be = al.clip(min=0), be.clip(min=0)
    rest = al - back
    scale = reduce(max, [np.linalg.norm(u, np.inf), rest.max() / mu])
    return 2 * np.sum(np.sqrt(al / scale) * np.sqrt(be / np.linalg.norm(be @ C, np.inf) * d))
