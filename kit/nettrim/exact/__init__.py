"""Net-Trim's exact method: each neuron's path of solutions along lambda, event by event.

layer      open this first: all neurons, many epsilons, the ladder path -> common -> cvxpy
lookup     lambda where r = epsilon, for one neuron or a layer with one ball
path       a neuron's path written down piece by piece
blocks     a point on the path, by pivots that change many rows at once: where `path` begins
equations  of one set of active rows, by two Cholesky factors
pivots     along the path by single exchanges, on the table of one neuron
perturbed  the same at perturbed data, which have no ties, and back to the true ones
common     one lambda for several neurons at perturbed data: where `path` breaks down
neuron     one neuron's data, in units in which they are about 1

One call: layer.along -> lookup.follow -> path.start, jump, extend -> blocks.pursue, pivots.move;
what certificate.settled does not call settled -> common.carefully -> perturbed.begin, slide, home
-> pivots.move; the rest -> cvxpy.
"""
