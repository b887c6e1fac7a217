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
# # 11 Hull geometry
#
# A wattmeter shows the power $y = w x$, voltage times current, and neither of the two. You have
# several such meters. You know the direction of each voltage, and have a rough estimate of each
# pair $(w, x)$. The estimates do not fit the readings. You want to repair each with the least
# change. Since all meters hang on the same few sources, together they may give the sources away.
#
# **Afterwards you can** draw the hull of one branch, find its nearest point with a dozen lines,
# intersect many hulls, and read the weights that prove which point is the smallest.
# **Before**: [00](00_start_here.ipynb), [01](01_bounds.ipynb). Symbols: [glossary](glossary.ipynb).
# **Time**: 30 minutes.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import FloatSlider, IntSlider, ToggleButtons
from scipy.optimize import linprog, nnls

from kit import branchhull
from kit.branchhull import hull
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments.theorems import LEDGER, examine, table

# %% [markdown]
# ## The question
#
# Let $t = \operatorname{sign}(w)$, which is known, and $s = \operatorname{sign}(y)$. Signs can be turned away:
#
# $$p = t\,w, \qquad q = s\,t\,x, \qquad d = |y| .$$
#
# Now one branch is left, $p q = d$ with $p, q > 0$. Its hull, as we shall prove, is
#
# $$H_d = \{(p, q) : \; p q \ge d,\; p \ge 0,\; q \ge 0\}, \qquad d > 0 .$$
#
# (If $y = 0$, the kit keeps only $t w \ge 0$.)
#
# **Guess first.** (1) The estimate $(p, q) = (-1, 1.5)$ is outside $H_1$. Has the nearest point of $H_1$ the same
# $q$, a larger, or a smaller one? (2) Three meters leave a region each, with the truth on its border. Is the truth the point
# of their common region that is nearest to the origin: always, mostly, rarely?
#
# ## By hand
#
# From $(0, 0)$ the squared distance of
# $(p, q)$ in $H_1$ is $p^2 + q^2 \ge 2 p q \ge 2$, so the nearest point is $(1, 1)$. For the others go backwards (proved below): start on the branch $q = 1/p$ at $(2, \tfrac12)$.
# Its direction there is $(1, -\tfrac14)$, and $(\tfrac12, 2)$ is at a right angle to that. One such step away leads to $(\tfrac32, -\tfrac32)$, half of it to $(\tfrac74, -\tfrac12)$.

# %%
estimates = np.array([[0, 0], [1.5, -1.5], [1.75, -0.5]])
on_branch = np.array([[1, 1], [2, 0.5], [2, 0.5]])
for estimate, point in zip(estimates, on_branch, strict=True):
    along = np.array([1, -1 / point[0] ** 2])
    print(
        f"step {point - estimate}, times the direction of the branch: {(point - estimate) @ along:g}"
    )

# %%
figure, ax = draw.figure()
draw.plane(ax, 3, "p", "q", "the hull of one branch, d = 1")
draw.hull(ax, 1.0, label="hull")
draw.branch(ax, 1.0, label="branch p q = 1")
draw.points(ax, estimates, "wrong", "estimates")
draw.points(ax, on_branch, "answer", "nearest points")
for estimate, point in zip(estimates, on_branch, strict=True):
    draw.arrow(ax, estimate, point)
draw.legend(ax, "lower left")
draw.show(
    figure,
    "Three estimates outside the hull and their nearest points. Each step meets the branch at a right angle.",
)

