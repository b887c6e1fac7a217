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
# # Exercise 12: a bound nobody can beat
#
# **The task.** Somebody hands you an answer of BranchHull and a pair of vectors that they call a
# dual. Prove how good the answer is: a lower bound from the dual, *be it good or bad*, and a feasible
# point from the answer. Between the two lies the optimum, and no solver has to be trusted.
#
# **You need** lesson 12, the inequality of Cauchy and Schwarz, numpy.
# **Time**: 25 minutes for the core, 20 to go further.
#
# **How it works.** Replace each `raise NotImplementedError` by your code, run the cell, run the
# check under it. `check.hint()` gives hints one by one; `check.solution()` opens when you are right,
# or after three tries. Every try draws other numbers. `kit.branchhull.certificate` holds an answer
# too: it is on your honour not to read it first.

# %%
# %matplotlib inline
import numpy as np

from kit.branchhull import BranchHull, canonical, certify, gaussian, solve
from kit.course.checks import Seen, judge, returns, same, takes
from kit.course.practice import exercise

# %% [markdown]
# ## The argument
#
# Canonical form: $p = \tilde B h$, $q = \tilde C m$, and $p_\ell q_\ell \ge d_\ell$, $p, q \ge 0$ for
# whoever is feasible. Take any $\alpha, \beta \ge 0$. For a feasible point
#
# $$\alpha_\ell p_\ell + \beta_\ell q_\ell \;\ge\; 2 \sqrt{\alpha_\ell \beta_\ell \, p_\ell q_\ell}
#   \;\ge\; 2 \sqrt{\alpha_\ell \beta_\ell \, d_\ell} . \tag{1}$$
#
# Sum (1) over $\ell$, call the right-hand side $2 S$, and move the matrices over:
#
# $$2 S \le (\tilde B^T \alpha)^T h + (\tilde C^T \beta)^T m
#       \le |\tilde B^T \alpha| \, |h| + |\tilde C^T \beta| \, |m| . \tag{2}$$
#
# $S$ does not change when $\alpha$ is multiplied and $\beta$ divided by the same $c > 0$, so (2) holds
# for every such pair. The best $c$ makes the two terms on the right equal. Then use
# $|h|^2 + |m|^2 \ge 2 |h| |m|$, and a bound for the objective stands there.
#
# **Guess first.** Does the bound change when $\alpha$ is doubled and $\beta$ is not?


# %%
def instance(rng, L=20, K=3, N=4):
    """A program, its canonical form, and an answer with a dual."""
    problem = BranchHull(gaussian(rng, L, K, N, noise=0.1)[0])
    return problem, canonical(problem.data), solve(problem)


problem, (Bt, Ct, d), answer = instance(np.random.default_rng(0))
print(
    f"optimum {answer.report.certificate.upper:.6f}, h {answer.h.shape}, m {answer.m.shape}, dual {answer.dual.shape}"
)

# %% [markdown]
# ## First, a feel for it
#
# Multiply the answer's $h$ by $c$ and divide its $m$ by $c$: still feasible. Does any $c$ make the
# objective smaller than the optimum? Move $c$ and see how flat it is at the bottom.

# %%
c = 1.3  # change it
h, m = c * answer.h, answer.m / c
print(f"|h|^2 + |m|^2 = {h @ h + m @ m:.6f}, 2 |h| |m| = {2 * np.sqrt((h @ h) * (m @ m)):.6f}")

# %% [markdown]
# ## Core: the bound


