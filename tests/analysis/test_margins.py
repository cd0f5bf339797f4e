"""Distance to instability and the Kreiss constant: closed forms, published values, theorems, brute force, scaling."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.optimize import minimize

import hippo_theory as ht
from hippo_theory.analysis._level_sets import Circle, Landscape, Line, lowest
from hippo_theory.errors import AccuracyError, AccuracyWarning, ParameterError, ShapeError, UnstableSystemError

EPS = np.finfo(float).eps


def discrete(A, dt=1.0):
    return ht.StateSpace(A, np.ones(len(A)), dt=dt)


def sigma_min(A, z):
    return np.linalg.svd(np.asarray(z)[..., None, None] * np.eye(len(A)) - A, compute_uv=False)[..., -1]


def stable(seed, most=12):
    """A stable matrix: real for even seeds, triangular for every third, to be read as discrete for two of four."""
    rng = np.random.default_rng(seed)
    N = int(rng.integers(1, most + 1))
    A = rng.standard_normal((N, N))
    if seed % 2:
        A = A + 1j * rng.standard_normal((N, N))
    A = 3 * np.triu(A) if seed % 3 == 0 else A
    if seed % 4 >= 2:
        return A / np.abs(np.linalg.eigvals(A)).max() * rng.uniform(0.3, 0.99), True
    return A - np.eye(N) * (np.linalg.eigvals(A).real.max() + 10 ** rng.uniform(-2, 0.5)), False


def least(f, points):
    """The smallest value of f, from the best points of a grid by Nelder and Mead's method."""
    values, options = f(points), {"xatol": 1e-11, "fatol": 1e-15, "maxiter": 4000, "maxfev": 4000}
    starts = points[np.argsort(values)[:6]]
    return min(minimize(lambda p: f(p[None])[0], x, method="Nelder-Mead", options=options).fun for x in starts)


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 68))])
def test_distance_and_kreiss_constant_agree_with_brute_force(seed):
    A, is_discrete = stable(seed)
    system = discrete(A) if is_discrete else A
    distance, K = ht.distance_to_instability(system), ht.kreiss_constant(system)
    R = np.linalg.norm(A, 2)
    side = np.linspace(-math.pi, math.pi, 121) if is_discrete else np.linspace(-R, R, 121)

    def z(p):
        return (1 + np.exp(p[:, 0])) * np.exp(1j * p[:, 1]) if is_discrete else np.exp(p[:, 0]) + 1j * p[:, 1]

    boundary = np.linspace(side[0], side[-1], 1001)[:, None]
    found = least(lambda p: sigma_min(A, np.exp(1j * p[:, 0]) if is_discrete else 1j * p[:, 0]), boundary)
    assert found == pytest.approx(distance.value, rel=1e-8)
    heights = np.linspace(math.log(0.3 * distance.value), math.log(50 * R + 1), 81)
    grid = np.array([(h, t) for h in heights for t in side])
    log_ratio = least(lambda p: np.log(sigma_min(A, z(p))) - p[:, 0], grid)
    assert max(1.0, math.exp(-log_ratio)) == pytest.approx(K.value, rel=1e-8)
    assert K.value <= K.upper <= 1.0011 * K.value
    if K.value > 1:
        height = abs(K.z) - 1 if is_discrete else K.z.real
        assert height / sigma_min(A, K.z) == pytest.approx(K.value, rel=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_the_logarithm_of_the_lowest_singular_value_is_concave(seed):
    """Hadamard's three lines, three circles: in Re z, or in log abs(z), above the spectrum."""
    A, is_discrete = stable(seed)
    u = np.linspace(0.0, 2.0, 9)
    paths = [Circle(math.exp(s)) if is_discrete else Line(s, 1j) for s in u]
    log_d = np.log([lowest(Landscape(A), path)[1].sigma for path in paths])
    assert (np.diff(log_d) > 0).all() and (np.diff(log_d, 2) <= 1e-9).all()


# ------------------------------------------------------------------------------- distance to instability: closed forms


@given(st.floats(0.1, 10), st.floats(0, 100))
@example(0.125, 2.0**-52)  # LAPACK's SVD neglects such a coupling, though not of equal singular values
def test_a_jordan_block_of_two_has_the_distance_of_its_singular_values(a, b):
    """sigma_min of [[a, b], [0, a]]: the product of both is a^2, their difference b."""
    found = ht.distance_to_instability([[-a, b], [0.0, -a]])
    exact = 2 * a * a / (b + math.hypot(b, 2 * a))
    assert found.value == pytest.approx(exact, abs=found.error) and found.frequency == pytest.approx(0, abs=1e-6)


@given(st.lists(st.complex_numbers(max_magnitude=10), min_size=1, max_size=6), st.integers(0, 99))
def test_the_distance_of_a_normal_matrix_is_that_of_its_eigenvalues(lam, seed):
    lam = np.array(lam)
    lam = lam - lam.real.max() - 0.1
    rng = np.random.default_rng(seed)
    N = len(lam)
    U = np.linalg.qr(rng.standard_normal((N, N)) + 1j * rng.standard_normal((N, N)))[0]
    assert ht.distance_to_instability(U * lam @ U.conj().T).value == pytest.approx(0.1, abs=64 * N * EPS * 30)
    assert ht.kreiss_constant(U * lam @ U.conj().T).value == pytest.approx(1, abs=1e-12)
    mu = 0.9 * lam / np.abs(lam).max()
    assert ht.distance_to_instability(discrete(U * mu @ U.conj().T)).value == pytest.approx(0.1, abs=64 * N * EPS)


@given(st.floats(0.01, 10), st.floats(0.1, 10))
def test_rotation_with_damping_is_unstable_at_its_own_frequency(a, w):
    found = ht.distance_to_instability([[-a, w], [-w, -a]])
    assert found.value == pytest.approx(a, rel=1e-12, abs=8 * EPS * w)
    # sigma_min is hypot(a, w - frequency) there: flat to the root of the rounding.
    assert found.frequency == pytest.approx(w, abs=1e-7 * (a + w))


def direct_sum(*blocks):
    A = np.zeros((2 * len(blocks), 2 * len(blocks)), dtype=np.result_type(*blocks))
    for i, block in enumerate(blocks):
        A[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = block
    return A


def test_the_lowest_of_many_wells_is_found_though_the_middle_of_its_piece_is_high():
    """Eight poles of a normal part are nearest to the axis; two of three defective pairs share a piece below them."""
    pairs = [np.array([[-a, 1.0], [0.0, -a]]) + 1j * y * np.eye(2) for a, y in ((0.1, -0.2), (0.12, 0.2), (0.22, 5.0))]
    normal = [np.diag([-0.09, -0.09]) + 1j * np.diag([10.0 + k, 20.0 + k]) for k in range(4)]
    found = ht.distance_to_instability(direct_sum(*pairs, *normal))
    assert found.value == pytest.approx((math.sqrt(1.04) - 1) / 2, rel=1e-12)
    assert found.frequency == pytest.approx(-0.2, abs=1e-6)


def test_demmels_matrix_becomes_unstable_at_a_frequency_that_is_none_of_its_own():
    """demmel1987: all eigenvalues are real. The corner of the resolvent says 1/sqrt2, and 3 sqrt3/(2 top)."""
    last = math.inf
    for top in (1e2, 1e3, 1e4):
        found = ht.distance_to_instability(ht.gallery.demmel(3, top)) if top < 1e4 else None
        if found is None:
            with pytest.warns(AccuracyWarning):
                found = ht.distance_to_instability(ht.gallery.demmel(3, top))
        errors = abs(found.frequency - math.sqrt(0.5)), abs(found.value * top / (1.5 * math.sqrt(3)) - 1)
        assert max(errors) < 4 / top and max(errors) < last / 5
        last = max(errors)


def test_the_distance_of_legt_is_that_of_integration_on_a_window():
    """1/||V|| = pi/2 for Volterra's operator V, at every frequency; spectral accuracy in N."""
    errors = [abs(ht.distance_to_instability(ht.LegT(N)).value - math.pi / 2) for N in (4, 6, 8, 16)]
    assert errors[1] < errors[0] / 20 and errors[2] < errors[1] / 20 and errors[3] < 1e-12


@pytest.mark.parametrize("N", [1, 2, 3, 8, 32, 64])
def test_legs_is_at_least_its_shift_away_from_instability(N):
    """Theory L8. Tighter as N grows."""
    found = ht.distance_to_instability(ht.LegS(N))
    assert 0.5 < found.value <= 1 and found.frequency == 0
    assert found.value == pytest.approx(ht.distance_to_instability(ht.LegS(N).system).value, rel=1e-15)
    if N > 1:
        assert found.value < ht.distance_to_instability(ht.LegS(N - 1)).value


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=5), st.sampled_from([0.1, 0.5, 2.0]))
def test_chains_are_at_least_their_shift_away_from_instability(a, shift):
    op = ht.TakenakaMalmquist(a, shift=shift)
    assert ht.distance_to_instability(op).value >= shift - ht.distance_to_instability(op).error


