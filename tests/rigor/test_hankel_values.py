"""Enclosures of Hankel singular values: they contain what closed forms and mpmath say, and are as narrow as floats.

The other roads: systems whose values are known, Lyapunov equations as linear systems of N^2 unknowns in mpmath, the
integral of t h(t)^2, and coordinates in which the same values take another way through the code.
"""

import math
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
from flint import acb_mat, arb, arb_mat
from hypothesis import given, settings
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import (
    AccuracyError,
    ParameterError,
    ParameterTypeError,
    ShapeError,
    UnstableSystemError,
)
from hippo_theory.rigor import exact_systems, gramian_balls, hankel_values, refined_svd
from hippo_theory.rigor.balls import embed
from hippo_theory.rigor.refined_svd import singular_value_bounds

enclose = ht.enclose_hankel_singular_values


def contains(found, values):
    """Whether every value, an exact number or one of many digits, lies in its interval."""
    inside = (
        mpmath.mpf(low) <= value <= mpmath.mpf(high)
        for low, high, value in zip(found.lower, found.upper, values, strict=True)
    )
    return all(inside)


def overlap(one, other):
    return bool((one.lower <= other.upper).all() and (other.lower <= one.upper).all())


def sharp(found, tolerance=1e-19):
    """Whether the intervals are as narrow as promised: the tolerance, and one rounding at each end."""
    room = tolerance * found.upper[0] + 2 * np.spacing(found.upper)
    return bool((found.upper - found.lower <= room).all() and (np.diff(found.upper) <= 0).all())


def by_kronecker(A, B, C, discrete=False, digits=60):
    """sqrt(eig(PQ)), the two Lyapunov equations as linear systems of N^2 unknowns; mpmath throughout."""
    with mpmath.workdps(digits):
        A, B, C = (mpmath.matrix(np.atleast_2d(M).tolist()) for M in (A, B, C))
        N, eye = A.rows, mpmath.eye(A.rows)

        def kron(X, Y):
            K = mpmath.matrix(N * N, N * N)
            for i in range(N):
                for j in range(N):
                    for k in range(N):
                        for m in range(N):
                            K[i * N + k, j * N + m] = X[i, j] * Y[k, m]
            return K

        def gramian(F, W):
            conjugate = F.apply(mpmath.conj)
            K = kron(eye, eye) - kron(F, conjugate) if discrete else -(kron(F, eye) + kron(eye, conjugate))
            x = mpmath.lu_solve(K, mpmath.matrix([W[i, j] for i in range(N) for j in range(N)]))
            return mpmath.matrix([[x[i * N + j] for j in range(N)] for i in range(N)])

        P, Q = gramian(A, B * B.H), gramian(A.H, C.H * C)
        squares = mpmath.eig(P * Q, left=False, right=False)
        return sorted((mpmath.sqrt(abs(x)) for x in squares), reverse=True)


# ------------------------------------------------------------------------------------------------- known values


@given(
    st.floats(2.0**-400, 2.0**400), st.floats(-(2.0**300), 2.0**300), st.floats(-(2.0**300), 2.0**300), st.booleans()
)
def test_one_state_has_the_value_bc_over_2a(a, b, c, dense):
    exact = abs(Fraction(b) * Fraction(c)) / (2 * Fraction(a))
    system = ht.StateSpace([[-a]], [b], [c]) if dense else ht.Diagonal([-a], [b], [c])
    if 0 < exact < Fraction(2) ** -1000 or exact > Fraction(2) ** 1000:
        return
    found = enclose(system)
    assert Fraction(found.lower[0]) <= exact <= Fraction(found.upper[0])
    assert sharp(found)


