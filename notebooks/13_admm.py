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
# # 13 ADMM for BranchHull
#
# The ring modulator of lesson 12 shall take its product apart itself. Its small computer has no conic solver. It can multiply matrices
# and move one point into one hull, as in lesson 11. ADMM, by which arXiv 1809.08359 solves the sparse program of lesson 15, needs no more here, once two small linear systems are solved. On clean test data some sixty iterations give six digits. On noisy test data the same method, unchanged, does not have two digits after 1,600. Why, and what can be done?
#
# **Afterwards you can** write the ADMM of BranchHull in a dozen lines, stop it by a certificate, and compute from one matrix, made at the answer, how many iterations a digit costs in the end.
# **Before**: [02 Splitting](02_splitting.ipynb), [11](11_hull_geometry.ipynb), [12](12_branchhull.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
from functools import cache
from itertools import islice
from time import process_time

import numpy as np
from ipywidgets import FloatSlider, IntSlider, SelectionSlider
from scipy.linalg import block_diag

from kit import branchhull
from kit.branchhull import hull
from kit.branchhull.methods import admm as kits_admm
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments.rates import local_rate
from kit.experiments.theorems import LEDGER, examine, table

# %% [markdown]
# ## The question
#
# In the canonical form of lesson 12, $p = \tilde B h$, $q = \tilde C m$, and for short $z = (h, m)$, $E = \operatorname{diag}(\tilde B, \tilde C)$, so that $(p, q) = E z$:
#
# $$\min_z \|z\|^2 \quad\text{subject to}\quad E z \in H, \qquad H = \{(p, q) : \; p_\ell q_\ell \ge d_\ell, \;\; p_\ell, q_\ell \ge 0\} .$$
#
# The test bed is Gaussian, $K = N = 10$, $L = 80$, once clean and once with each product multiplied by $1 + 0.05$ times a standard normal number ("5 percent noise").
# (Rows have length 1 and the largest $d$ is 1, as the kit scales its data.)
#
# **Guess first.** (1) How many iterations does one more digit cost on clean data: about 1, 10, or 100? (2) And with 5 percent noise: as many, a few times as many, or ten times as many and more?
# (3) The method has a penalty $\rho$. With noise, is it better to have it smaller or larger?


# %%
def bed(noise, K=10, L=80, seed=0):
    """A Gaussian program with rows of length 1 and largest |y| = 1."""
    made, _ = branchhull.gaussian(np.random.default_rng(seed), L, K, K, noise=noise)
    b, c = (np.linalg.norm(rows, axis=1) for rows in (made.B, made.C))
    y = made.y / b / c
    scaled = (made.B / b[:, None], made.C / c[:, None], y / np.abs(y).max(), made.signs)
    return branchhull.BranchHull(branchhull.Bilinear(*scaled))


clean, noisy = bed(0.0), bed(0.05)

# %% [markdown]
# ## By hand: one product
#
# $K = N = L = 1$, $h m \ge 1$. As in lesson 02, $u$ is the copy of the unknowns that has to be in the hull, $z$ the one that wants to be small, and $a$ their accumulated
# disagreement. With $r = \rho / (2 + \rho)$
#
# $$u \leftarrow \operatorname{proj}_H(z - a), \qquad z \leftarrow r\,(u + a), \qquad a \leftarrow a + u - z = (1 - r)(u + a) .$$
#
# Follow $s = u + a$. By the last two, $z - a = (2 r - 1)\, s$, so $s \leftarrow \operatorname{proj}_H((2 r - 1)\, s) + (1 - r)\, s$. At rest $z = u = (1, 1)$, and $s = (1, 1)/r$. How fast does an error of $s$ shrink?
#
# * *Across the branch*, in the direction $(1, 1)$, the projection does not move. **The error is multiplied by $1 - r$.**
# * *Along the branch*, in the direction $(1, -1)$, the point that is projected, $z - a$, lies at the distance $\|a\| = 2\sqrt2/\rho$ outside a curve of curvature $1/\sqrt2$. As for a circle of radius $\sqrt2$, its shadow moves less, by the factor
#   $1 / (1 + \|a\|/\sqrt2) = r$. **The error is multiplied by $r (2 r - 1) + (1 - r) = 1 - 2 r (1 - r)$.**
#
# With $\rho = 2$ both are $\tfrac12$. A large $\rho$ makes the first small and the second nearly 1: the error shrinks fast across the branch, and slowly along it.


