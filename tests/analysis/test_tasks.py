"""White noise, and the read-outs that a training run can at best reach."""

import numpy as np
import pytest
from scipy.linalg import expm

import hippo_theory as ht
from hippo_theory.errors import ParameterError, ParameterTypeError

EPS = np.finfo(float).eps
NOISE = ht.WhiteNoise(length=400, dt=1e-3, freq=50)


def test_the_noise_is_band_limited_with_the_promised_size():
    u = NOISE.sample(300, rng=1)
    power = np.abs(np.fft.rfft(u, axis=1)) ** 2
    assert (power[:, NOISE.harmonics + 1 :] < 1e-20 * power.max()).all()
    assert (u[:, 0] == 0).all()
    v = u - u.mean(axis=1, keepdims=True)
    assert np.sqrt((v**2).mean()) == pytest.approx(0.5, rel=0.03)  # 300 signals with 40 degrees of freedom


def test_samples_have_the_covariance_of_the_factor():
    F = NOISE.factor()
    assert F.shape == (400, 2 * NOISE.harmonics) and (F[0] == 0).all()
    u = NOISE.sample(20000, rng=2)[:, ::57]
    want = (F @ F.T)[::57, ::57]
    # the error of an empirical covariance of m samples is about |C|/sqrt(m)
    np.testing.assert_allclose(u.T @ u / 20000, want, atol=5 * np.abs(want).max() / np.sqrt(20000))


def test_samples_are_reproducible_and_rng_is_respected():
    assert np.array_equal(NOISE.sample(2, rng=5), NOISE.sample(2, rng=5))
    rng = np.random.default_rng(5)
    assert not np.array_equal(NOISE.sample(2, rng), NOISE.sample(2, rng))


def test_the_closed_form_read_out_is_the_limit_of_regression_on_samples():
    op, memory = ht.LegT(16), 100
    best = ht.reconstruction_task(op, 1e-2, NOISE, memory)
    system = ht.StateSpace(op.A, op.B).discretize(1e-2)
    u = NOISE.sample(3000, rng=3)
    X = u @ system.kernel(400)[:, ::-1].T
    weights = np.linalg.lstsq(X, u[:, -memory:], rcond=None)[0]
    fresh = NOISE.sample(3000, rng=4)
    trained = np.sqrt(np.mean((fresh @ system.kernel(400)[:, ::-1].T @ weights - fresh[:, -memory:]) ** 2))
    assert best.rmse == pytest.approx(trained, rel=0.02)
    ours = np.sqrt(np.mean((fresh @ system.kernel(400)[:, ::-1].T @ best.weights.T - fresh[:, -memory:]) ** 2))
    assert best.rmse == pytest.approx(ours, rel=0.02)
    assert best.zero == pytest.approx(np.sqrt(np.mean(fresh[:, -memory:] ** 2)), rel=0.02)


def test_no_state_beats_its_degrees_of_freedom():
    """N states cannot hold more of the target than its N largest principal components."""
    F = NOISE.factor()[-100:]
    sigma = np.linalg.svd(F, compute_uv=False)
    for N in (8, 16):
        bound = np.sqrt((sigma[N:] ** 2).sum() / 100)
        for family in ("LegT", "LegS"):
            assert ht.reconstruction_task(ht.operator(family, N), 1e-2, NOISE, 100).rmse >= bound


@pytest.mark.parametrize("family", ["LegT", "FouT"])
def test_the_matched_window_reconstructs_best(family):
    op = ht.operator(family, 33)
    steps = (2.5e-3, 5e-3, 1e-2, 2e-2, 4e-2)
    errors = [ht.reconstruction_task(op, dt, NOISE, 100).relative for dt in steps]
    assert int(np.argmin(errors)) == 2 == steps.index(ht.matched_step(op, 100))


def test_a_delay_by_one_window_is_what_legt_is_for():
    good = ht.delay_task(ht.LegT(40), 1e-2, NOISE, lag=100, size=4)
    late = ht.delay_task(ht.LegT(40), 1e-1, NOISE, lag=100, size=4)
    assert good.relative < 1e-2 < 0.5 < late.relative
    assert good.weights.shape == (41,)


def test_the_delay_read_out_of_fout_is_nearly_its_own_input_vector():
    """F3: C = B, D = -1 delays by one window."""
    op = ht.FouT(201)
    task = ht.delay_task(op, 1e-2, ht.WhiteNoise(400, 1e-3, 20), lag=100, size=8)
    assert task.relative < 5e-3


def test_a_delay_task_is_reproducible():
    one, other = (ht.delay_task(ht.LegS(6), 1e-2, NOISE, lag=50, size=2, rng=7) for _ in range(2))
    assert one.rmse == other.rmse and np.array_equal(one.weights, other.weights)


@pytest.mark.parametrize(
    "bad",
    [
        {"length": 401},
        {"length": 0},
        {"dt": 0.0},
        {"freq": 501.0},
        {"freq": 1e308},
        {"freq": 1e308, "dt": 10.0},
        {"freq": 1.0},
        {"rms": -1.0},
        {"rms": np.nan},
    ],
)
def test_noise_that_does_not_exist_is_refused(bad):
    with pytest.raises(ParameterError):
        ht.WhiteNoise(**{"length": 400, "dt": 1e-3, "freq": 50, **bad})


