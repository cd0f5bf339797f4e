"""Transient growth: theorems for lossless operators, closed forms, exact powers, brute force, resolvents."""

import copy
import pickle
import warnings
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import hippo_theory as ht
from hippo_theory.analysis import _contractions, _powers, _semigroup
from hippo_theory.analysis._doubts import tell_doubts
from hippo_theory.errors import AccuracyError, AccuracyWarning, ParameterError, ShapeError, UnstableSystemError
from hippo_theory.plot import canvas

EPS = np.finfo(float).eps
IMPLICIT = ("backward-euler", "bilinear", "zoh")


def norm(A):
    return float(np.linalg.norm(A, 2))


def discrete(A):
    return ht.StateSpace(A, np.ones(len(A)), dt=1.0)


def grcar(n):
    """Stable and far from normal: the textbook example, turned to the left."""
    return np.diag(np.ones(n - 1), -1) - np.eye(n) - sum(np.diag(np.ones(n - j), j) for j in (1, 2, 3))


@st.composite
def chains(draw):
    """Takenaka-Malmquist operators with real sections and pairs, and any shift."""
    a = []
    for _ in range(draw(st.integers(1, 5))):
        alpha = draw(st.floats(0.05, 20))
        beta = draw(st.one_of(st.just(0.0), st.floats(0.1, 30)))
        a += [alpha] if beta == 0 else [alpha + 1j * beta, alpha - 1j * beta]
    return ht.TakenakaMalmquist(a, shift=draw(st.sampled_from([0.0, 0.1, 0.5, 2.0])))


matrices = st.integers(2, 6).flatmap(
    lambda n: st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).standard_normal((n, n)))
)


# ------------------------------------------------------------------------------------- the numerical abscissa

FAMILIES = [
    (ht.LegS(1), -1.0),
    (ht.LegS(2), -0.5),
    (ht.LegS(64), -0.5),
    (ht.LagT(1), -0.5),
    (ht.LagT(17), 0.0),
    (ht.FouT(1), -2.0),
    (ht.FouT(33), 0.0),
    (ht.LegT(1), -1.0),
    (ht.LegT(2), -1.0),
    (ht.LegT(3), 0.0),
    (ht.LegT(40), 0.0),
    (ht.TakenakaMalmquist([1 + 2j, 1 - 2j], shift=0.25), -0.25),
    (ht.TakenakaMalmquist([3.0], shift=0.25), -3.25),
]


@pytest.mark.parametrize(("op", "value"), FAMILIES, ids=lambda x: repr(x) if hasattr(x, "N") else "")
def test_the_numerical_abscissa_of_a_lossless_operator_is_a_theorem(op, value):
    got = ht.numerical_abscissa(op)
    assert got.value == value
    slack = 8 * op.N * EPS * norm(op.A)
    assert abs(got.vector @ got.vector - 1) < 4 * EPS
    assert abs(got.vector @ op.A @ got.vector - value) <= slack
    assert abs(ht.numerical_abscissa(op.A).value - value) <= slack


@given(chains())
def test_the_numerical_abscissa_of_a_chain_is_minus_its_shift(op):
    got = ht.numerical_abscissa(op)
    assert got.value == (-op.shift if op.N > 1 else op.A[0, 0])
    assert abs(ht.numerical_abscissa(op.A).value - got.value) <= 8 * op.N * EPS * norm(op.A)


@given(matrices, st.floats(-3, 3))
def test_the_numerical_abscissa_bounds_the_spectrum_and_moves_with_a_shift(A, c):
    got, slack = ht.numerical_abscissa(A), 32 * len(A) * EPS * (norm(A) + abs(c))
    assert got.value >= np.linalg.eigvals(A).real.max() - 1e3 * slack
    assert got.vector @ A @ got.vector == pytest.approx(got.value, abs=slack)
    assert ht.numerical_abscissa(A - c * np.eye(len(A))).value == pytest.approx(got.value - c, abs=slack)
    phase = np.exp(1j * np.arange(len(A)))
    assert ht.numerical_abscissa(phase[:, None] * A / phase).value == pytest.approx(got.value, abs=slack)


def test_the_numerical_abscissa_is_the_slope_of_the_norm_at_zero():
    """(||e^{hA}|| - 1)/h tends to it with order one."""
    A = np.array([[-1.0, 7.0], [0.5, -4.0]])
    value = ht.numerical_abscissa(A).value
    errors = [abs((norm(expm(h * A)) - 1) / h - value) for h in (1e-2, 1e-3, 1e-4)]
    assert 0.9 < np.log10(errors[0] / errors[1]) < 1.1 and 0.9 < np.log10(errors[1] / errors[2]) < 1.1


def test_systems_and_initialisations_have_the_abscissa_of_their_matrix():
    for op in (ht.LegS(12), ht.LegT(12)):
        for form in (op.system, ht.s4(op), ht.s4(op).system):
            value = ht.numerical_abscissa(form).value
            assert value == pytest.approx(ht.numerical_abscissa(op).value, abs=64 * 12 * EPS * norm(op.A))
    assert ht.numerical_abscissa(ht.s4d("legs", 16)).vector.shape == (16,)
    assert ht.numerical_abscissa(ht.s4d("legs", 16)).value == -0.5


