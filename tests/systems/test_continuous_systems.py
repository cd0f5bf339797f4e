"""Three ways to write one system: transfer, kernel, poles and conversions agree with exact arithmetic."""

from dataclasses import replace

import flint
import mpmath
import numpy as np
import pytest
import references as ref
from flint import acb_mat
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht

S = np.array([0.0, 1e-6j, 0.3 + 2j, -0.05 + 1j, 40j, 1e5 - 1e4j])


def random_stable(N, seed, complex_=False):
    """A = K - I/2 with K nearly skew: stable and not far from normal, so that eps |A| / distance is the condition."""
    rng = np.random.default_rng([N, seed])
    M = rng.standard_normal((N, N)) + (1j * rng.standard_normal((N, N)) if complex_ else 0)
    A = M - M.conj().T - 0.5 * np.eye(N) - 0.1 * np.outer(M[0], M[0].conj())
    return A, rng.standard_normal(N), rng.standard_normal(N)


def ball_matrix(M):
    return acb_mat([[ref.ball_of(x) for x in row] for row in np.atleast_2d(M)])


def exact_transfer(A, B, C, s):
    with flint.ctx.workprec(ref.BITS):
        M = acb_mat(
            [[(ref.ball_of(s) if i == j else 0) - ref.ball_of(A[i, j]) for j in range(len(B))] for i in range(len(B))]
        )
        x = M.solve(ball_matrix(B[:, None]))
        return complex((ball_matrix(C) * x)[0, 0])


def exact_kernel(A, B, C, t):
    with flint.ctx.workprec(ref.BITS):
        return complex((ball_matrix(C) * (ball_matrix(A) * ref.ball_of(t)).exp() * ball_matrix(B[:, None]))[0, 0])


def condition(A, s):
    """||(sI - A)^{-1}|| (|s| + ||A||), the normwise condition of a backward stable solve."""
    sigma = np.linalg.svd(s * np.eye(len(A)) - A, compute_uv=False)
    return (abs(s) + np.linalg.norm(A, 2)) / sigma[-1]


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("N", [1, 2, 9])
def test_dense_transfer_and_kernel_are_the_exact_ones(N, complex_):
    A, B, C = random_stable(N, 0, complex_)
    system = ht.StateSpace(A, B, C)
    for s, got in zip(S, system.transfer(S), strict=True):
        size = np.linalg.norm(C) * np.linalg.norm(np.linalg.solve(s * np.eye(N) - A, B))
        assert abs(got - exact_transfer(A, B, C, s)) <= 4 * N * ref.EPS * condition(A, s) * size
    t = np.array([3.0, 0.0, 1e-3, 0.4])
    for u, got in zip(t, system.kernel(t), strict=True):
        tolerance = 16 * ref.EPS * (1 + np.linalg.norm(A, 2) * u) * np.linalg.norm(B) * np.linalg.norm(C)
        assert abs(got - exact_kernel(A, B, C, u)) <= tolerance


@pytest.mark.parametrize("N", [1, 3, 12])
def test_dense_legs_is_the_operator(N):
    op = ht.LegS(N)
    system = ht.StateSpace(op.A, op.B)
    want, got = op.transfer(S), system.transfer(S)
    assert got.shape == (N, len(S))
    for j, s in enumerate(S):
        tolerance = 4 * N * ref.EPS * condition(op.A, s) * np.linalg.norm(want[:, j])
        assert np.abs(got[:, j] - want[:, j]).max() <= tolerance
    np.testing.assert_allclose(
        system.kernel([0.1, 2.0]),
        op.kernel([0.1, 2.0]),
        rtol=0,
        atol=16 * ref.EPS * (1 + 4 * N**2) * np.linalg.norm(op.B),
    )
    np.testing.assert_array_equal(np.sort(system.poles), -np.arange(N, 0, -1.0))


