"""The command line, as a person types it: what it prints, what it leaves behind, how it fails."""

import subprocess
import sys

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.cli import main
from hippo_theory.papers import FIGURES


def test_figures_lists_every_id_and_makes_those_asked_for(tmp_path, capsys):
    assert main(["figures"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in FIGURES)
    assert main(["figures", "s4d-3", "--quick", "--out", str(tmp_path)]) == 0
    assert {p.suffix for p in tmp_path.iterdir()} >= {".png", ".pdf"}


def test_an_unknown_figure_is_answered_with_the_nearest_one(capsys):
    assert main(["figures", "ptd1"]) == 1
    assert "Did you mean 'ptd-1'?" in capsys.readouterr().err


def test_ledger_prints_each_claim_with_its_verdict(capsys):
    assert main(["ledger", "s4d-3", "--quick"]) == 0
    printed = capsys.readouterr().out
    for claim in ht.figure("s4d-3", quick=True).claims:
        assert claim.id in printed
    assert "holds" in printed and "FAILS" not in printed


def test_a_failing_claim_fails_the_command(monkeypatch, capsys):
    from dataclasses import replace

    broken = replace(FIGURES["s4d-3"], claims=lambda data: [replace(c, passed=False) for c in real(data)])
    real = FIGURES["s4d-3"].claims
    monkeypatch.setitem(FIGURES, "s4d-3", broken)
    assert main(["ledger", "s4d-3", "--quick"]) == 1
    assert "FAILS" in capsys.readouterr().out


@pytest.mark.parametrize(
    "recipe",
    [
        *("legs", "legt", "lagt", "fout", "s4-legs", "s4-legt", "s4-fout", "s4d-legs", "s4d-inv", "s4d-real"),
        *("dss", "mamba"),
    ],
)
def test_export_then_verify(recipe, tmp_path, capsys):
    path, N = tmp_path / "x.safetensors", "9" if "fout" in recipe else "8"
    assert main(["export", recipe, N, str(path), "--dtype", "float32"]) == 0
    assert main(["verify", str(path), "--quiet"]) == 0
    assert "passed" in capsys.readouterr().out


def test_verify_goes_on_after_a_bad_file_and_fails_in_the_end(tmp_path, capsys):
    good, bad = tmp_path / "good.safetensors", tmp_path / "bad.safetensors"
    ht.export(ht.LegS(4), good)
    bad.write_bytes(good.read_bytes()[:-1])
    assert main(["verify", str(bad), str(good)]) == 1
    out, err = capsys.readouterr()
    assert "truncated" in err and "Certificate: LegS N=4 float64: passed" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export", "s4d-leg", "8", "x"], "Did you mean 's4d-legs'?"),
        (["export", "fout", "8", "x"], "use N=7 or N=9"),
        (["export", "legs", "0", "x"], "at least 1"),
        (["verify", "absent"], "cannot be read"),
    ],
)
def test_mistakes_are_answered_in_one_line(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    err = capsys.readouterr().err
    assert message in err and "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_bad_usage_exits_with_two(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["no-such-command"])
    assert stopped.value.code == 2 and "usage" in capsys.readouterr().err


def test_an_interrupt_is_not_a_traceback(monkeypatch, capsys):
    import hippo_theory.cli as cli

    monkeypatch.setattr(cli, "_info", lambda options: (_ for _ in ()).throw(KeyboardInterrupt()))
    assert main(["info"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_python_minus_m_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "hippo_theory", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"hippo_theory {ht.__version__}"


def test_spectral_portrait_of_a_recipe_a_file_and_a_matrix_prints_a_table_and_writes_a_picture(tmp_path, capsys):
    exported, matrix, out = tmp_path / "legs6.safetensors", tmp_path / "m.npy", tmp_path / "portrait.png"
    ht.export(ht.LegS(6), exported)
    np.save(matrix, np.array(ht.LegS(6).A))
    printed = []
    for what in (["legs", "6"], [str(exported)], [str(matrix), "--box", "-9", "2", "-4", "4"]):
        assert main(["spectral-portrait", *what, "--points", "6", "--out", str(out)]) == 0
        printed.append(capsys.readouterr().out)
        assert out.read_bytes().startswith(b"\x89PNG")
        out.unlink()
    assert printed[0] == printed[1]
    for line in ("numerical abscissa", "Kreiss constant", "contraction"):
        assert all(line in text for text in printed)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["legs"], "needs its state size"),
        (["nowhere.safetensors"], "cannot be read"),
        (["nowhere.npy"], "cannot be read as a matrix"),
        (["lagtt", "6"], "Did you mean 'lagt'"),
        (["legs", "2", "--out", "x.gif"], "picture format"),
        (["legs", "2", "--box", "1", "0", "0", "1", "--out", "x.png"], "a box is"),
    ],
)
def test_a_portrait_of_nothing_says_what_is_wrong(arguments, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["spectral-portrait", *arguments]) == 1
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_pickled_array_is_not_unpickled(tmp_path, capsys):
    hostile = tmp_path / "hostile.npy"
    np.save(hostile, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert main(["spectral-portrait", str(hostile)]) == 1
    assert "cannot be read as a matrix" in capsys.readouterr().err


@pytest.mark.parametrize("points", ["1", "0", "-3", "2.5", "many"])
def test_a_picture_of_fewer_than_two_points_is_refused_before_the_work(points, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["spectral-portrait", "legs", "4", "--points", points])
    assert stopped.value.code == 2
    assert f"2 at least, got {points}" in capsys.readouterr().err
