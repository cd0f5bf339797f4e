"""Rational approximation: samples become systems, and systems that are not there are refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import AAA

import hippo_theory as ht
from hippo_theory.analysis.rational import _mirrored
from hippo_theory.errors import AccuracyError, ParameterError, ShapeError, UnstableSystemError

pytestmark = pytest.mark.filterwarnings("ignore::hippo_theory.errors.AccuracyWarning")
W = np.tan(np.linspace(-1.5, 1.5, 200))


class TestFromAAA:
    def test_poles_residues_and_d_come_back(self):
        lam, C = np.array([-1 + 2j, -0.5 - 1j, -3.0]), np.array([1.0, 2j, -1.0])
        system = ht.from_aaa(AAA(1j * W, ht.Diagonal(lam, np.ones(3), C, 0.25).transfer(1j * W)))
        order = np.argmin(np.abs(system.lam[:, None] - lam), axis=0)
        assert np.abs(system.lam[order] - lam).max() < 1e-10 and np.abs(system.C[order] - C).max() < 1e-9
        assert abs(system.D - 0.25) < 1e-10 and system.dt is None

    def test_on_the_unit_circle(self):
        given = ht.Diagonal([0.5, -0.3 + 0.6j], [1.0, 1.0], C=[1.0, 1j], D=2.0, dt=0.1)
        z = np.exp(1j * np.linspace(-3, 3, 100))
        system = ht.from_aaa(AAA(z, given.transfer(z)), dt=0.1)
        assert ht.hinf_norm(given, system).value < 1e-10

    def test_it_is_the_fit_everywhere(self):
        s = 1j * np.linspace(-5, 5, 300)
        fit = AAA(s, 1 / np.sqrt(2 + s), rtol=1e-6)
        system = ht.from_aaa(fit)
        z = np.array([0.3 + 1j, 2.0, 4 - 3j])
        assert np.abs(system.transfer(z) - fit(z)).max() < 1e-9

    def test_unstable_poles_are_refused_or_dropped_when_asked(self):
        fit = AAA(1j * W, 1 / (1j * W + 1) + 1e-3 / (1j * W - 2))
        with pytest.raises(UnstableSystemError, match="pole 2"):
            ht.from_aaa(fit)
        left = ht.from_aaa(fit, drop_unstable=True)
        assert left.lam.size == 1 and abs(left.lam[0] + 1) < 1e-9
        with pytest.raises(UnstableSystemError):
            ht.from_aaa(AAA(1j * W, 1 / (1j * W - 2)), drop_unstable=True)

    def test_what_no_system_is(self):
        with pytest.raises(ParameterError, match="constant"):
            ht.from_aaa(AAA(1j * W, np.ones(W.size)))
        with pytest.raises(AccuracyError, match="without bound"):
            ht.from_aaa(AAA(1j * W, 1j * W + 1 / (1j * W + 1)))
        with pytest.raises(ParameterError, match="AAA is needed"):
            ht.from_aaa(np.ones(3))


class TestTheFit:
    @pytest.mark.parametrize("seed", range(12))
    def test_a_system_comes_back(self, seed):
        rng = np.random.default_rng(seed)
        real, discrete, N = seed % 3 > 0, seed % 2 == 0, 5
        A = rng.standard_normal((N, N)) + (0 if real else 1j * rng.standard_normal((N, N)))
        lam = np.linalg.eigvals(A)
        A = A / (1.3 * np.abs(lam).max()) if discrete else A - (lam.real.max() + 0.3) * np.eye(N)
        G = ht.StateSpace(A, rng.standard_normal(N), rng.standard_normal(N), 0.5, dt=0.2 if discrete else None)
        found = ht.rational_fit(G, tol=1e-12)
        assert found.order == N and ht.hinf_norm(G, found.system).value < 1e-8 * found.values[0]
        assert np.iscomplexobj(found.system.A) != real

    @pytest.mark.parametrize("order", [2, 4, 6, 8])
    def test_the_error_lies_between_its_bounds_and_near_the_least(self, order):
        op = ht.LegS(16)
        G = ht.StateSpace(op.A, op.B, C=1 / np.arange(1, 17) ** 2)
        found = ht.rational_fit(G, order)
        error = ht.hinf_norm(G, found.system).value
        assert found.order <= order and (found.system.poles.real < 0).all()
        assert found.lower <= error <= found.upper and error <= 12 * found.lower

    def test_where_it_is_sampled_is_a_choice(self):
        G = ht.Diagonal([-1 + 50j, -1.0], [1.0, 1.0], C=[1.0, 1.0], conjugate_pairs=True)
        low = ht.rational_fit(G, 1, frequencies=np.linspace(0, 3, 30)).system
        assert abs(low.poles[0] + 1) < 0.1
        with pytest.raises(ParameterError, match="NaN"):
            ht.rational_fit(G, 1, frequencies=[1.0, np.nan])

    def test_of_a_real_function_poles_pair_or_lie_on_the_axis(self):
        found = _mirrored(np.array([-1 + 2j, -1.0001 - 2j, -3 + 1e-9j, -5 - 1e-3j, -6.0]))
        assert sorted(found.tolist(), key=lambda z: z.real) == [-6, -5, -3, pytest.approx(-1.00005 + 2j)]


class TestRefusals:
    def test_orders_tolerances_and_systems(self):
        G = ht.StateSpace(np.diag([-1.0, -2.0]), [1.0, 1.0], [1.0, 1.0])
        for arguments, message in (
            ({}, "either"),
            ({"order": 1, "tol": 0.1}, "either"),
            ({"order": 0}, "at least"),
            ({"tol": -1}, "positive"),
        ):
            with pytest.raises(ParameterError, match=message):
                ht.rational_fit(G, **arguments)
        with pytest.raises(ShapeError, match="one input and one output"):
            ht.rational_fit(ht.LegS(4), 2)
        with pytest.raises(UnstableSystemError):
            ht.rational_fit(ht.StateSpace([[0.1]], [1.0], [1.0]), 1)
        with pytest.raises(ParameterError, match="constant"):
            ht.rational_fit(ht.StateSpace([[-0.1]], [0.0], [1.0]), 1)
