"""Perturb-then-diagonalize: what a result says of itself holds, for every method and family."""

import copy
import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import (
    AccuracyError,
    AccuracyWarning,
    ParameterError,
    ParameterTypeError,
    ShapeError,
    UnknownNameError,
)
from hippo_theory.initializations import PerturbedDiagonalization

EPS = np.finfo(np.float64).eps
S = 1j * np.array([0.0, 0.5, 7.0, 90.0]) + 0.02
FAMILIES = [
    ht.LegS(1),
    ht.LegS(16),
    ht.LegS(33),
    ht.LagT(16),
    ht.FouT(17),
    ht.LegT(8),
    ht.LegT(9),
    ht.TakenakaMalmquist([2.0, 1 + 3j, 1 - 3j, 0.3 + 7j, 0.3 - 7j, 0.7]),
    ht.StateSpace(ht.LegS(7).A, ht.LegS(7).B),
]


def ids(op):
    return repr(op)[:24]


def state_transfer(A, B, s):
    return np.stack([np.linalg.solve(z * np.eye(len(B)) - A, B.astype(complex)) for z in s], axis=1)


@pytest.mark.parametrize("op", FAMILIES, ids=ids)
@pytest.mark.parametrize("rho", [1.0, 0.3, 0.05])
class TestAllpass:
    def test_stands_for_the_perturbed_matrix_and_the_scaled_input(self, op, rho):
        made = ht.ptd(op, rho=rho)
        exact = state_transfer(op.A + made.E, op.B / (1 + rho), S)
        error = np.abs(made.transfer(S) - exact).max()
        assert error <= 100 * made.N * EPS * made.kappa * np.abs(exact).max()

    def test_of_one_port_is_g_over_1_plus_rho_phi(self, op, rho):
        if not hasattr(op, "allpass"):
            op = ht.LagT(5)  # families with two ports have no scalar all-pass function
        exact = op.transfer(S) / (1 + rho * op.allpass(S))
        assert np.abs(ht.ptd(op, rho=rho).transfer(S) - exact).max() <= 1e-12 * np.abs(exact).max()

    def test_never_leaves_the_region_of_stability(self, op, rho):
        shift = getattr(op, "shift", 0.0)
        poles = ht.ptd(op, rho=rho).poles
        assert (poles.real < -shift).all() if rho < 1 else (poles.real <= -shift).all()

    def test_condition_and_norm_are_those_of_the_matrices(self, op, rho):
        made = ht.ptd(op, rho=rho)
        full = np.concatenate([made.V, made.V[:, made.lam.imag != 0].conj()], axis=1)
        assert full.shape == (made.N, made.N)
        assert abs(made.kappa / np.linalg.cond(full) - 1) <= 1e-9
        assert math.isclose(made.perturbation_norm, np.linalg.norm(made.E, 2), rel_tol=1e-12)
        if hasattr(op, "allpass"):
            assert math.isclose(made.perturbation_norm, rho * np.dot(op.B, op.B) / (1 + rho), rel_tol=1e-12)

    def test_error_is_the_norm_of_the_difference(self, op, rho):
        made = ht.ptd(op, rho=rho)
        if made.poles.real.max() >= 0:
            assert made.transfer_error == math.inf
            return
        reference = ht.StateSpace(op.A, op.B)
        norm = ht.hinf_norm(reference, ht.StateSpace(op.A + made.E, op.B / (1 + rho)))
        assert math.isclose(made.transfer_error, norm.value, rel_tol=1e-8)


