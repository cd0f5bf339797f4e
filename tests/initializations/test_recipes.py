"""DSS, S5, LRU, Mamba, DFouT: every number from its definition a second time."""

from math import log, pi

import mpmath
import numpy as np
import pytest
import references as ref
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import hippo_theory as ht

EPS = ref.EPS


def normal_part_roots(N):
    """Positive eigenvalues of (A + B B^T/2 + I/2)/i of LegS with 40 digits, from the dense matrix, falling."""
    with mp.workdps(40):
        S = mpmath.matrix(N, N)
        for n in range(N):
            for k in range(n):
                S[n, k] = -mpmath.sqrt((2 * n + 1) * (2 * k + 1)) / 2
                S[k, n] = -S[n, k]
        values = mp.eighe(S * mpmath.mpc(0, -1), eigvals_only=True)
        return [v for v in sorted(values, reverse=True) if v > 1e-20]


# --------------------------------------------------------------------------------------------------- dss


@pytest.mark.parametrize("N", [2, 8, 16])
def test_dss_has_the_spectrum_of_the_skew_matrix_and_a_constant_input(N):
    init = ht.dss(N)
    exact = normal_part_roots(N)
    assert init.lam.size == len(exact) == N // 2
    for y, want in zip(init.lam.imag, exact, strict=True):
        assert abs(mpmath.mpf(float(y)) - want) <= EPS / 2 * want * (1 + 1e-9)
    np.testing.assert_array_equal(init.lam.real, -0.5)
    np.testing.assert_array_equal(init.B, 1.0)
    assert init.conjugate_pairs and init.V is None and init.C is None


@pytest.mark.parametrize(("dt", "L"), [(1e-3, 64), (0.1, 200)])
def test_dss_kernels_exp_and_softmax_are_those_of_the_paper(dt, L):
    """Proposition 1 of the paper in 30 digits; its output is Re, so that its W is 2 C."""
    from dataclasses import replace

    init = ht.dss(8, rng=3)
    exp_kernel, softmax_kernel = np.empty(L), np.empty(L)
    with mp.workdps(30):
        lam = [mpmath.mpc(z) for z in init.lam]
        W = [2 * mpmath.mpc(c) for c in init.C]
        rows = [[mpmath.exp(z * ell * mpmath.mpf(dt)) for ell in range(L)] for z in lam]
        sums = [mpmath.fsum(row) for row in rows]
        for ell in range(L):
            terms = [w / z * row[ell] for w, z, row in zip(W, lam, rows, strict=True)]
            lift = [mpmath.expm1(z * mpmath.mpf(dt)) for z in lam]
            exp_kernel[ell] = float(mpmath.fsum(t * x for t, x in zip(terms, lift, strict=True)).real)
            softmax_kernel[ell] = float(mpmath.fsum(t / s for t, s in zip(terms, sums, strict=True)).real)
    tolerance = 32 * EPS * (1 + L * dt * init.lam.imag.max())
    np.testing.assert_allclose(
        init.discretize(dt).kernel(L), exp_kernel, rtol=0, atol=tolerance * np.abs(exp_kernel).max()
    )
    C = init.C / np.expm1(L * dt * init.lam)
    softmax = replace(init.system, C=C).discretize(dt).kernel(L)
    np.testing.assert_allclose(softmax, softmax_kernel, rtol=0, atol=tolerance * np.abs(softmax_kernel).max())


# ---------------------------------------------------------------------------------------------------- s5


@pytest.mark.parametrize(("N", "blocks"), [(2, 1), (8, 1), (12, 3), (16, 4)])
def test_s5_is_a_block_diagonal_real_system_in_other_coordinates(N, blocks):
    """The definition with dense real matrices: I (x) (A + B B^T/2), real B and C drawn from the seed."""
    init, size = ht.s5(N, blocks, rng=7), N // blocks
    source = np.random.default_rng(7)
    b, c = source.standard_normal(N), source.standard_normal(N)
    op = ht.LegS(size)
    A = np.kron(np.eye(blocks), op.A + np.outer(op.B, op.B) / 2)
    s, t = np.array([0.0, 1j, 3.0 - 20j]), np.array([0.0, 0.1, 2.0])
    size_of_answer = np.linalg.norm(b) * np.linalg.norm(c)
    want = np.array([c @ np.linalg.solve(z * np.eye(N) - A, b) for z in s])
    np.testing.assert_allclose(init.transfer(s), want, rtol=0, atol=64 * N * EPS * size_of_answer)
    np.testing.assert_allclose(
        init.kernel(t), ht.StateSpace(A, b, C=c).kernel(t), rtol=0, atol=64 * N**2 * EPS * size_of_answer
    )