def test_poles_of_a_triangular_matrix_are_its_diagonal_and_not_the_noise_of_an_eigensolver():
    """At N = 64 an eigensolver loses every digit of LegS."""
    np.testing.assert_array_equal(np.sort(ht.StateSpace(ht.LegS(64).A, ht.LegS(64).B).poles), -np.arange(64, 0, -1.0))
    np.testing.assert_array_equal(np.sort(ht.StateSpace(ht.LegS(64).A.T, ht.LegS(64).B).poles), -np.arange(64, 0, -1.0))


@pytest.mark.parametrize("N", [1, 2, 9])
def test_diagonal_plus_low_rank_is_the_dense_matrix_it_stands_for(N):
    rng = np.random.default_rng(N)
    lam = -rng.uniform(0.1, 1, N) + 5j * rng.standard_normal(N)
    P, Q, B, C = rng.standard_normal((4, N)) + 1j * rng.standard_normal((4, N))
    for other in (None, Q):
        system = ht.DiagonalPlusLowRank(lam, P, B, C, D=0.25, Q=other)
        A = np.diag(lam) - np.outer(P, (P if other is None else Q).conj())
        np.testing.assert_allclose(system.to_dense().A, A, rtol=0, atol=4 * ref.EPS * np.abs(A).max())
        points = np.concatenate([S, lam, lam + 1e-9, lam + 0.3])  # on the diagonal's eigenvalues too
        got = system.transfer(points)
        for s, g in zip(points, got, strict=True):
            want = exact_transfer(A, B, C, s) + 0.25
            size = np.linalg.norm(C) * np.linalg.norm(np.linalg.solve(s * np.eye(N) - A, B))
            assert abs(g - want) <= 4 * N * ref.EPS * (1 + condition(A, s) * size)
        want = np.linalg.eigvals(A)
        for p in system.poles:
            assert np.abs(want - p).min() <= 1e-9 * np.abs(lam).max()
        for t in (0.0, 0.5):
            tolerance = 64 * ref.EPS * (1 + np.linalg.norm(A, 2) * t) * np.linalg.norm(B) * np.linalg.norm(C)
            scale = max(1.0, np.exp(t * np.linalg.eigvalsh((A + A.conj().T) / 2)[-1]))
            assert abs(system.kernel([t])[0] - exact_kernel(A, B, C, t)) <= tolerance * scale


finite = st.just(0.0) | st.floats(-5, 5).filter(lambda x: abs(x) > 1e-290)  # tiny weights have a test of their own
modes = st.lists(
    st.tuples(st.floats(-3, -0.01), st.just(0.0) | st.floats(0.01, 50), finite, finite, finite, finite),
    min_size=1,
    max_size=6,
)


@given(modes, st.booleans(), st.floats(-60, 60))
def test_stored_pairs_are_the_full_real_system(parts, with_d, w):
    """2 Re for a pair; a real mode, stored once with half its weight, counts once."""
    lam = np.array([complex(x, y) for x, y, *_ in parts])
    real = lam.imag == 0
    B = np.array([complex(b, 0 if r else c) for (_, _, b, c, _, _), r in zip(parts, real, strict=True)])
    C = np.array([complex(b, 0 if r else c) for (_, _, _, _, b, c), r in zip(parts, real, strict=True)])
    D = 0.75 if with_d else 0.0
    pair = ht.Diagonal(lam, np.where(real, B / 2, B), C, D, conjugate_pairs=True)
    full = ht.Diagonal(
        np.concatenate([lam, lam[~real].conj()]),
        np.concatenate([B, B[~real].conj()]),
        np.concatenate([C, C[~real].conj()]),
        D,
    )
    assert pair.N == full.N == len(lam) + np.sum(~real)
    s = 0.1 + 1j * w
    size = 2 * np.sum(np.abs(B * C) / np.minimum(np.abs(s - lam), np.abs(s - lam.conj()))) + D
    tolerance = 8 * len(lam) * ref.EPS * size
    for other in (full, pair.full(), pair.to_dense(), full.to_dense()):
        assert abs(pair.transfer(s) - other.transfer(s)) <= 64 * tolerance * (1 + abs(s))
    t = np.array([0.0, 0.3, 2.0])
    kernels = 2 * np.exp(t[:, None] * lam) * (np.where(real, B / 2, B) * C)
    # t lam has an eps of itself, which e^ turns into an absolute one
    atol = 16 * len(lam) * ref.EPS * (1 + 2 * np.abs(lam).max()) * np.sum(np.abs(B * C)) * 2
    np.testing.assert_allclose(pair.kernel(t), kernels.sum(axis=1).real, rtol=0, atol=atol)
    assert pair.kernel(t).dtype == np.float64
    np.testing.assert_allclose(full.kernel(t), pair.kernel(t), rtol=0, atol=atol)
    np.testing.assert_array_equal(np.sort_complex(pair.poles), np.sort_complex(full.poles))


