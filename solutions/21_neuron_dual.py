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
# # Exercise 21: the dual of one neuron
#
# **The task.** How few weights, in the sense of $|u|_1$, can follow a neuron? Somebody hands you a
# vector $q$ with one number for each sample. Turn it into a lower bound - *any* $q$ gives one - and
# then into bounds that single weights cannot exceed.
#
# **You need** lesson 21, Hoelder's inequality, numpy. **Time**: 30 minutes for the core, 15 to go
# further.
#
# **How it works.** Replace each `raise NotImplementedError` by your code, run the cell, run the
# check under it. `check.hint()` gives hints one by one; `check.solution()` opens when you are right,
# or after three tries. Every try draws other numbers. `kit.nettrim.certificate` holds an answer too:
# it is on your honour not to read it first.

# %%
# %matplotlib inline
import numpy as np

from kit.course.checks import Seen, judge, returns, same, takes
from kit.course.practice import exercise
from kit.nettrim import NetTrim, solve

# %% [markdown]
# ## The argument
#
# One neuron, samples as columns of $X \in R^{N \times P}$, its answers $y \in R^P$, active on $\Omega$:
#
# $$\min |u|_1 \quad \text{s.t.} \quad |(X^T u - y)_\Omega|_2 \le \epsilon, \qquad
#   (X^T u)_C \le v_C, \qquad C = \Omega^c .$$
#
# Let $t$ be $y$ on $\Omega$ and $v$ on $C$. Take any $q \in R^P$ with $q_C \le 0$, and look at
# $q^T X^T u$ for a feasible $u$ from both sides:
#
# $$q^T X^T u = (X q)^T u \le |X q|_\infty |u|_1 , \qquad
#   q^T X^T u \ge q^T t - \epsilon \, |q_\Omega|_2 . \tag{1}$$
#
# The first is Hoelder. The second: on $\Omega$ the product $X^T u$ is within $\epsilon$ of $y$, on $C$
# it is below $v$ and $q$ is negative there. Both together bound $|u|_1$ from below. A $q$ with positive
# entries on $C$ is not lost: replace those by 0. And $|u|_1 \ge 0$ holds without any $q$.
#
# **Guess first.** What happens to the bound when $q$ is doubled?


# %%
def neuron(rng, N=8, P=30):
    """X (N, P), y (P,), Omega (P,), epsilon, v (P,), and an optimal pair (u, q)."""
    X = rng.normal(size=(N, P))
    w = rng.normal(size=N) * (rng.random(N) < 0.7)
    w[0] = 2.0
    z = X.T @ w
    y, Omega = np.maximum(z, 0), z > 0
    epsilon, v = 0.3 * np.linalg.norm(y), np.where(Omega, 0, 0.2 * rng.random(P))
    best = solve(NetTrim(X, y[None], epsilon, v[None], Omega[None]), tol=1e-9)
    return X, y, Omega, epsilon, v, best.W[:, 0], best.dual[0]


X, y, Omega, epsilon, v, u, q = neuron(np.random.default_rng(0))
print(f"{Omega.sum()} of {y.size} samples active; the optimum is {np.abs(u).sum():.6f}")

# %% [markdown]
# ## First, a feel for it
#
# All weights of the optimum multiplied by one number: how small can it be before the neuron is missed
# by more than epsilon? No other weights do better than the optimum; that is what is to be proved.

# %%
factor = 0.9  # change it
off = np.linalg.norm((factor * X.T @ u - y)[Omega])
print(f"|u|_1 = {factor * np.abs(u).sum():.4f}, misses by {off:.4f}, epsilon = {epsilon:.4f}")

# %% [markdown]
# ## Core: the bound


