# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 25: prune, then fit again
#
# **The task.** Net-Trim sets weights to zero, and makes the sum of all absolute values small. A refit
# keeps the zeros and lets the other values go where the data want them. Write it for a ReLU layer, beside the
# simplest rival of all: keep the largest weights.
#
# **You need** lesson 25, least squares. **Time**: 20 minutes for the core, 10 to go further.
#
# **How it works.** Replace each `raise NotImplementedError` by your code, run the cell, run the
# check under it. `check.hint()` gives hints one by one; `check.solution()` opens when you are right,
# or after three tries. Every try draws other numbers.

# %%
# %matplotlib inline
import numpy as np

from kit.course.checks import Seen, judge, returns, same, takes
from kit.course.practice import exercise
from kit.nettrim import NetTrim, solve

# %% [markdown]
# ## What the refit minimises
#
# $X \in R^{N \times P}$ enters, $Y \in R^{M \times P}$ is what the layer answered before pruning,
# $\Omega = \{Y > 0\}$, and $W$ has been pruned: many of its entries are exactly 0. Neuron by neuron,
#
# $$\min_u \sum_{p : (m, p) \in \Omega} (u^T x_p - y_{m p})^2
#   \quad \text{s.t.} \quad u_j = 0 \text{ where } W_{j m} = 0 . \tag{1}$$
#
# **Guess first.** Can a refit be worse than $W$ on the samples it was fitted to? And on others?


# %%
def layer(rng, N=8, M=3, P=60):
    """Input, answers, and weights that Net-Trim has pruned."""
    X = rng.normal(size=(N, P))
    Y = np.maximum(
        (rng.normal(size=(N, M)) * (rng.random((N, M)) < 0.6)).T @ X
        + 0.1 * rng.normal(size=(M, P)),
        0,
    )
    W = solve(NetTrim(X, Y, 0.4 * np.linalg.norm(Y)), tol=1e-6).W
    return X, Y, np.where(np.abs(W) > 1e-6, W, 0)


def miss(U, X, Y):
    """|(U'X - Y)_Omega|, for each neuron."""
    return np.array([np.linalg.norm((u @ X - y)[y > 0]) for u, y in zip(U.T, Y, strict=True)])


X, Y, W = layer(np.random.default_rng(0))
print(f"{np.mean(W == 0):.0%} zeros; on Omega the neurons miss by {np.round(miss(W, X, Y), 3)}")

# %% [markdown]
# ## First, a feel for it
#
# Stretch all weights of Net-Trim by one factor: which is best for the first neuron, and is it best for
# the others?

# %%
stretch = 1.1  # change it
print("missed by", np.round(miss(stretch * W, X, Y), 3))

# %% [markdown]
# ## Core: the refit


# %%
def refit(X, Y, W):
    """U (N, M): (1) for every neuron. A neuron without weights stays without."""
    ### BEGIN SOLUTION
    U = np.zeros_like(W)
    for m, y in enumerate(Y):
        keep = W[:, m] != 0
        U[keep, m] = np.linalg.lstsq(X[np.ix_(keep, y > 0)].T, y[y > 0])[0]
    return U
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "25_refit",
    "refit",
    points=3,
    hints=(
        "One neuron at a time: which rows of X belong to weights that are kept, which columns to Omega?",
        "`np.ix_(rows, columns)` cuts both ways; then it is an ordinary least-squares problem.",
    ),
)
def check(answer, seed=0):
    """Judge a refit by its support and by the normal equations."""
    rng = np.random.default_rng(seed)
    X, Y, W = layer(rng)
    W[:, 0] *= np.arange(len(W)) % 2
    W[1, :] = W[1, :] + (W[1, :] == 0)
    W[2, :] = 0
    W[3, 1:] = 0
    Omega = Y > 0

    def fit(f):
        return np.asarray(f(X, Y, W), float)

    def slope(f, on=Omega):
        """Gradient of (1) on the support, neuron by neuron."""
        E = np.where(on, fit(f).T @ X - Y, 0)
        return np.where(W != 0, X @ E.T, 0)

    def better(f):
        k = np.argmax(miss(fit(f), X, Y) - miss(W, X, Y))
        now, then = miss(W, X, Y)[k], miss(fit(f), X, Y)[k]
        return Seen(
            then <= now * (1 + 1e-9), f"Neuron {k} missed by {now:.4g} and now by {then:.4g}."
        )

    return judge(
        answer,
        takes("X", "Y", "W"),
        *returns("weights of the shape of W", fit, W.shape),
        ("keep every zero of W", lambda f: np.abs(fit(f)[W == 0]).max() < 1e-9),
        ("not miss by more than W did", better),
        ("make the gradient of (1) zero on the support", lambda f: np.abs(slope(f)).max() < 1e-7),
        mistakes=(
            (lambda f: same(fit(f), W), "Nothing has changed: these are the weights that came in."),
            (
                lambda f: np.abs(X @ np.where(Omega, fit(f).T @ X - Y, 0).T).max() < 1e-7,
                "All weights are fitted, the zeros of W too: the pruning is undone.",
            ),
            (
                lambda f: (
                    np.abs(fit(f)[W == 0]).max() < 1e-9 and np.abs(slope(f, on=True)).max() < 1e-7
                ),
                "You fit the silent samples as well. There the layer need not hit 0 before the ReLU.",
            ),
            (
                lambda f: same(np.where(W != 0, np.linalg.lstsq(X.T, Y.T)[0], 0), fit(f)),
                "You fit all weights and cut afterwards. Those that stay must make up for those that go.",
            ),
            (
                lambda f: (
                    np.any(fit(f))
                    and len({tuple(u) for u in (np.abs(fit(f).T) > 1e-9)}) < 2
                    and np.abs(fit(f)[2]).max() < 1e-9
                ),
                "Your neurons share one support. Each has its own.",
            ),
            (
                lambda f: same(
                    np.abs(fit(f)), np.abs(W) * (fit(f) / np.where(W == 0, 1, W)).max(axis=0)
                ),
                "You only stretch each neuron. Its weights can move one by one.",
            ),
        ),
    )


