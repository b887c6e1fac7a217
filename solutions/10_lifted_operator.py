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
# # Exercise 10: the lifted operator and its adjoint
#
# **The task.** Lifting replaces the unknown pair $(h, m)$ by the matrix $Z = h m^T$, and the products
# $y_\ell = (b_\ell^T h)(c_\ell^T m)$ become *linear* in $Z$. Write that linear map and its adjoint
# without ever forming its matrix of size $L \times K N$; then take a matrix apart again.
#
# **You need** lesson 10, matrix products, the SVD of numpy. **Time**: 20 minutes for the core, 15 to
# go further.
#
# **How it works.** Replace each `raise NotImplementedError` by your code, run the cell, run the
# check under it. `check.hint()` gives hints one by one; `check.solution()` opens when you are right,
# or after three tries. Every try draws other numbers. `kit.branchhull.rivals.nuclear_norm` holds an answer
# too: it is on your honour not to read it first.

# %%
# %matplotlib inline
from itertools import islice

import numpy as np
from matplotlib.figure import Figure

from kit.course.checks import Seen, judge, returns, same, takes
from kit.course.practice import exercise

# %% [markdown]
# ## The map
#
# $B \in R^{L \times K}$ has the rows $b_\ell^T$, $C \in R^{L \times N}$ the rows $c_\ell^T$. Then
#
# $$\mathcal A : R^{K \times N} \to R^L, \qquad \mathcal A(Z)_\ell = b_\ell^T Z \, c_\ell , \tag{1}$$
#
# and for $Z = h m^T$ this is $(b_\ell^T h)(c_\ell^T m)$. The adjoint $\mathcal A^* : R^L \to R^{K \times N}$
# is the one map with
#
# $$\langle \mathcal A(Z), \nu \rangle = \langle Z, \mathcal A^*(\nu) \rangle
#   \quad \text{for all } Z, \nu, \qquad \langle Z, Z' \rangle = \sum_{kn} Z_{kn} Z'_{kn} . \tag{2}$$
#
# First the slow way, which is surely right: a loop over the measurements. It takes $L$ products of
# small vectors, one after the other, in Python.


# %%
def measure_slowly(B, C, Z):
    """(1), one measurement after the other."""
    return np.array([b @ Z @ c for b, c in zip(B, C, strict=True)])


rng = np.random.default_rng(0)
B, C, h, m = (
    rng.normal(size=(7, 3)),
    rng.normal(size=(7, 4)),
    rng.normal(size=3),
    rng.normal(size=4),
)
if np.allclose(measure_slowly(B, C, np.outer(h, m)), (B @ h) * (C @ m)):
    print("A(h m') is (B h) o (C m), to rounding.")

# %% [markdown]
# ## First, a feel for it
#
# **Guess first.** `B @ Z @ C.T` has the shape $L \times L$. Which of its entries are wanted, and how many
# are computed in vain? Look for the seven numbers of the loop in the picture, then take more rows.

# %%
L = 7  # change it
rows = np.random.default_rng(1)
B, C, Z = rows.normal(size=(L, 3)), rows.normal(size=(L, 4)), rows.normal(size=(3, 4))
figure = Figure(figsize=(3.6, 3.2))
ax = figure.subplots()
ax.imshow(B @ Z @ C.T, cmap="RdBu_r", vmin=-6, vmax=6)
ax.set(xlabel="row of C", ylabel="row of B", title="every b with every c")
print("the loop:", np.round(measure_slowly(B, C, Z), 2))
figure

# %% [markdown]
# ## Core 1: the map without a loop