class TestTargets:
    @pytest.mark.parametrize("op", [ht.LegS(16), ht.LegS(64), ht.LagT(9), ht.FouT(17), ht.LegT(8)], ids=ids)
    @pytest.mark.parametrize("kappa", [1.5, 5.0, 12.0])
    def test_kappa_is_met_and_no_smaller_rho_next_to_it_meets_it(self, op, kappa):
        made = ht.ptd(op, kappa=kappa)
        assert kappa * (1 - 1e-6) <= made.kappa <= kappa * (1 + 1e-12)

    @pytest.mark.parametrize("op", [ht.LegS(16), ht.LegS(65), ht.LagT(9), ht.FouT(17), ht.LegT(8)], ids=ids)
    @pytest.mark.parametrize("error", [0.3, 1e-2, 1e-3])
    def test_error_is_met_from_below(self, op, error):
        made = ht.ptd(op, error=error)
        assert error * (1 - 1e-7) <= made.transfer_error <= error * (1 + 1e-9)

    def test_an_operator_better_than_the_target_is_hardly_perturbed(self):
        op = ht.FouT(17)
        made = ht.ptd(op, kappa=50.0)
        assert ht.eigenvector_condition(op).value < 50
        assert made.transfer_error < 1e-11

    def test_a_large_error_allows_the_diagonal_system(self):
        assert ht.ptd(ht.LegS(8), error=100.0).rho == 1

    def test_an_error_too_small_is_refused(self):
        with pytest.raises(ParameterError, match="s4"):
            ht.ptd(ht.LegS(8), error=1e-14)

    @pytest.mark.parametrize("op", [ht.LegS(8), ht.LagT(5), ht.FouT(5)], ids=ids)
    def test_a_condition_that_every_rho_has_leaves_next_to_nothing_of_the_perturbation(self, op):
        made = ht.ptd(op, kappa=1e300)
        assert made.rho == 1e-12
        assert made.transfer_error <= 1e-11

    @pytest.mark.parametrize("kappa", [270.0, 400.0, 460.0, 500.0, 1000.0, 2900.0])
    def test_a_condition_is_still_met_next_to_a_collision(self, kappa):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AccuracyWarning)
            made = ht.ptd(ht.LegS(16), kappa=kappa)
        assert made.kappa <= kappa * (1 + 1e-9)
        assert made.kappa * made.rho <= 2

    @pytest.mark.parametrize("rho", [1e-30, 1e-300])
    def test_a_rho_that_floats_cannot_tell_from_zero_is_refused(self, rho):
        with pytest.raises(AccuracyError, match=r"ht\.s4"):
            ht.ptd(ht.LegS(8), rho=rho)

    def test_a_condition_below_one_is_refused(self):
        with pytest.raises(ParameterError, match="at least 1"):
            ht.ptd(ht.LegS(8), kappa=0.5)


class TestCollisions:
    @pytest.mark.parametrize("N", [16, 32, 64])
    def test_rho_at_a_collision_is_steered_away_and_said(self, N):
        rho = float(ht.collisions(ht.LegS(N)).rho[0])
        with pytest.warns(AccuracyWarning, match="collide"):
            made = ht.ptd(ht.LegS(N), rho=rho)
        assert made.rho != rho
        assert abs(math.log(made.rho / rho)) < 0.2
        assert made.kappa * made.rho <= 2

    def test_an_error_is_still_met_after_steering(self):
        op = ht.LegS(16)
        error = ht.ptd(op, rho=0.0036).transfer_error * (ht.collisions(op).rho[0] / 0.0036)
        with pytest.warns(AccuracyWarning, match="collide"):
            made = ht.ptd(op, error=error)
        assert made.transfer_error <= error

    @given(position=st.floats(-1e-3, 1e-3))
    def test_no_result_is_nearly_defective(self, position):
        op = ht.LegS(8)
        rho = float(ht.collisions(op).rho[0]) * (1 + position)
        with pytest.warns(AccuracyWarning):
            made = ht.ptd(op, rho=rho)
        assert made.kappa * made.rho <= 2


class TestOneIsS4D:
    @pytest.mark.parametrize("N", [1, 2, 33, 64])
    def test_bit_for_bit(self, N):
        made, s4d = ht.ptd(ht.LegS(N), rho=1.0), ht.s4d("legs", N)
        for name in ("lam", "B", "V"):
            assert np.array_equal(getattr(made, name), getattr(s4d, name))