# %% [markdown]
# ## Why $H_d$ is the hull
#
# *It is convex.* Take $(p, q)$ and $(p', q')$ in $H_d$. For their midpoint
#
# $$\frac{p + p'}{2} \cdot \frac{q + q'}{2} = \frac{p q + p' q' + (p q' + p' q)}{4}
#   \;\ge\; \frac{2 d + 2\sqrt{p q\, p' q'}}{4} \;\ge\; d ,$$
#
# by the inequality of arithmetic and geometric means. A closed set with all midpoints is convex.
#
# *Each of its points is needed.* From $(p, q)$ with $p q > d$, $p > 0$, walk along $(p + \tau, q - \tau)$. As in
# lesson 00, with $d$ for 1, the product is $d$ at a $\tau < 0$ and at a $\tau > 0$.
# There the two factors have the product $d > 0$ and the sum $p + q > 0$, so both are positive.
# So $(p, q)$ lies between two points of *this* branch. $\square$
#
# **Tangents.** For $\alpha, \beta \ge 0$ the same inequality gives
#
# $$\alpha p + \beta q \;\ge\; 2\sqrt{\alpha p \, \beta q} \;\ge\; 2\sqrt{\alpha\beta d} \qquad \text{on } H_d . \tag{1}$$
#
# If both weights are positive, it is an equality where $\alpha p = \beta q$, $p q = d$: each such pair gives
# a tangent of the branch.
#
# ## From scratch: the nearest point
#
# Let $(p_0, q_0)$ be outside. **We look for a point of the branch at which the step is at a right
# angle**. The product $p q$ has the gradient $(q, p)$, so this means, for some $\mu \ge 0$,
#
# $$p - p_0 = \mu q, \qquad q - q_0 = \mu p, \qquad p q = d, \quad p, q > 0 . \tag{2}$$
#
# *Such a point is nearest.* Take any $(p', q')$ in $H_d$. By (1) with $\alpha = q$, $\beta = p$,
# the step $\mu (q, p)$ has the inner product $\mu\,(q p' + p q' - 2 p q) \ge \mu\,(2 \sqrt{q p\, d} - 2 d) = 0$ with $(p' - p, q' - q)$.
# So the angle between the two is at most 90 degrees, and $(p', q')$ is at least as far from $(p_0, q_0)$. $\square$
#
# *Finding it.* Take the sum and the difference, $\sigma = (p + q)/\sqrt2$ and $\delta = (p - q)/\sqrt2$. The branch is
# $\sigma^2 - \delta^2 = 2 d$, $\sigma > 0$, and (2) comes apart into $\sigma - \sigma_0 = \mu \sigma$ and $\delta - \delta_0 = -\mu \delta$. The first says
# $\mu = 1 - \sigma_0/\sigma$, the second then $\delta = r\,\delta_0$ with $r = \sigma/(2\sigma - \sigma_0)$.
# **One equation with one unknown is left:**
#
# $$f(\sigma) = \sigma^2 - (r\,\delta_0)^2 - 2 d = 0, \qquad
#   f'(\sigma) = 2\sigma + 2 \delta_0^2\, r\, \frac{\sigma_0}{(2\sigma - \sigma_0)^2} .$$
#
# At $\sigma = \max\bigl(0, \sigma_0, \tfrac12(\sigma_0 + |\delta_0|)\bigr)$ we have $f \le 0$: at $0$ the limit is $-2 d$; at
# $\tfrac12(\sigma_0 + |\delta_0|)$ we have $2 \sigma - \sigma_0 = |\delta_0|$, so $r |\delta_0| = \sigma$ and $f = -2 d$; at $\sigma_0 > 0$ we have $r = 1$ and $f = \sigma_0^2 - \delta_0^2 - 2 d = 2 (p_0 q_0 - d)$, below 0 since the point is outside.
# So $\sigma = \sqrt{2 d + \delta_0^2}$ is above $\sigma_0$, as it is if $\sigma_0 \le 0$. So $0 < r \le 1$ there, and $f \ge 0$.
# Between them is a root, and there $\mu \ge 0$ and $\sigma > |\delta|$, so (2) holds.
# Newton's method, kept in the bracket by halving, finds it.


# %% tags=["from-scratch"]
def nearest(p0, q0, d):
    """The point of H_d that is nearest to a point (p0, q0) outside."""
    sigma0, delta0 = (p0 + q0) / np.sqrt(2), (p0 - q0) / np.sqrt(2)
    low = max(0.0, sigma0, (sigma0 + abs(delta0)) / 2)
    high = sigma = np.sqrt(2 * d + delta0**2)
    for _ in range(60):
        r = sigma / (2 * sigma - sigma0)
        f = sigma**2 - (r * delta0) ** 2 - 2 * d
        low, high = (sigma, high) if f < 0 else (low, sigma)
        slope = 2 * sigma + 2 * delta0**2 * r * sigma0 / (2 * sigma - sigma0) ** 2
        newton = sigma - f / slope
        sigma = newton if low <= newton <= high else (low + high) / 2
    delta = delta0 * sigma / (2 * sigma - sigma0)
    return (sigma + delta) / np.sqrt(2), (sigma - delta) / np.sqrt(2)


