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
# # Exercise 11: the nearest point of the hull
#
# **The task.** One measurement of BranchHull asks for two numbers with a large enough product,
#
# $$H_d = \{(u, v) : \; u v \ge d, \; u \ge 0, \; v \ge 0\}, \qquad d > 0 .$$
#
# Given any point $(p, q)$ of the plane, find the point of $H_d$ nearest to it. The solvers of
# lesson 13 do this for every measurement in every iteration, so write it for arrays.
#
# **You need** lesson 11, the condition "gradient parallel to normal" at a nearest point, and numpy.
# **Time**: 40 minutes for the core, as much again to go further.
#
# **How it works.** Replace each `raise NotImplementedError` by your code, run the cell, run the
# check under it. A check tells you which property fails and often why; it does not hold the answer,
# and every try draws other points. `check.hint()` gives hints one by one; `check.solution()` opens
# when you are right, or after three tries; `progress()` of `kit.course.practice` shows what you have
# done so far, and in which file of yours it is kept. The kit holds an answer, too: `kit.branchhull.hull`
# has such a projection. It is on your honour not to read it first.

# %%
# %matplotlib inline
import numpy as np
from matplotlib.figure import Figure

from kit.branchhull.hull import violation
from kit.course.checks import Seen, judge, returns, takes
from kit.course.practice import exercise

# %% [markdown]
# ## First the simplest thing that is surely right
#
# Walk along the branch $v = d/u$ in small steps, measure every distance, keep the smallest. Two or
# three digits for thousands of evaluations: far too slow inside a solver, and good to look at.
#
# **Guess first.** Three points are drawn below: one in the first quadrant, one in the second, one
# in the third. Where does each land, and at what angle do the lines meet the branch?


# %%
def scan(p, q, d):
    """The nearest of 2001 points of the branch to each (p, q), and its distance."""
    p, q, d = np.broadcast_arrays(p, q, d)
    branch = np.sqrt(d) * np.geomspace(1e-3, 1e3, 2001)[:, None]
    distance = np.hypot(branch - p, d / branch - q)
    best = distance.argmin(axis=0), np.arange(p.size)
    return branch[best], d / branch[best], distance[best]


# %%
p, q, d = np.array([0.3, -1.0, -0.8]), np.array([1.2, 2.0, -1.6]), 1.0
u, v, distance = scan(p, q, d)
figure = Figure(figsize=(4.6, 4.6))
ax = figure.subplots()
edge = np.geomspace(0.2, 5, 200)
ax.fill_between(edge, d / edge, 5, color="#56B4E9", alpha=0.3, lw=0)
ax.plot(edge, d / edge, color="#0072B2")
ax.plot([p, u], [q, v], ":", color="#999999")
ax.plot(p, q, "X", color="#E69F00", label="given point")
ax.plot(u, v, "o", color="#CC79A7", label="nearest point")
ax.axhline(0, color="0.8", lw=0.8, zorder=0)
ax.axvline(0, color="0.8", lw=0.8, zorder=0)
ax.set(xlim=(-2, 3), ylim=(-2, 3), xlabel="u", ylabel="v", aspect="equal", title="$H_1$, shaded")
ax.legend(loc="lower right")
figure

# %%
for k in range(3):
    print(f"({p[k]:4.1f}, {q[k]:4.1f}) -> ({u[k]:.2f}, {v[k]:.2f}), {distance[k]:.2f} away")

