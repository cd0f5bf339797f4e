"""A_N = A + B B^T/2 diagonalised in closed form: unitary, exact, and in the phase that makes V^* B positive."""

import flint
import numpy as np
import pytest
import references as ref
from flint import acb, arb
from hypothesis import example, given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.lossless import diagonalize_normal_part

FEW_ULP = 8 * ref.EPS  # "a few ulp" of a number of size one
SPREAD = [1e-2 + 3j, 1e-2 - 3j, 40.0, 5 + 0.1j, 5 - 0.1j, 0.3, 1e3 + 1e3j, 1e3 - 1e3j]
SIZES = [1, 2, 3, 7, 16, 63, 64, 255]


def operators(sizes):
    named = [op for N in sizes for op in (ht.LegS(N), ht.LagT(N), *([ht.FouT(N)] if N % 2 else []))]
    return [*named, ht.TakenakaMalmquist(SPREAD, 0.25), ht.TakenakaMalmquist([0.1 + 0.7j, 0.1 - 0.7j] * 5)]


def case(op):
    """Family and arguments of the references for an operator."""
    if isinstance(op, ht.TakenakaMalmquist):
        return "TM", {"N": op.N, "a": list(op.a), "shift": op.shift}
    return op.family, {"N": op.N}


def exact_frequency(a, y):
    if y == 0:
        return arb(0)
    order = round(float(np.sum(2 * np.arctan((y + a.imag) / a.real)) / np.pi))
    return ref.roots_of_phase([y], [order], lambda t: ref.phase_ball(a, t))[0]


def exact_transfer(op, z):
    """A multiple of G at the exact eigenvalue nearest to z."""
    if op.family == "FouT":  # G at s = 2 pi i m has no limit but this direction: the rotation in one plane
        m = round(z.imag / (2 * np.pi))
        plane = {0: acb(1)} if m == 0 else {2 * m - 1: acb(1), 2 * m: acb(0, -1)}
        return [plane.get(n, acb(0)) for n in range(op.N)]
    family, spec = case(op)
    s = acb(-arb(op.shift), exact_frequency(op.a, z.imag))
    return ref.chain_solve(ref.chain_parts(family, op.N, spec.get("a", ()), op.shift), s)


def exact_columns(op, lam):
    """Unit eigenvectors in the phase of a positive B^T v, and that product, as balls."""
    family, spec = case(op)
    B = ref.input_vector(family, op.N, spec.get("a", ()))
    for z in lam:
        G = exact_transfer(op, z)
        norm = sum((g.real * g.real + g.imag * g.imag for g in G), arb(0)).sqrt()
        port = sum((b * g for b, g in zip(B, G, strict=True)), acb(0))
        turn = abs(port) / port / norm
        yield [g * turn for g in G], abs(port) / norm


def assert_columns(op, columns):
    part = diagonalize_normal_part(op)
    with flint.ctx.workprec(ref.BITS + 4 * op.N):  # the balls of a cascade may triple in each section
        for j, (column, weight) in zip(columns, exact_columns(op, part.lam[columns]), strict=True):
            assert abs(arb(float(part.weights[j])) - weight) <= FEW_ULP * weight
            for n, v in enumerate(column):
                assert abs(ref.ball_of(part.V[n, j]) - v) <= FEW_ULP * abs(v), (n, j)


