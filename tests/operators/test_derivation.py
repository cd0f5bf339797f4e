"""From a family, a weight and a warp to (A, B): the closed forms again, exactly, or an exact residual."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad, solve_ivp

import hippo_theory as ht
from hippo_theory.errors import NotClosedError, ParameterError, ParameterTypeError, ShapeError, UnknownNameError

x, t = sp.Symbol("x", real=True), sp.Symbol("t", positive=True)
HALF = sp.Rational(1, 2)
CLOSED = [
    ("legendre", "exponential", ht.LegS),
    ("legendre", "translated", ht.LegT),
    ("laguerre-functions", "translated", ht.LagT),
    ("fourier", "translated", ht.FouT),
]


def equal(left, right):
    return all((a - b).applyfunc(sp.simplify).is_zero_matrix for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("N", range(1, 9))
@pytest.mark.parametrize(("family", "warp", "operator"), CLOSED, ids=lambda v: getattr(v, "__name__", None))
def test_what_is_derived_is_the_closed_form(family, warp, operator, N):
    derivation = ht.derive(family, warp=warp)
    if family == "fourier" and N % 2 == 0:
        with pytest.raises(ParameterError, match=f"N={N + 1}"):
            derivation.exact(N)
        return
    assert equal(derivation.exact(N), operator(N).exact())


@pytest.mark.parametrize("beta", [1, 2, HALF, -HALF])
@pytest.mark.parametrize("N", range(1, 9))
def test_warped_jacobi_polynomials_are_takenaka_malmquist_chains(N, beta):
    """Weight x^beta: a_k = k + (beta+1)/2, shift (beta+1)/2; LegS is beta = 0."""
    half = float(beta + 1) / 2
    chain = ht.TakenakaMalmquist(np.arange(N) + half, shift=half)
    assert equal(ht.derive(ht.Jacobi(0, beta)).exact(N), chain.exact())


def connection(derivation, N):
    """T with phi = T L: coefficients in orthonormal shifted Legendre polynomials, by integration."""
    legendre = ht.Jacobi().functions(N)
    phi = derivation.family.functions(N)
    return sp.Matrix(N, N, lambda n, k: sp.integrate(sp.expand(phi[n] * legendre[k]), (derivation_symbol(phi), 0, 1)))


def derivation_symbol(expressions):
    return next(iter(set().union(*(e.free_symbols for e in expressions))), x)


@pytest.mark.parametrize("warp", ["exponential", "translated"])
@pytest.mark.parametrize("family", ["chebyshev1", "chebyshev2", ht.Jacobi(2, 1), ht.Jacobi(HALF, 3)], ids=str)
def test_other_polynomials_with_weight_one_are_a_change_of_basis_of_legendre(family, warp):
    N = 4
    derivation = ht.derive(family, weight=1, warp=warp)
    T = connection(derivation, N)
    A, B = ht.derive("legendre", warp=warp).exact(N)
    assert equal(derivation.exact(N), (T * A * T.inv(), T * B))
    assert equal([derivation.gram(N)], [T * T.T])
    assert not derivation.orthonormal


FLOWS = [
    ("legendre", None, "exponential"),
    ("legendre", None, "translated"),
    ("chebyshev1", None, "exponential"),
    ("chebyshev2", None, "translated"),
    (ht.Jacobi(2, 0), None, "exponential"),
    (ht.Jacobi(0, 1).weighted(), None, "exponential"),
    (ht.Jacobi(1, 1).weighted(), None, "translated"),
    ("legendre", sp.exp(-x), "exponential"),
    (ht.Laguerre(1), None, "translated"),
    (ht.Laguerre(1).weighted(), None, "scaled"),
    ("hermite", None, "translated"),
    (ht.Hermite().weighted(), None, "translated"),
    ("fourier", None, "exponential"),
    ([sp.exp(-(x**2)), x * sp.exp(-(x**2)), sp.Integer(1)], None, "exponential"),
]


@pytest.mark.parametrize(("family", "weight", "warp"), FLOWS, ids=str)
def test_the_flow_is_its_matrix_plus_its_residual(family, weight, warp):
    """The definition again, differentiated by sympy without any knowledge of the family."""
    derivation = ht.derive(family, weight, warp)
    N = 3
    closure, phi, w = derivation.closure(N), derivation.family.functions(N), derivation.weight
    X = derivation_symbol(phi)
    for n, f in enumerate(phi):
        flow = -sp.diff(X * f * w, X) if derivation.exponential else sp.diff(f * w, X)
        rest = flow / w - sum(closure.M[n, k] * phi[k] for k in range(N)) - closure.residual[n]
        values = [abs(sp.N(rest.subs(X, point), 40)) for point in (sp.Rational(1, 7), sp.Rational(3, 5))]
        assert max(values) < 1e-35
    assert closure.closed == all(r == 0 for r in closure.residual)


@pytest.mark.parametrize(
    ("family", "weight", "warp", "residual"),
    [
        (ht.Jacobi(2, 0), None, "exponential", lambda X: -2 * sp.sqrt(3) / (X - 1)),
        (ht.Laguerre(1), None, "translated", lambda X: 1 / X),
        ("chebyshev2", None, "exponential", lambda X: -sp.sqrt(2 / sp.pi) / (X - 1)),
    ],
)
def test_the_first_residual_is_known_in_closed_form(family, weight, warp, residual):
    """alpha phi_n(1)/(1 - x), alpha phi_n(0)/x: what the weight's own derivative adds."""
    found = ht.derive(family, weight, warp).closure(3).residual[0]
    assert sp.simplify(found - residual(next(iter(found.free_symbols)))) == 0


