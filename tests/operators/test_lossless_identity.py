"""A + A^T = -2 shift I - B B^T, proved exactly, enclosed in balls, and kept by the rounded entries."""

import flint
import numpy as np
import pytest
import references as ref
import sympy
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht

CHAINS = [
    ([2.0], 0.0),
    ([0.5, 3.0, 0.25], 0.5),
    ([1 + 2j, 1 - 2j], 0.0),
    ([3 + 4j, 3 - 4j, 0.125, 2 - 1j, 2 + 1j], 0.25),
]


def one_ports(N):
    return [ht.LegS(N), ht.LagT(N), *([ht.FouT(N)] if N % 2 else [])]


EXACT = [op for N in (1, 2, 3, 5, 8) for op in one_ports(N)] + [ht.TakenakaMalmquist(*c) for c in CHAINS]


def zero(M):
    return M.applyfunc(lambda x: sympy.simplify(sympy.expand(x))) == sympy.zeros(*M.shape)


@pytest.mark.parametrize("op", EXACT, ids=repr)
def test_one_port_families_are_lossless_exactly(op):
    A, B = op.exact()
    shift = sympy.Rational(*float(op.shift).as_integer_ratio())
    assert zero(A + A.T + 2 * shift * sympy.eye(op.N) + B * B.T)


@pytest.mark.parametrize("N", [1, 2, 3, 5, 8])
def test_legt_is_lossless_with_two_ports_exactly(N):
    A, B = ht.LegT(N).exact()
    d = sympy.Matrix([(-1) ** n * B[n, 0] for n in range(N)])
    assert zero(A + A.T + B * B.T + d * d.T)
    assert (B * B.T + d * d.T).rank() == min(N, 2)


@pytest.mark.parametrize("bits", [64, 128, 512])
@pytest.mark.parametrize(
    "op", [*one_ports(63), *one_ports(64), ht.LegT(64), ht.TakenakaMalmquist([0.1, 2 + 7j, 2 - 7j] * 5, 0.3)], ids=repr
)
def test_losslessness_is_enclosed_in_narrow_balls(op, bits):
    A, B = op.balls(bits)
    with flint.ctx.workprec(4 * bits):
        ports = B * B.transpose()
        if isinstance(op, ht.LegT):
            d = flint.arb_mat([[(-1) ** n * B[n, 0]] for n in range(op.N)])
            ports += d * d.transpose()
        defect = A + A.transpose() + ports
        for i in range(op.N):
            for j in range(op.N):
                x = defect[i, j] + (2 * flint.arb(float(op.shift)) if i == j else 0)
                assert x.contains(0)
                assert float(x.rad()) <= 32 * 2.0**-bits * (abs(op.A[i, j]) + abs(op.B[i] * op.B[j]) + op.shift + 1)


@pytest.mark.parametrize("op", [*one_ports(255), *one_ports(256), ht.LegT(256)], ids=repr)
def test_rounded_entries_keep_losslessness_to_two_eps_entrywise(op):
    """Each entry is within eps/2 of itself, and so are the two factors of the product."""
    ports = np.outer(op.B, op.B)
    if isinstance(op, ht.LegT):
        ports += np.abs(ports)  # d_n = |B_n|
    defect = op.A + op.A.T + 2 * op.shift * np.eye(op.N) + ports
    size = np.abs(op.A) + np.abs(op.A.T) + np.abs(np.outer(op.B, op.B)) * 2 + 2 * op.shift
    assert (np.abs(defect) <= 2 * ref.EPS * size).all()


@given(st.integers(1, 24), st.integers(0, 10**6))
def test_no_trajectory_gains_energy(N, seed):
    """d|x|^2/dt = x^T (A + A^T) x = -2 shift |x|^2 - (B^T x)^2 <= 0 (theory L8)."""
    x = np.random.default_rng(seed).standard_normal(N)
    for op in one_ports(N):
        power = 2 * x @ op.A @ x
        want = -2 * op.shift * (x @ x) - (op.B @ x) ** 2
        assert abs(power - want) <= 4 * N * ref.EPS * np.abs(x) @ np.abs(op.A) @ np.abs(x) * 2 + 4 * N * ref.EPS * abs(
            want
        )


@pytest.mark.parametrize(("op", "shift"), [(ht.LegS(3), 0.5), (ht.LagT(3), 0.0), (ht.FouT(3), 0.0), (ht.LegT(3), 0.0)])
def test_shift_of_each_family_is_that_of_the_theory(op, shift):
    assert op.shift == shift
