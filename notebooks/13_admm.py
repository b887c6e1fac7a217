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
# # 13 Solvers
#
# **The question.** BranchHull is one convex program, and any conic solver takes it. Why write others?
# What does each method do in one iteration, how many iterations does it need, and why do noisy data
# cost the method of the papers thousands of them and others hardly more than before?
#
# **After this lesson** you can derive the projection, the ADMM, the Newton step of an interior point
# method made for this program, and a guess that is certified or thrown away; you can run each by hand,
# and predict from one matrix how fast the ADMM will end.
#
# **Before**: [12 BranchHull](12_branchhull.ipynb). Symbols: [glossary](glossary.ipynb).
# **Time**: 40 minutes. **Module**: `kit.branchhull`, one file a method.

# %%
# %matplotlib inline
from itertools import islice, product

import numpy as np
from ipywidgets import SelectionSlider, ToggleButtons

from kit import branchhull
from kit.branchhull import hull
from kit.branchhull.guess.dense import guess
from kit.branchhull.interior import cones
from kit.branchhull.interior.l2 import interior_point
from kit.branchhull.methods.admm import admm
from kit.course.explorers import explorer
from kit.course.figures import solvers as figures
from kit.course.figures.style import caption
from kit.experiments.rates import local_rate, measured_rate, steps_of_admm
from kit.experiments.theorems import LEDGER, examine, table

# %% [markdown]
# ## Nouns
#
# As in lesson 12, in canonical form: $p = \tilde B h$, $q = \tilde C m$, $z = (h, m)$, $n = K + N$, and
#
# $$\min \|z\|^2 \quad\text{s.t.}\quad (p_\ell, q_\ell) \in H_{d_\ell} = \{p q \ge d_\ell,\; p, q \ge 0\},
#   \qquad \ell = 1, \dots, L .$$
#
# A **method** is a generator: it yields a state (a point, and a dual if it has one) for every iteration,
# and does nothing else. `islice(method(problem), 30)` *is* the algorithm, thirty iterations of it. A
# state is judged from outside, by `certify`: the **proved gap** between the value of the repaired point
# and the bound of the dual.
#
# ## Test bed
#
# $K = N = 20$, $L = 160$, Gaussian, twice: without noise, and with every product multiplied by
# $1 + 0.05\, g_\ell$, $g_\ell$ standard normal ("5 percent noise").

# %%
clean, noisy = figures.bed(0.0), figures.bed(0.05)
Bt, Ct, d = branchhull.canonical(clean.data)


def proved(problem, state):
    """The certified gap of a state, in words that do not depend on the last digits."""
    gap = branchhull.certify(problem, state.h, state.m, state.dual).gap
    for digits in ("1e-09", "1e-06"):
        if gap < float(digits):
            return f"below {digits}"
    return f"{gap:.0e}" if np.isfinite(gap) else "nothing"


# %% [markdown]
# ## The naive method: ask a general solver
#
# Lesson 12 handed the program to Clarabel. It is good: independent code, few iterations. What do we get
# when we ask for more digits?

# %%
for name, problem in (("clean", clean), ("noisy", noisy)):
    for tol in (1e-6, 1e-12):
        report = branchhull.solve(problem, "cvxpy", tol=tol).report
        few = "at most 25" if report.run.iterations <= 25 else "more than 25"
        gap = report.certificate.gap
        reached = [f"{level:.0e}" for level in (1e-6, 1e-7, 1e-10, 1e-12) if gap < level]
        print(f"{name}, asked for {tol:.0e}: {few} iterations, gap below {reached[-1]}")
        assert 1e-10 < gap < 1e-7

