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
# # Exercise 16: slack that repairs, and scales that balance
#
# **The task.** With slack every $h$ with the right signs can be completed to a feasible point: the
# slack makes up for what is missing. Find the smallest slack that does, then the scale at which the
# whole costs least.
#
# **You need** lesson 16, and numpy. **Time**: 15 minutes for the core, 15 to go further.
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
# ## The program with slack
#
# In canonical form $p = \tilde B h$, $q = \tilde C m$, and a slack $z_\ell$ (in the lesson $\xi_\ell$) is
# added to $q_\ell$:
#
# $$\min \; |h|_1 + |m|_1 + \lambda |z|_1 \quad \text{s.t.} \quad
#   p_\ell \, (q_\ell + z_\ell) \ge d_\ell, \qquad p_\ell \ge 0 . \tag{1}$$
#
# **Guess first.** A measurement with $p_\ell q_\ell > d_\ell$ is content. Which $z_\ell$ does it get?


# %%
def point(rng, L=30):
    """p > 0, q of any sign, d > 0: some measurements are content, some are not."""
    d = rng.uniform(0.2, 2, L)
    p = rng.uniform(0.3, 2, L)
    q = d / p + rng.choice([-1.0, 1.0], L) * rng.uniform(0.1, 1.5, L)
    return p, q, d


p, q, d = point(np.random.default_rng(0))
print(
    f"{np.mean(p * q >= d):.0%} of the measurements are content, q is negative in {np.sum(q < 0)}"
)

# %% [markdown]
# ## First, a feel for it
#
# One measurement alone: find the smallest $z$ that makes it content, by hand, to two digits. Then take
# another one.

# %%
k, z = int(np.argmin(p * q - d)), 1.0  # change z, then k
print(
    f"p = {p[k]:.2f}, q = {q[k]:.2f}, d = {d[k]:.2f}: p (q + z) - d = {p[k] * (q[k] + z) - d[k]:.3f}"
)

# %% [markdown]
# ## Core: the smallest slack


# %%
def smallest_slack(p, q, d):
    """z (L,) with p (q + z) >= d and every |z_l| as small as can be; p > 0."""
    ### BEGIN SOLUTION
    return np.maximum(d / p - q, 0)
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "16_slack",
    "smallest_slack",
    points=2,
    hints=(
        "Solve p (q + z) = d for z. For which measurements is that number needed?",
        "A content measurement needs none, and taking some away would gain nothing.",
    ),
)
def check(answer, seed=0):
    """Judge a slack: feasible, none where none is needed, none too much."""
    rng = np.random.default_rng(seed)
    p, q, d = point(rng)
    content = p * q >= d

    def slack(f, q=q):
        return np.asarray(f(p, q, d), float)

    def left(f):
        return p * (q + slack(f)) - d

    def worst(f):
        k = np.argmin(left(f))
        return Seen(
            left(f)[k] > -1e-9,
            f"For p = {p[k]:.2f}, q = {q[k]:.2f}, d = {d[k]:.2f} you give {slack(f)[k]:.4g}.",
        )

    return judge(
        answer,
        takes("p", "q", "d"),
        *returns("one number for each measurement", slack, d.shape),
        ("make every measurement feasible", worst),
        (
            "be 0 where the measurement is content",
            lambda f: np.abs(slack(f)[content]).max() < 1e-9,
        ),
        ("be no more than needed elsewhere", lambda f: np.abs(left(f)[~content]).max() < 1e-9),
        ("vanish when all are content", lambda f: np.abs(slack(f, q + 5)).max() < 1e-9),
        mistakes=(
            (
                lambda f: np.abs(left(f)).max() < 1e-9,
                "Where a measurement is content yours is negative: it takes away what does no harm, and pays for it.",
            ),
            (
                lambda f: same(slack(f), np.maximum(d - p * q, 0)),
                "p multiplies the slack too: what is missing in the product is not what is missing in q.",
            ),
            (
                lambda f: (
                    same(slack(f), np.maximum(d / p, 0))
                    or same(slack(f), np.where(content, 0, d / p))
                ),
                "You put d / p in the place of q + z. There is a q already.",
            ),
            (
                lambda f: (
                    slack(f).min() > 0
                    and same(p * (q + np.where(content, -1, 1) * slack(f)), d, 1e-9)
                ),
                "No absolute values: who is content needs nothing.",
            ),
            (
                lambda f: (
                    same((p * (q - slack(f)))[content], d[content], 1e-9)
                    and np.abs(slack(f)[~content]).max() < 1e-9
                ),
                "The difference is turned round: you help those that are content.",
            ),
            (
                lambda f: np.ptp(slack(f)) < 1e-12 and left(f).min() > -1e-9,
                "The same for all: each measurement has a need of its own.",
            ),
        ),
    )


