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
# # 10 Bilinear lifting
#
# A factory cuts rectangular tiles. The width of tile $\ell$ is $w_\ell = b_\ell^\top h$: a known recipe $b_\ell$, applied to the unknown settings $h$ of one machine. Its height is $x_\ell = c_\ell^\top m$, with the unknown
# settings $m$ of another. A scale shows what a tile weighs, that is its area $y_\ell = w_\ell x_\ell$. From the areas alone you want the settings of both machines.
#
# **Afterwards you can** see why this is hard to do by going downhill, turn it into a convex program for a matrix, solve and certify that program with your own twenty lines, and say what it costs.
# **Before**: [01 Bounds to check](01_bounds.ipynb), [02](02_splitting.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import FloatSlider, ToggleButtons

from kit import branchhull
from kit.branchhull.rivals import nuclear_norm
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments.bilinear import wendel
from kit.experiments.theorems import LEDGER, examine, table

# %%
figure, ax = draw.figure(size=(6.0, 2.4))
left = 0.0
for width, look in ((0.5, "first"), (1.0, "second"), (2.0, "truth"), (3.0, "wrong")):
    high = 1.0 / width
    draw.polygon(ax, [[left, 0], [left + width, 0], [left + width, high], [left, high]], look)
    left += width + 0.4
ax.set_aspect("equal")
draw.label(ax, "width", "height")
draw.show(figure, "Four tiles of the same area. The scale cannot tell them apart.")

# %% [markdown]
# ## The question
#
# $B \in \mathbb R^{L \times K}$ and $C \in \mathbb R^{L \times N}$ with the rows $b_\ell^\top$, $c_\ell^\top$ are known, and $L$ products $y_\ell = (b_\ell^\top h)(c_\ell^\top m)$. Wanted are $h$ and $m$. The pairs $(c h, m / c)$ with $c \ne 0$ have the same products and count as the
# same answer.
#
# **Guess first.** (1) $K = N = 2$, six products, four unknowns. You start somewhere and go downhill on the misfit. Do you arrive: always, mostly, by luck? (2) With $K = N = 10$ a matrix $h m^\top$ has 100 entries.
# How many products does a method need that looks for the whole matrix: about 20, 45, or 100? (3) A method returns a matrix of rank one that reproduces all products. Is it the right one?
#
# ## Going downhill
#
# The misfit $f = \|y - (B h) \circ (C m)\|^2 / \|y\|^2$ is not convex. For $K = N = 2$ one can look at all of it. Let $u \in \mathbb R^L$ be the products for $h = (\cos \phi, \sin \phi)$, $m = (\cos \psi, \sin \psi)$. For other lengths and signs of $h$ and $m$ the products are $r u$ with a number $r$, and the best $r = \langle y, u \rangle / \|u\|^2$ leaves
#
# $$f(\phi, \psi) = 1 - \frac{\langle y, u\rangle^2}{\|y\|^2 \|u\|^2}, \qquad 0 \le \phi, \psi < 180^\circ .$$
#
# (180 degrees more only turn the sign of $r$, so the edges of the map are joined.) From each of 8,100 places walk to the lowest neighbour until there is no lower one. A walk has arrived if
# it ends in the lowest valley.


# %%
def misfit_map(data):
    """f over both angles, in steps of 2 degrees; rows are the angle of h."""
    angle = np.radians(np.arange(0, 180, 2))
    turn = np.stack([np.cos(angle), np.sin(angle)])
    u = np.einsum("la,lb->lab", data.B @ turn, data.C @ turn)
    return 1 - np.einsum("l,lab->ab", data.y, u) ** 2 / (data.y @ data.y) / np.sum(u**2, axis=0)


def ends(f):
    """Where the walk downhill from each place ends, as an index of the flat map."""
    moves = [(i, j) for i in (0, -1, 1) for j in (0, -1, 1)]
    place = np.arange(f.size).reshape(f.shape)
    lower = np.argmin([np.roll(f, move, (0, 1)) for move in moves], axis=0)
    to = np.choose(lower, [np.roll(place, move, (0, 1)) for move in moves]).ravel()
    for _ in range(8):
        to = to[to]
    return to