# %%
def lower_bound(Bt, Ct, d, al, be):
    """A number that |h|^2 + |m|^2 cannot be below, for every feasible (h, m).

    Bt (L, K), Ct (L, N), d (L,) >= 0; al, be (L,) may hold any numbers: negative ones count as 0,
    and with these zeros Bt'al and Ct'be are not 0. Return a number.
    """
    ### BEGIN SOLUTION
    al, be = np.maximum(al, 0), np.maximum(be, 0)
    S = np.sum(np.sqrt(al * be * d))
    return 2 * S**2 / (np.linalg.norm(Bt.T @ al) * np.linalg.norm(Ct.T @ be))
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "12_certificate",
    "lower_bound",
    points=4,
    hints=(
        "Replace alpha by c alpha and beta by beta / c in (2). Which c makes the right-hand side smallest?",
        "With that c, (2) says S^2 <= |Bt'al| |Ct'be| |h| |m|.",
        "The objective is at least 2 |h| |m|. Do not forget: negative entries count as 0.",
    ),
)
def check(answer, seed=0):
    """Judge a bound: never above the optimum, blind to scales, exact at the optimal dual."""
    rng = np.random.default_rng(seed)
    problem, (Bt, Ct, d), best = instance(rng)
    optimum = best.report.certificate.upper
    L = len(d)
    rough = best.dual * rng.uniform(0.5, 1.5, (2, L)) + 0.02 * np.abs(best.dual).max()
    pairs = [rough, *rng.uniform(0, 1, (5, 2, L))]
    mixed = rough - rng.choice([0.0, 0.8], (2, L), p=[0.7, 0.3]) * rough.max()

    def bound(f, pair=rough):
        return f(Bt, Ct, d, *pair)

    def true(pair=rough):
        return certify(problem, best.h, best.m, np.maximum(pair, 0)).lower

    def is_times(f, factor):
        return all(np.isclose(bound(f, pair), factor(*pair), rtol=1e-6) for pair in pairs)

    def sums(al, be):
        return np.sum(np.sqrt(al * be * d)), np.linalg.norm(Bt.T @ al), np.linalg.norm(Ct.T @ be)

    def below(f):
        highest = max(bound(f, pair) for pair in pairs)
        return Seen(
            highest <= optimum * (1 + 1e-7), f"Yours is {highest:.4g}, the optimum {optimum:.4g}."
        )

    def scales(f):
        first, second = bound(f), bound(f, [2 * rough[0], 5 * rough[1]])
        return Seen(np.isclose(first, second), f"Yours goes from {first:.4g} to {second:.4g}.")

    return judge(
        answer,
        takes("Bt", "Ct", "d", "al", "be"),
        *returns("a number", bound, ()),
        ("not change when al and be are multiplied by numbers", scales),
        ("stay below the optimum for every dual", below),
        (
            "reach the optimum at the optimal dual",
            lambda f: Seen(
                np.isclose(bound(f, best.dual), optimum, rtol=1e-5),
                f"There yours is {bound(f, best.dual):.6g}, the optimum {optimum:.6g}.",
            ),
        ),
        (
            "be a bound that is as good for other duals",
            lambda f: all(bound(f, p) >= true(p) * (1 - 1e-6) for p in pairs),
        ),
        (
            "count negative entries as 0",
            lambda f: np.isclose(bound(f, mixed), true(mixed), rtol=1e-6),
            "Right for al, be >= 0. With negative entries it is another number.",
        ),
        mistakes=(
            (
                lambda f: is_times(f, lambda al, be: 2 * sums(al, be)[0]),
                "That is the 2 S of (1). What do |h| and |m| have to do with it?",
            ),
            (
                lambda f: any(
                    is_times(
                        f,
                        lambda al, be, k=k: (
                            k * sums(al, be)[0] / np.sqrt(sums(al, be)[1] * sums(al, be)[2])
                        ),
                    )
                    for k in (1, 2)
                ),
                "That bounds the root of |h| |m|, or twice it. The objective is a sum of squares.",
            ),
            (
                lambda f: is_times(
                    f, lambda al, be: 2 * sums(al, be)[0] / (sums(al, be)[1] * sums(al, be)[2])
                ),
                "Test it: double al. The numerator must grow as fast as the denominator. Where is the square?",
            ),
            (
                lambda f: is_times(
                    f, lambda al, be: sums(al, be)[0] ** 2 / (sums(al, be)[1] * sums(al, be)[2])
                ),
                "True and only half as good as possible: |h|^2 + |m|^2 is at least ... times |h| |m|.",
            ),
            (
                lambda f: is_times(
                    f, lambda al, be: 2 * np.sum(al * be * d) / (sums(al, be)[1] * sums(al, be)[2])
                ),
                "S is a sum of roots, and you square each root before the sum.",
            ),
            (
                lambda f: is_times(
                    f,
                    lambda al, be: (
                        4 * sums(al, be)[0] ** 2 / (sums(al, be)[1] ** 2 + sums(al, be)[2] ** 2)
                    ),
                ),
                "You have used c = 1 in (2). The best c makes the two terms equal.",
            ),
            (
                lambda f: is_times(
                    f,
                    lambda al, be: (
                        2
                        * sums(al, be)[0] ** 2
                        / (np.abs(Bt.T @ al).max() * np.abs(Ct.T @ be).max())
                    ),
                ),
                "The largest entry goes with the sum norm. Which norm is its own partner in Cauchy-Schwarz?",
            ),
            (
                lambda f: is_times(
                    f,
                    lambda al, be: (
                        2 * sums(al, be)[0] ** 2 / (np.linalg.norm(al) * np.linalg.norm(be))
                    ),
                ),
                "The matrices have gone: (2) has the norms of Bt'al and Ct'be.",
            ),
        ),
        hidden=(
            ### BEGIN HIDDEN TESTS
            (
                "be right where some d are 0",
                lambda f: np.isclose(
                    f(Bt, Ct, np.where(np.arange(L) % 4, d, 0), *rough),
                    2
                    * np.sum(np.sqrt(rough[0] * rough[1] * np.where(np.arange(L) % 4, d, 0))) ** 2
                    / (sums(*rough)[1] * sums(*rough)[2]),
                ),
            ),
            ### END HIDDEN TESTS
        ),
    )


