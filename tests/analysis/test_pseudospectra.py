"""Pseudospectra: one scalar equation against matrices in balls and in mpmath, LAPACK, and theorems."""

import math
import pickle
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from multiprocessing import get_context

import flint
import mpmath
import numpy as np
import pytest
from flint import acb, arb
from hypothesis import example, given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.analysis import _dense_resolvent, _enclosed_resolvent, _inverse_lanczos
from hippo_theory.errors import (
    AccuracyError,
    AccuracyWarning,
    HippoTheoryError,
    ParameterError,
    ParameterTypeError,
    ShapeError,
)
from hippo_theory.plot import canvas

EPS = np.finfo(float).eps
LN10 = math.log(10)


def box(N):
    return (-N - 10, 10, -N, N)


def svd(A, z):
    """sigma_min by LAPACK, absolute error about eps norm(zI - A)."""
    z = np.asarray(z, dtype=complex).ravel()
    return np.linalg.svd(z[:, None, None] * np.eye(len(A)) - A, compute_uv=False)[:, -1]


def slack(A, z):
    """20 eps sqrt(N) norm(zI - A), bounded by the sum of the norms."""
    return 20 * EPS * math.sqrt(len(A)) * (np.linalg.norm(A, 2) + np.abs(z).max())


def digits(log10):
    """What a float64 logarithm can hold of sigma: a few ulps of it, besides the rounding of N factors."""
    return 1e-14 + 2 * EPS * LN10 * np.abs(log10).max()


def grcar(n):
    return np.diag(-np.ones(n - 1), -1) + sum(np.diag(np.ones(n - j), j) for j in range(4))


def turned(op, seed=0):
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((op.N, op.N)))[0]
    return Q @ op.A @ Q.T


