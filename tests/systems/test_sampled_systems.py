"""Zoh and bilinear: the definitions in high precision, what each preserves, and small steps without loss."""

import cmath

import flint
import mpmath
import numpy as np
import pytest
import references as ref
from flint import acb_mat
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory._exponential import expm1_over
from hippo_theory.systems import DISCRETIZATIONS

TM = ht.TakenakaMalmquist([0.3, 2 + 5j, 2 - 5j, 7.0], 0.25)
OPERATORS = [ht.LegS(1), ht.LegS(8), ht.LegT(6), ht.LagT(5), ht.FouT(7), TM]


def ball_matrix(M):
    return acb_mat([[ref.ball_of(x) for x in row] for row in np.atleast_2d(M)])


def exactly_sampled(A, B, dt, method):
    """Abar, Bbar from their definitions: an exponential of the augmented matrix, or a Cayley transform."""
    N = len(B)
    with flint.ctx.workprec(ref.BITS):
        if method == "zoh":
            M = np.zeros((N + 1, N + 1), complex)
            M[:N, :N], M[:N, N] = A, B
            E = (ball_matrix(M) * ref.ball_of(dt)).exp()
            full = np.array([[complex(E[i, j]) for j in range(N + 1)] for i in range(N)])
            return full[:, :N], full[:, N]
        half = ball_matrix(A) * (ref.ball_of(dt) / 2)
        one = ball_matrix(np.eye(N))
        left = (one - half).inv()
        Abar, Bbar = left * (one + half), left * ball_matrix(B[:, None]) * ref.ball_of(dt)
        return (
            np.array([[complex(Abar[i, j]) for j in range(N)] for i in range(N)]),
            np.array([complex(Bbar[i, 0]) for i in range(N)]),
        )


@pytest.mark.parametrize("dt", [1e-12, 1e-6, 1e-3, 0.1, 1.0])
@pytest.mark.parametrize("method", ["zoh", "bilinear"])
@pytest.mark.parametrize("op", OPERATORS, ids=repr)
def test_dense_sampling_is_its_definition(op, method, dt):
    system = ht.StateSpace(op.A, op.B, C=op.B, D=0.5)
    sampled = system.discretize(dt, method)
    assert sampled.dt == dt
    Abar, Bbar = exactly_sampled(op.A, op.B, dt, method)
    # A is dissipative: the error of either method is eps (1 + dt |A|), absolute for Abar and relative for Bbar
    growth = 16 * op.N * ref.EPS * (1 + dt * np.linalg.norm(op.A, 2))
    assert np.abs(sampled.A - Abar).max() <= growth
    assert np.abs(sampled.B - Bbar).max() <= growth * dt * np.linalg.norm(op.B)
    np.testing.assert_array_equal(sampled.C, system.C)
    assert sampled.D == 0.5


LAM = np.array([-0.5 + 1e3j, -1e-3 + 1j, -0.5, -1e4, -1e-9 + 1e-9j])


@pytest.mark.parametrize("dt", [1e-290, 1e-12, 1e-6, 1e-3, 0.1, 10.0])
@pytest.mark.parametrize("method", ["zoh", "bilinear"])
def test_diagonal_sampling_is_its_definition_to_full_relative_accuracy(method, dt):
    mpmath.mp.dps = 60
    system = ht.Diagonal(LAM, np.full(5, 1 - 2j), C=np.ones(5))
    sampled = system.discretize(dt, method)
    for lam, a, b in zip(LAM, sampled.lam, sampled.B, strict=True):
        z = mpmath.mpc(lam) * mpmath.mpf(dt)
        if method == "zoh":
            abar, bbar = mpmath.exp(z), mpmath.expm1(z) / mpmath.mpc(lam) * (1 - 2j)
        else:
            abar, bbar = (1 + z / 2) / (1 - z / 2), mpmath.mpf(dt) / (1 - z / 2) * (1 - 2j)
        phase = 4 + abs(complex(z)) * (method == "zoh")  # an eps of z is an absolute error of the exponent
        assert abs(mpmath.mpc(a) - abar) <= phase * ref.EPS * abs(abar) + 1e-320 or method == "bilinear"
        assert abs(mpmath.mpc(a) - abar) <= phase * ref.EPS * max(1, abs(abar))
        assert abs(mpmath.mpc(b) - bbar) <= 2 * phase * ref.EPS * abs(bbar)