# %%
def lower_bound(X, y, Omega, epsilon, v, q):
    """A number that |u|_1 cannot be below; q (P,) is any vector for which X q, with q made
    admissible, is not 0.
    """
    ### BEGIN SOLUTION
    q = np.where(Omega, q, np.minimum(q, 0))
    t = np.where(Omega, y, v)
    return max(0.0, q @ t - epsilon * np.linalg.norm(q[Omega])) / np.abs(X @ q).max()
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "21_neuron_dual",
    "lower_bound",
    points=4,
    hints=(
        "Put the two inequalities of (1) one behind the other, then divide.",
        "Before anything else, make q admissible: nothing positive off Omega.",
        "A bound below 0 says less than |u|_1 >= 0.",
    ),
)
def check(answer, seed=0):
    """Judge a bound: never above the optimum, blind to scale, exact at the optimal dual."""
    rng = np.random.default_rng(seed)
    X, y, Omega, epsilon, v, u, q_best = neuron(rng)
    optimum = np.abs(u).sum()
    size = np.abs(q_best).max()
    q_good = q_best * rng.uniform(0.85, 1.15, q_best.size)
    q_good = np.where(Omega, q_good, -0.15 * size)
    q_bad = q_good + np.where(Omega, 0, 0.4 * size * (rng.random(q_best.size) < 0.5))
    t = np.where(Omega, y, v)

    def bound(f, q=q_good):
        return f(X, y, Omega, epsilon, v, q)

    def both_sides(f, q=q_good, ball=1, t=t, pull=np.max):
        """Whether (1) holds with equality when |u|_1 is the reader's bound."""
        admissible = np.where(Omega | (q < 0), q, 0)
        left = bound(f, q) * pull(np.abs(X @ admissible))
        return np.isclose(left + ball * epsilon * np.linalg.norm(q[Omega]), admissible @ t, 1e-7)

    def below(f):
        found = max(bound(f, q) for q in (q_good, q_best))
        return Seen(
            found <= optimum * (1 + 1e-6), f"Yours is {found:.4g}, the optimum {optimum:.4g}."
        )

    return judge(
        answer,
        takes("X", "y", "Omega", "epsilon", "v", "q"),
        *returns("a number", bound, ()),
        (
            "not change when q is doubled",
            lambda f: Seen(
                np.isclose(bound(f), bound(f, 2 * q_good)),
                f"Yours goes from {bound(f):.4g} to {bound(f, 2 * q_good):.4g}.",
            ),
        ),
        ("stay below the optimum", below),
        (
            "reach the optimum at the optimal dual",
            lambda f: Seen(
                np.isclose(bound(f, q_best), optimum, rtol=1e-4),
                f"There yours is {bound(f, q_best):.5g}, the optimum {optimum:.5g}.",
            ),
        ),
        ("be what (1) gives for another q", both_sides),
        (
            "take positive entries off Omega as 0",
            lambda f: both_sides(f, q_bad),
            "Right for a q that is negative off Omega. Others have to be made so first.",
        ),
        (
            "never be below 0",
            lambda f: bound(f, -np.abs(q_best)) > -1e-9,
            "Right where it is positive. A negative bound says less than |u|_1 >= 0.",
        ),
        mistakes=(
            (
                lambda f: both_sides(
                    f, ball=np.linalg.norm(q_good) / np.linalg.norm(q_good[Omega])
                ),
                "The ball holds on Omega only, so only that part of q is measured.",
            ),
            (
                lambda f: both_sides(f, pull=np.linalg.norm),
                "Which norm belongs to |u|_1? You divide by the Euclidean one.",
            ),
            (
                lambda f: both_sides(f, pull=np.sum),
                "You divide by the sum of |X q|. Hoelder pairs the sum with something else.",
            ),
            (
                lambda f: both_sides(f, ball=-1),
                "Your epsilon works for the bound. A larger ball must make it smaller.",
            ),
            (
                lambda f: both_sides(f, ball=0),
                "Where is epsilon? That bound is for a neuron that is followed exactly.",
            ),
            (
                lambda f: not np.isclose(q_good @ y, q_good @ t) and both_sides(f, t=y),
                "Your bound does not know v. Off Omega t is v, and it need not be 0.",
            ),
            (
                lambda f: both_sides(f, pull=lambda z: 1),
                "You have the numerator. (1) has |X q| on the other side.",
            ),
        ),
    )


# %%
check(lower_bound)


# %% tags=["answer"]
def by_normalising(X, y, Omega, epsilon, v, q):
    """Scale q so that |X q| is 1, then (1) is the bound itself."""
    q = q * (Omega | (q < 0))
    q = q / np.linalg.norm(X @ q, np.inf)
    return np.clip(
        q[Omega] @ y[Omega] + q[~Omega] @ v[~Omega] - epsilon * np.sqrt(q[Omega] @ q[Omega]),
        0,
        None,
    )


check(by_normalising)


# %% tags=["answer"]
def by_sums(X, y, Omega, epsilon, v, q):
    """Sample by sample."""
    total, square, pull = 0.0, 0.0, 0.0 * X[:, 0]
    for p in range(len(q)):
        if Omega[p]:
            total, square = total + q[p] * y[p], square + q[p] ** 2
        else:
            total += min(q[p], 0) * v[p]
        pull = pull + (q[p] if Omega[p] else min(q[p], 0)) * X[:, p]
    value = (total - epsilon * square**0.5) / abs(pull).max()
    return value if value > 0 else 0.0


check(by_sums)


