"""The normal part of LegT, rank two: eigenvalues to the last bit, eigenvectors and both weights, by other roads.

The other roads: an integer matrix similar to A_N and its characteristic polynomial, inverse iteration in balls, LAPACK.
"""

from fractions import Fraction
from functools import cache

import flint
import numpy as np
import pytest
import references as ref
from flint import acb, acb_mat, arb, fmpz_mat, fmpz_poly
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.lossless import (
    diagonalize_normal_part,
    diagonalize_two_ports,
    port_matrix,
    port_phases,
    two_port_frequencies,
)

SIZES = [1, 2, 3, 4, 7, 16, 63, 64, 255]
HALF_ULP = 0.5 + 1e-9  # a root this close to a midpoint of two floats would be a coincidence
DOUBLE_DOUBLE = 2.0**-80  # of the 106 bits, N steps of a recurrence and the Newton step leave these
FEW_ULP = 8 * ref.EPS


def skew(N):
    """R^{-1} A_N R with R = diag(r_n): the integers (2k+1) sign(n-k) for n - k odd."""
    return [[(2 * k + 1) * (1 if n > k else -1) if (n - k) % 2 else 0 for k in range(N)] for n in range(N)]


def similar(N):
    """R^{-1} A R, integers too."""
    return [[(2 * k + 1) * (1 if n > k and (n - k) % 2 else -1) for k in range(N)] for n in range(N)]


@cache
def squares_polynomial(N):
    """The polynomial whose roots are the squares of the positive frequencies: that of a half-size integer block."""
    S = skew(N)
    even, odd = range(0, N, 2), range(1, N, 2)
    up = fmpz_mat([[S[n][k] for k in odd] for n in even])
    down = fmpz_mat([[S[n][k] for k in even] for n in odd])
    return (-(down * up)).charpoly()


def ties(N, w):
    """The ends p_{N-1}, p_N at a ball w, by the recurrence of the Bessel polynomials."""
    before, last = acb(1), acb(1)
    for n in range(N):
        before, last = last, (2 * n + 1) * acb(0, 2) / w * last + before
    return before, last


def exact_frequency(N, w):
    """The root of Re(p_N + p_{N-1}) = -2 next to the float w: Newton in balls, 16 digits to 32 to 64."""
    w = arb(float(w))
    for _ in range(2):
        before, last = ties(N, w)
        w = (w - ((before + last).real + 2) * w / (N * (before - last).real)).mid()
    return w


def exact_column(N, w):
    """A unit eigenvector of A_N in the phase of a positive b^T v, as balls: inverse iteration, no recurrence."""
    A, B = ref.balls("LegT", N)
    d = flint.arb_mat([[abs(B[n, 0])] for n in range(N)])
    shifted = acb_mat(A + (B * B.transpose() + d * d.transpose()) / 2)
    for n in range(N):
        shifted[n, n] -= acb(0, w + arb(2) ** -150)  # nearer than any other eigenvalue by 2^-140 and more
    x = shifted.solve(acb_mat([[1]] * N))
    x = [acb(x[n, 0]) for n in range(N)]
    norm = sum((g.real * g.real + g.imag * g.imag for g in x), arb(0)).sqrt()
    near = sum((B[n, 0] * g for n, g in enumerate(x)), acb(0))
    turn = abs(near) / near / norm
    x = [g * turn for g in x]
    far = sum((d[n, 0] * g for n, g in enumerate(x)), acb(0))
    return x, abs(near) / norm, far.conjugate()


def normal_part(op):
    d = np.abs(op.B)
    return op.A + (np.outer(op.B, op.B) + np.outer(d, d)) / 2


# ------------------------------------------------------------------------------------------- exact identities


@pytest.mark.parametrize("N", [1, 2, 3, 4, 7, 16, 33])
def test_characteristic_polynomial_of_the_normal_part_is_a_parity_part_of_that_of_a(N):
    """4 det(sI - A_N) = det(sI - A) + (-1)^N det(-sI - A) + 2 s^N, in integers: det(I + Phi) = 0."""
    A, S = (fmpz_mat(M).charpoly() for M in (similar(N), skew(N)))
    mirrored = fmpz_poly([(-1) ** (n + N) * int(c) for n, c in enumerate(A.coeffs())])
    assert A + mirrored + 2 * fmpz_poly([0] * N + [1]) == 4 * S