@pytest.mark.parametrize("x", [0.0, 1e-300, 1e-17, 1e-8, 1e-3, 0.5, 1.0, 30.0])
@pytest.mark.parametrize("angle", [0.0, 0.5, np.pi / 2, 2.5, np.pi, -2.0])
def test_expm1_over_is_accurate_everywhere(x, angle):
    mpmath.mp.dps = 60
    z = x * cmath.exp(1j * angle)
    want = mpmath.expm1(mpmath.mpc(z)) / mpmath.mpc(z) if z else mpmath.mpf(1)
    got = complex(expm1_over(np.array([z]))[0])
    # where e^z is near 1 the function vanishes: its condition number z (e^z/(e^z - 1) - 1/z)
    condition = 1 + abs(z * cmath.exp(z) / (cmath.exp(z) - 1)) if x > 0.4 else 1.5
    assert abs(mpmath.mpc(got) - want) <= 4 * ref.EPS * condition * abs(want)


def test_expm1_over_is_one_at_subnormal_arguments():
    z = np.array([1e-310, -1e-310, 1e-310j, 5e-324, 5e-324 - 5e-324j, 3e-309 + 4e-309j])
    np.testing.assert_array_equal(expm1_over(z), 1.0)


@pytest.mark.parametrize("dt", [1e-12, 1e-4])
@pytest.mark.parametrize("method", ["zoh", "bilinear"])
def test_a_small_step_keeps_the_digits_of_the_input(method, dt):
    """Bbar = dt B (1 + dt lam/2 + ...): the first two terms to a few eps, although e^{dt lam} - 1 cancels."""
    lam, B = np.array([-0.5 + 2j, -3.0]), np.array([1.0, 2.0])
    got = ht.Diagonal(lam, B).discretize(dt, method).B
    np.testing.assert_allclose(got / dt, B * (1 + dt * lam / 2), rtol=4 * ref.EPS + (dt * 3) ** 2)
    dense = ht.StateSpace(np.diag(lam), B).discretize(dt, method).B
    np.testing.assert_allclose(dense, got, rtol=16 * ref.EPS)


@pytest.mark.parametrize("method", ["zoh", "bilinear"])
@pytest.mark.parametrize("dt", [1e-3, 0.1])
def test_diagonal_low_rank_and_dense_sampling_agree(method, dt):
    r, op = ht.s4(ht.LegS(8)), ht.LegS(8)
    dplr = r.system.discretize(dt, method)
    dense = ht.StateSpace(op.A, op.B).discretize(dt, method)
    z = np.exp(1j * np.array([0.0, 0.1, 1.0, 3.0])) * 1.01
    scale = np.linalg.norm(dense.transfer(z), axis=0).max()
    got = np.array([ht.s4(op, C=np.eye(8)[n]).system.discretize(dt, method).transfer(z) for n in range(8)])
    assert np.abs(got - dense.transfer(z)).max() <= 1e3 * ref.EPS * scale / (np.abs(z[0]) - 1 + dt)
    assert dplr.dt == dt
    if method == "bilinear":
        assert isinstance(dplr, ht.DiagonalPlusLowRank)
    pair = ht.s4d("legs", 8, C=np.ones(8)).system
    np.testing.assert_allclose(
        pair.discretize(dt, method).transfer(z),
        pair.to_dense().discretize(dt, method).transfer(z),
        rtol=1e3 * ref.EPS / (0.01 + dt),
    )


