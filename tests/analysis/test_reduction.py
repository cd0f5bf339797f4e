"""Balanced truncation: between the bound that nothing can beat and the one that it cannot exceed."""

from __future__ import annotations

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.errors import ParameterError, UnstableSystemError


def random_system(seed):
    """Real or complex, continuous or (even seeds) discrete, one or more ports, full or diagonal."""
    rng = np.random.default_rng(seed)
    N, H, p = int(rng.integers(2, 9)), *(int(n) for n in rng.integers(1, 3, 2))
    discrete, (real, diagonal) = seed % 2 == 0, rng.random(2) < 0.5

    def draw(*shape):
        return rng.standard_normal(shape) + (0 if real else 1j * rng.standard_normal(shape))

    A = draw(N, N)
    lam = np.linalg.eigvals(A)
    A = A / (1.2 * np.abs(lam).max()) if discrete else A - (lam.real.max() + 0.2) * np.eye(N)
    B, C, D, dt = draw(N, H), draw(p, N), draw(p, H), 0.1 if discrete else None
    return ht.Diagonal(np.linalg.eigvals(A), B, C, D, dt=dt) if diagonal else ht.StateSpace(A, B, C, D, dt=dt)


# A tiny error is a difference of large numbers: ``hinf_norm`` says so, and how uncertain it is.
@pytest.mark.filterwarnings("ignore::hippo_theory.errors.AccuracyWarning")
@pytest.mark.parametrize("block", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in range(1, 5))])
def test_the_error_lies_between_its_bounds(block):
    for seed in range(40 * block, 40 * (block + 1)):
        system = random_system(seed)
        order = 1 + seed % (system.N - 1)
        found = ht.balanced_truncation(system, order)
        error = ht.hinf_norm(system, found.system)
        slack = 1e-12 * found.values[0] + error.error
        assert found.lower - slack <= error.value <= found.upper + slack, seed


@pytest.mark.parametrize("seed", range(1, 25, 2))
def test_in_continuous_time_both_gramians_of_the_reduced_system_are_diagonal_and_equal(seed):
    system = random_system(seed)
    found = ht.balanced_truncation(system, 2)
    expected = np.diag(found.values[:2])
    slack = 1e-11 * found.values[0] * (found.values[0] / found.values[1])
    for gramian in (ht.controllability_gramian, ht.observability_gramian):
        assert np.abs(gramian(found.system).value - expected).max() <= slack
    assert np.iscomplexobj(found.system.A) == (np.iscomplexobj(system.C) or isinstance(system, ht.Diagonal))


def test_all_states_give_the_system_back():
    for seed in range(6):
        system = random_system(seed)
        found = ht.balanced_truncation(system, system.N)
        s = np.exp(1j * np.linspace(0.1, 3, 7)) if system.dt else 1j * np.linspace(-3, 3, 7)
        assert np.abs(found.system.transfer(s) - system.transfer(s)).max() <= 1e-9 * np.abs(system.transfer(s)).max()
        assert found.lower == found.upper == 0


def test_the_fewest_states_for_an_error():
    op = ht.LegS(32)
    system = ht.StateSpace(op.A, op.B, C=1 / np.arange(1, 33) ** 2)
    for error in (1e-2, 1e-3, 1e-4):
        found = ht.balanced_truncation(system, error=error)
        fewer = ht.balanced_truncation(system, found.order - 1)
        assert found.upper <= error < fewer.upper
        assert ht.hinf_norm(system, found.system).value <= error


def test_one_input_and_output_stay_one():
    op = ht.LegS(6)
    found = ht.balanced_truncation(ht.StateSpace(op.A, op.B, C=op.B, D=2.0), 3).system
    assert found.B.shape == found.C.shape == (3,) and found.D == 2.0 and not np.iscomplexobj(found.A)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either order or error"),
        ({"order": 1, "error": 0.1}, "either order or error"),
        ({"order": 0}, "at least 1"),
        ({"order": 3}, "order 3 exceeds 1"),
        ({"error": -1.0}, "positive"),
    ],
)
def test_what_cannot_be_kept_is_refused(arguments, message):
    system = ht.StateSpace(np.diag([-1.0, -2.0]), [1.0, 0.0], [1.0, 1.0])
    with pytest.raises(ParameterError, match=message):
        ht.balanced_truncation(system, **arguments)
    with pytest.raises(UnstableSystemError):
        ht.balanced_truncation(ht.StateSpace([[1.0]], [1.0], [1.0]), 1)


def test_results_print():
    found = ht.balanced_truncation(ht.StateSpace(np.diag([-1.0, -2.0]), [1.0, 1.0], [1.0, 1.0]), 1)
    assert str(found).startswith("1 of 2 states, H-infinity error between 0.0")
