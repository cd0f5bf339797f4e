"""Norms of transfer functions: closed forms, 40 digits, brute force, inequalities, invariance, honest errors."""

import copy
import math
import pickle
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.linalg import solve_continuous_lyapunov, solve_discrete_lyapunov
from scipy.optimize import minimize_scalar

import hippo_theory as ht
from hippo_theory.analysis._bounded_real import Response, highest
from hippo_theory.analysis._transfer_parts import norm_parts
from hippo_theory.errors import AccuracyError, AccuracyWarning, ParameterError, ShapeError, UnstableSystemError

EPS = np.finfo(float).eps
SS = ht.StateSpace


def random_system(seed, most=14, siso=False, D=True):
    """Real for even seeds, triangular for every third, discrete for two of four, with D for two of five."""
    rng = np.random.default_rng(seed)
    N, p, H = int(rng.integers(1, most + 1)), *map(int, rng.integers(1, 4, 2))
    A = rng.standard_normal((N, N))
    if seed % 2:
        A = A + 1j * rng.standard_normal((N, N))
    A = 3 * np.triu(A) if seed % 3 == 0 else A
    discrete = seed % 4 >= 2
    if discrete:
        A = A / np.abs(np.linalg.eigvals(A)).max() * (1 - 10 ** rng.uniform(-3, -0.2))
    else:
        A = A - np.eye(N) * (np.linalg.eigvals(A).real.max() + 10 ** rng.uniform(-3, 0.5))
    B, C, F = rng.standard_normal((N, H)), rng.standard_normal((p, N)), rng.standard_normal((p, H))
    F = 3.0 * F if D and seed % 5 < 2 else 0.0 * F
    if siso:
        B, C, F = B[:, 0], C[0], F[0, 0]
    return SS(A, B, C, F, dt=0.5 if discrete else None)


def gains(S, t):
    """sigma_max at boundary points, by LAPACK's solver: t, or the angle t."""
    z = np.exp(1j * t) if S.dt else 1j * t
    B, C, D = S.B.reshape(S.N, -1), np.atleast_2d(S.C), np.reshape(S.D, (-1, 1) if np.ndim(S.D) < 2 else S.D.shape)
    G = C @ np.linalg.solve(z[:, None, None] * np.eye(S.N) - S.A, np.broadcast_to(B, (z.size, *B.shape))) + D
    return np.linalg.svd(G, compute_uv=False)[:, 0]


def brute_force(S):
    lam = np.linalg.eigvals(S.A)
    width = (1 - np.abs(lam)) if S.dt else -lam.real
    centre = np.angle(lam) if S.dt else lam.imag
    t = np.linspace(-np.pi, np.pi, 1001) if S.dt else np.tan(np.linspace(-np.pi / 2, np.pi / 2, 1003)[1:-1])
    t = np.unique(np.append(t, centre[:, None] + width[:, None] * np.linspace(-3, 3, 31)))
    v = gains(S, t)
    best = v.max() if S.dt else max(v.max(), np.linalg.norm(np.atleast_2d(S.D), 2))
    for k in np.flatnonzero((v[1:-1] >= v[:-2]) & (v[1:-1] >= v[2:]) & (v[1:-1] > 0.9 * v.max())) + 1:
        span = {"bounds": (t[k - 1] - t[k], t[k + 1] - t[k]), "method": "bounded", "options": {"xatol": 1e-12}}
        best = max(best, -minimize_scalar(lambda d, m=t[k]: -gains(S, np.array([m + d]))[0], **span).fun)
    return best


@pytest.mark.parametrize("group", range(10))
def test_the_largest_gain_is_that_of_grids_and_searches(group):
    for seed in range(10 * group, 10 * group + 10):
        S = random_system(seed)
        found, expected = ht.hinf_norm(S), brute_force(S)
        # A search by values alone stops at the root of eps in t: eps and its own solves' error in value.
        assert found.value >= expected * (1 - 1e-12), seed
        assert found.value <= expected * (1 + 2e-9), seed


