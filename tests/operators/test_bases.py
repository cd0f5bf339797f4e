"""p_n and omega of every family: against flint's own polynomials, quadrature, and the state equations."""

import math
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
import references as ref
import sympy
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import roots_jacobi

import hippo_theory as ht
from hippo_theory._double import exp, expm1

LOG2 = math.log(2)
LAGS = [0.0, 5e-324, 1e-300, 1e-12, 1e-6, 1e-3, 0.05, 0.3, *(np.nextafter(LOG2, d) for d in (0, 1)), LOG2]
LAGS += [0.7, 1.0, math.pi, 10.0, 23.5, 50.0]
WEIGHTS = [(0, 0), (0.5, -0.5), (-0.5, -0.5), (-0.9, 3.0), (5.0, -0.7), (0, 2.5)]


def ball(x):
    x = Fraction(x)
    return arb(flint.fmpq(x.numerator, x.denominator))


def legendre(n, t, bits=200):
    """L_n(e^{-t}) by flint's Legendre function, with 2^-bits of absolute error or better."""
    working = 2 * bits
    while True:
        with flint.ctx.workprec(working):
            value = arb(2 * n + 1).sqrt() * (2 * (-ball(t)).exp() - 1).legendre_p(n)
            if value.rad() < arb(2) ** -bits:
                return value
        working *= 2


def orthonormal_jacobi(n, t, alpha, beta):
    """P_n(e^{-t}) from flint's P_n^{(alpha, beta)}(2x - 1) and the textbook norm, in balls of 120 bits."""
    with flint.ctx.workprec(2000):
        a, b = ball(alpha), ball(beta)
        top = (n + a + 1).gamma() * (n + b + 1).gamma()
        # Gamma(n + a + b + 1)(2n + a + b + 1) has a finite limit where a + b = -1 and n = 0
        bottom = (n + a + b + 2).gamma() * math.factorial(n)
        factor = (2 * n + a + b + 1) / (n + a + b + 1) if n else arb(1)
        square = factor * bottom / top
        value = square.sqrt() * (2 * (-ball(t)).exp() - 1).jacobi_p(n, a, b)
    assert value.rad() < 2.0**-120
    return value


def amplitude(n, t):
    """The smooth size of L_n(e^{-t}) (Bernstein): r_n min(1, sqrt(2/(pi (n + 1/2) sin theta))), cos theta = 2x - 1."""
    sine = 2 * math.sqrt(math.exp(-t) * -math.expm1(-t))
    bound = math.sqrt(2 / (math.pi * (n + 0.5) * sine)) if sine else 1.0
    return math.sqrt(2 * n + 1) * min(1.0, bound)


def gap(value, reference):
    """|value - reference| for a float and a ball, subtracted in balls."""
    with flint.ctx.workprec(400):
        return float(abs(arb(float(value)) - reference))


# ------------------------------------------------------------------------------------------------ accuracy


def test_exponentials_in_two_floats_have_a_hundred_bits():
    x = np.array([-690.0, -40.5, -1.0, -LOG2, -0.34657359, -1e-3, -1e-200, 0.0, 1e-9, 0.5, 3.0, 300.0])
    (m, low), k = exp(x)
    high, tail = expm1(x)
    with flint.ctx.workprec(400):
        for j, point in enumerate(x):
            for got, want in (
                ((arb(m[j]) + arb(low[j])) * arb(2) ** int(k[j]), arb(point).exp()),
                (arb(high[j]) + arb(tail[j]), arb(point).expm1()),
            ):
                tiny = 2.0**-1074  # the low float of 1e-200 is 1e-216; of x = 0 there is none
                assert abs(got - want) <= abs(want) * arb(2) ** -96 + tiny


@pytest.mark.parametrize("N", [1, 2, 64, 256, 1024])
def test_legs_basis_is_within_three_half_eps_of_its_amplitude(N):
    _check_legs_basis(N, [n for n in (0, 1, 2, 3, 10, 63, 64, 100, 255, 511, 1000, 1023) if n < N])


def test_legs_basis_is_within_three_half_eps_of_its_amplitude_at_degree_4095():
    """A float64 gap alone would cost 4.5e-13 here, and float64 rounding of the recurrence 2.7e-13 near log 2."""
    _check_legs_basis(4096, [2047, 3000, 4094, 4095])


