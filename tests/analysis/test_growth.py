"""Transient growth: theorems for lossless operators, closed forms, exact powers, brute force, resolvents."""

import copy
import pickle
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

import hippo_theory as ht
from hippo_theory.analysis import _powers
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
    assert _powers.spectral_norm(A) == pytest.approx(norm(A), rel=n * EPS)
    assert _powers.spectral_norm(np.full((n, n), np.inf)) == np.inf


# ------------------------------------------------------------------------------------- what has no answer


@pytest.mark.parametrize(
    "system",
    [
        [[0.1]],
        [[0.1, -3.0], [3.0, 0.1]],
        [[1e-8, -3.0], [3.0, 1e-8]],
        ht.LegS(256).system.discretize(0.01, "forward-euler"),
        ht.FouT(33).system.discretize(0.01, "forward-euler"),
        discrete(np.array([[1 + 1e-9]])),
        discrete(np.array([[0.0, 40.0], [40.0, 0.0]])),
        discrete(1.01 * np.roll(np.eye(3), 1, axis=0)),
        grcar(20) + 2.5 * np.eye(20),
        ht.Diagonal([0.1], [1.0]),
        ht.Diagonal([1.1j], [1.0], dt=0.1),
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
        discrete(np.array([[0.0, 1e30], [0.0, 0.0]])),
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
