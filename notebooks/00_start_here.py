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
# # Know the branch, and the set becomes convex
#
# **The question.** Two famous problems are hard because their constraint sets are not convex:
# recovering two signals from their product, and making a trained neural network sparse without
# changing what it computes. Is there one idea that opens both?
#
# **After this page** you can say that idea in one sentence, find your way through the lessons, and
# use the checks of the exercises.
#
# **You need** linear algebra and a first course in optimisation. **Time**: 15 minutes.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import FloatSlider, ToggleButtons

from kit import branchhull
from kit.course.explorers import explorer
from kit.course.figures import hull as figures
from kit.course.figures.style import caption

# %% [markdown]
# ## The idea, on one product
#
# You measure a number $y$ and know that it is a product, $y = w x$. All pairs $(w, x)$ that fit lie
# on a hyperbola. A hyperbola has two branches, and the straight line from a point of one to a point
# of the other leaves the set: the set is not convex, and an average of two good answers is a bad
# answer.
#
# Now suppose you also know the **sign of $w$**. Then only one branch is left. That branch is still
# a curve, but the region on its far side,
#
# $$\{(w, x) : \; w x \ge y,\; w > 0\} \qquad (\text{for } y > 0 \text{ and } w > 0),$$
#
# is convex; it is the *convex hull* of the branch, the smallest convex set that contains it.
#
# **Guess first.** Take the two points $(\tfrac12, 2)$ and $(2, \tfrac12)$ of the branch $w x = 1$.
# Is the product at their midpoint smaller than 1, equal to 1, or larger?

# %%
figure, facts = figures.branches(y=1.0, sign=1)
figure

# %%
print(
    caption(
        "Left: between the branches the product is {product between the branches:g}. "
        "Right: inside the hull it is {product inside the hull:g}, more than y = {y:g}.",
        facts,
    )
)
assert facts["product inside the hull"] > facts["y"] > facts["product between the branches"]

# %% [markdown]
# Move $y$ and the sign, and watch which region is chosen. (The sliders need a running kernel; the
# picture above them is what they start from. Everything works from the keyboard: Tab to a control,
# then the arrow keys for a slider, Space for a button.)

# %%
explorer(
    figures.branches,
    y=FloatSlider(1.0, min=-4, max=4, step=0.25, description="y"),
    sign=ToggleButtons(options=[1, -1], description="sign of w"),
)

# %% [markdown]
# ## The same idea, twice
#
# **BranchHull** measures $L$ products at once: $y_\ell = (b_\ell^\top h)(c_\ell^\top m)$ with known
# vectors $b_\ell, c_\ell$ and unknown $h \in \mathbb R^K$, $m \in \mathbb R^N$. Each measurement
# with a known sign gives one hull; the program looks for the smallest $(h, m)$ in the intersection
# of all of them. Smallest, because the hull contains more than the branch, and a smallest point is never
# deep inside: it lies on boundaries. Lesson 12 measures how often it is the true point.
#
# **Net-Trim** looks at one layer of a trained network, $Y = \max(W^\top X, 0)$: each column
# $x$ of $X$ is a sample, each column of $W$ the weights of a neuron. One output of a ReLU is a bent line: flat on one side, slanted on the other. The *activity* of the output,
# known from the trained network, tells which piece applies: where $Y > 0$ the response
# $u^\top x$ of new weights $u$ must stay close to $Y$, where $Y = 0$ it must stay below $0$. Both are convex. The
# program looks for the sparsest weights (the smallest $\ell_1$ norm) in the intersection.
#
# | | BranchHull | Net-Trim |
# |---|---|---|
# | the curve | a hyperbola, two branches | a ReLU, two pieces |
# | what is known | the sign of one factor | which outputs are active |
# | what becomes convex | the hull of the branch | the piece, with a tolerance |
# | what is minimised | $\|h\|_2^2 + \|m\|_2^2$ | $\|W\|_1$ |
# | what is promised | the exact signals, from enough products | every response within $\epsilon$ |

# %% [markdown]
# ## What an answer looks like here
#
# Forty unknowns, 160 products, signs known. No start point is asked for.

# %%
rng = np.random.default_rng(1)
data, truth = branchhull.gaussian(rng, L=160, K=20, N=20)
answer = branchhull.solve(branchhull.BranchHull(data))
print(answer.report.run.status)
print(
    f"error against the truth below 1e-6: {branchhull.recovery_error(answer.h, answer.m, truth) < 1e-6}"
)

