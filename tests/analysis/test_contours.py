"""Boundaries of pseudospectra against discs, margins by other roads, and full grids; distances between them."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.analysis import contours
from hippo_theory.errors import AccuracyError, AccuracyWarning, ParameterError, ShapeError
from hippo_theory.plot import canvas

EPS = np.finfo(float).eps


def jordan(n):
    return np.diag(np.ones(n - 1), 1)


def points(found):
    return np.concatenate([np.empty(0, complex), *found.curves])


def off_level(A, found):
    """The largest |log10 sigma - log10 eps| on the curves."""
    return np.abs(ht.pseudospectrum(A, points(found)).log10_sigma - math.log10(found.eps)).max()


# --------------------------------------------------------------------------------------------------- contours


@pytest.mark.parametrize(
    ("A", "eps"),
    [(ht.LegS(24), 1e-6), (ht.LegS(24), 0.3), (ht.LagT(9), 1e-3), (ht.gallery.grcar(12), 1e-3), (ht.LegT(12).A, 0.1)],
    ids=["legs", "legs-wide", "lagt", "grcar", "legt"],
)
def test_every_point_lies_on_the_level_and_every_curve_closes(A, eps):
    found = ht.pseudospectral_contour(A, eps)
    assert found.closed and found.components >= 1
    assert off_level(A, found) <= found.log10_error + 1e-13 and found.log10_error <= 1e-9


@pytest.mark.parametrize("n", [2, 7, 30])
def test_a_jordan_block_has_a_disc(n):
    """The radius r by the second road; sigma_min of a Jordan block depends on abs(z) alone."""
    eps = 1e-3
    found = ht.pseudospectral_contour(jordan(n), eps)
    (curve,) = found.curves
    radius = ht.pseudospectral_radius(jordan(n), eps).value
    # d log10 sigma = 1e-10 moves z by about 1e-10 of the radius.
    assert np.abs(np.abs(curve) / radius - 1).max() < 1e-9
    assert found.area == pytest.approx(math.pi * radius**2, rel=(found.spacing / radius) ** 2)


@settings(max_examples=10)
@given(st.integers(1, 8), st.integers(0, 2**32 - 1), st.sampled_from([1e-9, 1e-3, 0.1, 0.5, 3.0]))
def test_a_normal_matrix_has_a_union_of_discs_and_none_is_missed(n, seed, eps):
    rng = np.random.default_rng(seed)
    lam = rng.standard_normal(n) + 1j * rng.standard_normal(n)
    found = ht.pseudospectral_contour(np.diag(lam), eps)
    distance = np.abs(points(found)[:, None] - lam).min(axis=1)
    assert np.abs(distance / eps - 1).max() <= 1e-9 + 8 * EPS * np.abs(lam).max() / eps
    gap = np.abs(lam[:, None] - lam) + np.where(np.eye(n), np.inf, 0)
    linked = gap <= 2 * eps
    if not (np.abs(gap / (2 * eps) - 1) < 0.1).any():  # gaps and necks wider than a cell
        reach = np.linalg.matrix_power(np.eye(n) + linked, n) > 0
        assert found.components == len({tuple(row) for row in reach})


def test_a_ring_has_a_hole_whose_curve_runs_clockwise():
    found = ht.pseudospectral_contour(np.roll(np.eye(12), 1, axis=0), 0.4)
    areas = sorted(contours.signed_area(c) for c in found.curves)
    assert found.components == 1 and len(areas) == 2 and areas[0] < 0 < areas[1]


@pytest.mark.parametrize(("A", "eps"), [(ht.LegS(32), 1e-3), (ht.LegS(12), 0.05), (ht.gallery.grcar(8), 1e-2)])
def test_abscissa_and_radius_agree_with_the_criss_cross_searches(A, eps):
    """No point is beyond them; the nearest is within the sagitta of a cell, h^2/8 times a curvature of at most 64/h."""
    found, matrix = ht.pseudospectral_contour(A, eps), getattr(A, "A", A)
    far = ht.pseudospectral_abscissa(matrix, eps), ht.pseudospectral_radius(matrix, eps)
    for best, reached in zip(far, (points(found).real, np.abs(points(found))), strict=True):
        assert -1e-8 * abs(best.z) <= best.value - reached.max() <= found.spacing / 8
    fine = ht.pseudospectral_contour(A, eps, resolution=1024)
    assert far[0].value - points(fine).real.max() <= found.spacing / 64


def test_curves_of_a_real_matrix_are_their_own_mirror_images():
    found = points(ht.pseudospectral_contour(ht.LegS(16), 1e-2))
    nearest = np.abs(found.conj()[:, None] - found).min(axis=1)
    assert nearest.max() <= 1e-12 * np.abs(found).max()


def test_it_costs_a_fraction_of_the_full_grid():
    found = ht.pseudospectral_contour(ht.LegS(64), 1e-4, resolution=1024)
    z = points(found)
    full = np.ptp(z.real) * np.ptp(z.imag) / found.spacing**2
    assert found.evaluations < full / 8


def test_islands_smaller_than_any_cell_are_found_and_those_below_floats_are_counted():
    lam = np.array([0, 1, 1 + 1e-5, 2 + 1j])
    found = ht.pseudospectral_contour(np.diag(lam), 1e-7)
    assert found.components == 4 and found.specks.size == 0
    assert found.area == pytest.approx(4 * math.pi * 1e-14, rel=0.05)
    specks = ht.pseudospectral_contour(np.diag(lam), 1e-20)
    assert specks.components == 4 and sorted(specks.specks.real) == [1, 1 + 1e-5, 2]


def test_a_box_cuts_curves_at_its_sides():
    op, box = ht.LegS(24), (-20.0, -2.5, -3.0, 5.0)
    found = ht.pseudospectral_contour(op, 1e-6, box)
    assert not found.closed and found.components is None and found.area is None
    z = points(found)
    assert (z.real >= box[0]).all() and (z.real <= box[1]).all() and (z.imag >= box[2]).all()
    assert off_level(op, found) <= 1e-9


def test_balls_and_floats_draw_the_same_curves():
    op = ht.LegS(4)
    one = ht.pseudospectral_contour(op, 0.02, resolution=32)
    proved = ht.pseudospectral_contour(op, 0.02, resolution=32, digits=13)
    assert [c.size for c in one.curves] == [c.size for c in proved.curves]
    assert np.abs(points(one) - points(proved)).max() < 1e-8


def test_a_level_below_the_floor_is_refused_and_near_it_warned_of():
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((24, 24)))[0]
    hidden = Q @ ht.LegS(24).A @ Q.T
    with pytest.raises(AccuracyError, match="below the floor"):
        ht.pseudospectral_contour(hidden, 1e-15)
    with pytest.warns(AccuracyWarning, match="near the floor"):
        ht.pseudospectral_contour(hidden, 1e-11, resolution=32)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((ht.LegS(3), 0.0), ParameterError, "positive"),
        ((ht.LegS(3), 0.1, (0, 1)), ParameterError, "box"),
        ((ht.LegS(3), 0.1, (1, 0, 0, 1)), ParameterError, "increasing"),
        ((np.ones((2, 3)), 0.1), ShapeError, "square"),
    ],
)
def test_bad_input_is_refused_with_what_to_do(arguments, error, message):
    with pytest.raises(error, match=message):
        ht.pseudospectral_contour(*arguments)


def test_results_draw_themselves_and_travel():
    found = ht.pseudospectral_contour(ht.LegS(6), 1e-2)
    copied = pickle.loads(pickle.dumps(found))
    assert all((a == b).all() for a, b in zip(copied.curves, found.curves, strict=True))
    with pytest.raises(ValueError, match="read-only"):
        copied.curves[0][0] = 0
    _, [[own]] = canvas(1, 1, width=3.0, height=2.0)
    assert found.plot(own) is own.figure and len(own.patches) == 1
    assert len(found.plot().axes) == 1 and "components" in repr(found)


# -------------------------------------------------------------------------------------------------- distances


@pytest.mark.parametrize("A", [ht.LegS(8), ht.gallery.grcar(8)], ids=["legs", "grcar"])
def test_the_distance_of_a_pseudospectrum_from_itself_is_zero(A):
    found = ht.pseudospectral_distance(A, A, 0.01, resolution=64, tol=1e-4)
    assert found.value <= found.error and found.value < 1e-9


@pytest.mark.parametrize("c", [0.3, -0.2 + 0.1j, 2j])
def test_a_shift_is_a_distance(c):
    A = ht.LegS(8).A
    found = ht.pseudospectral_distance(A, A + c * np.eye(8), 0.05)
    assert found.value == pytest.approx(abs(c), abs=1e-6 * abs(c))
    assert abs(abs(found.z - found.nearest) - found.value) < 1e-12


@settings(max_examples=8)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32 - 1), st.sampled_from([0.05, 0.4]))
def test_for_normal_matrices_it_is_that_of_unions_of_discs(m, n, seed, eps):
    """Against points in all discs: a distance from the nearest centre, less eps."""
    rng = np.random.default_rng(seed)
    lam, mu = (rng.standard_normal(k) + 1j * rng.standard_normal(k) for k in (m, n))
    disc = eps * np.concatenate([[0], np.exp(2j * np.pi * np.arange(720) / 720)])

    def reach(one, other):
        z = (one[:, None] + disc).ravel()
        return np.maximum(np.abs(z[:, None] - other).min(axis=1) - eps, 0).max()

    found = ht.pseudospectral_distance(np.diag(lam), np.diag(mu), eps)
    brute = reach(lam, mu), reach(mu, lam)
    # Samples at angles d: a maximum is missed by eps d^2/2, one at a kink by eps d.
    assert found.forward == pytest.approx(brute[0], abs=eps * 0.01)
    assert found.backward == pytest.approx(brute[1], abs=eps * 0.01)


def test_the_farthest_point_may_lie_inside():
    """The centre of a ring: 1 - eps from it, although the boundary of the disc around it is nearer."""
    ring, eps = np.exp(2j * np.pi * np.arange(12) / 12), 0.4
    found = ht.pseudospectral_distance(np.zeros((1, 1)), np.diag(ring), eps)
    assert found.forward == pytest.approx(1 - eps, abs=1e-6)
    assert found.backward == pytest.approx(1, abs=1e-6)


def test_it_is_symmetric_obeys_the_triangle_and_knows_no_unitary_similarity():
    rng = np.random.default_rng(3)
    A, B, C = rng.standard_normal((3, 5, 5))
    one, two = ht.pseudospectral_distance(A, B, 0.1), ht.pseudospectral_distance(B, A, 0.1)
    assert one.value == pytest.approx(two.value, rel=1e-6) and one.forward == pytest.approx(two.backward, rel=1e-6)
    legs = [ht.pseudospectral_distance(*pair, 0.1) for pair in ((A, C), (C, B))]
    assert one.value <= sum(leg.value + leg.error for leg in legs) + one.error
    Q = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    turned = ht.pseudospectral_distance(A, Q @ A @ Q.T, 0.1, resolution=64, tol=1e-4)
    assert turned.value < 1e-9


def test_specks_are_points():
    found = ht.pseudospectral_distance(np.diag([1.0, 2.0]), np.array([[1.0]]), 1e-20)
    assert found.value == pytest.approx(1.0, abs=1e-12) and found.z == 2 and found.forward == found.value


def test_one_set_lies_in_the_other_for_eps_and_the_norm_of_the_difference():
    rng = np.random.default_rng(4)
    A = rng.standard_normal((6, 6))
    E = rng.standard_normal((6, 6)) / 20
    z = points(ht.pseudospectral_contour(A, 0.1))
    assert (10 ** ht.pseudospectrum(A + E, z).log10_sigma <= 0.1 + np.linalg.norm(E, 2) + 1e-9).all()


# -------------------------------------------------------------------------------------------------- animation


def test_an_animation_sweeps_the_level_and_keeps_the_eigenvalues():
    found = ht.pseudospectrum(ht.LegS(8), (-12, 4, -8, 8), 20)
    film = found.animate(levels=[-3, -2, -1])
    page = film.to_jshtml(fps=4, default_mode="once")
    assert page.count("data:image/png") == 3 and len(page) < 200_000
    assert found.animate(frames=5)._save_count == 5
    with pytest.raises(ShapeError, match="grid"):
        ht.pseudospectrum(ht.LegS(3), [1.0, 2.0]).animate()