# %% [markdown]
# *Check against the definition*, a search among 20,001 points of the branch, and against the kit's
# `hull.project`.

# %% tags=["compared"]
rng = np.random.default_rng(5)
points, sizes = rng.normal(0, 2, (2, 300)), rng.exponential(1, 300)
out = hull.violation(*points, sizes) > 0
points, sizes = points[:, out], sizes[out]
mine = np.array([nearest(*point) for point in zip(*points, sizes, strict=True)]).T
kits = np.array(hull.project(*points, sizes))
branch = np.geomspace(1e-3, 1e3, 20_001)[:, None]
search = np.hypot(branch - points[0], sizes / branch - points[1]).min(axis=0)
distance = np.hypot(*(mine - points))
print(f"{out.sum()} of 300 points are outside")
farther = search - distance
print(f"the best of the search is farther by ≈ {farther.min():.0e} to ≈ {farther.max():.0e}")
print(f"the kit's point differs by at most ≈ {np.abs(mine - kits).max():.1e}")
assert farther.min() > -1e-9 and farther.max() < 1e-3
assert np.abs(mine - kits).max() < 1e-9
u, v = nearest(-1.0, 1.5, 1.0)
print(f"(-1, 1.5) goes to ({u:.4f}, {v:.4f})")
assert np.isclose(u * v, 1)

# %% [markdown]
# The kit's ([hull.py](../kit/branchhull/hull.py)) takes logarithms, and is the yardstick below. **The rival** is the method of the papers' programs: by (2) $p$ is a root of
# $p^4 - p_0\,p^3 + d\,q_0\,p - d^2$. They take the first that is real and admissible, and leave the point alone if
# there is none.


# %%
def by_quartic(p0, q0, d):
    """The first real root with p >= 0 and q0 p <= d, as the papers' programs choose it."""
    roots = np.roots([1, -p0, 0, d * q0, -(d**2)])
    good = [x.real for x in roots if abs(x.imag) < 1e-15 and x.real >= 0 and q0 * x.real <= d]
    return (good[0], d / good[0]) if good else (p0, q0)


print("powers of ten   method     not moved   largest relative difference of a coordinate")
for spread in (0, 2, 6):
    scale = 10.0 ** rng.uniform(-spread, spread, (3, 1000))
    points, sizes = rng.normal(0, 2, (2, 1000)) * scale[:2], rng.exponential(1, 1000) * scale[2]
    out = hull.violation(*points, sizes) > 0
    points, sizes = points[:, out], sizes[out]
    kits = np.array(hull.project(*points, sizes))
    assert np.abs(kits[0] * kits[1] / sizes - 1).max() < 1e-12
    for method in (nearest, by_quartic):
        found = np.array([method(*point) for point in zip(*points, sizes, strict=True)]).T
        stays = np.all(found == points, axis=0)
        error = np.abs(found / kits - 1).max(axis=0)
        print(f"-{spread} to {spread}" if spread else "none  ", end=" " * 10)
        print(f"{method.__name__:12}≈ {stays.sum():<9d}≈ {error[~stays].max():.0e}")
        ours = method is nearest
        assert spread == 6 or error.max() < 1e-7
        assert spread < 6 or (error[~stays].max() > 1e-3) == ours
        assert stays.sum() == 0 or (spread == 6 and not ours)
assert stays.sum() >= 1

