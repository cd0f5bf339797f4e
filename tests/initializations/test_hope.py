"""HOPE: one filter by four roads (definition, all-pass sections, dense system, FFT), its window, its rank."""

import pickle

import mpmath
import numpy as np
import pytest
import references as ref
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import hippo_theory as ht

EPS = ref.EPS
STEPS = [0.01, 0.1, 0.5, 1.0, 3.0]


def by_definition(layer, z):
    """sum_j h_j w^{-j-1} with s = (z - 1)/((z + 1) dt), w = (1 + s)/(1 - s), in 40 digits."""
    with mp.workdps(40):
        z = mpmath.mpc(complex(z))
        if z == -1:
            w = mpmath.mpc(-1)  # s = infinity
        else:
            s = (z - 1) / (z + 1) / mpmath.mpf(layer.dt)
            w = (1 + s) / (1 - s)
        return complex(mpmath.fsum(mpmath.mpc(complex(c)) * w ** (-j - 1) for j, c in enumerate(layer.h)))


def sections(n, dt):
    """The layer whose kernel is the impulse response of the n-th all-pass section."""
    return ht.hope(n, dt, h=np.eye(n)[-1])


def length(layer):
    """Steps after which nothing is left that a float could show."""
    slow = max(layer.dt, 1 / layer.dt)
    return 1 << int((layer.n + 6 * layer.n ** (1 / 3) + 30) * slow).bit_length()


# ------------------------------------------------------------------------------------------- one filter, four roads


@pytest.mark.parametrize("dt", STEPS)
@pytest.mark.parametrize("n", [1, 8, 64])
def test_the_moebius_form_is_the_definition_on_the_circle_and_off_it(n, dt):
    layer = ht.hope(n, dt, rng=n)
    angles = np.concatenate([np.linspace(0.1, 6.2, 9), [1e-9, 1e-4, np.pi - 1e-4, np.pi + 1e-9]])
    z = np.concatenate([np.exp(1j * angles), [1.0, -1.0, 1j, 3 - 2j, -2.5, 1e6 + 1j]])
    exact = np.array([by_definition(layer, point) for point in z])
    # phi has a few eps, its powers n times as much, Horner's rule 2 n eps. Off the circle |phi| < 1 (|z| > 1).
    assert np.abs(layer.transfer(z) - exact).max() <= min(6 * n * EPS, 1e-13) * np.abs(layer.h).sum()


@pytest.mark.parametrize("n", [1, 5, 64])
def test_at_z_1_and_minus_1_all_taps_add_up_with_and_without_signs(n):
    layer = ht.hope(n, 0.07, rng=1)
    signs = (-1.0) ** np.arange(1, n + 1)
    np.testing.assert_allclose(layer.transfer([1.0, -1.0]), [layer.h.sum(), layer.h @ signs], rtol=1e-13)


def test_infinity_is_the_feedthrough_and_rho_the_pole():
    layer = ht.hope(5, 0.5, rng=2)
    at_infinity, at_pole = layer.transfer([np.inf, layer.rho])
    assert abs(at_infinity - layer.feedthrough) < 1e-15
    assert abs(at_pole) > 1e60  # rho is rounded
    assert ht.hope(2, 1.0, rng=0).transfer(0.0) == np.inf
    assert abs(layer.transfer(1e9) - layer.feedthrough) < 1e-8
    with pytest.raises(ht.ParameterError, match="NaN"):
        layer.transfer([1.0, np.nan])


@pytest.mark.parametrize("dt", STEPS)
@pytest.mark.parametrize("n", [1, 8, 64])
def test_the_recurrence_has_the_kernel_of_the_fft(n, dt):
    layer = ht.hope(n, dt, rng=n)
    L = length(layer)
    k = layer.kernel(L)
    scale = np.abs(layer.h).sum()
    assert np.abs(k[-8:]).max() <= 1e-16 * scale  # the tail has died: nothing is folded back
    assert np.abs(k - np.fft.ifft(layer.spectrum(L))).max() <= 1e-12 * scale
    nodes = np.exp(2j * np.pi * np.arange(L) / L)
    # Nodes are rounded to eps, and the phase moves n/dt times as much, or n dt.
    assert np.abs(layer.spectrum(L) - layer.transfer(nodes)).max() <= 4 * n * max(dt, 1 / dt) * EPS * scale