# %% [markdown]
# The number of iterations is small; that is not the trouble. But asked for twelve digits it stalls at fewer
# than ten, and it knows nothing of the structure: it carries $L$ cones of three coordinates as rows of one sparse system.
# We shall see what structure buys.
#
# ## Tool: the projection, one increasing equation
#
# Lesson 11 projected on one hull. Here is the form that the kit uses, for millions of points. Let
# $(p, q)$ be outside $H_d$, $d > 0$. Its nearest point $(u, v)$ lies on the branch, and the step there
# is a nonnegative multiple of the branch's normal $(v, u)$:
#
# $$u - p = \mu v, \qquad v - q = \mu u, \qquad u v = d, \qquad \mu \ge 0 . \tag{1}$$
#
# Put $x = (u + v)/\sqrt2$ and $A = 2x - \sqrt2\, p$, $B = 2 x - \sqrt2\, q$. The sum of the first two
# equations is $(1-\mu)(u + v) = p + q$, their difference $(1 + \mu)(u - v) = p - q$. From the first
# $A + B = 4 x - \sqrt2 (p + q) = 2 x (1 + \mu)$; from the second
# $B - A = \sqrt2 (p - q) = \sqrt2 (1 + \mu)(u - v)$. Divide: $u - v = \sqrt2\, x\, (B - A)/(A + B)$, and
# with $u + v = \sqrt2\, x$
#
# $$u = \sqrt2\, x\, \frac{B}{A + B}, \qquad v = \sqrt2\, x\, \frac{A}{A + B} .$$
#
# One unknown is left, and one equation, $u v = d$. As $u, v, x > 0$ and $A + B = 2 x (1 + \mu) > 0$, both
# $A$ and $B$ must be positive, so $x > x_{\text{low}} = \max(0, p, q)/\sqrt2$. Take logarithms:
#
# $$\phi(x) = \log \frac{2 x^2 A B}{(A + B)^2} = \log d, \qquad
#   \phi'(x) = \frac2x + \frac2A + \frac2B - \frac{8}{A + B} = \frac2x + \frac{2 (A - B)^2}{A B (A + B)} > 0 .$$
#
# ($A' = B' = 2$; and $\frac1A + \frac1B - \frac4{A+B} = \frac{(A - B)^2}{A B (A + B)}$.) **Increasing**, from
# below $\log d$ at $x_{\text{low}}$ ($-\infty$ there, or $\log (p^2/4)$ if $p = q > 0$, and $p^2 = p q < d$) to
# $\infty$: there is one root and no wrong one, while the quartic that the published code solves has four.
# It is no farther than $x_{\text{high}}$: $2 x^2 = (u + v)^2 = 4 d + (u - v)^2$ and
# $|u - v| = |p - q|/(1 + \mu) \le |p - q|$, so $x \le x_{\text{high}} = \sqrt{2 d + (p - q)^2/2}$. In
# $t = \log(x - x_{\text{low}})$ the curve is nearly a straight line, and Newton's method likes straight lines.
#
# **Guess first.** How many Newton steps from $x_{\text{high}}$ to six digits?

# %%
figure, facts = figures.equation(p=-2.5, q=1.5, d=1.0)
figure

# %%
print(
    caption(
        "{steps to 6 digits} steps for 6 digits, at most {most} to rounding. The projection is "
        "({nearest[0]:.6f}, {nearest[1]:.6f}).",
        {**facts, "most": 6},
    )
)
assert facts["steps"] <= 6 and facts["differs from hull.project by"] < 1e-14

# %% [markdown]
# All rows at once, far out and near, and (1) as the judge:

# %%
rng = np.random.default_rng(0)
far_p, far_q = rng.standard_normal((2, 100_000)) * np.geomspace(1e-6, 1e6, 100_000)
u, v = hull.project(far_p, far_q, 1.0)
moved = hull.violation(far_p, far_q, 1.0) > 0
parallel = (u - far_p) * u - (v - far_q) * v  # of the step and (v, u): 0
size = np.hypot(u - far_p, v - far_q) * np.hypot(u, v)
print(f"{moved.sum()} points moved")
print(f"u v = 1 to 1e-15: {np.all(np.abs(u * v - 1)[moved] < 1e-15)}")
print(f"the step is normal to the branch, to 1e-7: {np.all(np.abs(parallel) <= 1e-7 * size)}")

# %% [markdown]
# ## ADMM
#
# The program has two difficulties, a quadratic objective over a subspace and $L$ curved sets, each easy
# alone (lesson [02](02_splitting.ipynb)). Copy the products, $u = E z$ with
# $E = \operatorname{diag}(\tilde B, \tilde C)$, and write $H$ for the $L$ hulls. The **augmented
# Lagrangian** of $\min \|z\|^2$ s.t. $u \in H$, $u = E z$ with multiplier $\rho\, a$ is, up to
# the term $-\frac\rho2\|a\|^2$, which no minimisation over $u$ or $z$ sees,
#
# $$\|z\|^2 + \frac\rho2 \|u - E z + a\|^2 .$$
#
# Minimise over $u \in H$: the nearest point of $H$ to $E z - a$. Minimise over $z$: the gradient
# $2 z - \rho E^\top(u - E z + a)$ is $0$. Then add the disagreement to $a$:
#
# $$u \leftarrow \operatorname{proj}_H(E z - a), \qquad
#   z \leftarrow (E^\top E + \tfrac2\rho I)^{-1} E^\top (a + u), \qquad a \leftarrow a + u - E z .$$
#
# $E$ is block diagonal: two Cholesky factors, of size $K$ and $N$, computed once. An iteration costs
# four products with $L \times K$ or $L \times N$ matrices, and one projection of $L$ points.
#
# *At a fixed point* $u = E z$, and $2 z = \rho E^\top a$. The projection $u$ of $u - a$ has
# $a_\ell = 0$ where $u_\ell$ is inside the hull and $a_\ell \propto (q_\ell, p_\ell)$, an inward normal,
# on the branch. So $(\alpha, \beta) = \rho a$ satisfies all that lesson 12 asks of an optimal dual, and
# on the way it is a dual like any other, and can be certified.

