"""The eigenvalues of the normal part: roots of the phase, to the last bit, by four other roads."""

from fractions import Fraction

import flint
import numpy as np
import pytest
import references as ref
from flint import arb
from hypothesis import example, given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.lossless import diagonalize_normal_part, normal_frequencies, phase
from hippo_theory.lossless.progression import progression, progression_phase

SIZES = [1, 2, 3, 7, 16, 63, 64, 255]
HALF_ULP = 0.5 + 1e-9  # a root this close to a midpoint of two floats would be a coincidence
DOUBLE_DOUBLE = 2.0**-96  # "about 100 bits"
PROGRESSION = 2.0**-72  # poles c + k, in O(1) a root


def legs(N):
    return np.arange(N) + 0.5 + 0j


def orders(N):
    """The multiples of pi, top first: N-1, N-3, ..., 1 or 0."""
    return np.arange(N - 1, -1, -2)


def errors(a, high, low, phase_of=None):
    """Errors of ``high`` in ulp and of ``high + low`` relative, against 200-bit roots; a zero must be exact."""
    m = orders(len(a)) if phase_of is None else phase_of[1]
    assert high.shape == low.shape == m.shape
    if m.size and m[-1] == 0:
        assert high[-1] == low[-1] == 0.0
        high, low, m = high[:-1], low[:-1], m[:-1]
    assert (high > 0).all()
    with flint.ctx.workprec(ref.BITS):
        roots = ref.roots_of_phase(high, m, phase_of[0] if phase_of else lambda t: ref.phase_ball(a, t))
        ulps = [float(abs(arb(h) - y)) / np.spacing(h) for h, y in zip(high, roots, strict=True)]
        pairs = [float(abs(arb(h) + arb(v) - y) / y) for h, v, y in zip(high, low, roots, strict=True)]
    return np.array(ulps), np.array(pairs)


def assert_roots(a):
    ulps, _ = errors(a, *normal_frequencies(np.asarray(a, complex)))
    assert ulps.max(initial=0) <= HALF_ULP, (int(np.argmax(ulps)), ulps.max())


@pytest.mark.parametrize("N", [*SIZES, pytest.param(1024, marks=pytest.mark.slow)])
def test_legs_frequencies_are_the_roots_of_the_phase_correctly_rounded(N):
    ulps, pairs = errors(legs(N), *normal_frequencies(legs(N)))
    assert ulps.max(initial=0) <= HALF_ULP
    assert pairs.max(initial=0) <= PROGRESSION


@pytest.mark.parametrize("N", SIZES)
def test_legs_frequencies_are_the_roots_of_an_integer_polynomial(N):
    """Certified roots of prod(s-k) + prod(s+k+1): no phase, no arctangent."""
    with flint.ctx.workprec(ref.BITS):
        roots = [r for r, _ in ref.legs_normal_polynomial(N).complex_roots()]
        assert all(abs(r.real + arb(1) / 2) < 1e-30 for r in roots)
        want = sorted((r.imag for r in roots if not float(r.imag) < -1e-9), key=float, reverse=True)
        high, low = normal_frequencies(legs(N))
        assert len(want) == len(high)
        for h, v, w in zip(high, low, want, strict=True):
            assert abs(arb(h) + arb(v) - w) <= PROGRESSION * abs(w) + 1e-60


@pytest.mark.parametrize("N", [1, 2, 3, 7, 16])
@pytest.mark.parametrize("family", ["LegS", "LagT", "FouT", "TM"])
def test_eigenvalues_are_those_of_the_exact_matrix_a_plus_half_bbt(family, N):
    """The matrix itself, its eigenvalues enclosed: no all-pass function at all."""
    N += family == "FouT" and N % 2 == 0
    a = [0.3, 2 + 5j, 2 - 5j, 1e-2 + 1j, 1e-2 - 1j, 40.0, 0.1] if N % 2 else [1 + 2j, 1 - 2j] * 8
    a = a[:N]
    op = ht.TakenakaMalmquist(a, 0.25) if family == "TM" else ht.operator(family, N)
    with flint.ctx.workprec(3 * ref.BITS):
        A, B = ref.balls(family, N, a, 0.25)
        normal = flint.acb_mat(A + B * B.transpose() / 2)
        enclosed = sorted(normal.eig(), key=lambda z: float(z.imag), reverse=True)
        lam, _, _ = diagonalize_normal_part(op).full()
        for z, want in zip(sorted(lam, key=lambda z: z.imag, reverse=True), enclosed, strict=True):
            assert z.real == -op.shift
            assert abs(arb(z.imag) - want.imag) <= HALF_ULP * np.spacing(abs(z.imag)) + 1e-60


