"""Certificates: what is right passes with bounds worth having, and everything that is wrong fails."""

import math

import flint
import mpmath
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.errors import CertificateError, ParameterTypeError, UnknownNameError
from hippo_theory.rigor import Certificate, certify_stored, to_storage
from hippo_theory.rigor.balls import ulp_distance, upper
from hippo_theory.rigor.normal_part import enclose_normal_part

PAIRS = ht.TakenakaMalmquist([0.3, 1 + 2j, 1 - 2j, 5.5, 1e-3 + 1e3j, 1e-3 - 1e3j], shift=0.25)
OBJECTS = {
    "LegS": lambda: ht.LegS(17),
    "LegT": lambda: ht.LegT(16),
    "LagT": lambda: ht.LagT(9),
    "FouT": lambda: ht.FouT(15),
    "TM": lambda: PAIRS,
    "s4 LegS": lambda: ht.s4(ht.LegS(32)),
    "s4 LegS odd": lambda: ht.s4(ht.LegS(33), C=np.ones(33)),
    "s4 LagT": lambda: ht.s4(ht.LagT(20)),
    "s4 FouT": lambda: ht.s4(ht.FouT(21)),
    "s4 TM": lambda: ht.s4(PAIRS),
    "s4d legs": lambda: ht.s4d("legs", 64),
    "s4d legs odd": lambda: ht.s4d("legs", 63),
    "s4d legs 1": lambda: ht.s4d("legs", 1),
    "s4d without 1/2": lambda: ht.s4d("legs", 16, b_scale=1.0),
    "s4d clipped": lambda: ht.s4d("legs", 63, b_scale=1.0, b_clip=2.0),
    "s4 clipped": lambda: ht.s4(ht.LegS(64), b_clip=2.0),
    "s4d foud": lambda: ht.s4d("foud", 64, alpha=0.3),
    "s4d random": lambda: ht.s4d("random", 64, rng=0),
    "dss": lambda: ht.dss(64),
    "s5": lambda: ht.s5(64, 4, rng=0),
    "lru": lambda: ht.lru(64, 0.9, 0.999, rng=0),
    "mamba": lambda: ht.mamba(64),
    "dfout": lambda: ht.dfout(65, 0.05),
    **{f"s4d {kind}": lambda kind=kind: ht.s4d(kind, 64, rng=0) for kind in ("lin", "inv", "inv2", "quad", "real")},
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", OBJECTS)
def test_every_recipe_is_certified_in_both_precisions(name, dtype):
    certificate = ht.certify(OBJECTS[name](), dtype=dtype)
    assert certificate.passed, str(certificate)
    # Rounding once from a few-ulp float64 number: half an ulp of the stored format, in each part.
    for check in certificate.checks:
        if check.name.startswith("entries"):
            assert check.value <= (0.7072 if dtype == "float32" else 8.8)


def test_every_eigenvalue_of_s4d_legs_is_the_nearest_float():
    for N in (1, 2, 3, 16, 63, 64, 128):
        assert ht.certify(ht.s4d("legs", N))["entries of lam"].value <= 0.5 + 1e-9, N


@pytest.mark.slow
def test_certificates_hold_at_256():
    certificate = ht.certify(ht.s4d("legs", 256))
    assert certificate.passed and certificate["entries of lam"].value <= 0.5 + 1e-9


@pytest.mark.parametrize("operator", [ht.LegS(7), ht.LegS(12), ht.LagT(10), ht.FouT(7), PAIRS])
def test_enclosures_contain_the_eigenvalues_that_a_general_rigorous_solver_finds(operator):
    """Second road to the second road: flint's certified eigenvalues of the dense ball matrix."""
    with flint.ctx.workprec(200):
        A, B = operator.balls(200)
        found = flint.acb_mat(A + B * B.transpose() * flint.arb(0.5)).eig()
        lam = enclose_normal_part(operator, 200).full()[0]
        for z in lam:
            assert any(z.overlaps(w) for w in found)
            assert z.imag.rad() <= abs(z.imag).upper() * flint.arb(2) ** -90 + flint.arb(2) ** -150


def test_eigenvector_enclosures_satisfy_the_eigenvector_equation():
    with flint.ctx.workprec(160):
        operator = ht.LegS(40)
        A, B = operator.balls(160)
        A_N = flint.acb_mat(A + B * B.transpose() * flint.arb(0.5))
        part = enclose_normal_part(operator, 160)
        for j in (0, 7, 19):
            v = flint.acb_mat([[z] for z in part.V[:, j]])
            defect = A_N * v - v * part.lam[j]
            assert all(entry.contains(0) and upper(abs(entry)) < 1e-30 for entry in defect.entries())


@pytest.mark.parametrize(
    ("name", "index", "change"),
    [
        ("lam.imag", (0,), lambda x: np.nextafter(np.nextafter(x, np.inf), np.inf)),
        ("B", (3,), lambda x: x * (1 + 4e-15)),
        ("V.real", (5, 2), lambda x: x + 1e-14),
        ("V.imag", (0, 0), lambda x: -x),
        ("lam.real", (1,), lambda x: x + 1e-15),
    ],
)
def test_one_number_a_few_ulp_off_fails_the_certificate(name, index, change):
    init = ht.s4d("legs", 16)
    stored = to_storage(init.tensors(), "float64")
    stored[name][index] = change(stored[name][index])
    assert not certify_stored(stored, init.claim(), {}, "float64").passed


def failing(init, change):
    """The names of the checks that fail once the stored tensors are changed in place."""
    stored = to_storage(init.tensors(), "float64")
    change(stored)
    return {check.name for check in certify_stored(stored, init.claim(), {}, "float64").checks if not check.passed}


@pytest.mark.parametrize(
    ("make", "name", "below", "above"),
    [
        (lambda: ht.s4d("legs", 16), "lam", 0, 2),
        (lambda: ht.s4(ht.LegS(16)), "lam", 0, 2),
        (lambda: ht.s4(ht.LegT(16)), "lam", 0, 2),
        (lambda: ht.s4d("legs", 16), "B", 2, 6),
        (lambda: ht.s4(ht.LegS(16)), "B", 2, 6),
        (lambda: ht.s4(ht.LegS(16)), "P", 2, 6),
        (lambda: ht.s4(ht.LegT(16)), "P", 6, 12),
        (lambda: ht.s4(ht.LegS(16), b_clip=2.0), "B", 6, 12),
        (lambda: ht.s4d("legs", 16), "V", 6, 12),
        (lambda: ht.s4(ht.LegS(16)), "V", 6, 12),
        (lambda: ht.s4(ht.LegT(16)), "V", 6, 12),
    ],
)
def test_entries_alone_fail_a_few_ulp_off_where_no_norm_shows_it(make, name, below, above):
    """The smallest number, in its own ulp: 1.2 are allowed to lam, 4.5 to B and P, 8.7 to V and what V turns."""
    init = make()
    size = np.abs(init.tensors()[name].imag if name == "lam" else init.tensors()[name])
    index = np.unravel_index(np.argmin(size), size.shape)

    def moved(ulp):
        def change(stored):
            part = name if name in stored else f"{name}.imag" if name == "lam" else f"{name}.real"
            stored[part][index] += ulp * np.spacing(size[index])

        return failing(init, change)

    assert moved(below) == set() and moved(above) == {f"entries of {name}"}


@pytest.mark.parametrize("make", [lambda: ht.s4d("legs", 16), lambda: ht.s4(ht.LegS(16)), lambda: ht.s4(ht.LegT(16))])
def test_unitarity_fails_for_columns_a_little_too_long(make):
    """||V^* V - I|| = 2 delta sqrt(N) for columns of length 1 + delta, with a limit of 4 N eps."""
    init = make()

    def longer(times):
        def change(stored):
            for part in ("V.real", "V.imag"):
                stored[part] *= 1 + times * 2 * math.sqrt(16) * np.finfo(float).eps

        return failing(init, change) - {"entries of V", "distance of V"}

    assert longer(0.7) == set() and longer(1.4) == {"unitarity of V"}


@pytest.mark.parametrize("make", [lambda: ht.s4d("legs", 16), lambda: ht.s4(ht.LagT(16))])
def test_the_residual_fails_for_eigenvalues_a_little_too_large(make):
    """||V diag(lam) V^*|| moves by what lam does, with a limit of 4 N eps of the whole."""
    init = make()
    claimed, tensors = ht.certify(init)["residual of A"], init.tensors()
    whole = np.linalg.norm(tensors["lam"]) * (math.sqrt(2) if init.conjugate_pairs else 1)
    if "P" in tensors:
        whole /= np.linalg.norm(ht.LagT(16).A)
    else:
        whole = 1.0

    def larger(times):
        def change(stored):
            for part in ("lam.real", "lam.imag"):
                stored[part] *= 1 + times * claimed.limit / whole

        return failing(init, change) - {"entries of lam", "distance of lam"}

    assert claimed.limit == 4 * 16 * np.finfo(float).eps
    assert larger(0.7) == set() and larger(1.4) == {"residual of A"}


@pytest.mark.parametrize("operator", [ht.LegS(8), ht.LegT(8), ht.LagT(8), ht.FouT(9), PAIRS], ids=repr)
def test_losslessness_fails_for_exact_entries_a_little_off(operator):
    """The identity is enclosed at 128 bits: N 2^-120 of ||B||^2 is allowed to its balls, and nothing more."""
    from hippo_theory.rigor.certify import _lossless_check, _operator_balls

    with flint.ctx.workprec(128):
        exact = _operator_balls(operator)
        size = sum(float(b) ** 2 for b in operator.B)
        for times, passes in ((0.0, True), (0.7, True), (1.4, False)):
            A = exact["A"].copy()
            A[0, 1] = A[0, 1] + times * operator.N * size / math.sqrt(2) * flint.arb(2) ** -120
            assert _lossless_check(operator, {"A": A, "B": exact["B"]}).passed == passes


def test_one_operator_entry_one_ulp_off_fails_the_certificate():
    stored = to_storage(ht.LegS(16).tensors(), "float64")
    stored["A"][7, 3] = np.nextafter(stored["A"][7, 3], 0)
    certificate = certify_stored(stored, ht.LegS(16).claim(), {}, "float64")
    assert not certificate["entries of A"].passed and certificate["entries of B"].passed


def test_the_missing_factor_one_half_is_found():
    """Most public code drops the 1/2 of S4D-LegS; a file that claims to have it must have it."""
    right, wrong = ht.s4d("legs", 16), ht.s4d("legs", 16, b_scale=1.0)
    certificate = certify_stored(to_storage(wrong.tensors(), "float64"), right.claim(), {}, "float64")
    assert not certificate.passed and certificate["distance of B"].value == pytest.approx(1.0)


def test_swapped_roles_and_other_sizes_are_refused():
    init = ht.s4(ht.LegS(8))
    tensors = init.tensors()
    swapped = to_storage({**tensors, "P": tensors["B"], "B": tensors["P"]}, "float64")
    assert not certify_stored(swapped, init.claim(), {}, "float64").passed
    with pytest.raises(CertificateError, match="shape"):
        certify_stored(to_storage(tensors, "float64"), {**init.claim(), "N": 9}, {}, "float64")
    with pytest.raises(CertificateError, match="consists of"):
        certify_stored({}, init.claim(), {}, "float64")
    del tensors["P"]
    with pytest.raises(CertificateError, match="magic"):
        certify_stored(to_storage(tensors, "float64"), {**init.claim(), "recipe": "magic"}, {}, "float64")


def test_a_complex_tensor_needs_both_parts():
    stored = to_storage(ht.s4d("lin", 8).tensors(), "float64")
    del stored["lam.imag"]
    with pytest.raises(CertificateError, match=r"lam\.imag"):
        certify_stored(stored, ht.s4d("lin", 8).claim(), {}, "float64")


@pytest.mark.parametrize(
    ("system", "margin"),
    [
        (ht.StateSpace([[-1.0, 2.0], [0.5, -3.0]], [1, 1]), 2 - math.sqrt(2)),
        (ht.StateSpace([[-1.0, 1e9], [0.0, -3.0]], [1, 1]), 1.0),
        (ht.StateSpace([[0.5, 9.0], [0.0, 0.25]], [1, 1], dt=1.0), 0.5),
        (ht.Diagonal([-0.25 + 4j], [1.0], conjugate_pairs=True), 0.25),
        (ht.Diagonal([0.6 + 0.8j * 0.5], [1.0], dt=0.1), 1 - abs(0.6 + 0.4j)),
        (ht.DiagonalPlusLowRank([-0.5 + 1j, -0.5 - 1j], P=[1, 1], B=[1, 1]), 0.5),
    ],
)
def test_stability_margins_are_lower_bounds_and_sharp(system, margin):
    check = ht.certify(system)["stability"]
    assert check.passed and margin * (1 - 1e-12) <= check.value <= margin * (1 + 1e-15)


def test_stability_is_denied_or_left_open_but_never_guessed():
    assert not ht.certify(ht.Diagonal([0.1 + 1j, -1.0], [1, 1]))["stability"].passed
    assert not ht.certify(ht.StateSpace([[0.0, 1.0], [0.0, -1.0]], [1, 1]))["stability"].passed
    rng = np.random.default_rng(0)
    large = ht.certify(ht.StateSpace(rng.standard_normal((65, 65)), np.ones(65)))["stability"]
    assert not large.passed and "could not be proved" in large.statement
    defective = ht.certify(ht.StateSpace([[2.0, 1.0], [-1.0, 0.0]], [1.0, 0.0]))["stability"]
    assert not defective.passed
    # one pole at -99.9 although Re lam > 0, and one at +2 although Re lam < 3
    assert ht.certify(ht.DiagonalPlusLowRank([0.1], [10.0], [1.0]))["stability"].value == pytest.approx(99.9)
    assert not ht.certify(ht.DiagonalPlusLowRank([1.0], [1.0], [1.0], Q=[-1.0]))["stability"].passed


def test_large_dense_systems_are_proved_stable_by_a_lyapunov_function():
    rng = np.random.default_rng(3)
    noise = rng.standard_normal((100, 100)) / 10
    for A, dt, abscissa in ((noise - 1.5 * np.eye(100), None, -1), (0.5 * noise, 0.1, 1)):
        check = ht.certify(ht.StateSpace(A, np.ones(100), dt=dt))["stability"]
        poles = np.linalg.eigvals(A)
        margin = -poles.real.max() if abscissa < 0 else 1 - np.abs(poles).max()
        assert check.passed and 0 < check.value <= margin
    unstable = ht.certify(ht.StateSpace(noise - 0.5 * np.eye(100), np.ones(100)))
    assert not unstable.passed


def test_every_mode_is_looked_at_not_only_the_one_that_rounds_largest():
    a, b = 0.9001324772834778 + 0.4356161952018738j, 0.5993958711624146 + 0.8004527688026428j
    assert not ht.certify(ht.Diagonal([a, b], [1, 1], dt=1), dtype="float32").passed


def test_a_resonance_narrower_than_a_float_is_enclosed_too():
    sharp = ht.TakenakaMalmquist([1e-16 + 1j, 1e-16 - 1j, 1e-16 + 3j, 1e-16 - 3j])
    assert ht.certify(ht.s4(sharp), bits=256).passed


def test_a_recipe_decides_whether_halves_are_stored_and_how_many():
    from dataclasses import replace

    init = ht.s4d("lin", 8)
    with pytest.raises(CertificateError, match="conjugate_pairs"):
        ht.certify(replace(init, system=ht.Diagonal(init.lam, init.B)))
    claim, stored = ht.s4(PAIRS).claim(), to_storage(ht.s4(PAIRS).tensors(), "float64")
    with pytest.raises(CertificateError):
        certify_stored(stored, {**claim, "N": 64}, {}, "float64")


def test_nothing_but_numbers_of_the_right_names_is_certified():
    diagonal = ht.Diagonal([-1.0], [1.0])
    claim, stored = diagonal.claim(), to_storage(diagonal.tensors(), "float64")
    lies = [
        {**stored, "A": -np.eye(1)},
        {**stored, "B": np.array([np.nan])},
        {**stored, "lam.real": -np.ones(1), "lam.imag": np.zeros(1)},
        {"lam": stored["lam"]},
    ]
    for lie in lies:
        with pytest.raises(CertificateError):
            certify_stored(lie, claim, {}, "float64")
    with pytest.raises(CertificateError, match="Banana"):
        certify_stored(stored, {**claim, "type": "Banana"}, {}, "float64")
    with pytest.raises(CertificateError):
        certify_stored({"A": -np.eye(1), "B": np.ones(1)}, {**ht.LegS(100_000).claim()}, {}, "float64")


def test_threads_do_not_disturb_each_other():
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(ht.certify, ht.s4d("legs", 8 + k), bits=(128, 256)[k % 2]) for k in range(12)]
        assert all(job.result().passed for job in jobs)
    assert flint.ctx.prec == 53