# %%
def one_product(rho, s, steps):
    """The iteration of s for h m >= 1, and z = r s."""
    r, path = rho / (2 + rho), [s]
    for _ in range(steps):
        u = np.ravel(hull.project(*((2 * r - 1) * path[-1]), 1.0))
        path.append(u + (1 - r) * path[-1])
    return np.array(path), r


figure, axes = draw.figure(2, size=(4.4, 4.0))
for ax, rho in zip(axes, (2.0, 20.0), strict=True):
    path, r = one_product(rho, np.array([0.0, 3.5]), 40)
    draw.plane(ax, 2, "h", "m", f"rho = {rho:g}", centre=(1.5, 1.5))
    draw.hull(ax, 1.0, label="hull")
    draw.branch(ax, 1.0)
    draw.path(ax, r * path, label="z, step by step")
    draw.points(ax, [1, 1], "answer", "answer")
    near, _ = one_product(rho, np.array([1.0, 1.0]) / r + [1e-6, 3e-6], 1)
    change = (near - np.array([1, 1]) / r) @ np.array([[1, 1], [1, -1]])
    across, along = change[1] / change[0]
    print(f"rho = {rho:2g}: across {across:.3f}, by hand {1 - r:.3f};", end=" ")
    print(f"along {along:.3f}, by hand {1 - 2 * r * (1 - r):.3f}")
    assert abs(across - (1 - r)) < 1e-4 and abs(along - 1 + 2 * r * (1 - r)) < 1e-4
draw.legend(axes[1], "upper right")
draw.show(
    figure,
    "One product. With rho = 2 the point z walks straight to the answer. With rho = 20 it is near the branch "
    "after one step, and then creeps along it.",
)

# %% [markdown]
# ## From scratch
#
# For many products the function to work on is the **augmented Lagrangian** of $\min \|z\|^2$ subject to $u \in H$, $u = E z$, here without a term in $a$ alone,
#
# $$\|z\|^2 + \tfrac\rho2 \|u - E z + a\|^2 . \tag{1}$$
#
# Over $u \in H$ it is smallest at the point of $H$ nearest to $E z - a$. Over $z$ its gradient $2 z - \rho E^\top (u - E z + a)$ has to be 0. Then $a$ collects the disagreement:
#
# $$u \leftarrow \operatorname{proj}_H(E z - a), \qquad
#   z \leftarrow (E^\top E + \tfrac2\rho I)^{-1} E^\top (u + a), \qquad a \leftarrow a + u - E z . \tag{2}$$
#
# **Project each row, solve for $h$ and for $m$, add up what is left.** $E$ has two blocks, so $h$ and $m$ have a matrix each, made once.


# %% tags=["from-scratch"]
def admm(Bt, Ct, d, rho):
    """The steps (2) for ever, from 0; u, v and a, b are halves of u and a. Yields h, m, rho a."""
    to_h = np.linalg.solve(Bt.T @ Bt + 2 / rho * np.eye(Bt.shape[1]), Bt.T)
    to_m = np.linalg.solve(Ct.T @ Ct + 2 / rho * np.eye(Ct.shape[1]), Ct.T)
    p, q, a, b = np.zeros((4, len(d)))
    while True:
        u, v = hull.project(p - a, q - b, d)
        h, m = to_h @ (u + a), to_m @ (v + b)
        p, q = Bt @ h, Ct @ m
        a, b = a + u - p, b + v - q
        yield h, m, rho * np.stack([a, b])


