"""The same matrices from moments alone: Gram-Schmidt and inner products in fractions, no formula of any family."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp

import hippo_theory as ht

x = sp.Symbol("x", positive=True)
HALF = Fraction(1, 2)
EPS = np.finfo(float).eps


class Moments:
    """Polynomials (coefficient lists, rising powers) with the inner product of a sequence of moments."""

    def __init__(self, moment, end):
        self.moment, self.end = moment, end

    def inner(self, p, q):
        return sum((a * b * self.moment(i + j) for i, a in enumerate(p) for j, b in enumerate(q)), Fraction(0))

    def orthogonal(self, N):
        """Orthogonal polynomials, positive at ``end``, and their squared norms."""
        found, squares = [], []
        for n in range(N):
            p = [Fraction(0)] * n + [Fraction(1)]
            for q, h in zip(found, squares, strict=True):
                c = self.inner(p, q) / h
                p = [a - c * b for a, b in zip(p, q + [Fraction(0)] * (n + 1 - len(q)), strict=True)]
            sign = 1 if value(p, self.end) > 0 else -1
            found.append([sign * a for a in p])
            squares.append(self.inner(p, p))
        return found, squares


def value(p, at):
    return sum((a * at**i for i, a in enumerate(p)), Fraction(0))


def derivative(p):
    return [i * a for i, a in enumerate(p)][1:] or [Fraction(0)]


def times_x(p):
    return [Fraction(0), *p]


def combine(*terms):
    """Sum of c p over pairs (c, p)."""
    size = max(len(p) for _, p in terms)
    return [sum((c * p[i] for c, p in terms if i < len(p)), Fraction(0)) for i in range(size)]


def reflected(p):
    """p(1 - x)."""
    return combine(*((a, [Fraction((-1) ** i * math.comb(j, i)) for i in range(j + 1)]) for j, a in enumerate(p)))


def same(entry, rational, square):
    """Whether entry = rational / sqrt(square), exactly."""
    want = sp.Rational(rational.numerator, rational.denominator) / sp.sqrt(sp.Rational(square))
    return sp.simplify(entry - want) == 0


def powers(beta):
    return lambda j: 1 / (Fraction(j) + beta + 1)


def beta_integral(alpha, beta):
    """int x^(j + beta) (1 - x)^alpha for whole alpha, beta."""
    return lambda j: Fraction(math.factorial(j + beta) * math.factorial(alpha), math.factorial(j + beta + alpha + 1))


EXPONENTIAL = [(0, "legendre"), *((b, None) for b in (1, 3, HALF, -HALF, Fraction(-2, 3)))]


@pytest.mark.parametrize(("beta", "name"), EXPONENTIAL)
def test_the_flow_of_powers_has_the_inner_products_of_moments(beta, name):
    """A_nk = <-(x p_n' + (1 + beta) p_n), p_k>, B_n = p_n(1); LegS is beta = 0."""
    N = 6
    space = Moments(powers(beta), 1)
    p, h = space.orthogonal(N)
    A, B = ht.derive(name or ht.Jacobi(0, sp.Rational(beta))).exact(N)
    for n in range(N):
        flow = combine((Fraction(-1), times_x(derivative(p[n]))), (-1 - Fraction(beta), p[n]))
        assert same(B[n], value(p[n], 1), h[n])
        assert all(same(A[n, k], space.inner(flow, p[k]), h[n] * h[k]) for k in range(N))


@pytest.mark.parametrize("beta", [2, 5])
def test_weighted_powers_have_half_the_slope_of_their_weight(beta):
    """phi_n = p_n x^(beta/2): -(x phi_n)' = -(x p_n' + (1 + beta/2) p_n) x^(beta/2)."""
    N = 5
    space = Moments(powers(beta), 1)
    p, h = space.orthogonal(N)
    A, B = ht.derive(ht.Jacobi(0, beta).weighted()).exact(N)
    for n in range(N):
        flow = combine((Fraction(-1), times_x(derivative(p[n]))), (-1 - Fraction(beta, 2), p[n]))
        assert same(B[n], value(p[n], 1), h[n])
        assert all(same(A[n, k], space.inner(flow, p[k]), h[n] * h[k]) for k in range(N))


def test_the_window_of_legendre_loses_what_leaves_it():
    """A_nk = <p_n', p_k> - p_n(1) p_k(1), B_n = p_n(0)."""
    N = 7
    space = Moments(powers(0), 1)
    p, h = space.orthogonal(N)
    A, B = ht.derive("legendre", warp="translated").exact(N)
    for n in range(N):
        assert same(B[n], value(p[n], 0), h[n])
        for k in range(N):
            want = space.inner(derivative(p[n]), p[k]) - value(p[n], 1) * value(p[k], 1)
            assert same(A[n, k], want, h[n] * h[k])


@pytest.mark.parametrize(("family", "slope"), [("laguerre-functions", HALF), ("laguerre", Fraction(1))])
def test_laguerre_from_factorials(family, slope):
    """The weight e^-x has the moments j!; functions carry half of its slope."""
    N = 6
    space = Moments(lambda j: Fraction(math.factorial(j)), 0)
    p, h = space.orthogonal(N)
    A, B = ht.derive(family, warp="translated").exact(N)
    for n in range(N):
        flow = combine((Fraction(1), derivative(p[n])), (-slope, p[n]))
        assert same(B[n], value(p[n], 0), h[n])
        assert all(same(A[n, k], space.inner(flow, p[k]), h[n] * h[k]) for k in range(N))


@pytest.mark.parametrize(("alpha", "beta"), [(2, 1), (0, 2), (3, 0)])
@pytest.mark.parametrize("warp", ["exponential", "translated"])
def test_the_generic_constructor_with_weight_one(alpha, beta, warp):
    """F4 as it stands, from oldest (0) to newest (1), duals from the Gram matrix of the weight 1."""
    N = 4
    p, h = Moments(beta_integral(alpha, beta), 1).orthogonal(N)
    flat = Moments(powers(0), 1)
    psi = p
    if warp == "translated":  # psi(t) = p(1 - t): the lag 0 is the newest
        psi = [reflected(q) for q in p]
    gram = sp.Matrix(N, N, lambda i, j: sp.Rational(flat.inner(psi[i], psi[j])))
    inverse = gram.inv()
    image = sp.Matrix(
        N,
        N,
        lambda i, j: sp.Rational(
            flat.inner(times_x(derivative(psi[i])), psi[j])
            if warp == "exponential"
            else flat.inner(derivative(psi[i]), psi[j]) + value(psi[i], 0) * value(psi[j], 0)
        ),
    )
    M = image * inverse + (sp.eye(N) if warp == "exponential" else sp.zeros(N))
    A, B = ht.derive(ht.Jacobi(alpha, beta), weight=1, warp=warp).exact(N)
    for i in range(N):
        assert sp.simplify(B[i] - sp.Rational(value(psi[i], 1)) / sp.sqrt(sp.Rational(h[i]))) == 0
        for j in range(N):
            want = -M[i, j] * sp.sqrt(sp.Rational(h[j]) / sp.Rational(h[i]))
            assert sp.simplify(A[i, j] - want) == 0


@pytest.mark.parametrize("N", [1, 5, 9])
def test_the_generic_constructor_with_the_jump_rule_is_fout(N):
    """M_ij = 2 psi_i(0) psi_j(0) + int psi_i' psi_j on a uniform grid, exact for trigonometric polynomials."""
    grid = np.arange(4 * N) / (4 * N)
    m = np.repeat(np.arange(1, N // 2 + 1), 2)
    phase = np.tile([0.0, -np.pi / 2], N // 2)  # cos, sin of the lag 1 - t

    def psi(t, order=0):
        angle = 2 * np.pi * np.outer(m, 1 - t) + phase[:, None] + order * np.pi / 2
        waves = np.sqrt(2) * (-2 * np.pi * m[:, None]) ** order * np.cos(angle)
        return np.vstack([np.full((1, t.size), 1.0 - order), waves])

    M = psi(grid, 1) @ psi(grid).T / grid.size + 2 * psi(np.zeros(1)) @ psi(np.zeros(1)).T
    A, B = (np.array(Z.evalf(20), dtype=float) for Z in ht.derive("fourier", warp="translated").exact(N))
    # angles up to 2 pi N, rounded, and sums of 4N products
    np.testing.assert_allclose(A, -M, rtol=0, atol=64 * N * EPS * np.linalg.norm(A))
    np.testing.assert_allclose(B[:, 0], 2 * psi(np.ones(1))[:, 0], rtol=0, atol=64 * N * EPS)


@pytest.mark.parametrize("warp", ["exponential", "translated"])
def test_the_distance_from_the_span_is_a_christoffel_function(warp):
    """dist(alpha phi_n(1)/(1-x), P_{N-1}) in L2((1-x)^alpha): the minimum of int y^(alpha-2) P^2, P(0) = 1.

    alpha = 2: alpha phi_n(1)/(N+1). alpha = 3: alpha phi_n(1) sqrt(2)/((N+1)(N+2)).
    """
    N = 3
    for alpha, least in ((2, sp.Rational(1, N + 1)), (3, sp.sqrt(2) / ((N + 1) * (N + 2)))):
        family = ht.Jacobi(alpha, 0)
        phi = [f.subs(f.free_symbols and f.free_symbols.pop(), x) for f in map(sp.sympify, family.functions(N))]
        for n, residual in enumerate(ht.derive(family, warp=warp).closure(N).residual):
            r = residual.subs(residual.free_symbols.pop(), x)
            w = (1 - x) ** alpha

            def integral(f, w=w):
                return sp.integrate(sp.expand(sp.cancel(f * w)), (x, 0, 1))

            squared = integral(r**2) - sum(integral(r * f) ** 2 for f in phi)
            assert sp.simplify(squared - (alpha * phi[n].subs(x, 1) * least) ** 2) == 0


def test_exponential_polynomials_by_their_gram_integrals():
    """[e^-x, x e^-x] on a window: moments of e^-2x from incomplete factorials, to 40 digits."""
    with mpmath.workdps(40):
        moment = [mpmath.gammainc(j + 1, 0, 2) / mpmath.mpf(2) ** (j + 1) for j in range(3)]
        G = mpmath.matrix([[moment[0], moment[1]], [moment[1], moment[2]]])
        flow = mpmath.matrix([[-moment[0], -moment[1]], [moment[0] - moment[1], moment[1] - moment[2]]])
        end = mpmath.matrix([mpmath.exp(-1), mpmath.exp(-1)])
        want = (flow - end * end.T) * G**-1
        A, B = ht.derive([sp.exp(-x), x * sp.exp(-x)], warp="translated").exact(2)
        # sympy's entries are evaluated to 40 digits, the condition of G is below 100
        assert all(abs(mpmath.mpmathify(A[i, j].evalf(45)) - want[i, j]) < 1e-36 for i in range(2) for j in range(2))
    assert list(B) == [1, 0]
