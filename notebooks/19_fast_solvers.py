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
# # 19 Fast solvers
#
# An instrument delivers a new set of products ten times a second. Before the next one comes you want the answer of BranchHull to eight digits, and the proof. The ADMM of lesson 13 has the time on clean data.
# On noisy data it needed about a thousand iterations there, and at a badly chosen $\rho$ many more.
#
# **Afterwards you can** write an interior point method for the hulls in twenty lines, and one that guesses and is then certified, and say which to take.
# **Before**: [12](12_branchhull.ipynb), [13](13_admm.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
from itertools import islice
from time import process_time

import numpy as np
from ipywidgets import FloatSlider, IntSlider
from scipy.linalg import cho_factor, cho_solve
from threadpoolctl import threadpool_limits

from kit import branchhull
from kit.branchhull.guess.dense import guess as kits_guess
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments.theorems import LEDGER, examine, table

# %% [markdown]
# ## The question
#
# As in lessons 12 and 13, with $p = \tilde B h$, $q = \tilde C m$:
#
# $$\min \|h\|^2 + \|m\|^2 \quad\text{subject to}\quad p_\ell q_\ell \ge d_\ell, \quad p_\ell, q_\ell \ge 0, \qquad \ell = 1, \dots, L ,$$
#
# Gaussian, $K = N = 10$, $L = 80$, clean or with 5 percent noise on each product.
#
# **Guess first.** (1) Newton's method sees the curvature of everything at once. How many of its steps lead to eight digits, and how many more with noise? (2) Without noise the truth lies *on* all branches. So
# one may forget convexity, solve $p_\ell q_\ell = d_\ell$ by Newton's method from one start, and hope. What can go wrong: a wrong answer with a proof, an answer without a proof, or no answer? (3) In a Newton step for $L = 1600$, $K = N = 100$:
# does the time go into making the matrix, or into solving with it?


# %%
def bed(noise, K=10, L=80, seed=0):
    """A Gaussian program."""
    made, _ = branchhull.gaussian(np.random.default_rng(seed), L, K, K, noise=noise)
    return branchhull.BranchHull(made)


clean, noisy = bed(0.0), bed(0.05)

# %% [markdown]
# ## By hand: one product
#
# $K = N = L = 1$, $h m \ge 1$. A **barrier** keeps a point away from the border, where $-\mu \log(h m - 1)$ grows without limit. Minimise
# $h^2 + m^2 - \mu \log(h m - 1)$. By symmetry try $h = m$: the derivative of $2 h^2 - \mu \log(h^2 - 1)$ is $4 h - 2 \mu h / (h^2 - 1)$, and it is 0 at
#
# $$h = m = \sqrt{1 + \mu / 2} .$$
#
# For $\mu \to 0$ this walks to the answer $(1, 1)$, on the **central path**. Its value is $2 + \mu$, the optimum is 2. So $\mu$ says how far there is still to go.

# %%
path = np.sqrt(1 + np.array([6.0, 2.0, 0.6, 0.2, 0.06]) / 2)
figure, ax = draw.figure()
draw.plane(ax, 1.5, "h", "m", "the central path", centre=(1.3, 1.3))
draw.hull(ax, 1.0, label="hull")
draw.branch(ax, 1.0)
draw.path(ax, np.stack([path, path], axis=1), label="mu = 6, 2, 0.6, 0.2, 0.06")
draw.points(ax, [1, 1], "answer", "answer")
draw.legend(ax, "lower left")
draw.show(figure, "The smaller mu, the nearer to the border is the point of the central path.")

