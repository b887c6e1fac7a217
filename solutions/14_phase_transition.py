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
# # Exercise 14: how many measurements, and reading it off an experiment
#
# **The task.** Noiseless BranchHull with Gaussian $B$ and $C$ succeeds with a probability that is
# known exactly. Turn the law into a number of measurements, and read the same number off the counts
# of an experiment.
#
# **You need** lesson 14, the binomial distribution, numpy and scipy. **Time**: 20 minutes for the
# core, 15 to go further.
#
# **How it works.** Replace each `raise NotImplementedError` by your code, run the cell, run the
# check under it. `check.hint()` gives hints one by one; `check.solution()` opens when you are right,
# or after three tries. Every try draws other numbers.

# %%
# %matplotlib inline
import numpy as np
from scipy.stats import binom

from kit.course.checks import Seen, judge, returns, takes
from kit.course.practice import exercise

# %% [markdown]
# ## The law
#
# Success means that 0 lies in the convex hull of $L$ random vectors in dimension $K + N - 2$ whose
# law is symmetric. Wendel (1962) counted the sign patterns for which it does:
#
# $$P(L) = P\bigl( \mathrm{Bin}(L - 1, \tfrac12) \ge K + N - 2 \bigr) . \tag{1}$$
#
# ## First, a feel for it
#
# One can see it by drawing vectors. In the plane ($K + N = 4$), 0 is outside the hull of $L$ vectors
# exactly when all of them lie in one open half plane:

# %%
rng = np.random.default_rng(0)
for L in (3, 5, 7):  # put in the L at which you expect 95 %
    angles = np.sort(rng.uniform(0, 2 * np.pi, (20_000, L)), axis=1)
    gaps = np.diff(np.c_[angles, angles[:, :1] + 2 * np.pi], axis=1)
    print(f"L = {L}: 0 is inside in {np.mean(gaps.max(axis=1) < np.pi):.2f} of 20,000 draws")

# %% [markdown]
# ## Core: a number of measurements
#
# **Guess first.** How many measurements for 50 %, if $K + N = 20$? And for 99 %?


# %%
def measurements(K, N, target):
    """The smallest L with P(L) >= target; 0 < target < 1. Return a whole number.

    `binom.sf(k, n, 0.5)` is P(Bin(n, 1/2) > k).
    """
    ### BEGIN SOLUTION
    L = K + N - 1  # fewer never do
    while binom.sf(K + N - 3, L - 1, 0.5) < target:
        L += 1
    return L
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "14_phase_transition",
    "measurements",
    points=3,
    hints=(
        "Write a function for P(L) first, and try it for K + N = 4: the experiment above knows three values.",
        "P(X >= k) is P(X > k - 1).",
        "P grows with L: begin small and count up.",
    ),
)
def check(answer, seed=0):
    """Judge a number of measurements: enough, and none too many."""
    rng = np.random.default_rng(seed)
    cases = [
        (int(rng.integers(2, 9)), int(rng.integers(2, 14)), rng.uniform(0.05, 0.97))
        for _ in range(6)
    ]
    cases += [(5, 5, 0.5), (10, 10, 0.5), (10, 10, 0.99), (3, 20, 0.9)]

    def succeeds(L, n):
        """Wendel's count: 1 - 2^(1-L) sum over k < n of (L - 1 choose k)."""
        return 1 - sum(binom.pmf(k, L - 1, 0.5) for k in range(n))

    def all_of(f):
        return np.array([f(*case) for case in cases])

    def chances(f, less=0):
        return np.array(
            [succeeds(L - less, K + N - 2) for L, (K, N, _) in zip(all_of(f), cases, strict=True)]
        )

    targets = np.array([target for *_, target in cases])

    def enough(f):
        short = targets - chances(f)
        k = np.argmax(short)
        K, N, target = cases[k]
        return Seen(
            short[k] < 1e-9, f"For K = {K}, N = {N}, target {target:.2f} you say {all_of(f)[k]}."
        )

    def shifted(f, change):
        """Whether the answers are those of a law with something changed."""
        right = [
            next((L for L in range(1, 400) if change(L, K + N) >= t), 400) for K, N, t in cases
        ]
        return np.allclose(all_of(f), right, rtol=0, atol=1e-9)

    return judge(
        answer,
        takes("K", "N", "target"),
        *returns("one number", lambda f: f(*cases[0]), ()),
        ("return whole numbers", lambda f: np.abs(all_of(f) - np.round(all_of(f))).max() < 1e-9),
        (
            "need more measurements for more unknowns and for higher targets",
            lambda f: f(9, 9, 0.5) > f(3, 3, 0.5) and f(6, 6, 0.9) > f(6, 6, 0.2),
        ),
        ("reach the target", enough),
        ("not take more than needed", lambda f: np.all(chances(f, less=1) < targets + 1e-9)),
        mistakes=(
            (
                lambda f: shifted(f, lambda L, n: binom.cdf(n - 3, L - 1, 0.5) if n < L + 2 else 0),
                "That is the probability of failing.",
            ),
            (
                lambda f: np.isclose(f(6, 6, 0.2), f(6, 6, 0.9)),
                "Your number is the same for every target. Does it look at it?",
            ),
            (
                lambda f: shifted(f, lambda L, n: binom.sf(n - 2, L - 1, 0.5)),
                "You ask for more than K + N - 2, and (1) for at least that many.",
            ),
            (
                lambda f: shifted(f, lambda L, n: binom.sf(n - 3, L, 0.5)),
                "You toss L coins. (1) has L - 1 of them, so you are one measurement short.",
            ),
            (
                lambda f: shifted(f, lambda L, n: binom.sf(n - 1, L - 1, 0.5)),
                "You have K + N in the place of K + N - 2: two dimensions are lost to scaling.",
            ),
        ),
    )