@pytest.mark.parametrize("N", [1, 2, 9])
def test_low_rank_sampling_keeps_complex_p_and_q(N):
    rng = np.random.default_rng(N)
    lam = -rng.uniform(0.5, 1, N) + 5j * rng.standard_normal(N)
    P, Q, B, C = 0.3 * (rng.standard_normal((4, N)) + 1j * rng.standard_normal((4, N)))
    system = ht.DiagonalPlusLowRank(lam, P, B, C, D=0.5, Q=Q)
    dense = system.to_dense()
    for method in ("zoh", "bilinear"):
        one, two = system.discretize(0.1, method), dense.discretize(0.1, method)
        np.testing.assert_allclose(
            one.kernel(20), two.kernel(20), rtol=0, atol=64 * N * ref.EPS * np.linalg.norm(B) * np.linalg.norm(C)
        )
        np.testing.assert_allclose(one.transfer([2.0, 1.5j]), two.transfer([2.0, 1.5j]), rtol=1e-12)


@given(
    st.lists(
        st.tuples(st.floats(-5, -0.01), st.just(0.0) | st.floats(0.01, 50), st.floats(0.01, 5)), min_size=1, max_size=5
    ),
    st.floats(1e-6, 1.0),
    st.sampled_from(["zoh", "bilinear"]),
)
def test_sampled_pairs_are_the_sampled_full_system(parts, dt, method):
    lam = np.array([complex(x, y) for x, y, _ in parts])
    B = np.array([b for *_, b in parts]) * np.where(lam.imag == 0, 0.5, 1.0)
    pair = ht.Diagonal(lam, B, C=np.ones(len(lam)), D=0.25, conjugate_pairs=True)
    one, two = pair.discretize(dt, method), pair.full().discretize(dt, method)
    atol = 64 * ref.EPS * len(lam) * dt * np.sum(np.abs(B)) * 16
    np.testing.assert_allclose(one.kernel(16), two.kernel(16), rtol=0, atol=atol)
    assert one.kernel(16).dtype == np.float64
    assert one.conjugate_pairs is True
    assert one.N == pair.N
    np.testing.assert_array_equal(np.sort_complex(one.poles), np.sort_complex(two.poles))
    assert abs(one.transfer(1.5 + 1j) - two.transfer(1.5 + 1j)) <= 64 * atol


@pytest.mark.parametrize("method", DISCRETIZATIONS)
@pytest.mark.parametrize("L", [1, 2, 3, 7, 64, 1000])
def test_discrete_kernels_are_powers(method, L):
    """C A^l B for l = 0..L-1, one multiplication a step."""
    op = ht.LegS(6)
    for system in (ht.StateSpace(op.A, op.B, C=op.B), ht.s4(op, C=op.B).system, ht.s4d("legs", 6, C=op.B).system):
        d = system.discretize(0.01, method, alpha=0.3 if method == "generalized-bilinear" else None)
        dense = d.to_dense()
        x, want = dense.B.astype(complex), []
        for _ in range(L):
            want.append(dense.C @ x)
            x = dense.A @ x
        got = d.kernel(L)
        assert got.shape == (L,)
        np.testing.assert_allclose(
            got, want, rtol=0, atol=8 * L * ref.EPS * np.linalg.norm(dense.B) * np.linalg.norm(dense.C)
        )


@pytest.mark.parametrize("op", OPERATORS, ids=repr)
def test_zoh_kernel_is_the_kernel_integrated_over_each_step(op):
    """Exact for inputs that are constant over a step: C Abar^l Bbar = int_{l dt}^{(l+1) dt} K(t) dt."""
    dt, L = 0.05, 12
    K = ht.StateSpace(op.A, op.B).discretize(dt, "zoh").kernel(L)
    x, w = np.polynomial.legendre.leggauss(40)
    t = (np.arange(L)[:, None] + (x + 1) / 2) * dt
    integral = np.einsum("nlq,q->nl", op.kernel(t), w * dt / 2)
    np.testing.assert_allclose(
        K, integral, rtol=0, atol=64 * ref.EPS * (1 + np.linalg.norm(op.A, 2)) * np.linalg.norm(op.B) * dt
    )


