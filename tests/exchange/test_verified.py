"""Verified files: what goes in comes out bit for bit, and nothing that was tampered with gets through."""

import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from safetensors.numpy import load as read_safetensors
from safetensors.numpy import save as write_safetensors

import hippo_theory as ht
from hippo_theory.errors import AccuracyError, CertificateError, ExportError, UnstableSystemError
from hippo_theory.rigor import certify_stored, to_storage

OBJECTS = {
    "operator": lambda: ht.LegS(8),
    "tm": lambda: ht.TakenakaMalmquist([0.3, 1 + 2j, 1 - 2j], 0.1),
    "s4": lambda: ht.s4(ht.LegS(8), C=np.arange(8.0)),
    "s4 state": lambda: ht.s4(ht.FouT(7)),
    "s4 two ports": lambda: ht.s4(ht.LegT(8)),
    "s4 two ports odd": lambda: ht.s4(ht.LegT(7), C=np.arange(7.0)),
    "s4 two ports 1": lambda: ht.s4(ht.LegT(1)),
    "s4 two ports clipped": lambda: ht.s4(ht.LegT(9), b_clip=4.0),
    "s4d": lambda: ht.s4d("legs", 7),
    "s4d C": lambda: ht.s4d("legs", 8, C=np.ones(8)),
    "s4d inv": lambda: ht.s4d("inv", 8, rng=0),
    "s4d clipped": lambda: ht.s4d("legs", 9, b_scale=1.0, b_clip=2.0),
    "s4 clipped": lambda: ht.s4(ht.LagT(9), b_clip=0.5, rng=0),
    "s4d foud": lambda: ht.s4d("foud", 8, alpha=0.3),
    "s4d random": lambda: ht.s4d("random", 8, rng=0, C=np.ones(4)),
    "dss": lambda: ht.dss(8, rng=0),
    "s5": lambda: ht.s5(12, 3, rng=0),
    "s5 state": lambda: ht.s5(8, B=np.ones(8)),
    "lru": lambda: ht.lru(8, 0.5, 0.9, rng=0),
    "mamba": lambda: ht.mamba(8),
    "dfout": lambda: ht.dfout(8, 0.1),
    "dfout odd": lambda: ht.dfout(7, 0.1, rng=0),
    "dense": lambda: ht.StateSpace([[-1.0, 2.0], [0.5, -3.0]], [1, 1], C=[1j, 2], D=0.5),
    "diagonal": lambda: ht.Diagonal([-1 + 1j], [1], [2.0], D=1.0, conjugate_pairs=True),
    "discrete": lambda: ht.Diagonal([-1 + 1j], [1], [2.0], conjugate_pairs=True).discretize(0.1),
    "dplr": lambda: ht.DiagonalPlusLowRank([-1, -2], P=[1, 1], B=[1, 1]),
    "dplr rank two": lambda: ht.s4(ht.LegT(6)).system.discretize(0.1, "bilinear"),
}


@pytest.fixture
def exported(tmp_path):
    path = tmp_path / "legs.safetensors"
    ht.export(ht.s4d("legs", 4), path)
    return path