def test_transfer_of_stored_pairs_is_real_on_the_real_axis_and_symmetric():
    pair = ht.Diagonal([-1 + 2j, -0.5], [1 - 1j, 0.5], C=[2 + 1j, 1.0], conjugate_pairs=True)
    assert pair.transfer(3.0).imag == 0
    np.testing.assert_allclose(pair.transfer(1 + 7j), np.conj(pair.transfer(1 - 7j)), rtol=4 * ref.EPS)


@pytest.mark.parametrize("pairs", [False, True])
def test_diagonal_transfer_is_a_sum_of_poles_to_full_accuracy(pairs):
    """Against mpmath at 40 digits; every term is good to a few eps."""
    mpmath.mp.dps = 40
    lam, B, C = (
        np.array([-1e-3 + 1e3j, -0.5 + 1j, -2e5 + 3j]),
        np.array([1 + 1j, 2.0, 3e5]),
        np.array([1.0, 0.3 - 1j, 2.0]),
    )
    system = ht.Diagonal(lam, B, C, D=0.5, conjugate_pairs=pairs)

    def exact(z):
        terms = zip(lam, B, C, strict=True)
        return sum(mpmath.mpc(c) * mpmath.mpc(b) / (mpmath.mpc(z) - mpmath.mpc(p)) for p, b, c in terms)

    for s in (0.0, 1j, 1000j, -1e5 + 1j):
        want = exact(s) + (mpmath.conj(exact(np.conj(s))) if pairs else 0) + 0.5
        size = np.sum(np.abs(C * B) * (1 / np.abs(s - lam) + pairs / np.abs(s - lam.conj()))) + 0.5
        assert abs(complex(want) - system.transfer(s)) <= 8 * ref.EPS * size


@pytest.mark.parametrize("B", [1e-308, 5e-324, 5e-309 + 0j, 5e-309j, 1e300, 1j, 1 - 2j])
def test_a_real_mode_of_any_weight_is_written_out_as_it_is_heard(B):
    """2 Re(C e^{lam t} B) with complex weights is a real mode of weight 2 Re(C B)."""
    pair = ht.Diagonal([-0.5], [B], C=[2 + 1j], conjugate_pairs=True)
    full = pair.full()
    assert full.N == pair.N == 1
    want = 2 * np.real((2 + 1j) * B) * np.exp(-0.5)
    assert pair.kernel(1.0) == pytest.approx(want, rel=4 * ref.EPS, abs=1e-323)
    assert full.kernel(1.0) == pytest.approx(want, rel=8 * ref.EPS, abs=1e-322)


ONES = np.ones(2)
MINUS = -np.eye(2)
SYSTEMS = {
    "dense": lambda C=None, D=0.0, dt=None: ht.StateSpace([[-1.0, 0.0], [1.0, -2.0]], ONES, C, D, dt=dt),
    "dplr": lambda C=None, D=0.0, dt=None: ht.DiagonalPlusLowRank([-1.0, -2.0], [0.1, 0.2], ONES, C, D, dt=dt),
    "diagonal": lambda C=None, D=0.0, dt=None: ht.Diagonal([-1.0, -2.0], ONES, C, D, dt=dt),
}