# %% [markdown]
# ## From scratch: Newton inside the hulls
#
# Keep copies $p, q$ of $\tilde B h$ and $\tilde C m$, which stay inside their hulls, and minimise $\|h\|^2 + \|m\|^2 + \phi(p, q)$ subject to $p = \tilde B h$, $q = \tilde C m$, with the barrier
#
# $$\phi(p, q) = -\mu \sum_\ell \log e_\ell, \quad e = p q - d, \qquad -\nabla \phi = \mu\, \bigl(\tfrac{q}{e},\; \tfrac{p}{e}\bigr), \qquad
#   \nabla^2 \phi = \mu \begin{pmatrix} q^2/e^2 & d/e^2 \\ d/e^2 & p^2/e^2 \end{pmatrix} \text{ in each row.}$$
#
# (The mixed derivative is $-\mu\,(1/e - p q/e^2) = \mu\, d/e^2$.) With multipliers $(\alpha, \beta)$ of the two equations the conditions are
#
# $$2 h = \tilde B^\top \alpha, \qquad 2 m = \tilde C^\top \beta, \qquad (\alpha, \beta) = -\nabla\phi(p, q) . \tag{1}$$
#
# Newton's step replaces the last one by $(\alpha, \beta) = -\nabla\phi - \nabla^2\phi\,(\Delta p, \Delta q)$ with $\Delta p = \tilde B h - p$, $\Delta q = \tilde C m - q$. Put this into the first two. With $E = \operatorname{diag}(\tilde B, \tilde C)$
#
# $$\bigl(2 I + E^\top \nabla^2\phi\, E\bigr) \begin{pmatrix} h \\ m \end{pmatrix} = E^\top \Bigl( -\nabla\phi + \nabla^2\phi \begin{pmatrix} p \\ q \end{pmatrix} \Bigr) .$$
#
# **Solve this; walk a whole step, or a shorter one that keeps the copies inside their hulls. After a whole step make $\mu$ smaller.**


# %% tags=["from-scratch"]
def barrier(Bt, Ct, d, mu=1.0, shrink=0.3, least=0.0):
    """Newton steps, for as long as it is asked: h, m, weights (al, be) and mu after each."""
    p = q = 2 * np.sqrt(d)
    while True:
        e = p * q - d
        al, be = mu * q / e, mu * p / e
        pp, pq, qq = mu * (q / e) ** 2, mu * d / e**2, mu * (p / e) ** 2
        mixed = (Bt.T * pq) @ Ct
        matrix = np.block([[(Bt.T * pp) @ Bt, mixed], [mixed.T, (Ct.T * qq) @ Ct]])
        right = np.concatenate([Bt.T @ (al + pp * p + pq * q), Ct.T @ (be + pq * p + qq * q)])
        z = np.linalg.solve(matrix + 2 * np.eye(len(right)), right)
        h, m = np.split(z, [Bt.shape[1]])
        dp, dq = Bt @ h - p, Ct @ m - q
        al, be = al - pp * dp - pq * dq, be - pq * dp - qq * dq
        yield h, m, np.stack([al, be]), mu
        t = 1.0
        while min(np.min(p + t * dp), np.min((p + t * dp) * (q + t * dq) - d)) <= 0:
            t = 0.8 * t
        t = t if t == 1 else 0.8 * t  # not quite to the border
        p, q = p + t * dp, q + t * dq
        mu = max(shrink * mu, least) if t > 0.9 else mu


# %% [markdown]
# *Check* by the case by hand, with $\mu$ held fixed; then against the kit's interior point method.

# %% tags=["compared"]
one = np.ones((1, 1)), np.ones((1, 1)), np.ones(1)
for mu in (6.0, 0.6, 0.06):
    *_, (h, m, _, _) = islice(barrier(*one, mu, shrink=1.0), 30)
    print(f"mu = {mu:4g}: h = {h[0]:.6f}, m = {m[0]:.6f}, by hand {np.sqrt(1 + mu / 2):.6f}")
    assert np.allclose([h[0], m[0]], np.sqrt(1 + mu / 2), rtol=1e-9)
steps = {}
for name, problem in (("clean", clean), ("noisy", noisy)):
    form, steps[name] = branchhull.canonical(problem.data), []
    for h, m, dual, mu in islice(barrier(*form), 60):
        found = branchhull.certify(problem, h, m, dual)
        steps[name].append((mu, found.gap, h @ h + m @ m - found.lower))
        if found.gap < 1e-8:
            break
    report = branchhull.solve(problem, "interior", tol=1e-8).report
    print(f"{name}: {found.lower:.6f} <= optimum <= {found.upper:.6f}", end="")
    print(f" after ≈ {len(steps[name])} steps; the kit: {report.certificate.upper:.6f}", end="")
    print(f" after ≈ {report.run.iterations}")
    assert found.gap < 1e-8 and abs(found.upper / report.certificate.upper - 1) < 1e-7
    assert len(steps[name]) < 45 and report.run.iterations < 20

