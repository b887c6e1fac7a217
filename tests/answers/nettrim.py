"""Right answers to exercises 20 to 25, written from the tasks alone: three for each function."""

import math
from itertools import accumulate

import numpy as np
import scipy.linalg
from scipy.optimize import lsq_linear

# 20 ----------------------------------------------------------------------------------------------


def targets_by_clip(W, X, X_hat):
    Y = np.clip(W.T @ X, 0, None)
    return Y, Y > 0, W.T @ X_hat


def targets_by_einsum(W, X, X_hat):
    before, after = np.einsum("nm,anp->amp", W, np.array([X, X_hat]))
    active = before > 0
    return active * before, active, after


def targets_by_neurons(W, X, X_hat):
    Y, Omega, V = [], [], []
    for w in W.T:
        z = w @ X
        Y.append((z + np.abs(z)) / 2)
        Omega.append(np.sign(z) == 1)
        V.append(w @ X_hat)
    return np.array(Y), np.array(Omega), np.array(V)


def misses_by_where(U, X_hat, Y, Omega, V):
    Z = U.T @ X_hat
    r = np.linalg.norm(np.where(Omega, Z - Y, 0))
    return r, np.max(np.where(Omega, 0, np.maximum(Z - V, 0)))


def misses_by_lists(U, X_hat, Y, Omega, V):
    Z = U.T @ X_hat
    r = math.sqrt(sum((z - y) ** 2 for z, y in zip(Z[Omega], Y[Omega], strict=True)))
    return [r, max([0.0, *(Z - V)[~Omega]])]


def misses_by_masked_arrays(U, X_hat, Y, Omega, V):
    Z = U.T @ X_hat
    gap = np.ma.masked_array(Z - V, mask=Omega)
    top = 0.0 if gap.count() == 0 else max(0.0, float(gap.max()))
    return np.sqrt(np.sum(np.square(Z - Y), where=Omega)), top


# 21 ----------------------------------------------------------------------------------------------


def dual_by_parts(X, y, Omega, epsilon, v, q):
    on, off = q[Omega], np.minimum(q[~Omega], 0)
    pull = X[:, Omega] @ on + X[:, ~Omega] @ off
    value = on @ y[Omega] + off @ v[~Omega] - epsilon * math.hypot(*on)
    return max(0.0, value / abs(pull).max())


def dual_by_masks(X, y, Omega, epsilon, v, q):
    keep = np.where(Omega | (q < 0), q, 0)
    t = Omega * y + ~Omega * v
    ball = epsilon * np.sqrt(np.sum(keep**2, where=Omega))
    return np.maximum(keep @ t - ball, 0) / np.linalg.norm(keep @ X.T, ord=np.inf)


def dual_by_dictionary(X, y, Omega, epsilon, v, q):
    q = {p: x for p, x in enumerate(q) if Omega[p] or x < 0}
    earned = sum(x * (y if Omega[p] else v)[p] for p, x in q.items())
    paid = epsilon * sum(x * x for p, x in q.items() if Omega[p]) ** 0.5
    pull = [abs(sum(x * row[p] for p, x in q.items())) for row in X]
    return max(earned - paid, 0) / max(pull)


def weights_by_division(X, q, gap):
    pull = np.abs(X @ q) / np.max(np.abs(X @ q))
    with np.errstate(divide="ignore"):
        return gap / (1.0 - pull)


def weights_by_lists(X, q, gap):
    pulls = [abs(float(row @ q)) for row in X]
    top = max(pulls)
    return [math.inf if x == top else gap / (1 - x / top) for x in pulls]


def weights_by_scaling_first(X, q, gap):
    z = X @ (q / np.linalg.norm(X @ q, ord=np.inf))
    found = np.full(z.shape, np.inf)
    np.divide(gap, 1 - abs(z), out=found, where=abs(z) < 1 - 1e-13)
    return found


# 22 ----------------------------------------------------------------------------------------------


def epsilon_by_where(W, X_hat, Y, gamma):
    return math.sqrt(gamma * np.sum((W.T @ X_hat - Y) ** 2, where=Y > 0))


