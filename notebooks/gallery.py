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
# # Gallery: the words that the lessons draw with
#
# The pictures of the lessons are put together in cells that you can change, mostly from the words below.
# A word draws one thing on matplotlib's axes: first the frame, then what is in it, then the legend,
# and last the caption. Back to the [map](00_start_here.ipynb).

# %%
# %matplotlib inline
import numpy as np

from kit.course import draw

# %% [markdown]
# ## Looks
#
# **`LOOKS`** names eight looks. As a rule a look stands for one kind of thing: `truth` for what made the
# data, `answer` for what a method answers, `bound` for what is promised or proved, `rival` for rivals.
# Seven of the colours are from the palette that M. Okabe and K. Ito made for colour-blind readers (*Color
# Universal Design*, 2008); the eighth is grey. Each goes with a line style, and with a mark of its own.

# %%
figure, ax = draw.figure(size=(6.4, 3.4), beside=1.2)
for k, look in enumerate(draw.LOOKS):
    draw.curve(ax, [0, 1, 2], [-k, -k, -k], look, look, marks=True)
draw.label(ax, "", "", "eight looks")
draw.legend(ax, "beside")
draw.show(figure, "Eight looks, each with a colour, a line style and a mark.")

# %% [markdown]
# ## In a plane
#
# **`plane`** is a square frame with the zero lines. **`branch`** is one branch of $w x = y$, **`hull`**
# its convex hull. **`points`** are one or several points. **`arrow`** goes from a point to another.

# %%
figure, ax = draw.figure()
draw.plane(ax, 4, "w", "x", "one branch")
draw.hull(ax, 1.0, label="its hull")
draw.branch(ax, 1.0, label="w x = 1, w > 0")
draw.branch(ax, 1.0, sign=-1, label="w x = 1, w < 0")
draw.points(ax, [1.5, 2.0], "answer", "a point of the hull")
draw.arrow(ax, [0, 0], [1.5, 2.0])
draw.legend(ax, "upper left")
draw.show(figure, "A hyperbola, and the hull of the branch on which w is positive.")

# %% [markdown]
# **`half_planes`** fills the polygon $\{x : A x \ge b\}$ and draws its lines. **`border`** is one line
# $a^\top x = b$. **`ball`** is the edge of a ball: `"l1"`, `"l2"` or `"linf"`.

# %%
figure, ax = draw.figure()
draw.plane(ax, 3, "x₁", "x₂", "a polygon and two balls")
draw.half_planes(ax, [[1.0, 0.3], [-0.2, 1.0]], [1.0, 0.8], label="A x ≥ b")
draw.border(ax, [1.0, 1.0], 2.0, "rival", "x₁ + x₂ = 2")
draw.ball(ax, 1.0, "l2", label="|x|₂ = 1")
draw.ball(ax, 1.5, "l1", look="truth", label="|x|₁ = 1.5")
draw.legend(ax, "lower left")
draw.show(figure, "Two half-planes, the polygon where both hold, a line, and two balls.")

# %% [markdown]
# **`polygon`** fills the polygon with given corners. **`region`** fills the set where a function of the
# plane is at least 0. **`path`** joins the steps of a method.

# %%
steps = np.array([[2.5, 0.0], [1.8, 1.2], [0.9, 1.5], [0.3, 1.2], [0.0, 1.0]])
figure, ax = draw.figure()
draw.plane(ax, 3, "x₁", "x₂", "three more")
draw.polygon(ax, [[-2.5, -2.5], [-0.5, -2.0], [-1.5, -0.5]], "wrong", "polygon")
draw.region(ax, lambda a, b: 1 - (a - 0.5) ** 2 - 2 * b**2, label="region")
draw.path(ax, steps, label="path")
draw.legend(ax, "upper left")
draw.show(figure, "A triangle, an ellipse, and five steps of a method.")

# %% [markdown]
# ## Curves and counts
#
# **`curve`** is a curve. **`promised`** is what a theorem says. **`measured`** are shares of a number of
# trials, each with its interval of 95 percent (**`wilson`**).

