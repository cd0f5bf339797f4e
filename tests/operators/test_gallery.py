"""Classical test matrices: entries as published, and the facts that made them classics."""

import inspect
import math

import numpy as np
import pytest
from scipy.linalg import solve_triangular

import hippo_theory as ht
from hippo_theory.errors import ParameterError, ParameterTypeError
from hippo_theory.operators import gallery

EPS = np.finfo(float).eps


@pytest.mark.parametrize("name", gallery.__all__)
def test_every_matrix_is_square_real_and_documented_with_a_reference(name):
    make = getattr(gallery, name)
    assert ht.gallery is gallery
    for N in (1, 2, 7):
        A = make(N)
        assert A.shape == (N, N) and A.dtype == np.float64 and np.isfinite(A).all()
    doc = inspect.getdoc(make)
    assert "References" in doc and ">>>" in doc
    with pytest.raises(ParameterError, match=rf"gallery\.{name}: N must be at least 1"):
        make(0)
    with pytest.raises(ParameterTypeError):
        make(2.5)


def test_grcar_is_a_band_of_ones_under_which_minus_ones_run():
    assert ht.gallery.grcar(4, 2).tolist() == [[1, 1, 1, 0], [-1, 1, 1, 1], [0, -1, 1, 1], [0, 0, -1, 1]]


def test_kahan_is_its_own_pivoted_factor_and_much_more_singular_than_it_looks():
    A = ht.gallery.kahan(20, 0.9)
    # Pivoting takes the column whose remaining part is longest: each stage leaves equal lengths.
    for k in range(20):
        assert np.ptp(np.linalg.norm(A[k:, k:], axis=0)) <= 20 * EPS
    c = math.sqrt(1 - 0.81)
    ratio = A[-1, -1] / np.linalg.svd(A, compute_uv=False)[-1]
    assert (1 + c) ** 19 / 3 < ratio < (1 + c) ** 19
    with pytest.raises(ParameterError, match="sine"):
        ht.gallery.kahan(3, 1.5)


def test_frank_has_the_published_polynomials_and_reciprocal_eigenvalues():
    """higham2022: N = 6 and 7."""
    assert np.poly(ht.gallery.frank(6)).round(7).tolist() == [1, -21, 120, -215, 120, -21, 1]
    assert np.poly(ht.gallery.frank(7)).round(7).tolist() == [1, -28, 231, -665, 665, -231, 28, -1]
    lam = np.sort(np.linalg.eigvals(ht.gallery.frank(10)).real)
    assert np.abs(lam * lam[::-1] - 1).max() < 1e-6
    # golub1976: the small ones are the ill-conditioned ones.
    found = ht.eigenvalue_conditions(ht.gallery.frank(10))
    order = np.argsort(-found.poles.real)
    assert found.log10[order[-1]] > 4 and found.log10[order[0]] < 1


def test_demmel_is_a_stable_toeplitz_triangle():
    A = ht.gallery.demmel(3)
    assert A.tolist() == [[-1, -100, -10000], [0, -1, -100], [0, 0, -1]]


def test_wilkinsons_largest_pair_agrees_to_fourteen_decimals_and_is_a_pair():
    """wilkinson1965: 10.746194182903393 and 10.746194182903322."""
    lam = np.linalg.eigvalsh(ht.gallery.wilkinson(21))
    assert lam[-2:] == pytest.approx([10.746194182903322, 10.746194182903393], abs=2e-14)
    assert 1e-14 < lam[-1] - lam[-2] < 1e-13


def test_the_pseudospectra_of_the_triangle_tend_to_its_vertex():
    """reichel1992: eigenvalues on three rays of length 3/4 4^{1/3}, pseudospectra up to f(1) = 5/4."""
    lam = np.linalg.eigvals(ht.gallery.triangle(30))
    assert np.abs(lam).max() < 0.75 * 4 ** (1 / 3)
    reach = [ht.pseudospectral_radius(ht.gallery.triangle(N), 1e-6).value for N in (16, 64, 160)]
    assert (np.diff(reach) > 0.01).all() and reach[-1] < 1.25


@pytest.mark.parametrize("N", [5, 40])
def test_convection_diffusion_has_the_eigenvalues_of_its_formula_and_tends_to_those_of_the_operator(N):
    d, n = 10.0, np.arange(1, N + 1)
    h = d / (N + 1)
    exact = np.sort(-2 / h**2 + 2 * np.sqrt(complex(1 / h**4 - 1 / (4 * h**2))).real * np.cos(np.pi * n / (N + 1)))
    lam = np.sort(np.linalg.eigvals(ht.gallery.convection_diffusion(N, d)).real)
    if N == 40:
        assert lam == pytest.approx(exact, rel=1e-8)
        assert lam[-1] == pytest.approx(-0.25 - (math.pi / d) ** 2, abs=h * h)


def test_random_triangles_are_ill_conditioned_like_two_to_the_size():
    """viswanath1998: the limit is 2."""
    medians = []
    for N in (50, 100, 200):
        triangles = [ht.gallery.random_triangular(N, seed) for seed in range(20)]
        # Substitution keeps an inverse whose norm is far beyond 1/eps.
        inverses = [solve_triangular(T, np.eye(N)) for T in triangles]
        kappa = [np.linalg.norm(T, 2) * np.linalg.norm(R, 2) for T, R in zip(triangles, inverses, strict=True)]
        medians.append(np.median(kappa) ** (1 / N))
    assert (np.abs(np.subtract(medians, 2)) <= [0.2, 0.12, 0.06]).all()
    assert np.array_equal(ht.gallery.random_triangular(5, 3), ht.gallery.random_triangular(5, 3))


@pytest.mark.parametrize("d", [1e-320, 1e-200, 1e-150, 1e160, 1.7e308])
def test_a_length_whose_square_is_no_float_is_refused(d):
    with pytest.raises(ParameterError, match="float range"):
        ht.gallery.convection_diffusion(3, d)
    assert np.isfinite(ht.gallery.convection_diffusion(3, 1e-148)).all()


@pytest.mark.parametrize("value", [5e-324, 1e-320, 1.7e308])
def test_parameters_at_the_ends_of_the_float_range_give_finite_entries(value):
    assert np.isfinite(ht.gallery.demmel(4, value)).all() and ht.gallery.demmel(4, value)[0, 3] == -value
    assert np.isfinite(ht.gallery.jordan(4, value)).all()
    assert np.isfinite(ht.gallery.kahan(4, min(value, 1.0))).all()