def test_diagonal_systems_are_answered_exactly():
    assert ht.distance_to_instability(ht.s4d("legs", 16)).value == 0.5
    found = ht.distance_to_instability(ht.Diagonal([0.5j, -0.25], [1.0, 1.0], dt=0.1))
    assert (found.value, found.z) == (0.5, 1j) and found.frequency == pytest.approx(math.pi / 0.2, rel=1e-15)
    assert np.abs(np.linalg.eigvals(np.diag([0.5j, -0.25]) + found.E) - 1j).min() == 0


# -------------------------------------------------------------------------------------------------- published values


def test_the_example_of_slicot_has_the_published_distance():
    """AB13FD, HTML documentation: beta = .39196472317D-02 at omega = .98966520430."""
    A = [
        [246.5, 242.5, 202.5, -197.5],
        [-252.5, -248.5, -207.5, 202.5],
        [-302.5, -297.5, -248.5, 242.5],
        [-307.5, -302.5, -252.5, 246.5],
    ]
    found = ht.distance_to_instability(A)
    assert found.value == pytest.approx(0.39196472317e-2, rel=3e-10)
    assert found.frequency == pytest.approx(0.98966520430, abs=2e-8)


@pytest.mark.parametrize("seed", range(20))
def test_the_kreiss_matrix_theorem_with_the_constant_of_spijker(seed):
    """K <= sup ||A^k|| <= e N K (spijker1991)."""
    A, is_discrete = stable(seed, most=6)
    system = discrete(A) if is_discrete else A
    K, top = ht.kreiss_constant(system), ht.transient_growth(system)
    assert K.value <= top.upper * (1 + 1e-9)
    assert top.value <= math.e * len(A) * K.upper


