"""Every entry of every family is the float nearest to its exact value, in three arithmetics."""

from fractions import Fraction
from itertools import chain

import flint
import numpy as np
import pytest
import references as ref
import sympy
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht

SQUARES = {"LegS": ref.legs_squares, "LegT": ref.legt_squares, "LagT": ref.lagt_squares}
SIZES = [1, 2, 3, 64, 65, 255, pytest.param(1024, marks=pytest.mark.slow)]
ODD_SIZES = [1, 3, 65, 255, 1001]


@pytest.mark.parametrize("N", SIZES)
@pytest.mark.parametrize("family", sorted(SQUARES))
def test_entries_are_square_roots_correctly_rounded(family, N):
    op = ht.operator(family, N)
    A, B = SQUARES[family](N)
    np.testing.assert_array_equal(op.A, ref.root_floats(A))
    np.testing.assert_array_equal(op.B, ref.root_floats([B])[0])


@pytest.mark.parametrize("N", ODD_SIZES)
def test_fourier_entries_are_correctly_rounded_rotations_included(N):
    op = ht.FouT(N)
    A, B = ref.fout_floats(N)
    np.testing.assert_array_equal(op.A, A)
    np.testing.assert_array_equal(op.B, B)


def assert_nearest(op, a, shift):
    A, B = ref.tm_squares(a, shift)
    N = len(B)
    bad = [(n, k, op.A[n, k]) for n in range(N) for k in range(N) if not ref.half_ulps(float(op.A[n, k]), A[n][k])]
    bad += [(n, op.B[n]) for n in range(N) if not ref.half_ulps(float(op.B[n]), B[n])]
    assert not bad, (a, shift, bad)


ADVERSARIAL = {
    "tiny": [1e-300, 3e-300, 1.7e-300],
    "subnormal parameters": [5e-324, 1e-310, 2.5e-320],
    "smallest normal": [2.2250738585072014e-308, 1e-300],
    "huge": [1e300, 3.3e300, 8.9e307],
    "subnormal diagonal, ordinary input": [3e-323, 1.0, 7e-320],
    "both ends": [1e-300, 1e300, 1.0],
    "geometric mean of the range": [5e-324, 1.7e307],
    "Pythagorean 3-4-5": [3 + 4j, 3 - 4j],
    "Pythagorean 20-21-29, lower first": [20 - 21j, 20 + 21j, 0.1],
    "Pythagorean at 2^600": [2.0**600 * (5 + 12j), 2.0**600 * (5 - 12j)],
    "Pythagorean at 2^-600": [2.0**-600 * (5 + 12j), 2.0**-600 * (5 - 12j)],
    "modulus near overflow": [4e307 + 1e308j, 4e307 - 1e308j],
    "four alpha overflows, no entry does": [5e307 + 1e308j, 5e307 - 1e308j],
    "two a overflows, no entry does": [1.7e308],
    "modulus of subnormals": [5e-324 + 1e-323j, 5e-324 - 1e-323j],
    "almost real": [1 + 1e-200j, 1 - 1e-200j],
    "almost imaginary": [1e-200 + 1j, 1e-200 - 1j, 0.3],
    "modulus one half-ulp from a tie": [1 + 1.4901161193847656e-08j, 1 - 1.4901161193847656e-08j],
    "squares": [2.0, 8.0, 0.5, 4.5],
    "one repeated pair": [0.1 + 0.7j, 0.1 - 0.7j] * 3,
}


@pytest.mark.parametrize("shift", [0.0, 0.5, 0.1, 1e-300])
@pytest.mark.parametrize("name", sorted(ADVERSARIAL))
def test_takenaka_malmquist_entries_are_nearest_for_adversarial_parameters(name, shift):
    a = ADVERSARIAL[name]
    assert_nearest(ht.TakenakaMalmquist(a, shift), a, shift)


@pytest.mark.parametrize(
    "a", [[1e308 + 1e308j, 1e308 - 1e308j], [1.7e308, 1.7e308], [1e308 + 1.7e308j, 1e308 - 1.7e308j]]
)
def test_parameters_whose_entries_leave_the_float_range_are_refused(a):
    with pytest.raises(ht.HippoTheoryError):
        ht.TakenakaMalmquist(a).A  # noqa: B018


magnitudes = st.floats(5e-324, 1e307)
pairs = st.tuples(magnitudes, st.floats(-1e307, 1e307).filter(bool)).map(lambda p: [complex(*p), complex(p[0], -p[1])])
poles = st.lists(magnitudes.map(lambda x: [x]) | pairs, min_size=1, max_size=4).map(lambda p: list(chain(*p)))


@given(a=poles, shift=st.just(0.0) | st.floats(0, 1e300))
def test_takenaka_malmquist_entries_are_nearest_for_any_parameters(a, shift):
    assert_nearest(ht.TakenakaMalmquist(a, shift), a, shift)


@given(
    m=st.integers(2, 10**6),
    n=st.integers(1, 10**6),
    k=st.integers(1, 100),
    e=st.integers(-300, 300),
    sign=st.booleans(),
)
def test_pythagorean_moduli_are_exact(m, n, k, e, sign):
    alpha, beta, w = k * abs(m * m - n * n), 2 * k * m * n, k * (m * m + n * n)
    scale = 2.0**e
    if alpha == 0 or w >= 2**53:
        return
    a = complex(alpha * scale, (1 if sign else -1) * beta * scale)
    op = ht.TakenakaMalmquist([a, a.conjugate()])
    assert op.A[1, 0] == w * scale
    assert op.A[0, 1] == -w * scale


