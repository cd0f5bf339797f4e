"""The S4D family: laws as published, "legs" as the exact normal part of HiPPO."""

import flint
import numpy as np
import pytest
import references as ref
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht

BAR = 1e-12


def exact(N, points):
    return np.array([ref.to_complex(ref.diagonal_transfer_balls("LegS", s, N)) for s in points]).T


def off_resonance(r):
    """Zero, tiny, huge, the plane, and points between neighbouring resonances."""
    y, N = r.lam.imag, r.N
    middle = np.sqrt(y[:-1] * y[1:])[:40]
    axis = np.concatenate([[0.0, 1e-8, 1e-3, 0.1, 1.0, 5.0, N, N**2, 1e8], middle[middle > 0], -middle[:3]])
    return np.concatenate([1j * axis, [1 + 1j, N * (0.5 + 1j), 1e3 - 2e3j]])


@pytest.mark.parametrize("N", [1, 2, 5, 16])
@pytest.mark.parametrize("family", ["LegS", "LagT", "FouT"])
def test_normal_part_with_half_the_input_has_transfer_g_over_one_plus_phi(family, N):
    """Theory L3 itself, in balls: the reference of this file against a dense solve with A + B B^T/2."""
    N += family == "FouT" and N % 2 == 0
    for s in (0.3 + 2j, 5j, 1e3j):
        with flint.ctx.workprec(512):
            A, B = ref.balls(family, N)
            dense = ref.to_complex(ref.dense_transfer(A + B * B.transpose() / 2, B / 2, s))
        assert ref.relative_error(ref.to_complex(ref.diagonal_transfer_balls(family, s, N)), dense) <= 2 * ref.EPS


@pytest.mark.parametrize("N", [1, 2, 16, 63, 64, 256, pytest.param(1024, marks=pytest.mark.slow)])
def test_s4d_legs_is_g_over_one_plus_phi_off_resonance(N):
    r = ht.s4d("legs", N)
    s = off_resonance(r)
    want = exact(N, s)
    error = np.abs(r.transfer(s) - want).max(axis=0) / np.abs(want).max(axis=0)
    assert error.max() <= BAR, (s[error.argmax()], error.max())
    # N/2 terms of orthonormal columns, each good to a few eps times |s|/distance, the condition of a pole
    distance = np.abs(s[:, None] - r.poles[None, :]).min(axis=1)
    tolerance = (4 + np.sqrt(N) / 2) * ref.EPS * (1 + np.abs(s) / distance)
    np.testing.assert_array_less(error, tolerance)


@pytest.mark.parametrize("N", [2, 16, 63, 64, 256, pytest.param(1024, marks=pytest.mark.slow)])
def test_s4d_legs_is_on_resonance_as_good_as_rounded_eigenvalues_allow(N):
    """At s = i y_m one mode rules: half an ulp of y_m at a distance of 1/2 moves it by eps y_m, and no more is lost."""
    r = ht.s4d("legs", N)
    y = r.lam.imag[:40]
    y = y[y > 0]
    want = exact(N, 1j * y)
    error = np.abs(r.transfer(1j * y) - want).max(axis=0) / np.abs(want).max(axis=0)
    np.testing.assert_array_less(error, ref.EPS * (16 + 1.01 * y))
    assert N > 64 or error.max() <= BAR


def test_s4d_legs_follows_hippo_in_the_passband_and_leaves_it_at_the_top_resonance():
    """L6: ||G - G_diag|| = ||G|| |phi|/|1 + phi|: the error at w=1 is O(1/N), the one at y_0 tends to 2N/pi."""
    small, top = [], []
    for N in (16, 64, 256):
        r, op = ht.s4d("legs", N), ht.LegS(N)
        gap = lambda s, r=r, op=op: np.linalg.norm(op.transfer(s) - r.transfer(s))  # noqa: E731
        small.append(N * gap(1j))
        top.append(gap(1j * r.lam[0].imag) / N)
    np.testing.assert_allclose(small, 1.0, rtol=0.1)
    np.testing.assert_allclose(top, 2 / np.pi, rtol=0.02)
    assert 16 * top[0] == pytest.approx(10.0248, abs=5e-3)
    assert 64 * top[1] == pytest.approx(40.7028, abs=5e-3)