# ----------------------------------------------------------------------------------- Kreiss constant: closed forms


@given(st.floats(0.1, 10), st.floats(2.2, 1e3))
def test_a_defective_pair_has_the_kreiss_constant_of_calculus(a, ratio):
    """[[-a, b], [0, -a]]: sigma = (sqrt(b^2 + 4 s^2) - b)/2 at s = x + a; sup x/sigma = b/(4a) + a/b for b >= 2a."""
    b = ratio * a
    found = ht.kreiss_constant([[-a, b], [0.0, -a]])
    assert found.value == pytest.approx(ratio / 4 + 1 / ratio, rel=1e-9)
    assert found.z.real == pytest.approx(a * (ratio**2 + 4) / (ratio**2 - 4), rel=1e-4) and found.z.imag == 0


@given(st.floats(2.01, 1e3))
def test_a_nilpotent_pair_has_the_same_one_in_discrete_time(b):
    """[[0, b], [0, 0]]: (r - 1)/sigma(r) is the continuous one with a = 1 and r = x + 1."""
    found = ht.kreiss_constant(discrete(np.array([[0.0, b], [0.0, 0.0]])))
    assert found.value == pytest.approx(b / 4 + 1 / b, rel=1e-10)


@pytest.mark.parametrize("ratios", [(20.0, 20.001), (20.001, 20.0), (2.5, 2.5002), (2.5002, 2.5)])
@pytest.mark.parametrize("scale", [0.3, 0.1, 0.01])
def test_the_larger_of_two_constants_that_are_close_is_found(ratios, scale):
    """d is the smaller one of both parts, K the larger constant; they differ by less than the certificate leaves."""
    A = direct_sum(*(s * np.array([[-1.0, b], [0.0, -1.0]]) for s, b in zip((1.0, scale), ratios, strict=True)))
    found = ht.kreiss_constant(A)
    assert found.value == pytest.approx(max(b / 4 + 1 / b for b in ratios), rel=1e-11)
    assert found.value <= found.upper <= 1.0011 * found.value


@pytest.mark.parametrize("ratios", [(3.0, 3.00009), (3.00009, 3.0), (2.50075, 2.5), (20.0, 20.001)])
@pytest.mark.parametrize("margin", [0.5, 0.1])
def test_the_larger_of_two_constants_that_are_close_is_found_in_discrete_time(ratios, margin):
    """The defective pair with the poles 1 - a and the corner a b has the constant of -a in continuous time."""
    pairs = [np.array([[1 - a, a * b], [0.0, 1 - a]]) for a, b in zip((1.0, margin), ratios, strict=True)]
    found = ht.kreiss_constant(discrete(direct_sum(*pairs)))
    assert found.value == pytest.approx(max(b / 4 + 1 / b for b in ratios), rel=1e-9)
    assert found.value <= found.upper <= 1.0011 * found.value


