"""What a step means, and the closure laws: rescaling, tilting, turning."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

import hippo_theory as ht
from hippo_theory.errors import AccuracyError, ParameterError, ParameterTypeError, ShapeError

EPS = np.finfo(float).eps
OPERATORS = [ht.LegS(6), ht.LegT(6), ht.FouT(7), ht.LagT(6), ht.TakenakaMalmquist([0.5, 2 + 3j, 2 - 3j], shift=0.3)]
DECAYING = [op for op in OPERATORS if op.mean_memory < math.inf]


@pytest.mark.parametrize("op", DECAYING, ids=repr)
def test_mean_and_quantiles_are_integrals_of_the_measure(op):
    scale = ht.timescale(op, 0.01)
    end = min(op.window, 200.0)
    mass = quad(op.measure, 0, end, limit=200)[0]
    mean = quad(lambda t: t * op.measure(t), 0, end, limit=200)[0] / mass
    assert scale.mean == pytest.approx(mean / 0.01, rel=1e-9)
    for part, steps in ((0.5, scale.half), (0.99, scale.most)):
        assert quad(op.measure, 0, 0.01 * steps)[0] == pytest.approx(part * mass, rel=1e-9)


def test_windows_and_means_are_those_of_the_table():
    assert [op.window for op in OPERATORS[:4]] == [math.inf, 1.0, 1.0, math.inf]
    assert [op.mean_memory for op in OPERATORS[:4]] == [1.0, 0.5, 0.5, math.inf]
    assert ht.timescale(ht.LagT(3), 0.1).most == math.inf


@pytest.mark.parametrize("op", DECAYING, ids=repr)
def test_the_matched_step_makes_the_memory_as_long_as_asked(op):
    scale = ht.timescale(op, ht.matched_step(op, 250))
    assert (scale.window if op.window < math.inf else scale.mean) == pytest.approx(250)


def test_a_step_stretches_the_sampled_kernel():
    """Half the step, twice the samples: the same kernel at the same times, to O(dt)."""
    op = ht.LegS(8)
    coarse, fine = (ht.StateSpace(op.A, op.B).discretize(dt).kernel(int(2 / dt)) / dt for dt in (2e-3, 1e-3))
    np.testing.assert_allclose(coarse, (fine[:, ::2] + fine[:, 1::2]) / 2, rtol=0, atol=1e-10)


def test_a_measure_without_a_scale_has_no_matched_step():
    with pytest.raises(ParameterError, match="neither ends nor decays"):
        ht.matched_step(ht.LagT(4), 100)


@pytest.mark.parametrize("bad", [0, -1.0, math.nan, math.inf, "1"])
def test_steps_that_are_no_steps_are_refused(bad):
    for call in (ht.timescale, ht.matched_step):
        with pytest.raises(ParameterError):
            call(ht.LegS(4), bad)
        with pytest.raises(ParameterTypeError):
            call("LegS", 1.0)


T = np.array([0.0, 0.1, 0.7, 2.0])
S = np.array([0.3j, 1 + 2j, 0.0, 5.0])


@pytest.mark.parametrize("op", OPERATORS, ids=repr)
@given(c=st.floats(0.05, 20), tilt=st.floats(-0.2, 3))
def test_rescaling_and_tilting_act_on_time_and_frequency(op, c, tilt):
    system = op.system
    tolerance = 1e-11 * np.linalg.norm(op.B)
    fast, tilted = system.rescaled(c), system.tilted(tilt)
    np.testing.assert_allclose(fast.kernel(T), c * op.kernel(c * T), rtol=0, atol=c * tolerance * (1 + c))
    np.testing.assert_allclose(fast.transfer(c * S), op.transfer(S), rtol=0, atol=tolerance * 10)
    np.testing.assert_allclose(tilted.kernel(T), op.kernel(T) * np.exp(-tilt * T), rtol=0, atol=tolerance)


@pytest.mark.parametrize("op", OPERATORS, ids=repr)
def test_a_unitary_turn_keeps_gram_matrix_losslessness_and_output(op):
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.standard_normal((op.N, op.N)))[0]
    C = rng.standard_normal(op.N)
    turned = ht.StateSpace(op.A, op.B, C).transformed(Q)
    size = np.linalg.norm(op.A, 2)
    np.testing.assert_allclose(turned.kernel(T), ht.StateSpace(op.A, op.B, C).kernel(T), atol=1e-12 * size)
    state = op.system.transformed(Q)
    np.testing.assert_allclose(state.kernel(T), Q @ op.kernel(T), atol=1e-12 * size)
    loss = state.A + state.A.T
    np.testing.assert_allclose(Q.T @ loss @ Q, op.A + op.A.T, atol=64 * EPS * size)
    np.testing.assert_allclose(state.kernel(T).T @ state.kernel(T), op.kernel(T).T @ op.kernel(T), atol=1e-11 * size)


def test_any_invertible_turn_keeps_the_transfer_function():
    op = ht.LegT(5)
    M = np.triu(np.ones((5, 5))) + 0.1
    system = ht.StateSpace(op.A, op.B, np.vstack([op.B, op.B**2]), D=0.5)
    np.testing.assert_allclose(system.transformed(M).transfer(S), system.transfer(S), rtol=1e-11)


def test_operations_compose():
    """Tilting after rescaling by c is rescaling after tilting by tilt/c."""
    system = ht.LegS(4).system
    one, other = system.rescaled(3.0).tilted(1.5), system.tilted(0.5).rescaled(3.0)
    np.testing.assert_allclose(one.A, other.A, rtol=4 * EPS)
    np.testing.assert_array_equal(one.B, other.B)


def test_operations_refuse_what_they_cannot_do():
    system = ht.LegS(3).system
    with pytest.raises(ParameterError, match="positive"):
        system.rescaled(-1)
    with pytest.raises(ParameterError, match="finite"):
        system.tilted(math.nan)
    with pytest.raises(ShapeError, match="T must have shape"):
        system.transformed(np.eye(2))
    with pytest.raises(AccuracyError, match="singular"):
        system.transformed(np.ones((3, 3)))
    for operation in ("rescaled", "tilted"):
        with pytest.raises(ParameterError, match="discrete"):
            getattr(system.discretize(0.1), operation)(1.0)


def test_a_complex_turn_keeps_the_transfer_function_too():
    op, rng = ht.LegS(4), np.random.default_rng(2)
    M = rng.standard_normal((4, 4)) + 1j * rng.standard_normal((4, 4))
    for C in (rng.standard_normal(4), rng.standard_normal((2, 4)) * 1j):
        system = ht.StateSpace(op.A, op.B, C)
        want = system.transfer(S)
        tolerance = 64 * EPS * np.linalg.cond(M) ** 2 * np.abs(want).max()
        np.testing.assert_allclose(system.transformed(M).transfer(S), want, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dt", [49.0, 0.1, 1e-300, 1e300])
def test_a_step_is_kept_as_given(dt):
    """1/(1/49) is not 49."""
    assert ht.timescale(ht.LegS(2), dt).dt == dt
