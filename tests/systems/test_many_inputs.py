"""Several inputs and outputs: every pair of them is the system of one input and one output."""

from dataclasses import replace

import numpy as np
import pytest
import references as ref
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.systems import DISCRETIZATIONS

S = np.array([[0.0, 0.3 + 2j, np.inf], [40j, -0.2 + 1j, 1e5]])
T = np.array([0.0, 0.4, 3.0])
ALPHA = {"generalized-bilinear": 0.3}


def drawn(seed, N, H, p, pairs=False):
    """A stable diagonal system; of stored pairs the last mode is real."""
    rng = np.random.default_rng(seed)
    lam = -rng.uniform(0.1, 2, N) + 1j * rng.uniform(0.5, 30, N)
    B = rng.standard_normal((N, H)) + 1j * rng.standard_normal((N, H))
    C = rng.standard_normal((p, N)) + 1j * rng.standard_normal((p, N))
    if pairs:
        lam[-1], B[-1] = lam[-1].real, B[-1].real
    return ht.Diagonal(lam, B, C, D=rng.standard_normal((p, H)), conjugate_pairs=pairs)


def dense(seed, N, H, p):
    rng = np.random.default_rng(seed)
    M = rng.standard_normal((N, N))
    return ht.StateSpace(M - M.T - np.eye(N), rng.standard_normal((N, H)), rng.standard_normal((p, N)))


FORMS = {
    "dense": dense(1, 5, 3, 2),
    "dense, triangular": ht.StateSpace(ht.LegS(4).A, np.eye(4)[:, :3], np.ones((2, 4))),
    "diagonal": drawn(2, 4, 3, 2),
    "pairs": drawn(3, 4, 3, 2, pairs=True),
    "pairs, one output": replace(drawn(4, 4, 3, 1, pairs=True), C=np.ones(4), D=np.arange(3.0)),
    "one input in a matrix": drawn(5, 4, 1, 2),
    "diagonal, state": replace(drawn(6, 4, 3, 1), C=None, D=0.0),
    "pairs, state": replace(drawn(7, 4, 3, 1, pairs=True), C=None, D=0.0),
    "dense, state": replace(dense(8, 5, 2, 1), C=None),
}


def columns(system):
    """The systems of its inputs one by one."""
    D = np.broadcast_to(np.asarray(system.D), (*np.shape(system.D)[:-1], system.B.shape[1]))
    return [replace(system, B=b, D=D[..., h] if np.ndim(system.D) else 0.0) for h, b in enumerate(system.B.T)]


def agree(many, ones, axis, size):
    """Sums over N modes or states, in another order."""
    np.testing.assert_allclose(many, np.stack(ones, axis=axis), rtol=0, atol=64 * ref.EPS * size)


def lead(system):
    return 0 if system.C is not None and system.C.ndim == 1 else 1


@pytest.mark.parametrize("system", FORMS.values(), ids=FORMS)
def test_every_input_is_a_system_of_its_own(system):
    axis = lead(system)
    singles = columns(system)
    outputs = () if axis == 0 else (len(system.B) if system.C is None else len(system.C),)
    assert system.transfer(S).shape == (*outputs, system.B.shape[1], *S.shape)
    assert system.transfer(1j).shape == (*outputs, system.B.shape[1])
    agree(system.transfer(S), [one.transfer(S) for one in singles], axis, np.abs(system.transfer(S)).max())
    K = system.kernel(T)
    assert K.shape == (*outputs, system.B.shape[1], T.size)
    agree(K, [one.kernel(T) for one in singles], axis, (1 + np.abs(system.poles).max()) * np.abs(K).max())
    assert K.dtype == singles[0].kernel(T).dtype
    np.testing.assert_array_equal(system.poles, singles[0].poles)
    assert system.N == singles[0].N


@pytest.mark.parametrize("method", DISCRETIZATIONS)
@pytest.mark.parametrize("system", FORMS.values(), ids=FORMS)
def test_every_input_is_sampled_as_if_it_were_alone(system, method):
    axis, dt = lead(system), 0.05
    sampled = system.discretize(dt, method, alpha=ALPHA.get(method))
    singles = [one.discretize(dt, method, alpha=ALPHA.get(method)) for one in columns(system)]
    assert sampled.B.shape == system.B.shape and sampled.dt == dt
    np.testing.assert_allclose(
        sampled.B, np.stack([one.B for one in singles], axis=1), rtol=0, atol=64 * ref.EPS * np.abs(sampled.B).max()
    )
    K = sampled.kernel(100)
    agree(K, [one.kernel(100) for one in singles], axis, 100 * np.abs(K).max())
    z = 1.1 + 0.3j
    agree(sampled.transfer(z), [one.transfer(z) for one in singles], axis, 10 * np.abs(sampled.transfer(z)).max())


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), st.booleans())
def test_the_diagonal_form_is_the_dense_system_it_stands_for(seed, N, H, p, pairs):
    """Second road: solves and exponentials with dense matrices."""
    system = drawn(seed, N, H, p, pairs)
    full = system.to_dense()
    assert full.B.shape == (system.N, H) and full.C.shape == (p, system.N)
    s = 0.4 + 7j
    X = np.linalg.solve(s * np.eye(system.N) - full.A, full.B)
    size = np.abs(full.C) @ np.abs(X) + np.abs(system.D)
    assert (np.abs(system.transfer(s) - (full.C @ X + system.D)) <= 64 * ref.EPS * size).all()
    for t in (0.0, 0.7):
        E = np.exp(t * np.diagonal(full.A))[:, None] * full.B
        tolerance = 256 * ref.EPS * (np.abs(full.C) @ np.abs(E)) + 1e-300
        assert (np.abs(system.kernel(t) - full.C @ E) <= tolerance).all()