# %%
check(lower_bound)


# %% tags=["answer"]
def by_scaling(Bt, Ct, d, al, be):
    """Scale the pair so that both norms are 1; then the bound is 2 S^2."""
    al, be = al * (al > 0), be * (be > 0)
    al, be = al / np.sqrt(np.sum((al @ Bt) ** 2)), be / np.sqrt(np.sum((be @ Ct) ** 2))
    return 2 * (np.sqrt(al) @ np.sqrt(be * d)) ** 2


check(by_scaling)


# %% tags=["answer"]
def by_search(Bt, Ct, d, al, be):
    """The best c, put into (2) as it stands; |h|^2 + |m|^2 is smallest where both are equal."""
    al, be = np.clip(al, 0, None), np.clip(be, 0, None)
    S, x, y = np.sqrt(al * be * d).sum(), np.linalg.norm(al @ Bt), np.linalg.norm(be @ Ct)
    c = np.sqrt(y / x)
    return (2 * S / (c * x + y / c)) ** 2 * 2


check(by_search)


# %% tags=["wrong"]
def parts(Bt, Ct, d, al, be):
    """S and the two norms. Mistake: returns the 2 S of (1).

    Hint: That is the 2 S of (1)
    """
    al, be = np.maximum(al, 0), np.maximum(be, 0)
    return np.sqrt(al * be * d).sum(), np.linalg.norm(Bt.T @ al), np.linalg.norm(Ct.T @ be)


check(lambda Bt, Ct, d, al, be: 2 * parts(Bt, Ct, d, al, be)[0])


# %% tags=["wrong"]
def no_square(Bt, Ct, d, al, be):
    """Mistake: S instead of its square.

    Hint: Where is the square
    """
    S, x, y = parts(Bt, Ct, d, al, be)
    return 2 * S / (x * y)


check(no_square)


# %% tags=["wrong"]
def root(Bt, Ct, d, al, be):
    """Mistake: the bound of the l1 program, where the objective is not squared.

    Hint: That bounds the root
    """
    S, x, y = parts(Bt, Ct, d, al, be)
    return 2 * S / np.sqrt(x * y)