def test_hermite_functions_leave_only_the_next_one():
    for family in (ht.Hermite(), ht.Hermite().weighted()):
        derivation = ht.derive(family, warp="translated")
        *inside, last = derivation.closure(4).residual
        following = derivation.family.functions(5)[4]
        assert inside == [0, 0, 0]
        assert sp.simplify(last / following).is_constant()
        with pytest.raises(NotClosedError, match="function 3"):
            derivation.exact(4)


@pytest.mark.parametrize(("family", "beta"), [("legendre", 0), (ht.Jacobi(0, 1), 1), (ht.Jacobi(0, HALF), HALF)])
def test_the_kernels_are_the_weighted_functions(family, beta):
    """K(t) = phi(e^-t) w(e^-t) e^-t solves K' = A K, K(0) = B, as an identity in t."""
    N = 4
    A, B = ht.derive(family).exact(N)
    phi = ht.derive(family).family.functions(N)
    X = derivation_symbol(phi)
    K = sp.Matrix([f.subs(X, sp.exp(-t)) * sp.exp(-(beta + 1) * t) for f in phi])
    assert (sp.diff(K, t) - A * K).applyfunc(lambda e: sp.simplify(sp.expand(e))).is_zero_matrix
    assert (K.subs(t, 0) - B).applyfunc(sp.simplify).is_zero_matrix


def test_a_basis_of_exponentials_is_the_diagonal_system_of_their_rates():
    basis = ht.Functions([sp.exp(-x), sp.exp(-3 * x), x * sp.exp(-3 * x)], interval=(0, sp.oo))
    A, B = ht.derive(basis, warp="translated").exact(3)
    assert A.tolist() == [[-1, 0, 0], [0, -3, 0], [0, 1, -3]] and list(B) == [1, 1, 0]


ENTRIES = [
    ("legendre", "exponential"),
    ("legendre", "translated"),
    ("laguerre-functions", "translated"),
    ("laguerre", "translated"),
    ("fourier", "translated"),
    (ht.Jacobi(0, HALF), "exponential"),
    (ht.Jacobi(0, 3).weighted(), "exponential"),
]


@pytest.mark.parametrize(("family", "warp"), ENTRIES, ids=str)
def test_the_formula_for_general_n_and_k_gives_every_matrix(family, warp):
    derivation = ht.derive(family, warp=warp)
    formula = derivation.entries()
    for N in (1, 3, 15):
        assert equal(formula.matrix(N), derivation.exact(N))


def test_the_formula_holds_for_a_symbolic_parameter():
    beta = sp.Symbol("beta", positive=True)
    formula = ht.derive(ht.Jacobi(0, beta)).entries()
    assert formula.proof == "telescoping"
    special = [m.subs(beta, 2) for m in formula.matrix(5)]
    assert equal(special, ht.derive(ht.Jacobi(0, 2)).exact(5))


def test_the_proof_by_telescoping_can_fail(monkeypatch):
    """With a wrong recurrence of the coefficients the identity is false, and no formula is handed out."""
    family = ht.Jacobi()
    right = type(family).up
    monkeypatch.setattr(type(family), "up", lambda self, n, j: right(self, n, j) * (n + 2) / (n + 1))
    with pytest.raises(ParameterError, match="no formula"):
        ht.derive(family).entries()