# %%
check(smallest_slack)


# %% tags=["answer"]
def by_cases(p, q, d):
    """Measurement by measurement."""
    return [0.0 if a * b >= c else c / a - b for a, b, c in zip(p, q, d, strict=True)]


check(by_cases)


# %% tags=["answer"]
def by_target(p, q, d):
    """The second factor must be at least d / p: raise it to that, and see by how much."""
    return np.where(q < d / p, d / p, q) - q


check(by_target)

# %% tags=["wrong"]
# Mistake: negative slack where none is needed.
# Hint: it takes away what does no harm
check(lambda p, q, d: d / p - q)

# %% tags=["wrong"]
# Mistake: the deficit of the product.
# Hint: p multiplies the slack too
check(lambda p, q, d: np.maximum(d - p * q, 0))

# %% tags=["wrong"]
# Mistake: forgets q.
# Hint: There is a q already
check(lambda p, q, d: d / p)

# %% tags=["wrong"]
# Mistake: absolute value for positive part.
# Hint: No absolute values
check(lambda p, q, d: np.abs(d / p - q))

# %% tags=["wrong"]
# Mistake: the sign of the difference.
# Hint: The difference is turned round
check(lambda p, q, d: np.maximum(q - d / p, 0))

# %% tags=["wrong"]
# Mistake: the largest need for all.
# Hint: The same for all
check(lambda p, q, d: np.full(d.shape, np.maximum(d / p - q, 0).max()))

# %% [markdown]
# ## Go further: the scale
#
# If $(h, m, z)$ is feasible, so is $(c h, m / c, z / c)$ for every $c > 0$. Return the cheapest of
# them: at the optimum of (1) the price of $h$ and the price of $m$ and $z$ are equal.


# %%
def balanced(h, m, z, lam):
    """(c h, m / c, z / c) with the c > 0 that makes |h|_1 + |m|_1 + lam |z|_1 smallest."""
    ### BEGIN SOLUTION
    c = np.sqrt((np.abs(m).sum() + lam * np.abs(z).sum()) / np.abs(h).sum())
    return c * h, m / c, z / c
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "16_slack",
    "balanced",
    points=2,
    hints=(
        "The price is c F + G / c. What is F, what is G? Set its derivative by c to 0.",
        "c^2 = G / F, and G has two parts.",
    ),
)
def check_balanced(answer, seed=0):
    """Judge a scale: the same products, the lowest price."""
    rng = np.random.default_rng(seed)
    h, m, z = (
        3 * rng.normal(size=5),
        rng.normal(size=7),
        rng.normal(size=12) * (rng.random(12) < 0.5),
    )
    lam = rng.uniform(1.5, 4)

    def found(f):
        return [np.asarray(v, float) for v in f(h, m, z, lam)]

    def factors(f):
        """By what h, m, z have been multiplied."""
        return [a @ b / (b @ b) for a, b in zip(found(f), (h, m, z), strict=True)]

    def multiples(f):
        return all(
            same(a, c * b, 1e-9) for a, b, c in zip(found(f), (h, m, z), factors(f), strict=True)
        )

    def prices(f):
        a, b, s = found(f)
        return np.abs(a).sum(), np.abs(b).sum() + lam * np.abs(s).sum()

    def equal(f):
        return Seen(
            np.isclose(*prices(f)),
            "Yours: {:.4g} for h, {:.4g} for m and z together.".format(*prices(f)),
        )

    one = [np.abs(v).sum() for v in (h, m, z)]

    def c_is(f, value):
        return np.isclose(factors(f)[0], value) and np.isclose(factors(f)[1], 1 / value)

    return judge(
        answer,
        takes("h", "m", "z", "lam"),
        *returns("h, m and z", found, h.shape, m.shape, z.shape),
        (
            "return positive multiples of what it gets",
            lambda f: multiples(f) and min(factors(f)) > 0,
        ),
        (
            "keep the products of h with m and with z",
            lambda f: np.allclose(np.array(factors(f))[1:] * factors(f)[0], 1),
        ),
        ("cost least", equal),
        mistakes=(
            (lambda f: np.allclose(factors(f), 1), "Nothing is scaled."),
            (
                lambda f: (
                    np.isclose(factors(f)[0] * factors(f)[1], 1) and np.isclose(factors(f)[2], 1)
                ),
                "The slack has been left behind: it is added to q, and is scaled with m.",
            ),
            (
                lambda f: c_is(f, np.sqrt(one[1] / one[0])),
                "The price of the slack is missing in your c.",
            ),
            (
                lambda f: c_is(f, np.sqrt((one[1] + one[2]) / one[0])),
                "The slack costs lam times as much as you count.",
            ),
            (
                lambda f: c_is(f, (one[1] + lam * one[2]) / one[0]),
                "c F + G / c is smallest at another power of G / F.",
            ),
            (
                lambda f: c_is(f, np.sqrt(one[0] / (one[1] + lam * one[2]))),
                "Your c is upside down: the dear part becomes dearer.",
            ),
            (
                lambda f: c_is(
                    f, np.sqrt((np.linalg.norm(m) + lam * np.linalg.norm(z)) / np.linalg.norm(h))
                ),
                "You balance Euclidean lengths. The price is a sum of absolute values.",
            ),
        ),
    )


