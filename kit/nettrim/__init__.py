"""Net-Trim, arXiv 1611.05162 and 1806.06457: prune ReLU layers by convex programs.

problem = nettrim.NetTrim(X, Y, epsilon)       one layer: samples in, answers out
answer = nettrim.solve(problem)                answer.W, answer.dual, answer.report
nettrim.path(problem, epsilons)                many epsilons, each neuron on one path
nettrim.certify(problem, answer.W, answer.dual)
nettrim.proved_zeros(problem, answer.W, answer.dual), penalty(problem, answer)      reading.py
nettrim.METHODS, methods_for(problem), admm(problem)        the methods, and the papers' one by hand
nettrim.prune(network, X, epsilon=0.1)         all layers, measured beside promised errors;
                                               mode="cascade": one after the other
nettrim.Network, PrunedNetwork, Trained; train, forward, accuracy, promises, refit
nettrim.link_normalise, link_restore           layers of norm 1, and back
nettrim.from_sklearn, to_sklearn, from_torch, to_torch      networks in and out
nettrim.compare(network, data, [0.5, 0.8]), rivals, RIVALS               at equal sparsity

Read problem.py first, then certificate.py (what is proved of an answer), with rescale.py and
rounding.py; solve.py (one entry), with admm.py and reference.py (cvxpy); exact/ (the method that
"auto" takes, see its docstring); reading.py; networks/ (whole networks, see its docstring).

One call: solve -> good units, neurons for which 0 is enough taken out -> a method of METHODS ->
W and Q -> certify -> answer. A method proves nothing about itself.
"""

from kit.nettrim.admm import admm
from kit.nettrim.certificate import certify
from kit.nettrim.networks import promises, rivals
from kit.nettrim.networks.chains import from_torch, to_torch
from kit.nettrim.networks.estimators import Trained, from_sklearn, to_sklearn, train
from kit.nettrim.networks.network import (
    Network,
    accuracy,
    forward,
    link_normalise,
    link_restore,
)
from kit.nettrim.networks.prune import prune
from kit.nettrim.networks.refit import refit
from kit.nettrim.networks.report import PrunedNetwork
from kit.nettrim.networks.rivals import RIVALS, compare
from kit.nettrim.problem import NetTrim
from kit.nettrim.reading import penalty, proved_zeros
from kit.nettrim.solve import METHODS, methods_for, path, solve
