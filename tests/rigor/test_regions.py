"""Boxes and contours free of pseudospectrum: the verdicts agree with grids and perturbations, and with the theorems."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import AccuracyError, ParameterError, ParameterTypeError, ShapeError
from hippo_theory.rigor.chain_resolvent import ChainResolvent
from hippo_theory.rigor.dense_resolvent import DenseResolvent
from hippo_theory.rigor.regions import count_inside

EVERYWHERE = (-np.inf, np.inf, -np.inf, np.inf)


def half_plane(x):
    """Re z >= x."""
    return x, np.inf, -np.inf, np.inf


def polygon(centre, radius, n=24):
    return centre + radius * np.exp(2j * np.pi * np.arange(n) / n)


def sigma_on_grid(A, box, n=41):
    x, y = np.linspace(box[0], box[1], n), np.linspace(box[2], box[3], n)
    z = x[:, None] + 1j * y
    values = np.linalg.svd(z[..., None, None] * np.eye(len(A)) - A, compute_uv=False)[..., -1]
    return values, z


def same_answers(seed):
    rng = np.random.default_rng(seed)
    N = int(rng.integers(1, 6))
    A = rng.standard_normal((N, N)) + 1j * rng.standard_normal((N, N)) * (seed % 2)
    return rng, A


# ---------------------------------------------------------------------------------------------- theorems, certified


@pytest.mark.parametrize("N", [1, 2, 16, 64, 256])
def test_the_distance_to_instability_of_legs_is_at_least_one_half(N):
    """theory L8: no A + E with ||E|| <= eps < 1/2 has an eigenvalue in the closed right half plane."""
    assert ht.enclose(ht.LegS(N), box=half_plane(0), eps=np.nextafter(0.5, 0)).passed


@pytest.mark.parametrize("N", [2, 16, 64])
def test_the_distance_to_instability_of_legs_is_attained_at_infinity_only(N):
    """1/2 itself is free as well, and already eps = 1 is not."""
    assert ht.enclose(ht.LegS(N), box=half_plane(0), eps=0.5).passed
    assert not ht.enclose(ht.LegS(N), box=half_plane(0), eps=2.0).passed


@pytest.mark.parametrize("operator", [ht.LegS(33), ht.LagT(20), ht.FouT(9), ht.LegT(12)])
def test_the_kreiss_constant_of_lossless_operators_is_one(operator):
    """No pseudospectrum reaches beyond Re z = eps - shift: its abscissa never exceeds eps."""
    for eps in (1e-3, 0.1, 1.0, 1e3):
        assert ht.enclose(
            operator, box=half_plane(np.nextafter(eps - operator.shift, np.inf) + 1e-12 * eps), eps=eps
        ).passed


def test_the_stored_legs_has_the_distance_too():
    assert ht.enclose(ht.LegS(64).A, box=half_plane(0), eps=0.499).passed


def test_the_imaginary_axis_alone_is_a_box():
    found = ht.enclose(ht.LegT(8), box=(0, 0, -np.inf, np.inf), eps=0.1)
    assert found.passed and found.cells > 0
    assert not ht.enclose(np.diag([1.0, -1.0]), box=(0, 0, -np.inf, np.inf), eps=1.01).passed
    assert ht.enclose(np.diag([1.0, -1.0]), box=(0, 0, -np.inf, np.inf), eps=0.99).passed


@pytest.mark.parametrize("N", [8, 32, 64])
def test_legs_keeps_its_poles_on_the_left_under_tiny_perturbations_only(N):
    """All N poles stay inside of a circle through 0 for eps = 10^-N; for eps = 1/2 some leave it."""
    circle = polygon(-(N + 1) / 2, (N + 1) / 2 * 1.1, 48)
    assert ht.enclose(ht.LegS(N), contour=circle, eps=10.0**-N).count == N
    assert not ht.enclose(ht.LegS(N), contour=circle, eps=0.5).passed


# ------------------------------------------------------------------------------------------------ against grids


@given(st.integers(0, 10**6))
def test_a_box_is_judged_as_a_grid_of_singular_values_says(seed):
    rng, A = same_answers(seed)
    corner, size = rng.normal(size=2) * 2, 10 ** rng.uniform(-1.5, 0.5, 2)
    box = corner[0], corner[0] + size[0], corner[1], corner[1] + size[1]
    values, _ = sigma_on_grid(A, box)
    eps = 10 ** rng.uniform(-3, 0.3)
    found = ht.enclose(A, box=box, eps=eps)
    if found.passed:
        assert found.counterexample is None and values.min() > eps * (1 - 1e-12)
    else:
        z = found.counterexample
        assert box[0] - 1e-12 <= z.real <= box[1] + 1e-12 and box[2] - 1e-12 <= z.imag <= box[3] + 1e-12
        assert ht.enclose(A, z).upper <= eps * (1 + 1e-12)


@given(st.integers(0, 10**6))
def test_a_contour_counts_the_eigenvalues_of_every_matrix_near_by(seed):
    rng, A = same_answers(seed)
    centre, radius = complex(*rng.normal(size=2)), 10 ** rng.uniform(-1, 0.7)
    eps = 10 ** rng.uniform(-4, -0.5)
    corners = polygon(centre, radius, 4)
    found = ht.enclose(A, contour=corners if seed % 3 else corners[::-1], eps=eps)
    if not found.passed:
        assert found.count is None and ht.enclose(A, found.counterexample).upper <= eps * (1 + 1e-12)
        return
    # The square |Re| + |Im| <= radius, turned.
    for _ in range(5):
        E = rng.standard_normal(A.shape) + 1j * rng.standard_normal(A.shape)
        lam = np.linalg.eigvals(A + E * (eps * (1 - 1e-9) / np.linalg.norm(E, 2))) - centre
        assert (np.abs(lam.real) + np.abs(lam.imag) < radius).sum() == found.count


@pytest.mark.parametrize("seed", range(6))
def test_chains_and_their_dense_matrices_get_the_same_verdicts(seed):
    rng = np.random.default_rng(seed)
    operator = ht.TakenakaMalmquist(10 ** rng.uniform(-1, 1, 6), shift=0.2)
    for eps in (1e-1, 1e-3, 1e-6):
        circle = polygon(-3.0, 10 ** rng.uniform(-0.5, 0.8), 12)
        one = ht.enclose(operator, contour=circle, eps=eps)
        other = count_inside(DenseResolvent(operator), circle, eps, 20_000)
        assert (one.passed, one.count) == (other.passed, other.count)


def test_eigenvalues_that_floats_cannot_tell_are_counted_in_balls():
    """eps far below the rounding of LAPACK: a Jordan block, in coordinates that hide it, and its neighbour."""
    A = np.array([[1.0, 2.0**40, 0.0], [0.0, 1.0, 0.0], [0.0, 2.0**20, 1.0 + 2.0**-20]])
    assert ht.enclose(A, contour=polygon(1, 2.0**-22, 8), eps=1e-30).count == 2
    assert ht.enclose(A, contour=polygon(1, 2.0**-19, 8), eps=1e-30).count == 3
    assert ht.enclose(A, contour=polygon(2, 0.5, 8), eps=1e-30).count == 0


def test_eigenvalues_that_lapack_misplaces_are_counted_right():
    """A Jordan block of integers: LAPACK scatters its eigenvalue 1 by 1e-4, beyond the contour."""
    rng = np.random.default_rng(0)
    P = np.tril(rng.integers(-3, 4, (5, 5)), -1) + np.eye(5)
    Q = np.triu(rng.integers(-3, 4, (5, 5)), 1) + np.eye(5)
    inverse = np.round(np.linalg.inv(P @ Q))
    assert (P @ Q @ inverse == np.eye(5)).all()
    A = P @ Q @ (np.eye(5) + np.eye(5, k=1)) @ inverse
    assert np.abs(np.linalg.eigvals(A) - 1).min() > 1e-5
    assert ht.enclose(A, contour=polygon(1, 1e-6, 6), eps=1e-45).count == 5


@given(st.integers(0, 10**6))
def test_discs_that_are_said_to_be_free_are_free(seed):
    rng = np.random.default_rng(seed)
    # A sharp resonance: what is free depends on both directions.
    pair = complex(10 ** rng.uniform(-2, 0), rng.uniform(0.1, 3))
    operator = ht.TakenakaMalmquist([*10 ** rng.uniform(-1, 1, 2), pair, pair.conjugate()], shift=0.3)
    for road in (ChainResolvent(operator), DenseResolvent(operator), DenseResolvent(operator.A * 1j)):
        c = complex(rng.choice(road.candidates())) + complex(*rng.normal(size=2)) * 3
        sigma = float(road.enclose(c)[0])
        r, eps = sigma * 10 ** rng.uniform(-1, 1.5), sigma * 10 ** rng.uniform(-4, 0.1)
        free = float(road.free_radii(np.array([c]), np.array([r]), eps)[0])
        assert free <= r
        if free < 0:
            assert sigma <= eps
            continue
        rim = c + free * (1 - 1e-12) * np.exp(2j * np.pi * np.arange(12) / 12)
        assert all(road.enclose(complex(z))[1] > eps for z in rim)


@pytest.mark.parametrize("towards", [1, -1, 1j, -1j])
def test_a_disc_that_reaches_a_resonance_is_not_free(towards):
    """From .5 away, in every direction: sigma_min never exceeds the distance of the pole."""
    operator = ht.TakenakaMalmquist([0.05 + 3j, 0.05 - 3j], shift=0.3)
    for road in (ChainResolvent(operator), DenseResolvent(operator)):
        found = road.free_radii(np.array([-0.35 + 3j - 0.5 * towards]), np.array([0.2]), 0.35)
        assert 0 <= found[0] <= 0.15


@pytest.mark.parametrize("towards", [1, -1, 1j, -1j])
def test_no_disc_reaches_the_level_around_a_single_pole(towards):
    """One section: sigma_min is the distance of its pole, and from 5.5 away no more than 4.5 is free of eps = 1."""
    operator = ht.TakenakaMalmquist([100.0])
    for road in (ChainResolvent(operator), DenseResolvent(operator)):
        for asked in (4.6, 5.0, 6.0):
            assert 0 <= road.free_radii(np.array([-100 - 5.5 * towards]), np.array([asked]), 1.0)[0] <= 4.5


# ------------------------------------------------------------------------------------------------ boxes in detail


def test_a_box_around_an_eigenvalue_is_never_free_however_small_eps():
    for A in (ht.LegS(6), ht.LegS(6).A, ht.LegT(5)):
        z = np.linalg.eigvals(A.A if hasattr(A, "A") else A)[0]
        found = ht.enclose(A, box=(z.real - 0.1, z.real + 0.1, z.imag - 0.1, z.imag + 0.1), eps=1e-60)
        assert not found.passed and abs(found.counterexample - z) < 0.15


def test_the_whole_plane_is_never_free_and_far_away_it_always_is():
    A = np.array([[0.0, 5.0], [0.0, 0.0]])
    assert not ht.enclose(A, box=EVERYWHERE, eps=1e-3).passed
    assert ht.enclose(A, box=(-np.inf, -6, -np.inf, np.inf), eps=0.5).passed
    assert ht.enclose(A, box=(-1, 1, 7, np.inf), eps=0.5).passed


def test_the_level_of_the_half_plane_is_told_from_the_one_a_hair_above_it():
    """sigma_min > p = Re z + shift, by 3e-5 of it here: free at eps = p, and no longer just beyond sigma_min."""
    operator = ht.LagT(10)
    sigma = ht.enclose(operator, 10.0)
    assert sigma.lower > 10 and sigma.upper < 10 * (1 + 1e-4)
    for eps, free in ((10.0, True), (sigma.upper * (1 + 1e-9), False)):
        assert ht.enclose(operator, box=(10, 10.1, -0.1, 0.1), eps=eps).passed is free


def test_the_norm_of_a_chain_counts_what_lies_beside_its_blocks():
    """sigma_min(-5 - A) is below .5, ten times as far out as any section is large: no bound may cut that off."""
    operator = ht.LagT(20)
    assert ChainResolvent(operator).norm >= np.linalg.norm(operator.A, 2) > 10
    assert ht.enclose(operator, -5.0).upper < 0.5
    assert not ht.enclose(operator, box=(-6, -4, -1, 1), eps=0.5).passed


def test_rounded_centres_leave_no_gap_at_the_end_of_a_short_line():
    """sigma_min = 1/4 < eps at the right end of a line of three floats; its middle is not one of them."""
    operator, ulp = ht.TakenakaMalmquist([0.75]), 2.0**-52
    found = ht.enclose(operator, box=(-1 - 3 * ulp, -1, 0, 0), eps=np.nextafter(0.25, 1))
    assert not found.passed and found.counterexample == -1


def test_a_sum_that_rounds_up_to_eps_is_not_the_distance_of_the_half_plane():
    """sigma_min is Re z + 1/2 to thirty digits; Re z + 1/2 = eps in floats, and below eps in truth."""
    x = 2.0**52 + 1
    assert x + 0.5 == x + 1
    assert not ht.enclose(ht.LegS(3), box=(x, x + 8, -1, 1), eps=x + 1).passed


@pytest.mark.parametrize(
    ("eigenvalues", "box"),
    [
        ([0, -20], (-5, 20, 0.5, 3)),
        ([0, 20], (-20, 5, 0.5, 3)),
        ([20j], (-2, 20, 20.5, 20.9)),
        ([20j], (-20, 2, 20.5, 20.9)),
        ([20], (20.5, 20.9, -2, 20)),
        ([-20], (-20.9, -20.5, -20, 2)),
    ],
)
def test_a_side_whose_middle_is_beyond_all_bounds_still_has_ends(eigenvalues, box):
    """sigma_min of a normal matrix is the distance of its spectrum, 1/2 from one side, far from that side's middle."""
    A = np.diag(np.array(eigenvalues, dtype=complex))
    assert not ht.enclose(A, box=box, eps=1.0).passed
    assert ht.enclose(A, box=box, eps=0.49).passed


