"""K(t) = e^{tA} B against orthogonal polynomials, matrix exponentials in balls, and inverse Laplace transforms."""

import flint
import mpmath
import numpy as np
import pytest
import references as ref
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import AccuracyError

TINY = 5e-324
TIMES = [0.0, 1e-12, 1e-6, 1e-3, 1e-2, 0.1, 0.3, np.log(2), 1.0, 3.0, 10.0, 50.0, 300.0, 745.0, 800.0, 2000.0]
SIZES = [1, 2, 16, 64, 255, pytest.param(600, marks=pytest.mark.slow)]


def legs_kernel(N, t):
    """L_n(e^{-t}) e^{-t} = r_n P_n(2e^{-t} - 1) e^{-t} (theory F1)."""
    q = (-arb(t)).exp()
    return [arb(2 * n + 1).sqrt() * (2 * q - 1).legendre_p(n) * q for n in range(N)]


def lagt_kernel(N, t):
    """e^{-t/2} Lag_n(t) (theory F1)."""
    return [(-arb(t) / 2).exp() * arb(t).laguerre_l(n) for n in range(N)]


def exponential(family, t, N, a=(), shift=0.0):
    """E^{tA} B with exact entries, in balls."""
    A, B = ref.balls(family, N, a, shift)
    K = (A * arb(t)).exp() * B
    return [K[n, 0] for n in range(N)]


@pytest.mark.parametrize("N", SIZES)
def test_legs_kernels_are_legendre_polynomials_of_the_exponential(N):
    K = ht.LegS(N).kernel(TIMES)
    with flint.ctx.workprec(256 + 8 * N):
        want = np.array([[float(x) for x in legs_kernel(N, t)] for t in TIMES]).T
    envelope = np.sqrt(2 * np.arange(N) + 1.0)[:, None] * np.exp(-np.array(TIMES))
    # a three-term recurrence of N steps, an eps each; where e^{-t} is subnormal, its last bit
    tolerance = max(N, 4) * ref.EPS * envelope + 2 * np.sqrt(2 * N) * TINY
    assert (np.abs(K - want) <= tolerance).all()


@pytest.mark.parametrize("N", [1, 2, 16, 64, 255, 600])
def test_lagt_kernels_are_laguerre_functions_although_the_exponential_underflows(N):
    """At t = 2000 e^{-t/2} is 0 in floats while Lag_n(t) for n near 600 brings the product back to size 0.1."""
    K = ht.LagT(N).kernel(TIMES)
    with flint.ctx.workprec(4096):
        want = np.array([[float(x) for x in lagt_kernel(N, t)] for t in TIMES]).T
    # |e^{-t/2} Lag_n| <= 1; N steps of a recurrence
    assert (np.abs(K - want) <= max(N, 4) * ref.EPS * np.abs(want).max(axis=0) + N * TINY).all()
    assert N < 600 or np.abs(want[:, -1]).max() > 1e-2


@pytest.mark.parametrize("n", [0, 1, 5, 20])
def test_closed_forms_agree_with_mpmath(n):
    mpmath.mp.dps = 40
    for t in (0.05, 1.1, 7.5):  # not 1: mpmath cannot tell that Lag_1(1) vanishes
        q = mpmath.exp(-t)
        legs = mpmath.sqrt(2 * n + 1) * mpmath.legendre(n, 2 * q - 1) * q
        lagt = mpmath.exp(-mpmath.mpf(t) / 2) * mpmath.laguerre(n, 0, t)
        assert ht.LegS(n + 1).kernel(t)[n] == pytest.approx(float(legs), abs=4 * (n + 1) * ref.EPS * np.sqrt(2 * n + 1))
        assert ht.LagT(n + 1).kernel(t)[n] == pytest.approx(float(lagt), abs=4 * (n + 1) * ref.EPS)


TM = [0.3, 2 + 5j, 2 - 5j, 1e-2 + 1j, 1e-2 - 1j, 40.0]
CASES = [(f, N) for f in ("LegS", "LagT", "LegT") for N in (1, 2, 16)] + [("FouT", N) for N in (1, 3, 17)] + [("TM", 6)]


