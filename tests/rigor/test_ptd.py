"""Certificates of perturb-then-diagonalize: true modes and bounds worth having; a forged claim is refused."""

import functools
import json
import math

import flint
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import AccuracyError, CertificateError, HippoTheoryError, UnstableSystemError
from hippo_theory.lossless import homotopy_error
from hippo_theory.rigor import certify_stored, from_storage, to_storage
from hippo_theory.rigor.homotopy import enclose_homotopy
from hippo_theory.rigor.homotopy_error import homotopy_error_bound
from hippo_theory.rigor.normal_part import enclose_normal_part

PAIRS = ht.TakenakaMalmquist([2.0, 1 + 3j, 1 - 3j, 0.3 + 7j, 0.3 - 7j, 0.7, 1.1], shift=0.25)
SOURCE = ht.StateSpace([[-1.0, 2.0, 0.0], [0.0, -2.0, 2.0], [0.0, 0.0, -3.0]], [1.0, -0.5, 2.0])
ONE_PORT = {
    "LegS": lambda: ht.ptd(ht.LegS(8)),
    "LegS 1": lambda: ht.ptd(ht.LegS(1), rho=0.4),
    "LegS odd": lambda: ht.ptd(ht.LegS(9), error=0.02),
    "LegS kappa": lambda: ht.ptd(ht.LegS(12), kappa=50),
    "S4D": lambda: ht.ptd(ht.LegS(8), rho=1.0),
    "nearly S4D": lambda: ht.ptd(ht.LegS(9), rho=0.999999),
    "next to S4D": lambda: ht.ptd(ht.LegS(9), rho=1 - 1e-12),  # float32 rounds it onto the line
    "LagT": lambda: ht.ptd(ht.LagT(12), rho=0.3),
    "FouT": lambda: ht.ptd(ht.FouT(15)),
    "TM": lambda: ht.ptd(PAIRS, rho=0.2),
    "blocks": lambda: ht.ptd(ht.LegS(5), rho=0.3, blocks=3),
    "C": lambda: ht.ptd(ht.LegS(6), blocks=2, C=np.arange(24.0).reshape(2, 12)),
}
DENSE = {
    "LegT": lambda: ht.ptd(ht.LegT(8), rho=0.2),
    "StateSpace": lambda: ht.ptd(SOURCE, rho=0.2, blocks=2),
    "random": lambda: ht.ptd(ht.LegS(5), "random", size=0.02, rng=0),
    "complex": lambda: ht.ptd(ht.LegS(4), "random", size=0.05, field="complex", rng=0),
    "optimized": lambda: ht.ptd(ht.LegS(8), "optimized", rng=0),
    "optimized StateSpace": lambda: ht.ptd(SOURCE, "optimized", rng=0),
}
GIVEN = {
    "B": lambda: ht.ptd(ht.LegS(5), rho=0.3, blocks=2, B=np.arange(20.0).reshape(10, 2), C=np.ones(10)),
    "B dense": lambda: ht.ptd(SOURCE, rho=0.3, B=np.ones(3)),
    "B complex": lambda: ht.ptd(ht.LegS(4), "random", size=0.05, field="complex", rng=0, B=np.ones(4)),
}
ALL = ONE_PORT | DENSE | GIVEN


@functools.cache
def made(name):
    return ALL[name]()


def stored_block(path):
    """The stored numbers of one block as a system, all states read out."""
    layer = ht.load(path)
    J = layer.recipe.get("blocks", 1)
    M, n = layer.lam.size // J, layer.N // J
    return layer, ht.Diagonal(layer.lam[:M], layer.B[:M], C=layer.V[:n, :M], conjugate_pairs=layer.conjugate_pairs)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ALL)
