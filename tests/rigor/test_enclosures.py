"""Enclosures of sigma_min(zI - A): they contain what a rigorous eigenvalue solver finds, and are narrow.

The other road: eigenvalues of the Hermitian [[0, M], [M^*, 0]], enclosed by flint with four times the bits, from the
entries in ``references``.
"""

import math
import warnings
from fractions import Fraction

import flint
import numpy as np
import pytest
import references as ref
from flint import acb, acb_mat, arb
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import AccuracyError, ParameterError, ParameterTypeError, ShapeError
from hippo_theory.rigor import chain_resolvent, dense_resolvent
from hippo_theory.rigor.chain_resolvent import ChainResolvent
from hippo_theory.rigor.dense_resolvent import DenseResolvent
from hippo_theory.rigor.float_svd import extreme_singular_values

BITS = 512


def smallest_singular_value(A, z):
    """A ball that contains sigma_min(zI - A), A an acb_mat at the working precision."""
    N = A.nrows()
    H = acb_mat(2 * N, 2 * N)
    for i in range(N):
        for j in range(N):
            entry = (acb(z.real, z.imag) if i == j else 0) - A[i, j]
            H[i, N + j], H[N + j, i] = entry, entry.conjugate()
    moduli = [abs(value) for value in H.eig(multiple=True)]
    least = min(moduli, key=lambda x: float(x.mid()))
    assert least.rel_accuracy_bits() > 60
    return least


def reference(A, z):
    """The same from whatever defines A, with more bits until they suffice."""
    for bits in (BITS, 4 * BITS):
        with flint.ctx.workprec(bits):
            try:
                return smallest_singular_value(A(), z)
            except (AssertionError, ValueError):
                continue
    raise AssertionError("the reference did not converge")


def entries_of(operator):
    """A in balls, by ``references`` alone."""
    if isinstance(operator, ht.TakenakaMalmquist):
        return lambda: acb_mat(ref.balls("TM", a=operator.parameters, shift=operator.shift)[0])
    return lambda: acb_mat(ref.balls(operator.family, operator.N)[0])


def floats_as_balls(A):
    return lambda: acb_mat([[acb(complex(x).real, complex(x).imag) for x in row] for row in A.tolist()])


def random_chain(rng):
    a = []
    for _ in range(rng.integers(1, 5)):
        x = 10 ** rng.uniform(-1.5, 1.5)
        y = x * 10 ** rng.uniform(-1, 1)
        a += [x + 1j * y, x - 1j * y] if rng.random() < 0.4 else [x]
    return ht.TakenakaMalmquist(a, shift=rng.choice([0.0, 0.5, rng.uniform(0, 3)]))


