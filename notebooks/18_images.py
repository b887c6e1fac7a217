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
# # 18 Images
#
# **The question.** A picture is multiplied, pixel by pixel, by an unknown light. The picture is
# piecewise constant, the light lies in a known subspace. Can the two be told apart by a convex
# program, and does the program that was published for this do what its pictures suggest?
#
# **After this lesson** you can prove that the published program has no minimiser, say what its
# pictures are, state one that has a minimiser with a certificate, and say where it recovers the scene
# and where a rival does better.
#
# **Before**: [12 BranchHull](12_branchhull.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
from pathlib import Path

import numpy as np
from ipywidgets import Dropdown, IntSlider, SelectionSlider

from kit import branchhull
from kit.course.explorers import explorer
from kit.course.figures import images as figures
from kit.course.figures.style import caption
from kit.experiments import collect, provenance, recheck
from kit.experiments.images import EXACT, strip
from kit.experiments.theorems import LEDGER, examine, table
from kit.experiments.trials import PAPER
from kit.results import Status

# %% [markdown]
# ## Nouns
#
# * A picture of $p \times q$ pixels is the vector of its columns, $L = p q$. Here $B = I$: the vector
#   $h$ *is* the picture, and all its signs are $+1$.
# * The light is $x = C m$, with $N$ known columns. `"random"` columns are Gaussian; `"dct"` columns are
#   products of cosines at random frequencies, as in the paper's experiment with a mousepad.
# * $D h$ holds the differences of neighbouring pixels, and $\mathrm{TV}(h) = \|D h\|_1$ is the total
#   variation: each edge costs its length times its height. Flat regions cost nothing.
# * The image program, with $d = |y|$ and slack $\xi$ where a price $\lambda$ is given:
#
# $$\text{minimise}\quad \mathrm{TV}(h) + \mu \|h\|_1 + \gamma \|m\|_1 + \lambda \|\xi\|_1
#   \quad\text{subject to}\quad
#   \operatorname{sign}(y_\ell)\, h_\ell\, (c_\ell^\top m + \xi_\ell) \ge |y_\ell|,\quad h_\ell \ge 0 .$$
#
# The published program is $\mu = 0$.
#
# * The **error** of a picture is that of its worst pixel, in shares of the contrast (brightest less
#   darkest): $\max_\ell |c\,h_\ell - h^\natural_\ell| / (\max h^\natural - \min h^\natural)$ for the true
#   $h^\natural$, with the $c$ of least squares, since the scale is not determined.
#
# ## Test bed
#
# Three rectangles, each of brightness 0.5 or 2.5, on a background of 1, under 40 random cosines.

# %%
scene = branchhull.scene(np.random.default_rng(1), (64, 64), N=40, light="dct")
figure, facts = figures.measured(scene)
figure

# %%
print(
    caption(
        "{negative:.0%} of the products are negative (red; blue is positive); "
        "{flat:.1%} of the picture's differences are 0.",
        facts,
    )
)

# %% [markdown]
# ## The published program: a value that can be bought down to zero
#
# **Guess first.** Take *any* light $m$ with the right signs, $\operatorname{sign}(y_\ell)\, c_\ell^\top m > 0$
# for all $\ell$; the true one will do. What does a constant picture, bright enough to be feasible with
# it, cost when $\mu = 0$?
#
# Its total variation is 0. All it costs is $\gamma\|m\|_1$. Now make it $c$ times brighter and divide
# $m$ by $c$. The products stay, so it stays feasible, and it costs $\gamma\|m\|_1 / c$. Let $c$ grow:
#
# > The infimum of the published program is **0, and no point attains it** ($m = 0$ is infeasible as
# > soon as some $y_\ell \ne 0$). With slack not even the right signs are needed: $\xi$ has them.
#
# The kit recognises the trap and says so:

# %%
trap = branchhull.solve(scene.problem(mu=0.0))
print(trap.report.run.status)
print(trap.report.notes[-1])
assert trap.report.run.status is Status.UNATTAINED and trap.report.certificate.lower == 0

# %%
program = scene.problem(mu=0.0)
costs = []
for c in (1, 10, 100):
    h, m = c * trap.h, trap.m / c
    costs.append(program.value(h, m))
    feasible = branchhull.certify(program, h, m, None).violation < 1e-12
    print(f"c = {c:3d}: feasible {feasible}, value {costs[-1]:.3g}")
assert np.allclose(costs, costs[0] / np.array([1, 10, 100]))

