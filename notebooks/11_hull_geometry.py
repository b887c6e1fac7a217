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
# **The question.** The set of pairs with a given product is not convex. What is the convex set above
# one branch like: how far is a point from it, where does a ball touch it, and what happens when many
# of them are intersected?
#
# **After this lesson** you can draw the hull of one branch, project on it, see why the scaling
# ambiguity disappears, intersect $L$ hulls, and read a dual certificate as weights on tangents.
#
# **Before**: [00 Start here](00_start_here.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import FloatSlider, IntSlider, ToggleButtons

from kit import branchhull
from kit.branchhull import hull
from kit.course.explorers import explorer
from kit.course.figures import hull as figures
from kit.course.figures.style import caption
from kit.experiments.theorems import LEDGER, examine, table

# %% [markdown]
# ## Nouns
#
# One measurement is a product $y = w x$ with known $t = \operatorname{sign}(w)$. Write
# $s = \operatorname{sign}(y)$, so that $\operatorname{sign}(x) = s t$, and turn signs away once and
# for all:
#
# $$p = t\,w, \qquad q = s\,t\,x, \qquad d = |y| .$$
#
# Then the branch is $\{p q = d,\; p > 0\}$, and the **hull** is
#
# $$H_d = \{(p, q) : \; p q \ge d,\; p \ge 0,\; q \ge 0\}.$$
#
# ## $H_d$ is convex, and it is the convex hull of the branch
#
# *Convex.* $H_d$ is the set where $\sqrt{p q} \ge \sqrt d$, and the geometric mean is concave on
# $p, q \ge 0$: for $(p, q)$ and $(p', q')$ in $H_d$ and a midpoint,
#
# $$\frac{p + p'}{2} \cdot \frac{q + q'}{2} = \frac{p q + p' q' + (p q' + p' q)}{4}
#   \;\ge\; \frac{d + d + 2\sqrt{p q'\, p' q}}{4} \;\ge\; \frac{2 d + 2 d}{4} = d ,$$
#
# by the inequality of arithmetic and geometric means. (A closed set that contains all midpoints is
# convex.)
#
# *Not larger than needed.* Take a point with $p q > d$ and walk along the line
# $(p + \tau, q - \tau)$. It meets the branch where $(p + \tau)(q - \tau) = d$, that is
# $\tau^2 + (p - q)\tau - (p q - d) = 0$. The product of the two roots is $-(p q - d) < 0$, so one
# root lies on each side of $0$, and the point is between two points of the branch.

# %%
p, q, d = 1.5, 2.0, 1.0
roots = np.roots([1, p - q, -(p * q - d)])
ends = [(p + tau, q - tau) for tau in roots]
for end in ends:
    print(f"({end[0]:.4f}, {end[1]:.4f}) has product {end[0] * end[1]:.4f}")
share = roots[1] / (roots[1] - roots[0])
assert np.allclose(share * np.array(ends[0]) + (1 - share) * np.array(ends[1]), (p, q))

# %% [markdown]
# ## Tangents: where the bound comes from
#
# How small can a weighted sum $\alpha p + \beta q$ with weights $\alpha, \beta \ge 0$ be on the hull?
# By the same inequality $\alpha p + \beta q \ge 2\sqrt{\alpha p\,\beta q} \ge 2\sqrt{\alpha\beta d}$,
# with equality at $\alpha p = \beta q$, $p q = d$:
#
# $$\min_{(p, q) \in H_d} \alpha p + \beta q = 2\sqrt{\alpha \beta d} .$$
#
# So every pair of weights gives a tangent line of the branch, and a lower bound that anyone can
# evaluate. All certificates of BranchHull are sums of this one inequality.

# %%
alpha, beta, d = 0.5, 2.0, 1.5
grid = np.geomspace(0.01, 100, 200_001)
smallest = np.min(alpha * grid + beta * hull.boundary(d, grid))
print(f"smallest value on the branch {smallest:.6f}, promised {2 * np.sqrt(alpha * beta * d):.6f}")
assert abs(smallest - 2 * np.sqrt(alpha * beta * d)) < 1e-6

