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
# # Exercise 13: one step of ADMM, one matrix of Newton
#
# **The task.** Lesson 13 solves BranchHull by a loop that takes one step of ADMM again and again. Write
# that step; then write gradient and Hessian for Newton's method, which lesson 19 uses.
#
# **You need** lessons 11 and 13, for the second part 19, the projection of exercise 11 (here it is
# given), numpy.
# **Time**: 30 minutes for the core, 30 to go further.
#
# **How it works.** Replace each `raise NotImplementedError` by your code, run the cell, run the
# check under it. `check.hint()` gives hints one by one; `check.solution()` opens when you are right,
# or after three tries. Every try draws other numbers. `kit.branchhull.methods.admm` holds an answer too: it
# is on your honour not to read it first.

# %%
# %matplotlib inline
import numpy as np

from kit.branchhull import BranchHull, canonical, certify, gaussian, solve
from kit.branchhull.hull import project
from kit.course.checks import Seen, judge, returns, same, takes
from kit.course.practice import exercise

# %% [markdown]
# ## The program, and how ADMM splits it
#
# In canonical form (lesson 12) the unknowns $h$, $m$ meet the hulls through $p = \tilde B h$ and
# $q = \tilde C m$:
#
# $$\min \; |h|_2^2 + |m|_2^2 \quad \text{s.t.} \quad (p_\ell, q_\ell) \in H_{d_\ell} . $$
#
# Let $(p, q)$ be unknowns of their own, and demand $p = \tilde B h$, $q = \tilde C m$ with scaled
# multipliers $a$, $b$. The augmented Lagrangian is, up to a constant,
#
# $$|h|^2 + |m|^2 + \tfrac{\rho}{2} \, |p - \tilde B h + a|^2 + \tfrac{\rho}{2} \, |q - \tilde C m + b|^2 ,
#   \qquad (p_\ell, q_\ell) \in H_{d_\ell} . \tag{1}$$
#
# ADMM minimises (1) over $(p, q)$, then over $(h, m)$, then moves the multipliers by what is left of
# the constraint:
#
# 1. $(p, q)$ is the point of the hulls nearest to where (1) wants it;
# 2. $h$ makes the gradient of (1) zero, and so does $m$: two small linear systems;
# 3. $a \leftarrow a + p - \tilde B h$, $\; b \leftarrow b + q - \tilde C m$, with the new $h$, $m$.
#
# **Guess first.** At a fixed point, what does step 2 say about $\tilde B^T a$?


# %%
def start(rng, L=24, K=3, N=4):
    """A small program in canonical form, and a state from which a step is taken."""
    data, _ = gaussian(rng, L, K, N)
    while np.abs(data.y).min() < 5e-3 * np.abs(data.y).max():  # differences want some room
        data, _ = gaussian(rng, L, K, N)
    Bt, Ct, d = canonical(data)
    h, m = rng.normal(size=K), rng.normal(size=N)
    a, b = rng.normal(size=(2, L)) * np.sqrt(d.mean())
    return BranchHull(data), (Bt, Ct, d, h, m, a, b)


problem, (Bt, Ct, d, h, m, a, b) = start(np.random.default_rng(0))
print(
    f"{len(d)} hulls, {h.size} + {m.size} unknowns; the optimum is {solve(problem).report.certificate.upper:.6f}"
)

# %% [markdown]
# ## First, a feel for it
#
# Somebody rounds the optimal $h$ and $m$ to one digit. Which multiple of them puts all points into their
# hulls, and how far above the optimum is it?

# %%
best = solve(problem)
size = 1.0  # change it
h_near, m_near = size * np.round(best.h, 1), size * np.round(best.m, 1)
p, q = Bt @ h_near, Ct @ m_near
inside = (p * q >= d) & (p >= 0) & (q >= 0)
print(
    f"{inside.sum()} of {d.size} hulls are content, "
    f"|h|^2 + |m|^2 = {h_near @ h_near + m_near @ m_near:.3f}"
)

# %% [markdown]
# ## Core: a step of ADMM


