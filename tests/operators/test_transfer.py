"""G(s) = (sI - A)^{-1} B in closed form against exact solves; phi = 1 - B^T G and what it obeys."""

import cmath
import warnings
from fractions import Fraction

import flint
import numpy as np
import pytest
import references as ref
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht

BAR = 1e-13  # the documented accuracy: relative to max_n |G_n|, no nearer than 1e-2 |s| to a pole


def chain(N):
    """A Takenaka-Malmquist chain of N sections, real and complex, over six decades."""
    rng = np.random.default_rng(N)
    if N == 1:
        return [0.7]
    a = 10.0 ** rng.uniform(-3, 3, N // 2) + 1j * 10.0 ** rng.uniform(-3, 3, N // 2)
    out = [z for pair in zip(a, a.conj(), strict=True) for z in pair]
    return [*out, 3.0] if N % 2 else out


def make(family, N):
    if family == "TM":
        return ht.TakenakaMalmquist(chain(N), 0.25), {"N": N, "a": chain(N), "shift": 0.25}
    return ht.operator(family, N), {"N": N}


def eigenvalues(family, N):
    """Where the poles are, to the two digits that the distance rule needs."""
    if family == "TM":
        return -np.array(chain(N)) - 0.25
    if family == "LegS":
        return -1.0 - np.arange(N)
    if family == "LagT":
        return np.array([-0.5])
    if family == "FouT":
        return np.linalg.eigvals(ref.fout_floats(N)[0])
    with flint.ctx.workprec(64 + 8 * N):  # LegT is far too ill-conditioned for floats
        A, _ = ref.balls(family, N)
        return np.array([complex(z) for z in flint.acb_mat(A.mid()).eig(algorithm="approx")])


def points(family, N, side):
    """Axis, plane, tiny and huge, resonances; of the left half plane those no nearer than 1e-2 |s| to a pole."""
    rng = np.random.default_rng([N, len(family)])
    axis = 1j * np.concatenate([[0.0], np.logspace(-8, 8, 33), -np.logspace(-6, 5, 5), rng.uniform(0, 3 * N, 12)])
    radius, angle = 10.0 ** rng.uniform(-2, 4, 40), rng.uniform(-np.pi, np.pi, 40)
    plane = np.concatenate([radius * np.exp(1j * angle), N * rng.uniform(-1.5, 1, 20) + 1j * rng.uniform(-N, N, 20)])
    tiny_huge = np.array([1e-8, -1e-8, 1e8, -1e8, 1e8j, 3e-9 + 1e-8j, -1e8 + 1e8j])
    m = np.unique(np.array([1, 2, N // 4 + 1, N // 2, N]))
    near = np.concatenate([2j * np.pi * m, 2j * np.pi * m * (1 + 1e-12), 2j * np.pi * m + 1e-9])
    s = np.concatenate([axis, plane, tiny_huge, near, 2j * np.pi * m * (1 + 1e-4) - 1e-3])
    if side == "right":
        return s[s.real >= 0]
    s = s[s.real < 0]
    distance = np.abs(s[:, None] - eigenvalues(family, N)[None, :]).min(axis=1)
    return s[distance >= 1e-2 * np.abs(s)]


def worst_transfer_error(family, N, side):
    op, spec = make(family, N)
    s = points(family, N, side)
    want = np.array([ref.to_complex(ref.transfer_balls(family, z, **spec)) for z in s]).T
    got = op.transfer(s)
    assert got.shape == (N, len(s))
    errors = np.abs(got - want).max(axis=0) / np.abs(want).max(axis=0)
    worst = int(np.argmax(errors))
    return errors[worst], s[worst]


def worst_allpass_error(family, N, side):
    """Absolute where |phi| <= 1; relative where it is large, near its poles."""
    op, spec = make(family, N)
    s = points(family, N, side)
    want = ref.to_complex([ref.allpass_ball(family, z, **spec) for z in s])
    got = op.allpass(s)
    assert got.shape == s.shape
    errors = np.abs(got - want) / np.maximum(np.abs(want), 1.0)
    worst = int(np.argmax(errors))
    return errors[worst], s[worst]


SIZES = [1, 2, 16, 65, 256]
CASES = [(f, N) for f in ("LegS", "LagT", "TM", "LegT") for N in SIZES] + [("FouT", N) for N in (1, 3, 17, 65, 257)]


LEFT = [c for c in CASES if c != ("LegT", 256)]  # whose poles take minutes


@pytest.mark.parametrize(("family", "N"), CASES)
def test_transfer_is_the_exact_solve_to_1e_minus_13_in_the_closed_right_half_plane(family, N):
    error, s = worst_transfer_error(family, N, "right")
    assert error <= BAR, s


@pytest.mark.parametrize(("family", "N"), LEFT)
def test_transfer_is_the_exact_solve_to_1e_minus_13_left_of_the_axis_away_from_poles(family, N):
    error, s = worst_transfer_error(family, N, "left")
    assert error <= BAR, s


@pytest.mark.slow
@pytest.mark.parametrize(("family", "N"), [("LegS", 1024), ("LagT", 1024), ("TM", 1024), ("FouT", 1025), ("LegT", 400)])
def test_transfer_of_large_states_loses_n_eps_at_most(family, N):
    """The N factors of LagT are equal, and so are their rounding errors: they add up."""
    error, s = worst_transfer_error(family, N, "right")
    assert error <= 2 * N * ref.EPS, s


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("family", "N"), [c for c in CASES if c[0] != "LegT"])
def test_allpass_is_one_minus_the_port_to_1e_minus_13(family, N, side):
    error, s = worst_allpass_error(family, N, side)
    assert error <= BAR, s


@pytest.mark.parametrize(("family", "N"), [("LegS", 64), ("LagT", 9), ("TM", 65)])
def test_near_its_zeros_the_allpass_keeps_relative_accuracy(family, N):
    """There 1 - B^T G cancels; a product of factors s - zero, each one subtraction, does not."""
    op, spec = make(family, N)
    zeros = np.array([0.0, 3.0, 30.0, 63.0]) if family == "LegS" else op.a.conj()[[0, 1, N // 2, N - 1]] - op.shift
    s = zeros * (1 + 1e-7) + 1e-9j
    want = ref.to_complex([ref.allpass_ball(family, z, **spec) for z in s])
    # an ulp of s or of s + shift moves phi by |s - zero|^{-1} times it, in each of the factors that are small
    condition = np.abs(s + op.shift) * ref.EPS / np.abs(s - zeros) * (N if family == "LagT" else 1)
    np.testing.assert_array_less(np.abs(op.allpass(s) - want), 4 * (N * ref.EPS + condition) * np.abs(want))


@pytest.mark.parametrize("N", [1, 2, 16, 64, 256, 1024])
def test_norm_of_legs_transfer_on_the_axis_is_n_over_root_of_w2_plus_n2(N):
    w = np.concatenate([[0.0], np.logspace(-8, 8, 41), N * np.array([0.5, 1.0, 2.0])])
    norm = np.linalg.norm(ht.LegS(N).transfer(1j * w), axis=0)
    np.testing.assert_allclose(norm, N / np.hypot(w, N), rtol=BAR)


@pytest.mark.parametrize("N", [1, 2, 16, 64, 256, 1024])
def test_modulus_of_legs_allpass_on_the_axis_is_w_over_root_of_w2_plus_n2(N):
    w = np.logspace(-8, 8, 41)
    np.testing.assert_allclose(np.abs(ht.LegS(N).allpass(1j * w)), w / np.hypot(w, N), rtol=BAR)


@pytest.mark.parametrize("family", ["LegS", "LagT", "TM", "FouT"])
@pytest.mark.parametrize("N", [1, 3, 17, 65, 257])
def test_allpass_has_modulus_one_on_the_line_of_symmetry(family, N):
    op, _ = make(family, N)
    w = np.concatenate([[0.0], np.logspace(-8, 8, 81), -np.logspace(-3, 3, 9)])
    phi = op.allpass(-op.shift + 1j * w)
    np.testing.assert_allclose(np.abs(phi), 1.0, rtol=0, atol=BAR)


def test_fourier_delay_line_is_allpass_at_n_1001():
    w = np.concatenate([np.linspace(-4e3, 4e3, 1001), 2 * np.pi * np.arange(0, 501, 7), np.logspace(-8, 8, 33)])
    np.testing.assert_allclose(np.abs(ht.FouT(1001).allpass(1j * w)), 1.0, rtol=0, atol=BAR)


def test_fourier_allpass_tends_to_minus_the_delay_at_the_rate_one_over_n():
    """Theory F3: N |1 - B^T G + e^{-s}| is about 5.3 on |w| < 15."""
    w = np.linspace(-15, 15, 301)
    defect = [N * np.abs(ht.FouT(N).allpass(1j * w) + np.exp(-1j * w)).max() for N in (101, 201, 401, 801)]
    np.testing.assert_allclose(defect, 5.3, rtol=0.05)


@given(
    N=st.integers(1, 40),
    family=st.sampled_from(["LegS", "LagT", "FouT", "TM"]),
    s=st.complex_numbers(max_magnitude=100),
    z=st.complex_numbers(max_magnitude=100),
)
def test_colligation_identity_l1(family, N, s, z):
    """(conj s + z + 2 shift) G(s)^* G(z) = 1 - conj(phi(s)) phi(z), in the right half plane."""
    op, _ = make(family, 2 * (N // 2) + 1 if family == "FouT" else N)
    s, z = complex(abs(s.real), s.imag), complex(abs(z.real), z.imag)
    G, H, p, q = op.transfer(s), op.transfer(z), op.allpass(s), op.allpass(z)
    factor = s.conjugate() + z + 2 * op.shift
    # both sides are sums of terms of these sizes, each term good to BAR of them
    size = 1 + abs(p * q) + abs(factor) * np.linalg.norm(G) * np.linalg.norm(H) * np.sqrt(op.N)
    assert abs(factor * np.vdot(G, H) - (1 - np.conj(p) * q)) <= 2 * BAR * size


@given(
    poles=st.lists(st.tuples(st.floats(1e-2, 1e2), st.just(0.0) | st.floats(-1e2, 1e2)), min_size=1, max_size=6),
    shift=st.floats(0, 2),
    s=st.complex_numbers(max_magnitude=1e3),
)
def test_takenaka_malmquist_transfer_for_any_poles(poles, shift, s):
    a = [z for x, y in poles for z in ([complex(x, y), complex(x, -y)] if y else [complex(x)])]
    distance = min(abs(s + shift + z) for z in a)
    if distance < 1e-2 * abs(s) or distance == 0:
        return
    want = ref.to_complex(ref.transfer_balls("TM", s, len(a), a, shift))
    assert ref.relative_error(ht.TakenakaMalmquist(a, shift).transfer(s), want) <= BAR


@pytest.mark.parametrize("N", range(1, 9))
def test_legt_is_exactly_the_pade_approximant_of_the_delay(N):
    """d^T G(s) = P(-s)/Q(s), the [N-1/N] Pade approximant of e^{-s}, over the rationals."""

    def pade(m, n, x):
        f = lambda k: int(flint.fmpz.fac_ui(k))  # noqa: E731
        p = sum(Fraction(f(m + n - k) * f(m), f(m + n) * f(k) * f(m - k)) * (-x) ** k for k in range(m + 1))
        q = sum(Fraction(f(m + n - k) * f(n), f(m + n) * f(k) * f(n - k)) * x**k for k in range(n + 1))
        return p / q

    A, B = ht.LegT(N).exact()
    # In LMU coordinates everything is rational: R A R^{-1}, R b, d^T R^{-1} = ones, R = diag(r_n).
    r2 = [2 * n + 1 for n in range(N)]
    ratio = lambda e, q: Fraction(str((e**2 / q).expand())) * (1 if e > 0 else -1)  # noqa: E731
    lmu = [[ratio(A[n, k], r2[k] * r2[n]) * r2[n] for k in range(N)] for n in range(N)]
    rhs = [ratio(B[n, 0], r2[n]) * r2[n] for n in range(N)]
    for x in (Fraction(1), Fraction(-3, 7), Fraction(22, 5), Fraction(40)):
        M = flint.fmpq_mat(
            N, N, [flint.fmpq(*((x * (n == k)) - lmu[n][k]).as_integer_ratio()) for n in range(N) for k in range(N)]
        )
        v = M.solve(flint.fmpq_mat(N, 1, [flint.fmpq(*b.as_integer_ratio()) for b in rhs]))
        total = sum((v[n, 0] for n in range(N)), flint.fmpq(0))
        assert Fraction(int(total.p), int(total.q)) == pade(N - 1, N, x)
        got = np.abs(ht.LegT(N).B) @ ht.LegT(N).transfer(float(x))
        want = float(pade(N - 1, N, Fraction(float(x))))
        size = float(np.abs(ht.LegT(N).B) @ np.abs(ht.LegT(N).transfer(float(x))))
        assert abs(got - want) <= BAR * size


@pytest.mark.parametrize("s", [-18.92 - 0.823j, -15.0 - 8.0j])
def test_legt_loses_no_digits_silently_left_of_the_axis(s):
    """Either the bar holds or an AccuracyWarning says that it does not."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        error = ref.relative_error(ht.LegT(16).transfer(s), ref.to_complex(ref.transfer_balls("LegT", s, 16)))
    assert error <= BAR or [w for w in caught if issubclass(w.category, ht.AccuracyWarning)]


def test_legt_delays_by_one_window_to_the_order_of_its_pade_approximant():
    """The error of [N-1/N] at s is c s^{2N}, so halving s gains a factor of 2^{2N}."""
    for N in (2, 3, 4):
        d = np.abs(ht.LegT(N).B)
        error = [abs(complex(d @ ht.LegT(N).transfer(s)) - cmath.exp(-s)) for s in (0.8j, 0.4j)]
        assert np.log2(error[0] / error[1]) == pytest.approx(2 * N, abs=0.1)


@pytest.mark.parametrize("N", [1, 2, 17, 128])
def test_takenaka_malmquist_reduces_to_legs_and_lagt(N):
    s = np.array([0.0, 3j, 1 + 1j, 1e5j, -0.3 + 2j])
    for tm, op in (
        (ht.TakenakaMalmquist(np.arange(N) + 0.5, 0.5), ht.LegS(N)),
        (ht.TakenakaMalmquist(np.full(N, 0.5)), ht.LagT(N)),
    ):
        scale = np.abs(op.transfer(s)).max(axis=0)
        assert (np.abs(tm.transfer(s) - op.transfer(s)).max(axis=0) <= 2 * BAR * scale).all()
        np.testing.assert_allclose(tm.allpass(s), op.allpass(s), rtol=0, atol=2 * BAR * np.abs(op.allpass(s)).max())


FAR = [1e100, -1e150j, 1e160, 1e200j, -1e250 + 1e249j, 1e280, 1e-100, 1e-200j, 1e-300 + 1e-301j, 5e-324j]


@pytest.mark.parametrize("s", FAR, ids=str)
@pytest.mark.parametrize("family", ["LegS", "LagT", "TM", "LegT", "FouT"])
def test_transfer_holds_its_bar_to_the_ends_of_the_float_range(family, s):
    """Where s^2 leaves the range G does not: it is B/s far out and -A^{-1} B near 0."""
    op, spec = make(family, 5)
    assert ref.relative_error(op.transfer(s), ref.to_complex(ref.transfer_balls(family, s, **spec))) <= BAR
    if family != "LegT":
        assert abs(op.allpass(s) - complex(ref.allpass_ball(family, s, **spec))) <= BAR


EXTREME = [
    ([5e-324], 0.0),
    ([1e-300, 1e300], 1j),
    ([1e308], 1j),
    ([1e200 + 1e200j, 1e200 - 1e200j], 1e200),
    ([1e150 + 1e150j, 1e150 - 1e150j], 1e160j),
    ([1e-200 + 1e-200j, 1e-200 - 1e-200j], 1e-200),
]


@pytest.mark.parametrize(("a", "s"), EXTREME, ids=str)
def test_transfer_of_chains_at_the_ends_of_the_float_range(a, s):
    op = ht.TakenakaMalmquist(a)
    assert ref.relative_error(op.transfer(s), ref.to_complex(ref.transfer_balls("TM", s, len(a), a))) <= BAR
    assert abs(op.allpass(s) - complex(ref.allpass_ball("TM", s, len(a), a))) <= BAR


@pytest.mark.parametrize("s", [1.7e308 * (1 + 1j), 1e308j, -1.7e308], ids=str)
@pytest.mark.parametrize("family", ["LegS", "LagT", "TM", "LegT", "FouT"])
def test_the_largest_floats_are_nearly_infinity(family, s):
    """G = B/s is of the size of the smallest floats, never infinite; phi = 1."""
    op, _ = make(family, 5)
    assert np.abs(op.transfer(s)).max() <= 2 * np.abs(op.B).max() / 1e308
    if family != "LegT":
        assert op.allpass(s) == pytest.approx(1, abs=BAR)


# ------------------------------------------------------------------------------------------- manners

ALL = [ht.LegS(4), ht.LegT(4), ht.LagT(4), ht.FouT(5), ht.TakenakaMalmquist([1.0, 2 + 1j, 2 - 1j])]
ONE_PORT = [op for op in ALL if hasattr(op, "allpass")]


@pytest.mark.parametrize("op", ALL, ids=repr)
def test_shape_of_the_points_follows_the_state_axis(op):
    grid = 1 + 1j * np.arange(6.0).reshape(2, 3)
    assert op.transfer(1j).shape == (op.N,)
    assert op.transfer([1j]).shape == (op.N, 1)
    assert op.transfer([]).shape == (op.N, 0)
    assert op.transfer(grid).shape == (op.N, 2, 3)
    assert op.transfer(grid).dtype == np.complex128
    np.testing.assert_allclose(op.transfer(grid)[:, 1, 2], op.transfer(grid[1, 2]), rtol=8 * op.N * ref.EPS)


@pytest.mark.parametrize("op", ONE_PORT, ids=repr)
def test_shape_of_the_allpass_is_that_of_the_points(op):
    grid = 1 + 1j * np.arange(6.0).reshape(2, 3)
    assert op.allpass(grid).shape == (2, 3)
    assert np.shape(op.allpass(1j)) == ()
    np.testing.assert_allclose(op.allpass(grid)[1, 2], op.allpass(grid[1, 2]), rtol=8 * op.N * ref.EPS)


def test_legt_has_two_ports_and_no_scalar_allpass():
    assert [op for op in ALL if not hasattr(op, "allpass")] == [ht.LegT(4)]


INFINITIES = [np.inf, -np.inf, complex(0, np.inf), complex(-np.inf, 1), complex(np.inf, -np.inf)]


@pytest.mark.parametrize("s", INFINITIES, ids=str)
@pytest.mark.parametrize("op", ALL, ids=repr)
def test_infinity_is_a_legal_point_where_g_vanishes(op, s):
    np.testing.assert_array_equal(op.transfer([s, 1j])[:, 0], 0)
    np.testing.assert_allclose(op.transfer([s, 1j])[:, 1], op.transfer(1j), rtol=8 * op.N * ref.EPS)
    if hasattr(op, "allpass"):
        assert op.allpass(s) == 1


@pytest.mark.parametrize("s", [np.nan, complex(0, np.nan), [1j, np.nan], complex(np.inf, np.nan)], ids=str)
@pytest.mark.parametrize("op", ALL, ids=repr)
def test_nan_is_refused(op, s):
    with pytest.raises(ht.HippoTheoryError, match=r"(?i)nan"):
        op.transfer(s)
    if hasattr(op, "allpass"):
        with pytest.raises(ht.HippoTheoryError, match=r"(?i)nan"):
            op.allpass(s)


def test_poles_give_infinity_and_never_nan():
    """At a pole the components that carry it are inf; the others (in a cascade: before the section) stay finite."""
    legs = ht.LegS(5).transfer([-1.0, -3.0, -5.0])
    assert np.isinf(legs[:, 0]).all()
    assert np.isinf(legs[2:, 1]).all()
    assert np.isinf(legs[4, 2])
    assert not np.isnan(legs).any()
    np.testing.assert_allclose(legs[0, 1], -0.5)
    assert np.isinf(ht.LegS(5).allpass([-1.0, -5.0])).all()
    assert np.isinf(ht.LagT(4).allpass(-0.5))
    assert np.isinf(ht.LagT(4).transfer(-0.5)).all()
    tm = ht.TakenakaMalmquist([1.0, 2 + 1j, 2 - 1j], 0.5)
    assert np.isinf(tm.allpass([-1.5, -2.5 + 1j, -2.5 - 1j])).all()
    assert np.isinf(tm.transfer(-2.5 + 1j)[1:]).all()
    assert np.isinf(ht.FouT(1).transfer(-2.0)).all()  # A = -2
    assert np.isinf(ht.FouT(1).allpass(-2.0))
    assert np.isinf(ht.LegT(1).transfer(-1.0)).all()  # A = -1


def test_values_beyond_the_float_range_are_infinite_and_the_others_exact():
    """In the left half plane LegS grows like a binomial: N = 2000 leaves the range at s = -1000.5, not at -1.5."""
    G = ht.LegS(2000).transfer([-1000.5, -0.25])
    assert np.isinf(G[:, 0]).any()
    assert not np.isnan(G).any()
    assert np.isfinite(G[:, 1]).all()
    finite = np.isfinite(G[:, 0])
    with flint.ctx.workprec(ref.BITS):
        want = ref.chain_solve(ref.chain_parts("LegS", 2000, (), 0), ref.ball_of(-1000.5))
        for n in np.flatnonzero(finite)[::50]:
            error = abs(flint.acb(flint.arb(G[n, 0].real), flint.arb(G[n, 0].imag)) - want[n])
            assert float(error / abs(want[n])) <= 4 * 2000 * ref.EPS


@given(st.complex_numbers(max_magnitude=1e6))
def test_real_matrices_give_conjugate_symmetric_transfer(s):
    for op in ALL:
        up, down = op.transfer(s).conj(), op.transfer(np.conj(s))
        np.testing.assert_array_equal(np.isfinite(up), np.isfinite(down))
        up, down = up[np.isfinite(up)], down[np.isfinite(down)]
        assert (np.abs(up - down) <= 4 * op.N * ref.EPS * np.abs(up)).all()


@pytest.mark.parametrize("s", [-5.717788619131117 + 5.356271638875976j, -20 + 3j, -3.0])
def test_fout_keeps_its_digits_where_its_port_cancels(s):
    """Left of the axis 1 + 2g is as small as e^{Re s}: no float64 sum can have it."""
    want = ref.to_complex(ref.transfer_balls("FouT", s, 255))
    assert ref.relative_error(ht.FouT(255).transfer(s), want) <= BAR
    phi = complex(ref.allpass_ball("FouT", s, 255))
    assert abs(ht.FouT(255).allpass(s) - phi) <= BAR * abs(phi)


def test_phi_has_modulus_one_on_its_line_for_a_sharp_pole_off_the_axis():
    phi = ht.TakenakaMalmquist([1e-6], 0.5).allpass(-0.5 + 1e-6j * np.array([0.5, 1.0, 3.0]))
    np.testing.assert_allclose(np.abs(phi), 1, rtol=0, atol=4 * ref.EPS)
