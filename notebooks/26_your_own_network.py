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
# # 26 Your own network
#
# You have a network that is in use. It was trained by a colleague who has left, it stands at the end of a scikit-learn `Pipeline`, or it is a `class Net(nn.Module)`
# with a BatchNorm and a sum in it. It predicts how the diabetes of a patient will develop, from ten measurements. Somebody
# asks: *may we ship a smaller one?* You would have to sign. So you want to know three things: what has been done to it, whether what is
# claimed about it is what it does, and whether patients who were not among the samples would notice.
#
# **Afterwards you can** prune a network that you bring, check the report by forward hooks of your own, cut out what is left over, and decide with numbers.
# **Before**: [23](23_networks.ipynb), [25](25_pruning_today.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
from functools import cache

import numpy as np
from ipywidgets import SelectionSlider, ToggleButtons
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from kit import nettrim
from kit.course import draw
from kit.course.explorers import explorer
from kit.nettrim import rivals
from kit.nettrim.networks import savings, shrink

one_thread = threadpool_limits(1)  # for matrices of this size more threads mostly wait


# %% [markdown]
# ## The question
#
# The network you bring: scikit-learn's 442 patients, a row each; 300 of them were used for training. (Put your own fitted pipeline and its samples here.)


# %%
@cache
def patients():
    """Samples as rows and what is to be predicted, in standard deviations: 300 to train on, 142 held out."""
    X, y = load_diabetes(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order], (y[order] - y.mean()) / y.std()
    return X[:300], y[:300], X[300:], y[300:]


@cache
def brought():
    """The fitted pipeline."""
    X, y, _, _ = patients()
    perceptron = MLPRegressor(
        hidden_layer_sizes=(24, 12),
        alpha=3,
        max_iter=2000,
        tol=1e-3,
        random_state=0,
    )
    return make_pipeline(StandardScaler(), perceptron).fit(X, y)


X, y, X_new, y_new = patients()
model = brought()
weights = sum(W.size for W in model[-1].coefs_)
print(
    f"{weights} weights; explains ≈ {model.score(X, y):.2g} of the variance in training, ≈ {model.score(X_new, y_new):.2g} on held-out patients"
)
assert model.score(X_new, y_new) > 0.3

# %% [markdown]
# **Guess first.** (1) Half of the weights are to go. By how much will the predictions move: by 5 %, 20 %, 50 % of their size? (2) Will the held-out patients be predicted
# worse? (3) Pruned with 40 patients in place of 300, predictions move by 7 % on these 40. By how much on others?
#
# ## By hand: one row of a report
#
# One neuron, $y = (2x - 1)_+$, and four samples. Its pruned version is $\hat y = (1.8x - 0.9)_+$.
#
# | $x$ | 0 | 0.5 | 1 | 2 |
# |---|---|---|---|---|
# | $y$ | 0 | 0 | 1 | 3 |
# | $\hat y$ | 0 | 0 | 0.9 | 2.7 |
#
# The discrepancy is $\sqrt{0.1^2 + 0.3^2}$, the size of the answers $\sqrt{1^2 + 3^2}$, and their quotient is 10 %. That is one row of a report: *layer 0, moved by 10 %* (a report counts layers from 0). If
# Net-Trim was asked for $\epsilon = 10\,\%$, it has used it up. The picture to look at is the new answer over the old one:

# %%
x = np.array([0, 0.5, 1, 2])
old, new = np.maximum(2 * x - 1, 0), np.maximum(1.8 * x - 0.9, 0)
print(f"discrepancy / size = {np.linalg.norm(new - old) / np.linalg.norm(old):.2f}")


def parity(ax, old, new, title):
    """New answers over old ones."""
    ends = [min(old.min(), new.min()), max(old.max(), new.max())]
    draw.curve(ax, ends, ends, "bound", "unchanged")
    ax.plot(old, new, **{**draw.mark("answer"), "markersize": 4}, label="a sample")
    draw.label(ax, "before pruning", "after pruning", title)
    draw.legend(ax, "upper left")


figure, ax = draw.figure(size=(4.2, 3.4))
parity(ax, old, new, "one neuron, four samples")
draw.show(
    figure,
    "Each point is a sample: what the neuron answered before and after. The two positive answers have moved towards 0.",
)

# %% [markdown]
# ## Prune it: one line

# %% tags=["nbval-ignore-output"]
pruned = nettrim.prune(model, X, epsilon=0.3, mode="cascade", progress=False)
pruned

