"""Enclosures of the H-infinity norm: they contain what closed forms, 40 digits and brute force say; nothing is missed.

The other roads: formulas for chains, resonances and single poles, ``ht.diagonal_error``, LAPACK's solves and singular
values on grids, ``ht.hinf_norm``; and polynomials whose zeros and minima are known.
"""

import copy
import math
import pickle

import flint
import mpmath as mp
import numpy as np
import pytest
from flint import acb, acb_poly, arb, arb_poly
from hypothesis import given, settings
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import AccuracyError, ParameterError, ParameterTypeError, ShapeError, UnstableSystemError
from hippo_theory.rigor import boundary_gain, hinf_norm
from hippo_theory.rigor.boundary_gain import BoundaryGain
from hippo_theory.rigor.exact_transfer import exact_transfer
from hippo_theory.rigor.hinf_norm import HInfinityBounds, enclose_hinf_norm
from hippo_theory.rigor.positivity import Refuted, is_hurwitz, positive_on_half_line

SS = ht.StateSpace
EPS = np.finfo(float).eps


def random_system(seed, most=8):
    """All kinds: real and complex, continuous and discrete, with D and without, up to three inputs and outputs."""
    rng = np.random.default_rng(seed)
    N, p, H = int(rng.integers(1, most + 1)), *map(int, rng.integers(1, 4, 2))
    A = rng.standard_normal((N, N)) + (1j * rng.standard_normal((N, N)) if seed % 2 else 0)
    A = 3 * np.triu(A) if seed % 3 == 0 else A
    gap, discrete = 10 ** rng.uniform(-3, 0), seed % 4 >= 2
    lam = np.linalg.eigvals(A)
    A = A / np.abs(lam).max() * (1 - gap / 2) if discrete else A - np.eye(N) * (lam.real.max() + gap)
    B, C, D = (rng.standard_normal(shape) for shape in ((N, H), (p, N), (p, H)))
    return SS(A, B, C, 3 * D if seed % 5 < 2 else 0 * D, dt=0.5 if discrete else None)


def gains(S, t):
    """sigma_max by LAPACK, at it or e^{it}."""
    z = np.exp(1j * t) if S.dt else 1j * t
    G = S.transfer(z).reshape(len(S.C), -1, z.size)
    return np.linalg.svd(np.moveaxis(G, -1, 0), compute_uv=False)[:, 0]


def around_poles(S):
    lam = S.poles
    centre, width = (np.angle(lam), 1 - np.abs(lam)) if S.dt else (lam.imag, -lam.real)
    return np.append(np.linspace(-3, 3, 301), (centre[:, None] + width[:, None] * np.linspace(-3, 3, 61)).ravel())


def narrow(found, rel=1e-6):
    return found.upper <= found.lower * (1 + rel + 4 * EPS)