# %% [markdown]
# With readings of ordinary size all agree. Over twelve powers of ten the quartic leaves some estimates
# unrepaired. Ours can lose all digits of the smaller coordinate, which is a difference of larger numbers.
#
# ## What is smallest is balanced
#
# Among all points that are allowed BranchHull chooses the one with the smallest $\|h\|^2 + \|m\|^2$. If
# $(h, m)$ is allowed, so is $(c h, m / c)$ for $c > 0$, since all products stay the same. By the means inequality
#
# $$c^2 \|h\|^2 + \|m\|^2 / c^2 \;\ge\; 2\,\|h\|\,\|m\| , \quad \text{with equality at } c^2 = \|m\|/\|h\| . \tag{3}$$
#
# So the smallest point has $\|h\| = \|m\|$: it is **balanced**.
#
# ## Many hulls in one picture
#
# One supply of voltage $h > 0$ feeds the meters through known dividers: meter $\ell$ gets $b_\ell h$, with $b_\ell > 0$. Its current
# is a known mixture $c_\ell^\top m$ of two sources, $m \in \mathbb R^2$. With $z = h m$ its reading says
#
# $$s_\ell\, (b_\ell h)(c_\ell^\top m) \ge |y_\ell| \quad\Longleftrightarrow\quad n_\ell^\top z \ge |y_\ell| , \qquad n_\ell = s_\ell b_\ell c_\ell ,$$
#
# a half-plane. By (3) the smallest value of $h^2 + \|m\|^2$ at a given $z$ is $2\|z\|$. So BranchHull asks for the **point of an unbounded polygon that a growing disc touches first**. Its certificate, as in lesson 01, is numbers $\lambda_\ell \ge 0$ on lines
# through $z$ with $\sum_\ell \lambda_\ell n_\ell = z$. For any $z'$ in the polygon
# $z^\top z' = \sum \lambda_\ell n_\ell^\top z' \ge \sum \lambda_\ell |y_\ell| = \sum \lambda_\ell n_\ell^\top z = \|z\|^2$, so $\|z'\| \ge \|z\|$.