@pytest.mark.parametrize("N", [1, 2, 3, 4, 8, 16, 33, 64, 128])
def test_the_distance_of_legs_to_its_diagonal_system_is_the_closed_form(N):
    op, e0 = ht.LegS(N), np.eye(N)[0]
    error = ht.diagonal_error(op)
    for first, second, C in (
        (op, ht.s4d("legs", N), None),
        (op.system, ht.s4d("legs", N), None),
        (SS(op.A, op.B, C=e0), ht.s4d("legs", N, C=e0), e0),
        (ht.s4(op), ht.s4d("legs", N), None),
    ):
        found, exact = ht.hinf_norm(first, second), error.peak(C)
        assert abs(found.value / exact.value - 1) <= 4 * (N + 2) * EPS
        assert found.error <= (N + 40) * EPS * found.value * (N if first is op.system else 2)
        assert abs(found.frequency - exact.frequency) <= 1e-7 * (1 + exact.frequency * EPS / 1e-9)


def legs_error(N, w, C):
    """||C (G - G_diag)(iw)|| from the product formula of theory L2, L3."""
    s, phi, G = mp.mpc(0, w), mp.mpf(1), []
    for k in range(N):
        G.append(mp.sqrt(2 * k + 1) * phi / (s + k + 1))
        phi *= (s - k) / (s + k + 1)
    size = abs(G[0]) if C else mp.sqrt(sum(abs(g) ** 2 for g in G))
    return size * abs(phi / (1 + phi))


@pytest.mark.parametrize("first_only", [False, True])
def test_the_distance_of_legs_16_to_its_diagonal_system_is_right_to_all_digits(first_only):
    C = np.eye(16)[0] if first_only else None
    first = SS(ht.LegS(16).A, ht.LegS(16).B, C=C)
    found = ht.hinf_norm(first, ht.s4d("legs", 16, C=C))
    with mp.workdps(40):
        top = mp.findroot(lambda w: mp.diff(lambda x: legs_error(16, x, first_only), w), mp.mpf("80.966"))
        exact = legs_error(16, top, first_only)
        assert abs(found.value / exact - 1) <= 40 * EPS
        assert abs(found.value - exact) <= found.error
        assert abs(found.frequency - top) <= 1e-7


def test_the_spike_of_the_first_state_tends_to_two_over_pi():
    off = []
    for N in (16, 32, 64, 128):
        e0 = np.eye(N)[0]
        off.append(ht.hinf_norm(SS(ht.LegS(N).A, ht.LegS(N).B, C=e0), ht.s4d("legs", N, C=e0)).value - 2 / math.pi)
    orders = np.log2(np.array(off[:-1]) / off[1:])
    assert np.all(np.abs(orders - 2) < 0.2), orders


@pytest.mark.parametrize("zeta", [0.7, 0.5, 0.1, 1e-3, 1e-6, 1e-8])
def test_a_resonance_has_the_height_and_the_frequency_of_the_formula(zeta):
    found = ht.hinf_norm(SS([[0.0, 1.0], [-1.0, -2 * zeta]], [0.0, 1.0], C=[1.0, 0.0]))
    exact = 1 / (2 * zeta * math.sqrt((1 - zeta) * (1 + zeta)))
    assert abs(found.value - exact) <= 4 * EPS * exact + found.error
    assert found.frequency == pytest.approx(math.sqrt(1 - 2 * zeta**2), rel=1e-7)
    assert found.z == 1j * found.frequency


def test_one_pole_has_its_peak_where_the_boundary_is_nearest():
    for a in (1e-12, 1e-3, 1.0, 7.0, 1e100):
        found = ht.hinf_norm(SS([[-a]], [1.0], C=[2.0]))
        assert (found.value, found.frequency) == (pytest.approx(2 / a, rel=4 * EPS), 0.0)
    for b, theta in ((0.5, 0.0), (-0.5, math.pi), (0.9, 0.0)):
        found = ht.hinf_norm(SS([[b]], [1.0], C=[1.0], dt=0.1))
        assert found.value == pytest.approx(1 / (1 - abs(b)), rel=4 * EPS)
        assert found.frequency == pytest.approx(theta / 0.1)
        assert found.z == pytest.approx(1.0 if b > 0 else -1.0)


