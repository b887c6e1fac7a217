"""PyTorch in, the same type out. Skipped, saying so, where PyTorch is not installed."""

from collections import OrderedDict

import numpy as np
import pytest

from kit import nettrim
from kit.nettrim.convolution import Convolution
from kit.nettrim.torch_networks import convolution

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
nn = torch.nn


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


def images(P=12):
    return torch.as_tensor(np.random.default_rng(1).random((P, 1, 6, 6)), dtype=torch.float32)


def convolutional(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 5, (2, 2), stride=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(20, 3),
    )


def samples(P=50):
    return np.random.default_rng(0).standard_normal((P, 6))


def answers(module, X):
    with torch.no_grad():
        return module.eval()(torch.as_tensor(X, dtype=torch.float32)).numpy()


def test_a_network_answers_as_the_module_does():
    module, X = dense(), samples()
    Y = nettrim.forward(nettrim.from_torch(module), X.T)[-1]
    assert np.allclose(Y.T, answers(module, X), atol=1e-6)


def test_there_and_back_changes_nothing():
    module, X = dense(), samples()
    module.train()
    twin = nettrim.to_torch(nettrim.from_torch(module), module)
    assert type(twin) is type(module) and twin is not module and twin.training
    for one, two in zip(twin.parameters(), module.parameters(), strict=True):
        assert torch.equal(one, two)
    assert np.array_equal(answers(twin, X), answers(module, X))


def test_pruned_weights_are_exact_zeros_and_load_back():
    module, X = dense(), samples()
    done = nettrim.prune(
        nettrim.from_torch(module), X.T, epsilon=0.3, method="exact", progress=False
    )
    twin = nettrim.to_torch(done.network, module)
    fresh = dense(seed=5)
    fresh.load_state_dict(twin.state_dict())
    for k, weights in zip((1, 4, 7), done.network.weights, strict=True):
        assert torch.equal(fresh[k].weight == 0, torch.as_tensor((weights == 0).T))
        assert (fresh[k].weight == 0).any()
    Y = nettrim.forward(done.network, X.T)[-1]
    assert np.allclose(Y.T, answers(fresh, X), atol=1e-5)


def test_layers_without_bias():
    module = dense(bias=False)
    net = nettrim.from_torch(module)
    assert not any(b.any() for b in net.biases)
    assert nettrim.to_torch(net, module)[1].bias is None
    shifted = nettrim.Network(net.weights, tuple(b + 1 for b in net.biases))
    with pytest.raises(ValueError, match="network must have no bias where the module has none"):
        nettrim.to_torch(shifted, module)


def test_the_operator_is_conv2d():
    layer, X = nn.Conv2d(3, 4, (3, 2), stride=2, padding=1), torch.randn(5, 3, 7, 8)
    A = convolution(layer, X)
    weights = layer.weight.detach().numpy().reshape(4, -1).T
    W = np.vstack([weights, layer.bias.detach().numpy()])
    Z = layer(X).detach().numpy().transpose(1, 0, 2, 3).reshape(4, -1)
    assert isinstance(A, Convolution) and np.allclose(A.apply(W), Z, atol=1e-5)


@pytest.mark.parametrize("mode", ["parallel", "cascade"])
def test_prune_a_convolutional_network(mode):
    module, X = convolutional(), images()
    before = [p.clone() for p in module.parameters()]
    done = nettrim.prune_torch(
        module, X, epsilon=0.1, mode=mode, method="exact", tol=1e-6, progress=False
    )
    for p, q in zip(module.parameters(), before, strict=True):
        assert torch.equal(p, q)  # the original is untouched
    assert len(done.layers) == 3 and type(done.module) is nn.Sequential
    for k, answer in zip((0, 3, 7), done.layers, strict=True):
        assert answer.report.certificate.gap <= 1e-6
        weight = done.module[k].weight.detach().numpy().reshape(answer.W.shape[1], -1)
        assert np.array_equal(weight.T == 0, answer.W[:-1] == 0) and (weight == 0).any()
    assert done.discrepancy[0] <= done.epsilon[0] * (1 + 1e-5)  # Prop. 1, at float32
    fresh = convolutional(seed=7)
    fresh.load_state_dict(done.module.state_dict())
    assert np.array_equal(answers(fresh, X), answers(done.module, X))
    change = np.linalg.norm(answers(done.module, X) - answers(module, X))
    assert change == pytest.approx(done.discrepancy[-1], rel=1e-4)