@pytest.mark.parametrize(("N", "top"), [(16, "80.9660809"), (64, "1303.2738430"), (256, "20860.2331114")])
def test_top_frequency_of_legs_is_that_of_the_table(N, top):
    assert f"{normal_frequencies(legs(N))[0][0]:.7f}" == top


def test_top_frequency_grows_like_n_squared_over_pi_minus_pi_over_six():
    """Theory L5: y_0 - N^2/pi + pi/6 vanishes, like N^-2."""
    defect = [normal_frequencies(legs(N), [0])[0][0] - N**2 / np.pi + np.pi / 6 for N in (16, 32, 64, 128)]
    np.testing.assert_allclose(np.log2(np.abs(np.divide(defect[:-1], defect[1:]))), 2, atol=0.1)


@pytest.mark.parametrize("m", [1, 2, 5])
def test_later_frequencies_of_legs_follow_the_same_law(m):
    N, k = 4000, 2 * m + 1
    law = N**2 / (k * np.pi) - k * np.pi / 6
    assert normal_frequencies(legs(N), [m])[0][0] == pytest.approx(law, abs=k**3 / N)


@pytest.mark.parametrize("N", [1, 2, 3, 8, 65, 256])
def test_laguerre_frequencies_are_cotangents_correctly_rounded(N):
    lam = diagonalize_normal_part(ht.LagT(N)).lam
    with flint.ctx.workprec(ref.BITS):
        want = [(arb(2 * j + 1) / (2 * N)).cot_pi() / 2 for j in range(N // 2)]
        np.testing.assert_array_equal(lam.imag, [ref.nearest_float(w) for w in want] + [0.0] * (N % 2))
    np.testing.assert_array_equal(lam.real, 0.0)


@pytest.mark.parametrize("N", [1, 3, 65, 1001])
def test_fourier_eigenvalues_are_two_pi_i_m_correctly_rounded(N):
    lam = diagonalize_normal_part(ht.FouT(N)).lam
    with flint.ctx.workprec(ref.BITS):
        want = [ref.nearest_float(2 * arb.pi() * m) if m else 0.0 for m in range(N // 2, -1, -1)]
    np.testing.assert_array_equal(lam, 1j * np.array(want))


def spread(rng, N):
    return 10.0 ** rng.uniform(-6, 6, N)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("N", [2, 5, 30])
def test_real_sections_over_twelve_decades_have_correctly_rounded_frequencies(N, seed):
    assert_roots(spread(np.random.default_rng([N, seed]), N))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("N", [2, 6, 30])
def test_complex_sections_over_twelve_decades_have_correctly_rounded_frequencies(N, seed):
    rng = np.random.default_rng([N, seed, 1])
    half = spread(rng, N // 2) + 1j * spread(rng, N // 2)
    assert_roots(np.ravel(np.column_stack([half, half.conj()])))


@pytest.mark.parametrize(
    "half",
    [
        [2 + 0.5j, 0.1 + 0.5j],
        [16.838989872729815 + 0.9247370989007238j, 0.21521825291548227 + 0.6867617955283124j],
        [100 + 1j, 0.2 + 0.7j],
        [1e3 + 1j, 1e-3 + 1j],
    ],
    ids=str,
)
def test_a_sharp_resonance_on_a_broad_background_is_found(half):
    """Theta has a steep step at the sharp pair, where Newton from the broad slope overshoots."""
    assert_roots([z for x in half for z in (x, np.conj(x))])


@pytest.mark.parametrize(("N", "seed"), [(4, 0), (12, 25), (20, 25), (50, 68)])
def test_many_sharp_resonances_are_each_found_once(N, seed):
    rng = np.random.default_rng([N, seed, 1])
    half = 1e-6 + 1j * spread(rng, N // 2)
    a = np.ravel(np.column_stack([half, half.conj()]))
    high, _ = normal_frequencies(a)
    assert (np.diff(high) < 0).all()
    assert_roots(a)


@pytest.mark.parametrize("seed", [3, 4])
def test_the_low_part_carries_a_hundred_bits_for_sharp_resonances_too(seed):
    rng = np.random.default_rng([6, seed, 1])
    half = spread(rng, 3) + 1j * spread(rng, 3)
    a = np.ravel(np.column_stack([half, half.conj()]))
    _, pairs = errors(a, *normal_frequencies(a))
    assert pairs.max() <= DOUBLE_DOUBLE


def test_a_pair_twelve_decades_sharp_is_found_without_a_warning():
    assert_roots([1e-6 + 1e6j, 1e-6 - 1e6j])


@pytest.mark.slow
@pytest.mark.parametrize("N", [255, 1000])
def test_long_chains_over_twelve_decades_have_correctly_rounded_frequencies(N):
    rng = np.random.default_rng(N)
    half = spread(rng, N // 2) + 1j * spread(rng, N // 2)
    assert_roots([*np.ravel(np.column_stack([half, half.conj()])), *[1.0] * (N % 2)])


one = st.floats(1e-6, 1e6)
real_section = one.map(lambda x: [complex(x)])
pair_section = st.tuples(one, one).map(lambda p: [complex(*p), complex(p[0], -p[1])])
section_lists = st.lists(real_section | pair_section, min_size=1, max_size=5)
chains = section_lists.map(lambda p: [z for part in p for z in part])


@given(chains)
def test_frequencies_of_any_chain_are_correctly_rounded(a):
    assert_roots(a)


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9))
@example(1e-9, 3735028.787363047)
@example(1e-9, 1e9)
def test_the_frequency_of_one_pair_is_its_modulus_correctly_rounded(x, y):
    """Phi of one pair is -1 where s^2 = -|a|^2 (shift 0), however sharp the pair."""
    high, low = normal_frequencies(np.array([complex(x, y), complex(x, -y)]))
    square = Fraction(x) ** 2 + Fraction(y) ** 2
    assert ref.half_ulps(float(high[0]), square)
    assert abs((Fraction(float(high[0])) + Fraction(float(low[0]))) ** 2 / square - 1) <= 2 * DOUBLE_DOUBLE


@given(section_lists, st.integers(2, 5))
def test_frequencies_of_repeated_sections_are_correctly_rounded(parts, times):
    assert_roots([z for part in parts[:3] for z in part] * times)


@given(st.floats(0.1, 10), st.floats(0, 10), st.integers(2, 6), st.integers(-52, -20))
def test_frequencies_of_clustered_sections_are_correctly_rounded(x, y, n, e):
    """Sections an ulp to a millionth apart: A is nearly defective, its normal part is not."""
    delta = 2.0**e
    signs = (1, -1) if y else (1,)
    assert_roots([complex(x * (1 + k * delta), s * y * (1 - k * delta)) for k in range(n) for s in signs])


@given(chains, st.integers(-60, 60))
def test_frequencies_scale_exactly_with_a_power_of_two(a, e):
    a = np.array(a, complex)
    np.testing.assert_array_equal(normal_frequencies(a * 2.0**e)[0], normal_frequencies(a)[0] * 2.0**e)


def test_selected_indices_are_those_of_the_full_spectrum():
    full, some = normal_frequencies(legs(65))[0], [0, 32, 5, 31]
    np.testing.assert_array_equal(normal_frequencies(legs(65), some)[0], full[some])


@pytest.mark.parametrize("N", [10**5, 10**5 + 1, 10**6])
def test_sampled_frequencies_of_huge_legs_are_correctly_rounded(N):
    """All of them in O(N); the reference is log Gamma in balls."""
    index = np.array([0, 1, 10, 1000, N // 5, 2 * N // 5, (N + 1) // 2 - 10, (N + 1) // 2 - 2])
    high, low = normal_frequencies(legs(N), index)
    ulps, pairs = errors(legs(N), high, low, (lambda t: ref.legs_phase_ball(N, t), N - 1 - 2 * index))
    assert ulps.max() <= HALF_ULP
    assert pairs.max() <= PROGRESSION


@pytest.mark.parametrize("c", [0.125, 0.5, 0.75, 1.0, 1.5, 8.0, 33.25])
@pytest.mark.parametrize("N", [2, 3, 17, 40, 300])
def test_poles_in_arithmetic_progression_have_the_frequencies_of_any_chain(c, N):
    """Two roads: O(1) sums by Euler-Maclaurin, and, for steps of two, products of all sections."""
    a = np.arange(N) + c + 0j
    fast, slow = normal_frequencies(a), normal_frequencies(2 * a)
    np.testing.assert_array_equal(2 * fast[0], slow[0])
    assert (np.abs(2 * fast[1] - slow[1]) <= PROGRESSION * slow[0]).all()


@pytest.mark.parametrize(("c", "N"), [(0.5, 1), (0.5, 16), (0.5, 17), (0.5, 200), (1.0, 63), (2.25, 100), (40.0, 50)])
def test_the_phase_of_a_progression_is_the_sum_of_its_arctangents(c, N):
    y = np.concatenate([np.geomspace(1e-6, 1e8, 57), [0.5, N, float(N * N)]])
    got = progression_phase(c, N, y)
    with flint.ctx.workprec(ref.BITS):
        balls = [ref.phase_ball(np.arange(N) + c, t) for t in y]
        want = [[t for t, _ in balls], [N * arb.pi() - t for t, _ in balls], [d for _, d in balls]]
        for g, w in zip(got, want, strict=True):
            # a few roundings; the integral's two ends cancel where c is not small beside N
            assert max(float(abs(arb(float(p)) - q) / abs(q)) for p, q in zip(g, w, strict=True)) < 8 * ref.EPS * (
                1 + c / N
            )


def test_only_exact_progressions_are_taken_for_one():
    k = np.arange(5)
    assert progression(k + 0.5 + 0j) == 0.5
    assert progression(k + 1.0 + 0j) == 1.0
    others = [
        k + 0.3,
        2.0 * k + 0.5,
        (k + 0.5)[::-1],
        k + 1e-3,
        k + 9.0,
        k + 0.5 + 0.1j,
        np.r_[k[:4] + 0.5, 4.5 + 1e-15],
    ]
    assert [progression(np.asarray(a, dtype=complex)) for a in others] == [None] * len(others)


def worst_phase_error(a, y):
    """Relative errors of Theta, of its complement and of its slope, in eps."""
    got = phase(np.asarray(a, complex), y)
    with flint.ctx.workprec(ref.BITS):
        balls = [ref.phase_ball(a, t) for t in y]
        want = [[t for t, _ in balls], [len(a) * arb.pi() - t for t, _ in balls], [d for _, d in balls]]
        return [
            max(float(abs(arb(float(p)) - q) / abs(q)) for p, q in zip(g, w, strict=True)) / ref.EPS
            for g, w in zip(got, want, strict=True)
        ]


@pytest.mark.parametrize("N", [1, 2, 3, 64, 255])
def test_the_phase_the_complement_and_the_slope_are_good_to_n_eps_of_themselves(N):
    """All terms of a real chain have one sign: each is good to an eps or two, their sum to N/2 more."""
    assert max(worst_phase_error(legs(N), np.logspace(-12, 12, 25))) <= 4 + N / 2


@given(chains, one)
@example([1e-6 + 1e6j, 1e-6 - 1e6j], 1.0)
def test_the_phase_of_a_chain_with_pairs_is_good_to_n_eps_of_itself_too(a, y):
    """Where the arctangents of a pair nearly cancel (y < |Im a|), full relative accuracy is promised all the same."""
    assert max(worst_phase_error(a, np.array([y]))) <= 8 * len(a)


@given(st.integers(1, 40), st.integers(0, 10**6))
def test_frequencies_interlace_when_a_section_is_added(N, seed):
    """Each real section adds less than pi to Theta: between two roots of the longer chain lies one of the shorter."""
    a = spread(np.random.default_rng(seed), N + 1)
    few, many = normal_frequencies(a[:N] + 0j)[0], normal_frequencies(a + 0j)[0]
    assert (np.diff(many) < 0).all()
    # signed spectra, rising: many_0 < few_0 < many_1 < ...
    few, many = (np.concatenate([-y, y[::-1][n % 2 :]]) for y, n in ((few, N), (many, N + 1)))
    assert len(few) == N
    assert len(many) == N + 1
    assert (many[:-1] < few).all()
    assert (few < many[1:]).all()


@pytest.mark.parametrize("indices", [[7], [-1], [0.5], ["0"]], ids=repr)
def test_only_frequencies_that_exist_can_be_asked_for(indices):
    with pytest.raises(ht.ParameterError, match="indices"):
        normal_frequencies(legs(8), indices)


def test_parameters_too_far_apart_are_an_error_or_right_but_never_silently_wrong():
    """Between 1e-21 and 1e29 the phase is flat to the last digit: the root is sqrt(e_2) = 1e4."""
    try:
        high, _ = normal_frequencies(np.array([1e-40, 1e-21, 1e29], dtype=complex))
    except ht.AccuracyError:
        return
    assert high[0] == pytest.approx(1e4, rel=1e-12)
