"""Every method on every form: the definitions in 256 bits, orders, contractions, and steps that are out of range."""

import warnings

import flint
import mpmath
import numpy as np
import pytest
import references as ref
import scipy.signal
from flint import acb_mat
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.systems import DISCRETIZATIONS

GENERAL = "generalized-bilinear"
ALPHA = {"forward-euler": 0.0, "bilinear": 0.5, "backward-euler": 1.0}
METHODS = {name: (name, None) for name in DISCRETIZATIONS if name != GENERAL}
METHODS |= {f"{GENERAL} {alpha}": (GENERAL, alpha) for alpha in (0.3, 0.8)}
EXPONENTIAL = {key: METHODS[key] for key in ("zoh", "dirac")}
IMPLICIT = {key: METHODS[key] for key in METHODS.keys() - EXPONENTIAL - {"forward-euler"}}
CONTRACTING = {key: METHODS[key] for key in ("zoh", "dirac", "bilinear", "backward-euler", f"{GENERAL} 0.8")}

TM = ht.TakenakaMalmquist([0.3, 2 + 5j, 2 - 5j, 7.0], 0.25)
OPERATORS = [ht.LegS(1), ht.LegS(8), ht.LegT(6), ht.LagT(5), ht.FouT(7), TM]


def over(table):
    return pytest.mark.parametrize(("method", "alpha"), table.values(), ids=table)


def alpha_of(method, alpha):
    return ALPHA.get(method, alpha)


def ball_matrix(M):
    return acb_mat([[ref.ball_of(x) for x in row] for row in np.atleast_2d(M)])


def to_array(M):
    return np.array([[complex(M[i, j]) for j in range(M.ncols())] for i in range(M.nrows())])


def exactly_sampled(A, B, dt, method, alpha):
    """Abar, Bbar from their definitions, for A in balls: one exponential of an augmented matrix, or one inverse."""
    N, alpha = len(B), alpha_of(method, alpha)
    with flint.ctx.workprec(ref.BITS):
        Z, column, one = A * ref.ball_of(dt), ball_matrix(B[:, None]) * ref.ball_of(dt), ball_matrix(np.eye(N))
        if alpha is None:
            rows = [[Z[i, j] for j in range(N)] + [column[i, 0]] for i in range(N)] + [[0] * (N + 1)]
            E = to_array(acb_mat(rows).exp())
            return E[:N, :N], E[:N, N] if method == "zoh" else B
        a = ref.ball_of(alpha)
        left = (one - Z * a).inv()
        return to_array(left * (one + Z * (1 - a))), to_array(left * column)[:, 0]


def uncertainty(A, dt, method, alpha):
    """What an eps of the entries of dt A costs: eps |dt A| in an exponential, a Skeel condition in a solve."""
    Z, alpha, eye = dt * A, alpha_of(method, alpha), np.eye(len(A))
    if alpha is None:
        return ref.EPS * (1 + np.linalg.norm(Z, 2))
    inverse = np.abs(np.linalg.inv(eye - alpha * Z))
    return ref.EPS * (inverse @ (eye + alpha * np.abs(Z))).sum(axis=1).max()


# ------------------------------------------------------------------------------------------------ definitions


@pytest.mark.parametrize("dt", [1e-12, 1e-3, 0.1, 1.0, 100.0])
@over(METHODS)
@pytest.mark.parametrize("op", OPERATORS, ids=repr)
def test_dense_sampling_is_its_definition(op, method, alpha, dt):
    """A + A^T <= 0, so that e^{tA} is bounded by 1 on the way."""
    sampled = ht.StateSpace(op.A, op.B).discretize(dt, method, alpha=alpha)
    Abar, Bbar = exactly_sampled(ball_matrix(op.A), op.B, dt, method, alpha)
    tolerance = 4 * op.N * uncertainty(op.A, dt, method, alpha)
    assert np.abs(sampled.A - Abar).max() <= tolerance * max(1, np.abs(Abar).max())
    assert np.abs(sampled.B - Bbar).max() <= tolerance * np.linalg.norm(Bbar)


@over(METHODS)
@pytest.mark.parametrize("N", [1, 2, 9])
def test_dense_sampling_of_complex_matrices_is_its_definition(N, method, alpha):
    rng = np.random.default_rng(N)
    A = rng.standard_normal((N, N)) + 1j * rng.standard_normal((N, N))
    B = rng.standard_normal(N) + 1j * rng.standard_normal(N)
    sampled = ht.StateSpace(A, B).discretize(0.2, method, alpha=alpha)
    Abar, Bbar = exactly_sampled(ball_matrix(A), B, 0.2, method, alpha)
    tolerance = 4 * N * uncertainty(A, 0.2, method, alpha)
    assert np.abs(sampled.A - Abar).max() <= tolerance * np.linalg.norm(Abar)
    assert np.abs(sampled.B - Bbar).max() <= tolerance * np.linalg.norm(Bbar)