# %% [markdown]
# *Why $\rho\,a$ is made of weights.* Suppose nothing changes any more, and put $(\alpha, \beta) = \rho\,a$. By the last step $u = E z$, so $z$ is allowed. By the second $2 z = \rho E^\top a$, that is $2 h = \tilde B^\top \alpha$ and $2 m = \tilde C^\top\beta$.
# By the first $u$ is the projection of $u - a$: the part of $a$ in a row is 0 inside the hull, and on the branch a nonnegative multiple of $(q, p)$ ((2) of lesson 11). These are the conditions (2) of
# lesson 12. So $z$ is optimal, and $(\alpha, \beta)$ proves it. $\square$ On the way, $(\alpha, \beta)$ with negative entries put to 0 are weights like any others, and the certificate judges each iterate. That the residual, the value and the weights converge for each $\rho > 0$, if there is an optimum with weights (and then $z$ as well, for $\|z\|^2$ is strongly convex), is a
# theorem we cite (Boyd and others, section 3.2).
#
# *Check* against the definition, by the certificate of lesson 12: it must close. And against the kit's ADMM, state by state.


# %% tags=["compared"]
def proof(Bt, Ct, d, h, m, al, be):
    """lower <= optimum <= upper, as in lesson 12."""
    al, be = np.maximum(al, 0), np.maximum(be, 0)
    S, (p, q) = np.sqrt(al * be * d).sum(), (Bt @ h, Ct @ m)
    lower = 2 * S**2 / max(np.linalg.norm(Bt.T @ al) * np.linalg.norm(Ct.T @ be), 1e-300)
    r = np.max(d / (p * q)) if min(p.min(), q.min()) > 0 else np.inf
    return lower, 2 * r * np.linalg.norm(h) * np.linalg.norm(m)


def gap(form, h, m, dual):
    """(upper - lower) / upper of a state; 1 if there is no upper bound."""
    lower, upper = proof(*form, h, m, *dual)
    return 1 - lower / upper


for name, problem, rho, steps in (("clean", clean, 2.0, 150), ("noisy", noisy, 20.0, 1200)):
    form = branchhull.canonical(problem.data)
    pairs = zip(admm(*form, rho), kits_admm.admm(problem, rho=rho), strict=False)
    apart = 0
    for mine, theirs in islice(pairs, steps):
        h, m, dual = mine
        apart = max(apart, np.abs(h - theirs.h).max(), np.abs(m - theirs.m).max())
    lower, upper = proof(*form, h, m, *dual)
    best = branchhull.solve(problem, "interior").report.certificate
    print(f"{name}: {lower:.5f} <= optimum <= {upper:.5f} after {steps} iterations", end="")
    print(f", {best.upper:.5f} by the kit's interior point method")
    print(f"       states differ from those of the kit's ADMM by at most ≈ {apart:.0e}")
    assert upper - lower < 1e-6 * upper and abs(upper / best.upper - 1) < 1e-6 and apart < 1e-8

# %% [markdown]
# What the kit's ADMM ([admm.py](../kit/branchhull/methods/admm.py)) does beyond ours: it scales the data first, and at each tenth step it certifies and may stop. The gap, after each iteration on clean data and after each tenth with noise:

# %%
RUNS = (("clean, rho = 2", 0.0, 2.0, 100, "first"), ("noisy, rho = 2", 0.05, 2.0, 1600, "second"))
RUNS += (
    ("noisy, rho = 20", 0.05, 20.0, 1600, "answer"),
    ("noisy, rho = 60", 0.05, 60.0, 1600, "wrong"),
)
gaps, memory, weighted = {}, {}, {}


def two(number):
    """The number to two digits."""
    return float(f"{number:.2g}") if number < 10 else int(float(f"{number:.2g}"))


for name, noise, rho, steps, _ in RUNS:
    form = branchhull.canonical(bed(noise).data)
    states = list(islice(admm(*form, rho), steps))
    every = 1 if steps < 200 else 10
    gaps[name] = np.array([gap(form, *state) for state in states[::every]])
    memory[name] = np.array(
        [np.concatenate([form[0] @ h, form[1] @ m]) + dual.ravel() / rho for h, m, dual in states]
    )
    weighted[name] = states[-1][2][0] > 1e-6
    print(f"{name:16} ", end="")
    for level in (1e-2, 1e-4, 1e-6):
        found = np.flatnonzero(gaps[name] < level)
        when = f"≈ {two(every * found[0] + 1)}" if found.size else "not reached"
        print(f"  gap {level:.0e}: {when:12}", end="")
    print()
assert gaps["clean, rho = 2"][-1] < 1e-6 and gaps["noisy, rho = 20"][-1] < 1e-6
assert gaps["noisy, rho = 2"][-1] > 1e-3

