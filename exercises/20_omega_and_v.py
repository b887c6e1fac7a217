# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,-all
#     notebook_metadata_filter: kernelspec,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 20: what a layer is asked to keep
#
# **The task.** Net-Trim asks new weights to follow a neuron where it is active and to stay silent
# where it is silent. Build the three arrays that say so - $Y$, $\Omega$, $V$ - for a layer whose
# input has already been changed by pruning below it. Then measure how far weights miss them.
#
# **You need** lesson 20, and numpy. **Time**: 20 minutes for the core, 15 to go further.
#
# **How it works.** Replace each `raise NotImplementedError` by your code, run the cell, run the
# check under it. `check.hint()` gives hints one by one; `check.solution()` opens when you are right,
# or after three tries. Every try draws other numbers.

# %%
# %matplotlib inline
import numpy as np

from kit.course.checks import Seen, judge, returns, same, takes
from kit.course.practice import exercise

# %% [markdown]
# ## The three arrays
#
# Samples are columns: $X \in R^{N \times P}$ enters the layer, neuron $m$ has the weights in column
# $m$ of $W \in R^{N \times M}$ and answers $\max(w_m^T x_p, 0)$ to sample $p$.
#
# - $Y \in R^{M \times P}$: what the **original** layer answers to the **original** input $X$.
# - $\Omega$: where it is active, $Y > 0$. It is a fact about the original network.
# - $V \in R^{M \times P}$: off $\Omega$ the new answer before the ReLU must be at most $V$. With the
#   original input, $V = 0$ does. With a changed input $\hat X$, the old weights themselves may be
#   above 0 there, and then no weights at all might be admissible. So the cascade allows what the old
#   weights do on the changed input, **before** the ReLU: $V = W^T \hat X$.
#
# **Guess first.** Is the old $W$ always admissible for $\hat X$ and this $V$? Where is the catch?


# %%
def layer(rng, N=6, M=4, P=25):
    """Weights, an input, and the input as a pruned layer below changes it."""
    W = rng.normal(size=(N, M))
    X = np.maximum(rng.normal(size=(N, P)), 0)
    return W, X, np.maximum(X + 0.4 * rng.normal(size=(N, P)), 0)


W, X, X_hat = layer(np.random.default_rng(0))
print(
    f"{np.mean(W.T @ X > 0):.0%} active; {np.mean((W.T @ X <= 0) & (W.T @ X_hat > 0)):.0%} wake up with the changed input"
)

# %% [markdown]
# ## First, a feel for it
#
# How much may the input change before silent neurons wake up? Guess the share for a change ten times
# as large, then try.

# %%
change = 0.4  # change it
noisy = np.maximum(X + change * np.random.default_rng(1).normal(size=X.shape), 0)
print(
    f"{np.mean((W.T @ X <= 0) & (W.T @ noisy > 0)):.0%} wake up, the largest to {(W.T @ noisy)[W.T @ X <= 0].max():.2f}"
)


# %% [markdown]
# ## Core: build them


# %%
def targets(W, X, X_hat):
    """Y (M, P), Omega (M, P) of booleans, V (M, P), as defined above."""
    raise NotImplementedError("your turn")


# %% tags=["check"]
@exercise(
    "20_omega_and_v",
    "targets",
    points=3,
    hints=(
        "Which of the three know about the changed input? Only one.",
        "Weights are columns: the answer of the layer to all samples at once is a product with W'.",
        "V is the limit before the ReLU: it may be negative, and then it is stricter than 0.",
    ),
)
def check(answer, seed=0):
    """Judge the three arrays by what they must allow and forbid."""
    rng = np.random.default_rng(seed)
    W, X, X_hat = layer(rng)
    shape = W.shape[1], X.shape[1]
    Z, Z_hat = W.T @ X, W.T @ X_hat

    def arrays(f):
        Y, Omega, V = f(W, X, X_hat)
        return np.asarray(Y, float), np.asarray(Omega), np.asarray(V, float)

    def boolean(f):
        return arrays(f)[1].dtype == bool  # exact: a type

    def admissible(f):
        """Whether the old weights are, on the changed input, off Omega."""
        _, Omega, V = arrays(f)
        over = np.where(Omega, -np.inf, Z_hat - V).max()
        return Seen(over < 1e-9, f"The old weights are above your V by {over:.3g} somewhere.")

    return judge(
        answer,
        takes("W", "X", "X_hat"),
        *returns(
            "three arrays of one row for each neuron",
            lambda f: [1.0 * np.asarray(a) for a in f(W, X, X_hat)],
            shape,
            shape,
            shape,
        ),
        ("return Omega as booleans", boolean),
        (
            "give what the original layer answers as Y",
            lambda f: same(arrays(f)[0], np.where(Z > 0, Z, 0)),
        ),
        (
            "mark as Omega where the original layer is active",
            lambda f: same(arrays(f)[1], Z > 0),
        ),
        ("give a V under which the old weights stay admissible", admissible),
        (
            "give a V that allows no more than that",
            lambda f: np.all(np.where(Z > 0, 0, arrays(f)[2] - Z_hat) < 1e-9),
        ),
        mistakes=(
            (lambda f: same(arrays(f)[0], Z), "Your Y is negative in places: where is the ReLU?"),
            (
                lambda f: same(arrays(f)[0], np.maximum(Z_hat, 0)),
                "Your Y belongs to the changed input. The target is what the original network did.",
            ),
            (
                lambda f: same(arrays(f)[1], Z_hat > 0),
                "Your Omega looks at the changed input. Who is active is decided by the original one.",
            ),
            (
                lambda f: same(arrays(f)[1], Z <= 0),
                "Omega is turned round: it marks the silent ones.",
            ),
            (
                lambda f: np.all(arrays(f)[1]),
                "Every entry is in your Omega: Y >= 0 always holds. When is a ReLU active?",
            ),
            (
                lambda f: np.abs(arrays(f)[2]).max() < 1e-9,
                "V = 0 is for the original input. With the changed one it can leave no weights at all.",
            ),
            (
                lambda f: same(arrays(f)[2], np.maximum(Z_hat, 0)),
                "Your V has gone through the ReLU. It is a limit for what goes in, and may be below 0.",
            ),
            (
                lambda f: same(arrays(f)[2], Z),
                "Your V is computed from the original input; the new weights will see the changed one.",
            ),
        ),
    )