# %% [markdown]
# ## Then what are the published pictures?
#
# They are *moments on the path of the ADMM*, which starts at 0 and was stopped after a fixed number of
# iterations. Run on, it does what the proof says. Here is a scene under a smooth positive light, with
# slack, at a $\rho$ for which the path is slow enough to look at.
#
# **Guess first.** The picture is best at one of the iterations 10, 100, 300, 1 000. Which?

# %%
lamp = branchhull.scene(np.random.default_rng(3), (32, 32), N=25, light="smooth", objects=2)
figure, facts = figures.moments(lamp, iterations=(10, 100, 300, 1000), rho=300.0)
figure

# %%
for k, error in facts["errors"].items():
    print(f"iteration {k:4d}: error {error:.2f} of the contrast")
print(
    f"best of all: {facts['best']:.2f}, within the first 200 iterations: {facts['best at'] < 200}"
)
assert facts["errors"][1000] > 1.3 * facts["best"] and 10 < facts["best at"] < 200

# %% [markdown]
# The same scene at a smaller $\rho$, where the path is faster. **Guess first**: which of the three falls,
# the value, the total variation, the mean brightness?

# %%
run = branchhull.solve(lamp.problem(mu=0.0, lam=1000.0), "admm", rho=0.5, max_iter=1000).report.run
figure, facts = figures.path(run.history)
figure

# %%
print("                iteration 100 -> 1000")
for name in ("value", "total variation", "mean"):
    print(f"{name:15s} {facts[f'{name}, early']:.2g} -> {facts[f'{name}, late']:.2g}")
assert facts["value, late"] < 0.5 * facts["value, early"]
assert facts["total variation, late"] < 0.05 * facts["total variation, early"]
assert facts["mean, late"] > 1.5 * facts["mean, early"]

# %% [markdown]
# The value falls, the edges go, the brightness grows, and nothing in the program stops it. Stopping early is a
# regularisation, but one whose result depends on $\rho$, the start and the iteration, and nothing
# proves it. The pictures of the papers may still be useful; they are not solutions of the program.
#
# ## A program that has a minimiser
#
# Put a price on brightness, $\mu > 0$. Write $F = \mathrm{TV}(h) + \mu\|h\|_1$ and
# $G = \gamma\|m\|_1 + \lambda\|\xi\|_1$. Scaling by $c$ gives $c F + G / c$, whose smallest value is
# $2\sqrt{F G}$: now making the picture brighter costs, and at the optimum $F = G$. (That also says that
# without slack neither $\gamma$ nor a common factor of TV and $\mu$ changes the picture, but for its scale.)
#
# **The bound.** Write $\tilde C$ and $\tilde\xi$ for $C$ and $\xi$ with row $\ell$ multiplied by
# $\operatorname{sign}(y_\ell)$. Take weights $\alpha, \beta \ge 0$ on $p = h$ and
# $q = \tilde C m + \tilde\xi$, any vector $w$ on the differences (a dual here, not $B h$), and put
# $r = \alpha - D^\top w$. Then
#
# $$2 S \le \alpha^\top p + \beta^\top q = w^\top D h + r^\top h + (\tilde C^\top\beta)^\top m + \beta^\top\tilde\xi
#   \;\le\; \theta_h F + \theta_m G , \qquad S = \sum_\ell \sqrt{\alpha_\ell \beta_\ell d_\ell},$$
#
# $$\theta_h = \max\bigl(\|w\|_\infty, \tfrac1\mu \max_\ell r_\ell\bigr), \qquad
#   \theta_m = \max\bigl(\tfrac1\gamma \|\tilde C^\top \beta\|_\infty, \tfrac1\lambda \|\beta\|_\infty\bigr).$$
#
# The first step is the tangent inequality of lesson 11; $h \ge 0$ is why only positive $r$ count; without
# slack the term with $\lambda$ is not there. As in
# lesson 12 the weights may be rescaled, and so, for **any** $\alpha, \beta \ge 0$ and any $w$,
#
# $$\boxed{\;F + G \;\ge\; 2\sqrt{F G} \;\ge\; \frac{2 S}{\sqrt{\theta_h \theta_m}}\;}$$
#
# For $\mu = 0$ the bound needs $\max r \le 0$; but $\sum_\ell r_\ell = \sum_\ell \alpha_\ell$ (a constant
# picture $1$ has no differences, so $1^\top D^\top w = 0$), hence $\alpha = 0$: nothing above 0 can be
# proved, and nothing above 0 is true.
#
# **Guess first.** Will the recovered picture be roughly right, right up to noise, or exactly right?