figure, axes = draw.figure(2, size=(4.3, 3.9))
for ax, L, seed in zip(axes, (6, 20), (3, 3), strict=True):
    data, truth = branchhull.gaussian(np.random.default_rng(seed), L, 2, 2)
    f = misfit_map(data)
    to = ends(f)
    valleys, share = np.unique(to, return_counts=True)
    low = np.stack(np.unravel_index(valleys, f.shape), axis=1) * 2
    right = np.argmin(f.ravel()[valleys])
    print(
        f"L = {L:2d}: number of valleys {len(valleys)}; arrived ≈ {share[right] / f.size:.0%} of 8100 starts",
        end="",
    )
    others = np.delete(f.ravel()[valleys], right)
    print(f"; misfit where the others end ≈ {others.max():.2g}" if len(others) else "")
    ax.imshow(np.log10(f.T + 1e-4), cmap="cividis", origin="lower", extent=(-1, 179, -1, 179))
    draw.points(ax, low, "wrong", "bottom of a valley")
    angles = [np.degrees(np.arctan2(*v[::-1])) % 180 for v in (truth.h, truth.m)]
    draw.points(ax, angles, "truth", "truth")
    draw.label(ax, "angle of h", "angle of m", f"misfit, {L} products")
    if L == 6:
        assert len(valleys) == 2 and 0.3 < share[right] / f.size < 0.9
draw.legend(axes[0], "upper right")
draw.show(
    figure,
    "The logarithm of the misfit over both angles, dark where it is small. With six products there "
    "is a second valley, and from its bottom each step goes up. The edges are joined.",
)

# %% [markdown]
# The wrong valley leaves 1.6 percent of $\|y\|^2$ unexplained. This instance was chosen because it has one. Of a hundred others, on the same grid (where a walk can also stop at a place that is no minimum of $f$):

# %%
print(" L   maps where walks end at several places, of 100   mean share that ends at the lowest")
for L in (4, 6, 10, 20):
    trapped, arrived = 0, []
    for seed in range(100):
        f = misfit_map(branchhull.gaussian(np.random.default_rng([10, seed]), L, 2, 2)[0])
        valleys, share = np.unique(ends(f), return_counts=True)
        trapped += len(valleys) > 1
        arrived.append(share[np.argmin(f.ravel()[valleys])] / f.size)
    print(f"{L:2d}   ≈ {trapped:<47d}≈ {np.mean(arrived):.0%}")
    assert (L > 6) == (trapped < 20) and np.mean(arrived) > 0.6

# %% [markdown]
#
# ## Lifting
#
# The product is quadratic in $(h, m)$, and **linear in the matrix** $Z = h m^\top$:
#
# $$y_\ell = b_\ell^\top h\, m^\top c_\ell = b_\ell^\top Z c_\ell = \langle b_\ell c_\ell^\top, Z \rangle , \qquad \langle A, Z \rangle = \textstyle\sum_{kn} A_{kn} Z_{kn} .$$
#
# All $(c h, m/c)$ have the same $Z$. Write $\mathcal A(Z) = y$ for the $L$ equations. What is left of the difficulty is that $Z$ has rank one, and this is not a convex condition: the mean of two matrices of rank one has rank two in general. So look at
# the convex hull again.
#
# ## By hand: two slices
#
# The **nuclear norm** $\|Z\|_*$ is the sum of the singular values $\sigma_i$. **The hull of all $h m^\top$ with $\|h\| \|m\| \le 1$ is the set of $Z$ with $\|Z\|_* \le 1$.** Each such $Z = \sum_i \sigma_i\, u_i v_i^\top$ (its singular value decomposition) is a mean of the
# matrices $u_i v_i^\top$ and 0 with weights $\sigma_i$ and $1 - \sum \sigma_i$. Conversely these $h m^\top$ are in the set, $\|h m^\top\|_* = \|h\| \|m\|$, and a hull is no larger than a convex set that contains the points; that $\|Z\|_* \le 1$ is convex we prove below.
#
# Two slices of it can be drawn. $\begin{pmatrix} a & 0 \\ 0 & e \end{pmatrix}$ has the singular values $|a|, |e|$; it has rank one on the axes, and its nuclear norm is $|a| + |e|$.
# $\begin{pmatrix} a & e \\ e & a \end{pmatrix}$ has the singular values $|a + e|, |a - e|$; it has rank one where $e = \pm a$, and its nuclear norm is $2 \max(|a|, |e|)$.

