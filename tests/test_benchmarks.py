"""Benchmarks run, and the errors that stand beside their times are what the documentation promises."""

import importlib
import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def benchmark(monkeypatch, name):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.delitem(sys.modules, "benchmarks", raising=False)
    assert importlib.util.find_spec(f"benchmarks.{name}")
    return importlib.import_module(f"benchmarks.{name}")


@pytest.fixture
def spectra(monkeypatch):
    return benchmark(monkeypatch, "spectra")


@pytest.fixture
def recipes(monkeypatch):
    return benchmark(monkeypatch, "recipes")


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
    for name in ("spectra.py", "recipes.py"):
        assert (ROOT / "benchmarks" / settings["benchmark_dir"] / name).exists()


def test_what_is_cast_once_is_the_best_a_float32_file_can_hold_and_single_precision_is_not(recipes):
    bench = recipes.Recipes()
    bench.time_phase(64)
    assert bench.track_frequency_error(64) <= 6e-8 and bench.track_input_error(64) <= 6e-8
    exact = recipes.exact_modes(64)
    y, B = recipes.worst(recipes.by_double(64), 64, exact)
    assert y <= 6e-8 and B <= 1e-7  # two parts of B are rounded, and LAPACK's phase
    y, B = recipes.worst(recipes.by_single(64), 64, exact)
    assert y > 1e-6 and B > 1e-6


def test_the_recipe_of_state_spaces_has_the_errors_that_were_measured_on_it(recipes):
    """2.3e-6 in a frequency at N = 64, and a B that the clip leaves 91 % off."""
    pytest.importorskip("torch")
    exact = recipes.exact_modes(64)
    y, _ = recipes.worst(recipes.by_torch(64), 64, exact)
    assert 1e-6 < y < 4e-6
    plain, clipped = recipes.by_torch(64)[1], recipes.by_torch(64, 2.0)[1]
    lost = sum(abs(plain - clipped) ** 2) / sum(abs(plain) ** 2)
    assert lost**0.5 == pytest.approx(0.912, abs=1e-3)


def test_without_torch_its_rows_say_how_to_install_it(recipes, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    recipes.main((16,), budget=0.0)
    lines = capsys.readouterr().out.splitlines()
    assert sum("skipped: torch is needed" in line and "pip install" in line for line in lines) == 2
    assert sum(" x " in line for line in lines) == 2 and len(lines) == 6
    with pytest.raises(NotImplementedError):  # by which asv knows what to skip
        recipes.WithTorch().setup(16)


def test_the_tracked_errors_of_pseudospectra_are_the_digits_of_their_logarithms(monkeypatch):
    resolvents = benchmark(monkeypatch, "resolvents")
    bench = resolvents.Chains()
    bench.time_pseudospectrum(16)
    assert bench.track_relative_error(16) <= 2e-14
    A, box = resolvents.full_matrices(16)["LegS turned"]
    assert resolvents.by_svd(A, resolvents.quiet(A, box).z.ravel()[:5]).shape == (5,)


def test_hankel_values_and_the_largest_gain_are_as_near_to_the_proof_as_promised(monkeypatch):
    hankel = benchmark(monkeypatch, "hankel")
    for name in hankel.SYSTEMS:
        assert hankel.HankelValues().track_error(name, 16) <= 1e-14
        assert hankel.LargestGain().track_error(name, 16) <= 1e-14
    S, proved = hankel.system("LegS", 16), hankel.proved_norm("LegS", 16)
    assert hankel.norm_error(hankel.by_level_sets(S), proved) <= 2e-10


def test_perturbed_modes_are_rounded_and_the_search_ends_below_adams(monkeypatch):
    perturbations = benchmark(monkeypatch, "perturbations")
    assert perturbations.Modes().track_relative_error(16) <= 4.5e-16
    assert perturbations.worst(perturbations.by_lapack(16)[0], perturbations.exact_eigenvalues(16)) <= 1e-13
    M = perturbations.matrix(16)
    assert perturbations.Gradient().track_component_along_the_matrix(16) <= 1e-14
    assert perturbations.along(M, M) == pytest.approx(1.0)
    monkeypatch.setitem(perturbations.ADAM, "steps", 300)
    A = perturbations.matrix(8)
    assert perturbations.optimized_perturbation(A, rng=0).value < perturbations.price(A, perturbations.by_adam(A))