@given(st.floats(-0.99, 0.99), st.floats(-9, 9), st.floats(-9, 9))
def test_one_discrete_state_has_the_value_bc_over_1_minus_a_squared(a, b, c):
    exact = abs(Fraction(b) * Fraction(c)) / (1 - Fraction(a) ** 2)
    if 0 < exact < Fraction(2) ** -1000:
        return
    for system in (ht.StateSpace([[a]], [b], [c], dt=0.1), ht.Diagonal([a], [b], [c], dt=0.1)):
        found = enclose(system)
        assert Fraction(found.lower[0]) <= exact <= Fraction(found.upper[0])


@pytest.mark.parametrize(
    "operator",
    [
        *(ht.LagT(N) for N in (1, 2, 7, 33)),
        *(ht.FouT(N) for N in (1, 5, 17)),
        ht.TakenakaMalmquist([1.0, 0.25, 7.0]),
        ht.TakenakaMalmquist([1 + 2j, 1 - 2j, 3, 0.5 + 30j, 0.5 - 30j]),
    ],
    ids=repr,
)
def test_all_values_of_an_all_pass_function_are_one(operator):
    # phi = 1 - B^T G is all-pass where the shift is 0. B in floats is only near, but for LagT.
    found = enclose(operator, operator.B)
    room = 0 if isinstance(operator, ht.LagT) else 4 * operator.N * 2.0**-53
    assert (found.lower <= 1 + room).all() and (found.upper >= 1 - room).all()
    assert sharp(found)


@pytest.mark.parametrize("N", [1, 3, 16])
def test_a_finite_impulse_response_has_the_singular_values_of_its_hankel_matrix(N):
    # A is the shift: nilpotent, one Jordan block; P and Q need N terms and no more.
    h = np.random.default_rng(N).integers(-9, 10, N) + 0.5
    found = enclose(ht.StateSpace(np.eye(N, k=-1), np.eye(N)[0], h, dt=1.0))
    H = np.array([[h[i + j] if i + j < N else 0.0 for j in range(N)] for i in range(N)])
    with mpmath.workdps(40):
        values = mpmath.svd_r(mpmath.matrix(H.tolist()), compute_uv=False)
        assert contains(found, sorted(values, reverse=True))


def test_a_parallel_sum_repeats_the_values_of_its_part():
    part = np.diag([-1.0, -2, -3]), np.ones((3, 1)), np.array([[1.0, 2, 1]])
    once = enclose(ht.StateSpace(*part))
    four = enclose(ht.StateSpace(*(np.kron(M, np.eye(4)) for M in part)))
    assert (np.repeat(once.lower, 4) <= four.upper).all() and (four.lower <= np.repeat(once.upper, 4)).all()
    assert sharp(four)


# ------------------------------------------------------------------------------------------------ the other road


def rational(rng, *shape, unit=8.0):
    return rng.integers(-16, 17, shape) / unit


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("discrete", [False, True])
def test_values_agree_with_linear_systems_in_mpmath(seed, discrete):
    rng = np.random.default_rng(seed)
    N, H, p = 4, 1 + seed % 3, 1 + seed % 2
    A, B, C = rational(rng, N, N), rational(rng, N, H), rational(rng, p, N)
    if seed >= 3:
        A, B, C = A + 1j * rational(rng, N, N), B + 1j * rational(rng, N, H), C - 1j * rational(rng, p, N)
    A = A / 2.0**4 if discrete else A - 8 * np.eye(N)
    found = enclose(ht.StateSpace(A, B, C, dt=0.5 if discrete else None))
    assert contains(found, by_kronecker(A, B, C, discrete))
    assert sharp(found)


@pytest.mark.parametrize("family", ["LegS", "LagT", "LegT"])
def test_operators_agree_with_linear_systems_in_mpmath(family):
    op, c = ht.operator(family, 5), np.array([1.0, -0.5, 0.25, 2.0, -1.0])
    A, B = op.exact()
    with mpmath.workdps(60):
        A, B = ([[mpmath.mpmathify(x.evalf(60)) for x in row] for row in M.tolist()] for M in (A, B))
    assert contains(enclose(op, c), by_kronecker(np.array(A), np.array(B), c))


