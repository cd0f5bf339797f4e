"""Pseudospectral abscissae and radii: closed forms, published values, brute force by singular values, scaling laws."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

import hippo_theory as ht
from hippo_theory.analysis._level_sets import Circle, Landscape, Line
from hippo_theory.errors import AccuracyWarning, ParameterError, ParameterTypeError, ShapeError

EPS = np.finfo(float).eps


def discrete(A):
    return ht.StateSpace(A, np.ones(len(A)), dt=0.5)


def sigma_min(A, z):
    z = np.asarray(z, dtype=complex)
    return np.linalg.svd(z[..., None, None] * np.eye(len(A)) - A, compute_uv=False)[..., -1]


def random_matrix(seed, most=12):
    """Real for even seeds; every third one triangular, hence far from normal."""
    rng = np.random.default_rng(seed)
    N = int(rng.integers(1, most + 1))
    A = rng.standard_normal((N, N))
    if seed % 2:
        A = A + 1j * rng.standard_normal((N, N))
    return np.triu(A) if seed % 3 == 0 else A


def last_inside(A, eps, point, grid):
    """The largest t of a ray inside the pseudospectrum: scanned, then bracketed."""
    inside = np.flatnonzero(sigma_min(A, point(grid)) <= eps)
    if inside.size == 0:
        return float(grid[0])
    i = inside[-1]
    return brentq(lambda t: float(sigma_min(A, point(t))) - eps, grid[i], grid[i + 1], xtol=1e-13)


def brute(A, eps, point, sides, lengths):
    """max over rays of how far they stay inside, from a grid and one-dimensional searches around its best rays."""
    reach = np.array([last_inside(A, eps, lambda t, s=s: point(s, t), lengths) for s in sides])
    best = reach.max()
    for i in np.argsort(reach)[-4:]:
        # A disc of radius eps around an eigenvalue may be narrower than the grid.
        for width in (np.diff(sides).max(), eps / (1 + abs(sides[i]))):
            found = minimize_scalar(
                lambda s: -last_inside(A, eps, lambda t: point(s, t), lengths),
                bounds=(sides[i] - width, sides[i] + width),
                method="bounded",
                options={"xatol": 1e-9},
            )
            best = max(best, -found.fun)
    return best


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 60))])
def test_abscissa_and_radius_agree_with_brute_force(seed):
    A = random_matrix(seed)
    eps = 10 ** np.random.default_rng(seed + 10**6).uniform(-1.5, 0.5)
    R = np.linalg.norm(A, 2) + 1.01 * eps
    lam = np.linalg.eigvals(A)  # every component has one, which its ray and its length must not miss
    sides, lengths = np.union1d(np.linspace(-R, R, 51), lam.imag), np.union1d(np.linspace(-R, R, 70), lam.real)
    angles = np.union1d(np.linspace(-math.pi, math.pi, 51), np.angle(lam))
    radii = np.union1d(np.linspace(0, R, 50), np.abs(lam))
    x, r = ht.pseudospectral_abscissa(A, eps), ht.pseudospectral_radius(A, eps)
    for found in (x, r):
        assert abs(sigma_min(A, found.z) - eps) <= 32 * len(A) * EPS * R
    assert x.value == x.z.real and r.value == abs(r.z)
    assert brute(A, eps, lambda y, t: t + 1j * y, sides, lengths) == pytest.approx(x.value, abs=1e-8 * R)
    assert brute(A, eps, lambda a, t: t * np.exp(1j * a), angles, radii) == pytest.approx(r.value, abs=1e-8 * R)


@pytest.mark.parametrize("seed", range(60))
def test_no_perturbation_of_rank_one_reaches_further(seed):
    A = random_matrix(seed)
    rng = np.random.default_rng(seed)
    eps = 10 ** rng.uniform(-6, 1)
    x, r = ht.pseudospectral_abscissa(A, eps).value, ht.pseudospectral_radius(A, eps).value
    u, v = rng.standard_normal((2, 200, len(A))) + 1j * rng.standard_normal((2, 200, len(A)))
    E = u[:, :, None] * v[:, None, :] / (np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1))[:, None, None]
    found = np.linalg.eigvals(A + eps * E)
    slack = 1e-10 * (1 + np.abs(found).max())
    assert found.real.max() <= x + slack and np.abs(found).max() <= r + slack


# ------------------------------------------------------------------------------------------------- closed forms


@given(st.floats(-3, 3), st.floats(0.01, 100), st.floats(1e-4, 10))
def test_a_jordan_block_of_two_has_discs_of_radius_sqrt_eps_eps_plus_b(a, b, eps):
    """The singular values of [[s, -b], [0, s]] have the product s^2 and the difference b."""
    radius = math.sqrt(eps * (eps + b))
    found = ht.pseudospectral_abscissa([[a, b], [0, a]], eps)
    assert found.value == pytest.approx(a + radius, abs=10 * found.error + 8 * EPS * (abs(a) + radius))
    assert ht.pseudospectral_radius([[0, b], [0, 0]], eps).value == pytest.approx(radius, rel=1e-12)


@pytest.mark.parametrize("N", [3, 5, 17])
def test_a_jordan_block_has_discs(N):
    """Its pencil is singular on the very circle that is the answer."""
    for eps in (1e-3, 0.5, 3.0):
        J = ht.gallery.jordan(N)
        x, r = ht.pseudospectral_abscissa(J, eps), ht.pseudospectral_radius(J, eps)
        assert x.value == pytest.approx(r.value, rel=1e-12)
        assert np.ptp(sigma_min(J, r.value * np.exp(1j * np.arange(7)))) <= 1e-13 * (1 + eps)
    # sigma_min(I - J) = 2 sin(pi/(4N+2)): the radius passes 1 there.
    assert ht.pseudospectral_radius(J, 2 * math.sin(math.pi / (4 * N + 2))).value == pytest.approx(1, rel=1e-12)


EIGENVALUES = st.just(0j) | st.complex_numbers(min_magnitude=1e-100, max_magnitude=10)


@given(st.lists(EIGENVALUES, min_size=1, max_size=6), st.floats(1e-3, 10))
def test_a_normal_matrix_has_discs_around_its_eigenvalues(lam, eps):
    N = len(lam)
    U = np.linalg.qr(np.vander(np.exp(1j * np.arange(N)), N) + np.eye(N))[0]
    for A in (np.diag(lam), U * lam @ U.conj().T):
        slack = 64 * N * EPS * (10 + eps)
        assert ht.pseudospectral_abscissa(A, eps).value == pytest.approx(np.real(lam).max() + eps, abs=slack)
        assert ht.pseudospectral_radius(A, eps).value == pytest.approx(np.abs(lam).max() + eps, abs=slack)


def test_the_matrix_zero_has_one_disc():
    for N in (1, 3):
        assert ht.pseudospectral_radius(np.zeros((N, N)), 0.5).value == pytest.approx(0.5, rel=1e-15)
        assert ht.pseudospectral_abscissa(np.zeros((N, N)), 0.5).value == pytest.approx(0.5, rel=1e-15)


def test_diagonal_systems_are_answered_exactly():
    s4d = ht.s4d("legs", 16)
    found = ht.pseudospectral_abscissa(s4d, 0.25)
    assert found.value == -0.25 and found.z.real == -0.25
    assert ht.pseudospectral_radius(s4d, 0.25).value == pytest.approx(np.abs(s4d.lam).max() + 0.25, rel=1e-15)
    sampled = s4d.system.discretize(0.01)
    assert ht.pseudospectral_radius(sampled, 0.25).value == pytest.approx(np.abs(sampled.lam).max() + 0.25, rel=1e-15)


@pytest.mark.parametrize("eps", [1e-3, 0.1, 0.4])
def test_a_small_perturbation_of_legs_stays_stable(eps):
    """sigma_min(zI - A) >= Re z + 1/2 (theory L8)."""
    found = ht.pseudospectral_abscissa(ht.LegS(32), eps)
    assert -1 < found.value <= -0.5 + eps
    assert found.value == pytest.approx(ht.pseudospectral_abscissa(ht.LegS(32).A, eps).value, rel=1e-15)


@pytest.mark.parametrize("eps", [0.05, 0.06])
def test_a_part_across_the_real_axis_that_holds_no_rightmost_or_outermost_pole_is_found(eps):
    """The poles of a rotation reach less far than a defective pair, whose disc has the radius sqrt(eps (eps + 1))."""
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    for side in (1, -1):
        A = np.zeros((4, 4))
        A[:2, :2], A[2:, 2:] = 0.4 * turn, side * np.array([[0.3, 1.0], [0.0, 0.3]])
        found = ht.pseudospectral_radius(A, eps)
        assert found.value == pytest.approx(0.3 + math.sqrt(eps * (eps + 1)), rel=1e-12)
        assert np.sign(found.z.real) == side
    A[:2, :2], A[2:, 2:] = turn - 0.09 * np.eye(2), [[-0.22, 1.0], [0.0, -0.22]]
    found = ht.pseudospectral_abscissa(A, eps)
    assert found.value == pytest.approx(-0.22 + math.sqrt(eps * (eps + 1)), rel=1e-11)


STEEP = np.triu(np.random.default_rng(0).standard_normal((40, 40)))
CROSSED = [(ht.gallery.grcar(20), Line(1.0, 1j)), (ht.gallery.jordan(40), Line(0.5, 1j)), (STEEP, Circle(1.6))]


@pytest.mark.parametrize(("A", "path"), CROSSED, ids=["grcar", "jordan", "triangular"])
def test_every_crossing_of_a_small_level_is_proposed_as_a_cut(A, path):
    """Where sigma_min rises slowly, the eigenvalues that tell of it are off the axis by more than rounding."""
    land, t = Landscape(A), np.linspace(-3.0, 3.0, 2001) + 1e-4
    sigma = land.sigma(path.points(t))
    level = 2 * float(sigma.min())
    left = t[:-1][(sigma[:-1] < level) != (sigma[1:] < level)]
    cuts = path.cuts(land, level)
    assert left.size and all(np.any((cuts > a - 1e-3) & (cuts < a + 4e-3)) for a in left)


# -------------------------------------------------------------------------------------------- published values


def test_grcar_has_the_published_abscissa_and_radius():
    """guglielmi2011: N = 100, eps = 1e-4."""
    A = ht.gallery.grcar(100)
    assert ht.pseudospectral_abscissa(A, 1e-4).value == pytest.approx(2.41276, abs=5.1e-6)
    assert ht.pseudospectral_radius(A, 1e-4).value == pytest.approx(2.85216, abs=5.1e-6)


# ------------------------------------------------------------------------------------------------- scaling laws


@given(st.integers(0, 10**6), st.floats(1e-3, 1e3), st.floats(-5, 5), st.floats(-5, 5))
def test_pseudospectra_scale_shift_turn_and_do_not_see_unitary_similarity(seed, c, x, y):
    A, eps = random_matrix(seed, 6), 0.3
    N, R = len(A), np.linalg.norm(A, 2) + 1
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((N, N)) + 1j * rng.standard_normal((N, N)))[0]
    abscissa, radius = ht.pseudospectral_abscissa(A, eps).value, ht.pseudospectral_radius(A, eps).value
    slack = 1e-11 * R
    assert ht.pseudospectral_abscissa(c * A, c * eps).value / c == pytest.approx(abscissa, abs=slack)
    moved = A + (x + 1j * y) * np.eye(N)
    assert ht.pseudospectral_abscissa(moved, eps).value - x == pytest.approx(abscissa, abs=10 * slack)
    assert ht.pseudospectral_abscissa(Q @ A @ Q.conj().T, eps).value == pytest.approx(abscissa, abs=slack)
    assert ht.pseudospectral_radius(np.exp(1j * y) * Q @ A @ Q.conj().T, eps).value == pytest.approx(radius, abs=slack)
    assert ht.pseudospectral_radius(c * A, c * eps).value / c == pytest.approx(radius, abs=slack)


@pytest.mark.parametrize("c", [2.0**-400, 2.0**400])
def test_the_units_of_time_do_not_matter(c):
    A = ht.gallery.grcar(6)
    assert ht.pseudospectral_abscissa(c * A, c * 0.1).value == pytest.approx(
        c * ht.pseudospectral_abscissa(A, 0.1).value, rel=1e-13
    )
    assert ht.pseudospectral_radius(c * A, c * 0.1).value == pytest.approx(
        c * ht.pseudospectral_radius(A, 0.1).value, rel=1e-13
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_reach_lies_between_spectrum_and_numerical_range_and_rises_at_least_like_eps(seed):
    A = random_matrix(seed)
    poles, W = np.linalg.eigvals(A), ht.numerical_range(A, tol=0.1)
    steps = np.array([1e-3, 0.01, 0.1, 1.0, 10.0])
    x = np.array([ht.pseudospectral_abscissa(A, eps).value for eps in steps])
    r = np.array([ht.pseudospectral_radius(A, eps).value for eps in steps])
    slack = 1e-9
    assert (x >= poles.real.max() + steps - slack).all() and (x <= W.abscissa + steps + slack).all()
    assert (r >= np.abs(poles).max() + steps - slack).all() and (r <= W.radius + steps + slack).all()
    assert (np.diff(x - steps) >= -slack).all() and (np.diff(r - steps) >= -slack).all()


def test_a_real_matrix_is_answered_above_the_axis_and_like_its_complex_copy():
    A = ht.gallery.grcar(12)
    for find in (ht.pseudospectral_abscissa, ht.pseudospectral_radius):
        real, other = find(A, 0.01), find(A.astype(complex), 0.01)
        assert real.z.imag >= 0
        assert other.value == pytest.approx(real.value, rel=1e-13)


def test_the_error_estimate_covers_what_rounding_does():
    """The same matrix in another orthonormal basis is a matrix eps away."""
    A, rng = ht.gallery.jordan(4, -1.0), np.random.default_rng(0)
    found = ht.pseudospectral_abscissa(A, 1e-5)
    for _ in range(20):
        Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
        assert abs(ht.pseudospectral_abscissa(Q @ A @ Q.T, 1e-5).value - found.value) <= 4 * found.error


def test_derivatives_of_the_smallest_singular_value_are_those_of_differences():
    A, z, h = random_matrix(5), 0.3 + 0.7j, 1e-4
    at = Landscape(A).at(z)
    f = {(i, j): float(sigma_min(A, z + h * (i + 1j * j))) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    gradient = complex(f[1, 0] - f[-1, 0], f[0, 1] - f[0, -1]) / (2 * h)
    cross = (f[1, 1] - f[1, -1] - f[-1, 1] + f[-1, -1]) / (4 * h * h)
    xx, yy = ((f[1, 0] - 2 * f[0, 0] + f[-1, 0]) / h**2, (f[0, 1] - 2 * f[0, 0] + f[0, -1]) / h**2)
    assert abs(at.gradient - gradient) < 1e-7
    assert np.abs(at.hessian - [[xx, cross], [cross, yy]]).max() < 1e-5


# ------------------------------------------------------------------------------------------------------ what it says


@pytest.mark.parametrize("find", [ht.pseudospectral_abscissa, ht.pseudospectral_radius])
def test_levels_say_what_they_need(find):
    for eps in (0, -1.0, math.nan, math.inf):
        with pytest.raises(ParameterError, match=r"pseudospectral_\w+: eps must be"):
            find(np.eye(2), eps)
    with pytest.raises(ParameterTypeError, match="eps must be a real number"):
        find(np.eye(2), 1j)
    with pytest.raises(ShapeError, match=r"square matrix, got shape \(2, 3\)"):
        find(np.ones((2, 3)), 0.1)
    with pytest.raises(ShapeError):
        find(np.ones((0, 0)), 0.1)
    with pytest.raises(ParameterError, match="NaN"):
        find([[math.nan]], 0.1)
    with pytest.warns(AccuracyWarning, match="near the rounding of singular values"):
        find(ht.gallery.jordan(8), 1e-13)


def test_the_abscissa_of_a_discrete_system_is_refused_and_its_radius_is_not():
    A = random_matrix(2)
    with pytest.raises(ParameterError, match=r"discrete time .* ht\.pseudospectral_radius"):
        ht.pseudospectral_abscissa(discrete(A), 0.1)
    assert ht.pseudospectral_radius(discrete(A), 0.1).value == ht.pseudospectral_radius(A, 0.1).value


def test_results_are_values():
    found = ht.pseudospectral_abscissa(ht.LegS(4), 0.1)
    again = pickle.loads(pickle.dumps(found))
    assert (again.value, again.z, again.eps) == (found.value, found.z, 0.1) and copy.deepcopy(found) is found
    assert repr(found).startswith("pseudospectral abscissa -0.") and "eps = 0.1" in repr(found)


@pytest.mark.parametrize("find", [ht.pseudospectral_abscissa, ht.pseudospectral_radius])
@pytest.mark.parametrize("eps", [5e-324, 1e-320, 1e200, 1.7e308])
def test_levels_whose_reciprocal_or_square_leaves_the_float_range_are_refused(find, eps):
    for A in (np.zeros((2, 2)), random_matrix(3), ht.Diagonal([-1.0], [1.0])):
        with pytest.raises(ParameterError, match="between 1e-300 and 1e140"):
            find(A, eps)