# %%
figure, (left, right) = draw.figure(2, size=(4.3, 4.1))
for ax, norm, radius, spokes, title in (
    (left, "l1", 1.0, [[1, 0], [0, 1]], "[a 0; 0 e]"),
    (right, "linf", 0.5, [[0.5, 0.5], [0.5, -0.5]], "[a e; e a]"),
):
    draw.plane(ax, 1.8, "a", "e", title)
    corners = np.array([spokes[0], spokes[1], np.negative(spokes[0]), np.negative(spokes[1])])
    draw.polygon(ax, corners, "data", "its hull")
    draw.ball(ax, radius, norm)
    for k, spoke in enumerate(np.array(spokes)):
        label = "rank one, norm at most 1" if k == 0 else ""
        draw.curve(ax, *np.stack([-spoke, spoke]).T, "second", label)
draw.legend(left, "upper right")
draw.show(
    figure,
    "Two slices through the matrices of two by two. The matrices of rank one and norm at most 1 are a cross, and "
    "their hull is a square with corners of rank one.",
)

# %% [markdown]
# **Blow up the hull until it touches the data**: that is the program
#
# $$\min_Z \|Z\|_* \quad\text{subject to}\quad b_\ell^\top Z c_\ell = y_\ell, \quad \ell = 1, \dots, L . \tag{1}$$
#
# A line that is not parallel to an edge touches a square at a corner, and the corners have rank one. Look only at matrices of the second slice, the truth $a = e = 1$, and one product with $b = (1, 0)$, $c = (1, t)$, which says $a + t e = 1 + t$.
# For $t > 0$ the smallest $\max(|a|, |e|)$ is 1, at $a = e = 1$: the truth. For $-1 < t < 0$ it is at $a = -e = \frac{1 + t}{1 - t}$: **a matrix of rank one that reproduces the product and is wrong.** Rank one is not enough.
# Turn the line below. (At $t = 0$ it lies along an edge, and the answer drawn is one of many.) The ball of the Frobenius norm $\|Z\|_F = \sqrt{\langle Z, Z \rangle}$ is round: what does its answer lose? (Rank one, as a rule.)


# %%
def touching(t, ball):
    """The line a + t e = 1 + t in the slice [a e; e a], and the ball that touches it."""
    normal, level = np.array([1.0, t]), 1 + t
    if ball == "nuclear":  # the corner in the direction of the signs of the normal
        signs = np.where(normal >= 0, 1.0, -1.0)
        z = level / (normal @ signs) * signs
        size, shape = np.abs(z).max(), "linf"
    else:
        z = level * normal / (normal @ normal)
        size, shape = np.linalg.norm(z), "l2"
    figure, ax = draw.figure(size=(5.6, 4.4), beside=1.5)
    draw.plane(ax, 1.8, "a", "e", f"the {ball} norm grows")
    draw.curve(ax, [-2, 2], [-2, 2], "second", "rank one")
    draw.curve(ax, [-2, 2], [2, -2], "second")
    draw.border(ax, normal, level, "data", "matrices that fit")
    draw.ball(ax, size, shape, label="ball that touches")
    draw.points(ax, [1, 1], "truth", "truth")
    draw.points(ax, z, "answer", "answer")
    draw.legend(ax, "beside")
    values = np.sort(np.abs([z.sum(), z[0] - z[1]]))[::-1]
    return figure, {
        "singular values of the answer": f"{values[0]:.3f}, {values[1]:.3f}",
        "its distance to the truth": f"{np.sqrt(2) * np.linalg.norm(z - 1):.3f}",
    }


explorer(
    touching,
    t=FloatSlider(0.4, min=-0.9, max=2, step=0.1, description="t"),
    ball=ToggleButtons(options=["nuclear", "Frobenius"], description="norm"),
)