def test_defective_systems_agree_with_linear_systems_in_mpmath():
    A = np.array([[0.0, 1, 0], [0, 0, 1], [-1, -3, -3]])  # one Jordan block of the pole -1
    found = enclose(ht.StateSpace(A, [0, 0, 1.0], [1.0, 1, 2]))
    assert contains(found, by_kronecker(A, np.array([[0], [0], [1.0]]), [1.0, 1, 2]))


@pytest.mark.parametrize("lam", [[-1, -2, -3.5], [-1 + 2j, -1 - 2j, -0.25], [-0.001 + 50j, -3j - 4, -1]])
def test_diagonal_systems_agree_with_linear_systems_in_mpmath(lam):
    b, c = np.array([1, -0.5, 2]), np.array([0.25, 1 + 1j, -3])
    found = enclose(ht.Diagonal(lam, b, c))
    assert contains(found, by_kronecker(np.diag(lam), b[:, None], c))


def test_a_tail_far_beyond_floats_is_enclosed_to_the_tolerance_asked_for():
    lam = -np.logspace(0, 1, 10)
    found = enclose(ht.Diagonal(lam, np.ones(10), np.ones(10)), tolerance=1e-60)
    with mpmath.workdps(160):
        P = mpmath.matrix(10, 10)
        for i in range(10):
            for j in range(10):
                P[i, j] = -1 / (mpmath.mpf(lam[i]) + mpmath.mpf(lam[j]))
        # P = Q and both are real: the values are the eigenvalues of P.
        values = sorted(mpmath.eigsy(P, eigvals_only=True), reverse=True)
        assert contains(found, values)
    assert found.lower[-1] < 1e-10 * found.upper[0] and sharp(found, 1e-60)


@pytest.mark.parametrize("N", [1, 2, 5, 16, 40])
def test_the_squares_of_legs_sum_to_the_integral_of_t_h_squared(N):
    # tr(PQ) = int t h(t)^2 dt, and with x = e^{-t}, h = q(x) x: the sum of q_i q_j / (i + j + 2)^2.
    c = np.random.default_rng(N).standard_normal(N)
    found = enclose(ht.LegS(N), c)
    with mpmath.workdps(2 * N + 40):
        q = [mpmath.mpf(0)] * N
        for n in range(N):
            for k in range(n + 1):
                coefficient = (-1) ** (n + k) * math.comb(n, k) * math.comb(n + k, k)
                q[k] += mpmath.mpf(c[n]) * mpmath.sqrt(2 * n + 1) * coefficient
        total = sum(q[i] * q[j] / mpmath.mpf(i + j + 2) ** 2 for i in range(N) for j in range(N))
        low, high = (sum(mpmath.mpf(x) ** 2 for x in bound) for bound in (found.lower, found.upper))
        assert low <= total <= high
    assert sharp(found)


@pytest.mark.parametrize("N", [3, 16, 24])
def test_the_values_of_legs_are_those_of_a_symmetric_matrix_of_its_modes(N):
    # h = sum q_k e^{-(k+1)t}: with the Hilbert-like H = L L^T, H_ij = 1/(i+j+2), they are abs(eig(L^T diag(q) L)).
    c = np.random.default_rng(N).standard_normal(N)
    found = enclose(ht.LegS(N), c)
    with mpmath.workdps(4 * N + 20):
        q = [mpmath.mpf(0)] * N
        for n in range(N):
            for k in range(n + 1):
                coefficient = (-1) ** (n + k) * math.comb(n, k) * math.comb(n + k, k)
                q[k] += mpmath.mpf(c[n]) * mpmath.sqrt(2 * n + 1) * coefficient
        L = mpmath.cholesky(mpmath.matrix([[1 / mpmath.mpf(i + j + 2) for j in range(N)] for i in range(N)]))
        values = mpmath.eigsy(L.T * mpmath.diag(q) * L, eigvals_only=True)
        assert contains(found, sorted((abs(x) for x in values), reverse=True))


# -------------------------------------------------------------------------------- the same values, other roads