def test_the_numerical_abscissa_says_what_it_needs():
    with pytest.raises(ParameterError, match=r"discrete time .* ht\.transient_growth"):
        ht.numerical_abscissa(ht.LegS(3).system.discretize(0.1))
    with pytest.raises(ShapeError, match=r"square matrix, got shape \(2, 3\)"):
        ht.numerical_abscissa(np.ones((2, 3)))
    with pytest.raises(ParameterError, match="NaN"):
        ht.numerical_abscissa([[np.nan]])
    with pytest.raises(ParameterError, match="numeric"):
        ht.numerical_abscissa("LegS")


# ------------------------------------------------------------------------------------- contractions (L8)


@given(chains(), st.floats(1e-3, 2.0))
def test_what_the_implicit_methods_sample_from_a_lossless_chain_is_a_contraction(op, dt):
    for method in IMPLICIT:
        sampled = op.system.discretize(dt, method)
        growth = ht.transient_growth(sampled)
        assert growth.contraction and growth.value == 1.0 and growth.step == 0
        assert 1.0 <= growth.upper <= 1 + 1e-9
        brute = [norm(np.linalg.matrix_power(sampled.A, k)) for k in (1, 2, 5, 17)]
        assert max(brute) <= 1 + 64 * op.N * EPS * (1 + dt * norm(op.A))


@given(chains())
def test_the_flow_of_a_lossless_chain_decays_at_least_like_its_shift(op):
    t = np.array([0.0, 0.01, 0.3, 2.0])
    growth = ht.transient_growth(op, at=t)
    assert growth.contraction and growth.upper == 1.0 and growth.time == 0.0
    assert growth.abscissa == pytest.approx(ht.numerical_abscissa(op).value, rel=1e-15)
    assert (growth.norm * np.exp(op.shift * t) <= 1 + 64 * EPS * (1 + t * norm(op.A))).all()


@given(matrices, st.floats(0.01, 0.5), st.floats(0, 1))
def test_the_identity_behind_it_holds_for_every_matrix_and_every_alpha(A, dt, alpha):
    """I - Abar^* Abar = R^* (-dt (A + A^*) + (2 alpha - 1) dt^2 A^* A) R, R = (I - alpha dt A)^{-1}."""
    eye = np.eye(len(A))
    A = A - 3 * norm(A) * eye  # away from the poles of the map
    Abar = ht.StateSpace(A, np.ones(len(A))).discretize(dt, "generalized-bilinear", alpha=alpha).A
    R = np.linalg.inv(eye - alpha * dt * A)
    right = R.T @ (-dt * (A + A.T) + (2 * alpha - 1) * dt**2 * A.T @ A) @ R
    np.testing.assert_allclose(eye - Abar.T @ Abar, right, rtol=0, atol=1e-13 * (1 + dt * norm(A)) ** 2)


@given(chains())
def test_forward_euler_is_a_contraction_for_steps_below_two_shifts_over_the_square_of_the_norm(op):
    if op.shift:
        sampled = op.system.discretize(1.999 * op.shift / norm(op.A) ** 2, "forward-euler")
        assert norm(sampled.A) <= 1 + 4 * EPS
        assert ht.transient_growth(sampled).contraction
    elif op.N > 1:
        assert norm(np.eye(op.N) + 0.01 / norm(op.A) * op.A) > 1


@pytest.mark.parametrize("op", [ht.LegS(20), ht.LegT(20), ht.LagT(20), ht.FouT(21)], ids=repr)
def test_the_theorem_of_an_operator_agrees_with_the_search_on_its_plain_matrix(op):
    proved, searched = ht.transient_growth(op), ht.transient_growth(op.A)
    assert proved.contraction and searched.contraction
    assert (proved.upper, proved.error) == (1.0, 0.0)
    assert searched.upper - 1 <= 1e-11
    t = proved.t[::7]
    np.testing.assert_allclose(proved.norm[::7], [norm(expm(s * op.A)) for s in t], rtol=1e-11)


def test_legs_follows_its_bound_until_two_log_n_and_then_the_projector_of_its_slowest_mode():
    """||e^{tA}|| e^{t/2} <= 1 with equality to rounding early on; e^t ||e^{tA}|| -> prod (j+1)/j = N."""
    for N in (8, 64):
        t = np.array([0.5, 1.0, 2 * np.log(N), 40.0])
        got = ht.transient_growth(ht.LegS(N), at=t).norm
        assert got[0] * np.exp(t[0] / 2) > 1 - 1e-3
        assert got[2] < np.exp(-t[2] / 2)
        assert got[3] * np.exp(40.0) == pytest.approx(N, rel=1e-9)


@pytest.mark.parametrize("t", [0.3, 2.0, 9.0])
def test_the_norm_of_the_flow_of_legs_in_fifty_digits(t):
    N = 8
    mpmath.mp.dps = 50
    A, _ = ht.LegS(N).exact()
    M = mpmath.expm(mpmath.matrix([[mpmath.mpf(str(x.evalf(50))) * mpmath.mpf(t) for x in A.row(i)] for i in range(N)]))
    want = float(max(mpmath.svd_r(M, compute_uv=False)))
    assert ht.transient_growth(ht.LegS(N), at=[t]).norm[0] == pytest.approx(want, rel=1e-13)