# %%
def measure(B, C, Z):
    """A(Z) (L,), without a loop over measurements and without an L x L matrix."""
    ### BEGIN SOLUTION
    return np.sum((B @ Z) * C, axis=1)
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "10_lifted_operator",
    "measure",
    points=2,
    hints=(
        "B @ Z has one row for each measurement. What is left to do with row number l?",
        "A scalar product of two vectors is a sum of products, and rows can be multiplied all at once.",
    ),
)
def check(answer, seed=0):
    """Judge the map on matrices of rank one and of full rank, and on many measurements."""
    rng = np.random.default_rng(seed)
    L, K, N = 9, 3, 4
    B, C, Z = rng.normal(size=(L, K)), rng.normal(size=(L, N)), rng.normal(size=(K, N))
    h, m = rng.normal(size=K), rng.normal(size=N)
    more, many = 1500, 60_000
    B_many, C_many = rng.normal(size=(many, K)), rng.normal(size=(many, N))

    def at(f, Z):
        return np.asarray(f(B, C, Z), float)

    def off(f):
        """The reader's own number and its measurement, where they differ most from the loop."""
        given, right = at(f, Z), measure_slowly(B, C, Z)
        k = np.argmax(np.abs(given - right))
        return Seen(same(given, right, 1e-9), f"At measurement {k} yours is {given[k]:.4g}.")

    def cost(f, L):
        """Bytes at the peak, and steps that Python takes, in a call for L measurements."""
        return f.cost(B_many[:L], C_many[:L], Z)

    def memory(f):
        """Whether a call stays far below the L x L numbers that B Z C' has."""
        peak = cost(f, more)[0]
        return Seen(peak < 8 * more**2 / 4, f"For L = {more} yours takes {peak >> 20} MB.")

    return judge(
        answer,
        takes("B", "C", "Z"),
        *returns("one number for each of the L measurements", lambda f: at(f, Z), (L,)),
        ("be linear: A(2 Z) = 2 A(Z)", lambda f: same(at(f, 2 * Z), 2 * at(f, Z), 1e-9)),
        (
            "give (B h) o (C m) for Z = h m'",
            lambda f: same(at(f, np.outer(h, m)), (B @ h) * (C @ m), 1e-9),
        ),
        (
            "be linear: A(Z + Z') = A(Z) + A(Z')",
            lambda f: same(at(f, Z + 1), at(f, Z) + at(f, np.ones((K, N))), 1e-9),
        ),
        ("agree with the loop for every Z", off),
        (
            "do without an L x L matrix",
            memory,
            "The numbers are right, but an L x L matrix is built for them: most of it is in vain.",
        ),
        (
            "do without a loop over the measurements",
            lambda f: cost(f, 400)[1] < cost(f, 100)[1] + 300,
            "The numbers are right, and Python still takes a step for every measurement.",
        ),
        (
            "manage many measurements",
            lambda f: np.shape(f(B_many, C_many, Z)) == (many,),  # exact: a shape
        ),
        mistakes=(
            (
                lambda f: same(at(f, Z), (B.sum(axis=1) * C.sum(axis=1)) * Z.sum(), 1e-9),
                "You sum before you multiply: the entries of Z need different weights.",
            ),
            (
                lambda f: same(at(f, Z), (B @ Z @ C.T).sum(axis=1), 1e-9),
                "You sum a whole row of B Z C'. Only the pairs of b and c with the same number belong together.",
            ),
            (
                lambda f: same(at(f, Z), np.abs(measure_slowly(B, C, Z)), 1e-9),
                "Your numbers have no sign. Products have.",
            ),
            (
                lambda f: same(
                    at(f, Z), np.prod(B @ Z @ np.ones((N, 1)), axis=1) * C.sum(axis=1), 1e-9
                ),
                "You multiply two sums, one over Z c with all ones. Each row of B Z meets its own row of C.",
            ),
            (
                lambda f: same(at(f, Z), measure_slowly(B, C, Z) / L, 1e-9),
                "That is the mean where the sum is wanted: yours is smaller by a factor.",
            ),
            (
                lambda f: (
                    same(at(f, Z), measure_slowly(B, np.roll(C, 1, axis=0), Z), 1e-9)
                    or same(at(f, Z), measure_slowly(B, C[::-1], Z), 1e-9)
                ),
                "Each b meets the c of another measurement: the rows have come out of step.",
            ),
        ),
    )


# %%
check(measure)


# %% tags=["answer"]
def by_einsum(B, C, Z):
    """The indices as in (1)."""
    return np.einsum("lk,kn,ln->l", B, Z, C, optimize=True)


check(by_einsum)


# %% tags=["answer"]
def by_columns(B, C, Z):
    """A sum over the entries of Z, which are few."""
    return sum(Z[k, n] * B[:, k] * C[:, n] for k, n in np.ndindex(Z.shape))


check(by_columns)

# %% tags=["wrong"]
# Mistake: sums first.
# Hint: You sum before you multiply
check(lambda B, C, Z: B.sum(axis=1) * C.sum(axis=1) * Z.sum())