# %%
print("  k   proved gap, rho = 2")
for k, state in enumerate(islice(admm(clean, rho=2.0), 100), 1):
    if k in (10, 20, 40, 60, 100):
        print(f"{k:3d}   {proved(clean, state)}")

# %% [markdown]
# ## An interior point method
#
# Newton's method on the optimality conditions. It is more work a step, and few steps.
#
# *Cones.* $4 p q = (p + q)^2 - (p - q)^2$, so $(p, q) \in H_d$ says that
#
# $$s = (p + q,\; p - q,\; 2 \sqrt d) \in Q = \{s_0 \ge \|(s_1, s_2)\|\} .$$
#
# Write $s = G z + c$ for all rows, $c = (0, 0, 2\sqrt d)$. With a multiplier $\lambda_\ell \in Q$ for
# each row ($s^\top\lambda \ge 0$ for all $s, \lambda \in Q$, by Cauchy and Schwarz, and a bound needs no more
# than that) the Lagrangian $\|z\|^2 - \lambda^\top (G z + c)$ is smallest at $2 z = G^\top \lambda$, where
# it is $-\|z\|^2 - c^\top\lambda$. A point with both $s = G z + c$ and $2 z = G^\top\lambda$ has
#
# $$\text{value} - \text{bound} = 2 \|z\|^2 + c^\top \lambda = z^\top G^\top \lambda + c^\top\lambda = s^\top \lambda .$$
#
# **The gap is $s^\top \lambda$.** Optimal means: both equations, both in $Q$, and $s_\ell^\top \lambda_\ell = 0$
# in each row. In each row this is equivalent to $s \circ \lambda = 0$ with the product
# $u \circ v = (u^\top v,\; u_0 v_1 + v_0 u_1,\; u_0 v_2 + v_0 u_2)$, which makes it three equations for
# three unknowns. (If $s^\top\lambda = 0$ there is equality in Cauchy and Schwarz, so $(\lambda_1, \lambda_2)$ is
# $-\lambda_0 / s_0$ times $(s_1, s_2)$: the other two equations.) The **central path** softens them to
# $s \circ \lambda = \mu e$, $e = (1, 0, 0)$, and $\mu$ goes to $0$. On it the gap is $L \mu$; anywhere else the
# method takes $\mu = s^\top\lambda / L$, the mean over the rows, as a measure of where it is.
#
# *Scaling.* $s\circ\lambda = \mu e$ can be linearised in many ways. The best one treats $s$ and
# $\lambda$ alike (Nesterov and Todd): there is one symmetric positive definite $3 \times 3$ matrix $W$
# with
#
# $$W \lambda = W^{-1} s =: \nu, \qquad W^{-2} = \frac{2 (J w)(J w)^\top - J}{\eta^2},
#   \qquad J = \operatorname{diag}(1, -1, -1),$$
#
# where for $\det v = v_0^2 - v_1^2 - v_2^2$, $\bar s = s/\sqrt{\det s}$,
# $\bar\lambda = \lambda / \sqrt{\det\lambda}$
#
# $$w = \frac{\bar s + J \bar\lambda}{2 \gamma}, \qquad \gamma = \sqrt{\tfrac12 (1 + \bar s^\top \bar\lambda)},
#   \qquad \eta = (\det s / \det\lambda)^{1/4} .$$
#
# *Check* that $W^{-2} s = \lambda$. Since $\det\bar s = \det\bar\lambda = 1$, that is
# $\bar s^\top J \bar s = 1$ and $\bar\lambda^\top J \bar\lambda = 1$,
#
# $$(J w)^\top \bar s = \frac{\bar s^\top J \bar s + \bar\lambda^\top \bar s}{2 \gamma}
#   = \frac{1 + \bar s^\top \bar\lambda}{2\gamma} = \gamma, \qquad
#   2 (J w) \gamma - J \bar s = (J \bar s + \bar\lambda) - J \bar s = \bar\lambda ,$$
#
# and $\eta^{-2}\sqrt{\det s} = \sqrt{\det \lambda}$ puts the sizes right. $\square$ In the same way
# $w^\top J w = (1 + 1 + 2 \bar s^\top\bar\lambda)/(4\gamma^2) = 1$, and a matrix $2 (J w)(J w)^\top - J$ with
# $w^\top J w = 1$, $w_0 > 0$ is symmetric, positive definite, and maps $Q$ onto itself, and so does its root: it is a
# Lorentz boost. (Not shown here, but tried on numbers below; the proof is in the source by Vandenberghe.) Hence $(W^{-1} s)\circ(W\lambda) = \mu e$ has the same
# solutions as $s\circ\lambda = \mu e$: both say $s = \mu\, \lambda^{-1}$, where
# $\lambda^{-1} = J\lambda / \det\lambda$ solves $\lambda\circ\lambda^{-1} = e$ and a boost has
# $(W \lambda)^{-1} = W^{-1} (\lambda^{-1})$. Now linearise *that*, $W$ held fixed:
#
# $$\nu \circ (W^{-1} ds + W d\lambda) = \mu e - \nu\circ\nu . \tag{2}$$
#
# *Elimination.* Let $r_p = s - G z - c$ and $r_d = 2 z - G^\top\lambda$ be what the two linear
# equations still lack. A full step has to give
#
# $$ds = G\,dz - r_p, \qquad 2\,dz - G^\top d\lambda = -r_d, \qquad W^{-1} ds + W d\lambda = r ,$$
#
# $r$ being the solution of (2). The last says $d\lambda = W^{-1}(r - W^{-1} ds)$. Insert the first, then
# the second:
#
# $$(2 I + G^\top W^{-2} G)\, dz = G^\top W^{-1} (r + W^{-1} r_p) - r_d .$$
#
# $G$ does not move the third coordinate, so only the first two rows and columns of $W^{-2}$ matter. With
# $D_{00} = (2 w_0^2 - 1)/\eta^2$, $D_{01} = -2 w_0 w_1/\eta^2$, $D_{11} = (2 w_1^2 + 1)/\eta^2$, and
# turned back from $(p + q, p - q)$ to $(p, q)$:
#
# $$\begin{pmatrix} 2 I + \tilde B^\top D_{pp} \tilde B & \tilde B^\top D_{pq} \tilde C \\
#   \tilde C^\top D_{pq} \tilde B & 2 I + \tilde C^\top D_{qq} \tilde C \end{pmatrix} dz = \dots, \qquad
#   \begin{aligned} D_{pp} &= D_{00} + 2 D_{01} + D_{11}, \\ D_{pq} &= D_{00} - D_{11}, \\
#   D_{qq} &= D_{00} - 2 D_{01} + D_{11} . \end{aligned}$$
#
# **A $2 \times 2$ block for each row, and $n$ equations**, positive definite: three products over $L$
# rows, about $L n^2$ operations, and one Cholesky factor. Check the blocks, against $3 L$ rows written
# out:

# %%
rng = np.random.default_rng(1)
s, lam = rng.standard_normal((2, 3, 160))
s[0], lam[0] = (np.hypot(x[1], x[2]) + rng.random(160) + 0.1 for x in (s, lam))  # inside Q
eta, w = cones.scaling(s, lam)
D00, D01, D11 = (
    (2 * w[0] ** 2 - 1) / eta**2,
    -2 * w[0] * w[1] / eta**2,
    (2 * w[1] ** 2 + 1) / eta**2,
)
Dpp, Dpq, Dqq = D00 + 2 * D01 + D11, D00 - D11, D00 - 2 * D01 + D11
blocks = np.block(
    [
        [Bt.T @ (Dpp[:, None] * Bt), Bt.T @ (Dpq[:, None] * Ct)],
        [Ct.T @ (Dpq[:, None] * Bt), Ct.T @ (Dqq[:, None] * Ct)],
    ]
)

column = np.eye(40)
plain = np.empty((40, 40))
for j in range(40):  # G'W^-2 G, column by column
    p, q = Bt @ column[j, :20], Ct @ column[j, 20:]
    back = cones.apply_inverse(eta, w, cones.apply_inverse(eta, w, np.stack([p + q, p - q, 0 * p])))
    plain[:, j] = np.r_[Bt.T @ (back[0] + back[1]), Ct.T @ (back[0] - back[1])]
middle = cones.apply(eta, w, lam)
print("W lam = W^-1 s:", np.allclose(middle, cones.apply_inverse(eta, w, s)))
print("and it is in Q:", np.all(middle[0] > np.hypot(middle[1], middle[2])))
print("the blocks are G'W^-2 G:", np.allclose(blocks, plain))
assert np.allclose(blocks, plain, rtol=1e-9)

# %% [markdown]
# (The exercise builds a simpler relative: Newton's method on $\|z\|^2 - \mu \sum \log(p q - d)$, without
# a dual. Its matrix has $2\times2$ blocks as well.)
#
# *One iteration* (Mehrotra's) uses the factor twice. First with $\mu = 0$, straight for the optimum: the
# affine step $(ds_a, d\lambda_a)$, of which only a share $\theta$ can be walked before $Q$ ends. If
# $\theta$ is near $1$, nothing more than this step was needed; so the goal becomes
# $\sigma\mu$ with $\sigma = (1 - \theta)^3$, and the second-order part that (2) dropped is put back as
# the affine step measured it:
#
# $$\nu\circ r = \sigma \mu e - \nu\circ\nu - (W^{-1} ds_a)\circ(W d\lambda_a) .$$
#
# Then walk 99.5 percent of the way to the boundary, or the whole step. *Start*: the one-bit
# correlations $h = \tilde B^\top \sqrt d$, $m = \tilde C^\top\sqrt d$ (each row pulls towards its known
# sign), $s$ their rows, moved into $Q$ where they are outside (the steps make up for that: it is in $r_p$), and
# $\lambda = \mu s^{-1}$ on the central path.
#
# **Guess first.** The ADMM took more than 60 iterations for six digits. How many for this one?