# %%
answer = branchhull.solve(scene.problem(mu=2.0), tol=1e-7)
figure, facts = figures.recovery(scene, answer)
figure

# %%
print(answer.report.run.status)
print(f"error below 1e-4 of the contrast: {facts['error'] < 1e-4}; value {facts['value']:.3f}")
F, G = scene.problem(mu=2.0).halves(answer.h, answer.m)
print(f"F = {F:.2f}, G = {G:.2f}")
assert facts["error"] < 1e-4 and facts["gap"] <= 1e-7 and np.isclose(F, G)

# %% [markdown]
# Exactly right: the true picture is the minimiser. The certificate by hand, from the dual that the
# method returned:

# %%
dual, (_, Ct, d) = answer.dual, branchhull.canonical(scene.data)
pull = branchhull.variation.adjoint(dual.w, scene.shape)  # D'w
r = dual.al - pull
theta_h = max(np.abs(dual.w).max(), r.max() / 2.0)
theta_m = np.abs(Ct.T @ dual.be).max()
lower = 2 * np.sum(np.sqrt(dual.al * dual.be * d)) / np.sqrt(theta_h * theta_m)
print(f"by hand    {lower:.3f} <= optimum")
print(f"by certify {answer.report.certificate.lower:.3f} <= optimum")
assert np.isclose(lower, answer.report.certificate.lower, rtol=1e-10)

# %% [markdown]
# ## Too small, too large
#
# **Guess first.** What does the picture look like at $\mu = 0.1$? At $\mu = 30$?

# %%
low, high = (branchhull.solve(scene.problem(mu), tol=1e-7) for mu in (0.1, 30.0))
figure, facts_low = figures.recovery(scene, low)
figure

# %%
figure, facts_high = figures.recovery(scene, high)
figure

# %%
print(
    f"mu = 0.1: error {facts_low['error']:.2f}, products up to {facts_low['largest excess']:.0%} too large"
)
print(
    f"mu = 30 : error {facts_high['error']:.2f}, products up to {facts_high['largest excess']:.0%} too large"
)
assert facts_low["error"] > 0.5 and facts_low["largest excess"] > 0.5
assert facts_high["error"] > 0.5 and facts_high["largest excess"] < 1e-3

# %% [markdown]
# When brightness is cheap, a constant picture bright enough for every pixel is cheaper than edges: the
# constraints are inequalities, and most of them do not touch. When brightness is dear, the edges are
# cheap beside it: every product is met exactly, and the picture bends to make $\|m\|_1$ small. Both
# answers are certified: they are the minimisers, and they are not the scene. Between the two lies a
# window.
#
# **Its lower end.** Suppose the scene is the minimiser. Then there is a dual for which all steps of the
# bound are equalities. Scaled to $\theta_h = 1$ it has $|w| \le 1$, $w = \operatorname{sign}(D h)$ on the
# edges, and, as $h > 0$ and $r^\top h = \mu \|h\|_1$, $r = \mu$ everywhere: $\alpha = \mu + D^\top w \ge 0$. Add $\alpha$ over a region
# $R$ that is darker than all its neighbours: inside, $D^\top w$ cancels, and every pair of neighbours with
# one pixel in $R$ contributes $-1$. There are $\mathrm{Per}(R)$ such pairs. So
#
# $$0 \le \sum_{\ell \in R} \alpha_\ell = \mu\,|R| - \mathrm{Per}(R), \qquad\text{that is}\qquad
#   \boxed{\;\mu \ge \mathrm{Per}(R)\, /\, |R|\;}$$
#
# A dark strip one pixel wide and 16 long, away from the border, asks for $\mu \ge 34/16$; one of width 4
# for $40/64$. That is a necessary condition. How sharp is it?

# %%
for width in (1, 2, 4):
    line = strip(np.random.default_rng(0), width)
    threshold = 2 * (16 + width) / (16 * width)
    found = [
        branchhull.contrast_error(
            branchhull.solve(line.problem(factor * threshold), tol=1e-7).h, line.truth.h
        )
        < EXACT
        for factor in (0.8, 0.97, 1.03, 1.2)
    ]
    print(f"width {width}: threshold {threshold:.3f}; found at 0.8, 0.97, 1.03, 1.2 times:", *found)
    assert found == [False, False, True, True]

# %% [markdown]
# ## Where it recovers: a map
#
# Scenes of $64 \times 64$ pixels; a scene counts as found when no pixel is off by more than a thousandth of
# the contrast. Where rectangles overlap, dark slivers one pixel wide may remain, and these ask for $\mu$
# just above 2. The rows were computed once, and are committed.
#
# **Guess first.** Which asks for a narrower window of $\mu$: few columns $N$, or many?