def test_coefficient_ratios_are_those_of_the_polynomials():
    """What the proof assumes: c(n+1, j)/c(n, j) and c(n, j+1)/c(n, j)."""
    for family in (ht.Jacobi(), ht.Jacobi(HALF, 2), ht.Laguerre(), ht.Laguerre(HALF)):
        c = [family.polynomial(n).all_coeffs()[::-1] for n in range(6)]
        for n in range(5):
            for j in range(n + 1):
                assert sp.simplify(c[n + 1][j] / c[n][j] - family.up(n, j)) == 0
                assert j == n or sp.simplify(c[n][j + 1] / c[n][j] - family.across(n, j)) == 0


@pytest.mark.parametrize("family", [ht.Jacobi(), ht.Jacobi(-HALF, -HALF), ht.Jacobi(1, HALF), ht.Laguerre(1)], ids=str)
def test_families_are_orthonormal_by_integration(family):
    phi = family.functions(4)
    X = derivation_symbol(phi)
    lower, upper = (float(sp.Min(e, 60)) for e in family.interval)
    for n in range(4):
        for m in range(n + 1):
            f = sp.lambdify(X, phi[n] * phi[m] * family.weight, "numpy")
            assert quad(f, lower, upper, limit=200)[0] == pytest.approx(float(n == m), abs=1e-7)


def signal(s):
    return np.sin(3 * s) + 0.5 * np.cos(7 * s + 0.3)


@pytest.mark.parametrize("warp", ["exponential", "scaled", "logarithmic", "quadratic", t + sp.sin(t) / 2], ids=str)
def test_every_warp_solves_the_orthogonality_statement(warp):
    """F2: x' = a'(t)(A x + B u) and x_n(t) = int u(s) L_n(e^{a(s)-a(t)}) a'(s) e^{a(s)-a(t)} ds."""
    N, start, stop = 6, 0.4, 3.0
    A, B = (np.array(M.evalf(20), dtype=float) for M in ht.derive("legendre", warp=warp).exact(N))
    a = ht.warp(warp)

    def statement(now):
        def integrand(s, n):
            X = np.exp(-a.lag(now, s))
            return (
                signal(s) * np.sqrt(2 * n + 1) * np.polynomial.legendre.legval(2 * X - 1, np.eye(N)[n]) * a.rate(s) * X
            )

        floor = 1e-300  # the input starts at s = 0
        return np.array(
            [quad(integrand, floor, now, args=(n,), epsabs=1e-13, epsrel=1e-13, limit=200)[0] for n in range(N)]
        )

    solved = solve_ivp(
        lambda now, state: float(a.rate(now)) * (A @ state + B[:, 0] * signal(now)),
        (start, stop),
        statement(start),
        method="DOP853",
        rtol=1e-13,
        atol=1e-14,
    )
    np.testing.assert_allclose(solved.y[:, -1], statement(stop), rtol=0, atol=1e-10)


def test_the_laguerre_functions_may_be_warped_too():
    """x' = (1/t)(A x + B u) with LagT: the lag is log(t/s)."""
    A, B = ht.derive("laguerre-functions", warp="scaled").exact(3)
    assert equal((A, B), ht.LagT(3).exact())


def test_the_steps_are_latex_and_end_with_the_proof():
    lines = ht.derive("legendre", warp="translated").steps()
    assert "u(t-1)" in lines[1] and "telescoping" in lines[-1]
    assert "(t)" in ht.derive("legendre", warp="scaled").steps()[0]
    assert "mean" in ht.derive("fourier", warp="translated").steps()[2]
    assert len(ht.derive("chebyshev1").steps()) == 2  # not closed: no matrix to show
    shown = ht.derive("legendre")._repr_latex_()
    assert shown.startswith("$") and shown.count(r"\begin{aligned}") == shown.count(r"\end{aligned}") == 1
    assert ht.derive("laguerre", warp="translated").entries()._repr_latex_().endswith("$")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"family": "legendr"}, UnknownNameError, "legendre"),
        ({"family": 3}, ParameterTypeError, "family"),
        ({"family": []}, ShapeError, "one or more"),
        ({"family": [x, sp.Symbol("y")]}, ShapeError, "one symbol"),
        ({"family": [x, 2 * x]}, ParameterError, "linearly dependent"),
        ({"family": [sp.Heaviside(x - HALF)]}, ParameterError, "jumps"),
        ({"weight": -x}, ParameterError, "not positive"),
        ({"weight": x - HALF}, ParameterError, "not positive"),
        ({"weight": sp.sqrt(x - HALF)}, ParameterError, "not positive"),
        ({"weight": lambda s: s}, ParameterTypeError, "sympy expression"),
        ({"warp": "exponentiall"}, UnknownNameError, "exponential"),
        ({"warp": -t}, ParameterError, "not increasing"),
        ({"warp": sp.sin(t)}, ParameterError, "not increasing"),
        ({"warp": sp.sqrt(t - 5)}, ParameterError, "real"),
        ({"warp": lambda s: s}, ParameterTypeError, "sympy expression"),
        ({"family": "laguerre"}, ParameterError, "translated"),
    ],
)
def test_bad_input_is_a_typed_error_that_says_what_to_do(arguments, error, message):
    with pytest.raises(error, match=message):
        ht.derive(**arguments)