# %%
check(refit)


# %% tags=["answer"]
def by_normal_equations(X, Y, W):
    """The matrix of the active samples, cut to the support."""
    columns = []
    for w, y in zip(W.T, Y, strict=True):
        A, u = X[:, y > 0], np.zeros(len(w))
        s = np.flatnonzero(w)
        if s.size:
            u[s] = np.linalg.solve(A[s] @ A[s].T, A[s] @ y[y > 0])
        columns.append(u)
    return np.transpose(columns)


check(by_normal_equations)


# %% tags=["answer"]
def by_masked_rows(X, Y, W):
    """Rows of zeros for what is pruned: lstsq leaves their weights at 0."""
    U = [
        np.linalg.lstsq((X * (w != 0)[:, None] * (y > 0)).T, y * (y > 0))[0]
        for w, y in zip(W.T, Y, strict=True)
    ]
    return np.column_stack(U)


check(by_masked_rows)

# %% tags=["wrong"]
# Mistake: hands back W.
# Hint: Nothing has changed
check(lambda X, Y, W: W)

# %% tags=["wrong"]
# Mistake: no support.
# Hint: the pruning is undone
check(lambda X, Y, W: np.column_stack([np.linalg.lstsq(X[:, y > 0].T, y[y > 0])[0] for y in Y]))

# %% tags=["wrong"]
# Mistake: all samples.
# Hint: You fit the silent samples as well
check(
    lambda X, Y, W: np.column_stack(
        [np.linalg.lstsq((X * (w != 0)[:, None]).T, y)[0] for w, y in zip(W.T, Y, strict=True)]
    )
)

# %% tags=["wrong"]
# Mistake: fits, then cuts.
# Hint: cut afterwards
check(lambda X, Y, W: np.where(W != 0, np.linalg.lstsq(X.T, Y.T)[0], 0))

# %% tags=["wrong"]
# Mistake: the union of all supports.
# Hint: Your neurons share one support
check(lambda X, Y, W: refit(X, Y, np.any(W != 0, axis=1, keepdims=True) * np.ones(W.shape)))

# %% tags=["wrong"]
# Mistake: one factor for each neuron.
# Hint: You only stretch each neuron
check(
    lambda X, Y, W: (
        W
        * [
            max(1, (w @ X)[y > 0] @ y[y > 0] / np.sum((w @ X)[y > 0] ** 2)) + 0.3
            for w, y in zip(W.T, Y, strict=True)
        ]
    )
)

# %% [markdown]
# ## Go further: the rival
#
# Magnitude pruning sets the smallest weights to 0. For a fair comparison it must set exactly as many
# to 0 as asked for, over the whole matrix.


