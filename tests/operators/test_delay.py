"""A window knows what happened one window ago: LegT as a Pade approximant, FouT as an all-pass (theory F3)."""

from fractions import Fraction
from math import factorial

import mpmath
import numpy as np
import pytest
from flint import fmpq, fmpq_mat, fmpq_poly

import hippo_theory as ht

EPS = np.finfo(float).eps


def pade(N):
    """Numerator and denominator of the [N-1/N] Pade approximant of e^{-s}, lowest power first.

    From its definition, not from the closed form: denominator q with q(s) e^{-s} free of s^N, ..., s^{2N-1}.
    """
    c = [Fraction((-1) ** k, factorial(k)) for k in range(2 * N)]
    rows = [[c[N + i - j] for j in range(1, N + 1)] for i in range(N)]
    system = fmpq_mat([[entry(v) for v in row] for row in rows])
    q = system.solve(fmpq_mat([[entry(-c[N + i])] for i in range(N)]))
    denominator = [Fraction(1), *(Fraction(int(v.p), int(v.q)) for v in q.entries())]
    numerator = [sum(denominator[j] * c[k - j] for j in range(k + 1)) for k in range(N)]
    return numerator, denominator


def entry(v):
    return fmpq(v.numerator, v.denominator)


def polynomial(coefficients):
    return fmpq_poly([entry(v) for v in coefficients])


@pytest.mark.parametrize("N", range(1, 11))
def test_the_legendre_memory_unit_is_the_pade_approximant_exactly(N):
    """C (sI - A)^{-1} B = det(sI - A + B C)/det(sI - A) - 1 with C = (1, ..., 1), all of it rational."""
    lmu = ht.convention("lmu", N)
    A = fmpq_mat([[int(a) for a in row] for row in lmu.A])
    AB = fmpq_mat([[int(a - b) for a in row] for row, b in zip(lmu.A, lmu.B, strict=True)])
    bottom = A.charpoly()
    top = AB.charpoly() - bottom
    numerator, denominator = map(polynomial, pade(N))
    assert top * denominator == bottom * numerator
    assert bottom.degree() == N


@pytest.mark.parametrize("N", [1, 4, 16, 64, 256])
def test_the_delay_of_legt_is_the_pade_approximant_in_float64(N):
    mpmath.mp.dps = 400
    sides = pade(N) if N <= 16 else closed_pade(N)
    w = [0.0, 0.1, 1.0, 10.0, 30.0, 100.0, 1e3]
    got = ht.LegT(N).delay(1j * np.array(w))
    for value, omega in zip(got, w, strict=True):
        s = mpmath.mpc(0, omega)
        top, bottom = (mpmath.polyval([mpmath.mpf(c.numerator) / c.denominator for c in p[::-1]], s) for p in sides)
        assert abs(value - complex(top / bottom)) < 16 * EPS


def closed_pade(N):
    """The classical closed form; equal to the definition where that is cheap."""

    def coefficient(degree, sign, j):
        return Fraction(
            sign**j * factorial(2 * N - 1 - j) * factorial(degree),
            factorial(2 * N - 1) * factorial(j) * factorial(degree - j),
        )

    return [[coefficient(d, sign, j) for j in range(d + 1)] for d, sign in ((N - 1, -1), (N, 1))]


@pytest.mark.parametrize("N", [1, 2, 7])
def test_the_closed_form_of_the_pade_approximant_is_its_definition(N):
    assert [list(side) for side in pade(N)] == closed_pade(N)


def test_fout_delays_without_loss_at_every_frequency():
    w = np.concatenate([np.linspace(-50, 50, 401), np.geomspace(50, 1e5, 200), 2 * np.pi * np.arange(1, 20)])
    assert np.abs(np.abs(ht.FouT(1001).delay(1j * w)) - 1).max() < 1e-13


def test_the_phase_of_fout_is_wrong_like_one_over_n():
    w = np.linspace(0.01, 15, 1501)
    for N in (257, 1025):
        error = np.abs(ht.FouT(N).delay(1j * w) - np.exp(-1j * w)).max()
        assert N * error == pytest.approx(5.33, abs=0.02)


def test_both_delays_are_readouts_of_their_operators():
    s = np.array([0.3j, 1 + 2j, 5.0])
    legt, fout = ht.LegT(9), ht.FouT(9)
    np.testing.assert_allclose(
        ht.StateSpace(legt.A, legt.B, np.abs(legt.B)).transfer(s), legt.delay(s), rtol=0, atol=1e-13
    )
    np.testing.assert_allclose(
        ht.StateSpace(fout.A, fout.B, fout.B, -1.0).transfer(s), fout.delay(s), rtol=0, atol=1e-13
    )
    assert legt.delay(0.0).shape == fout.delay(0.0).shape == ()
    assert fout.delay(np.inf) == -1 and legt.delay(np.inf) == 0


def test_a_sampled_delay_returns_its_input_one_window_later():
    dt = 0.01
    u = np.sin(np.arange(600) * dt * 5)
    op = ht.LegT(16)
    states = ht.remember(op, u, dt).states
    # Held samples are half a step late; their stairs, 5 dt/(2 pi) = 8e-3 high, are passed on by a tenth at most.
    want = np.sin((np.arange(600) * dt + dt / 2 - 1) * 5)
    np.testing.assert_allclose((np.abs(op.B) @ states)[300:], want[300:], rtol=0, atol=8e-4)
