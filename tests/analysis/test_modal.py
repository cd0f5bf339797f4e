"""Modal truncation: the loudest modes stay, in pairs, and the rest is bounded by its sum."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from reducible import random_system

import hippo_theory as ht
from hippo_theory.errors import AccuracyError, AccuracyWarning, ParameterError, UnstableSystemError


class TestTheBound:
    @pytest.mark.filterwarnings("ignore::hippo_theory.errors.AccuracyWarning")
    @pytest.mark.parametrize("block", range(5))
    def test_the_error_lies_between_its_bounds(self, block):
        for seed in range(20 * block, 20 * (block + 1)):
            system = random_system(seed)
            found = ht.modal_truncation(system, max(2, seed % system.N))
            error = ht.hinf_norm(system, found.system)
            slack = 1e-11 * (found.values[0] + error.value) + error.error
            assert found.lower - slack <= error.value <= found.upper + slack, seed
            assert found.order == found.system.N and found.lower <= found.upper

    def test_it_is_attained_where_all_modes_peak_together(self):
        """Real poles and positive residues: all terms are largest at 0."""
        system = ht.Diagonal([-1.0, -2.0, -4.0, -5.0], np.ones(4), C=[1.0, 6.0, 2.0, 20.0])
        found = ht.modal_truncation(system, 2)
        assert found.values.tolist() == [4.0, 3.0, 1.0, 0.5]
        assert found.system.lam.tolist() == [-2.0, -5.0]
        assert found.upper == 1.5 and abs(ht.hinf_norm(system, found.system).value - 1.5) < 1e-12

    def test_in_discrete_time(self):
        system = ht.Diagonal([0.5, -0.75, 0.9], np.ones(3), C=[1.0, 1.0, 0.1], D=2.0, dt=1.0)
        found = ht.modal_truncation(system, 1)
        assert np.allclose(found.values, [4.0, 2.0, 1.0]) and found.system.lam.tolist() == [-0.75]
        assert found.system.D == 2.0 and abs(found.upper - 3.0) < 1e-12
        assert abs(ht.hinf_norm(system, found.system).value - 3.0) < 1e-12

    def test_the_fewest_states_for_an_error(self):
        system = ht.s4d("inv", 32, C=1 / (1 + np.arange(16.0)))
        for error in (1.0, 0.3, 0.1):
            found = ht.modal_truncation(system, error=error)
            fewer = ht.modal_truncation(system, found.order - 2)
            assert found.upper <= error < fewer.upper
            assert ht.hinf_norm(system, found.system).value <= error


class TestModes:
    def test_halves_stay_halves_and_keep_their_order(self):
        system = ht.s4d("inv", 16, rng=0).system
        system = ht.Diagonal(system.lam, system.B, np.arange(8.0) ** 2 + 1, conjugate_pairs=True)
        found = ht.modal_truncation(system, 6).system
        assert found.conjugate_pairs and found.lam.size == 3
        assert (
            np.isin(found.lam, system.lam).all()
            and (np.diff(np.searchsorted(-system.lam.imag, -found.lam.imag)) > 0).all()
        )

    def test_pairs_that_are_written_out_stay_together(self):
        a = np.array([-1 + 3j, -1 + 5j, -1 - 5j, -1 - 3j, -0.5])
        system = ht.Diagonal(a, np.ones(5), C=[1.0, 2.0, 2.0, 1.0, 0.7])
        for order, kept in ((2, 2), (3, 3 - 1), (4, 2 + 1), (5, 5)):
            found = ht.modal_truncation(system, order)
            closed = {complex(x) for x in found.system.lam}
            assert {x.conjugate() for x in closed} == closed
            assert found.order in (kept, order)
        with pytest.raises(ParameterError, match="one of a pair"):
            ht.modal_truncation(system, 1)

    @pytest.mark.parametrize("seed", [1, 2, 4, 5, 9])
    def test_a_dense_system_comes_back_from_its_eigenvectors(self, seed):
        rng = np.random.default_rng(seed)
        A = rng.standard_normal((7, 7))
        A -= (np.linalg.eigvals(A).real.max() + 0.3) * np.eye(7)
        system = ht.StateSpace(A, rng.standard_normal((7, 2)), rng.standard_normal((3, 7)), rng.standard_normal((3, 2)))
        found = ht.modal_truncation(system, 7).system
        s = 1j * np.linspace(-4, 4, 9)
        assert found.conjugate_pairs and found.N == 7
        assert np.abs(found.transfer(s) - system.transfer(s)).max() < 1e-11

    def test_without_c_the_stored_state_is_read_out(self):
        for system in (ht.s4d("legs", 8), ht.LegS(4), ht.s4d("inv", 8).discretize(0.1)):
            found = ht.modal_truncation(system, 2)
            assert ht.hinf_norm(system, found.system).value <= found.upper * (1 + 1e-10)


class TestDigits:
    def test_legs_loses_its_modes(self):
        op = ht.LegS(16)
        system = ht.StateSpace(op.A, op.B, C=np.ones(16))
        with pytest.warns(AccuracyWarning, match="condition"):
            ht.modal_truncation(system, 8)
        with pytest.raises(AccuracyError, match="balanced_truncation"):
            ht.modal_truncation(ht.LegS(48), 8)

    def test_a_jordan_block_has_none(self):
        with pytest.raises(AccuracyError, match="modes cancel"):
            ht.modal_truncation(ht.StateSpace([[-1.0, 1.0], [0.0, -1.0]], [0.0, 1.0], [1.0, 0.0]), 1)

    def test_a_normal_matrix_keeps_all(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ht.modal_truncation(ht.StateSpace([[-1.0, 5.0], [-5.0, -1.0]], [1.0, 2.0], [1.0, 0.0]), 2)


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [({}, "either"), ({"order": 0}, "at least 1"), ({"order": 3}, "exceeds 2"), ({"error": np.nan}, "finite")],
    )
    def test_orders(self, arguments, message):
        with pytest.raises(ParameterError, match=message):
            ht.modal_truncation(ht.Diagonal([-1.0, -2.0], [1.0, 1.0], C=[1.0, 2.0]), **arguments)

    def test_systems(self):
        with pytest.raises(UnstableSystemError, match="pole 0"):
            ht.modal_truncation(ht.Diagonal([0.0, -2.0], [1.0, 1.0], C=[1.0, 2.0]), 1)
        with pytest.raises(ParameterError, match="constant"):
            ht.modal_truncation(ht.Diagonal([-1.0, -2.0], [0.0, 0.0], C=[1.0, 2.0]), 1)