# %% tags=["hide-input"]
def bench(rows, y=1.8, sign=1):
    """Data of the first `rows` of eight meters, y and sign those of meter 1; and the true z."""
    angle = np.radians([20, 95, -35, 60, 130, 5, 160, -70])[:rows]
    size = np.array([1.0, 0.9, 1.2, 1.1, 0.8, 1.3, 1.0, 0.7])[:rows]
    b = np.array([1.0, 0.8, 1.3, 0.7, 1.1, 0.9, 1.2, 0.6])[:rows]
    C = size[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    m = np.array([1.2, 0.9])
    h = 1.8 / (C[0] @ m)
    reading, signs = b * h * (C @ m), np.ones(rows)
    reading[0], signs[0] = y, sign
    return branchhull.Bilinear(b[:, None], C, reading, signs), h * m


def touch(data, ball):
    """Normals and levels of the lines, the point that the ball touches, weights of the lines there."""
    normals, d = np.sign(data.y)[:, None] * data.B * data.C, np.abs(data.y)
    if ball == "l1":  # min |z|_1, a linear program in the positive and negative parts of z
        answer = linprog(np.ones(4), A_ub=np.hstack([-normals, normals]), b_ub=-d)
        return normals, d, answer.x[:2] - answer.x[2:], -answer.ineqlin.marginals
    answer = branchhull.solve(branchhull.BranchHull(data))
    z = answer.h[0] * answer.m
    near = normals @ z <= d * (1 + 1e-6)
    weights = np.zeros(len(d))
    weights[near] = nnls(normals[near].T, z)[0]
    return normals, d, z, weights


def draw_bench(ax, data, truth, ball="l2"):
    """The polygon, the ball that touches it, and for l2 the weighted normals end to end; the point."""
    normals, d, z, weights = touch(data, ball)
    draw.plane(ax, 4, "z₁", "z₂", f"{len(d)} meter{'s' if len(d) > 1 else ''}")
    draw.half_planes(ax, normals, d, label="allowed")
    draw.ball(ax, np.linalg.norm(z, 2 if ball == "l2" else 1), ball)
    draw.points(ax, truth, "truth", "truth")
    draw.points(ax, z, "answer", "answer")
    end = np.zeros(2)
    for step in weights[:, None] * normals:
        if ball == "l2" and np.linalg.norm(step) > 1e-4:
            draw.arrow(ax, end, end + step)
            end = end + step
    draw.legend(ax, "upper left")
    return normals, d, z, weights


# %%
figure, axes = draw.figure(3, size=(3.4, 3.3))
for rows, ax in enumerate(axes, 1):
    data, truth = bench(rows)
    normals, d, z, weights = draw_bench(ax, data, truth)
    print(
        f"{rows}: distance to the truth {np.linalg.norm(z - truth):.3f}, weights {weights.round(3) + 0}"
    )
    assert np.allclose(weights @ normals, z, atol=1e-4)
draw.show(
    figure,
    "The first one, two and three meters. The disc touches the region at the answer, and the arrows are "
    "the weighted normals, laid end to end from the origin to the answer. With one meter the answer is "
    "another point than the truth. With two the truth is a corner and the disc touches it.",
)

# %% [markdown]
# ## When is the truth the answer?
#
# At the truth $z$ all lines meet. Let $e$ be a unit vector across $z$, and $g_\ell = n_\ell^\top e$.
#
# *If two of the $g_\ell$ have different signs*, or one is $0$, some nonnegative, nonzero combination of those normals has no part along $e$. Its part along $z$ is
# positive, as $n_\ell^\top z = |y_\ell| > 0$. Scaled, it is $z$: a certificate.
#
# *If all $g_\ell > 0$*, put $\kappa = \max_\ell |y_\ell| / g_\ell$. The point $(1 - \tau) z + \tau \kappa e$, $0 < \tau < 1$, is allowed:
# $n_\ell^\top$ of it is $(1 - \tau)|y_\ell| + \tau\kappa g_\ell \ge |y_\ell|$. For small $\tau$ its squared norm $(1 - \tau)^2 \|z\|^2 + \tau^2 \kappa^2$ is below
# $\|z\|^2$: the truth is not the answer. For all $g_\ell < 0$ turn $e$ round.
#
# Let the $c_\ell$ be Gaussian. Then $c_\ell^\top e$ is independent of $c_\ell^\top z$, hence of $s_\ell$, and the
# sign of $g_\ell$ is a fair coin. All $L$ coins agree with probability $2 \cdot 2^{-L}$, so
#
# $$P(\text{the truth is the answer}) = 1 - 2^{1 - L} \qquad (K = 1,\ N = 2,\ \text{Gaussian, no noise, right signs}).$$
#
# **The rival**: with $K = 1$ the equations $b_\ell c_\ell^\top z = y_\ell$ are linear in $z$, and as soon as two of the $c_\ell$ are not parallel least squares solves them. *Chance* is one standard deviation of
# the share:

# %%
print(" L   promised   BranchHull   chance   least squares")
for L in (1, 2, 3, 5):
    hits = np.zeros(2, int)
    for seed in range(200):
        data, true = branchhull.gaussian(np.random.default_rng([L, seed]), L, 1, 2)
        answer = branchhull.solve(branchhull.BranchHull(data))
        z, lines = true.h * true.m, data.B * data.C
        for k, found in enumerate((answer.h * answer.m, np.linalg.lstsq(lines, data.y)[0])):
            hits[k] += np.linalg.norm(found - z) < 1e-4 * np.linalg.norm(z)
    promised, share = 1 - 2.0 ** (1 - L), hits / 200
    chance = np.sqrt(promised * (1 - promised) / 200)
    print(f"{L:2d} {promised:9.1%} {share[0]:11.1%}    +-{chance:5.1%} {share[1]:12.1%}")
    assert abs(share[0] - promised) <= 4 * chance and share[1] == (L > 1)

# %% [markdown]
# Here least squares is better. It has $K N$ unknowns, the entries of $h m^\top$, and BranchHull $K + N$, which turns the
# comparison round for larger $K$ and $N$ ([lesson 10](10_bilinear_lifting.ipynb), [lesson 14](14_how_many_measurements.ipynb)).
#
# ## Explore
#
# Add meters, move the reading of meter 1 from the true 1.8 to below 0, switch its sign, take the $\ell_1$ ball. With one meter the sign does not
# matter: the other branch turns $h$ and $m$ round together. With two it matters. (The $\ell_1$ ball grows if
# $|h| + \|m\|_1$ is minimised: lesson 15.)


# %%
def meters(rows, y, sign, ball):
    """Left: meter 1 in its own plane. Right: all meters in the plane of z = h m."""
    if y == 0:
        raise ValueError("a reading of 0 leaves no branch, only the two axes")
    data, truth = bench(rows, y, sign)
    ray = branchhull.infeasible_ray(branchhull.BranchHull(data))
    figure, (left, right) = draw.figure(2, size=(4.4, 4.2))
    draw.plane(left, 4, "voltage w", "current x", "meter 1")
    draw.hull(left, y, sign, label="its hull")
    draw.branch(left, y, sign, label="known branch")
    draw.branch(left, y, -sign, "rival", "other branch")
    draw.legend(left, "upper left" if y > 0 else "upper right")
    if ray is not None:
        draw.plane(right, 4, "z₁", "z₂", "no point is allowed")
        return figure, {"proved": ray[1]}
    normals, d, z, weights = draw_bench(right, data, truth, ball)
    h = sign * np.sqrt(np.linalg.norm(z, 2 if ball == "l2" else 1))
    draw.points(left, [data.B[0, 0] * h, data.C[0] @ z / h], "answer", "answer")
    return figure, {
        "distance of the answer to the truth": f"{np.linalg.norm(z - truth):.3f}",
        "lines that touch": int(np.sum(normals @ z <= d * (1 + 1e-6))),
        "their weights": ", ".join(f"{weight:.3f}" for weight in weights if weight > 1e-6),
    }


explorer(
    meters,
    rows=IntSlider(3, min=1, max=8, description="meters"),
    y=FloatSlider(1.8, min=-3, max=3, step=0.1, description="reading 1"),
    sign=ToggleButtons(options=[1, -1], description="sign of w"),
    ball=ToggleButtons(options=["l2", "l1"], description="ball"),
)

# %% [markdown]
# ## Break it yourself
#
# A wrong sign among two meters leaves no allowed point, and this can be *proved*. Let $\tilde B$ be $B$ with its rows multiplied by $t_\ell$; if no reading is 0,
# an allowed $h$ has $\tilde B h > 0$. If $\alpha \ge 0$, $\alpha \ne 0$, and $\tilde B^\top \alpha = 0$, then
# $0 = \alpha^\top \tilde B h > 0$, a contradiction. Such an $\alpha$ is a **ray**.

# %%
data, _ = bench(rows=2, sign=-1)
answer = branchhull.solve(branchhull.BranchHull(data))
ray = answer.dual[0] / answer.dual[0].max()
tilde_B = data.signs[:, None] * data.B
print(answer.report.run.status, "|", answer.report.notes[-1])
print(
    f"ray {ray.round(3)}, its combination of the signed rows of B ≈ {np.abs(tilde_B.T @ ray).max():.0e}"
)
assert np.all(ray >= 0) and np.abs(tilde_B.T @ ray).max() < 1e-12

# %% tags=["hide-input"]
for name in ("Tangent of a branch", "Projection does not expand", "Balance of norms"):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# The last cell is from the **ledger** of theorems. (The second is not proved here.)
#
# ## Take away
#
# * The hull of a branch is $p q \ge d$, $p, q \ge 0$; its tangents are (1).
# * Its nearest point is one equation with one unknown.
# * Many hulls with a common point have a smallest one; it is balanced, and weights on the borders that touch prove it.
#
# **The guesses.** (1) A larger one: both coordinates of the step $\mu (q, p)$ are positive. (2) Mostly:
# with three Gaussian meters in three cases of four.
#
# **Exercise**: [11_projection](../exercises/11_projection.ipynb), for arrays, and with a slack.
#
# ## Sources
#
# * The hull and the program: arXiv 1702.04342. The ADMM that projects on it by a quartic: arXiv 1809.08359 and its authors' programs.
