"""The enclosures of the normal part of LegT, and the certificates they give: right by other roads, and merciless.

The other roads: flint's certified eigenvalues, integer polynomials, the defining equations with the operator's balls.
"""

from dataclasses import replace
from fractions import Fraction

import flint
import numpy as np
import pytest
import references as ref
from flint import acb, acb_mat, arb, fmpz_mat
from hypothesis import given, settings
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import AccuracyError, CertificateError
from hippo_theory.rigor import certify_stored, to_storage, two_ports
from hippo_theory.rigor.balls import conjugate, matrix, ulp_distance
from hippo_theory.rigor.two_ports import enclose_two_ports

BITS = 128
SIZES = [1, 2, 3, 4, 7, 16, 33, 64]


def enclosed(N, bits=BITS):
    with flint.ctx.workprec(bits):
        return enclose_two_ports(ht.LegT(N), bits)


def ports(N):
    """A, B and d as complex ball matrices at the current precision."""
    A, B = ht.LegT(N).balls(flint.ctx.prec)
    d = flint.arb_mat([[abs(B[n, 0])] for n in range(N)])
    return acb_mat(A), acb_mat(B), acb_mat(d)


def squares_polynomial(N):
    """Integer coefficients, from a matrix similar to S: the roots are the w^2 > 0, on the odd indices alone."""
    S = [[(2 * k + 1) * (1 if n > k else -1) if (n - k) % 2 else 0 for k in range(N)] for n in range(N)]
    even, odd = range(0, N, 2), range(1, N, 2)
    up, down = fmpz_mat([[S[n][k] for k in odd] for n in even]), fmpz_mat([[S[n][k] for k in even] for n in odd])
    return (-(down * up)).charpoly()


# --------------------------------------------------------------------------------------------------- enclosures


@pytest.mark.parametrize("N", [1, 2, 3, 4, 7, 12, 17])
def test_enclosures_contain_the_eigenvalues_that_a_general_rigorous_solver_finds(N):
    with flint.ctx.workprec(BITS):
        lam = enclose_two_ports(ht.LegT(N), BITS).full()[0]
    with flint.ctx.workprec(BITS + 100):
        A, B, d = ports(N)
        found = (A + (B * B.transpose() + d * d.transpose()) * acb(0.5)).eig()
        assert len(found) == lam.size
        for z in lam:
            # both contain the eigenvalue; where balls that narrow meet, it is the same one
            assert sum(z.overlaps(w) for w in found) == 1