def test_a_marginal_diagonal_with_full_low_rank_part_is_stable_and_with_a_hole_is_not():
    """FouT and LagT in S4 form have Re lam = 0: the low rank alone keeps the poles off the axis."""
    assert ht.certify(ht.s4(ht.FouT(9)))["stability"].passed
    hole = ht.DiagonalPlusLowRank([1j, -1j, 2j], P=[1, 1, 0], B=[1, 1, 1])
    assert not ht.certify(hole)["stability"].passed


def test_ulp_distance_agrees_with_mpmath():
    values = np.array([0.1, 1 / 3, 2.0, 1e-310, -7.25])
    with mpmath.workdps(60), flint.ctx.workprec(200):
        exact = np.array([flint.arb(1) / 10, flint.arb(1) / 3, flint.arb(2), flint.arb(10) ** -310, flint.arb(-7.25)])
        worst = max(
            abs(mpmath.mpf(float(v)) - x) / mpmath.mpf(float(np.spacing(abs(v))))
            for v, x in zip(
                values, [mpmath.mpf(1) / 10, mpmath.mpf(1) / 3, 2, mpmath.mpf(10) ** -310, -7.25], strict=True
            )
        )
        assert ulp_distance(values, exact) == pytest.approx(float(worst), rel=1e-12)
        assert ulp_distance(np.array([1e-300]), np.array([flint.arb(0)])) == math.inf


