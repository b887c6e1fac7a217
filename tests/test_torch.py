"""PyTorch in, the same type out, and never a wrong network without a word.

Skipped, saying so, where PyTorch is not installed.
"""

import copy
import gc
from collections import OrderedDict

import numpy as np
import pytest

from kit import nettrim
from kit.nettrim import prune

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
pruning = pytest.importorskip("torch.nn.utils.prune")
nn, F = torch.nn, torch.nn.functional
hooks = torch.nn.utils
QUIET = {"epsilon": 0.1, "method": "exact", "progress": False}


def draw(*shape, seed=0):
    return torch.as_tensor(np.random.default_rng(seed).standard_normal(shape), dtype=torch.float32)


X = draw(60, 6)


def small(*front):
    torch.manual_seed(0)
    return nn.Sequential(*front, nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))


def dense(seed=0, bias=True):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(6, 9, bias=bias),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(9, 8, bias=bias),
        nn.Dropout(0.2),
        nn.ReLU(),
        nn.Linear(8, 3, bias=bias),
    )


def answers(module, X):
    with torch.no_grad():
        return copy.deepcopy(module).eval()(torch.as_tensor(X, dtype=torch.float32).clone()).numpy()


def really(old, new, X):
    """|what new answers - what old answers|_F."""
    return float(np.linalg.norm(answers(new, X) - answers(old, X)))


class Shifted(nn.Sequential):
    """An overridden forward."""

    def forward(self, x):
        return super().forward(x - 5)


class Own(nn.Linear):
    """A subclass that changes nothing."""


class Doubling(nn.Linear):
    """A subclass with a forward of its own."""

    def forward(self, x):
        return 2 * super().forward(x)


class Branching(nn.Module):
    """Control flow on data, one floor down."""

    def __init__(self):
        super().__init__()
        self.fc, self.inner = nn.Linear(6, 3), nn.Module()
        self.inner = self.Inner()

    class Inner(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    def forward(self, x):
        return self.inner(self.fc(x))


class Of(nn.Module):
    """A module whose forward is the given function of itself and x."""

    def __init__(self, forward, **parts):
        super().__init__()
        torch.manual_seed(0)
        for name, part in parts.items():
            setattr(self, name, part)
        self.does = forward

    def forward(self, x):
        return self.does(self, x)


# A network in, the right network out ------------------------------------------------------


def test_an_activation_in_place_in_front():
    module = small(nn.Flatten(), nn.SiLU(inplace=True))
    kept = X.clone()
    done = prune(module, X, **QUIET)
    assert torch.equal(X, kept)
    assert really(module, done.network, X) == pytest.approx(done.discrepancy[-1], rel=1e-5)


@pytest.mark.parametrize("wrap", [Shifted, lambda *parts: nn.Sequential(nn.Sequential(*parts))])
def test_forwards_of_ones_own_and_nested_parts(wrap):
    module = wrap(*small())
    done = prune(module, X, **QUIET)
    assert type(done.network) is type(module) and done.zeros[-1] > 0
    assert really(module, done.network, X) == pytest.approx(done.discrepancy[-1], rel=1e-5)


def test_a_subclass_of_linear_is_pruned():
    module = nn.Sequential(Own(6, 8), nn.ReLU(), Own(8, 3))
    done = prune(module, X, **QUIET)
    assert done.names == ("0", "2") and type(done.network[0]) is Own and done.zeros[-1] > 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64, torch.int64])
def test_samples_of_other_numbers_are_converted(dtype):
    other = (10 * X).to(dtype)
    done = prune(small(), other, **QUIET)
    assert np.array_equal(done.zeros, prune(small(), other.float(), **QUIET).zeros)


def test_autocast_and_gradients_around_it():
    module = small()
    with torch.autocast("cpu", torch.bfloat16):
        done = prune(module, X.clone().requires_grad_(), **QUIET)
    assert really(module, done.network, X) == pytest.approx(done.discrepancy[-1], rel=1e-5)
    assert torch.is_grad_enabled()  # a generator that is left open must not keep it off
    gc.collect()
    assert torch.is_grad_enabled()