LAM = np.array([-0.5 + 1e3j, -1e-3 + 1j, -0.5, -1e4, -1e-9 + 1e-9j, 0.0, 0.2 - 3j])


@pytest.mark.parametrize("dt", [1e-290, 1e-12, 1e-3, 0.1, 10.0, 1e5])
@over(METHODS)
def test_diagonal_sampling_is_its_definition(method, alpha, dt):
    """Relative errors: eps (1 + |z|) of e^z, which is the rounding of z = dt lam, and a few eps of all else."""
    mpmath.mp.dps = 60
    lam = LAM[:-1] if dt == 1e5 else LAM  # e^{2e4} is no float
    sampled = ht.Diagonal(lam, np.full(len(lam), 1 - 2j)).discretize(dt, method, alpha=alpha)
    alpha = alpha_of(method, alpha)
    for p, a, b in zip(lam, sampled.lam, sampled.B, strict=True):
        z = mpmath.mpc(p) * mpmath.mpf(dt)
        if alpha is None:
            abar, bbar = mpmath.exp(z), mpmath.mpc(1 - 2j)
            error_of_a = (2 + abs(z)) * abs(abar) + 1e-300
            error_of_b = 0
            if method == "zoh":
                bbar *= mpmath.expm1(z) / mpmath.mpc(p) if p else mpmath.mpf(dt)
                # where e^z is near 1 for a z that is not small, the function vanishes
                error_of_b = 4 * (1 + abs(z * abar / (abar - 1)) if abs(z) > 0.4 else 1) * abs(bbar)
        else:
            rest, m = 1 - mpmath.mpf(alpha), 1 - mpmath.mpf(alpha) * z
            abar, bbar = (1 + rest * z) / m, mpmath.mpf(dt) / m * (1 - 2j)
            cancellation = (1 + alpha * abs(z)) / abs(m)
            error_of_a = 3 * cancellation * (1 + abs(rest * z)) / abs(m)
            error_of_b = 4 * cancellation * abs(bbar)
        assert abs(mpmath.mpc(a) - abar) <= ref.EPS * error_of_a
        assert abs(mpmath.mpc(b) - bbar) <= ref.EPS * error_of_b


@pytest.mark.parametrize("dt", [1e-9, 1e-3, 0.1, 10.0])
@over(METHODS)
@pytest.mark.parametrize("N", [1, 2, 9, 24])
def test_low_rank_sampling_is_its_definition(N, method, alpha, dt):
    """Q = P and Re lam <= 0: A + A^* <= 0, and Woodbury's denominator is at least 1 in modulus."""
    rng = np.random.default_rng(N)
    lam = -rng.uniform(0, 1, N) + 5j * rng.standard_normal(N)
    P, B = rng.standard_normal((2, N)) + 1j * rng.standard_normal((2, N))
    for system in (ht.DiagonalPlusLowRank(lam, P, B), ht.s4(ht.LegS(N)).system):
        sampled = system.discretize(dt, method, alpha=alpha)
        assert isinstance(sampled, ht.StateSpace if method in EXPONENTIAL else ht.DiagonalPlusLowRank)
        with flint.ctx.workprec(ref.BITS):
            P_of = ball_matrix(system.P[:, None])
            A = ball_matrix(np.diag(system.lam)) - P_of * ball_matrix(system.P.conj())
        Abar, Bbar = exactly_sampled(A, system.B, dt, method, alpha)
        got = sampled.to_dense()
        tolerance = 4 * N * uncertainty(system.to_dense().A, dt, method, alpha)
        assert np.abs(got.A - Abar).max() <= tolerance * max(1, np.abs(Abar).max())
        assert np.abs(got.B - Bbar).max() <= tolerance * np.linalg.norm(Bbar)


@over(METHODS)
def test_the_three_forms_of_one_system_are_sampled_alike(method, alpha):
    rng = np.random.default_rng(3)
    N, L, dt = 7, 12, 0.05
    lam = -rng.uniform(0.1, 1, N) + 9j * rng.standard_normal(N)
    B, C = rng.standard_normal((2, N)) + 1j * rng.standard_normal((2, N))
    forms = (
        ht.Diagonal(lam, B, C),
        ht.DiagonalPlusLowRank(lam, np.zeros(N), B, C),
        ht.StateSpace(np.diag(lam), B, C),
    )
    kernels = [form.discretize(dt, method, alpha=alpha).kernel(L) for form in forms]
    growth = max(1, np.abs(forms[0].discretize(dt, method, alpha=alpha).lam).max()) ** L
    atol = 16 * L * ref.EPS * growth * np.linalg.norm(B) * np.linalg.norm(C)
    for other in kernels[1:]:
        np.testing.assert_allclose(other, kernels[0], rtol=0, atol=atol)