# %%
def largest(W, zeros):
    """W with its `zeros` smallest entries, in absolute value and over the whole matrix, set to 0."""
    ### BEGIN SOLUTION
    U = W.copy()
    U.flat[np.argsort(np.abs(W), axis=None)[:zeros]] = 0
    return U
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "25_refit",
    "largest",
    points=1,
    hints=(
        "Sort the absolute values of all entries.",
        "`argsort(..., axis=None)` numbers the entries as `.flat` does.",
    ),
)
def check_largest(answer, seed=0):
    """Judge magnitude pruning: the number of zeros, and which."""
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(7, 5)) * rng.uniform(0.2, 3, 5) + 0.1
    zeros = int(rng.integers(12, 22))
    border = np.sort(np.abs(W), axis=None)[zeros - 1 : zeros + 1].mean()
    ties = rng.permutation(np.where(np.arange(35) < zeros + 3, 1.0, -2.0)).reshape(7, 5)

    def cut(f):
        return np.asarray(f(W, zeros), float)

    def gone(f):
        return np.abs(cut(f)) < 1e-9

    def count(f):
        found = int(np.sum(gone(f)))
        return Seen(found == zeros, f"You set {found} to 0 where {zeros} are asked for.")

    return judge(
        answer,
        takes("W", "zeros"),
        *returns("weights of the shape of W", cut, W.shape),
        (
            "leave the entries that stay as they are",
            lambda f: np.all(gone(f) | (np.abs(cut(f) - W) < 1e-9)),
        ),
        ("set as many to 0 as asked for", count),
        ("set the smallest ones to 0", lambda f: same(gone(f), np.abs(W) < border)),
        (
            "count right when entries are equal",
            lambda f: np.sum(np.abs(f(ties, zeros)) < 1e-9) == zeros,  # exact: a number of zeros
            "Right while no two entries are equal. A threshold cannot tell equal ones apart.",
        ),
        ("do nothing when 0 zeros are asked for", lambda f: same(f(W, 0), W)),
        mistakes=(
            (
                lambda f: same(gone(f), np.abs(W) > np.sort(np.abs(W), axis=None)[-zeros - 1]),
                "You set the largest to 0.",
            ),
            (
                lambda f: np.sum(gone(f)) == W.size - zeros,  # exact: a number of zeros
                "You keep as many as should go.",
            ),
            (
                lambda f: same(gone(f), np.sort(W, axis=None)[zeros - 1] >= W),
                "Small means near 0, not very negative.",
            ),
            (
                lambda f: (
                    0 < np.sum(gone(f)) < W.size
                    and len(set(np.sum(gone(f), axis=0))) <= 2
                    and not same(gone(f), np.abs(W) < border)
                ),
                "You prune column by column. The whole matrix is one list.",
            ),
            (
                lambda f: not np.all(gone(f) | (np.abs(cut(f) - W) < 1e-9)),
                "The entries that stay have been changed: nothing is shrunk here.",
            ),
        ),
    )


# %%
check_largest(largest)


# %% tags=["answer"]
def by_sorting(W, zeros):
    """Python's own sort, of the numbers of the entries."""
    flat = W.ravel().copy()
    flat[sorted(range(W.size), key=lambda k: abs(flat[k]))[:zeros]] = 0
    return flat.reshape(W.shape)


check_largest(by_sorting)

# %% tags=["wrong"]
# Mistake: the largest go.
# Hint: You set the largest to 0
check_largest(
    lambda W, zeros: np.where(np.abs(W) > np.sort(np.abs(W), axis=None)[-zeros - 1], 0, W)
)

# %% tags=["wrong"]
# Mistake: keeps `zeros` entries.
# Hint: You keep as many as should go
check_largest(lambda W, zeros: largest(W, W.size - zeros))

# %% tags=["wrong"]
# Mistake: no absolute values.
# Hint: not very negative
check_largest(lambda W, zeros: np.where(np.sort(W, axis=None)[zeros - 1] >= W, 0, W))

# %% tags=["wrong"]
# Mistake: the same share of each column.
# Hint: You prune column by column
check_largest(
    lambda W, zeros: np.column_stack(
        [largest(w[:, None], zeros // 5 + (k < zeros % 5))[:, 0] for k, w in enumerate(W.T)]
    )
)

# %% tags=["wrong"]
# Mistake: soft instead of hard.
# Hint: nothing is shrunk here
check_largest(
    lambda W, zeros: (
        np.sign(W) * np.maximum(np.abs(W) - np.sort(np.abs(W), axis=None)[max(zeros - 1, 0)], 0)
    )
)

# %% tags=["wrong"]
# Mistake: a threshold.
# Hint: A threshold cannot tell
check_largest(
    lambda W, zeros: np.where(
        np.abs(W) <= (np.sort(np.abs(W), axis=None)[zeros - 1] if zeros else -1), 0, W
    )
)

# %% [markdown]
# ## What to take away
#
# - Once the support is chosen, the best values on $\Omega$ are a least-squares problem.
# - A refit loses the promise of Net-Trim: off $\Omega$ nothing holds it below 0. Measure it there.
# - Compare rivals at equal sparsity, counted over the same weights.
#
# **Source.** Derived; the comparison is that of lesson 25.