def epsilon_by_norm(W, X_hat, Y, gamma):
    return gamma**0.5 * np.linalg.norm((Y > 0) * (Y - W.T @ X_hat), "fro")


def epsilon_by_neurons(W, X_hat, Y, gamma):
    total = 0.0
    for w, y in zip(W.T, Y, strict=True):
        rest = X_hat.T[y > 0] @ w - y[y > 0]
        total += rest.dot(rest)
    return np.sqrt(total * gamma)


def promises_by_accumulate(epsilon, gammas, norms):
    steps = (g**0.5 * n for g, n in zip(gammas, norms, strict=True))
    return list(accumulate(steps, lambda D, s: D * s, initial=epsilon))


def promises_by_logarithms(epsilon, gammas, norms):
    growth = np.log(gammas) / 2 + np.log(norms)
    return epsilon * np.exp(np.concatenate([[0.0], np.cumsum(growth)]))


def promises_by_products(epsilon, gammas, norms):
    factors = np.sqrt(gammas) * norms
    return np.array([epsilon * np.prod(factors[:k]) for k in range(len(factors) + 1)])


# 23 ----------------------------------------------------------------------------------------------


def promised_by_logs(N, s, failure):
    return math.ceil((11 * s + 7) * (1 - math.log(failure, N)) * math.log(N))


def promised_by_hand(N, s, failure):
    return int(np.ceil((11 * s + 7) * (np.log(N) - np.log(failure))))


def promised_by_search(N, s, failure):
    low, high = 0, 1

    def fails(P):
        return N * math.exp(-P / (11 * s + 7)) > failure

    while fails(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fails(middle) else (low, middle)
    return high


def certificate_by_pinv(X, w):
    active, support = X.T @ w > 0, w != 0
    A = X[:, active]
    return A @ np.linalg.pinv(A[support]) @ np.sign(w[support])


def certificate_by_qr(X, w):
    A = X[:, w @ X > 0]
    S = np.flatnonzero(w)
    Q, R = np.linalg.qr(A[S].T)
    return A @ (Q @ scipy.linalg.solve_triangular(R, np.sign(w[S]), trans="T"))


def certificate_by_gram(X, w):
    S, A = np.nonzero(w)[0], X[:, np.dot(w, X) > 0]
    G = A @ A.T
    return G[:, S] @ scipy.linalg.solve(G[np.ix_(S, S)], np.sign(w[S]), assume_a="pos")


# 24 ----------------------------------------------------------------------------------------------


def refit_by_pinv(X, Y, W):
    U = np.zeros(W.shape)
    for m in range(W.shape[1]):
        keep, active = W[:, m] != 0, Y[m] > 0
        U[keep, m] = np.linalg.pinv(X[keep][:, active].T) @ Y[m, active]
    return U


def refit_by_bounds(X, Y, W):
    """Least squares with every other weight held between -0 and 0, as good as."""
    columns = []
    for w, y in zip(W.T, Y, strict=True):
        u = np.zeros(len(w))
        if w.any():
            u[w != 0] = lsq_linear(X[np.ix_(w != 0, y > 0)].T, y[y > 0], tol=1e-14).x
        columns.append(u)
    return np.column_stack(columns)


def refit_by_qr(X, Y, W):
    U = 0.0 * W
    for m, y in enumerate(Y):
        (S,) = np.nonzero(W[:, m])
        if S.size:
            Q, R = scipy.linalg.qr(X[S][:, y > 0].T, mode="economic")
            U[S, m] = scipy.linalg.solve_triangular(R, Q.T @ y[y > 0])
    return U


def largest_by_argsort(W, zeros):
    U = W.copy()
    U.ravel()[np.argsort(np.abs(W), axis=None)[:zeros]] = 0
    return U


def largest_by_sorting(W, zeros):
    order = sorted(np.ndindex(*W.shape), key=lambda place: abs(W[place]))
    return np.array(
        [
            [0.0 if (i, j) in order[:zeros] else W[i, j] for j in range(W.shape[1])]
            for i in range(len(W))
        ]
    )


def largest_by_ranks(W, zeros):
    rank = np.abs(W).ravel().argsort(kind="stable").argsort(kind="stable")
    return np.where(rank.reshape(W.shape) < zeros, 0.0, W)