def test_of_a_complex_system_the_negative_frequency_is_found():
    found = ht.hinf_norm(ht.Diagonal([-0.1 - 3j, -1 + 3j], [1.0, 1.0], C=[1.0, 1.0]))
    assert found.frequency == pytest.approx(-3, abs=0.1)
    # In a complex form of a real system the peak and its mirror image are equal, and the positive one is told.
    assert ht.hinf_norm(ht.s4d("legs", 16).system.full(), ht.LegS(16)).frequency > 0


@pytest.mark.parametrize("N", [1, 3, 9, 33, 65])
@pytest.mark.parametrize("family", [ht.LagT, ht.FouT, ht.LegS])
def test_all_pass_functions_have_norm_one(family, N):
    # |phi| <= 1 on the axis, with equality everywhere for shift 0 and at infinity for LegS.
    op = family(N)
    found = ht.hinf_norm(SS(op.A, op.B, C=-op.B, D=1.0))
    assert abs(found.value - 1) <= min(8 * N * EPS, found.error + 2 * EPS)


def test_a_feedthrough_is_the_norm_where_nothing_exceeds_it():
    high = ht.hinf_norm(SS([[-1.0]], [1.0], C=[-1.0], D=1.0))  # s/(s + 1)
    assert (high.value, high.frequency, high.z) == (1.0, math.inf, complex(0, math.inf))
    assert ht.hinf_norm(SS([[-1.0]], [1.0], C=[1.0], D=1.0)).value == pytest.approx(2, rel=4 * EPS)
    # A bump of 1e-6 on a constant, 1e4 away from zero, and no wider than 2.
    small = ht.Diagonal([-1 + 1e4j], [1e-6], C=[1.0], D=1.0, conjugate_pairs=True)
    assert ht.hinf_norm(small).value == pytest.approx(1 + 1e-6, abs=1e-13)


@pytest.mark.parametrize("width", [1e-2, 1e-4, 1e-6])
def test_a_spike_is_never_missed(width):
    lam = np.array([-width + 1e5j, -1.0 + 0.3j, -30 + 200j])
    spike = ht.Diagonal(lam, [2 * width, 1.0, 30.0], C=[1.0, 0.5, 0.5], conjugate_pairs=True)
    S = spike.to_dense()
    found, dense = ht.hinf_norm(spike), ht.hinf_norm(S)
    assert abs(found.frequency - 1e5) < width
    assert found.value == pytest.approx(2, rel=1e-3)
    # The entry -width of the dense pencil is exact, w - 1e5 is not: width counts in units of the last digit.
    assert abs(dense.value - found.value) <= found.error + dense.error + (EPS * 1e5 / width) ** 2 * found.value


def test_a_peak_between_two_floats_says_what_it_does_not_know():
    # The peak, 1, is at a float; one half-way between two floats would be lower by a part of .error.
    spike = ht.Diagonal([-1e-10 + 1e5j], [1e-10], C=[1.0])
    with pytest.warns(AccuracyWarning, match="uncertain"):
        found = ht.hinf_norm(spike)
    assert found.value == pytest.approx(1, abs=1e-12)
    assert found.error >= (np.spacing(1e5) / 2 / 1e-10) ** 2 / 2 * found.value


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 8, 9, 10, 11])
def test_level_sets_find_the_peak_without_a_hint(seed, monkeypatch):
    S = random_system(seed, most=30)
    expected = ht.hinf_norm(S).value
    response = Response(norm_parts(S, None, "test"))
    # A poor start: poles that are nowhere near.
    response.__dict__["poles"] = np.full(S.N, 0.5 if S.dt else -1e3, dtype=complex)
    assert highest(response).value == pytest.approx(expected, rel=1e-12)


def exact_gain(S, z):
    """||G(z)|| in 60 digits for the matrices as stored, one input."""
    with mp.workdps(60):
        z = mp.mpc(z) / abs(mp.mpc(z)) if S.dt else mp.mpc(z)
        M = z * mp.eye(S.N) - mp.matrix(S.A.tolist())
        x = mp.lu_solve(M, mp.matrix([[b] for b in S.B.tolist()]))
        y = x if S.C is None else mp.matrix(np.atleast_2d(S.C).tolist()) * x
        D = np.atleast_1d(S.D) * np.ones(len(y))
        return mp.sqrt(sum(abs(v + mp.mpc(complex(d))) ** 2 for v, d in zip(y, D, strict=True)))