@pytest.mark.parametrize("bad", [-1, -2, 0.5, "a", sp.I])
def test_parameters_out_of_range_or_inexact_are_refused(bad):
    for make in (ht.Jacobi, ht.Laguerre, lambda b: ht.Jacobi(0, b)):
        with pytest.raises(ParameterError):
            make(bad)


@pytest.mark.parametrize("N", [0, -1, 2.5, True, None])
def test_sizes_that_are_no_sizes_are_refused(N):
    with pytest.raises(ParameterError, match="N must be"):
        ht.derive().exact(N)


def test_a_span_that_is_not_closed_has_no_matrix():
    with pytest.raises(NotClosedError, match="of function 0 the part"):
        ht.derive(ht.Jacobi(2, 0)).exact(2)
    with pytest.raises(NotClosedError, match="not closed"):
        ht.derive("chebyshev1").entries()
    with pytest.raises(ParameterError, match="no formula"):
        ht.derive("chebyshev1", weight=1).entries()
    with pytest.raises(ParameterError, match="does not fade"):
        ht.derive("laguerre", weight=1, warp="translated").exact(2)


CLOSED_SPANS = [
    ([sp.sin(x) * sp.cos(x), sp.cos(x) ** 2, sp.Integer(1)], "translated"),
    ([sp.cosh(x), sp.exp(x)], "translated"),
    ([sp.Integer(1), sp.sin(2 * sp.pi * x + 1), sp.cos(2 * sp.pi * x)], "translated"),
    ([sp.exp(-x) * sp.sin(x) ** 2, sp.exp(-x), sp.exp(-x) * sp.sin(2 * x)], "translated"),
    ([(1 - x**2) / (1 + x), sp.Integer(1)], "exponential"),
    ([sp.log(2 * x), sp.Integer(1)], "exponential"),
    ([sp.sqrt(x**2), sp.sqrt(x)], "exponential"),
]


@pytest.mark.parametrize(("basis", "warp"), CLOSED_SPANS, ids=str)
def test_a_closed_span_is_closed_however_it_is_written(basis, warp):
    closure = ht.derive(basis, warp=warp).closure(len(basis))
    assert closure.closed
    for n, f in enumerate(basis):
        flow = -sp.diff(x * f, x) if warp == "exponential" else sp.diff(f, x)
        rest = flow - sum(closure.M[n, k] * basis[k] for k in range(len(basis)))
        assert abs(sp.N(rest.subs(x, sp.Rational(2, 7)), 40)) < 1e-35


@pytest.mark.parametrize(
    "basis",
    [
        [sp.Integer(1), sp.cos(x) ** 2, sp.sin(x) ** 2],
        [1 / (1 + x), x / (1 + x), sp.Integer(1)],
        [sp.log(x), sp.log(x**2)],
        [sp.exp(x), sp.exp(x + 1)],
        [sp.Integer(0)],
    ],
    ids=str,
)
def test_functions_that_repeat_others_are_found_however_they_are_written(basis):
    with pytest.raises(ParameterError, match="linearly dependent"):
        ht.derive(basis)


def test_terms_that_sympy_cannot_compare_are_an_error_and_not_a_verdict():
    with pytest.raises(ParameterError, match="agree numerically"):
        ht.derive([sp.sqrt(x**2 + 2 * x + 1), x, sp.Integer(1)])
    with pytest.raises(ParameterError, match="agree numerically"):
        ht.derive([sp.atan(x), sp.atan(1 / x), sp.Integer(1)])