# %%
L = np.arange(8, 32, 4)
law = np.array([0.02, 0.15, 0.5, 0.85, 0.97, 1.0])
figure, ax = draw.figure(size=(5.4, 3.6))
draw.promised(ax, L, law)
draw.measured(ax, L, np.array([0.0, 0.2, 0.45, 0.9, 0.95, 1.0]), 20)
draw.label(ax, "measurements L", "share recovered")
draw.legend(ax, "lower right")
draw.show(
    figure, "A law, and shares of 20 trials with their intervals. (These numbers are made up.)"
)

# %% [markdown]
# **`closing`** shows a bound and a value closing in on an optimum.

# %%
figure, ax = draw.figure(size=(5.4, 3.6))
draw.closing(ax, lower=[0.0, 0.6, 0.8, 0.7, 0.9], upper=[np.inf, 1.8, 1.2, 1.3, 1.0])
draw.label(ax, "iteration", "the optimum is between")
draw.legend(ax)
draw.show(figure, "Marks: what each iteration proves and reaches. Lines: the best so far.")

# %% [markdown]
# **`stem`** shows weights as stems. **`weight_path`** follows each weight along a parameter.

# %%
figure, (left, right) = draw.figure(2, size=(4.2, 3.4), beside=1.2)
draw.stem(left, [0.0, 1.2, -0.7, 0.0, 0.4], "first", "before", shift=-0.1)
draw.stem(left, [0.0, 1.0, 0.0, 0.0, 0.2], "answer", "after", shift=0.1)
draw.label(left, "weight", "its value", "stem")
draw.legend(left)
at = np.linspace(0, 1, 20)
draw.weight_path(right, at, np.maximum(np.outer(1 - at, [1.0, 0.6]) - [0.0, 0.2], 0), ["u₁", "u₂"])
draw.label(right, "ε", "weight", "weight_path")
draw.legend(right, "beside")
draw.show(figure, "Weights before and after, and two weights along a parameter.")

# %% [markdown]
# **`histogram`** counts values in bins. **`bars`** sets numbers side by side.

# %%
figure, (left, right) = draw.figure(2, size=(4.2, 3.4))
draw.histogram(left, [-9.1, -9.4, -8.7, -9.9], np.arange(-10, 1), "first", "rounding")
draw.histogram(left, [-1.1, -1.4, -0.7], np.arange(-10, 1), "second", "not")
draw.label(left, "log10 of the residual", "instances", "histogram")
draw.legend(left, "upper center")
draw.bars(
    right, ["layer 1", "layer 2"], {"measured": [1, 2], "promised": [2, 5]}, ["answer", "bound"]
)
draw.label(right, "", "error", "bars")
draw.legend(right, "upper left")
draw.show(figure, "Two heaps of numbers; two numbers for each of two layers.")

# %% [markdown]
# ## Maps and pictures
#
# **`count_map`** shows successes over two axes, **`cell`** frames one of its cells. **`picture`** is an
# image: grey, or blue and red around 0.

# %%
figure, ax = draw.figure(size=(4.6, 3.4))
draw.count_map(ax, [[9, 10, 10], [2, 7, 10], [0, 1, 6]], [20, 30, 40], [5, 10, 15], out_of=10)
draw.cell(ax, [20, 30, 40], [5, 10, 15], (30, 10))
draw.label(ax, "measurements", "unknowns", "successes of 10")
draw.show(figure, "Successes of ten trials over two axes, and one cell framed.")

# %%
wave = np.sin(np.linspace(0, 6, 24))
figure, (left, right) = draw.figure(2, size=(2.4, 2.6), bare=True)
draw.picture(left, np.outer(wave, wave) ** 2, "grey")
draw.picture(right, np.outer(wave, wave), "signed", signed=True)
draw.show(figure, "An image in grey, and one with negative values in red.")

# %% [markdown]
# **`figure`**, **`label`**, **`legend`** and **`show`** stand around all of these; **`colour`**, **`line`**
# and **`mark`** give a look to matplotlib's own functions, for what has no word here.