@pytest.mark.parametrize("dt", [None, 0.01])
def test_errors_are_honest_and_small(dt):
    legs = ht.LegS(12)
    turned = legs.system.transformed(np.linalg.qr(np.random.default_rng(0).standard_normal((12, 12)))[0])
    for S in (legs.system, turned, ht.s4(legs).system, ht.s4d("legs", 12).system, ht.s4d("lin", 8, rng=1).system):
        S = S.discretize(dt, "bilinear") if dt else S
        found, plain = ht.hinf_norm(S), S.full() if isinstance(S, ht.Diagonal) else S
        if isinstance(S, ht.DiagonalPlusLowRank):
            P = mp.matrix(S.P.tolist())
            Q = mp.matrix(np.asarray(S.P if S.Q is None else S.Q).conj().tolist())
            with mp.workdps(60):
                A = mp.diag(S.lam.tolist()) - P * Q.T
                plain = SS(np.array([[complex(a) for a in row] for row in A.tolist()]), S.B, S.C)
            slack = 1e-13 * found.value  # the product P Q^* was rounded for this road alone
        else:
            plain, slack = plain.to_dense(), 0.0
        truth = exact_gain(plain, found.z)
        assert abs(found.value - truth) <= found.error + slack
        assert found.error <= 300 * EPS * found.value * (10 if dt else 1)


def test_a_pole_near_the_circle_keeps_its_digits():
    for gap in (1e-3, 1e-9):
        lam = (0.6 + 0.8j) * (1 - gap)
        with mp.workdps(40):
            exact = float(1 / (1 - abs(mp.mpc(lam))))
        found = ht.hinf_norm(ht.Diagonal([lam], [1.0], C=[1.0], dt=1.0))
        dense = ht.hinf_norm(SS([[lam]], [1.0], C=[1.0], dt=1.0))
        # |z - lam| is found with the radial rounding of z taken out.
        assert found.value == pytest.approx(exact, rel=32 * EPS)
        assert dense.value == pytest.approx(exact, rel=1e-12)


def moebius(S):
    """The discrete system G((z - 1)/(z + 1)), with sqrt(2)-scaled B and C: all norms but H2's weight stay."""
    I = np.eye(S.N)  # noqa: E741
    X, Y = np.linalg.solve(I - S.A, S.B), np.linalg.solve((I - S.A).T, np.transpose(S.C)).T
    A = np.linalg.solve(I - S.A, I + S.A)
    return SS(A, math.sqrt(2) * X, math.sqrt(2) * Y, S.D + S.C @ X, dt=1.0)


@pytest.mark.parametrize("seed", [0, 1, 4, 5, 9, 12, 13, 20, 21])
def test_a_bilinear_change_of_time_keeps_hinf_and_hankel_norm(seed):
    S = random_system(seed)
    T, slack = moebius(S), 1e3 * EPS * np.linalg.cond(np.eye(S.N) - S.A)
    far = 10 / -np.linalg.eigvals(S.A).real.max()
    for norm in (ht.hinf_norm, ht.hankel_norm):
        assert norm(T).value == pytest.approx(norm(S).value, rel=slack * max(1, far))


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), c=st.floats(1e-3, 1e3))
def test_norms_are_homogeneous_and_the_same_for_the_dual_system(seed, c):
    S = random_system(seed, most=6)
    dual = SS(S.A.conj().T, S.C.T, S.B.T, S.D.T, dt=S.dt)
    scaled = SS(S.A, c * S.B, S.C, c * S.D, dt=S.dt)
    found = ht.hinf_norm(S)
    assert ht.hinf_norm(scaled).value == pytest.approx(c * found.value, rel=1e-11)
    assert ht.hinf_norm(dual).value == pytest.approx(found.value, rel=1e-11)
    assert found.error <= 1e-9 * found.value


