"""Controllability gramians: closed forms, Lyapunov's equation, Gauss nodes."""

import flint
import numpy as np
import pytest
import references as ref
import sympy
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht


@pytest.mark.parametrize("N", [1, 2, 3, 8])
def test_gramian_of_legs_solves_its_lyapunov_equation_exactly(N):
    """Entries of the theory (L7), exact A and B; then the package's floats are those entries correctly rounded."""
    A, B = ht.LegS(N).exact()
    P = sympy.zeros(N, N)
    for n in range(N):
        P[n, n] = sympy.Rational(1, 2)
        if n:
            P[n, n - 1] = P[n - 1, n] = n / (2 * sympy.sqrt(4 * n**2 - 1))
    residual = A * P + P * A.T + B * B.T
    assert residual.applyfunc(lambda x: sympy.simplify(sympy.expand(x))) == sympy.zeros(N, N)
    np.testing.assert_allclose(ht.LegS(N).gramian(), np.array(P.evalf(30).tolist(), float), rtol=ref.EPS)


@pytest.mark.parametrize("N", [1, 2, 16, 65, 255])
def test_eigenvalues_of_the_legs_gramian_are_gauss_legendre_nodes(N):
    """Nodes from flint's certified roots; the spectrum lies in [0, 1] and its gaps near 0 are about 1/N^2."""
    with flint.ctx.workprec(128):
        nodes = sorted(float((1 + flint.arb.legendre_p_root(N, k)) / 2) for k in range(N))
    np.testing.assert_allclose(np.linalg.eigvalsh(ht.LegS(N).gramian()), nodes, rtol=0, atol=4 * np.sqrt(N) * ref.EPS)


@pytest.mark.parametrize(
    "op", [ht.LagT(1), ht.LagT(64), ht.FouT(1), ht.FouT(65), ht.TakenakaMalmquist([0.1, 3 + 4j, 3 - 4j])], ids=repr
)
def test_gramian_of_an_unshifted_one_port_family_is_the_identity(op):
    np.testing.assert_array_equal(op.gramian(), np.eye(op.N))


OTHERS = [
    ht.LegT(1),
    ht.LegT(2),
    ht.LegT(16),
    ht.LegT(64),
    ht.TakenakaMalmquist([0.5, 2 + 1j, 2 - 1j, 8.0], 0.3),
    ht.TakenakaMalmquist(np.arange(16) + 0.5, 0.5),
]


@pytest.mark.parametrize("op", [*OTHERS, ht.LegS(64), ht.LagT(64), ht.FouT(65)], ids=repr)
def test_gramian_solves_its_lyapunov_equation(op):
    """Residual relative to its terms, N eps for the products."""
    P = op.gramian()
    residual = op.A @ P + P @ op.A.T + np.outer(op.B, op.B)
    scale = np.linalg.norm(op.A, 2) * np.linalg.norm(P, 2) + np.linalg.norm(op.B) ** 2
    assert np.linalg.norm(residual, 2) <= 4 * op.N * ref.EPS * scale
    np.testing.assert_array_equal(P, P.T)
    assert np.linalg.eigvalsh(P)[0] > -4 * op.N * ref.EPS


@pytest.mark.parametrize("op", [ht.LegT(6), ht.TakenakaMalmquist([0.5, 2 + 1j, 2 - 1j, 8.0], 0.3)], ids=repr)
def test_gramian_is_the_solution_in_exact_arithmetic(op):
    """The Kronecker system in balls: no Schur form, no iteration."""
    N = op.N
    args = ("LegT", N) if isinstance(op, ht.LegT) else ("TM", N, list(op.a), op.shift)
    with flint.ctx.workprec(ref.BITS):
        A, B = ref.balls(*args)
        K = flint.arb_mat(N * N, N * N)
        for i in range(N):
            for j in range(N):
                for k in range(N):
                    K[i * N + j, k * N + j] += A[i, k]
                    K[i * N + j, i * N + k] += A[j, k]
        P = K.solve(flint.arb_mat([[-B[i, 0] * B[j, 0]] for i in range(N) for j in range(N)]))
        want = np.array([float(x) for x in P.entries()]).reshape(N, N)
    np.testing.assert_allclose(op.gramian(), want, rtol=0, atol=64 * N * ref.EPS * np.abs(want).max())


@given(st.integers(1, 12), st.floats(0.1, 3.0))
def test_gramian_is_the_integral_of_the_kernels(N, horizon):
    """P - e^{AT} P e^{A^T T} = int_0^T K K^T, by a Gauss rule of 200 nodes on an entire function."""
    op = ht.LegS(N)
    x, w = np.polynomial.legendre.leggauss(200)
    K = op.kernel((x + 1) * horizon / 2)
    P = op.gramian()
    with flint.ctx.workprec(ref.BITS):
        E = (ref.balls("LegS", N)[0] * flint.arb(horizon)).exp()
        E = np.array([float(v) for v in E.entries()]).reshape(N, N)
    integral = (K * (w * horizon / 2)) @ K.T
    np.testing.assert_allclose(integral, P - E @ P @ E.T, rtol=0, atol=1e-12)