@pytest.mark.parametrize(
    ("basis", "error", "message"),
    [
        ([0.5 * x, 1], ParameterTypeError, "floats"),
        (["x"], ParameterTypeError, "exact sympy"),
        ([True, x], ParameterTypeError, "exact sympy"),
        ([sp.Matrix([x]), x], ParameterTypeError, "exact sympy"),
        ([sp.nan, x], ParameterTypeError, "exact sympy"),
        ([sp.exp(sp.I * x)], ParameterError, "real"),
        ([sp.sqrt(x - 1), x], ParameterError, "real"),
        ([sp.Function("f")(x), x], ParameterError, "explicit"),
        ([sp.Max(x, HALF), 1], ParameterError, "agree"),
        ([x, sp.Symbol("x", positive=True)], ShapeError, "one symbol"),
    ],
    ids=str,
)
def test_a_basis_that_is_none_is_a_typed_error(basis, error, message):
    with pytest.raises(error, match=message):
        ht.derive(basis, warp="translated").closure(len(basis))


@pytest.mark.parametrize("interval", [(0, 2), (-1, 1), (1, 0), (1, sp.oo), (0, sp.oo, 1), 3, ("a", "b")])
def test_a_basis_lives_on_the_unit_interval_or_the_half_line(interval):
    with pytest.raises(ParameterError, match="lives on"):
        ht.Functions([x, 1], interval=interval)
    assert ht.Functions([x, 1], interval=(0, 1.0)).interval == (0, 1)
    assert ht.Functions([sp.exp(-x)], interval=[0, np.inf]).interval == (0, sp.oo)


@pytest.mark.parametrize("f", [sp.Integer(1), sp.exp(x), sp.cos(x)])
def test_functions_that_do_not_fade_hold_no_infinite_past(f):
    basis = ht.Functions([sp.cos(x), sp.sin(x)] if f == sp.cos(x) else [f], interval=(0, sp.oo))
    with pytest.raises(ParameterError, match="does not fade"):
        ht.derive(basis, warp="translated").exact(len(basis.functions(1)))


def test_the_whole_line_is_refused_even_where_it_is_closed():
    derivation = ht.derive("hermite", 1, "translated")
    assert derivation.closure(3).closed
    with pytest.raises(ParameterError, match="half of the line is the future"):
        derivation.exact(3)


def test_a_formula_belongs_to_its_own_weight():
    derivation = ht.derive("fourier", sp.exp(-x), "translated")
    assert derivation.closure(3).closed
    with pytest.raises(ParameterError, match="no formula"):
        derivation.entries()


def test_parameters_are_positive_beyond_doubt_and_named_apart():
    with pytest.raises(ParameterError, match="positive=True"):
        ht.Jacobi(0, sp.Symbol("beta"))
    n = sp.Symbol("n", integer=True, nonnegative=True)
    with pytest.raises(ParameterError, match="count functions"):
        ht.derive(ht.Jacobi(0, n)).entries()


def test_irrational_parameters_leave_no_gamma_functions():
    A, _ = ht.derive(ht.Jacobi(0, sp.sqrt(2))).exact(3)
    assert not A.has(sp.gamma)
    chain = ht.TakenakaMalmquist(np.arange(3) + (np.sqrt(2) + 1) / 2, shift=(np.sqrt(2) + 1) / 2)
    np.testing.assert_allclose(np.array(A.evalf(20), dtype=float), chain.A, rtol=1e-14)


def test_the_root_of_a_weight_is_written_on_the_interval():
    """sqrt((1 - x)^2) = 1 - x there, without a modulus."""
    (residual,) = ht.derive(ht.Jacobi(2, 0).weighted()).closure(1).residual
    assert residual == sp.sqrt(3)


@pytest.mark.parametrize("weight", [True, 1.5, sp.exp(-0.5 * x), sp.nan, "x"])
def test_weights_that_are_not_exact_are_refused(weight):
    with pytest.raises(ParameterTypeError, match="exact sympy"):
        ht.derive("legendre", weight)


def test_the_modulus_of_a_positive_variable_is_the_variable():
    assert ht.derive("legendre", sp.sqrt(sp.Symbol("s") ** 2)).exact(2)[0] == ht.derive("legendre", x).exact(2)[0]