@pytest.mark.parametrize("op", OPERATORS, ids=repr)
def test_scipy_has_the_same_matrices_and_another_output(op):
    """Its C and D make the transfer function G(s(z)); those of S4 stay what they are."""
    system = ht.StateSpace(op.A, op.B, C=op.B, D=0.5)
    theirs = {"zoh": "zoh", "bilinear": "bilinear", "forward-euler": "euler", "backward-euler": "backward_diff"}
    for (method, alpha), name in {**{(m, None): name for m, name in theirs.items()}, (GENERAL, 0.3): "gbt"}.items():
        got = system.discretize(0.1, method, alpha=alpha)
        A, B, *_ = scipy.signal.cont2discrete((op.A, op.B[:, None], op.B[None], [[0.5]]), 0.1, name, alpha)
        tolerance = 16 * op.N * uncertainty(op.A, 0.1, method, alpha) * max(1, np.abs(A).max())
        np.testing.assert_allclose(got.A, A, rtol=0, atol=tolerance)
        np.testing.assert_allclose(got.B, B[:, 0], rtol=0, atol=tolerance * np.linalg.norm(B))
        np.testing.assert_array_equal(got.C, op.B)
        assert got.D == 0.5


# ------------------------------------------------------------------------------------------------ structure

ONES = np.ones(2)
MAKE = {
    "dense": lambda: ht.StateSpace([[-1.0, 0.5], [0.25, -2.0]], ONES, C=[1.0, 2.0], D=0.5),
    "dplr": lambda: ht.DiagonalPlusLowRank([-1.0, -2.0 + 1j], [0.1, 0.2], ONES, C=[1.0, 2.0], D=0.5, Q=[0.3, 1j]),
    "diagonal": lambda: ht.Diagonal([-1.0, -2.0 + 1j], ONES, C=[1.0, 2.0], D=0.5, conjugate_pairs=True),
}
forms = pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)


@forms
@over(METHODS)
def test_output_and_feedthrough_are_not_touched(make, method, alpha):
    before = make()
    after = before.discretize(0.1, method, alpha=alpha)
    np.testing.assert_array_equal(after.C, before.C)
    assert (after.D, after.dt, after.N) == (before.D, 0.1, before.N)
    assert getattr(after, "conjugate_pairs", None) == getattr(before, "conjugate_pairs", None)


@forms
@pytest.mark.parametrize("name", ALPHA)
def test_the_named_methods_are_members_of_the_generalised_bilinear_one(make, name):
    """Not nearly: to the last bit, for it is one formula."""
    one, two = make().discretize(0.3, name), make().discretize(0.3, GENERAL, alpha=ALPHA[name])
    for key, array in one.tensors().items():
        np.testing.assert_array_equal(array, two.tensors()[key])


@forms
def test_forward_euler_is_one_plus_z(make):
    system = make()
    got, dense = system.discretize(0.1, "forward-euler").to_dense(), system.to_dense()
    np.testing.assert_allclose(got.A, np.eye(dense.N) + 0.1 * dense.A, rtol=0, atol=2 * ref.EPS)
    np.testing.assert_allclose(got.B, 0.1 * dense.B, rtol=2 * ref.EPS)


@forms
def test_zoh_and_dirac_share_the_state_matrix(make):
    held, struck = make().discretize(0.3, "zoh").to_dense(), make().discretize(0.3, "dirac").to_dense()
    np.testing.assert_allclose(struck.A, held.A, rtol=0, atol=8 * ref.EPS)
    np.testing.assert_array_equal(struck.B, make().to_dense().B)


@given(
    st.lists(
        st.tuples(st.floats(-5, 0), st.just(0.0) | st.floats(0.01, 50), st.floats(0.01, 5)), min_size=1, max_size=5
    ),
    st.floats(1e-6, 2.0),
    st.sampled_from(list(METHODS.values())),
)
def test_sampled_halves_are_the_sampled_full_system(parts, dt, choice):
    method, alpha = choice
    lam = np.array([complex(x, y) for x, y, _ in parts])
    B = np.array([b for *_, b in parts]) * np.where(lam.imag == 0, 0.5, 1.0)
    pair = ht.Diagonal(lam, B, C=np.ones(len(lam)), conjugate_pairs=True)
    one, two = (s.discretize(dt, method, alpha=alpha) for s in (pair, pair.full()))
    np.testing.assert_array_equal(np.sort_complex(one.poles), np.sort_complex(two.poles))
    np.testing.assert_array_equal(one.full().B, two.B)
    growth = max(1.0, np.abs(one.lam).max()) ** 8
    atol = 64 * ref.EPS * growth * max(np.abs(two.B).sum(), 1e-300)
    np.testing.assert_allclose(one.kernel(8), two.kernel(8), rtol=0, atol=atol)