# %% [markdown]
# The kit ([l2.py](../kit/branchhull/interior/l2.py)) treats the weights like the point (the scaling of Nesterov and Todd), and
# looks ahead before it chooses $\mu$ (Mehrotra's predictor). It needs about a third of the steps here. (Ours must be stopped: a few steps after its best gap, about $10^{-9}$ here, rounding spoils the point.)
#
# ## Why $\mu$ says how far
#
# At a point of the central path, that is of (1) with $p = \tilde B h$ and $q = \tilde C m$:
#
# 1. $\alpha_\ell p_\ell = \beta_\ell q_\ell = \mu\, p_\ell q_\ell / e_\ell$. Summed over the rows, with (1), the left is $2\|h\|^2$ and the middle $2\|m\|^2$. So $\|h\| = \|m\|$.
# 2. Let $S = \sum_\ell \sqrt{\alpha_\ell \beta_\ell d_\ell}$, as in the certificate. Then $2\|h\|^2 - S = \mu \sum_\ell \frac{\sqrt{p_\ell q_\ell}\, (\sqrt{p_\ell q_\ell} - \sqrt{d_\ell})}{p_\ell q_\ell - d_\ell} = \mu \sum_\ell \frac{\sqrt{p_\ell q_\ell}}{\sqrt{p_\ell q_\ell} + \sqrt{d_\ell}} \le \mu L$.
# 3. The bound of lesson 12 is $2 S^2 / (2\|h\| \cdot 2\|m\|) = S^2 / (2 \|h\|^2)$. If $\mu L \le 2\|h\|^2$, it is at least $(2\|h\|^2 - \mu L)^2 / (2\|h\|^2) \ge 2\|h\|^2 - 2\mu L$. If not, the last number is negative, and the bound is not.
#
# The value is $\|h\|^2 + \|m\|^2 = 2\|h\|^2$, so
#
# $$\text{value} - \text{bound} \;\le\; 2 \mu L . \qquad \square \tag{2}$$

# %%
print("on the path        mu = 1e-1     1e-2      1e-3      1e-4")
for name, problem in (("clean", clean), ("noisy", noisy)):
    form, shares = branchhull.canonical(problem.data), []
    for mu in (1e-1, 1e-2, 1e-3, 1e-4):
        *_, (h, m, dual, _) = islice(barrier(*form, least=mu), 60)
        lower = branchhull.certify(problem, h, m, dual).lower
        shares.append((h @ h + m @ m - lower) / (2 * mu * 80))
    print(f"{name}, (value - bound) / (2 mu L)", *(f"≈ {share:.2f}" for share in shares))
    assert max(shares) <= 1 + 1e-6

# %% [markdown]
# ## From scratch: guess and certify
#
# **Solve $p_\ell q_\ell = d_\ell$ by Newton's method as if nothing were convex; make weights for the point; let the certificate judge.**
# Linearise: $q_\ell\, \tilde b_\ell^\top \Delta h + p_\ell\, \tilde c_\ell^\top \Delta m = d_\ell - p_\ell q_\ell$. The gradient $(q, p)$ is scaled to length 1 by $\omega = 1/\|(p, q)\|$. These are $L$ equations for
# $K + N$ unknowns in the sense of least squares,
#
# $$J \begin{pmatrix} \Delta h \\ \Delta m \end{pmatrix} = \omega \circ (d - p \circ q), \qquad J = \bigl[\, \omega q\, \tilde B, \;\; \omega p\, \tilde C \,\bigr] . \tag{3}$$
#
# The start is $h = \tilde B^\top \sqrt d$, $m = \tilde C^\top \sqrt d$. *The weights* have to be $(\alpha, \beta) = \nu\,\omega\,(q, p)$ with $\nu \ge 0$ and $J^\top \nu = 2 z$, $z = (h, m)$ ((2) of lesson 12): $K + N$ equations for $L$ numbers, usually with many solutions.
# Begin with equal ones, go to the nearest solution, reflect what is negative (to 1.8 times its size), and repeat.