@pytest.mark.parametrize("N", [1, 2, 3, 4, 7, 16, 33])
def test_poles_of_legt_are_the_roots_of_two_bessel_polynomials(N):
    """2 det(sI - A) = s^N (y_N(2/s) + y_{N-1}(2/s)), in integers."""
    before, last = fmpz_poly([1]), fmpz_poly([1])  # coefficients of 2/s, rising
    for n in range(N):
        before, last = last, fmpz_poly([0, 2 * n + 1]) * last + before
    q = (before + last).coeffs()
    reverse = fmpz_poly([int(q[N - n]) * 2 ** (N - n) for n in range(N + 1)])
    assert 2 * fmpz_mat(similar(N)).charpoly() == reverse


@pytest.mark.parametrize("N", SIZES)
def test_the_normal_part_is_skew_and_couples_even_with_odd_indices_only(N):
    S = normal_part(ht.LegT(N))
    n = np.arange(N)
    alike = (n[:, None] - n) % 2 == 0
    size = np.abs(ht.LegT(N).A)  # both products and A itself are rounded
    assert (np.abs(S) <= 4 * ref.EPS * size)[alike].all()
    assert (np.abs(S + S.T) <= 4 * ref.EPS * size).all()


# ------------------------------------------------------------------------------------------------ frequencies