def test_what_goes_in_comes_out_and_is_proved_again(name, dtype, tmp_path):
    layer, path = made(name), tmp_path / "layer.safetensors"
    written = ht.export(layer, path, dtype=dtype)
    assert ht.verify(path).checks == written.checks
    found = ht.load(path)
    assert type(found) is type(layer) and found.claim() == layer.claim()
    for key, value in layer.tensors().items():
        rounded = from_storage(to_storage({key: value}, dtype))[key]
        assert np.array_equal(found.tensors()[key], rounded), key
    eps = float(np.finfo(dtype).eps)
    assert found.kappa == pytest.approx(layer.kappa, rel=64 * layer.N * eps * layer.kappa)
    assert found.transfer_error == pytest.approx(layer.transfer_error, rel=1e-3 if dtype == "float32" else 1e-6)
    assert found.findings()[0].value == found.kappa


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ONE_PORT | DENSE)
class TestTheBounds:
    def test_of_the_transfer_error_are_above_the_norm_of_what_is_stored_and_sharp(self, name, dtype, tmp_path):
        path = tmp_path / "layer.safetensors"
        proved = ht.export(made(name), path, dtype=dtype)["transfer error"].value
        layer, block = stored_block(path)
        op = layer.operator
        measured = ht.hinf_norm(op.system if isinstance(op, ht.LegS | type(PAIRS)) else op, block).value
        # The bound: 1 % for the supremum, and what rounding adds mode by mode, kappa eps or less.
        assert measured * (1 - 1e-6) <= proved <= 1.02 * measured + 100 * layer.kappa * np.finfo(dtype).eps

    def test_of_the_condition_enclose_it(self, name, dtype, tmp_path):
        path = tmp_path / "layer.safetensors"
        certificate = ht.export(made(name), path, dtype=dtype)
        V = stored_block(path)[1].C
        if certificate.claim["conjugate_pairs"]:
            V = np.hstack([V, V[:, stored_block(path)[1].lam.imag != 0].conj()])
        with mp.workdps(40):
            sigma = mp.svd_c(mp.matrix(V.tolist()), compute_uv=False)
            kappa = sigma[0] / sigma[len(sigma) - 1]
        low, high = (certificate[f"eigenvector condition{more}"].value for more in (" from below", ""))
        assert low <= kappa <= high <= low * (1 + 1e-9)

    def test_of_the_perturbation_are_above_it_and_sharp(self, name, dtype):
        layer = made(name)
        found = ht.certify(layer, dtype=dtype)["perturbation"].value
        assert found == pytest.approx(layer.perturbation_norm, rel=4 * float(np.finfo(dtype).eps) + 1e-12)


@pytest.mark.parametrize("op", [ht.LegS(1), ht.LegS(7), ht.LegS(12), ht.LagT(6), ht.FouT(7), PAIRS], ids=repr)
@pytest.mark.parametrize("rho", [0.9, 0.1, 1e-3])
class TestTheSecondRoad:
    def test_encloses_the_eigenvalues_that_a_general_rigorous_solver_finds(self, op, rho):
        lam = ht.ptd(op, rho=rho).lam
        with flint.ctx.workprec(200):
            found = enclose_homotopy(enclose_normal_part(op, 200), op.shift, rho, lam, 200)
            A, B = op.balls(200)
            r = flint.arb(rho)
            eigenvalues = flint.acb_mat(A + B * B.transpose() * (r / (1 + r))).eig()
            assert len(eigenvalues) == op.N
            assert all(sum(z.overlaps(w) for w in eigenvalues) == 1 for z in found.lam)

    def test_diagonalises_the_exact_matrix_with_the_exact_input(self, op, rho):
        lam = ht.ptd(op, rho=rho).lam
        with flint.ctx.workprec(200):
            found = enclose_homotopy(enclose_normal_part(op, 200), op.shift, rho, lam, 200)
            A, B = op.balls(200)
            r, V = flint.arb(rho), flint.acb_mat(found.V.tolist())
            moved = flint.acb_mat(A + B * B.transpose() * (r / (1 + r))) * V
            for k, z in enumerate(found.lam):
                column = [V[i, k] for i in range(op.N)]
                assert all((moved[i, k] - z * v).contains(0) for i, v in enumerate(column))
                assert (sum(abs(v) ** 2 for v in column) - 1).contains(0)
                assert max(v.rad() for v in column) < 1e-40
            twice = [1 if z.imag == 0 else 2 for z in found.lam]
            for i in range(op.N):
                # Pairs add up to twice the real part.
                total = sum(t * (V[i, k] * w).real for k, (t, w) in enumerate(zip(twice, found.weights, strict=True)))
                assert (total - B[i, 0] / (1 + r)).contains(0)

    def test_bounds_the_error_of_the_exact_homotopy_within_one_percent(self, op, rho):
        with flint.ctx.workprec(128):
            bound = homotopy_error_bound(enclose_normal_part(op, 128), op.shift, rho)
        exact = homotopy_error(op, rho).value
        assert exact * (1 - 1e-9) <= bound <= 1.011 * exact


def test_the_spike_of_the_diagonal_system_is_bounded_at_rho_1():
    with flint.ctx.workprec(128):
        assert 10.0245724079 <= homotopy_error_bound(enclose_normal_part(ht.LegS(16), 128), 0.5, 1.0) <= 10.13
        assert homotopy_error_bound(enclose_normal_part(ht.LagT(4), 128), 0.0, 1.0) == math.inf


