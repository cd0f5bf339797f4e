"""reproduce writes everything, whole or not at all, and says so when a claim fails."""

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import hippo_theory as ht
from hippo_theory._files import write
from hippo_theory.errors import ExportError, UnknownNameError
from hippo_theory.papers import FIGURES, Claim, reproduce
from hippo_theory.papers._gallery import gallery
from hippo_theory.papers.reproduce import _shown


def fails(data):
    return [Claim.near("s4d-3/wrong", "A wrong claim.", "none", expected=1.0, measured=2.0, tolerance=0.1)]


def test_reproduction_passes_and_writes_every_file(report):
    assert not [str(claim) for claim in report.claims if not claim.passed]
    assert report.passed
    pictures = {f"{id}.{kind}" for id in FIGURES for kind in ("png", "pdf", "npz")}
    files = {"README.md", "manifest.json", "legs64_s4.safetensors", "legs64_s4d.safetensors"}
    assert {path.name for path in report.out.iterdir()} == pictures | files
    assert {path.name for path in report.files} == pictures | files
    assert f"{len(report.claims)} of {len(report.claims)} claims hold." in repr(report)


def test_the_gallery_shows_every_picture_and_every_claim(report):
    text = (report.out / "README.md").read_text()
    assert all(f"`{claim.id}`" in text for claim in report.claims)
    assert all(f"({id}.png)" in text and figure.caption in text for id, figure in FIGURES.items())
    rows = [line for line in text.splitlines() if line.startswith("| holds")]
    assert len(rows) == len(report.claims)


def test_the_gallery_tells_no_places(report):
    text = (report.out / "README.md").read_text()
    facts = json.loads((report.out / "manifest.json").read_text())
    assert str(report.out) not in text
    assert facts["versions"]["platform"] not in text


def test_the_manifest_knows_the_data_and_what_made_them(report):
    facts = json.loads((report.out / "manifest.json").read_text())
    assert facts["quick"] is True and facts["passed"] is True
    assert facts["seconds"].keys() == {*FIGURES, "exports"}
    assert facts["versions"]["hippo_theory"] == ht.__version__
    for name, digest in facts["sha256"].items():
        assert hashlib.sha256((report.out / name).read_bytes()).hexdigest() == digest


def test_the_exports_are_verified_files(report):
    for name, recipe in (("legs64_s4", "s4"), ("legs64_s4d", "s4d")):
        path = report.out / f"{name}.safetensors"
        assert ht.verify(path).passed
        assert ht.load(path).recipe["recipe"] == recipe
    layer = {"export/layer"} if "torch is not installed" not in report.note else set()
    exported = {"export/legs64_s4", "export/legs64_s4-transfer", "export/legs64_s4d", "export/legs64_s4d-transfer"}
    assert {claim.id for claim in report.claims if claim.id.startswith("export/")} == exported | layer


def test_without_torch_the_gallery_says_what_was_left_out(tmp_path, monkeypatch):
    from hippo_theory.papers._exports import export_verified

    for name in [name for name in sys.modules if name.startswith("hippo_theory.torch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    _, claims, note = export_verified(tmp_path)
    assert note == "The torch layer was not compared: torch is not installed."
    assert len(claims) == 4 and all(claim.passed for claim in claims)
    assert gallery([], claims, note, quick=True).endswith(f"{note}\n")


def test_a_file_that_does_not_verify_is_a_claim_that_fails(tmp_path, monkeypatch):
    from hippo_theory.errors import CertificateError
    from hippo_theory.papers import _exports

    def refuse(path):
        raise CertificateError("no proof")

    monkeypatch.setattr(_exports, "verify", refuse)
    _, claims, note = _exports.export_verified(tmp_path)
    assert [claim.verdict for claim in claims] == ["FAILS", "FAILS"]
    assert claims[0].measured == "not verified: no proof" and "not compared" in note


def test_a_failed_claim_is_written_down_and_reported(tmp_path, monkeypatch):
    monkeypatch.setitem(FIGURES, "s4d-3", replace(FIGURES["s4d-3"], claims=fails))
    report = reproduce(tmp_path, quick=True, ids=["s4d-3"], progress=False)
    assert not report.passed
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in report.files}
    assert "| FAILS | `s4d-3/wrong`" in (tmp_path / "README.md").read_text()
    assert json.loads((tmp_path / "manifest.json").read_text())["passed"] is False


def test_running_again_gives_the_same_pictures_data_and_text(tmp_path, report):
    reproduce(tmp_path, quick=True, ids=["s4d-3"], progress=False)
    for name in ("s4d-3.png", "s4d-3.pdf", "s4d-3.npz"):
        assert (tmp_path / name).read_bytes() == (report.out / name).read_bytes()
    section = (tmp_path / "README.md").read_text().partition("## ")[2]
    assert section in (report.out / "README.md").read_text()


def test_an_unknown_id_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean 's4d-3'"):
        reproduce(tmp_path / "new", ids=["s4d-2", "s4d3"])
    assert not (tmp_path / "new").exists()


def test_a_path_that_cannot_be_a_folder_is_an_export_error(tmp_path):
    (tmp_path / "file").write_text("here first")
    with pytest.raises(ExportError, match="cannot be made"):
        reproduce(tmp_path / "file" / "figures", quick=True)


def test_a_readme_that_is_not_a_gallery_is_not_overwritten(tmp_path):
    (tmp_path / "README.md").write_text("# My project\n")
    with pytest.raises(ExportError, match="not a gallery"):
        reproduce(tmp_path, quick=True, ids=["s4d-3"])
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_an_interrupted_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    path = write(tmp_path / "picture.png", b"old")

    def full(self, target):
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ExportError, match="no space left"):
        write(path, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]
    assert path.read_bytes() == b"old"


def test_progress_is_shown_to_a_terminal_only(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert list(_shown(["a", "b"], True)) == ["a", "b"]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert list(_shown(["a", "b"], False)) == ["a", "b"]
    assert capsys.readouterr().err == ""
    assert list(_shown(["a", "b"], True)) == ["a", "b"]
    assert "2/2" in capsys.readouterr().err