@over(METHODS)
@pytest.mark.parametrize("dt", [1e-300, 1.0, 1e10, 1e150])
def test_a_stored_half_keeps_its_mirror_image_where_its_imaginary_part_underflows(method, alpha, dt):
    """e^{-1000 + i} is 0 in floats, (1 + z/2)/(1 - z/2) is -1: still two modes, not a real one."""
    pair = ht.Diagonal([-1000.0 + 1j, -2.0 + 1e-100j, -3.0], [1.0, 1.0, 0.5], conjugate_pairs=True)
    assert pair.discretize(dt, method, alpha=alpha).N == pair.N == 5


def test_low_rank_sampling_needs_no_matrix():
    """A million modes: as a dense matrix 16 terabytes."""
    N = 10**6
    lam = -0.5 + 1j * np.arange(N)
    system = ht.DiagonalPlusLowRank(lam, np.full(N, 0.01), np.ones(N))
    for method, alpha in {**IMPLICIT, "forward-euler": METHODS["forward-euler"]}.values():
        sampled = system.discretize(1e-3, method, alpha=alpha)
        assert isinstance(sampled, ht.DiagonalPlusLowRank) and sampled.N == N


# ------------------------------------------------------------------------------------------------ poles


def image(z, method, alpha):
    alpha = alpha_of(method, alpha)
    return np.exp(z) if alpha is None else (1 + (1 - alpha) * z) / (1 - alpha * z)


@pytest.mark.parametrize("dt", [1e-3, 0.01, 0.1, 3.0])
@over(METHODS)
def test_poles_of_sampled_legs_are_the_images_of_the_integers(method, alpha, dt):
    """The sampled matrix is triangular like A: no eigensolver, which would lose every digit at N = 64."""
    want = image(-dt * np.arange(1.0, 65.0), method, alpha)
    for A in (ht.LegS(64).A, ht.LegS(64).A.T):
        got = ht.StateSpace(A, ht.LegS(64).B).discretize(dt, method, alpha=alpha).poles
        np.testing.assert_allclose(got, want, rtol=4 * ref.EPS * (1 + dt * 64), atol=4 * ref.EPS)


@over(EXPONENTIAL)
def test_exponential_poles_of_a_triangular_matrix_keep_their_relative_digits(method, alpha):
    """Down to e^{-256}, whatever |dt A| is: the rounding of dt A and no more."""
    n = np.arange(1.0, 257.0)
    got = ht.StateSpace(ht.LegS(256).A, ht.LegS(256).B).discretize(1.0, method, alpha=alpha).poles
    np.testing.assert_allclose(got, np.exp(-n), rtol=4 * ref.EPS)


@over(METHODS)
def test_poles_of_every_form_are_the_images_of_the_continuous_ones(method, alpha):
    dt = 0.1
    low_rank = ht.s4(ht.LegS(4))
    want = image(-dt * np.arange(4.0, 0.0, -1), method, alpha)
    np.testing.assert_allclose(
        np.sort(low_rank.system.discretize(dt, method, alpha=alpha).poles.real), want, rtol=1e-12
    )
    lam = np.array([-0.5 + 3j, -2.0, -1e-3 + 40j])
    got = ht.Diagonal(lam, np.ones(3)).discretize(dt, method, alpha=alpha).poles
    np.testing.assert_allclose(got, image(dt * lam, method, alpha), rtol=8 * ref.EPS * (1 + 40 * dt))


# ------------------------------------------------------------------------------------------------ orders


@over(METHODS)
def test_orders_are_one_for_euler_two_for_bilinear_with_constant_alpha_minus_a_half(method, alpha):
    """x(1) from x(0) = B with no input: e^A B; the leading error of r(z)^{1/dt} is (alpha - 1/2) dt A^2 e^A."""
    op = ht.LegS(4)
    A, exact, sizes = op.A, op.kernel([1.0])[:, 0], 2.0 ** -np.arange(6, 11)
    reached = []
    for dt in sizes:
        Abar = ht.StateSpace(A, op.B).discretize(dt, method, alpha=alpha).A
        reached.append(np.linalg.matrix_power(Abar, round(1 / dt)) @ op.B)
    errors = np.linalg.norm(np.array(reached) - exact, axis=1)
    alpha = alpha_of(method, alpha)
    if alpha is None:
        assert errors.max() <= 16 * ref.EPS * 2**10
        return
    order = np.polyfit(np.log2(sizes), np.log2(errors), 1)[0]
    assert abs(order - (2 if alpha == 0.5 else 1)) < 0.05
    leading = (1 / 12 * sizes[-1] ** 2 * A @ A @ A) if alpha == 0.5 else (alpha - 0.5) * sizes[-1] * A @ A
    np.testing.assert_allclose(reached[-1] - exact, leading @ exact, rtol=0, atol=0.05 * errors[-1])


