"""Each convention of another code is the similarity, scale or padding that defines it."""

from fractions import Fraction

import flint
import numpy as np
import pytest
import references as ref

import hippo_theory as ht

SIZES = [1, 2, 5, 16, 64]


def test_every_convention_is_listed_with_its_difference_and_source():
    assert set(ht.CONVENTIONS) == {"halved-legt", "halved-fout", "fourier2", "lmu", "positive-legs"}
    for name, convention in ht.CONVENTIONS.items():
        assert convention.name == name
        assert convention.difference
        assert convention.source
        assert convention.family in ("LegS", "LegT", "FouT")


@pytest.mark.parametrize("N", SIZES)
def test_s4_legt_is_half_of_legt_with_alternating_signs(N):
    """(1/2) S A S, (1/2) S B with S = diag((-1)^n): halving and signs are exact in floats."""
    system, op, S = ht.convention("halved-legt", N), ht.LegT(N), (-1.0) ** np.arange(N)
    np.testing.assert_array_equal(system.A, S[:, None] * op.A * S / 2)
    np.testing.assert_array_equal(system.B, S * op.B / 2)


@pytest.mark.parametrize("N", SIZES)
def test_s4_legt_is_the_published_formula(N):
    """Public code: Q = arange(N), R = sqrt(2Q+1), A = -R_i R_j (-1)^{(i-j) if i < j}, B = R, both halved."""
    system = ht.convention("halved-legt", N)
    sign = [[-((-1) ** (i - j) if i < j else 1) for j in range(N)] for i in range(N)]
    A = ref.root_floats([[sign[i][j] * (2 * i + 1) * (2 * j + 1) for j in range(N)] for i in range(N)])
    np.testing.assert_array_equal(system.A, A / 2)
    np.testing.assert_array_equal(system.B, ref.root_floats([[2 * i + 1 for i in range(N)]])[0] / 2)


@pytest.mark.parametrize("N", SIZES)
def test_lmu_is_the_published_integer_formula(N):
    """voelker2019lmu with theta = 1; integers, hence exact."""
    system = ht.convention("lmu", N)
    A = [[(2 * i + 1) * (-1 if i < j else (-1) ** (i - j + 1)) for j in range(N)] for i in range(N)]
    np.testing.assert_array_equal(system.A, A)
    np.testing.assert_array_equal(system.B, [(2 * i + 1) * (-1) ** i for i in range(N)])


@pytest.mark.parametrize("N", SIZES)
def test_lmu_is_legt_scaled_by_r(N):
    """R A_LegT R^{-1}: entry by entry A_nk r_n/r_k, on exact signed squares."""
    system, (A, b) = ht.convention("lmu", N), ref.legt_squares(N)
    for n in range(N):
        assert system.B[n] == ref.nearest_root(b[n] * (2 * n + 1))
        for k in range(N):
            assert system.A[n, k] == ref.nearest_root(Fraction(A[n][k] * (2 * n + 1), 2 * k + 1))


@pytest.mark.parametrize("N", [2, 4, 16, 64])
@pytest.mark.parametrize(("name", "scale"), [("halved-fout", 0.5), ("fourier2", 1.0)])
def test_fourier_forms_are_fout_with_a_dead_state(name, scale, N):
    """The sine of frequency 0 sits at index 1: zero row, column and input; the rest is FouT of size N - 1."""
    system, op = ht.convention(name, N), ht.FouT(N - 1)
    live = np.delete(np.arange(N), 1)
    np.testing.assert_array_equal(system.A[1], 0)
    np.testing.assert_array_equal(system.A[:, 1], 0)
    assert system.B[1] == 0
    np.testing.assert_array_equal(system.A[np.ix_(live, live)], scale * op.A)
    np.testing.assert_array_equal(system.B[live], scale * op.B)
    assert 0.0 in system.poles


@pytest.mark.parametrize("N", SIZES)
def test_positive_legs_is_minus_legs(N):
    system, op = ht.convention("positive-legs", N), ht.LegS(N)
    np.testing.assert_array_equal(system.A, -op.A)
    np.testing.assert_array_equal(system.B, op.B)


@pytest.mark.parametrize(("name", "op"), [("halved-legt", ht.LegT(16)), ("halved-fout", ht.FouT(15))])
def test_halved_windows_stretch_the_kernel_by_two(name, op):
    """The system (cA, cB) has kernels c K(ct)."""
    system = ht.convention(name, 16)
    t = np.array([0.0, 0.3, 1.1, 1.9])
    live = np.arange(16) if op.N == 16 else np.delete(np.arange(16), 1)
    sign = (-1.0) ** np.arange(16) if name == "halved-legt" else np.ones(15)
    tolerance = 16 * ref.EPS * (1 + np.linalg.norm(op.A, 2)) * np.linalg.norm(op.B)
    np.testing.assert_allclose(system.kernel(t)[live], sign[:, None] * op.kernel(t / 2) / 2, rtol=0, atol=tolerance)


@pytest.mark.parametrize("N", [2, 8, 32])
def test_halving_halves_the_spectrum_and_similarity_keeps_it(N):
    with flint.ctx.workprec(ref.BITS):

        def spectrum(system):
            M = flint.acb_mat([[flint.arb(float(x)) for x in row] for row in system.A])
            return sorted((complex(z) for z in M.eig(algorithm="approx")), key=lambda z: (z.real, z.imag))

        legt, half, lmu = (spectrum(x) for x in (ht.LegT(N), ht.convention("halved-legt", N), ht.convention("lmu", N)))
    np.testing.assert_array_equal(np.sort(np.abs(legt)), np.sort(np.abs(half)) * 2)  # exactly similar, exactly halved
    assert N > 8 or np.allclose(legt, lmu, rtol=1e-9)  # similar up to the rounding of LegT's entries


@pytest.mark.parametrize("name", sorted(ht.CONVENTIONS))
@pytest.mark.parametrize("N", [0, -4, 2.0, True, "4"])
def test_sizes_that_are_no_sizes_are_refused(name, N):
    with pytest.raises(ht.HippoTheoryError, match="N must be"):
        ht.convention(name, N)


@pytest.mark.parametrize("name", ["halved-fout", "fourier2"])
def test_odd_sizes_of_the_fourier_forms_are_refused_with_the_reason(name):
    with pytest.raises(ht.HippoTheoryError, match=r"dead.*even.*7"):
        ht.convention(name, 7)


@pytest.mark.parametrize(
    ("name", "meant"), [("LMU", "lmu"), ("halved-four", "halved-fout"), ("positive-leg", "positive-legs")]
)
def test_an_unknown_convention_is_refused_with_a_suggestion(name, meant):
    with pytest.raises(ht.HippoTheoryError, match=f"Did you mean '{meant}'"):
        ht.convention(name, 4)