# %% tags=["from-scratch"]
def guess(Bt, Ct, d, steps=12, reflections=40):
    """A point of all branches, perhaps, and weights for it, perhaps."""
    z = np.concatenate([Bt.T @ np.sqrt(d), Ct.T @ np.sqrt(d)])
    for _ in range(steps):
        h, m = branchhull.balance(*np.split(z, [Bt.shape[1]]))
        z, p, q = np.concatenate([h, m]), Bt @ h, Ct @ m
        omega = 1 / np.hypot(p, q)
        J = np.hstack([(omega * q)[:, None] * Bt, (omega * p)[:, None] * Ct])
        z = z + np.linalg.lstsq(J, omega * (d - p * q))[0]
    nu = np.ones(len(d))
    for _ in range(reflections):
        nu = nu + np.linalg.lstsq(J.T, 2 * z - J.T @ nu)[0]
        if nu.min() >= 0:
            break
        nu = np.where(nu < 0, -1.8 * nu, nu)
    return h, m, np.stack([nu * omega * q, nu * omega * p])


# %% [markdown]
# *Check* on clean data, beside the interior point method, and the kit's guess, which has other weights for the same point.

# %% tags=["compared"]
for seed in range(3):
    problem = bed(0.0, seed=seed)
    h, m, dual = guess(*branchhull.canonical(problem.data))
    mine = branchhull.certify(problem, h, m, dual)
    best = branchhull.solve(problem, "interior", tol=1e-8).report.certificate
    *_, theirs = kits_guess(problem)
    kits = branchhull.certify(problem, theirs.h, theirs.m, theirs.dual)
    print(f"clean, seed {seed}: gap ≈ {max(mine.gap, 1e-15):.0e}, of the kit's guess", end="")
    print(f" ≈ {max(kits.gap, 1e-15):.0e}; value {mine.upper:.6f}, interior {best.upper:.6f}")
    assert max(mine.gap, kits.gap) < 1e-8 and abs(mine.upper / best.upper - 1) < 1e-7

# %% [markdown]
# **It can fail, but a failure is seen.** We have no theorem that Newton's method or the reflections end well. The bound does not ask how the weights were found. It also says how exact they must be. For a point on all branches and weights $\nu\,\omega\,(q, p)$ with $\nu \ge 0$,
# $S = \alpha^\top p = h^\top \tilde B^\top \alpha$ and also $S = m^\top \tilde C^\top\beta$. So
#
# $$\frac{\text{bound}}{\text{value}} = \frac{2 S^2}{\|\tilde B^\top\alpha\|\, \|\tilde C^\top\beta\|} \cdot \frac{1}{2 \|h\| \|m\|}
#   = \cos\angle(h, \tilde B^\top\alpha)\; \cos\angle(m, \tilde C^\top\beta) . \tag{4}$$
#
# An error of size $\varepsilon$ in the angles costs about $\varepsilon^2$. Now where it fails:

# %%
print("                        guess                              interior")
for words, problem in (
    ("clean, L = 80", bed(0.0)),
    ("5 % noise, L = 80", bed(0.05)),
    ("clean, L = 28, seed 8", bed(0.0, L=28, seed=8)),
    ("clean, L = 28, seed 3", bed(0.0, L=28, seed=3)),
):
    form = branchhull.canonical(problem.data)
    h, m, dual = guess(*form)
    off = np.linalg.norm((form[0] @ h) * (form[1] @ m) - form[2]) / np.linalg.norm(form[2])
    mine, best = (
        branchhull.certify(problem, h, m, dual),
        branchhull.solve(problem, "interior").report.certificate,
    )
    print(f"{words:21} off the branches ≈ {max(off, 1e-15):.0e}", end="")
    print(f", gap ≈ {max(mine.gap, 1e-15):.0e}, value {mine.upper:.4f}    {best.upper:.4f}")
    assert best.gap < 1e-6
assert off < 1e-9 and mine.upper > 1.001 * best.upper and mine.gap > 0.1

# %% [markdown]
# With noise, 80 equations for 19 unknowns (20, but one direction only scales $h$ against $m$) have in general no common point. With $L = 28 < 2 (K + N)$ it may end off the branches. Or it finds a common point, as in the last line, and another point of the hulls is smaller: no weights exist, so none are found. `solve(problem)` tries the guess where $L$ is large enough, and asks the
# interior point method if it is not certified.
#
# ## Where the time goes
#
# A Newton step makes three products over all rows, $2 L (K^2 + K N + N^2)$ operations, and, in the kit, a Cholesky factor, $(K + N)^3/3$. Take $K = N$ and $L = 8 K$: $48 K^3$ against about $2.7 K^3$. (Measured, on one thread, the ratio is smaller.)