# %% [markdown]
# ## Weights for a bound
#
# *Inequality.* Let $\|G\|_2$ be the largest singular value of $G$. For $Z = \sum_i \sigma_i u_i v_i^\top$ we have $\langle G, Z \rangle = \sum_i \sigma_i\, u_i^\top G v_i \le \|G\|_2 \sum_i \sigma_i$, so
#
# $$\langle G, Z\rangle \le \|G\|_2\, \|Z\|_* , \quad \text{with equality for } G = \textstyle\sum_i u_i v_i^\top . \tag{2}$$
#
# So $\|Z\|_*$ is the largest $\langle G, Z\rangle$ over $\|G\|_2 \le 1$. As a maximum of linear functions it is convex.
#
# *Certificate.* Weigh the equations with any $\nu \in \mathbb R^L$ and put $\mathcal A^*(\nu) = \sum_\ell \nu_\ell\, b_\ell c_\ell^\top$. For each $Z$ that fits,
# $\langle \nu, y \rangle = \langle \mathcal A^*(\nu), Z\rangle \le \|\mathcal A^*(\nu)\|_2\, \|Z\|_*$. So
#
# $$\|Z\|_* \;\ge\; \frac{\langle \nu, y\rangle}{\|\mathcal A^*(\nu)\|_2} \qquad\text{for each } Z \text{ that fits and all } \nu \text{ with } \mathcal A^*(\nu) \ne 0 . \tag{3}$$
#
# ## From scratch: shrink and fit
#
# Lesson 02 again: one copy $X$ wants to be small, one copy $Z$ has to fit, $U$ collects the disagreement.
#
# $$X \leftarrow \operatorname*{argmin}_X \|X\|_* + \tfrac\rho2 \|X - (Z - U)\|_F^2, \qquad Z \leftarrow \text{nearest to } X + U \text{ with } \mathcal A(Z) = y, \qquad U \leftarrow U + X - Z . \tag{4}$$
#
# *First step: **take $\tau = 1/\rho$ off each singular value, and stop at 0.*** Let $V = Z - U$ have the singular values $\sigma_i$, make $X$ from $V$ in this way, and put $G = (V - X)/\tau$. The singular values of $G$ are $\min(\sigma_i/\tau, 1) \le 1$, and they are 1 where that of $X$ is positive, so $\langle G, X\rangle = \|X\|_*$. By (2), for any $X'$
#
# $$\tau \|X'\|_* + \tfrac12\|X' - V\|_F^2 \;\ge\; \tau \langle G, X'\rangle + \tfrac12 \|X' - V\|_F^2 .$$
#
# The right side is smallest where $\tau G + X' - V = 0$, at $X' = X$, and there both sides are equal. $\square$
#
# *Second step*: $Z = X + U + \mathcal A^*(v)$, with $v$ such that $\mathcal A(Z) = y$. The matrix of $\mathcal A \mathcal A^*$ has the entries $\langle b_k c_k^\top, b_\ell c_\ell^\top\rangle = (b_k^\top b_\ell)(c_k^\top c_\ell)$.


# %% tags=["from-scratch"]
def shrink(V, tau):
    """V with its singular values made smaller by tau, and at least 0."""
    left, sigma, right = np.linalg.svd(V, full_matrices=False)
    return (left * np.maximum(sigma - tau, 0)) @ right


def lift(B, C, y, steps, rho=2.0):
    """The steps (4): Z and the weights nu. rho is for data whose least squares Z has spectral norm 1."""
    gram = (B @ B.T) * (C @ C.T)
    Z = np.einsum("l,lk,ln->kn", np.linalg.solve(gram, y), B, C)
    U, rho = np.zeros_like(Z), rho / np.linalg.norm(Z, 2)
    for _ in range(steps):
        X = shrink(Z - U, 1 / rho)
        v = np.linalg.solve(gram, y - np.einsum("lk,kn,ln->l", B, X + U, C))
        Z = X + U + np.einsum("l,lk,ln->kn", v, B, C)
        U = U + X - Z
        yield Z, rho * v


# %% [markdown]
# *Why $\rho v$ are weights*: the last step makes $U = -\mathcal A^*(v)$. At rest $X = Z$ is $Z - U$ shrunk, so $G = -\rho\, U = \mathcal A^*(\rho v)$ is the $G$ from above: $\|G\|_2 \le 1$ and $\langle G, Z \rangle = \|Z\|_*$. So (3) is an equality.
#
# *Check* by the certificate, by a search over other matrices that fit, and against the kit.