def test_norms_of_differences_of_all_forms_agree():
    N, C = 12, np.linspace(1, -1, 12)
    op, dense = ht.LegS(N), SS(ht.LegS(N).A, ht.LegS(N).B, C=C)
    forms = [dense, ht.s4(op, C=C), ht.s4(op, C=C).system.to_dense()]
    other = ht.s4d("legs", N, C=C)
    expected = ht.hinf_norm(dense, other).value
    for form in forms:
        for against in (other, other.system, other.system.full(), other.to_dense()):
            assert ht.hinf_norm(form, against).value == pytest.approx(expected, rel=1e-12)
            assert ht.hinf_norm(against, form).value == pytest.approx(expected, rel=1e-12)
            assert ht.h2_norm(form, against).value == pytest.approx(ht.h2_norm(dense, other).value, rel=1e-10)
    # One-sided against sampled ones, both sampled alike.
    sampled = [form.discretize(0.01, "bilinear") for form in (*forms, other)]
    values = [ht.hinf_norm(S, sampled[-1]).value for S in sampled[:-1]]
    assert values == pytest.approx([values[0]] * 3, rel=1e-10)


def test_the_distance_of_a_system_to_itself_is_zero_within_its_error():
    assert ht.hinf_norm(ht.LegS(8), ht.LegS(8)).value == 0
    with pytest.warns(AccuracyWarning, match="uncertain"):
        found = ht.hinf_norm(ht.s4(ht.LegS(16)), ht.LegS(16))
    assert found.value <= found.error <= 1e-12


def test_what_nothing_drives_or_reads_has_norm_zero_at_frequency_zero():
    for S in (SS([[-1.0]], [0.0], C=[1.0]), SS(-np.eye(3), np.ones(3), C=np.zeros(3)), SS([[0.5]], [0.0], dt=1.0)):
        found = ht.hinf_norm(S)
        assert (found.value, found.frequency) == (0.0, 0.0)
        assert ht.h2_norm(S).value == ht.hankel_norm(S).value == ht.l1_norm(S).value == 0.0


@pytest.mark.parametrize("norm", [ht.hinf_norm, ht.h2_norm, ht.hankel_norm, ht.l1_norm])
def test_wrong_input_is_refused_with_a_reason(norm):
    for S in (SS([[1.0]], [1.0], C=[1.0]), SS([[0, 1.0], [-1.0, 0]], [0, 1.0]), SS([[1.5]], [1.0], dt=1.0)):
        with pytest.raises(UnstableSystemError, match="pole"):
            norm(S)
    with pytest.raises(UnstableSystemError, match=r"2\+0j"):
        norm(ht.Diagonal([-1.0, 2.0], [1.0, 1.0]))
    with pytest.raises(ParameterError, match="system"):
        norm(np.eye(2))
    with pytest.raises(ParameterError, match="NaN"):
        norm(SS([[np.nan]], [1.0]))


@pytest.mark.parametrize("norm", [ht.hinf_norm, ht.h2_norm])
def test_only_maps_between_the_same_spaces_have_a_difference(norm):
    S = SS([[-1.0]], [1.0], C=[1.0])
    with pytest.raises(ParameterError, match="dt"):
        norm(S, S.discretize(0.1))
    with pytest.raises(ShapeError, match="output"):
        norm(S, ht.LegS(3))
    with pytest.raises(ShapeError, match="input"):
        norm(S, SS([[-1.0]], [[1.0, 2.0]], C=[1.0]))
    with pytest.raises(UnstableSystemError):
        norm(S, SS([[1.0]], [1.0], C=[1.0]))
    assert norm(S, SS([[-1.0]], [[1.0]], C=[[1.0]])).value <= 4 * EPS


def test_entries_whose_squares_leave_the_float_range_are_refused():
    with pytest.raises(ParameterError, match="range"):
        ht.hinf_norm(SS([[-1e150]], [1.0], C=[1.0]))
    assert ht.hinf_norm(SS([[-1.0]], [1e120], C=[1.0])).value == pytest.approx(1e120, rel=4 * EPS)
    with pytest.raises(ParameterError, match="infinite"):
        ht.h2_norm(SS([[-1.0]], [1.0], C=[1.0], D=1.0))
    for tol in (0.0, 1e-20, 2.0):
        with pytest.raises(ParameterError, match="tol"):
            ht.l1_norm(ht.LegS(3), tol=tol)