# %%
parts = {"make the matrix": [], "factor it": [], "all else": []}
names = []
for K, L in ((25, 200), (50, 400), (100, 800), (100, 1600)):
    Bt, Ct, d = branchhull.canonical(bed(0.0, K=K, L=L).data)
    weights, spent = np.abs(Bt @ np.ones(K)), []
    with threadpool_limits(1):
        for _ in range(7):
            marks = [process_time()]
            mixed = (Bt.T * weights) @ Ct
            blocks = [[(Bt.T * weights) @ Bt, mixed], [mixed.T, (Ct.T * weights) @ Ct]]
            matrix = np.block(blocks) + 1e4 * np.eye(2 * K)
            marks.append(process_time())
            factor = cho_factor(matrix)
            marks.append(process_time())
            z = cho_solve(factor, np.concatenate([Bt.T @ d, Ct.T @ d]))
            p, q = Bt @ z[:K], Ct @ z[K:]
            np.log(np.abs(p * q) + d), np.sqrt(p**2 + q**2), (p / d) ** 2, (q / d) ** 2
            marks.append(process_time())
            spent.append(np.diff(marks))
    for words, seconds in zip(parts, np.median(spent, axis=0), strict=True):
        parts[words].append(1e3 * seconds)
    names.append(f"{K}, {L}")
figure, ax = draw.figure(size=(6.4, 3.4))
draw.bars(ax, names, parts, ["first", "second", "rival"])
ax.set_yscale("log")
draw.label(ax, "K = N, L", "milliseconds", "one Newton step")
draw.legend(ax, "upper left")
draw.show(
    figure,
    "Median of seven steps, on the machine that built this page. All else is the solution, the new "
    "rows, and some operations on each row.",
)

# %% [markdown]
# **Four methods** of the kit, $K = N = 50$, $L = 400$, to a certified gap of $10^{-8}$ (cvxpy, which calls Clarabel, and ADMM on clean data: $10^{-6}$; ADMM on noisy data stops at 400 iterations), on one thread:

# %%
large = {"clean": bed(0.0, K=50, L=400), "noisy": bed(0.05, K=50, L=400)}
print("                    iterations    gap reached   time (first of a method: with loading)")
with threadpool_limits(1):
    for name, problem in large.items():
        for method, tol, options in (
            ("guess", 1e-8, {}),
            ("interior", 1e-8, {}),
            ("cvxpy", 1e-6, {}),
            ("admm", 1e-6, {"rho": 2.0 if name == "clean" else 20.0, "max_iter": 400}),
        ):
            if method == "guess" and name == "noisy":
                continue
            start = process_time()
            report = branchhull.solve(problem, method, tol=tol, **options).report
            seconds = process_time() - start
            print(f"{name}, {method:10} ≈ {report.run.iterations:<10d} ", end="")
            print(f"≈ {max(report.certificate.gap, 1e-15):.0e}     {seconds:.3f} s")
            assert report.certificate.gap < (tol if name == "clean" or method != "admm" else np.inf)

# %% [markdown]
# | method | an iteration costs | take it |
# |---|---|---|
# | `"guess"` | at first $3 n$ rows times $n^2$, with $n = K + N$; later less | no noise, $L$ from about $2 n$ on |
# | `"matrix-free"` | some dozens of products with $B$, $C$ | the same, with fast transforms or sparse matrices |
# | `solve_batch` | as the guess, in stacks | many small instances |
# | `"interior"` | $L n^2$ | anything dense: noise, $L$ near $2 n$ |
# | `"admm"` | $4 L n$ | no noise, $L$ well above $2 n$; with noise hundreds or thousands of iterations |
# | `"cvxpy"` | a sparse factor | the reference |
#
# ## Explore
#
# $K = N = 3$, $L = 18$. On the left the rows, $(p, q)/\sqrt d$, so that all branches are one. Shrink $\mu$ faster and slower: where does the gap reach $10^{-8}$ first, and does a bold choice cost anything? The gap may lie above the curve: (2) is for points of the central path. "Nothing yet": after the whole Newton step, which is what is certified, some $p$ or $q$ is not positive. At small $\mu$ rounding may let the gap rise again.


