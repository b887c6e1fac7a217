"""Net-Trim's exact method: each neuron's path of solutions along lambda, piece by piece.

For one neuron, in the units of neuron.py, with A = X_Omega and C = X_C, its silent samples,

    min (1/2) |A'u - y|^2 + lambda sum_j p_j |u_j|   s.t.   C'u <= v.                            (1)

Optimal are u and multipliers mu >= 0 of C'u <= v for which, with c = A (y - A'u) - C mu,

    c_j = lambda p_j sign u_j where u_j is not 0,    |c_j| <= lambda p_j elsewhere,
    C_i'u = v_i where mu_i is not 0.                                                             (2)

With active inputs S of signs s and active samples K, where u_j and mu_i need not be 0, that is

    [ A_S A_S'   C_SK ] [ u_S  ]   [ A_S y - lambda p_S s ]
    [ C_SK'      0    ] [ mu_K ] = [ v_K                  ].                                     (3)

While S, s and K stay the same, u, mu and c are lines in lambda: a piece of the path. The path is
not walked: a piece is solved for only where a lambda is wanted, for the smallest radius first.

To read, in this order; layer.solve_layer calls balls.solve_balls, that path.first and path.other.

neuron     one neuron's data, in units in which they are about 1
equations  (3), by two Cholesky factors
blocks     S, s and K for one lambda, by pivots that change many rows at once
interior   the same by an interior point, where pivots do not end
path       a piece around one lambda, from rung to rung until one holds; the program for epsilon = 0
balls      the lambda at which the residuals meet epsilon, for one neuron or a layer with one ball
layer      all neurons, many epsilons; what is not proved goes to cvxpy
"""