# %% [markdown]
# ## The mathematics
#
# **Where the nearest point is.** A point of $H_d$ is its own nearest point. A point outside lands on
# the branch $u v = d$: from a point with $u v > d$ one could take a small step towards $(p, q)$ and
# be nearer, still inside.
#
# **The right angle.** On the branch the product $u v$ grows fastest in the direction of its gradient
# $(v, u)$. At the nearest point, the step from $(p, q)$ must point that way, or sliding along the
# branch would shorten it:
#
# $$u - p = \mu\, v, \qquad v - q = \mu\, u, \qquad \mu \ge 0, \qquad u v = d. \tag{1}$$
#
# $H_d$ is convex, so (1) is also sufficient: whoever finds $u, v > 0$ with (1) has the nearest point.
#
# **Way A: one equation for $u$.** Put $v = d/u$ into (1): the first equation gives
# $\mu = (u - p)\,u/d$, and the second becomes, multiplied by $d\,u$,
#
# $$u^4 - p\,u^3 + d\,q\,u - d^2 = 0. \tag{2}$$
#
# A quartic has up to four real roots. For a point outside the hull exactly one of them is positive:
# a positive root gives a point of the branch with the first two equations of (1), and there
# $\mu < 0$ is impossible, since then $u < p$, $v < q$, so $p q > u v = d$, and the point was inside. So
# $\mu \ge 0$, the root is a nearest point, and a convex set has one nearest point only.
#
# **Way B: turn the axes by 45 degrees.** With
#
# $$x = \frac{p + q}{\sqrt 2}, \quad z = \frac{p - q}{\sqrt 2}, \qquad
#   X = \frac{u + v}{\sqrt 2}, \quad Z = \frac{u - v}{\sqrt 2}$$
#
# the branch is $X^2 - Z^2 = 2 d$, $X > 0$, and sum and difference of the equations (1) separate:
# $X - x = \mu X$ and $Z - z = -\mu Z$. Take $\mu = 1 - x/X$ from the first, put it into the second:
#
# $$Z = \frac{z X}{2 X - x}, \qquad
#   g(X) = X^2 \Bigl[ 1 - \Bigl( \frac{z}{2 X - x} \Bigr)^2 \Bigr] - 2 d = 0 . \tag{3}$$
#
# Left of $X_0 = \max\bigl(0,\, x,\, \tfrac12 (x + |z|)\bigr)$ there is nothing to find: either
# $X \le 0$, or $\mu < 0$, or $|Z| > X$. Right of it both factors of the product increase, so $g$
# does, from $g(X_0) \le 0$ to $g(\sqrt{2 d + z^2}) \ge 0$ (there $|Z| \le |z|$): one root, in a
# known interval, for every point at once.
#
# (2) and (3) are the same condition; choose the one you like. You may find its root in any way.

# %% [markdown]
# ## Core: write it