SMALL = [
    (ht.LegS(6), ("LegS", 6)),
    (ht.LegT(6), ("LegT", 6)),
    (ht.LagT(6), ("LagT", 6)),
    (ht.FouT(7), ("FouT", 7)),
    (ht.TakenakaMalmquist([0.1, 2 + 1j, 2 - 1j, 7.5], 0.3), ("TM", 4, [0.1, 2 + 1j, 2 - 1j, 7.5], 0.3)),
]


@pytest.mark.parametrize(("op", "args"), SMALL, ids=lambda x: x[0] if isinstance(x, tuple) else None)
def test_three_arithmetics_agree(op, args):
    exact = op.exact()
    with flint.ctx.workprec(400):
        reference = ref.balls(*args)
        balls = op.balls(300)
        for E, R, K, F in zip(exact, reference, balls, (op.A, op.B[:, None]), strict=True):
            assert (K.nrows(), K.ncols()) == E.shape == F.shape
            for i in range(E.rows):
                for j in range(E.cols):
                    assert K[i, j].overlaps(R[i, j])  # the 300-bit ball meets the far narrower 400-bit one
                    assert float(K[i, j].rad()) <= 8 * 2.0**-300 * abs(F[i, j])
                    digits = sympy.N(E[i, j], 90)
                    assert abs(flint.arb(str(digits)) - R[i, j]) <= 1e-85 * abs(R[i, j])
                    assert F[i, j] == ref.nearest_float(R[i, j])


@pytest.mark.parametrize("bits", [53, 64, 128, 1000])
@pytest.mark.parametrize("op", [ht.LegS(9), ht.LegT(9), ht.LagT(9), ht.FouT(9)], ids=repr)
def test_balls_enclose_the_exact_entries_and_shrink_with_the_precision(op, bits):
    A, B = op.balls(bits)
    with flint.ctx.workprec(2 * bits + 64):
        for got, want in zip((A, B), ref.balls(op.family, op.N), strict=True):
            for g, w in zip(got.entries(), want.entries(), strict=True):
                assert g.overlaps(w)
                assert float(g.rad()) <= 8 * 2.0**-bits * float(abs(w).mid())


def test_asking_for_balls_leaves_the_process_precision_alone():
    before = flint.ctx.prec
    ht.LegS(3).balls(777)
    ht.FouT(3).exact()
    assert flint.ctx.prec == before


@pytest.mark.parametrize("N", [1, 2, 5])
def test_eigenvalues_of_legs_are_minus_one_to_minus_n(N):
    A, _ = ht.LegS(N).exact()
    x = sympy.Symbol("x")
    charpoly = (x * sympy.eye(N) - A).det(method="berkowitz")
    assert sympy.expand(charpoly - sympy.prod([x + n + 1 for n in range(N)])) == 0


@pytest.mark.parametrize("N", [12, 64])
def test_legs_is_lower_triangular_with_diagonal_minus_one_to_minus_n(N):
    A, _ = ht.LegS(N).exact()
    assert A.is_lower
    assert list(A.diagonal()) == [-n - 1 for n in range(N)]


@pytest.mark.parametrize("N", [1, 2, 7, 64])
def test_legs_and_lagt_are_takenaka_malmquist_entry_for_entry(N):
    legs, lagt = ht.TakenakaMalmquist(np.arange(N) + 0.5, 0.5), ht.TakenakaMalmquist(np.full(N, 0.5))
    for tm, op in ((legs, ht.LegS(N)), (lagt, ht.LagT(N))):
        np.testing.assert_array_equal(tm.A, op.A)
        np.testing.assert_array_equal(tm.B, op.B)


@pytest.mark.parametrize(
    "op", [ht.LegS(4), ht.LegT(4), ht.LagT(4), ht.FouT(5), ht.TakenakaMalmquist([1.0, 2.0])], ids=repr
)
def test_matrices_are_float64_and_read_only(op):
    for M, shape in ((op.A, (op.N, op.N)), (op.B, (op.N,))):
        assert M.dtype == np.float64
        assert M.shape == shape
        with pytest.raises(ValueError, match="read-only"):
            M[0] = 0.0


def test_operators_compare_by_family_and_size():
    assert ht.LegS(4) == ht.operator("legs", 4)
    assert hash(ht.LegS(4)) == hash(ht.operator("LEGS", 4))
    assert ht.LegS(4) != ht.LegS(5)
    assert ht.LegS(4) != ht.LagT(4)
    assert {ht.LegS(4), ht.LegS(4)} == {ht.LegS(4)}


def test_parameters_enter_as_the_floats_they_are():
    """0.1 means the double nearest to 0.1, in sympy as in balls."""
    A, B = ht.TakenakaMalmquist([0.1]).exact()
    assert A[0, 0] == -sympy.Rational(Fraction(0.1).numerator, Fraction(0.1).denominator)
    assert sympy.simplify(B[0, 0] ** 2 + 2 * A[0, 0]) == 0
