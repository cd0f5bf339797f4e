"""The all-pass homotopy: eigenvalues, eigenvectors, collisions and error, each by a second road."""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import ParameterError, ParameterTypeError
from hippo_theory.lossless import (
    collisions,
    diagonalize_normal_part,
    homotopy_error,
    homotopy_modes,
)

EPS = np.finfo(np.float64).eps
PAIRS = ht.TakenakaMalmquist([2.0, 1 + 3j, 1 - 3j, 0.3 + 7j, 0.3 - 7j, 0.7, 1.1])
OPERATORS = [
    ht.LegS(1),
    ht.LegS(2),
    ht.LegS(16),
    ht.LegS(33),
    ht.LegS(64),
    ht.LagT(1),
    ht.LagT(16),
    ht.LagT(65),
    ht.FouT(1),
    ht.FouT(3),
    ht.FouT(33),
    ht.TakenakaMalmquist([1e-3, 1.0, 1e3], shift=0.2),
    ht.TakenakaMalmquist([1 + 2j, 1 - 2j] * 3),
    PAIRS,
]
RHOS = [0.999999, 0.7, 0.1, 0.01]


def ids(op):
    return repr(op)[:28]


def perturbed(op, rho):
    return op.A + rho / (1 + rho) * np.outer(op.B, op.B)


@pytest.mark.parametrize("op", OPERATORS, ids=ids)
@pytest.mark.parametrize("rho", RHOS)
class TestTheModes:
    def test_diagonalise_the_perturbed_matrix(self, op, rho):
        lam, V, weights = homotopy_modes(op, rho).full()
        A = perturbed(op, rho)
        size = np.linalg.norm(op.A, 2)  # the sum A + E may be far smaller
        kappa = np.linalg.cond(V)
        assert lam.size == op.N
        assert np.abs(A @ V - V * lam).max() <= 64 * op.N * EPS * size
        assert np.abs(np.linalg.norm(V, axis=0) - 1).max() <= 4 * EPS
        B = op.B / (1 + rho)
        assert np.abs(V @ weights - B).max() <= 64 * op.N * EPS * kappa * np.abs(B).max()

    def test_give_the_transfer_function_g_over_1_plus_rho_phi(self, op, rho):
        lam, V, weights = homotopy_modes(op, rho).full()
        s = 1j * np.array([0.0, 0.4, 3.0, 80.0]) + 0.01
        exact = op.transfer(s) / (1 + rho * op.allpass(s))
        found = np.stack([V @ (weights / (z - lam)) for z in s], axis=1)
        assert np.abs(found - exact).max() <= 1e-12 * np.abs(exact).max()

    def test_are_stable_and_in_order(self, op, rho):
        modes = homotopy_modes(op, rho)
        assert (modes.lam.real < -op.shift).all()
        assert (modes.lam.imag >= 0).all()
        assert (np.diff(modes.lam.imag) <= 0).all()
        assert (op.B @ modes.V).real.min() > 0


@pytest.mark.parametrize(("op", "rho"), [(ht.LegS(12), 0.3), (ht.LegS(12), 1e-3), (PAIRS, 0.05), (ht.LagT(9), 0.2)])
def test_eigenvalues_are_the_roots_of_a_polynomial(op, rho):
    with mp.workdps(60):
        top, bottom = [mp.mpf(1)], [mp.mpf(1)]
        for a in op.a:
            value = mp.mpc(complex(a))
            top = [p - q for p, q in zip([*top, 0], [0, *(value * c for c in top)], strict=True)]
            bottom = [p + q for p, q in zip([*bottom, 0], [0, *(mp.conj(value) * c for c in bottom)], strict=True)]
        whole = [p + mp.mpf(rho) * q for p, q in zip(top, bottom, strict=True)]
        roots = [-complex(r) - op.shift for r in mp.polyroots(whole, maxsteps=500, extraprec=400)]
    found = homotopy_modes(op, rho).full()[0]
    for root in roots:
        assert np.abs(found - root).min() <= 1e-14 * abs(root)