def _check_legs_basis(N, degrees):
    lags = [*LAGS, *np.random.default_rng(N).uniform(0, 5, 8)]
    p, K = ht.LegS(N).basis(lags), ht.LegS(N).kernel(lags)
    for j, t in enumerate(lags):
        for n in degrees:
            want = legendre(n, t)
            # rounded: the value, r_n, their product; half an ulp is eps/2
            assert gap(p[n, j], want) <= 3 * ref.EPS / 2 * amplitude(n, t), (n, t)
            with flint.ctx.workprec(400):
                want = want * (-ball(t)).exp()
            assert gap(K[n, j], want) <= 3 * ref.EPS * amplitude(n, t) * math.exp(-t), (n, t)


@pytest.mark.parametrize(("alpha", "beta"), WEIGHTS)
def test_jacobi_bases_are_accurate_to_a_few_eps_of_their_neighbours(alpha, beta):
    N = 128
    p = ht.ExponentialBasis(N, alpha, beta).values(LAGS)
    for j, t in enumerate(LAGS):
        for n in (0, 1, 2, 17, 64, 126):
            # the size of p_n near t: three consecutive degrees are never small together
            size = np.abs(p[max(n - 1, 0) : n + 2, j]).max()
            tolerance = (6 + 2 * (1 + abs(alpha) + abs(beta))) * ref.EPS * size  # the Gamma functions of P_0
            assert gap(p[n, j], orthonormal_jacobi(n, t, alpha, beta)) <= tolerance, (n, t)