def test_diagonal_systems_are_contractions_also_on_the_boundary_itself():
    turning = ht.Diagonal([1j, -2j, -0.1 + 3j], [1.0, 1.0, 1.0])
    growth = ht.transient_growth(turning, at=[0.0, 5.0])
    assert growth.contraction and growth.upper == 1.0 and growth.norm.tolist() == [1.0, 1.0]
    circle = ht.Diagonal(np.exp(1j * np.arange(5.0)), np.ones(5), dt=1.0)
    assert ht.transient_growth(circle, at=[10**6]).norm.tolist() == [1.0]
    nilpotent = ht.transient_growth(ht.Diagonal([0.0], [1.0], dt=1.0))
    assert (nilpotent.k.tolist(), nilpotent.norm.tolist()) == ([0, 1], [1.0, 0.0])
    half = ht.transient_growth(ht.s4d("lin", 8), at=[np.log(4)])
    assert half.norm[0] == pytest.approx(0.5, rel=4 * EPS)
    for system in (ht.lru(8, rng=0), ht.mamba(4), ht.s4d("legs", 9)):
        assert ht.transient_growth(system).contraction


def test_exactly_skew_matrices_are_contractions():
    for op in (ht.LagT(6), ht.LegT(6), ht.FouT(7)):
        growth = ht.transient_growth((op.A - op.A.T) / 2)
        assert growth.value == growth.upper == 1.0
    assert ht.transient_growth(np.zeros((3, 3))).value == 1.0


ROUNDED = {
    "FouT": lambda: ht.FouT(257).A,
    "FouT system": lambda: ht.FouT(129).system,
    "FouT s4": lambda: ht.s4(ht.FouT(129)),
    "LegT": lambda: ht.LegT(65).A,
    "LegT zoh": lambda: ht.LegT(64).system.discretize(0.1, "zoh"),
    "LagT zoh": lambda: ht.LagT(64).system.discretize(100, "zoh"),
    "LagT zoh large": lambda: ht.LagT(129).system.discretize(100, "zoh"),
    "FouT bilinear, short": lambda: ht.FouT(129).system.discretize(1e-6, "bilinear"),
    "FouT bilinear, long": lambda: ht.FouT(129).system.discretize(100, "bilinear"),
}


@pytest.mark.parametrize("name", ROUNDED)
def test_contractions_of_which_rounding_leaves_more_than_one_stay_contractions(name):
    grown = ht.transient_growth(ROUNDED[name]())
    assert grown.contraction and grown.value == 1.0
    # The floats themselves may exceed 1, and what is seen of it is the error.
    assert grown.norm.max() - 1 <= grown.error <= 1e-8
    assert 1 <= grown.upper <= 1 + 1e-9
    if isinstance(grown, ht.analysis.ContinuousGrowth):
        assert (grown.norm <= np.exp(grown.abscissa * grown.t) * (1 + 4 * EPS)).all()
    else:
        A = ROUNDED[name]().A
        assert (grown.norm <= norm(A) ** grown.k.astype(float) * (1 + 4 * EPS * (1 + grown.k))).all()


def test_only_a_sign_that_outlives_rounding_is_a_theorem():
    """The abscissa of LegT, LagT, FouT is 0: of their floats it is computed with either sign, and proves nothing."""
    signs = set()
    for op in [f(n) for n in (5, 9, 17, 33) for f in (ht.LegT, ht.LagT, ht.FouT)]:
        signs.add(ht.numerical_abscissa(op.A).value > 0)
        assert ht.transient_growth(op).error == 0
        assert ht.transient_growth(op.A).error > 0
    assert signs == {True, False}


