"""kappa(V) beyond any float: against inverse Hilbert matrices in fractions, high-precision SVDs, and LAPACK."""

from fractions import Fraction
from math import comb

import flint
import mpmath
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.errors import AccuracyWarning, ParameterError, ShapeError

EPS = np.finfo(float).eps


def perron(M):
    """Lower and upper bound of the largest eigenvalue of a positive rational matrix (Collatz and Wielandt)."""
    x = np.ones(len(M))
    F = np.array([[float(v) for v in row] for row in M])
    for _ in range(200):
        x = F @ x
        x /= x.max()
    x = [Fraction(float(v)) for v in x]
    ratios = [sum(a * b for a, b in zip(row, x, strict=True)) / v for row, v in zip(M, x, strict=True)]
    return min(ratios), max(ratios)


@pytest.mark.parametrize("N", [2, 3, 4, 8, 12])
def test_legs_has_the_eigenvectors_of_an_inverse_hilbert_matrix(N):
    """L9: columns r_n (-1)^{n+k} C(n,k) C(n+k,k), V^T V = H^{-1}; kappa enclosed by Perron bounds in fractions."""
    V2 = [[Fraction(2 * n + 1) * (comb(n, k) * comb(n + k, k)) ** 2 for k in range(N)] for n in range(N)]
    norms = [sum(row[k] for row in V2) for k in range(N)]
    H = [[Fraction(1, i + j + 1) for j in range(N)] for i in range(N)]
    inverse = flint.fmpq_mat([[flint.fmpq(1, i + j + 1) for j in range(N)] for i in range(N)]).inv()
    assert [Fraction(int(inverse[k, k].p), int(inverse[k, k].q)) for k in range(N)] == norms
    # with unit columns: H scaled by norms from both sides, and its inverse; both of one sign pattern
    roots = [Fraction(float(mpmath.sqrt(mpmath.mpf(n.numerator) / n.denominator))) for n in norms]
    gram = [
        [abs(Fraction(int(inverse[i, j].p), int(inverse[i, j].q))) / roots[i] / roots[j] for j in range(N)]
        for i in range(N)
    ]
    low, high = perron(gram)
    low_inverse, high_inverse = perron([[H[i][j] * roots[i] * roots[j] for j in range(N)] for i in range(N)])
    got = Fraction(ht.eigenvector_condition(ht.LegS(N)).value) ** 2
    slack = Fraction(64 * N * EPS)
    assert low * low_inverse * (1 - slack) <= got <= high * high_inverse * (1 + slack)


PUBLISHED = {4: 86.11, 8: 7.703e4, 16: 8.320e10, 32: 1.2200e23}


@pytest.mark.parametrize(("N", "value"), PUBLISHED.items())
def test_the_table_of_kappa(N, value):
    assert ht.eigenvector_condition(ht.LegS(N)).value == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(("N", "log10"), [(64, 47.51), (128, 96.42), (256, 194.34)])
def test_the_table_of_kappa_beyond_sixteen_digits(N, log10):
    assert ht.eigenvector_condition(ht.LegS(N)).log10 == pytest.approx(log10, abs=0.005)


def test_the_growth_of_kappa_is_that_of_the_central_delannoy_numbers():
    """kappa / (N^{-1/4} (3 + 2 sqrt2)^N) = .09151, .09115, .09097 at N = 64, 128, 256."""
    for N, constant in ((64, 0.09151), (128, 0.09115), (256, 0.09097)):
        log10 = ht.eigenvector_condition(ht.LegS(N)).log10
        assert 10 ** (log10 - N * np.log10(3 + 2 * np.sqrt(2))) * N**0.25 == pytest.approx(constant, abs=6e-6)


def by_high_precision(A):
    """2-norm condition of unit eigenvectors from certified eigenvalues in balls and an SVD with 120 digits."""
    n = A.nrows()
    with flint.ctx.workprec(800):
        _, V = flint.acb_mat(A).eig(right=True, algorithm="approx")
        entries = [[complex_mp(V[i, j]) for j in range(n)] for i in range(n)]
    mpmath.mp.dps = 120
    M = mpmath.matrix(entries)
    for j in range(n):
        norm = mpmath.sqrt(sum(abs(M[i, j]) ** 2 for i in range(n)))
        for i in range(n):
            M[i, j] /= norm
    sigma = mpmath.svd_c(M, compute_uv=False)
    return float(max(sigma) / min(sigma))


def complex_mp(z):
    mpmath.mp.dps = 240
    return mpmath.mpc(z.real.mid().str(230, radius=False), z.imag.mid().str(230, radius=False))


CHAIN = ht.TakenakaMalmquist([0.3, 2 + 1j, 2 - 1j, 5.0, 0.7], shift=0.2)


@pytest.mark.parametrize("op", [ht.LegS(7), ht.LegT(2), ht.LegT(9), ht.LegT(16), ht.FouT(9), CHAIN], ids=repr)
def test_kappa_is_that_of_the_matrix_itself_in_high_precision(op):
    with flint.ctx.workprec(800):
        A, _ = op.balls(800)
    assert ht.eigenvector_condition(op).value == pytest.approx(by_high_precision(A), rel=1e-10)