@pytest.mark.parametrize("N", [1, 2, 16, 63, 64, 256])
def test_kernels_of_s4d_legs_start_at_half_the_input(N):
    K = ht.s4d("legs", N).kernel(0.0)
    B = np.sqrt(2 * np.arange(N) + 1.0)
    # x = V V^* B/2: an N-term product per entry
    np.testing.assert_allclose(K, B / 2, rtol=0, atol=8 * ref.EPS * np.linalg.norm(B))
    assert K.dtype == np.float64


@pytest.mark.parametrize("t", [0.01, 0.3, 2.0])
@pytest.mark.parametrize("N", [4, 7])
def test_kernels_of_s4d_legs_are_the_exponential_of_the_normal_part(N, t):
    with flint.ctx.workprec(ref.BITS):
        A, B = ref.balls("LegS", N)
        K = ((A + B * B.transpose() / 2) * arb(t)).exp() * B / 2
        want = np.array([float(K[n, 0]) for n in range(N)])
    got = ht.s4d("legs", N).kernel([t])[:, 0]
    # each mode turns by y t, known to an eps of itself
    np.testing.assert_allclose(got, want, rtol=0, atol=8 * ref.EPS * (1 + N**2 * t / 3) * np.linalg.norm(B_of(N)))


def B_of(N):
    return np.sqrt(2 * np.arange(N) + 1.0)