@pytest.mark.parametrize("dt", STEPS)
@pytest.mark.parametrize("n", [1, 2, 8, 64])
def test_the_dense_system_is_the_cascade_and_input_normal(n, dt):
    layer = ht.hope(n, dt, rng=n)
    system = layer.system
    gramian = system.A @ system.A.T + np.outer(system.B, system.B)
    assert np.abs(gramian - np.eye(n)).max() <= 4 * n * EPS
    np.testing.assert_array_equal(system.poles, layer.rho)
    k = layer.kernel(200)
    scale = np.abs(layer.h).sum()
    assert abs(k[0] - system.D) <= n * EPS * scale and abs(k[0] - layer.feedthrough) <= n * EPS * scale
    assert np.abs(k[1:] - system.kernel(199)).max() <= 1e-13 * scale
    z = np.exp(1j * np.linspace(0, 6, 20))
    assert np.abs(system.transfer(z) - layer.transfer(z)).max() <= 1e-11 * scale


def test_step_one_is_the_finite_impulse_response():
    h = np.array([1.0, -2.0, 3.0])
    layer = ht.hope(3, 1.0, h=h)
    assert layer.kernel(6).tolist() == [0, 1, -2, 3, 0, 0]
    assert layer.rho == 0 and layer.feedthrough == 0 and layer.window == 3


def test_steps_dt_and_1_over_dt_are_mirror_images():
    """phi turns into its own mirror image: what dt does at low frequencies 1/dt does at high ones, up to signs."""
    h = np.random.default_rng(3).standard_normal(6)
    signs = (-1.0) ** np.arange(1, 7)
    slow, fast = ht.hope(6, 0.25, h=h).kernel(80), ht.hope(6, 4.0, h=signs * h).kernel(80)
    np.testing.assert_allclose(fast, slow * (-1.0) ** np.arange(80), atol=1e-14)


# ----------------------------------------------------------------------------------------------------- the window


@pytest.mark.parametrize("dt", [1e-3, 0.1, 1.0, 4.0])
@pytest.mark.parametrize("n", [1, 16, 256])
def test_the_group_delay_is_n_over_dt_at_frequency_0_and_n_dt_at_minus_1(n, dt):
    layer = sections(n, dt)
    step = 1e-4 * min(dt, 1 / dt) / n
    slow = -np.angle(layer.transfer(np.exp(1j * step))) / step
    fast = -np.angle(layer.transfer(-np.exp(1j * step)) * (-1.0) ** n) / step
    # A quotient of differences: z is rounded by eps, which counts eps/step here.
    assert abs(slow / layer.window - 1) < 1e-7 + 4 * EPS / step
    assert abs(fast / (n * dt) - 1) < 1e-7 + 4 * EPS / (step * min(1.0, dt * dt))
    assert abs(layer.window / (n * (1 + layer.rho) / (1 - layer.rho)) - 1) < 8 * EPS * max(1, 1 / dt)


@pytest.mark.parametrize("dt", [0.02, 0.1, 0.3, 0.75, 1.0])
@pytest.mark.parametrize("n", [1, 4, 16, 64, 200])
def test_the_window_and_two_cube_roots_more_hold_all_but_1e_5_of_the_energy(n, dt):
    layer = sections(n, dt)
    energy = layer.kernel(length(layer)) ** 2
    assert abs(energy.sum() - 1) < 1e-12  # all-pass
    assert energy[int(np.ceil((n + 2 * n ** (1 / 3)) / dt)) + 1 :].sum() <= 1e-5
    assert energy[int((n + 6 * n ** (1 / 3) + 6) / dt) :].sum() <= 1e-13  # exponentially little later


def test_the_window_alone_does_not_hold_that_much():
    layer = sections(64, 0.1)
    energy = layer.kernel(length(layer)) ** 2
    assert energy[641:].sum() == pytest.approx(0.0025, rel=0.02)
    for dt in (0.5, 0.05):
        energy = sections(64, dt).kernel(1 << 13) ** 2
        assert 1e-3 < energy[int(64 / dt) + 1 :].sum() < 2e-2


# ------------------------------------------------------------------------------------------------------- outputs