# %%
def project(p, q, d):
    """Nearest point of {u v >= d, u >= 0, v >= 0} to each (p, q).

    p, q, d > 0 are arrays of shape (n,). Return two such arrays, u and v.
    """
    ### BEGIN SOLUTION
    x, z = (p + q) / np.sqrt(2), (p - q) / np.sqrt(2)
    low = np.maximum.reduce([np.zeros_like(x), x, (x + np.abs(z)) / 2])
    high = np.maximum(np.sqrt(2 * d + z**2), low)
    for _ in range(60):
        X = (low + high) / 2
        slope = np.divide(z, 2 * X - x, out=np.zeros_like(z), where=x < 2 * X)
        below = X**2 * (1 - slope**2) < 2 * d
        low, high = np.where(below, X, low), np.where(below, high, X)
    larger = X * (1 + np.abs(slope)) / np.sqrt(2)
    smaller = np.divide(d, larger, out=np.zeros_like(larger), where=larger > 0)  # d may be 0
    u, v = np.where(z >= 0, larger, smaller), np.where(z >= 0, smaller, larger)
    inside = (p >= 0) & (q >= 0) & (p * q >= d)
    return np.where(inside, p, u), np.where(inside, q, v)
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "11_projection",
    "project",
    points=4,
    hints=(
        "Sort the points first: which stay where they are, and where do all the others land?",
        "Take equation (3) and bisect: you know a left end and a right end for all points at once.",
        "The root gives X; Z follows from X, and u, v by turning back. Where do the points inside go?",
    ),
)
def check(answer, seed=0):
    """Judge a `project` by its properties, on points drawn from the seed."""
    rng = np.random.default_rng(seed)
    (p, q), d = rng.normal(0, 3, (2, 150)), rng.uniform(0.1, 4, 150)
    d[0] = 5.0  # a function that takes one d for all is seen on every point
    inside = violation(p, q, d) == 0
    third = (p < 0) & (q < 0) & (p * q > d)
    first = (p > 0) & (q > 0) & ~inside
    scanned = scan(p, q, d)[2]
    hard = [(0, 0, 1), (0, -5, 1), (-1e3, -1e3, 1), (1e3, -1e3, 1e-6), (-1e-6, 1e-6, 1e4)]
    far_p, far_q, far_d = np.array(hard, dtype=float).T

    def same(a, b):
        return np.allclose(a, b, rtol=1e-6, atol=1e-6)

    def moved(f, p=p, q=q, d=d):
        u, v = f(p, q, d)
        return np.hypot(u - p, v - q)

    def worst(f, excess, limit):
        """Whether no entry of excess is above the limit; else the reader's own worst point."""
        k = np.argmax(excess)
        u, v = f(p, q, d)
        return Seen(
            excess[k] <= limit,
            f"For p = {p[k]:.2f}, q = {q[k]:.2f}, d = {d[k]:.2f} you give "
            f"u = {u[k]:.4g}, v = {v[k]:.4g}, so u v = {u[k] * v[k]:.4g}.",
        )

    def angle(f):
        """How far from 90 degrees the step and the branch meet, and how far u v is from d."""
        u, v = f(p, q, d)
        step = np.maximum(moved(f), 0.1)
        slant = np.abs((p - u) * u - (q - v) * v) / (step * np.hypot(u, v))
        k = np.argmax(np.where(inside, 0, np.maximum(slant, np.abs(u * v / d - 1))))
        return Seen(
            inside[k] or max(slant[k], abs(u[k] * v[k] / d[k] - 1)) < 1e-6,
            f"For p = {p[k]:.2f}, q = {q[k]:.2f}, d = {d[k]:.2f} your step meets the branch at "
            f"{90 - np.degrees(np.arcsin(min(slant[k], 1))):.6g} degrees, and u v is "
            f"{u[k] * v[k]:.6g}.",
        )

    def far(f):
        nearest = scan(far_p, far_q, far_d)[2]
        excess = moved(f, far_p, far_q, far_d) / (nearest + 1e-9) - 1
        excess = np.maximum(excess, violation(*f(far_p, far_q, far_d), far_d))
        k = np.argmax(np.nan_to_num(excess, nan=np.inf))
        return Seen(
            excess[k] < 1e-3, f"Look at p = {far_p[k]:g}, q = {far_q[k]:g}, d = {far_d[k]:g}."
        )

    return judge(
        answer,
        takes("p", "q", "d"),
        *returns("two arrays as long as p", lambda f: f(p, q, d), p.shape, p.shape),
        (
            "leave the points of the hull where they are",
            lambda f: worst(f, np.where(inside, moved(f), 0), 1e-9),
        ),
        (
            "land in the hull: u v >= d with u, v >= 0",
            lambda f: worst(f, violation(*f(p, q, d), d), 1e-3),
        ),
        (
            "land on the nearest point, and `scan` finds a nearer one",
            lambda f: worst(f, moved(f) - scanned, 1e-3),
        ),
        (
            "leave its own results where they are, when it gets them as p and q",
            lambda f: same(f(*f(p, q, d), d), f(p, q, d)),
        ),
        (
            "meet the branch at a right angle",
            angle,
            "To the eye this is right. Find the root to six digits or more.",
        ),
        (
            "be right far away, near the origin, and for small and large d",
            far,
            "Right for ordinary points. There are others.",
        ),
        mistakes=(
            (
                lambda f: same(f(p, q, d), (p, q)),
                "Nothing has moved: the points outside the hull come back as they were.",
            ),
            (
                lambda f: same(f(p, q, d), (np.maximum(p, 0), np.maximum(q, 0))),
                "You land in the quadrant u, v >= 0, whatever d is. Is u v >= d there?",
            ),
            (
                lambda f: same(f(p, q, d)[0][inside], q[inside]) and not same(p[inside], q[inside]),
                "The two arrays come back in the wrong order: u belongs to p and v to q.",
            ),
            (
                lambda f: same(np.array(f(p, q, d))[:, ~inside], np.sqrt(d)[~inside]),
                "All points go to the vertex of their branch. By symmetry that is right for p = q.",
            ),
            (
                lambda f: np.any(np.logical_and(*np.less(f(p, q, d), 0))),
                "Some points land on the other branch, where both coordinates are negative. "
                "Of all solutions of your equation, which one may you keep?",
            ),
            (
                lambda f: same(np.array(f(p, q, d))[:, third], -np.array([p, q])[:, third]),
                "Where p and q are negative you change both signs. A mirror image is not the "
                "nearest point: how far away is it?",
            ),
            (
                lambda f: (
                    same(f(p, q, d)[0][first], p[first]) ^ same(f(p, q, d)[1][first], q[first])
                ),
                "You keep one coordinate and raise the other until the product fits. "
                "A step parallel to an axis is not the shortest: at what angle does it arrive?",
            ),
            (
                lambda f: (
                    same((f(p, q, d)[0] * q)[first], (f(p, q, d)[1] * p)[first])
                    and np.min(f(p, q, d)[0][first]) > 1e-9
                ),
                "You move along the ray through the origin, so that u : v = p : q. "
                "What does the ray have to do with the branch's normal?",
            ),
            (
                lambda f: (
                    same(np.prod(f(p, q, d), axis=0)[inside], d[inside])
                    and np.all((moved(f) <= scanned + 1e-3)[~inside])
                ),
                "The points outside are right. Those inside are pulled out to the branch: "
                "what is the distance from a point of a set to the set?",
            ),
            (
                lambda f: same(f(p, q, d), f(p, q, np.full_like(d, d[0]))),
                "Your result depends on one entry of d only, or on none: every point has a d of its own.",
            ),
            (
                lambda f: (
                    same(np.prod(f(p, q, d), axis=0)[~inside], d[~inside])
                    and np.any(moved(f) > scanned + 1e-2)
                ),
                "You land on the branch, but at another point of it. Put one of your (u, v) into "
                "the two equations (1): do both give the same mu? If not, look for a wrong sign.",
            ),
        ),
    )


