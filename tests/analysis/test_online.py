"""The online state is the projection of the past: against primitives of polynomials and matrix exponentials."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.special import eval_laguerre, eval_legendre

import hippo_theory as ht
from hippo_theory.errors import ParameterError, ParameterTypeError, ShapeError, UnknownNameError
from hippo_theory.operators import OnePort

EPS = np.finfo(float).eps
T = sympy.Symbol("t")


def held(u, dt):
    """The step function of the samples."""
    return lambda s: u[np.minimum((np.asarray(s) / dt).astype(int), len(u) - 1)]


def legendre_integrals(edges, N):
    """Int L_n over each interval of edges in [0, 1]: differences of (P_{n+1} - P_{n-1})/(2 r_n)."""
    P = np.polynomial.legendre.legvander(2 * edges - 1, N)
    r = np.sqrt(2 * np.arange(N) + 1.0)
    primitive = [edges, *((P[:, n + 1] - P[:, n - 1]) / (2 * r[n]) for n in range(1, N))]
    return np.diff(np.array(primitive), axis=1)


@pytest.mark.parametrize("N", [1, 2, 16, 64])
def test_the_exact_scaled_state_holds_the_legendre_coefficients_of_the_whole_past(N):
    L = 500
    u = np.cos(np.arange(L) / 20) + 0.2
    memory = ht.remember(ht.LegS(N), u, 0.3, warp="scaled", at=[1, 7, L])
    for column, k in enumerate((1, 7, L)):
        want = legendre_integrals(np.arange(k + 1) / k, N) @ u[:k]
        # one quadrature of N nodes a step
        np.testing.assert_allclose(memory.states[:, column], want, rtol=0, atol=8 * EPS * N * k)


@pytest.mark.parametrize("warp", ["logarithmic", "quadratic"])
def test_the_exact_state_of_other_warps_is_the_projection_in_their_measure(warp):
    N, L, dt = 12, 40, 0.05
    u = np.sin(np.arange(L))
    t = dt * np.arange(L + 1)
    a = ht.warp(warp)
    edges = np.exp(-a.lag(t[-1], t))
    want = legendre_integrals(edges, N) @ u
    np.testing.assert_allclose(ht.remember(ht.LegS(N), u, dt, warp).states[:, -1], want, rtol=0, atol=EPS * N * L * 8)


@pytest.mark.parametrize("op", [ht.LegS(9), ht.LagT(5), ht.LegT(6), ht.FouT(7)], ids=repr)
@pytest.mark.parametrize("warp", ["exponential", "scaled", "logarithmic"])
def test_the_exact_step_is_the_matrix_exponential_in_warped_time(op, warp):
    u = np.array([1.0, -2.0, 0.5, 3.0])
    a, dt = ht.warp(warp), 0.4
    x = np.zeros(op.N)
    for k, sample in enumerate(u):
        h = float(a.lag(dt * (k + 1), dt * k))
        big = np.zeros((op.N + 1, op.N + 1))
        big[:-1, :-1], big[:-1, -1] = op.A, op.B
        if np.isinf(h):
            x = -np.linalg.solve(op.A, op.B) * sample
        else:
            E = expm(h * big)
            x = E[:-1, :-1] @ x + E[:-1, -1] * sample
    got = ht.remember(op, u, dt, warp).states[:, -1]
    np.testing.assert_allclose(got, x, rtol=0, atol=64 * EPS * np.linalg.norm(op.A, 2) * np.abs(u).max())


def test_the_scaled_memory_does_not_depend_on_the_step():
    u = np.random.default_rng(0).standard_normal(60)
    for method in ("exact", "zoh", "bilinear"):
        one, other = (ht.remember(ht.LegS(8), u, dt, "scaled", method).states for dt in (1.0, 1e-5))
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-11)


@given(st.integers(1, 12), st.lists(st.floats(-3, 3), min_size=1, max_size=12), st.floats(-2, 2))
def test_the_state_is_linear_and_a_constant_is_remembered_forever(N, u, c):
    op, u = ht.LegS(N), np.array(u)
    a = ht.remember(op, u, 1.0, "scaled").states[:, -1]
    b = ht.remember(op, u + c, 1.0, "scaled").states[:, -1]
    np.testing.assert_allclose(b - a, c * np.eye(N)[0], rtol=0, atol=1e-12)


def test_exact_beats_the_trapezoidal_rule_and_freezing():
    L, N = 2000, 32
    u = np.cumsum(np.random.default_rng(3).standard_normal(L)) / 40
    want = legendre_integrals(np.arange(L + 1) / L, N) @ u
    errors = [
        np.abs(ht.remember(ht.LegS(N), u, 1.0, "scaled", method, at=[L]).states[:, 0] - want).max()
        for method in ("exact", "bilinear", "zoh")
    ]
    assert errors[0] < 1e-6 * errors[1] and errors[1] < errors[2]


def test_bilinear_converges_with_order_two_and_freezing_with_order_one():
    """A smooth input, sampled ever finer over the same time, logarithmic warp."""
    errors = {"bilinear": [], "zoh": []}
    for L in (100, 200, 400):
        u = np.sin(3 * (np.arange(L) + 0.5) / L)
        exact = ht.remember(ht.LegS(6), u, 1 / L, "logarithmic").states[:, -1]
        for method, found in errors.items():
            found.append(np.abs(ht.remember(ht.LegS(6), u, 1 / L, "logarithmic", method).states[:, -1] - exact).max())
    np.testing.assert_allclose(np.diff(np.log2(errors["bilinear"])), -2, atol=0.1)
    np.testing.assert_allclose(np.diff(np.log2(errors["zoh"])), -1, atol=0.1)


@pytest.mark.parametrize("warp", ["scaled", "logarithmic", "quadratic", "exponential"])
def test_polynomials_in_the_basis_are_reconstructed_up_to_the_steps(warp):
    """A past that is a polynomial in X(t, s) of degree < N comes back, except that the input is a staircase."""
    L, dt = 4000, 1e-3
    t, s = L * dt, dt * (np.arange(L) + 0.5)
    a = ht.warp(warp)
    u = 2 * np.exp(-a.lag(t, s)) ** 2 - 0.5
    memory = ht.remember(ht.LegS(8), u, dt, warp, at=[L])
    seen = s[s > 2.0]
    error = np.abs(memory.reconstruct(seen) - held(u, dt)(seen)).max()
    # what came before t = 0 counts as zero where the past is longer than the input
    assert error < (1e-5 if warp == "scaled" else 0.2)


def test_window_families_reconstruct_their_window_and_refuse_the_rest():
    L, dt = 3000, 1e-3
    u = np.sin(2 * np.pi * 2 * dt * (np.arange(L) + 0.5))
    s = 2 + np.linspace(0.2, 0.8, 50)
    for op, tolerance in ((ht.LegT(24), 2e-5), (ht.FouT(101), 0.02)):
        memory = ht.remember(op, u, dt, at=[L])
        assert np.abs(memory.reconstruct(s) - np.sin(4 * np.pi * s)).max() < tolerance
        with pytest.raises(ParameterError, match=r"from 2 on; s = 1\.9"):
            memory.reconstruct(1.9)
        with pytest.raises(ParameterError, match="past"):
            memory.reconstruct(3.1)


def test_the_infinitely_old_past_has_a_value():
    memory = ht.remember(ht.LegS(4), np.ones(10), 1.0, "scaled")
    np.testing.assert_allclose(memory.reconstruct([0.0, 1e-300, 5.0]), 1.0, atol=1e-13)


def test_moments_are_kept_where_asked_and_nowhere_else():
    u = np.arange(10.0)
    every = ht.remember(ht.LagT(3), u, 0.1)
    some = ht.remember(ht.LagT(3), u, 0.1, at=[2, 5, 10])
    assert every.states.shape == (3, 10)
    np.testing.assert_array_equal(some.states, every.states[:, [1, 4, 9]])
    np.testing.assert_allclose(some.time, [0.2, 0.5, 1.0])
    assert "3 moments" in repr(some) and isinstance(ht.LagT(3), OnePort)
    with pytest.raises(ValueError, match="read-only"):
        some.states[0] = 1


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"operator": "LegS"}, ParameterTypeError, "operator"),
        ({"u": []}, ShapeError, "non-empty"),
        ({"u": [1.0, np.nan]}, ParameterError, "NaN"),
        ({"u": [[1.0]]}, ShapeError, "1-D"),
        ({"u": [1j]}, ParameterTypeError, "real"),
        ({"dt": 0.0}, ParameterError, "positive"),
        ({"dt": np.inf}, ParameterError, "finite"),
        ({"warp": "log"}, UnknownNameError, "logarithmic"),
        ({"method": "euler"}, UnknownNameError, "bilinear"),
        ({"at": [0]}, ParameterError, "1..3"),
        ({"at": [4]}, ParameterError, "1..3"),
        ({"at": [2, 1]}, ParameterError, "increase"),
        ({"at": [1.5]}, ShapeError, "integers"),
        ({"at": []}, ShapeError, "integers"),
        ({"at": [[1], [2, 3]]}, ShapeError, "integers"),
    ],
)
def test_bad_input_is_a_typed_error(arguments, error, message):
    given_ = {"operator": ht.LegS(3), "u": [1.0, 2.0, 3.0], "dt": 0.1, **arguments}
    with pytest.raises(error, match=message):
        ht.remember(**given_)


def statement(family, n, older, newer):
    """int K_n over lags [newer, older] by 60-node Gauss-Legendre quadrature, K_n from scipy; older may be infinite."""
    y, weights = np.polynomial.legendre.leggauss(60)
    if family == "LegS":
        low, high = np.exp(-older), np.exp(-newer)
        X = low + (high - low) * (1 + y) / 2
        return np.sqrt(2 * n + 1) * eval_legendre(n, 2 * X - 1) @ weights * (high - low) / 2
    older = min(older, 200.0)  # e^-100 beyond
    lag = newer + (older - newer) * (1 + y) / 2
    return (np.exp(-lag / 2) * eval_laguerre(n, lag)) @ weights * (older - newer) / 2


WARPS = ["exponential", "scaled", "logarithmic", "quadratic", T + sympy.sin(T) / 2, sympy.sqrt(T), T**3 / 3, 2 * T]


@pytest.mark.parametrize("warp", WARPS, ids=str)
@pytest.mark.parametrize("family", ["LegS", "LagT"])
def test_the_state_is_the_orthogonality_statement_of_a_held_input(family, warp):
    """F2: x_n = sum_k u_k int K_n over the lags of sample k, integrated without any matrix."""
    N, L, dt = 5, 12, 0.3
    u = np.random.default_rng(11).standard_normal(L)
    a, t = ht.warp(warp), dt * np.arange(L + 1)
    lags = a.lag(t[-1], t)
    want = [sum(u[k] * statement(family, n, lags[k], lags[k + 1]) for k in range(L)) for n in range(N)]
    got = ht.remember(ht.operator(family, N), u, dt, warp).states[:, -1]
    # one step rounds by N eps max|u|; 60 nodes resolve lags up to 200 to 1e-13
    np.testing.assert_allclose(got, want, rtol=0, atol=N * L * EPS * np.abs(u).max() + 1e-12)


def test_rates_that_agree_at_every_sample_do_not_make_a_warp_constant():
    """a = t + sin(2 pi t)/(4 pi): a' = 3/2 at all whole t, and a(k + 1) - a(k) = 1."""
    u = np.array([1.0, -2.0, 3.0, 0.5])
    wave = T + sympy.sin(2 * sympy.pi * T) / (4 * sympy.pi)
    plain = ht.remember(ht.LegS(4), u, 1.0).states
    np.testing.assert_allclose(ht.remember(ht.LegS(4), u, 1.0, wave).states, plain, rtol=0, atol=64 * EPS * 3)
    frozen = ht.remember(ht.LegS(4), u, 1.5).states
    np.testing.assert_allclose(ht.remember(ht.LegS(4), u, 1.0, wave, "zoh").states, frozen, rtol=0, atol=64 * EPS * 3)


