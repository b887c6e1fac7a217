"""Net-Trim on whole networks: the rooms of this folder, and the way of one call.

    network.py     Network, forward, accuracy, link normalisation: plain arrays
    estimators.py  scikit-learn: train, read, write, pipelines and searches
    trace.py       PyTorch by torch.fx: which layers there are, and what follows them
    refusals.py    PyTorch: layers that cannot be pruned, and the way out
    modules.py     PyTorch: run with hooks, patches, write; samples in any form
    chains.py      from_torch, to_torch: chains of dense layers as a Network
    layer.py       one layer as a program: solved, refitted
    walk.py        ONE walk over the layers of all three, and the proof by running
    promises.py    what the theorems promise, with proofs
    prune.py       prune: open this first;  report.py  its answer;  gains.py  what it saves
    refit.py       weights fitted anew;  rivals.py  other pruning methods at equal sparsity

A call goes one way: prune -> a Model (Arrays or Modules) -> walk: every layer a NetTrim, solved by
nettrim.solve, written back -> judge: both networks run, belief against what happens -> report.
"""

from kit.nettrim.networks.gains import savings, shrink