def quiet(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        return ht.pseudospectrum(*args, **kwargs)


def by_power_method(a, shift, z, bits):
    """log10 sigma_min of a real chain where it is isolated: substitution through the triangle, in balls."""
    with flint.ctx.workprec(bits):
        a, point = [arb(float(x)) for x in a], acb(z.real, z.imag)
        b, d = [(2 * x).sqrt() for x in a], [point + arb(shift) + x for x in a]

        def solve(order, f, d):
            total, x = acb(0), [acb(0)] * len(a)
            for n in order:
                x[n] = (f[n] - b[n] * total) / d[n]
                total += b[n] * x[n]
            return x

        def norm(x):
            return sum((abs(c) ** 2 for c in x), arb(0)).sqrt()

        forward, size = list(range(len(a))), None
        v = [acb(1)] * len(a)
        for _ in range(60):
            v = [c / norm(v) for c in v]
            u = solve(forward[::-1], v, [c.conjugate() for c in d])
            old, size = size, norm(u)
            v = solve(forward, u, d)
            if old is not None and abs(size / old - 1) < arb(2) ** -60:
                return -float((size.log() / arb(10).log()).mid())
        raise AssertionError("not isolated")


@st.composite
def chains(draw, pairs=True):
    a = []
    for _ in range(draw(st.integers(1, 6))):
        alpha = draw(st.floats(0.05, 20))
        beta = draw(st.one_of(st.just(0.0), st.floats(0.1, 30))) if pairs else 0.0
        a += [alpha] if beta == 0 else [alpha + 1j * beta, alpha - 1j * beta]
    return ht.TakenakaMalmquist(a, shift=draw(st.sampled_from([0.0, 0.1, 0.5, 2.0])))


points = st.lists(
    st.builds(complex, st.floats(-45, 30), st.one_of(st.just(0.0), st.floats(-40, 40))), min_size=1, max_size=12
)

# ------------------------------------------------------------------------------------------- lossless chains


@given(chains(), points)
@example(ht.LegS(7), [-3.0, -0.5, 0.0, -0.5 + 2j, -1e3, 1e3j])
@example(ht.LagT(5), [0.0, 1e-9, -1e-9, -0.25, -0.1 + 3j, 1j])
def test_the_equation_of_the_allpass_function_gives_the_smallest_singular_value(op, z):
    found = ht.pseudospectrum(op, z)
    assert np.abs(10**found.log10_sigma - svd(op.A, z)).max() <= slack(op.A, np.array(z))
    assert found.floor_log10 == -math.inf and found.z.shape == found.log10_sigma.shape == (len(z),)


@pytest.mark.parametrize(
    "op",
    [ht.LegS(5), ht.LagT(6), ht.TakenakaMalmquist([1 + 2j, 1 - 2j, 0.3, 4.0], shift=0.25), ht.LegS(9)],
    ids=repr,
)
def test_all_singular_values_solve_it_and_the_smallest_is_the_one_returned(op):
    """m_1 phi(z - m_1) = m_2 phi(z - m_2), from mpmath's singular values of the exact matrix."""
    rng = np.random.default_rng(op.N)
    exact = op.exact()[0]
    for z in rng.uniform(-8, 4, 6) + 1j * rng.uniform(-6, 6, 6):
        with mpmath.workdps(40):
            M = mpmath.mpc(z) * mpmath.eye(op.N) - mpmath.matrix(exact.evalf(40).tolist())
            sigma = list(mpmath.svd_c(M, compute_uv=False))
            c = 2 * mpmath.mpf(z.real) + 2 * mpmath.mpf(op.shift)

            def phi(s):
                zeros = [(s + op.shift - mpmath.mpc(a).conjugate()) / (s + op.shift + mpmath.mpc(a)) for a in op.a]
                return mpmath.fprod(zeros)

            for value in sigma:
                root = mpmath.sqrt(mpmath.mpc(c * c - 4 * value * value))
                m, n = (c + root) / 2, (c - root) / 2
                sides = m * phi(z - m), n * phi(z - n)
                assert abs(sides[0] - sides[1]) <= 1e-25 * abs(sides[0])
            smallest = float(mpmath.log10(min(sigma)))
        assert abs(ht.pseudospectrum(op, z).log10_sigma - smallest) * LN10 <= digits(smallest)


@pytest.mark.parametrize("N", [64, 128, 256, 300, pytest.param(1024, marks=pytest.mark.slow)])
def test_values_far_below_any_float_are_right_to_the_digits_of_their_logarithm(N):
    op = ht.LegS(N)
    found = ht.pseudospectrum(op, box(N), (12, 14))
    order = np.argsort(found.log10_sigma, axis=None)
    for i in order[::24][: 3 if N < 1000 else 1]:
        exact = by_power_method(op.a.real, op.shift, complex(found.z.flat[i]), bits=3 * N + 200)
        assert abs(found.log10_sigma.flat[i] - exact) * LN10 <= digits(exact) <= 1e-12
    assert found.log10_sigma.min() < -0.6 * N


@pytest.mark.parametrize(
    "op", [ht.LegS(16), ht.LagT(12), ht.TakenakaMalmquist([3 + 20j, 3 - 20j, 0.3, 1e-3])], ids=repr
)
def test_the_matrix_in_balls_is_a_second_road_to_every_point(op):
    rng = np.random.default_rng(1)
    z = rng.uniform(-op.N - 3, 5, 12) + 1j * rng.uniform(0, op.N, 12)
    z[0], z[1] = z[0].real, -op.shift + 1j  # on the axis, and on the line where the two cases meet
    proved = ht.pseudospectrum(op, z, digits=14).log10_sigma
    assert np.abs(ht.pseudospectrum(op, z).log10_sigma - proved).max() * LN10 <= digits(proved)


@given(chains(), points)
def test_sigma_min_is_at_most_the_distance_to_the_spectrum_and_at_least_that_to_the_left_half_plane(op, z):
    z = np.array(z)
    sigma = 10 ** ht.pseudospectrum(op, z).log10_sigma
    distance = np.abs(z[:, None] + op.a + op.shift).min(axis=1)
    room = slack(op.A, z)
    assert (sigma <= distance + room).all()
    assert (sigma >= z.real + op.shift - room).all()


def test_the_bound_of_the_half_plane_is_nearly_attained_and_needs_no_matrix():
    """LegS, z = x > 0: sigma_min^2 - (x + 1/2)^2 -> h^2 with Theta(h) = pi/2 ... pi, below the first frequency."""
    x = np.array([10.0, 100.0])
    ratio = 10 ** ht.pseudospectrum(ht.LegS(256), x).log10_sigma / (x + 0.5)
    assert (ratio > 1).all() and (ratio < 1 + 1e-3).all()


def test_left_of_the_line_the_smallest_value_passes_the_distance_of_the_line_where_the_phase_turns_faster():
    """sigma_min < P = -(Re z + shift) if and only if P Theta'(y) > 1."""
    op, y = ht.LegS(24), np.array([0.0, 3.0, 30.0, 200.0])
    critical = 1 / (2 * op.a.real / (op.a.real**2 + y[:, None] ** 2)).sum(axis=1)
    for factor in (0.99, 1.0, 1 + 1e-9, 1.01):
        P = factor * critical
        excess = ht.pseudospectrum(op, -op.shift - P + 1j * y).log10_sigma - np.log10(P)
        if factor == 1.0:
            assert np.abs(excess).max() < 64 * EPS
        else:
            assert (np.sign(excess) == np.sign(1 - factor)).all() or abs(factor - 1) < 1e-8


@pytest.mark.parametrize("op", [ht.LagT(5), ht.TakenakaMalmquist([0.1 + 3j, 0.1 - 3j, 2.0])], ids=repr)
def test_just_beyond_that_distance_the_difference_is_right_to_the_last_digit(op):
    """Where sigma_min = P (1 - 1e-7) or so, the equation has a double root nearby, sigma = P."""
    y = np.array([0.0, 0.5, 2.0, 2.9, 3.2, 10.0])
    critical = 1 / (2 * op.a.real / (op.a.real**2 + (y[:, None] + op.a.imag) ** 2)).sum(axis=1)
    for excess in (1e-6, 1e-7, 1e-8):
        z = -op.shift - (1 + excess) * critical + 1j * y
        found, proved = (ht.pseudospectrum(op, z, digits=d).log10_sigma for d in (None, 14))
        assert np.abs(found - proved).max() * LN10 <= digits(proved)


@pytest.mark.parametrize(
    ("a", "shift", "z"), [(1.0, 0.1, -1.101), (1.0, 0.1, -1.10001), (3.0, 0.1, -3.0999), (1.0, 0.3, -1.30001)]
)
def test_next_to_a_single_pole_sigma_is_the_distance_in_rationals(a, shift, z):
    """z + shift is no float, and what it lacks counts next to -a."""
    exact = math.log10(abs(Fraction(z) + Fraction(shift) + Fraction(a)))
    found = ht.pseudospectrum(ht.TakenakaMalmquist([a], shift), z).log10_sigma
    assert abs(found - exact) * LN10 <= digits(exact)


def test_far_out_the_distance_of_a_single_pole_is_told_from_that_of_the_origin():
    """sigma_min(-x - A) = x - a, a/x = 6e-14 and less."""
    x, a = 2.0**44 * np.array([0.25, 0.5, 1.0, 1.001, 2.0, 2.0**20, 2.0**60]), 0.999
    exact = np.log10(x - a)
    found = ht.pseudospectrum(ht.TakenakaMalmquist([a]), -x).log10_sigma
    assert np.abs(found - exact).max() * LN10 <= 4e-14


@pytest.mark.parametrize(
    ("a", "z"),
    [
        ([0.2 + 2j, 0.2 - 2j, 2.0], 2.7 + 3.4j),
        ([0.9, 0.03 + 1j, 0.03 - 1j], 1.3 + 0.8j),
        ([0.1, 2 + 1j, 2 - 1j], 1.4 + 0.7j),
        ([0.01, 0.9 + 0.6j, 0.9 - 0.6j], 2.4 + 1.7j),
        ([0.04, 0.6 + 0.1j, 0.6 - 0.1j], 4.5 + 0.7j),
        ([0.2 + 1j, 0.2 - 1j, 0.02 + 0.2j, 0.02 - 0.2j], 2.2 + 0.7j),
        ([1 + 0.4j, 1 - 0.4j, 0.07, 0.002 + 20j, 0.002 - 20j], 3.9 + 0.5j),
    ],
)
def test_newton_does_not_run_in_circles(a, z):
    """Where the phase is nearly flat, steps that do not shrink return upon themselves, inside the bracket too."""
    found, proved = (ht.pseudospectrum(ht.TakenakaMalmquist(a), z, digits=d).log10_sigma for d in (None, 14))
    assert abs(found - proved) * LN10 <= digits(proved)


def test_deep_values_are_a_product_over_the_poles():
    op, z = ht.LegS(64), np.array([-30.5, -40 + 3j, -20 - 10j])
    deep = np.log10(-2 * (z.real + op.shift)) - np.log10(np.abs(op.allpass(z)))
    found = ht.pseudospectrum(op, z).log10_sigma
    assert np.abs(found - deep).max() * LN10 <= 64 * 4 * EPS and found.max() < -20


@given(chains(), points)
def test_conjugate_points_have_the_same_value(op, z):
    z = np.array(z)
    one, other = ht.pseudospectrum(op, z), ht.pseudospectrum(op, z.conj())
    assert (one.log10_sigma == other.log10_sigma).all()
    with_both = ht.pseudospectrum(op, np.stack([z, z.conj()]))
    assert (with_both.log10_sigma == one.log10_sigma).all()


@given(chains(), points, st.sampled_from([2.0**-40, 2.0**3, 2.0**60]))
def test_a_scaling_of_time_scales_sigma(op, z, c):
    z = np.array(z)
    scaled = ht.TakenakaMalmquist(c * op.a, shift=c * op.shift)
    moved = ht.pseudospectrum(scaled, c * z).log10_sigma - math.log10(c)
    assert np.abs(moved - ht.pseudospectrum(op, z).log10_sigma).max() * LN10 <= 1e-13 + 40 * EPS * LN10


def test_sections_whose_squares_leave_the_float_range_are_no_obstacle():
    op = ht.TakenakaMalmquist([1e-200, 1e-100, 1.0])
    z = np.array([1e-200 + 1e-200j, -1e-100 + 1e-101j, -0.5 + 0.1j, 1e-50j, -2e-200, 1e200, -3e150j])
    found, proved = ht.pseudospectrum(op, z).log10_sigma, ht.pseudospectrum(op, z, digits=14).log10_sigma
    assert np.abs(found - proved).max() * LN10 <= digits(proved)


def test_fout_is_similar_to_a_chain():
    op = ht.FouT(17)
    found = ht.pseudospectrum(op, (-6, 4, -30, 30), (9, 8))
    assert np.abs(10 ** found.log10_sigma.ravel() - svd(op.A, found.z)).max() <= slack(op.A, found.z)
    assert found.floor_log10 < -12


@pytest.mark.parametrize(
    "op", [ht.LegS(24), ht.LagT(9), ht.TakenakaMalmquist([0.3, 7.0, 1.1, 40.0], shift=0.37)], ids=repr
)
@pytest.mark.parametrize("transpose", [False, True])
def test_an_array_that_is_a_chain_is_treated_as_one(op, transpose):
    z = ht.pseudospectrum(op, box(op.N), 12)
    array = ht.pseudospectrum(op.A.T if transpose else op.A, box(op.N), 12)
    assert np.abs(array.log10_sigma - z.log10_sigma).max() * LN10 <= op.N * 16 * EPS * op.N + digits(z.log10_sigma)
    assert array.floor_log10 == -math.inf


@pytest.mark.parametrize("bend", [(2, 1), (1, 1), (0, 2)])
def test_an_array_that_is_nearly_a_chain_is_not(bend):
    A = ht.LegS(6).A.copy()
    A[bend] += 1e-13
    assert _dense_resolvent.chain_in(A) is None
    assert _dense_resolvent.chain_in(ht.LegS(6).A) is not None


# --------------------------------------------------------------------------------------------- other matrices


@pytest.mark.parametrize("N", [12, 40])
def test_inverse_lanczos_agrees_with_singular_values_to_rounding(N):
    rng = np.random.default_rng(N)
    random = rng.standard_normal((N, N)) / math.sqrt(N)
    boxes = {"grcar": (grcar(N), (-1, 3.5, -3, 3)), "random": (random, (-1.5, 1.5, -1.5, 1.5))}
    boxes["complex"] = (random + 1j * rng.standard_normal((N, N)), (-3, 3, -2, 4))
    boxes["turned"] = (turned(ht.LegS(N)), box(N))
    boxes["legt"] = (ht.LegT(N).A, (-10, 5, -60, 60))
    boxes["normal"] = (np.roll(np.eye(N), 1, axis=0), (-1.5, 1.5, -1.5, 1.5))
    for name, (A, where) in boxes.items():
        found = quiet(A, where, 13)
        room = 20 * EPS * np.linalg.norm(A, 2) * math.sqrt(N)
        assert np.abs(10 ** found.log10_sigma.ravel() - svd(A, found.z)).max() <= room, name
        assert 10**found.floor_log10 <= room, name


def test_sigma_min_is_invariant_under_orthogonal_similarity_down_to_the_floor():
    op = ht.LegS(48)
    with pytest.warns(AccuracyWarning, match=r"of 225 values lie below 10\^-1"):
        found = ht.pseudospectrum(turned(op), box(48), 15)
    exact = ht.pseudospectrum(op, box(48), 15)
    assert np.abs(10**found.log10_sigma - 10**exact.log10_sigma).max() <= 10**found.floor_log10
    assert found.below_floor.sum() > 60 and not exact.below_floor.any()


def test_a_triangular_array_keeps_relative_accuracy_beyond_the_float_range():
    """The same solver without the equation: LegS as it stands, 300 rows, sigma to 1e-223."""
    op = ht.LegS(300)
    z = np.array([-150.5, -200 + 40j, -20 - 100j])
    T = op.A[::-1, ::-1] / 512
    found, settled = _inverse_lanczos.smallest_singular_values(T, z / 512, 0.0, 80)
    exact = ht.pseudospectrum(op, z).log10_sigma
    assert settled.all() and exact.min() < -200
    assert np.abs(found + math.log10(512) - exact).max() * LN10 <= 300 * EPS * 8 + digits(exact)


def test_a_jordan_block_goes_below_the_smallest_float():
    J = np.diag(np.ones(199), 1)
    found = ht.pseudospectrum(J, [1e-3, 0.1j, 1e-10, 0.5])
    assert np.abs(found.log10_sigma / [-600, -200, -2000, -60.2] - 1).max() < 3e-3 and found.floor_log10 == -math.inf
    small = ht.pseudospectrum(J[:30, :30], [1e-3, 0.1j, 0.5]).log10_sigma
    assert np.abs(small - ht.pseudospectrum(J[:30, :30], [1e-3, 0.1j, 0.5], digits=13).log10_sigma).max() < 1e-12


def test_a_triangular_matrix_whose_small_values_rounding_moves_has_a_floor():
    """Two paths from 3 to 0 that cancel: 1/d^3 times eps would take the place of the sqrt2/d^2 in the resolvent."""
    T, d = np.zeros((4, 4)), 1e-17
    T[0, 1], T[0, 2], T[1, 3], T[2, 3] = 1, 1, 1, -1
    with pytest.warns(AccuracyWarning, match="1 of 1 values"):
        found = ht.pseudospectrum(T, [d])
    assert 10**found.floor_log10 == pytest.approx(4 * EPS * 2 * np.linalg.norm(T, 2), rel=1e-12)
    T[2, 3] = 0  # one path: nothing cancels, and rounding of the entries is a relative error of sigma
    clear = ht.pseudospectrum(T, [d])
    assert clear.floor_log10 == -math.inf
    assert clear.log10_sigma[0] == pytest.approx(-51, abs=1e-12)


@given(st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_balls_prove_what_lapack_finds(n, seed):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n)) * (seed % 2)
    z = rng.standard_normal(3) + 1j * rng.standard_normal(3)
    proved, found = ht.pseudospectrum(A, z, digits=14), quiet(A, z)
    assert np.abs(10**proved.log10_sigma - svd(A, z)).max() <= slack(A, z)
    assert np.abs(10**proved.log10_sigma - 10**found.log10_sigma).max() <= slack(A, z)
    assert proved.floor_log10 == -math.inf