def test_positions_are_samples():
    sequence = draw(10, 6, 6)
    done = prune(small(), sequence, **QUIET)
    flat = prune(small(), sequence.reshape(60, 6), **QUIET)
    assert np.allclose(done.discrepancy, flat.discrepancy, rtol=1e-5)


def test_an_embedding_gets_whole_numbers():
    module = nn.Sequential(nn.Embedding(7, 4), nn.Flatten(), nn.Linear(12, 5), nn.ReLU())
    done = prune(module, np.random.default_rng(0).integers(7, size=(40, 3)), **QUIET)
    assert done.notes == ("Left as they are: 0 (Embedding).",)


def test_only_chosen_layers_are_checked():
    module = nn.Sequential(
        nn.Conv2d(2, 4, 3, groups=2, dilation=2),
        nn.ReLU(),
        nn.Flatten(),
        Doubling(16, 4),
        nn.ReLU(),
    )
    torch.manual_seed(0)
    module.append(nn.Linear(4, 3))
    done = prune(module, draw(30, 2, 6, 6), layers=[0, "5"], **QUIET)
    assert done.layers[1] is None and torch.equal(done.network[3].weight, module[3].weight)
    with pytest.raises(
        ValueError, match=r"'3' \(Doubling\) has a forward of its own.*\['0', '5'\]"
    ):
        prune(module, draw(30, 2, 6, 6), **QUIET)


def test_any_source_of_samples():
    from torch.utils.data import DataLoader, TensorDataset

    labels = torch.zeros(60)
    want = prune(small(), X, **QUIET)
    for source in (
        X.numpy(),
        X.tolist(),
        (X, labels),
        TensorDataset(X, labels),
        DataLoader(TensorDataset(X, labels), batch_size=25, shuffle=True),
        DataLoader(X, batch_size=60),
    ):
        done = prune(small(), source, **QUIET)
        assert np.allclose(done.discrepancy, want.discrepancy, rtol=1e-4)
        assert np.array_equal(done.zeros, want.zeros)


def test_a_pooling_whose_size_is_computed_on_the_way():
    module = Of(
        lambda s, x: s.fc(F.max_pool2d(F.relu(s.conv(x)), x.size(2) - 1).flatten(1)),
        conv=nn.Conv2d(1, 3, 2),
        fc=nn.Linear(3, 2),
    )
    done = prune(module, draw(30, 1, 5, 5), **QUIET)
    assert np.isfinite(done.bound[0]) and np.isinf(done.bound[1])


def test_two_inputs():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(6, 4), nn.Linear(6, 4)

        def forward(self, x, z):
            return F.relu(self.a(x)) + self.b(input=z)

    done = prune(Two(), (X, draw(60, 6, seed=1)), **QUIET)
    assert np.all(done.discrepancy <= done.epsilon * (1 + 1e-5)) and np.all(done.bound < np.inf)


def test_batch_norm_with_a_dead_scale_and_without_weights():
    for affine in (True, False):
        module = nn.Sequential(nn.Linear(6, 8, bias=False), nn.BatchNorm1d(8, affine=affine))
        module.extend([nn.Dropout(), nn.ReLU(), nn.Linear(8, 3)])
        module[1].running_mean.uniform_(-1, 1)
        module[1].running_var.uniform_(0.1, 2)
        if affine:
            with torch.no_grad():
                module[1].weight.copy_(torch.tensor([0.0, -1, 1, 2, 0.5, -0.1, 3, 1e-3]))
                module[1].bias.uniform_(-1, 1)
        done = prune(module, X, **QUIET)
        assert torch.equal(
            done.network[0].weight.T == 0, torch.as_tensor(done.layers[0].W[:-1] == 0)
        ) or (affine and not done.network[0].weight[0].any())
        hidden = [answers(m[:4], X) for m in (module, done.network)]
        found = np.linalg.norm(hidden[1] - hidden[0])
        assert found == pytest.approx(done.discrepancy[0], rel=1e-5)
        assert found <= done.epsilon[0] * (1 + 1e-5)


# A network that cannot be pruned ------------------------------------------------------


def pruned_by_torch():
    module = small()
    pruning.l1_unstructured(module[0], "weight", amount=0.2)
    with torch.no_grad():
        module(X)
    return module


def shared():
    layer = nn.Linear(6, 6)
    return nn.Sequential(layer, nn.ReLU(), layer)