# %% [markdown]
# `prune` opened the pipeline, pruned the perceptron inside on samples as the scaler hands them over, and gave back a copy of the whole. Read a row from left to right: what the layer is, how many weights *are* 0, how far
# its program was allowed to go (in a cascade the first layer has the $\epsilon$ asked for; (2) of lesson 23 sets the others), how far its answers have moved, what (3) of lesson 23 promises, what larger norms of the old weights promise (above 100 % a promise is true and worth nothing), and how exactly its program was solved.
#
# *Should you believe it?* A report is a text. What it says has to be what the network does.
#
# ## From scratch: forward hooks
#
# **A hook is a function that is called at each layer with what enters and what leaves.** With hooks in both networks, the old one and the new one, what the report says has moved can be measured again (its zeros are counted in the weights). With $Y_\ell$ for the answers of layer $\ell$ of the old network, and hats for the new one,
#
# $$\text{zeros} = \text{share of } \hat W_\ell = 0, \qquad \text{moved} = \frac{\lVert \hat Y_\ell - Y_\ell\rVert_F}{\lVert Y_\ell\rVert_F}, \qquad
#   \text{used} = \frac{\lVert (\hat W_\ell^\top \hat Y_{\ell-1} + \hat b_\ell - Y_\ell)_\Omega\rVert_F}{\lVert Y_\ell\rVert_F}, \qquad \Omega = \{Y_\ell > 0\} .$$
#
# *Used* is what the program of the layer limits by $\epsilon_\ell / \lVert Y_\ell\rVert_F$ (in the last layer $\Omega$ is everything).


# %% tags=["from-scratch"]
def run(layers, X, hook):
    """A forward pass of [(W, b), ...]; hook(entered, left) is called at each layer, before its ReLU."""
    for k, (W, b) in enumerate(layers, 1):
        Z = W.T @ X + b[:, None]
        hook(X, Z)
        X = Z if k == len(layers) else np.maximum(Z, 0)
    return X


def report(old, new, X):
    """For each layer (zeros, moved, used), both networks watched by hooks."""
    before, after, rows = [], [], []
    run(old, X, lambda entered, left: before.append(left))
    run(new, X, lambda entered, left: after.append(left))
    for k, (Z, Z_hat) in enumerate(zip(before, after, strict=True), 1):
        last = k == len(old)
        Y, Y_hat = (Z, Z_hat) if last else (np.maximum(Z, 0), np.maximum(Z_hat, 0))
        miss = (Z_hat - Y)[(Y > 0) | last]
        rows.append(
            [
                np.mean(new[k - 1][0] == 0),
                *(np.linalg.norm(d) / np.linalg.norm(Y) for d in (Y_hat - Y, miss)),
            ]
        )
    return np.array(rows)


# %% [markdown]
# *Check.* Definition: our forward pass must give what `predict` of the pipelines gives, before and after pruning. Kit: our rows must be those of the report.


# %% tags=["compared"]
def layers(pipeline):
    """(W, b) of each layer of the perceptron at the end."""
    return list(zip(pipeline[-1].coefs_, pipeline[-1].intercepts_, strict=True))


inside = model[:-1].transform(X).T
for name, pipeline in (("brought", model), ("pruned", pruned.network)):
    apart = np.abs(run(layers(pipeline), inside, lambda *_: None)[0] - pipeline.predict(X)).max()
    print(f"{name:8} our forward pass and predict differ by ≈ {apart:.0e}")
    assert apart < 1e-9
mine, kits = report(layers(model), layers(pruned.network), inside), pruned.rows()
print("layer        zeros      moved      used       ε allowed")
for k, (row, told) in enumerate(zip(mine, kits, strict=True)):
    print(f"{k}   mine   ≈ {row[0]:.2g}     ≈ {row[1]:.2g}     ≈ {row[2]:.2g}")
    print(
        f"    kit    ≈ {told['zeros']:.2g}     ≈ {told['discrepancy']:.2g}                ≈ {told['epsilon']:.2g}"
    )
    assert np.allclose(row[:2], (told["zeros"], told["discrepancy"]), rtol=1e-6)
    assert 0.99 * told["epsilon"] < row[2] < told["epsilon"] * (1 + 1e-5)

# %% [markdown]
# The kit does the same before it returns anything ([walk.py](../kit/nettrim/networks/walk.py)): it runs both networks, compares what happens with what its programs believe, and returns nothing if they differ by more than rounding. What you bring is checked too ([estimators.py](../kit/nettrim/networks/estimators.py)): here is a network that does something else than its weights say, and one whose activation is no ReLU:


# %%
class Doubled(MLPRegressor):
    """A perceptron with a method of its own."""

    def predict(self, X):
        """Twice what the weights say."""
        return 2 * super().predict(X)