MARKS = [1, 2, 3, 4, 6]


def exact_pair():
    """Poles -(2^{k+1} - 1) and their bilinear images -(1 - 2^-k): both are floats, and so are B and C."""
    lam = np.array([-(2.0 ** (k + 1) - 1) for k in MARKS])
    mu = (1 + lam) / (1 - lam)
    b, c = np.array([1.0, 3, -2, 5, 4]), np.array([2.0, -1, 7, 1, 3])
    return (lam, b, c), (mu, 2 * b / (1 - lam), c / (1 - lam))


def turned(lam, b, c):
    """The diagonal system in coordinates of an integer matrix of determinant one: still exact."""
    N = lam.size
    lower, upper = np.tril(np.ones((N, N))), np.triu(np.ones((N, N)))
    T, S = lower @ upper, np.round(np.linalg.inv(upper)) @ np.round(np.linalg.inv(lower))
    assert np.array_equal(T @ S, np.eye(N))
    return T @ np.diag(lam) @ S, T @ b, c @ S


def test_values_are_those_of_the_bilinear_image_and_of_other_coordinates():
    continuous, discrete = exact_pair()
    found = [
        enclose(ht.Diagonal(*continuous)),
        enclose(ht.Diagonal(*discrete, dt=1.0)),
        enclose(ht.StateSpace(*turned(*continuous))),
        enclose(ht.StateSpace(*turned(*discrete), dt=1.0)),
        enclose(ht.StateSpace(np.diag(continuous[0]), *continuous[1:])),
    ]
    assert all(overlap(found[0], other) and sharp(other) for other in found)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 6), st.integers(-40, 40))
def test_permutations_and_powers_of_two_do_not_move_the_values(seed, N, power):
    rng = np.random.default_rng(seed)
    A, B, C = rational(rng, N, N) - 2 * N * np.eye(N), rational(rng, N, 2), rational(rng, 1, N)
    scale, order = 2.0 ** rng.integers(-abs(power), abs(power) + 1, N), rng.permutation(N)
    one = enclose(ht.StateSpace(A, B, C))
    moved = (scale[:, None] * A / scale)[np.ix_(order, order)], (scale[:, None] * B)[order], (C / scale)[:, order]
    assert overlap(one, enclose(ht.StateSpace(*moved)))
    # Time, and the adjoint system.
    assert overlap(one, enclose(ht.StateSpace(2.0**power * A, 2.0**power * B, C)))
    assert overlap(one, enclose(ht.StateSpace(A.T, C.T, B.T)))


def test_a_chain_has_the_values_of_its_own_sums():
    # Closed form of the Gramians against their series, entries of A and B by the operator's own formula.
    for op in (ht.LegS(12), ht.TakenakaMalmquist([0.5, 0.5, 3.0, 0.125, 20.0], shift=0.75)):
        C = np.random.default_rng(op.N).standard_normal((2, op.N))
        with flint.ctx.workprec(400):
            A, B = op.balls(400)
            a = [arb(x.real) for x in op.a]
            one = gramian_balls.chain_gramians(a, arb(op.shift), arb_mat(C.tolist()))
            other = gramian_balls.summed_gramians(A, B, arb_mat(C.tolist()), 2.0, 400)
            for X, Y, slack in zip((one.P, one.Q), (other.P, other.Q), other.slack, strict=True):
                assert all(abs(x - y) < 1e-60 for x, y in zip(X.entries(), Y.entries(), strict=True))
                room = arb(0, 1) * slack
                assert all((x - y).overlaps(room) for x, y in zip(X.entries(), Y.entries(), strict=True))


def test_the_gramian_of_legs_is_the_jacobi_matrix():
    N = 20
    with flint.ctx.workprec(400):
        P = gramian_balls.chain_gramians([arb(k) + 0.5 for k in range(N)], arb(0.5), arb_mat(1, N)).P
        for i in range(N):
            for j in range(i + 1):
                exact = arb(0.5) if i == j else i / (2 * (arb(4 * i * i) - 1).sqrt()) if i == j + 1 else arb(0)
                assert P[i, j].overlaps(exact) and P[i, j].rad() < 1e-90