def tied():
    module = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6))
    module[2].weight = module[0].weight
    return module


def overlapping():
    module = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6))
    module[2].weight.data = module[0].weight.data[:]
    return module


def read_in_forward():
    return Of(lambda s, x: F.relu(s.fc(x)) @ s.fc.weight, fc=nn.Linear(6, 4))


def hooked(k=0):
    module = small()
    module[k].register_forward_hook(lambda m, args, out: 2 * out)
    return module


def hooked_root():
    module = small()
    module.register_forward_pre_hook(lambda m, args: (args[0] - 1,))
    return module


def quantised():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(small(), {nn.Linear}, torch.qint8)


def uncopied():
    module = small()
    module[0].extra = module[0].weight * 2
    return module


REFUSED = {
    "pruning hook": (
        pruned_by_torch,
        "'0' .Linear. has a forward hook: call torch.nn.utils.prune.remove",
    ),
    "parametrised": (
        lambda: nn.Sequential(hooks.parametrizations.weight_norm(nn.Linear(6, 2))),
        "'0' .ParametrizedLinear. is parametrised: call .*remove_parametrizations first",
    ),
    "shared": (shared, "'0' .Linear. is shared, called 2 times: give each call a module"),
    "tied": (tied, "'0' .Linear. shares its weights with '2'"),
    "overlapping": (overlapping, "'0' .Linear. shares its weights with '2'"),
    "read in forward": (read_in_forward, "'fc' .Linear. shares its weights with 'forward itself'"),
    "hook": (
        hooked,
        "'0' .Linear. has a forward hook: remove it first; or leave it out, layers=..2",
    ),
    "hook on the whole": (
        hooked_root,
        "module must have no forward hooks .* got one on 'Sequential'",
    ),
    "own forward": (lambda: nn.Sequential(Doubling(6, 2)), "Doubling. has a forward of its own"),
    "bfloat16": (lambda: small().bfloat16(), "has weights of torch.bfloat16: call .float.. on the"),
    "quantised": (quantised, "'0' .Linear. is quantised: prune the network before"),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(3)), "has no weights yet: run the module once"),
    "meta": (lambda: small().to("meta"), "sparse or on the meta device"),
    "branch": (Branching, "torch.fx can follow, but in 'inner': symbolically traced variables"),
    "script": (
        lambda: torch.jit.trace(small(), X),
        "module must be as it was before it was compiled",
    ),
    "no layer": (lambda: nn.Sequential(nn.ReLU()), "must have a Linear or a Conv2d layer"),
    "nan": (
        lambda: [m := small(), m[0].weight.data.fill_(np.nan)][0],
        "weights that are NaN or inf",
    ),
    "random": (
        lambda: Of(lambda s, x: F.dropout(s.fc(x)), fc=nn.Linear(6, 2)),
        "module must answer the same twice in eval mode",
    ),
    "uncopied": (uncopied, "module must be one that can be copied"),
}


@pytest.mark.filterwarnings(
    "ignore:.*torch.jit:DeprecationWarning", "ignore:.*weight_norm:FutureWarning"
)
@pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning")
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_pruned_is_refused_with_the_way_out(case):
    make, message = REFUSED[case]
    module = make()
    with pytest.raises(ValueError, match=message):
        prune(module, X, **QUIET)


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_weight_norm_is_refused_on_the_way_back_too():
    module = small()
    done = nettrim.prune(nettrim.from_torch(module), X.T.numpy(), **QUIET)
    hooks.weight_norm(module[0])
    for call in (lambda: nettrim.to_torch(done, module), lambda: prune(module, X, **QUIET)):
        with pytest.raises(ValueError, match=r"call torch.nn.utils.remove_weight_norm first"):
            call()


def test_a_hook_on_what_follows_is_no_relu():
    """relu that somebody changes is not relu: the layer is taken as a linear one."""
    done = prune(hooked(1), X, **QUIET)
    assert done.discrepancy[0] == pytest.approx(
        done.epsilon[0], rel=1e-4
    )  # the ball around all of z
    assert np.isinf(done.bound[1])