def test_a_level_that_is_touched_stays_undecided_and_says_so():
    with pytest.raises(AccuracyError, match="max_cells"):
        ht.enclose([[0.0]], box=(1, 2, -1, 1), eps=1.0)
    with pytest.raises(AccuracyError, match="undecided after"):
        ht.enclose(ht.LegS(64), box=half_plane(-0.4), eps=0.2, max_cells=10)


def test_results_read_as_what_they_prove():
    assert "proved" in repr(ht.enclose(ht.LegS(4), box=half_plane(0), eps=0.4))
    assert "false at z" in repr(ht.enclose(ht.LegS(4), box=half_plane(-2), eps=0.4))
    assert "4 eigenvalues" in repr(ht.enclose(ht.LegS(4), contour=polygon(-2.5, 4), eps=1e-6))
    assert "meets the pseudospectrum" in repr(ht.enclose(ht.LegS(4), contour=polygon(-2.5, 4), eps=1.5))


def test_a_repeated_first_vertex_closes_the_contour():
    corners = polygon(-1, 0.4, 6)
    open_, closed = (ht.enclose(ht.LegS(3), contour=c, eps=1e-4) for c in (corners, np.append(corners, corners[0])))
    assert open_.count == closed.count == 1 and closed.contour.size == 6


# ------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"box": (1, 0, 0, 1), "eps": 1.0}, ParameterError, "empty"),
        ({"box": (0, 1, np.nan, 1), "eps": 1.0}, ParameterError, "NaN"),
        ({"box": (np.inf, np.inf, 0, 1), "eps": 1.0}, ParameterError, "empty"),
        ({"box": (0, 1, 2), "eps": 1.0}, ShapeError, "four"),
        ({"box": "free", "eps": 1.0}, ShapeError, "four"),
        ({"box": (0, 1, 0, 1)}, ParameterTypeError, "eps="),
        ({"box": (0, 1, 0, 1), "eps": 0.0}, ParameterError, "positive"),
        ({"box": (0, 1, 0, 1), "eps": -1.0}, ParameterError, "positive"),
        ({"box": (0, 1, 0, 1), "eps": np.nan}, ParameterError, "finite"),
        ({"box": (0, 1, 0, 1), "eps": 1.0, "max_cells": 0}, ParameterError, "max_cells"),
        ({"contour": [0, 1], "eps": 1.0}, ParameterError, "three"),
        ({"contour": [0, 1, 1j, 0]}, ParameterTypeError, "eps="),
        ({"contour": [[0, 1, 1j]], "eps": 1.0}, ShapeError, "list"),
        ({"contour": [0, 1, np.nan], "eps": 1.0}, ParameterError, "NaN"),
        ({"contour": [0, 1 + 1j, 1, 1j], "eps": 1.0}, ParameterError, "touches itself"),
        ({"contour": [0, 2, 1, 1 + 1j], "eps": 1.0}, ParameterError, "touches itself"),
        ({"contour": [0, 1, 1, 1j], "eps": 1.0}, ParameterError, "touches itself"),
        ({"contour": [0, 2, 2 + 2j, 1, 2j], "eps": 1.0}, ParameterError, "touches itself"),
        ({"contour": [0, 1, 2], "eps": 1.0}, ParameterError, "touches itself"),
    ],
)
def test_bad_regions_are_refused_with_a_typed_error(options, error, message):
    with pytest.raises(error, match=message):
        ht.enclose(ht.LegS(2), **options)
