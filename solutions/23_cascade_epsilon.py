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
# # Exercise 23: how much room the cascade gives
#
# **The task.** In the cascade a layer is solved for the input that the pruned layers below it give.
# Its $\epsilon$ cannot be chosen freely: too small, and not even the old weights are admissible.
# Compute the right one, and from all of them the promise for the whole network.
#
# **You need** lesson 23, exercise 20, numpy. **Time**: 15 minutes for the core, 15 to go further.
#
# **How it works.** Replace each `raise NotImplementedError` by your code, run the cell, run the
# check under it. `check.hint()` gives hints one by one; `check.solution()` opens when you are right,
# or after three tries. Every try draws other numbers.

# %%
# %matplotlib inline
import numpy as np
from matplotlib.figure import Figure

from kit.course.checks import Seen, judge, returns, same, takes
from kit.course.practice import exercise

# %% [markdown]
# ## The rule
#
# $W$ (columns are neurons) are the old weights of a layer, $Y$ its old answers, $\Omega = \{Y > 0\}$,
# and $\hat X$ the input as the pruned layers below now deliver it. On $\hat X$ the old weights miss
# $Y$ by something; the cascade allows $\gamma \ge 1$ times the **square** of that:
#
# $$\epsilon^2 = \gamma \sum_{(m, p) \in \Omega} \bigl( w_m^T \hat x_p - y_{m p} \bigr)^2 . \tag{1}$$
#
# **Guess first.** For $\gamma = 1$, where do the old weights lie: inside the ball, on its surface?


# %%
def layer(rng, N=6, M=4, P=25):
    """Old weights, old answers, and the input as the pruned layers below deliver it."""
    W = rng.normal(size=(N, M))
    X = np.maximum(rng.normal(size=(N, P)), 0)
    return W, np.maximum(W.T @ X, 0), np.maximum(X + 0.4 * rng.normal(size=(N, P)), 0)


W, Y, X_hat = layer(np.random.default_rng(0))
print(f"{np.mean(Y > 0):.0%} active, |Y| = {np.linalg.norm(Y):.3f}")

# %% [markdown]
# ## First, a feel for it
#
# Each dot is a sample of a neuron: what it answered, and what its old weights make of the changed
# input. On the line nothing would be missed. Which dots count in (1), and which way do they miss it?

# %%
figure = Figure(figsize=(4, 3.6))
ax = figure.subplots()
ax.plot(Y.ravel(), (W.T @ X_hat).ravel(), "o", ms=3, color="#0072B2")
ax.plot([0, Y.max()], [0, Y.max()], color="#E69F00")
ax.set(xlabel="Y, the old answers", ylabel="old weights on the changed input")
figure

# %% [markdown]
# ## Core: epsilon