def test_the_proof_by_running_catches_a_lie(monkeypatch):
    """Weights that are not what they were when the layer was read: nothing is returned."""
    from kit.nettrim.networks import modules

    module = small()
    write = modules.Modules.write

    def crooked(self, k, blocks):
        write(self, k, blocks)
        self.network[0].register_forward_hook(lambda m, args, out: out + 0.01)

    monkeypatch.setattr(modules.Modules, "write", crooked)
    with pytest.raises(ValueError, match="must do in layer '0' what its weights say"):
        prune(module, X, **QUIET)


def test_more_than_was_promised_is_an_error(monkeypatch):
    from kit.nettrim.networks import modules

    write = modules.Modules.write
    monkeypatch.setattr(
        modules.Modules, "write", lambda self, k, blocks: write(self, k, [1.5 * b for b in blocks])
    )
    monkeypatch.setattr("kit.nettrim.networks.promises.parallel", lambda links: (np.zeros(2),) * 2)
    with pytest.raises(ValueError, match=r"layer '0' moved by .* more than 0"):
        prune(small(), X, **QUIET)


def test_too_many_patches_are_refused_before_memory_runs_out(monkeypatch):
    monkeypatch.setattr("kit.nettrim.networks.modules.LARGEST", 10_000)
    with pytest.raises(ValueError, match=r"X must be fewer samples: .* 2 samples fit"):
        prune(nn.Sequential(nn.Conv2d(1, 2, 3)), draw(20, 1, 10, 10), **QUIET)


# Dense chains as arrays, and back ------------------------------------------------------


def test_a_network_answers_as_the_module_does():
    module = dense()
    Y = nettrim.forward(nettrim.from_torch(module), X.T.numpy())[-1]
    assert np.allclose(Y.T, answers(module, X), atol=1e-6)


def test_there_and_back_changes_nothing():
    module = dense().train()
    twin = nettrim.to_torch(nettrim.from_torch(module), module)
    assert type(twin) is type(module) and twin is not module and twin.training
    for one, two in zip(twin.parameters(), module.parameters(), strict=True):
        assert torch.equal(one, two)


def test_pruned_weights_are_exact_zeros_and_load_back():
    module = dense()
    done = nettrim.prune(nettrim.from_torch(module), X.T.numpy(), **{**QUIET, "epsilon": 0.3})
    twin = nettrim.to_torch(done, module)
    fresh = dense(seed=5)
    fresh.load_state_dict(twin.state_dict())
    for k, weights in zip((1, 4, 7), done.network.weights, strict=True):
        assert torch.equal(fresh[k].weight == 0, torch.as_tensor((weights == 0).T))
        assert (fresh[k].weight == 0).any()
    Y = nettrim.forward(done.network, X.T.numpy())[-1]
    assert np.allclose(Y.T, answers(fresh, X), atol=1e-5)


def test_layers_without_bias():
    module = dense(bias=False)
    net = nettrim.from_torch(module)
    assert not any(b.any() for b in net.biases)
    assert nettrim.to_torch(net, module)[1].bias is None
    shifted = nettrim.Network(net.weights, tuple(b + 1 for b in net.biases))
    with pytest.raises(ValueError, match="network must have no bias where Linear"):
        nettrim.to_torch(shifted, module)


@pytest.mark.parametrize("mode", ["parallel", "cascade"])
@pytest.mark.parametrize("kind", [None, "least-squares", "relu"])
def test_a_module_is_pruned_as_its_arrays_are(mode, kind):
    """One walk for both: refit, kappa, layers and promises."""
    module = dense()
    settings = {
        **QUIET,
        "epsilon": 0.2,
        "mode": mode,
        "refit": kind,
        "kappa": 0.9,
        "layers": (0, 2),
    }
    one = nettrim.prune(module, X, **settings)
    two = nettrim.prune(nettrim.from_torch(module), X.T.numpy(), **settings)
    assert one.layers[1] is None and one.epsilon[1] == 0
    assert torch.equal(one.network[4].weight, module[4].weight)
    for name, close in (
        ("epsilon", 1e-4),
        ("discrepancy", 1e-3),
        ("bound", 1e-3),
        ("theorem", 1e-3),
    ):
        assert np.allclose(getattr(one, name), getattr(two, name), rtol=close), name


def test_kappa_is_for_a_linear_last_layer_alone():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
    done = prune(module, X, kappa=0.5, **QUIET)
    assert np.allclose(done.epsilon / done.sizes, [0.1, 0.05])


