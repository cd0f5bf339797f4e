"""Stored pairs in real numbers, and what they read out without C: the same system as with every mode written out."""

from dataclasses import replace

import numpy as np
import pytest
import references as ref
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

import hippo_theory as ht
from hippo_theory.systems import DISCRETIZATIONS

S = np.array([0.3 + 2j, -0.2 + 1j, 40j, 1e5])
ALPHA = {"generalized-bilinear": 0.3}


def drawn(seed, pairs, reals, H=None, p=None, complex_weights=False):
    """Stable stored pairs, then real modes; H and p as shapes of B and C have them."""
    rng = np.random.default_rng(seed)
    M = pairs + reals
    lam = -rng.uniform(0.1, 2, M) + 1j * np.append(rng.uniform(0.5, 30, pairs), np.zeros(reals))
    B = rng.standard_normal((M, H) if H else M) + 1j * rng.standard_normal((M, H) if H else M)
    C = rng.standard_normal((p, M) if p else M) + 1j * rng.standard_normal((p, M) if p else M)
    if not complex_weights:
        B[pairs:] = B[pairs:].real
    order = rng.permutation(M)
    return ht.Diagonal(lam[order], B[order], C[..., order], conjugate_pairs=True)


def turn(system):
    """The unitary matrix from the modes of ``full``, mirror images last, to real states in the order of the modes."""
    mirror, rows = system.lam.size, []
    for j, paired in enumerate(system.lam.imag != 0):
        unit = np.eye(system.N)
        if paired:
            rows += [(unit[j] + unit[mirror]) / np.sqrt(2), 1j * (unit[j] - unit[mirror]) / np.sqrt(2)]
            mirror += 1
        else:
            rows.append(unit[j])
    return np.array(rows)


SHAPES = st.tuples(st.integers(0, 4), st.integers(0, 2)).filter(any)
PORTS = st.sampled_from([(None, None), (None, 2), (3, None), (2, 3)])


class TestRealForm:
    @given(st.integers(0, 2**32), SHAPES, PORTS)
    def test_it_is_the_full_system_in_unitary_coordinates(self, seed, modes, ports):
        system = drawn(seed, *modes, *ports, complex_weights=ports[0] is None)
        real, full, U = system.to_real(), system.full(), turn(system)
        for found, expected in (
            (real.A, U @ np.diag(full.lam) @ U.conj().T),
            (real.B, U @ full.B),
            (real.C, full.C @ U.conj().T),
        ):
            assert found.dtype == np.float64 and found.shape == expected.shape
            assert np.abs(found - expected).max() <= 4 * ref.EPS * np.abs(expected).max()

    @given(st.integers(0, 2**32), SHAPES, PORTS)
    def test_transfer_function_and_kernel_stay(self, seed, modes, ports):
        system = drawn(seed, *modes, *ports)
        real, B, C = system.to_real(), np.abs(system.B), np.abs(system.C)
        eye = np.eye(real.N)
        for s in S:
            # The blocks are normal: a solve has the condition (|s| + |A|)/distance, mode by mode.
            gap = np.minimum(np.abs(s - system.lam), np.abs(s - system.lam.conj()))
            condition = ((abs(s) + np.abs(system.lam)) / gap).max()
            size = 2 * (C / gap @ B).max()
            found = real.C @ np.linalg.solve(s * eye - real.A, real.B)
            assert np.abs(found - system.transfer(s)).max() <= 16 * ref.EPS * real.N * condition * size
        found, size = real.C @ expm(0.7 * real.A) @ real.B, 2 * (C @ B).max()
        tolerance = 64 * ref.EPS * (1 + np.abs(system.lam).max()) * size
        assert np.abs(found - system.kernel(0.7)).max() <= tolerance

    def test_a_pair_is_a_block_and_a_real_mode_one_state(self):
        real = ht.Diagonal([-1 + 2j, -3.0], [1 + 4j, 0.5], [5 + 6j, 7.0], D=0.5, conjugate_pairs=True).to_real()
        root = np.sqrt(2)
        assert real.A.tolist() == [[-1, 2, 0], [-2, -1, 0], [0, 0, -3]]
        assert real.B.tolist() == [root, -4 * root, 1]
        assert real.C.tolist() == [5 * root, 6 * root, 7]
        assert real.D == 0.5 and real.dt is None

    def test_hankel_singular_values_stay(self):
        system = ht.s4d("lin", 8, C=np.arange(1.0, 5.0)).system
        found, expected = ht.hankel_singular_values(system.to_real()), ht.hankel_singular_values(system)
        assert np.abs(found.values - expected.values).max() <= found.error + expected.error

    @pytest.mark.parametrize("method", DISCRETIZATIONS)
    def test_it_may_be_sampled_before_or_after(self, method):
        system, alpha = drawn(5, 3, 1, 2, 2), ALPHA.get(method)
        first = system.to_real().discretize(0.05, method, alpha=alpha)
        last = system.discretize(0.05, method, alpha=alpha).to_real()
        assert last.dt == 0.05
        for name in ("A", "B", "C"):
            one, other = getattr(first, name), getattr(last, name)
            assert np.abs(one - other).max() <= 64 * ref.EPS * (1 + 0.05 * np.abs(system.lam).max()) * np.abs(one).max()

    @pytest.mark.parametrize("C", [None, [1.0, 3.0], [[1.0, 0.0]]])
    @pytest.mark.parametrize("dtype", [float, complex])
    def test_real_modes_are_as_they_are(self, C, dtype):
        C = None if C is None else np.array(C, dtype)
        system = ht.Diagonal(np.array([-1, -2], dtype), np.array([1, 4], dtype), C, dt=0.5)
        real = system.to_real()
        assert real.A.dtype == real.B.dtype == np.float64 and real.dt == 0.5
        assert real.A.tolist() == [[-1, 0], [0, -2]] and real.B.tolist() == [1, 4]
        assert (real.C is None) if C is None else np.array_equal(real.C, C.real)

    @pytest.mark.parametrize(
        ("system", "said"),
        [
            (ht.Diagonal([-1 + 1j, -1 - 1j], [1.0, 1.0], [1.0, 1.0]), r"in lam, outside of stored pairs.*store halves"),
            (ht.Diagonal([-1.0], [1j], [1j]), "in B, C, outside of stored pairs"),
            (ht.Diagonal([-1 + 1j], [1.0], [1.0], D=1j, conjugate_pairs=True), "in D, outside"),
            (ht.Diagonal([-1 + 1j], [1.0], conjugate_pairs=True), "without C the stored complex states"),
            (ht.Diagonal([-1.0], [1j], conjugate_pairs=True), "in C, outside"),
        ],
    )
    def test_what_no_real_matrices_have_is_refused(self, system, said):
        with pytest.raises(ht.ParameterError, match=rf"Diagonal\.to_real: .*{said}"):
            system.to_real()


