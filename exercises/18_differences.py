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
# # Exercise 18: differences of an image, and a certificate repaired
#
# **The task.** Total variation is a sum of differences between neighbours. Write the differences and
# their adjoint for an image that is stored as one long vector; then make an approximate dual of the
# TV program exactly admissible, so that it proves something.
#
# **You need** lesson 18, exercises 10 and 12. **Time**: 25 minutes for the core, 20 to go further.
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
# ## Differences
#
# An image of `rows` x `cols` pixels is stored **column by column**: pixel $(i, j)$ is entry
# $j \cdot \text{rows} + i$ of $w$. Numpy reshapes row by row unless told otherwise (`order="F"`).
#
# $D w$ has two parts, each again stored column by column:
#
# - vertical: $w_{i+1, j} - w_{i, j}$, an array of (rows - 1) x cols;
# - horizontal: $w_{i, j+1} - w_{i, j}$, an array of rows x (cols - 1).
#
# Nothing happens across the border. The adjoint $D^T$ takes such a vector $v$ back to the pixels:
# $\langle D w, v \rangle = \langle w, D^T v \rangle$ for all $w$ and $v$.
#
# **Guess first.** Which pixel's entry of $D^T v$ has the fewest terms, and how many?

# %%
picture = np.arange(6.0).reshape(2, 3) ** 2
print(picture, "stored as", picture.reshape(-1, order="F"), sep="\n")

# %% [markdown]
# ## First, a feel for it
#
# Raise one pixel by 1: how many differences between neighbours change? Try the middle of a side and a
# corner.

# %%
i, j = 0, 1  # change them
raised = picture.copy()
raised[i, j] += 1
changed = [np.sum(np.diff(raised, axis=k) != np.diff(picture, axis=k)) for k in (0, 1)]
print(f"pixel ({i}, {j}): {changed[0]} vertical and {changed[1]} horizontal differences change")


# %% [markdown]
# ## Core 1: the differences


# %%
def differences(w, rows, cols):
    """D w: the vertical differences, then the horizontal ones, each column by column."""
    raise NotImplementedError("your turn")


# %% tags=["check"]
@exercise(
    "18_differences",
    "differences",
    points=2,
    hints=(
        "Make an image of w first: `w.reshape(rows, cols, order='F')`.",
        "`np.diff(image, axis=0)` is next minus current along one direction. Flatten with order='F' again.",
    ),
)
def check(answer, seed=0):
    """Judge differences on images of which one knows them."""
    rng = np.random.default_rng(seed)
    rows, cols = 4, 6
    n_v, n_h = (rows - 1) * cols, rows * (cols - 1)
    image = rng.normal(size=(rows, cols))
    i, j = np.indices((rows, cols))
    down, swapped = np.repeat([1.0, 0.0], [n_v, n_h]), np.repeat([1.0, 0.0], [n_h, n_v])

    def D(f, image=image):
        return np.asarray(f(image.reshape(-1, order="F"), rows, cols), float)

    def one(f):
        """An image with a single 1: four of the differences see it, at known places."""
        k, m = int(rng.integers(1, rows - 1)), int(rng.integers(1, cols - 1))
        found = D(f, ((i == k) & (j == m)).astype(float))
        v, h = (
            found[:n_v].reshape(rows - 1, cols, order="F"),
            found[n_v:].reshape(rows, cols - 1, order="F"),
        )
        seen = [v[k - 1, m], v[k, m], h[k, m - 1], h[k, m], np.abs(found).sum()]
        return same(seen, [1, -1, 1, -1, 4], 1e-9)

    return judge(
        answer,
        takes("w", "rows", "cols"),
        *returns("the differences of all neighbours", D, (n_v + n_h,)),
        (
            "be 0 for a flat image",
            lambda f: np.abs(D(f, np.full((rows, cols), 3.0))).max() < 1e-9,
        ),
        (
            "see a slope downwards in the vertical part only",
            lambda f: same(D(f, 1.0 * i), down, 1e-9),
        ),
        (
            "see a slope to the right in the horizontal part only",
            lambda f: same(D(f, 1.0 * j), 1 - down, 1e-9),
        ),
        ("put each difference in its place", one),
        mistakes=(
            (
                lambda f: same(D(f, 1.0 * i), -down, 1e-9),
                "Current minus next: the sign is turned round.",
            ),
            (
                lambda f: same(D(f, 1.0 * j), swapped, 1e-9),
                "The horizontal part comes first.",
            ),
            (
                lambda f: np.all(D(f) > -1e-9) and same(D(f, 1.0 * i), down, 1e-9),
                "Differences have a sign: the absolute values come later, in the norm.",
            ),
            (
                lambda f: same(D(f, 1.0 * i), down, 1e-9) and same(D(f, 1.0 * j), 1 - down, 1e-9),
                "The right numbers in the wrong order: flatten column by column, as w is.",
            ),
            (
                lambda f: same(
                    np.sort(D(f)),
                    np.sort(
                        np.r_[
                            np.diff(
                                image.reshape(-1, order="F").reshape(rows, cols), axis=0
                            ).ravel(),
                            np.diff(
                                image.reshape(-1, order="F").reshape(rows, cols), axis=1
                            ).ravel(),
                        ]
                    ),
                ),
                "You read w row by row, and it is stored column by column.",
            ),
            (
                lambda f: same(2 * D(f, 1.0 * i), down),
                "Your differences are halved.",
            ),
        ),
    )