def newton_in_mpmath(op, rho, lam):
    """How far mpmath moves an eigenvalue, relative."""
    with mp.workdps(40):
        x = start = -(mp.mpc(complex(lam)) + op.shift)
        for _ in range(3):
            if isinstance(op, ht.FouT):
                squares = [(2 * mp.pi * m) ** 2 for m in range(1, (op.N + 1) // 2)]
                h = 2 / x + sum(4 * x / (x * x + c) for c in squares)
                slope = -2 / x**2 + sum(4 * (c - x * x) / (x * x + c) ** 2 for c in squares)
                x -= (h - (1 + mp.mpf(rho)) / (1 - mp.mpf(rho))) / slope
            else:
                b, slope = mp.mpf(1), mp.mpf(0)
                for a in op.a.real:
                    b, slope = b * (x - a) / (x + a), slope + 2 * mp.mpf(a) / (x * x - mp.mpf(a) ** 2)
                x -= mp.log(-b / mp.mpf(rho)) / slope
        return float(abs(x - start) / abs(start))


@pytest.mark.parametrize(
    ("op", "rho"), [(ht.LegS(64), 1e-3), (ht.LegS(65), 0.5), (ht.FouT(65), 0.01), (ht.LagT(64), 1e-3)], ids=str
)
def test_eigenvalues_to_two_ulp(op, rho):
    found = homotopy_modes(op, rho).lam
    assert max(newton_in_mpmath(op, rho, lam) for lam in found[::5]) <= 4 * EPS


@pytest.mark.slow
@pytest.mark.parametrize("op", [ht.LegS(1024), ht.LagT(1024), ht.FouT(1023)], ids=str)
def test_eigenvalues_of_1024_states(op):
    found = homotopy_modes(op, 1e-3).lam
    assert max(newton_in_mpmath(op, 1e-3, lam) for lam in found[::64]) <= 1e-14


def test_lagt_has_the_roots_of_unity_turned():
    N, rho = 24, 0.02
    zeta = rho ** (1 / N) * np.exp(1j * np.pi * (2 * np.arange(N) + 1) / N)
    exact = -(1 + zeta) / (1 - zeta) / 2
    found = homotopy_modes(ht.LagT(N), rho).full()[0]
    gap = np.abs(found[:, None] - exact).min(axis=0)
    assert (gap <= 8 * N * EPS * np.abs(exact)).all()


@pytest.mark.parametrize("op", [ht.LegS(33), ht.LagT(16), ht.FouT(9), PAIRS], ids=ids)
def test_rho_one_is_the_normal_part_bit_for_bit(op):
    modes, part = homotopy_modes(op, 1.0), diagonalize_normal_part(op)
    assert np.array_equal(modes.lam, part.lam)
    assert np.array_equal(modes.V, part.V)
    assert np.array_equal(modes.weights, part.weights / 2)


def test_near_rho_one_the_distance_to_the_line_keeps_its_digits():
    op, rho = ht.LegS(32), 1 - 2.0**-40
    part = diagonalize_normal_part(op)
    distance = -(homotopy_modes(op, rho).lam.real + op.shift)
    first_order = -math.log(rho) * part.weights**2 / 4
    # lam + 1/2 is all that a float next to -1/2 holds.
    assert np.abs(distance - first_order).max() <= EPS


@given(
    real=st.lists(st.floats(0.01, 100), min_size=1, max_size=5),
    pairs=st.lists(st.tuples(st.floats(0.05, 10), st.floats(0.05, 30)), max_size=4),
    rho=st.floats(0.02, 1),
    shift=st.sampled_from([0.0, 0.5]),
)
def test_any_chain(real, pairs, rho, shift):
    a = [*real, *(z for x, y in pairs for z in (complex(x, y), complex(x, -y)))]
    op = ht.TakenakaMalmquist(a, shift)
    try:
        modes = homotopy_modes(op, rho)
    except ht.AccuracyError:
        return  # near a collision, as those tests show that are about collisions
    lam, V, _ = modes.full()
    A = perturbed(op, rho)
    assert np.abs(A @ V - V * lam).max() <= 1e-12 * np.linalg.norm(A, 2)
    # Distinct eigenvalues with small residuals could still be fewer than all.
    assert lam.size == op.N
    assert abs(lam.sum() - np.trace(A)) <= 1e-9 * np.abs(lam).sum() * np.linalg.cond(V)


class TestCollisions:
    @pytest.mark.parametrize(
        ("N", "largest"),
        [
            *((2, 7 - 4 * math.sqrt(3)), (4, 0.0232), (6, 0.01287), (8, 0.00862), (16, 0.00342), (32, 0.00142)),
            *((3, 9.558e-3), (5, 1.157e-3), (9, 1.349e-4), (17, 1.498e-5), (33, 1.625e-6), (65, 1.755e-7)),
        ],
    )
    def test_of_legs_theory_p5(self, N, largest):
        found = collisions(ht.LegS(N))
        assert len(found) == N // 2
        digits = 1e-14 if N == 2 else 0.003
        assert abs(found.rho[0] / largest - 1) <= digits

    @pytest.mark.parametrize("op", [ht.LegS(5), ht.LegS(8), ht.TakenakaMalmquist([0.14, 0.185, 7.07], 0.3)], ids=ids)
    def test_are_the_zeros_of_the_discriminant(self, op):
        import sympy

        x, rho = sympy.symbols("x rho")
        a = [sympy.Rational(float(v)) for v in op.a.real]
        p = sympy.prod([x - v for v in a]) + rho * sympy.prod([x + v for v in a])
        disc = sympy.Poly(sympy.discriminant(sympy.Poly(p, x), x), rho)
        exact = sorted((float(r) for r in disc.nroots(n=30, maxsteps=500) if r.is_real and 1e-12 < r < 1), reverse=True)
        found = [r for r in collisions(op).rho if r > 1e-12]
        assert np.allclose(found, exact, rtol=1e-10)

    def test_are_defective(self):
        op = ht.LegS(6)
        found = collisions(op)
        for rho, lam in zip(found.rho[:2], found.lam[:2], strict=True):
            A = perturbed(op, rho) - lam * np.eye(6)
            sigma = np.linalg.svd(A)[1]
            # One null vector, but a double eigenvalue: the square has two.
            assert sigma[-1] <= 1e-13 * sigma[0] < 1e-8 * sigma[-2]
            double = np.linalg.svd(A @ A)[1]
            assert double[-2] <= 1e-11 * double[0]

    def test_split_pairs_into_real_eigenvalues(self):
        op = ht.LegS(16)
        for rho, real in ((0.0035, 0), (0.0034, 2)):
            assert (homotopy_modes(op, rho).lam.imag == 0).sum() == real

    def test_none_for_lagt_and_fout(self):
        assert len(collisions(ht.LagT(12))) == len(collisions(ht.FouT(9))) == 0

    def test_underflow_is_told_in_logarithms(self):
        found = collisions(ht.LegS(1024))
        assert len(found) == 512
        assert found.rho[-1] == 0
        assert np.isfinite(found.log10).all()
        assert (np.diff(found.log10) < 0).all()

    def test_complex_parameters_have_complex_critical_points(self):
        found = collisions(PAIRS)
        assert found.points.size == PAIRS.N - 1
        h = 1e-6
        slope = (PAIRS.allpass(found.points + h) - PAIRS.allpass(found.points - h)) / (2 * h)
        assert np.abs(slope).max() <= 1e-6 * np.abs(PAIRS.allpass(found.points)).max()


class TestThePrice:
    """Theory P5: eigenvectors of A_rho are kernels of the model space of (b + rho)/(1 + rho b)."""

    @pytest.mark.parametrize("rho", [0.9, 0.2, 0.03])
    @pytest.mark.parametrize("op", [ht.LegS(1), ht.LegS(12), ht.LagT(9), ht.FouT(11), PAIRS], ids=ids)
    def test_gram_matrix_and_its_inverse_are_those_of_normalised_exponentials(self, op, rho):
        lam, V, _ = homotopy_modes(op, rho).full()
        x = -(lam + op.shift)
        gram = 2 * np.sqrt(np.outer(x.real, x.real)) / (x[:, None].conj() + x)
        away = np.abs(x[:, None] - x) / np.abs(x[:, None] + x.conj())
        np.fill_diagonal(away, 1.0)
        delta = away.prod(axis=1)
        size = EPS * op.N * np.linalg.cond(gram)
        assert np.abs(np.abs(V.conj().T @ V) - np.abs(gram)).max() <= 1e-12
        inverse = np.abs(np.linalg.inv(gram)) * np.outer(delta, delta)
        assert np.abs(inverse - np.abs(gram)).max() <= 10 * size
        kappa = np.linalg.cond(V)
        assert (1 - size) / delta.min() <= kappa <= (1 + size) * np.linalg.norm(gram, 2) / delta.min()

    @pytest.mark.parametrize("rho", [0.9, 0.1, 1e-3])
    @pytest.mark.parametrize("N", [1, 2, 3, 16, 65])
    def test_of_lagt_is_a_power_of_rho(self, N, rho):
        exact = rho ** (1 / N - 1)
        assert abs(np.linalg.cond(homotopy_modes(ht.LagT(N), rho).full()[1]) / exact - 1) <= 20 * N * EPS * exact


class TestTheError:
    @pytest.mark.parametrize("op", [ht.LegS(16), ht.LegS(33), ht.LagT(12), ht.FouT(9), PAIRS], ids=ids)
    @pytest.mark.parametrize("rho", [0.9, 0.1, 1e-3])
    def test_is_what_the_general_algorithm_finds(self, op, rho):
        modes = homotopy_modes(op, rho)
        half = np.where(modes.lam.imag == 0, 0.5, 1.0)
        system = ht.Diagonal(modes.lam, half * modes.weights, C=modes.V, conjugate_pairs=True)
        peak, norm = homotopy_error(op, rho), ht.hinf_norm(op, system)
        # The general algorithm subtracts two transfer functions of size ||G||, one of them from rounded modes.
        kappa = np.linalg.cond(modes.full()[1])
        assert abs(peak.value - norm.value) <= 4 * op.N * EPS * (norm.value + kappa * ht.hinf_norm(op).value)

    def test_published_maxima(self):
        # theory P5, the maximum over N <= 128.
        for rho, largest in ((0.1, 0.053843), (0.01, 0.005036)):
            values = [homotopy_error(ht.LegS(N), rho).value for N in range(1, 129)]
            assert abs(max(values) - largest) <= 5e-7

    @given(N=st.integers(1, 200), rho=st.floats(1e-4, 0.95))
    def test_of_legs_is_at_most_rho_over_2_1_minus_rho(self, N, rho):
        value = homotopy_error(ht.LegS(N), rho).value
        assert rho / 2.5 / (1 + rho) <= value <= rho / (2 * (1 - rho)) * (1 + 1e-12)

    def test_without_a_shift_the_diagonal_system_is_infinitely_far(self):
        assert homotopy_error(ht.LagT(4), 1.0).value == math.inf

    def test_at_rho_one_is_the_error_of_the_diagonal_system(self):
        op = ht.LegS(20)
        assert homotopy_error(op, 1.0).value == ht.diagonal_error(op).peak().value


@pytest.mark.parametrize("rho", [0, -0.1, 1.5, math.nan, math.inf])
@pytest.mark.parametrize("function", [homotopy_modes, homotopy_error])
def test_rho_outside_the_unit_interval_is_refused(function, rho):
    with pytest.raises(ParameterError, match="rho"):
        function(ht.LegS(4), rho)


@pytest.mark.parametrize("function", [lambda op: homotopy_modes(op, 0.1), collisions])
def test_two_ports_are_refused(function):
    with pytest.raises(ParameterTypeError, match="one port"):
        function(ht.LegT(4))
