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
# # 10 Bilinear problems, and lifting
#
# **The question.** Two unknown signals are seen only through their product. Why is it hard to take
# such a product apart, and what does one gain, and pay, by looking for a matrix instead?
#
# **After this lesson** you can see why $w x = y$ is not convex, lift it to a matrix of rank one, state
# the nuclear norm program and check its certificate, count its unknowns, and measure how many products
# it needs.
#
# **Before**: [01 Bounds to check](01_bounds.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.
# **Modules**: `kit.branchhull.rivals.lifting`, `nuclear_norm`, `gradient`.

# %%
# %matplotlib inline
from time import process_time

import numpy as np
from ipywidgets import FloatSlider, IntSlider
from scipy.stats import binom
from tqdm.auto import tqdm

from kit import branchhull
from kit.course.explorers import explorer
from kit.course.figures import lifting as figures
from kit.course.figures.style import caption
from kit.experiments.theorems import LEDGER, examine, table
from kit.results import Status

# %% [markdown]
# ## Nouns
#
# * $B \in \mathbb R^{L\times K}$ and $C \in \mathbb R^{L \times N}$ are known, with rows $b_\ell^\top$
#   and $c_\ell^\top$; $h \in \mathbb R^K$ and $m \in \mathbb R^N$ are not.
# * $w = B h$ and $x = C m$ are the two signals; measured is $y = w \circ x$, that is
#   $y_\ell = (b_\ell^\top h)(c_\ell^\top m)$ for $\ell = 1, \dots, L$.
# * the **misfit** $f(h, m) = \|y - (B h) \circ (C m)\|_2^2 / \|y\|_2^2$.
# * Two pairs are the *same* answer if $(h', m') = (c h, m/c)$ with $c \ne 0$: no product can tell them
#   apart.
#
# Why should signals lie in known subspaces at all? Because otherwise nothing can be said: $w$ and $x$
# have $2 L$ entries, and there are $L$ products. The subspaces leave $K + N$ unknowns.
#
# ## Test bed
#
# First the smallest case that is not trivial, $K = N = 2$, with six products.

# %%
data, truth = figures.angle_instance(L=6)
data

# %% [markdown]
# ## The naive method: go downhill
#
# $f$ is not convex, already for $K = N = L = 1$, $b = c = y = 1$: both $(1, 1)$ and $(-1, -1)$ have
# misfit $0$, their midpoint $(0, 0)$ has misfit $1$. Does that matter? A function may be non-convex and
# still have no trap.
#
# For $K = N = 2$ we can look. Write $h = |h| (\cos a, \sin a)$ and $m = |m| (\cos b, \sin b)$. For
# given angles, let $u$ be the product $w \circ x$ for $|h| = |m| = 1$. The misfit depends on the lengths
# only through $r = |h| |m|$ (signs included), and $\|y - r u\|^2$ is smallest at
# $r = \langle y, u\rangle / \|u\|^2$, where it is $\|y\|^2 - \langle y, u \rangle^2 / \|u\|^2$. What is
# left is a function of two angles, and turning one of them by 180 degrees only changes the sign of $r$:
#
# $$f(a, b) = 1 - \frac{\langle y, u(a, b) \rangle^2}{\|y\|^2\, \|u(a, b)\|^2} ,
#   \qquad 0 \le a, b < 180^\circ .$$
#
# This is the whole problem in one picture.
#
# **Guess first.** Six products, four unknowns, no noise. From how many of 81 start points, spread
# evenly over the map, does steepest descent reach the truth? All? Half?

# %%
figure, facts = figures.landscape()
figure

# %%
arrived, tried = figures.starts_that_arrive(data, every=20.0)
print(f"About {arrived / tried:.1f} of the starts reach the truth.")
print(caption("The one drawn ends with a misfit of {misfit at the end:.3f}.", facts))
assert not facts["reached the truth"] and facts["local minima of the map"] == 2
assert 0 < arrived < tried

# %% [markdown]
# There are two valleys, ringed in the picture. The wrong one explains all but 1.6 percent of
# $\|y\|^2$; with noisy data one would have been content. And **nothing at that point says that a better one exists.**
#
# How much does luck with the data matter? Other instances, other numbers of products:

# %%
for L in (4, 6, 10, 20):
    shares = [figures.starts_that_arrive(figures.angle_instance(L, s)[0], 45.0) for s in range(4)]
    good, of = np.transpose(shares)
    print(
        f"L = {L:2d}: {good.sum() / of.sum():.1f} arrive; {np.sum(good < of)} of 4 instances trap some"
    )

# %% [markdown]
# With plenty of products the traps vanish: descent is a serious method, and lesson 14 returns to it.
# It comes without a proof. Look around; at `L` = 4 with some seeds the map is full of valleys.

