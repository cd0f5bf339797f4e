"""Markov parameters: systems to Hankel matrices and back, each way checked by the other and by sums."""

import numpy as np
import pytest
import references as ref
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht

EPS = ref.EPS


def random_system(rng, N, dt=None, complex_=False):
    A = rng.standard_normal((N, N)) + (1j * rng.standard_normal((N, N)) if complex_ else 0)
    A = A / np.linalg.norm(A, 2)
    A = 0.8 * A if dt else A - 1.2 * np.eye(N)
    return ht.StateSpace(A, rng.standard_normal(N), C=rng.standard_normal(N), dt=dt)


def series(h, z):
    return (np.asarray(h) * np.power.outer(z, -np.arange(1.0, h.shape[-1] + 1))).sum(axis=-1)


@pytest.mark.parametrize("N", [1, 4, 12])
@pytest.mark.parametrize("complex_", [False, True])
def test_the_parameters_are_the_laurent_series_of_the_bilinear_image(N, complex_):
    system = random_system(np.random.default_rng(N), N, complex_=complex_)
    h = ht.markov_parameters(system, 400)
    z = np.exp(1j * np.linspace(0.1, 6, 30))
    image = system.transfer((z - 1) / (z + 1)) - system.transfer(1.0)  # s = 1 is z = infinity
    assert np.abs(series(h, z) - image).max() < 1e-12 * np.abs(image).max()


def test_discrete_parameters_are_the_kernel_and_d_is_no_part_of_them():
    system = random_system(np.random.default_rng(0), 5, dt=1.0)
    np.testing.assert_array_equal(ht.markov_parameters(system, 30), system.kernel(30))
    shifted = ht.StateSpace(system.A, system.B, system.C, 3.0, dt=1.0)
    np.testing.assert_array_equal(ht.markov_parameters(shifted, 30), system.kernel(30))


@pytest.mark.parametrize("N", [5, 8])
def test_a_diagonal_system_has_the_parameters_of_its_dense_form(N):
    init = ht.s4d("legs", N, C=np.random.default_rng(1).standard_normal(N))
    h = ht.markov_parameters(init, 60)
    assert h.dtype == np.float64
    np.testing.assert_allclose(h, ht.markov_parameters(init.to_dense(), 60).real, atol=1e-13)
    bare = ht.Diagonal([-1.0, -2.0 + 1j], [1.0, 2.0])
    assert ht.markov_parameters(bare, 7).shape == (2, 7)


@pytest.mark.parametrize("shape", [(), (3,)])
def test_several_outputs_and_inputs_keep_their_axes(shape):
    rng = np.random.default_rng(2)
    op = ht.LegS(6)
    C = rng.standard_normal((*shape, 6))
    h = ht.markov_parameters(ht.StateSpace(op.A, np.eye(6)[:, :2], C=C), 9)
    assert h.shape == (*shape, 2, 9)
    assert ht.markov_parameters(op, 9).shape == (6, 9)


def test_the_parameters_of_lagt_are_those_of_its_allpass_sections():
    """s = (z-1)/(z+1) and dt = 1/2 turn every section of LagT, a = 1/2, into a pole 1/3: HOPE reads them back."""
    op = ht.LagT(6)
    system = ht.StateSpace(op.A, op.B, C=np.ones(6))
    h = ht.markov_parameters(system, 120)
    layer = ht.hope(120, 1.0, h=h)
    z = np.exp(1j * np.linspace(0.1, 6, 20))
    image = system.transfer((z - 1) / (z + 1)) - system.transfer(1.0)
    assert np.abs(layer.transfer(z) - image).max() < 1e-13 * np.abs(image).max()


# ------------------------------------------------------------------------------------------------------ realize


@given(st.integers(1, 60), st.booleans(), st.booleans(), st.integers(0, 2**32))
def test_h_comes_back_and_both_gramians_are_the_hankel_singular_values(n, complex_, continuous, seed):
    rng = np.random.default_rng(seed)
    h = rng.standard_normal(n) + (1j * rng.standard_normal(n) if complex_ else 0)
    system = ht.realize(h, continuous=continuous)
    sigma = ht.hope(n, 1.0, h=h).hankel_singular_values[: system.N]
    back = ht.markov_parameters(system, n + 5) if _stable(system) else None
    if back is not None:
        assert np.abs(back - np.append(h, np.zeros(5))).max() <= 40 * n * EPS * sigma[0]
    A, B, C, S = system.A, system.B, system.C, np.diag(sigma)
    if continuous:
        residuals = (A @ S + S @ A.conj().T + np.outer(B, B.conj()), A.conj().T @ S + S @ A + np.outer(C.conj(), C))
        scale = np.linalg.norm(A, 2) * sigma[0]
    else:
        residuals = (A @ S @ A.conj().T - S + np.outer(B, B.conj()), A.conj().T @ S @ A - S + np.outer(C.conj(), C))
        scale = sigma[0]
    assert max(np.abs(residual).max() for residual in residuals) <= 60 * n * EPS * scale


