"""The numerical range: ellipses, polygons, discs, published radii, supports on a dense grid, closing polygons."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import ParameterError, ShapeError
from hippo_theory.plot import canvas

EPS = np.finfo(float).eps


def matrix(seed, most=12):
    rng = np.random.default_rng(seed)
    N = int(rng.integers(1, most + 1))
    A = rng.standard_normal((N, N))
    return A if seed % 2 == 0 else A + 1j * rng.standard_normal((N, N))


def support(A, theta):
    turned = np.exp(-1j * np.asarray(theta))[..., None, None] * A
    return np.linalg.eigvalsh((turned + turned.conj().swapaxes(-1, -2)) / 2)[..., -1]


@pytest.mark.parametrize("seed", range(60))
def test_supports_and_radius_agree_with_a_dense_grid(seed):
    A = matrix(seed)
    W, slack = ht.numerical_range(A), 32 * len(A) * EPS * np.linalg.norm(A)
    assert np.abs(W.support - support(A, W.theta)).max() <= slack
    assert np.abs((np.exp(-1j * W.theta) * W.boundary).real - W.support).max() <= slack
    theta = np.linspace(0, 2 * np.pi, 2000)
    grid = support(A, theta)
    # h is Lipschitz with its own maximum as the constant: the grid misses at most the second order.
    step = theta[1]
    assert grid.max() - slack <= W.radius <= grid.max() * (1 + step**2)
    near = theta[grid.argmax()] + np.linspace(-step, step, 2001)
    assert support(A, near).max() == pytest.approx(W.radius, rel=1e-9)
    assert W.abscissa == ht.numerical_abscissa(A).value


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-6])
def test_the_polygons_close_in_at_the_price_of_a_root(tol):
    A = matrix(7)
    W = ht.numerical_range(A, tol)
    assert W.gap <= tol * np.abs(W.boundary - W.boundary.mean()).max() * 1.01
    assert W.theta.size <= 8 / math.sqrt(tol)
    assert (np.diff(W.theta) > 0).all() and W.theta[0] == 0 and W.theta[-1] < 2 * math.pi
    # Inside all tangents, and turning left all the way: the inner polygon is convex and inside the outer one.
    inside = (np.exp(-1j * W.theta)[:, None] * W.boundary).real <= W.support[:, None] + 1e-12
    assert inside.all()
    edges = np.roll(W.boundary, -1) - W.boundary
    edges = edges[np.abs(edges) > 1e-13]
    assert ((np.conj(edges) * np.roll(edges, -1)).imag >= -1e-12).all()


@given(st.complex_numbers(max_magnitude=3), st.complex_numbers(max_magnitude=3), st.floats(0.01, 10))
def test_a_pair_has_an_ellipse_with_its_eigenvalues_as_foci(a, b, c):
    """Elliptical range theorem: [[a, c], [0, b]] has the minor axis c."""
    W = ht.numerical_range([[a, c], [0, b]])
    major = math.hypot(abs(a - b), c)
    sums = np.abs(W.boundary - a) + np.abs(W.boundary - b)
    assert np.abs(sums - major).max() <= 1e-13 * (1 + major + abs(a) + abs(b))
    exact = (a + b).real / 2 + 0.5 * math.hypot(abs((a - b).real), c)
    assert W.abscissa == pytest.approx(exact, abs=1e-13 * (1 + major))


@pytest.mark.parametrize("N", [2, 3, 4, 7, 20, 40])
def test_the_jordan_block_has_the_published_disc(N):
    """Radius cos(pi/(N+1)), haagerup1992; the pencil of its radius is singular."""
    W = ht.numerical_range(ht.gallery.jordan(N))
    assert W.radius == pytest.approx(math.cos(math.pi / (N + 1)), rel=4 * N * EPS)
    assert np.abs(np.abs(W.boundary) - W.radius).max() <= 32 * N * EPS


def test_a_normal_matrix_has_a_polygon_that_is_found_exactly():
    corners = np.exp(2j * np.pi * np.arange(5) / 5)
    U = np.linalg.qr(matrix(11, 1) + np.vander(np.arange(1.0, 6.0), 5) / 50)[0]
    for A in (np.diag(corners), U * corners @ U.conj().T):
        W = ht.numerical_range(A, tol=1e-9)
        assert W.gap <= 1e-12 and W.theta.size <= 40 and W.radius == pytest.approx(1, rel=1e-14)
        assert np.abs(corners[:, None] - W.boundary).min(axis=1).max() <= 1e-12
    segment = ht.numerical_range(np.diag([1.0, 2.0, -3.0]))
    assert np.abs(segment.boundary.imag).max() == 0 and (segment.radius, segment.abscissa) == (3, 2)


@pytest.mark.parametrize("N", [1, 2, 8, 64])
def test_legs_reaches_from_minus_its_shift_to_where_its_input_is(N):
    """x^* A x = -1/2 - |B^T x|^2/2 in its real part, and B^T B = N^2."""
    W = ht.numerical_range(ht.LegS(N), tol=1e-2)
    assert W.radius == pytest.approx((N * N + 1) / 2, rel=1e-13)
    assert W.abscissa == (-0.5 if N > 1 else -1)


@given(st.integers(0, 10**6), st.floats(0.01, 100), st.floats(-3, 3))
def test_the_range_scales_shifts_turns_and_does_not_see_unitary_similarity(seed, c, t):
    A = matrix(seed, 6)
    N = len(A)
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((N, N)) + 1j * rng.standard_normal((N, N)))[0]
    one, two = ht.numerical_range(A, 0.1), ht.numerical_range(c * np.exp(1j * t) * Q @ A @ Q.conj().T, 0.1)
    assert two.radius == pytest.approx(c * one.radius, rel=1e-12)
    moved = ht.numerical_range(A + (t + 1j) * np.eye(N), 0.1)
    assert moved.abscissa == pytest.approx(one.abscissa + t, abs=1e-12 * (1 + one.radius + abs(t)))
    assert ht.numerical_range(A.conj().T, 0.1).radius == pytest.approx(one.radius, rel=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_the_radius_lies_between_half_the_norm_and_the_norm_and_obeys_the_power_inequality(seed):
    """w(A^k) <= w(A)^k, Berger."""
    A = matrix(seed)
    w, norm = ht.numerical_range(A, 0.1).radius, np.linalg.norm(A, 2)
    assert norm / 2 <= w * (1 + 1e-14) and w <= norm * (1 + 1e-14)
    for k in (2, 3, 5):
        assert ht.numerical_range(np.linalg.matrix_power(A, k), 0.1).radius <= w**k * (1 + 1e-12)


def test_eigenvalues_lie_inside_and_systems_have_the_range_of_their_matrix():
    A = matrix(8)
    W = ht.numerical_range(A)
    assert ((np.exp(-1j * W.theta)[:, None] * W.poles).real <= W.support[:, None] + 1e-12).all()
    system = ht.StateSpace(A, np.ones(len(A)), dt=0.1)
    assert np.array_equal(ht.numerical_range(system).boundary, W.boundary)
    assert ht.numerical_range(system).abscissa == W.abscissa
    assert ht.numerical_range(ht.s4d("legs", 8)).abscissa == -0.5


def test_the_range_says_what_it_needs():
    with pytest.raises(ShapeError, match=r"square matrix, got shape \(2, 3\)"):
        ht.numerical_range(np.ones((2, 3)))
    with pytest.raises(ParameterError, match="tol must be positive"):
        ht.numerical_range(np.eye(2), 0)
    with pytest.raises(ParameterError, match="NaN"):
        ht.numerical_range([[math.nan]])


def test_the_range_is_drawn_and_is_a_value():
    W = ht.numerical_range(ht.gallery.grcar(12))
    figure = W.plot()
    assert len(figure.axes) == 1 and figure.axes[0].get_aspect() == 1.0
    other, [[ax]] = canvas(1, 1, width=3.0, height=3.0)
    assert W.plot(ax) is other and ax.get_title(loc="left") == "abscissa 2.701, radius 2.943"
    again = pickle.loads(pickle.dumps(W))
    assert again.radius == W.radius and copy.copy(W) is W and not W.boundary.flags.writeable
    for N in (1, 3):
        assert ht.numerical_range(np.zeros((N, N))).radius == 0
        assert ht.numerical_range(1j * np.eye(N)).radius == 1