@pytest.mark.parametrize("make", SYSTEMS.values(), ids=SYSTEMS)
def test_shapes_follow_the_outputs_then_the_points(make):
    grid = 1 + 1j * np.arange(6.0).reshape(2, 3)
    state, single, double = make(), make(C=ONES), make(C=np.eye(2))
    assert state.transfer(1j).shape == (2,)
    assert state.transfer(grid).shape == (2, 2, 3)
    assert single.transfer(1j).shape == ()
    assert single.transfer(grid).shape == (2, 3)
    assert double.transfer(grid).shape == (2, 2, 3)
    np.testing.assert_allclose(double.transfer(grid), state.transfer(grid), rtol=4 * ref.EPS)
    np.testing.assert_allclose(single.transfer(grid), state.transfer(grid).sum(axis=0), rtol=8 * ref.EPS)
    t = np.array([[0.0, 0.5, 3.0]])
    assert state.kernel(t).shape == (2, 1, 3)
    assert single.kernel(t).shape == (1, 3)
    assert single.kernel(0.5).shape == ()
    assert double.kernel([]).shape == (2, 0)


@pytest.mark.parametrize("make", SYSTEMS.values(), ids=SYSTEMS)
def test_infinity_gives_the_feedthrough_and_nan_is_refused(make):
    assert make(C=ONES, D=2.0).transfer(np.inf) == 2.0
    np.testing.assert_array_equal(make(C=np.eye(2), D=2.0).transfer([np.inf, complex(0, -np.inf)]), 2.0)
    np.testing.assert_array_equal(make().transfer(np.inf), 0.0)
    with pytest.raises(ht.HippoTheoryError, match="NaN"):
        make().transfer([1.0, np.nan])


@pytest.mark.parametrize("make", SYSTEMS.values(), ids=SYSTEMS)
def test_the_feedthrough_is_in_the_transfer_and_not_in_the_kernel(make):
    plain, direct = make(C=ONES), make(C=ONES, D=2 - 1j)
    np.testing.assert_allclose(direct.transfer(S), plain.transfer(S) + 2 - 1j, rtol=8 * ref.EPS)
    np.testing.assert_array_equal(direct.kernel([0.0, 1.0]), plain.kernel([0.0, 1.0]))


def test_a_pole_that_an_input_does_not_reach_is_none_for_it():
    B = np.array([[1.0, 0.0], [0.0, 1.0]])
    diagonal = ht.Diagonal([-1.0, -2.0], B, C=[1.0, 1.0])
    np.testing.assert_array_equal(diagonal.transfer([-1.0, -2.0]), [[np.inf, -1.0], [1.0, np.inf]])
    dense = ht.StateSpace([[-1.0, 0.0], [1.0, -2.0]], [[1.0, 0.0], [0.0, 0.0]], C=[1.0, 1.0])
    np.testing.assert_array_equal(dense.transfer([-1.0, -2.0]), [[np.inf, np.inf], [0.0, 0.0]])
    for make in SYSTEMS.values():
        assert not replace(make(), B=np.zeros(2)).transfer(make().poles).any()
    pairs = ht.Diagonal([-1 + 1j], [[1.0, 0.0]], C=[1.0], conjugate_pairs=True).transfer([-1 + 1j, -1 - 1j])
    np.testing.assert_array_equal(pairs, [[np.inf, np.inf], [0.0, 0.0]])


def test_a_mode_whose_modulus_is_no_float_is_refused():
    with pytest.raises(ht.ParameterError, match="float range"):
        ht.Diagonal([1.7e308 * (1j - 1)], [1.0])


def test_a_pole_gives_infinity():
    for name in ("dense", "diagonal"):
        assert np.isinf(SYSTEMS[name](C=ONES).transfer(-1.0))
        assert np.isinf(SYSTEMS[name](C=ONES).transfer([-1.0, -2.0, 1.0])).tolist() == [True, True, False]
    assert np.isinf(ht.DiagonalPlusLowRank([-1.0], [1.0], [1.0], C=[1.0]).transfer(-2.0))
    assert ht.DiagonalPlusLowRank([-1.0], [1.0], [1.0], C=[1.0]).transfer(-1.0) == 1.0