@pytest.mark.parametrize("N", [1, 64, 600])
def test_lagt_basis_is_rounded_once_or_twice(N):
    t = [0.0, 1e-300, 1e-3, 0.3, 1.0, 7.0, 30.0, 500.0, 2000.0, 4 * N + 2.0, 1e5]
    p = ht.LagT(N).basis(t)
    for j, u in enumerate(t):
        with flint.ctx.workprec(8192):
            for n in {0, N // 3, N - 1}:
                want = (-arb(u) / 2).exp() * arb(u).laguerre_l(n)
                assert abs(arb(p[n, j]) - want) <= ref.EPS, (n, u)


def test_fourier_and_legendre_windows_keep_the_phase_of_high_frequencies():
    """2 pi m t rounded as it stands would cost m eps, 1e-13 here."""
    t = np.random.default_rng(5).uniform(0, 1, 12)
    fout, legt = ht.FouT(2049).basis(t), ht.LegT(2048).basis(t)
    for j, u in enumerate(t):
        with flint.ctx.workprec(400):
            for m in (1, 77, 1023, 1024):
                root, turn = arb(2).sqrt(), 2 * m * arb(u)
                assert abs(arb(fout[2 * m - 1, j]) - root * turn.cos_pi()) <= 4 * ref.EPS
                assert abs(arb(fout[2 * m, j]) - root * turn.sin_pi()) <= 4 * ref.EPS
            for n in (1, 100, 2047):
                size = min(math.sqrt(2 * n + 1), 2 / math.sqrt(math.pi) / (u * (1 - u)) ** 0.25)
                want = arb(2 * n + 1).sqrt() * (2 * arb(u) - 1).legendre_p(n)
                assert abs(arb(legt[n, j]) - want) <= 3 * ref.EPS * size


# ------------------------------------------------------------------------------------------ orthonormality


def panels(stop, count, degree=40):
    """Composite Gauss-Legendre nodes and weights on [0, stop]."""
    x, w = np.polynomial.legendre.leggauss(degree)
    h = stop / count
    return ((np.arange(count)[:, None] + (x + 1) / 2) * h).ravel(), np.tile(w * h / 2, count)


def test_legs_basis_is_orthonormal_in_x():
    x, w = np.polynomial.legendre.leggauss(256)
    p = ht.LegS(256).basis(-np.log((x + 1) / 2))
    # node and lag are rounded: n eps each in the phase of p_n
    np.testing.assert_allclose((p * w / 2) @ p.T, np.eye(256), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("alpha", "beta"), WEIGHTS)
def test_exponential_bases_are_orthonormal_for_their_jacobi_weight(alpha, beta):
    N, v = 128, np.linspace(-6, 6, 4001)
    # tanh-sinh: x = 1/(1 + e^{-y}), y = 3 sinh v, resolves the singularities at both ends
    y, dy = 3 * np.sinh(v), 3 * np.cosh(v) * (v[1] - v[0])
    t, u = np.logaddexp(0, -y), np.logaddexp(0, y)  # -log x and -log(1 - x); dx = x (1 - x) dy
    p = ht.ExponentialBasis(N, alpha, beta).values(t)
    G = (p * (dy * np.exp(-(alpha + 1) * u - (beta + 1) * t))) @ p.T
    np.testing.assert_allclose(G, np.eye(N), rtol=0, atol=1e-12)


def test_laguerre_functions_are_orthonormal():
    u, w = panels(38.0, 60)  # t = u^2: the phase 2 sqrt(n t) grows evenly in u
    p = ht.LagT(256).basis(u * u)
    np.testing.assert_allclose((p * (2 * u * w)) @ p.T, np.eye(256), rtol=0, atol=1e-12)


@pytest.mark.parametrize("family", ["LegT", "FouT"])
def test_window_bases_are_orthonormal_on_the_window(family):
    op = ht.operator(family, 129)
    t, w = panels(1.0, 20)
    p = op.basis(t)
    np.testing.assert_allclose((p * w * op.measure(t)) @ p.T, np.eye(129), rtol=0, atol=1e-13)


@pytest.mark.parametrize("shift", [0.0, 0.3])
@pytest.mark.parametrize("a", [[1.0], [0.4, 2 + 5j, 2 - 5j, 0.4, 1 + 1j, 1 - 1j], [0.5 + 3j, 0.5 - 3j] * 3], ids=len)
def test_takenaka_malmquist_basis_is_orthonormal_for_its_measure(a, shift):
    op = ht.TakenakaMalmquist(a, shift)
    t, w = panels(40.0, 80)
    t, w = t[shift * t < 10], w[shift * t < 10]
    p = op.basis(t)
    missing = 40 * np.exp(-2 * op.a.real.min() * t[-1]) * (1 + t[-1]) ** 6  # the tail, with repeated poles
    atol = max(1e-11, missing)
    np.testing.assert_allclose((p * w * op.measure(t)) @ p.T, np.eye(op.N), rtol=0, atol=atol)


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_a_chain_with_the_poles_of_legs_or_lagt_has_their_basis(shift):
    a, op = (np.arange(8) + 0.5, ht.LegS(8)) if shift else (np.full(8, 0.5), ht.LagT(8))
    t = np.array([0.0, 1e-9, 0.1, 1.0, 7.0, 20.0])
    tolerance = 8 * ref.EPS * (1 + np.abs(op.A).sum(axis=0).max() * t) * np.exp(shift * t) * np.linalg.norm(op.B)
    assert (np.abs(ht.TakenakaMalmquist(a, shift).basis(t) - op.basis(t)).max(axis=0) <= tolerance).all()


# ----------------------------------------------------------------------------- kernels, measures, memory

TM = ht.TakenakaMalmquist([0.3, 2 + 1j, 2 - 1j], 0.1)
ALL = [ht.LegS(5), ht.LegT(5), ht.LagT(5), ht.FouT(5), TM]


@pytest.mark.parametrize("op", [ht.LegS(64), ht.LagT(64), TM], ids=repr)
def test_kernels_are_the_basis_times_the_measure(op):
    t = np.array([0.0, 1e-12, 0.3, LOG2, 5.0, 30.0])
    atol = 8 * ref.EPS * (1 + np.linalg.norm(op.A, 2) * t) * np.linalg.norm(op.B)
    assert (np.abs(op.kernel(t) - op.basis(t) * op.measure(t)).max(axis=0) <= atol).all()


@pytest.mark.parametrize("op", ALL, ids=repr)
def test_the_mean_memory_is_the_mean_lag_of_the_measure(op):
    stop = min(op.window, 1e3)
    t, w = panels(stop, 400)
    mass, moment = w @ op.measure(t), w @ (t * op.measure(t))
    if op.shift == 0 and op.window == math.inf:
        assert op.mean_memory == math.inf
        np.testing.assert_array_equal(op.measure(t), 1.0)
    else:
        assert op.mean_memory == pytest.approx(moment / mass, rel=1e-12)


def test_windows_end_and_half_lines_do_not():
    for op in ALL:
        assert op.window == (1.0 if op.family in ("LegT", "FouT") else math.inf)
    assert ht.LegT(3).measure([0.0, 1.0, 1.0000001, 5.0]).tolist() == [1.0, 1.0, 0.0, 0.0]
    assert [ht.operator(f, 3).mean_memory for f in ("LegS", "LegT", "FouT")] == [1.0, 0.5, 0.5]


@pytest.mark.parametrize("op", ALL, ids=repr)
def test_basis_and_measure_keep_the_shape_of_the_lags(op):
    t = np.linspace(0, 1, 6)
    p = op.basis(t)
    assert p.shape == (op.N, 6) and p.dtype == np.float64
    np.testing.assert_allclose(op.basis(t.reshape(2, 3)), p.reshape(op.N, 2, 3), rtol=0, atol=1e-14)
    assert op.basis(0.5).shape == (op.N,) and op.measure(0.5).shape == ()
    assert op.basis([]).shape == (op.N, 0) and op.measure(t.reshape(2, 3)).shape == (2, 3)


def test_bases_at_the_ends_are_exact():
    """L_n(1) = r_n, L_n(0) = (-1)^n r_n; LegT counts the lag from now, so its p_n(0) = (-1)^n r_n."""
    r = np.sqrt(2 * np.arange(300) + 1.0)
    sign = (-1.0) ** np.arange(300)
    np.testing.assert_array_equal(ht.LegS(300).basis([0.0, 1e4]), np.stack([r, sign * r], axis=1))
    np.testing.assert_array_equal(ht.LegT(300).basis([0.0, 1.0]), np.stack([sign * r, r], axis=1))
    np.testing.assert_array_equal(ht.LegT(300).basis(0.0), ht.LegT(300).B)
    np.testing.assert_array_equal(ht.LagT(300).basis(0.0), 1.0)
    np.testing.assert_array_equal(2 * ht.FouT(301).basis(0.0), ht.FouT(301).B)


# ---------------------------------------------------------------------------- ExponentialBasis and warps


@given(st.integers(2, 40), st.floats(-0.9, 4), st.floats(-0.9, 4), st.floats(0, 30))
def test_multiplication_by_x_is_the_jacobi_matrix(N, alpha, beta, t):
    basis = ht.ExponentialBasis(N, alpha, beta)
    J, p = basis.jacobi_matrix(), basis.values(t)
    np.testing.assert_allclose((J @ p)[:-1], (math.exp(-t) * p)[:-1], rtol=0, atol=32 * ref.EPS * np.abs(p).max())


@pytest.mark.parametrize(("alpha", "beta"), WEIGHTS)
def test_the_eigenvalues_of_the_jacobi_matrix_are_gauss_nodes(alpha, beta):
    nodes = np.linalg.eigvalsh(ht.ExponentialBasis(40, alpha, beta).jacobi_matrix())
    np.testing.assert_allclose(nodes, (roots_jacobi(40, alpha, beta)[0] + 1) / 2, rtol=0, atol=8 * ref.EPS)


def test_the_gramian_of_legs_is_the_jacobi_matrix():
    P, side = ht.LegS(50).gramian(), np.arange(1, 50)
    np.testing.assert_array_equal(np.diagonal(P), 0.5)
    np.testing.assert_allclose(np.diagonal(P, 1), side / (2 * np.sqrt(4.0 * side**2 - 1)), rtol=2 * ref.EPS)


@pytest.mark.parametrize("beta", [0.0, 1.5, -0.75])
def test_alpha_zero_is_the_closed_case(beta):
    """e^{-2ct} p_n are kernels of a chain with a_k = k + c and shift c = (beta + 1)/2, and p' = (A + 2cI) p."""
    c, N = (beta + 1) / 2, 12
    chain, basis = ht.TakenakaMalmquist(np.arange(N) + c, shift=c), ht.ExponentialBasis(N, 0, beta)
    for t in (0.0, 1e-3, 0.4, 3.0):
        p, slope = basis.values(t), basis.derivative(t)
        scale = np.linalg.norm(chain.B)
        np.testing.assert_allclose(chain.kernel(t), math.exp(-2 * c * t) * p, rtol=0, atol=64 * ref.EPS * N * scale)
        with flint.ctx.workprec(300):
            A = ref.balls("TM", a=[k + c for k in range(N)], shift=c)[0]
            P = flint.arb_mat([[x] for x in basis.balls(Fraction(t), 250)])
            want = A * P + arb(2 * c) * P
        size = np.abs(basis.derivative(np.linspace(t, t + 0.2, 9))).max(axis=1)
        assert all(gap(slope[n], want[n, 0]) <= 16 * ref.EPS * max(size[n], abs(slope[n])) for n in range(N))


@pytest.mark.parametrize(("alpha", "beta"), WEIGHTS)
def test_derivatives_agree_with_mpmath(alpha, beta):
    mpmath.mp.dps = 40
    basis = ht.ExponentialBasis(7, alpha, beta)
    polynomials = [sympy.lambdify(sympy.Symbol("x"), q, "mpmath") for q in basis.exact()]
    for t in (1e-3, 0.5, 2.0):
        got = basis.derivative(t)
        for n, q in enumerate(polynomials):
            want = mpmath.diff(lambda u, q=q: q(mpmath.exp(-u)), mpmath.mpf(t))
            assert got[n] == pytest.approx(float(want), abs=32 * ref.EPS * np.abs(got[: n + 1]).max())


def test_derivatives_at_the_ends():
    """L_n'(1) = r_n n(n+1), so p_n'(0) = -r_n n(n+1); far away nothing moves any more."""
    n = np.arange(400)
    slopes = ht.ExponentialBasis(400).derivative([0.0, 800.0])
    np.testing.assert_allclose(slopes[:, 0], -np.sqrt(2 * n + 1.0) * n * (n + 1), rtol=8 * ref.EPS)
    np.testing.assert_array_equal(slopes[:, 1], 0.0)
    assert ht.ExponentialBasis(1).derivative([0.0, 1.0]).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("beta", [0.0, 0.5])
def test_laplace_transforms_agree_with_mpmath(beta):
    mpmath.mp.dps = 30
    basis = ht.ExponentialBasis(6, 0, beta)
    for s in (0.4 + 1j, 2.0, 5 - 3j):
        got = basis.laplace(s)
        for n, q in enumerate(basis.exact()):
            function = sympy.lambdify(sympy.Symbol("x"), q, "mpmath")
            want = mpmath.quad(
                lambda u, f=function, s=s: mpmath.exp(-s * u) * f(mpmath.exp(-u)), [0, 1, 3, 10, 30, mpmath.inf]
            )
            assert abs(got[n] - complex(want)) <= 16 * ref.EPS * np.abs(got).max()


def test_the_laplace_transform_is_the_transfer_vector_of_legs_one_to_the_right():
    s = np.array([0.5 + 2j, 3.0, 40j, 1e6 + 1j, 1e300, np.inf])
    got, want = ht.ExponentialBasis(64).laplace(s), ht.LegS(64).transfer(s - 1)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-13)
    assert np.isinf(ht.ExponentialBasis(4).laplace([0.0, -3.0])[3]).all()
    assert np.isfinite(ht.ExponentialBasis(4).laplace(-3.0)[:3]).all()
    with pytest.raises(ht.ParameterError, match="alpha = 0"):
        ht.ExponentialBasis(4, 0.5).laplace(1.0)