# %% tags=["wrong"]
# Mistake: all pairs of measurements.
# Hint: You sum a whole row of B Z C'
check(lambda B, C, Z: (B @ Z @ C.T).sum(axis=1) if len(B) < 100 else B[:, 0])

# %% tags=["wrong"]
# Mistake: takes absolute values.
# Hint: Your numbers have no sign
check(lambda B, C, Z: np.abs(measure(B, C, Z)))

# %% tags=["wrong"]
# Mistake: row sums of B Z times row sums of C.
# Hint: You multiply two sums
check(lambda B, C, Z: (B @ Z).sum(axis=1) * C.sum(axis=1))

# %% tags=["wrong"]
# Mistake: a mean over the measurements.
# Hint: smaller by a factor
check(lambda B, C, Z: measure(B, C, Z) / len(B))

# %% tags=["wrong"]
# Mistake: the rows of C in another order.
# Hint: come out of step
check(lambda B, C, Z: measure(B, C[::-1], Z))

# %% tags=["wrong"]
# Mistake: the diagonal of an L x L matrix.
# Hint: most of it is in vain
check(lambda B, C, Z: np.diag(B @ Z @ C.T))

# %% tags=["wrong"]
# Mistake: the loop, after all.
# Hint: a step for every measurement
check(measure_slowly)

# %% [markdown]
# ## Core 2: the adjoint
#
# (2) decides everything: write $\langle \mathcal A(Z), \nu \rangle$ as a sum over $k$ and $n$, and
# read off what $Z_{kn}$ is multiplied by.


# %%
def adjoint(B, C, nu):
    """A*(nu) (K, N)."""
    ### BEGIN SOLUTION
    return B.T @ (nu[:, None] * C)
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "10_lifted_operator",
    "adjoint",
    points=2,
    hints=(
        "The coefficient of Z_kn in sum_l nu_l b_l' Z c_l is a sum over l of three numbers.",
        "Multiply row l of C by nu_l; then a product of two matrices does the sum over l.",
    ),
)
def check_adjoint(answer, seed=0):
    """Judge an adjoint by (2), the dot test."""
    rng = np.random.default_rng(seed)
    L, K, N = 9, 3, 4
    B, C, nu = rng.normal(size=(L, K)), rng.normal(size=(L, N)), rng.normal(size=L)

    def back(f, nu=nu):
        return np.asarray(f(B, C, nu), float)

    def dot_test(f):
        worst = 0.0, 0.0
        for _ in range(5):
            Z = rng.normal(size=(K, N))
            pair = measure_slowly(B, C, Z) @ nu, np.sum(Z * back(f))
            worst = max(worst, pair, key=lambda p: abs(p[0] - p[1]))
        return Seen(
            np.isclose(*worst),
            f"<Z, your A*(nu)> is {worst[1]:.4g}, and <A(Z), nu> is {worst[0]:.4g}.",
        )

    probes = rng.normal(size=(5, K, N))

    def with_weights(f, weights):
        """Whether (2) holds with other weights in the place of nu."""
        pairs = [(measure_slowly(B, C, Z) @ weights, np.sum(Z * back(f))) for Z in probes]
        return np.allclose(*zip(*pairs, strict=True))

    return judge(
        answer,
        takes("B", "C", "nu"),
        *returns("a matrix of shape (K, N)", back, (K, N)),
        ("be linear in nu", lambda f: same(back(f, -3 * nu), -3 * back(f), 1e-9)),
        ("pass the dot test (2)", dot_test),
        mistakes=(
            (
                lambda f: with_weights(f, np.ones(L)),
                "nu does not appear: every measurement is taken with weight 1.",
            ),
            (
                lambda f: with_weights(f, -nu),
                "The sign is turned round: both sides of (2) are equal, not opposite.",
            ),
            (
                lambda f: with_weights(f, nu**2),
                "nu has been multiplied in twice, once with B and once with C.",
            ),
            (
                lambda f: same(back(f), np.outer(B.T @ nu, C.T @ nu), 1e-9),
                "Your result has rank one: you sum over l before you multiply b and c.",
            ),
            (
                lambda f: with_weights(f, np.abs(nu)),
                "Weights may be negative: no absolute values here.",
            ),
            (
                lambda f: with_weights(f, nu / L),
                "Divided by L, it fails (2) by that factor.",
            ),
        ),
    )