# %%
check_balanced(balanced)


# %% tags=["answer"]
def by_search(h, m, z, lam):
    """Golden section for c F + G / c in log c."""
    F, G = np.linalg.norm(h, 1), np.linalg.norm(m, 1) + lam * np.linalg.norm(z, 1)
    low, high = -20.0, 20.0
    for _ in range(200):
        a, b = low + 0.382 * (high - low), low + 0.618 * (high - low)
        left = F * np.exp(a) + G * np.exp(-a) < F * np.exp(b) + G * np.exp(-b)
        low, high = (low, b) if left else (a, high)
    c = np.exp(low)
    return c * h, m / c, z / c


check_balanced(by_search)


# %% tags=["wrong"]
def scaled(h, m, z, c):
    """Scale by c. Mistake: nothing is done.

    Hint: Nothing is scaled
    """
    return c * h, m / c, z / c


check_balanced(lambda h, m, z, lam: scaled(h, m, z, 1.0))

# %% tags=["wrong"]
# Mistake: z stays.
# Hint: The slack has been left behind
check_balanced(lambda h, m, z, lam: (*balanced(h, m, z, lam)[:2], z))

# %% tags=["wrong"]
# Mistake: no price for z.
# Hint: The price of the slack is missing
check_balanced(lambda h, m, z, lam: scaled(h, m, z, np.sqrt(np.abs(m).sum() / np.abs(h).sum())))

# %% tags=["wrong"]
# Mistake: lam forgotten.
# Hint: The slack costs lam times
check_balanced(
    lambda h, m, z, lam: scaled(
        h, m, z, np.sqrt((np.abs(m).sum() + np.abs(z).sum()) / np.abs(h).sum())
    )
)

# %% tags=["wrong"]
# Mistake: no root.
# Hint: another power
check_balanced(
    lambda h, m, z, lam: scaled(
        h, m, z, (np.abs(m).sum() + lam * np.abs(z).sum()) / np.abs(h).sum()
    )
)

# %% tags=["wrong"]
# Mistake: F / G.
# Hint: upside down
check_balanced(
    lambda h, m, z, lam: scaled(
        h, m, z, np.sqrt(np.abs(h).sum() / (np.abs(m).sum() + lam * np.abs(z).sum()))
    )
)

# %% tags=["wrong"]
# Mistake: Euclidean norms.
# Hint: You balance Euclidean lengths
check_balanced(
    lambda h, m, z, lam: scaled(
        h, m, z, np.sqrt((np.linalg.norm(m) + lam * np.linalg.norm(z)) / np.linalg.norm(h))
    )
)

# %% [markdown]
# ## What to take away
#
# - With slack, any $h$ with $p > 0$ can be completed to a feasible point, whose value is an upper bound.
# - The balance $|h|_1 = |m|_1 + \lambda |z|_1$ holds at the optimum: a test for any solver.
#
# **Source.** The program: poster of arXiv 1809.08359; repair and balance are derived.