def test_the_same_constant_on_twelve_scales_is_certified():
    A = direct_sum(*(10.0**-i * np.array([[-1.0, 20.0], [0.0, -1.0]]) for i in range(12)))
    found = ht.kreiss_constant(A)
    assert found.value == pytest.approx(5.05, rel=1e-11) and found.upper <= 1.0011 * found.value


def test_slow_growth_beside_a_fast_mode_is_no_contraction():
    """The numerical abscissa is 9e-11 of the norm, and the constant that of the slow part."""
    A = direct_sum(1e-11 * np.array([[-1.0, 20.0], [0.0, -1.0]]), -np.eye(2))
    with pytest.warns(AccuracyWarning, match="is uncertain"):
        assert ht.kreiss_constant(A).value == pytest.approx(5.05, rel=1e-3)


def test_contractions_have_the_constant_one_at_infinity():
    for A in ([[-1.0, 2.0], [0.0, -1.0]], -np.eye(3), np.zeros((2, 2)), [[0.0, 1.0], [-1.0, 0.0]]):
        found = ht.kreiss_constant(A)
        assert (found.value, found.upper, found.z) == (1.0, 1.0, math.inf)
    for op in (ht.LegS(64), ht.LagT(8), ht.FouT(9), ht.LegT(8), ht.TakenakaMalmquist([1 + 2j, 1 - 2j])):
        for form in (op, op.system, op.A, op.system.discretize(0.1, "bilinear"), op.system.discretize(0.1)):
            assert ht.kreiss_constant(form).value == 1.0, form
    assert ht.kreiss_constant(ht.s4d("lin", 16)).z == math.inf
    # Norm 2, numerical radius 1: no contraction, and still 1.
    assert ht.kreiss_constant(discrete(np.array([[0.0, 2.0], [0.0, 0.0]]))).value == 1.0


@pytest.mark.parametrize("N", [8, 16])
def test_forward_euler_grows_at_least_by_its_kreiss_constant(N):
    system = ht.LegS(N).system.discretize(0.05 if N == 8 else 0.01, "forward-euler")
    K, top = ht.kreiss_constant(system), ht.transient_growth(system)
    assert 1 < K.value <= top.upper <= math.e * N * K.upper


def test_the_constant_is_the_supremum_over_pseudospectral_abscissae():
    """K = sup alpha_eps/eps: with the criss-cross algorithm as the second road."""
    A = ht.gallery.grcar(12) - 2.5 * np.eye(12)
    K = ht.kreiss_constant(-ht.gallery.grcar(12))
    levels = np.geomspace(1e-3, 1e2, 60)
    ratios = [ht.pseudospectral_abscissa(-ht.gallery.grcar(12), eps).value / eps for eps in levels]
    best = sigma_min(-ht.gallery.grcar(12), K.z)
    assert max(ratios) <= K.value * (1 + 1e-12)
    assert ht.pseudospectral_abscissa(-ht.gallery.grcar(12), best).value / best == pytest.approx(K.value, rel=1e-10)
    assert ht.pseudospectral_radius(A, 1e-3).value > 0


def test_far_from_normal_the_constant_is_found_and_bounded():
    K = ht.kreiss_constant(-ht.gallery.grcar(32))
    assert K.value == pytest.approx(138.91372, rel=1e-6) and K.upper <= 1.0011 * K.value  # this code's, for the record
    assert K.value <= ht.transient_growth(-ht.gallery.grcar(32)).value


# --------------------------------------------------------------------------------------------------- scaling laws


@given(st.integers(0, 10**6), st.floats(1e-3, 1e3), st.floats(-5, 5))
def test_distance_scales_and_the_constant_does_not_and_neither_sees_a_turn(seed, c, w):
    A, is_discrete = stable(4 * seed + seed % 2, most=5)
    assert not is_discrete
    N = len(A)
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((N, N)) + 1j * rng.standard_normal((N, N)))[0]
    other = c * (Q @ A @ Q.conj().T + 1j * w * np.eye(N))
    one, two = ht.distance_to_instability(A), ht.distance_to_instability(other)
    assert two.value / c == pytest.approx(one.value, abs=20 * one.error + 20 * two.error / c)
    assert ht.kreiss_constant(other).value == pytest.approx(ht.kreiss_constant(A).value, rel=1e-9)