@pytest.mark.parametrize("options", [{}, {"refit": "least-squares"}, {"refit": "relu"}])
@pytest.mark.parametrize("free", [False, True])
def test_a_layer_without_bias_gets_none(options, free):
    module = dense(bias=False)
    done = prune(module, X, penalise_bias=not free, **QUIET, **options)
    for k, answer in zip((1, 4, 7), done.layers, strict=True):
        assert answer.report.certificate.gap <= 1e-6 and not answer.W[-1].any()
        assert torch.equal(done.network[k].weight == 0, torch.as_tensor((answer.W[:-1] == 0).T))


def test_layers_may_have_names():
    named = nn.Sequential(OrderedDict(one=nn.Linear(6, 4), relu=nn.ReLU(), two=nn.Linear(4, 2)))
    done = prune(named.train(), X, layers=["two"], **QUIET)
    assert list(done.network.state_dict()) == list(named.state_dict()) and done.network.training
    assert done.layers[0] is None and done.names == ("one", "two")


def test_kappa_without_a_feasible_point_is_told():
    wide = draw(200, 6, seed=2)
    done = prune(dense(), wide, mode="cascade", kappa=1e-3, **{**QUIET, "epsilon": 0.3})
    assert done.notes == ("kappa = 0.001 is infeasible in layer 7: solved with 1.",)


def test_groups_have_a_ball_each_whose_squares_add_up():
    torch.manual_seed(0)
    module, images = nn.Sequential(nn.Conv2d(4, 6, 3, groups=2), nn.ReLU()), draw(20, 4, 6, 6)
    done = prune(module, images, **QUIET)
    halves = []
    for g in range(2):
        half = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU())
        half[0].weight.data = module[0].weight.data[3 * g : 3 * g + 3].clone()
        half[0].bias.data = module[0].bias.data[3 * g : 3 * g + 3].clone()
        halves.append(prune(half, images[:, 2 * g : 2 * g + 2].clone(), **QUIET))
    assert done.epsilon[0] == pytest.approx(np.hypot(*(h.epsilon[0] for h in halves)))
    certificate = done.layers[0].report.certificate
    assert certificate.lower == pytest.approx(
        sum(h.layers[0].report.certificate.lower for h in halves)
    )
    assert certificate.gap <= 1e-6


BAD = {
    "no module": (lambda: nettrim.from_torch("x"), "module must be a torch.nn.Module"),
    "not one either": (lambda: prune("x", X, epsilon=0.1), "network must be a Network"),
    "relu last": (lambda: nettrim.from_torch(dense()[:3]), "none behind the last"),
    "two linear": (
        lambda: nettrim.from_torch(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))),
        "one ReLU between them",
    ),
    "tanh": (
        lambda: nettrim.from_torch(nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))),
        "one ReLU between them, got Tanh: nettrim.prune takes",
    ),
    "shape": (
        lambda: nettrim.to_torch(nettrim.Network((np.ones((2, 2)),), (np.ones(2),)), dense()),
        "network must have layers",
    ),
    "samples": (
        lambda: prune(dense(), np.ones((4, 7)), epsilon=0.1),
        "X must be samples as the module takes them, got shape .4, 7.",
    ),
    "nan": (lambda: prune(dense(), X * np.nan, epsilon=0.1), "X must be finite"),
    "empty": (lambda: prune(dense(), X[:0], epsilon=0.1), "X must not be empty"),
    "complex": (lambda: prune(dense(), X + 1j, epsilon=0.1), "X must be dense and real"),
    "dictionary": (lambda: prune(dense(), {"x": X}, epsilon=0.1), "got dictionaries"),
    "words": (lambda: prune(dense(), ["a"], epsilon=0.1), "X must hold numbers"),
    "layers": (lambda: prune(dense(), X, epsilon=0.1, layers=(3,)), "layers must name"),
    "names": (lambda: prune(dense(), X, epsilon=0.1, layers=("x",)), "layers must"),
    "mode": (lambda: prune(dense(), X, epsilon=0.1, mode="x"), "mode must"),
    "normalise": (lambda: prune(dense(), X, epsilon=0.1, normalise=True), "normalise must"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()