@pytest.mark.parametrize(
    "A",
    [
        np.eye(3),
        np.roll(np.eye(5), 1, axis=0),
        np.diag([1, -1, 1j]),
        np.array([[0, 1j], [-1, 0]]),
        np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2,
        np.array([[0.0, 0.3, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]),
        np.array([[1.0, 0.0], [0.0, 2.0**-1000]])[::-1],
        0.999 * np.linalg.qr(np.arange(9.0).reshape(3, 3) ** 2)[0],
        (1 - 1e-14) * np.array([[0.6, -0.8], [0.8, 0.6]]),
    ],
    ids=lambda A: f"{len(A)}",
)
def test_what_does_not_lengthen_any_vector_in_exact_arithmetic_is_a_contraction(A):
    grown = ht.transient_growth(discrete(A))
    assert grown.contraction and (grown.value, grown.upper, grown.error, grown.step) == (1.0, 1.0, 0.0, 0)
    assert grown.norm[0] == 1.0 and (grown.norm <= 1).all()
    some = ht.transient_growth(discrete(A), at=[0, 3, 10])
    np.testing.assert_allclose(some.norm, [norm(np.linalg.matrix_power(A, k)) for k in (0, 3, 10)], rtol=1e-13)


@given(st.floats(0, 2 * np.pi), st.sampled_from([1.0, 1 - EPS / 2, 1 + EPS]))
def test_a_norm_of_one_is_decided_in_integers(angle, factor):
    x, y = factor * np.cos(angle), factor * np.sin(angle)
    exact = Fraction(x) ** 2 + Fraction(y) ** 2 <= 1
    forms = [[[x, 0.0], [y, 0.0]], [[x, y], [0.0, 0.0]], [[0.0, x + 1j * y], [1.0, 0.0]], [[x, -y], [y, x]]]
    for A in map(np.array, forms):
        assert _contractions.norm_at_most_one(A, norm(A)) == exact


def test_a_norm_of_one_is_not_claimed_of_what_overlaps():
    A = np.array([[1.0, 2.0**-26], [0.0, 2.0**-60]])
    assert norm(A) == 1.0 and not _contractions.norm_at_most_one(A, 1.0)


# ------------------------------------------------------------------------------------- growth


def euler_in_fractions(N, k):
    """q with (I + A/100)^k = diag(r) q diag(r), A of LegS and r_n = sqrt(2n+1): all rational."""
    square = [2 * n + 1 for n in range(N)]

    def entry(i, j):
        unit = flint.fmpq(1, square[i]) if i == j else flint.fmpq(0)
        A = flint.fmpq(-1) if i > j else -flint.fmpq(i + 1, square[i]) if i == j else flint.fmpq(0)
        return unit + A / 100

    q = flint.fmpq_mat([[entry(i, j) for j in range(N)] for i in range(N)])
    D = flint.fmpq_mat([[flint.fmpq(square[i] if i == j else 0) for j in range(N)] for i in range(N)])
    power = q
    for _ in range(k - 1):
        power = power * D * q
    r = np.sqrt(np.array(square, dtype=float))
    floats = np.array([[float(Fraction(int(x.p), int(x.q))) for x in power.tolist()[i]] for i in range(N)])
    return r[:, None] * floats * r


def test_forward_euler_of_legs_peaks_at_9_9e7_and_its_largest_entry_is_2_6e7():
    """L8 in exact arithmetic: 2.6e7 is a lower bound of the norm, by the largest entry; the norm is 9.9095e7."""
    exact = {k: euler_in_fractions(64, k) for k in (11, 12, 13)}
    growth = ht.transient_growth(ht.LegS(64).system.discretize(0.01, "forward-euler"))
    assert growth.step == 12 and growth.upper == growth.value
    for k, power in exact.items():
        assert growth.norm[k] == pytest.approx(norm(power), rel=1e-13)
    assert growth.value == pytest.approx(9.90955e7, rel=1e-6)
    assert np.abs(exact[12]).max() == pytest.approx(2.639453e7, rel=1e-6)
    assert np.abs(ht.LegS(64).system.discretize(0.01, "forward-euler").poles).max() == 0.99


def test_the_curve_of_forward_euler_is_that_of_its_floats_in_four_hundred_bits():
    sampled = ht.LegS(32).system.discretize(0.02, "forward-euler")
    growth = ht.transient_growth(sampled)
    with flint.ctx.workprec(400):
        M = flint.arb_mat(sampled.A.tolist())
        P = M
        for k in range(1, growth.k[-1] + 1):
            want = norm([[float(P[i, j]) for j in range(32)] for i in range(32)])
            assert abs(growth.norm[k] - want) <= 1e-9 * want + growth.error * growth.norm[k] / growth.value
            P = P * M
    assert growth.norm[-1] <= 0.5 < growth.norm[-2]


def test_growth_lies_between_kreiss_and_its_theorem():
    """K <= sup ||Abar^k|| <= e N K with K = sup (|z| - 1) ||(z - Abar)^{-1}||: no power is computed."""
    A = ht.LegS(24).system.discretize(0.02, "forward-euler").A
    value = ht.transient_growth(discrete(A)).value
    z = (1 + np.geomspace(1e-3, 3, 40))[:, None] * np.exp(1j * np.linspace(0, np.pi, 60))
    K = max((abs(s) - 1) / np.linalg.svd(s * np.eye(24) - A, compute_uv=False)[-1] for s in z.ravel())
    assert K > 10
    assert K <= value <= np.e * 24 * K * 1.1  # a grid misses a little of the supremum


@given(st.floats(2.5, 1e4))
def test_a_jordan_block_peaks_where_calculus_says(c):
    """e^{-t} [[1, ct], [0, 1]] has the norm e^{-t + asinh(ct/2)}: the top where sqrt(1 + c^2 t^2/4) = c/2."""
    s = np.sqrt(c * c / 4 - 1)
    growth = ht.transient_growth([[-1.0, c], [0.0, -1.0]])
    want = np.exp(-2 * s / c) * (s + c / 2)
    assert growth.value == pytest.approx(want, rel=max(1e-13, growth.error / growth.value))
    assert growth.time == pytest.approx(2 * s / c, rel=1e-4)
    assert growth.value <= growth.upper <= growth.value * (1 + 1.01e-6)


def test_a_slow_recursion_peaks_after_a_hundred_thousand_steps():
    """A^k = a^k [[1, k/a], [0, 1]] with a = 1 - 1e-5: top at k = 1e5, far beyond what is walked step by step."""
    a = 1 - 1e-5
    with pytest.warns(AccuracyWarning, match="uncertain"):
        growth = ht.transient_growth(discrete(np.array([[a, 1.0], [0.0, a]])))
    k = np.arange(99_000, 101_000)
    want = np.exp(k * np.log1p(-1e-5)) * np.exp(np.arcsinh(k / a / 2))
    assert growth.value == pytest.approx(want.max(), rel=1e-6)
    assert want.max() <= growth.upper <= growth.value * (1 + 1.01e-6)
    assert abs(growth.step - 1e5) < 200


@given(matrices)
def test_no_time_on_a_fine_grid_has_a_larger_norm(A):
    A = A - (np.linalg.eigvals(A).real.max() + 0.1) * np.eye(len(A))
    growth = ht.transient_growth(A)
    t = np.linspace(0, growth.t[-1], 200)
    brute = max(norm(expm(s * A)) for s in t)
    assert brute <= growth.upper * (1 + 1e-11)
    assert brute * (1 - 1e-11) <= growth.value <= growth.upper <= growth.value * (1 + 1.01e-6)
    assert growth.value == pytest.approx(max(1.0, norm(expm(growth.time * A))), rel=1e-11)
    assert growth.norm.max() == pytest.approx(growth.value, rel=1e-11)


@given(matrices)
def test_no_step_has_a_larger_norm(A):
    A = 0.97 * A / np.abs(np.linalg.eigvals(A)).max()
    growth = ht.transient_growth(discrete(A))
    brute = [norm(np.linalg.matrix_power(A, k)) for k in range(300)]
    assert growth.value == growth.upper == pytest.approx(max(brute), rel=1e-12)
    assert growth.contraction or growth.step == np.argmax(brute)


@pytest.mark.parametrize("n", [10, 40])
def test_the_error_estimate_covers_what_a_grcar_matrix_loses(n):
    growth = ht.transient_growth(grcar(n))
    mpmath.mp.dps = 40
    M = mpmath.expm(mpmath.matrix(grcar(n).tolist()) * mpmath.mpf(growth.time))
    with flint.ctx.workprec(140):
        want = norm([[float(M[i, j]) for j in range(n)] for i in range(n)])
    assert abs(growth.value - want) <= growth.error
    assert growth.error < 1e-8 * growth.value


@given(st.integers(-900, 900))
def test_growth_does_not_depend_on_the_unit_of_time(exponent):
    A, c = np.array([[-1.0, 7.0], [0.5, -4.0]]), 2.0**exponent
    one, other = ht.transient_growth(A), ht.transient_growth(c * A)
    assert (other.value, other.upper, other.time * c, other.abscissa / c) == (
        one.value,
        one.upper,
        one.time,
        one.abscissa,
    )


def test_growth_does_not_depend_on_unitary_coordinates():
    A = grcar(12)
    Q = np.linalg.qr(np.random.default_rng(3).standard_normal((12, 12)) + 1j * np.eye(12))[0]
    one, other = ht.transient_growth(A), ht.transient_growth(Q @ A @ Q.conj().T)
    assert other.value == pytest.approx(one.value, rel=1e-11)
    assert ht.transient_growth(ht.s4(ht.LegT(9))).contraction


@pytest.mark.parametrize("n", [130, 200])
def test_large_matrices_take_the_norm_from_their_gram_matrix(n):
    A = np.random.default_rng(n).standard_normal((n, n)) * 1e200
    assert _contractions.spectral_norm(A) == pytest.approx(norm(A), rel=n * EPS)
    assert _contractions.spectral_norm(np.full((n, n), np.inf)) == np.inf


@given(
    st.integers(2, 5),
    st.integers(0, 2**32 - 1),
    st.floats(1e-4, 1.0),
    st.sampled_from([0, 40, 800]),
    st.booleans(),
)
def test_upper_holds_for_damped_oscillators_with_any_budget(n, seed, damping, budget, sampled):
    rng = np.random.default_rng(seed)
    V = rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))
    lam = -damping * rng.uniform(1, 3, n) + 1j * rng.uniform(-20, 20, n)
    W = np.linalg.inv(V)
    rate = np.exp(0.1 * lam) if sampled else lam
    A = V * rate @ W
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        patch.setattr(_powers, "_EVALUATIONS", budget)
        grown = ht.transient_growth(discrete(A) if sampled else A)
    t = np.arange(2000) if sampled else np.concatenate([np.linspace(0, 20, 2000), [grown.time]])
    flow = (V * (rate ** t[:, None] if sampled else np.exp(t[:, None] * lam))[:, None, :]) @ W
    brute = float(np.linalg.norm(flow, 2, axis=(1, 2)).max())
    slack = 1e-9 * np.linalg.cond(V)
    assert brute <= grown.upper * (1 + slack) and grown.value <= grown.upper
    assert grown.value <= np.linalg.cond(V) * (1 + slack)
    unit = np.linalg.cond(V / np.linalg.norm(V, axis=0))
    assert grown.upper <= unit * (1 + slack) or damping < slack


