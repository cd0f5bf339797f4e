"""H2-optimal reduction: stationary, stable, and no worse than what brute force or interpolation find."""

from __future__ import annotations

import numpy as np
import pytest
from reducible import random_system
from scipy.linalg import solve_continuous_lyapunov, solve_discrete_lyapunov
from scipy.optimize import minimize_scalar

import hippo_theory as ht
from hippo_theory.analysis._input_normal import Distance
from hippo_theory.errors import ParameterError, UnstableSystemError

pytestmark = pytest.mark.filterwarnings("ignore::hippo_theory.errors.AccuracyWarning")


def stationary(G, R):
    """The largest relative misfit of G and R, and of their slopes, at the mirror images of the poles of R."""
    lam = R.poles
    mirror = 1 / lam.conj() if G.dt else -lam.conj()
    h = 1e-4 * np.abs(mirror - lam)

    def jet(S):
        # Richardson: a slope to ten digits from values alone.
        d = [(S.transfer(mirror + k * h) - S.transfer(mirror - k * h)) / (2 * k * h) for k in (1, 2)]
        return S.transfer(mirror) - S.D, (4 * d[0] - d[1]) / 3

    return max(float((np.abs(a - b) / np.abs(a)).max()) for a, b in zip(jet(G), jet(R), strict=True))


def siso(seed, N=6):
    rng = np.random.default_rng(seed)
    real, discrete = rng.random() < 0.6, seed % 2 == 0
    A, B, C = rng.standard_normal((N, N)), rng.standard_normal(N), rng.standard_normal(N)
    if not real:
        A, C = A + 1j * rng.standard_normal((N, N)), C + 1j * rng.standard_normal(N)
    lam = np.linalg.eigvals(A)
    A = A / (1.3 * np.abs(lam).max()) if discrete else A - (lam.real.max() + 0.3) * np.eye(N)
    return ht.StateSpace(A, B, C, 0.7, dt=0.5 if discrete else None)


class TestStationary:
    @pytest.mark.parametrize("seed", range(16))
    def test_meier_and_luenberger_hold(self, seed):
        G, order = siso(seed), 1 + seed % 3
        found = ht.h2_reduction(G, order)
        assert found.residual < 1e-9
        assert stationary(G, found.system) < 1e-6
        lam = found.system.poles
        assert (np.abs(lam) < 1).all() if G.dt else (lam.real < 0).all()

    @pytest.mark.parametrize("seed", range(20))
    def test_with_several_ports_it_beats_balanced_truncation(self, seed):
        G = random_system(seed)
        order = 1 + seed % min(4, G.N - 1)
        found = ht.h2_reduction(G, order)
        assert found.residual < 1e-8 and order == found.system.N
        balanced = ht.balanced_truncation(G, order).system
        assert found.h2_error <= ht.h2_norm(G, balanced).value * (1 + 1e-9)
        error = ht.hinf_norm(G, found.system)
        slack = 1e-12 * found.values[0] + error.error
        assert found.lower - slack <= error.value <= found.upper + slack

    @pytest.mark.parametrize("seed", range(8))
    def test_nearby_systems_are_farther(self, seed):
        G = siso(seed)
        found, rng = ht.h2_reduction(G, 2), np.random.default_rng(seed)
        R = found.system
        for step in (1e-2, 1e-3):
            for _ in range(6):
                A, B, C = (x * (1 + step * rng.standard_normal(x.shape)) for x in (R.A, R.B, R.C))
                other = ht.h2_norm(G, ht.StateSpace(A, B, C, R.D, R.dt)).value
                assert other >= found.h2_error * (1 - 1e-9)

    @pytest.mark.parametrize("seed", range(6))
    def test_irka_stays_where_it_is(self, seed):
        """One step of the iterative rational Krylov algorithm leaves the poles alone."""
        G = siso(2 * seed + 1)
        R = ht.h2_reduction(G, 2).system
        sigma = -R.poles.conj()
        V = np.array([np.linalg.solve(s * np.eye(G.N) - G.A, G.B) for s in sigma]).T
        W = np.array([np.linalg.solve((s * np.eye(G.N) - G.A).conj().T, G.C.conj()) for s in sigma]).T
        lam = np.linalg.eigvals(np.linalg.solve(W.conj().T @ V, W.conj().T @ G.A @ V))
        assert np.abs(lam[:, None] - R.poles).min(axis=0).max() < 1e-7 * np.abs(lam).max()