doubled = Doubled(hidden_layer_sizes=(4,), max_iter=2000, tol=1e-2, random_state=0).fit(X, y)
curved = MLPRegressor(
    hidden_layer_sizes=(4,),
    activation="tanh",
    max_iter=2000,
    tol=1e-2,
    random_state=0,
).fit(X, y)
for network in (doubled, curved):
    try:
        nettrim.prune(network, X, epsilon=0.1, progress=False)
    except ValueError as refusal:
        print(f"{type(network).__name__}: {refusal}\n")

# %% [markdown]
# ## Why zeros can be cut out
#
# Zeros in a dense matrix save nothing by themselves. Some of them can be cut out, and the answers stay the same.
#
# *A neuron without a weight* answers $c = (b)_+$ on each sample. The next layer adds $c\,w$ for it, with $w$ its row of weights there. So put $c\,w$ into the next layer's bias and delete the neuron.
# *A neuron that no later weight hears* is deleted as it is. Either step can leave other neurons without a weight, or unheard, so both are repeated until nothing changes. $\square$
#
# **BatchNorm** between a layer and its ReLU is treated by the same kind of arithmetic. In eval mode it is $z \mapsto a z + c$ with numbers $a$, $c$ of each neuron, so $a (w^\top x + b) + c = (a w)^\top x + (a b + c)$: a layer with the weights $a w$. That layer is pruned, its
# weights are divided by $a$ again, and its bias $\beta$ becomes $(\beta - c)/a$. For $a \ne 0$ an entry of $a w$ is 0 if and only if that of $w$ is. $\square$

# %%
small = shrink(pruned)
difference = np.abs(
    nettrim.forward(small.network, inside[small.inputs])[-1][0] - pruned.network.predict(X)
).max()
print(
    f"before: {'-'.join(map(str, nettrim.from_sklearn(model).sizes))}, largest difference of an answer afterwards ≈ {difference:.0e}"
)
assert difference < 1e-9 and len(small.inputs) == 10
assert small.network.sizes[1] < 24 and small.network.sizes[2] < 12
table = {form.form: form.bytes for form in savings(pruned, inside)}
print(
    f"memory of what is left: shrunk ≈ {table['shrunk'] / table['dense']:.2g}, sparse rows ≈ {table['dense, CSR'] / table['dense']:.2g}, both ≈ {table['shrunk, CSR'] / table['dense']:.2g}"
)

# %% tags=["nbval-ignore-output"]
print("shrunk to", "-".join(map(str, small.network.sizes)))
for form in savings(pruned, inside):
    print(
        f"{form.form:12} {form.bytes:6d} bytes   {1e6 * form.seconds:6.0f} microseconds for 300 patients"
    )

# %% [markdown]
# All ten measurements are still in use. Sparse rows store a place with each weight. They gain less than cutting, and after cutting they lose: at this size the zeros pay most through the neurons that can be cut out.
#
# ## Promised and measured, and other patients
#
# The promise is about the 300 patients. The 142 others stand for the patients to come.


# %%
def moved(new, X):
    """|predictions after - before| / |before|."""
    return np.linalg.norm(new.predict(X) - brought().predict(X)) / np.linalg.norm(
        brought().predict(X)
    )


@cache
def pruned_at(epsilon, mode):
    """The whole network, pruned on the 300 patients."""
    return nettrim.prune(brought(), patients()[0], epsilon=epsilon, mode=mode, progress=False)


def left(result):
    """Share of weights that are not 0."""
    return sum(np.count_nonzero(W) for W in result.network[-1].coefs_) / weights


print("                    weights   predictions move            explained")
print("mode      ε          left     promised   300    held out   held out")
for mode in ("parallel", "cascade"):
    for epsilon in (0.05, 0.1, 0.2, 0.3):
        result = pruned_at(epsilon, mode)
        promised, there, here = (
            result.bound[-1] / result.sizes[-1],
            moved(result.network, X),
            moved(result.network, X_new),
        )
        print(
            f"{mode:9} {epsilon:4.0%}     ≈ {left(result):5.2g}    ≈ {promised:5.2g}    ≈ {there:6.2g}  ≈ {here:6.2g}   ≈ {result.network.score(X_new, y_new):.2g}"
        )
        assert there <= promised and here < 1.4 * there
print(f"brought   {'':33}{'':14}≈ {model.score(X_new, y_new):.2g}")

# %% [markdown]
# On the held-out patients predictions move a little more than on the 300, and nothing here proves that. What they explain hardly changes, until the predictions have moved by about a third.
#
# **The rivals**, at the same number of zeros in each layer and on the inputs of the old network, and the simplest of all: no network, but a linear regression with eleven numbers.