def test_a_slowly_damped_oscillator_is_bounded_by_the_condition_of_its_eigenvectors():
    """kappa(V) = 10, nearly attained a quarter of a period later."""
    grown = ht.transient_growth([[-1e-3, 1.0], [-100.0, -1e-3]])
    assert grown.upper == pytest.approx(10, rel=1e-12)
    assert grown.value == pytest.approx(10 * np.exp(-1e-3 * np.pi / 20), rel=1e-6)
    # The same in discrete time, with its period a multiple of the step.
    steps = ht.transient_growth(ht.StateSpace(expm(np.pi / 80 * np.array([[-1e-3, 1], [-100, -1e-3]])), [1, 1], dt=1.0))
    assert (steps.step, steps.value) == (4, pytest.approx(grown.value, rel=1e-7))
    assert _contractions.eigenvector_bound(np.array([[0.0, 1.0], [-4.0, 0.0]]), False) == np.inf
    assert _contractions.eigenvector_bound(np.array([[-1.0, 1.0], [0.0, -1.0]]), False) == np.inf
    # kappa = 2e11: the rounding of the poles, eps kappa, is far beyond what they are stable by.
    assert _contractions.eigenvector_bound(np.array([[-1e-8, 1.0], [0.0, -1.001e-8]]), False) == np.inf
    assert _contractions.eigenvector_bound(np.array([[1.0 + 1e-9, 0.0], [1.0, 0.0]]), True) == np.inf


def jordan(n, c):
    return c * np.eye(n) + np.diag(np.ones(n - 1), 1)


def test_a_long_jordan_block_grows_by_ten_decades_and_is_seen_to():
    """Sums of positive numbers have no cancellation: a growth of 6.5e10 is certain to ten digits."""
    A, largest = jordan(40, 0.5), (0.0, 0)
    power = flint.fmpq_mat(40, 40, [flint.fmpq(int(2 * x), 2) for x in A.ravel()])
    P = power
    for k in range(1, 120):
        largest = max(
            largest, (norm(np.array([[float(Fraction(int(x.p), int(x.q))) for x in r] for r in P.tolist()])), k)
        )
        P = P * power
    grown = ht.transient_growth(discrete(A))
    assert grown.step == largest[1] and grown.value == pytest.approx(largest[0], rel=1e-12)
    assert abs(grown.value - largest[0]) <= grown.error <= 1e-8 * grown.value