def _stable(system):
    """All poles coincide at 0 (or -1): as eigenvalues they scatter, by eps^{1/n}, but not over the boundary."""
    with np.errstate(all="ignore"):
        poles = np.linalg.eigvals(system.A)
    return bool((np.abs(poles) < 1).all() if system.dt else (poles.real < 0).all())


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("order", [1, 10, 30])
def test_fewer_states_are_the_balanced_truncation_with_its_error_bound(order, complex_):
    rng = np.random.default_rng(order)
    h = rng.standard_normal(48) + (1j * rng.standard_normal(48) if complex_ else 0)
    sigma = ht.hope(48, 1.0, h=h).hankel_singular_values
    system = ht.realize(h, order=order)
    assert order == system.N and np.abs(np.linalg.eigvals(system.A)).max() < 1
    z = np.exp(1j * np.linspace(0, 2 * np.pi, 2000))
    error = np.abs(system.transfer(z) - ht.hope(48, 1.0, h=h).transfer(z)).max()
    assert sigma[order] * (1 - 1e-9) <= error <= 2 * sigma[order:].sum()


@pytest.mark.parametrize("N", [1, 3, 6])
@pytest.mark.parametrize("dt", [None, 1.0])
def test_a_system_is_found_again_from_its_parameters(N, dt):
    system = random_system(np.random.default_rng(N + 10), N, dt=dt)
    found = ht.realize(ht.markov_parameters(system, 300), order=N, continuous=dt is None)
    s = np.exp(1j * np.linspace(0, 6, 30)) * (1.1 if dt else 1.0)
    points = s if dt else 1j * np.linspace(-5, 5, 30)
    constant = 0 if dt else system.transfer(1.0) - found.transfer(1.0)
    scale = np.abs(system.transfer(points)).max()
    assert np.abs(found.transfer(points) + constant - system.transfer(points)).max() < 1e-11 * scale
    assert np.abs(np.sort_complex(found.poles) - np.sort_complex(system.poles)).max() < 1e-6


def test_eps_keeps_the_values_above_it():
    h = np.random.default_rng(5).standard_normal(40)
    sigma = ht.hope(40, 1.0, h=h).hankel_singular_values
    assert (sigma > 0.3 * sigma[0]).sum() == ht.realize(h, eps=0.3).N
    assert ht.realize(0.5 ** np.arange(60)).N == 1  # one pole, and noise below 60 eps


# ---------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "system",
    [
        ht.StateSpace([[0.1]], [1.0], C=[1.0]),
        ht.StateSpace([[1.1]], [1.0], C=[1.0], dt=1.0),
        ht.Diagonal([-1.0, 0.5j + 0.2], [1.0, 1.0], C=[1.0, 1.0]),
    ],
)
def test_an_unstable_system_is_refused(system):
    with pytest.raises(ht.UnstableSystemError, match="give a stable system"):
        ht.markov_parameters(system, 4)


def test_what_is_no_system_and_no_count_is_refused():
    with pytest.raises(ht.ParameterTypeError, match="an operator or a system"):
        ht.markov_parameters(np.eye(3), 4)
    with pytest.raises(ht.ParameterError, match="n must be at least 1"):
        ht.markov_parameters(ht.LegS(3), 0)


@pytest.mark.parametrize(
    ("h", "options", "says"),
    [
        ([1.0, np.nan], {}, "NaN"),
        ([], {}, "non-empty"),
        (np.eye(2), {}, "1-D"),
        ([0.0, 0.0], {}, "nothing to realise"),
        ([1.0, 2.0], {"order": 3}, "at most 2"),
        ([1.0, 2.0], {"order": 0}, "at least 1"),
        ([1.0, 2.0], {"eps": 1.0}, r"\[0, 1\)"),
        ([1.0, 2.0], {"eps": 0.1, "order": 1}, "not both"),
    ],
)
def test_bad_parameters_are_typed_errors(h, options, says):
    with pytest.raises(ht.HippoTheoryError, match=says):
        ht.realize(h, **options)
