"""Optimal Hankel-norm approximation: the least error is attained, and what is left is all-pass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.analysis._enclosing_disc import disc_of_curve, enclosing_disc
from hippo_theory.errors import ParameterError, UnstableSystemError

pytestmark = pytest.mark.filterwarnings("ignore::hippo_theory.errors.AccuracyWarning")


def random_system(seed, siso=True):
    """Real or complex, continuous or (even seeds) discrete, with poles of some distance to the boundary."""
    rng = np.random.default_rng(seed)
    N, (H, p) = int(rng.integers(2, 9)), (1, 1) if siso else (int(n) for n in rng.integers(1, 4, 2))
    discrete, real = seed % 2 == 0, rng.random() < 0.5

    def draw(*shape):
        return rng.standard_normal(shape) + (0 if real else 1j * rng.standard_normal(shape))

    A = draw(N, N)
    lam = np.linalg.eigvals(A)
    A = A / (1.2 * np.abs(lam).max()) if discrete else A - (lam.real.max() + 0.2) * np.eye(N)
    B, C, D = draw(N, H), draw(p, N), draw(p, H)
    B, C, D = (B[:, 0], C[0], D[0, 0]) if siso else (B, C, D)
    return ht.StateSpace(A, B, C, D, dt=0.3 if discrete else None)


def difference(G, R):
    """G - R as one system."""
    B, C, D = (x.reshape(shape) for x, shape in ((G.B, (G.N, -1)), (G.C, (-1, G.N)), (np.asarray(G.D - R.D), (1, -1))))
    A = np.block([[G.A, np.zeros((G.N, R.N))], [np.zeros((R.N, G.N)), R.A]])
    B, C = np.vstack([B, R.B.reshape(R.N, -1)]), np.hstack([C, -R.C.reshape(-1, R.N)])
    return ht.StateSpace(A, B, C, D.reshape(len(C), B.shape[1]), G.dt)


def error_on_the_boundary(G, found):
    """G - G_r - F at some points, (S, p, H)."""
    w = np.linspace(-3, 3, 17)
    z, mirrored = (np.exp(1j * w), np.exp(-1j * w)) if G.dt else (1j * w, -1j * w)
    E = G.transfer(z) - found.system.transfer(z)
    E = E if found.mirror is None else E - found.mirror.transfer(mirrored)
    return np.moveaxis(E.reshape(*((1, 1) if G.B.ndim == 1 else (len(G.C), G.B.shape[1])), -1), -1, 0)


def slack_of(found):
    """Of a relative deviation from all-pass: small values, small gaps and slow anticausal poles cost digits."""
    sigma, k = found.values, found.order
    gap = np.abs(np.delete(sigma, k) - sigma[k]).min()
    return 1e-9 + 1e-13 * (sigma[0] / sigma[k]) ** 1.5 + 1e-13 * sigma[0] / gap


class TestTheTheorem:
    @pytest.mark.parametrize("seed", range(60))
    def test_the_hankel_norm_of_the_error_is_the_next_value(self, seed):
        G = random_system(seed, siso=seed % 3 > 0)
        for order in range(1, G.N):
            found = ht.hankel_norm_approximation(G, order)
            sigma, largest = found.values[order], found.values[0]
            norm = ht.hankel_norm(difference(G, found.system)).value
            # The states are known to eps sigma_0, the small values of all to the same.
            assert abs(norm - sigma) <= 1e-10 * sigma + 2e-13 * largest * (largest / sigma) ** 0.5

    @pytest.mark.parametrize("seed", range(40))
    def test_the_error_is_all_pass_but_for_an_anticausal_part(self, seed):
        G = random_system(seed)
        for order in range(1, G.N):
            found = ht.hankel_norm_approximation(G, order)
            E = np.abs(error_on_the_boundary(G, found))
            slack = slack_of(found)
            assert np.abs(E / found.lower - 1).max() <= slack
            assert found.residual <= slack
            if found.mirror is not None:
                lam = found.mirror.poles
                assert (np.abs(lam) < 1).all() if G.dt else (lam.real < 0).all()

    @pytest.mark.parametrize("seed", range(60, 80))
    def test_for_several_ports_it_is_part_of_a_unitary_matrix(self, seed):
        G = random_system(seed, siso=False)
        found = ht.hankel_norm_approximation(G, 1 + seed % (G.N - 1))
        gains = np.linalg.svd(error_on_the_boundary(G, found), compute_uv=False) / found.lower
        slack = slack_of(found)
        assert gains.max() <= 1 + slack
        if len(G.C) == G.B.shape[1]:
            assert gains.min() >= 1 - slack

    @pytest.mark.parametrize("seed", range(80))
    def test_the_h_infinity_error_lies_between_its_bounds(self, seed):
        G = random_system(seed, siso=seed % 3 > 0)
        order = 1 + seed % (G.N - 1)
        found = ht.hankel_norm_approximation(G, order)
        error = ht.hinf_norm(G, found.system)
        slack = 1e-12 * found.values[0] + error.error
        assert found.lower - slack <= error.value <= found.upper + slack
        tail = found.values[order:]
        expected = tail.sum() if np.size(G.D) == 1 else 2 * tail.sum() - tail[0]
        assert abs(found.upper - expected) <= 1e-12 * found.values[0]

    @pytest.mark.parametrize("seed", range(0, 30))
    def test_no_other_constant_does_better(self, seed):
        G = random_system(seed)
        found = ht.hankel_norm_approximation(G, 1)
        R, rng = found.system, np.random.default_rng(seed)
        least = ht.hinf_norm(G, R).value
        for step in 10.0 ** np.arange(-4.0, 0) * least:
            turn = np.exp(2j * np.pi * rng.random())
            other = ht.StateSpace(R.A, R.B, R.C, R.D + step * turn, R.dt)
            assert ht.hinf_norm(G, other).value >= least * (1 - 1e-7)

    def test_with_one_state_less_the_error_has_one_gain_everywhere(self):
        op = ht.LegS(9)
        G = ht.StateSpace(op.A, op.B, C=np.random.default_rng(1).standard_normal(9))
        found = ht.hankel_norm_approximation(G, 8)
        assert found.mirror is None
        w = np.linspace(0, 100, 40)
        gains = np.abs((G.transfer(1j * w) - found.system.transfer(1j * w)) / found.values[8])
        assert np.abs(gains - 1).max() < slack_of(found) and found.upper == found.lower


class TestClosedForms:
    def test_two_real_poles(self):
        """G = 1/(s + 1) + 1/(s + 3): P = Q = [[1/2, 1/4], [1/4, 1/6]], G - G_r = -sigma (s - a)/(s + a) in modulus."""
        G = ht.StateSpace(np.diag([-1.0, -3.0]), [1.0, 1.0], [1.0, 1.0])
        found = ht.hankel_norm_approximation(G, 1)
        sigma = np.linalg.eigvalsh([[1 / 2, 1 / 4], [1 / 4, 1 / 6]])[0]
        assert abs(found.lower / sigma - 1) < 1e-13
        # The least-squares problem of all first-order systems, by brute force, does no better.
        from scipy.optimize import minimize

        w = np.append(np.tan(np.linspace(0, np.pi / 2, 400)[:-1]), 1e9)
        values = G.transfer(1j * w)

        def largest(x):
            return np.abs(values - x[0] / (1j * w + np.exp(x[1])) - x[2]).max()

        x = np.array([1.5, 0.3, 0.0])
        for _ in range(8):  # a ridge of equal gains stops the simplex; a new one goes on
            x = minimize(largest, x, method="Nelder-Mead", options={"xatol": 1e-12, "fatol": 1e-14}).x
        assert sigma * (1 - 1e-5) <= largest(x) <= sigma * (1 + 1e-2)
        assert (
            abs(
                largest([found.system.C[0] * found.system.B[0], np.log(-found.system.A[0, 0]), found.system.D]) / sigma
                - 1
            )
            < 1e-9
        )

    def test_a_finite_impulse_response_is_the_singular_value_of_its_hankel_matrix(self):
        """h = (3, 2, 1): [[3, 2, 1], [2, 1, 0], [1, 0, 0]]."""
        G = ht.StateSpace(np.diag([1.0, 1.0], -1), [1.0, 0.0, 0.0], [3.0, 2.0, 1.0], dt=1.0)
        sigma = np.linalg.svd([[3, 2, 1], [2, 1, 0], [1, 0, 0]], compute_uv=False)
        for order in (1, 2):
            found = ht.hankel_norm_approximation(G, order)
            h = found.system.kernel(400)
            H = -h[np.add.outer(np.arange(200), np.arange(200))]
            H[:3, :3] += [[3, 2, 1], [2, 1, 0], [1, 0, 0]]
            assert abs(np.linalg.norm(H, 2) / sigma[order] - 1) < 1e-12


class TestLegS:
    @pytest.mark.parametrize(
        ("N", "order"), [(16, 1), (16, 8), (64, 32), (64, 57), pytest.param(256, 128, marks=pytest.mark.slow)]
    )
    def test_many_states(self, N, order):
        op = ht.LegS(N)
        G = ht.StateSpace(op.A, op.B, C=np.random.default_rng(1).standard_normal(N))
        found = ht.hankel_norm_approximation(G, order)
        assert order == found.system.N and found.residual < 1e-8
        assert abs(ht.hankel_norm(difference(G, found.system)).value / found.lower - 1) < 1e-10
        error = ht.hinf_norm(G, found.system).value
        assert found.lower <= error <= found.upper
        assert error < ht.hinf_norm(G, ht.balanced_truncation(G, order).system).value

    def test_real_stays_real(self):
        found = ht.hankel_norm_approximation(ht.LegS(6), 2)
        assert not any(np.iscomplexobj(x) for x in (found.system.A, found.system.B, found.system.C, found.mirror.A))


class TestRefusals:
    def test_equal_values(self):
        all_pass = ht.StateSpace(ht.LagT(4).A, ht.LagT(4).B, C=ht.LagT(4).B)
        with pytest.raises(ParameterError, match="values 0 to 3 agree to rounding"):
            ht.hankel_norm_approximation(all_pass, 2)
        twins = ht.StateSpace(-np.diag([1.0, 1.0, 3.0]), np.diag([3.0, 1.0, 1.0]), np.diag([1.0, 1.0, 3.0]))
        found = ht.hankel_norm_approximation(twins, 1)
        assert np.allclose(found.values, [1.5, 0.5, 0.5]) and found.mirror is None
        assert abs(ht.hinf_norm(twins, found.system).value - 0.5) < 1e-12
        with pytest.raises(ParameterError, match="values 1 to 2 agree"):
            ht.hankel_norm_approximation(twins, 2)

    def test_orders_and_systems(self):
        G = ht.StateSpace(np.diag([-1.0, -2.0]), [1.0, 1.0], [1.0, 1.0])
        for order, message in ((0, "at least 1"), (3, "exceeds 2"), (1.5, "integer"), (None, "either")):
            with pytest.raises(ParameterError, match=message):
                ht.hankel_norm_approximation(G, order)
        with pytest.raises(UnstableSystemError, match="pole 0"):
            ht.hankel_norm_approximation(ht.StateSpace([[0.0]], [1.0], [1.0]), 1)

    def test_the_fewest_states_for_an_error(self):
        op = ht.LegS(24)
        G = ht.StateSpace(op.A, op.B, C=1 / np.arange(1, 25) ** 2)
        found = ht.hankel_norm_approximation(G, error=1e-3)
        assert found.upper <= 1e-3 < ht.hankel_norm_approximation(G, found.order - 1).upper
        assert ht.hankel_norm_approximation(G, 24 if found.values[-1] > 1e-13 else found.order).upper <= found.upper


class TestTheDisc:
    @settings(max_examples=60)
    @given(st.integers(0, 2**31), st.integers(1, 40))
    def test_it_holds_all_points_and_two_or_three_hold_it(self, seed, n):
        rng = np.random.default_rng(seed)
        points = rng.standard_normal(n) + 1j * rng.standard_normal(n) * rng.integers(0, 2)
        centre, radius = enclosing_disc(points)
        assert (np.abs(points - centre) <= radius * (1 + 1e-9)).all()
        rim = points[np.abs(points - centre) >= radius * (1 - 1e-9)] - centre
        # The centre lies between the points on the rim: no half plane is without one.
        for angle in np.linspace(0, 2 * np.pi, 60):
            assert (rim * np.exp(1j * angle)).real.max() >= -1e-6 * radius

    def test_a_curve_between_its_grid_points(self):
        centre = disc_of_curve(lambda t: 1 / (1 + 100 * (t - 0.123) ** 2) + 0j, np.linspace(-2, 2, 21), True)
        low = 1 / (1 + 100 * 2.123**2)
        assert abs(centre - (1 + low) / 2) < 1e-9