@pytest.mark.parametrize("operator", [ht.LegT(8), ht.FouT(9), ht.LegS(8)], ids=repr)
def test_an_operator_differs_from_its_floats_by_rounding_alone(operator):
    c = np.random.default_rng(3).standard_normal(operator.N)
    exact, floats = enclose(operator, c), enclose(ht.StateSpace(operator.A, operator.B, c))
    # First order: the values move by at most eps ||A|| times the norms of the Gramians.
    room = 2.0**-53 * 10 * operator.N * np.linalg.norm(operator.A)
    assert (np.abs(exact.upper - floats.upper) < room).all()


@pytest.mark.parametrize("C", [None, np.arange(5.0)])
def test_a_complex_read_out_of_a_chain_takes_the_other_road(C):
    op = ht.LegS(5)
    rows = np.eye(5) if C is None else C[None]
    assert overlap(enclose(op, C), enclose(op, np.exp(0.0j) * rows))
    assert overlap(enclose(op, C), enclose(op, np.concatenate([rows, 0 * rows])))


@given(st.integers(0, 500), st.integers(1, 3), st.integers(0, 2), st.booleans())
@settings(max_examples=20)
def test_stored_pairs_have_the_values_of_the_system_written_out(seed, pairs, reals, matrices):
    rng = np.random.default_rng(seed)
    M = pairs + reals
    lam = -1 - rng.integers(0, 9, M) + 1j * np.r_[rng.integers(1, 9, pairs), np.zeros(reals)]
    shape = ((M, 2), (2, M)) if matrices else ((M,), (M,))
    B, C = (rational(rng, *s) + 1j * rational(rng, *s) for s in shape)
    if matrices:
        B[pairs:] = B[pairs:].real
    stored = ht.Diagonal(lam, B, C, conjugate_pairs=True)
    found, other = enclose(stored), enclose(stored.full())
    # Where a real mode is turned, ``full`` rounds.
    room = 1e-13 * other.upper[0]
    assert found.lower.size == 2 * pairs + reals
    assert (found.lower <= other.upper + room).all() and (other.lower <= found.upper + room).all()


def test_low_rank_systems_are_taken_exactly():
    lam, P, B = np.array([-1.0, -2, -4, -8]), np.array([1.0, 0.5, 2, -1]), np.array([1.0, 1, 3, -2])
    Q, C = np.array([[0.5], [1.0], [-1.0], [0.25]]), np.array([1.0, -1, 2, 5])
    for Q_given, dense in ((None, P[:, None] * P), (Q, P[:, None] * Q[:, 0])):
        P_given = P if Q_given is None else P[:, None]
        system = ht.DiagonalPlusLowRank(lam, P_given, B, C, Q=Q_given)
        assert overlap(enclose(system), enclose(ht.StateSpace(np.diag(lam) - dense, B, C)))


# --------------------------------------------------------------------- nothing that needs trust is trusted


def test_the_tail_of_the_series_is_bounded():
    # Stopped early, the sum misses 1/(1 - r^2) r^{2n}, and its slack is that, relative to the sum.
    with flint.ctx.workprec(200):
        r, one = arb(0.875), arb_mat([[1]])
        found = gramian_balls.summed_gramians(arb_mat([[r]]), one, 2 * one, None, 10)
        for total, slack, square in zip((found.P, found.Q), found.slack, (1, 4), strict=True):
            gap = square / (1 - r * r) - total[0, 0]
            assert arb(2) ** -20 < gap and abs(gap / slack - 1) < 1e-40