def test_certificate_survives_json_and_shows_itself():
    certificate = ht.certify(ht.s4d("legs", 8), dtype="float32")
    again = Certificate.from_json(certificate.to_json())
    assert again == certificate
    assert "&#10003;" in certificate._repr_html_() and "<script" not in certificate._repr_html_()
    assert "passed" in str(certificate) and "entries of V" in str(certificate)
    with pytest.raises(KeyError, match="entries of V"):
        certificate["no such check"]


def test_certify_says_what_it_can_certify():
    with pytest.raises(ParameterTypeError, match="StateSpace"):
        ht.certify(np.eye(3))
    with pytest.raises(UnknownNameError, match="float32"):
        ht.certify(ht.LegS(3), dtype="float16")


def test_precision_of_the_caller_is_left_alone():
    before = flint.ctx.prec
    ht.certify(ht.s4d("legs", 4), bits=200)
    assert flint.ctx.prec == before


def test_stable_systems_with_multiple_poles_are_proved_stable():
    """Where no eigenvalue can be isolated, a Lyapunov function decides, at every N."""
    oscillator = ht.certify(ht.StateSpace([[0, 1], [-1, -2]], [0, 1]))["stability"]
    assert oscillator.passed and 0 < oscillator.value <= 1
    kautz = ht.certify(ht.TakenakaMalmquist([1 + 2j, 1 - 2j] * 4))["stability"]
    assert kautz.passed and 0 < kautz.value <= 1
    discrete = ht.s4(ht.LegS(66)).system.discretize(0.01, "bilinear")
    assert ht.certify(discrete)["stability"].value > 0


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_lyapunov_margins_hold_at_any_scale(scale):
    A = scale * (np.triu(np.full((66, 66), 0.01)) - 2 * np.eye(66))
    A[-1, 0] = 1e-3 * scale
    check = ht.certify(ht.StateSpace(A, np.ones(66)))["stability"]
    assert check.passed and 0 < check.value <= -np.linalg.eigvals(A).real.max()


