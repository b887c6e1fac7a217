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
# # Glossary of symbols
#
# Most letters are those of the papers, so $N$, $x$, $w$ and $\epsilon$, $\lambda$ mean what the half of the
# course that you are in says; each half has its table. Back to the [map](00_start_here.ipynb).
#
# ## Everywhere
#
# | symbol | in code | meaning |
# |---|---|---|
# | $\|v\|_2$, $\|v\|_1$, $\|v\|_\infty$ | `np.linalg.norm(v, p)` | $\sqrt{\sum v_i^2}$, $\sum \lvert v_i\rvert$, $\max \lvert v_i\rvert$ |
# | $\|W\|_F$, $\|W\|_1$, $\|W\|_2$ | | of a matrix: $\sqrt{\sum W_{ij}^2}$, $\sum\lvert W_{ij}\rvert$ (entrywise), the largest singular value |
# | $\|Z\|_*$ | | nuclear norm: the sum of the singular values |
# | $v_+ $, also $(v)_+$ | `np.maximum(v, 0)` | positive part, entry by entry: the ReLU |
# | $v \circ w$ | `v * w` | product entry by entry |
# | $\langle A, B\rangle$ | `np.sum(A * B)` | inner product, $\sum A_{ij} B_{ij}$ |
# | $S_\tau(v)$ | `prox.soft_threshold(v, tau)` | soft threshold, $\operatorname{sign}(v)\max(\lvert v\rvert - \tau, 0)$ |
# | $\operatorname{proj}_S(v)$ | | the nearest point of the convex set $S$ to $v$ |
# | upper, lower | `certificate.upper`, `.lower` | proved: lower $\le$ optimal value $\le$ upper; in Net-Trim upper is above the optimal value of the program whose constraints are relaxed by the violation |
# | gap | `certificate.gap` | (upper $-$ lower) / upper |
# | violation | `certificate.violation` | how far the answer itself is outside its constraints, relative |
# | $\rho$ | `rho` | penalty of an ADMM; with an $\ell_1$ term the threshold is $1/\rho$ |
# | tol | `tol` | the gap at which a method may call its answer solved |
# | $g(\lambda)$ | `bound` | the dual function of lessons 01 and 02: a lower bound for each $\lambda \ge 0$ |
# | feasible | | a point that satisfies the constraints |
# | certificate | `answer.report.certificate` | a point and weights: an upper and a lower bound of the optimal value, so that anyone can check an answer |
# | repair | | to scale a point until it is feasible; its value is judged afterwards |
# | ray | `infeasible_ray` | weights whose bound grows without limit: a proof that no point is feasible |
# | ledger | `LEDGER` | statements of the course, each measured inside its hypotheses, and again with each hypothesis of its list broken |
#
# ## BranchHull (lessons 10 to 19)
#
# | symbol | in code | shape | meaning |
# |---|---|---|---|
# | $L$, $K$, $N$ | `L, K, N` | | measurements, unknowns of $h$, unknowns of $m$ |
# | $B$, $C$; $b_\ell^\top$, $c_\ell^\top$ | `data.B`, `data.C` | $L\times K$, $L \times N$ | known matrices and their rows |
# | $h$, $m$ | `answer.h`, `answer.m` | $K$, $N$ | what is looked for |
# | $w = B h$, $x = C m$ | `B @ h`, `C @ m` | $L$ | the two signals |
# | $y = w \circ x$ | `data.y` | $L$ | what is measured |
# | $t = \operatorname{sign}(w)$ | `data.signs` | $L$ | what is known besides: $\pm 1$ |
# | $s = \operatorname{sign}(y)$ | | $L$ | so that $\operatorname{sign}(x) = s \circ t$ |
# | $\tilde B$, $\tilde C$, $d$ | `canonical(data)` | | $\operatorname{diag}(t) B$, $\operatorname{diag}(s \circ t) C$, $\lvert y\rvert$: signs turned away |
# | $p$, $q$ | | $L$ | $\tilde B h$, $\tilde C m$: positive where all is well |
# | $\sigma$, $\delta$ | | | $(p + q)/\sqrt2$ and $(p - q)/\sqrt2$ (lesson 11) |
# | $z = h m$, $n_\ell$ | | $N$ | the lifted unknown for $K = 1$, and $s_\ell b_\ell c_\ell$ (lesson 11) |
# | $H_d$ | `hull` | | the hull $\{p q \ge d,\ p \ge 0,\ q \ge 0\}$ |
# | $\alpha$, $\beta$ | `answer.dual` | $2 \times L$ | weights of the lower bound |
# | $\tilde h$, $\tilde m$ | `balance(h, m)` | | the truth, scaled to $\|\tilde h\| = \|\tilde m\|$ |
# | $Z = h m^\top$, $\mathcal A(Z)$ | `solve_lifted(data).Z` | $K \times N$ | the lifted unknown, and its $L$ products $b_\ell^\top Z c_\ell$ (lesson 10) |
# | $\nu$ | `solve_lifted(data).nu` | $L$ | weights of the equations for $Z$ (lesson 10); of the rows of a guess (lesson 19) |
# | $S$ | | | $\sum_\ell \sqrt{\alpha_\ell \beta_\ell d_\ell}$, of which the lower bound is made (lessons 12, 19) |
# | $E$, $P$, $M$ | | | $\operatorname{diag}(\tilde B, \tilde C)$, and the matrices of an ADMM's iteration (lesson 13) |
# | $\mu$ | `mu` | | weight of a barrier (lesson 19); length of a step to the hull (lesson 11) |
# | $\xi$, $\lambda$ | `answer.xi`, `lam` | $L$ | slack of a measurement, and its price (lesson 16) |
# | $S_1$, $S_2$ | `sparsity` | | nonzeros of $h$ and of $m$ (lesson 15) |
# | support | | | the places of the nonzeros |
# | $\theta$ | `verdict` | | the room at the truth: it is an optimum if $\theta \ge 1$; the kit's margin is $1 - 1/\theta$ (lesson 15) |
# | $\nu_\ell$ | | $L$ | weights on the gradients, where $\lambda$ is a price (lesson 16) |
# | $\zeta$ | | $L$ | relative noise of the readings (lessons 16, 17) |
# | $\lambda_\ell$ | | $L$ | weights on the gradients of the products, a certificate of the truth (lessons 11, 14) |
# | $g_\ell$, $D$ | | $D$ | what is left of a gradient across the truth, and $D = K + N - 2$ (lessons 11, 14) |
# | $g$ | | | gains of the sensors (lesson 17) |
#
# ## Net-Trim (lessons 20 to 26)
#
# | symbol | in code | shape | meaning |
# |---|---|---|---|
# | $N$, $M$, $P$ | `problem.shape` | | inputs of a layer, neurons, samples |
# | $X$ | `problem.X` | $N \times P$ | what enters the layer; a sample is a column $x_p$ |
# | $W$; $w$, $u$ | `answer.W` | $N \times M$; $N$ | weights of a layer; of one neuron, trained and new |
# | $Y = (W^\top X)_+$ | `problem.Y` | $M \times P$ | what the trained layer answers |
# | $\Omega$, $\Omega^c$ | `problem.Omega` | | where $Y > 0$ (active), and the rest (silent) |
# | $\epsilon$ | `problem.epsilon` | | how far the answers on $\Omega$ may move, absolute |
# | $V$ | `problem.V` | $M \times P$ | upper limit of $W^\top X$ on $\Omega^c$: 0, or in a cascade $W^\top \hat X$ |
# | $\gamma$ | `gamma` | | $\ge 1$: room left in a cascade; multiplies the squared error |
# | $Q$, $q$ | `answer.dual` | $M \times P$, $P$ | dual matrix of the lower bound, and that of one neuron |
# | $\lambda$, $\mu$ | `penalty(problem, answer)` | , $P$ | price of a weight, and multipliers of silent samples (lessons 21, 22) |
# | $J$, $T$ | | | weights that are not 0, and silent samples that touch their limit (lesson 21) |
# | $D$, $\delta$, $\sigma$ | `l1_cone(N, s)` | | cone of descent, its statistical dimension, and the width of the rise of the chance $f(k)$ (lesson 24) |
# | $\Gamma$, $s$, $\nu$ | | | the support of $w$, its size, and multipliers of active samples (lesson 24) |
# | $Y_\ell$, $\hat Y_\ell$ | `forward(network, X)` | | output of layer $\ell$: trained network, pruned network |
# | $D_\ell$, $e_\ell$ | `discrepancy`, `realised` | | $\|\hat Y_\ell - Y_\ell\|_F$; the error of layer $\ell$ alone, on trained inputs (lesson 23) |
# | $H = X X^\top$ | | $N \times N$ | the quadratic form by which pruning methods see the samples (lesson 25) |
# | $z = w^\top X$, $d = u - w$ | | $P$, $N$ | a neuron before its ReLU, and the change of its weights (lesson 25) |
# | refit | `refit` | | the weights that are left, fitted anew with the zeros held (lesson 25) |
# | hook | | | a function that is called at each layer with what enters and what leaves (lesson 26) |
#
# ## Where to find what
#
# | lesson | module |
# |---|---|
# | [01 Bounds to check](01_bounds.ipynb) | `kit.branchhull.certificate` |
# | [02 Splitting and agreement](02_splitting.ipynb) | `kit.branchhull.methods.admm` |
# | [10 Bilinear lifting](10_bilinear_lifting.ipynb) | `kit.branchhull.rivals.lifting`, `nuclear_norm`, `gradient`, `alternating` |
# | [11 Hull geometry](11_hull_geometry.ipynb) | `kit.branchhull.hull` |
# | [12 BranchHull](12_branchhull.ipynb) | `kit.branchhull.problem`, `certificate`, `solve` |
# | [13 ADMM for BranchHull](13_admm.ipynb) | `kit.branchhull.methods.admm`, `kit.experiments.rates` |
# | [14 How many measurements](14_how_many_measurements.ipynb) | `kit.experiments.trials`, `kit.experiments.bilinear_theorems` |
# | [15 Sparse signals](15_sparse_signals.ipynb) | `kit.branchhull.data.verdict`, `kit.branchhull.interior.l1`, `kit.experiments.sparse` |
# | [16 Noise and lies](16_noise_and_lies.ipynb) | `kit.branchhull.certificate`, `kit.experiments.sparse` |
# | [17 Calibration](17_calibration.ipynb) | `kit.branchhull.data.applications` |
# | [18 Images](18_images.ipynb) | `kit.branchhull.tv`, `variation`, `interior.tv`, `data.scenes` |
# | [19 Fast solvers](19_fast_solvers.ipynb) | `kit.branchhull.interior`, `guess`, `batch` |
# | [20 ReLU convexification](20_relu_convexification.ipynb) | `kit.nettrim.problem` |
# | [21 One neuron and its path](21_one_neuron.ipynb) | `kit.nettrim.exact`, `certificate` |
# | [22 One layer](22_one_layer.ipynb) | `kit.nettrim.admm`, `solve`, `reading` |
# | [23 Networks](23_networks.ipynb) | `kit.nettrim.prune`, `networks` |
# | [24 How many samples](24_how_many_samples.ipynb) | `kit.experiments.neurons`, `kit.experiments.nettrim_theorems` |
# | [25 Pruning today](25_pruning_today.ipynb) | `kit.nettrim.networks.rivals`, `recent`, `refit`; `kit.experiments.pruning_today` |
# | [26 Your own network](26_your_own_network.ipynb) | `kit.nettrim.networks`: `walk`, `trace`, `modules`, `report`, `gains` |
#
# The **ledger** of theorems is in `kit.experiments.theorems`; `python -m kit.experiments.theorems` measures and
# prints it.
#
# In a notebook, `help(branchhull.solve)` shows the formulas in plain characters. The shapes of one
# instance of each kind:

# %%
import numpy as np

from kit import branchhull, nettrim

rng = np.random.default_rng(0)
data, truth = branchhull.gaussian(rng, L=8, K=3, N=2)
answer = branchhull.solve(branchhull.BranchHull(data))
print("B, C, y, signs:", data.B.shape, data.C.shape, data.y.shape, data.signs.shape)
print("h, m, dual:    ", answer.h.shape, answer.m.shape, answer.dual.shape)

# %%
X, W = rng.standard_normal((3, 10)), rng.standard_normal((3, 2))
pruned = nettrim.solve(nettrim.NetTrim(X, np.maximum(W.T @ X, 0), epsilon=0.5))
print("X, Y, W, dual: ", X.shape, (W.T @ X).shape, pruned.W.shape, pruned.dual.shape)