# %%
results = Path("results")
rows = collect(PAPER["image-map"], results)
figure, facts = figures.recovery_map(rows, below=EXACT)
figure

# %%
share = facts["share"]
for light in ("random", "dct"):
    found = [
        np.mean([share[light, N, mu] for N in (10, 40, 100, 200)]) for mu in (0.1, 1.0, 2.0, 8.0)
    ]
    print(f"{light:6s} mu = 0.1, 1, 2, 8:", *(f"{value:.0%}" for value in found))
for N in (10, 40, 100, 200):
    outer = [
        np.mean([share[light, N, mu] for light in ("random", "dct")]) for mu in (0.5, 4.0, 8.0)
    ]
    print(f"N = {N:3d} mu = 0.5, 4, 8:", *(f"{value:.0%}" for value in outer))
print(f"{facts['scenes a cell']} scenes a cell, all certified: {facts['largest gap'] <= 1e-7}")
assert facts["largest gap"] <= 1e-7

# %% [markdown]
# At its upper end the window closes as $N$ grows: more columns, more ways to make $\|m\|_1$ small by bending the
# picture. (Four scenes a cell say that roughly, not more.)
#
# Are the rows still what the code computes? Where they come from, and two random ones done again:

# %%
entry = provenance(PAPER["image-map"], results)[0]
print(entry["trial"], entry["versions"]["numpy"], "seed", entry["seed"])
stale = recheck(PAPER["image-map"], rows, np.random.default_rng(4), of="value", jobs=2)
print("stale rows:", stale)
assert stale == []

# %% [markdown]
# To do them all again: `python -m kit.experiments.trials FOLDER image-map image-positive` (some minutes
# on two cores).
#
# ## Smooth positive light, and a rival that wins
#
# Lamps do not change their sign. For positive signals there is an old trick: take logarithms,
# $\log y = \log h + \log x$, and a sum is easy. With $u = \log h$ piecewise constant and $\log x = C a$,
#
# $$\text{minimise } \mathrm{TV}(u) \quad\text{subject to}\quad u + C a = \log y$$
#
# is a linear program (`branchhull.log_domain`). It assumes that $\log x$, not $x$, lies in the subspace.
#
# **Guess first.** The light is $1 \pm 0.6$, nine low cosines. Which method is better when $x$ lies in the
# subspace, as BranchHull assumes? And when $\log x$ does?

# %%
rows = collect(PAPER["image-positive"], results)
figure, facts = figures.positive(rows)
figure

# %%
print(f"{'median error':24s} x in the subspace   log x in the subspace")
for name in dict.fromkeys(name for name, _ in facts):
    words = name.replace("\n", ", ")
    print(f"{words:24s} {facts[name, 'x']:12.3f} {facts[name, 'log x']:19.3f}")
best = min(facts[name, "x"] for name, _ in facts if name != "log domain")
assert facts["log domain", "log x"] < 1e-4 < best

# %% [markdown]
# The rival wins, and by a wide margin on its own model. With $\|m\|_1$ as it stands the program prefers a
# constant light, since that has a single coefficient; with the non-constant columns a thousand times larger, so
# that their coefficients are nearly free ("|m| free"), it does better at its best $\mu$, and is still not exact. A
# light of one sign is close to a constant, and a constant light times a bright picture is what the program wants
# anyway. BranchHull's case is the light of mixed signs: $\log|x|$ is then in no subspace that we know.
#
# A photograph is not piecewise constant, and nothing promises that it comes back. (This one ships with
# scikit-learn; its light is simulated, as all light in this lesson.) **Guess first**: will one see what it shows?

# %%
photo = branchhull.photograph(np.random.default_rng(0), "china.jpg", (48, 48), N=20, light="dct")
developed = branchhull.solve(photo.problem(mu=2.0), tol=1e-6)
figure, facts = figures.recovery(photo, developed)
figure

# %%
print(f"certified: {facts['gap'] <= 1e-6}; error {facts['error']:.1f} of the contrast")

# %% [markdown]
# ## How it is solved
#
# An interior point method (`kit/branchhull/interior/tv.py`) takes Newton steps. With $B = I$ the unknown
# pixels couple only to their neighbours: the matrix is $D^\top S D$ plus a diagonal, block tridiagonal over
# the columns of the picture, bordered by the $N$ columns of $C$. So a step is a chain of small Cholesky
# factors and a few products of matrices (`kit/branchhull/interior/banded.py`). A picture of $115 \times 115$ pixels
# under 400 cosines, with slack (the size of the paper's experiment), took 16 to 18 steps to a gap of
# $10^{-4}$ on three scenes (measured once; `tests/test_images.py` holds it below 30). Here a smaller one:

