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
# # Know the branch
#
# A microphone records a sentence while somebody turns its gain up and down. Each number that it stores
# is a product, the gain times the sound, and you know neither of the two. But a gain is positive.
#
# On another desk lies a trained neural network, too big for the telephone that is to run it. Most of
# its weights should become zero, and its answers should hardly change. The answers are known, and so
# is which neurons were active when they were given.
#
# Both people hold half an answer: **a sign** of one factor, **an activity** of a neuron. This page shows
# what that half is worth.
#
# **Afterwards** you can say the idea in one sentence, read a certificate, and find your way through the
# lessons and exercises. **You need** linear algebra and a first course in optimisation. **Time**: 20 minutes.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import FloatSlider, ToggleButtons
from scipy.optimize import nnls

from kit import branchhull
from kit.branchhull import hull
from kit.course import draw
from kit.course.explorers import explorer

# %%
time = np.linspace(0, 1, 400)
sound = np.sin(44 * time) * np.exp(-2 * time) + 0.4 * np.sin(97 * time)
gain = 1 + 0.7 * np.sin(9 * time)
figure, axes = draw.figure(3, size=(3.1, 2.5))
for ax, signal, look, name in zip(
    axes,
    (gain, sound, gain * sound),
    ("first", "second", "data"),
    ("gain w", "sound x", "stored y"),
    strict=True,
):
    draw.curve(ax, time, signal, look)
    draw.label(ax, "time", "", name)
draw.show(
    figure,
    "The gain, which is positive, and the sound; the microphone stores their product, y = w x.",
)

# %% [markdown]
# ## The question
#
# Take one stored number, $y = w x$ with $y = 1$. All pairs $(w, x)$ that explain it lie on a
# **hyperbola**, and the hyperbola has two **branches**: on one both numbers are positive, on the other
# both are negative.
#
# Programs that search for a best point want a **convex** set, one that contains the segment between any
# two of its points. The hyperbola is not convex. The smallest convex set that contains it is its **convex
# hull**, the set of all weighted averages of its points.
#
# **Guess first.** What does the hull of both branches look like? And the hull of one branch?
#
# ## By hand
#
# Average two points of one branch, then two points of different branches.

# %%
for one, other in (((0.5, 2.0), (2.0, 0.5)), ((1.0, 1.0), (-1.0, -1.0))):
    w, x = (np.array(one) + other) / 2
    print(f"halfway between {one} and {other} is ({w:g}, {x:g}), with product {w * x:g}")

# %% [markdown]
# Halfway between these two points of one branch the product is larger than 1. Halfway between these two points of
# different branches it is 0.
#
# ## From scratch: a hull is what all half-planes leave
#
# A **half-plane** $\{z : a^\top z \ge b\}$ is convex. If it contains a set of points $S$, it contains their
# hull too. For a direction $a$ and finitely many points $S$ the tightest such half-plane has the level
#
# $$b(a) = \min_{s \in S} a^\top s ,$$
#
# and the hull (with its edge) is what remains of the plane when this is done for all directions $a$.
# For $S$ we take 300 points of each branch, with $|w|$ from 1/60 to 60.


# %% tags=["from-scratch"]
def half_planes_around(S, count=180):
    """Directions A and levels b with A z >= b for each point z of S, as tight as can be."""
    angle = 2 * np.pi * np.arange(count) / count
    A = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    b = (A @ S.T).min(axis=1)
    return A, b


def hyperbola(y, signs):
    """300 points of each branch of w x = y on which w has one of the signs."""
    w = np.geomspace(1 / 60, 60, 300)
    return np.concatenate([np.stack([t * w, y / (t * w)], axis=1) for t in signs])


# %% [markdown]
# *Check against the definition.* A point $z$ is in the hull if it is an average of points of $S$: weights
# $\theta \ge 0$ with $\sum_i \theta_i s_i = z$ and $\sum_i \theta_i = 1$. Nonnegative least squares (`nnls`)
# returns weights and what is left over; if 0 is left, $z$ is an average. And for one branch the kit knows a formula, $w x \ge 1$ and $w \ge 0$
# ([lesson 11](11_hull_geometry.ipynb) derives it). At 400 random points:

# %% tags=["compared"]
points = np.random.default_rng(1).uniform(-4, 4, (400, 2))
for name, signs in (("one branch", (1,)), ("both branches", (1, -1))):
    S = hyperbola(1.0, signs)
    A, b = half_planes_around(S)
    left = np.all(points @ A.T >= b, axis=1)
    system = np.vstack([S.T, np.ones(len(S))])
    average = np.array([nnls(system, [*z, 1.0])[1] < 1e-9 for z in points])
    print(f"{name}: {left.sum()} points in all half-planes, {average.sum()} are averages", end="")
    print(f", {(hull.violation(*points.T, 1.0) == 0).sum()} by the kit" if signs == (1,) else "")
    assert np.all(left[average]) and np.sum(left & ~average) <= 4  # 180 directions are not all
    assert np.all(average) == (len(signs) == 2)

# %%
figure, axes = draw.figure(2)
for ax, signs, title in zip(axes, ((1, -1), (1,)), ("nothing known", "w is positive"), strict=True):
    draw.plane(ax, 4, "w", "x", title)
    draw.half_planes(ax, *half_planes_around(hyperbola(1.0, signs)), label="hull", lines=False)
    for sign in (1, -1):
        draw.branch(ax, 1.0, sign, "" if sign in signs else "rival")
    draw.legend(ax, "upper left")
draw.show(
    figure,
    "Left: the hull of both branches is the whole plane, so the measurement excludes nothing. Right: with "
    "the sign of w known the dotted branch is out. The hull of the other leaves a part of the plane.",
)

# %% [markdown]
# **This is the idea.** A hull is always convex; what matters is how much it still says.
#
# ## Why the whole plane?
#
# Let $(w, x)$ be any pair. We look for two points of the hyperbola with $(w, x)$ between them.
#
# *If $w x < 1$*, walk along the diagonal, $(w + \tau, x + \tau)$. The walk is on the hyperbola where
# $(w + \tau)(x + \tau) = 1$, that is $\tau^2 + (w + x)\tau + (w x - 1) = 0$.
# The product of the two roots is $w x - 1 < 0$.
# So the roots are real, one is negative and one positive, and $(w, x)$ lies between two points of the hyperbola.
#
# *If $w x \ge 1$*, walk along the other diagonal, $(w + \tau, x - \tau)$. Now $(w + \tau)(x - \tau) = 1$ says
# $\tau^2 + (w - x)\tau - (w x - 1) = 0$.
# The product of the roots is $-(w x - 1) \le 0$, so $\tau = 0$ lies between them or is one of them.
#
# In both cases $(w, x)$ is an average of two points of the hyperbola. $\square$
#
# ## Explore
#
# Choose what is known, and move the measurement $y$. The number under the picture is the share of the picture
# that the hull leaves. (Sliders need a running kernel. By keyboard: Tab to a control,
# arrow keys for a slider, Space for a button. Should cells stay at `[ ]` after Run All, choose Kernel, then
# Restart Kernel and Run All Cells.)


# %%
def measurement(y, known):
    """The hull that one measurement w x = y leaves, and how much of the picture it is."""
    if y == 0:
        raise ValueError("y = 0 makes the hyperbola a cross of two lines, without branches")
    signs = {"nothing": (1, -1), "w > 0": (1,), "w < 0": (-1,)}[known]
    A, b = half_planes_around(hyperbola(y, signs))
    figure, ax = draw.figure()
    draw.plane(ax, 4, "w", "x", f"w x = {y:g}")
    draw.half_planes(ax, A, b, label="hull", lines=False)
    for sign in (1, -1):
        draw.branch(ax, y, sign, "" if sign in signs else "rival")
    draw.legend(ax, "lower left")
    z = np.stack(np.meshgrid(*[np.linspace(-4, 4, 41)] * 2), axis=-1).reshape(-1, 2)
    share = np.mean(np.all(z @ A.T >= b - 1e-12, axis=1))
    return figure, {"known": known, "share of the picture left": f"{share:.0%}"}


explorer(
    measurement,
    y=FloatSlider(1.0, min=-4, max=4, step=0.5, description="measurement y"),
    known=ToggleButtons(options=["nothing", "w > 0", "w < 0"], value="w > 0", description="known"),
)