def test_s5_stores_blocks_of_halves_and_a_block_diagonal_unitary_v():
    init = ht.s5(24, 3, rng=0)
    one = ht.s4d("legs", 8)
    np.testing.assert_array_equal(init.lam, np.tile(one.lam, 3))
    np.testing.assert_array_equal(init.V[8:16, 4:8], one.V)
    assert not init.V[:8, 4:].any()
    np.testing.assert_allclose(init.V.conj().T @ init.V, np.eye(12), atol=1e-14)
    assert init.N == 24 and init.conjugate_pairs


def test_s5_reads_out_the_state_of_the_blocks_where_b_is_given_and_nothing_is_drawn():
    b = np.arange(1.0, 7.0)
    init = ht.s5(6, 3, B=b)
    np.testing.assert_allclose(init.kernel(0.0), b, rtol=0, atol=1e-14)
    assert init.C is None
    drawn = ht.s5(6, 3, B=b, rng=0)
    np.testing.assert_allclose(drawn.C, np.random.default_rng(0).standard_normal(6) @ drawn.V)


@pytest.mark.parametrize(("N", "blocks"), [(2, 1), (16, 1), (64, 4), (36, 6)])
def test_s5_without_a_draw_is_a_copy_of_s4d_legs_in_every_block(N, blocks):
    init, one = ht.s5(N, blocks), ht.s4d("legs", N // blocks)
    np.testing.assert_array_equal(init.lam, np.tile(one.lam, blocks))
    np.testing.assert_array_equal(init.B, np.tile(one.B, blocks))
    assert init.C is None and init.conjugate_pairs
    s, t = np.array([0.5j, 30j]), np.array([0.0, 0.7])
    np.testing.assert_allclose(init.transfer(s), np.tile(one.transfer(s), (blocks, 1)), rtol=0, atol=1e-13 * N)
    np.testing.assert_allclose(init.kernel(t), np.tile(one.kernel(t), (blocks, 1)), rtol=0, atol=1e-13 * N)


@pytest.mark.parametrize(("N", "blocks", "H", "p"), [(8, 1, 3, 3), (12, 3, 1, 4), (16, 4, 5, 2)])
def test_s5_of_many_inputs_is_a_dense_real_system_and_each_pair_an_s5_of_one(N, blocks, H, p):
    """Three roads: modes, dense matrices I (x) (A + B B^T/2), and the systems of one input and one output."""
    rng = np.random.default_rng(1)
    b, c = rng.standard_normal((N, H)), rng.standard_normal((p, N))
    init, op = ht.s5(N, blocks, B=b, C=c), ht.LegS(N // blocks)
    assert init.B.shape == (N // 2, H) and init.C.shape == (p, N // 2)
    A = np.kron(np.eye(blocks), op.A + np.outer(op.B, op.B) / 2)
    dense = ht.StateSpace(A, b, c)
    s, t = np.array([0.0, 1j, 3.0 - 20j]), np.array([0.0, 0.1, 2.0])
    size = np.linalg.norm(b) * np.linalg.norm(c)
    assert init.transfer(s).shape == (p, H, 3)
    np.testing.assert_allclose(init.transfer(s), dense.transfer(s), rtol=0, atol=64 * N * EPS * size)
    np.testing.assert_allclose(init.kernel(t), dense.kernel(t), rtol=0, atol=64 * N**2 * EPS * size)
    sampled = init.discretize(0.01).kernel(50)
    np.testing.assert_allclose(sampled, dense.discretize(0.01).kernel(50), rtol=0, atol=64 * N**2 * EPS * size)
    for i in range(p):
        for h in range(H):
            one = ht.s5(N, blocks, B=b[:, h], C=c[i])
            np.testing.assert_allclose(init.transfer(s)[i, h], one.transfer(s), rtol=0, atol=64 * EPS * size)
            np.testing.assert_allclose(sampled[i, h], one.discretize(0.01).kernel(50), rtol=0, atol=64 * EPS * size)


def test_s5_draws_matrices_of_variance_one_over_n_from_its_seed():
    init = ht.s5(16, 2, inputs=3, outputs=5, rng=7)
    source = np.random.default_rng(7)
    b, c = source.standard_normal((16, 3)) / 4, source.standard_normal((16, 5)).T / 4
    given_ = ht.s5(16, 2, B=b, C=c)
    np.testing.assert_array_equal(init.B, given_.B)
    np.testing.assert_allclose(init.C, given_.C, rtol=0, atol=8 * EPS)
    assert ht.s5(16, 2, inputs=3, rng=7).C.shape == (3, 8)
    assert ht.s5(16, 2, outputs=3, rng=7).B.shape == (8,)
    assert ht.s5(16, 2, inputs=3, C=np.ones(16), rng=7).transfer(1j).shape == (3,)
    assert ht.s5(16, 2, B=b).transfer(1j).shape == (16, 3)
    # the columns have length one on average: chi-squared with 16 x 400 degrees of freedom
    many = ht.s5(16, 2, inputs=400, rng=0)
    energy = 2 * (np.abs(many.B) ** 2).sum() / 400
    assert energy == pytest.approx(1, abs=5 * np.sqrt(2 / 6400))


def test_enough_inputs_tell_the_copies_of_s5_apart():
    """Rank of the rows of B at an eigenvalue that comes four times: min(H, 4)."""
    for H, named in ((1, True), (2, True), (3, True), (4, False), (6, False)):
        found = [f.name for f in ht.s5(32, 4, inputs=H, rng=0).report(1e-4).deviations]
        assert found == ["repeated eigenvalues"] * named
    (two,) = ht.s5(32, 4, inputs=2, rng=0).report(1e-4).deviations
    assert two.value == 0.5 and "reach 8 states: with these 2 inputs" in str(two)


def test_the_output_scale_of_many_inputs_is_the_energy_of_all_of_them():
    init = ht.s5(8, 2, inputs=3, rng=0)
    from dataclasses import replace

    columns = [replace(init.system, B=b) for b in init.B.T]
    energy = sum(replace(init, system=one).report(0.1).output_scale[0] ** 2 for one in columns)
    assert init.report(0.1).output_scale[0] ** 2 == pytest.approx(energy, rel=1e-13)


def test_with_hippos_own_input_one_block_of_s5_is_s4d_legs():
    op, s = ht.LegS(16), np.array([0.5j, 30j])
    np.testing.assert_allclose(ht.s5(16, B=op.B / 2).transfer(s), ht.s4d("legs", 16).transfer(s), rtol=0, atol=1e-13)


# --------------------------------------------------------------------------------------------------- lru


@given(st.floats(0, 0.99), st.floats(0.001, 1.0), st.floats(0.01, 2 * pi), st.integers(0, 2**32))
def test_lru_modes_lie_on_the_ring_and_are_normalised(r_min, width, max_phase, seed):
    r_max = min(r_min + width, 1.0)
    init = ht.lru(32, r_min, r_max, max_phase, rng=seed)
    size = np.abs(init.lam)
    assert (size >= r_min * (1 - 4 * EPS)).all() and (size <= r_max * (1 + 4 * EPS)).all()
    assert (init.lam.imag >= 0).all()
    assert (np.angle(init.lam) <= max_phase * (1 + 4 * EPS)).all()
    np.testing.assert_allclose(init.B**2 + size**2, 1, rtol=0, atol=8 * EPS)
    assert init.dt == init.recipe["dt"] == 1.0


def test_lru_is_uniform_in_area_and_in_phase():
    """Kolmogorov's distance of 4000 draws stays below 1.95/sqrt(4000) at the level 1e-3."""
    lam = ht.lru(8000, 0.3, 0.9, rng=5).lam
    for sample in ((np.abs(lam) ** 2 - 0.09) / 0.72, np.angle(lam) / pi):
        gap = np.abs(np.sort(sample) - (np.arange(4000) + 0.5) / 4000).max()
        assert gap <= 1.95 / np.sqrt(4000)


@pytest.mark.parametrize(("ring", "median"), [((0.0, 1.0), 2.0), ((0.9, 0.999), 13.7), ((0.999, 0.9999), 1258)])
def test_lru_half_lives_have_the_median_of_the_ring(ring, median):
    """The median of r^2 is the middle of the ring's area: half-life ln 2/(-ln r) there."""
    middle = (ring[0] ** 2 + ring[1] ** 2) / 2
    assert log(2) / (-log(middle) / 2) == pytest.approx(median, rel=5e-3)
    assert ht.memory(ht.lru(20000, *ring, rng=1)).median == pytest.approx(median, rel=0.05)


def test_lru_modes_answer_white_noise_with_unit_variance():
    init = ht.lru(8, 0.5, 0.9, rng=0)
    K = init.kernel(2000)
    np.testing.assert_allclose((np.abs(K) ** 2).sum(axis=1), 1, rtol=1e-12)


# ------------------------------------------------------------------------------------------------- mamba


@pytest.mark.parametrize("N", [1, 7, 16])
def test_mamba_has_the_rates_of_s4d_real_with_its_own_conventions(N):
    init, other = ht.mamba(N), ht.s4d("real", N)
    assert init.lam.tolist() == [-(n + 1) for n in range(N)]
    np.testing.assert_array_equal(init.lam, other.lam)
    np.testing.assert_array_equal(init.B, other.B)
    assert "Euler" in init.conventions["B"] and not init.conjugate_pairs


@pytest.mark.parametrize("dt", [1e-3, 1e-1])
def test_the_input_of_mamba_exceeds_zero_order_hold_by_the_factor_of_its_docstring(dt):
    init = ht.mamba(16)
    z = dt * np.arange(1, 17)
    np.testing.assert_allclose(init.discretize(dt).B / dt, (1 - np.exp(-z)) / z, rtol=1e-13)


# ------------------------------------------------------------------------------------------------- dfout


@pytest.mark.parametrize("xi", [0.0, 1e-3, 0.5])
@pytest.mark.parametrize("N", [1, 2, 3, 4, 7, 64, 1001])
def test_dfout_holds_the_damped_roots_of_unity(N, xi):
    init = ht.dfout(N, xi)
    assert init.lam.size == N // 2 + 1 and init.system.N == N
    with mp.workdps(30):
        for n, z in enumerate(init.lam):
            want = mpmath.exp(-mpmath.mpf(xi) / 2) * mpmath.expjpi(mpmath.mpf(2 * n) / N)
            got = mpmath.mpc(z)
            # exp and sine to an ulp, the argument of the sine three roundings
            assert abs(got.real - want.real) <= 4 * EPS * abs(want.real)
            assert abs(got.imag - want.imag) <= 4 * EPS * abs(want.imag)
    assert [b for b, z in zip(init.B, init.lam, strict=True) if z.imag == 0] == [0.5] * (1 + (N % 2 == 0))


@pytest.mark.parametrize("N", [1, 2, 5, 8])
def test_dfout_with_unit_output_is_a_comb(N):
    xi, L = 0.1, 40
    K = ht.dfout(N, xi, C=np.ones(N // 2 + 1)).kernel(L)
    want = np.where(np.arange(L) % N == 0, N * np.exp(-xi * np.arange(L) / 2), 0.0)
    np.testing.assert_allclose(K, want, rtol=0, atol=16 * N * L * EPS)


def test_without_decay_a_window_of_dfout_is_the_discrete_fourier_transform():
    N, init = 12, ht.dfout(12, 0.0)
    u = np.random.default_rng(0).standard_normal(N)
    x = (init.kernel(N)[:, ::-1] @ u) / init.B
    # x_n = sum_k lam^{N-1-k} u_k and lam^N = 1: the transform, one step late
    np.testing.assert_allclose(x, (np.fft.fft(u) * np.exp(-2j * pi * np.arange(N) / N))[: N // 2 + 1], atol=1e-13)


# ---------------------------------------------------------------------------------------- shared promises

RECIPES = {
    "dss": lambda **k: ht.dss(8, **k),
    "mamba": lambda **k: ht.mamba(8, **k),
    "dfout": lambda **k: ht.dfout(8, 0.1, **k),
    "foud": lambda **k: ht.s4d("foud", 8, **k),
}


@pytest.mark.parametrize("name", RECIPES)
def test_a_drawn_output_is_that_of_its_seed(name):
    make = RECIPES[name]
    assert make().C is None
    np.testing.assert_array_equal(make(rng=3).C, make(rng=np.random.default_rng(3)).C)
    assert not np.array_equal(make(rng=3).C, make(rng=4).C)
    given_ = make(rng=3).C
    np.testing.assert_array_equal(make(C=given_).C, given_)
    with pytest.raises(ht.ParameterError, match="not both"):
        make(C=given_, rng=3)


@pytest.mark.parametrize(
    "make", [lambda r: ht.lru(8, rng=r), lambda r: ht.s5(8, 2, rng=r), lambda r: ht.s4d("random", 8, rng=r)]
)
def test_a_drawn_initialisation_is_that_of_its_seed(make):
    one, two, other = make(3), make(np.random.default_rng(3)), make(4)
    for name, value in one.tensors().items():
        np.testing.assert_array_equal(value, two.tensors()[name])
    assert any(not np.array_equal(value, other.tensors()[name]) for name, value in one.tensors().items())


@pytest.mark.parametrize(
    "init",
    [ht.dss(8), ht.mamba(8), ht.dfout(8, 0.1), ht.lru(8, rng=0), ht.s5(8, 2, rng=0)],
    ids=lambda i: i.recipe["recipe"],
)
def test_results_say_what_they_are_where_they_come_from_and_how_slow_they_are(init):
    assert {"N", "B", "sign of Im", "time scale"} <= init.conventions.keys()
    assert init.source and init.recipe["N"] == init.N == 8
    assert init.recipe["recipe"] in repr(init)
    assert init.system.N == 8


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: ht.dss(7), "6 or 8"),
        (lambda: ht.dss(1), "use 2"),
        (lambda: ht.dss(2.0), "integer"),
        (lambda: ht.s5(12, 4, rng=0), "multiple of 8; got N = 12, use 8 or 16"),
        (lambda: ht.s5(5, 1, rng=0), "multiple of 2"),
        (lambda: ht.s5(8, 0, rng=0), "blocks"),
        (lambda: ht.s5(8, 2, inputs=3), "B of 3 inputs is drawn; give rng"),
        (lambda: ht.s5(8, 2, outputs=3), "C of 3 outputs is drawn; give rng"),
        (lambda: ht.s5(8, 2, inputs=0, rng=0), "inputs must be at least 1"),
        (lambda: ht.s5(8, 2, outputs=0, rng=0), "outputs must be at least 1"),
        (lambda: ht.s5(8, 2, inputs=2.0, rng=0), "inputs must be an integer"),
        (lambda: ht.s5(8, 2, inputs=1, B=np.ones((8, 1)), rng=0), "give it or B="),
        (lambda: ht.s5(8, 2, outputs=1, C=np.ones((1, 8)), rng=0), "give it or C="),
        (lambda: ht.s5(8, 2, B=1j * np.ones(8)), "real"),
        (lambda: ht.s5(8, 2, C=1j * np.ones((2, 8))), "real"),
        (lambda: ht.s5(8, 2, B=np.ones(7)), r"B must have shape \(8,\) or \(8, H\), got \(7,\)"),
        (lambda: ht.s5(8, 2, B=np.ones((3, 8))), r"B must have shape .* got \(3, 8\)"),
        (lambda: ht.s5(8, 2, C=np.ones((8, 3))), r"C must have shape \(8,\) or \(p, 8\), got \(8, 3\)"),
        (lambda: ht.s5(8, 2, B=1.0), "B must have shape"),
        (lambda: ht.lru(8), "its modes are drawn; give rng"),
        (lambda: ht.lru(7, rng=0), "even"),
        (lambda: ht.lru(8, 0.9, 0.9, rng=0), "r_min < r_max"),
        (lambda: ht.lru(8, -0.1, 0.9, rng=0), "r_min"),
        (lambda: ht.lru(8, 0.5, 1.1, rng=0), "r_max"),
        (lambda: ht.lru(8, max_phase=0, rng=0), "max_phase"),
        (lambda: ht.lru(8, max_phase=7, rng=0), "max_phase"),
        (lambda: ht.mamba(0), "at least 1"),
        (lambda: ht.dfout(8, -1e-9), "negative"),
        (lambda: ht.dfout(8, np.nan), "finite"),
        (lambda: ht.s4d("random", 8), "its frequencies are drawn; give rng"),
    ],
)
def test_what_no_recipe_can_mean_is_refused(call, says):
    with pytest.raises(ht.HippoTheoryError, match=says):
        call()


def test_discrete_recipes_are_discrete_to_the_end():
    init = ht.dfout(8, 0.1)
    assert init.dt == 1.0 and ht.s4d("lin", 8).dt is None
    with pytest.raises(ht.ParameterError, match="already discrete"):
        init.discretize(0.1)
    z = 1.5 + 0.5j
    np.testing.assert_allclose(init.transfer(z), init.B / (z - init.lam))