# %%
print("  k   mu        proved gap")
for k, state in enumerate(islice(interior_point(clean), 11), 1):
    size = f"{state.mu:.0e}" if k < 7 else "smaller"
    print(f"{k:3d}   {size:7s}   {proved(clean, state)}")

# %% [markdown]
# Once it is near the path, an iteration brings a digit or two. There is no $\rho$ to choose.
#
# ## Guess and certify
#
# Without noise we know more: at the answer *all* rows are expected to touch, $p_\ell q_\ell = d_\ell$.
# These are $L$ equations for $n$ unknowns, and Newton's method does not care whether something is
# convex. It may end anywhere. So **guess** the point by it, guess a dual for that point, and let the
# certificate, which knows nothing of either, judge. What is not certified is thrown away. *It can fail;
# it cannot lie.*
#
# *The point.* Linearise $p q = d$: $q\, \tilde b^\top dh + p\, \tilde c^\top dm = d - p q$. The vector
# $(q, p)$ is the gradient, so multiplying each row by $\omega = 1/\|(p, q)\|$ makes its residual the
# distance to the branch, and no row counts more than another:
#
# $$J\, dz = \omega \circ (d - p\circ q) \text{ in the sense of least squares}, \qquad
#   J = [\,\omega q\,\tilde B, \;\; \omega p\, \tilde C\,] .$$
#
# $J (h, -m)^\top = \omega (q p - p q) = 0$: the scaling $(c h, m / c)$ that no product sees. Add a row
# $u \propto (h, -m)$ and $J^\top J + u u^\top$ is invertible. Start from the one-bit correlations. The kit takes
# $3 n$ of the rows at first, however large $L$ is, and all of them in the end.

# %%
print("k   residual |w (d - p q)| / |w d|")
for k, state in enumerate(islice(guess(clean), 6), 1):
    size = state.residual
    print(f"{k}   {size:.0e}" if size > 1e-6 else f"{k}   below 1e-06")

# %% [markdown]
# Each residual is about the square of the one before: where residuals can vanish, Gauss-Newton
# *is* Newton's method near the end.
#
# *The dual.* At the optimum $2 h = \tilde B^\top\alpha$, $2 m = \tilde C^\top\beta$ and
# $(\alpha, \beta) = \mu\,(q, p)$, $\mu \ge 0$. With $\mu = \nu\,\omega$ this is $J^\top \nu = 2 z$: $n$
# equations for $L$ nonnegative numbers, usually with many solutions. Begin with equal ones, go to the
# nearest solution of the equations, reflect what is negative ($\nu \leftarrow -1.8\, \nu$), and again:

# %%
*_, found = guess(clean)
p, q = Bt @ found.h, Ct @ found.m
omega = 1 / np.hypot(p, q)
J = np.hstack([(omega * q)[:, None] * Bt, (omega * p)[:, None] * Ct])
z = np.r_[found.h, found.m]
nu = np.ones(160)
for k in range(1, 20):
    nu = nu + np.linalg.lstsq(J.T, 2 * z - J.T @ nu)[0]  # the nearest solution of J'nu = 2 z
    print(f"solution {k}: {np.sum(nu < 0)} of 160 weights are negative")
    if nu.min() >= 0:
        break
    nu = np.where(nu < 0, -1.8 * nu, nu)
by_hand = branchhull.certify(clean, found.h, found.m, np.stack([nu * omega * q, nu * omega * p]))
print(f"proved gap below 1e-10: {by_hand.gap < 1e-10}")
assert by_hand.gap < 1e-10

# %% [markdown]
# No theorem says that these reflections end. They need none: the bound does not ask how $\nu$ was found.
# It even says how accurate $\nu$ has to be. For a point with $p q = d$ and any $\mu \ge 0$, in the
# bound of lesson 12 $S = \sum \sqrt{\alpha\beta d} = \sum \mu\, d$, and
# $h^\top\tilde B^\top\alpha = \sum p\,\mu q = S$ as well, and so is $m^\top \tilde C^\top\beta$. Hence
#
# $$\frac{\text{bound}}{\text{value}} = \frac{2 S^2}{\|\tilde B^\top\alpha\| \|\tilde C^\top\beta\|}
#   \cdot \frac{1}{2 \|h\| \|m\|}
#   = \cos\angle(h, \tilde B^\top\alpha)\, \cos\angle(m, \tilde C^\top\beta) .$$
#
# An error $\varepsilon$ in the angles costs $\varepsilon^2$: single precision is plenty for the dual.

# %%
print(table(examine(LEDGER["What a guess proves"], np.random.default_rng(0))))

# %% [markdown]
# ## All of them, side by side
#
# **Guess first.** On the noisy data: which of the methods will hardly notice, which will become slow, and
# which will give up?