def test_a_nearly_defective_pair_grows_as_its_divided_difference():
    """e^{tA}_{01} = c (e^{-t} - e^{-(1 + d) t})/d."""
    with pytest.warns(AccuracyWarning):
        grown = ht.transient_growth([[-1.0, 1e7], [0.0, -1.0001]])
    t = grown.time
    assert grown.value == pytest.approx(1e7 * np.exp(-t) * -np.expm1(-1e-4 * t) / 1e-4, rel=1e-8)
    assert t == pytest.approx(np.log1p(1e-4) / 1e-4, rel=1e-5)


def test_a_nilpotent_block_is_gone_after_its_last_step_however_large():
    grown = ht.transient_growth(discrete(np.array([[0.0, 1e30], [0.0, 0.0]])))
    assert (grown.value, grown.upper, grown.step, grown.norm.tolist()) == (1e30, 1e30, 1, [1.0, 1e30, 0.0])


@pytest.mark.parametrize("turned", [False, True])
def test_growth_by_six_decades_is_found_in_any_coordinates(turned):
    """Squares of F(512) lose what products with F(64) keep."""
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((48, 48)))[0] if turned else np.eye(48)
    A = Q @ grcar(48) @ Q.T
    grown = ht.transient_growth(A)
    with flint.ctx.workprec(300):
        M = (flint.arb_mat(A.tolist()) * flint.arb(grown.time)).exp()
        want = norm([[float(M[i, j]) for j in range(48)] for i in range(48)])
    assert want > 2e4 and abs(grown.value - want) <= grown.error <= 1e-8 * want


def test_the_error_of_a_power_counts_each_factor_once():
    """A^k moves by sum_{s < k} A^s dA A^{k-1-s}; its rounding adds up to 2 sqrt(N) times that."""
    for A in (np.array([[0.1, 1e3], [0.0, 0.1]]), ht.LegS(8).system.discretize(0.1, "forward-euler").A):
        grown, N = ht.transient_growth(discrete(A)), len(A)
        sizes = [norm(np.linalg.matrix_power(A, k)) for k in range(grown.step)]
        moved = EPS * norm(A) * sum(x * y for x, y in zip(sizes, sizes[::-1], strict=True))
        error = grown.error - N * EPS * grown.value
        assert moved * (1 - 1e-6) <= error <= (1 + 2 * np.sqrt(N)) * moved * (1 + 1e-6)


# ------------------------------------------------------------------------------------- the bounds of the search


def searched(known, rate):
    """A search that looks no closer, since it knows of a larger norm."""
    powers = _semigroup.Powers(np.ones((1, 1)), False, rate)
    return _powers._Search(powers, [_semigroup.Sample(t, n, 0.0, 0.0) for t, n in known], 1e300, 0.0, {})


def test_between_samples_the_norm_is_bounded_by_growth_and_by_curvature():
    """||F(a)|| G and max(ends) + h^2/8 ||F''(a)|| G, where G = 2 on the interval: the smaller one."""
    search = searched([(0.0, 1.0)], np.log(2))
    b = _semigroup.Sample(1.0, 1.0, 0.0, 0.0)
    for bend, bound in ((1.0, 1.25), (2.0, 1.5), (4.0, 2.0), (9.0, 2.0)):
        assert search.bound(_semigroup.Sample(0.0, 1.0, bend, 0.0), b) == pytest.approx(bound, rel=1e-15)
    assert search.bound(_semigroup.Sample(0.0, 0.5, 1.0, 0.0), b) == 1.0


def test_growth_over_an_interval_allows_for_the_rounding_of_its_rate():
    powers = _semigroup.Powers(np.ones((1, 1)), False, 1.0, slack=0.5, cap=10.0)
    assert [powers.bound(h) for h in (0.0, 1.0, 2.0)] == [1.0, np.exp(1.5), 10.0]
    assert _semigroup.Powers(np.ones((1, 1)), False, -2.0, slack=0.5).bound(3.0) == 1.0


@pytest.mark.parametrize(("h", "G"), [(0.5, 3.0), (1.0, 3.0), (1.5, 5.0), (2.0, 5.0)])
def test_growth_over_an_interval_is_what_was_proved_up_to_its_length_at_least(h, G):
    search = searched([(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)], 100.0)
    a, b = _semigroup.Sample(2.0, 1.0, 1e9, 0.0), _semigroup.Sample(2.0 + h, 1.0, 0.0, 0.0)
    assert search.bound(a, b) == G


def test_what_was_proved_for_early_times_still_counts_in_a_later_octave():
    search = searched([(0.0, 1.0), (1.0, 7.0)], 0.0)
    search.octave([_semigroup.Sample(t, 1.0, 0.0, 0.0) for t in (1.0, 1.5, 2.0)])
    assert search.reach == [0.0, 1.0, 2.0] and search.growth == [1.0, 7.0, 7.0]


@pytest.mark.parametrize(("upper", "says"), [(1.009, False), (1.011, True), (1.4, True)])
def test_an_upper_bound_more_than_one_percent_above_is_announced(upper, says):
    found = _powers.Found(np.zeros(1), np.ones(1), 0.0, 2.0, 2 * upper, 0.0)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        tell_doubts(found, "transient_growth", "the largest norm", "scales", stacklevel=1)
    assert bool(heard) == says