# %%
check(measurements)


# %% tags=["answer"]
def by_bisection(K, N, target):
    """P grows with L, so halve an interval."""
    low, high = 1, 20 * (K + N) + 200
    while high - low > 1:
        L = (low + high) // 2
        low, high = (low, L) if 1 - binom.cdf(K + N - 3, L - 1, 0.5) >= target else (L, high)
    return high


check(by_bisection)


# %% tags=["answer"]
def by_pascal(K, N, target):
    """Toss one coin after the other: the distribution of heads, by Pascal's triangle."""
    heads, L = np.array([1.0]), 1
    while heads[K + N - 2 :].sum() < target:
        heads, L = (np.r_[heads, 0] + np.r_[0, heads]) / 2, L + 1
    return L


check(by_pascal)


# %% tags=["wrong"]
def first(K, N, target, law):
    """The first L at which a law reaches the target. Mistake: > for >=.

    Hint: You ask for more than K + N - 2
    """
    return next((L for L in range(1, 400) if law(L, K + N) >= target), 400)


check(lambda K, N, target: first(K, N, target, lambda L, n: binom.sf(n - 2, L - 1, 0.5)))

# %% tags=["wrong"]
# Mistake: L coins.
# Hint: You toss L coins
check(lambda K, N, target: first(K, N, target, lambda L, n: binom.sf(n - 3, L, 0.5)))

# %% tags=["wrong"]
# Mistake: K + N dimensions.
# Hint: two dimensions are lost
check(lambda K, N, target: first(K, N, target, lambda L, n: binom.sf(n - 1, L - 1, 0.5)))

# %% tags=["wrong"]
# Mistake: the rule of thumb.
# Hint: for every target
check(lambda K, N, target: 2 * (K + N - 2))

# %% tags=["wrong"]
# Mistake: the other tail.
# Hint: the probability of failing
check(
    lambda K, N, target: first(
        K, N, target, lambda L, n: binom.cdf(n - 3, L - 1, 0.5) if n < L + 2 else 0
    )
)

# %% [markdown]
# ## Go further: read the transition off counts
#
# An experiment gives, for a few values of $L$, how many of the trials succeeded. The rate crosses 50 %
# somewhere between two of them; draw a straight line between the two and say where.