# %%
figure, facts = figures.compare((0.0, 0.05))
figure

# %%
names = list(facts[0.0])
print(f"{'iterations to':>14}" + "".join(f"{name:>16}" for name in names))
for noise, tol in product((0.0, 0.05), ("1e-02", "1e-06")):
    reached = [facts[noise][name][f"to {tol}"] for name in names]
    cells = "".join(f"{'-' if k is None else f'<= {k}':>16}" for k in reached)
    print(f"{noise:>5.0%} {tol:>8}" + cells)
assert (
    facts[0.05]["interior"]["to 1e-06"] <= 20 and facts[0.05]["admm, rho = 20"]["to 1e-06"] is None
)
assert np.isinf(facts[0.05]["guess"]["last gap"])

# %% [markdown]
# (Looked at in coarse steps, up to 1000 iterations; Clarabel by stopping it after 3, 5, 7, ... ; curves are
# cut at $10^{-13}$, where rounding begins; a dash says that it was not reached.) Two things to be honest about.
# **In iterations Clarabel is as good as the specialised method**: both are interior point methods with the same
# scaling. And on noisy data no method but these two reaches six digits.
#
# What the specialised one gains lies elsewhere: each iteration costs three matrix products instead of a
# sparse factorisation with $L$ cones, nothing is compiled, and it goes on where Clarabel stalls:

# %%
for noise in (0.0, 0.05):
    ours, theirs = (facts[noise][name]["last gap"] for name in ("interior", "Clarabel"))
    print(
        f"noise {noise:.0%}: interior below 1e-12 {ours < 1e-12}, Clarabel below 1e-7 {theirs < 1e-7}, "
        f"below 1e-10 {theirs < 1e-10}"
    )
assert all(facts[noise]["interior"]["last gap"] < 1e-12 for noise in (0.0, 0.05))

# %% [markdown]
# Seconds depend on the machine, and no cell prints any: `python3 run.py bench
# tests/benchmarks/test_branchhull_speed.py` measures them on yours, all methods in one run, with the
# gap that each reached. What it printed once (processor time on one core of a busy machine, certified to $10^{-8}$
# where the solver gets there), in multiples of the time of `"auto"`, cvxpy's compilation counted, and in brackets
# not; yours will differ:
# clean, $K = N = 200$, $L = 1600$: SCS 52 (45), Clarabel 243 (229); $K = N = 100$, $L = 6400$:
# SCS 748 (707); noisy, $K = N = 50$, $L = 400$: Clarabel 15 (13).
#
# ## Why noisy data are harder
#
# *For the guess* it is plain: no point lies on all hyperbolas, the residual stalls.

# %%
*_, last = guess(noisy)
print(f"residual {last.residual:.2f}, a dual: {last.dual is not None}")
report = branchhull.solve(noisy, "guess").report
print(report.notes[0].split(" (")[0], "...", report.notes[1])
assert last.dual is None and report.certificate.gap <= 1e-8

# %% [markdown]
# *For the ADMM* look at which rows touch.

# %%
answers, touches = {}, {}
for name, problem in (("clean", clean), ("noisy", noisy)):
    answer = branchhull.solve(problem, "interior", tol=1e-12)
    rows_B, rows_C, sizes = branchhull.canonical(problem.data)
    excess = (rows_B @ answer.h) * (rows_C @ answer.m) / sizes - 1
    touches[name] = excess < 1e-4
    print(f"{name}: {np.sum(touches[name])} of 160 rows touch, 40 unknowns")
    answers[name] = answer

# %% [markdown]
# Without noise 160 surfaces meet in the answer: it sits in a sharp corner, held from all sides. With noise
# fewer surfaces touch than there are unknowns. Along the directions that they leave free, only the curvature of
# the branches and the objective hold the point.
#
# How slow is that? It can be computed. Put all of the ADMM's memory in one vector, $s = a + u$. With
# $P = E (E^\top E + \frac2\rho I)^{-1} E^\top$ the second step is $E z = P s$, so $a = (I - P) s$, and an
# iteration is
#
# $$s \leftarrow (I - P)\, s + \operatorname{proj}_H\bigl((2 P - I)\, s\bigr) .$$
#
# Near the end the same rows touch in every iteration, and the map is linear with the Jacobian
#
# $$M = I - P + D\,(2 P - I), \qquad D_\ell = \begin{cases} I & \text{row } \ell \text{ does not touch,} \\[2pt]
#   \dfrac{\tau\tau^\top}{1 + \|a_\ell\|\, \kappa_\ell} & \text{it does,} \end{cases} \qquad
#   \tau = \frac{(p, -q)}{\|(p, q)\|}, \quad \kappa = \frac{2 d}{\|(p, q)\|^3} .$$
#
# ($D$ is the derivative of the projection on a curve: what is across is forgotten; what is along,
# at distance $\|a\|$ on the outer side of a curve of curvature $\kappa$, is shrunk by
# $1/(1 + \|a\|\kappa)$, as for a circle of radius $1/\kappa$. $\tau$ is the branch's unit tangent, $\kappa$ its
# curvature, that of $q = d/p$: $q''/(1 + q'^2)^{3/2}$ with $q' = -q/p$, $q'' = 2 d/p^3$.) Each iteration multiplies the error by the largest eigenvalue of $M$ below $1$.
# (Eigenvalues equal to $1$ belong to other duals of the same answer: along those the method has no reason to
# move.) `local_rate` computes it. A factor $r$ an iteration is one more digit in $-1/\log_{10} r$ of them.
#
# **Guess first.** For clean data that will be 11. For noisy data?