@pytest.mark.parametrize("op", OPERATORS, ids=repr)
def test_zoh_of_an_input_held_twice_as_long_is_two_steps(op):
    """Abar(2dt) = Abar^2, Bbar(2dt) = (Abar + I) Bbar: exactness for held inputs, whatever the step."""
    for dt in (1e-6, 0.01, 0.5):
        one, two = ht.StateSpace(op.A, op.B).discretize(dt), ht.StateSpace(op.A, op.B).discretize(2 * dt)
        tolerance = 8 * op.N * uncertainty(op.A, 2 * dt, "zoh", None)
        np.testing.assert_allclose(one.A @ one.A, two.A, rtol=0, atol=tolerance)
        np.testing.assert_allclose(one.A @ one.B + one.B, two.B, rtol=0, atol=tolerance * np.linalg.norm(two.B))


@pytest.mark.parametrize("op", [ht.LegS(12), ht.LagT(12), TM], ids=repr)
def test_dirac_is_exact_for_impulses(op):
    """u_k delta(t - k dt): the state just after every impulse is a sum of kernels, in each of the forms."""
    dt, L = 0.07, 40
    K = op.kernel(dt * np.arange(L))
    size = 64 * op.N * ref.EPS * (1 + L * dt * np.linalg.norm(op.A, 2)) * np.linalg.norm(op.B)
    np.testing.assert_allclose(ht.StateSpace(op.A, op.B).discretize(dt, "dirac").kernel(L), K, rtol=0, atol=size)
    np.testing.assert_allclose(ht.s4(op).system.discretize(dt, "dirac").kernel(L), K, rtol=0, atol=size)
    modes = ht.Diagonal([-0.5 + 30j, -1.0], [1.0, 0.5j], C=[1.0, 2.0], conjugate_pairs=True)
    atol = 16 * ref.EPS * (1 + L * dt * 30)
    np.testing.assert_allclose(
        modes.discretize(dt, "dirac").kernel(L), modes.kernel(dt * np.arange(L)), rtol=0, atol=atol
    )


# ------------------------------------------------------------------------------------------------ contractions


@given(st.integers(1, 12), st.integers(0, 10**6), st.floats(1e-4, 1e3), st.sampled_from(list(CONTRACTING.values())))
def test_dissipative_systems_are_sampled_to_contractions(N, seed, dt, choice):
    """L8: A + A^* <= 0 and |r| <= 1 on the left half plane (von Neumann): alpha >= 1/2 and the exponentials."""
    rng = np.random.default_rng([N, seed])
    M = rng.standard_normal((N, N)) + 1j * rng.standard_normal((N, N))
    A = M - M.conj().T - np.outer(M[0], M[0].conj())
    method, alpha = choice
    sampled = ht.StateSpace(A, M[0]).discretize(dt, method, alpha=alpha)
    assert np.linalg.norm(sampled.A, 2) <= 1 + 16 * N * uncertainty(A, dt, method, alpha)


@over(CONTRACTING)
@pytest.mark.parametrize("op", [ht.LegS(64), ht.LegT(32), ht.LagT(64), ht.FouT(65)], ids=repr)
def test_sampled_operators_do_not_grow(op, method, alpha):
    """L8: no power is larger than the one before, although kappa(V) of LegS(64) is 10^47."""
    system = ht.StateSpace(op.A, op.B)
    for dt in (0.01, 0.5):
        norm = np.linalg.norm(system.discretize(dt, method, alpha=alpha).A, 2)
        assert norm <= 1 + 8 * op.N * uncertainty(op.A, dt, method, alpha)
        if method in EXPONENTIAL:
            assert norm <= np.exp(-op.shift * dt) + 8 * op.N * uncertainty(op.A, dt, method, alpha)


def test_low_rank_steps_of_legs_are_contractions_too():
    for method, alpha in CONTRACTING.values():
        A = ht.s4(ht.LegS(64)).system.discretize(0.01, method, alpha=alpha).to_dense().A
        assert np.linalg.norm(A, 2) <= 1 + 1e3 * ref.EPS