# %%
def cascade_epsilon(W, X_hat, Y, gamma):
    """epsilon of (1), a number; Omega is where Y > 0."""
    ### BEGIN SOLUTION
    return np.sqrt(gamma) * np.linalg.norm((W.T @ X_hat - Y)[Y > 0])
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "23_cascade_epsilon",
    "cascade_epsilon",
    points=3,
    hints=(
        "Which entries does the sum run over, and is the ReLU in it?",
        "(1) gives epsilon squared.",
    ),
)
def check(answer, seed=0):
    """Judge epsilon by which weights it admits."""
    rng = np.random.default_rng(seed)
    W, Y, X_hat = layer(rng)
    Z, Omega = W.T @ X_hat, Y > 0
    miss = np.linalg.norm((Z - Y)[Omega])

    def room(f, gamma=1.0, X=X_hat, Y=Y):
        return float(f(W, X, Y, gamma))

    return judge(
        answer,
        takes("W", "X_hat", "Y", "gamma"),
        *returns("a number", lambda f: f(W, X_hat, Y, 1.0), ()),
        (
            "double when gamma is four times as large",
            lambda f: room(f) > 0 and np.isclose(room(f, 4), 2 * room(f)),
        ),
        (
            "double when input and answers are doubled",
            lambda f: np.isclose(room(f, 1, 2 * X_hat, 2 * Y), 2 * room(f)),
        ),
        (
            "admit the old weights for gamma = 1",
            lambda f: Seen(
                room(f) >= miss * (1 - 1e-9),
                f"Yours is {room(f):.4g}, and they miss Y by {miss:.4g}.",
            ),
        ),
        (
            "have them on the surface of the ball for gamma = 1",
            lambda f: Seen(
                room(f) <= miss * (1 + 1e-9),
                f"Yours is {room(f):.4g}, and they miss Y by {miss:.4g}.",
            ),
        ),
        mistakes=(
            (
                lambda f: (
                    np.isclose(room(f, 4), 16 * room(f, 1) ** 2 / room(f, 1) / 4)
                    and np.isclose(room(f), miss)
                ),
                "gamma multiplies the square of epsilon, not epsilon.",
            ),
            (
                lambda f: np.isclose(room(f, 4), 4 * room(f)) and np.isclose(room(f), miss**2),
                "That is epsilon squared.",
            ),
            (lambda f: np.isclose(room(f, 4), room(f)), "gamma has no effect."),
            (
                lambda f: np.isclose(room(f, 1, 2 * X_hat, 2 * Y), room(f)),
                "You count entries: `a * Y > 0` compares after it multiplies. Brackets help.",
            ),
            (
                lambda f: np.isclose(room(f), miss / np.sqrt(Omega.sum())),
                "That is a mean over the entries, and (1) is a sum.",
            ),
            (
                lambda f: np.isclose(room(f), np.linalg.norm(Z - Y)),
                "The silent entries are in your sum. They have a limit of their own, V.",
            ),
            (
                lambda f: (
                    np.isclose(room(f), np.linalg.norm((np.maximum(Z, 0) - Y)[Omega]))
                    or np.isclose(room(f), np.linalg.norm(np.maximum(Z, 0) - Y))
                ),
                "You compare after the ReLU. The constraint of the program is before it.",
            ),
            (
                lambda f: np.isclose(room(f), np.linalg.norm((Z - Y)[Z > 0])),
                "Your Omega is where the changed input makes the layer active. It is where Y > 0.",
            ),
            (
                lambda f: np.isclose(room(f), np.abs((Z - Y)[Omega]).sum()),
                "A sum of absolute values is not the length of a vector.",
            ),
        ),
    )


# %%
check(cascade_epsilon)


# %% tags=["answer"]
def by_loops(W, X_hat, Y, gamma):
    """Entry by entry."""
    total = 0.0
    for m, p in zip(*np.nonzero(Y > 0), strict=True):
        total += (W[:, m] @ X_hat[:, p] - Y[m, p]) ** 2
    return (gamma * total) ** 0.5


check(by_loops)


# %% tags=["answer"]
def by_masking(W, X_hat, Y, gamma):
    """Zeros off Omega do not count."""
    E = (X_hat.T @ W).T - Y
    return np.sqrt(gamma * np.sum(E * E * (Y > 0)))


check(by_masking)

# %% tags=["wrong"]
# Mistake: gamma outside the root.
# Hint: not epsilon.
check(lambda W, X_hat, Y, gamma: gamma * cascade_epsilon(W, X_hat, Y, 1))

# %% tags=["wrong"]
# Mistake: no root.
# Hint: That is epsilon squared
check(lambda W, X_hat, Y, gamma: cascade_epsilon(W, X_hat, Y, gamma) ** 2)

# %% tags=["wrong"]
# Mistake: gamma forgotten.
# Hint: gamma has no effect
check(lambda W, X_hat, Y, gamma: cascade_epsilon(W, X_hat, Y, 1))

# %% tags=["wrong"]
# Mistake: all entries.
# Hint: The silent entries are in your sum
check(lambda W, X_hat, Y, gamma: np.sqrt(gamma) * np.linalg.norm(W.T @ X_hat - Y))