@pytest.mark.parametrize("N", [N for N in SIZES if N > 1])
def test_frequencies_change_the_sign_of_an_integer_polynomial_within_half_an_ulp(N):
    """In rationals, from midpoint to midpoint of the neighbouring floats: every root, each once, correctly rounded."""
    polynomial = squares_polynomial(N)
    high, _ = two_port_frequencies(N)
    assert high.shape == ((N + 1) // 2,)
    assert (np.diff(high) < 0).all()
    assert N % 2 == 0 or high[-1] == 0
    assert polynomial.degree() == N // 2
    for w in high[: N // 2]:
        signs = []
        for neighbour in (0.0, np.inf):
            midpoint = (Fraction(float(w)) + Fraction(float(np.nextafter(w, neighbour)))) / 2
            square = flint.fmpq(midpoint.numerator**2, midpoint.denominator**2)
            signs.append(polynomial(square) > 0)
        assert signs[0] != signs[1], w


@pytest.mark.parametrize("N", [*SIZES, pytest.param(1024, marks=pytest.mark.slow)])
def test_frequencies_carry_eighty_bits_in_two_floats(N):
    j = np.arange(N // 2) if N < 300 else np.array([0, 1, 2, 99, 183, 184, 185, 186, 187, 300, 510, 511])
    high, low = two_port_frequencies(N, j)
    with flint.ctx.workprec(ref.BITS + 12 * N):  # the balls of the recurrence widen
        for w, rest in zip(high, low, strict=True):
            root = exact_frequency(N, w)
            assert abs(arb(w) - root) <= HALF_ULP * np.spacing(w)
            assert abs(arb(w) + arb(rest) - root) <= DOUBLE_DOUBLE * root


@pytest.mark.parametrize("N", [16, 64, 255, pytest.param(1024, marks=pytest.mark.slow)])
def test_frequencies_are_the_singular_values_of_the_half_size_block(N):
    """LAPACK, backward stable: eps ||S|| of the largest."""
    values = np.linalg.svd(normal_part(ht.LegT(N))[::2, 1::2], compute_uv=False)
    np.testing.assert_allclose(two_port_frequencies(N)[0][: N // 2], values, rtol=0, atol=8 * ref.EPS * values[0])


@pytest.mark.parametrize("N", [2, 3, 4])
def test_frequencies_of_the_smallest_sizes_have_closed_forms(N):
    roots = {2: [3], 3: [18], 4: [30 + np.sqrt(480), 30 - np.sqrt(480)]}[N]
    np.testing.assert_allclose(two_port_frequencies(N)[0][: N // 2], np.sqrt(roots), rtol=4 * ref.EPS)


def test_selected_indices_are_those_of_the_full_spectrum():
    full, some = two_port_frequencies(65)[0], [0, 32, 5, 31]
    np.testing.assert_array_equal(two_port_frequencies(65, some)[0], full[some])


@given(st.integers(1, 60))
def test_each_frequency_is_the_root_of_its_own_branch_of_the_phase(N):
    """phi + (-1)^j delta = (2 floor(j/2) + 1) pi."""
    w = two_port_frequencies(N)[0][: N // 2]
    j = np.arange(N // 2)
    phases, slopes = port_phases(N, w)
    want = np.pi * (2 * (j // 2) + 1)
    # N terms, and w is rounded
    error = 4 * ref.EPS * (np.sqrt(N) * want + np.abs(w * slopes[j % 2, j]))
    assert (np.abs(phases[j % 2, j] - want) <= error).all()


# ----------------------------------------------------------------------------------------------------- limits


def test_top_frequencies_grow_like_n_times_n_plus_or_minus_one_over_pi():
    """w = N(N +- 1)/(pi M) + pi M/3 +- pi M/(2N) + O(N^-2), M = 1, 1, 3, 3: order two, measured to N = 1024."""
    sizes, j = np.array([64, 128, 256, 512, 1024]), np.arange(4)
    sign, M = (-1.0) ** j, 2 * (j // 2) + 1
    defect = [
        two_port_frequencies(int(N), j)[0] - (N * (N + sign) / (np.pi * M) + np.pi * M * (1 / 3 + sign / (2 * N)))
        for N in sizes
    ]
    orders = np.log2(np.abs(np.divide(defect[:-1], defect[1:])))
    np.testing.assert_allclose(orders[-1], 2, atol=0.1)
    assert np.abs(defect[-1]).max() < 1e-3


@pytest.mark.parametrize("N", [64, 255, 1024])
def test_low_frequencies_are_those_of_fourier_stretched(N):
    """N x + arcsin(x)/2 = pi m/2 + O(1/N), x = w/(2N) < 1, m = N - 1 - 2j: pi m 2N/(2N + 1) at the bottom."""
    w = two_port_frequencies(N)[0]
    x, m = w / (2 * N), N - 1 - 2 * np.arange(w.size)
    low = x < 0.9
    assert np.abs(N * x + np.arcsin(np.minimum(x, 1)) / 2 - np.pi * m / 2)[low].max() < 3 / N
    assert w[N // 2 - 1] == pytest.approx(np.pi * m[N // 2 - 1] * 2 * N / (2 * N + 1), rel=1 / N**2)


@pytest.mark.parametrize("N", [64, 255, 1024])
def test_high_frequencies_follow_the_phase_of_bessel_functions_beyond_their_turning_point(N):
    w = two_port_frequencies(N)[0]
    j = np.flatnonzero(w > 2.2 * N)
    x = w[j] / (2 * N)
    root = np.sqrt(x * x - 1)
    law = N * (root - x + np.arcsin(1 / x)) + (-1.0) ** j * np.arcsin(x - root)
    assert np.abs(law - np.pi * (2 * (j // 2) + 1)).max() < 3 / N


@pytest.mark.parametrize("N", [64, 256, 1024])
def test_the_share_of_fourier_like_modes_is_two_over_pi(N):
    assert (two_port_frequencies(N)[0] < 2 * N).mean() == pytest.approx(2 / np.pi, abs=2 / N)


# ------------------------------------------------------------------------------------------------ port matrix


@pytest.mark.parametrize("N", [1, 2, 3, 8, 33])
def test_port_matrix_is_that_of_the_resolvent(N):
    """Phi = I - [b d]^T (iw - A)^{-1} [b d] from a dense solve in balls."""
    frequencies = np.array([1e-3, 0.3, 7.5, 2.0 * N, float(N * N), 1e5, -4.0])
    Phi = port_matrix(N, frequencies)
    with flint.ctx.workprec(ref.BITS + 24 * N):
        A, B = ref.balls("LegT", N)
        ports = flint.arb_mat([[B[n, 0], abs(B[n, 0])] for n in range(N)])
        for i, w in enumerate(frequencies):
            M = acb_mat([[(acb(0, arb(w)) if n == k else 0) - A[n, k] for k in range(N)] for n in range(N)])
            G = acb_mat(ports.transpose()) * M.solve(acb_mat(ports))
            for p in (0, 1):
                for q in (0, 1):
                    assert abs(complex((1 if p == q else 0) - G[p, q]) - Phi[p, q, i]) <= 4 * np.sqrt(N) * ref.EPS


@given(st.integers(1, 200), st.floats(1e-3, 1e5))
def test_port_matrix_is_unitary_on_the_axis_with_the_two_phases_as_eigenvalues(N, w):
    Phi = port_matrix(N, w)
    tolerance = 8 * ref.EPS * np.sqrt(N)
    assert np.linalg.norm(Phi.conj().T @ Phi - np.eye(2)) <= tolerance
    phases, slopes = port_phases(N, np.array([w]))
    values = np.exp(1j * phases[:, 0])
    # the phases are as large as N pi/2
    assert abs(np.trace(Phi) - values.sum()) <= tolerance * N
    assert abs(np.linalg.det(Phi) - values.prod()) <= tolerance * N
    assert (slopes[0] < 0).all()
    assert (slopes[1] < 0).all() or N == 1


@pytest.mark.parametrize("N", SIZES)
def test_minus_one_is_an_eigenvalue_of_the_port_matrix_at_every_frequency(N):
    w = two_port_frequencies(N)[0]
    Phi = port_matrix(N, w)
    determinant = (1 + Phi[0, 0]) * (1 + Phi[1, 1]) - Phi[0, 1] * Phi[1, 0]
    slope = np.abs(port_phases(N, np.maximum(w, 1e-9))[1]).max(axis=0)
    assert (np.abs(determinant) <= 8 * ref.EPS * (N + w * slope)).all()


@pytest.mark.parametrize("N", [1, 4, 33, 200])
def test_slopes_are_the_derivatives_of_the_phases(N):
    """Central differences of step 2^-17 relative: an error of order 2^-34 plus eps phase 2^17."""
    w, h = np.geomspace(0.1, 10.0 * N * N, 13), 2.0**-17
    (up, _), (down, _), (_, slopes) = (port_phases(N, w * c) for c in (1 + h, 1 - h, 1.0))
    error = np.abs((up - down) / (2 * h * w) - slopes)
    assert (error <= 8 * h * h * (1 + N / w) * N + 8 * ref.EPS * N**1.5 / (h * w)).all()


@pytest.mark.parametrize("N", [1, 2, 9, 64])
def test_phases_fall_from_n_plus_or_minus_one_quarter_turns_to_nothing(N):
    phases, _ = port_phases(N, np.array([1e-12, 1e12]))
    np.testing.assert_allclose(phases[:, 0], [(N + 1) * np.pi / 2, (N - 1) * np.pi / 2], atol=1e-11)
    np.testing.assert_allclose(phases[:, 1], [N * (N + 1) / 1e12, N * (N - 1) / 1e12], rtol=1e-9)


@pytest.mark.parametrize("N", [1, 3, 8])
def test_port_matrix_at_the_ends_of_the_axis(N):
    """The window passes a constant on, and nothing that is too fast."""
    Phi = port_matrix(N, [0.0, np.inf, -np.inf])
    np.testing.assert_allclose(Phi[..., 0], [[0, (-1) ** N], [-1, 0]], atol=4 * ref.EPS)
    np.testing.assert_array_equal(Phi[..., 1:], np.eye(2)[..., None] * [1, 1])


# --------------------------------------------------------------------------------------- eigenvectors, weights


def assert_columns(N, columns):
    """Entries within a few ulp of their own moduli, real and imaginary parts of one turn."""
    part = diagonalize_two_ports(ht.LegT(N))
    with flint.ctx.workprec(ref.BITS + 24 * N):
        for j in columns:
            w = exact_frequency(N, part.lam[j].imag) if j < N // 2 else arb(0)
            column, near, far = exact_column(N, w)
            assert abs(arb(part.weights[j]) - near) <= FEW_ULP * near
            assert abs(ref.ball_of(part.far_weights[j]) - far) <= FEW_ULP * near
            for n, v in enumerate(column):
                # v is exact to 2^-140 of the column only
                assert abs(ref.ball_of(part.V[n, j]) - v) <= FEW_ULP * abs(v) + arb(2) ** -130, (n, j)


@pytest.mark.parametrize("N", [1, 2, 3, 4, 7, 16])
def test_eigenvectors_and_weights_are_exact_to_a_few_ulp_entry_for_entry(N):
    assert_columns(N, range((N + 1) // 2))


@pytest.mark.parametrize("N", [63, 64])
def test_eigenvectors_of_larger_sizes_are_exact_to_a_few_ulp(N):
    assert_columns(N, [0, 1, 2, 12, 20, 25, N // 2 - 1, (N - 1) // 2])


@pytest.mark.parametrize("N", [*SIZES, pytest.param(1024, marks=pytest.mark.slow)])
def test_v_is_unitary_and_a_is_diagonal_plus_rank_two(N):
    op = ht.LegT(N)
    part = diagonalize_two_ports(op)
    lam, V, weights = part.full()
    assert lam.shape == weights.shape == (N,)
    assert V.shape == (N, N)
    assert part.P.shape == (N, 2)
    # entries good to a few eps, of random sign: sqrt(N) eps in the Frobenius norm
    tolerance = 8 * np.sqrt(N) * ref.EPS
    assert np.linalg.norm(V.conj().T @ V - np.eye(N)) <= tolerance
    S = normal_part(op)
    assert np.linalg.norm((V * lam) @ V.conj().T - S) <= 8 * ref.EPS * np.linalg.norm(op.A)
    A = V @ (np.diag(lam) - part.P @ part.P.conj().T) @ V.conj().T
    assert np.linalg.norm(A - op.A) <= 16 * ref.EPS * np.linalg.norm(op.A)
    np.testing.assert_allclose(V.conj().T @ op.B, weights, rtol=0, atol=tolerance * np.linalg.norm(op.B))
    np.testing.assert_allclose(
        V.conj().T @ np.abs(op.B), np.sqrt(2) * part.P[:, 1], rtol=0, atol=tolerance * np.linalg.norm(op.B)
    )


@pytest.mark.parametrize("N", [*SIZES, 1000])
def test_both_ports_weigh_alike_and_the_first_is_real_and_positive(N):
    part = diagonalize_two_ports(ht.LegT(N))
    assert (part.weights > 0).all()
    np.testing.assert_allclose(np.abs(part.far_weights), part.weights, rtol=4 * ref.EPS)
    _, _, weights = part.full()
    # ||V^* B||^2 = ||B||^2 = N^2
    assert weights @ weights == pytest.approx(N * N, rel=8 * ref.EPS)


@pytest.mark.parametrize("N", [64, 256])
def test_weights_tend_to_two_at_the_bottom_and_to_half_of_legs_at_the_top(N):
    """2 (1 - 1/(4 N sqrt(1 - x^2))), x = w/(2N) < 1/2, to order N^-2; sqrt(2N(N +- 1))/(pi M) to order (M/N)^2."""
    part = diagonalize_two_ports(ht.LegT(N))
    x = part.lam.imag / (2 * N)
    low = x < 0.5
    law = 2 * (1 - 1 / (4 * N * np.sqrt(1 - x[low] ** 2)))
    np.testing.assert_allclose(part.weights[low], law, rtol=0, atol=1 / N**2)
    j = np.arange(4)
    M = 2 * (j // 2) + 1
    law = np.sqrt(2 * N * (N + (-1.0) ** j)) / (np.pi * M)
    np.testing.assert_allclose(part.weights[j] / law - 1, 0, atol=2.0 * (M[-1] / N) ** 2)


@pytest.mark.parametrize("N", [2, 3, 16, 63])
def test_the_flip_of_the_window_turns_v_into_its_mirror_image(N):
    """P = diag((-1)^n) maps the eigenvector of lam to that of conj(lam): P v = conj(v) times (v^* d)/(v^* b)."""
    part = diagonalize_two_ports(ht.LegT(N))
    flipped = part.V * (-1.0) ** np.arange(N)[:, None]
    turn = (part.far_weights / part.weights).conj()
    np.testing.assert_allclose(flipped, part.V.conj() * turn, rtol=0, atol=8 * ref.EPS)


@pytest.mark.parametrize("N", SIZES)
def test_spectrum_lies_on_the_axis_and_halves_are_ordered_from_the_top(N):
    part = diagonalize_two_ports(ht.LegT(N))
    assert part.N == N
    assert part.lam.shape == part.weights.shape == part.far_weights.shape == ((N + 1) // 2,)
    np.testing.assert_array_equal(part.lam.real, 0.0)
    assert (np.diff(part.lam.imag) < 0).all()
    for array in (part.lam, part.V, part.weights, part.far_weights):
        assert not array.flags.writeable


def test_the_low_rank_factor_of_a_one_port_family_has_one_column():
    part = diagonalize_normal_part(ht.LegS(9))
    lam, V, weights = part.full()
    np.testing.assert_allclose(part.P, weights[:, None] / np.sqrt(2), rtol=2 * ref.EPS)
    A = V @ (np.diag(lam) - part.P @ part.P.conj().T) @ V.conj().T
    np.testing.assert_allclose(A, ht.LegS(9).A, atol=16 * ref.EPS * np.linalg.norm(A))


# -------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("bad", [ht.LegS(4), "LegT", 8, None], ids=repr)
def test_only_two_port_operators_are_taken(bad):
    with pytest.raises(ht.HippoTheoryError, match="two-port"):
        diagonalize_two_ports(bad)


@pytest.mark.parametrize("indices", [[4], [-1], [0.5], ["0"]], ids=repr)
def test_only_frequencies_that_exist_can_be_asked_for(indices):
    with pytest.raises(ht.ParameterError, match="two_port_frequencies: indices"):
        two_port_frequencies(8, indices)


@pytest.mark.parametrize("N", [0, -1, 2.0, True, "8"], ids=repr)
def test_sizes_are_positive_integers(N):
    for call in (lambda: two_port_frequencies(N), lambda: port_matrix(N, 1.0)):
        with pytest.raises(ht.HippoTheoryError, match="N"):
            call()


@pytest.mark.parametrize("w", [np.nan, [1.0, np.nan], 1j, "1"], ids=repr)
def test_frequencies_of_the_port_matrix_are_real_numbers(w):
    with pytest.raises(ht.ParameterError, match="real"):
        port_matrix(4, w)