@pytest.mark.parametrize("share", [1e-40, 1e-26])
def test_a_wrong_factor_widens_the_bounds_and_makes_none_wrong(monkeypatch, share):
    op, c = ht.LegS(8), np.arange(1.0, 9)
    right, factor = enclose(op, c), hankel_values._factor

    def wrong(P, bits):
        L = factor(P, bits)
        return L + type(P)(8, 8, [share * (i % 5 - 2) for i in range(64)])

    monkeypatch.setattr(hankel_values, "_factor", wrong)
    found = enclose(op, c, tolerance=1e-9)
    assert (found.lower <= right.lower).all() and (right.upper <= found.upper).all()
    if share > 1e-30:
        with pytest.raises(AccuracyError, match="8192 bits"):
            enclose(op, c, tolerance=1e-18)


def test_a_wrong_decomposition_makes_no_bound_wrong(monkeypatch):
    rng = np.random.default_rng(0)
    R = arb_mat(rng.standard_normal((6, 6)).tolist())
    with mpmath.workdps(40):
        exact = [mpmath.mpf(x) for x in mpmath.svd_r(mpmath.matrix(np.array(R.tolist(), float)), compute_uv=False)]
    svd = np.linalg.svd
    for noise in (1e-12, 1e-3, 0.3):

        def wrong(M, noise=noise):
            U, S, V = svd(M)
            return U + noise * rng.standard_normal(U.shape), S, V

        monkeypatch.setattr(np.linalg, "svd", wrong)
        with flint.ctx.workprec(160):
            low, high = singular_value_bounds(R, 1e-20)
            for x, a, b in zip(sorted(exact, reverse=True), low, high, strict=True):
                value = arb(mpmath.nstr(x, 40))
                assert not a > value and not b < value


def rotations(N, rng, complex_=False):
    """An exactly orthogonal or unitary matrix up to balls: products of plane rotations."""
    Q = acb_mat(N, N, 1) if complex_ else arb_mat(N, N, 1)
    for _ in range(2):
        for k in range(N - 1):
            angle = arb(rng.uniform(0, 6))
            G = type(Q)(N, N, 1)
            turn = flint.acb(0, rng.uniform(0, 6)).exp() if complex_ else 1
            G[k, k], G[k + 1, k + 1] = angle.cos() * turn, angle.cos()
            G[k, k + 1], G[k + 1, k] = -angle.sin(), angle.sin() * turn
            Q = Q * G
    return Q


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize(
    "values",
    [
        [1.0] * 6,
        [3.0, 3.0, 3.0, 1.0, 1.0, 0.5],
        [1.0, 1 - 2.0**-50, 1 - 2.0**-48, 0.5, 0.5 - 2.0**-45, 0.25],
        [1.0, 1e-3, 1.1e-16, 1e-16, 1e-17, 1e-18],
        [1.0, 1e-20, 1e-33, 1e-33, 1e-47, 0.0],
        [2.0**-k for k in range(0, 60, 6)],
        [1.0, 0.0, 0.0, 0.0],
        [5.0],
    ],
    ids=str,
)
def test_singular_values_of_balls_in_clusters_and_tails(values, complex_):
    rng, N = np.random.default_rng(len(values)), len(values)
    with flint.ctx.workprec(320):
        D = arb_mat(N, N)
        for k, value in enumerate(values):
            D[k, k] = arb(value)
        U, V = rotations(N, rng, complex_), rotations(N, rng, complex_)
        R = U * (acb_mat(D) if complex_ else D) * V
        for relative in (1e-19, 1e-50):
            low, high = singular_value_bounds(R, relative)
            for value, a, b in zip(values, low, high, strict=True):
                assert not a > value and not b < value
                assert b - a <= relative * values[0]


# ------------------------------------------------------------------------------------------------ widths, errors


@pytest.mark.parametrize("N", [16, 32, 64])
def test_every_value_of_legs_is_as_sharp_as_floats(N):
    found = enclose(ht.LegS(N), np.random.default_rng(N).standard_normal(N))
    assert sharp(found)
    large = found.upper >= 1e-6 * found.upper[0]
    assert ((found.upper - found.lower)[large] <= 1e-12 * found.upper[large]).all()