class TestPorts:
    def test_blocks_are_copies(self):
        one, made = ht.ptd(ht.LegS(8), rho=0.1), ht.ptd(ht.LegS(8), rho=0.1, blocks=3)
        assert made.N == 24
        assert np.array_equal(made.lam, np.tile(one.lam, 3))
        assert np.abs(made.transfer(S) - np.tile(one.transfer(S), (3, 1))).max() <= 1e-14
        assert made.transfer_error == one.transfer_error

    def test_many_inputs_and_outputs_are_turned_by_v(self):
        rng, op = np.random.default_rng(0), ht.LegS(6)
        B, C = rng.standard_normal((12, 3)), rng.standard_normal((2, 12))
        made = ht.ptd(op, rho=0.2, blocks=2, B=B, C=C)
        A = np.kron(np.eye(2), op.A + made.E)
        exact = np.stack([C @ np.linalg.solve(z * np.eye(12) - A, B) for z in S], axis=-1)
        assert np.abs(made.transfer(S) - exact).max() <= 1e-11 * np.abs(exact).max()

    def test_the_own_input_given_changes_nothing(self):
        op = ht.LegS(9)
        own, given = ht.ptd(op, rho=0.2), ht.ptd(op, rho=0.2, B=op.B / 1.2)
        assert np.abs(own.B - given.B).max() <= 1e-12 * np.abs(own.B).max()

    def test_wrong_shapes_are_refused(self):
        with pytest.raises(ShapeError, match=r"\(8,\)"):
            ht.ptd(ht.LegS(8), B=np.ones(7))
        with pytest.raises(ShapeError, match=r"\(p, 16\)"):
            ht.ptd(ht.LegS(8), blocks=2, C=np.ones((3, 8)))
        with pytest.raises(ParameterError, match="real"):
            ht.ptd(ht.LegS(8), C=1j * np.ones(8))


def test_layers_sample_it_as_any_diagonal_initialisation():
    made = ht.ptd(ht.LegS(16), rho=0.1, C=np.eye(16)[0])
    kernel = made.discretize(0.01).kernel(50)
    A, B = ht.LegS(16).A + made.E, ht.LegS(16).B / 1.1
    dense = ht.StateSpace(A, B, C=np.eye(16)[0]).discretize(0.01, "zoh").kernel(50)
    assert np.abs(kernel - dense).max() <= 1e-12


def test_the_report_sets_bounds_beside_what_was_measured():
    found = {f.name: f.value for f in ht.ptd(ht.LegS(33), rho=1e-4).report().distances}
    assert found["transfer error"] <= found["bound P5"] <= found["bound P2"]
    assert found["eigenvector condition"] <= found["bound of kappa"]
    assert {"perturbation", "bound P1"} <= found.keys()