# %%
check(project)

# %% [markdown]
# `check(project, seed=7)` draws the points of seed 7, again and again, and does not count as a try.


# %% tags=["answer"]
def real_roots(p, q, d):
    """The real roots of the quartic of one point: eigenvalues of its companion matrix."""
    roots = np.roots([1, -p, 0, d * q, -(d**2)])
    return roots.real[np.abs(roots.imag) < 1e-6 * np.abs(roots)]


def by_roots(p, q, d):
    """Way A, one point after the other: the positive root of the quartic."""
    u, v = np.array([p, q], dtype=float)
    for k in range(len(p)):
        if min(p[k], q[k]) < 0 or p[k] * q[k] < d[k]:
            u[k] = real_roots(p[k], q[k], d[k]).max()
            v[k] = d[k] / u[k]
    return u, v


check(by_roots)


# %% tags=["answer"]
def by_thirds(p, q, d):
    """Without any equation: the branch as (sqrt(d) e^s, sqrt(d) e^-s), and ternary search in s."""

    def distance(s):
        return np.hypot(np.sqrt(d) * np.exp(s) - p, np.sqrt(d) * np.exp(-s) - q)

    reach = np.log(3 + 2 * (np.abs(p) + np.abs(q)) / np.sqrt(d))
    low, high = -reach, reach
    for _ in range(120):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        left = distance(a) < distance(b)
        low, high = np.where(left, low, a), np.where(left, b, high)
    u = np.sqrt(d) * np.exp((low + high) / 2)
    inside = (np.minimum(p, q) >= 0) & (p * q >= d)
    return np.where(inside, p, u), np.where(inside, q, d / u)


check(by_thirds)


# %% tags=["wrong"]
def untouched(p, q, d):
    """Mistake: the points outside are never moved.

    Hint: come back as they were
    """
    return p, q


check(untouched)


# %% tags=["wrong"]
def quadrant(p, q, d):
    """Mistake: projects on the quadrant, as if d were 0.

    Hint: whatever d is
    """
    return np.maximum(p, 0), np.maximum(q, 0)


check(quadrant)


