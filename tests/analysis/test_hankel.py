"""Gramians and Hankel singular values: by factors, against proofs, against Kronecker products, against theorems."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import AccuracyError, AccuracyWarning, ParameterError, ParameterTypeError, UnstableSystemError

EPS = np.finfo(np.float64).eps


def legs_with_random_output(N):
    op, C = ht.LegS(N), np.random.default_rng(N).standard_normal(N)
    return op, C, ht.StateSpace(op.A, op.B, C)


def random_system(seed, form, discrete, *, N=None, real=False):
    """Poles .2 to 1 away from the boundary; form is full, upper, lower or diagonal."""
    rng = np.random.default_rng(seed)
    N, H, p = N or int(rng.integers(1, 8)), *(int(n) for n in rng.integers(1, 4, 2))

    def draw(*shape):
        return rng.standard_normal(shape) + (0 if real else 1j * rng.standard_normal(shape))

    A = {"full": lambda x: x, "upper": np.triu, "lower": np.tril, "diagonal": lambda x: np.diag(np.diag(x))}[form](
        draw(N, N)
    )
    lam = np.linalg.eigvals(A)
    A = A / (1.25 * np.abs(lam).max()) if discrete else A - (lam.real.max() + 0.3) * np.eye(N)
    B, C, dt = draw(N, H), draw(p, N), 1.0 if discrete else None
    return ht.Diagonal(np.diag(A), B, C, dt=dt) if form == "diagonal" else ht.StateSpace(A, B, C, dt=dt)


def by_kronecker(system):
    """P and Q from one linear system with N^2 unknowns."""
    dense = system.to_dense()
    A, B, C, N = dense.A, dense.B.reshape(dense.N, -1), np.atleast_2d(dense.C), dense.N
    eye = np.eye(N)

    def solve(A, W):
        left = np.eye(N * N) - np.kron(A, A.conj()) if dense.dt else -np.kron(A, eye) - np.kron(eye, A.conj())
        return np.linalg.solve(left, W.ravel()).reshape(N, N)

    return solve(A, B @ B.conj().T), solve(A.conj().T, C.conj().T @ C)


FORMS = pytest.mark.parametrize("form", ["full", "upper", "lower", "diagonal"])
TIMES = pytest.mark.parametrize("discrete", [False, True], ids=["continuous", "discrete"])


@FORMS
@TIMES
@pytest.mark.parametrize("seed", range(8))
def test_gramians_solve_their_equations(seed, form, discrete):
    system = random_system(seed, form, discrete)
    P, Q = by_kronecker(system)
    for found, exact in ((ht.controllability_gramian(system), P), (ht.observability_gramian(system), Q)):
        assert np.linalg.norm(found.value - exact) <= 1e-12 * np.linalg.norm(exact)
        assert np.linalg.norm(found.factor @ found.factor.conj().T - found.value) <= 1e-13 * np.linalg.norm(exact)
    values = np.sqrt(np.abs(np.sort(np.linalg.eigvals(P @ Q).real)[::-1]))
    assert np.abs(ht.hankel_singular_values(system).values - values).max() <= 1e-7 * values[0]
    assert ht.hankel_singular_values(system).values[0] == pytest.approx(values[0], rel=1e-12)


@pytest.mark.parametrize(
    "N", [16, 32, 64, pytest.param(128, marks=pytest.mark.slow), pytest.param(256, marks=pytest.mark.slow)]
)
def test_every_value_of_legs_with_a_random_output_lies_where_it_is_proved_to(N):
    op, C, system = legs_with_random_output(N)
    found, proved = ht.hankel_singular_values(system), ht.enclose_hankel_singular_values(op, C)
    wrong = np.maximum(found.values - proved.upper, proved.lower - found.values)
    assert wrong.max() <= (5e-15 if N <= 128 else 1e-14) * proved.upper[0]
    leading = proved.lower > 0.1 * proved.upper[0]
    assert (wrong[leading] <= 1e-13 * proved.upper[leading]).all()
    assert wrong.max() <= found.error <= 100 * N * EPS * proved.upper[0]


@FORMS
@TIMES
def test_the_error_covers_what_is_proved(form, discrete):
    for seed in range(6):
        system = random_system(seed, form, discrete, N=5)
        found, proved = ht.hankel_singular_values(system), ht.enclose_hankel_singular_values(system)
        wrong = np.maximum(found.values - proved.upper, proved.lower - found.values).max()
        assert wrong <= found.error <= 1e-11 * found.values[0]


@given(st.integers(0, 10**6), st.integers(-140, 140))
def test_values_do_not_depend_on_the_units_of_states_time_or_signals(seed, decades):
    system = random_system(seed, "full", False, real=True)
    expected = ht.hankel_singular_values(system)
    T = 10.0 ** np.linspace(-decades, decades, system.N) if system.N > 1 else np.ones(1)
    c = 10.0**decades
    for A, B, C in (
        (system.A * T[:, None] / T, T[:, None] * system.B, system.C / T),
        (c * system.A, c * system.B, system.C),
        (system.A, c * system.B, system.C / c),
    ):
        found = ht.hankel_singular_values(ht.StateSpace(A, B, C))
        assert np.abs(found.values - expected.values).max() <= 2 * (expected.error + found.error)


@pytest.mark.parametrize("op", [ht.LagT(16), ht.FouT(15), ht.TakenakaMalmquist([1 + 2j, 1 - 2j, 3, 1e-3])])
def test_an_all_pass_system_has_all_values_one(op):
    found = ht.hankel_singular_values(ht.StateSpace(op.A, op.B, C=op.B))
    assert np.abs(found.values - 1).max() <= 64 * op.N * EPS


def test_closed_forms_of_the_families_are_what_the_equation_gives():
    for op in (ht.LegS(12), ht.LagT(7), ht.FouT(9), ht.TakenakaMalmquist([0.5, 2 + 1j, 2 - 1j])):
        P = ht.controllability_gramian(op)
        general = ht.controllability_gramian(ht.StateSpace(op.A, op.B))
        assert np.abs(P.value - general.value).max() <= 64 * EPS
        assert np.asarray(P) is P.value


def test_a_bilinear_change_of_time_keeps_the_values():
    op, C, system = legs_with_random_output(24)
    for dt in (0.01, 2.0):
        sampled = system.discretize(dt, "bilinear")
        # s = (2/dt)(z - 1)/(z + 1): C (I - dt A/2)^{-1} reads the state out.
        C_bar = np.linalg.solve(np.eye(24) - dt / 2 * op.A.T, C)
        found = ht.hankel_singular_values(ht.StateSpace(sampled.A, sampled.B, C_bar, dt=dt)).values
        assert np.abs(found - ht.hankel_singular_values(system).values).max() <= 1e-13


def test_a_defective_matrix_is_no_harder():
    """1/(s + 1)^2: the Hankel operator of t e^{-t} has the values (sqrt 2 +- 1)/4."""
    found = ht.hankel_singular_values(ht.StateSpace([[-1.0, 1.0], [0.0, -1.0]], [0.0, 1.0], C=[1.0, 0.0]))
    assert found.values == pytest.approx([(2**0.5 + 1) / 4, (2**0.5 - 1) / 4], rel=8 * EPS)


def test_real_states_read_out_by_complex_numbers():
    h = ht.hope(12, 0.5, rng=0)
    expected = np.linalg.svd(h.hankel(), compute_uv=False)
    assert np.abs(ht.hankel_singular_values(h.system).values - expected).max() <= 1e-12 * expected[0]


def test_what_is_not_driven_or_not_read_has_no_values():
    for B, C in (([0.0, 0.0], [1.0, 1.0]), ([1.0, 1.0], [0.0, 0.0]), ([1.0, 0.0], [0.0, 1.0])):
        found = ht.hankel_singular_values(ht.StateSpace(np.diag([-1.0, -2.0]), B, C))
        assert (found.values == 0).all() and ht.eps_rank(found, 0.1) == 0


def test_rank_counts_what_exceeds_the_threshold():
    assert [ht.eps_rank([1, 0.5, 0.01], eps) for eps in (0.6, 0.5, 0.4, 0.001)] == [1, 1, 2, 3]
    assert ht.eps_rank(ht.StateSpace([[-1.0]], [1.0], [1.0]), 0.5) == 1


DOUBTFUL = (AccuracyError, AccuracyWarning)


@pytest.mark.parametrize(
    ("system", "error", "message"),
    [
        (ht.StateSpace([[0.5, 1], [0, -1.0]], [1, 1], [1, 1]), UnstableSystemError, r"pole 0\.5\+0j"),
        (ht.StateSpace([[0.0]], [1], [1]), UnstableSystemError, "pole 0"),
        (ht.StateSpace([[1.0]], [1], [1], dt=0.1), UnstableSystemError, "on the unit circle"),
        (ht.Diagonal([-1, 2j], [1, 1], [1, 1]), UnstableSystemError, r"pole 0\+2j"),
        (ht.StateSpace([[-1.0, 1.0], [1 - 1e-12, -1.0]], [1, 1], [1, 1]), DOUBTFUL, "relative changes"),
        (np.eye(2), ParameterTypeError, "a system, an operator or an initialisation"),
    ],
)
def test_what_has_no_values_is_refused(system, error, message):
    for analysis in (ht.hankel_singular_values, ht.controllability_gramian, ht.observability_gramian):
        with pytest.raises(error, match=message):
            analysis(system)


@pytest.mark.parametrize("eps", [0, 1, -0.1, np.nan, "x"])
def test_a_threshold_lies_between_0_and_1(eps):
    with pytest.raises((ParameterError, ParameterTypeError), match="eps"):
        ht.eps_rank([1.0], eps)


def test_results_print_and_draw():
    found = ht.hankel_singular_values(legs_with_random_output(16)[2])
    assert str(found).startswith("16 Hankel singular values, the largest 0.753")
    assert np.asarray(found) is found.values and len(found) == 16
    (ax,) = found.plot().axes
    assert ax.get_yscale() == "log" and len(ax.lines[0].get_xdata()) == 16
    assert str(ht.controllability_gramian(ht.LegS(3))).startswith("Gramian of 3 states, norm 0.887")