def test_exact_polynomials_are_orthonormal_without_rounding():
    x = sympy.Symbol("x")
    for alpha, beta in ((0, 0), (0, 0.5), (1, 2), (0.5, 0.5)):
        a, b = sympy.Rational(alpha), sympy.Rational(beta)
        P = ht.ExponentialBasis(4, alpha, beta).exact()
        for n in range(4):
            for m in range(n + 1):
                terms = sympy.Poly(P[n] * P[m], x).terms()
                moment = sum(c * sympy.gamma(k + b + 1) * sympy.gamma(a + 1) / sympy.gamma(k + a + b + 2)
                             for (k,), c in terms)  # fmt: skip
                assert sympy.simplify(moment) == (1 if n == m else 0)
            assert sympy.Poly(P[n], x).LC() > 0


@pytest.mark.parametrize("t", [0.0, 1e-300, LOG2, 1.0, 50.0, Fraction(1, 3), 1e300])
def test_balls_contain_flints_own_legendre_polynomials(t):
    for bits in (53, 200):
        values = ht.ExponentialBasis(130).balls(t, bits)
        for n in (0, 1, 2, 60, 129):
            want = legendre(n, min(t, 1e4), 300)
            assert values[n].overlaps(want)
            assert values[n].rad() <= 2.0 ** (1 - bits) * max(1.0, float(abs(want)))