def test_integrals_that_sympy_does_not_know_are_a_typed_error():
    with pytest.raises(ParameterError, match="not known to"):
        ht.derive("legendre", sp.exp(-1 / x)).gram(2)


def test_numpy_integers_are_sizes():
    assert ht.derive().exact(np.int64(2)) == ht.derive().exact(2)


@pytest.mark.parametrize(
    "a", [sp.tan(t), sp.floor(t), sp.Function("f")(t), sp.Integral(sp.exp(-(t**2)), (t, 0, t)), sp.zeta(t + 2)], ids=str
)
def test_warps_that_jump_or_have_no_numbers_are_typed_errors(a):
    with pytest.raises(ParameterError, match="warp"):
        ht.warp(a)


def test_warps_are_values():
    """Special functions of arrays; copies equal; no symbol of a name that sympy reads as a number."""
    import pickle

    E = sp.Symbol("E")
    for a in (sp.erf(E), E + sp.besselj(0, E), sp.gamma(E + 2), 2 * sp.log(E)):
        warp = ht.warp(a)
        assert pickle.loads(pickle.dumps(warp)) == warp == ht.warp(a.subs(E, t))
        step = [float(a.subs(E, s + 1) - a.subs(E, s)) for s in (1, 2)]
        np.testing.assert_allclose(warp.lag([2.0, 3.0], [1.0, 2.0]), step, rtol=1e-14)


def test_no_time_passes_between_a_moment_and_itself():
    for name in ("exponential", "scaled", "logarithmic", "quadratic"):
        assert (ht.warp(name).lag([0.0, 2.0], [0.0, 2.0]) == 0).all()
    assert ht.warp("scaled").lag(1e10, 1e-300) > 700


@pytest.mark.parametrize(
    ("family", "warp"), [("legendre", "translated"), ("fourier", "translated"), ("laguerre", t**2)]
)
def test_the_steps_are_latex_that_renders(family, warp):
    """All but the case distinctions, which mathtext does not know."""
    from matplotlib.mathtext import MathTextParser

    lines = [line for line in ht.derive(family, warp=warp).steps() if "cases" not in line]
    assert len(lines) >= 3
    assert all(MathTextParser("agg").parse(f"${line}$").width > 0 for line in lines)


@pytest.mark.parametrize("family", [ht.Jacobi(0, 2).weighted(), ht.Laguerre().weighted()], ids=str)
def test_gram_matrices_are_integrals_of_the_functions_themselves(family):
    """Of phi_n, root of the weight included, in the weight e^-x."""
    G = ht.derive(family, sp.exp(-x), warp="translated").gram(2)
    phi = family.functions(2)
    for n, m in ((0, 0), (0, 1), (1, 1)):
        f = sp.lambdify(derivation_symbol(phi), phi[n] * phi[m] * sp.exp(-derivation_symbol(phi)), "numpy")
        upper = float(sp.Min(family.interval[1], 60))
        assert float(G[n, m]) == pytest.approx(quad(f, 0, upper, epsabs=1e-13)[0], abs=1e-11)


def test_own_functions_on_a_window_agree_with_quadrature():
    """Entries in sines of constants, too long to simplify; the second road is ht.project."""
    functions = [sp.sin(2 * x), sp.cos(2 * x), sp.exp(-x)]
    A, B = ht.derive(functions, warp="translated").exact(3)
    sampled = ht.project(lambda v: np.stack([np.sin(2 * v), np.cos(2 * v), np.exp(-v)]), warp="translated")
    np.testing.assert_allclose(np.array(A.evalf(30), dtype=float), sampled.A, rtol=1e-6)
    np.testing.assert_allclose(np.array(B.evalf(30), dtype=float)[:, 0], sampled.B, atol=1e-9)


def test_constants_in_denominators_do_not_make_terms_different():
    """8x - 4 in the weight of Chebyshev's second kind: not closed, whatever the functions are multiplied by."""
    weight = sp.sqrt(x * (1 - x))
    for factor in (1, 4):
        assert not ht.derive([1, factor * (2 * x - 1)], weight=weight).closure(2).closed


def test_names_of_families_may_be_written_in_any_case():
    assert ht.derive("Legendre").exact(2) == ht.derive("legendre").exact(2)
    with pytest.raises(UnknownNameError, match="Jacobi"):
        ht.derive("gegenbauer")


def test_a_window_is_no_warp_of_time():
    with pytest.raises(ParameterError, match="no map of time"):
        ht.warp("translated")