@pytest.mark.parametrize("seed", range(24))
def test_h2_agrees_with_lyapunovs_equation_and_with_the_mean_over_the_boundary(seed):
    S = random_system(seed, most=8, D=seed % 4 >= 2)
    B, C = S.B, S.C
    if S.dt:
        P = solve_discrete_lyapunov(S.A, B @ B.conj().T)
        z = np.exp(2j * np.pi * np.arange(2**16) / 2**16)
        mean = (np.abs(S.transfer(z)) ** 2).sum(axis=(0, 1)).mean()
    else:
        P = solve_continuous_lyapunov(S.A, -B @ B.conj().T)
        # w = tan(theta) in pieces round the poles.
        nodes, weights = np.polynomial.legendre.leggauss(64)
        lam = np.linalg.eigvals(S.A)
        cuts = np.arctan((lam.imag[:, None] + lam.real[:, None] * 4.0 ** np.arange(-1, 5) * [[[1]], [[-1]]]).ravel())
        edges = np.unique(np.concatenate([[-np.pi / 2, np.pi / 2], cuts, np.arctan(lam.imag)]))
        theta = (edges[1:] + edges[:-1])[:, None] / 2 + np.diff(edges)[:, None] / 2 * nodes
        weight = (np.diff(edges)[:, None] / 2 * weights / np.cos(theta) ** 2).ravel()
        power = (np.abs(S.transfer(1j * np.tan(theta.ravel()))) ** 2).sum(axis=(0, 1))
        mean = power @ weight / (2 * np.pi)
    found = ht.h2_norm(S)
    direct = np.linalg.norm(S.D) ** 2
    assert found.value**2 == pytest.approx(np.trace(C @ P @ C.conj().T).real + direct, rel=1e-9)
    assert found.value**2 == pytest.approx(mean, rel=1e-9)
    assert found.error <= 1e-9 * found.value


def test_h2_of_known_systems():
    for N in (1, 8, 65):
        assert ht.h2_norm(ht.LegS(N)).value ** 2 == pytest.approx(N / 2, rel=4 * N * EPS)  # trace of L7
        assert ht.h2_norm(ht.LagT(N)).value ** 2 == pytest.approx(N, rel=4 * N * EPS)
    e0 = np.eye(16)[0]
    pair = SS(ht.LegS(16).A, ht.LegS(16).B, C=e0), ht.s4d("legs", 16, C=e0)
    assert ht.h2_norm(*pair).value == pytest.approx(ht.diagonal_error(ht.LegS(16)).l2_norm(e0), rel=1e-11)


@pytest.mark.parametrize("seed", range(32))
def test_norms_are_ordered(seed):
    S = random_system(seed, siso=True)
    hankel, peak, most = ht.hankel_norm(S), ht.hinf_norm(S), ht.l1_norm(S, tol=1e-8)
    total, direct = ht.hankel_singular_values(S).values.sum(), abs(S.D)
    slack = peak.error + most.error + 1e-9 * peak.value
    assert hankel.value <= peak.value + slack
    assert peak.value <= most.value + slack
    assert most.value <= direct + 2 * total + slack
    assert peak.value <= direct + 2 * total + slack


@pytest.mark.parametrize("a, w", [(1.0, 0.3), (0.3, 4.0), (1e-2, 1.0), (1e-3, 1.0), (0.5, 200.0)])
@pytest.mark.parametrize("tol", [1e-4, 1e-10, 1e-13])
def test_l1_of_a_damped_oscillation_is_a_geometric_sum(a, w, tol):
    with mp.workdps(30):
        exact = float(w / (mp.mpf(a) ** 2 + mp.mpf(w) ** 2) / mp.tanh(a * mp.pi / w / 2))
    modal = ht.Diagonal([-a + 1j * w], [1.0], C=[-0.5j], conjugate_pairs=True)
    for S in (modal, SS([[-a, w], [-w, -a]], [0.0, 1.0], C=[1.0, 0.0])):
        found = ht.l1_norm(S, tol=tol)
        assert abs(found.value - exact) <= found.error
        assert found.error <= (2 * tol + 1e3 * EPS * (1 + w / a)) * exact