class TestClosedForms:
    @pytest.mark.parametrize("zeta", [0.7, 0.5, 0.1, 1e-3, 1e-8])
    def test_a_resonance(self, zeta):
        found = enclose_hinf_norm(SS([[0.0, 1.0], [-1.0, -2 * zeta]], [0.0, 1.0], C=[1.0, 0.0]))
        with mp.workdps(40):
            exact = 1 / (2 * mp.mpf(zeta) * mp.sqrt(1 - mp.mpf(zeta) ** 2))
            assert found.lower <= exact <= found.upper and narrow(found)
        assert found.frequency == pytest.approx(math.sqrt(1 - 2 * zeta**2), abs=1e-6)

    @pytest.mark.parametrize("rel", [1e-12, 1e-9, 1e-3, 0.1])
    def test_as_narrow_as_asked_for(self, rel):
        found = enclose_hinf_norm(SS([[-0.5]], [1.0], C=[3.0]), rel=rel)
        assert found.lower <= 6 <= found.upper and narrow(found, rel)

    @pytest.mark.parametrize("a", [1e-300, 1e-12, 1.0, 1e150])
    def test_one_pole_in_any_unit_of_time(self, a):
        found = enclose_hinf_norm(SS([[-a]], [a], C=[2.0]))
        assert found.lower <= 2 <= found.upper and narrow(found) and found.frequency == 0

    @pytest.mark.parametrize(("b", "theta"), [(0.5, 0.0), (-0.5, math.pi), (0.875, 0.0), (-0.25j, -math.pi / 2)])
    def test_one_pole_in_discrete_time(self, b, theta):
        found = enclose_hinf_norm(ht.Diagonal([b], [1.0], C=[1.0], dt=0.25))
        assert found.lower <= 1 / (1 - abs(b)) <= found.upper and narrow(found)
        assert found.frequency == pytest.approx(theta / 0.25, abs=1e-5)

    @pytest.mark.parametrize("N", [1, 2, 3, 8, 16, 33, 64])
    def test_the_distance_of_legs_to_its_modes(self, N):
        op, e0 = ht.LegS(N), np.eye(N)[0]
        exact = ht.diagonal_error(op).peak()
        for first in (op, ht.s4(op)) if N <= 33 else (op,):
            found = enclose_hinf_norm(first, ht.s4d("legs", N))
            # The stored modes are within rounding of the exact ones, which moves the peak by N eps.
            room = 8 * (N + 2) * EPS * exact.value
            assert found.lower - room <= exact.value <= found.upper + room and narrow(found)
            assert found.frequency == pytest.approx(exact.frequency, abs=1e-6)
        found = enclose_hinf_norm(SS(op.A, op.B, C=e0), ht.s4d("legs", N, C=e0))
        exact = ht.diagonal_error(op).peak(e0)
        assert found.lower * (1 - 1e-12) <= exact.value <= found.upper * (1 + 1e-12) and narrow(found)

    @pytest.mark.slow
    def test_the_distance_of_a_large_legs_to_its_modes(self):
        found, exact = enclose_hinf_norm(ht.LegS(128), ht.s4d("legs", 128)), ht.diagonal_error(ht.LegS(128)).peak()
        assert found.lower * (1 - 1e-12) <= exact.value <= found.upper * (1 + 1e-12) and narrow(found)

    def test_the_distance_of_legs_16_to_its_modes_in_40_digits(self):
        def error(w):
            s, phi, total = mp.mpc(0, w), mp.mpf(1), mp.mpf(0)
            for k in range(16):
                total += (2 * k + 1) * abs(phi / (s + k + 1)) ** 2
                phi *= (s - k) / (s + k + 1)
            return mp.sqrt(total) * abs(phi / (1 + phi))

        with mp.workdps(40):
            exact = error(mp.findroot(lambda w: mp.diff(error, w), mp.mpf("80.966")))
        found = enclose_hinf_norm(ht.LegS(16), ht.s4d("legs", 16), rel=1e-12)
        assert found.lower <= exact * (1 + 64 * EPS) and exact <= found.upper * (1 + 64 * EPS)

    @pytest.mark.parametrize("N", [1, 5, 24])
    def test_legs_has_the_norm_one(self, N):
        found = enclose_hinf_norm(ht.LegS(N), rel=1e-10)
        assert found.lower <= 1 <= found.upper and found.frequency == 0

    @pytest.mark.parametrize("family", [ht.LagT, ht.FouT, ht.LegS])
    def test_all_pass_functions_have_the_norm_one_everywhere(self, family):
        op = family(17)
        found = enclose_hinf_norm(SS(op.A, op.B, C=-op.B, D=1.0))
        assert found.lower <= 1 + 64 * EPS and found.upper >= 1 - 64 * EPS and narrow(found)

    def test_a_feedthrough_counts_at_infinity(self):
        high = enclose_hinf_norm(SS([[-1.0]], [1.0], C=[-1.0], D=1.0))  # s/(s + 1)
        assert high.lower <= 1 <= high.upper and high.frequency == math.inf
        # A bump of 1e-6 on a constant, far away.
        bump = enclose_hinf_norm(ht.Diagonal([-1 + 1e4j], [1e-6], C=[1.0], D=1.0, conjugate_pairs=True), rel=1e-9)
        assert bump.lower <= 1 + 1e-6 + 1e-13 and bump.upper >= 1 + 1e-6
        # (z - 1)/z is largest at z = -1, which the bilinear map takes to infinity.
        last = enclose_hinf_norm(SS([[0.0]], [1.0], C=[-1.0], D=1.0, dt=0.5))
        assert last.lower <= 2 <= last.upper and last.frequency == pytest.approx(2 * math.pi)

    def test_equal_systems_and_zero_systems(self):
        legs = ht.LegS(6).system
        zero = SS(-np.eye(3), np.ones(3), C=np.zeros(3))
        pair = ht.Diagonal([-1 + 1j], [1.0], C=[0.0], conjugate_pairs=True)
        unseen = SS([[-1.0, 0.0], [0.5, -2.0]], [0.0, 1.0], C=[1.0, 0.0])
        for systems in ((legs, legs), (zero,), (pair,), (unseen,), (unseen, pair)):
            found = enclose_hinf_norm(*systems)
            assert (found.lower, found.upper, found.frequency) == (0, 0, 0)

    def test_a_difference_far_below_rounding(self):
        # 1/(s + 1) - 1/(s + 1 + e) has the norm e/(1 + e) at 0.
        e = 2.0**-52
        found = enclose_hinf_norm(ht.Diagonal([-1.0], [1.0], C=[1.0]), SS([[-1 - e]], [1.0], C=[1.0]), rel=1e-10)
        with mp.workdps(40):
            assert found.lower <= mp.mpf(e) / (1 + mp.mpf(e)) <= found.upper and narrow(found, 1e-10)
        # An operator against its own floats.
        found = enclose_hinf_norm(ht.LegS(16), ht.LegS(16).system)
        assert found.lower > 0 and found.upper < 1e-14 and narrow(found)