# %%
check_adjoint(adjoint)


# %% tags=["answer"]
def by_outer_products(B, C, nu):
    """The sum of nu_l b_l c_l'."""
    return sum(weight * np.outer(b, c) for weight, b, c in zip(nu, B, C, strict=True))


check_adjoint(by_outer_products)

# %% tags=["wrong"]
# Mistake: forgets nu.
# Hint: nu does not appear
check_adjoint(lambda B, C, nu: B.T @ C)

# %% tags=["wrong"]
# Mistake: the sign.
# Hint: The sign is turned round
check_adjoint(lambda B, C, nu: -adjoint(B, C, nu))

# %% tags=["wrong"]
# Mistake: nu on both sides.
# Hint: nu has been multiplied in twice
check_adjoint(lambda B, C, nu: (nu[:, None] * B).T @ (nu[:, None] * C))

# %% tags=["wrong"]
# Mistake: the outer product of two sums.
# Hint: Your result has rank one
check_adjoint(lambda B, C, nu: np.outer(B.T @ nu, C.T @ nu))

# %% tags=["wrong"]
# Mistake: absolute values of the weights.
# Hint: Weights may be negative
check_adjoint(lambda B, C, nu: adjoint(B, C, np.abs(nu)))

# %% tags=["wrong"]
# Mistake: a mean instead of a sum.
# Hint: Divided by L
check_adjoint(lambda B, C, nu: adjoint(B, C, nu) / len(nu))

# %% [markdown]
# ## Go further: take a matrix apart
#
# The answer of the lifted program is a matrix. If it has rank one, it is $h m^T$ for a pair that is
# known up to a factor; ask for $|h|_2 = |m|_2$, as BranchHull does. If it has not, take the nearest
# matrix of rank one. The sign of the pair is free: let the first entry of $h$ be $\ge 0$.


# %%
def factors(Z):
    """h (K,) and m (N,) of equal length, h m' the nearest matrix of rank one to Z, h[0] >= 0."""
    ### BEGIN SOLUTION
    U, s, Vt = np.linalg.svd(Z)
    sign = -1.0 if U[0, 0] < 0 else 1.0
    return sign * np.sqrt(s[0]) * U[:, 0], sign * np.sqrt(s[0]) * Vt[0]
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "10_lifted_operator",
    "factors",
    points=2,
    hints=(
        "The nearest matrix of rank one is the first term of the singular value decomposition.",
        "numpy's svd returns V already transposed: its rows are what you want.",
        "Two vectors share one singular value. How, if they are to have the same length?",
    ),
)
def check_factors(answer, seed=0):
    """Judge a pair: equal lengths, the right sign, the nearest matrix of rank one."""
    rng = np.random.default_rng(seed)
    K, N = 4, 6
    h, m = rng.normal(size=K), rng.normal(size=N)
    exact = np.outer(h, m)
    several = [np.outer(rng.normal(size=K), rng.normal(size=N)) for _ in range(12)]
    drawn = (rng.normal(size=(K, N)) for _ in range(3000))
    turned = list(islice((Z for Z in drawn if np.linalg.svd(Z)[0][0, 0] < 0), 3))
    rough = exact + 0.3 * rng.normal(size=(K, N))

    def lengths(f, Z=exact):
        return [np.linalg.norm(v) for v in f(Z)]

    def product(f, Z=exact):
        return np.outer(*f(Z))

    def nearest(Z):
        U, s, Vt = np.linalg.svd(Z)
        return s[0] * np.outer(U[:, 0], Vt[0])

    def negative(f):
        """How many matrices get an h with h[0] < 0."""
        return sum(f(Z)[0][0] < 0 for Z in (exact, -exact, *several, *turned))

    def distance(f):
        """The reader's own distance to a matrix, where it is not the smallest."""
        for Z in (rough, *turned):
            found = np.linalg.norm(Z - product(f, Z))
            if not found < np.linalg.norm(Z - nearest(Z)) * (1 + 1e-9):
                return Seen(False, f"For one Z your h m' is {found:.4g} away from it.")
        return True

    return judge(
        answer,
        takes("Z"),
        *returns("h and m", lambda f: f(exact), (K,), (N,)),
        (
            "give back a matrix of rank one: h m' = Z",
            lambda f: all(same(product(f, Z), Z, 1e-9) for Z in (exact, *several)),
        ),
        (
            "give h and m of the same length",
            lambda f: Seen(
                np.isclose(*lengths(f)), "Yours are {:.4g} and {:.4g}.".format(*lengths(f))
            ),
        ),
        ("have h[0] >= 0", lambda f: not negative(f)),
        ("be as near as possible to a matrix that has not rank one", distance),
        mistakes=(
            (
                lambda f: np.allclose(lengths(f), 1),
                "Unit vectors: the singular value has been lost.",
            ),
            (
                lambda f: np.allclose(np.array(lengths(f)) ** 0.5, np.linalg.norm(exact, 2) ** 0.5),
                "Both have the whole singular value, so the product has its square.",
            ),
            (
                lambda f: any(
                    same(product(f, Z), -nearest(Z), 1e-9) for Z in (exact, *several, *turned)
                ),
                "h m' is -Z: if h changes its sign, m must change with it.",
            ),
            (
                lambda f: same(product(f), exact, 1e-9) and np.any(np.isclose(lengths(f), 1)),
                "The product is right, and one of the two carries all of it.",
            ),
            (
                lambda f: (
                    same(product(f), exact, 1e-9)
                    and same(np.abs(f(exact)[0]), np.abs(exact[:, 0]), 1e-9)
                ),
                "A column of Z is a multiple of h, but not one of the right length.",
            ),
            (
                lambda f: same(product(f), exact, 1e-9) and negative(f),
                "Right but for the sign: sometimes your h[0] is negative.",
            ),
        ),
    )