def test_forward_euler_of_legs_has_spectral_radius_099_and_grows_to_1e8():
    """L8: N = 64, dt = 0.01: every pole lies inside 0.99, and ||Abar^k|| passes 9.9e7 at k = 12."""
    sampled = ht.StateSpace(ht.LegS(64).A, ht.LegS(64).B).discretize(0.01, "forward-euler")
    assert np.abs(sampled.poles).max() == pytest.approx(0.99, rel=4 * ref.EPS)
    norms = [np.linalg.norm(np.linalg.matrix_power(sampled.A, k), 2) for k in range(40)]
    assert np.argmax(norms) == 12
    assert max(norms) == pytest.approx(9.9e7, rel=5e-3)


# ------------------------------------------------------------------------------------------------ limits of a step


def exact_mode(lam, dt, method, alpha):
    mpmath.mp.dps = 60
    z, alpha = mpmath.mpc(lam) * mpmath.mpf(dt), alpha_of(method, alpha)
    return mpmath.exp(z) if alpha is None else (1 + (1 - mpmath.mpf(alpha)) * z) / (1 - mpmath.mpf(alpha) * z)


@pytest.mark.parametrize("gap", [1e-2, 1e-5, 1e-10, 1e-13])
@over(IMPLICIT)
def test_near_the_singular_point_the_error_is_the_one_that_is_told(method, alpha, gap):
    """lam = (1 + gap)/(alpha dt): an eps of z is eps/gap of the result; from 1e-8 on a warning says so."""
    dt = 0.37
    lam = (1 + gap) / (alpha_of(method, alpha) * dt)
    want = exact_mode(lam, dt, method, alpha)
    for system in (ht.StateSpace([[lam]], [1.0]), ht.Diagonal([lam], [1.0])):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            got = system.discretize(dt, method, alpha=alpha).to_dense().A[0, 0]
        assert abs(mpmath.mpc(got) - want) <= 6 * ref.EPS / gap * abs(want)
        assert [(w.category, w.filename) for w in told] == [(ht.AccuracyWarning, __file__)] * (gap < 1e-8)


@over(IMPLICIT)
def test_a_low_rank_system_near_the_singular_point_of_its_diagonal_part_says_what_it_loses(method, alpha):
    """A itself is regular there: a large lambar and a large low rank cancel, eps/gap^2 in all."""
    lam = 1.00001 / alpha_of(method, alpha)
    system = ht.DiagonalPlusLowRank([lam], [(lam + 1) ** 0.5], [1.0])
    with pytest.warns(ht.AccuracyWarning, match="is close to an eigenvalue of A or of its diagonal part"):
        got = system.discretize(1.0, method, alpha=alpha).to_dense().A[0, 0]
    want = system.to_dense().discretize(1.0, method, alpha=alpha).A[0, 0]
    assert abs(got - want) <= 16 * ref.EPS / 1e-10


@over(IMPLICIT)
@pytest.mark.parametrize("form", MAKE)
def test_a_map_that_does_not_exist_is_a_typed_error(form, method, alpha):
    lam = 1 / alpha_of(method, alpha)
    at = {"bilinear": "2/dt", "backward-euler": "1/dt"}.get(method, "1/.alpha dt.")
    system = {
        "dense": ht.StateSpace([[lam, 0.5], [0.0, -1.0]], ONES),
        "dplr": ht.DiagonalPlusLowRank([lam, -1.0], [0.0, 1.0], ONES),
        "diagonal": ht.Diagonal([lam, -1.0], ONES),
    }[form]
    with pytest.raises(ht.ParameterError, match=rf"{method} with dt = 1\.0.*does not exist: {at} is.*change dt"):
        system.discretize(1.0, method, alpha=alpha)


def test_a_singular_matrix_that_is_not_triangular_is_seen_too():
    """Eigenvalues 2 and 4 of a full matrix; and one that LAPACK factors without a zero pivot."""
    for A in ([[3.0, 1.0], [1.0, 3.0]], [[0.7, 1.3], [1.3, 0.7]]):
        with pytest.raises(ht.ParameterError, match="2/dt"):
            ht.StateSpace(A, ONES).discretize(1.0, "bilinear")


def test_a_low_rank_system_may_be_regular_where_its_diagonal_part_is_not():
    """A = 2 - 3 = -1: no DPLR form of the step, but a dense one."""
    system = ht.DiagonalPlusLowRank([2.0], [3.0**0.5], [1.0])
    with pytest.raises(ht.ParameterError, match=r"2/dt.*or of its diagonal part"):
        system.discretize(1.0, "bilinear")
    assert system.to_dense().discretize(1.0, "bilinear").A[0, 0] == pytest.approx(1 / 3, rel=8 * ref.EPS)