# %%
*_, ended = islice(admm(clean, rho=2.0), 400)  # its own dual: without noise there are many
quick = local_rate(clean, ended.h, ended.m, ended.dual, 2.0)
optimal = answers["noisy"].h, answers["noisy"].m, answers["noisy"].dual
slow = {rho: local_rate(noisy, *optimal, rho) for rho in (2.0, 6.0, 20.0, 60.0)}
print("iterations a digit, predicted, to two digits")
print(f"  clean, rho =  2: {figures.a_digit(quick):4d}")
for rho, factor in slow.items():
    print(f"  noisy, rho = {rho:2.0f}: {figures.a_digit(factor):4d}")
assert min(map(figures.a_digit, slow.values())) > 10 * figures.a_digit(quick)

# %% [markdown]
# None of these $\rho$ makes the noisy instance nearly as fast as the clean one, and the best of them is neither
# the smallest nor the largest: in $(E^\top E + \frac2\rho I)^{-1}$ a small $\rho$ lets the objective pull at every
# step, a large one hardly lets it pull at all. Does the prediction hold?

# %%
runs = {"clean, rho = 2": (steps_of_admm(clean, 90, 2.0), quick)}
for rho in (2.0, 20.0, 60.0):
    runs[f"noisy, rho = {rho:.0f}"] = steps_of_admm(noisy, 2000, rho), slow[rho]
figure, facts = figures.creeping(runs)
figure

# %%
slope = measured_rate(runs["noisy, rho = 20"][0], 800, 1600)
print(f"noisy, rho = 20: measured {slope:.3f} a step, predicted {slow[20.0]:.3f}")
assert abs(slope - slow[20.0]) < 1e-3
*_, late = islice(admm(noisy, rho=2.0), 2000)
held, few = np.sum(late.dual[0] > 0), np.sum(touches["noisy"])
print(
    f"rho = 2, after 2000 iterations: {held / few:.0f} times as many rows have a weight as touch at the end"
)
assert held > 2 * few

# %% [markdown]
# The dashed lines have the predicted slope (drawn a little above the curves). With $\rho = 2$ the run is still far
# from its end after 2000 iterations: far more rows have a weight than in the answer, and the linear phase, with
# the iterations a digit predicted above, has not begun. The ledger measures the rate, and what happens early on:

# %%
print(table(examine(LEDGER["Rate of the ADMM"], np.random.default_rng(0))))

# %% [markdown]
# *And the interior point method?* It keeps away from all surfaces until the end. Which rows touch is not
# decided by trying sets but by weights that go to $0$ or $\infty$ smoothly, and a Newton step sees the
# curvature of everything at once. It pays a few iterations:

# %%
print("  k   proved gap, noisy data")
for k, state in enumerate(islice(interior_point(noisy), 16), 1):
    if k % 3 == 1:
        print(f"{k:3d}   {proved(noisy, state)}")

# %% [markdown]
# ## A million rows, or many small instances
#
# The guess needs $J$ only to multiply, $J\,dz = \omega (q \circ \tilde B\,dh + p \circ \tilde C\,dm)$, and
# conjugate gradients need no more than that. If $B$ and $C$ are columns of a cosine transform, no matrix
# is ever made; what is stored is vectors. $2^{14}$ rows, 2048 unknowns:

# %%
large, truth = branchhull.dct_data(np.random.default_rng(0), 2**14, 2**10, 2**10)
answer = branchhull.solve(branchhull.BranchHull(large))
print(answer.report.notes[0], answer.report.notes[1])
print(f"gap below 1e-8: {answer.report.certificate.gap < 1e-8}")
print(f"error below 1e-8: {branchhull.recovery_error(answer.h, answer.m, truth) < 1e-8}")
assert answer.report.certificate.gap < 1e-8

# %% [markdown]
# For many small instances numpy's calls cost more than the arithmetic; `solve_batch` takes stacks of
# them. Each answer has its own proof:

# %%
many = [branchhull.gaussian(np.random.default_rng([13, i]), 120, 15, 15)[0] for i in range(100)]
stacks = [np.stack([getattr(one, name) for one in many]) for name in ("B", "C", "y", "signs")]
print(branchhull.solve_batch(*stacks))