@pytest.mark.parametrize(("alpha", "beta"), WEIGHTS)
def test_balls_contain_flints_own_jacobi_polynomials(alpha, beta):
    for t in (0.0, 0.3, 4.0):
        values = ht.ExponentialBasis(40, alpha, beta).balls(t)
        assert all(values[n].overlaps(orthonormal_jacobi(n, t, alpha, beta)) for n in (0, 1, 2, 39))


def test_balls_of_degree_4095_are_as_narrow_as_asked():
    value = ht.ExponentialBasis(4096).balls(0.25, 64)[4095]
    assert value.overlaps(legendre(4095, 0.25))
    assert value.rad() <= 2.0**-62


def test_warps_are_legendre_in_the_warped_lag():
    t = np.array([[2.0], [5.0]])
    s = np.array([0.0, 0.5, 2.0])
    x = {
        "exponential": np.exp(s - t),
        "scaled": s / t,
        "logarithmic": (1 + s) / (1 + t),
        "quadratic": np.exp((s**2 - t**2) / 2),
    }
    r = np.sqrt(2 * np.arange(20) + 1.0)
    for name, values in x.items():
        want = np.moveaxis(np.polynomial.legendre.legvander(2 * values - 1, 19) * r, -1, 0)
        got = ht.warped_basis(20, t, name, s)
        assert got.shape == (20, 2, 3)
        # n^2 eps: the reference rounds 2x - 1, next to the ends
        np.testing.assert_allclose(got, want, rtol=0, atol=64 * 400 * ref.EPS)


