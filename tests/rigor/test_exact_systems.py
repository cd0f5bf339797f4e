"""Exact data of systems: matrices of integers, and quotients of polynomials against sums of residues in mpmath."""

import flint
import mpmath
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.rigor.exact_systems import exact_matrix, exact_system, operator_poles
from hippo_theory.rigor.exact_transfer import exact_transfer

DIGITS = 60


def integers(seed, *shape):
    """Complex integers, whose sums and products are exact in floats."""
    re, im = np.random.default_rng(seed).integers(-9, 10, (2, *shape))
    return re + 1j * im


@pytest.mark.parametrize("with_q", [False, True])
@pytest.mark.parametrize("columns", [(), (2,)])
def test_a_low_rank_matrix_is_diag_less_p_q_star(columns, with_q):
    lam, P, Q, B = integers(1, 4), integers(2, 4, *columns), integers(3, 4, *columns), np.ones(4)
    system = ht.DiagonalPlusLowRank(lam, P, B, Q=Q if with_q else None)
    P, Q = P.reshape(4, -1), (Q if with_q else P).reshape(4, -1)
    expected, found = np.diag(lam) - P @ Q.conj().T, exact_matrix(system)
    assert found.shape == (4, 4)
    assert all(x == flint.acb(z.real, z.imag) for x, z in zip(found.ravel(), expected.ravel(), strict=True))


def test_a_dense_matrix_is_its_floats():
    A = np.array([[0.1, -1.0], [1e-300, 1 / 3]])
    assert [float(x) for x in exact_matrix(ht.StateSpace(A, [1.0, 1.0])).ravel()] == A.ravel().tolist()


def test_a_chain_knows_its_poles_and_other_families_ask_lapack():
    chain = ht.TakenakaMalmquist([1 + 2j, 1 - 2j, 3.0], shift=0.5)
    assert operator_poles(chain).tolist() == [-1.5 - 2j, -1.5 + 2j, -3.5]
    assert np.array_equal(operator_poles(ht.LegT(5)), np.linalg.eigvals(ht.LegT(5).A))


PAIRS = ht.Diagonal(
    [-1 + 2j, -3.0, -0.5 - 7j],
    [1 + 1j, 2 - 1j, 3.0],
    [[1j, 1 + 2j, 1.0], [2.0, 1.0, -1j]],
    D=0.25,
    conjugate_pairs=True,
)
FORMS = {
    "pairs": PAIRS,
    "pairs, sampled": PAIRS.discretize(0.5, "bilinear"),
    "pairs, two inputs": ht.Diagonal(
        [-1 + 2j, -3.0], [[1 + 1j, 2.0], [1.0, -2.0]], [1j, 1 + 2j], D=[0.5, 1.0], conjugate_pairs=True
    ),
    "pairs, the state read out": ht.Diagonal([-1 + 2j, -3.0], [1 + 1j, 2.0], conjugate_pairs=True),
    "modes": ht.Diagonal([-1 + 2j, -3.0], [1 + 1j, 2.0], [1j, 1.0]),
}


def sum_of_residues(b, c, lam, z, halves):
    """sum_j c_j b_j/(z - lam_j), and the same with all but z conjugate where halves of pairs are stored."""
    b, c, lam = ([mpmath.mpc(complex(x)) for x in values] for values in (b, c, lam))
    total = sum(x * y / (z - pole) for x, y, pole in zip(c, b, lam, strict=True))
    if halves:
        total += sum(mpmath.conj(x * y) / (z - mpmath.conj(pole)) for x, y, pole in zip(c, b, lam, strict=True))
    return total


@pytest.mark.parametrize("system", FORMS.values(), ids=FORMS)
def test_the_fraction_of_a_diagonal_system_is_the_sum_of_its_residues(system):
    M, halves, s = system.lam.size, system.conjugate_pairs and system.C is not None, 2 + 1j
    B, C = system.B.reshape(M, -1), np.eye(M) if system.C is None else np.atleast_2d(system.C)
    D = np.broadcast_to(system.D, (len(C), B.shape[1]))
    with mpmath.workdps(DIGITS), flint.ctx.workdps(DIGITS):
        data = exact_transfer(system, "test")
        assert data.shape == D.shape and data.degree == (system.N if halves else M)
        chi, numerators = data.fraction()
        # In discrete time the fraction is one of s, z = (1 + s)/(1 - s).
        z = mpmath.mpc(s) if system.dt is None else (1 + mpmath.mpc(s)) / (1 - mpmath.mpc(s))
        for i, h in np.ndindex(D.shape):
            expected = D[i, h] + sum_of_residues(B[:, h], C[i], system.lam, z, halves)
            found = numerators[i, h](flint.acb(s)) / chi(flint.acb(s))
            assert abs(found - flint.acb(str(expected.real), str(expected.imag))) < 1e-50


def test_the_gramians_of_stored_pairs_and_of_their_real_form_have_one_product():
    """tr P Q, the sum of the squares of the Hankel singular values, needs no coordinates."""
    traces = []
    for system in (PAIRS, PAIRS.to_real()):
        found = exact_system(system, None, "test").gramians(200)
        traces.append(complex((flint.acb_mat(found.P) * flint.acb_mat(found.Q)).trace()))
    # The real form is rounded in sqrt(2).
    assert abs(traces[0] - traces[1]) <= 1e-14 * abs(traces[0])