# %% tags=["wrong"]
# Mistake: after the ReLU.
# Hint: You compare after the ReLU
check(
    lambda W, X_hat, Y, gamma: (
        np.sqrt(gamma) * np.linalg.norm((np.maximum(W.T @ X_hat, 0) - Y)[Y > 0])
    )
)

# %% tags=["wrong"]
# Mistake: Omega of the changed input.
# Hint: Your Omega is where the changed input
check(
    lambda W, X_hat, Y, gamma: np.sqrt(gamma) * np.linalg.norm((W.T @ X_hat - Y)[W.T @ X_hat > 0])
)

# %% tags=["wrong"]
# Mistake: the sum norm.
# Hint: A sum of absolute values
check(lambda W, X_hat, Y, gamma: np.sqrt(gamma) * np.abs((W.T @ X_hat - Y)[Y > 0]).sum())

# %% tags=["wrong"]
# Mistake: a mask without brackets.
# Hint: You count entries
check(lambda W, X_hat, Y, gamma: np.sqrt(gamma) * np.linalg.norm((W.T @ X_hat - Y) * Y > 0))

# %% tags=["wrong"]
# Mistake: a mean.
# Hint: (1) is a sum
check(lambda W, X_hat, Y, gamma: np.sqrt(gamma * np.mean((W.T @ X_hat - Y)[Y > 0] ** 2)))

# %% [markdown]
# ## Go further: the promise
#
# Let $D_\ell = |\hat Y_\ell - Y_\ell|_F$ be what the pruned network's layer $\ell$ differs by. The first
# layer is solved with $\epsilon_1$, so $D_1 \le \epsilon_1$. For $\ell \ge 2$ the active entries of the
# pruned layer miss $Y_\ell$ by at most the $\epsilon_\ell$ of (1), the silent ones by what $V$ lets
# through; both are, but for $\sqrt{\gamma_\ell}$, what the old weights make of the changed input:
#
# $$D_\ell \le \sqrt{\gamma_\ell} \; |W_\ell^T (\hat Y_{\ell-1} - Y_{\ell-1})|_F
#   \le \sqrt{\gamma_\ell} \; |W_\ell|_2 \, D_{\ell-1} , \tag{2}$$
#
# with $|W|_2$ the largest singular value (lesson 23 has the proof). Return the promises for all layers.