# %% [markdown]
# ## Distance: the nearest point of the hull
#
# **Guess first.** The point $(-1, 1.5)$ lies on the wrong side. Will its projection have the same
# $q$, a larger one, or a smaller one?

# %%
figure, facts = figures.projection(p=-1.0, q=1.5, d=1.0)
figure

# %%
print(
    caption(
        "The nearest point is ({nearest[0]:.3f}, {nearest[1]:.3f}), at distance {distance:.3f}; "
        "the step meets the branch at {angle:.0f} degrees.",
        facts,
    )
)
assert abs(facts["angle"] - 90) < 1e-6 and facts["nearest"][1] > 1.5

# %% [markdown]
# *Derivation.* The naive method is to try every point of the branch. It is surely right and surely
# slow; we shall use it to check a better one. Turn the axes by 45 degrees,
# $x = (p + q)/\sqrt2$, $z = (p - q)/\sqrt2$: the branch becomes $x^2 - z^2 = 2 d$, $x > 0$. Minimise
# the squared distance to $(x_0, z_0)$ with a multiplier $\mu \ge 0$ for $x^2 - z^2 \ge 2 d$:
#
# $$x - x_0 = \mu x, \qquad z - z_0 = -\mu z .$$
#
# From the first $1 - \mu = x_0 / x$, hence $1 + \mu = (2 x - x_0)/x$, and from the second
# $z = z_0 x/(2 x - x_0)$. One equation in one unknown remains:
#
# $$g(x) = x^2 - \Bigl(\frac{z_0 x}{2 x - x_0}\Bigr)^2 - 2 d = 0 .$$
#
# Where is the root? Since $\mu \ge 0$, $x \ge x_0$, so $2 x - x_0 \ge x$ and $|z| \le |z_0|$:
# therefore $x^2 = 2 d + z^2 \le 2 d + z_0^2$. And $x > |z|$ means $2 x - x_0 > |z_0|$. The root lies in
#
# $$\max\bigl(0,\; x_0,\; \tfrac12 (x_0 + |z_0|)\bigr) \;\le\; x \;\le\; \sqrt{2 d + z_0^2} ,$$
#
# and it is the only one there: at each root the step to the branch is at a right angle to it, and from a
# point outside a convex set only one boundary point is met so. Newton's method, kept inside the bracket, finds
# it. `hull.project` does this for many points at once.

# %%
rng = np.random.default_rng(5)
points = rng.normal(0, 2, (2, 300))
sizes = rng.exponential(1, 300)
projected = np.array(hull.project(*points, sizes))
moved = np.hypot(*(projected - points))

curve = np.geomspace(1e-3, 1e3, 20_001)[:, None]
naive = np.hypot(curve - points[0], sizes / curve - points[1]).min(axis=0)
outside = hull.violation(*points, sizes) > 0
print(f"{outside.sum()} of 300 points are outside")
assert np.all(moved[~outside] == 0)
assert np.all(moved[outside] <= naive[outside] + 1e-12)
assert np.max(naive[outside] - moved[outside]) < 1e-3

# %% [markdown]
# Two laws hold for every projection on a convex set, and are good tests of a program: projecting
# twice changes nothing, and no two points get farther apart.

# %%
again = np.array(hull.project(*projected, sizes))
assert np.all(again == projected)
one, other = rng.normal(0, 2, (2, 2, 300))
before = np.hypot(*(one - other))
after = np.hypot(*(np.array(hull.project(*one, sizes)) - np.array(hull.project(*other, sizes))))
print(f"largest distance after / before: {np.max(after / before):.3f}")
assert np.max(after / before) <= 1 + 1e-12