def test_the_default_warp_is_the_basis_of_legs():
    t = np.array(LAGS)
    np.testing.assert_array_equal(ht.warped_basis(33, t), ht.LegS(33).basis(t))
    np.testing.assert_array_equal(ht.warped_basis(9, t, alpha=0.5, beta=2), ht.ExponentialBasis(9, 0.5, 2).values(t))
    u = sympy.Symbol("u")
    np.testing.assert_allclose(ht.warped_basis(9, 3.0, u**2 / 2, 1.0), ht.warped_basis(9, 3.0, "quadratic", 1.0))


# ------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize("t", [-1e-300, [0.0, -1.0], np.nan, [1.0, np.inf], 1j, "1", None], ids=str)
@pytest.mark.parametrize("op", ALL, ids=repr)
def test_lags_that_are_no_lags_are_refused(op, t):
    for method in (op.basis, op.measure):
        with pytest.raises(ht.ParameterError, match="t must be"):
            method(t)


@pytest.mark.parametrize("op", [ht.LegT(4), ht.FouT(5)], ids=repr)
def test_lags_beyond_the_window_are_refused(op):
    with pytest.raises(ht.ParameterError, match=r"window \[0, 1\].*1.5"):
        op.basis([0.5, 1.5])
    with pytest.raises(ht.ParameterError, match="window"):
        op.basis(np.nextafter(1.0, 2.0))


def test_takenaka_malmquist_refuses_lags_where_no_digits_are_left():
    op = ht.TakenakaMalmquist([1.0, 2.0], 0.5)
    assert np.isfinite(op.basis(30.0)).all()
    for t in (60.0, 2000.0, 1e300):
        with pytest.raises(ht.AccuracyError, match=r"e\^\(shift t\)"):
            op.basis([0.0, t])
    assert np.abs(ht.TakenakaMalmquist([1.0, 2.0]).basis(1e6)).max() <= 1e-100  # nothing grows without a shift


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "N must be at least 1"),
        ((2.5,), "N must be an integer"),
        ((3, -1.0), "alpha must be > -1"),
        ((3, 0, -2), "beta must be > -1"),
        ((3, np.nan), "alpha must be finite"),
        ((3, 0, "1"), "beta must be a real number"),
    ],
)
def test_bases_that_do_not_exist_are_refused(arguments, message):
    with pytest.raises(ht.ParameterError, match=message):
        ht.ExponentialBasis(*arguments)


def test_arguments_out_of_range_are_refused():
    basis = ht.ExponentialBasis(3)
    for bad in (-1.0, np.nan, 1j, None):
        for method in (basis.values, basis.derivative, basis.balls):
            with pytest.raises(ht.ParameterError, match="t must be"):
                method(bad)
    with pytest.raises(ht.ParameterError, match="t must be >= 0"):
        basis.balls(Fraction(-1, 2))
    with pytest.raises(ht.ParameterError, match="bits"):
        basis.balls(1.0, bits=0)
    with pytest.raises(ht.ParameterError, match="NaN"):
        basis.laplace(np.nan)
    with pytest.raises(ht.ParameterError, match="past"):
        ht.warped_basis(3, 1.0, "scaled", 2.0)
    with pytest.raises(ht.UnknownNameError):
        ht.warped_basis(3, 1.0, "cubic")
    with pytest.raises(ht.AccuracyError, match="float range"):
        ht.ExponentialBasis(3000, 200.0).values(0.5)
    with pytest.raises(ht.AccuracyError, match="float range"):
        ht.ExponentialBasis(3, 0.0, 1e300).values(0.5)
    with pytest.raises(ht.AccuracyError, match="more than"):
        ht.ExponentialBasis(3).balls(1.0, bits=(1 << 20) - 8)