# %% tags=["wrong"]
def pieces(X, y, Omega, epsilon, v, q):
    """Numerator's terms and X q. Mistake: the whole of q in the ball's term.

    Hint: The ball holds on Omega only
    """
    q = np.where(Omega, q, np.minimum(q, 0))
    return q, q @ np.where(Omega, y, v), epsilon * np.linalg.norm(q[Omega]), X @ q


def whole_q(X, y, Omega, epsilon, v, q):
    """The length of q, not of its part on Omega."""
    q, top, _, pull = pieces(X, y, Omega, epsilon, v, q)
    return max(0, top - epsilon * np.linalg.norm(q)) / np.abs(pull).max()


check(whole_q)

# %% tags=["wrong"]
# Mistake: divides by the Euclidean norm.
# Hint: by the Euclidean one
check(
    lambda *given, n=np.linalg.norm: (pieces(*given)[1] - pieces(*given)[2]) / n(pieces(*given)[3])
)

# %% tags=["wrong"]
# Mistake: divides by the sum.
# Hint: You divide by the sum
check(lambda *given: (pieces(*given)[1] - pieces(*given)[2]) / np.abs(pieces(*given)[3]).sum())

# %% tags=["wrong"]
# Mistake: the sign of epsilon.
# Hint: Your epsilon works for the bound
check(lambda *given: (pieces(*given)[1] + pieces(*given)[2]) / np.abs(pieces(*given)[3]).max())

# %% tags=["wrong"]
# Mistake: no epsilon.
# Hint: Where is epsilon
check(lambda *given: pieces(*given)[1] / np.abs(pieces(*given)[3]).max())

# %% tags=["wrong"]
# Mistake: v taken as 0.
# Hint: does not know v
check(lambda X, y, Omega, epsilon, v, q: lower_bound(X, y, Omega, epsilon, 0 * v, q))

# %% tags=["wrong"]
# Mistake: forgets to divide.
# Hint: You have the numerator
check(lambda *given: pieces(*given)[1] - pieces(*given)[2])


# %% tags=["wrong"]
def any_sign(X, y, Omega, epsilon, v, q):
    """Mistake: leaves q positive off Omega.

    Hint: Others have to be made so first
    """
    top = q @ np.where(Omega, y, v) - epsilon * np.linalg.norm(q[Omega])
    return max(0.0, top) / np.abs(X @ q).max()


check(any_sign)

# %% tags=["wrong"]
# Mistake: a negative bound is returned as it is.
# Hint: A negative bound says less
check(lambda *given: (pieces(*given)[1] - pieces(*given)[2]) / np.abs(pieces(*given)[3]).max())

# %% [markdown]
# ## Go further: weights that are proved to be small
#
# Scale $q$ so that $|X q|_\infty = 1$; by (1) the bound is then $q^T t - \epsilon \, |q_\Omega|_2$. Let $g$ be
# the absolute gap: some feasible $u$ has $|u|_1 = \text{bound} + g$. Then every optimal $u$ obeys
#
# $$\text{bound} \le (X q)^T u = \sum_j (X q)_j u_j \le |u|_1 - \sum_j \bigl( 1 - |(X q)_j| \bigr) |u_j|
#   \le \text{bound} + g - \bigl( 1 - |(X q)_j| \bigr) |u_j| .$$
#
# So where $|(X q)_j| < 1$, $|u_j|$ cannot be larger than ... what?