@pytest.mark.parametrize("N", [N for N in SIZES if N > 1])
def test_an_integer_polynomial_changes_sign_between_the_ends_of_every_enclosure(N):
    """In rationals, and as often as its degree says: every eigenvalue, each once."""
    polynomial = squares_polynomial(N)
    positive = enclosed(N).lam[: N // 2]
    assert polynomial.degree() == N // 2 == positive.size
    above = None
    for z in positive:
        low, high = (ref.fraction(z.imag.mid()) + side * ref.fraction(z.imag.rad()) for side in (-1, 1))
        signs = [polynomial(flint.fmpq(x.numerator**2, x.denominator**2)) > 0 for x in (low, high)]
        assert signs[0] != signs[1]
        assert low > 0 and (above is None or high < above)
        above = low


@given(st.integers(2, 24), st.fractions(Fraction(1, 4), 300, max_denominator=97))
def test_the_determinant_of_the_ties_is_the_characteristic_polynomial(N, w):
    """w^(2 floor(N/2)) D(w)/4 = prod(w^2 - w_j^2), exactly: D(w) = 0 at eigenvalues and nowhere else."""
    with flint.ctx.workprec(4000):
        ball = arb(w.numerator) / w.denominator
        square = squares_polynomial(N)(flint.fmpq(w.numerator**2, w.denominator**2))
        D = two_ports._determinant(N, ball) * ball ** (2 * (N // 2)) / 4
        assert abs(D - arb(square)) <= (abs(arb(square)) + arb(10) ** (6 * N)) * arb(2) ** -2000


@pytest.mark.parametrize("N", [1, 2, 5, 16, 41, 64])
def test_eigenvectors_and_weights_satisfy_the_equations_that_define_them(N):
    with flint.ctx.workprec(BITS):
        part = enclose_two_ports(ht.LegT(N), BITS)
        lam, V, weights = part.full()
        A, B, d = ports(N)
        S = A + (B * B.transpose() + d * d.transpose()) * acb(0.5)
        modes = matrix(V)
        adjoint = modes.conjugate().transpose()
        shifted = matrix(V * lam)
        P = matrix(part.P)
        defects = {
            "S V = V diag(lam)": S * modes - shifted,
            "V^* V = I": adjoint * modes - acb_mat(N, N, 1),
            "A = V (diag(lam) - P P^*) V^*": (shifted - modes * P * P.conjugate().transpose()) * adjoint - A,
            "V^* B": adjoint * B - matrix(weights[:, None]),
            "V^* [B d] = sqrt2 P": adjoint * acb_mat([[B[n, 0], d[n, 0]] for n in range(N)]) - P * acb(arb(2).sqrt()),
        }
        for name, defect in defects.items():
            for x in defect.entries():
                assert x.contains(0), name
                assert x.abs_upper() < arb(2) ** (40 - BITS), name
        assert all(b > 0 for b in part.weights)


@pytest.mark.parametrize("N", [*SIZES, 255])
@pytest.mark.parametrize("bits", [64, 128])
def test_every_number_is_enclosed_to_nearly_all_bits_however_small_it_is(N, bits):
    """Entries of V fall to 1e-266 at N = 255; the bits that the recurrence costs were added."""
    part = enclosed(N, bits)
    for balls in (part.lam, part.V, part.weights, part.far):
        assert all(x.rel_accuracy_bits() >= bits - 4 - 1.5 * np.log2(N) for x in balls.ravel())


@pytest.mark.parametrize("N", [8, 9])
def test_an_enclosure_is_refused_where_the_determinant_does_not_change_sign(N, monkeypatch):
    monkeypatch.setattr(two_ports, "_MAX_STEPS", 0)
    with pytest.raises(AccuracyError, match="raise bits"):
        enclosed(N)


def test_only_positive_frequencies_are_counted():
    """D is even: an iteration may end in a mirror image, and that would count one eigenvalue twice."""
    with flint.ctx.workprec(400):
        top = float(two_ports._candidates(8)[0])
        assert two_ports._enclosed_root(8, top, BITS).overlaps(enclosed(8).lam[0].imag)
        with pytest.raises(AccuracyError, match="raise bits"):
            two_ports._enclosed_root(8, -top, BITS)


def test_an_eigenvector_is_refused_where_its_eigenvalue_is_known_too_coarsely(monkeypatch):
    monkeypatch.setattr(two_ports, "_enclosed_root", lambda N, w, accuracy: arb(w, 1e-6))
    with pytest.raises(AccuracyError, match=r"eigenvector of .* raise bits"):
        enclosed(9)


def test_one_eigenvalue_is_not_counted_twice(monkeypatch):
    """Two candidates that run into the same root leave another root without one."""
    right = two_ports._candidates(8)
    monkeypatch.setattr(two_ports, "_candidates", lambda N: right[[0, 1, 1, 3]])
    with pytest.raises(AccuracyError, match="not told apart"):
        enclosed(8)


def test_mirror_images_of_real_balls_are_the_balls():
    balls = np.array([arb(1.5), acb(1, 2)], dtype=object)
    assert conjugate(balls).tolist() == [arb(1.5), acb(1, -2)]


# ------------------------------------------------------------------------------------------------- certificates


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("N", [1, 2, 3, 5, 8, 33, 64, 118])
def test_the_form_of_legt_is_certified_in_both_precisions(N, dtype):
    certificate = ht.certify(ht.s4(ht.LegT(N)), dtype=dtype)
    assert certificate.passed, str(certificate)
    assert certificate["entries of lam"].value <= 0.5 + 1e-9
    # a few ulp of float64, or the half ulp in each part that rounding to float32 costs
    assert certificate["entries of V"].value <= (8.71 if dtype == "float64" else 0.7072)
    assert certificate["residual of A"].value <= 8 * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("N", [1, 16, 33])
def test_a_clipped_input_is_certified_and_no_other_clip(N, dtype):
    plain, clipped = ht.s4(ht.LegT(N)), ht.s4(ht.LegT(N), b_clip=1.0)
    assert ht.certify(clipped, dtype=dtype).passed
    for stored, claim in ((plain, clipped.claim()), (clipped, {**clipped.claim(), "b_clip": 0.5})):
        lie = certify_stored(to_storage(stored.tensors(), dtype), claim, {}, dtype)
        assert lie["entries of B"].passed is (N == 1)  # its one mode is real


@pytest.mark.slow
@pytest.mark.parametrize("N", [255, 256])
def test_certificates_of_legt_hold_at_256(N):
    assert ht.certify(ht.s4(ht.LegT(N))).passed


INITS = {N: ht.s4(ht.LegT(N), C=np.ones(N)) for N in (6, 9)}


@settings(deadline=None, max_examples=60)
@given(
    N=st.sampled_from(sorted(INITS)),
    name=st.sampled_from(["lam.imag", "P.real", "P.imag", "B", "V.real", "V.imag"]),
    dtype=st.sampled_from(["float64", "float32"]),
    position=st.floats(0, 1, exclude_max=True),
    side=st.sampled_from([-1, 1]),
)
def test_one_number_twenty_ulp_off_fails_the_certificate(N, name, dtype, position, side):
    init = INITS[N]
    stored = to_storage(init.tensors(), dtype)
    index = np.unravel_index(int(position * stored[name].size), stored[name].shape)
    exact = np.abs(init.tensors()[name.partition(".")[0]][index]) or 1.0
    stored[name][index] += side * 20 * np.spacing(stored[name].dtype.type(exact))
    certificate = certify_stored(stored, init.claim(), {}, dtype)
    assert not certificate[f"entries of {name.partition('.')[0]}"].passed


def columns(change):
    return lambda stored: {**stored, "P.real": change(stored["P.real"]), "P.imag": change(stored["P.imag"])}


REFUSED = {
    "one port only": columns(lambda P: P[:, :1].copy()),
    "a vector": columns(lambda P: P[:, 0].copy()),
    "three ports": columns(lambda P: np.column_stack([P, P[:, 0]])),
    "transposed": columns(lambda P: P.T.copy()),
    "a block too many": columns(lambda P: P[None]),
    "not a number": lambda stored: {**stored, "P.imag": np.full_like(stored["P.imag"], np.nan)},
    "one part only": lambda stored: {k: v for k, v in stored.items() if k != "P.imag"},
}
FAILED = {
    "ports swapped": columns(lambda P: P[:, ::-1].copy()),
    "one port twice": columns(lambda P: P[:, [0, 0]]),
    "no second port": columns(lambda P: P * [1, 0]),
    "conjugated": lambda stored: {**stored, "P.imag": -stored["P.imag"]},
    "real": lambda stored: {"P": stored["P.real"], **{k: v for k, v in stored.items() if k[0] != "P"}},
    "modes in another order": lambda stored: {k: v[..., ::-1].copy() if v.ndim < 2 else v for k, v in stored.items()},
    "decaying": lambda stored: {**stored, "lam.real": stored["lam.real"] - 1e-300},
    "of LegS": lambda stored: {**stored, "B": ht.s4(ht.LegS(6)).B},
}


@pytest.mark.parametrize("lie", REFUSED)
def test_a_correction_that_is_not_of_two_columns_is_refused(lie):
    init = INITS[6]
    with pytest.raises(CertificateError):
        certify_stored(REFUSED[lie](to_storage(init.tensors(), "float64")), init.claim(), {}, "float64")


@pytest.mark.parametrize("lie", FAILED)
def test_other_numbers_in_the_right_shapes_fail_the_certificate(lie):
    init = INITS[6]
    stored = to_storage(init.tensors(), "float64")
    assert certify_stored(stored, init.claim(), {}, "float64").passed
    assert not certify_stored(FAILED[lie](stored), init.claim(), {}, "float64").passed


def test_families_of_one_and_of_two_ports_are_not_taken_for_each_other():
    one, two = ht.s4(ht.LegS(6)), INITS[6]
    for tensors, claim in ((one, two), (two, one)):
        with pytest.raises(CertificateError, match="shape"):
            certify_stored(to_storage(tensors.tensors(), "float64"), claim.claim(), {}, "float64")
    # S4D-LegS halves under the name of LegT: the diagonal of a rank-two form is not that of A + B B^T/2
    half = ht.s4d("legs", 6)
    lie = {**half.claim(), "family": "LegT"}
    assert not certify_stored(to_storage(half.tensors(), "float64"), lie, {}, "float64").passed


# ---------------------------------------------------------------------------------------------------- stability


def test_a_marginal_mode_needs_one_of_the_ports_only():
    """A pole on the axis would be an eigenvector without either port: a zero row of P."""
    P = np.array([[1, 0], [0, 2j], [1, 1]])
    system = ht.DiagonalPlusLowRank([1j, -1j, 2j], P=P, B=[1, 1, 1])
    check = ht.certify(system)["stability"]
    assert check.passed and "zero rows" in check.statement  # no eigenvalue of A was needed
    hole = replace(system, P=P * [[1], [0], [1]])
    assert not ht.certify(hole)["stability"].passed
    double = ht.DiagonalPlusLowRank([1j, 1j, 2j], P=np.ones((3, 2)), B=[1, 1, 1])
    assert not ht.certify(double)["stability"].passed


@pytest.mark.parametrize("N", [8, 70])
def test_sampled_forms_of_rank_two_are_proved_stable(N):
    """By enclosed eigenvalues, and by a Lyapunov function beyond N = 64."""
    dt, op = 0.01, ht.LegT(N)
    sampled = ht.s4(op).system.discretize(dt, "bilinear")
    assert sampled.Q.shape == (N, 2)
    half = dt / 2 * np.array([complex(s) for s in op.pole_balls()])
    margin = 1 - np.abs((1 + half) / (1 - half)).max()
    check = ht.certify(sampled)["stability"]
    # kappa of the poles is 1e3 at N = 8; beyond, the Lyapunov bound lies far below the margin
    assert check.passed and 0 < check.value <= margin + 1e4 * ref.EPS


@pytest.mark.parametrize("Q", [None, np.array([[1.0, 2.0], [0.5, -1.0]])], ids=["Q = P", "Q"])
def test_margins_of_rank_two_are_those_of_the_dense_matrix(Q):
    lam, P = np.array([0.5, 0.25 + 1j]), np.array([[2.0, 1.0], [1j, 3.0]])
    system = ht.DiagonalPlusLowRank(lam, P=P, B=[1, 1], Q=Q)
    margin = -np.linalg.eigvals(system.to_dense().A).real.max()
    value = ht.certify(system)["stability"].value
    assert value == pytest.approx(margin, rel=1e-13)


# ---------------------------------------------------------------------------------------------------- underflow


def test_v_may_underflow_in_float32_and_nothing_else():
    """Entries of 1e-47 in unit columns are lost; a P of that size is not a P."""
    init = ht.s4(ht.LegT(64))
    stored = to_storage(init.tensors(), "float32")
    assert 0 < np.abs(init.V).min() < 1e-46 and (stored["V.real"] == 0).any()
    with pytest.raises(AccuracyError, match="P holds"):
        to_storage({**init.tensors(), "P": init.P * 1e-60}, "float32")


def test_ulps_do_not_shrink_below_the_smallest_normal_number():
    """Half an ulp from a subnormal power of two, seen from below and from above."""
    unit = 2.0**-149
    with flint.ctx.workprec(100):
        for power in (2.0**-126, 2.0**-130, 2.0**-149):
            for offset in (-0.5, 0.5):
                exact = np.array([arb(power) + arb(offset) * unit])
                assert ulp_distance(np.array([power], dtype=np.float32), exact) == pytest.approx(0.5)
        assert ulp_distance(np.zeros(1, dtype=np.float32), np.array([arb(10) ** -60])) < 1e-14