# %%
def admm_step(Bt, Ct, d, h, m, a, b, rho):
    """One step from (h, m, a, b): the new h (K,), m (N,), a (L,), b (L,).

    Bt (L, K), Ct (L, N), d (L,) > 0, rho > 0. `project(p, q, d)` is there to be used.
    """
    ### BEGIN SOLUTION
    p, q = project(Bt @ h - a, Ct @ m - b, d)
    h = np.linalg.solve(rho * Bt.T @ Bt + 2 * np.eye(h.size), rho * Bt.T @ (p + a))
    m = np.linalg.solve(rho * Ct.T @ Ct + 2 * np.eye(m.size), rho * Ct.T @ (q + b))
    return h, m, a + p - Bt @ h, b + q - Ct @ m
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "13_admm_step",
    "admm_step",
    points=4,
    hints=(
        "Step 1: complete the square in (1). Which point is projected, with which sign of a?",
        "Step 2: write down the gradient of (1) in h and set it to zero. Mind the 2 of |h|^2.",
        "Step 3 uses the h and m that step 2 has just made, and the p and q of step 1.",
    ),
)
def check(answer, seed=0):
    """Judge a step by what its result must satisfy; p and q are read off the multipliers."""
    rng = np.random.default_rng(seed)
    problem, (Bt, Ct, d, h, m, a, b) = start(rng)
    rho = rng.uniform(2.5, 6)
    shapes = h.shape, m.shape, a.shape, b.shape

    def step(f):
        return f(Bt, Ct, d, h, m, a, b, rho)

    def pq(f, sign=1, old=False):
        """What the step must have used as p and q, if it moved the multipliers as in 3."""
        h_new, m_new, a_new, b_new = step(f)
        h_used, m_used = (h, m) if old else (h_new, m_new)
        return sign * (a_new - a) + Bt @ h_used, sign * (b_new - b) + Ct @ m_used

    def nearest(found, sign=-1, d=d):
        return same(found, project(Bt @ h + sign * a, Ct @ m + sign * b, d))

    def gradient(f, two=2.0, with_a=1, rho=rho):
        """Of (1) in h and m, at the new h and m."""
        (p, q), (h_new, m_new, *_) = pq(f), step(f)
        return np.concatenate(
            [
                two * h_new - rho * Bt.T @ (p + with_a * a - Bt @ h_new),
                two * m_new - rho * Ct.T @ (q + with_a * b - Ct @ m_new),
            ]
        )

    def zero(v):
        return np.abs(v).max() < 1e-7

    def stays(f):
        answer = solve(problem)
        pulls = zip((answer.h, answer.m), (Bt, Ct), answer.dual, strict=True)
        # a certificate does not see the size of a dual; a fixed point does: 2 h = rho Bt'a
        a, b = (2 * v @ v / (v @ A.T @ al) * al / rho for v, A, al in pulls)
        rest = answer.h, answer.m, a, b
        moved = f(Bt, Ct, d, *rest, rho)
        return all(same(x, y, 1e-4) for x, y in zip(moved, rest, strict=True))

    def gap(f):
        state = np.zeros(h.size), np.zeros(m.size), np.zeros(len(d)), np.zeros(len(d))
        for steps in range(1, 6001):  # most instances are there after 400
            state = f(Bt, Ct, d, *state, rho)
            if steps % 400 == 0:
                found = certify(problem, state[0], state[1], rho * np.array(state[2:])).gap
                if found < 0.1:
                    return True
        return Seen(False, f"After {steps} of your steps the certified gap is {found:.1e}.")

    return judge(
        answer,
        takes("Bt", "Ct", "d", "h", "m", "a", "b", "rho"),
        *returns("h, m, a, b in this order", step, *shapes),
        (
            "take p and q from the hulls, the points nearest to where (1) wants them",
            lambda f: nearest(pq(f)),
        ),
        ("make the gradient of (1) in h and m zero", lambda f: zero(gradient(f))),
        ("stay where it is at the optimum", stays),
        ("find the optimum when it is repeated", gap),
        mistakes=(
            (
                lambda f: same(step(f)[2], a) and same(step(f)[3], b),
                "Your multipliers never move. Without step 3 this is no ADMM.",
            ),
            (
                lambda f: nearest(pq(f, sign=-1)),
                "Your multipliers run away from the constraint: p - B h is added, not taken off.",
            ),
            (
                lambda f: nearest(pq(f, old=True)),
                "Step 3 looks at the old h and m. By then there are new ones.",
            ),
            (
                lambda f: nearest(pq(f), sign=1),
                "You project another point. In (1), p is wanted where p - B h + a is zero.",
            ),
            (
                lambda f: nearest(pq(f), sign=0),
                "You project B h, C m as they are, as if the multipliers were zero.",
            ),
            (
                lambda f: same(pq(f), (Bt @ h - a, Ct @ m - b)),
                "Nothing is projected: your p, q need not be in the hulls.",
            ),
            (
                lambda f: nearest(pq(f)) and zero(gradient(f, two=1)),
                "Your h and m belong to (|h|^2 + |m|^2) / 2. What is the gradient of |h|^2?",
            ),
            (
                lambda f: nearest(pq(f)) and zero(gradient(f, with_a=0)),
                "In step 2 the multipliers are missing: look at (1) once more.",
            ),
            (
                lambda f: nearest(pq(f)) and zero(gradient(f, rho=1 / rho)),
                "rho stands on the wrong side in step 2: with a large rho, B h should follow p + a more closely.",
            ),
        ),
    )


