"""S4's diagonal plus low rank is the operator itself, in other coordinates."""

import flint
import numpy as np
import pytest
import references as ref
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht

SPREAD = [1e-2 + 3j, 1e-2 - 3j, 40.0, 5 + 0.1j, 5 - 0.1j, 0.3]
OPERATORS = [
    *[ht.LegS(N) for N in (1, 2, 3, 16, 63, 64, 256)],
    *[ht.LagT(N) for N in (1, 2, 65)],
    *[ht.FouT(N) for N in (1, 3, 65, 257)],
    ht.TakenakaMalmquist(SPREAD, 0.25),
]


@pytest.mark.parametrize("op", OPERATORS, ids=repr)
def test_v_times_diagonal_minus_pp_times_v_is_the_operator(op):
    r = ht.s4(op)
    N, norm = op.N, np.linalg.norm(op.A)
    V = r.V
    assert V.shape == (N, N)
    assert r.lam.shape == r.P.shape == r.B.shape == (N,)
    A = V @ (np.diag(r.lam) - np.outer(r.P, r.P.conj())) @ V.conj().T
    # every number within a few eps, products of random sign: eps |A| in the Frobenius norm, a few times
    assert np.linalg.norm(A - op.A) <= 16 * ref.EPS * norm
    assert np.linalg.norm(V @ r.B - op.B) <= 8 * np.sqrt(N) * ref.EPS * np.linalg.norm(op.B)
    assert np.linalg.norm(V.conj().T @ V - np.eye(N)) <= 8 * np.sqrt(N) * ref.EPS


@pytest.mark.parametrize("op", OPERATORS, ids=repr)
def test_input_is_whole_and_low_rank_vector_is_it_over_root_two(op):
    r = ht.s4(op)
    assert (r.B > 0).all()
    assert (r.P > 0).all()
    np.testing.assert_allclose(r.P, r.B / np.sqrt(2), rtol=4 * ref.EPS)
    assert r.conjugate_pairs is False
    np.testing.assert_array_equal(r.lam.real, -op.shift)
    assert np.linalg.norm(r.B) == pytest.approx(np.linalg.norm(op.B), rel=8 * np.sqrt(op.N) * ref.EPS)


