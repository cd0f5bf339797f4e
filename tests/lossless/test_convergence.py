"""What S4D loses against S4: the closed form of the error by balls, by dense solves, by Lyapunov and by simulation."""

import math

import flint
import mpmath
import numpy as np
import pytest
import references as ref
from flint import acb, acb_mat, arb
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import block_diag, solve_continuous_lyapunov

import hippo_theory as ht
from hippo_theory.errors import HippoTheoryError, ParameterError, ParameterTypeError, ShapeError

SHARP = ht.TakenakaMalmquist([0.3, 2 + 5j, 2 - 5j, 1e-2 + 1j, 1e-2 - 1j, 40.0, 0.1], 0.05)
OPERATORS = [ht.LegS(1), ht.LegS(2), ht.LegS(7), ht.LegS(32), ht.LagT(5), SHARP]


def exact_error(operator, s):
    """(sI - A)^{-1} B - (sI - A - BB^T/2)^{-1} B/2, solved in balls: no all-pass function, no eigenvalue."""
    N = operator.N
    A, B = operator.balls(ref.BITS)
    point = acb(s.real, s.imag)
    diagonal = acb_mat(A + B * B.transpose() / 2)
    lossless = acb_mat(A)
    for M in (diagonal, lossless):
        for i in range(N):
            for j in range(N):
                M[i, j] = (point if i == j else acb(0)) - M[i, j]
    B = acb_mat(B)
    E = lossless.solve(B) - diagonal.solve(B / 2)
    return np.array([complex(E[n, 0]) for n in range(N)])