class TestRandomAndOptimized:
    def test_a_small_random_perturbation_is_what_it_says(self):
        made = ht.ptd(ht.LegS(6), "random", size=0.02, rng=1)
        assert math.isclose(made.perturbation_norm, 0.02 * np.linalg.norm(ht.LegS(6).A, 2), rel_tol=1e-12)
        exact = state_transfer(ht.LegS(6).A + made.E, ht.LegS(6).B, S)
        assert np.abs(made.transfer(S) - exact).max() <= 1e-10 * np.abs(exact).max()

    def test_complex_entries_store_all_modes(self):
        made = ht.ptd(ht.LegS(6), "random", size=0.02, field="complex", rng=1)
        assert made.lam.size == 6
        assert not made.conjugate_pairs
        exact = state_transfer(ht.LegS(6).A + made.E, ht.LegS(6).B, S)
        assert np.abs(made.transfer(S) - exact).max() <= 1e-10 * np.abs(exact).max()

    def test_unstable_draws_are_refused_with_the_pole(self):
        with pytest.raises(ht.UnstableSystemError, match="eigenvalue"):
            ht.ptd(ht.LegS(32), "random", size=0.1, rng=0)

    def test_optimized_is_deterministic(self):
        one, two = (ht.ptd(ht.LegS(4), "optimized", rng=7) for _ in range(2))
        assert np.array_equal(one.E, two.E)
        assert one.kappa < ht.eigenvector_condition(ht.LegS(4)).value

    def test_feedback_divides_the_transfer_function(self):
        op = ht.LegS(16)
        made = ht.ptd(op, "optimized", structure="feedback", rng=0)
        f = op.B @ made.E / (op.B @ op.B)
        exact = op.transfer(S) / (1 - f @ op.transfer(S))
        assert np.abs(made.transfer(S) - exact).max() <= 1e-12 * np.abs(exact).max()
        dense = ht.ptd(op, "optimized", rng=0)
        assert made.kappa < 1.25 * dense.kappa
        assert made.transfer_error < dense.transfer_error / 2

    def test_a_search_that_did_not_end_in_a_minimum_is_said(self, monkeypatch):
        monkeypatch.setattr("hippo_theory.initializations.perturbations._HALVINGS", 0)
        monkeypatch.setattr("hippo_theory.initializations.perturbations._STATIONARY", 1e-12)
        with pytest.warns(AccuracyWarning, match="kappa"):
            ht.ptd(ht.LegS(8), "optimized", rng=0)

    def test_need_a_generator(self):
        with pytest.raises(ParameterError, match="rng"):
            ht.ptd(ht.LegS(4), "random")


class TestRefusals:
    @pytest.mark.parametrize("rho", [0, -1, 1.1, math.nan])
    def test_rho_outside_the_unit_interval(self, rho):
        with pytest.raises(ParameterError, match="rho"):
            ht.ptd(ht.LegS(4), rho=rho)

    def test_two_targets(self):
        with pytest.raises(ParameterError, match="give one"):
            ht.ptd(ht.LegS(4), rho=0.1, kappa=3)

    def test_options_of_another_method(self):
        with pytest.raises(ParameterError, match="random"):
            ht.ptd(ht.LegS(4), size=0.1)
        with pytest.raises(ParameterError, match="allpass"):
            ht.ptd(ht.LegS(4), "random", rho=0.1, rng=0)
        with pytest.raises(ParameterError, match="drawn"):
            ht.ptd(ht.LegS(4), rng=0)

    def test_unknown_objectives_and_fields(self):
        with pytest.raises(UnknownNameError, match="squared"):
            ht.ptd(ht.LegS(3), "optimized", objective="square", rng=0)
        with pytest.raises(UnknownNameError, match="real"):
            ht.ptd(ht.LegS(3), "random", field="reals", rng=0)

    def test_unknown_method_suggests_the_nearest(self):
        with pytest.raises(UnknownNameError, match="allpass"):
            ht.ptd(ht.LegS(4), "all-pass")

    def test_what_is_not_a_real_continuous_system(self):
        with pytest.raises(ParameterTypeError, match="StateSpace"):
            ht.ptd(np.eye(3))
        with pytest.raises(ParameterError, match="continuous"):
            ht.ptd(ht.StateSpace([[0.5]], [1.0], dt=1.0))
        with pytest.raises(ParameterError, match="one input"):
            ht.ptd(ht.StateSpace(-np.eye(2), np.eye(2)))

    def test_a_matrix_that_is_not_dissipative(self):
        with pytest.raises(ParameterError, match="dissipative"):
            ht.ptd(ht.StateSpace([[-1.0, 5.0], [0.0, -1.0]], [1.0, 1.0]))


def test_results_are_immutable_and_travel():
    made = ht.ptd(ht.LegS(8), rho=0.1)
    assert isinstance(made, PerturbedDiagonalization)
    assert np.array_equal(pickle.loads(pickle.dumps(made)).lam, made.lam)
    assert np.array_equal(copy.deepcopy(made).V, made.V)
    with pytest.raises(ValueError, match="read-only"):
        made.E[0, 0] = 1.0