def test_kernels_of_diagonal_systems_are_exponentials_to_full_accuracy():
    """Decay is relative: e^{-700} comes with all its digits."""
    K = ht.Diagonal([-0.5, -7.0, -700.0], np.ones(3)).kernel([1.0, 100.0])
    np.testing.assert_allclose(K.real, np.exp(np.outer([-0.5, -7.0, -700.0], [1.0, 100.0])), rtol=2 * ref.EPS)


def test_systems_do_not_share_memory_with_what_they_were_made_from():
    A, B = np.array([[-1.0, 0.0], [1.0, -2.0]]), np.ones(2)
    system = ht.StateSpace(A, B)
    before = system.transfer(1j).copy()
    A[0, 0] = B[0] = 99.0
    np.testing.assert_array_equal(system.transfer(1j), before)
    with pytest.raises((AttributeError, TypeError)):
        system.A = A


BAD = {
    "A not square": (lambda: ht.StateSpace(np.ones((2, 3)), ONES), r"square.*\(2, 3\)"),
    "A a vector": (lambda: ht.StateSpace(ONES, ONES), r"square.*\(2,\)"),
    "A empty": (lambda: ht.StateSpace(np.ones((0, 0)), []), "empty|at least|non-empty|square"),
    "B too long": (lambda: ht.StateSpace(MINUS, np.ones(3)), r"B must have shape \(2,\).*\(3,\)"),
    "B a row": (lambda: ht.StateSpace(MINUS, np.ones((1, 2))), r"B must have shape \(2,\) or \(2, H\).*\(1, 2\)"),
    "B without inputs": (lambda: ht.StateSpace(MINUS, np.ones((2, 0))), r"B must have shape.*\(2, 0\)"),
    "B a cube": (lambda: ht.Diagonal([-1.0], np.ones((1, 1, 1))), r"B must have shape.*\(1, 1, 1\)"),
    "B a column of a low rank": (
        lambda: ht.DiagonalPlusLowRank([-1.0], [1.0], [[1.0]]),
        r"B must have shape \(1,\), got.*\(1, 1\)",
    ),
    "C too long": (lambda: ht.StateSpace(MINUS, ONES, np.ones(3)), r"C must.*\(3,\)"),
    "C of wrong width": (lambda: ht.StateSpace(MINUS, ONES, np.ones((2, 3))), r"C must.*\(2, 3\)"),
    "D a vector": (lambda: ht.StateSpace(MINUS, ONES, ONES, [1.0]), "D must be a scalar"),
    "D of another shape": (lambda: ht.StateSpace(MINUS, MINUS, np.ones((3, 2)), np.ones((2, 3))), r"shape \(3, 2\)"),
    "D one number for many inputs": (lambda: ht.StateSpace(MINUS, MINUS, MINUS, 1.0), r"0 or of shape \(2, 2\)"),
    "D a row for one input": (lambda: ht.StateSpace(MINUS, ONES, MINUS, [[1.0, 1.0]]), r"outputs alike, or.*\(2,\)"),
    "D without C": (lambda: ht.StateSpace(MINUS, ONES, D=1.0), "D = 1.0.*C"),
    "NaN in A": (lambda: ht.StateSpace(MINUS * np.nan, ONES), "A contains NaN"),
    "infinity in B": (lambda: ht.StateSpace(MINUS, [1.0, np.inf]), "B contains"),
    "NaN in C": (lambda: ht.StateSpace(MINUS, ONES, [1.0, np.nan]), "C contains"),
    "NaN in D": (lambda: ht.StateSpace(MINUS, ONES, ONES, np.nan), "D contains"),
    "dt zero": (lambda: ht.StateSpace(MINUS, ONES, dt=0.0), "dt must be positive.*0.0"),
    "dt negative": (lambda: ht.Diagonal([-1.0], [1.0], dt=-1.0), "dt must be positive.*-1.0"),
    "dt NaN": (lambda: ht.DiagonalPlusLowRank([-1.0], [1.0], [1.0], dt=np.nan), "dt must be.*nan"),
    "dt a word": (lambda: ht.StateSpace(MINUS, ONES, dt="x"), "dt must be"),
    "A words": (lambda: ht.StateSpace("x", ONES), "A must be numeric"),
    "lam a matrix": (lambda: ht.Diagonal([[-1.0]], [1.0]), r"lam.*\(1, 1\)"),
    "lam empty": (lambda: ht.Diagonal([], []), "lam.*non-empty"),
    "lam and B differ": (lambda: ht.Diagonal([-1.0, -2.0], [1.0]), r"B must have shape \(2,\).*\(1,\)"),
    "lam NaN": (lambda: ht.Diagonal([np.nan], [1.0]), "lam contains NaN"),
    "P too long": (lambda: ht.DiagonalPlusLowRank([-1.0], [1.0, 2.0], [1.0]), r"P must.*\(2,\)"),
    "Q too long": (lambda: ht.DiagonalPlusLowRank([-1.0], [1.0], [1.0], Q=[1.0, 2.0]), r"Q must.*\(2,\)"),
    "time negative": (lambda: ht.Diagonal([-1.0], [1.0]).kernel([-1.0]), "t must be >= 0"),
    "time NaN": (lambda: ht.StateSpace(MINUS, ONES).kernel([np.nan]), "t must be finite"),
    "ragged A": (lambda: ht.StateSpace([[1.0, 2.0], [3.0]], ONES), "A"),
}