@pytest.mark.slow
@pytest.mark.parametrize("N", [128, 256])
def test_every_value_of_a_large_legs_is_as_sharp_as_floats(N):
    found = enclose(ht.LegS(N), np.random.default_rng(N).standard_normal(N))
    assert sharp(found) and found.upper[-1] < 1e-12 * found.upper[0]


@pytest.mark.slow
def test_a_large_legs_has_the_values_of_its_sums():
    c = np.random.default_rng(96).standard_normal(96)
    assert overlap(enclose(ht.LegS(96), c), enclose(ht.LegS(96), np.array([c, 0j * c])))


def test_values_near_the_ends_of_the_range_of_floats():
    found = enclose(ht.Diagonal([-1e300, -1e-300], [1e300, 1.0], [1e300, 1.0]))
    assert (found.lower <= 5e299).all() and (found.upper >= 5e299).all() and sharp(found, 1e-15)
    found = enclose(ht.Diagonal([-1.0], [1e-200], [1e-200]))
    assert found.lower[0] == 0 and found.upper[0] == 5e-324


@pytest.mark.parametrize(
    "system",
    [
        ht.Diagonal([-1.0, -2.0], [1.0, 0.0], [0.0, 1.0]),
        ht.Diagonal([-1.0, -1.0], [1.0, 1.0], [1.0, -1.0]),
        ht.Diagonal([-1.0 + 1j, -2.0], [1.0, 0.0], [0.0, 1.0]),
        ht.Diagonal([-1.0, -2.0], [0.0, 0.0], [1.0, 1.0]),
        ht.Diagonal([-1.0 + 1j], [1.0], [0.0], conjugate_pairs=True),
        ht.StateSpace([[-1.0, 0.5], [0.25, -2.0]], [0.0, 0.0], [1.0, 1.0]),
        ht.StateSpace([[-1.0, 1.0], [0.0, -2.0]], [1.0, 0.0], [0.0, 1.0]),
        ht.StateSpace([[0.0, 1.0], [0.0, 0.0]], [1.0, 0.0], [0.0, 1j], dt=1.0),
    ],
    ids=repr,
)
def test_a_zero_system_has_zeros(system):
    found = enclose(system)
    assert not found.upper.any() and not found.lower.any() and found.upper.size == system.N


def test_a_zero_read_out_has_zeros():
    assert not enclose(ht.LegS(4), np.zeros(4)).upper.any()
    assert not enclose(ht.LegT(4), np.zeros((2, 4))).upper.any()


def test_states_that_nothing_drives_have_the_value_zero():
    found = enclose(ht.Diagonal(-np.ones(5), np.ones(5), np.ones(5)))
    assert found.lower[0] <= 2.5 <= found.upper[0] and (found.upper[1:] < 1e-18).all() and not found.lower[1:].any()