# %% [markdown]
# "Solved" is not the solver's opinion. Every answer of this kit carries a **certificate**: an upper
# bound, which is the value of a point that is checked to be feasible, and a lower bound, which is
# computed from a dual vector by a formula that you can evaluate yourself. The optimum lies between.

# %%
certificate = answer.report.certificate
print(f"{certificate.lower:.4f} <= optimum <= {certificate.upper:.4f}")
assert certificate.gap < 1e-8 and certificate.violation < 1e-6

# %% [markdown]
# A certificate can say no. Here is the same answer with one entry of $h$ changed by one percent:

# %%
wrong = answer.h.copy()
wrong[0] *= 1.01
refused = branchhull.certify(branchhull.BranchHull(data), wrong, answer.m, answer.dual)
print(f"the gap is now above 1e-4: {refused.gap > 1e-4}")
assert refused.gap > 1e-4

# %% [markdown]
# ## The map
#
# | lesson | what you can do afterwards |
# |---|---|
# | 00 Start here | say the idea, use the checks |
# | [01 Toolbox](01_toolbox.ipynb) | use three tools: the hull of a set, the dual as a bound anyone can check, splitting (ADMM) |
#
# The first half, **BranchHull**: two signals from their product.
#
# | lesson | what you can do afterwards |
# |---|---|
# | [10 Bilinear lifting](10_bilinear_lifting.ipynb) | see where descent is trapped, lift to a matrix, solve and certify the nuclear norm program, measure what it needs |
# | [11 Hull geometry](11_hull_geometry.ipynb) | draw a hull, project on it, intersect many, see the solution and its certificate |
# | [12 BranchHull](12_branchhull.ipynb) | state the program, derive its dual, recover signals, read a certificate, meet its rivals |
# | [13 Solvers](13_solvers.ipynb) | derive the projection, ADMM, the Newton step, guess and certify; predict how fast the ADMM ends |
# | [14 How many measurements](14_how_many_measurements.ipynb) | derive the law of exact recovery and measure it, with certificates as verdicts |
# | [15 Sparse, noisy, wrong](15_sparse_noisy_wrong.ipynb) | recover sparse signals, decide it by one linear program, repair outliers, read a proof that data conflict |
# | [16 Calibration](16_calibration.ipynb) | calibrate sensors and undo a mild blur, where the signs come for free; see what noise does |
# | [17 Images](17_images.ipynb) | divide a scene from its illumination by total variation, and say where that works |
#
# The second half, **Net-Trim**: the sparsest weights that keep the answers.
#
# | lesson | what you can do afterwards |
# |---|---|
# | [20 ReLU convexification](20_relu_convexification.ipynb) | turn a ReLU into a ball and half-spaces, say what is given up, see why a cascade needs V |
# | [21 One Net-Trim layer](21_net_trim_layer.ipynb) | solve a layer, follow it along epsilon, read lambda and proved zeros off the dual |
# | [22 Networks](22_networks.ipynb) | prune a trained network, in parallel or as a cascade, and measure what was promised |
# | [23 How many samples](23_how_many_samples.ipynb) | measure how many samples a neuron needs, beside what the theorem asks for |
# | [24 Pruning today](24_pruning_today.ipynb) | compare with magnitude, LASSO, Wanda and OBS at equal sparsity; say what a guarantee is worth |
#
# The two halves mirror each other: geometry (11, 20), one program (12, 21), many of them (14, 23), what
# others do (10, 24). Read either half first. A short way through: 00, 01, 11, 12, 20, 22. All symbols are in
# the [glossary](glossary.ipynb). `python3 run.py site` makes pages of all this that need no kernel.
#
# ## The exercises
#
# The folder `exercises` holds notebooks with gaps. Fill a gap, run the cell, then call `check`: it
# says whether there is nothing yet, whether the shape is wrong, *which* mistake it sees, or that
# the answer is right. It tests properties ("no point of the hull is nearer"), so any correct
# solution passes, however it is written. Start with `11_projection` after lesson 11.
#
# ## Take away
#
# * A product with known sign, or a ReLU with known activity, is a convex constraint.
# * The programs of this kit intersect many such constraints and take the smallest point.
# * Believe a certificate, not a solver.
#
# ## Sources
#
# * A. Aghasi, A. Ahmed, P. Hand, B. Joshi, *BranchHull: Convex bilinear inversion from the entrywise
#   product of signals with known signs*, arXiv 1702.04342.
# * A. Aghasi, A. Abdi, N. Nguyen, J. Romberg, *Net-Trim: Convex pruning of deep neural networks with
#   performance guarantee*, arXiv 1611.05162.