PAIRS = {
    "pairs": drawn(1, 3, 0),
    "a real mode too": drawn(2, 2, 2),
    "a real mode with complex weights": drawn(3, 2, 1, complex_weights=True),
    "several inputs": drawn(4, 2, 1, 3),
    "real modes alone": drawn(5, 0, 2),
    "sampled": drawn(6, 2, 1).discretize(0.1),
}


@pytest.mark.parametrize("system", [replace(pairs, C=None) for pairs in PAIRS.values()], ids=PAIRS)
class TestWithoutC:
    """M stored states are read out, and so they are by every other form of the system."""

    def test_the_outputs_are_the_stored_states(self, system):
        s = 1.5 + S[:3]
        expected = system.B[..., None] / (s - system.lam.reshape(-1, *[1] * system.B.ndim))
        for form in (system, system.full(), system.to_dense()):
            found = form.transfer(s)
            assert form.N == system.N and found.shape == expected.shape
            assert np.abs(found - expected).max() <= 64 * ref.EPS * np.abs(expected).max()

    def test_their_kernels_agree(self, system):
        t = 5 if system.dt else np.array([0.0, 0.4, 2.0])
        expected = system.kernel(t)
        assert expected.shape[0] == system.lam.size
        for form in (system.full(), system.to_dense()):
            error = np.abs(form.kernel(t) - expected).max()
            assert error <= 64 * ref.EPS * (1 + np.abs(system.lam).max()) * np.abs(expected).max()

    @pytest.mark.parametrize("norm", [ht.h2_norm, ht.hinf_norm, ht.l1_norm])
    def test_norms_agree(self, system, norm):
        expected = norm(replace(system, conjugate_pairs=False)).value
        for form in (system, system.full(), system.to_dense()):
            assert norm(form).value == pytest.approx(expected, rel=1e-8)

    def test_hankel_singular_values_are_those_of_the_stored_modes_and_zeros(self, system):
        stored = ht.hankel_singular_values(replace(system, conjugate_pairs=False)).values
        for form in (system, system.full(), system.to_dense()):
            found = ht.hankel_singular_values(form)
            expected = np.append(stored, np.zeros(system.N - stored.size))
            assert np.abs(found.values - expected).max() <= 1e-12 * stored[0]