def test_systems_and_initialisations_count_by_their_state_matrix():
    z = [0.3, -0.5 + 2j]
    for form in (ht.s4(ht.LegS(8)), ht.LegS(8).system, ht.s4(ht.LegT(8)).system):
        A = getattr(form, "system", form).to_dense().A
        found = ht.pseudospectrum(form, z)
        assert np.abs(10**found.log10_sigma - svd(A, z)).max() <= slack(A, np.array(z))
    lam = ht.s4d("lin", 8)
    distance = np.abs(np.array(z)[:, None] - np.concatenate([lam.lam, lam.lam.conj()])).min(axis=1)
    assert np.allclose(10 ** ht.pseudospectrum(lam, z).log10_sigma, distance, rtol=8 * EPS)


# --------------------------------------------------------------------------------- points, blocks, bad input


def test_a_box_is_a_grid_from_bottom_to_top_and_symmetric_to_the_last_bit():
    found = ht.pseudospectrum(ht.LegS(4), (-7, 2, -3, 3), (6, 5))
    assert found.z.shape == found.log10_sigma.shape == (6, 5)
    assert found.z[0, 0] == -7 - 3j and found.z[-1, -1] == 2 + 3j
    assert (found.z == found.z[::-1].conj()).all() and (found.log10_sigma == found.log10_sigma[::-1]).all()
    again = ht.pseudospectrum(ht.LegS(4), found.z)
    assert (again.log10_sigma == found.log10_sigma).all()
    assert ht.pseudospectrum(ht.LegS(4), (0, 1, 0, 1)).z.shape == (100, 100)