# %% tags=["wrong"]
def swapped(p, q, d):
    """Mistake: the right points, q first.

    Hint: in the wrong order
    """
    return project(p, q, d)[::-1]


check(swapped)


# %% tags=["wrong"]
def vertex(p, q, d):
    """Mistake: all points outside go to (sqrt(d), sqrt(d)).

    Hint: go to the vertex
    """
    inside = violation(p, q, d) == 0
    return np.where(inside, p, np.sqrt(d)), np.where(inside, q, np.sqrt(d))


check(vertex)


# %% tags=["wrong"]
def one_d(p, q, d):
    """Mistake: takes the first d for all points.

    Hint: one entry of d only
    """
    return project(p, q, np.full_like(d, d[0]))


check(one_d)


# %% tags=["wrong"]
def other_branch(p, q, d):
    """Mistake: of all real roots takes the one nearest to (p, q), on whichever branch it is.

    Hint: land on the other branch
    """
    u, v = np.array([p, q])
    for k in np.flatnonzero(violation(p, q, d)):
        roots = real_roots(p[k], q[k], d[k])
        u[k] = roots[np.hypot(roots - p[k], d[k] / roots - q[k]).argmin()]
        v[k] = d[k] / u[k]
    return u, v


check(other_branch)


# %% tags=["wrong"]
def mirrored(p, q, d):
    """Mistake: takes absolute values first, so the third quadrant is mirrored into the first.

    Hint: you change both signs
    """
    return project(np.abs(p), np.abs(q), d)


check(mirrored)


# %% tags=["wrong"]
def straight_up(p, q, d):
    """Mistake: keeps p where it is positive and raises q to d / p.

    Hint: keep one coordinate
    """
    inside = violation(p, q, d) == 0
    u = np.where(p > 0, p, np.sqrt(d))
    return u, np.where(inside, q, d / u)


check(straight_up)


# %% tags=["wrong"]
def along_the_ray(p, q, d):
    """Mistake: stretches (p, q) until the product is d.

    Hint: along the ray through the origin
    """
    inside = violation(p, q, d) == 0
    p_, q_ = np.maximum(p, 1e-3), np.maximum(q, 1e-3)
    stretch = np.where(inside, 1, np.sqrt(d / (p_ * q_)))
    return np.where(inside, p, stretch * p_), np.where(inside, q, stretch * q_)


check(along_the_ray)


# %% tags=["wrong"]
def inside_too(p, q, d):
    """Mistake: forgets the points inside, which then go to the nearest point of the branch.

    Hint: Those inside are pulled out
    """
    u, v, _ = scan(p, q, d)
    inside = violation(p, q, d) == 0
    return np.where(inside, u, project(p, q, d)[0]), np.where(inside, v, project(p, q, d)[1])


check(inside_too)


# %% tags=["wrong"]
def wrong_sign(p, q, d):
    """Mistake: solves u^4 + p u^3 + d q u - d^2 = 0, with a sign slip.

    Hint: look for a wrong sign
    """
    u, v = np.array([p, q])
    for k in np.flatnonzero(violation(p, q, d)):
        u[k] = real_roots(-p[k], q[k], d[k]).max()
        v[k] = d[k] / u[k]
    return u, v


check(wrong_sign)


# %% tags=["wrong"]
def in_place(p, q, d):
    """Mistake: writes the result into p and q.

    Hint: overwrites its argument p
    """
    p[:], q[:] = project(p, q, d)
    return p, q


check(in_place)


# %% tags=["wrong"]
def impatient(p, q, d):
    """Mistake: scans the branch and stops there.

    Hint: To the eye this is right
    """
    inside = violation(p, q, d) == 0
    u, v, _ = scan(p, q, d)
    return np.where(inside, p, u), np.where(inside, q, v)


check(impatient)


# %% tags=["wrong"]
def pairs(p, q, d):
    """Mistake: returns a list of points instead of two arrays.

    Hint: It returned one array of shape (150, 2)
    """
    return np.transpose(project(p, q, d))


check(pairs)