# %% [markdown]
# ## The same idea, twice
#
# **BranchHull** has $L$ products, $y_\ell = (b_\ell^\top h)(c_\ell^\top m)$, with known vectors $b_\ell$ and
# $c_\ell$. Unknown are $h$ with $K$ entries and $m$ with $N$ entries. For the microphone $b_\ell^\top h$ is the gain
# at moment $\ell$, and $c_\ell^\top m$ the sound. The sign of each $b_\ell^\top h$ is known, so each
# product leaves the hull of one branch. The program takes the smallest $(h, m)$ that lies in all
# these hulls.
#
# **Net-Trim** has one layer of a network, $Y = \max(W^\top X, 0)$; each column of $X$ is a sample, each column of
# $W$ holds the weights of a neuron. The graph of $\max(z, 0)$ is a bent line of two pieces. The activity says on
# which piece a sample lies, and a piece is convex. New weights must leave the entries of $W^\top X$ as
# they are where a neuron is active, within a tolerance, and keep them $\le 0$ where it is silent. Among such weights the program takes those with the
# smallest sum of absolute values, a convex stand-in for the number of weights that are not zero.
#
# | | BranchHull | Net-Trim |
# |---|---|---|
# | what is convex | the hull of one branch | one piece, with a tolerance |
# | what is minimised | $\|h\|_2^2 + \|m\|_2^2$ | $\|W\|_1 = \sum \lvert W_{ij} \rvert$ |
# | what is promised | for Gaussian $b_\ell$, $c_\ell$ and enough products, $h$ and $m$ up to scale, with high probability (first source) | on the given samples all outputs of the layer together move by at most $\epsilon$ |
#
# ## What an answer looks like
#
# Forty unknowns, 160 products, signs known. The program needs no start point.

# %%
rng = np.random.default_rng(1)
data, truth = branchhull.gaussian(rng, L=160, K=20, N=20)
problem = branchhull.BranchHull(data)
answer = branchhull.solve(problem)
error = branchhull.recovery_error(answer.h, answer.m, truth)
certificate = answer.report.certificate
print(f"error against the truth ≈ {error:.1e}, relative")
print(f"{certificate.lower:.6f} <= optimum <= {certificate.upper:.6f}")
assert error < 1e-6 and certificate.gap < 1e-8

# %% [markdown]
# The second line is a **certificate**. The upper number is the value of a point that is checked to be
# allowed. The lower number is a bound that no allowed point can undercut, computed by a formula that you can
# evaluate yourself (the idea: [lesson 01](01_bounds.ipynb), the formula: lesson 12).
# The **gap** is upper minus lower, relative to upper. Here is the same answer with the first entry
# of $h$ changed by one percent, scaled up until it is allowed:

# %%
wrong = answer.h.copy()
wrong[0] *= 1.01
refused = branchhull.certify(problem, wrong, answer.m, answer.dual)
print(f"{refused.lower:.6f} <= optimum <= {refused.upper:.6f}, a gap of {refused.gap:.2%}")
assert refused.gap > 1e-4

# %% [markdown]
# ## Where it fails, and a rival
#
# With fewer products the smallest point of the hulls can be another one than the truth. [Lesson
# 14](14_how_many_measurements.ipynb) derives how often. The rival is **Gauss-Newton**: it starts from the signs
# and solves a sequence of least squares problems. Twenty instances of each size, 40 unknowns, found if the error is below $10^{-4}$:

# %%
print("products   BranchHull finds the truth   Gauss-Newton finds it   both of 20")
found = {}
for L in (50, 76, 100):
    found[L] = np.zeros(2, int)
    for seed in range(20):
        data, truth = branchhull.gaussian(np.random.default_rng([L, seed]), L, 20, 20)
        convex = branchhull.solve(branchhull.BranchHull(data))
        local = branchhull.descend(data, np.random.default_rng(seed), "gauss-newton", start="signs")
        errors = [branchhull.recovery_error(a.h, a.m, truth) for a in (convex, local)]
        found[L] += np.array(errors) < 1e-4
    print(f"{L:8d} {found[L][0]:27d} {found[L][1]:23d}")
assert np.all(np.array(list(found.values()))[:, 1] >= 18)