def trial(seed):
    """A matrix in both descriptions, and a point."""
    rng = np.random.default_rng(seed)
    kind, N = seed % 6, int(rng.integers(1, 9))
    z = complex(rng.normal(), rng.normal()) * 3
    if kind == 0:
        A = rng.standard_normal((N, N))
    elif kind == 1:
        A = rng.standard_normal((N, N)) + 1j * rng.standard_normal((N, N))
    elif kind == 2:
        A = np.triu(rng.standard_normal((N, N))) * 10 ** rng.uniform(-8, 8, (N, N))
    elif kind == 3:
        A = random_chain(rng)
        near = complex(rng.choice(-(A.a + A.shift)))
        z = rng.choice([z - abs(near), near * (1 + 10 ** rng.uniform(-9, 0)), complex(near.real, 0.3), z.real + 0j])
    elif kind == 4:
        A = ht.LegS(N)
        z = complex(z.real - N * rng.random(), rng.choice([0, z.imag]))
    else:
        A = rng.choice([ht.FouT(2 * (N // 2) + 1), ht.LegT(N), ht.LagT(N)])
        z = z - 1
    return A, complex(z)


def check_trial(seed):
    A, z = trial(seed)
    known = reference(entries_of(A) if hasattr(A, "balls") else floats_as_balls(A), z)
    found = ht.enclose(A, z)
    with flint.ctx.workprec(BITS):
        assert arb(float(found.lower)) <= known <= arb(float(found.upper)), (seed, A, z)
        logs = known.log() / arb.const_log10()
        assert arb(float(found.log10_lower)) <= logs <= arb(float(found.log10_upper))
    assert found.upper - found.lower <= 1e-9 * found.lower
    if isinstance(A, ht.LegS | ht.LagT | ht.TakenakaMalmquist):
        assert found.upper - found.lower <= 1e-12 * found.lower


@pytest.mark.parametrize("part", range(10))
def test_enclosures_contain_the_smallest_singular_value_and_are_narrow(part):
    for seed in range(10 * part, 10 * part + 10):
        check_trial(seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_a_thousand_enclosures_contain_the_smallest_singular_value(part):
    for seed in range(100 + 90 * part, 190 + 90 * part):
        check_trial(seed)


# ----------------------------------------------------------------------------------------- the theorem for chains


@given(st.integers(0, 10**6))
def test_the_sign_decides_on_which_side_of_sigma_min_a_number_lies(seed):
    """The theorem itself, far from sigma_min too: what a search near the root would not see."""
    rng = np.random.default_rng(seed)
    operator, z = random_chain(rng), complex(*rng.normal(size=2) * 3) - abs(rng.normal() * 3)
    road = ChainResolvent(operator)
    known = reference(entries_of(operator), z)
    for factor in (1e-6, 0.03, 0.5, 0.999, 1.001, 2, 30, 1e6):
        with flint.ctx.workprec(256):
            side = road._side(arb(z.real) + road.shift, arb(z.imag), known.mid() * factor)
        assert side == (1 if factor < 1 else -1), (operator, z, factor)


@pytest.mark.parametrize("N", [1, 2, 5, 9])
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_all_singular_values_are_the_roots_of_the_scalar_equation(N, shift):
    """sin F changes its sign at each of the singular values beyond abs(p), and nowhere else."""
    operator = ht.TakenakaMalmquist(np.arange(N) + 0.5, shift)
    road = ChainResolvent(operator)
    for z in (0.3 + 1j, -shift + 0.7j, -2.2 - shift + 0.4j, -0.3 - shift + 5j):
        p = z.real + shift
        values = np.linalg.svd(z * np.eye(N) - operator.A, compute_uv=False)
        with flint.ctx.workprec(128):
            expected = np.sort(values[values > abs(p) * (1 + 1e-9)])
            assert len(expected) >= N - (p < 0)
            for k, value in enumerate(expected, start=N - len(expected) + 1):
                for factor, side in ((1 - 1e-6, -1), (1 + 1e-6, 1)):
                    h = ((arb(value) * factor) ** 2 - arb(p) ** 2).sqrt()
                    turns = 1 - road._lag(arb(p), arb(z.imag), h) / arb.pi()
                    assert (turns - k > 0) == (side > 0)


@pytest.mark.parametrize("N", [3, 16, 40])
def test_the_two_roads_meet_for_chains(N):
    for operator in (ht.LegS(N), ht.LagT(N)):
        for z in (1 + 1j, -0.5 + 0j, -N / 2 + 0.3j, -N / 3 + N * 1j, 1e-8j):
            near, far = ChainResolvent(operator).enclose(z), DenseResolvent(operator).enclose(z)
            with flint.ctx.workprec(128):
                assert near[0] <= far[1] and far[0] <= near[1]


def test_a_chain_of_one_section_is_the_distance_of_its_pole():
    z = np.array([0.5, -0.25, -0.5 + 1e-200j, -1.5, 3 + 4j, 1e300, -0.5 - 1e-9])
    found = ht.enclose(ht.LagT(1), z)
    with np.errstate(under="ignore"):
        exact = np.abs(z + 0.5)
    assert ((found.lower <= exact * (1 + 1e-15)) & (exact * (1 - 1e-15) <= found.upper)).all()
    assert (found.upper <= found.lower * (1 + 1e-12)).all()


# ------------------------------------------------------------------------------------------------- what is extreme


def test_the_bounds_on_an_eigenvalue_are_zero_and_say_so():
    for A, z in ((ht.LegS(128), -100), (ht.LegS(20).A, -7), (np.diag([1j, 2.0, 3.0]), 1j), (np.zeros((2, 2)), 0)):
        found = ht.enclose(A, z)
        assert found.lower == found.upper == 0 and found.log10_lower == found.log10_upper == -np.inf
    z = -np.sqrt(2.0)  # not an eigenvalue, but the float next to one
    found = ht.enclose([[0.0, 2.0], [1.0, 0.0]], z)
    assert 0 < found.lower < 1e-15 and found.upper / found.lower < 1 + 1e-9


def test_at_infinity_nothing_is_singular():
    found = ht.enclose(ht.LegS(3), [np.inf, complex(0, -np.inf), 1.0])
    assert (found.lower[:2] == np.inf).all() and (found.log10_upper[:2] == np.inf).all() and found.upper[2] < 3


def test_legs_of_size_128_is_enclosed_where_it_is_smallest():
    """As operator: 1e-94, beyond the reach of floats; and as the array of floats that it is stored in."""
    z = -91.3 + 0.05j
    exact = ht.enclose(ht.LegS(128), z)
    assert exact.upper < 1e-92 and exact.upper / exact.lower < 1 + 1e-12
    stored = ht.enclose(ht.LegS(128).A, z)
    assert stored.lower > 0 and stored.upper / stored.lower < 1 + 1e-9
    assert abs(stored.log10_upper - exact.log10_upper) < 1


def test_beyond_the_range_of_floats_the_logarithm_remains():
    found = ht.enclose(ht.LegS(1024), -500.25)
    assert found.lower == 0 and found.upper == 5e-324
    assert -1000 < found.log10_lower < found.log10_upper < -700
    assert found.log10_upper - found.log10_lower < 1e-11


@given(st.floats(-3, 3), st.floats(-3, 3), st.integers(1, 60))
def test_sigma_min_of_lossless_operators_exceeds_the_distance_to_the_line(x, y, N):
    """theory L8: sigma_min(zI - A) > Re z + shift, hence the Kreiss constant 1: Re z/sigma_min never exceeds it."""
    for operator in (ht.LegS(N), ht.LagT(N)):
        found = ht.enclose(operator, complex(x, y))
        assert found.upper >= x + operator.shift
        assert found.lower >= x + operator.shift - 1e-12 * abs(x + operator.shift)


def test_the_resolvent_of_legt_at_zero_is_the_volterra_operator():
    """||A^{-1}|| -> 2/pi, the norm of integration on [0, 1]."""
    found = ht.enclose(ht.LegT(24), 0)
    assert abs(found.lower - math.pi / 2) < 1e-9


@pytest.mark.parametrize("scale", [1e-250, 1e250])
def test_units_do_not_matter(scale):
    A = np.random.default_rng(3).standard_normal((5, 5))
    one, other = ht.enclose(A, 0.3 + 0.2j), ht.enclose(A * scale, (0.3 + 0.2j) * scale)
    assert abs(other.lower / scale / one.lower - 1) < 1e-9
    a = np.array([1.0, 2.0, 5.0])
    one = ht.enclose(ht.TakenakaMalmquist(a), -1.5 + 1j)
    other = ht.enclose(ht.TakenakaMalmquist(a * scale), (-1.5 + 1j) * scale)
    assert abs(other.lower / scale / one.lower - 1) < 1e-9


@given(st.integers(0, 10**6), st.integers(1, 8), st.floats(0, 1e-3))
def test_singular_values_of_floats_are_bounded_for_every_matrix_within_the_slack(seed, N, slack):
    rng = np.random.default_rng(seed)
    M = rng.standard_normal((2, N, N)) + 1j * rng.standard_normal((2, N, N))
    E = rng.standard_normal((2, N, N))
    E *= slack / np.linalg.norm(E, 2, axis=(1, 2))[:, None, None]
    exact = np.linalg.svd(M + E, compute_uv=False)
    low, high, least, most = extreme_singular_values(M, np.full(2, slack))
    room = 1e-14 * N
    assert (low - room <= exact[:, -1]).all() and (exact[:, -1] <= high + room).all()
    assert (least - room <= exact[:, 0]).all() and (exact[:, 0] <= most + room).all()
    assert (most - least <= 2 * slack + 1e-10).all()


@pytest.mark.parametrize("slack", [0.0, 1e-12, 1e-3, 0.25])
def test_the_slack_is_spent_by_a_neighbour(slack):
    """diag(1, 1/2) -+ slack I: both ends of both bounds are attained, up to rounding."""
    low, high, least, most = (
        bound[0] for bound in extreme_singular_values(np.diag([1.0, 0.5])[None], np.array([slack]))
    )
    assert low <= 0.5 - slack and 0.5 + slack <= high and least <= 1 - slack and 1 + slack <= most
    assert max(0.5 - slack - low, high - slack - 0.5, 1 - slack - least, most - slack - 1) < 1e-13


def test_a_decomposition_is_judged_with_the_rounding_of_its_own_product(monkeypatch):
    """U S V with sigma_min = 2^-121 or so is, in floats, the singular matrix [[1, c], [c, c^2]] to the last bit."""
    c, t = 2.0**-30, 2.0**-120
    U, S = np.array([[1.0, 0.0], [c, 1.0]]), np.array([1.0, t])
    M = np.array([[1.0, c], [c, c * c]])
    assert ((U * S) @ U.T == M).all()
    monkeypatch.setattr(np.linalg, "svd", lambda _: (U[None], S[None], U.T[None]))
    low, high, least, most = (bound[0] for bound in extreme_singular_values(M[None], np.zeros(1)))
    assert low == 0 <= high and least <= 1 + c * c <= most


def test_a_decomposition_is_judged_where_squares_underflow(monkeypatch):
    """The zero matrix, with singular values said to be 1e-170."""
    monkeypatch.setattr(np.linalg, "svd", lambda M: (np.eye(2)[None], np.full((1, 2), 1e-170), np.eye(2)[None]))
    low, _, least, _ = extreme_singular_values(np.zeros((1, 2, 2)), np.zeros(1))
    assert low[0] == 0 and least[0] == 0


@pytest.mark.parametrize("part", [0.0, np.nan, np.inf, 3.0, 1e200])
def test_a_decomposition_that_is_none_proves_nothing_false(monkeypatch, part):
    monkeypatch.setattr(np.linalg, "svd", lambda M: (np.full((1, 2, 2), part), np.ones((1, 2)), np.eye(2)[None]))
    with np.errstate(all="ignore"):
        low, high, least, most = extreme_singular_values(np.diag([2.0, 0.5])[None], np.zeros(1))
    assert low[0] == least[0] == 0 and high[0] >= 0.5 and most[0] >= 2


@pytest.mark.parametrize("seed", range(4))
def test_the_floats_that_are_decomposed_are_within_the_slack_of_the_exact_matrix(monkeypatch, seed):
    """zI - A in rationals: on the diagonal the differences are rounded, elsewhere nothing is."""
    given_away = []

    def spy(M, slack):
        given_away.append((M, slack))
        return extreme_singular_values(M, slack)

    rng = np.random.default_rng(seed)
    A = rng.standard_normal((4, 4)) * 10 ** rng.uniform(-3, 3)
    road, z = DenseResolvent(A), rng.standard_normal(3) * np.abs(A).max() * [1e-3, 1, 1e3]
    monkeypatch.setattr(dense_resolvent, "extreme_singular_values", spy)
    road._in_floats(z + 0j)
    ((M, slack),) = given_away
    rounded = 0
    for k in range(3):
        exact = [[Fraction(z[k] * (i == j)) - Fraction(A[i, j]) for j in range(4)] for i in range(4)]
        unit = Fraction(A[0, 1]) / Fraction(-M[k, 0, 1].real)
        defect = [[abs(exact[i][j] / unit - Fraction(M[k, i, j].real)) for j in range(4)] for i in range(4)]
        assert all(defect[i][j] == 0 for i in range(4) for j in range(4) if i != j) and not M[k].imag.any()
        assert max(defect[i][i] for i in range(4)) <= slack[k]
        rounded += any(defect[i][i] for i in range(4))
    assert rounded


def test_an_inverse_with_few_digits_is_computed_again_with_more_bits():
    """Integers of determinant 1: of the 38 digits of 128 bits about 7 are left, and sigma_min is promised to 9."""
    h = 3 * 2**24
    L, R = (
        np.array([[1, 0, 0], [h + 1, 1, 0], [h - 3, h + 5, 1]]),
        np.array([[1, h - 1, h + 7], [0, 1, h + 3], [0, 0, 1]]),
    )
    A = (L @ R).astype(float)
    assert (L @ R).max() < 2**53
    found, known = ht.enclose(A, 0), reference(floats_as_balls(A), 0j)
    assert found.upper / found.lower < 1 + 1e-9
    with flint.ctx.workprec(BITS):
        assert arb(found.lower.item()) <= known <= arb(found.upper.item())


def test_a_root_is_closed_in_from_below_where_the_far_end_has_no_sign():
    """The search goes down from its guess until the sign changes: from there on the end above is not needed."""

    def f(x):
        return 0.3 - x if x < 1 else math.nan

    low, high = chain_resolvent._closed(f, 0.5, 2.0)
    assert f(low) > 0 >= f(high) and high - low < 1e-12


def test_results_are_frozen_and_readable():
    found = ht.enclose(ht.LegS(4), [[1.0, 2.0]])
    assert found.lower.shape == (1, 2) and "2 points" in repr(found)
    assert "sigma_min <=" in repr(ht.enclose(ht.LegS(4), 1)) and "10^" in repr(ht.enclose(ht.LegS(1024), -500.25))
    with pytest.raises(ValueError, match="read-only"):
        found.lower[0] = 1


def test_a_state_space_is_its_matrix():
    A = np.array([[0.0, 1.0], [-2.0, -3.0]])
    assert ht.enclose(ht.StateSpace(A, [0, 1]), 1j).lower == ht.enclose(A, 1j).lower


# ------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        (([[1.0, 2.0]], 0), {}, ShapeError),
        ((np.zeros((0, 0)), 0), {}, ShapeError),
        (([[np.nan]], 0), {}, ParameterError),
        (([[1e301]], 0), {}, ParameterError),
        (("legs", 0), {}, ParameterTypeError),
        ((ht.LegS(2), np.nan), {}, ParameterError),
        ((ht.LegS(2), "0"), {}, ParameterTypeError),
        ((ht.LegS(2),), {}, ParameterTypeError),
        ((ht.LegS(2), 0), {"eps": 1.0}, ParameterTypeError),
        ((ht.LegS(2), 0), {"box": (0, 1, 0, 1), "eps": 1.0}, ParameterTypeError),
        ((ht.Diagonal([-1.0], [1.0]), 0), {}, ParameterTypeError),
    ],
)
def test_bad_input_is_refused_with_a_typed_error(arguments, options, error):
    with pytest.raises(error, match="enclose"):
        ht.enclose(*arguments, **options)


def test_what_cannot_be_reached_is_an_error_and_no_number(monkeypatch):
    monkeypatch.setattr(dense_resolvent, "_MOST_BITS", 64)
    with pytest.raises(AccuracyError, match="64 bits"):
        ht.enclose(ht.LegS(64).A, -40.5)
    monkeypatch.setattr(chain_resolvent, "_MOST_BITS", 64)
    with pytest.raises(AccuracyError, match="64 bits"):
        ht.enclose(ht.LegS(3), 1.0)


def test_no_warning_escapes_from_floats_that_overflow():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ht.enclose(np.eye(3) * 1e300, 1e308).lower > 9e307
        assert ht.enclose(np.eye(3) * 1e-300, 1e-308).lower > 0


@pytest.mark.parametrize(
    ("a", "p", "sigma"),
    [
        ([1.39908, 1.17536], -5e-324, 0.5297439504403),
        ([1.39908, 1.17536], -1e-320, 0.5297439504403),
        ([1.39908, 1.17536], -1e-315, 0.5297439504403),
        ([0.5] * 4, -5e-324, 0.0994561836898),
        ([1.39908e150, 1.17536e150], -1e-165, 5.297439504403e149),
        ([2.0], -1e-320, 2.0),
    ],
)
def test_a_hair_left_of_the_line_no_sign_is_lost_to_underflow(a, p, sigma):
    """sigma_min is continuous: beside the line it is what it is on it."""
    operator = ht.TakenakaMalmquist(a)
    beside, on = ht.enclose(operator, p), ht.enclose(operator, 0.0)
    assert beside.lower <= sigma * (1 + 1e-11) and beside.upper >= sigma * (1 - 1e-11)
    assert beside.lower <= on.upper * (1 + 1e-12) and on.lower <= beside.upper * (1 + 1e-12)