def repack(path, tensors=None, metadata=None):
    """Write the file again with other tensors or metadata, as an honest mistake or a forger would."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    kept = json.loads(data[8 : 8 + size])["__metadata__"]
    old = read_safetensors(data)
    path.write_bytes(write_safetensors(old if tensors is None else tensors(old), metadata or kept))


@pytest.mark.parametrize("name", OBJECTS)
def test_export_then_load_returns_the_object_bit_for_bit(name, tmp_path):
    original, path = OBJECTS[name](), tmp_path / "x.safetensors"
    certificate = ht.export(original, path)
    loaded = ht.load(path)
    assert type(loaded) is type(original) and repr(loaded) == repr(original)
    assert loaded.claim() == original.claim()
    for key, value in original.tensors().items():
        assert loaded.tensors()[key].tobytes() == value.tobytes()
    assert ht.verify(path) == certificate
    s = np.array([0.3 + 2j, 5j])
    assert np.array_equal(loaded.transfer(s), original.transfer(s))


@pytest.mark.parametrize("name", OBJECTS)
def test_float32_files_are_rounded_once(name, tmp_path):
    original, path = OBJECTS[name](), tmp_path / "x.safetensors"
    ht.export(original, path, dtype="float32")
    assert ht.verify(path).passed
    if name in ("operator", "tm"):
        assert ht.load(path) == original
    else:
        for key, value in original.tensors().items():
            narrow = value.astype(np.complex64 if np.iscomplexobj(value) else np.float32)
            assert np.array_equal(ht.load(path).tensors()[key], narrow)


def test_memory_order_survives(tmp_path):
    """safetensors scrambles arrays that are not C-contiguous; ours must not."""
    A = -np.eye(3) + np.tril(np.arange(9.0).reshape(3, 3), -1)
    wide = np.zeros((6, 6))
    wide[::2, ::2] = A
    for number, given in enumerate((np.asfortranarray(A), wide[::2, ::2], A[::-1, ::-1][::-1, ::-1])):
        path = tmp_path / f"{number}.safetensors"
        ht.export(ht.StateSpace(given, np.ones(6)[::2]), path)
        assert ht.load(path).A.tobytes() == np.ascontiguousarray(A).tobytes()
        assert np.array_equal(read_safetensors(path.read_bytes())["A"], A)


def test_export_is_reproducible_to_the_byte(tmp_path):
    paths = [tmp_path / f"{i}.safetensors" for i in range(2)]
    for path in paths:
        ht.export(ht.s4(ht.LegS(12)), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_every_single_flipped_bit_is_noticed(exported):
    data = exported.read_bytes()
    for position in range(len(data)):
        for bit in range(8) if position % 7 == 0 or position < 16 else (position % 8,):
            broken = bytearray(data)
            broken[position] ^= 1 << bit
            exported.write_bytes(broken)
            with pytest.raises(CertificateError):
                ht.load(exported)


def test_a_flipped_bit_in_the_data_names_the_tensor(exported):
    data = bytearray(exported.read_bytes())
    data[-3] ^= 16
    exported.write_bytes(data)
    with pytest.raises(CertificateError, match=r"data of tensor \S+ were changed"):
        ht.verify(exported)


@pytest.mark.parametrize("keep", [0, 5, 8, 200, -1, -100])
def test_a_truncated_file_is_called_truncated(exported, keep):
    data = exported.read_bytes()
    exported.write_bytes(data[:keep])
    with pytest.raises(CertificateError, match="truncated"):
        ht.verify(exported)


def test_appended_bytes_are_refused(exported):
    exported.write_bytes(exported.read_bytes() + b"\0")
    with pytest.raises(CertificateError, match="longer than its header says"):
        ht.verify(exported)


def test_a_renamed_tensor_is_named(exported):
    repack(exported, lambda old: {("input" if k == "B" else k): v for k, v in old.items()})
    with pytest.raises(CertificateError, match=r"renamed.*\['B'\].*\['input'\]"):
        ht.verify(exported)


def test_swapped_tensors_are_called_swapped(tmp_path):
    path = tmp_path / "x.safetensors"
    ht.export(ht.s4(ht.LegS(4)), path)
    repack(path, lambda old: {**old, "B": old["P"], "P": old["B"]})
    with pytest.raises(CertificateError, match="tensor B holds the data of P: tensors were swapped"):
        ht.verify(path)


def test_a_foreign_b_is_refused_and_a_forged_certificate_does_not_help(exported):
    """A forger replaces B, the hash and the digest: load is satisfied, the proof is not."""
    certificate = ht.verify(exported)
    other = ht.s4d("legs", 4, b_scale=1.0).tensors()["B"]
    repack(exported, lambda old: {**old, "B": other})
    with pytest.raises(CertificateError, match="data of tensor B were changed"):
        ht.verify(exported)
    from dataclasses import replace

    from hippo_theory.rigor.certificate import fingerprint

    forged = replace(certificate, tensors={**certificate.tensors, "B": fingerprint(other)})
    repack(exported, metadata={"hippo_theory": forged.to_json()})
    assert np.array_equal(ht.load(exported).B, other)
    with pytest.raises(CertificateError, match="not what it claims to be: entries of B"):
        ht.verify(exported)


def test_changed_shape_and_dtype_are_told_apart(exported):
    data = exported.read_bytes()
    repack(exported, lambda old: {**old, "B": old["B"][:1].copy()})
    with pytest.raises(CertificateError, match=r"float64 \[1\]"):
        ht.verify(exported)
    exported.write_bytes(data)
    repack(exported, lambda old: {**old, "B": old["B"].astype(np.float32)})
    with pytest.raises(CertificateError, match="is float32"):
        ht.verify(exported)


def test_foreign_files_are_refused_with_a_reason(tmp_path):
    path = tmp_path / "x.safetensors"
    cases = {
        "pickle": pickle.dumps({"A": [1.0]}),
        "pickle or zip": b"PK\x03\x04" + bytes(50),
        "not a safetensors file": b"\x89HDF\r\n\x1a\n" + bytes(100),
        "without a hippo_theory certificate": write_safetensors({"A": np.eye(2)}),
    }
    for reason, content in cases.items():
        path.write_bytes(content)
        with pytest.raises(CertificateError, match=reason):
            ht.load(path)
    with pytest.raises(CertificateError, match="cannot be read"):
        ht.load(tmp_path / "absent.safetensors")
    path.write_bytes(write_safetensors({"A": np.eye(2)}, metadata={"hippo_theory": "{}"}))
    with pytest.raises(CertificateError, match="digest"):
        ht.load(path)


def test_a_hostile_pickle_is_never_executed(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "exploded"),)

    path = tmp_path / "x.safetensors"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CertificateError, match="never opened"):
        ht.load(path)
    assert not (tmp_path / "exploded").exists()


def test_unwritable_places_are_typed_errors_and_lose_nothing(tmp_path, exported):
    before = exported.read_bytes()
    with pytest.raises(ExportError, match="does not exist"):
        ht.export(ht.LegS(3), tmp_path / "no" / "such" / "folder.safetensors")
    with pytest.raises(ExportError):
        ht.export(ht.LegS(3), exported / "below-a-file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ExportError):
        ht.export(ht.LegS(3), tmp_path / "folder")
    assert exported.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", exported.name]


def test_unstable_and_overflowing_systems_are_not_exported(exported):
    before = exported.read_bytes()
    with pytest.raises(UnstableSystemError, match=r"0\.25\+3j"):
        ht.export(ht.Diagonal([0.25 + 3j], [1.0], conjugate_pairs=True), exported)
    with pytest.raises(AccuracyError, match="float32 cannot"):
        ht.export(ht.StateSpace([[-1e200]], [1.0]), exported, dtype="float32")
    with pytest.raises(CertificateError, match="entries of lam"):
        init = ht.s4d("lin", 4)
        object.__setattr__(init.system, "lam", init.lam * 1.001)
        ht.export(init, exported)
    assert exported.read_bytes() == before


def test_what_is_not_an_object_of_ours_is_refused(tmp_path):
    with pytest.raises(ht.HippoTheoryError, match="wrap arrays in StateSpace"):
        ht.export(np.eye(2), tmp_path / "x")


@pytest.mark.parametrize("moment", ["write", "fsync", "compare", "replace"])
def test_an_interrupted_export_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, moment):
    from pathlib import Path

    from hippo_theory import _files
    from hippo_theory.exchange import container

    path = tmp_path / "x.safetensors"
    ht.export(ht.LegS(3), path)
    before = path.read_bytes()

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    targets = {
        "write": (Path, "open"),
        "fsync": (_files.os, "fsync"),
        "compare": (container, "_compare"),
        "replace": (Path, "replace"),
    }
    monkeypatch.setattr(*targets[moment], interrupt)
    with pytest.raises(KeyboardInterrupt):
        ht.export(ht.LegS(4), path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_export_leaves_no_half_file_under_the_name(tmp_path):
    """The process dies between writing and moving: the name holds nothing, or the whole old file."""
    script = textwrap.dedent("""
        import os, signal, sys
        import hippo_theory as ht
        from hippo_theory.exchange import container
        container._compare = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
        ht.export(ht.LegS(5), sys.argv[1])
    """)
    path = tmp_path / "x.safetensors"
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()


def test_what_does_not_come_back_is_not_kept(tmp_path, monkeypatch):
    from hippo_theory.exchange import container

    real = container.read_container
    monkeypatch.setattr(container, "read_container", lambda path: ({"A": np.eye(2)}, real(path)[1]))
    with pytest.raises(ExportError, match="read back"):
        ht.export(ht.LegS(2), tmp_path / "x.safetensors")
    assert list(tmp_path.iterdir()) == []


def forge(path, claim, stored, conventions=None, dtype="float64"):
    """A file whose digest and hashes are all right, as anyone can write one: only the statements are lies."""
    from hippo_theory.exchange.container import write_container
    from hippo_theory.rigor import Certificate, certify_stored, fingerprint

    try:
        checks = certify_stored(stored, claim, {}, dtype).checks
    except ht.HippoTheoryError:
        checks = ()
    prints = {name: fingerprint(array) for name, array in stored.items()}
    write_container(path, stored, Certificate(claim, conventions or {}, dtype, prints, checks).to_json())


DIAGONAL = {"type": "Diagonal", "D": [0.0, 0.0], "dt": None, "conjugate_pairs": False}
PLAIN = {"lam": np.array([-1.0]), "B": np.ones(1)}
LIES = {
    "a stable A beside an unstable lam": (DIAGONAL, {**PLAIN, "A": -np.eye(1), "lam": np.array([5.0])}),
    "one name twice": (
        DIAGONAL,
        {"lam": np.array([5.0]), "lam.real": -np.ones(1), "lam.imag": np.zeros(1), "B": np.ones(1)},
    ),
    "B is not a number": (DIAGONAL, {**PLAIN, "B": np.array([np.nan])}),
    "B has another length": (DIAGONAL, {**PLAIN, "B": np.ones(7)}),
    "C has another length": (DIAGONAL, {**PLAIN, "C": np.ones(99)}),
    "D is not a number": ({**DIAGONAL, "D": [float("nan"), 0.0]}, PLAIN),
    "dt is a word": ({**DIAGONAL, "dt": "continuous"}, PLAIN),
    "dt is negative": ({**DIAGONAL, "dt": -1.0}, PLAIN),
    "unknown type": ({**DIAGONAL, "type": "Banana"}, PLAIN),
    "a bare system wears a recipe": ({**DIAGONAL, "recipe": "s4d", "kind": "legs", "N": 64}, PLAIN),
    "empty": (DIAGONAL, {"lam": np.zeros(0), "B": np.zeros(0)}),
    "huge": ({"type": "Operator", "family": "LegS", "N": 100_000}, {"A": -np.eye(1), "B": np.ones(1)}),
    "unknown family": ({"type": "Operator", "family": "Leg", "N": 1}, {"A": -np.eye(1), "B": np.ones(1)}),
    "N is negative": ({"type": "Operator", "family": "LegS", "N": -3}, {"A": -np.eye(1), "B": np.ones(1)}),
    "not square": ({"type": "StateSpace", "D": [0.0, 0.0], "dt": None}, {"A": -np.ones((3, 2)), "B": np.ones(3)}),
    "poles that are words": (
        {"type": "Operator", "family": "TakenakaMalmquist", "N": 1, "a": "x", "shift": 0.0},
        {"A": -np.eye(1), "B": np.ones(1)},
    ),
    "no claim at all": ({"type": None}, PLAIN),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_forged_claim_is_refused_by_verify_and_by_load(lie, tmp_path):
    path = tmp_path / "x.safetensors"
    forge(path, *LIES[lie])
    for read in (ht.verify, ht.load):
        with pytest.raises(CertificateError):
            read(path)


@pytest.mark.parametrize(
    "init",
    [ht.s4d("legs", 4), ht.s4d("lin", 4), ht.s4(ht.LegS(4)), ht.s4(ht.LegT(4)), ht.s4d("real", 3)],
    ids=repr,
)
def test_an_initialisation_cannot_lie_about_its_form(init, tmp_path):
    from hippo_theory.rigor import to_storage

    path, claim, stored = tmp_path / "x.safetensors", init.claim(), to_storage(init.tensors(), "float64")
    forge(path, claim, stored, init.conventions)
    assert ht.verify(path).passed
    lies = [
        ({**claim, "conjugate_pairs": not claim["conjugate_pairs"]}, stored, init.conventions),
        ({**claim, "N": 64}, stored, init.conventions),
        ({**claim, "source": "divine inspiration"}, stored, init.conventions),
        (claim, {**stored, "P": np.array([5.0, 7.0])}, init.conventions),
        (claim, stored, {**init.conventions, "B": "1.0 V^* B, audited"}),
        (claim, {k: v for k, v in stored.items() if k != "B"}, init.conventions),
    ]
    for lie in lies:
        forge(path, *lie)
        with pytest.raises(CertificateError):
            ht.verify(path)


def test_the_two_ports_of_a_file_are_those_of_its_claim(tmp_path):
    """Whatever a forger writes for P is refused by ``verify``; what has no form is refused by ``load`` too."""
    from hippo_theory.rigor import to_storage

    init, path = ht.s4(ht.LegT(6)), tmp_path / "x.safetensors"
    claim, stored = init.claim(), to_storage(init.tensors(), "float64")
    near, far = (np.ascontiguousarray(P) for P in (stored["P.real"][:, 0], stored["P.imag"][:, 1]))
    single = {k: v for k, v in stored.items() if k[0] != "P"}
    nudged = stored["P.imag"].copy()
    nudged[2, 1] += 20 * np.spacing(abs(init.P[2, 1]))
    broken = {
        "rank one": (claim, {**single, "P": near}),
        "rank one, complex": (claim, {**single, "P.real": near, "P.imag": far}),
        "transposed": (claim, {**stored, "P.real": stored["P.real"].T.copy(), "P.imag": stored["P.imag"].T.copy()}),
        "not a number": (claim, {**stored, "P.imag": np.full((6, 2), np.nan)}),
        "one part of P": (claim, {k: v for k, v in stored.items() if k != "P.imag"}),
        "a clip": ({**claim, "b_clip": 2.0}, stored),
        "one port": ({**claim, "family": "LegS"}, stored),
    }
    lies = {
        "twenty ulp": (claim, {**stored, "P.imag": nudged}),
        "ports swapped": (claim, {k: v[:, ::-1].copy() if k[0] == "P" else v for k, v in stored.items()}),
        "a real P": (claim, {**single, "P": stored["P.real"]}),
    }
    for name, lie in {**broken, **lies}.items():
        forge(path, *lie, init.conventions)
        for read in (ht.verify, ht.load) if name in broken else (ht.verify,):
            with pytest.raises(CertificateError):
                read(path)


def test_metadata_beside_the_certificate_are_refused(exported):
    data = exported.read_bytes()
    kept = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    exported.write_bytes(write_safetensors(read_safetensors(data), {**kept, "note": "trust me"}))
    with pytest.raises(CertificateError, match="besides the certificate"):
        ht.load(exported)


@pytest.mark.parametrize("header", [b"[" * 100_000, b"{}", b"[]", b"null", b'{"a": 5}'])
def test_strange_headers_are_refused(header, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(CertificateError):
        ht.load(path)


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", "5", '{"digest": 1}', '{"tensors": [], "digest": ""}'])
def test_strange_certificates_are_refused(text, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(write_safetensors({"A": np.eye(2)}, {"hippo_theory": text}))
    with pytest.raises(CertificateError):
        ht.load(path)


@pytest.mark.parametrize("path", [None, 3, "a\0b"], ids=repr)
def test_what_is_no_path_is_refused(path):
    for call in (lambda: ht.load(path), lambda: ht.verify(path), lambda: ht.export(ht.LegS(2), path)):
        with pytest.raises(ht.HippoTheoryError, match="path"):
            call()


def test_numbers_too_small_for_float32_are_refused(exported):
    with pytest.raises(AccuracyError, match="float32 cannot"):
        ht.export(ht.s4d("legs", 4, b_scale=1e-60), exported, dtype="float32")


def test_export_goes_through_a_symbolic_link_and_respects_the_umask(tmp_path):
    target, link = tmp_path / "target.safetensors", tmp_path / "link.safetensors"
    link.symlink_to(target)
    before = os.umask(0o077)
    try:
        ht.export(ht.LegS(2), link)
    finally:
        os.umask(before)
    assert link.is_symlink() and ht.load(target) == ht.LegS(2)
    assert target.stat().st_mode & 0o777 == 0o600
    ht.export(ht.LegS(2), tmp_path / ("x" * 240 + ".safetensors"))


@pytest.mark.parametrize("length", [0x0280, 0x0480, 0x4B50])
def test_a_header_whose_length_looks_like_a_pickle_or_a_zip_is_read(length, tmp_path):
    """Little endian, the lengths 0x0480 and 0x4b50 begin like a pickle of protocol 4 and like "PK"."""
    from hippo_theory.exchange.container import read_container

    path = tmp_path / "x.safetensors"
    for pad in range(length - 200, length):
        data = write_safetensors({"A": np.eye(2)}, {"hippo_theory": "x" * pad})
        if int.from_bytes(data[:8], "little") == length:
            path.write_bytes(data)
            assert read_container(path)[1] == "x" * pad
            return
    pytest.fail("no padding gave this length")


def test_recorded_checks_may_not_promise_more_than_can_be_proved(exported):
    from dataclasses import replace

    honest = ht.verify(exported)
    for change in ({"value": -1e99}, {"statement": "proved by the pope"}, {"limit": 1e9}):
        boast = replace(honest, checks=(replace(honest.checks[0], **change), *honest.checks[1:]))
        repack(exported, metadata={"hippo_theory": boast.to_json()})
        with pytest.raises(CertificateError, match="something else"):
            ht.verify(exported)
    margin = replace(honest.checks[-1], value=honest.checks[-1].value + 0.1)
    repack(exported, metadata={"hippo_theory": replace(honest, checks=(*honest.checks[:-1], margin)).to_json()})
    with pytest.raises(CertificateError, match="something else"):
        ht.verify(exported)
    for change in ({"bits": 1 << 14}, {"checks": (replace(honest.checks[0], passed=False), *honest.checks[1:])}):
        repack(exported, metadata={"hippo_theory": replace(honest, **change).to_json()})
        with pytest.raises(CertificateError, match="not passed"):
            ht.load(exported)


@pytest.mark.parametrize("lie", [{"source": "me"}, {"conventions": {"B": "lie"}}], ids=str)
def test_what_load_would_refuse_is_not_exported(lie, exported):
    from dataclasses import replace

    before = exported.read_bytes()
    with pytest.raises(CertificateError):
        ht.export(replace(ht.s4d("legs", 8), **lie), exported)
    assert exported.read_bytes() == before


def test_small_files_cannot_ask_for_large_matrices(tmp_path):
    path, N = tmp_path / "x.safetensors", 13_500
    claim = {**ht.s4d("legs", 4).claim(), "N": N}
    M = N // 2
    parts = {"lam.real": -np.ones(M), "lam.imag": np.ones(M), "B": np.ones(M)}
    forge(path, claim, {**parts, "V.real": np.ones((1, M)), "V.imag": np.ones((1, M))})
    with pytest.raises(CertificateError, match="shape"):
        ht.load(path)


@pytest.mark.parametrize(
    "obj",
    [
        ht.s5(16, 2, inputs=3, outputs=2, rng=0),
        ht.s5(16, 2, inputs=3, rng=1),
        ht.s5(8, B=np.ones((8, 2)), C=np.ones(8)),
        ht.StateSpace(ht.LegS(3).A, np.eye(3), C=np.ones((2, 3)), D=np.arange(6.0).reshape(2, 3)),
        ht.Diagonal([-1.0, -2 + 1j], np.ones((2, 1)), C=np.ones((2, 2)), D=1j * np.ones((2, 1))),
    ],
    ids=repr,
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_systems_of_many_inputs_come_back_with_their_matrices(tmp_path, obj, dtype):
    path = tmp_path / "many.safetensors"
    ht.export(obj, path, dtype=dtype)
    assert ht.verify(path).passed
    back, eps = ht.load(path), float(np.finfo(dtype).eps)
    assert type(back) is type(obj)
    for name, array in obj.tensors().items():
        found = back.tensors()[name]
        assert found.shape == array.shape
        assert np.abs(found - array).max() <= eps * np.abs(array).max()


def test_matrices_of_other_shapes_are_not_an_s5():
    init = ht.s5(16, 2, inputs=3, outputs=2, rng=0)
    claim = init.claim()
    for name, wrong in (("B", init.B.T), ("C", init.C.T), ("B", init.B[..., None]), ("C", init.C[None])):
        stored = to_storage({**init.tensors(), name: np.ascontiguousarray(wrong)}, "float64")
        with pytest.raises(CertificateError, match=name):
            certify_stored(stored, claim, {}, "float64")
    with pytest.raises(CertificateError, match="consists of"):
        certify_stored(to_storage(init.tensors(), "float64"), {**claim, "D": None}, {}, "float64")