# ------------------------------------------------------------------------------------- what has no answer


def dyadic(seed, continuous, slow):
    """S T S^{-1} in exact arithmetic: T triangular, S of integers and determinant 1; the spectrum is that of T."""
    rng = np.random.default_rng(seed)
    n, spread, one = int(rng.integers(4, 7)), int(rng.integers(2, 9)), 1024 if slow else 2 ** int(rng.integers(2, 7))
    eye = np.eye(n, dtype=object)

    def unit_triangular():
        K = np.tril(rng.integers(-spread, spread + 1, (n, n)), -1).astype(object)
        inverse, power = eye, eye
        for _ in range(n):
            power = -power.dot(K)
            inverse = inverse + power
        return eye + K, inverse

    (L, L_inverse), (U, U_inverse) = unit_triangular(), unit_triangular()
    if slow:
        poles = -rng.integers(1, 4, n) if continuous else one - rng.integers(1, 4, n)
    else:
        poles = -rng.integers(1, 2 * one, n) if continuous else rng.integers(1 - one, one, n)
    poles = np.sort(poles)[np.arange(n) // 2 * 2]
    T = np.triu(rng.integers(-9 * one, 9 * one + 1, (n, n)), 1).astype(object) + np.diag(poles).astype(object)
    A = L.dot(U.T).dot(T).dot(U_inverse.T).dot(L_inverse)
    assert max(abs(x) for x in A.ravel()) < 2**53
    return A, one


@settings(max_examples=200)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_no_stable_matrix_is_called_unstable(seed, continuous, slow):
    """The growth is up to 1e20, the spectrum known exactly: a value that holds, or an AccuracyError."""
    K, one = dyadic(seed, continuous, slow)
    A = K.astype(float) / one
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        try:
            grown = ht.transient_growth(A if continuous else discrete(A))
        except AccuracyError:
            return
    if continuous:
        with flint.ctx.workprec(400):
            M = (flint.arb_mat(A.tolist()) * flint.arb(grown.time)).exp()
            want = norm([[float(M[i, j]) for j in range(len(A))] for i in range(len(A))])
    else:
        power, base = np.eye(len(A), dtype=object), K
        for bit in range(grown.step.bit_length()):
            power = power.dot(base) if grown.step >> bit & 1 else power
            base = base.dot(base)
        want = norm([[float(Fraction(x, one**grown.step)) for x in row] for row in power])
    assert abs(grown.value - want) <= grown.error + 1e-15


def test_rounding_that_outlives_a_decay_is_no_growth():
    """lambda (4 lambda - 3)^2 (8 lambda - 7)^2/1024 is the characteristic polynomial; the norm reaches 4.0e9."""
    A = [
        [64.875, -64, -64.875, 0, 0],
        [-127.875, -63.25, -128.875, -64, 64],
        [-192, 0, 0, -64, 64],
        [63.625, 64, 64.875, 0.75, -63.875],
        [128, -128, -129.75, 0, 0.875],
    ]
    exact = flint.fmpq_mat(5, 5, [flint.fmpq(int(8 * x), 8) for row in A for x in row])
    roots = {str(root): times for root, times in exact.charpoly().roots()}
    assert roots == {"0": 1, "3/4": 2, "7/8": 2}
    with pytest.raises(AccuracyError, match="grows so far that this rounding outlives it"):
        ht.transient_growth(discrete(np.array(A)))


def test_an_error_names_the_condition_of_its_own_kind_of_time():
    with pytest.raises(AccuracyError, match=r"\|\|Abar\|\| <= 1") as discrete_time:
        ht.transient_growth(discrete(np.array([[0.6, -0.8], [0.8, 0.6]])))
    assert "A + A^*" not in str(discrete_time.value)
    with pytest.raises(AccuracyError, match=r"A \+ A\^\* <= 0"):
        ht.transient_growth([[0.0, 1.0], [-4.0, 0.0]])


def test_a_triangular_matrix_is_unstable_by_its_diagonal_to_two_eps():
    for pole, grows in ((1 + 2 * EPS, False), (1 + 4 * EPS, True), (1 + 1e-12, True)):
        error = UnstableSystemError if grows else AccuracyError
        with pytest.raises(error, match="a pole lies" if grows else "neither halves"):
            ht.transient_growth(discrete(np.array([[pole, 1.0], [0.0, 0.5]])))


def test_times_beyond_the_float_range_are_answered_or_refused():
    A = np.array([[-1.0, 10.0], [0.0, -1.0]])
    one, far = ht.transient_growth(A), ht.transient_growth(1e300 * A, at=[1e-308, 1.0, 1e308])
    assert far.value == pytest.approx(one.value, rel=1e-6) and far.time == pytest.approx(1e-300 * one.time, rel=1e-6)
    np.testing.assert_allclose(far.norm, [norm(expm(1e-8 * A)), 0.0, 0.0], rtol=1e-13)
    for tiny in (1e-310 * A, 5e-324 * np.array([[-1, 2], [0, -1]])):
        with pytest.raises(ParameterError, match="beyond the float range"):
            ht.transient_growth(tiny)
    for scale in (1e-285, 1e306):
        assert ht.transient_growth(scale * A).time == pytest.approx(one.time / scale, rel=1e-6)


def test_a_phase_that_rounding_has_lost_is_no_answer():
    skew = np.array([[0.0, 3.0], [-3.0, 0.0]])
    assert ht.transient_growth(skew, at=[1e6]).norm[0] == pytest.approx(1.0, abs=1e-8)
    with pytest.raises(AccuracyError, match="turns so often"):
        ht.transient_growth(skew, at=[1.0, 1e20])
    with pytest.raises(AccuracyError, match="turns so often"):
        ht.transient_growth(discrete(np.roll(np.eye(3), 1, axis=0)), at=[2**52])


@pytest.mark.parametrize(
    "system",
    [
        [[0.1]],
        [[0.1, -3.0], [3.0, 0.1]],
        [[1e-8, -3.0], [3.0, 1e-8]],
        ht.LegS(256).system.discretize(0.01, "forward-euler"),
        ht.FouT(33).system.discretize(0.01, "forward-euler"),
        discrete(np.array([[1 + 1e-9]])),
        discrete(np.diag([0.5, 1 + 1e-12])),
        discrete(np.array([[0.0, 40.0], [40.0, 0.0]])),
        discrete(1.01 * np.roll(np.eye(3), 1, axis=0)),
        grcar(20) + 2.5 * np.eye(20),
        ht.Diagonal([0.1], [1.0]),
        ht.Diagonal([1.1j], [1.0], dt=0.1),
        ht.Diagonal([1 + 1e-12], [1.0], dt=0.1),
    ],
    ids=str,
)
def test_unstable_systems_grow_without_end(system):
    with pytest.raises(UnstableSystemError, match="without end"):
        ht.transient_growth(system)


@pytest.mark.parametrize(
    "system",
    [
        discrete(np.array([[0.6, -0.8], [0.8, 0.6]])),
        [[0.0, 1.0], [0.0, 0.0]],
        [[0.0, 1.0], [-4.0, 0.0]],
        ht.LegS(64).system.discretize(0.03, "forward-euler"),
    ],
    ids=str,
)
def test_what_rounding_leaves_open_is_an_error_and_no_number(system):
    """Rotations, Jordan blocks on the boundary, an ellipse, growth beyond 1/eps."""
    with pytest.raises(AccuracyError, match="neither halves nor can be told"):
        ht.transient_growth(system)


def test_a_search_without_a_budget_still_encloses_the_answer(monkeypatch):
    want = ht.transient_growth(grcar(30)).value
    monkeypatch.setattr(_powers, "_EVALUATIONS", 0)
    with pytest.warns(AccuracyWarning, match="lies between"):
        growth = ht.transient_growth(grcar(30))
    assert growth.value <= want * (1 + 1e-12) and want <= growth.upper


def test_bad_matrices_and_times_are_refused():
    with pytest.raises(ShapeError, match="square"):
        ht.transient_growth(np.ones((2, 3)))
    with pytest.raises(ParameterError, match="NaN"):
        ht.transient_growth([[np.nan]])
    with pytest.raises(ParameterError, match="numeric"):
        ht.transient_growth("LegS")
    with pytest.raises(ParameterError, match="t must be >= 0"):
        ht.transient_growth(ht.LegS(3), at=[-1.0])
    with pytest.raises(ShapeError, match="1-D array of times"):
        ht.transient_growth(ht.LegS(3), at=[])
    for system in (ht.LegS(3).system.discretize(0.1), ht.lru(4, rng=0)):
        with pytest.raises(ParameterError, match="whole numbers of steps"):
            ht.transient_growth(system, at=[0.5])


# ------------------------------------------------------------------------------------- results

RESULTS = [
    ht.transient_growth(ht.LegS(4)),
    ht.transient_growth(grcar(5)),
    ht.transient_growth(ht.LegS(8).system.discretize(0.1, "forward-euler")),
    ht.transient_growth(ht.lru(4, rng=0)),
    ht.numerical_abscissa(ht.LegS(4)),
]


@pytest.mark.parametrize("result", RESULTS, ids=repr)
def test_results_stay_read_only_through_copies_and_pickles(result):
    again = pickle.loads(pickle.dumps(result))
    assert copy.deepcopy(result) is result and repr(again) == repr(result)
    arrays = {name: value for name, value in vars(again).items() if isinstance(value, np.ndarray)}
    assert arrays
    for name, value in arrays.items():
        assert not value.flags.writeable and not getattr(result, name).flags.writeable
        np.testing.assert_array_equal(value, getattr(result, name))


def test_the_curve_is_at_the_times_that_were_asked_for():
    growth = ht.transient_growth(grcar(6), at=[2.0, 0.0, 1.0])
    assert growth.t.tolist() == [0.0, 1.0, 2.0]
    np.testing.assert_allclose(growth.norm, [norm(expm(t * grcar(6))) for t in growth.t], rtol=1e-13)
    assert growth.value == pytest.approx(ht.transient_growth(grcar(6)).value, rel=1e-12)
    steps = ht.transient_growth(ht.LegS(5).system.discretize(0.1, "bilinear"), at=7)
    assert (steps.k.tolist(), steps.norm.shape, steps.dt) == ([7], (1,), 0.1)


@pytest.mark.parametrize("result", RESULTS[:4], ids=repr)
def test_growth_draws_itself_with_its_top_where_it_has_one(result):
    (ax,) = result.plot().axes
    assert ax.get_xlabel() in ("$t$", "step $k$") and ax.get_title(loc="left") == str(result)
    assert len(ax.texts) == (not result.contraction)
    other, [[given_axes]] = canvas(1, 1, width=3, height=2)
    assert result.plot(given_axes) is other and given_axes.get_yscale() == "log"