# %%
check(differences)


# %% [markdown]
# ## Core 2: the adjoint


# %%
def adjoint(v, rows, cols):
    """D'v, a vector of rows * cols entries, stored column by column."""
    raise NotImplementedError("your turn")


# %% tags=["check"]
@exercise(
    "18_differences",
    "adjoint",
    points=2,
    hints=(
        "One difference is + at the next pixel and - at the current one. So is its way back.",
        "Begin with zeros of the image's shape; add the parts to `out[1:]`, take them off `out[:-1]`.",
    ),
)
def check_adjoint(answer, seed=0):
    """Judge an adjoint by the dot test, with differences that are written out here."""
    rng = np.random.default_rng(seed)
    rows, cols = 4, 6
    n_v, n_h = (rows - 1) * cols, rows * (cols - 1)
    v = rng.normal(size=n_v + n_h)

    def D(w):
        down = [w[j * rows + i + 1] - w[j * rows + i] for j in range(cols) for i in range(rows - 1)]
        return np.r_[down, w[rows:] - w[:-rows]]

    def back(f, v=v):
        return np.asarray(f(v, rows, cols), float)

    def dot_test(f, part=np.s_[:], worst=0.0):
        w, u = rng.normal(size=rows * cols), np.zeros(n_v + n_h)
        u[part] = v[part]
        pair = D(w) @ u, w @ back(f, u)
        return Seen(
            np.isclose(*pair), f"<D w, v> is {pair[0]:.4g}, and <w, your D'v> is {pair[1]:.4g}."
        )

    def border(f):
        """Whether it is right away from the border of the image."""
        w = np.zeros((rows, cols))
        w[1:-1, 1:-1] = rng.normal(size=(rows - 2, cols - 2))
        w = w.reshape(-1, order="F")
        return np.isclose(D(w) @ v, w @ back(f))

    return judge(
        answer,
        takes("v", "rows", "cols"),
        *returns("one number for each pixel", back, (rows * cols,)),
        ("be linear", lambda f: same(back(f, 2 * v), 2 * back(f))),
        (
            "sum to 0 over all pixels, since a flat image has no differences",
            lambda f: abs(back(f).sum()) < 1e-9,
        ),
        ("pass the dot test with vertical differences alone", lambda f: dot_test(f, np.s_[:n_v])),
        ("pass the dot test", dot_test),
        mistakes=(
            (
                lambda f: (
                    not dot_test(f)
                    and np.isclose(
                        *(lambda w: (D(w) @ v, -w @ back(f)))(rng.normal(size=rows * cols))
                    )
                ),
                "The sign is turned round: it is D'v with a minus.",
            ),
            (
                lambda f: border(f) and not dot_test(f),
                "Right inside the image, wrong at its border: there a pixel has fewer neighbours.",
            ),
            (
                lambda f: dot_test(f, np.s_[:n_v]),
                "The vertical part is right, the horizontal one is missing or out of order.",
            ),
            (
                lambda f: dot_test(f, np.s_[n_v:]),
                "The horizontal part is right, the vertical one is missing or out of order.",
            ),
            (
                lambda f: same(np.sort(back(f)), np.sort(adjoint_of(v, rows, cols))),
                "The right numbers at the wrong pixels: flatten column by column.",
            ),
            (
                lambda f: np.isclose(back(f).sum(), 2 * v.sum()),
                "Each difference comes back with + and with -: yours adds at both ends.",
            ),
        ),
    )


def adjoint_of(v, rows, cols):
    """D'v by the matrix of D, built column by column: slow, and surely right."""
    n = rows * cols
    eye = np.eye(n)
    down = [eye[j * rows + i + 1] - eye[j * rows + i] for j in range(cols) for i in range(rows - 1)]
    return np.vstack([*down, *(eye[k + rows] - eye[k] for k in range(n - rows))]).T @ v


# %%
check_adjoint(adjoint)


# %% [markdown]
# ## Go further: repair a dual
#
# The TV program with $B = I$ (all signs $+1$, the image $w \ge 0$ itself unknown):
# $\min |D w|_1 + \mu |w|_1 + |m|_1$ subject to $w_\ell \, (\tilde C m)_\ell \ge d_\ell$. Lesson 18: for any
# $\alpha, \beta \ge 0$ and **any** vectors $u$, $r$ with $D^T u + r = \alpha$ and $\theta_h, \theta_m > 0$,
#
# $$\text{optimum} \;\ge\; \frac{2 S}{\sqrt{\theta_h \, \theta_m}}, \qquad
#   S = \sum \sqrt{\alpha \beta d}, \quad
#   \theta_h = \max\bigl( |u|_\infty, \; \max_\ell r_\ell / \mu \bigr), \quad
#   \theta_m = |\tilde C^T \beta|_\infty . $$
#
# A solver's $\alpha$, $\beta$, $u$ obey nothing exactly. But $r$ is free: choose it, and any numbers with
# $\theta_h, \theta_m > 0$ give a bound. $\theta_h$ looks at the largest $r$, not at $|r|$, because $w \ge 0$.