class TestSmallPerturbations:
    """Theory P2: below the shift ||E||/((shift - ||E||) sqrt(2 shift)) bounds the error of every E."""

    @pytest.mark.parametrize("options", [{"size": 0.01}, {"size": 0.02, "field": "complex"}])
    def test_the_proved_error_is_below_the_proved_bound(self, options):
        layer = ht.ptd(ht.LegS(5), "random", rng=0, **options)
        found = {check.name: check.value for check in ht.certify(layer).checks}
        size = layer.perturbation_norm
        assert found["transfer error by theory"] == pytest.approx(size / (0.5 - size), rel=1e-12)
        assert layer.transfer_error <= found["transfer error"] <= found["transfer error by theory"]

    def test_beyond_the_shift_nothing_is_promised(self):
        layer = ht.ptd(ht.LegS(8), "optimized", rng=0)
        assert layer.perturbation_norm > 0.5
        assert "transfer error by theory" not in {check.name for check in ht.certify(layer).checks}


def test_roots_that_are_not_all_are_refused():
    op = ht.LegS(8)
    lam = ht.ptd(op, rho=0.3).lam.copy()
    lam[1] = lam[0] * (1 + 1e-9)
    with flint.ctx.workprec(128), pytest.raises(AccuracyError, match="not all 8"):
        enclose_homotopy(enclose_normal_part(op, 128), op.shift, 0.3, lam, 128)


def test_a_layer_with_poles_on_the_axis_is_not_exported(tmp_path):
    with pytest.raises(UnstableSystemError):
        ht.export(ht.ptd(ht.LagT(4), rho=1.0), tmp_path / "x.safetensors")
    assert ht.certify(ht.ptd(ht.LagT(4), rho=1.0))["transfer error"].value is None


@st.composite
def chains(draw):
    size, shift = st.floats(0.05, 20.0), draw(st.sampled_from([0.0, 0.5, 2.0]))
    pairs = draw(st.lists(st.tuples(size, st.none() | size), min_size=1, max_size=4))
    a = [z for re, im in pairs for z in ([re] if im is None else [complex(re, im), complex(re, -im)])]
    return ht.TakenakaMalmquist(a, shift)


@pytest.mark.filterwarnings("ignore:ptd:hippo_theory.errors.AccuracyWarning")
@settings(max_examples=25, deadline=None)
@given(chains(), st.floats(0.01, 1.0), st.sampled_from(["float64", "float32"]))
def test_every_layer_of_every_chain_is_certified_but_for_poles_on_the_axis(op, rho, dtype):
    layer = ht.ptd(op, rho=rho)
    certificate = ht.certify(layer, dtype=dtype)
    assert certificate.passed or (rho > 0.999 and op.shift == 0), str(certificate)
    if dtype == "float64" and certificate["transfer error"].value is not None:
        assert layer.transfer_error * (1 - 1e-9) <= certificate["transfer error"].value


def certified(layer, claim=(), **tensors):
    stored = to_storage(layer.tensors() | tensors, "float64")
    return certify_stored(stored, json.loads(json.dumps(layer.claim() | dict(claim))), layer.conventions, "float64")