class TestOtherRoads:
    @pytest.mark.parametrize("group", range(6))
    def test_grids_and_the_norm_in_floats(self, group):
        for seed in range(10 * group, 10 * group + 10):
            S = random_system(seed)
            found, floats = enclose_hinf_norm(S), ht.hinf_norm(S)
            room = 1e-12 * found.lower + 4 * floats.error
            assert found.lower - room <= floats.value <= found.upper + room and narrow(found), seed
            t = around_poles(S)
            assert gains(S, t).max() <= found.upper * (1 + 1e-9), seed
            at = np.array([found.frequency * (S.dt or 1.0)])
            reached = gains(S, at)[0] if np.isfinite(at[0]) else np.linalg.norm(S.D, 2)
            assert reached >= found.lower * (1 - 1e-9), seed

    @pytest.mark.parametrize("N", [12, 20])
    def test_dense_systems_read_out_as_they_are(self, N):
        rng = np.random.default_rng(N)
        A = rng.standard_normal((N, N))
        S = SS(A - np.eye(N) * (np.linalg.eigvals(A).real.max() + 0.05), rng.standard_normal(N))
        near = SS(S.A + 1e-5 * rng.standard_normal((N, N)), S.B)
        for systems in ((S,), (S, near), (near, S)):
            found, floats = enclose_hinf_norm(*systems), ht.hinf_norm(*systems)
            assert found.lower * (1 - 1e-10) <= floats.value <= found.upper * (1 + 1e-10) and narrow(found)

    @settings(max_examples=20)
    @given(seed=st.integers(0, 10**6), c=st.floats(1e-3, 1e3))
    def test_scaled_dual_and_turned_systems(self, seed, c):
        S = random_system(seed, most=5)
        c = 2.0 ** round(math.log2(c))
        found = enclose_hinf_norm(S)
        dual = enclose_hinf_norm(SS(S.A.conj().T, S.C.conj().T, S.B.conj().T, S.D.conj().T, dt=S.dt))
        scaled = enclose_hinf_norm(SS(S.A, c * S.B, S.C, c * S.D, dt=S.dt))
        assert dual.lower <= found.upper and found.lower <= dual.upper
        assert scaled.lower <= c * found.upper and c * found.lower <= scaled.upper
        if S.dt is None:
            faster = enclose_hinf_norm(SS(c * S.A, c * S.B, S.C, S.D))
            assert faster.lower <= found.upper and found.lower <= faster.upper

    def test_all_forms_of_a_system_agree(self):
        N, C = 10, np.linspace(1, -1, 10)
        op, other = ht.LegS(N), ht.s4d("legs", N, C=C)
        dense = SS(op.A, op.B, C=C)
        expected = enclose_hinf_norm(dense, other)
        for form in (dense, ht.s4(op, C=C), ht.s4(op, C=C).system.to_dense()):
            for against in (other, other.system, other.system.full(), other.to_dense()):
                for found in (enclose_hinf_norm(form, against), enclose_hinf_norm(against, form)):
                    assert abs(found.lower / expected.lower - 1) <= 1e-12
                    assert found.frequency == pytest.approx(expected.frequency, abs=1e-6)
        sampled = [form.discretize(0.01, "bilinear") for form in (dense, ht.s4(op, C=C), other)]
        one, two = (enclose_hinf_norm(form, sampled[-1]) for form in sampled[:2])
        assert abs(one.lower / two.lower - 1) <= 1e-10 and narrow(one)
        assert one.lower == pytest.approx(ht.hinf_norm(sampled[0], sampled[-1]).value, rel=1e-10)

    def test_bilinear_sampling_keeps_the_norm(self):
        # It is the map of the circle to the axis that the proof uses, but for its factor and its roundings.
        S = ht.Diagonal([-0.5 + 8j, -0.25 + 2j], [1.0, 0.5], C=[1.0, 2.0], conjugate_pairs=True)
        found, sampled = enclose_hinf_norm(S), enclose_hinf_norm(S.discretize(0.125, "bilinear"))
        assert sampled.lower == pytest.approx(ht.hinf_norm(S.discretize(0.125, "bilinear")).value, rel=1e-12)
        assert narrow(found) and narrow(sampled)

    @pytest.mark.parametrize(
        "system",
        [
            ht.LegS(5),
            ht.LegT(5),
            ht.FouT(5),
            ht.TakenakaMalmquist([0.5, 1 + 2j, 1 - 2j], shift=0.25),
            ht.s4(ht.LegT(6)),
            ht.s4d("lin", 6),
            ht.s4d("legs", 5, C=np.arange(5.0)),
            ht.Diagonal(
                [-1 + 2j, -3], np.ones((2, 2)), C=np.array([[1, 2j], [3, 4]]), D=1j * np.eye(2), conjugate_pairs=True
            ),
            ht.Diagonal([-1 + 2j, -3], [1j, 2], conjugate_pairs=True),
            ht.DiagonalPlusLowRank([-1, -2], [[1.0], [0.5]], [1, 1j], Q=[[0.25], [1j]], C=[1.0, 1.0], D=2.0),
            ht.Diagonal([0.5, -0.25j], [1.0, 2.0], C=[1.0, 1.0], D=0.5, dt=0.25),
            SS([[0.5, 0.25], [0.0, -0.75]], np.eye(2), C=np.ones((3, 2)), D=np.ones((3, 2)), dt=2.0),
        ],
        ids=repr,
    )
    def test_the_quotient_of_polynomials_is_the_transfer_function(self, system):
        part = exact_transfer(system, "test")
        for s in (0.3j, -2.5j, 0.5 + 1j):
            point = s if part.dt is None else (1 + s) / (1 - s)
            expected = np.asarray(system.transfer(point)).reshape(part.shape)
            with flint.ctx.workprec(300):
                chi, N = part.fraction()
                found = np.array([[complex(acb(p(acb(s))) / acb(chi(acb(s)))) for p in row] for row in N])
                assert is_hurwitz(chi, part.degree)
            assert np.abs(found - expected).max() <= 1e-13 * np.abs(expected).max()

    def test_hardy_distances_of_the_homotopy(self):
        op = ht.LegS(12)
        found, start = enclose_hinf_norm(op, ht.ptd(op, rho=0.1)), ht.ptd(op, rho=0.1)
        assert found.lower * (1 - 1e-12) <= start.transfer_error <= found.upper * (1 + 1e-12)