@pytest.mark.parametrize("op", OPERATORS, ids=repr)
def test_full_spectrum_is_the_upper_half_falling_then_its_mirror_image(op):
    r, up = ht.s4(op), (op.N + 1) // 2
    assert (np.diff(r.lam[:up].imag) < 0).all()
    np.testing.assert_array_equal(r.lam[up:], r.lam[: op.N // 2].conj())
    np.testing.assert_array_equal(r.V[:, up:], r.V[:, : op.N // 2].conj())


def spec(op):
    if isinstance(op, ht.TakenakaMalmquist):
        return "TM", {"N": op.N, "a": list(op.a), "shift": op.shift}
    return op.family, {"N": op.N}


@pytest.mark.parametrize("op", OPERATORS, ids=repr)
def test_transfer_is_that_of_the_operator(op):
    """Error relative to max_n |G_n|: the Woodbury form sums N terms of V, near and far from the resonances."""
    family, args = spec(op)
    r = ht.s4(op)
    y = r.lam.imag[: (op.N + 1) // 2][:20]
    s = np.concatenate(
        [1j * np.array([0, 1e-6, 0.1, 3.0, op.N, 1e6]), 1j * y, -0.3 * op.shift + 1j * y, [1 + 1j, 50 - 7j]]
    )
    want = np.array([ref.to_complex(ref.transfer_balls(family, z, **args)) for z in s]).T
    got = r.transfer(s)
    assert got.shape == (op.N, len(s))
    error = np.abs(got - want).max(axis=0) / np.abs(want).max(axis=0)
    assert error.max() <= 1e-12, (s[error.argmax()], error.max())


@pytest.mark.parametrize("N", [2, 5, 16])
def test_output_picks_a_component_and_maps_to_modal_coordinates(N):
    op, s = ht.LegS(N), np.array([0.0, 2j, 1 + 1j])
    for n in (0, N - 1):
        r = ht.s4(op, C=np.eye(N)[n])
        np.testing.assert_allclose(r.C, r.V[n], rtol=0, atol=8 * ref.EPS)
        np.testing.assert_allclose(r.transfer(s), op.transfer(s)[n], rtol=0, atol=16 * ref.EPS * np.linalg.norm(op.B))


@pytest.mark.parametrize("op", [ht.LegS(8), ht.LagT(7), ht.FouT(9)], ids=repr)
def test_kernel_is_that_of_the_operator(op):
    t = np.array([0.0, 0.05, 0.7, 2.0])
    # e^{tA} of a dissipative A: absolute error eps |A| t |B|
    atol = 16 * ref.EPS * (1 + np.linalg.norm(op.A, 2) * 2.0) * np.linalg.norm(op.B)
    np.testing.assert_allclose(ht.s4(op).kernel(t), op.kernel(t), rtol=0, atol=atol)


def test_drawn_outputs_are_determined_by_their_seed_and_standard_normal():
    C = [ht.s4(ht.LegS(400), rng=seed).C for seed in (1, 1, 2)]
    np.testing.assert_array_equal(C[0], C[1])
    assert not np.array_equal(C[0], C[2])
    # C V with V unitary: ||C||^2 is chi-squared with 400 degrees of freedom, deviation sqrt(2/400)
    assert np.vdot(C[0], C[0]).real / 400 == pytest.approx(1.0, abs=5 * np.sqrt(2 / 400))


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=8), st.floats(0, 2), st.floats(-1e3, 1e3))
def test_any_chain_of_real_sections_is_reproduced(a, shift, w):
    op = ht.TakenakaMalmquist(a, shift)
    r = ht.s4(op)
    A = r.V @ (np.diag(r.lam) - np.outer(r.P, r.P)) @ r.V.conj().T
    assert np.linalg.norm(A - op.A) <= 32 * ref.EPS * np.linalg.norm(op.A)
    s = 1j * w
    if shift or w:
        want = ref.to_complex(ref.transfer_balls("TM", s, op.N, a, shift))
        assert ref.relative_error(r.transfer(s), want) <= 1e-12


@pytest.mark.parametrize("N", [1, 2, 3, 16, 65, 256])
def test_two_ports_give_a_correction_of_rank_two(N):
    r, op = ht.s4(ht.LegT(N)), ht.LegT(N)
    assert r.P.shape == (N, 2) and (r.B > 0).all()
    A = r.V @ (np.diag(r.lam) - r.P @ r.P.conj().T) @ r.V.conj().T
    assert np.linalg.norm(A - op.A) <= 32 * ref.EPS * np.linalg.norm(op.A)
    np.testing.assert_allclose(r.V @ r.B, op.B, atol=64 * ref.EPS * np.linalg.norm(op.B))
    s = np.array([0.3, 2j, 1 + 40j, 1e3j, *r.lam[: min(3, N)]])
    want = op.transfer(s)
    assert ref.relative_error(r.transfer(s), want) <= 1e-12
    t = np.array([0.0, 0.3, 1.2])
    np.testing.assert_allclose(r.kernel(t).real, op.kernel(t), atol=1e-12 * N * np.linalg.norm(op.B))


@pytest.mark.parametrize(
    ("method", "alpha"), [("bilinear", None), ("backward-euler", None), ("generalized-bilinear", 0.3)]
)
def test_rank_two_survives_sampling(method, alpha):
    made, op = ht.s4(ht.LegT(12)), ht.LegT(12)
    low_rank = made.discretize(0.01, method, alpha=alpha)
    dense = op.system.discretize(0.01, method, alpha=alpha)
    assert low_rank.P.shape == (12, 2)
    back = made.V @ low_rank.to_dense().A @ made.V.conj().T
    np.testing.assert_allclose(back, dense.A, atol=1e-13)
    np.testing.assert_allclose(made.V @ low_rank.B, dense.B, atol=1e-14)


@pytest.mark.parametrize("N", [1, 2, 7, 32])
def test_the_poles_in_a_report_of_legt_are_those_of_its_exact_matrix(N):
    """In float64 they are noise from N = 30 on; the report must not print it (a warning would fail this test)."""
    with flint.ctx.workprec(1000):
        A, _ = ht.LegT(N).balls(1000)
        want = max(float(z.real.mid()) for z in flint.acb_mat(A).eig())
    assert ht.s4(ht.LegT(N)).report(dt=0.01).stability == pytest.approx(want, rel=1e-14)


@pytest.mark.parametrize("b_clip", [None, 4.0])
def test_two_ports_have_a_certificate(b_clip):
    assert ht.certify(ht.s4(ht.LegT(8), b_clip=b_clip)).passed


def test_output_of_the_wrong_length_is_refused_with_both_lengths():
    with pytest.raises(ht.HippoTheoryError, match=r"(?s)4.*3|3.*4"):
        ht.s4(ht.LegS(4), C=np.ones(3))


@pytest.mark.parametrize("given_", [4, "LegS", None, np.eye(3)], ids=lambda x: type(x).__name__)
def test_what_is_no_operator_is_refused_with_a_typed_error(given_):
    with pytest.raises(ht.HippoTheoryError):
        ht.s4(given_)


def test_an_initialisation_cannot_be_turned_into_something_its_recipe_is_not():
    """Its claim does not speak of Q or dt, so its system may not have them."""
    from dataclasses import replace

    init = ht.s4(ht.LegS(8))
    for change in ({"Q": -100 * init.P}, {"dt": 0.1}, {"C": None}):
        with pytest.raises(ht.ParameterError):
            replace(init, system=replace(init.system, **change))
    with pytest.raises(ht.ParameterError, match="recipe"):
        replace(init, N=999)