# %% [markdown]
# ## Why: what holds the answer
#
# A small step $v$ of $z$ moves the rows. Its part across the active branches is $J v$, where $J$ has a row for each of them: the gradient $(q_\ell \tilde b_\ell, p_\ell \tilde c_\ell)$ of $p_\ell q_\ell$, divided by $\|(p_\ell, q_\ell)\|$. One direction, $(h, -m)$, is along all branches: that of the scaling
# $(c\,h, m/c)$, which changes no product. How firmly are the others held? The smallest $\|J v\|$ over unit vectors $v$ at a right angle to the scaling is the singular value of $J$ number $K + N - 1$, counted from the largest.

# %%
answers = {}
for name, problem in (("clean", clean), ("noisy", noisy)):
    answer = branchhull.solve(problem, "interior", tol=1e-12)
    Bt, Ct, d = branchhull.canonical(problem.data)
    answers[name] = answer.h, answer.m, *answer.dual
    p, q = Bt @ answer.h, Ct @ answer.m
    active = p * q < d * (1 + 1e-4)
    J = np.hstack([q[:, None] * Bt, p[:, None] * Ct])[active] / np.hypot(p, q)[active, None]
    least = np.linalg.svd(J, compute_uv=False)[18]
    print(f"{name}: {active.sum()} of 80 products are active; smallest |J v| ≈ {least:.2g}")
    assert least > 0.8 if name == "clean" else least < 0.3

# %% [markdown]
# On clean data 80 branches pass through the answer, and each direction but the scaling is firmly across some of them. With noise 19 branches are left, just as many as there are directions to hold, and some directions are nearly along all of them.
#
# ## Predict it
#
# Between two iterations the method remembers $E z$ and $a$. By the last step of (2) their sum is $s = u + a$, with the old $a$, and as by hand $s$ is enough. With $P = E (E^\top E + \tfrac2\rho I)^{-1} E^\top$ the second step is $E z = P s$, then $a = (I - P) s$, and the iteration is
#
# $$s \leftarrow (I - P)\, s + \operatorname{proj}_H\bigl((2 P - I)\, s\bigr) .$$
#
# Suppose that near the end the same rows are active in each iteration, and each active row has a weight ($a_\ell \ne 0$). Then the map is smooth there, and its derivative is
#
# $$M = I - P + D\,(2 P - I), \qquad D_\ell = \begin{cases} I & \text{row } \ell \text{ is inside its hull,} \\[2pt]
#   \dfrac{\tau\tau^\top}{1 + \|a_\ell\|\, \kappa_\ell} & \text{it is active,} \end{cases} \qquad
#   \tau = \frac{(p, -q)}{\|(p, q)\|}, \quad \kappa = \frac{2 d}{\|(p, q)\|^3} . \tag{3}$$
#
# $D$ is the derivative of the projection. What is across the branch is forgotten. What is along it, in the direction $\tau$, is shrunk as by hand. $\kappa$ is the curvature $q''/(1 + q'^2)^{3/2}$ of $q = d/p$, with $q' = -q/p$, $q'' = 2 d/p^3$.
# So the error is multiplied by $M$, and in the long run by **the largest modulus below 1 of an eigenvalue of $M$**, if the error has a part along its eigenvector, as after a generic start. ($M$ is not symmetric, so eigenvalues may be complex. If an eigenvalue is 1, the weights are not unique; along such a direction the method stays where it is.)


# %% tags=["from-scratch"]
def factor(Bt, Ct, d, h, m, al, be, rho):
    """The factor per iteration that (3) predicts at an answer and its weights."""
    L, E, (p, q) = len(d), block_diag(Bt, Ct), (Bt @ h, Ct @ m)
    P = E @ np.linalg.solve(E.T @ E + 2 / rho * np.eye(E.shape[1]), E.T)
    size, force = np.hypot(p, q), np.hypot(al, be) / rho
    tau = np.stack([p, -q]) / size
    shrunk = 1 / (1 + force * 2 * d / size**3)
    D = np.eye(2 * L)
    for k in np.flatnonzero(force > 1e-6 * force.max()):
        D[np.ix_([k, L + k], [k, L + k])] = shrunk[k] * np.outer(tau[:, k], tau[:, k])
    sizes = np.abs(np.linalg.eigvals(np.eye(2 * L) - P + D @ (2 * P - np.eye(2 * L))))
    return sizes[sizes < 1 - 1e-7].max()