@pytest.mark.parametrize("shape", [(), (3,), (2, 1, 2)])
def test_points_of_any_shape_come_back_in_it(shape):
    found = ht.pseudospectrum(ht.LegS(3), np.full(shape, 1j))
    assert found.z.shape == found.log10_sigma.shape == shape


@pytest.mark.parametrize(
    "A", [ht.LegS(3), turned(ht.LegS(3)), [[2.0]], np.zeros((3, 3)), grcar(5) * 1e200, grcar(4) / 1e200]
)
def test_infinity_is_infinitely_far_and_an_eigenvalue_not_at_all(A):
    found = ht.pseudospectrum(A, [np.inf, complex(1, -np.inf), 1e300])
    assert found.log10_sigma.tolist()[:2] == [np.inf, np.inf]
    assert found.log10_sigma[2] == pytest.approx(300, abs=1e-12)


def test_at_an_eigenvalue_the_logarithm_is_minus_infinity():
    for A, z in ((ht.LegS(8), -3), (ht.LegS(1), -1), (ht.LagT(64), -0.5), (np.diag([1.0, 2.0]), 2), ([[2.0]], 2)):
        assert ht.pseudospectrum(A, z).log10_sigma == -np.inf
        assert ht.pseudospectrum(A, z, digits=5).log10_sigma == -np.inf
    assert ht.pseudospectrum(ht.LegS(8).A, np.arange(-8, 0)).log10_sigma.tolist() == [-np.inf] * 8
    assert ht.pseudospectrum(np.ones((2, 2)), 2, digits=5).log10_sigma == -np.inf