def test_moments_in_unsigned_integers_may_not_fall():
    """Their differences never look negative."""
    with pytest.raises(ParameterError, match="increase"):
        ht.remember(ht.LegS(3), [1.0, 2.0, 3.0], 0.1, at=np.array([1, 3, 2], dtype=np.uint8))
    assert ht.remember(ht.LegS(3), [1.0, 2.0, 3.0], 0.1, at=2).states.shape == (3, 1)


def test_long_memories_are_read_where_they_are():
    """Laguerre functions of degree 255 reach beyond the lag 900."""
    op = ht.LagT(256)
    memory = ht.remember(op, np.sin(np.arange(1000)), 1.0, at=[1000])
    s = np.array([100.5, 50.0])
    np.testing.assert_array_equal(memory.reconstruct(s), memory.states[:, 0] @ op.basis(1000.0 - s))


def test_the_infinitely_old_past_of_a_memory_that_fades_is_nothing():
    assert ht.remember(ht.LagT(3), np.ones(4), 1.0, "scaled").reconstruct(0.0) == 0


@pytest.mark.parametrize("method", ["zoh", "bilinear"])
def test_infinite_rates_are_refused_and_exact_steps_are_not(method):
    with pytest.raises(ParameterError, match="exact"):
        ht.remember(ht.LegS(3), [1.0, 2.0], 0.1, sympy.sqrt(T), method)
    with pytest.raises(ParameterError, match="smaller dt"):
        ht.remember(ht.LegS(3), [1.0, 2.0], 1e200, "quadratic", method)
    assert np.isfinite(ht.remember(ht.LegS(3), [1.0, 2.0], 0.1, sympy.sqrt(T)).states).all()


def test_the_trapezoidal_rule_takes_the_rate_at_both_ends_of_a_step():
    """LegS(1): x' = a'(u - x) by hand; the old rate acts on the old state, the new one on the new."""
    u, rates, x = [1.0, -2.0, 3.0], 0.5 * np.arange(4) * 0.5, 0.0
    for k, sample in enumerate(u):
        before, after = rates[k] / 2, rates[k + 1] / 2
        x = (x + before * (sample - x) + after * sample) / (1 + after)
    got = ht.remember(ht.LegS(1), u, 0.5, "quadratic", "bilinear").states[0, -1]
    assert got == pytest.approx(x, rel=8 * EPS)