class TestAForgedClaim:
    @pytest.mark.parametrize(
        ("name", "claim"),
        [
            ("LegS", {"rho": 0.1 * (1 + 1e-12)}),
            ("LegS", {"rho": 0.2}),
            ("LegS", {"rho": 1.0}),
            ("LegS", {"rho": 1.5}),
            ("LegS", {"rho": math.nan}),
            ("LegS", {"family": "LagT"}),
            ("LegS", {"family": "LegT"}),
            ("LegS", {"method": "random"}),
            ("LegS", {"method": "other"}),
            ("LegS", {"N": 7}),
            ("LegS", {"blocks": 2}),
            ("LegS", {"B": "mine"}),
            ("LegS", {"conjugate_pairs": False}),
            ("TM", {"shift": 0.2500001}),
            ("blocks", {"blocks": 1}),
            ("blocks", {"blocks": 2}),
            ("blocks", {"blocks": "3"}),
            ("LegT", {"rho": 0.2000001}),
            ("LegT", {"family": "LegS"}),
            ("StateSpace", {"rho": 0.2000001}),
            ("StateSpace", {"family": "LegS"}),
            ("optimized", {"family": "LagT"}),
            ("optimized", {"method": "allpass", "rho": 0.1}),
            ("complex", {"conjugate_pairs": True}),
        ],
    )
    def test_is_refused(self, name, claim):
        layer = made(name)
        assert certified(layer).passed
        try:
            assert not certified(layer, claim).passed
        except HippoTheoryError as error:
            assert str(error)

    @pytest.mark.parametrize("name", ALL)
    def test_of_any_tensor_is_refused(self, name):
        layer = made(name)
        tensors = layer.tensors()
        # With another input neither it nor that of the operator, which it replaces, is claimed.
        for key in tensors.keys() - {"C"} - ({"B", "input"} if name in GIVEN else set()):
            wrong = tensors[key].copy()
            wrong.flat[-1] += 1e-6 * max(1.0, float(np.abs(wrong).max()))
            try:
                passed = certified(layer, **{key: wrong}).passed
            except HippoTheoryError:
                continue
            assert not passed, key

    @pytest.mark.parametrize("apart", [0.0, 1e-12])
    def test_of_one_eigenvector_for_all_is_refused(self, apart):
        """A v = v lam holds for it, and any V solves V (V^-1 B) = B to within its condition."""
        layer = made("LegT")
        lam, V, B = (np.repeat(x[..., :1], 4, axis=-1) for x in (layer.lam, layer.V, layer.B))
        V = V + apart * np.random.default_rng(0).standard_normal(V.shape)
        assert not certified(layer, lam=lam, V=V / np.linalg.norm(V, axis=0), B=B).passed

    def test_of_complex_parts_in_a_real_mode_is_refused(self):
        layer = made("LegS odd")
        V = layer.V.copy()
        V[:, -1] *= 1j
        with pytest.raises(CertificateError, match="real mode"):
            certified(layer, V=V)

    def test_of_blocks_that_differ_is_refused(self):
        layer = made("blocks")
        lam = layer.lam.copy()
        lam[-1] = np.nextafter(lam[-1].real, 0)
        with pytest.raises(CertificateError, match="not copies"):
            certified(layer, lam=lam)

    def test_of_a_real_mode_made_complex_is_refused(self):
        layer = made("LegS odd")
        with pytest.raises(CertificateError, match="needs"):
            certified(layer, lam=np.where(layer.lam.imag == 0, layer.lam + 1e-300j, layer.lam))


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda: ht.ptd(ht.LegS(64)),
        lambda: ht.ptd(ht.LegS(65), rho=0.01),
        lambda: ht.ptd(ht.LagT(64), rho=0.9),
        lambda: ht.ptd(ht.FouT(65)),
        lambda: ht.ptd(ht.LegT(32)),
        lambda: ht.ptd(ht.LegS(64), "optimized", rng=0),
    ],
)
def test_certificates_hold_at_64(make, tmp_path):
    layer = make()
    ht.export(layer, tmp_path / "x.safetensors")
    found = ht.verify(tmp_path / "x.safetensors")
    assert layer.transfer_error <= found["transfer error"].value <= 1.011 * layer.transfer_error


@pytest.mark.parametrize(
    "N",
    [16, 128, *(pytest.param(N, marks=pytest.mark.nightly) for N in (512, 1024))],
)
def test_legs_is_proved_to_stay_in_the_tube_at_every_size(N):
    found = ht.certify(ht.ptd(ht.LegS(N), rho=0.1))
    assert found.passed
    assert found["transfer error"].value <= found["transfer error by theory"].value
    assert found["transfer error by theory"].value == pytest.approx(0.1 / 1.8, rel=1e-14)
    assert found["eigenvector condition"].value <= 10
    assert found["eigenvector condition"].value <= (1 + 1e-11 * N) * found["eigenvector condition from below"].value


@pytest.mark.parametrize("unit", [1e-150, 1e150])
def test_units_of_time_do_not_matter(unit):
    layer = ht.ptd(ht.TakenakaMalmquist([unit, 3 * unit]), rho=0.2)
    found = ht.certify(layer)
    assert found.passed
    assert layer.transfer_error <= found["transfer error"].value <= 1.011 * layer.transfer_error


def test_the_error_of_an_unstable_source_is_open_and_its_stable_layer_is_certified():
    source = ht.StateSpace([[0.01, 2.0], [0.0, -1.0]], [1.0, 1.0])
    layer = ht.ptd(source, "random", size=0.3, rng=8)
    certificate = ht.certify(layer)
    assert certificate.passed and certificate["transfer error"].value is None
