"""What a step does to modes: aliasing (D1) and half-lives (D3), against the definitions."""

import importlib
import pkgutil
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht


@pytest.mark.parametrize(
    ("kind", "dt", "count"), [("lin", 0.1, 22), ("lin", 0.01, 0), ("inv", 0.1, 13), ("inv", 0.01, 2), ("quad", 0.1, 27)]
)
def test_aliased_modes_of_the_laws_are_counted_as_rationals_count_them(kind, dt, count):
    """D1. For lin dt pi n >= pi is n >= 1/dt; the others have pi^2 in them, counted with 30 digits."""
    N, n = 64, range(32)
    with mpmath.workdps(30):
        pi, step = mpmath.pi, mpmath.mpf(str(dt))
        law = {"lin": lambda n: pi * n, "inv": lambda n: N / pi * (mpmath.mpf(N) / (2 * n + 1) - 1)}
        law["quad"] = lambda n: (1 + 2 * n) ** 2 / pi
        # at equality, n = 10 of lin at dt = 1/10, pi cancels: compare as rationals
        if kind == "lin":
            expected = sum(Fraction(str(dt)) * k >= 1 for k in n)
        else:
            expected = sum(step * law[kind](k) >= pi for k in n)
    found = ht.aliasing(ht.s4d(kind, N), dt)
    assert found.count == expected == count
    assert found.fraction == count / 32


def test_the_fractions_of_the_theory():
    """D1: S4D-Lin 69 % at dt = .1; S4D-Inv 6 % at .01 and 41 % at .1."""
    fractions = [ht.aliasing(ht.s4d(k, 64), dt).fraction for k, dt in (("lin", 0.1), ("inv", 0.01), ("inv", 0.1))]
    np.testing.assert_allclose(fractions, [0.69, 0.06, 0.41], atol=0.005)


@given(st.lists(st.floats(0.5, 1e4), min_size=1, max_size=9, unique=True), st.floats(1e-4, 1.0))
def test_an_aliased_mode_has_the_samples_of_a_slower_one(frequencies, dt):
    found = ht.aliasing(-0.5 + 1j * np.array(frequencies), dt)
    for y, folded in zip(frequencies, found.aliased, strict=True):
        with mpmath.workdps(40):
            principal = abs(mpmath.arg(mpmath.expj(mpmath.mpf(y) * mpmath.mpf(dt))))
            slower = principal < mpmath.mpf(y) * mpmath.mpf(dt) * (1 - mpmath.mpf(10) ** -14)
        assert folded == slower or abs(y * dt / np.pi - 1) < 1e-14


def test_the_largest_step_is_where_the_fastest_mode_begins_to_alias():
    s4d = ht.s4d("legs", 64)
    limit = ht.aliasing(s4d, 0.1).largest_step
    assert limit == pytest.approx(np.pi / 1303.2738430, rel=1e-9)
    assert ht.aliasing(s4d, limit * (1 - 1e-12)).count == 0
    assert ht.aliasing(s4d, limit * (1 + 1e-12)).count == 1
    assert ht.aliasing(ht.mamba(4), 0.1).largest_step == np.inf


def test_half_lives_are_the_steps_after_which_half_is_left():
    """D3 by simulation: an impulse into each mode of the sampled system."""
    init, dt = ht.mamba(4), 0.003
    steps = ht.memory(init, dt).half_lives
    np.testing.assert_allclose(steps, np.log(2) / (dt * np.arange(1, 5)), rtol=1e-15)
    K = np.abs(init.discretize(dt).kernel(400))
    for n, half in enumerate(steps):
        low, high = int(half), int(half) + 1
        assert K[n, low] >= K[n, 0] / 2 >= K[n, high]


@pytest.mark.parametrize("make", [lambda: ht.mamba(16), lambda: ht.s4d("quad", 16)])
def test_half_lives_survive_sampling(make):
    init = make()
    sampled = ht.memory(init.discretize(0.01))
    np.testing.assert_allclose(sampled.half_lives, ht.memory(init, 0.01).half_lives, rtol=1e-13)
    assert sampled.dt is None


def test_the_default_mamba_remembers_ten_steps():
    """Median over dt log-uniform in [1e-3, 1e-1] and 16 rates; the longest is ln 2/1e-3."""
    spread = [ht.memory(ht.mamba(16), dt).half_lives for dt in np.geomspace(1e-3, 1e-1, 401)]
    assert np.median(spread) == pytest.approx(10, rel=0.1)
    assert np.max(spread) == pytest.approx(693.1, abs=0.1)


def test_a_mode_that_does_not_decay_has_no_half_life():
    assert ht.memory([0.0, 1.0, -1.0], 1.0).half_lives.tolist() == [np.inf, np.inf, np.log(2)]
    lossless = ht.Diagonal(np.exp(2j * np.pi * np.arange(7) / 7), np.ones(7), dt=1.0)
    assert (ht.memory(lossless).half_lives == np.inf).all()
    assert ht.memory(ht.Diagonal([0.0], [1.0], dt=1.0)).longest == 0.0  # forgets at once


def test_results_say_what_they_found():
    one, many = ht.memory([-1.0, -1.0], 0.5), ht.memory([-1.0, -2.0, -4.0], np.log(2))
    assert str(one) == repr(one) == "dt = 0.5: half-life 1.386 steps (median)"
    assert str(many) == "dt = 0.693147: half-life 0.5 steps (median), from 0.25 to 1"
    assert "1 of 2 modes alias (50 %); none below dt = 1.571" in str(ht.aliasing([-1 + 2j, -1.0], 2.0))
    with pytest.raises(ValueError, match="read-only"):
        many.half_lives[0] = 1.0


def test_operators_and_dplr_systems_are_judged_by_their_poles():
    """The diagonal of S4-LegS turns, its poles do not."""
    steps = np.log(2) / (0.1 * np.arange(1, 9))
    np.testing.assert_allclose(ht.memory(ht.LegS(8), 0.1).half_lives, steps)
    dplr = ht.s4(ht.LegS(8))
    np.testing.assert_allclose(np.sort(ht.memory(dplr, 0.1).half_lives), np.sort(steps), rtol=1e-6)
    assert ht.aliasing(ht.LegS(64), 0.1).count == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: ht.aliasing([-1.0], 0.0),
        lambda: ht.aliasing([-1.0], np.nan),
        lambda: ht.aliasing([], 0.1),
        lambda: ht.aliasing([[-1.0]], 0.1),
        lambda: ht.aliasing("legs", 0.1),
        lambda: ht.aliasing(None, 0.1),
        lambda: ht.memory([-1.0]),
        lambda: ht.memory([-1.0], -1.0),
        lambda: ht.memory([np.nan], 0.1),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ht.HippoTheoryError, match=r"aliasing|memory"):
        call()


def test_discrete_systems_have_nothing_left_to_alias_and_a_step_of_their_own():
    sampled = ht.s4d("lin", 8).discretize(0.1)
    with pytest.raises(ht.ParameterError, match="discrete time"):
        ht.aliasing(sampled, 0.1)
    with pytest.raises(ht.ParameterError, match="leave dt out"):
        ht.memory(ht.lru(8, rng=0), 0.1)


def test_no_room_has_a_module_with_the_name_of_one_of_its_functions():
    """A later import of the module would put it in the function's place."""
    room = importlib.import_module("hippo_theory.analysis")
    modules = {module.name for module in pkgutil.iter_modules(room.__path__)}
    assert modules and not modules & set(room.__all__)