# %%
check(admm_step)


# %% tags=["answer"]
def by_least_squares(Bt, Ct, d, h, m, a, b, rho):
    """Step 2 as a least-squares problem, one for each unknown."""
    p, q = project(Bt @ h - a, Ct @ m - b, d)
    found = []
    for A, t in ((Bt, p + a), (Ct, q + b)):
        n = A.shape[1]
        rows = np.vstack([np.sqrt(rho / 2) * A, np.eye(n)])
        found.append(np.linalg.lstsq(rows, np.r_[np.sqrt(rho / 2) * t, np.zeros(n)])[0])
    h, m = found
    return h, m, a + p - Bt @ h, b + q - Ct @ m


check(by_least_squares)


# %% tags=["answer"]
def by_eigenvectors(Bt, Ct, d, h, m, a, b, rho):
    """Step 2 by the eigenvectors of the two small matrices."""
    p, q = project(Bt @ h - a, Ct @ m - b, d)
    found = []
    for A, t in ((Bt, p + a), (Ct, q + b)):
        size, V = np.linalg.eigh(A.T @ A)
        found.append(V @ ((V.T @ (A.T @ t)) / (size + 2 / rho)))
    h, m = found
    return h, m, a + (p - Bt @ h), b + (q - Ct @ m)


check(by_eigenvectors)


# %% tags=["wrong"]
def variant(Bt, Ct, d, h, m, a, b, rho, point=-1, two=2.0, with_a=1, dual=1, old=False, free=False):
    """A step with one thing wrong. Mistake: the multipliers are never updated.

    Hint: Your multipliers never move
    """
    p, q = Bt @ h + point * a, Ct @ m + point * b
    if not free:
        p, q = project(p, q, d)
    h_new = np.linalg.solve(rho * Bt.T @ Bt + two * np.eye(h.size), rho * Bt.T @ (p + with_a * a))
    m_new = np.linalg.solve(rho * Ct.T @ Ct + two * np.eye(m.size), rho * Ct.T @ (q + with_a * b))
    h_used, m_used = (h, m) if old else (h_new, m_new)
    return h_new, m_new, a + dual * (p - Bt @ h_used), b + dual * (q - Ct @ m_used)


check(lambda Bt, Ct, d, h, m, a, b, rho: variant(Bt, Ct, d, h, m, a, b, rho, dual=0))

# %% tags=["wrong"]
# Mistake: the sign of the multiplier step.
# Hint: Your multipliers run away
check(lambda Bt, Ct, d, h, m, a, b, rho: variant(Bt, Ct, d, h, m, a, b, rho, dual=-1))

# %% tags=["wrong"]
# Mistake: the multiplier step with the old h and m.
# Hint: Step 3 looks at the old h and m
check(lambda Bt, Ct, d, h, m, a, b, rho: variant(Bt, Ct, d, h, m, a, b, rho, old=True))

# %% tags=["wrong"]
# Mistake: projects B h + a.
# Hint: You project another point
check(lambda Bt, Ct, d, h, m, a, b, rho: variant(Bt, Ct, d, h, m, a, b, rho, point=1))

# %% tags=["wrong"]
# Mistake: projects B h, without multipliers.
# Hint: as if the multipliers were zero
check(lambda Bt, Ct, d, h, m, a, b, rho: variant(Bt, Ct, d, h, m, a, b, rho, point=0))

# %% tags=["wrong"]
# Mistake: no projection.
# Hint: Nothing is projected
check(lambda Bt, Ct, d, h, m, a, b, rho: variant(Bt, Ct, d, h, m, a, b, rho, free=True))

# %% tags=["wrong"]
# Mistake: the gradient of |h|^2 taken as h.
# Hint: What is the gradient of |h|^2
check(lambda Bt, Ct, d, h, m, a, b, rho: variant(Bt, Ct, d, h, m, a, b, rho, two=1.0))

# %% tags=["wrong"]
# Mistake: no multipliers in the linear systems.
# Hint: In step 2 the multipliers are missing
check(lambda Bt, Ct, d, h, m, a, b, rho: variant(Bt, Ct, d, h, m, a, b, rho, with_a=0))

# %% tags=["wrong"]
# Mistake: 2 rho instead of 2 / rho in the matrix.
# Hint: rho stands on the wrong side
check(lambda Bt, Ct, d, h, m, a, b, rho: variant(Bt, Ct, d, h, m, a, b, rho, two=2 * rho**2))