@pytest.mark.parametrize(("family", "N"), CASES)
def test_kernels_are_the_matrix_exponential(family, N):
    op = ht.TakenakaMalmquist(TM, 0.25) if family == "TM" else ht.operator(family, N)
    t = np.array([0.0, 1e-9, 1e-3, 0.1, 0.5, 1.0, 2.5, 10.0])
    with flint.ctx.workprec(768):
        want = np.array([[float(x) for x in exponential(family, u, N, TM, 0.25)] for u in t]).T
    # A is dissipative: the error grows like eps |A| t, relative to |B|
    tolerance = 8 * ref.EPS * (1 + np.linalg.norm(op.A, 2) * t) * np.linalg.norm(op.B)
    np.testing.assert_array_less(np.abs(op.kernel(t) - want).max(axis=0), tolerance)


@given(
    st.lists(st.tuples(st.floats(1e-2, 10), st.just(0.0) | st.floats(0.1, 10)), min_size=1, max_size=3),
    st.floats(0, 2),
    st.just(0.0) | st.floats(1e-300, 20),
)
def test_kernels_of_any_chain_are_the_matrix_exponential(parts, shift, t):
    a = [z for x, y in parts for z in ([complex(x, y), complex(x, -y)] if y else [x])]
    op = ht.TakenakaMalmquist(a, shift)
    with flint.ctx.workprec(768):
        want = np.array([float(x) for x in exponential("TM", t, len(a), a, shift)])
    tolerance = 8 * ref.EPS * (1 + np.linalg.norm(op.A, 2) * t) * np.linalg.norm(op.B)
    assert np.abs(op.kernel(t) - want).max() <= tolerance


@pytest.mark.parametrize(("family", "N", "n"), [("FouT", 3, 1), ("LegT", 3, 2), ("LegS", 4, 3), ("LagT", 4, 2)])
def test_kernels_are_inverse_laplace_transforms_of_the_transfer_vector(family, N, n):
    """A third road: mpmath's Talbot contour on (sI - A)^{-1} B."""
    mpmath.mp.dps = 30
    A, B = (np.array(M.tolist(), dtype=object) for M in ht.operator(family, N).exact())
    A, B = (mpmath.matrix([[mpmath.mpf(str(x.evalf(40))) for x in row] for row in M]) for M in (A, B))
    for t in (0.2, 1.3):
        G = lambda s: mpmath.lu_solve(s * mpmath.eye(N) - A, B)[n]  # noqa: E731
        want = mpmath.invertlaplace(G, t, method="talbot", degree=40)
        assert ht.operator(family, N).kernel(t)[n] == pytest.approx(float(want), abs=1e-12)


ALL = [ht.LegS(5), ht.LegT(5), ht.LagT(5), ht.FouT(5), ht.TakenakaMalmquist([0.3, 2 + 1j, 2 - 1j], 0.1)]


@pytest.mark.parametrize("op", [*ALL, ht.LegS(200), ht.LagT(200), ht.FouT(201), ht.LegT(200)], ids=repr)
def test_kernels_start_at_the_input_vector(op):
    np.testing.assert_allclose(op.kernel(0.0), op.B, rtol=4 * ref.EPS)


@pytest.mark.parametrize("t", [1e4, 1e9, 1e18, 1e300])
@pytest.mark.parametrize("op", ALL, ids=repr)
def test_kernels_long_after_the_impulse_are_zero_or_refused(op, t):
    """All five systems are stable; a time too long for any digit is an AccuracyError, not a warning from below."""
    try:
        K = op.kernel(t)
    except AccuracyError:
        assert np.linalg.norm(op.A, 2) * t > 2.0**60
        return
    assert np.abs(K).max() <= 1e-100