class TestNothingIsMissed:
    @pytest.mark.parametrize("share", [1e-12, 1e-9, 1e-3, 0.5])
    def test_a_bound_that_is_too_low_is_never_proved(self, share):
        for seed in range(24):
            S = random_system(seed)
            low = enclose_hinf_norm(S, rel=1e-12).lower
            part = exact_transfer(S, "test")
            with flint.ctx.workprec(400):
                gain = BoundaryGain([part], [part.fraction()])
                gamma = arb(low) * (1 - share)
                w = gain.stays_below(gamma)
                # What refutes it is a point, unless only infinity does.
                assert w is not True
                if w is not False:
                    assert abs(gain.square(w).sqrt()) > gamma * (1 - 1e-12)

    @pytest.mark.parametrize("width", [1e-2, 1e-6, 1e-10])
    @pytest.mark.parametrize("start", [0.0, 3.0, 1e9])
    def test_a_spike_that_the_search_misses_is_found_by_the_proof(self, width, start, monkeypatch):
        monkeypatch.setattr(BoundaryGain, "first_peak", lambda self: (arb(start), self.square(arb(start))))
        lam = np.array([-width + 1e5j, -1.0 + 0.3j, -30 + 200j])
        spike = ht.Diagonal(lam, [2 * width, 1.0, 30.0], C=[1.0, 0.5, 0.5], conjugate_pairs=True)
        for system in (spike, spike.full()):
            found = enclose_hinf_norm(system)
            assert found.lower <= 2.001 and found.upper >= 1.999 and narrow(found)
            assert abs(abs(found.frequency) - 1e5) <= max(width, 1e-10)

    def test_without_any_climb_the_bounds_are_as_true(self, monkeypatch):
        right = enclose_hinf_norm(ht.LegS(8), ht.s4d("legs", 8))
        monkeypatch.setattr(BoundaryGain, "climb", lambda self, w: (w, self.square(w)))
        found = enclose_hinf_norm(ht.LegS(8), ht.s4d("legs", 8), rel=0.1)
        assert found.lower <= right.upper and right.lower <= found.upper and narrow(found, 0.1)

    def test_wrong_poles_make_no_bound_wrong(self, monkeypatch):
        rng, right = np.random.default_rng(5), {seed: enclose_hinf_norm(random_system(seed)) for seed in range(20)}
        monkeypatch.setattr(
            boundary_gain, "_as_continuous", lambda part: rng.standard_normal(part.degree) + 5j * rng.standard_normal()
        )
        for seed, expected in right.items():
            found = enclose_hinf_norm(random_system(seed))
            assert found.lower <= expected.upper and expected.lower <= found.upper and narrow(found)

    def test_wrong_singular_vectors_make_no_bound_wrong(self, monkeypatch):
        S, rng = random_system(4), np.random.default_rng(0)
        assert min(S.D.shape) > 1
        right, eigh = enclose_hinf_norm(S), np.linalg.eigh

        def wrong(M):
            values, vectors = eigh(M)
            return values, vectors + 0.05 * rng.standard_normal(vectors.shape)

        monkeypatch.setattr(np.linalg, "eigh", wrong)
        found = enclose_hinf_norm(S, rel=0.1)
        assert found.lower <= right.upper and right.lower <= found.upper and narrow(found, 0.1)

    def test_few_bits_give_up_and_never_err(self, monkeypatch):
        monkeypatch.setattr(hinf_norm, "_MOST_BITS", 130)
        with pytest.raises(AccuracyError, match="130 bits did not suffice"):
            enclose_hinf_norm(ht.LegS(2), ht.LegS(2))