# %% [markdown]
# ## Explore
#
# On the left all 160 rows of one iterate, $(p, q)/\sqrt d$, so that all branches become one (what lies
# outside is put on the frame). On the right what is proved so far, and how good the repaired point truly
# is, which one only knows afterwards.
#
# Things to try: the guess on clean data, and where its point is right but nothing is proved yet. The ADMM
# with $\rho = 2$ at 20 percent noise, to the end: how many rows touch, compared with `interior`? With
# which method do the rows come from above, with which from both sides?

# %%
for method, noise in product(figures.RUNNERS, figures.NOISES):
    figures.path(method, noise)  # all runs once, so that the sliders need not wait
explorer(
    figures.iterates,
    method=ToggleButtons(options=list(figures.RUNNERS), description="method"),
    noise=SelectionSlider(options=figures.NOISES, value=0.0, description="noise"),
    iteration=SelectionSlider(options=figures.KEPT, value=10, description="iteration"),
)

# %% [markdown]
# ## Break it yourself
#
# Below $L = 2(K + N)$ the guess meets its other end: a point on all hyperbolas, even the truth, and still
# not the smallest point of the hulls. No dual exists, so none is found, and `solve` asks the interior
# point method, which proves a smaller value. (Lesson 14 counts how often.)

# %%
few = branchhull.BranchHull(branchhull.gaussian(np.random.default_rng(3), L=28, K=10, N=10)[0])
*_, point = guess(few)
report = branchhull.solve(few, "guess").report
print(f"residual below 1e-12: {point.residual < 1e-12}, a dual: {point.dual is not None}")
print(" ".join(report.notes))
print(f"the optimum is smaller by {1 - report.certificate.upper / point.objective:.1%}")
assert report.certificate.upper < 0.999 * point.objective and report.certificate.gap <= 1e-8

# %% [markdown]
# And lie: take the certified guess and double the weights of half of the rows. Nothing stops you, and
# the bound says how much the lie is worth.

# %%
*_, honest = guess(clean)
lie = honest.dual * np.where(np.arange(160) % 2, 2.0, 1.0)
proof = branchhull.certify(clean, honest.h, honest.m, lie)
print(
    f"proved gap of the lie: {proof.gap:.0%}, and still a true bound: {proof.lower <= by_hand.upper}"
)
assert 0.01 < proof.gap < 1

# %% [markdown]
# Try more: `admm(clean, rho=200.0)`; noise of 0.2 and `local_rate`; units, by `1e4 * B` (the methods
# scale first); a row with $y = 0$.
#
# ## Which method when
#
# | method | an iteration costs | iterations | when |
# |---|---|---|---|
# | `"guess"` | at first $3 n \cdot n^2$, later $L n$ | 5 to 10, and a dual | no noise, $L$ from about $2n$ on |
# | `"matrix-free"` | some dozens of products with $B$, $C$ | 5 to 10, and a dual | the same, with fast transforms or sparse matrices |
# | `solve_batch` | as the guess, in stacks | | many small instances without noise |
# | `"interior"` | $L n^2$ | 10 to 25 | anything dense: noise, $L$ near $2 n$ |
# | `"admm"` | $4 L n$ | 100 clean, thousands noisy | to learn; to few digits; when $L n^2$ is too much |
# | `"cvxpy"` | a sparse factorisation | 10 to 20 | the reference: other people's code |
# | `"auto"` | | | guess, if that fails interior; it says in `report.notes` what it did |
#
# ## Take away
#
# * A projection is one increasing equation; Newton in logarithms does it in a handful of steps.
# * ADMM alternates projection and least squares. Its speed near the end is an eigenvalue, and noise
#   takes away the surfaces that made it fast.
# * An interior point step for this program is $n$ equations with a $2 \times 2$ block a row.
# * A guess needs no theory if a proof follows it, and an error $\varepsilon$ in the dual costs
#   only $\varepsilon^2$.
#
# **Exercise**: [13_admm_step](../exercises/13_admm_step.ipynb), one step of the ADMM and Newton's matrix.
#
# **Next**: [14 How many measurements](14_how_many_measurements.ipynb).
#
# ## Sources
#
# * ADMM: arXiv 1809.08359, eqs (4)-(6) of the poster; S. Boyd and others, *Distributed optimization and
#   statistical learning via the alternating direction method of multipliers*, 2011.
# * Interior points: Y. Nesterov, M. Todd, *Self-scaled barriers and interior-point methods for convex
#   programming*, Mathematics of Operations Research 22, 1997; S. Mehrotra, SIAM Journal on Optimization 2,
#   1992; L. Vandenberghe, *The CVXOPT linear and quadratic cone program solvers*, 2010.
# * The projection, the $2 \times 2$ blocks, guess and certify, and the ADMM's rate are derived for this kit:
#   `kit.branchhull.hull`, `interior_point`, `guess`, and `kit.experiments.rates`.