@pytest.mark.parametrize("N", [1, 2, 3, 6])
def test_l1_of_legs_is_the_integral_of_a_legendre_polynomial(N):
    # t = -log x: int e^{-t} |L_n(e^{-t})| dt is that of r_n |P_n(2x - 1)| over [0, 1], cut at its zeros.
    P = np.polynomial.Legendre.basis(N - 1, domain=[0, 1])
    primitive = P.integ()(np.concatenate([[0.0], np.sort(P.roots().real), [1.0]]))
    exact = math.sqrt(2 * N - 1) * np.abs(np.diff(primitive)).sum()
    op = ht.LegS(N)
    for S in (SS(op.A, op.B, C=np.eye(N)[-1]), ht.s4(op, C=np.eye(N)[-1])):
        found = ht.l1_norm(S)
        assert abs(found.value - exact) <= found.error <= 2e-10 * exact
    # The state is read out: the largest of the kernels counts, and the first is e^{-t}.
    assert ht.l1_norm(op).value >= max(1 - 1e-9, exact * (1 - 1e-9))


@pytest.mark.parametrize("seed", [0, 1, 4, 5, 8, 12])
def test_l1_agrees_with_adaptive_quadrature(seed):
    S = random_system(seed, most=5)
    end = 25 / -S.poles.real.max()
    kernel = np.abs(S.kernel(np.linspace(0, end, 200_001)))
    rough = (kernel[..., 1:] + kernel[..., :-1]).sum(axis=2) * end / 400_000 + np.abs(S.D)
    assert ht.l1_norm(S).value == pytest.approx(rough.sum(axis=1).max(), rel=1e-5)
    i, j = np.unravel_index(rough.argmax(), rough.shape)
    one = SS(S.A, S.B[:, j], S.C[i])
    grid = np.linspace(0, end, 33)
    pieces = [quad(lambda t: abs(one.kernel(t)), a, b, epsabs=1e-9, limit=60)[0] for a, b in pairwise(grid)]
    assert ht.l1_norm(one).value == pytest.approx(sum(pieces), rel=1e-7)


def test_l1_in_discrete_time_is_the_plain_sum():
    r, theta = 0.99, math.pi / 7
    S = ht.Diagonal([r * np.exp(1j * theta)], [1.0], C=[0.5], conjugate_pairs=True, dt=1.0)
    exact = math.fsum(abs(r**k * math.cos(k * theta)) for k in range(5000))
    for system in (S, S.to_dense()):
        found = ht.l1_norm(system)
        assert abs(found.value - exact) <= found.error <= 2e-10 * exact
    assert ht.l1_norm(SS([[0.0, 1.0], [0.0, 0.0]], [0.0, 1.0], C=[3.0, -2.0], D=1.0, dt=1.0)).value == 6
    # Peak to peak: rows count by their largest, inputs add.
    A, B, C = np.diag([0.5, -0.5]), np.eye(2), np.array([[1.0, 1.0], [3.0, 0.0]])
    assert ht.l1_norm(SS(A, B, C, dt=1.0)).value == pytest.approx(6, rel=1e-9)
    for seed in (2, 3, 6, 7):
        S = random_system(seed)
        plain = (np.abs(S.kernel(40_000)).sum(axis=2) + np.abs(S.D)).sum(axis=1).max()
        assert ht.l1_norm(S).value == pytest.approx(plain, rel=1e-9)


def test_l1_is_reached_by_the_sign_of_the_kernel():
    S = ht.LegT(6).system.discretize(0.05, "bilinear")
    row = SS(S.A, S.B, C=np.ones(6), dt=0.05)
    k = row.kernel(3000)
    u = np.sign(k[::-1])
    assert np.convolve(k, u)[k.size - 1] == pytest.approx(ht.l1_norm(row).value, rel=1e-9)