@pytest.mark.parametrize("operator", OPERATORS, ids=repr)
def test_the_error_is_that_of_the_dense_systems_on_the_spikes_too(operator):
    spikes = ht.s4(operator).lam.imag[: (operator.N + 1) // 2]
    on_axis = 0.0 if operator.shift else 1e-3
    points = [*(on_axis + 1j * (spikes + 1e-3)), 0.3 + 0.1j, 2.3, 1e3j + on_axis, -operator.shift + 0.37j]
    found = ht.diagonal_error(operator).transfer(points)
    with flint.ctx.workprec(ref.BITS):
        for s, E in zip(points, found.T, strict=True):
            exact = exact_error(operator, complex(s))
            # A point beside a spike is moved by its own rounding, relative to its distance from lambda.
            distance = np.abs(s - ht.s4(operator).lam).min()
            limit = (10 * operator.N + 2 * abs(s) / distance) * ref.EPS
            assert np.linalg.norm(E - exact) <= limit * np.linalg.norm(exact), s


def test_the_error_at_zero_infinity_and_in_any_shape():
    error = ht.diagonal_error(ht.LegS(4))
    assert error.transfer(np.zeros((2, 3))).shape == (4, 2, 3)
    np.testing.assert_array_equal(error.transfer(np.inf), np.zeros(4))
    np.testing.assert_array_equal(error.transfer(0.0), np.zeros(4))  # phi(0) = 0: no error at frequency 0


@pytest.mark.parametrize("N", [1, 3, 8])
def test_the_diagonal_system_interpolates_legs_at_the_integers(N):
    """phi vanishes at s = conj(a_k) - shift: 0, 1, ..., N - 1 for LegS. In balls; the closed form says 0 exactly."""
    with flint.ctx.workprec(ref.BITS):
        for k in range(N):
            assert np.abs(exact_error(ht.LegS(N), complex(k))).max() < 1e-60
    np.testing.assert_array_equal(ht.diagonal_error(ht.LegS(N)).transfer(np.arange(N)), np.zeros((N, N)))


def highest_spike(N, start):
    """The maximum over w of N w/R^2/|1 + phi| at 200 bits: products, and the secant on a central difference."""

    def logarithm(w):
        phi = acb(1)
        for k in range(N):
            phi *= (acb(0, w) - k) / (acb(0, w) + k + 1)
        return (N * w / (w * w + N * N)).log() - abs(1 + phi).log()

    h = arb(2) ** -40

    def slope(w):
        return (logarithm(w + h) - logarithm(w - h)) / (2 * h)

    before, w = arb(start), arb(start) + 1e-3
    slope_before = slope(before)
    for _ in range(8):
        slope_here = slope(w)
        if abs(slope_here - slope_before) < 1e-40:
            break
        before, slope_before, w = w, slope_here, (w - slope_here * (w - before) / (slope_here - slope_before)).mid()
    return float(logarithm(w).exp()), float(w)


@pytest.mark.parametrize("N", [2, 3, 16, 64, 256, pytest.param(1024, marks=pytest.mark.slow)])
def test_the_peak_of_legs_is_the_maximum_at_200_bits(N):
    peak = ht.diagonal_error(ht.LegS(N)).peak()
    with flint.ctx.workprec(ref.BITS):
        value, frequency = highest_spike(N, peak.frequency)
    assert peak.value == pytest.approx(value, rel=4 * N * ref.EPS)
    assert peak.frequency == pytest.approx(frequency, rel=1e-7)


@pytest.mark.parametrize("N", [64, 256, 1024, pytest.param(4096, marks=pytest.mark.slow)])
def test_the_peak_of_legs_follows_its_expansions(N):
    """2N/pi - 5 pi/(6 N) for the state, 2/pi (1 + pi^2/(12 N^2)) for C = e_0, next terms N^-3 and N^-4."""
    error = ht.diagonal_error(ht.LegS(N))
    assert error.peak().value == pytest.approx(2 * N / math.pi - 5 * math.pi / (6 * N), abs=50 / N**3 + 1e-13 * N)
    first = error.peak(np.eye(N)[0]).value
    assert first == pytest.approx(2 / math.pi * (1 + math.pi**2 / (12 * N * N)), abs=10 / N**4 + 1e-13 * N)


@pytest.mark.parametrize("operator", [ht.LegS(1), ht.LegS(9), ht.LegS(40), SHARP], ids=repr)
@pytest.mark.parametrize("rows", [None, 1, 3])
def test_no_sampled_point_exceeds_the_peak(operator, rows):
    C = None if rows is None else np.random.default_rng(rows).standard_normal((rows, operator.N))
    error = ht.diagonal_error(operator)
    peak = error.peak(C)
    read = np.eye(operator.N) if C is None else C
    y = ht.s4(operator).lam.imag
    dense = np.concatenate([np.linspace(0, 12, 4001), (y[:, None] + operator.shift * np.linspace(-3, 3, 301)).ravel()])
    gain = np.linalg.norm(read @ error.transfer(1j * dense), axis=0)
    assert gain.max() <= peak.value * (1 + 1e-12)
    at_peak = np.linalg.norm(read @ error.transfer(1j * peak.frequency))
    assert at_peak == pytest.approx(peak.value, rel=1e-10)


def by_lyapunov(operator, C, rate):
    """The norm from the observability Gramian of both systems in parallel, driven by what the input is made of."""
    A, B = operator.A, operator.B
    M = block_diag(A, A + np.outer(B, B) / 2)
    start, read = np.concatenate([B, B / 2]), np.hstack([C, -C])
    if rate is not None:
        M = np.block([[M, start[:, None]], [np.zeros((1, M.shape[0])), np.array([[-rate]])]])
        start, read = np.append(np.zeros(start.size), 1.0), np.hstack([read, np.zeros((len(C), 1))])
    return math.sqrt(start @ solve_continuous_lyapunov(M.T, -read.T @ read) @ start)


@pytest.mark.parametrize("operator", [ht.LegS(1), ht.LegS(6), ht.LegS(21), SHARP], ids=repr)
@pytest.mark.parametrize("rate", [None, 1.0, 1e-4, 300.0])
def test_the_l2_norm_is_that_of_the_lyapunov_equation(operator, rate):
    C = np.random.default_rng(1).standard_normal((2, operator.N))
    error = ht.diagonal_error(operator)
    assert error.l2_norm(C, rate=rate) == pytest.approx(by_lyapunov(operator, C, rate), rel=1e-8)
    whole = by_lyapunov(operator, np.eye(operator.N), rate)
    assert error.l2_norm(rate=rate) == pytest.approx(whole, rel=1e-8)


TM = ht.TakenakaMalmquist
AWKWARD = [
    TM([1, 1.0001, 1e-3 + 1j, 1e-3 - 1j], 1e-2),
    TM([1e-3, 2e-3], 0.5),
    TM([1.2745e-4, 8.79e-4], 6.52),
    TM([1, 2, 3], 1e-12),
    TM([1, 2, 3], 1e-18),
    TM([1e150, 2e150], 1e150),
    TM([1e-200, 2e-200], 1e-200),
]


def exact_energy(operator, rate):
    """The energy of the error as a Hermitian form in the eigenvalues and eigenvectors, at 60 digits."""
    N, n = operator.N, 2 * operator.N
    with mpmath.workdps(60):
        A, B = operator.balls(250)
        A = mpmath.matrix([[decimal(A[i, j]) for j in range(N)] for i in range(N)])
        unit = max(abs(A[i, i]) for i in range(N))
        B = [decimal(B[i, 0]) / mpmath.sqrt(unit) for i in range(N)]
        M = mpmath.zeros(n + (rate is not None))
        start = [*B, *(b / 2 for b in B)]
        for i in range(N):
            for j in range(N):
                M[i, j] = A[i, j] / unit
                M[N + i, N + j] = A[i, j] / unit + B[i] * B[j] / 2
        if rate is not None:
            for i in range(n):
                M[i, n] = start[i]
            M[n, n] = -mpmath.mpf(rate) / unit
            start = [mpmath.mpf(0)] * n + [mpmath.mpf(1)]
        values, V = mpmath.eig(M)
        weights = mpmath.lu_solve(V, mpmath.matrix(start))
        Y = mpmath.matrix([[(V[k, i] - V[k + N, i]) * weights[i] for i in range(len(start))] for k in range(N)])
        energy = mpmath.mpf(0)
        for i in range(len(start)):
            for j in range(len(start)):
                overlap = sum(mpmath.conj(Y[k, i]) * Y[k, j] for k in range(N))
                energy -= (overlap / (mpmath.conj(values[i]) + values[j])).real
        return mpmath.sqrt(energy) / (1 if rate is None else unit)


def decimal(ball):
    return mpmath.mpf(ball.mid().str(70, radius=False))


@pytest.mark.parametrize("operator", AWKWARD, ids=repr)
@pytest.mark.parametrize("relative_rate", [None, 1e-3, 0.9])
def test_the_l2_norm_resolves_every_pole_however_sharp_or_far_apart(operator, relative_rate):
    rate = None if relative_rate is None else relative_rate * float(np.abs(operator.a).max())
    found = ht.diagonal_error(operator).l2_norm(rate=rate)
    assert float(mpmath.mpf(found) / exact_energy(operator, rate) - 1) == pytest.approx(0, abs=1e-13)


def test_poles_sixteen_decades_apart_give_numbers():
    for small, large in ((1e-8, 1e8), (1e-10, 1e10), (1e-3, 1e13)):
        both = np.linspace(1, 2, 32)
        error = ht.diagonal_error(TM([*(small * both), *(large * both)], 1e-6))
        assert 0 < error.peak().value < math.inf
        assert 0 < error.l2_norm() < math.inf


@pytest.mark.parametrize(
    ("operator", "peak"),
    [
        (TM([0.01, 1.3e-5 + 5.49j, 1.3e-5 - 5.49j], 0.01), 0.0141421),
        (TM([0.0058121 + 2.94624j, 0.0058121 - 2.94624j, 0.0256185], 0.0501569), 0.0503),
    ],
)
def test_the_peak_may_lie_beside_a_pole_of_the_operator(operator, peak):
    assert ht.diagonal_error(operator).peak().frequency == pytest.approx(peak, rel=2e-3)


def test_no_point_of_a_fine_mesh_exceeds_the_peak_of_random_chains():
    rng = np.random.default_rng(5)
    for trial in range(150):
        a = list(np.exp(rng.normal(0, 3, rng.integers(1, 4))))
        for _ in range(rng.integers(0, 3)):
            z = complex(np.exp(rng.normal(-2, 3)), np.exp(rng.normal(0, 2)))
            a += [z, z.conjugate()]
        operator = TM(a, float(np.exp(rng.normal(-2, 3))))
        C = None if trial % 2 else rng.standard_normal((1, operator.N))
        error = ht.diagonal_error(operator)
        mesh = error._mesh(None, 14, 0.5)
        assert error._gain(mesh.w, C).max() <= error.peak(C).value * (1 + 1e-9), (operator, C)


@pytest.mark.parametrize("N", [4, 16, 100])
def test_the_l2_norm_of_the_first_kernel_is_that_of_its_exponentials(N):
    """K_0 - e^{-t} is one sum of N + 1 exponentials, its energy a Cauchy form: no quadrature."""
    init = ht.s4(ht.LegS(N))
    rates, residues = np.append(init.lam, -1.0), np.append(init.V[0] * init.B / 2, -1.0)
    energy = (residues @ (-1 / (rates[:, None] + rates.conj())) @ residues.conj()).real
    assert ht.diagonal_error(ht.LegS(N)).l2_norm(np.eye(N)[0]) == pytest.approx(math.sqrt(energy), rel=1e-12)


def test_convergence_is_weak_not_strong():
    """C = e_0: the response to e^{-t} errs by 1/(2N) to order N^-2, the impulse response by 1/2."""
    for N in (16, 64, 256):
        error, C = ht.diagonal_error(ht.LegS(N)), np.eye(N)[0]
        assert 2 * N * error.l2_norm(C, rate=1.0) == pytest.approx(1, abs=0.1 / N**2)
        assert error.l2_norm(C) == pytest.approx(0.5, abs=0.6 / N**2)


def test_at_a_fixed_frequency_the_error_falls_like_one_over_n():
    w, sizes = 3.0, np.array([64, 128, 256, 512, 1024])
    for N in sizes:
        size = np.linalg.norm(ht.diagonal_error(ht.LegS(N)).transfer(1j * w))
        R = math.hypot(w, N)
        assert N / R * w / (R + w) * (1 - 1e-12) <= size <= N / R * w / (R - w) * (1 + 1e-12)


@given(w=st.floats(1e-2, 1e3), operator=st.sampled_from([ht.LegS(5), ht.LegS(32), SHARP]))
def test_the_delay_is_the_slope_of_the_phase(w, operator):
    h = 1e-5 * w
    turned = np.angle(operator.allpass(1j * (w - h)) / operator.allpass(1j * (w + h)))
    slope = turned / (2 * h)
    found = float(ht.diagonal_error(operator).delay(w))
    assert found == pytest.approx(slope, rel=1e-5, abs=1e-9 / h)
    assert float(ht.diagonal_error(operator).delay(w, dt=0.1)) == pytest.approx(found * (1 + (0.05 * w) ** 2))


@pytest.mark.parametrize(("N", "dt"), [(256, 0.01), (512, 0.004)])
def test_sampled_kernels_agree_to_rounding_until_the_first_echo(N, dt):
    method, steps = "bilinear", 800
    diagonal = ht.s4d("legs", N)
    leading = ht.LegS(2)
    exact = ht.StateSpace(leading.A, leading.B).discretize(dt, method).kernel(steps)
    found = diagonal.discretize(dt, method).kernel(steps)[:2]
    t, deviation = dt * np.arange(steps), np.abs(found - exact)[0] / dt
    echo = ht.diagonal_error(ht.LegS(N)).first_echo(dt)
    assert echo < t[-1]
    assert deviation[t < 0.75 * echo].max() < 1e-12
    assert deviation[np.abs(t - echo) < 0.1 * echo].max() > 1e-2


def test_for_small_steps_the_first_echo_comes_after_n_squared_dt_over_four_steps():
    for N in (16, 64):
        assert ht.diagonal_error(ht.LegS(N)).first_echo(1e-4) == pytest.approx((N * 1e-4 / 2) ** 2, rel=1e-3)


def test_the_first_echo_ends_at_the_delay_of_frequency_zero_and_begins_at_that_of_infinity():
    error = ht.diagonal_error(ht.LegS(16))
    assert error.first_echo(1000.0) == pytest.approx(float(error.delay(0.0)), rel=1e-12)
    assert error.first_echo(1e-4) == pytest.approx((16 * 1e-4 / 2) ** 2, rel=1e-12)
    with pytest.raises(ParameterError, match="below its shift"):
        ht.diagonal_error(TM([0.5, 3.0], 0.501)).first_echo(0.01)


def test_a_narrow_dip_between_two_bells_is_found():
    operator = TM([0.01 + 10j, 0.01 - 10j, 0.01 + 11j, 0.01 - 11j])
    w = np.linspace(0, 30, 300_001)
    for dt in (0.01, 0.1, 0.5):
        found = ht.diagonal_error(operator).first_echo(dt)
        assert found <= ht.diagonal_error(operator).delay(w, dt).min() * (1 + 1e-12)


def test_a_pole_is_infinity_and_a_silent_read_out_is_zero():
    np.testing.assert_array_equal(
        ht.diagonal_error(ht.LegS(1)).transfer([-0.5, -1.0]), np.full((1, 2), complex(np.inf, 0))
    )
    error = ht.diagonal_error(ht.LagT(4))
    assert (error.peak(np.zeros(4)).value, error.l2_norm(np.zeros(4))) == (0.0, 0.0)


def test_without_shift_the_spikes_are_poles():
    error = ht.diagonal_error(ht.LagT(4))
    top = ht.s4(ht.LagT(4)).lam.imag[0]
    assert (error.peak().value, error.peak().frequency) == (math.inf, top)
    assert error.l2_norm() == math.inf


def test_no_exponent_overflows_on_the_way_through_the_product():
    """At N = 4096 partial products span a thousand decades; on the axis |q| <= |phi|/(1 - |phi|)."""
    N, w = 4096, np.geomspace(1e-2, 1e8, 40)
    size = np.linalg.norm(ht.diagonal_error(ht.LegS(N)).transfer(1j * w), axis=0)
    R = np.hypot(w, N)
    assert (size <= w * (R + w) / (N * R) * (1 + 1e-9)).all()
    assert (size >= N * w / (R * (R + w)) * (1 - 1e-9)).all()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: ht.diagonal_error(ht.FouT(5)), ParameterTypeError),
        (lambda: ht.diagonal_error(ht.LegT(4)), ParameterTypeError),
        (lambda: ht.diagonal_error(np.eye(3)), ParameterTypeError),
        (lambda: ht.diagonal_error(ht.LegS(4)).peak(np.ones(3)), ShapeError),
        (lambda: ht.diagonal_error(ht.LegS(4)).peak(np.ones((1, 1, 4))), ShapeError),
        (lambda: ht.diagonal_error(ht.LegS(4)).peak(1j * np.ones(4)), ShapeError),
        (lambda: ht.diagonal_error(ht.LegS(4)).l2_norm(np.full(4, np.nan)), ParameterError),
        (lambda: ht.diagonal_error(ht.LegS(4)).l2_norm(rate=0.0), ParameterError),
        (lambda: ht.diagonal_error(ht.LegS(4)).first_echo(-1.0), ParameterError),
        (lambda: ht.diagonal_error(ht.LegS(4)).delay(np.nan), ParameterError),
        (lambda: ht.diagonal_error(ht.LegS(4)).transfer(np.nan), ParameterError),
    ],
)
def test_bad_input_is_refused(call, error):
    assert issubclass(error, HippoTheoryError)
    with pytest.raises(error):
        call()