@pytest.mark.parametrize(("call", "said"), BAD.values(), ids=BAD)
def test_what_makes_no_system_is_refused_with_a_message_that_names_it(call, said):
    with pytest.raises(ht.HippoTheoryError, match=said):
        call()


@pytest.mark.parametrize("system", [m(C=ONES) for m in SYSTEMS.values()], ids=SYSTEMS)
def test_copies_and_pickles_stay_frozen(system):
    import copy
    import pickle

    assert copy.copy(system) is system and copy.deepcopy(system) is system
    again = pickle.loads(pickle.dumps(system))
    for name, array in again.tensors().items():
        assert not array.flags.writeable
        np.testing.assert_array_equal(array, system.tensors()[name])


def test_a_system_does_not_share_memory_with_what_it_was_made_from():
    A = -np.eye(2)
    system = ht.StateSpace(A, ONES)
    A[0, 0] = 99.0
    assert system.A[0, 0] == -1.0


def test_growth_beyond_the_float_range_is_a_typed_error():
    with pytest.raises(ht.AccuracyError, match="unstable"):
        ht.StateSpace([[1000.0, 1.0], [0.0, -1.0]], [0.0, 1.0]).kernel([1.0, 0.1])


@pytest.mark.parametrize("pairs", ["no", 1, None, np.array([True, False])], ids=repr)
def test_conjugate_pairs_is_yes_or_no(pairs):
    with pytest.raises(ht.ParameterError, match="conjugate_pairs"):
        ht.Diagonal([-1.0], [1.0], conjugate_pairs=pairs)


def test_poles_that_have_lost_their_digits_say_so():
    """The modal form of LegS(32) has poles -1..-32 behind a condition of 1e23: LAPACK cannot have them."""
    with pytest.warns(ht.AccuracyWarning, match="ill-conditioned"):
        poles = ht.s4(ht.LegS(32)).poles
    assert np.abs(np.sort(poles.real) + np.arange(32, 0, -1)).max() > 1e-3
    np.testing.assert_allclose(np.sort(ht.s4(ht.LegS(4)).poles.real), [-4, -3, -2, -1], rtol=1e-10)


@pytest.mark.parametrize("exponent", [-1000, -460, 0, 460, 1000])
def test_poles_scale_with_the_matrix_to_the_ends_of_the_float_range(exponent):
    A = np.array([[1.0, 2.0], [0.5, -3.0]])
    poles = ht.StateSpace(np.ldexp(A, exponent), [1.0, 1.0]).poles
    np.testing.assert_allclose(np.sort(np.ldexp(poles.real, -exponent)), [-1 - np.sqrt(5), -1 + np.sqrt(5)], rtol=1e-14)
