"""Net-Trim's exact method: each neuron's path of solutions along lambda, piece by piece.

To read: from the last line up; blocks has the conditions of an optimum and the equations.

layer      all neurons, many epsilons; what is not proved goes to cvxpy
balls      the lambda at which the residuals meet epsilon, for one neuron or a layer with one ball
path       a piece of a neuron's path around one lambda, and the program without a residual
blocks     a point on the path, by pivots that change many rows at once
interior   the same by an interior point, where pivots do not end
equations  of one set of active rows, by two Cholesky factors
neuron     one neuron's data, in units in which they are about 1

One call: layer.solve_layer -> balls.solve_balls -> path.first, other -> blocks.pivot -> equations;
where these do not end, in shorter steps of lambda, and then -> interior.interior, or
interior.by_clarabel where that fails -> blocks.pivot. What certificate.settled does not call
settled -> reference.reference (cvxpy).
"""
