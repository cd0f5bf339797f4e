"""Balanced truncation and residualisation: between the bound that nothing can beat and the one they cannot exceed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from reducible import random_system

import hippo_theory as ht
from hippo_theory.analysis._balanced_states import balanced_states
from hippo_theory.errors import ParameterError, UnstableSystemError

METHODS = [ht.balanced_truncation, ht.balanced_residualization]


@pytest.mark.parametrize("method", METHODS)
class TestBoth:
    # A tiny error is a difference of large numbers: ``hinf_norm`` says so, and how uncertain it is.
    @pytest.mark.filterwarnings("ignore::hippo_theory.errors.AccuracyWarning")
    @pytest.mark.parametrize("block", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in range(1, 5))])
    def test_the_error_lies_between_its_bounds(self, method, block):
        for seed in range(40 * block, 40 * (block + 1)):
            system = random_system(seed)
            order = 1 + seed % (system.N - 1)
            found = method(system, order)
            error = ht.hinf_norm(system, found.system)
            slack = 1e-12 * found.values[0] + error.error
            assert found.system.N == found.order == order
            assert found.lower - slack <= error.value <= found.upper + slack, seed

    def test_all_states_give_the_system_back(self, method):
        for seed in range(6):
            system = random_system(seed)
            found = method(system, system.N)
            s = np.exp(1j * np.linspace(0.1, 3, 7)) if system.dt else 1j * np.linspace(-3, 3, 7)
            G = system.transfer(s)
            assert np.abs(found.system.transfer(s) - G).max() <= 1e-9 * np.abs(G).max()
            assert found.lower == found.upper == 0

    def test_the_fewest_states_for_an_error(self, method):
        op = ht.LegS(32)
        system = ht.StateSpace(op.A, op.B, C=1 / np.arange(1, 33) ** 2)
        for error in (1e-2, 1e-3, 1e-4):
            found = method(system, error=error)
            fewer = method(system, found.order - 1)
            assert found.upper <= error < fewer.upper
            assert ht.hinf_norm(system, found.system).value <= error

    def test_one_input_and_output_stay_one(self, method):
        op = ht.LegS(6)
        found = method(ht.StateSpace(op.A, op.B, C=op.B, D=2.0), 3).system
        assert found.B.shape == found.C.shape == (3,) and np.ndim(found.D) == 0 and not np.iscomplexobj(found.A)

    @pytest.mark.parametrize("system", [ht.LegS(8), ht.s4d("legs", 8), ht.s4(ht.LegT(8)), ht.hope(6, 0.1, rng=0)])
    def test_what_is_read_out_without_c_is_the_stored_state(self, method, system):
        found = method(system, 3)
        error = ht.hinf_norm(system, found.system).value
        assert found.lower * (1 - 1e-9) <= error <= found.upper

    def test_scales_of_time_and_of_ports_are_scales_of_the_answer(self, method):
        op = ht.LegS(12)
        found = method(ht.StateSpace(op.A, op.B, C=op.B[::-1]), 5)
        scaled = method(ht.StateSpace(1e9 * op.A, 1e-30 * op.B, C=1e60 * op.B[::-1], D=0.0), 5)
        s = 1j * np.linspace(0, 30, 9)
        expected = 1e21 * found.system.transfer(s)
        assert np.abs(scaled.system.transfer(1e9 * s) - expected).max() <= 1e-11 * np.abs(expected).max()
        assert np.allclose(scaled.values, 1e21 * found.values, rtol=1e-9, atol=1e-12 * scaled.values[0])

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({}, "either order or error"),
            ({"order": 1, "error": 0.1}, "either order or error"),
            ({"order": 0}, "at least 1"),
            ({"order": 2.0}, "integer"),
            ({"order": 3}, "order 3 exceeds 1"),
            ({"error": -1.0}, "positive"),
            ({"error": np.nan}, "finite"),
        ],
    )
    def test_what_cannot_be_kept_is_refused(self, method, arguments, message):
        system = ht.StateSpace(np.diag([-1.0, -2.0]), [1.0, 0.0], [1.0, 1.0])
        with pytest.raises(ParameterError, match=message):
            method(system, **arguments)

    def test_unstable_and_constant_systems_are_refused(self, method):
        with pytest.raises(UnstableSystemError, match="pole 1"):
            method(ht.StateSpace([[1.0]], [1.0], [1.0]), 1)
        with pytest.raises(UnstableSystemError, match="pole 0"):
            method(ht.StateSpace([[0.0]], [1.0], [1.0]), 1)
        with pytest.raises(ParameterError, match="constant"):
            method(ht.StateSpace(-np.eye(2), np.zeros(2), np.ones(2), D=3.0), 1)

    def test_one_state(self, method):
        found = method(ht.StateSpace([[-2.0]], [3.0], [4.0], 0.5), 1)
        assert np.allclose(found.values, [3.0]) and np.allclose(found.system.transfer([0.0, 2.0]), [6.5, 3.5])

    def test_results_print(self, method):
        found = method(ht.StateSpace(np.diag([-1.0, -2.0]), [1.0, 1.0], [1.0, 1.0]), 1)
        assert str(found).startswith(f"1 of 2 states by {found.method}, H-infinity error between 0.0")


class TestTruncation:
    @pytest.mark.parametrize("seed", range(1, 25, 2))
    def test_in_continuous_time_both_gramians_of_the_reduced_system_are_diagonal_and_equal(self, seed):
        system = random_system(seed)
        found = ht.balanced_truncation(system, 2)
        expected = np.diag(found.values[:2])
        slack = 1e-11 * found.values[0] * (found.values[0] / found.values[1])
        for gramian in (ht.controllability_gramian, ht.observability_gramian):
            assert np.abs(gramian(found.system).value - expected).max() <= slack
        assert np.iscomplexobj(found.system.A) == (np.iscomplexobj(system.C) or isinstance(system, ht.Diagonal))

    def test_d_stays(self):
        system = random_system(3)
        assert np.array_equal(ht.balanced_truncation(system, 1).system.D, system.D)

    def test_a_cut_that_leaves_a_pole_on_the_boundary_is_refused(self):
        states = balanced_states(ht.StateSpace([[0.0, 1.0], [-1.0, -2.0]], [0.0, 2.0], [0.0, 2.0]), "test")
        with pytest.raises(ParameterError, match=r"equal values \(1, 1\)"):
            states.require_stable(np.zeros((1, 1)), 1, "test")
        states.require_stable(np.array([[-0.1]]), 1, "test")


class TestResidualization:
    @pytest.mark.parametrize("seed", range(40))
    def test_it_is_exact_for_a_held_input(self, seed):
        system = random_system(seed)
        p = 1.0 if system.dt else 0.0
        G = system.transfer(p)
        for order in range(1, system.N):
            reduced = ht.balanced_residualization(system, order).system
            assert np.abs(reduced.transfer(p) - G).max() <= 1e-12 * np.abs(G).max() * (1 + np.linalg.cond(reduced.A))

    @pytest.mark.parametrize("seed", range(1, 20, 2))
    def test_it_is_the_truncation_with_the_other_states_at_rest(self, seed):
        """From the balanced system: A11 - A12 A22^{-1} A21 and so on (Liu and Anderson)."""
        system, k = random_system(seed), 2
        whole = ht.balanced_truncation(system, system.N).system
        A, B, C, D = whole.A, whole.B, whole.C, whole.D
        X = np.linalg.solve(A[k:, k:], np.hstack([A[k:, :k], B[k:]]))
        expected = ht.StateSpace(
            A[:k, :k] - A[:k, k:] @ X[:, :k],
            B[:k] - A[:k, k:] @ X[:, k:],
            C[:, :k] - C[:, k:] @ X[:, :k],
            D - C[:, k:] @ X[:, k:],
        )
        found = ht.balanced_residualization(system, k)
        s = 1j * np.linspace(-3, 3, 9)
        size = found.values[0] / found.values[-1]
        assert (
            np.abs(found.system.transfer(s) - expected.transfer(s)).max()
            <= 1e-12 * size * np.abs(system.transfer(s)).max()
        )

    def test_in_closed_form_for_two_states(self):
        """G(s) = 1/(s + 1) + 1/(s + 3): the Gramian [[1/2, 1/4], [1/4, 1/6]] has the Hankel values for eigenvalues."""
        system = ht.StateSpace(np.diag([-1.0, -3.0]), [1.0, 1.0], [1.0, 1.0])
        found = ht.balanced_residualization(system, 1)
        # Of a symmetric system one more state is 2 sigma away, here at infinity.
        sigma = np.linalg.eigvalsh([[1 / 2, 1 / 4], [1 / 4, 1 / 6]])[::-1]
        assert np.allclose(found.values, sigma, rtol=1e-13)
        error = ht.hinf_norm(system, found.system)
        assert error.frequency == np.inf and abs(error.value / (2 * sigma[1]) - 1) < 1e-12

    def test_discrete_residualization_is_the_continuous_one_under_the_bilinear_map(self):
        op = ht.LegS(10)
        system = ht.StateSpace(op.A, op.B, C=op.B * np.cos(np.arange(10)))
        a = np.linalg.inv(np.eye(10) - op.A)
        image = ht.StateSpace(
            a @ (np.eye(10) + op.A), np.sqrt(2) * a @ op.B, np.sqrt(2) * system.C @ a, system.C @ a @ op.B, 1.0
        )
        small, other = (ht.balanced_residualization(x, 4).system for x in (system, image))
        w = np.linspace(0.1, 3, 9)
        assert np.abs(small.transfer(1j * np.tan(w / 2)) - other.transfer(np.exp(1j * w))).max() < 1e-12


@pytest.mark.parametrize(
    "method",
    [
        ht.balanced_truncation,
        ht.balanced_residualization,
        ht.modal_truncation,
        ht.h2_reduction,
        ht.hankel_norm_approximation,
        ht.rational_fit,
    ],
)
@pytest.mark.parametrize(
    ("A", "B", "C"),
    [
        ([[-1e-308]], [1.0], [1.0]),
        ([[-1e308]], [1.0], [1.0]),
        ([[-1e-308, 0.0], [0.0, -2e-308]], [1.0, 1.0], [1.0, 1.0]),
        ([[-1.0, 0.0], [0.0, -2.0]], [1e160, 1e160], [1e160, 1.0]),
        ([[-1.0, 0.0], [0.0, -2.0]], [1e-160, 1e-160], [1e-160, 1e-160]),
    ],
)
def test_what_leaves_the_range_of_floats_is_refused_or_right(method, A, B, C):
    system = ht.StateSpace(A, B, C)
    try:
        found = method(system, 1)
    except ParameterError as error:
        assert "range of floats" in str(error)
    else:
        gain = float(ht.hankel_singular_values(system).values[0])
        assert math.isfinite(found.upper)
        assert found.lower <= found.upper <= 4 * gain