def test_tasks_that_make_no_sense_are_refused():
    with pytest.raises(ParameterError, match="exceeds"):
        ht.reconstruction_task(ht.LegS(4), 0.1, NOISE, memory=401)
    with pytest.raises(ParameterError, match="lag"):
        ht.delay_task(ht.LegS(4), 0.1, NOISE, lag=400)
    with pytest.raises(ParameterError, match="positive"):
        ht.reconstruction_task(ht.LegS(4), 0.0, NOISE, memory=10)
    with pytest.raises(ParameterTypeError):
        NOISE.sample(1.5)


def covariance(noise):
    """E u_k u_l from the covariance of the stationary noise, C(k - l) - C(k) - C(l) + C(0)."""
    j = np.arange(1, noise.harmonics + 1)
    lags = np.arange(noise.length)
    C = noise.rms**2 * np.cos(2 * np.pi * np.outer(lags, j) / noise.length).mean(axis=1)
    k, m = np.ix_(lags, lags)
    return C[np.abs(k - m)] - C[k] - C[m] + C[0]


def held_states(op, dt, L):
    """S (L, N, L): the state after sample k is S[k] u, by powers of the matrix exponential."""
    E = expm(np.block([[dt * op.A, dt * op.B[:, None]], [np.zeros((1, op.N + 1))]]))
    S = np.zeros((L, op.N, L))
    for k in range(L):
        if k:
            S[k] = E[:-1, :-1] @ S[k - 1]
        S[k, :, k] = E[:-1, -1]
    return S


SMALL = ht.WhiteNoise(length=60, dt=1e-2, freq=10)


@pytest.mark.parametrize("op", [ht.LegT(4), ht.LegS(3), ht.FouT(3)], ids=repr)
def test_the_reconstruction_error_is_a_schur_complement(op):
    """The conditional variance tr(S_yy - S_yx S_xx^-1 S_xy) of the last samples, given the final state."""
    dt, memory = 0.05, 20
    Su, S = covariance(SMALL), held_states(op, dt, SMALL.length)[-1]
    xx, yx = S @ Su @ S.T, Su[-memory:] @ S.T
    left = np.trace(Su[-memory:, -memory:]) - np.trace(yx @ np.linalg.solve(xx, yx.T))
    task = ht.reconstruction_task(op, dt, SMALL, memory)
    scale = memory * task.zero**2
    assert task.zero**2 == pytest.approx(np.trace(Su[-memory:, -memory:]) / memory, rel=1e-12)
    assert task.rmse**2 * memory == pytest.approx(left, abs=64 * EPS * scale * np.linalg.cond(xx))
    np.testing.assert_allclose(task.weights, yx @ np.linalg.inv(xx), rtol=1e-13 * np.linalg.cond(xx))


@pytest.mark.parametrize("op", [ht.LegT(4), ht.LegS(3)], ids=repr)
def test_the_delay_error_tends_to_that_of_the_expected_normal_equations(op):
    """One read-out for all moments: sum_k E z_k z_k^T, z_k = (x_k, u_k), against the target u_{k-lag}."""
    dt, lag, L, size = 0.05, 7, SMALL.length, 400
    Su, S = covariance(SMALL), held_states(op, dt, L)
    now = np.eye(L)
    Z = [np.vstack([S[k], now[k]]) for k in range(L)]
    past = [now[k - lag] if k >= lag else np.zeros(L) for k in range(L)]
    zz = sum(z @ Su @ z.T for z in Z)
    zy = sum(z @ Su @ p for z, p in zip(Z, past, strict=True))
    yy = sum(p @ Su @ p for p in past)
    task = ht.delay_task(op, dt, SMALL, lag, size=size)
    # the power of a signal of 2J degrees of freedom fluctuates by 1/sqrt(J), its start value by as much as itself
    spread = 5 * np.sqrt(2 / size)
    assert task.zero**2 == pytest.approx(yy / L, rel=spread)
    assert task.rmse**2 == pytest.approx((yy - zy @ np.linalg.solve(zz, zy)) / L, rel=spread)


def test_read_outs_are_compared_by_identity():
    task = ht.reconstruction_task(ht.LegS(2), 0.1, SMALL, 5)
    assert task == task and task != ht.reconstruction_task(ht.LegS(2), 0.1, SMALL, 5)
    assert len({task}) == 1


def test_a_delay_to_the_start_value_predicts_nothing():
    with pytest.raises(ParameterError, match="always zero"):
        ht.delay_task(ht.LegS(2), 0.1, SMALL, lag=59)


def test_tasks_need_operators():
    for task in (ht.reconstruction_task, ht.delay_task):
        with pytest.raises(ParameterTypeError, match="operator is needed"):
            task("LegS", 0.1, SMALL, 5)


def test_the_nyquist_frequency_is_left_out():
    noise = ht.WhiteNoise(length=8, dt=1.0, freq=0.5)
    assert noise.harmonics == 3 and noise.factor().shape == (8, 6)


def test_signals_are_no_noise():
    for task in (ht.reconstruction_task, ht.delay_task):
        with pytest.raises(ParameterTypeError, match="WhiteNoise"):
            task(ht.LegS(4), 0.1, np.ones(20))


def test_a_read_out_prints_what_matters():
    assert repr(ht.reconstruction_task(ht.LegT(4), 0.1, NOISE, 10)).startswith("ReadOut(rmse=")