class TestPolynomials:
    @settings(max_examples=40)
    @given(
        st.lists(st.tuples(st.integers(-40, 40), st.integers(-40, 40)), min_size=1, max_size=8),
        st.integers(1, 5),
        st.booleans(),
    )
    def test_stability_is_decided_by_the_zeros(self, zeros, lead, pairs):
        roots = [acb(a, b) / 8 for a, b in zeros]
        roots += [acb(a, -b) / 8 for a, b in zeros] if pairs else []
        with flint.ctx.workprec(512):
            chi = acb_poly([acb(lead, lead - 3)])
            for root in roots:
                chi *= acb_poly([-root, 1])
            found = is_hurwitz(chi, len(roots))
        worst = max(a for a, _ in zeros)
        assert found is True if worst < 0 else found is not True
        if worst > 0 and found is not None:
            assert found is False

    @pytest.mark.parametrize("gap", [1e-30, 1e-3, -1e-3, -1e-30])
    def test_stability_near_the_boundary(self, gap):
        with flint.ctx.workprec(400):
            real = arb_poly([1 + arb(gap) ** 2, 2 * arb(gap), 1]) * arb_poly([3, 1])
            assert is_hurwitz(real, 3) is (gap > 0)
            assert is_hurwitz(acb_poly([acb(gap, 5), 1]) * acb_poly([acb(2, -7), 1]), 2) is (gap > 0)

    def test_a_falling_degree_is_no_stability(self):
        assert is_hurwitz(arb_poly([1, 1]), 2) is False
        assert is_hurwitz(arb_poly([1, 1, arb(0, 1e-10)]), 2) is None

    @pytest.mark.parametrize("where", [0.0, 1e-9, 0.5, 1.0, 77.25, 1e12])
    @pytest.mark.parametrize("depth", [1e-24, 1e-3])
    def test_positivity_is_decided_by_the_minimum(self, where, depth):
        for sign in (1, -1):
            with flint.ctx.workprec(400):
                F = np.empty((1, 1), dtype=object)
                # (x - where)^2 + sign depth, times a square with a double zero elsewhere off the half line.
                F[0, 0] = (arb_poly([-where, 1]) ** 2 + arb_poly([sign * arb(depth)])) * arb_poly([1, 2, 1])
                verdict = positive_on_half_line(F, 4, arb(1), 5000)
                if sign > 0:
                    assert verdict is True
                else:
                    assert isinstance(verdict, Refuted) and F[0, 0](verdict.x) < 0

    def test_a_zero_on_the_half_line_is_never_proved_away(self):
        for coefficients, degree in (([1, -2, 1], 2), ([0, 1], 1), ([1, 1], 2), ([1, 0, -1, 0, 0], 4), ([0], 2)):
            F = np.empty((1, 1), dtype=object)
            F[0, 0] = arb_poly(coefficients)
            assert positive_on_half_line(F, degree, arb(1), 500) is not True

    def test_infinity_is_a_point_of_the_half_line(self):
        # diag(1 + x + x^2, 1 + x + c x^2): definite at infinity for c > 0 alone.
        for c in (-(2.0**-60), 0.0, 2.0**-60):
            F = np.empty((2, 2), dtype=object)
            F[0, 0], F[1, 1], F[0, 1], F[1, 0] = arb_poly([1, 1, 1]), arb_poly([1, 1, c]), arb_poly([]), arb_poly([])
            assert (positive_on_half_line(F, 2, arb(1), 500) is True) is (c > 0)

    @settings(max_examples=20)
    @given(st.integers(0, 10**6), st.integers(2, 4), st.booleans())
    def test_definiteness_of_matrices(self, seed, h, definite):
        # X(x)^* X(x) + c, with the least eigenvalue c or more: at x_0 a vector is annihilated, if c = -1/64.
        rng, x0 = np.random.default_rng(seed), arb(int(seed % 97)) / 8
        first = rng.integers(-3, 4, (h, h)) + 1j * rng.integers(-3, 4, (h, h))
        first[:, 0] = 0
        second = rng.integers(-3, 4, (h, h)) + 1j * rng.integers(-3, 4, (h, h))
        X = np.empty((h, h), dtype=object)
        for at in np.ndindex(h, h):
            X[at] = acb_poly([acb(*parts(first[at])) - x0 * acb(*parts(second[at])), acb(*parts(second[at]))])
        F = np.empty((h, h), dtype=object)
        for a in range(h):
            for b in range(h):
                F[a, b] = acb_poly([acb(0)])
                for i in range(h):
                    F[a, b] += acb_poly([z.conjugate() for z in X[i, a].coeffs()]) * X[i, b]
            F[a, a] += acb_poly([acb(1 if definite else -1) / 64])
        lead = np.linalg.eigvalsh(second.conj().T @ second)[0]
        with flint.ctx.workprec(256):
            verdict = positive_on_half_line(F, 2, arb(1), 4000)
        if not definite:
            assert verdict is not True
        elif lead > 1e-6:
            assert verdict is True