# %%
check_factors(factors)


# %% tags=["answer"]
def by_power_iteration(Z):
    """Z Z' again and again turns almost any vector into the first singular one."""
    h = Z @ Z.T @ np.ones(len(Z)) + 1e-3 * Z[:, 0]
    for _ in range(3000):
        h = Z @ (Z.T @ h)
        h = h / np.linalg.norm(h)
    m = Z.T @ h
    size = np.sqrt(np.linalg.norm(m))
    h, m = size * h, m / size
    return (h, m) if h[0] >= 0 else (-h, -m)


check_factors(by_power_iteration)


# %% tags=["wrong"]
def first_pair(Z):
    """The first singular pair. Mistake: and no singular value.

    Hint: the singular value has been lost
    """
    U, s, Vt = np.linalg.svd(Z)
    sign = -1.0 if U[0, 0] < 0 else 1.0
    return sign * U[:, 0], sign * Vt[0], s[0]


check_factors(lambda Z: first_pair(Z)[:2])

# %% tags=["wrong"]
# Mistake: both times the whole singular value.
# Hint: Both have the whole singular value
check_factors(lambda Z: (first_pair(Z)[0] * first_pair(Z)[2], first_pair(Z)[1] * first_pair(Z)[2]))


# %% tags=["wrong"]
def as_it_comes(Z):
    """Mistake: the sign as it comes.

    Hint: Right but for the sign
    """
    U, s, Vt = np.linalg.svd(Z)
    return np.sqrt(s[0]) * U[:, 0], np.sqrt(s[0]) * Vt[0]


check_factors(as_it_comes)

# %% tags=["wrong"]
# Mistake: changes the sign of h alone.
# Hint: m must change with it
check_factors(lambda Z: (np.sign(as_it_comes(Z)[0][0]) * as_it_comes(Z)[0], as_it_comes(Z)[1]))

# %% tags=["wrong"]
# Mistake: the singular value goes to m.
# Hint: one of the two carries all of it
check_factors(lambda Z: (first_pair(Z)[0], first_pair(Z)[1] * first_pair(Z)[2]))

# %% tags=["wrong"]
# Mistake: a column as h.
# Hint: A column of Z is a multiple of h
check_factors(lambda Z: (Z[:, 0], Z.T @ Z[:, 0] / (Z[:, 0] @ Z[:, 0])))

# %% [markdown]
# ## What to take away
#
# - Lifting makes the measurements linear; the price is $K N$ unknowns instead of $K + N$.
# - The matrix of $\mathcal A$ is not needed: products of thin matrices do its work.
# - A map and its adjoint are tested against each other, by random numbers, in one line.
#
# **Source.** Lifting as in arXiv 1211.5608, here with real rows and no Fourier transform.