# %% [markdown]
# ## Scaling disappears
#
# If $(h, m)$ explains the products, so does $(c h, m / c)$. With $K = N = 1$ the feasible set is one
# hull, and *every* point of its boundary explains the measurement. The objective
# $|h|^2 + |m|^2$ picks one: on the branch $h m = d$ it is $h^2 + d^2/h^2$, whose derivative
# $2 h - 2 d^2 / h^3$ vanishes at $h = \sqrt d = m$.
#
# **Guess first.** How much more than the smallest circle does the point $(2, \tfrac12)$ cost?

# %%
figure, facts = figures.scaling(d=1.0, c=2.0)
figure

# %%
print(
    caption(
        "h² + m² is {value at c:.2f} at (2, 1/2) and {smallest value:.2f} at h = m = {balanced:.0f}.",
        facts,
    )
)
assert facts["smallest value"] < facts["value at c"]

# %% [markdown]
# The same argument works in any dimension. If $(h, m)$ is feasible, so is $(c h, m/c)$, and
# $c^2 \|h\|^2 + \|m\|^2 / c^2$ is smallest at $c^2 = \|m\| / \|h\|$, where it equals
# $2 \|h\| \|m\|$ and the two norms are equal. **At the optimum $\|h\| = \|m\|$**: compare an answer
# with the *balanced* truth, or you will see an error that no measurement can see.
#
# ## Many hulls in one picture
#
# The feasible set lives in $K + N$ dimensions, which is hard to draw. For $K = 1$ there is a way to see
# it all: put $z = h m \in \mathbb R^2$ with $N = 2$. A measurement
# $s_\ell\, b_\ell h \, c_\ell^\top m \ge |y_\ell|$ says
#
# $$s_\ell\, b_\ell\, c_\ell^\top z \;\ge\; |y_\ell| ,$$
#
# a half-plane in $z$ (the signs of $w$ then only choose the sign of $h$); and $\|h\|^2 + \|m\|^2 \ge 2 |h| \|m\| = 2 \|z\|$, with equality when balanced. So
# BranchHull asks for **the point of a polygon that is nearest to the origin**: the point that a
# growing disc touches first.
#
# **Guess first.** Three lines pass through the truth. Must the disc touch the polygon just there?

# %%
figure, facts = figures.geometry(rows=3)
figure

# %%
print(
    caption(
        "{lines that touch} lines touch the disc's first point; its distance to the truth is "
        "{distance from z to the truth:.4f} and the value of the program {value:.4f}.",
        facts,
    )
)
assert facts["distance from z to the truth"] < 1e-4

# %% [markdown]
# With one line only, the disc touches it at the foot of the perpendicular, which is in general not
# the truth. With more lines the truth becomes a corner, and the disc touches a corner as soon as
# $z$ lies in the cone of the normals that meet there. That is the **dual certificate**: weights
# $\lambda_\ell \ge 0$ on the touching lines with
#
# $$\sum_\ell \lambda_\ell\, s_\ell b_\ell c_\ell = z .$$
#
# The arrows in the picture are these weighted normals, laid end to end from the origin to $z$.

# %%
for rows in (1, 2, 3):
    _, facts = figures.geometry(rows=rows)
    print(
        f"{rows} row(s): distance to the truth {facts['distance from z to the truth']:.4f}, "
        f"weighted normals {facts['weighted normals']}, z {facts['z']}"
    )
    assert np.allclose(facts["weighted normals"], facts["z"], atol=1e-3)

# %% [markdown]
# Why do such weights prove that $z$ is optimal? For any feasible $z'$, each touching line gives
# $s_\ell b_\ell c_\ell^\top z' \ge |y_\ell| = s_\ell b_\ell c_\ell^\top z$. Multiply by
# $\lambda_\ell$ and add: $z^\top z' \ge z^\top z$, and by Cauchy and Schwarz $\|z'\| \ge \|z\|$.
#
# The certificate of the kit is the same proof in $K + N$ dimensions. It uses the dual pair
# $(\alpha, \beta)$ of the tangent inequality above and gives the bound
# $2 S^2 / (\|\tilde B^\top \alpha\| \, \|\tilde C^\top \beta\|)$ with
# $S = \sum_\ell \sqrt{\alpha_\ell \beta_\ell |y_\ell|}$; lesson 12 derives it. Here it is by hand:

# %%
data = figures.plane_instance(rows=3)
answer = branchhull.solve(branchhull.BranchHull(data))
Bt, Ct, d = branchhull.canonical(data)
al, be = answer.dual
S = np.sum(np.sqrt(al * be * d))
bound = 2 * S**2 / (np.linalg.norm(Bt.T @ al) * np.linalg.norm(Ct.T @ be))
value = answer.h @ answer.h + answer.m @ answer.m
print(f"{bound:.5f} <= optimum <= {value:.5f}")
assert (value - bound) / value < 1e-7

# %% [markdown]
# ## Explore
#
# Add rows, move the first measurement away from what the truth gives (1.8), switch its sign, change
# the ball. The $\ell_1$ ball has corners: it likes to touch where a coordinate of $z$ is zero, which
# is why the sparse programs of the sequel paper use it.
#
# Things to try: with `rows` = 1 switch the sign: the other branch serves as well, and $z$ does not
# move. With `rows` = 2 switch it: now two measurements contradict each other, and the explorer says
# which. Make $y$ negative.

# %%
explorer(
    figures.geometry,
    rows=IntSlider(3, min=1, max=8, description="rows"),
    y=FloatSlider(1.8, min=-3, max=3, step=0.1, description="y of row 0"),
    sign=ToggleButtons(options=[1, -1], description="sign of w"),
    ball=ToggleButtons(options=["l2", "l1"], description="ball"),
)

# %% [markdown]
# ## In the ledger
#
# The kit measures each result inside its hypotheses, and again with one of them broken
# (`kit.experiments.theorems`). Those of this lesson, each with the measured number beside the promised one:

# %%
for name in (
    "Tangent of a branch",
    "Projection does not expand",
    "Balance of norms",
):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# ## Break it yourself
#
# The signs are knowledge. What if one is wrong? With two rows and $K = 1$ there is no feasible point
# left, and this can be *proved*: a vector $\alpha \ge 0$ with $\tilde B^\top \alpha = 0$ on rows with
# $d > 0$ is impossible for any $h$ with $\tilde B h > 0$, since it would give
# $0 = (\tilde B^\top \alpha)^\top h = \alpha^\top \tilde B h > 0$. The kit returns this ray.

# %%
broken = figures.plane_instance(rows=2, sign=-1)
answer = branchhull.solve(branchhull.BranchHull(broken))
print(answer.report.run.status)
print(answer.report.notes[-1])
Bt, _, d = branchhull.canonical(broken)
ray = answer.dual[0]
assert np.all(ray >= 0) and np.abs(Bt.T @ ray).max() < 1e-12 * ray.max() and ray @ d > 0

# %% [markdown]
# And $y = 0$? Then $w x = 0$ is a cross of two lines without branches; the sign of $x$ is unknown,
# and only $t\,w \ge 0$ remains. The figure refuses, in words:

# %%
try:
    figures.geometry(y=0.0)
except ValueError as refusal:
    print(refusal)

# %% [markdown]
# ## Take away
#
# * The hull of a branch is $p q \ge d$, $p, q \ge 0$, and its tangents give
#   $\alpha p + \beta q \ge 2 \sqrt{\alpha\beta d}$.
# * Projecting on it is one equation in one unknown.
# * The smallest point of the feasible set is balanced: $\|h\| = \|m\|$.
# * A solution is certified by weights on the tangents that touch; contradictory signs by a ray.
#
# **Exercise**: [11_projection](../exercises/11_projection.ipynb) asks you to write the projection.
#
# ## Sources
#
# * The hull and the program: arXiv 1702.04342; the ADMM that projects on it, by the roots of a
#   quartic: arXiv 1809.08359 (poster, eqs (4)-(6)).
# * The bracketed equation, the bounds and the rays are derived here and in the modules
#   `kit.branchhull.hull` and `kit.branchhull.certificate`.