check(root)


# %% tags=["wrong"]
def half(Bt, Ct, d, al, be):
    """Mistake: forgets the 2 of |h|^2 + |m|^2 >= 2 |h| |m|.

    Hint: only half as good
    """
    S, x, y = parts(Bt, Ct, d, al, be)
    return S**2 / (x * y)


check(half)


# %% tags=["wrong"]
def squares_inside(Bt, Ct, d, al, be):
    """Mistake: squares before the sum.

    Hint: S is a sum of roots
    """
    _, x, y = parts(Bt, Ct, d, al, be)
    return 2 * np.sum(al * be * d) / (x * y)


check(squares_inside)


# %% tags=["wrong"]
def c_is_one(Bt, Ct, d, al, be):
    """Mistake: takes the pair as it is, by Cauchy-Schwarz over both norms together.

    Hint: You have used c = 1
    """
    S, x, y = parts(Bt, Ct, d, al, be)
    return 4 * S**2 / (x**2 + y**2)


check(c_is_one)


# %% tags=["wrong"]
def wrong_norm(Bt, Ct, d, al, be):
    """Mistake: the largest entry, which belongs to the l1 program.

    Hint: The largest entry goes with the sum norm
    """
    S = parts(Bt, Ct, d, al, be)[0]
    return 2 * S**2 / (np.abs(Bt.T @ al).max() * np.abs(Ct.T @ be).max())


check(wrong_norm)


# %% tags=["wrong"]
def no_matrices(Bt, Ct, d, al, be):
    """Mistake: norms of al and be.

    Hint: The matrices have gone
    """
    return 2 * parts(Bt, Ct, d, al, be)[0] ** 2 / (np.linalg.norm(al) * np.linalg.norm(be))


check(no_matrices)


# %% tags=["wrong"]
def absolute(Bt, Ct, d, al, be):
    """Mistake: takes absolute values of negative entries.

    Hint: With negative entries it is another number
    """
    return lower_bound(Bt, Ct, d, np.abs(al), np.abs(be))


check(absolute)

# %% [markdown]
# ## Go further: a feasible point
#
# A solver's $(h, m)$ is feasible up to its tolerance only. If $p, q > 0$, then $(a h, b m)$ with
# $a, b > 0$ is feasible as soon as $a b$ is large enough. Return the cheapest such point.