def test_next_to_an_eigenvalue_sigma_is_the_distance_over_its_condition_number():
    """First order: sigma_min = distance/kappa, with relative corrections of the order of the distance."""
    near = 10 ** ht.pseudospectrum(ht.LegS(8), [-3 + 1e-9, -3 + 1e-12j, -3 + 1e-200j]).log10_sigma
    assert near[0] / 1e-9 == pytest.approx(near[2] / 1e-200, rel=1e-5)
    assert near[1] / 1e-12 == pytest.approx(near[2] / 1e-200, rel=1e-8)


@pytest.mark.parametrize("A", [ht.LegS(150), turned(ht.LegT(20))], ids=["chain", "full"])
def test_the_result_does_not_depend_on_where_the_blocks_are_computed(A):
    where = (-30, 5, -60, 60) if isinstance(A, ht.LegS) else (-30, 5, -40, 60)
    serial = quiet(A, where, 130)
    with ThreadPoolExecutor(3) as pool:
        threads = quiet(A, where, 130, executor=pool)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        processes = quiet(A, where, 130, executor=pool)
    assert (threads.log10_sigma == serial.log10_sigma).all()
    assert (processes.log10_sigma == serial.log10_sigma).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((ht.LegS(3), [np.nan]), ParameterError, "z contains NaN"),
        ((ht.LegS(3), "abc"), ParameterTypeError, "z must be numeric"),
        (([[np.nan]], [1.0]), ParameterError, "A contains NaN"),
        ((np.ones((2, 3)), [1.0]), ShapeError, "square"),
        ((ht.LegS(3), (1, 0, 0, 1)), ParameterError, "increasing"),
        ((ht.LegS(3), (0, 1, 1, 1)), ParameterError, "increasing"),
        ((ht.LegS(3), (0, np.inf, 0, 1)), ParameterError, "finite"),
        ((ht.LegS(3), (0, 1, 0, 1), 0), ParameterError, "at least 1"),
        ((ht.LegS(3), (0, 1, 0, 1), (3, 4, 5)), ShapeError, "pair"),
        ((ht.LegS(3), (0, 1, 0, 1), [3]), ShapeError, "pair"),
        ((ht.LegS(3), (0, 1, 0, 1), [3, 0]), ParameterError, "at least 1"),
        ((ht.LegS(3), (0, 1, 0, 1), "34"), ParameterTypeError, "shape must be an integer"),
        ((ht.LegS(3), (-1e308, 1e308, 0, 1)), ParameterError, "at most"),
        ((ht.LegS(3), []), ParameterError, "no points"),
        ((ht.LegS(3), np.ones((2, 0))), ParameterError, "no points"),
        ((ht.TakenakaMalmquist([1e300, 1e-300]), [1.0]), ParameterError, "540 decades at most, ask for digits="),
        ((ht.TakenakaMalmquist([8e307, 1.0]), [1.0]), ParameterError, r"at most 2\^1021"),
        (([[1.0, 2.0**1023], [0.0, 1.0]], [1.0]), ParameterError, r"at most 2\^1021"),
    ],
)
def test_bad_input_is_refused_with_what_to_do(arguments, error, message):
    with pytest.raises(error, match=message):
        ht.pseudospectrum(*arguments)