@pytest.mark.parametrize("N", [1, 2, 7, 64, 255])
def test_eigenvalues_are_stored_as_upper_halves_on_the_line(N):
    r = ht.s4d("legs", N)
    assert r.N == N
    assert r.conjugate_pairs is True
    assert r.lam.shape == r.B.shape == ((N + 1) // 2,)
    np.testing.assert_array_equal(r.lam.real, -0.5)
    assert (np.diff(r.lam.imag) < 0).all()
    assert len(r.poles) == N
    with flint.ctx.workprec(ref.BITS):
        weights = [float(w) for w in ref.weights_balls(np.arange(N) + 0.5 + 0j, r.lam.imag)]
    weights[-1] *= 0.5 if N % 2 else 1.0  # a real mode is stored with half its weight
    np.testing.assert_allclose(r.B, np.array(weights) / 2, rtol=8 * ref.EPS)


@pytest.mark.parametrize("N", [1, 6, 7])
def test_b_scale_one_doubles_every_kernel(N):
    t = np.array([0.0, 0.2, 3.0])
    half, full = ht.s4d("legs", N), ht.s4d("legs", N, b_scale=1.0)
    np.testing.assert_array_equal(full.B, 2 * half.B)
    np.testing.assert_array_equal(full.kernel(t), 2 * half.kernel(t))
    np.testing.assert_array_equal(full.lam, half.lam)


@pytest.mark.parametrize("N", [1, 2, 64, 255, 1024])
def test_cast_once_to_float32_every_number_is_as_near_as_float32_allows(N):
    """6e-8 relative for each eigenvalue and each abs(V^* B): half an ulp of float32, and the ulp of float64 before."""
    r = ht.s4d("legs", N, b_scale=1.0)
    stored_lam, stored_B = r.lam.astype(np.complex64), r.B.astype(np.float32)
    index = np.arange(r.lam.size) if N <= 256 else np.linspace(0, r.lam.size - 1, 24).astype(int)
    np.testing.assert_array_equal(stored_lam.real, -0.5)
    with flint.ctx.workprec(ref.BITS):
        orders = N - 1 - 2 * index
        roots = ref.roots_of_phase(r.lam.imag[index], orders, lambda y: ref.legs_phase_ball(N, y))
        for j, order, root in zip(index, orders, roots, strict=True):
            y = root if order else arb(0)
            assert abs(arb(float(stored_lam.imag[j])) - y) <= 6e-8 * y
            weight = 2 / ref.legs_phase_ball(N, y)[1].sqrt() * (1 if order else arb(0.5))
            assert abs(arb(float(stored_B[j])) - weight) <= 6e-8 * weight


def test_a_float32_file_holds_the_numbers_cast_once(tmp_path):
    r = ht.s4d("legs", 255)
    ht.export(r, tmp_path / "legs.safetensors", dtype="float32")
    back = ht.load(tmp_path / "legs.safetensors")
    np.testing.assert_array_equal(back.lam, r.lam.astype(np.complex64))
    np.testing.assert_array_equal(back.B, r.B.astype(np.float32))


# ------------------------------------------------------------------------------------------------- laws


def law(kind, n, N):
    """Section 4 of the theory, in balls."""
    pi = arb.pi()
    return {
        "lin": pi * n,
        "inv": N / pi * (arb(N) / (2 * n + 1) - 1),
        "inv2": N / pi * (arb(N) / (n + 1) - 1),
        "quad": arb(1 + 2 * n) ** 2 / pi,
        "foud": 2 * pi * n,
    }[kind]


@pytest.mark.parametrize("N", [2, 4, 64, 256])
@pytest.mark.parametrize("kind", ["lin", "inv", "inv2", "quad", "foud"])
def test_laws_are_the_published_ones(kind, N):
    r = ht.s4d(kind, N)
    assert r.N == N
    assert r.lam.shape == r.B.shape == (N // 2,)
    assert r.conjugate_pairs is True
    np.testing.assert_array_equal(r.lam.real, -0.5)
    np.testing.assert_array_equal(r.B, 1.0)
    with flint.ctx.workprec(ref.BITS):
        for n in range(N // 2):
            want = law(kind, n, N)
            # pi, a quotient, a product; inv and inv2 subtract 1 from a rational computed once
            assert abs(arb(float(r.lam.imag[n])) - want) <= 4 * ref.EPS * (abs(want) + N * (kind[:3] == "inv") * 0.5)


@pytest.mark.parametrize("N", [1, 2, 7, 64])
def test_real_law_is_mamba_any_n(N):
    r = ht.s4d("real", N)
    np.testing.assert_array_equal(r.lam, -(np.arange(N) + 1.0))
    np.testing.assert_array_equal(r.B, 1.0)
    assert r.conjugate_pairs is False
    assert r.N == N
    np.testing.assert_allclose(r.kernel([0.3])[:, 0], np.exp(-0.3 * (np.arange(N) + 1)), rtol=4 * N * ref.EPS)


@pytest.mark.parametrize("kind", ["lin", "inv", "inv2", "quad", "foud"])
def test_laws_refuse_an_odd_size_and_name_it(kind):
    with pytest.raises(ht.HippoTheoryError, match=r"even.*7.*6 or 8"):
        ht.s4d(kind, 7)


def test_inv_misses_the_top_frequency_by_n_over_pi_minus_pi_over_six():
    """Theory D2."""
    for N in (64, 256):
        gap = ht.s4d("legs", N).lam[0].imag - ht.s4d("inv", N).lam[0].imag
        assert gap == pytest.approx(N / np.pi - np.pi / 6, abs=5 / N)


# ---------------------------------------------------------------------------------------------- outputs


@pytest.mark.parametrize("N", [1, 2, 5, 16])
def test_an_output_vector_in_operator_coordinates_reads_the_same_component(N):
    """C = e_n picks component n of the state: its transfer function is row n, and so is its kernel."""
    s, t = np.array([0.0, 1j, 2 + 30j]), np.array([0.0, 0.1, 1.0])
    state = ht.s4d("legs", N)
    for n in range(N):
        picked = ht.s4d("legs", N, C=np.eye(N)[n])
        assert picked.transfer(s).shape == (3,)
        tolerance = 16 * ref.EPS * np.linalg.norm(B_of(N))
        np.testing.assert_allclose(picked.transfer(s), state.transfer(s)[n], rtol=0, atol=tolerance)
        np.testing.assert_allclose(picked.kernel(t), state.kernel(t)[n], rtol=0, atol=tolerance)


@given(st.integers(1, 20), st.integers(0, 10**6))
def test_any_output_vector_is_applied_to_the_state(N, seed):
    C = np.random.default_rng(seed).standard_normal(N)
    s = np.array([0.3j, 1 + 5j])
    got, state = ht.s4d("legs", N, C=C).transfer(s), ht.s4d("legs", N).transfer(s)
    tolerance = 16 * ref.EPS * np.linalg.norm(C) * np.linalg.norm(B_of(N))
    np.testing.assert_allclose(got, C @ state, rtol=0, atol=tolerance)


@pytest.mark.parametrize("kind", ["legs", "lin", "real"])
def test_a_drawn_output_is_determined_by_its_seed(kind):
    one, two = ht.s4d(kind, 8, rng=3), ht.s4d(kind, 8, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(one.C, two.C)
    assert not np.array_equal(one.C, ht.s4d(kind, 8, rng=4).C)
    assert one.transfer([1j, 2j]).shape == (2,)


def test_drawing_does_not_touch_the_global_random_state():
    np.random.seed(0)  # noqa: NPY002
    want = np.random.get_state()[1].tolist()  # noqa: NPY002
    ht.s4d("legs", 8, rng=1)
    assert np.random.get_state()[1].tolist() == want  # noqa: NPY002


@pytest.mark.parametrize("kind", ["legs", "lin", "real"])
def test_output_of_the_wrong_length_is_refused_with_both_lengths(kind):
    with pytest.raises(ht.HippoTheoryError, match=rf"\({4 if kind == 'lin' else 8},\).*\(5,\)"):
        ht.s4d(kind, 8, C=np.ones(5))


def test_both_an_output_and_a_seed_are_too_much():
    with pytest.raises(ht.HippoTheoryError, match="not both"):
        ht.s4d("legs", 4, C=np.ones(4), rng=0)


@pytest.mark.parametrize("b_scale", [0.0, np.nan, np.inf, "1", None, 1j], ids=repr)
def test_a_scale_that_is_none_is_refused(b_scale):
    with pytest.raises(ht.HippoTheoryError, match="b_scale"):
        ht.s4d("legs", 8, b_scale=b_scale)


@pytest.mark.parametrize("kind", ["lin", "inv", "inv2", "quad", "real"])
def test_b_scale_belongs_to_legs_alone(kind):
    with pytest.raises(ht.HippoTheoryError, match="b_scale"):
        ht.s4d(kind, 8, b_scale=1.0)


@pytest.mark.parametrize(
    ("kind", "meant"), [("leg", "legs"), ("linn", "lin"), ("inverse2", "inv2"), ("mamba-real", "real")]
)
def test_an_unknown_kind_is_refused_with_a_suggestion(kind, meant):
    with pytest.raises(ht.HippoTheoryError, match=f"Did you mean '{meant}'"):
        ht.s4d(kind, 8)


@pytest.mark.parametrize("N", [0, -2, 2.5, True, "4", None, np.float64(4), float("nan")])
@pytest.mark.parametrize("kind", ["legs", "lin", "real"])
def test_sizes_that_are_no_sizes_are_refused(kind, N):
    with pytest.raises(ht.HippoTheoryError, match="N must be"):
        ht.s4d(kind, N)


def test_numpy_integers_are_sizes():
    np.testing.assert_array_equal(ht.s4d("lin", np.int64(8)).lam, ht.s4d("lin", 8).lam)


@pytest.mark.parametrize("kind", ["legs", "lin", "real"])
def test_results_say_what_they_are(kind):
    r = ht.s4d(kind, 8)
    assert r.recipe["N"] == 8
    assert kind in str(r.recipe)
    assert "gu2022s4d" in r.source or "gu2024mamba" in r.source
    assert set(r.tensors()) >= {"lam", "B"}
    assert (r.V is not None) == (kind == "legs")
    with pytest.raises((AttributeError, TypeError)):
        r.N = 9


@given(kind=st.sampled_from(["legs", "lin", "inv", "quad"]), half=st.integers(1, 12), w=st.floats(-50, 50))
def test_stored_halves_and_the_full_dense_system_have_one_transfer(kind, half, w):
    N = 2 * half
    r = ht.s4d(kind, N, C=np.ones(N if kind == "legs" else half))
    dense = r.to_dense()
    s = 0.5 + 1j * w
    size = np.sum(np.abs(r.C * r.B) / np.abs(s - r.lam)) * 2
    assert abs(r.transfer(s) - dense.transfer(s)) <= 64 * N * ref.EPS * size


def test_a_complex_output_of_stored_halves_is_refused():
    with pytest.raises(ht.ParameterError, match="real"):
        ht.s4d("legs", 4, C=np.array([1, 2j, 3, 1j]))


def test_an_initialisation_may_have_several_outputs_and_tells_them_from_its_state():
    from dataclasses import replace

    init, C = ht.s4d("legs", 4), np.ones((3, 2))
    several = replace(init, system=replace(init.system, C=C))
    np.testing.assert_array_equal(several.C, C)
    assert several.transfer([1j, 2j]).shape == (3, 2) and several.tensors()["C"].shape == (3, 2)
    assert init.C is None and "C" not in init.tensors() and init.transfer(1j).shape == (4,)


@pytest.mark.parametrize("rng", ["abc", -1], ids=repr)
def test_what_is_no_seed_is_refused(rng):
    for make in (lambda: ht.s4d("lin", 4, rng=rng), lambda: ht.s4(ht.LegS(4), rng=rng)):
        with pytest.raises(ht.ParameterError, match="rng"):
            make()


def test_s4_of_a_name_says_that_an_operator_is_needed():
    with pytest.raises(ht.ParameterError, match="An operator is needed"):
        ht.s4("legs")


# ---------------------------------------------------------------------------------------------- switches


@pytest.mark.parametrize("kind", ["lin", "inv", "quad", "foud"])
def test_alpha_scales_the_frequencies_and_nothing_else(kind):
    plain, scaled = ht.s4d(kind, 16), ht.s4d(kind, 16, alpha=0.25)
    np.testing.assert_array_equal(scaled.lam.imag, 0.25 * plain.lam.imag)  # a power of two: exact
    np.testing.assert_array_equal(scaled.lam.real, plain.lam.real)
    np.testing.assert_array_equal(scaled.B, plain.B)
    assert scaled.recipe["alpha"] == 0.25 and "alpha" not in plain.recipe


def test_foud_is_lin_twice_as_fast_and_the_lattice_of_tfb_is_lin_times_alpha():
    np.testing.assert_array_equal(ht.s4d("foud", 32).lam, ht.s4d("lin", 32, alpha=2.0).lam)
    # a_j = -1/2 + i (-1)^j floor(j/2) alpha pi, j = 1..N, N odd: the poles with one state less
    N, alpha = 9, 0.7
    j = np.arange(1, N + 1)
    lattice = -0.5 + 1j * (-1.0) ** j * (j // 2) * alpha * np.pi
    poles = ht.s4d("lin", N + 1, alpha=alpha).poles
    np.testing.assert_allclose(np.sort(poles.imag), np.sort(lattice.imag), rtol=4 * ref.EPS)


def test_random_frequencies_are_lognormal_draws_of_the_seed():
    want = np.exp(np.random.default_rng(11).standard_normal(8))
    init = ht.s4d("random", 16, rng=11)
    np.testing.assert_array_equal(init.lam, -0.5 + 1j * want)
    np.testing.assert_array_equal(init.B, 1.0)
    assert init.C is None  # rng draws what the recipe leaves to chance, and no more
    np.testing.assert_array_equal(ht.s4d("random", 16, rng=11, C=np.ones(8)).C, np.ones(8))


def clipped_by_numpy(op, limit):
    """The recipe of state-spaces/s4, in the phase that LAPACK returns, back in the operator's coordinates."""
    ports = [op.B, *([np.abs(op.B)] if isinstance(op, ht.LegT) else [])]
    skew = op.A + sum(np.outer(b, b) for b in ports) / 2 + op.shift * np.eye(op.N)
    _, V = np.linalg.eigh(-1j * skew)
    b = V.conj().T @ op.B
    return (V @ (b.real + 1j * np.clip(b.imag, -limit, limit))).real


CLIPPED = [ht.LegS(4), ht.LegS(16), ht.LegS(63), ht.LegS(64), ht.LagT(16), ht.LagT(33), ht.LegT(16), ht.LegT(63)]


@pytest.mark.parametrize("op", CLIPPED, ids=repr)
@pytest.mark.parametrize("limit", [0.5, 2.0])
def test_the_clip_is_that_of_numpys_eigenvectors(op, limit):
    """Second road: an eigensolver, its phases, and a clip; the input in the operator's coordinates has no phase."""
    init = ht.s4(op, b_clip=limit)
    want = clipped_by_numpy(op, limit)
    tolerance = 1e-13 * op.N * np.linalg.norm(op.B)  # eigenvectors of LAPACK: eps ||A||/gap
    np.testing.assert_allclose((init.V @ init.B).real, want, rtol=0, atol=tolerance)
    assert np.abs((init.V @ init.B).imag).max() <= tolerance
    if isinstance(op, ht.LegS):
        half = ht.s4d("legs", op.N, b_scale=1.0, b_clip=limit)
        np.testing.assert_allclose(half.kernel(0.0), want, rtol=0, atol=tolerance)


def test_the_clip_at_two_changes_b_of_legs_64_by_91_percent():
    op = ht.LegS(64)
    init = ht.s4(op, b_clip=2.0)
    B = (init.V @ init.B).real
    np.testing.assert_allclose(B[:6], [1, 1.712, 2.160, 2.465, 2.660, 2.756], atol=1e-3)
    assert np.linalg.norm(B - op.B) / np.linalg.norm(op.B) == pytest.approx(0.912, abs=1e-3)
    assert int((np.abs(init.B[:32] - ht.s4(op).B[:32]) > 1e-12).sum()) == 11
    np.testing.assert_array_equal(init.P, ht.s4(op).P)


@pytest.mark.parametrize(("N", "lost"), [(16, 0.26), (64, 0.56)])
def test_the_clip_of_legt_costs_what_was_measured_on_the_public_code(N, lost):
    """Its LegT is half of ours, so that its clip at 2 is one at 4."""
    op = ht.LegT(N)
    init = ht.s4(op, b_clip=4.0)
    assert np.linalg.norm(init.V @ init.B - op.B) / np.linalg.norm(op.B) == pytest.approx(lost, abs=0.005)


@pytest.mark.parametrize("N", [2, 7, 64])
def test_where_row_zero_is_real_the_input_is_w_times_one_minus_2iy(N):
    """The first section of LegS is 1/(s+1): at s = -1/2 + iy its phase is that of 1 - 2iy."""
    init = ht.s4(ht.LegS(N))
    turn = init.V[0] / np.abs(init.V[0])
    y = init.lam.imag
    np.testing.assert_allclose(turn, (1 - 2j * y) / np.sqrt(1 + 4 * y**2), rtol=0, atol=8 * ref.EPS)


def test_a_clip_that_nothing_reaches_changes_nothing():
    np.testing.assert_allclose(ht.s4d("legs", 8, b_clip=1e3).B, ht.s4d("legs", 8).B, rtol=4 * ref.EPS)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: ht.s4d("legs", 8, b_clip=0.0), "b_clip must be positive"),
        (lambda: ht.s4d("legs", 8, b_clip="2"), "b_clip"),
        (lambda: ht.s4d("lin", 8, b_clip=2.0), "B = 1 by definition"),
        (lambda: ht.s4d("legs", 8, alpha=2.0), "alpha"),
        (lambda: ht.s4d("real", 8, alpha=2.0), "alpha"),
        (lambda: ht.s4d("random", 8, alpha=2.0, rng=0), "alpha"),
        (lambda: ht.s4d("lin", 8, alpha=0.0), "alpha must be positive"),
        (lambda: ht.s4(ht.FouT(5), b_clip=2.0), "LegS, LegT and LagT"),
        (lambda: ht.s4(ht.LegS(5), b_clip=-1), "b_clip"),
    ],
)
def test_a_switch_outside_its_place_is_refused(call, says):
    with pytest.raises(ht.HippoTheoryError, match=says):
        call()