def parts(z):
    return float(z.real), float(z.imag)


class TestRefusals:
    @pytest.mark.parametrize(
        ("system", "match"),
        [
            (SS([[1.0]], [1.0]), r"pole 1\+0j.*left half plane"),
            (SS([[0.0, 1.0], [-1.0, 0.0]], [0.0, 1.0]), r"1j by LAPACK"),
            (SS([[-1.0, 3.0], [3.0, -2.0]], [1.0, 1.0], [1.0, 1.0]), r"1\.54138"),
            (SS([[0.0, 3.0], [-3.0, 0.0]], [1.0, 1.0], dt=1.0), r"3j.*unit disc"),
            (SS([[0.0, 1.0], [1.0, 0.0]], [1.0, 0.0], dt=1.0), "unit disc"),
            (SS([[-1.0]], [1.0], dt=1.0), r"-1\+0j"),
            (ht.Diagonal([-1.0, 3j], [1.0, 1.0], [1.0, 1.0]), r"0\+3j"),
            (ht.Diagonal([0.5, 0.6 + 0.8j], [1.0, 1.0], [1.0, 1.0], dt=1.0), r"0\.6\+0\.8j"),
            # No input reaches the pole: it is one of the matrix all the same.
            (SS([[-1.0, 0.0], [0.0, 2.0]], [1.0, 0.0], C=[1.0, 1.0]), r"2\+0j"),
        ],
        ids=str,
    )
    def test_an_unstable_system(self, system, match):
        with pytest.raises(UnstableSystemError, match=match):
            enclose_hinf_norm(system)
        with pytest.raises(UnstableSystemError, match=match):
            enclose_hinf_norm(
                SS([[-0.5]], system.B[:1], C=[1.0], dt=system.dt) if system.C is not None else system, system
            )

    def test_a_pole_on_the_boundary_that_nothing_proves(self):
        # s^3 + 3 s^2 + s + 3 = (s^2 + 1)(s + 3): thirds have no end in binary.
        with pytest.raises(AccuracyError, match="could not be proved stable"):
            enclose_hinf_norm(SS([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-3.0, -1.0, -3.0]], [0.0, 0.0, 1.0]))

    def test_equal_operators(self):
        with pytest.raises(AccuracyError, match="not told from zero"):
            enclose_hinf_norm(ht.LegS(3), ht.LegS(3))

    @pytest.mark.parametrize("rel", [0.0, -1.0, math.nan, math.inf, 0.5, 1e-13])
    def test_a_width_out_of_range(self, rel):
        with pytest.raises(ParameterError, match="rel"):
            enclose_hinf_norm(ht.LegS(2), rel=rel)

    @pytest.mark.parametrize(
        ("systems", "error", "match"),
        [
            ((np.eye(3),), ParameterTypeError, "ndarray"),
            ((ht.LegS(2), "LegS"), ParameterTypeError, "str"),
            ((ht.LegS(3), ht.LegS(4)), ShapeError, r"\(3, 1\) and \(4, 1\)"),
            ((ht.LegS(2), SS(-np.eye(2), np.eye(2))), ShapeError, r"\(2, 1\) and \(2, 2\)"),
            ((ht.LegS(2), ht.LegS(2).system.discretize(0.1)), ParameterError, r"dt = None and 0\.1"),
        ],
        ids=str,
    )
    def test_what_does_not_fit(self, systems, error, match):
        with pytest.raises(error, match=match):
            enclose_hinf_norm(*systems)

    def test_where_lapack_fails_the_proof_goes_on(self, monkeypatch):
        def fails(A):
            raise np.linalg.LinAlgError("did not converge")

        S, unstable = random_system(8), SS([[-1.0, 3.0], [3.0, -2.0]], [1.0, 1.0], [1.0, 1.0])
        right = enclose_hinf_norm(S)
        monkeypatch.setattr(np.linalg, "eigvals", fails)
        found = enclose_hinf_norm(S)
        assert found.lower <= right.upper and right.lower <= found.upper and narrow(found)
        with pytest.raises(UnstableSystemError, match="unknown by LAPACK"):
            enclose_hinf_norm(unstable)

    def test_the_result_is_frozen_and_prints_both_bounds(self):
        found = enclose_hinf_norm(ht.LegS(2))
        assert repr(found.upper) in repr(found) and "at frequency 0" in repr(found)
        assert copy.copy(found) is found
        assert pickle.loads(pickle.dumps(found)).upper == found.upper
        with pytest.raises(AttributeError):
            found.upper = 0.0
        assert isinstance(found, HInfinityBounds)

    def test_the_precision_of_the_process_is_left_alone(self):
        before = flint.ctx.prec
        enclose_hinf_norm(ht.LegS(3))
        assert flint.ctx.prec == before