@pytest.mark.parametrize("op", OPERATORS, ids=repr)
def test_zoh_and_bilinear_keep_the_gain_at_frequency_zero(op):
    """The response to a constant: G_d(1) = G(0), for both."""
    want = op.transfer(0.0)
    for method in ("zoh", "bilinear"):
        got = ht.StateSpace(op.A, op.B).discretize(0.1, method).transfer(1.0)
        inverse = np.linalg.norm(np.linalg.inv(op.A), 2)
        np.testing.assert_allclose(
            got, want, rtol=0, atol=64 * op.N * ref.EPS * (1 + inverse / 0.1) * np.linalg.norm(want)
        )


@given(st.floats(1e-4, 1.0), st.complex_numbers(min_magnitude=1.05, max_magnitude=10))
def test_bilinear_transfer_is_the_continuous_one_on_the_cayley_plane(dt, z):
    """C (zI - Abar)^{-1} Bbar = 2/(z+1) G(2/dt (z-1)/(z+1))."""
    op = ht.LegS(5)
    if abs(z + 1) < 1e-2:
        return
    s = 2 / dt * (z - 1) / (z + 1)
    want = 2 / (z + 1) * op.transfer(s)
    for system in (ht.StateSpace(op.A, op.B), *(ht.s4(op, C=e).system for e in np.eye(5))):
        got = system.discretize(dt, "bilinear").transfer(z)
        if got.ndim:
            np.testing.assert_allclose(got, want, rtol=0, atol=1e-12 * (1 + np.abs(want).max()))
    got = [ht.s4(op, C=e).system.discretize(dt, "bilinear").transfer(z) for e in np.eye(5)]
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-12 * (1 + np.abs(want).max()))


@pytest.mark.parametrize("dt", [1e-3, 0.1, 10.0])
def test_sampled_poles_are_the_images_of_the_continuous_ones(dt):
    lam = np.array([-0.5 + 3j, -2.0, -1e-3 + 40j])
    system = ht.Diagonal(lam, np.ones(3))
    np.testing.assert_allclose(system.discretize(dt, "zoh").poles, np.exp(dt * lam), rtol=8 * ref.EPS * (1 + 40 * dt))
    cayley = (1 + dt * lam / 2) / (1 - dt * lam / 2)
    np.testing.assert_allclose(system.discretize(dt, "bilinear").poles, cayley, rtol=0, atol=8 * ref.EPS)


@pytest.mark.parametrize("method", ["zoh", "bilinear"])
@pytest.mark.parametrize("dt", [1e-3, 0.1, 10.0])
def test_sampled_dissipative_systems_stay_contractions(method, dt):
    """L8: no transient growth, whatever kappa(V)."""
    for op in (ht.LegS(32), ht.LegT(16), ht.LagT(32), ht.FouT(33)):
        Abar = ht.StateSpace(op.A, op.B).discretize(dt, method).A
        bound = np.exp(-op.shift * dt) if method == "zoh" else 1.0
        assert np.linalg.norm(Abar, 2) <= bound + 16 * op.N * ref.EPS


def test_bilinear_converges_with_order_two():
    """State after time 1 under a constant input, from rest: the trapezoidal rule, error c dt^2."""
    op = ht.LegS(4)
    exact = ht.StateSpace(op.A, op.B).discretize(1.0, "zoh").B  # int_0^1 K
    errors = []
    for L in (32, 64, 128, 256):
        K = ht.StateSpace(op.A, op.B).discretize(1.0 / L, "bilinear").kernel(L)
        errors.append(np.abs(K.sum(axis=1) - exact).max())
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2.0, atol=0.05)