# %%
def tv_bound(back, C, d, al, be, u, mu):
    """The bound from any al, be, u; negative entries of al and be count as 0.

    back (L,) is D'u, already computed; C (L, N) is canonical, d (L,) >= 0, mu > 0; theta_h and
    theta_m are not 0. Return a number.
    """
    raise NotImplementedError("your turn")


# %% tags=["check"]
@exercise(
    "18_differences",
    "tv_bound",
    points=3,
    hints=(
        "Clip first, then choose r so that D'u + r = alpha holds exactly.",
        "theta_h is the larger of two numbers, and one of them is divided by mu.",
    ),
)
def check_bound(answer, seed=0):
    """Judge a bound against feasible points, and by what it must not depend on."""
    rng = np.random.default_rng(seed)
    rows, cols, N, mu = 4, 5, 3, rng.uniform(0.3, 0.7)
    L = rows * cols
    n = (rows - 1) * cols + rows * (cols - 1)
    C = rng.uniform(0.2, 1, (L, N))
    d, u = rng.uniform(0.5, 2, L), 0.1 * rng.normal(size=n)
    al, be = rng.uniform(0.1, 1, (2, L))
    al[:3], be[3:6] = -0.3, -0.2

    def Dt(v):
        return adjoint_of(v, rows, cols)

    def bound(f, al=al, be=be, u=u):
        return float(f(Dt(u), C, d, al, be, u, mu))

    def feasible():
        """The smallest value of some feasible points."""
        best = np.inf
        for _ in range(40):
            m = rng.uniform(0, 1, N)
            w = d / (C @ m)
            down = np.diff(w.reshape(rows, cols, order="F"), axis=0)
            right = np.diff(w.reshape(rows, cols, order="F"), axis=1)
            price = np.abs(down).sum() + np.abs(right).sum() + mu * w.sum()
            best = min(best, 2 * np.sqrt(price * m.sum()))
        return best

    a, b = np.maximum(al, 0), np.maximum(be, 0)
    least = feasible()

    def below(f):
        return Seen(
            bound(f) <= least * (1 + 1e-9),
            f"Yours is {bound(f):.4g}, and a feasible point costs {least:.4g}.",
        )

    def steep(f):
        """A u so large that it decides."""
        return bound(f, u=40 * u)

    def theta(al=a, u=u, sign=1.0, part=np.max):
        return max(np.abs(u).max(), part(sign * (al - Dt(u))) / mu)

    def value(theta_h, al=a, be=b, power=0.5):
        S = np.sqrt(np.maximum(al * be * d, 0)).sum()
        return 2 * S / (theta_h * np.abs(C.T @ be).max()) ** power

    def is_(f, number):
        return np.isclose(bound(f), number)

    return judge(
        answer,
        takes("back", "C", "d", "al", "be", "u", "mu"),
        *returns("a number", bound, ()),
        (
            "not change when al and u are doubled together and be is halved",
            lambda f: np.isclose(bound(f, 2 * al, be / 2, 2 * u), bound(f)),
        ),
        ("count negative entries as 0", lambda f: np.isclose(bound(f), bound(f, a, b))),
        ("be smaller when u is too steep", lambda f: steep(f) < bound(f) * (1 - 1e-6)),
        ("stay below every feasible value", below),
        (
            "be all that the theorem gives",
            lambda f: is_(f, value(theta())),
            "It is below these values, and the theorem gives another number.",
        ),
        mistakes=(
            (
                lambda f: is_(f, value(theta(), power=1)),
                "The root over theta_h theta_m is missing.",
            ),
            (
                lambda f: is_(f, value(theta()) / 2),
                "The 2 is missing: true, and half as good as possible.",
            ),
            (
                lambda f: is_(f, value(a.max() / mu)),
                "Where is u? With u = 0 this is the bound without TV.",
            ),
            (
                lambda f: is_(f, value(np.abs(u).max())),
                "r is free and still has a price: it enters theta_h.",
            ),
            (
                lambda f: is_(f, value(max(np.abs(u).max(), (a - Dt(u)).max()))),
                "r is divided by mu in theta_h.",
            ),
            (
                lambda f: is_(f, value(max(np.abs(u).max(), (a + Dt(u)).max() / mu))),
                "A sign: D'u + r must be alpha.",
            ),
            (
                lambda f: np.isclose(bound(f), value(theta(np.abs(al)), np.abs(al), np.abs(be))),
                "Absolute values make another dual of it. Negative entries count as 0.",
            ),
        ),
    )


# %%
check_bound(tv_bound)

# %% [markdown]
# ## What to take away
#
# - A difference operator and its adjoint are a few slices; the dot test shows whether they belong
#   together.
# - A dual need not be feasible to be useful: move what is wrong into a variable that is free.
#
# **Source.** The operator: the published code of arXiv 1809.08359, here without its repeated rows;
# bound and repair are derived in lesson 18.
