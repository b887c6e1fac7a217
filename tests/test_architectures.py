"""Ten PyTorch networks as people write them: pruned, and what the program says is what happens.

Each is trained for a second on digits. Skipped, saying so, where PyTorch is not installed.
"""

import copy

import numpy as np
import pytest
from sklearn.datasets import load_digits

from kit import nettrim

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
nn, F = torch.nn, torch.nn.functional


class Dense(nn.Module):
    """Functional relu, x.view."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.out = nn.Linear(64, 9), nn.Linear(9, 7), nn.Linear(7, 10)

    def forward(self, x):
        x = x.view(x.size(0), -1)
        return self.out(F.relu(self.fc2(torch.relu(self.fc1(x)))))


class Dropout(nn.Module):
    """Dropout as module, and as a function; relu in place."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.out = nn.Linear(64, 9), nn.Linear(9, 7), nn.Linear(7, 10)
        self.drop, self.relu = nn.Dropout(0.3), nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.drop(self.relu(self.fc1(x.flatten(1))))
        x = F.dropout(self.fc2(x), 0.2, training=self.training).relu_()
        return F.log_softmax(self.out(x), dim=1)


class NormFirst(nn.Module):
    """BatchNorm between Linear and relu: folded."""

    def __init__(self):
        super().__init__()
        self.fc1, self.bn1 = nn.Linear(64, 9, bias=False), nn.BatchNorm1d(9)
        self.fc2, self.bn2 = nn.Linear(9, 7), nn.BatchNorm1d(7)
        self.out = nn.Linear(7, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.fc1(x.flatten(1))))
        return self.out(F.relu(self.bn2(self.fc2(x)), inplace=True))


class NormAfter(nn.Module):
    """BatchNorm behind relu: left as it is."""

    def __init__(self):
        super().__init__()
        self.fc1, self.bn1, self.out = nn.Linear(64, 9), nn.BatchNorm1d(9), nn.Linear(9, 10)

    def forward(self, x):
        return self.out(self.bn1(F.relu(self.fc1(x.flatten(1)))))


class Residual(nn.Module):
    """A sum over two layers, GELU in one branch."""

    def __init__(self):
        super().__init__()
        self.stem, self.a, self.b = nn.Linear(64, 9), nn.Linear(9, 9), nn.Linear(9, 9)
        self.out = nn.Linear(9, 10)

    def forward(self, x):
        x = F.relu(self.stem(x.flatten(1)))
        x = x + self.b(F.gelu(self.a(x)))
        return self.out(F.relu(x))


class TwoHeads(nn.Module):
    """Two answers."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(64, 9), nn.ReLU())
        self.classes, self.value = nn.Linear(9, 10), nn.Linear(9, 1)

    def forward(self, x):
        x = self.body(x)
        return self.classes(x), self.value(x)


class LeNet(nn.Module):
    """Pooling before relu, as in many tutorials; dilation and uneven padding."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, (3, 2), padding=(1, 1))
        self.conv2 = nn.Conv2d(4, 6, 3, padding="same", dilation=2)
        self.fc1, self.fc2 = nn.Linear(24, 7), nn.Linear(7, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(torch.flatten(x, 1))))


class Block(nn.Module):
    """A residual block with stride 2 and a 1 x 1 shortcut."""

    def __init__(self, n, m):
        super().__init__()
        self.conv1 = nn.Conv2d(n, m, 3, stride=2, padding=1, bias=False)
        self.bn1, self.relu = nn.BatchNorm2d(m), nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(m, m, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(m, affine=False)
        self.short = nn.Sequential(nn.Conv2d(n, m, 1, stride=2, bias=False), nn.BatchNorm2d(m))

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.short(x)
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(4, affine=False),
            nn.ReLU(True),
        )
        self.block, self.fc = Block(4, 6), nn.Linear(6, 10)

    def forward(self, x):
        x = self.block(self.stem(x))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Separable(nn.Module):
    """Depthwise, then 1 x 1."""

    def __init__(self):
        super().__init__()
        self.lift = nn.Conv2d(1, 4, 1)
        self.depth = nn.Conv2d(4, 8, 3, stride=2, groups=4, padding=1, padding_mode="reflect")
        self.point = nn.Conv2d(8, 6, 1)
        self.fc = nn.Linear(6 * 16, 10)

    def forward(self, x):
        x = F.relu6(self.lift(x))
        return self.fc(F.relu(self.point(F.relu(self.depth(x)))).flatten(1))


class Transformer(nn.Module):
    """Attention left as it is; the MLP of the block on (P, T, n)."""

    def __init__(self):
        super().__init__()
        self.embed, self.norm = nn.Linear(8, 12), nn.LayerNorm(12)
        self.attention = nn.MultiheadAttention(12, 2, batch_first=True)
        self.up, self.down, self.out = nn.Linear(12, 24), nn.Linear(24, 12), nn.Linear(12, 10)

    def forward(self, x):
        x = self.embed(x[:, 0])
        h = self.norm(x)
        x = x + self.attention(h, h, h, need_weights=False)[0]
        x = x + self.down(torch.relu(self.up(self.norm(x))))
        return self.out(x.mean(dim=1))


