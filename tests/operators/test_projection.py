"""The generic constructor meets every closed form, says what does not close, and refuses what has no projection."""

import warnings

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.legendre import legvander
from scipy.special import eval_chebyt, eval_chebyu, eval_gegenbauer, eval_jacobi, eval_laguerre

import hippo_theory as ht
from hippo_theory.operators._panels import float64_rule, gauss_rule

EPS = np.finfo(float).eps
# Differentiation on Q = 40 nodes amplifies rounding by about Q^2; the rest of the factor is head room.
SLOPE = 40**2 * EPS


def index(N):
    return np.arange(N)[:, None]


def legendre(N):
    """Orthonormal on [0, 1], in whatever numbers x is made of."""
    return lambda x: np.sqrt(2 * index(N) + 1 + 0 * x) * legvander(2 * x - 1, N - 1).T


def fourier(N):
    def basis(x):
        pi = np.array([flint.arb.pi()] * x.size, dtype=object) if x.dtype == object else np.pi
        m = np.arange(1, (N - 1) // 2 + 1)[:, None]
        rows = np.empty((N, x.size), dtype=x.dtype)
        rows[0] = 1 + 0 * x
        rows[1::2] = np.sqrt(2 + 0 * x) * np.cos(2 * pi * m * x)
        rows[2::2] = np.sqrt(2 + 0 * x) * np.sin(2 * pi * m * x)
        return rows

    return basis


def laguerre(N):
    def basis(x):
        rows = [np.exp(-x / 2), (1 - x) * np.exp(-x / 2)]
        for n in range(1, N - 1):
            rows.append(((2 * n + 1 - x) * rows[n] - n * rows[n - 1]) / (n + 1))
        return np.stack(rows[:N])

    return basis


def jacobi(N, beta):
    """Orthonormal for x^beta on [0, 1]: Jacobi(0, beta)."""

    def basis(x):
        y, rows = 2 * x - 1, [0 * x + 1, 1 + (beta + 2) * (x - 1)]
        for n in range(2, N):
            c = 2 * n + beta
            top = (c - 1) * (c * (c - 2) * y - beta * beta) * rows[n - 1] - 2 * (n - 1) * (n + beta - 1) * c * rows[
                n - 2
            ]
            rows.append(top / (2 * n * (n + beta) * (c - 2)))
        return np.sqrt(2 * index(N) + beta + 1 + 0 * x) * np.stack(rows[:N])

    return basis


def takenaka(N, beta):
    return ht.TakenakaMalmquist(np.arange(N) + (beta + 1) / 2, shift=(beta + 1) / 2)


def power(beta):
    return lambda x: x**beta


def families(N):
    odd = N + 1 - N % 2
    return {
        "LegS": (legendre(N), {}, ht.LegS(N)),
        "LegT": (legendre(N), {"warp": "translated"}, ht.LegT(N)),
        "LagT": (laguerre(N), {"warp": "translated", "window": np.inf}, ht.LagT(N)),
        "FouT": (fourier(odd), {"warp": "translated"}, ht.FouT(odd)),
        "Jacobi 1": (jacobi(N, 1), {"weight": power(1)}, takenaka(N, 1)),
        "Jacobi 2": (jacobi(N, 2), {"weight": power(2)}, takenaka(N, 2)),
        "Jacobi 1/2": (jacobi(N, 0.5), {"weight": power(0.5)}, takenaka(N, 0.5)),
    }


# ------------------------------------------------------------------------------------------ closed forms


@pytest.mark.parametrize("N", [4, 16, 32])
@pytest.mark.parametrize("name", families(4))
def test_every_closed_form_is_found_by_quadrature(name, N):
    basis, options, op = families(N)[name]
    found = ht.project(basis, **options)
    assert found.closed
    assert found.residual.max() <= SLOPE
    assert np.abs(found.A - op.A).max() <= SLOPE * np.abs(op.A).max() <= 1e-11 * np.abs(op.A).max()
    # The functions at an end are computed by recurrence: N eps.
    assert np.abs(found.B - op.B).max() <= 4 * N * EPS * np.abs(op.B).max()
    assert found.rank == found.N == op.N
    assert found.periodic == (name == "FouT")
    # Orthonormal functions; one eps for each term of their recurrences.
    assert np.abs(found.gram - np.eye(op.N)).max() <= 40 * N * EPS
    assert abs(found.condition - 1) <= 40 * N * EPS


@pytest.mark.parametrize("beta", [-0.9, -0.5, 3.7])
def test_weights_singular_at_the_old_end_cost_panels_and_no_digits(beta):
    N = 16
    found = ht.project(jacobi(N, beta), weight=power(beta))
    op = takenaka(N, beta)
    assert found.closed
    assert np.abs(found.A - op.A).max() <= SLOPE * np.abs(op.A).max()


def test_high_degrees_split_panels_and_keep_the_digits():
    found = ht.project(legendre(128), warp="translated")
    assert len(found.panels) > 8
    # Panels are accepted with a tail of 1e-13 of the peak, which is sqrt(2n+1) = 16 norms, and slopes see Q of it.
    assert np.abs(found.A - ht.LegT(128).A).max() <= 16 * 40 * 1e-13 * np.abs(found.A).max()


def test_a_given_derivative_replaces_the_one_of_the_panels():
    n = index(8)
    found = ht.project(power(n), derivative=lambda x: n * x ** np.maximum(n - 1, 0))
    # x (x^n)' = n x^n holds to rounding without any differentiation; least squares cost the condition.
    assert found.residual.max() <= 40 * EPS
    assert np.abs(found.A + np.diag(np.arange(1, 9))).max() <= 8 * 8 * EPS * found.condition


@pytest.mark.parametrize("warp", ["exponential", "scaled", "logarithmic", "quadratic"])
def test_every_warp_has_the_same_matrices(warp):
    found = ht.project(legendre(6), warp=warp)
    assert found.warp == warp
    assert (found.A == ht.project(legendre(6)).A).all()


def test_the_warp_may_be_a_formula():
    import sympy

    t = sympy.Symbol("t")
    assert ht.project(legendre(3), warp=ht.warp("scaled")).warp == "scaled"
    assert ht.project(legendre(3), warp=t**3).B.tolist() == ht.project(legendre(3)).B.tolist()


@given(st.floats(0.01, 100.0))
@settings(max_examples=10, deadline=None)
def test_a_window_of_length_theta_divides_by_theta(theta):
    found = ht.project(lambda x: legendre(8)(x / theta), warp="translated", window=theta)
    # Window theta: the Gram matrix is theta I, x = theta x_1, hence A / theta and B unchanged.
    assert np.abs(found.A * theta - ht.LegT(8).A).max() <= SLOPE * np.abs(ht.LegT(8).A).max()
    assert np.abs(found.B - ht.LegT(8).B).max() <= 32 * EPS * 4
    assert found.window == theta


def test_a_constant_alone_is_fourier_or_legendre_as_the_caller_says():
    one = lambda x: np.ones((1, x.size))  # noqa: E731
    fourier_one, legendre_one = (ht.project(one, warp="translated", periodic=p) for p in (None, False))
    for found, op in ((fourier_one, ht.FouT(1)), (legendre_one, ht.LegT(1))):
        assert abs(found.A - op.A).max() <= SLOPE
        assert abs(found.B - op.B).max() == 0


def test_the_jump_rule_can_be_forced_and_switched_off():
    found = ht.project(fourier(5), warp="translated", periodic=False)
    b = fourier(5)(np.array([0.0]))[:, 0]
    assert not found.periodic
    # Without the rule the boundary term comes once: A = D - b b^T, B = b.
    assert np.abs(found.A - (ht.FouT(5).A + np.outer(b, b))).max() <= SLOPE * np.abs(found.A).max()
    assert np.abs(found.B - b).max() == 0


# ------------------------------------------------------------------------------------- other polynomials

POLYNOMIALS = {
    "Chebyshev I": lambda n, x: eval_chebyt(n, x),
    "Chebyshev II": lambda n, x: eval_chebyu(n, x),
    "Gegenbauer": lambda n, x: eval_gegenbauer(n, 1.7, x),
    "Jacobi": lambda n, x: eval_jacobi(n, 2.0, 1.0, x),
}


@pytest.mark.parametrize("name", POLYNOMIALS)
@pytest.mark.parametrize(("warp", "op"), [("exponential", ht.LegS(8)), ("translated", ht.LegT(8))])
def test_polynomials_of_every_kind_span_the_same_space_and_give_similar_systems(name, warp, op):
    basis = lambda x: POLYNOMIALS[name](index(8), 2 * x - 1)  # noqa: E731
    found = ht.project(basis, warp=warp)
    assert found.closed
    # phi = T L with the connection matrix T (Gauss quadrature of degree 14): A = T A_leg T^{-1}, B = T B_leg.
    nodes, weights = np.polynomial.legendre.leggauss(16)
    x = (1 + nodes) / 2
    T = basis(x) * (weights / 2) @ legendre(8)(x).T
    tolerance = SLOPE * np.linalg.cond(T) * np.abs(found.A).max()
    assert np.abs(found.A - T @ op.A @ np.linalg.inv(T)).max() <= tolerance
    assert np.abs(found.B - T @ op.B).max() <= 100 * EPS * np.linalg.norm(T) * np.linalg.norm(op.B)
    # The same transfer function of the reconstruction, whatever the coordinates.
    s = np.array([1j, 3 + 2j])
    assert np.abs(found.system.transfer(s) - T @ op.transfer(s)).max() <= tolerance


def test_powers_of_x_are_modes_even_singular_and_fractional_ones():
    exponents = np.array([0.0, 0.5, -0.25, 1.3])
    found = ht.project(power(exponents[:, None]))
    # x (x^p)' + x^p = (p + 1) x^p, in L2 for p > -1/2: a closed span with the poles -(p + 1).
    assert found.closed
    assert np.abs(found.A + np.diag(exponents + 1)).max() <= SLOPE * found.condition


# ------------------------------------------------------------------------------------- what does not close


def mexican_hats(x, scales=4):
    wavelet = lambda y: (1 - y * y) * np.exp(-y * y / 2)  # noqa: E731
    rows = [np.ones_like(x)]
    for j in range(scales):
        rows += [2 ** (j / 2) * wavelet(4 * (2**j * x - k)) for k in range(-1, 2**j + 2)]
    return np.array(rows)


def hats(x, M=7):
    return np.maximum(0.0, 1 - np.abs(M * x - index(M + 1)))


OPEN = {
    "Chebyshev times its weight": (lambda x: x * (1 - x) * eval_chebyu(index(6), 2 * x - 1), {}),
    "Jacobi (2, 0) with its weight": (
        lambda x: eval_jacobi(index(6), 2, 0, 2 * x - 1),
        {"weight": lambda x: (1 - x) ** 2},
    ),
    "Mexican hats": (mexican_hats, {"rcond": 1e-2}),
    "hat functions": (hats, {}),
    "e^{-1/x}": (legendre(6), {"weight": lambda x: np.exp(-1 / x)}),
}


@pytest.mark.parametrize("name", OPEN)
def test_weighted_functions_and_wavelets_do_not_close_and_the_residual_says_so(name):
    basis, options = OPEN[name]
    found = ht.project(basis, **options)
    assert not found.closed
    assert 1e-3 < found.residual.max() <= 1 + 1e-12
    assert "not closed" in repr(found)


def test_the_residual_is_the_distance_from_the_span():
    # x = e^{-lag}, phi = e^x: D phi = (1 + x) e^x; its distance from e^x in L2(0, 1), by elementary integrals.
    found = ht.project(lambda x: np.exp(x)[None, :])
    e2 = np.exp(2)
    norm, inner, image = (e2 - 1) / 2, (3 * e2 - 1) / 4, (5 * e2 - 1) / 4
    assert found.residual[0] == pytest.approx(np.sqrt(1 - inner**2 / (norm * image)), rel=1e3 * EPS * image)
    assert found.A[0, 0] == pytest.approx(-inner / norm, rel=SLOPE)


@pytest.mark.parametrize("basis", [hats, lambda x: np.exp(-((8 * x - index(9)) ** 2)), lambda x: np.cos(index(5) * x)])
def test_with_weight_one_every_projection_is_lossless_up_to_its_ports_closed_or_not(basis):
    def defect(found, *terms):
        G = found.gram
        scale = np.abs(found.A).max() * np.abs(G).max() * found.condition
        total = found.A @ G + G @ found.A.T + sum(t if t.ndim == 2 else np.outer(t, t) for t in terms)
        return np.abs(total), SLOPE * scale

    exponential = ht.project(basis)
    left, tolerance = defect(exponential, exponential.gram, exponential.B)
    assert left.max() <= tolerance
    old = basis(np.array([1.0]))[:, 0]
    window = ht.project(basis, warp="translated")
    left, tolerance = defect(window, window.B, old)
    assert left.max() <= tolerance


def test_with_the_jump_rule_a_periodic_span_has_one_port():
    # cos(2 pi m x) + x(1 - x) are periodic and not closed.
    basis = lambda x: np.cos(2 * np.pi * index(5) * x) + x * (1 - x)  # noqa: E731
    found = ht.project(basis, warp="translated")
    assert found.periodic
    assert not found.closed
    defect = found.A @ found.gram + found.gram @ found.A.T + np.outer(found.B, found.B)
    assert np.abs(defect).max() <= SLOPE * np.abs(found.A).max() * np.abs(found.gram).max() * found.condition


# ------------------------------------------------------------------------------------------------ frames


def test_a_redundant_frame_reports_its_rank_and_reduces_to_the_span():
    N = 6
    found = ht.project(lambda x: np.concatenate([legendre(N)(x), 2 * legendre(N)(x)]), rcond=1e-10)
    assert (found.rank, found.N, found.modes.shape) == (N, 2 * N, (2 * N, N))
    assert found.closed
    assert "rank 6" in repr(found)
    # The N coefficients of the frame are those of LegS, and twice those.
    s, G = 1j, ht.LegS(N).transfer(1j)
    for system in (found.reduced, found.system):
        assert np.abs(system.transfer(s) - np.concatenate([G, 2 * G])).max() <= 100 * SLOPE
    assert found.reduced.N == N
    zeros = np.sort(np.abs(np.linalg.eigvals(found.A)))[:N]
    assert zeros.max() <= 100 * SLOPE


def test_a_wavelet_frame_is_reduced_to_a_stable_system():
    found = ht.project(mexican_hats, rcond=1e-2)
    assert found.rank < found.N
    assert found.condition <= 100
    assert np.linalg.eigvals(found.reduced.A).real.max() < -0.4


def test_narrow_functions_are_not_overlooked():
    centres, width = np.array([[0.3], [0.317], [0.71]]), 2e-3
    found = ht.project(lambda x: np.exp(-(((x - centres) / width) ** 2)), warp="translated")
    # Whole Gaussians: int e^{-2 y^2 / width^2} = width sqrt(pi/2), a derivative orthogonal to its function.
    assert np.allclose(np.diag(found.gram), width * np.sqrt(np.pi / 2), rtol=1e-12)
    assert np.abs(np.diag(found.A)).max() <= SLOPE / width


# --------------------------------------------------------------------------------------------- many digits


def digits_of(found, op):
    """Largest errors of A and B against the balls, as floats."""
    A, B = op.balls(300)
    with flint.ctx.workprec(300):
        errors = [abs(found.precise[0][i, j] - A[i, j]) for i in range(op.N) for j in range(op.N)]
        return max(float(e.upper()) for e in errors), max(
            float(abs(b - B[i, 0]).upper()) for i, b in enumerate(found.precise[1])
        )


@pytest.mark.parametrize("name", ["LegS", "LegT", "LagT", "FouT"])
def test_fifty_digits_agree_with_the_closed_forms_in_balls(name):
    basis, options, op = families(16)[name]
    found = ht.project(basis, digits=50, **options)
    assert max(digits_of(found, op)) <= 1e-50
    assert found.closed
    # Rounded once from fifty digits: the entries of the family, bit for bit, where those are not zero.
    assert (found.A == op.A)[op.A != 0].all()
    assert np.abs(found.A - op.A).max() <= 1e-50


@pytest.mark.slow
@pytest.mark.parametrize("name", families(4))
def test_fifty_digits_at_size_32(name):
    basis, options, op = families(32)[name]
    assert max(digits_of(ht.project(basis, digits=50, **options), op)) <= 1e-49


def test_the_asked_digits_are_reached():
    for digits in (20, 30, 80):
        error, _ = digits_of(ht.project(legendre(8), digits=digits), ht.LegS(8))
        assert error <= 10.0**-digits


def test_many_digits_afford_ill_conditioned_functions():
    N = 8
    found = ht.project(power(index(N)), digits=40)
    assert found.condition == pytest.approx(ht.project(power(index(N))).condition, rel=1e-9)
    assert found.condition > 1e4
    error = max(abs(found.precise[0][i, j] + (i + 1) * (i == j)) for i in range(N) for j in range(N))
    assert error <= 1e-40


def test_lost_digits_are_announced():
    with pytest.warns(ht.AccuracyWarning, match="about 43 correct digits"):
        ht.project(power(np.arange(20)[:, None]), digits=60)
    with pytest.warns(ht.AccuracyWarning, match="condition 4e.08"):
        ht.project(power(np.arange(13)[:, None]))


def test_functions_that_widen_balls_get_more_bits_up_to_eight_times():
    # 2^200 (x + 2^-200 - x) loses 200 bits and is 1.
    found = ht.project(lambda x: ((x + 2.0**-200) - x)[None, :] * 2.0**200, digits=40)
    assert abs(found.A[0, 0] + 1) <= 1e-40

    def chaos(x):
        for _ in range(2000):  # one bit each
            x = 4 * x * (1 - x)
        return x[None, :]

    with pytest.raises(ht.AccuracyError, match="wider than"):
        ht.project(chaos, digits=40)


# ------------------------------------------------------------------------------------------------ refusals


def scaled_haar(jump):
    return lambda x: np.array([np.ones_like(x), np.where(x < jump, 1.0, -1.0)])


@pytest.mark.parametrize("jump", [0.5, 0.375, 1 / 3, 0.9])
@pytest.mark.parametrize("warp", ["exponential", "translated"])
def test_functions_that_jump_are_refused_wherever_the_jump_is(jump, warp):
    with pytest.raises(
        ht.ParameterError, match=f"function 1 .*{str(jump)[:5]}.*jumps" if jump not in (0.5, 0.375) else "jumps at"
    ):
        ht.project(scaled_haar(jump), warp=warp)


def test_weights_that_jump_are_refused():
    for at in (0.5, 0.3):
        with pytest.raises(ht.ParameterError, match="jump"):
            ht.project(legendre(3), weight=lambda x, at=at: 1.0 + (x > at))


def test_kinks_are_welcome():
    assert ht.project(hats, warp="translated").N == 8


def test_noise_needs_a_tolerance_above_it():
    noise = lambda x: x ** index(4) * (1 + 1e-11 * np.sin(1e7 * x))  # noqa: E731
    with pytest.raises(ht.ParameterError, match="Raise rtol"):
        ht.project(noise)
    # Differentiation amplifies the noise by Q^2.
    assert np.abs(ht.project(noise, rtol=1e-9).A + np.diag([1, 2, 3, 4])).max() <= 40**2 * 1e-11 * 100


def test_dependent_functions_are_refused_unless_a_frame_is_asked_for():
    twice = lambda x: np.concatenate([legendre(4)(x), legendre(4)(x)])  # noqa: E731
    with pytest.raises(ht.ParameterError, match=r"linearly dependent in float64 .rank 4.*rcond"):
        ht.project(twice)
    with pytest.raises(ht.AccuracyError, match="singular"):
        ht.project(twice, digits=30)
    with pytest.raises(ht.ParameterError, match="all functions vanish"):
        ht.project(lambda x: 0 * legendre(2)(x))
    with pytest.raises(ht.ParameterError, match="all functions vanish"):
        ht.project(legendre(2), weight=lambda x: 0 * x)


def test_a_wrong_derivative_is_noticed():
    with pytest.raises(ht.ParameterError, match="chain rule"):
        ht.project(lambda x: np.cos(2 * index(4) * x), derivative=lambda x: -index(4) * np.sin(2 * index(4) * x))
    with pytest.raises(ht.ShapeError, match="4 rows"):
        ht.project(legendre(4), derivative=lambda x: np.zeros((3, x.size)))


BAD = {
    "not a function": ((3.0,), {}, ht.ParameterError, "basis must be a function"),
    "no rows": ((lambda x: x,), {}, ht.ShapeError, r"\(N, 1\)"),
    "complex": ((lambda x: np.exp(1j * index(2) * x),), {}, ht.ParameterError, "real numbers"),
    "nan": ((lambda x: np.log(x - 0.5)[None, :],), {}, ht.ParameterError, "function 0 is nan at x ="),
    "infinite now": (
        (lambda x: np.ones((1, x.size)),),
        {"weight": lambda x: (1 - x) ** -0.2},
        ht.ParameterError,
        "at x = 1.0",
    ),
    "negative weight": ((legendre(2),), {"weight": lambda x: x - 0.5}, ht.ParameterError, "non-negative"),
    "weight of rows": ((legendre(2),), {"weight": legendre(2)}, ht.ShapeError, r"shape \(1,\)"),
    "weight": ((legendre(2),), {"weight": 1.0}, ht.ParameterError, "weight must be a function"),
    "no decay": ((legendre(1),), {"warp": "translated", "window": np.inf}, ht.ParameterError, "square integrable"),
    "warp": ((legendre(2),), {"warp": "quadratics"}, ht.UnknownNameError, "quadratic"),
    "window of a warp": ((legendre(2),), {"window": 2.0}, ht.ParameterError, "translated"),
    "window": ((legendre(2),), {"warp": "translated", "window": 0.0}, ht.ParameterError, "positive"),
    "periodic": ((legendre(2),), {"periodic": True}, ht.ParameterError, "two ends"),
    "periodic what": ((legendre(2),), {"periodic": "yes"}, ht.ParameterError, "True, False or None"),
    "rcond": ((legendre(2),), {"rcond": 1.5}, ht.ParameterError, "between 0 and 1"),
    "rtol": ((legendre(2),), {"rtol": 0.0}, ht.ParameterError, "between 0 and 1"),
    "digits": ((legendre(2),), {"digits": 10}, ht.ParameterError, "digits must lie"),
    "digits of a frame": ((legendre(2),), {"digits": 30, "rcond": 0.1}, ht.ParameterError, "excludes rcond"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_a_reason(case):
    arguments, options, error, message = BAD[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error, match=message):
            ht.project(*arguments, **options)


# ------------------------------------------------------------------------------------------------- results


def test_results_are_frozen_and_print_what_matters():
    found = ht.project(legendre(4))
    assert repr(found).startswith("Projection(N=4, exponential, closed: residual ")
    for array in (found.A, found.B, found.gram, found.residual, found.panels, found.modes):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert found.precise is None
    assert (found.system.A == found.A).all()
    assert "over inf" in repr(ht.project(laguerre(3), warp="translated", window=np.inf))


@pytest.mark.parametrize("many", [False, True])
def test_the_rule_differentiates_polynomials_and_reads_their_ends_and_last_coefficients(many):
    Q = 12
    with flint.ctx.workprec(200):
        rule = gauss_rule(Q) if many else float64_rule(Q)
        x, k = rule.nodes, index(Q)
        scale = 2.0**-190 / EPS if many else 1.0
        powers = x**k
        slopes = k[1:] * x ** (k[1:] - 1)
        assert max(abs(float(e)) for e in ((powers[1:] @ rule.slope.T) - slopes).ravel()) <= scale * Q**3 * EPS
        for row, end in zip(powers @ rule.ends.T, index(Q), strict=True):
            assert abs(float(row[1] - 1)) <= scale * Q**2 * EPS
            assert abs(float(row[0] - (-1) ** int(end[0]))) <= scale * Q**2 * EPS
        # x^k has no coefficient above k.
        assert max(abs(float(e)) for e in (powers[: Q - 4] @ rule.tail.T).ravel()) <= scale * Q**2 * EPS


def test_laguerre_functions_of_scipy_agree():
    basis = lambda x: np.exp(-x / 2) * eval_laguerre(index(16), x)  # noqa: E731
    found = ht.project(basis, warp="translated", window=np.inf)
    assert np.abs(found.A - ht.LagT(16).A).max() <= SLOPE


def test_a_frame_reconstructs_the_past_that_its_state_holds():
    """Powers of x, far from orthonormal: the coefficients of u = 1 - 2 x^2 come back from the state."""
    powers = ht.project(lambda x: np.stack([x**k for k in range(4)]))
    u = np.array([1.0, 0.0, -2.0, 0.0])
    np.testing.assert_allclose(powers.coefficients(powers.gram @ u), u, atol=1e-9)