class TestBruteForce:
    @pytest.mark.parametrize("seed", range(1, 20, 2))
    def test_one_state(self, seed):
        """c/(s + a): the best c is 2a G(a), the error ||G||^2 - 2a G(a)^2; all a are tried."""
        rng = np.random.default_rng(seed)
        A = rng.standard_normal((5, 5))
        A -= (np.linalg.eigvals(A).real.max() + 0.2) * np.eye(5)
        G = ht.StateSpace(A, rng.standard_normal(5), rng.standard_normal(5))
        P = solve_continuous_lyapunov(A, -np.outer(G.B, G.B))

        def gain(x):
            return -2 * np.exp(x) * G.transfer(np.exp(x)).real ** 2

        x = np.linspace(-8, 8, 801)
        k = int(np.argmin([gain(t) for t in x]))
        best = minimize_scalar(
            gain, bounds=(x[max(k - 1, 0)], x[min(k + 1, 800)]), method="bounded", options={"xatol": 1e-12}
        ).fun
        expected = np.sqrt(G.C @ P @ G.C + best)
        assert abs(ht.h2_reduction(G, 1, starts=8).h2_error / expected - 1) < 1e-9

    def test_one_state_in_discrete_time(self):
        """c/(z - a), abs(a) < 1: the error is ||G||^2 - (1 - a^2) G(1/a)^2/a^2."""
        A = np.array([[0.5, 0.3, 0.0], [-0.3, 0.5, 0.2], [0.1, 0.0, -0.6]])
        G = ht.StateSpace(A, [1.0, 0.5, -1.0], [1.0, 2.0, 0.3], dt=0.1)
        size = G.C @ solve_discrete_lyapunov(A, np.outer(G.B, G.B)) @ G.C
        a = np.linspace(-0.999, 0.999, 200000)
        expected = np.sqrt(size - ((1 - a**2) * np.abs(G.transfer(1 / a) / a) ** 2).max())
        assert abs(ht.h2_reduction(G, 1, starts=8).h2_error / expected - 1) < 1e-9

    @pytest.mark.parametrize(("seed", "real"), [(0, True), (1, True), (2, False), (3, False)])
    def test_the_gradient_is_that_of_differences(self, seed, real):
        rng, r, H = np.random.default_rng(seed), 3, 2
        T = np.triu(rng.standard_normal((6, 6)) + 1j * rng.standard_normal((6, 6)))
        T -= np.diag(1.5 + np.abs(np.diagonal(T).real))
        f = Distance(T, rng.standard_normal((6, H)) + 0j, rng.standard_normal((2, 6)) + 0j, r, False)
        if real:
            A = rng.standard_normal((6, 6)) - 4 * np.eye(6)
            from scipy.linalg import schur

            T, Z = schur(A.astype(complex), output="complex")
            f = Distance(T, Z.conj().T @ rng.standard_normal((6, H)), rng.standard_normal((2, 6)) @ Z, r, True)
        x = rng.standard_normal(r * (r - 1) // 2 + r * H if real else r * r + 2 * r * H)
        A, B = f.reduced(x)
        assert np.abs(A + A.conj().T + B @ B.conj().T).max() < 1e-14 and np.allclose(f.parameters(A, B), x)
        slopes = [(f(x + 1e-5 * e)[0] - f(x - 1e-5 * e)[0]) / 2e-5 for e in np.eye(x.size)]
        assert np.abs(f(x)[1] - slopes).max() < 1e-7 * np.abs(slopes).max()


class TestTheResult:
    def test_the_same_seed_gives_the_same_system(self):
        G = siso(3)
        a, b = (ht.h2_reduction(G, 2, rng=5).system for _ in range(2))
        assert (a.A == b.A).all() and (a.C == b.C).all()

    def test_real_stays_real_and_d_stays(self):
        op = ht.LegS(12)
        found = ht.h2_reduction(ht.StateSpace(op.A, op.B, C=op.B[::-1], D=3.0), 3)
        assert not any(np.iscomplexobj(x) for x in (found.system.A, found.system.B, found.system.C))
        assert found.system.D == 3.0 and found.system.B.shape == (3,) and "H2 error" in str(found)

    def test_the_whole_order_is_the_system(self):
        found = ht.h2_reduction(siso(1), 6)
        assert found.h2_error < 1e-9 * found.values[0] and found.upper < 1e-8

    @pytest.mark.slow
    def test_many_states(self):
        op = ht.LegS(256)
        G = ht.StateSpace(op.A, op.B, C=np.random.default_rng(1).standard_normal(256))
        found = ht.h2_reduction(G, 8, starts=1)
        assert found.residual < 1e-8
        assert found.h2_error < ht.h2_norm(G, ht.balanced_truncation(G, 8).system).value


class TestRefusals:
    def test_orders_and_systems(self):
        G = ht.StateSpace(np.diag([-1.0, -2.0]), [1.0, 1.0], [1.0, 1.0])
        for order, message in ((0, "at least 1"), (3, "exceeds 2"), (1.5, "integer")):
            with pytest.raises(ParameterError, match=message):
                ht.h2_reduction(G, order)
        with pytest.raises(ParameterError, match="starts"):
            ht.h2_reduction(G, 1, starts=0)
        with pytest.raises(ParameterError, match="rng"):
            ht.h2_reduction(G, 1, rng="seed")
        with pytest.raises(UnstableSystemError, match="pole 1"):
            ht.h2_reduction(ht.StateSpace([[1.0]], [1.0], [1.0]), 1)
        with pytest.raises(ParameterError, match="constant"):
            ht.h2_reduction(ht.StateSpace([[-1.0]], [0.0], [1.0]), 1)