def test_digits_and_executors_are_checked():
    for digits in (0, 16):
        with pytest.raises(ParameterError, match="digits"):
            ht.pseudospectrum(ht.LegS(3), [1.0], digits=digits)
    with pytest.raises(ParameterTypeError, match="map"):
        ht.pseudospectrum(ht.LegS(3), (0, 1, 0, 1), executor=3)


def test_digits_that_no_precision_reaches_are_an_error(monkeypatch):
    monkeypatch.setattr(_enclosed_resolvent, "_log10", lambda R, digits: None)
    with pytest.raises(AccuracyError, match="fewer digits"):
        ht.pseudospectrum(ht.LegS(3), [1.0], digits=15)


# ------------------------------------------------------------------------------------------------- pictures


def test_the_picture_shows_round_levels_and_the_eigenvalues():
    found = ht.pseudospectrum(ht.LegS(16), box(16), 30)
    figure = found.plot()
    (ax,) = figure.axes
    assert [t.get_text() for t in ax.texts] and all("10^" in t.get_text() for t in ax.texts)
    assert sorted(ax.lines[0].get_xdata()) == list(range(-16, 0))
    _, [[own]] = canvas(1, 1, width=3.0, height=2.0)
    assert found.plot(own, levels=[-5, -1]) is own.figure
    assert len(own.texts) >= 2


def test_a_picture_needs_a_grid_and_something_to_draw():
    with pytest.raises(ShapeError, match="grid"):
        ht.pseudospectrum(ht.LegS(3), [1.0, 2.0]).plot()
    with pytest.raises(ParameterError, match="no finite value"):
        ht.pseudospectrum(ht.LegS(3), np.full((2, 2), np.inf)).plot()


def test_results_say_what_they_are_and_travel():
    found = quiet(turned(ht.LegS(32)), box(32), 20)
    assert "below the floor 10^-1" in repr(found)
    copied = pickle.loads(pickle.dumps(found))
    assert (copied.log10_sigma == found.log10_sigma).all() and copied.floor_log10 == found.floor_log10
    with pytest.raises(ValueError, match="read-only"):
        found.log10_sigma[0, 0] = 0.0


@pytest.mark.parametrize(
    ("operator", "z", "log10"),
    [
        (ht.LagT(4), -100 + 1e11j, 11.0),
        (ht.TakenakaMalmquist([1e-6 + 1j, 1e-6 - 1j]), -0.1 + 1e6j, 6.0),
        (ht.LegS(1), np.nextafter(-0.5, -9) + 1.78e11j, math.log10(1.78e11)),
        (ht.FouT(3), -1e-20 + 3e11j, math.log10(3e11)),
    ],
    ids=repr,
)
def test_high_above_the_spectrum_sigma_is_the_distance_on_the_left_of_the_line_too(operator, z, log10):
    """There h = 0 is a root of the phase equation that is no singular value."""
    assert ht.pseudospectrum(operator, np.array([z])).log10_sigma[0] == pytest.approx(log10, abs=1e-6)