# %% [markdown]
# *Check* against the definition, the measured factor by which the steps of $s$ shrink, and against the kit's `local_rate`. On clean data the weights are those that the ADMM itself ended at.


# %% tags=["compared"]
def measured(s, last):
    """Factor per iteration of |s_k - s_(k-1)|, over the later half of the first `last` steps."""
    steps = np.linalg.norm(np.diff(s[:last], axis=0), axis=1)
    k = np.arange(last // 2, last - 1)
    return np.exp(np.polyfit(k, np.log(steps[k]), 1)[0])


print("iterations a digit   predicted   measured     (the second row: see below)")
predicted = {}
for name, noise, rho, steps, _ in RUNS:
    problem = noisy if noise else clean
    form = branchhull.canonical(problem.data)
    point = answers["noisy"]
    if not noise:
        *_, (h, m, dual) = islice(admm(*form, rho), 400)
        point = h, m, *dual
    predicted[name] = factor(*form, *point, rho)
    kits = local_rate(problem, *point[:2], np.stack(point[2:]), rho)
    found = measured(memory[name], 100 if steps < 200 else 1500)
    told = [two(-1 / np.log10(rate)) for rate in (predicted[name], found)]
    print(f"{name:20} ≈ {told[0]:<9g} ≈ {told[1]:g}")
    assert abs(predicted[name] - kits) < 1e-6
    assert name == "noisy, rho = 2" or abs(predicted[name] - found) < 3e-3 * (1 + 9 * (not noise))

# %%
changed = np.sum(weighted["noisy, rho = 2"] != weighted["noisy, rho = 20"])
print(
    f"noisy: after 1600 iterations ≈ {changed} rows have a weight with one rho and not with the other"
)
assert changed > 0
figure, ax = draw.figure(size=(6.6, 3.9), beside=1.7)
for name, _, _, steps, look in RUNS:
    k = 1 + np.arange(len(gaps[name])) * (1 if steps < 200 else 10)
    kept = (gaps[name] > 1e-11) & (gaps[name] < 1)
    draw.curve(ax, k[kept], gaps[name][kept], look, name)
    if name != "noisy, rho = 2":
        end = k[kept][-1]
        line = k[kept][k[kept] > end / 3]
        ax.plot(
            line, 3 * gaps[name][kept][-1] * predicted[name] ** (line - end), **draw.line("bound")
        )
ax.plot([], [], **draw.line("bound"), label="predicted rates")
ax.set(xscale="log", yscale="log")
draw.label(ax, "iteration", "certified gap")
draw.legend(ax, "beside")
draw.show(
    figure,
    "What is proved after each iteration. The black curves fall at the rates that (3) predicts, drawn a "
    "little above; a constant factor bends down on these axes. The run with noise and rho = 2 has not come to its last phase.",
)

# %% [markdown]
# With $\rho = 2$ the noisy run is not at its end after 1,600 iterations, and its measured factor is not the predicted one: other rows have a weight than at the answer. The best of these three $\rho$ is the middle one, and even that is far slower than the clean run.
#
# **The rivals**, to a certified gap of $10^{-6}$ on the same two programs (with the time, as iterations cost differently):

# %%
for name, problem in (("clean", clean), ("noisy", noisy)):
    for method, options in (
        ("admm", {"rho": 2.0 if name == "clean" else 20.0}),
        ("interior", {}),
        ("cvxpy", {}),
    ):
        branchhull.solve(problem, method, tol=1e-2, max_iter=30)  # what is loaded once
        start = process_time()
        report = branchhull.solve(problem, method, tol=1e-6, **options).report
        seconds = process_time() - start
        print(f"{name}, {method:10} ≈ {report.run.iterations:<6d} iterations {seconds:.3f} s")
        assert report.certificate.gap < 1e-6

# %% [markdown]
# With noise the interior point method of [lesson 19](19_fast_solvers.ipynb) and cvxpy's solver are much faster here than the ADMM. The ADMM suits a computer that cannot solve a new system at each step: after the start an iteration is four products with matrices of $L \times K$ or $L \times N$ numbers, and $L$ projections.
#
# ## Explore
#
# $K = N = 3$, $L = 18$. On the left the rows of one iterate, $(p, q)/\sqrt d$, so that all branches become one. Look for a $\rho$ that is good without noise, then add noise and look again.


# %%
@cache
def small_run(noise, rho):
    """300 states of a small program: rows p, q over sqrt d, and the gap of each."""
    form = branchhull.canonical(bed(noise, K=3, L=18, seed=2).data)
    root, rows, proved = np.sqrt(form[2]), [], []
    for h, m, dual in islice(admm(*form, rho), 300):
        rows.append(np.stack([form[0] @ h, form[1] @ m]) / root)
        proved.append(gap(form, h, m, dual))
    return rows, np.array(proved)


def iterate(k, rho, noise):
    """Left: the rows of iterate k. Right: what is proved until then."""
    rows, proved = small_run(noise, rho)
    p, q = rows[k - 1]
    outside = (p <= 0) | (q <= 0) | (p * q < 1 - 1e-3)
    active = ~outside & (p * q < 1 + 1e-3)
    figure, (left, right) = draw.figure(2, size=(4.4, 4.0))
    draw.plane(left, 2.6, "p / √d", "q / √d", "the rows of this iterate", centre=(1.6, 1.6))
    draw.hull(left, 1.0)
    draw.branch(left, 1.0)
    for kind, look, words in (
        (outside, "wrong", "outside"),
        (active, "answer", "on the branch"),
        (~outside & ~active, "bound", "inside"),
    ):
        draw.points(left, np.stack([p, q], axis=1)[kind], look, words)
    draw.legend(left, "upper right")
    known = np.maximum(proved[:k], 1e-14)
    draw.curve(right, np.arange(1, k + 1), known, "answer")
    right.set(yscale="log", xlim=(0, 300), ylim=(1e-13, 2))
    draw.label(right, "iteration", "certified gap", "what is proved")
    return figure, {
        "certified gap": f"{max(proved[k - 1], 1e-13):.0e}"
        if proved[k - 1] < 1
        else "no upper bound yet",
        "rows outside, on the branch, inside": f"{outside.sum()}, {active.sum()}, {18 - outside.sum() - active.sum()}",
    }


RHOS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 200.0, 1000.0)
explorer(
    iterate,
    k=IntSlider(20, min=1, max=300, description="iteration"),
    rho=SelectionSlider(options=RHOS, value=2.0, description="rho"),
    noise=FloatSlider(0.0, min=0, max=0.3, step=0.05, description="noise"),
)