# %%
def newton_steps(k, shrink, noise):
    """Left: rows after step k. Right: certified gap of the steps until then, and 2 mu L / value."""
    problem = bed(noise, K=3, L=18, seed=2)
    form, gaps, promises = branchhull.canonical(problem.data), [], []
    for h, m, dual, mu in islice(barrier(*form, shrink=shrink), k):
        gaps.append(branchhull.certify(problem, h, m, dual).gap)
        promises.append(2 * mu * 18 / (h @ h + m @ m))
    p, q = form[0] @ h / np.sqrt(form[2]), form[1] @ m / np.sqrt(form[2])
    active = np.abs(p * q - 1) < 1e-3
    figure, (left, right) = draw.figure(2, size=(4.4, 4.0))
    draw.plane(left, 2.6, "p / √d", "q / √d", "the rows after this step", centre=(1.6, 1.6))
    draw.hull(left, 1.0)
    draw.branch(left, 1.0)
    rows = np.stack([p, q], axis=1)
    draw.points(left, rows[~active], "bound", "off the branch")
    draw.points(left, rows[active], "answer", "on the branch")
    draw.legend(left, "upper right")
    known = np.array([gap if np.isfinite(gap) else np.nan for gap in gaps])
    draw.curve(right, np.arange(1, k + 1), np.maximum(known, 1e-14), "answer", "gap", marks=True)
    draw.curve(right, np.arange(1, k + 1), promises, "bound", "(2): 2 mu L / value on the path")
    right.set(yscale="log", xlim=(0, 41), ylim=(1e-13, 1e2))
    draw.label(right, "Newton step", "relative", "certified gap, and (2)")
    draw.legend(right, "lower left")
    return figure, {
        "certified gap": f"{max(gaps[-1], 1e-13):.0e}" if np.isfinite(gaps[-1]) else "nothing yet",
        "rows on the branch": f"{active.sum()} of 18",
    }


explorer(
    newton_steps,
    k=IntSlider(12, min=1, max=40, description="step"),
    shrink=FloatSlider(0.3, min=0.05, max=0.8, step=0.05, description="shrink mu"),
    noise=FloatSlider(0.0, min=0, max=0.3, step=0.05, description="noise"),
)

# %% tags=["hide-input"]
print(table(examine(LEDGER["What a guess proves"], np.random.default_rng(0))))

# %% [markdown]
# The folded cell measures (4), where it holds and where its hypotheses are broken (its `mu` is $\nu \circ \omega$ here, not the barrier's).
#
# ## Break it yourself
#
# Take the certified guess and double the weights of each second row: how much of the bound is left? Set `shrink=0.02` in `barrier`.
#
# ## Take away
#
# * An interior point step is one system with $K + N$ unknowns and a $2 \times 2$ block for each row, and on the central path $\mu$ bounds what is left.
# * A guess needs no theorem if a certificate judges it, and errors in the weights count squared.
# * Here making the matrix is the largest part of a step. Which method to take depends on noise, on $L / (K + N)$, and on what $B$ and $C$ are.
#
# **The guesses.** (1) Some tens for the short method, fewer than twenty for the kit's; here noise adds a few. (2) An answer without a proof, and at small $L$ also none. A wrong answer with a proof is excluded by (1) of lesson 12. (3) Into making it.
#
# **Exercise**: the second half of [13_admm_step](../exercises/13_admm_step.ipynb). **Next**: [20](20_relu_convexification.ipynb).
#
# ## Sources
#
# * Barriers and the central path: S. Boyd, L. Vandenberghe, *Convex Optimization*, 2004, chapters 10 and 11. The kit's step: Y. Nesterov, M. Todd, Mathematics of Operations Research 22, 1997; S. Mehrotra, SIAM Journal on Optimization 2, 1992.
# * The $2 \times 2$ blocks, (2), guess and certify, and (4) are derived here; `kit.branchhull.interior.l2`, `guess`, `batch`.