# %%
check(targets)


# %% [markdown]
# ## Go further: how far weights miss
#
# For any weights $U$ and the input $\hat X$ that they see, two numbers:
# $r = |(U^T \hat X - Y)_\Omega|_F$, to be compared with $\epsilon$, and
# $v = \max (U^T \hat X - V)_+$ over the complement of $\Omega$, to be compared with 0.


# %%
def misses(U, X_hat, Y, Omega, V):
    """The numbers r and v."""
    raise NotImplementedError("your turn")


# %% tags=["check"]
@exercise(
    "20_omega_and_v",
    "misses",
    points=2,
    hints=(
        "Both look at U'X before the ReLU. r looks at Omega only, v everywhere else.",
        "A matrix indexed by booleans gives a vector, and its length is the Frobenius norm.",
    ),
)
def check_misses(answer, seed=0):
    """Judge the two numbers by changing weights and targets where it must and must not matter."""
    rng = np.random.default_rng(seed)
    W, X, X_hat = layer(rng)
    Z, Z_hat = W.T @ X, W.T @ X_hat
    Omega, U = Z > 0, W + rng.normal(size=W.shape)
    Y = np.where(Omega, Z, 0)
    over, below, active = 1.0, 0.0, 0.0
    while not 0 < over < min(below, active):  # else a wrong v can be the right number
        excess = rng.normal(-2, 2, Z.shape)
        over, below, active = excess[~Omega].max(), -excess[~Omega].min(), excess[Omega].max()
    V, error = U.T @ X_hat - excess, U.T @ X_hat - Y
    off = error[Omega]

    def both(f, U=U, Y=Y, V=V, Omega=Omega):
        return np.array(f(U, X_hat, Y, Omega, V), float)

    def bumped(array, where, by):
        return np.where(where, array + by, array)

    return judge(
        answer,
        takes("U", "X_hat", "Y", "Omega", "V"),
        *returns("two numbers", lambda f: f(U, X_hat, Y, Omega, V), (), ()),
        ("give v = 0 for the old weights", lambda f: abs(both(f, U=W, V=Z_hat + 2)[1]) < 1e-9),
        (
            "not look at Y off Omega, nor at V on it",
            lambda f: same(both(f), both(f, Y=bumped(Y, ~Omega, 3), V=bumped(V, Omega, -9))),
        ),
        ("grow as V falls", lambda f: np.isclose(both(f, V=V - 2)[1], both(f)[1] + 2)),
        (
            "give the length of the error on Omega as r",
            lambda f: Seen(np.isclose(both(f)[0] ** 2, off @ off), f"Yours is {both(f)[0]:.4g}."),
        ),
        ("give the largest excess as v", lambda f: np.isclose(both(f)[1], over)),
        mistakes=(
            (
                lambda f: np.isclose(
                    both(f)[0], np.linalg.norm(np.maximum(U.T @ X_hat, 0)[Omega] - Y[Omega])
                ),
                "In r the ReLU has been applied. The constraint is about what goes into it.",
            ),
            (
                lambda f: np.isclose(both(f)[0] ** 2, np.sum(error**2)),
                "Your r counts the silent entries too. They have a constraint of their own.",
            ),
            (lambda f: np.isclose(both(f)[0], off @ off), "Your r is the square of what is asked."),
            (
                lambda f: np.isclose(both(f)[0], np.abs(off).sum()),
                "Your r is a sum of absolute values: which norm is F?",
            ),
            (
                lambda f: np.isclose(both(f)[1], np.abs(excess[~Omega]).max()),
                "Being below V is no fault: v takes the positive part only.",
            ),
            (
                lambda f: not np.isclose(both(f)[1], both(f, V=bumped(V, Omega, -9))[1]),
                "Your v looks at the active entries too.",
            ),
        ),
    )


# %%
check_misses(misses)

# %% [markdown]
# ## What to take away
#
# - $\Omega$, where each neuron is active, is read off the original network, in the cascade too.
# - With $V = W^T \hat X$ the old weights are admissible off $\Omega$. The catch is on $\Omega$: there
#   $\epsilon$ must be large enough for them (exercise 23).
#
# **Source.** arXiv 1611.05162, supplement (S.1)-(S.3).