# %% tags=["compared"]
data, truth = branchhull.gaussian(np.random.default_rng(0), L=60, K=10, N=10)
pairs = zip(lift(data.B, data.C, data.y, 400), nuclear_norm.admm(data), strict=False)
apart = 0
for mine, theirs in pairs:
    Z, nu = mine
    apart = max(apart, np.abs(Z - theirs.Z).max() / np.abs(Z).max())
value = np.linalg.norm(Z, "nuc")
bound = nu @ data.y / np.linalg.norm(np.einsum("l,lk,ln->kn", nu, data.B, data.C), 2)
by_kit = branchhull.solve_lifted(data, tol=1e-7).certificate
print(f"from scratch {bound:.4f} <= least nuclear norm <= {value:.4f}")
print(f"by the kit   {by_kit.lower:.4f} <= least nuclear norm <= {by_kit.upper:.4f}")
print(f"states differ from the kit's by at most ≈ {apart:.0e} of their size")
assert value - bound < 1e-5 * value and abs(by_kit.upper / value - 1) < 1e-5 and apart < 1e-8
rng, rows = np.random.default_rng(1), np.einsum("lk,ln->lkn", data.B, data.C).reshape(60, 100)
assert np.allclose(rows @ Z.ravel(), data.y)
for _ in range(100):  # another matrix that fits: move in the null space of the equations
    move = rng.standard_normal(100)
    move -= np.linalg.lstsq(rows, rows @ move)[0]
    other = Z + 0.1 * np.linalg.norm(Z) / np.linalg.norm(move) * move.reshape(10, 10)
    assert np.linalg.norm(other, "nuc") > value

# %% [markdown]
# The kit's program is [nuclear_norm.py](../kit/branchhull/rivals/nuclear_norm.py). From $Z$ `branchhull.lift` takes $h = \sqrt{\sigma_1} u_1$, $m = \sqrt{\sigma_1} v_1$.
#
# Is the certified $Z$ the truth? Three instances, with 60, 30 and 3 products for 20 unknowns:

# %%
figure, ax = draw.figure(size=(6.4, 3.2), beside=1.3)
for L, look, shift in ((60, "first", -0.15), (30, "second", 0.0), (3, "wrong", 0.15)):
    job, its_truth = branchhull.gaussian(np.random.default_rng(0), L, 10, 10)
    *_, (Z, nu) = lift(job.B, job.C, job.y, 600)
    bound = nu @ job.y / np.linalg.norm(np.einsum("l,lk,ln->kn", nu, job.B, job.C), 2)
    value = np.linalg.norm(Z, "nuc")
    sigma = np.linalg.svd(Z, compute_uv=False)
    true = np.outer(its_truth.h, its_truth.m)
    error = np.linalg.norm(Z - true) / np.linalg.norm(true)
    draw.stem(ax, sigma / sigma[0], look, f"{L} products", shift)
    print(
        f"L = {L:2d}: second singular value / first ≈ {max(sigma[1] / sigma[0], 1e-15):.1g}, error ≈ {max(error, 1e-15):.1g}"
    )
    print(f"        {bound:.4f} <= least norm <= {value:.4f}", end="")
    print(f", norm of the truth {np.linalg.norm(true, 'nuc'):.4f}")
    assert value - bound < 1e-5 * value
    assert (error < 1e-3) == (L == 60) and (sigma[1] < 1e-3 * sigma[0]) == (L != 30)
draw.label(ax, "singular value, largest first", "its size / the first")
draw.legend(ax, "beside")
draw.show(
    figure,
    "Singular values of the certified answers. With 60 products one is left and it is the truth. With 30 several "
    "are left. With 3 one is left, and it is not the truth.",
)

# %% [markdown]
# ## Promised and measured: how many products
#
# A pair has $K + N - 1$ free numbers up to scale; the matrix has $K N$. (Without a norm the $L$ linear equations fix $Z$ only if $L \ge K N$, and then if the $b_\ell c_\ell^\top$ are in general position.) Between these two numbers lifting begins to succeed; at which length is measured here, for $K = N = 5$, 20 instances each, success meaning an error below $10^{-3}$. Beside it: one descent (Gauss-Newton) from one random start, and the law of
# BranchHull, which uses the signs of $B h$ as well and is derived in [lesson 14](14_how_many_measurements.ipynb).