def test_ulps_are_counted_from_below_a_power_of_two_when_the_exact_value_may_lie_there():
    with flint.ctx.workprec(200):
        straddling = (flint.arb(1) - flint.arb(2) ** -99).union(flint.arb(1))
        assert ulp_distance(np.array([1 + 2.0**-52]), np.array([straddling])) >= 2.0


def test_unstable_dense_systems_are_called_so_only_where_an_eigenvalue_proves_it(tmp_path):
    """A double pole at +1 cannot be isolated: refused as unproved, not as unstable."""
    unstable, unproved = ([[1.0, 2.0], [3.0, -1.0]], [[2.0, 1.0], [-1.0, 0.0]])
    assert ht.certify(ht.StateSpace(unstable, [1.0, 0.0]))["stability"].value == pytest.approx(-math.sqrt(7))
    assert ht.certify(ht.StateSpace(unproved, [1.0, 0.0]))["stability"].value is None
    for A, error in ((unstable, ht.UnstableSystemError), (unproved, CertificateError)):
        with pytest.raises(error):
            ht.export(ht.StateSpace(A, [1.0, 0.0]), tmp_path / "x.safetensors")


def test_a_lyapunov_function_proves_nothing_unless_it_decreases(monkeypatch):
    """P may come from anywhere, so a wrong one must not pass: P = I for a system that grows."""
    import scipy.linalg

    grows = 0.1 * np.eye(66) + np.triu(np.full((66, 66), 1e-3), 1) + 1e-3 * np.eye(66, k=-1)
    monkeypatch.setattr(scipy.linalg, "solve_continuous_lyapunov", lambda a, q: np.eye(len(a)))
    assert not ht.certify(ht.StateSpace(grows, np.ones(66)))["stability"].passed
    assert ht.certify(ht.StateSpace(grows - np.eye(66), np.ones(66)))["stability"].passed


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_an_enclosure_is_refused_where_the_phase_does_not_change_sign(factor, monkeypatch):
    """A Newton iteration that is stuck beside the root, below or above it, must not be believed."""
    from hippo_theory.rigor import normal_part

    with flint.ctx.workprec(128):
        a = [flint.acb(k + 0.5) for k in range(8)]
        root = normal_part._enclosed_root(a, 3, 6.0, 128)
        monkeypatch.setattr(normal_part, "_slope", lambda a, y: flint.arb(10) ** 30)
        with pytest.raises(ht.AccuracyError, match="could not be enclosed"):
            normal_part._enclosed_root(a, 3, factor * float(root.mid()), 128)