# name -> (class, what relu follows directly, layers with a chain before them)
CASES = {
    "functional": (Dense, {"fc1", "fc2"}, {"fc1", "fc2", "out"}),
    "dropout": (Dropout, {"fc1", "fc2"}, {"fc1", "fc2", "out"}),
    "norm first": (NormFirst, {"fc1", "fc2"}, {"fc1", "fc2", "out"}),
    "norm after": (NormAfter, {"fc1"}, {"fc1"}),
    "residual": (Residual, {"stem"}, {"stem", "a"}),
    "two heads": (TwoHeads, {"body.1"}, {"body.1", "classes", "value"}),
    "lenet": (LeNet, {"conv1", "conv2", "fc1"}, {"conv1", "conv2", "fc1", "fc2"}),
    "resnet": (
        ResNet,
        {"stem.0", "block.conv1"},
        {"stem.0", "block.conv1", "block.conv2", "block.short.0"},
    ),
    "separable": (Separable, {"depth", "point"}, {"lift"}),
    "transformer": (Transformer, {"up"}, {"embed"}),
}
NORMS = {"fc1": "bn1", "fc2": "bn2", "stem.0": "stem.1", "block.conv1": "block.bn1"}


def digits():
    images = load_digits().images[:400, None].astype(np.float32) / 16
    return torch.as_tensor(images), torch.as_tensor(load_digits().target[:400])


@pytest.fixture(scope="module", params=CASES)
def trained(request):
    """(the case, a trained module in train mode with frozen parts, samples)."""
    kind, _, _ = CASES[request.param]
    torch.manual_seed(0)
    module, (X, labels) = kind(), digits()
    optimiser = torch.optim.Adam(module.parameters(), 0.01)
    for _ in range(60):
        answers = module(X)
        answers = answers[0] if isinstance(answers, tuple) else answers
        optimiser.zero_grad()
        F.cross_entropy(answers, labels).backward()
        optimiser.step()
    optimiser.zero_grad()
    module.train()
    next(module.parameters()).requires_grad_(False)
    next(iter(module.children())).eval()
    return CASES[request.param], module, X[:40]


def run(module, X, watched):
    """Outputs, and by hooks what comes out of the watched parts, in eval mode, of a copy."""
    module, seen = copy.deepcopy(module).eval(), {}
    for name, part in module.named_modules():
        if name in watched:
            part.register_forward_hook(
                lambda _, __, out, name=name: seen.update({name: out.detach().clone()})
            )
    with torch.no_grad():
        out = module(X.clone())
    return (out if isinstance(out, tuple) else (out,)), seen


@pytest.mark.parametrize("mode", ["parallel", "cascade"])
def test_what_is_said_is_what_happens(trained, mode):
    (_, relu, chain), module, X = trained
    flags = [(m.training) for m in module.modules()]
    before = copy.deepcopy(module.state_dict())
    done = nettrim.prune(module, X, epsilon=0.1, mode=mode, method="exact", progress=False)
    linear = {n for n in done.names if n not in relu}
    ends = {n: n if n in linear else NORMS.get(n, n) for n in done.names}
    if type(module) not in (NormFirst, ResNet):
        ends = {n: n for n in done.names}
    (out, old), (out_new, new) = (run(m, X, set(ends.values())) for m in (module, done.network))
    for k, name in enumerate(done.names):
        act = (lambda z: z) if name in linear else torch.relu
        Y, Y_new = (act(seen[ends[name]]).double() for seen in (old, new))
        assert done.discrepancy[k] == pytest.approx(float((Y_new - Y).norm()), rel=1e-5)
        assert done.sizes[k] == pytest.approx(float(Y.norm()), rel=1e-5)
        proof = done.layers[k].report.certificate
        assert abs(proof.gap) <= 1e-6 and proof.violation <= 1e-6
        if mode == "parallel":
            assert done.realised[k] <= done.epsilon[k] * (1 + 1e-5)  # Prop. 1
        weight = done.network.get_submodule(name).weight
        assert float((weight == 0).double().mean()) == pytest.approx(done.zeros[k])
    assert {n for n, b in zip(done.names, done.bound, strict=True) if np.isfinite(b)} == chain
    assert np.all(done.discrepancy <= done.bound * (1 + 1e-5))
    change = sum(float((b - a).norm()) ** 2 for a, b in zip(out, out_new, strict=True))
    size = sum(float(a.norm()) ** 2 for a in out)
    assert done.moved == pytest.approx(np.sqrt(change / size), rel=1e-4)
    assert done.zeros.max() > 0.05

    assert type(done.network) is type(module)
    assert [m.training for m in done.network.modules()] == flags
    assert [p.requires_grad for p in done.network.parameters()] == [
        p.requires_grad for p in module.parameters()
    ]
    for key, value in module.state_dict().items():
        assert torch.equal(value, before[key]), "the module that went in has changed"
    fresh = type(module)()
    fresh.load_state_dict(done.network.state_dict())
    for a, b in zip(run(fresh, X, ())[0], out_new, strict=True):
        assert torch.equal(a, b)


def test_epsilon_zero_changes_no_prediction(trained):
    _, module, X = trained
    done = nettrim.prune(module, X, epsilon=0.0, method="exact", progress=False)
    for a, b in zip(run(module, X, ())[0], run(done.network, X, ())[0], strict=True):
        assert torch.equal(a.argmax(dim=1), b.argmax(dim=1))
    assert done.moved < 1e-4