@pytest.mark.parametrize("seed", [2, 3, 6, 7])
def test_a_discrete_system_may_be_turned(seed):
    A, is_discrete = stable(seed)
    assert is_discrete
    for turn in (1j, np.exp(0.7j)):
        one, two = (ht.distance_to_instability(discrete(M)) for M in (A, turn * A))
        assert two.value == pytest.approx(one.value, rel=1e-10)
        one, two = (ht.kreiss_constant(discrete(M)) for M in (A, turn * A))
        assert two.value == pytest.approx(one.value, rel=1e-10)


@pytest.mark.parametrize("seed", range(12))
def test_the_perturbation_reaches_the_boundary(seed):
    A, is_discrete = stable(seed)
    found = ht.distance_to_instability(discrete(A, 0.5) if is_discrete else A)
    assert np.linalg.norm(found.E, 2) == pytest.approx(found.value, rel=1e-12)
    assert sigma_min(A + found.E, found.z) <= 64 * len(A) * EPS * (np.linalg.norm(A) + 1)
    where = np.exp(0.5j * found.frequency) if is_discrete else 1j * found.frequency
    assert found.z == pytest.approx(where, rel=1e-14)
    if not np.iscomplexobj(A):
        assert found.frequency >= 0


@pytest.mark.parametrize("c", [2.0**-300, 2.0**300])
def test_the_units_of_time_do_not_matter(c):
    A = -ht.gallery.grcar(8)
    assert ht.distance_to_instability(c * A).value == pytest.approx(c * ht.distance_to_instability(A).value, rel=1e-12)
    assert ht.kreiss_constant(c * A).value == pytest.approx(ht.kreiss_constant(A).value, rel=1e-12)


# ---------------------------------------------------------------------------------------------------- what it says


@pytest.mark.parametrize("find", [ht.distance_to_instability, ht.kreiss_constant])
def test_margins_say_what_they_need(find):
    with pytest.raises(UnstableSystemError, match=r"a pole lies 0\.5 right of the imaginary axis"):
        find(np.diag([-1.0, 0.5]))
    with pytest.raises(UnstableSystemError, match=r"a pole lies 0\.5 outside the unit circle"):
        find(discrete(np.diag([0.2, 1.5])))
    with pytest.raises(UnstableSystemError, match="unstable as it is"):
        find(ht.Diagonal([0.1], [1.0]))
    with pytest.raises(ShapeError, match=r"square matrix, got shape \(2, 3\)"):
        find(np.ones((2, 3)))
    with pytest.raises(ParameterError, match="NaN"):
        find([[math.nan]])
    # Not much, and still more than rounding explains.
    for A in (np.diag([-1.0, 1e-10]), discrete(np.diag([0.5, 1 + 1e-10]))):
        with pytest.raises(UnstableSystemError, match="a pole lies 1e-10"):
            find(A)


def test_a_matrix_on_the_boundary_has_the_distance_of_rounding():
    with pytest.warns(AccuracyWarning, match="rounding of the matrix"):
        assert ht.distance_to_instability([[0.0, 1.0], [0.0, -1.0]]).value <= 1e-15
    with pytest.raises(AccuracyError, match="the constant may be infinite"):
        ht.kreiss_constant([[0.0, 1.0], [0.0, 0.0]])
    with pytest.raises(AccuracyError, match="the constant may be infinite"):
        ht.kreiss_constant(discrete(np.array([[1.0, 1.0], [0.0, 1.0]])))
    for seed in range(5):
        # The same pair where rounding hides the zeros.
        Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((2, 2)))[0]
        with pytest.raises(AccuracyError, match="the constant may be infinite"):
            ht.kreiss_constant(Q @ [[0.0, 1.0], [0.0, 0.0]] @ Q.T)


def test_lost_digits_are_told():
    with pytest.warns(AccuracyWarning, match="is uncertain"):
        ht.kreiss_constant([[-1.0, 1e5], [0.0, -1.0]])


def test_results_are_values():
    for found in (ht.distance_to_instability(ht.LegS(4)), ht.kreiss_constant([[-1.0, 19.0], [0.0, -1.0]])):
        again = pickle.loads(pickle.dumps(found))
        assert (again.value, again.z) == (found.value, found.z) and copy.deepcopy(found) is found
    assert repr(found) == "Kreiss constant 4.8026316, attained at z = 1.02241+0j"
    assert repr(ht.kreiss_constant(ht.LegS(2))) == "Kreiss constant 1, attained at infinity"
    assert repr(ht.distance_to_instability(ht.LegS(1))) == "distance to instability 1 at frequency 0"
