"""Benchmarks run, and the errors that stand beside their times are what the documentation promises."""

import importlib
import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def spectra(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.delitem(sys.modules, "benchmarks", raising=False)
    assert importlib.util.find_spec("benchmarks.spectra")
    return importlib.import_module("benchmarks.spectra")


def test_the_tracked_errors_of_the_spectrum_are_rounding(spectra):
    bench = spectra.Eigenvalues()
    bench.setup(64)
    bench.time_phase(64)
    assert bench.track_relative_error(64) <= 1.2e-16  # the nearest float, half an ulp at worst
    assert spectra.Decomposition().track_residual(64) < 1e-14


def test_the_table_shows_both_errors_and_the_ratio(spectra):
    line = spectra.row("demo", 0.001, 1e-16, 2.0, 1e-12)
    assert "2000.0 x" in line and "1.0e-16" in line and "1.0e-12" in line and "2.00 s" in line


def test_asv_finds_the_benchmarks():
    settings = json.loads((ROOT / "benchmarks" / "asv.conf.json").read_text())
    assert (ROOT / "benchmarks" / settings["benchmark_dir"] / "spectra.py").exists()