# %%
def half_point(L, wins, trials):
    """Where the rate first crosses 1/2, by a straight line between the two neighbours.

    L (n,) increasing, wins (n,), trials a number; the first rate is below 1/2, the last above.
    """
    ### BEGIN SOLUTION
    rate = wins / trials
    k = np.argmax(rate >= 0.5)
    return L[k - 1] + (0.5 - rate[k - 1]) / (rate[k] - rate[k - 1]) * (L[k] - L[k - 1])
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "14_phase_transition",
    "half_point",
    points=2,
    hints=(
        "Find the first place where the rate is at least 1/2; its left neighbour is below.",
        "How far between the two is 1/2? The L are not equally far apart.",
    ),
)
def check_half(answer, seed=0):
    """Judge a crossing on counts from the law and on counts that wobble."""
    rng = np.random.default_rng(seed)
    n, trials = int(rng.integers(8, 20)), 200
    L = 2 * n + np.array([-11, -7, -4, -3, 2, 6, 13])
    wins = np.round(trials * binom.sf(n - 1, L - 1, 0.5)).astype(int)
    wobble = np.array([10, 60, 98, 120, 90, 130, 199])

    def at(f, wins=wins, L=L, trials=trials):
        return float(f(L, wins, trials))

    k = int(np.argmax(2 * wins >= trials))
    share = (trials / 2 - wins[k - 1]) / (wins[k] - wins[k - 1])

    return judge(
        answer,
        takes("L", "wins", "trials"),
        *returns("a number", at, ()),
        (
            "not change when trials and wins are both doubled",
            lambda f: np.isclose(at(f), at(f, 2 * wins, trials=2 * trials)),
        ),
        (
            "move along when 10 is added to every L",
            lambda f: np.isclose(at(f, L=L + 10), at(f) + 10),
        ),
        (
            "lie between the two neighbours of the crossing",
            lambda f: Seen(
                L[k - 1] <= at(f) <= L[k],
                f"Yours is {at(f):.2f}; the counts are {wins.tolist()} at {L.tolist()}.",
            ),
        ),
        (
            "lie on the straight line",
            lambda f: np.isclose(at(f), L[k - 1] + share * (L[k] - L[k - 1])),
        ),
        (
            "take the first crossing when there are several",
            lambda f: L[2] < at(f, wobble) < L[3],
            "Right where the rates increase. Measured ones wobble.",
        ),
        mistakes=(
            (
                lambda f: np.isclose(at(f), L[k]),
                "That is the first measured L above 1/2; the crossing is before it.",
            ),
            (
                lambda f: np.isclose(at(f), L[np.argmin(np.abs(wins / trials - 0.5))]),
                "That is the L whose rate is nearest to 1/2. Use its neighbour too.",
            ),
            (
                lambda f: np.isclose(at(f), (L[k - 1] + L[k]) / 2),
                "The middle of the two neighbours: which of them is nearer to 1/2?",
            ),
            (
                lambda f: np.isclose(at(f), L[k] - share * (L[k] - L[k - 1])),
                "You measure from the wrong end of the interval.",
            ),
            (
                lambda f: np.isclose(at(f), 2 * n),
                "That is the law's answer. These counts have one of their own.",
            ),
            (
                lambda f: np.isclose(at(f), np.polyval(np.polyfit(wins / trials, L, 1), 0.5)),
                "One line through all points. Near the crossing two points know better.",
            ),
        ),
    )


# %%
check_half(half_point)


# %% tags=["answer"]
def by_interpolation(L, wins, trials):
    """np.interp on the two neighbours."""
    k = next(i for i, w in enumerate(wins) if 2 * w >= trials)
    return np.interp(trials / 2, wins[k - 1 : k + 1], L[k - 1 : k + 1])


check_half(by_interpolation)

# %% tags=["wrong"]
# Mistake: the first L above.
# Hint: the crossing is before it
check_half(lambda L, wins, trials: L[np.argmax(wins >= trials / 2)])

# %% tags=["wrong"]
# Mistake: the middle of the interval.
# Hint: The middle of the two neighbours
check_half(
    lambda L, wins, trials: (
        (L[np.argmax(wins >= trials / 2)] + L[np.argmax(wins >= trials / 2) - 1]) / 2
    )
)

# %% tags=["wrong"]
# Mistake: from the wrong end.
# Hint: from the wrong end
check_half(
    lambda L, wins, trials: (
        L[np.argmax(wins >= trials / 2)]
        + L[np.argmax(wins >= trials / 2) - 1]
        - half_point(L, wins, trials)
    )
)

# %% tags=["wrong"]
# Mistake: one line through everything.
# Hint: One line through all points
check_half(lambda L, wins, trials: np.polyval(np.polyfit(wins / trials, L, 1), 0.5))

# %% tags=["wrong"]
# Mistake: interpolates over all counts, as if they increased.
# Hint: Measured ones wobble
check_half(lambda L, wins, trials: np.interp(trials / 2, np.sort(wins), L))

# %% [markdown]
# ## What to take away
#
# - The law has no unknown constant: $P(L) = \tfrac12$ at $L = 2 (K + N - 2)$, exactly.
# - It does not depend on $h$ and $m$, nor on how $K + N$ is split.
#
# **Source.** Wendel, Mathematica Scandinavica 11 (1962); that it is the law of BranchHull is derived in lesson 14.