@pytest.mark.parametrize("N", [1, 33, 129])
def test_fout_is_mildly_non_normal(N):
    """LAPACK can do this one: kappa is about N/2."""
    got = ht.eigenvector_condition(ht.FouT(N)).value
    assert got == pytest.approx(np.linalg.cond(np.linalg.eig(ht.FouT(N).A)[1]), rel=1e-9)
    assert N == 1 or 0.5 < got / N < 0.8


def test_normal_matrices_have_kappa_one_and_defective_ones_have_none():
    assert ht.eigenvector_condition(np.diag([1.0, 2.0, 5.0])).value == pytest.approx(1.0)
    for op in (ht.LagT(2), ht.TakenakaMalmquist([1.0, 2.0, 1.0])):
        assert ht.eigenvector_condition(op).value == ht.eigenvector_condition(op).log10 == np.inf
    assert ht.eigenvector_condition(ht.LagT(1)).value == ht.eigenvector_condition(ht.LegS(1)).value == 1.0


def test_kappa_does_not_depend_on_the_unit_of_time():
    a = np.array([0.2, 1.0, 7.0])
    one, other = (ht.eigenvector_condition(ht.TakenakaMalmquist(c * a)).value for c in (1.0, 1024.0))
    assert one == pytest.approx(other, rel=8 * EPS)


def test_beyond_the_float_range_the_logarithm_remains():
    far = ht.eigenvector_condition(ht.LegS(420))
    assert far.value == np.inf and 319 < far.log10 < 321


def test_dense_matrices_beyond_float64_are_announced():
    with pytest.warns(AccuracyWarning, match="float64"):
        ht.eigenvector_condition(ht.LegS(24).A)


def test_what_is_no_matrix_is_refused():
    with pytest.raises(ShapeError, match="square"):
        ht.eigenvector_condition(np.ones((2, 3)))
    with pytest.raises(ParameterError):
        ht.eigenvector_condition("LegS")
    with pytest.raises(ParameterError, match="NaN"):
        ht.eigenvector_condition(np.array([[np.nan]]))


def test_gram_matrices_of_chains_are_what_the_docstring_says():
    """v_i^* v_j = 2 sqrt(rho_i rho_j)/rho_ij up to phases, from the eigenvectors of the dense matrix."""
    lam, V = np.linalg.eig(CHAIN.A)
    rho = -(lam[:, None].conj() + lam + 2 * CHAIN.shift)
    want = np.sqrt(np.outer(np.diag(rho).real, np.diag(rho).real)) / np.abs(rho)
    np.testing.assert_allclose(np.abs(V.conj().T @ V), want, atol=1e-12)


@pytest.mark.parametrize("unit", [2.0**-1060, 2.0**-500, 2.0**500, 2.0**990])
def test_chains_at_the_ends_of_the_float_range_have_the_kappa_of_the_middle(unit):
    a = np.array([1, 2 + 1j, 2 - 1j, 5])
    middle, end = (ht.eigenvector_condition(ht.TakenakaMalmquist(a * c)).log10 for c in (1.0, unit))
    assert end == pytest.approx(middle, abs=16 * EPS * max(1.0, np.log(unit)))  # of a sum of logarithms
    with pytest.raises(ParameterError, match=r"at most 2\^1021"):
        ht.eigenvector_condition(ht.TakenakaMalmquist([8e307, 1]))


def test_sections_far_apart_do_not_see_each_other():
    """Gram matrices of blocks: {1, x} has the eigenvalues 1 +- 2 sqrt(x)/(1 + x), kappa^2 is their ratio."""
    for a in ([1e200, 1e-200, 1], [1e160, 1], [1, 1e160]):
        assert ht.eigenvector_condition(ht.TakenakaMalmquist(a)).value == pytest.approx(1.0, abs=8 * EPS)
        assert ht.eigenvalue_conditions(ht.TakenakaMalmquist(a)).value == pytest.approx(1.0, abs=8 * EPS)
    found = ht.eigenvector_condition(ht.TakenakaMalmquist([1e160, 3e160, 1e-160, 5e-160])).value
    cosine = np.sqrt(3) / 2
    assert found**2 == pytest.approx((1 + cosine) / (1 - cosine), rel=64 * EPS)


@pytest.mark.parametrize("scale", [1e-318, 1e-200, 1e140, 1e200, 1e299])
def test_eigenvalues_keep_their_scale_beyond_what_lapack_squares(scale):
    A = np.array([[-1.0, 4, 0.5], [0.3, -2, 1], [0.1, 0, -1.5]])
    found, one = ht.eigenvalue_conditions(scale * A), ht.eigenvalue_conditions(A)
    lost = 64 * EPS + 5e-324 / scale * 8
    np.testing.assert_allclose(np.sort(found.poles.real), np.sort(scale * one.poles.real), rtol=lost)
    np.testing.assert_allclose(np.sort(found.log10), np.sort(one.log10), rtol=4 * lost)