# %%
size = branchhull.scene(np.random.default_rng(5), (64, 64), N=100, light="dct")
solved = branchhull.solve(size.problem(mu=2.0, lam=10.0), tol=1e-4)
print(f"at most 30 steps: {solved.report.run.iterations <= 30}")
assert solved.report.certificate.gap <= 1e-4

# %% [markdown]
# ## In the ledger
#
# The kit measures each result inside its hypotheses, and again with one of them broken
# (`kit.experiments.theorems`). Those of this lesson, each with the measured number beside the promised one:

# %%
for name in ("TV alone has no minimiser",):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# ## Break it yourself
#
# Flip the sign of ten products. Without slack no light has such signs, and the answer is a proof; with
# slack nearly every pixel comes back, and $\xi$ points at the ten.

# %%
small = branchhull.scene(np.random.default_rng(2), (24, 24), N=6, light="random", objects=2)
y = small.data.y.copy()
struck = np.random.default_rng(0).permutation(y.size)[:10]
y[struck] *= -1
lying = branchhull.Bilinear(small.data.B, small.data.C, y, small.data.signs)
hard = branchhull.BranchHull(lying, "tv", mu=2.0, shape=small.shape)
soft = branchhull.BranchHull(lying, "tv", mu=2.0, lam=0.2, shape=small.shape)
print(branchhull.solve(hard).report.run.status)
kept = branchhull.solve(soft)
largest = np.argsort(-np.abs(kept.xi))[:10]
off = np.abs(kept.h * np.median(small.truth.h / kept.h) - small.truth.h)
print(f"pixels right to a thousandth: {np.mean(off < 1e-3):.0%}")
print(f"the ten largest slacks are the ten lies: {set(largest) == set(struck)}")
assert np.mean(off < 1e-3) > 0.95 and set(largest) == set(struck)

# %% [markdown]
# ## Play
#
# `solved` is the minimiser, whatever it is; a number stops the ADMM after so many steps. Find a setting
# where the scene is found; then make $\mu$ small and watch the edges go. With $\mu = 0$ and more and
# more steps, watch the picture come and go.


# %%
def play(light, N, mu, stop, seed):
    """The minimiser, or the ADMM stopped after so many steps."""
    method, steps = ("solve", 1) if stop == "solved" else ("path", stop)
    return figures.explore(seed, light, N, mu, method, steps)


explorer(
    play,
    light=Dropdown(options=["random", "dct", "smooth"], description="dictionary"),
    N=IntSlider(10, min=2, max=60, description="columns N"),
    mu=SelectionSlider(options=[0.0, 0.1, 0.5, 2.0, 10.0], value=2.0, description="weight mu"),
    stop=SelectionSlider(
        options=["solved", 3, 10, 30, 100], value="solved", description="ADMM steps"
    ),
    seed=IntSlider(0, min=0, max=20, description="scene"),
)

# %% [markdown]
# ## Take away
#
# * A program is not its algorithm: the published image program has infimum 0 and no minimiser, and its
#   pictures are stops on a path.
# * A price on brightness makes it well posed, with a certificate that anyone can check.
# * For light of mixed signs the minimiser *is* the scene in a window of $\mu$, around 2 for these scenes.
#   It cannot begin below the perimeter over the area of a dark region; for strips it begins there. For
#   smooth positive light the minimiser is not the scene, and logarithms do better.
# * Certified is not the same as recovered: at $\mu = 0.1$ and $\mu = 30$ the minimisers are proved, and wrong.
#
# **Exercise**: [18_differences](../exercises/18_differences.ipynb), about $D$, its adjoint, and a bound
# repaired.
#
# ## Sources
#
# * The program without $\mu$, its ADMM (eqs (4) to (6) of the poster), the mousepad and the rice: A.
#   Aghasi, A. Ahmed, P. Hand, B. Joshi, arXiv 1809.08359 (NeurIPS 2018) and 1906.11636, and their published
#   code.
# * Total variation: L. Rudin, S. Osher, E. Fatemi, Physica D 60, 1992; here in its anisotropic form.
# * The degeneracy, $\mu$, the bound and the banded method are derived for this kit
#   (`kit/branchhull/tv.py`, `interior/tv.py`).