# %%
def feasible(Bt, Ct, d, h, m):
    """The feasible (a h, b m) with the smallest |a h|^2 + |b m|^2; Bt h > 0, Ct m > 0 and d > 0."""
    ### BEGIN SOLUTION
    r = np.max(d / ((Bt @ h) * (Ct @ m)))
    size = np.sqrt(r * np.linalg.norm(h) * np.linalg.norm(m))
    return h * size / np.linalg.norm(h), m * size / np.linalg.norm(m)
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "12_certificate",
    "feasible",
    points=2,
    hints=(
        "How large must a b be, so that (a p)(b q) >= d in every row?",
        "Of all a, b with that product, which make |a h|^2 + |b m|^2 smallest? Compare the two terms.",
    ),
)
def check_feasible(answer, seed=0):
    """Judge a point: a multiple, feasible, touching, balanced."""
    rng = np.random.default_rng(seed)
    _, (Bt, Ct, d), best = instance(rng)
    h, m = 3 * best.h, 0.2 * best.m

    def point(f):
        return f(Bt, Ct, d, h, m)

    def ratio(f):
        """p q / d, row by row."""
        a, b = point(f)
        return (Bt @ a) * (Ct @ b) / d

    def sizes(f):
        return [np.linalg.norm(v) for v in point(f)]

    def along(v, w):
        return same(v * np.linalg.norm(w), w * np.linalg.norm(v)) and v @ w > 0

    return judge(
        answer,
        takes("Bt", "Ct", "d", "h", "m"),
        *returns("h and m", point, h.shape, m.shape),
        (
            "return positive multiples of h and of m",
            lambda f: along(point(f)[0], h) and along(point(f)[1], m),
        ),
        (
            "be feasible: p q >= d in every row",
            lambda f: Seen(
                ratio(f).min() > 1 - 1e-9, f"Your smallest p q / d is {ratio(f).min():.4g}."
            ),
        ),
        (
            "be no larger than needed: one row has p q = d",
            lambda f: Seen(
                ratio(f).min() < 1 + 1e-9, f"Your smallest p q / d is {ratio(f).min():.4g}."
            ),
        ),
        (
            "be the cheapest of its kind",
            lambda f: Seen(
                np.isclose(*sizes(f)), "You have |h| = {:.4g} and |m| = {:.4g}.".format(*sizes(f))
            ),
        ),
        mistakes=(
            (
                lambda f: np.isclose(ratio(f).max(), 1),
                "You take the row that needs the least. All rows must be content.",
            ),
            (lambda f: same(point(f)[0], h) and same(point(f)[1], m), "Nothing is scaled."),
            (
                lambda f: np.isclose(ratio(f).min(), ((Bt @ h) * (Ct @ m) / d).min() ** -1),
                "Both are multiplied by the number that their product a b should be.",
            ),
            (
                lambda f: (
                    np.isclose(ratio(f).min(), 1) and (same(point(f)[0], h) or same(point(f)[1], m))
                ),
                "Feasible, and one of the two does all the work. What is the cheapest way to share it?",
            ),
            (
                lambda f: (
                    np.isclose(ratio(f).min(), 1)
                    and np.isclose(
                        sizes(f)[0] / sizes(f)[1],
                        15 * np.linalg.norm(best.h) / np.linalg.norm(best.m),
                    )
                ),
                "Feasible, and h and m grow alike, however unequal they were. Is that the cheapest?",
            ),
        ),
    )


# %%
check_feasible(feasible)


# %% tags=["answer"]
def in_two_steps(Bt, Ct, d, h, m):
    """Balance first, then scale both alike."""
    c = np.sqrt(np.linalg.norm(m) / np.linalg.norm(h))
    h, m = c * h, m / c
    s = np.sqrt(1 / np.min((Bt @ h) * (Ct @ m) / d))
    return s * h, s * m


check_feasible(in_two_steps)


# %% tags=["wrong"]
def scaled(Bt, Ct, d, h, m, worst=np.max, a=0.5, b=0.5):
    """Mistake: the row that needs the least decides.

    Hint: the row that needs the least
    """
    r = worst(d / ((Bt @ h) * (Ct @ m)))
    return r**a * h, r**b * m


check_feasible(lambda Bt, Ct, d, h, m: scaled(Bt, Ct, d, h, m, worst=np.min))

# %% tags=["wrong"]
# Mistake: returns what it got.
# Hint: Nothing is scaled
check_feasible(lambda Bt, Ct, d, h, m: (h, m))

# %% tags=["wrong"]
# Mistake: both factors are the whole product.
# Hint: Both are multiplied by
check_feasible(lambda Bt, Ct, d, h, m: scaled(Bt, Ct, d, h, m, a=1, b=1))

# %% tags=["wrong"]
# Mistake: only m is scaled.
# Hint: one of the two does all the work
check_feasible(lambda Bt, Ct, d, h, m: scaled(Bt, Ct, d, h, m, a=0, b=1))

# %% tags=["wrong"]
# Mistake: scales both alike and does not balance.
# Hint: h and m grow alike
check_feasible(lambda Bt, Ct, d, h, m: scaled(Bt, Ct, d, h, m))

# %% [markdown]
# ## What to take away
#
# - A lower bound needs no optimality: any pair gives one for which the two norms are not 0. A pair near
#   the optimal dual gives a bound near the optimum.
# - Scaling is free here, and both bounds use it.
# - The optimum lies between the two numbers, so a small gap proves that the feasible point is good.
#
# **Source.** Derived; the program is that of arXiv 1702.04342.