# %%
def largest_weights(X, q, gap):
    """For each weight, a number that |u_j| cannot exceed at any optimum; inf where nothing is proved.

    q (P,) is admissible but of any scale, gap >= 0 is absolute. Return (N,).
    """
    ### BEGIN SOLUTION
    size = np.abs(X @ q)
    slack = 1 - size / size.max()
    return np.where(slack > 1e-12, gap / np.where(slack > 1e-12, slack, 1), np.inf)
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "21_neuron_dual",
    "largest_weights",
    points=2,
    hints=(
        "Read the first and the last part of the chain of inequalities: bound <= bound + gap - ...",
        "Scale first. Then at least one weight has |(X q)_j| = 1: there nothing is proved.",
    ),
)
def check_weights(answer, seed=0):
    """Judge the numbers: blind to the scale of q, linear in the gap, true, and as good as can be."""
    rng = np.random.default_rng(seed)
    rest, pull = np.zeros(0, bool), np.zeros(0)
    while not np.any(pull[rest] < -0.2):  # weights pull either way
        X, *_, q = neuron(rng)
        q = q * rng.uniform(1.2, 1.8, q.size)
        pull = X @ q / np.abs(X @ q).max()
        first = np.argmax(np.abs(pull))
        rest = np.arange(len(pull)) != first
    gap = rng.uniform(0.05, 0.2)

    def most(f, q=q, gap=gap):
        with np.errstate(all="ignore"):
            return np.asarray(f(X, q, gap), float)

    def numbers(f):
        return most(f).shape == X.shape[:1] and not np.any(np.isnan(most(f)))  # exact: a shape

    def chain(f):
        """What the chain takes off on its way from |u|_1, if a weight is as large as they say."""
        return ((1 - np.abs(pull)) * most(f))[rest]

    return judge(
        answer,
        takes("X", "q", "gap"),
        ("return one number for each weight", numbers),
        (
            "prove nothing where |X q| is largest: inf, or huge by rounding",
            lambda f: np.abs(most(f)[first]) > 1e9 * gap,
        ),
        ("not change when q is doubled", lambda f: same(most(f)[rest], most(f, q=2 * q)[rest])),
        ("double with the gap", lambda f: same(2 * most(f)[rest], most(f, gap=2 * gap)[rest])),
        (
            "not be smaller than what is proved",
            lambda f: np.all(chain(f) > gap * (1 - 1e-9)),
        ),
        (
            "prove as much as the chain allows",
            lambda f: np.all(chain(f) < gap * (1 + 1e-9)),
        ),
        mistakes=(
            (
                lambda f: np.all(np.isposinf(most(f))),
                "Something is proved for all weights but one.",
            ),
            (
                lambda f: np.isclose(most(f)[first], gap),
                "You return the gap for all. What does 1 - |(X q)_j| do?",
            ),
            (
                lambda f: same(most(f)[rest], gap * (1 - np.abs(pull[rest]))),
                "You multiply where the chain wants a division.",
            ),
            (
                lambda f: same((most(f) * (1 - pull))[rest], np.full(rest.sum(), gap)),
                "A weight may pull either way: look at |(X q)_j|, not at (X q)_j.",
            ),
            (
                lambda f: same((most(f) * np.abs(pull))[rest], np.full(rest.sum(), gap)),
                "That is large where q pulls little. Those are the weights known to be small.",
            ),
            (
                lambda f: not same(most(f)[rest], most(f, q=2 * q)[rest]),
                "Scale q first, so that the largest |X q| is 1.",
            ),
        ),
    )


# %%
check_weights(largest_weights)


# %% tags=["answer"]
def weights_by_loops(X, q, gap):
    """Weight by weight."""
    size = np.linalg.norm(X @ q, np.inf)
    return np.array([gap * size / (size - abs(x @ q)) if abs(x @ q) < size else np.inf for x in X])


check_weights(weights_by_loops)

# %% tags=["wrong"]
# Mistake: the gap for every weight.
# Hint: You return the gap for all
check_weights(lambda X, q, gap: np.full(len(X), gap))

# %% tags=["wrong"]
# Mistake: multiplies.
# Hint: You multiply where
check_weights(
    lambda X, q, gap: np.where(
        largest_weights(X, q, gap) < np.inf, gap**2 / largest_weights(X, q, gap), np.inf
    )
)

# %% tags=["wrong"]
# Mistake: no absolute value.
# Hint: A weight may pull either way
check_weights(
    lambda X, q, gap: np.where(
        np.isinf(largest_weights(X, q, gap)),
        np.inf,
        gap / (1 - X @ q / np.abs(X @ q).max() + 1e-300),
    )
)

# %% tags=["wrong"]
# Mistake: divides by |X q| itself.
# Hint: That is large where q pulls little
check_weights(
    lambda X, q, gap: np.where(
        np.isinf(largest_weights(X, q, gap)), np.inf, gap * np.abs(X @ q).max() / np.abs(X @ q)
    )
)

# %% tags=["wrong"]
# Mistake: q is used as it comes.
# Hint: Scale q first
check_weights(
    lambda X, q, gap: np.where(
        np.isinf(largest_weights(X, q, gap)), np.inf, gap / np.abs(1 - np.abs(X @ q))
    )
)

# %% tags=["wrong"]
# Mistake: gives up.
# Hint: Something is proved for all weights but one
check_weights(lambda X, q, gap: np.full(len(X), np.inf))

# %% [markdown]
# ## What to take away
#
# - Any $q$ bounds $|u|_1$ from below; where the bound is $|u|_1$ of a feasible $u$, that $u$ is optimal.
# - The same $q$ proves of some weights that they are (nearly) zero at every optimum.
#
# **Source.** Derived; the program is that of arXiv 1611.05162, supplement (S.1), (S.3).