@pytest.mark.parametrize("t", [5e-324, 1e-310, 1e-300])
@pytest.mark.parametrize("op", ALL, ids=repr)
def test_kernels_at_the_smallest_times_are_the_input_vector(op, t):
    atol = 1e2 * t  # t A B, where B vanishes
    np.testing.assert_allclose(op.kernel(t), op.B, rtol=4 * ref.EPS, atol=atol)
    np.testing.assert_allclose(op.kernel([t, 0.0, 1.0])[:, 0], op.B, rtol=8 * ref.EPS, atol=atol)


@pytest.mark.parametrize("op", ALL, ids=repr)
def test_times_may_be_unsorted_repeated_and_of_any_shape(op):
    t = np.array([3.0, 0.0, 0.5, 3.0, 1e-3, 0.25])
    K = op.kernel(t)
    assert K.shape == (5 if op.N == 5 else op.N, 6)
    assert K.dtype == np.float64
    atol = 16 * ref.EPS * (1 + np.linalg.norm(op.A, 2) * 3.0) * np.linalg.norm(op.B)
    for j, u in enumerate(t):
        one = op.kernel(u)
        assert one.shape == (op.N,)
        np.testing.assert_allclose(K[:, j], one, rtol=0, atol=atol)
    np.testing.assert_array_equal(K[:, 0], K[:, 3])
    np.testing.assert_allclose(op.kernel(t.reshape(2, 3)), K.reshape(op.N, 2, 3), rtol=0, atol=atol)
    assert op.kernel([]).shape == (op.N, 0)
    assert op.kernel([1, 2]).shape == (op.N, 2)  # integers are times too


def test_kernels_of_fout_start_doubled_and_leave_ghosts():
    """F3: K_n(0) = 2 p_n(0); at t = 1 and 2 the constant kernel keeps .290 and .078, the cosines .41 and .11."""
    K = ht.FouT(401).kernel([0.0, 1.0, 2.0])
    p0 = np.where(np.arange(401) == 0, 1.0, np.sqrt(2))
    cosines = [0, 1, 3, 5, 7]
    np.testing.assert_allclose(K[cosines, 0], 2 * p0[cosines], rtol=4 * ref.EPS)
    np.testing.assert_allclose(K[cosines, 1], 0.290 * p0[cosines], rtol=2e-3)
    np.testing.assert_allclose(K[cosines, 2], 0.0775 * p0[cosines], rtol=5e-3)


def test_kernels_of_legt_approach_its_basis_inside_the_window():
    """K_n(t) -> L_n(t) on (0, 1), slowly: a jump at the end of the window is being resolved."""
    t = np.linspace(0.2, 0.8, 13)
    L = np.polynomial.legendre.legvander(2 * t - 1, 2).T * np.sqrt([[1], [3], [5]])
    errors = [np.abs(ht.LegT(N).kernel(t)[:3] - L).max() for N in (16, 32, 64, 128)]
    assert (np.diff(errors) < 0).all()
    np.testing.assert_allclose(np.diff(np.log2(errors)), -0.7, atol=0.15)


def test_orthonormality_of_legs_and_lagt_kernels():
    """Int K_n K_m / w dt = delta: a Gauss rule exact for the degree, applied to the kernels themselves."""
    N = 12
    x, w = np.polynomial.legendre.leggauss(N)
    x, w = (x + 1) / 2, w / 2  # int_0^1 L_n L_m dx; K_n(t) e^{t} = L_n(e^{-t})
    L = ht.LegS(N).kernel(-np.log(x)) / x
    np.testing.assert_allclose((L * w) @ L.T, np.eye(N), rtol=0, atol=N**2 * 4 * ref.EPS)
    t, w = np.polynomial.laguerre.laggauss(N)
    K = ht.LagT(N).kernel(t)
    np.testing.assert_allclose((K * w * np.exp(t)) @ K.T, np.eye(N), rtol=0, atol=N**2 * 64 * ref.EPS)


@pytest.mark.parametrize("t", [-1e-300, [0.0, -1.0], np.nan, [1.0, np.inf], 1j, "1", None], ids=str)
@pytest.mark.parametrize("op", ALL, ids=repr)
def test_times_that_are_no_times_are_refused(op, t):
    with pytest.raises(ht.HippoTheoryError, match="t must be"):
        op.kernel(t)