@pytest.mark.parametrize(
    ("make", "name", "change", "check"),
    [
        (lambda: ht.dss(8), "lam.imag", lambda x: np.nextafter(np.nextafter(x, 9e9), 9e9), "entries of lam"),
        (lambda: ht.s5(8, 2, rng=0), "V.real", lambda x: x + 1e-14, "entries of V"),
        (lambda: ht.lru(8, 0.5, 0.9, rng=0), "B", lambda x: x + 1e-14, "normalisation of B"),
        (lambda: ht.lru(8, 0.5, 0.9, rng=0), "lam.real", lambda x: x + 0.5, "ring of lam"),
        (lambda: ht.s4d("random", 8, rng=0), "lam.real", lambda x: x * (1 + 1e-15), "decay rates"),
        (lambda: ht.s4d("random", 8, rng=0), "lam.imag", lambda x: -x, "decay rates"),
        (lambda: ht.mamba(8), "lam", lambda x: x * (1 + 2e-15), "entries of lam"),
        (lambda: ht.dfout(8, 0.1), "lam.imag", lambda x: x + 1e-15, "entries of lam"),
        (lambda: ht.s4d("legs", 8, b_clip=1.0), "B.imag", lambda x: x + 1e-14, "entries of B"),
        (lambda: ht.s4d("foud", 8, alpha=0.3), "lam.imag", lambda x: x * (1 + 2e-15), "entries of lam"),
    ],
)
def test_what_a_recipe_fixes_is_certified_and_a_few_ulp_are_seen(make, name, change, check):
    init = make()
    stored = to_storage(init.tensors(), "float64")
    assert certify_stored(stored, init.claim(), {}, "float64").passed
    stored[name][1] = change(stored[name][1])
    certificate = certify_stored(stored, init.claim(), {}, "float64")
    assert not certificate[check].passed


def test_a_clip_is_part_of_the_claim():
    plain, clipped = ht.s4(ht.LegS(16)), ht.s4(ht.LegS(16), b_clip=2.0)
    assert not certify_stored(to_storage(clipped.tensors(), "float64"), plain.claim(), {}, "float64").passed
    assert not certify_stored(to_storage(plain.tensors(), "float64"), clipped.claim(), {}, "float64").passed


def test_stability_of_a_discrete_recipe_is_judged_by_the_circle():
    assert ht.certify(ht.dfout(8, 0.1))["stability"].value == pytest.approx(1 - np.exp(-0.05), rel=1e-12)
    assert not ht.certify(ht.dfout(8, 0.0))["stability"].passed