def test_prune_torch_is_prune_on_dense_layers():
    module, X = dense(), samples()
    for mode in ("parallel", "cascade"):
        settings = {"epsilon": 0.2, "mode": mode, "method": "exact", "progress": False}
        one = nettrim.prune_torch(module, X, **settings)
        two = nettrim.prune(nettrim.from_torch(module), X.T, **settings)
        assert np.allclose(one.epsilon, two.epsilon, rtol=1e-4)
        assert np.allclose(one.discrepancy, two.discrepancy, rtol=1e-2)


@pytest.mark.parametrize("kind", ["least-squares", "relu"])
@pytest.mark.parametrize("mode", ["parallel", "cascade"])
def test_refit_kappa_and_layers_are_those_of_prune(mode, kind):
    module, X = dense(), samples()
    settings = {"epsilon": 0.2, "mode": mode, "refit": kind, "kappa": 0.9, "layers": (0, 2)}
    one = nettrim.prune_torch(module, X, method="exact", progress=False, **settings)
    two = nettrim.prune(nettrim.from_torch(module), X.T, method="exact", progress=False, **settings)
    assert one.layers[1] is None and one.epsilon[1] == 0 and one.refitted[1] is None
    assert np.allclose(one.epsilon, two.epsilon, rtol=1e-3)
    assert np.allclose(one.discrepancy, two.discrepancy, rtol=2e-2)
    assert torch.equal(one.module[4].weight, module[4].weight)
    for a, b in ((0, 0), (2, 2)):
        assert np.isclose(one.refitted[a].violation, two.refitted[b].violation, atol=1e-3)


def test_layers_may_have_names():
    named = nn.Sequential(OrderedDict(one=nn.Linear(6, 4), relu=nn.ReLU(), two=nn.Linear(4, 2)))
    named.train()
    done = nettrim.prune_torch(named, samples(), epsilon=0.2, method="exact", progress=False)
    assert list(done.module.state_dict()) == list(named.state_dict()) and done.module.training
    assert np.array_equal(
        done.module.one.weight.detach().numpy().T == 0, done.layers[0].W[:-1] == 0
    )


def test_kappa_without_a_feasible_point_is_told():
    module, X = dense(), samples(200)
    done = nettrim.prune_torch(
        module, X, epsilon=0.3, mode="cascade", kappa=1e-3, method="exact", progress=False
    )
    assert done.notes == ("kappa = 0.001 is infeasible in layer 2: solved with 1.",)


@pytest.mark.parametrize("options", [{}, {"refit": "least-squares"}, {"refit": "relu"}])
@pytest.mark.parametrize("free", [False, True])
def test_a_layer_without_bias_gets_none(options, free):
    module, X = dense(bias=False), samples()
    done = nettrim.prune_torch(
        module, X, epsilon=0.2, method="exact", progress=False, penalise_bias=not free, **options
    )
    for k, answer in zip((1, 4, 7), done.layers, strict=True):
        assert answer.report.certificate.gap <= 1e-6 and not answer.W[-1].any()
        assert torch.equal(done.module[k].weight == 0, torch.as_tensor((answer.W[:-1] == 0).T))


BAD = {
    "no module": (lambda: nettrim.from_torch("x"), "module must be a torch.nn.Sequential"),
    "relu last": (lambda: nettrim.from_torch(dense()[:3]), "module must end with a Linear"),
    "two linear": (
        lambda: nettrim.from_torch(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))),
        "module must be Linear layers with one ReLU between them, got Linear at 1",
    ),
    "conv": (lambda: nettrim.from_torch(convolutional()), "got Conv2d at 0: prune_torch takes"),
    "shape": (
        lambda: nettrim.to_torch(nettrim.Network((np.ones((2, 2)),), (np.ones(2),)), dense()),
        "network must have layers",
    ),
    "groups": (
        lambda: nettrim.prune_torch(
            nn.Sequential(nn.Conv2d(2, 2, 3, groups=2)),
            np.ones((2, 2, 4, 4)),
            epsilon=0.1,
            progress=False,
        ),
        "no dilation and no groups",
    ),
    "samples": (
        lambda: nettrim.prune_torch(dense(), np.ones((4, 7)), epsilon=0.1),
        "X must be samples as the module takes them, got shape .4, 7. before Linear",
    ),
    "no weights": (
        lambda: nettrim.prune_torch(nn.Sequential(nn.ReLU()), np.ones((4, 7)), epsilon=0.1),
        "module must have a Linear or a Conv2d layer, got none",
    ),
    "layers": (
        lambda: nettrim.prune_torch(dense(), samples(), epsilon=0.1, layers=(3,)),
        "layers must name layers 0 to 2",
    ),
    "mode": (lambda: nettrim.prune_torch(dense(), samples(), epsilon=0.1, mode="x"), "mode must"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()