@pytest.mark.parametrize("damping", [1e-10, 1e-6, 1e-2])
def test_left_of_the_line_the_equation_of_lightly_damped_pairs_agrees_with_balls(damping):
    operator = ht.TakenakaMalmquist([damping + 1j, damping - 1j, 3.0])
    z = np.array([-x + 1j * y for x in (1e-12, 1e-6, 1e-2, 1.0) for y in (0.3, 1.5, 20.0, 1e4)])
    found, exact = (ht.pseudospectrum(operator, z, digits=d).log10_sigma for d in (None, 12))
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-11)


def test_two_singular_values_that_agree_to_seven_digits_are_told_apart():
    A = np.array([[0.0059, 0.0034, 0.0053], [0.0, -1.59e-8, 3.46e-9], [0.0, 0.0, 313418.878]])
    z = np.array([43599.17764187655 - 20245.08256301838j, 5e4 + 1j, -3e4 + 7e3j])
    found = 10 ** ht.pseudospectrum(A, z).log10_sigma
    exact = np.linalg.svd(z[:, None, None] * np.eye(3) - A, compute_uv=False)[:, -1]
    np.testing.assert_allclose(found, exact, rtol=1e-12)


def test_an_array_counts_as_a_chain_only_with_the_very_poles_of_one():
    rng = np.random.default_rng(3)
    for _ in range(20):
        A = ht.TakenakaMalmquist(rng.uniform(0.2, 3, 4), shift=rng.uniform(0, 2)).A
        assert (ht.pseudospectrum(A, np.diagonal(A)).log10_sigma == -np.inf).all()


@pytest.mark.parametrize(
    ("A", "z"), [([[1e-200, 0], [1e-100, 1e200]], [0, 1e-150]), ([[1e-30, 1], [0, 1e300]], [0, 2e-30])]
)
def test_entries_that_underflow_beside_others_have_a_floor_and_a_warning(A, z):
    with pytest.warns(AccuracyWarning, match="below"):
        found = ht.pseudospectrum(np.array(A), z)
    assert found.below_floor.all() and np.isfinite(found.floor_log10)


@pytest.mark.parametrize("scale", [1e155, 1e-155])
@pytest.mark.parametrize(
    "function",
    [
        *(ht.kreiss_constant, ht.henrici_departure, ht.numerical_range, ht.distance_to_instability),
        lambda A: ht.pseudospectral_abscissa(A, 1.0),
        lambda A: ht.pseudospectral_radius(A, 1.0),
    ],
)
def test_a_matrix_whose_squares_leave_the_float_range_is_refused(function, scale):
    with pytest.raises(ParameterError, match="power of two"):
        function(scale * np.array([[-1, 100.0], [0, -2]]))


@pytest.mark.parametrize(
    ("box", "shape"),
    [((-1, 1, 0, 2), [3, 4]), ((-1, 1, 0, 2), np.array([3, 4])), (tuple(np.array([-1, 1, 0, 2], np.float32)), (3, 4))],
)
def test_a_box_is_four_real_numbers_and_its_shape_any_pair(box, shape):
    assert ht.pseudospectrum(ht.LegS(3), box, shape).z.shape == (3, 4)


@pytest.mark.parametrize("kind", [complex, np.complex64, np.complex128])
def test_four_complex_numbers_are_points_even_on_the_real_axis(kind):
    assert ht.pseudospectrum(ht.LegS(3), tuple(kind(x) for x in (0, 1, 2, 3))).z.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("decades", [130, 160, 200, 300, 500])
@pytest.mark.parametrize("shift", [0, 0.5])
def test_chains_over_hundreds_of_decades_agree_with_balls(decades, shift):
    """The least damped section beside the largest: no square of either has to be a float."""
    low, high = 10.0 ** (-decades / 2), 10.0 ** (decades / 2)
    op = ht.TakenakaMalmquist([high, low, low + 1j, low - 1j, 1.3 * low], shift=low * shift)
    z = np.array([scale * c for scale in (low, 1, high) for c in (-0.8, -1.6 + 0.3j, 0.7, 3.3j, -0.2 + 2j)])
    z = np.append(z, [-0.9 * low + 1j, -high + 1j * low, -1 + 1j * low, low + 1j * high])
    found, proved = (ht.pseudospectrum(op, z, digits=d).log10_sigma for d in (None, 14))
    assert np.abs(found - proved).max() * LN10 <= 2e-13