# %% [markdown]
# ## Go further 1: d = 0
#
# A measurement $y = 0$ gives $d = 0$, and the branch degenerates to the edge of the quadrant. What is
# the projection then? Make your `project` do it too, with zeros and positive numbers mixed in $d$.


# %% tags=["check"]
@exercise(
    "11_projection",
    "project",
    points=1,
    hints=(
        "Draw the set for d = 0. Which of its points is nearest to (-1, 2)?",
        "Your formula divides somewhere. By what, when d = 0 and both coordinates are negative?",
    ),
)
def check_zero(answer, seed=0):
    """Judge a `project` where some d are 0."""
    rng = np.random.default_rng(seed)
    p, q = rng.normal(0, 3, (2, 200))
    d = rng.uniform(0.1, 4, 200) * (np.arange(200) % 2)
    none = d == 0

    def left(f, axis):
        """Entries of the answer, where d = 0 and the coordinate given was positive: moved how far."""
        given = (p, q)[axis]
        return np.abs(f(p, q, d)[axis] - given)[none & (given >= 0)].max()

    return judge(
        answer,
        takes("p", "q", "d"),
        *returns("two arrays as long as p", lambda f: f(p, q, d), p.shape, p.shape),
        (
            "give numbers >= 0, up to rounding",
            lambda f: Seen(
                np.min(f(p, q, d)) > -1e-9, f"Your smallest is {np.min(f(p, q, d)):.3g}."
            ),
        ),
        ("leave a coordinate that is positive as it is", lambda f: left(f, 0) + left(f, 1) < 1e-9),
        (
            "put a negative coordinate on the edge",
            lambda f: (
                f(p, q, d)[0][none & (p < 0)].max() + f(p, q, d)[1][none & (q < 0)].max() < 1e-9
            ),
        ),
        ("still be right where d > 0", lambda f: check.judge(f, seed).ok),
    )


# %%
check_zero(project)


# %% tags=["wrong"]
def divides_by_zero(p, q, d):
    """Mistake: v = d / u without a look at u = 0.

    Hint: no nan and no inf
    """
    u, _ = project(p, q, d)
    return u, np.where(violation(p, q, d) == 0, q, d / u)


check_zero(divides_by_zero)

# %% [markdown]
# ## Go further 2: with slack
#
# Lesson 16 lets measurements be wrong: a third unknown $w$ is added to $v$, and the set is
#
# $$\{(u, v, w) : \; u\,(v + w) \ge d, \; u \ge 0, \; v + w \ge 0\} .$$
#
# Find the point of it nearest to $(p, q, \xi)$. **Think first:** only the sum $v + w$ is
# constrained. Which turn of the axes makes this the problem that you have solved, and what becomes
# of $d$?