# %%
explorer(
    figures.landscape,
    L=IntSlider(6, min=3, max=30, description="products L"),
    seed=IntSlider(3, min=0, max=20, description="instance"),
    a=FloatSlider(90, min=0, max=175, step=5, description="start: angle of h"),
    b=FloatSlider(130, min=0, max=175, step=5, description="start: angle of m"),
)

# %% [markdown]
# ## Lifting
#
# The product is quadratic in $(h, m)$, but **linear in the matrix $Z = h m^\top$**:
#
# $$y_\ell = b_\ell^\top h\, m^\top c_\ell = b_\ell^\top Z c_\ell = \langle b_\ell c_\ell^\top, Z\rangle .$$
#
# Write $\mathcal A(Z) \in \mathbb R^L$ for these $L$ numbers. The pairs $(c h, m/c)$ all give the same
# $Z$: the ambiguity has disappeared. What is left of the difficulty is that $Z$ has rank one:
#
# $$\text{find } Z \text{ with } \mathcal A(Z) = y,\quad \operatorname{rank} Z = 1 .$$
#
# The equations are linear, the rank condition is not even convex: the mean of two matrices of rank one
# has, in general, rank two. (Here $\langle A, Z\rangle = \sum_{kn} A_{kn} Z_{kn}$, the product of two
# matrices as if they were vectors.)
#
# ## The nuclear norm
#
# As the $\ell_1$ norm prefers few nonzero entries, the **nuclear norm** $\|Z\|_* = \sum_i \sigma_i(Z)$,
# the $\ell_1$ norm of the singular values, prefers few nonzero singular values. The program is
#
# $$\min_Z \|Z\|_* \quad \text{subject to} \quad b_\ell^\top Z c_\ell = y_\ell, \quad \ell = 1, \dots, L .$$
#
# Two facts make it less of a trick.
#
# *It is dual to the spectral norm* $\|G\|_2$, the largest singular value: $\langle G, Z \rangle \le \|G\|_2 \|Z\|_*$. With
# $Z = \sum_i \sigma_i u_i v_i^\top$, $\langle G, Z\rangle = \sum_i \sigma_i\, u_i^\top G v_i$, and each
# $u_i^\top G v_i \le \|G\|_2$. For $G = \sum_i u_i v_i^\top$ there is equality, so
# $\|Z\|_* = \max_{\|G\|_2 \le 1} \langle G, Z\rangle$. A maximum of linear functions is convex.
#
# *It is what BranchHull minimises, without the rank:* for any factors $U, V$ with $Z = U V^\top$,
#
# $$\|Z\|_* = \max_{\|G\|_2 \le 1} \langle G, U V^\top\rangle = \max_{\|G\|_2 \le 1}\langle G V, U \rangle
#   \le \|U\|_F \|V\|_F \le \tfrac12 (\|U\|_F^2 + \|V\|_F^2) ,$$
#
# with equality for $U = (\sqrt{\sigma_i}\, u_i)_i$ and $V = (\sqrt{\sigma_i}\, v_i)_i$. For one column each,
# $\|h m^\top\|_* = \|h\| \|m\|$ is half of $\|h\|^2 + \|m\|^2$ when the two are balanced. Check on a
# random matrix:

# %%
rng = np.random.default_rng(1)
Z = rng.standard_normal((4, 3))
left, sigma, right = np.linalg.svd(Z, full_matrices=False)
U, V = left * np.sqrt(sigma), right.T * np.sqrt(sigma)
print(f"sum of singular values {sigma.sum():.6f}")
print(f"balanced factors       {(np.sum(U**2) + np.sum(V**2)) / 2:.6f}")
skew = rng.standard_normal((3, 3))
other = (np.sum((U @ skew) ** 2) + np.sum((V @ np.linalg.inv(skew).T) ** 2)) / 2
print(f"other factors cost more: {other > sigma.sum()}")
assert np.allclose(U @ V.T, Z) and other > sigma.sum()

# %% [markdown]
# ## A certificate
#
# Weigh the equations with any $\nu \in \mathbb R^L$ and put $G = \sum_\ell \nu_\ell\, b_\ell c_\ell^\top$.
# For every $Z$ that fits the data
#
# $$\langle \nu, y\rangle = \sum_\ell \nu_\ell \langle b_\ell c_\ell^\top, Z \rangle = \langle G, Z \rangle
#   \le \|G\|_2\, \|Z\|_* ,
#   \qquad\text{so}\qquad \|Z\|_* \ge \frac{\langle \nu, y\rangle}{\|G\|_2} .$$
#
# Any $\nu$ gives a bound, a good one a good bound.