# %% [markdown]
# ## Go further: gradient and Hessian for Newton's method
#
# The interior-point method of lesson 19 stays inside the hulls by a barrier,
#
# $$F(h, m) = |h|^2 + |m|^2 - \mu \sum_\ell \log(p_\ell q_\ell - d_\ell),
#   \qquad p = \tilde B h, \; q = \tilde C m, \tag{2}$$
#
# and Newton's method needs its gradient and its Hessian. Write $s = p q - d$. Every measurement adds
# a matrix of two by two in $(p_\ell, q_\ell)$; $\tilde B$ and $\tilde C$ carry them to $(h, m)$, block
# by block.


# %%
def barrier(Bt, Ct, d, h, m, mu):
    """F of (2); inf outside the hulls."""
    p, q = Bt @ h, Ct @ m
    s = p * q - d
    return h @ h + m @ m - mu * np.log(s).sum() if min(p.min(), s.min()) > 0 else np.inf


# %%
def newton(Bt, Ct, d, h, m, mu):
    """Gradient (K + N,) and Hessian (K + N, K + N) of (2) at (h, m), h first."""
    ### BEGIN SOLUTION
    p, q = Bt @ h, Ct @ m
    s = p * q - d
    gradient = np.r_[2 * h - mu * Bt.T @ (q / s), 2 * m - mu * Ct.T @ (p / s)]
    pp, pq, qq = mu * (q / s) ** 2, mu * d / s**2, mu * (p / s) ** 2
    across = Bt.T @ (pq[:, None] * Ct)
    blocks = [
        [Bt.T @ (pp[:, None] * Bt), across],
        [across.T, Ct.T @ (qq[:, None] * Ct)],
    ]
    return gradient, np.block(blocks) + 2 * np.eye(h.size + m.size)
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "13_admm_step",
    "newton",
    points=4,
    hints=(
        "First the two-by-two: derive -log(p q - d) once and twice in p and q.",
        "The mixed second derivative is (p q - s) / s^2. Which letter is p q - s?",
        "By the chain rule p has derivative Bt in h: every block is A' diag(v) A2.",
    ),
)
def check_newton(answer, seed=0):
    """Judge derivatives by differences, and the step by what it does to F."""
    rng = np.random.default_rng(seed)
    problem, (Bt, Ct, d, *_) = start(rng)
    found = solve(problem)
    h, m = (1.4 * found.h, 1.5 * found.m)
    mu, K, n = rng.uniform(0.4, 0.9), h.size, h.size + m.size
    eye = np.eye(n)

    def move(v):
        return h + v[:K], m + v[K:]

    def value(v):
        return barrier(Bt, Ct, d, *move(v), mu)

    def at(f, v=np.zeros(n)):  # noqa: B008
        return f(Bt, Ct, d, *move(v), mu)

    slopes = np.array([(value(1e-6 * e) - value(-1e-6 * e)) / 2e-6 for e in eye])

    def curved(f):
        return np.array([(at(f, 1e-6 * e)[0] - at(f, -1e-6 * e)[0]) / 2e-6 for e in eye])

    def near(a, b):
        return same(a, b, 1e-3)

    def close(a, b):  # the logarithms are steep: the 2 I that one may forget is small beside them
        return same(a, b, 3e-6)

    def blocks(f):
        H, D = at(f)[1], curved(f)
        return [
            close(H[i, j], D[i, j])
            for i, j in [(np.s_[:K], np.s_[:K]), (np.s_[:K], np.s_[K:]), (np.s_[K:], np.s_[K:])]
        ]

    def goes_down(f):
        g, H = at(f)
        v = -np.linalg.solve(H, g)
        now, then = value(0 * v), min(value(v / 2**k) for k in range(12))
        return Seen(then < now, f"F goes from {now:.4f} to {then:.4f}.")

    return judge(
        answer,
        takes("Bt", "Ct", "d", "h", "m", "mu"),
        *returns("gradient and Hessian", at, (n,), (n, n)),
        ("give the slope of F in its first part", lambda f: near(at(f)[0], slopes)),
        ("give a symmetric matrix", lambda f: same(at(f)[1], at(f)[1].T)),
        ("give the derivative of your gradient in its second part", lambda f: all(blocks(f))),
        ("point downhill: -H^-1 g lowers F", goes_down),
        mistakes=(
            (
                lambda f: near(-at(f)[0], slopes),
                "Your gradient has the wrong sign: F falls where it should grow.",
            ),
            (
                lambda f: (
                    near(at(f)[0] + np.r_[h, m], slopes) or near(at(f)[0] + 2 * np.r_[h, m], slopes)
                ),
                "The part of |h|^2 + |m|^2 is missing in the gradient, or half of it is.",
            ),
            (
                lambda f: (
                    not near(at(f)[0], slopes)
                    and near(at(f)[0], 2 * np.r_[h, m] + (slopes - 2 * np.r_[h, m]) / mu)
                ),
                "Where is mu in your gradient?",
            ),
            (
                lambda f: close(at(f)[1] + 2 * np.eye(n), curved(f)),
                "The Hessian of |h|^2 + |m|^2 is missing.",
            ),
            (
                lambda f: (
                    blocks(f) == [True, False, True]  # exact: truth values
                    and same(at(f)[1][:K, K:], 0 * at(f)[1][:K, K:])
                ),
                "Your h and m do not feel each other: the mixed derivative of log(p q - d) is not 0.",
            ),
            (
                lambda f: blocks(f) == [True, False, True],  # exact: truth values
                "The two square blocks are right, the mixed block is not. Derive -q/s in q, with s = p q - d.",
            ),
        ),
    )