# %%
def promises(epsilon, gammas, norms):
    """Bounds of D_1, D_2, ...: epsilon is that of layer 1; gammas and norms are for layers 2, 3, ...

    gammas (n,), norms (n,) of |W|_2; return n + 1 numbers.
    """
    ### BEGIN SOLUTION
    return epsilon * np.cumprod(np.r_[1.0, np.sqrt(gammas) * norms])
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "23_cascade_epsilon",
    "promises",
    points=2,
    hints=(
        "The first number is epsilon. Every other one is the number before it times something.",
        "That something is in (2), twice: a root and a norm.",
    ),
)
def check_promises(answer, seed=0):
    """Judge the promises by (2), from each layer to the next."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 6))
    gammas, norms = rng.uniform(1.1, 2, n), rng.uniform(0.5, 3, n)
    epsilon = rng.uniform(0.1, 0.5)

    def bounds(f, epsilon=epsilon, gammas=gammas, norms=norms):
        return np.asarray(f(epsilon, gammas, norms), float)

    def factors(f):
        return bounds(f)[1:] / bounds(f)[:-1]

    def steps(f):
        """The first factor that is not that of (2), as the reader has it."""
        wrong = ~np.isclose(factors(f), np.sqrt(gammas) * norms, rtol=1e-9)
        k = int(np.argmax(wrong))
        return Seen(
            not wrong.any(),
            f"Your number {k + 2} is {factors(f)[k]:.4g} times the one before it.",
        )

    return judge(
        answer,
        takes("epsilon", "gammas", "norms"),
        *returns(f"{n + 1} numbers for {n} gammas", bounds, (n + 1,)),
        ("begin with epsilon", lambda f: np.isclose(bounds(f)[0], epsilon)),
        ("double with epsilon", lambda f: same(bounds(f, 2 * epsilon), 2 * bounds(f), 1e-9)),
        ("grow from layer to layer as (2) says", steps),
        mistakes=(
            (
                lambda f: same(factors(f), gammas * norms, 1e-9),
                "gamma is for the square: (2) has its root.",
            ),
            (
                lambda f: same(factors(f), np.sqrt(gammas), 1e-9),
                "That is the promise for link-normalised layers. Here the norms differ from 1.",
            ),
            (lambda f: same(factors(f), norms, 1e-9), "Where are the gammas?"),
            (
                lambda f: same(factors(f), np.sqrt(gammas * norms), 1e-9),
                "gamma is under the root in (2), the norm is not.",
            ),
            (
                lambda f: same(bounds(f)[1:], epsilon * np.sqrt(gammas) * norms, 1e-9),
                "Every layer stands on the one below it, not on the first.",
            ),
            (
                lambda f: (
                    same(np.diff(bounds(f)), epsilon * np.sqrt(gammas) * norms, 1e-9)
                    or same(bounds(f)[1:], epsilon * np.cumsum(np.sqrt(gammas) * norms), 1e-9)
                ),
                "You add. In the parallel mode promises add up; in the cascade they multiply.",
            ),
            (
                lambda f: same(factors(f)[::-1], np.sqrt(gammas) * norms, 1e-9),
                "The layers come in the wrong order.",
            ),
        ),
    )


# %%
check_promises(promises)


# %% tags=["answer"]
def by_recursion(epsilon, gammas, norms):
    """(2), layer by layer."""
    found = [epsilon]
    for gamma, norm in zip(gammas, norms, strict=True):
        found.append(gamma**0.5 * norm * found[-1])
    return found


check_promises(by_recursion)

# %% tags=["wrong"]
# Mistake: gamma without a root.
# Hint: gamma is for the square
check_promises(lambda epsilon, gammas, norms: epsilon * np.cumprod(np.r_[1, gammas * norms]))

# %% tags=["wrong"]
# Mistake: no norms.
# Hint: That is the promise for link-normalised layers
check_promises(lambda epsilon, gammas, norms: epsilon * np.cumprod(np.r_[1, np.sqrt(gammas)]))

# %% tags=["wrong"]
# Mistake: no gammas.
# Hint: Where are the gammas
check_promises(lambda epsilon, gammas, norms: epsilon * np.cumprod(np.r_[1, norms]))

# %% tags=["wrong"]
# Mistake: no product over the layers.
# Hint: Every layer stands on the one below it
check_promises(lambda epsilon, gammas, norms: epsilon * np.r_[1, np.sqrt(gammas) * norms])

# %% tags=["wrong"]
# Mistake: a sum, as in the parallel mode.
# Hint: You add
check_promises(
    lambda epsilon, gammas, norms: epsilon * np.cumsum(np.r_[1, np.sqrt(gammas) * norms])
)

# %% tags=["wrong"]
# Mistake: from the last layer to the first.
# Hint: in the wrong order
check_promises(lambda epsilon, gammas, norms: promises(epsilon, gammas[::-1], norms[::-1]))

# %% tags=["wrong"]
# Mistake: the norms under the root as well.
# Hint: the norm is not
check_promises(
    lambda epsilon, gammas, norms: epsilon * np.sqrt(np.cumprod(np.r_[1, gammas * norms]))
)

# %% [markdown]
# ## What to take away
#
# - With (1) and $V = W^T \hat X$ the old weights are admissible in every layer from the second on, so
#   each of their programs has a solution.
# - The promises multiply: while the product of all $\sqrt{\gamma_\ell} \, |W_\ell|_2$ is near 1, the last
#   promise is near $\epsilon_1$.
#
# **Source.** arXiv 1611.05162, supplement (S.3) and Theorem 2; (2) for layers of any norm is derived.