# %%
bed, bed_truth = branchhull.gaussian(np.random.default_rng(0), L=60, K=10, N=10)
lifted = branchhull.solve_lifted(bed, tol=1e-6)
G = np.einsum("l,lk,ln->kn", lifted.nu, bed.B, bed.C)
lower = lifted.nu @ bed.y / np.linalg.norm(G, 2)
upper = lifted.singular_values.sum()
misfit = np.abs(np.einsum("lk,kn,ln->l", bed.B, lifted.Z, bed.C) - bed.y).max()
print(lifted.run.status)
print(f"{lower:.4f} <= least nuclear norm <= {upper:.4f}")
print(f"the equations hold to 1e-9: {misfit < 1e-9 * np.abs(bed.y).max()}")
assert lifted.certificate.gap <= 1e-6 and (upper - lower) / upper < 2e-6

# %% [markdown]
# The program is solved, and proved to be. Is the answer the truth? That is another question: it is if
# $Z$ has rank one (the data then say $Z = h m^\top$ for some pair that fits), and the singular values
# tell. The pair is $h = \sqrt{\sigma_1} u_1$, $m = \sqrt{\sigma_1} v_1$, balanced by construction.
#
# **Guess first.** $K = N = 10$: 20 unknowns, 100 in $Z$. The same program with 30 products: is it
# solved? And is its $Z$ of rank one?

# %%
few, few_truth = branchhull.gaussian(np.random.default_rng(0), L=30, K=10, N=10)
lifted_few = branchhull.solve_lifted(few, tol=1e-6)
figure, facts = figures.singular_values(
    {"L = 60": lifted.singular_values, "L = 30": lifted_few.singular_values}
)
figure

# %%
print(f"L = 30: {lifted_few.run.status}")
print(f"second singular value / first: below 1e-3 at L = 60: {facts['L = 60'] < 1e-3}")
print(f"                               {facts['L = 30']:.2f} at L = 30")
recovered = branchhull.lift(bed)
close = branchhull.recovery_error(recovered.h, recovered.m, bed_truth) < 1e-3
print(f"at L = 60 the pair is the truth to 1e-3: {close}")
assert facts["L = 60"] < 1e-3 < facts["L = 30"] and close

# %% [markdown]
# A certified optimum that is not the truth: the program has an answer, and we asked too few questions.
#
# ## What it costs
#
# Lifting needs no start point and no signs. It pays with unknowns: $K N$ in place of $K + N$.
#
# **Guess first.** For $K = N = 100$: how many unknowns, and how many numbers in the matrix of
# $\mathcal A$ if one writes it out, for $L = 500$?

# %%
for K in (2, 10, 100, 1000):
    L = 5 * K
    print(
        f"K = N = {K:4d}: {2 * K:5,} unknowns in (h, m), {K * K:9,} in Z, "
        f"{L * K * K:13,} numbers in the matrix of A, {2 * L * K:10,} in B and C"
    )

# %% [markdown]
# (The kit never writes $\mathcal A$ out: $b_\ell^\top Z c_\ell$ is computed from $B$ and $C$.) Seconds
# differ from machine to machine; a large ratio does not. `lift_seconds / seconds` is yours to print:

# %%
for K in (10, 40):  # the small one warms up
    job, _ = branchhull.gaussian(np.random.default_rng(0), L=6 * K, K=K, N=K)
    start = process_time()
    branchhull.solve_lifted(job, tol=1e-5)
    middle = process_time()
    branchhull.solve(branchhull.BranchHull(job))
    lift_seconds, seconds = middle - start, process_time() - middle
print(
    f"K = N = {K}: lifting takes more than 4 times as long as BranchHull: {lift_seconds > 4 * seconds}"
)

# %% [markdown]
# ## How many products?
#
# There are $K + N - 1$ free numbers in a pair, up to scaling, so fewer products cannot do. We measure
# how many will, for $K = N = 5$, beside the law of BranchHull (lesson 12), which uses the signs,
# $P(\mathrm{Bin}(L-1, \tfrac12) \ge K + N - 2)$, and beside one descent (Gauss-Newton, that is
# repeated linear least squares) from one random start.
#
# **Guess first.** Which of the three needs the fewest products?

# %% tags=["nbval-ignore-output"]
lengths, trials = np.array([9, 11, 13, 16, 20, 25, 30]), 30
rng = np.random.default_rng(10)
hits = {"lifting": np.zeros(lengths.size), "descent, one start": np.zeros(lengths.size)}
for k, L in enumerate(tqdm(lengths, desc="products")):
    for _ in range(trials):
        job, its_truth = branchhull.gaussian(rng, L, 5, 5)
        found = {
            "lifting": branchhull.lift(job, tol=1e-5),
            "descent, one start": branchhull.descend(job, rng, "gauss-newton", start="random"),
        }
        for name, answer in found.items():
            hits[name][k] += branchhull.recovery_error(answer.h, answer.m, its_truth) < 1e-3