HUGE, TINY = 1.7e308, 1e-320
FULL = np.array([[-1.0, 4, 0.5], [0.3, -2, 1], [0.1, 0, -1.5]])
ANALYSES = {
    "pseudospectrum": lambda A: ht.pseudospectrum(A, [0.5, 1j, TINY]),
    "box": lambda A: ht.pseudospectrum(A, (-1, 1, -1, 1), 3),
    "digits": lambda A: ht.pseudospectrum(A, [0.5], digits=6),
    "contour": lambda A: ht.pseudospectral_contour(A, 0.1, resolution=32),
    "contour in a box": lambda A: ht.pseudospectral_contour(A, 0.1, (-1, 1, -1, 1), 32, digits=3),
    "distance": lambda A: ht.pseudospectral_distance(A, [[1.0, 2.0], [0.0, 3.0]], 0.1, 32),
    "abscissa": lambda A: ht.pseudospectral_abscissa(A, 0.1),
    "radius": lambda A: ht.pseudospectral_radius(A, 0.1),
    "growth": ht.transient_growth,
    "growth at": lambda A: ht.transient_growth(A, at=[0.0, 1.0]),
    "kreiss_constant": ht.kreiss_constant,
    "distance_to_instability": ht.distance_to_instability,
    "numerical_range": ht.numerical_range,
    "numerical_abscissa": ht.numerical_abscissa,
    "departure": ht.henrici_departure,
    "eigenvalue_conditions": ht.eigenvalue_conditions,
    "eigenvector_condition": ht.eigenvector_condition,
    "portrait": lambda A: ht.spectral_portrait(A, shape=3),
    "enclose": lambda A: ht.enclose(A, [0.5, 1j]),
    "enclose box": lambda A: ht.enclose(A, box=(1, 2, -1, 1), eps=0.1, max_cells=300),
    "enclose contour": lambda A: ht.enclose(A, contour=[1, 2, 2 + 1j], eps=0.1, max_cells=300),
}
MATRICES = {
    "huge": np.full((3, 3), HUGE),
    "huge triangle": [[-HUGE, HUGE], [0, -HUGE]],
    "huge diagonal": np.diag([-HUGE, -HUGE / 2]),
    "huge complex": [[-HUGE, 1j * HUGE], [HUGE, complex(HUGE, HUGE)]],
    "one huge": [[-1, HUGE], [0.1, -1]],
    "2^1023": [[-(2.0**1023), 1], [0, -1]],
    "1e306": FULL * 1e306,
    "1e-300": FULL * 1e-300,
    "subnormal": FULL * TINY,
    "subnormal triangle": np.triu(FULL * TINY),
    "one subnormal": [[-1, TINY], [0.1, -1]],
    "subnormal coupling": [[-1, TINY], [0, -1]],
    "subnormal mode": np.diag([-1, -TINY]),
    "subnormal complex": np.diag([-TINY, -TINY * (1 + 1j)]),
    "huge and subnormal": [[-TINY, 1e100], [1e-3, -HUGE]],
    "graded chain": ht.TakenakaMalmquist([1e200, 1e-200, 1]),
    "huge chain": ht.TakenakaMalmquist([8e307, 4e307]),
    "subnormal chain": ht.TakenakaMalmquist([TINY, 3 * TINY]),
    "huge modes": ht.Diagonal([-HUGE, -1 - 1j * HUGE], [1, 1]),
    "huge step": ht.StateSpace([[0.5, HUGE], [0, 0.5]], [1, 1], dt=1.0),
    "long double": np.array([[-1, np.longdouble(10) ** 400], [0, -3]]),
    "NaN": [[math.nan, 1], [0, 1]],
    "infinity": [[math.inf, 1], [0, -1]],
    "2 x 3": np.ones((2, 3)),
    "0 x 0": np.zeros((0, 0)),
    "3-D": np.ones((2, 2, 2)),
    "text": "LegS",
    "nothing": None,
    "objects": np.array([[None, "x"], [1, 2]], dtype=object),
    "integers beyond floats": [[10**400, 1], [0, 1]],
    "ragged": [[1, 2], [3]],
    "Booleans": np.eye(2, dtype=bool),
    "masked": np.ma.masked_array(np.eye(2), np.eye(2)),
}


@pytest.mark.filterwarnings("ignore::hippo_theory.errors.AccuracyWarning")
@pytest.mark.parametrize("A", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("analysis", ANALYSES.values(), ids=ANALYSES)
def test_every_analysis_answers_in_numbers_or_refuses_in_words(analysis, A):
    try:
        found = analysis(A)
    except HippoTheoryError:
        return
    assert "nan" not in f"{found!r}{vars(found)}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"z": []}, "no points"),
        ({"box": (-1, 1, -1, 1), "eps": 1e308}, "eps = 1e\\+308 must be at most"),
        ({"contour": [0, 1e308, 1e308j], "eps": 0.1}, "vertices beyond"),
    ],
)
def test_an_enclosure_of_nothing_or_of_everything_is_refused(arguments, message):
    for A in (ht.LegS(3), FULL):
        with pytest.raises(ParameterError, match=message):
            ht.enclose(A, **arguments)
        for side in (1e300, 1e308):
            assert ht.enclose(A, box=(side, 1.1 * side, -side, np.inf), eps=1.0).passed


@pytest.mark.parametrize(
    "arguments", [(1e308,), (1e-320,), (0.1, (-1e200, 1e200, -1, 1)), (0.1, (0, 5e-324, 0, 5e-324))]
)
def test_contours_without_an_area_in_floats_are_refused(arguments):
    with pytest.raises(ParameterError, match="rescale A and eps"):
        ht.pseudospectral_contour(FULL, *arguments)