# %%
check_newton(newton)


# %% tags=["answer"]
def by_rows(Bt, Ct, d, h, m, mu):
    """One measurement after the other: the chain rule for s = p q - d."""
    K, n = h.size, h.size + m.size
    g, H = 2 * np.r_[h, m], 2 * np.eye(n)
    for b, c, dl in zip(Bt, Ct, d, strict=True):
        p, q = b @ h, c @ m
        s = p * q - dl
        ds = np.r_[q * b, p * c]
        dds = np.zeros((n, n))
        dds[:K, K:] = np.outer(b, c)
        g = g - mu * ds / s
        H = H + mu * (np.outer(ds, ds) / s**2 - (dds + dds.T) / s)
    return g, H


check_newton(by_rows)


# %% tags=["wrong"]
def uphill(Bt, Ct, d, h, m, mu):
    """Mistake: the sign of the gradient.

    Hint: Your gradient has the wrong sign
    """
    g, H = newton(Bt, Ct, d, h, m, mu)
    return -g, H


check_newton(uphill)


# %% tags=["wrong"]
def barrier_only(Bt, Ct, d, h, m, mu):
    """Mistake: the gradient of the barrier alone.

    Hint: is missing in the gradient
    """
    g, H = newton(Bt, Ct, d, h, m, mu)
    return g - 2 * np.r_[h, m], H


check_newton(barrier_only)


# %% tags=["wrong"]
def without_mu(Bt, Ct, d, h, m, mu):
    """Mistake: forgets mu.

    Hint: Where is mu
    """
    return newton(Bt, Ct, d, h, m, 1.0)


check_newton(without_mu)


# %% tags=["wrong"]
def no_two(Bt, Ct, d, h, m, mu):
    """Mistake: no 2 I in the Hessian.

    Hint: The Hessian of |h|^2 + |m|^2 is missing
    """
    g, H = newton(Bt, Ct, d, h, m, mu)
    return g, H - 2 * np.eye(g.size)


check_newton(no_two)


# %% tags=["wrong"]
def separate(Bt, Ct, d, h, m, mu):
    """Mistake: no mixed block.

    Hint: do not feel each other
    """
    g, H = newton(Bt, Ct, d, h, m, mu)
    H[: h.size, h.size :] = H[h.size :, : h.size] = 0
    return g, H


check_newton(separate)


# %% tags=["wrong"]
def mixed_slip(Bt, Ct, d, h, m, mu):
    """Mistake: the mixed derivative as p q / s^2, forgetting that q also stands above.

    Hint: the mixed block is not
    """
    g, H = newton(Bt, Ct, d, h, m, mu)
    p, q = Bt @ h, Ct @ m
    H[: h.size, h.size :] = Bt.T @ ((mu * p * q / (p * q - d) ** 2)[:, None] * Ct)
    H[h.size :, : h.size] = H[: h.size, h.size :].T
    return g, H


check_newton(mixed_slip)

# %% [markdown]
# ## What to take away
#
# - A step of ADMM needs a projection and two small linear systems, whose matrices stay as long as $\rho$
#   does.
# - At its fixed point $2 h = \rho \tilde B^T a$: the multipliers are the dual, up to $\rho$.
# - Newton's matrix is built from two-by-two blocks, $L$ of them, and has the size $K + N$.
#
# **Source.** ADMM as on the poster of arXiv 1809.08359, eqs (4)-(6), specialised to the l2 objective;
# (2) derived.