@pytest.mark.parametrize(
    ("system", "pole"),
    [
        (ht.Diagonal([-1.0, 0.5 + 3j], [1.0, 1.0], [1.0, 1.0]), r"0\.5\+3j"),
        (ht.Diagonal([-1.0, 3j], [1.0, 1.0], [1.0, 1.0]), r"0\+3j"),
        (ht.Diagonal([0.5, 0.6 + 0.8j], [1.0, 1.0], [1.0, 1.0], dt=1.0), r"0\.6\+0\.8j"),
        (ht.StateSpace([[-1.0, 3.0], [0.0, 0.0]], [1.0, 1.0], [1.0, 1.0]), r"0\+0j"),
        (ht.StateSpace([[-1.0, 3.0], [3.0, -2.0]], [1.0, 1.0], [1.0, 1.0]), r"1\.54138"),
        (ht.StateSpace([[0.0, 3.0], [-3.0, 0.0]], [1.0, 1.0], [1.0, 1.0]), r"[+-]3j"),
        (ht.StateSpace([[0.0, 3.0], [-3.0, 0.0]], [1.0, 1.0], [1.0, 1.0], dt=1.0), r"[+-]3j"),
        (ht.StateSpace([[0.0, 1.0], [-1.0, 0.0]], [1.0, 1.0], [1.0, 1.0], dt=1.0), r"[+-]1j"),
        # Poles 2 and -2: alpha - A is singular for the alpha that suits them.
        (ht.StateSpace([[0.0, 1.0], [4.0, 0.0]], [1.0, 1.0], [1.0, 1.0]), r"2\+0j"),
    ],
    ids=str,
)
def test_an_unstable_system_is_refused_by_its_pole(system, pole):
    with pytest.raises(UnstableSystemError, match=pole):
        enclose(system)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ((ht.LegS(3), [1.0, 2.0]), ShapeError, r"shape \(3,\) or \(p, 3\), got \(2,\)"),
        ((ht.LegS(3), np.ones((1, 1, 3))), ShapeError, "got"),
        ((ht.LegS(3), np.ones((0, 3))), ShapeError, "got"),
        ((ht.LegS(3), [1.0, np.nan, 2.0]), ParameterError, "NaN"),
        ((ht.LegS(3), ["a", "b", "c"]), ParameterTypeError, "numeric"),
        ((np.eye(3),), ParameterTypeError, "ndarray"),
        ((ht.s4d("legs", 4),), ParameterTypeError, r"\.system"),
        ((ht.StateSpace([[-1.0]], [1.0], [1.0]), [1.0]), ParameterTypeError, "a C already"),
        ((ht.Diagonal([-1.0 + 1j], [1.0], conjugate_pairs=True),), ParameterError, "give C="),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        enclose(*arguments)


@pytest.mark.parametrize("tolerance", [0.0, -1.0, math.nan, 0.1, 1e-101])
def test_a_tolerance_out_of_range_is_refused(tolerance):
    with pytest.raises(ParameterError, match="tolerance"):
        enclose(ht.LegS(2), tolerance=tolerance)


def test_more_digits_than_bits_are_refused(monkeypatch):
    monkeypatch.setattr(hankel_values, "_MOST_BITS", 100)
    with pytest.raises(AccuracyError, match="100 bits"):
        enclose(ht.LegS(2))


def test_where_lapack_fails_an_error_says_so(monkeypatch):
    def fails(M):
        raise np.linalg.LinAlgError("did not converge")

    monkeypatch.setattr(np.linalg, "svd", fails)
    monkeypatch.setattr(np.linalg, "eigvals", fails)
    with pytest.raises(AccuracyError, match="8192 bits"):
        enclose(ht.LegT(2))


def test_the_result_is_frozen_and_prints_its_largest_value():
    found = enclose(ht.LegS(3), [1.0, 0.0, 0.0])
    assert "3 Hankel singular values" in repr(found) and repr(float(found.lower[0]))[:12] in repr(found)
    with pytest.raises(ValueError, match="read-only"):
        found.lower[0] = 1.0


def test_the_precision_of_the_process_is_left_alone():
    before = flint.ctx.prec
    enclose(ht.LegS(3))
    assert flint.ctx.prec == before


def test_the_speed_of_doubling_is_no_matter_of_truth():
    A, b = np.array([[-1.0, 2.0], [-2.0, -1.0]]), np.ones(2)
    with flint.ctx.workprec(300):
        balls = [exact_systems.as_matrix(embed(M)) for M in (A, b[:, None], b[None])]
        found = [gramian_balls.summed_gramians(*balls, alpha, 300).P for alpha in (0.01, 1.0, 64.0)]
        assert all((found[0] - other)[0, 0].overlaps(arb(0, 1e-60)) for other in found)
    assert gramian_balls.best_alpha(np.zeros(0, complex)) == 1.0
    assert gramian_balls.best_alpha(np.array([-4.0 + 0j])) in (2.0, 4.0)
    assert refined_svd.adjoint(arb_mat([[1, 2], [3, 4]]))[0, 1] == 3