@pytest.mark.parametrize("A", [[[-1e12, 1e3], [-0.5, -2.0]], [[-9.0, -1e17], [-1.0, 0.0]]], ids=repr)
def test_rows_of_very_different_scale_are_no_loss(A):
    """Skeel's condition, not the one of norms: 1e12 between the rows costs nothing, in the pivots neither."""
    got = ht.StateSpace(A, ONES).discretize(1.0, "backward-euler")
    Abar, Bbar = exactly_sampled(ball_matrix(np.array(A)), ONES, 1.0, "backward-euler", None)
    np.testing.assert_allclose(got.A, Abar.real, rtol=8 * ref.EPS)
    np.testing.assert_allclose(got.B, Bbar.real, rtol=8 * ref.EPS)


def test_a_nearly_singular_matrix_loses_digits_at_any_size_and_says_so():
    """|(I - Z)^{-1}| is only small here: what counts is its product with |Z|."""
    A = np.array([[-1e7, 1e7], [1e7, -1e7 * (1 + 1e-11)]])
    with pytest.warns(ht.AccuracyWarning, match=r"about [0-9.e-]+ of the sampled matrices is uncertain, as 1/dt is"):
        got = ht.StateSpace(A, [1.0, 0.0]).discretize(1e3, "backward-euler")
    Abar, _ = exactly_sampled(ball_matrix(A), ONES, 1e3, "backward-euler", None)
    assert np.abs(got.A - Abar).max() <= uncertainty(A, 1e3, "backward-euler", None)


@over(IMPLICIT)
@pytest.mark.parametrize("gap", [0.0, 1e-10])
def test_the_low_rank_may_make_the_map_singular_on_its_own(method, alpha, gap):
    """lam = -1 and P Q^* = -(1 + 1/alpha): A = 1/alpha, although the diagonal part is stable."""
    A = (1 + gap) / alpha_of(method, alpha)
    P = (A + 1) ** 0.5
    system = ht.DiagonalPlusLowRank([-1.0], [P], [1.0], Q=[-P])
    if gap:
        with pytest.warns(ht.AccuracyWarning, match="close to an eigenvalue of A"):
            got = system.discretize(1.0, method, alpha=alpha).to_dense().A[0, 0]
        exact = exact_mode(-1 + mpmath.mpf(P) ** 2, 1.0, method, alpha)
        assert abs(got - exact) <= 16 * ref.EPS / gap * abs(exact) / alpha_of(method, alpha)
    else:
        with pytest.raises(ht.ParameterError, match="is, to working precision, an eigenvalue of A"):
            system.discretize(1.0, method, alpha=alpha)


@over(EXPONENTIAL)
def test_growth_beyond_the_float_range_is_a_typed_error(method, alpha):
    for system in (
        ht.Diagonal([800.0 + 1j, -1.0], ONES),
        ht.StateSpace([[800.0, 1.0], [0.5, -1.0]], ONES),
        ht.DiagonalPlusLowRank([800.0, -1.0], [0.1, 0.1], ONES),
    ):
        with pytest.raises(ht.AccuracyError, match=rf"{method} with dt = 1\.0 exceeds the float range: A is unstable"):
            system.discretize(1.0, method, alpha=alpha)
        assert system.discretize(0.8, method, alpha=alpha).N == 2


@forms
@over(IMPLICIT)
def test_a_step_of_1e160_takes_every_pole_to_the_image_of_infinity(make, method, alpha):
    got = make().discretize(1e160, method, alpha=alpha).poles
    np.testing.assert_allclose(got, 1 - 1 / alpha_of(method, alpha), rtol=0, atol=8 * ref.EPS / alpha_of(method, alpha))


@over(EXPONENTIAL)
def test_an_exponential_step_of_1e160_is_the_end_of_a_mode_and_refused_for_a_matrix(method, alpha):
    """A decaying mode is 0 and its held input -B/lam; no digit of the exponential of a matrix is certain."""
    sampled = MAKE["diagonal"]().discretize(1e160, method, alpha=alpha)
    np.testing.assert_array_equal(sampled.lam.real, 0.0)
    np.testing.assert_allclose(sampled.B, [1.0, 1 / (2 - 1j)] if method == "zoh" else ONES, rtol=4 * ref.EPS)
    for form in ("dense", "dplr"):
        with pytest.raises(ht.AccuracyError, match=rf"{method} with dt = 1e\+160 has no digit left.*rescale time"):
            MAKE[form]().discretize(1e160, method, alpha=alpha)


