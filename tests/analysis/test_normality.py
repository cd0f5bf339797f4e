"""Departure from normality and condition numbers of eigenvalues: Schur forms, closed forms, theorems, perturbations."""

import math
import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import AccuracyWarning, ParameterError, ShapeError

EPS = np.finfo(float).eps


def matrix(seed, most=10):
    rng = np.random.default_rng(seed)
    N = int(rng.integers(1, most + 1))
    A = rng.standard_normal((N, N))
    return A if seed % 2 == 0 else A + 1j * rng.standard_normal((N, N))


@pytest.mark.parametrize("seed", range(50))
def test_the_departure_is_the_difference_of_squares_and_obeys_henrici(seed):
    A = matrix(seed)
    N = len(A)
    found = ht.henrici_departure(A)
    squares = np.linalg.norm(A) ** 2 - (np.abs(np.linalg.eigvals(A)) ** 2).sum()
    assert found.value**2 == pytest.approx(squares, abs=1e-12 * np.linalg.norm(A) ** 2)
    assert found.relative == pytest.approx(found.value / np.linalg.norm(A)) and 0 <= found.relative <= 1
    commutator = np.linalg.norm(A.conj().T @ A - A @ A.conj().T)
    assert found.value <= ((N**3 - N) / 12) ** 0.25 * math.sqrt(commutator) + 1e-12
    assert found.value**2 >= commutator**2 / (6 * np.linalg.norm(A) ** 2) - 1e-12  # Elsner and Paardekooper


@pytest.mark.parametrize("N", [1, 2, 8, 64])
def test_legs_has_the_departure_of_its_closed_form(N):
    exact = math.sqrt(N**4 / 2 - N * (4 * N * N - 1) / 6)
    assert ht.henrici_departure(ht.LegS(N)).value == pytest.approx(exact, rel=4 * EPS)
    rotated = np.linalg.qr(np.random.default_rng(N).standard_normal((N, N)))[0]
    if N <= 8:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AccuracyWarning)
            found = ht.henrici_departure(rotated @ ht.LegS(N).A @ rotated.T)
        assert abs(found.value - exact) <= found.error + 8 * N * EPS * N * N


def test_normal_matrices_have_none_and_nilpotent_ones_all():
    Q = np.linalg.qr(matrix(3))[0]
    found = ht.henrici_departure(Q)
    assert found.value <= found.error <= 1e-13
    assert ht.henrici_departure(ht.s4d("legs", 16)).value == 0
    assert ht.henrici_departure(ht.gallery.jordan(5)).relative == 1
    assert ht.henrici_departure(np.zeros((3, 3))).relative == 0
    assert ht.henrici_departure(ht.LegS(4).system.discretize(0.1)).value > 0


def test_a_defective_matrix_in_disguise_is_told_apart():
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((8, 8)))[0]
    with pytest.warns(AccuracyWarning, match="nearly defective"):
        found = ht.henrici_departure(Q @ ht.gallery.jordan(8, 1.0) @ Q.T)
    assert abs(found.value - math.sqrt(7)) <= found.error


# ------------------------------------------------------------------------------- condition numbers of eigenvalues

OPERATORS = [ht.LegS(1), ht.LegS(6), ht.LegT(5), ht.LegT(6), ht.FouT(7)]
OPERATORS += [ht.TakenakaMalmquist([1.0, 2 + 1j, 2 - 1j, 0.3], shift=0.2)]


@pytest.mark.parametrize("op", OPERATORS, ids=repr)
def test_closed_forms_agree_with_eigenvectors(op):
    exact, dense = ht.eigenvalue_conditions(op), ht.eigenvalue_conditions(op.A)
    one, two = (np.lexsort((c.poles.imag, c.poles.real.round(9))) for c in (exact, dense))
    slack = 1e3 * EPS * dense.value.max() * np.linalg.norm(op.A)
    assert np.abs(exact.poles[one] - dense.poles[two]).max() <= slack
    assert np.abs(exact.value[one] / dense.value[two] - 1).max() <= slack
    kappa = ht.eigenvector_condition(op).value
    assert exact.value.max() <= kappa * (1 + 1e-12)
    assert kappa**2 <= op.N * (exact.value**2).sum() * (1 + 1e-12)


@pytest.mark.parametrize("N", [8, 30])
def test_legs_has_the_conditions_of_its_exact_eigenvectors(N):
    """Theory L9: integer eigenvectors, whose inverse is their transpose up to signs and squares."""
    found = ht.eigenvalue_conditions(ht.LegS(N))
    with mpmath.workdps(60 + 2 * N):
        A = mpmath.matrix([[mpmath.mpf(0)] * N for _ in range(N)])
        for n in range(N):
            for k in range(n + 1):
                A[n, k] = -(n + 1) if n == k else -mpmath.sqrt((2 * n + 1) * (2 * k + 1))
        for i, pole in enumerate(found.poles):
            right = eigenvector(A, N, round(pole.real))
            left = eigenvector(A.T, N, round(pole.real))
            cosine = abs(sum(x * y for x, y in zip(right, left, strict=True)))
            lengths = mpmath.sqrt(sum(x * x for x in right) * sum(y * y for y in left))
            assert found.log10[i] == pytest.approx(float(mpmath.log10(lengths / cosine)), rel=1e-13, abs=1e-13)


def eigenvector(A, N, pole):
    """By substitution on the triangle, lower or upper, from where the diagonal is the pole."""
    at, x = -pole - 1, [mpmath.mpf(0)] * N
    x[at] = mpmath.mpf(1)
    lower = A[0, N - 1] == 0
    for n in range(at + 1, N) if lower else range(at - 1, -1, -1):
        x[n] = sum(A[n, k] * x[k] for k in range(N) if k != n) / (pole - A[n, n])
    return x


@given(st.integers(0, 10**6))
def test_a_small_perturbation_moves_an_eigenvalue_by_its_condition_number(seed):
    """To first order, and the worst one attains it."""
    A = matrix(seed, 5)
    found = ht.eigenvalue_conditions(A)
    assert (found.value >= 1).all()
    i = int(found.log10.argmin())
    lam, V = np.linalg.eig(A)
    j = int(np.abs(lam - found.poles[i]).argmin())
    x, y = V[:, j], np.linalg.inv(V)[j].conj()
    h = 1e-7
    moved = np.linalg.eigvals(A + h * np.outer(y, x.conj()) / np.linalg.norm(x) / np.linalg.norm(y))
    gap = np.sort(np.abs(lam - lam[j]))[1] if len(lam) > 1 else 1.0
    size = np.abs(moved - lam[j]).min() / h
    if gap > 1e-3 and found.log10.max() < 3:
        assert size == pytest.approx(found.value[i], rel=1e-2)


def test_defective_and_nearly_defective_matrices_are_told():
    assert (ht.eigenvalue_conditions(ht.LagT(3)).value == math.inf).all()
    with pytest.warns(AccuracyWarning, match="apart from infinity"):
        ht.eigenvalue_conditions([[1.0, 1.0], [0.0, 1.0 + 1e-10]])
    assert ht.eigenvalue_conditions(np.diag([1.0, 2.0])).value.tolist() == [1.0, 1.0]
    assert "up to 10^46.24" in repr(ht.eigenvalue_conditions(ht.LegS(64)))


@pytest.mark.parametrize("find", [ht.henrici_departure, ht.eigenvalue_conditions])
def test_both_say_what_they_need(find):
    with pytest.raises(ShapeError, match=r"square matrix, got shape \(2, 3\)"):
        find(np.ones((2, 3)))
    with pytest.raises(ParameterError, match="NaN"):
        find([[math.nan]])