# %%
law = binom.sf(5 + 5 - 3, lengths - 1, 0.5)
shares = {name: count / trials for name, count in hits.items()}
figure, facts = figures.phase(lengths, shares, law, unknowns=10)
figure

# %%
print("L                   ", *(f"{L:5d}" for L in lengths))
for name, share in {"lifting": shares["lifting"], "BranchHull's law": law}.items():
    print(f"{name:20s}", *(f"{value:5.2f}" for value in share))
one = shares["descent, one start"]
print(f"descent is ahead of both at L = 11 and 13: {np.all(one[1:3] > [0.2, 0.3])}")
print(f"and fails now and then at L = 25 and 30:   {one[-2:].mean() < 1}")
assert shares["lifting"][-1] == 1 and shares["lifting"][0] < 0.1

# %% [markdown]
# Lifting changes from failing to succeeding within a few products: a **phase transition**. Where it
# stands depends on the size. With 30 trials a point the curves are rough, and at $K = N = 5$ lifting
# and BranchHull are close to each other; at $K = N = 20$ the transition of lifting is at about
# $2.6\,(K+N)$, that of BranchHull at $1.9\,(K + N)$ (60 trials, see `kit.branchhull.rivals.lifting`; not run
# here). The theorem for lifting, made for a Fourier setting and so not for these
# data, asks for $\max(K, N)$ to be at most about $L / \log^3 L$.
#
# One descent from one start begins to succeed with the fewest products of the three, and never quite
# always. It does not know when it has failed for lack of luck, and when for lack of data.

# %% [markdown]
# ## In the ledger
#
# The kit measures each numbered result inside its hypotheses, and again with one of them broken
# (`kit.experiments.theorems`). The statements of this lesson:

# %%
for name in ("Lifting counts K N", "Nuclear norm: weak duality"):
    print(table(examine(LEDGER[name], np.random.default_rng(0))))

# %% [markdown]
# ## Break it yourself
#
# Noise. With $L \le K N$ Gaussian rows some $Z$ fits any data, noisy or not. With $L > K N$ there are more equations
# than unknowns, and noise makes them contradict each other:

# %%
noisy, _ = branchhull.gaussian(np.random.default_rng(0), L=12, K=3, N=3, noise=0.01)
refused = branchhull.solve_lifted(noisy)
print(refused.run.status)
G = np.einsum("l,lk,ln->kn", refused.nu, noisy.B, noisy.C)
size = np.abs(refused.nu) @ (np.linalg.norm(noisy.B, axis=1) * np.linalg.norm(noisy.C, axis=1))
print(
    f"G = 0 to rounding and <nu, y> > 0: {np.abs(G).max() < 1e-12 * size and refused.nu @ noisy.y > 0}"
)
assert refused.run.status is Status.INFEASIBLE

# %% [markdown]
# (The bound above with $G = 0$: $0 < \langle \nu, y \rangle \le 0 \cdot \|Z\|_*$ for any $Z$ that fits.
# There is none.) BranchHull has inequalities, and takes noise without a change. More to break:
#
# - One of $h$, $m$ zero: `Bilinear(B, C, np.zeros(L), signs)`. What is the least nuclear norm?
# - `lift` never uses the signs but for one bit. Which? (Compare $(h, m)$ and $(-h, -m)$.)
# - Repeat a row of $B$ and of $C$: does one product more help?
#
# ## Take away
#
# * Going downhill on the misfit has traps when products are few, and no proof at any time.
# * $y_\ell = \langle b_\ell c_\ell^\top, Z\rangle$ is linear in $Z = h m^\top$; the nuclear norm stands in
#   for the rank, and any $\nu$ proves a lower bound.
# * The price is $K N$ unknowns. The next lessons keep $K + N$ and pay with something else: the signs.
#
# **Next**: [11 Hull geometry](11_hull_geometry.ipynb).
#
# **Exercise**: [10_lifted_operator](../exercises/10_lifted_operator.ipynb), about the lifted operator.
#
# ## Sources
#
# * A. Ahmed, B. Recht, J. Romberg, *Blind deconvolution using convex programming*, IEEE Transactions on
#   Information Theory 60(3), 2014, arXiv 1211.5608: lifting, the nuclear norm program, the theorem.
# * The map over two angles, the certificate and the ray are derived here and in
#   `kit.branchhull.rivals.nuclear_norm`.