# %%
def project_with_slack(p, q, xi, d):
    """Nearest point (u, v, w) of {u (v + w) >= d, u >= 0, v + w >= 0} to each (p, q, xi).

    p, q, xi, d > 0 are arrays of shape (n,). Return three such arrays.
    """
    ### BEGIN SOLUTION
    u, total = np.array(project(p, (q + xi) / np.sqrt(2), d / np.sqrt(2)))  # it may give lists
    more = (np.sqrt(2) * total - (q + xi)) / 2
    return u, q + more, xi + more
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "11_projection",
    "project_with_slack",
    points=2,
    hints=(
        "Only v + w matters, so the step splits evenly between the two.",
        "Turn v and w by 45 degrees: one new axis is (v + w) / sqrt(2), the other does not move.",
        "In the new axis the product must reach d / sqrt(2): call your `project` with that.",
    ),
)
def check_slack(answer, seed=0):
    """Judge a `project_with_slack`: a nearest point sees the given point at 90 degrees or more."""
    rng = np.random.default_rng(seed)
    n = 200
    given, d = rng.normal(0, 3, (3, n)), rng.uniform(0.1, 4, n)
    p, q, xi = given
    inside = violation(p, q + xi, d) == 0

    def to(f):
        return np.array(f(p, q, xi, d))

    def others(mine, size):
        """Points of the set: near the reader's own for a small size."""
        u, v, w = mine
        u = u * np.exp(size * rng.normal(size=n))
        v = v + size * rng.normal(size=n)
        return np.array([u, v, np.maximum(d / u - v, w - size)])

    def gap(f, sizes):
        """Largest cosine between the step to the given point and steps to others of the set."""
        mine = to(f)
        step, found = given - mine, []
        for size in sizes:
            away = others(mine, size) - mine
            length = np.linalg.norm(step, axis=0) * np.linalg.norm(away, axis=0)
            found.append(np.max(np.sum(step * away, axis=0)[~inside] / length[~inside]))
        return max(found)

    return judge(
        answer,
        takes("p", "q", "xi", "d"),
        *returns("three arrays as long as p", lambda f: f(p, q, xi, d), (n,), (n,), (n,)),
        (
            "leave the points of the set where they are",
            lambda f: np.abs(to(f) - given)[:, inside].max() < 1e-9,
        ),
        (
            "land in the set",
            lambda f: violation(to(f)[0], to(f)[1] + to(f)[2], d).max() < 1e-6,
        ),
        (
            "land on the nearest point: others of the set are nearer",
            lambda f: gap(f, (1, 0.3, 0.1) * 20) < 0.1,
        ),
        (
            "land on the nearest point to more digits",
            lambda f: gap(f, [1e-4] * 20) < 1e-3,
            "Nearly the nearest point; solve the equation further.",
        ),
        mistakes=(
            (
                lambda f: np.allclose(to(f)[2], xi),
                "The slack never moves, so the other two do all the work. Three may share it.",
            ),
            (
                lambda f: np.allclose(to(f)[:2][:, p > 1], given[:2][:, p > 1]),
                "Only the slack moves. That fits the data and pays too much: share the step.",
            ),
            (
                lambda f: np.all((to(f)[0] * (to(f)[1] + to(f)[2]))[~inside] > d[~inside] * 1.1),
                "You land deep inside the set, where u (v + w) > d. "
                "In the turned axes, is the right-hand side still d?",
            ),
        ),
    )


# %%
check_slack(project_with_slack)


# %% tags=["answer"]
def with_slack_by_roots(p, q, xi, d):
    """Condition (1) for three unknowns: v and w move by mu u each, so u^4 - p u^3 + ... again."""
    u, total = by_roots(p, (q + xi) / np.sqrt(2), d / np.sqrt(2))
    inside = (p >= 0) & (q + xi >= 0) & (p * (q + xi) >= d)
    more = np.where(inside, 0, total / np.sqrt(2) - (q + xi) / 2)
    return u, q + more, xi + more


check_slack(with_slack_by_roots)


# %% tags=["wrong"]
def no_slack(p, q, xi, d):
    """Mistake: takes xi as given and projects the rest.

    Hint: The slack never moves
    """
    u, total = project(p, q + xi, d)
    return u, total - xi, xi


check_slack(no_slack)


# %% tags=["wrong"]
def all_slack(p, q, xi, d):
    """Mistake: lets the slack make up for everything.

    Hint: Only the slack moves
    """
    u = np.maximum(p, 1e-2)
    return np.where(p > 0, p, u), q, np.maximum(xi, d / u - q)


check_slack(all_slack)


# %% tags=["wrong"]
def forgets_root_two(p, q, xi, d):
    """Mistake: turns the axes but leaves d as it is.

    Hint: is the right-hand side still d
    """
    u, total = project(p, (q + xi) / np.sqrt(2), d)
    inside = violation(p, q + xi, d) == 0
    more = (np.sqrt(2) * total - (q + xi)) / 2
    return np.where(inside, p, u), np.where(inside, q, q + more), np.where(inside, xi, xi + more)


check_slack(forgets_root_two)

# %% [markdown]
# ## What to take away
#
# - Outside the hull, nearest means *on the branch, at a right angle*: two conditions, one root.
# - Convexity makes the positive root unique, so there is nothing to choose among positive roots.
# - A projection can be checked without knowing it: feasible, nearer than any point you can draw.
#
# Lesson 13 puts your function into a loop and calls it ADMM.
#
# **Source.** The published code of arXiv 1809.08359 projects by the roots of the quartic, one point
# after the other; way B is derived here.