def test_a_kernel_that_cannot_be_resolved_is_refused():
    with pytest.raises(AccuracyError, match="tol"):
        ht.l1_norm(ht.Diagonal([-1e-7 + 1j], [1.0], C=[1.0], conjugate_pairs=True))
    with pytest.raises(AccuracyError, match="slowest pole"):
        ht.l1_norm(ht.Diagonal([1 - 1e-9], [1.0], C=[1.0], dt=1.0))


def test_the_hankel_norm_is_the_first_hankel_value_and_one_for_all_pass_functions():
    for S in (ht.LegS(8), random_system(3), ht.s4d("lin", 8, rng=0)):
        assert ht.hankel_norm(S).value == ht.hankel_singular_values(S).values[0]
    op = ht.FouT(9)
    assert ht.hankel_norm(SS(op.A, op.B, C=op.B)).value == pytest.approx(1, rel=1e-12)


def test_results_are_numbers_print_and_do_not_change():
    found = ht.hinf_norm(ht.LegS(4))
    assert repr(found) == "H-infinity norm 1 at frequency 0"
    assert float(found) == found.value == pytest.approx(1, rel=8 * EPS)
    one = SS([[-1.0]], [1.0], C=[1.0])
    assert repr(ht.l1_norm(one)).startswith("peak-to-peak norm 0.99999999999")
    assert repr(ht.h2_norm(one)).startswith("H2 norm 0.70710678118")
    assert repr(ht.hankel_norm(one)).startswith("Hankel norm 0.5, error")
    assert float(ht.h2_norm(one)) == ht.h2_norm(one).value == pytest.approx(math.sqrt(0.5))
    for result in (found, ht.h2_norm(ht.LegS(4))):
        assert copy.copy(result) is result
        assert pickle.loads(pickle.dumps(result)).value == result.value
        with pytest.raises(AttributeError):
            result.value = 0.0


@pytest.mark.parametrize(
    "result",
    [
        ht.hinf_norm(ht.LegS(3)),
        ht.h2_norm(ht.LegS(3)),
        ht.eigenvector_condition(ht.LegS(3)),
        ht.henrici_departure(ht.LegS(3).A),
        ht.numerical_abscissa(ht.LegS(3)),
        ht.transient_growth(ht.LegS(3)),
        ht.kreiss_constant(ht.LegS(3)),
        ht.pseudospectral_abscissa(ht.LegS(3), 0.1),
        ht.distance_to_instability(ht.LegS(3)),
        ht.diagonal_error(ht.LegS(3)).peak(),
    ],
    ids=lambda result: type(result).__name__,
)
def test_every_result_that_is_one_number_is_that_number(result):
    assert float(result) == result.value
    assert math.isfinite(float(result))


class TestRoundingOfThePeakToPeakNorm:
    """Of kernels with cancellation the reported error covers the true one."""

    @pytest.mark.parametrize("n", [2, 4, 8, 12, 16, 20, 24])
    def test_of_companion_forms_of_a_multiple_pole(self, n):
        # t^{n-1} e^{-t}/(n-1)! is positive, and its integral G(0) = 1.
        A, B, C = np.zeros((n, n)), np.zeros(n), np.zeros(n)
        A[0], B[0], C[-1] = [-math.comb(n, k) for k in range(1, n + 1)], 1.0, 1.0
        A[np.arange(1, n), np.arange(n - 1)] = 1.0
        found = ht.l1_norm(ht.StateSpace(A, B, C))
        assert abs(found.value - 1) <= found.error <= 1e-10

    @pytest.mark.parametrize("poles", [[-1.0, -1e4, -1e8], [-1e-3, -1e9], [-1.0, -1e6]])
    @pytest.mark.parametrize("dense", [True, False])
    def test_of_decays_over_many_decades(self, poles, dense):
        ones, exact = np.ones(len(poles)), sum(-1 / p for p in poles)
        found = ht.l1_norm(
            ht.StateSpace(np.diag(poles), ones, ones) if dense else ht.Diagonal(np.array(poles, complex), ones, C=ones)
        )
        assert abs(found.value - exact) <= found.error <= 1e-3 * exact
        if not dense:
            assert abs(found.value / exact - 1) <= 1e-11