# %%
keep = [np.count_nonzero(W) for W in pruned.network[-1].coefs_]
below, stacks = [], [np.vstack(pair) for pair in layers(model)]
run(
    layers(model),
    inside,
    lambda entered, left: below.append(np.vstack([entered, np.ones(entered.shape[1])])),
)
print("                    weights   predictions move      explained")
print("                    kept      300       held out    held out")
scores = {}
for name in ("net-trim", "magnitude", "obs"):
    if name == "net-trim":
        other = pruned.network
    else:
        found = [
            rivals.RIVALS[name](rivals.Trained(A, W), [k])[0]
            for A, W, k in zip(below, stacks, keep, strict=True)
        ]
        other = nettrim.to_sklearn(
            nettrim.Network(tuple(U[:-1] for U in found), tuple(U[-1] for U in found)), model
        )
    scores[name] = moved(other, X), moved(other, X_new), other.score(X_new, y_new)
    print(
        f"{name:18} ≈ {sum(keep) / weights:.0%}     ≈ {scores[name][0]:5.2g}   ≈ {scores[name][1]:5.2g}     ≈ {scores[name][2]:.2g}"
    )
linear = LinearRegression().fit(X, y)
print(
    f"linear regression  ≈ {10 / weights:.0%}                              ≈ {linear.score(X_new, y_new):.2g}"
)
assert scores["obs"][0] < scores["net-trim"][0] < scores["magnitude"][0]
assert linear.score(X_new, y_new) > scores["net-trim"][2] - 0.05

# %% [markdown]
# OBS moves the predictions less than Net-Trim at the same sparsity, as in lesson 25. And the linear regression explains nearly as much as any of them. A report on pruning does not ask whether the network was worth having; you should.
#
# **Too few samples.** Prune with 40 patients:

# %%
few = nettrim.prune(model, X[:40], epsilon=0.1, mode="cascade", progress=False)
many = pruned_at(0.1, "cascade")
for name, result, used in (("300", many, X), (" 40", few, X[:40])):
    print(
        f"pruned with {name}: moved by ≈ {moved(result.network, used):.2g} on them, ≈ {moved(result.network, X_new):.2g} on held-out patients"
    )
assert moved(few.network, X_new) > 1.5 * moved(few.network, X[:40]) and moved(
    many.network, X_new
) < 1.4 * moved(many.network, X)

# %% [markdown]
# The promise is about the 40 and says nothing about the others. How many samples are enough for others nothing here says: measure it on some that you hold back. (Lesson [24](24_how_many_samples.ipynb) counts the samples from which a sparse neuron is found again; that is another question.)
#
# ## A PyTorch module
#
# The same call takes an `nn.Module` that `torch.fx` can follow, and prunes its `Linear` and `Conv2d` layers, in floats of 32 or 64 bits. A layer that is called twice, shares its weights, has a hook, or does something else than its weights say is refused. PyTorch is not part of the kit. Where it is missing, this section says so.

# %% tags=["nbval-ignore-output"]
try:
    import torch
    from torch import nn
except ImportError:
    torch = None
    print("PyTorch is not installed (pip install torch): the cells of this section do nothing.")

if torch:

    class Net(nn.Module):
        """A BatchNorm, functional ReLUs and a sum."""

        def __init__(self):
            super().__init__()
            self.first, self.norm = nn.Linear(10, 24), nn.BatchNorm1d(24)
            self.second, self.out = nn.Linear(24, 24), nn.Linear(24, 1)

        def forward(self, x):
            """Predictions of rows x."""
            x = torch.relu(self.norm(self.first(x)))
            return self.out(torch.relu(x + self.second(x)))

    torch.manual_seed(0)
    rows = torch.as_tensor(inside.T, dtype=torch.float32)
    target = torch.as_tensor(y[:, None], dtype=torch.float32)
    net = Net()
    optimiser = torch.optim.Adam(net.parameters(), 0.01, weight_decay=1e-3)
    for _ in range(60):
        optimiser.zero_grad()
        nn.functional.mse_loss(net(rows), target).backward()
        optimiser.step()
    net.eval()
    print(nettrim.prune(net, rows, epsilon=0.1, mode="cascade", progress=False))

# %% [markdown]
# `second` is followed by a sum and not by a ReLU, so its $\Omega$ is everything. No chain of layers leads to `out`: it is measured, and nothing is promised. (A `-` stands there.) The hooks are now PyTorch's own:

# %% tags=["nbval-ignore-output"]
if torch:

    def watch(module, X):
        """What leaves each part of a module, by forward hooks."""
        seen, hooks = {}, []
        for name, part in module.named_children():
            hooks.append(
                part.register_forward_hook(
                    lambda _, args, out, name=name: seen.update({name: out.detach()})
                )
            )
        with torch.no_grad():
            module(X)
        for hook in hooks:
            hook.remove()
        return seen

    cut = nettrim.prune(net, rows, epsilon=0.1, mode="cascade", progress=False)
    before, after = watch(net, rows), watch(cut.network, rows)
    told = {row["layer"]: row["discrepancy"] for row in cut.rows()}
    for layer, part, act in (
        ("first", "norm", torch.relu),
        ("second", "second", lambda z: z),
        ("out", "out", lambda z: z),
    ):
        Y, Y_hat = act(before[part]).double(), act(after[part]).double()
        change = float((Y_hat - Y).norm() / Y.norm())
        print(f"{layer:7} moved by {change:.4f} by the hooks, {told[layer]:.4f} in the report")
        assert abs(change - told[layer]) < 1e-4
    assert list(net.state_dict()) == list(cut.network.state_dict())
    try:
        nettrim.prune(
            nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(10, 3)), nn.ReLU()),
            rows,
            epsilon=0.1,
        )
    except ValueError as refusal:
        print(refusal)

# %% [markdown]
# In the copy the BatchNorm behind `first` has been folded in and out again. The class and the keys of the `state_dict` are the same, so the file can be loaded where the old one was. A layer whose weights are not what it does is refused; this refusal names the way out.
#
# ## Explore: decide
#
# What would you sign? Find the smallest network for which no held-out patient moves by more than half a standard deviation. (Then they have been used to choose, and a report needs others.)


# %%
def decide(epsilon, mode):
    """Left: held-out predictions before and after. Right: zeros and errors by layer."""
    _, _, X_new, y_new = patients()
    result = pruned_at(epsilon, mode)
    old, new = brought().predict(X_new), result.network.predict(X_new)
    figure, (at, beside) = draw.figure(2, size=(4.2, 3.8))
    parity(at, old, new, "142 held-out patients")
    rows = result.rows()
    heights = {
        "zeros": [row["zeros"] for row in rows],
        "moved": [row["discrepancy"] for row in rows],
    }
    draw.bars(beside, [f"layer {k}" for k in range(3)], heights, ["rival", "answer"])
    beside.set_ylim(0, 1)
    draw.label(beside, "", "share")
    draw.legend(beside, "upper right")
    return figure, {
        "units left": "-".join(map(str, shrink(result).network.sizes)),
        "explained on held-out patients": f"{result.network.score(X_new, y_new):.2f}, before {brought().score(X_new, y_new):.2f}",
        "the patient who moves most": f"{np.abs(new - old).max():.2f} standard deviations",
        "promised on the 300": f"{result.bound[-1] / result.sizes[-1]:.0%} of the size",
    }


explorer(
    decide,
    epsilon=SelectionSlider(
        options=[0.02, 0.05, 0.1, 0.2, 0.3, 0.4], value=0.2, description="epsilon"
    ),
    mode=ToggleButtons(options=["cascade", "parallel"], description="mode"),
)

# %% [markdown]
# ## Take away
#
# * One call prunes what you bring; the report is a set of claims: hooks in both networks check what it says has moved, and the weights what it says of zeros.
# * A promise holds for the samples that were used. Hold some back, and look at the one that moves most.
# * Here the zeros saved most where they left neurons empty or unheard; and a rival without a network belongs in the table.
#
# **The guesses.** (1) By about 22 % with the cascade at $\epsilon = 30\,\%$. (2) Hardly: 0.42 of the variance is explained in place of 0.43. (3) By about twice as much.
#
# **Break it yourself.** Scale the samples twice, `nettrim.prune(model, model[:-1].transform(X), ...)`: does anything complain? Who could have noticed? Set one weight of
# `pruned.network[-1].coefs_[0]` to 1 and call `report`: which columns show it?
#
# **Exercise**: take a network of your own, and write the paragraph that you would sign. What does it promise, about which samples, and what did you measure on others?
#
# ## Sources
#
# * Net-Trim: arXiv 1611.05162 and 1806.06457. The data: B. Efron and others, *Least angle regression*, Annals of Statistics 2004, as shipped with scikit-learn.
# * Derived here: the check by running (`kit.nettrim.networks.walk`), folding and cutting (`modules`, `gains`). Tracing is PyTorch's `torch.fx` (`trace`).