def test_zoh_is_the_default_of_every_form():
    assert ht.StateSpace([[-1.0]], [1.0]).discretize(1.0).A[0, 0] == pytest.approx(np.exp(-1.0), rel=4 * ref.EPS)
    assert ht.Diagonal([-1.0], [1.0]).discretize(1.0).lam[0] == pytest.approx(np.exp(-1.0), rel=4 * ref.EPS)
    low_rank = ht.DiagonalPlusLowRank([-1.0], [0.0], [1.0])
    assert low_rank.discretize(1.0).to_dense().A[0, 0] == pytest.approx(np.exp(-1.0), rel=4 * ref.EPS)
    bilinear = low_rank.discretize(1.0, "bilinear")
    assert isinstance(bilinear, ht.DiagonalPlusLowRank)
    assert bilinear.to_dense().A[0, 0] == pytest.approx(1 / 3, rel=4 * ref.EPS)


@pytest.mark.parametrize("size", [1e-300, 1e50, 1e80, 1e300])
def test_the_scale_of_the_input_does_not_touch_the_zoh_of_a(size):
    A = [[-1.0, 0.5], [-0.5, -2.0]]
    one, scaled = ht.StateSpace(A, [1, 1]).discretize(1e-3), ht.StateSpace(A, [size, size]).discretize(1e-3)
    np.testing.assert_allclose(scaled.A, one.A, rtol=4 * ref.EPS)
    np.testing.assert_allclose(scaled.B / size, one.B, rtol=8 * ref.EPS)


@pytest.mark.parametrize(
    "system",
    [ht.StateSpace([[2.0]], [1.0]), ht.Diagonal([2.0], [1.0]), ht.DiagonalPlusLowRank([2.0], [0.0], [1.0])],
    ids=repr,
)
def test_a_bilinear_map_that_does_not_exist_is_a_typed_error(system):
    with pytest.raises(ht.ParameterError, match="2/dt"):
        system.discretize(1.0, "bilinear")


def test_infinity_is_a_legal_point_of_a_sampled_system():
    d = ht.Diagonal([-1.0], [1.0], C=[1.0], D=3.0).discretize(0.1)
    np.testing.assert_array_equal(d.transfer([np.inf, -np.inf]), 3.0)
    with pytest.raises(ht.HippoTheoryError, match="NaN"):
        d.transfer(np.nan)


MAKE = {
    "dense": lambda: ht.StateSpace([[-1.0]], [1.0]),
    "dplr": lambda: ht.DiagonalPlusLowRank([-1.0], [0.1], [1.0]),
    "diagonal": lambda: ht.Diagonal([-1.0], [1.0]),
}


@pytest.mark.parametrize("dt", [0.0, -0.1, np.nan, np.inf, "0.1", None, 1j, True], ids=repr)
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_step_that_is_none_is_refused(make, dt):
    with pytest.raises(ht.HippoTheoryError, match="dt must be"):
        make().discretize(dt)


@pytest.mark.parametrize(("method", "meant"), [("zho", "zoh"), ("bilinaer", "bilinear"), ("ZOH", "zoh")])
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_an_unknown_method_is_refused_with_a_suggestion(make, method, meant):
    with pytest.raises(ht.HippoTheoryError, match=f"Did you mean '{meant}'"):
        make().discretize(0.1, method)


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_sampled_system_is_not_sampled_again(make):
    with pytest.raises(ht.HippoTheoryError, match=r"already.*0\.1"):
        make().discretize(0.1).discretize(0.2)


@pytest.mark.parametrize("steps", [0, -1, 2.5, True, [1, 2], "3", None], ids=repr)
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_number_of_steps_that_is_none_is_refused(make, steps):
    with pytest.raises(ht.HippoTheoryError, match="number of steps"):
        make().discretize(0.1).kernel(steps)