# %% tags=["hide-input"]
print(table(examine(LEDGER["Rate of the ADMM"], np.random.default_rng(0))))

# %% [markdown]
# The folded cell is from the ledger.
#
# ## Break it yourself
#
# Drop the line of `admm` that moves `a` and `b`: where does $z$ go? Multiply the `B` of a program by 100 and keep $\rho$: what happens to the factor?
#
# ## Take away
#
# * ADMM for BranchHull projects $L$ points, solves two small systems, and adds up the disagreement.
# * $\rho$ times the disagreement, with 0 for its negative entries, are weights: the certificate can judge each iterate. (There is no upper bound before all $p, q > 0$.)
# * Its last phase is a matrix. On our two programs it was fast with 80 active branches, and slow where noise had left 19, which hold some directions only weakly.
#
# **The guesses.** (1) About 10. (2) At the three $\rho$ we ran, about fifteen times as many, or more. (3) Of 2, 20 and 60 the middle one is best with noise.
#
# **Exercise**: [13_admm_step](../exercises/13_admm_step.ipynb). **Next**: [14 How many measurements](14_how_many_measurements.ipynb).
#
# ## Sources
#
# * ADMM for the sparse program: arXiv 1809.08359, eqs (4)-(6) of its authors' poster, here without slack and with $\|z\|^2$ for the $\ell_1$ norms. Its convergence: S. Boyd and others, *Distributed optimization and statistical learning via the alternating direction
#   method of multipliers*, 2011.
# * The factors by hand and (3) are derived here; `kit.branchhull.methods.admm`, `kit.experiments.rates`.