@pytest.mark.parametrize("system", [FORMS["dense"], FORMS["dense, state"]], ids=["outputs", "state"])
def test_the_dense_form_is_its_definition(system):
    from scipy.linalg import expm

    C = np.eye(system.N) if system.C is None else system.C
    for s in (0.0, 0.3 + 2j):
        want = C @ np.linalg.solve(s * np.eye(system.N) - system.A, system.B)
        np.testing.assert_allclose(system.transfer(s), want, rtol=0, atol=1e-13 * np.abs(want).max())
    want = C @ expm(0.4 * system.A) @ system.B
    np.testing.assert_allclose(system.kernel(0.4), want, rtol=0, atol=1e-13 * np.abs(want).max())
    sampled, power = system.discretize(0.1), np.eye(system.N)
    for step in range(70):
        np.testing.assert_allclose(sampled.kernel(71)[..., step], C @ power @ sampled.B, rtol=0, atol=1e-13)
        power = power @ sampled.A


@pytest.mark.parametrize("lower", [True, False])
def test_inputs_of_very_different_size_keep_their_digits_in_zoh(lower):
    """One scale for all of them would decide how often the exponential is squared."""
    A = ht.LegS(6).A if lower else ht.LegS(6).A.T
    b = ht.LegS(6).B
    together = ht.StateSpace(A, np.column_stack([1e-200 * b, b, 1e200 * b])).discretize(0.01).B
    alone = ht.StateSpace(A, b).discretize(0.01).B
    np.testing.assert_allclose(together, np.outer(alone, [1e-200, 1.0, 1e200]), rtol=1e-14)


def test_the_feedthrough_has_one_entry_for_each_output_and_input():
    D = np.arange(6.0).reshape(2, 3)
    direct, plain = replace(FORMS["dense"], D=D), FORMS["dense"]
    np.testing.assert_array_equal(direct.transfer([np.inf, complex(0, -np.inf)]), np.stack([D, D], axis=-1))
    np.testing.assert_allclose(direct.transfer(S), plain.transfer(S) + D[..., None, None], rtol=8 * ref.EPS)
    np.testing.assert_array_equal(direct.kernel(T), plain.kernel(T))
    each = ht.StateSpace([[-1.0]], [1.0], [[1.0], [2.0]], D=[3.0, 4.0])
    np.testing.assert_array_equal(each.transfer(np.inf), [3.0, 4.0])
    with pytest.raises(ValueError, match="read-only"):
        direct.D[0, 0] = 1.0


def test_changes_of_time_and_coordinates_take_all_inputs_along():
    system, T_ = FORMS["dense"], np.triu(np.ones((5, 5)))
    s = 0.3 + 2j
    np.testing.assert_allclose(system.rescaled(3.0).transfer(s), system.transfer(s / 3), rtol=1e-13)
    np.testing.assert_allclose(system.tilted(0.4).transfer(s), system.transfer(s + 0.4), rtol=1e-13)
    np.testing.assert_allclose(system.transformed(T_).transfer(s), system.transfer(s), rtol=0, atol=1e-13)


def test_a_feedthrough_of_many_entries_is_a_tensor_and_a_scalar_is_a_claim():
    many = FORMS["pairs"]
    assert "D" in many.tensors() and many.claim()["D"] is None
    one = ht.Diagonal([-1.0], [1.0], [1.0], D=2 - 1j)
    assert "D" not in one.tensors() and one.claim()["D"] == [2.0, -1.0]


def test_a_real_mode_of_stored_pairs_that_would_be_two_states_is_refused():
    with pytest.raises(ht.ParameterError, match=r"mode 1 .* is real .* two states"):
        ht.Diagonal([-1 + 1j, -1.0], [[1j, 1.0], [1.0, 1j]], conjugate_pairs=True)
    assert ht.Diagonal([-1.0], [[1.0, 1j]]).N == 1


def test_a_system_says_how_many_inputs_it_has():
    assert repr(FORMS["pairs"]) == "Diagonal(N=7, 3 input(s), 2 output(s), D of shape (2, 3), dt=None)"
    assert repr(FORMS["dense, state"]) == "StateSpace(N=5, 2 input(s), state, D=0, dt=None)"


@pytest.mark.parametrize("name", ["pairs", "dense"])
def test_systems_of_many_inputs_survive_a_pickle(name):
    import pickle

    system = FORMS[name]
    again = pickle.loads(pickle.dumps(system))
    np.testing.assert_array_equal(again.transfer(S), system.transfer(S))
    assert not again.B.flags.writeable