# %% [markdown]
# Here Gauss-Newton finds the truth from fewer products. What BranchHull adds is a proof that its answer is the
# smallest point of a set which contains the truth if signs and readings are right, and, for Gaussian $b_\ell$ and $c_\ell$, a law for how often it is the truth.
#
# ## The map
#
# What you can do after each lesson. First two tools, which both halves use:
#
# * [01 Bounds to check](01_bounds.ipynb): prove a bound by weights on constraints, and check one
# * [02 Splitting and agreement](02_splitting.ipynb): split a program into two easy steps (ADMM), and predict how fast their error shrinks
#
# The first half, **BranchHull**, two signals from their product:
#
# * [10 Bilinear lifting](10_bilinear_lifting.ipynb): lift to a matrix, solve and certify the nuclear norm program
# * [11 Hull geometry](11_hull_geometry.ipynb): draw a hull, project on it, intersect many
# * [12 BranchHull](12_branchhull.ipynb): write the program, derive its certificate, take two sounds out of their product
# * [13 ADMM for BranchHull](13_admm.ipynb): write the papers' method, stop it by a certificate, predict how fast it ends
# * [14 How many measurements](14_how_many_measurements.ipynb): derive the law of exact recovery and measure it
# * [15 Sparse signals](15_sparse_signals.ipynb): recover sparse signals from fewer products, decide it by one linear program
# * [16 Noise and lies](16_noise_and_lies.ipynb): buy off wrong readings, prove that signs conflict, say what noise does
# * [17 Calibration](17_calibration.ipynb): calibrate sensors, undo a blur
# * [18 Images](18_images.ipynb): divide a scene from its illumination, and say where that works
# * [19 Fast solvers](19_fast_solvers.ipynb): write an interior point method, guess and certify, choose a method
#
# The second half, **Net-Trim**, sparse weights that keep the answers:
#
# * [20 ReLU convexification](20_relu_convexification.ipynb): turn a ReLU into a ball and half-spaces, say what is given up
# * [21 One neuron and its path](21_one_neuron.ipynb): walk along all answers of one neuron, corner by corner
# * [22 One layer](22_one_layer.ipynb): solve a layer under one ball, and prove its zeros
# * [23 Networks](23_networks.ipynb): write the two loops that prune a network, prove and measure what they promise
# * [24 How many samples](24_how_many_samples.ipynb): measure how many samples a neuron needs, beside what the theorem asks for
# * [25 Pruning today](25_pruning_today.ipynb): write OBS and FISTA, and compare eight methods at equal sparsity
# * [26 Your own network](26_your_own_network.ipynb): bring a network, prune it, check the report, decide
#
# Either half can be read first, except that lesson 24 builds on lesson 14. A short way through: 00, 01, 11, 12, 20, 21.
# The symbols and the main terms are in the
# [glossary](glossary.ipynb), the words for drawing in the [gallery](gallery.ipynb).
#
# ## The exercises
#
# The folder `exercises` holds notebooks with gaps. Fill a gap, run the cell, then call `check`: it says
# that the answer is right, or what is wrong with it. Start with `11_projection` after lesson 11.
#
# ## Take away
#
# * The hull of both branches is the whole plane; the hull of one is the region beyond it.
# * BranchHull intersects many such regions and takes the smallest point. Among the weights that nearly keep $W^\top X$ where neurons are active, and keep it $\le 0$ where they are silent, Net-Trim takes those with the smallest sum of absolute values.
# * An answer comes with two numbers that enclose the optimum, and you can check both.
#
# **The guesses.** The first hull is the whole plane, the second the set $w x \ge 1$, $w > 0$.
#
# **Break it yourself.** In `hyperbola` keep only the points of both branches with $|w|$ between $\tfrac12$ and $2$. What is the
# hull now? (The check then stops: run the cell of the pictures alone.) A range of $|w|$ is
# knowledge too.
#
# ## Sources
#
# * A. Aghasi, A. Ahmed, P. Hand, B. Joshi, *BranchHull: Convex bilinear inversion from the entrywise
#   product of signals with known signs*, arXiv 1702.04342.
# * A. Aghasi, A. Abdi, N. Nguyen, J. Romberg, *Net-Trim: Convex pruning of deep neural networks with
#   performance guarantee*, arXiv 1611.05162.