@over(METHODS)
def test_a_step_beyond_the_float_range_is_refused_by_name(method, alpha):
    for make in (
        lambda c: ht.StateSpace([[-c]], [1.0]),
        lambda c: ht.DiagonalPlusLowRank([-c], [0.0], [1.0]),
        lambda c: ht.Diagonal([-c], [1.0]),
    ):
        with pytest.raises(ht.AccuracyError, match=r"dt A exceeds the float range; rescale time"):
            make(1e200).discretize(1e160, method, alpha=alpha)


def test_a_forward_euler_step_that_overflows_says_so():
    with pytest.raises(ht.AccuracyError, match=r"forward-euler.*exceeds the float range"):
        ht.Diagonal([-1.0], [1e300]).discretize(1e100, "forward-euler")


@over(EXPONENTIAL)
def test_a_phase_that_loses_its_digits_says_so(method, alpha):
    """e^{i 1e9} is known to 1e-7, e^{i 1e17} not at all; a mode that has died out loses nothing."""
    for make in (lambda p: ht.Diagonal([p], [1.0]), lambda p: ht.StateSpace([[p]], [1.0])):
        with pytest.warns(ht.AccuracyWarning, match="2e-07 of the sampled.* is uncertain, as .dt A. is 1.1e.09"):
            got = make(1.1j).discretize(1e9, method, alpha=alpha).to_dense().A[0, 0]
        assert abs(mpmath.mpc(got) - exact_mode(1.1j, 1e9, method, alpha)) <= 2 * ref.EPS * 1.1e9
        with pytest.raises(ht.AccuracyError, match="no digit left"):
            make(1.1j).discretize(1e17, method, alpha=alpha)
    assert ht.Diagonal([-1 + 1j], [1.0]).discretize(1e17, method, alpha=alpha).lam[0] == pytest.approx(0, abs=1e-300)


@pytest.mark.parametrize(("slow", "dt"), [(1e-150, 1e150), (1e-300, 1e299), (1.0, 1e-3), (1e200, 1e-201)])
def test_the_scale_of_time_does_not_touch_zoh(slow, dt):
    """Only dt A counts: an input of size dt must not decide how often the exponential squares."""
    A = np.array([[-1.0, 0.5], [-0.5, -2.0]])
    reference = ht.StateSpace(A, ONES).discretize(slow * dt)
    got = ht.StateSpace(slow * A, ONES).discretize(dt)
    np.testing.assert_allclose(got.A, reference.A, rtol=8 * ref.EPS)
    np.testing.assert_allclose(got.B / dt, reference.B / (slow * dt), rtol=16 * ref.EPS)


# ------------------------------------------------------------------------------------------------ bad input


@forms
@pytest.mark.parametrize("alpha", [-1e-300, 1.0000001, -1, 2, np.nan, np.inf, "0.5", 0.5j, True, [0.5]], ids=repr)
def test_an_alpha_that_is_none_is_refused(make, alpha):
    with pytest.raises(ht.ParameterError, match="alpha must"):
        make().discretize(0.1, GENERAL, alpha=alpha)


@forms
def test_the_general_method_needs_its_alpha_and_names_its_members(make):
    with pytest.raises(ht.ParameterError, match=r"needs alpha in \[0, 1\].*'bilinear': 0\.5"):
        make().discretize(0.1, GENERAL)


@forms
@pytest.mark.parametrize("method", [name for name in DISCRETIZATIONS if name != GENERAL])
def test_no_other_method_takes_an_alpha(make, method):
    with pytest.raises(ht.ParameterError, match=f"'{method}' has no alpha, got 0.5"):
        make().discretize(0.1, method, alpha=0.5)


@forms
@pytest.mark.parametrize(
    ("method", "meant"),
    [
        ("euler", "forward-euler"),
        ("forward", "forward-euler"),
        ("backward", "backward-euler"),
        ("backward_euler", "backward-euler"),
        ("generalised-bilinear", GENERAL),
        ("Dirac", "dirac"),
        ("bilin", "bilinear"),
    ],
)
def test_an_unknown_method_suggests_the_nearest(make, method, meant):
    with pytest.raises(ht.HippoTheoryError, match=f"choose one of zoh, bilinear.*Did you mean '{meant}'"):
        make().discretize(0.1, method)


@forms
@over(METHODS)
def test_a_step_that_is_none_is_refused_by_every_method(make, method, alpha):
    for dt in (0.0, -0.1, np.nan, np.inf, "0.1", None):
        with pytest.raises(ht.ParameterError, match="dt must be"):
            make().discretize(dt, method, alpha=alpha)
    with pytest.raises(ht.ParameterError, match="already discrete"):
        make().discretize(0.1, method, alpha=alpha).discretize(0.1, method, alpha=alpha)