@pytest.mark.parametrize("L", [1, 7, 64])
def test_the_causal_output_is_the_convolution_and_never_looks_ahead(L):
    layer = ht.hope(8, 0.3, rng=0)
    u = np.random.default_rng(1).standard_normal((2, 3, L))
    y = layer.apply(u)
    assert y.shape == u.shape and y.dtype == np.float64
    k = layer.kernel(L)
    for row, out in zip(u.reshape(-1, L), y.reshape(-1, L), strict=True):
        np.testing.assert_allclose(out, np.convolve(row, k)[:L].real, atol=1e-14)
    later = u.copy()
    later[..., L // 2 :] += 1.0
    np.testing.assert_allclose(layer.apply(later)[..., : L // 2], y[..., : L // 2], atol=1e-14)


def test_the_circular_output_looks_ahead_unless_the_input_ends_with_enough_zeros():
    layer = ht.hope(8, 0.3, rng=0)
    u = np.zeros(64)
    u[-1] = 1.0
    assert np.abs(layer.apply(u)[:-1]).max() < 1e-15
    assert np.abs(layer.apply(u, circular=True)[:-1]).max() > 0.05
    padded = np.zeros(512)
    padded[:64] = np.random.default_rng(2).standard_normal(64)
    np.testing.assert_allclose(layer.apply(padded, circular=True), layer.apply(padded), atol=1e-13)


@given(st.integers(1, 20), st.floats(0.02, 5.0), st.integers(0, 2**32), st.booleans())
def test_the_imaginary_part_of_h_has_no_effect_on_a_real_input(n, dt, seed, circular):
    layer = ht.hope(n, dt, rng=seed)
    u = np.random.default_rng(seed + 1).standard_normal(50)
    alone = ht.hope(n, dt, h=layer.h.real).apply(u, circular)
    assert np.abs(layer.apply(u, circular) - alone).max() <= 1e-13 * np.abs(layer.h).sum() * np.abs(u).sum()


def test_a_complex_input_gets_a_complex_output():
    layer = ht.hope(4, 0.5, rng=0)
    u = np.array([1.0, 1j, 0.0, 0.0])
    np.testing.assert_allclose(layer.apply(u), np.convolve(u, layer.kernel(4))[:4], atol=1e-15)


# ----------------------------------------------------------------------------------------- Hankel singular values


@pytest.mark.parametrize("dt", [0.05, 1.0, 3.0])
@pytest.mark.parametrize("imaginary", [0.0, 1j])
def test_the_step_does_not_change_hankel_singular_values(dt, imaginary):
    h = np.random.default_rng(4).standard_normal((2, 24))
    layer = ht.hope(24, dt, h=h[0] + imaginary * h[1])
    sigma = layer.hankel_singular_values
    np.testing.assert_allclose(sigma, np.linalg.svd(layer.hankel(), compute_uv=False), atol=1e-14)
    system = layer.system
    found = ht.hankel_singular_values(ht.StateSpace(system.A + imaginary * 0, system.B, system.C, dt=1.0)).values
    assert np.abs(found - sigma).max() <= 1e-10 * sigma[0]


def test_the_hankel_matrix_is_triangular():
    H = ht.hope(3, 0.1, h=[1.0, 2.0, 3.0]).hankel()
    np.testing.assert_array_equal(H, [[1, 2, 3], [2, 3, 0], [3, 0, 0]])


@pytest.mark.parametrize("n", [32, 64, 128, 256, 512])
@pytest.mark.parametrize("real", [False, True])
def test_about_87_percent_of_the_values_of_a_random_hankel_matrix_exceed_1_percent(n, real):
    rng = np.random.default_rng(n)
    count = {32: 200, 64: 100, 128: 40, 256: 12, 512: 4}[n]
    shares = []
    for _ in range(count):
        h = rng.standard_normal((1 if real else 2, n))
        sigma = ht.hope(n, 1.0, h=h[0] if real else h[0] + 1j * h[1]).hankel_singular_values
        shares.append((sigma > 0.01 * sigma[0]).mean())
    error = np.std(shares, ddof=1) / np.sqrt(count)
    assert abs(np.mean(shares) - 0.873) < 0.015 + 3 * error
    assert error < 0.012


@given(st.integers(1, 40), st.floats(0.05, 4.0), st.integers(0, 2**32), st.floats(1e-9, 1e3))
def test_the_transfer_function_moves_by_at_most_sqrt_n_times_h(n, dt, seed, size):
    rng = np.random.default_rng(seed)
    layer = ht.hope(n, dt, rng=rng)
    change = size * (rng.standard_normal(n) + 1j * rng.standard_normal(n))
    z = np.exp(1j * np.concatenate([np.linspace(0, 2 * np.pi, 200), dt * np.linspace(-5, 5, 200)]))
    moved = np.abs(ht.hope(n, dt, h=layer.h + change).transfer(z) - layer.transfer(z)).max()
    rounding = 8 * n * EPS * (np.abs(layer.h).sum() + np.abs(change).sum())
    assert moved <= np.sqrt(n) * np.linalg.norm(change) + rounding


# ----------------------------------------------------------------------------------- random diagonal systems: H1, H2


def test_random_diagonal_systems_have_a_rank_that_grows_like_n_to_the_power_of_less_than_a_half():
    rng, sizes, means, errors = np.random.default_rng(8), (16, 64, 256), [], []
    for n, count in zip(sizes, (200, 60, 20), strict=True):
        ranks = []
        for _ in range(count):
            a = np.sqrt(rng.random(n)) * np.exp(2j * np.pi * rng.random(n))
            b, c = (rng.standard_normal((2, 2, n)) * [[[1.0], [1j]]]).sum(axis=1)
            ranks.append(ht.eps_rank(_values(a, b, c), 0.01))
        means.append(np.mean(ranks))
        errors.append(np.std(ranks, ddof=1) / np.sqrt(count))
    for mean, error, expected in zip(means, errors, (7.4, 14.2, 24.5), strict=True):
        assert abs(mean - expected) < 3 * error
    assert 0.3 < np.polyfit(np.log(sizes), np.log(means), 1)[0] < 0.55


def _values(a, b, c):
    """From the Gramians b_i conj(b_j)/(1 - a_i conj(a_j)), whose error in a value is far below 1 % of the largest."""
    K = 1 / (1 - np.outer(a, a.conj()))
    w, X = np.linalg.eigh(np.outer(b, b.conj()) * K)
    X = X * np.sqrt(np.maximum(w, 0))
    Q = np.outer(c.conj(), c) * K.conj()
    return np.sqrt(np.maximum(np.linalg.eigvalsh(X.conj().T @ Q @ X)[::-1], 0))


def test_those_gramians_have_the_values_of_the_hankel_operator_itself():
    rng = np.random.default_rng(1)
    a = 0.99 * np.sqrt(rng.random(12)) * np.exp(2j * np.pi * rng.random(12))
    b, c = rng.standard_normal((2, 12)) + 1j * rng.standard_normal((2, 12))
    powers = a ** np.arange(3000)[:, None]
    left, right = (np.linalg.qr(powers * x, mode="r") for x in (c, b))
    exact = np.linalg.svd(left @ right.T, compute_uv=False)
    assert np.abs(_values(a, b, c) - exact).max() < 1e-6 * exact[0]
    found = ht.hankel_singular_values(ht.Diagonal(a, b, C=c, dt=1.0)).values
    assert np.abs(found - exact).max() < 1e-10 * exact[0]


def _distance(a, r, a2, r2):
    near = np.concatenate([[0.0], np.sinh(np.linspace(-6, 6, 81))])
    w = 1j * np.concatenate([(p.imag[:, None] - p.real[:, None] * near).ravel() for p in (a, a2)])[:, None]
    return np.abs((r / (w - a)).sum(axis=1) - (r2 / (w - a2)).sum(axis=1)).max()


@given(st.integers(1, 24), st.floats(0.0, 1.0), st.integers(0, 2**32))
def test_poles_that_move_by_half_their_damping_move_the_transfer_function_as_the_theorem_says(n, fraction, seed):
    rng = np.random.default_rng(seed)
    a = -np.exp(rng.uniform(-3, 3, n)) + 10j * rng.standard_normal(n)
    r = rng.standard_normal(n) + 1j * rng.standard_normal(n)
    D_A, D_B = fraction * np.abs(a.real).min() / 2, np.abs(r).min() * rng.random()
    turn = np.exp(2j * np.pi * rng.random((2, n)))
    a2, r2 = a + D_A * turn[0], r + D_B * turn[1]
    bound = 4 * n * D_A * (np.abs(r) / a.real**2).max() + n * D_B / np.abs(a.real).min()
    assert _distance(a, r, a2, r2) <= bound * (1 + 1e-12) + 1e-13 * (np.abs(r) / np.abs(a.real)).sum()


def test_the_theorem_is_false_for_a_pole_that_moves_further():
    one = np.ones(1, complex)
    assert _distance(-one, one, -0.1 * one, one) == pytest.approx(9.0)
    assert 4 * 0.9 < 9.0


# ------------------------------------------------------------------------------------------- the object, bad input


def test_drawn_parameters_are_complex_normal_with_variance_1_over_4_n():
    layer = ht.hope(4096, 0.1, rng=0)
    assert layer.h.dtype == np.complex128
    assert (np.abs(layer.h) ** 2).mean() * 4 * 4096 == pytest.approx(1.0, abs=0.1)
    assert abs((layer.h**2).mean()) * 4 * 4096 < 0.1  # circular
    np.testing.assert_array_equal(layer.h, ht.hope(4096, 0.5, rng=0).h)


def test_a_layer_is_immutable_and_survives_pickling():
    layer = ht.hope(3, 0.1, h=[1, 2, 3])
    assert layer.h.dtype == np.float64 and layer.N == layer.n == 3
    with pytest.raises(ValueError, match="read-only"):
        layer.h[0] = 5
    again = pickle.loads(pickle.dumps(layer))
    np.testing.assert_array_equal(again.kernel(5), layer.kernel(5))
    assert repr(layer) == "<hope(n=3, dt=0.1): all poles at 0.818182>"
    assert layer.kernel(5).dtype == np.float64


def test_the_report_tells_the_window_and_what_is_idle():
    report = ht.hope(64, 0.1, rng=0).report()
    told = {finding.name: finding.value for finding in (*report.distances, *report.deviations)}
    assert report.stable and report.stability == pytest.approx(9 / 11)
    assert told["window"] == pytest.approx(640) and 0.7 < told["rank"] <= 1
    assert told["idle Im h"] == pytest.approx(0.5, abs=0.15)
    k = ht.hope(64, 0.1, rng=0).kernel(4000)
    assert report.output_scale[0] == pytest.approx(np.linalg.norm(k), rel=1e-12)
    assert "window" in str(report) and "idle" in report._repr_html_()
    assert ht.hope(2, 1.0, h=[1.0, 2.0]).report().deviations == ()
    assert ht.hope(2, 1.0, h=[0.0, 0.0]).report().output_scale == (0.0,)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"n": 0, "dt": 0.1}, "n must be at least 1"),
        ({"n": 2.5, "dt": 0.1}, "n must be an integer"),
        ({"n": 4, "dt": 0.0}, "dt must be positive"),
        ({"n": 4, "dt": -1.0}, "dt must be positive"),
        ({"n": 4, "dt": np.nan}, "dt must be finite"),
        ({"n": 4, "dt": 1e-9}, "rounded to the unit circle"),
        ({"n": 4, "dt": 1e9}, "rounded to the unit circle"),
        ({"n": 2, "dt": 0.1, "h": [1.0, np.nan]}, "NaN"),
        ({"n": 2, "dt": 0.1, "h": [1.0, 2.0, 3.0]}, r"shape \(2,\)"),
        ({"n": 2, "dt": 0.1, "h": [[1.0, 2.0]]}, r"shape \(2,\)"),
        ({"n": 2, "dt": 0.1, "h": ["a", "b"]}, "numeric"),
        ({"n": 2, "dt": 0.1, "h": [1.0, 2.0], "rng": 0}, "not both"),
        ({"n": 2, "dt": 0.1, "rng": "seed"}, "Generator or a seed"),
    ],
)
def test_bad_input_is_a_typed_error(arguments, says):
    with pytest.raises(ht.HippoTheoryError, match=says):
        ht.hope(**arguments)


def test_bad_inputs_of_the_methods_are_typed_errors():
    layer = ht.hope(2, 0.1, rng=0)
    for call in (
        lambda: layer.kernel(0),
        lambda: layer.spectrum(-1),
        lambda: layer.apply(1.0),
        lambda: layer.apply([]),
    ):
        with pytest.raises(ht.HippoTheoryError):
            call()
    with pytest.raises(ht.ParameterError, match="NaN"):
        layer.apply([np.nan])