# %%
lengths, trials = np.array([9, 11, 13, 16, 20, 25]), 20
hits = {"lifting": np.zeros(len(lengths), int), "descent": np.zeros(len(lengths), int)}
rng = np.random.default_rng(10)
for k, L in enumerate(lengths):
    for _ in range(trials):
        job, its_truth = branchhull.gaussian(rng, L, 5, 5)
        for name, found in (
            ("lifting", branchhull.lift(job, tol=1e-4)),
            ("descent", branchhull.descend(job, rng, "gauss-newton", start="random")),
        ):
            hits[name][k] += branchhull.recovery_error(found.h, found.m, its_truth) < 1e-3
figure, ax = draw.figure(size=(6.4, 3.6), beside=1.9)
draw.promised(ax, lengths, wendel(lengths, 5, 5), "BranchHull's law")
draw.measured(ax, lengths, hits["lifting"] / trials, trials, "first", "lifting")
draw.measured(ax, lengths + 0.2, hits["descent"] / trials, trials, "wrong", "descent, one start")
draw.label(ax, "products L", "share recovered")
draw.legend(ax, "beside")
draw.show(figure, "Share of 20 instances, with 95 percent intervals, K = N = 5.")
print("products           ", *(f"{L:6d}" for L in lengths))
for name, count in hits.items():
    print(f"{name:8} of 20     ", *(f"  ≈ {hit:<2d}" for hit in count))
print("BranchHull's law   ", *(f"{20 * share:6.1f}" for share in wendel(lengths, 5, 5)))
assert hits["lifting"][0] <= 3 and hits["lifting"][-1] >= 19 and hits["descent"][1] >= 6

# %% [markdown]
# At this size lifting is close to BranchHull's law up to 16 products, and above it at 20. The descent begins to succeed with the fewest products; with 20 of them lifting does better. For larger $K = N$ lifting needs more per unknown: half of the instances are recovered at about $1.5\,(K+N)$, $2.1\,(K + N)$, $2.6\,(K+N)$ for $K = N = 5$, 10, 20
# (measured once, [lifting.py](../kit/branchhull/rivals/lifting.py)). The recovery theorem for lifting (Sources) is about convolutions, and not about Gaussian $b_\ell$ and $c_\ell$. **The price** is in the unknowns:

# %%
for K in (2, 10, 100, 1000):
    print(f"K = N = {K:4d}: {2 * K:5,} unknowns in (h, m), {K * K:9,} in Z")

# %% tags=["hide-input"]
for name in ("Lifting counts K N", "Nuclear norm: weak duality"):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# The folded cell is from the **ledger** of theorems.
#
# ## Break it yourself
#
# Shrink in `shrink` by a factor instead of by $\tau$: what rank has the answer? Solve an instance with $L = 12 > K N = 9$ and noise by `branchhull.solve_lifted`: its status, and $\nu$, say that the equations contradict each other.
#
# ## Take away
#
# * Going downhill on the misfit can end in a trap, here the more often the fewer the products; and where it ends above 0, nothing is proved.
# * The products are linear in $Z = h m^\top$; the nuclear norm is made of the hull of rank one, it is minimised by shrinking singular values, and weights of the equations prove a bound.
# * The price is $K N$ unknowns. The next lessons keep $K + N$ and pay with something else: the signs.
#
# **The guesses.** (1) Mostly: on about three quarters of the maps with six products all walks stop at one place. (2) About 45: half of the instances at $2.1 \cdot 20$. (3) Not always: with three products it was not.
#
# **Exercise**: [10_lifted_operator](../exercises/10_lifted_operator.ipynb), the map $\mathcal A$ and its adjoint. **Next**: [11 Hull geometry](11_hull_geometry.ipynb).
#
# ## Sources
#
# * Lifting and its recovery theorem: A. Ahmed, B. Recht, J. Romberg, *Blind deconvolution using convex programming*, IEEE Transactions on Information Theory 60(3), 2014, arXiv 1211.5608. The norm as a hull: M. Fazel, H. Hindi, S. Boyd, 2001.