@pytest.mark.parametrize("op", operators([1, 2, 3, 16, 65]), ids=repr)
def test_eigenvectors_and_weights_are_exact_to_a_few_ulp_entry_for_entry(op):
    """Against transfer vectors at 256-bit eigenvalues."""
    assert_columns(op, np.arange((op.N + 1) // 2))


@pytest.mark.slow
@pytest.mark.parametrize("op", [ht.LegS(1024), ht.LagT(1024), ht.FouT(1001)], ids=repr)
def test_eigenvectors_are_exact_to_a_few_ulp_at_a_thousand_states(op):
    assert_columns(op, np.array([0, 1, 10, 100, 300, 499, 500]))


@pytest.mark.parametrize("op", operators(SIZES), ids=repr)
def test_weights_obey_the_closed_formula_l3(op):
    """|v^* B|^2 = 4 / sum_k 2 Re a_k/|iy + a_k|^2; for FouT B's own entries: |v^* B| is 2."""
    part = diagonalize_normal_part(op)
    if op.family == "FouT":
        np.testing.assert_allclose(part.weights, 2.0, rtol=FEW_ULP)
        return
    with flint.ctx.workprec(ref.BITS):
        want = [float(w) for w in ref.weights_balls(op.a, part.lam.imag)]
    # y is rounded, and the weight of a sharp resonance moves by Im a/Re a times as much
    sharpness = max(1.0, float(np.max(np.abs(op.a.imag) / op.a.real)))
    np.testing.assert_allclose(part.weights, want, rtol=FEW_ULP * sharpness)


@pytest.mark.parametrize("op", [*operators(SIZES), pytest.param(ht.LegS(1024), marks=pytest.mark.slow)], ids=repr)
def test_v_is_unitary_and_diagonalises_the_normal_part(op):
    lam, V, weights = diagonalize_normal_part(op).full()
    N = op.N
    assert lam.shape == weights.shape == (N,)
    assert V.shape == (N, N)
    # entries good to a few eps, of random sign: a product over N of them to as much in each of N^2 entries of size
    # 1/sqrt(N), in the Frobenius norm
    tolerance = 8 * np.sqrt(N) * ref.EPS
    assert np.linalg.norm(V.conj().T @ V - np.eye(N)) <= tolerance
    A_N = op.A + np.outer(op.B, op.B) / 2
    assert np.linalg.norm((V * lam) @ V.conj().T - A_N) <= 8 * ref.EPS * np.linalg.norm(A_N)
    np.testing.assert_allclose(V.conj().T @ op.B, weights, rtol=0, atol=tolerance * np.linalg.norm(op.B))
    assert (weights > 0).all()
    # ||V^* B|| = ||B||: the weights are the whole input
    assert np.linalg.norm(weights) == pytest.approx(np.linalg.norm(op.B), rel=tolerance)


@pytest.mark.parametrize("op", operators(SIZES), ids=repr)
def test_spectrum_lies_on_the_line_and_halves_are_ordered_from_the_top(op):
    part = diagonalize_normal_part(op)
    half = (op.N + 1) // 2
    assert part.N == op.N
    assert part.lam.shape == part.weights.shape == (half,)
    assert part.V.shape == (op.N, half)
    np.testing.assert_array_equal(part.lam.real, -op.shift)
    assert (np.diff(part.lam.imag) < 0).all()
    assert (part.lam.imag[: op.N // 2] > 0).all()
    if op.N % 2:
        assert part.lam[-1].imag == 0.0
        np.testing.assert_array_equal(part.V[:, -1].imag, 0.0)


@pytest.mark.parametrize("op", operators([1, 2, 3, 8]), ids=repr)
def test_full_is_the_halves_and_their_mirror_images(op):
    part = diagonalize_normal_part(op)
    lam, V, weights = part.full()
    pairs = op.N // 2
    for got, stored in ((lam, part.lam), (V, part.V), (weights, part.weights)):
        np.testing.assert_array_equal(got[..., : stored.shape[-1]], stored)
        np.testing.assert_array_equal(got[..., stored.shape[-1] :], stored[..., :pairs].conj())


@pytest.mark.parametrize("N", [16, 64, 256])
def test_weights_of_legs_follow_the_law_of_l5(N):
    """|v_m^* B| ~ 2N/((2m+1) pi), to relative order (m/N)^2... so to 1 % for the first of N >= 16."""
    weights = diagonalize_normal_part(ht.LegS(N)).weights
    m = np.arange(N // 16)
    np.testing.assert_allclose(weights[m], 2 * N / ((2 * m + 1) * np.pi), rtol=4 * ((m[-1] + 1) / N) ** 2)


section = st.floats(1e-6, 1e6).map(lambda x: [complex(x)]) | st.tuples(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6)).map(
    lambda p: [complex(*p), complex(p[0], -p[1])]
)
chains = st.lists(section, min_size=1, max_size=5).map(lambda p: [z for part in p for z in part])


def assert_diagonalised(a, shift):
    op = ht.TakenakaMalmquist(a, shift)
    lam, V, weights = diagonalize_normal_part(op).full()
    A_N = op.A + np.outer(op.B, op.B) / 2
    tolerance = 16 * np.sqrt(op.N) * ref.EPS
    assert np.linalg.norm(V.conj().T @ V - np.eye(op.N)) <= tolerance
    # A_N itself may cancel (it is 0 for one real section), A and B B^T do not
    scale = np.linalg.norm(op.A) + np.linalg.norm(op.B) ** 2 / 2
    assert np.linalg.norm((V * lam) @ V.conj().T - A_N) <= tolerance * scale
    assert np.linalg.norm(V.conj().T @ op.B - weights) <= tolerance * np.linalg.norm(op.B)
    assert (weights > 0).all()


@given(chains, st.floats(0, 10))
def test_any_chain_is_diagonalised_by_a_unitary(a, shift):
    assert_diagonalised(a, shift)


@given(chains, st.integers(2, 4))
def test_chains_of_repeated_sections_are_diagonalised_by_a_unitary(a, times):
    assert_diagonalised([*a] * times, 0.0)


@example(2.0, 5e-324, 2, -20)  # a pair whose imaginary part vanishes when it is scaled
@given(st.floats(0.1, 10), st.floats(0, 10), st.integers(2, 6), st.integers(-52, -20))
def test_clustered_sections_are_diagonalised_by_a_unitary(x, y, n, e):
    signs = (1, -1) if y else (1,)
    assert_diagonalised([complex(x * (1 + k * 2.0**e), s * y * (1 - k * 2.0**e)) for k in range(n) for s in signs], 0.0)


@pytest.mark.parametrize("e", [-900, -600, -200, 200, 600, 900])
@pytest.mark.parametrize("a", [[1.0], [0.3, 5.0], [0.1 + 3j, 0.1 - 3j, 2.0]], ids=str)
def test_the_normal_part_scales_with_the_sections_over_the_whole_float_range(a, e):
    """A power of four rescales time without rounding: eigenvalues by it, weights by its root, V not at all."""
    one = diagonalize_normal_part(ht.TakenakaMalmquist(a))
    two = diagonalize_normal_part(ht.TakenakaMalmquist(np.array(a) * 2.0**e))
    np.testing.assert_array_equal(two.lam, one.lam * 2.0**e)
    np.testing.assert_allclose(two.weights, one.weights * 2.0 ** (e // 2), rtol=FEW_ULP)
    np.testing.assert_allclose(two.V, one.V, rtol=FEW_ULP)


def test_two_ports_are_refused_with_the_reason():
    with pytest.raises(ht.HippoTheoryError, match=r"(?i)two|rank"):
        diagonalize_normal_part(ht.LegT(4))


@pytest.mark.parametrize(
    "a",
    [[1e-15 + 1j, 1e-15 - 1j] * 3, [1e-17 + 1j, 1e-17 - 1j] * 2, np.logspace(-150, 150, 9), np.logspace(-100, 100, 5)],
    ids=str,
)
def test_chains_beyond_float64_are_refused_or_right(a):
    """Equal resonances narrower than an ulp, or scales that leave the float range: never a silent wrong V."""
    try:
        _, V, _ = diagonalize_normal_part(ht.TakenakaMalmquist(a)).full()
    except ht.AccuracyError:
        return
    assert V.shape == (len(a), len(a))
    assert np.linalg.norm(V.conj().T @ V - np.eye(len(a))) <= 1e-13
