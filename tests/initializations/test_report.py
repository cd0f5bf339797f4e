"""The report: every number again from its definition, and words for every switch."""

import json
import subprocess
import sys

import numpy as np
import pytest
import references as ref

import hippo_theory as ht
from hippo_theory.initializations import Report

EVERY = {
    "s4": lambda: ht.s4(ht.LegS(16)),
    "s4 fout": lambda: ht.s4(ht.FouT(9)),
    "s4 tm": lambda: ht.s4(ht.TakenakaMalmquist([0.3, 1 + 2j, 1 - 2j], 0.1)),
    "s4 clipped": lambda: ht.s4(ht.LagT(16), b_clip=1.0),
    **{f"legs {N}": lambda N=N: ht.s4d("legs", N) for N in (1, 2, 15, 16)},
    **{kind: lambda kind=kind: ht.s4d(kind, 16) for kind in ("lin", "inv", "inv2", "quad", "real", "foud")},
    "random": lambda: ht.s4d("random", 16, rng=0),
    "dss": lambda: ht.dss(16),
    "s5": lambda: ht.s5(16, 2, rng=0),
    "lru": lambda: ht.lru(16, rng=0),
    "mamba": lambda: ht.mamba(16),
    "dfout": lambda: ht.dfout(15, 0.1),
}


@pytest.mark.parametrize("name", EVERY)
def test_every_recipe_has_a_report_that_prints(name):
    init = EVERY[name]()
    report = init.report()
    assert isinstance(report, Report) and report.stable
    text, page = str(report), report._repr_html_()
    assert repr(init) in text and init.source in text and "half-life" in text
    assert page.count("<tr>") == page.count("</tr>") and "<script" not in page
    assert "&lt;" in page  # the repr of the initialisation is escaped
    assert max(map(len, text.splitlines())) < 200


@pytest.mark.parametrize("name", [k for k in EVERY if not k.startswith(("s4", "lru", "dfout"))])
def test_half_lives_and_aliasing_are_those_of_the_modes(name):
    init = EVERY[name]()
    report = init.report(dt=(0.01, 0.2))
    assert report.dt == (0.01, 0.2)
    for dt, remembered, folded in zip(report.dt, report.memory, report.aliasing, strict=True):
        np.testing.assert_allclose(remembered.half_lives, np.log(2) / (dt * np.abs(init.lam.real)), rtol=1e-14)
        assert folded.fraction == np.mean(dt * np.abs(init.lam.imag) >= np.pi)
    assert report.stability == init.lam.real.max()


def test_the_poles_of_s4_are_those_of_the_operator():
    """Not those of its diagonal, and without an eigensolver, which would lose them."""
    report = ht.s4(ht.LegS(64)).report(0.1)
    np.testing.assert_allclose(report.memory[0].half_lives, np.log(2) / (0.1 * np.arange(1, 65)), rtol=1e-14)
    assert report.stability == -1.0 and report.aliasing[0].count == 0
    fout = ht.s4(ht.FouT(9)).report()
    assert fout.stability == pytest.approx(np.linalg.eigvals(ht.FouT(9).A).real.max(), rel=1e-10)


# ------------------------------------------------------------------------------------------ output scale


@pytest.mark.parametrize("dt", [1e-2, 1e-1])
@pytest.mark.parametrize("name", [k for k in EVERY if not k.startswith(("s4", "lru", "dfout"))])
def test_the_output_scale_is_the_energy_of_the_sampled_kernel_on_average(name, dt):
    """Second road: sum the kernel, averaged over outputs that form an orthonormal basis."""
    from dataclasses import replace

    init = EVERY[name]()
    L = int(40 / (dt * -init.lam.real.max()))
    energy, basis = 0.0, np.eye(init.lam.size)
    if init.V is not None:
        system = replace(init.system, C=init.V)
        energy = float((np.abs(system.discretize(dt).kernel(L)) ** 2).sum())
    else:
        for row, z in zip(basis, init.lam, strict=True):
            # E over a complex normal C with E|C|^2 = 1: half from each of C = 1 and C = i, a real mode has a real C
            turns = (1.0,) if z.imag == 0 else (np.sqrt(0.5), 1j * np.sqrt(0.5))
            for turn in turns:
                sampled = replace(init.system, C=turn * row).discretize(dt)
                energy += float((np.abs(sampled.kernel(L)) ** 2).sum())
    assert init.report(dt).output_scale[0] == pytest.approx(np.sqrt(energy), rel=1e-9)


def test_the_output_scale_of_s4_legs_is_the_square_root_of_dt_n_over_two():
    """The trace of its Gramian is N/2 (L7), and the bilinear map multiplies it by dt."""
    for N, dt in ((8, 0.01), (64, 0.1)):
        init = ht.s4(ht.LegS(N))
        assert init.report(dt).output_scale[0] == pytest.approx(np.sqrt(dt * N / 2), rel=1e-12)
    K = ht.s4(ht.LegS(8)).discretize(0.1, "bilinear").kernel(2000)
    assert np.sqrt((np.abs(K) ** 2).sum()) == pytest.approx(np.sqrt(0.1 * 4), rel=1e-12)


def test_the_output_scale_of_a_clipped_s4_is_that_of_its_kernel():
    init = ht.s4(ht.LegS(16), b_clip=2.0)
    K = init.discretize(0.1, "bilinear").kernel(1000)
    assert init.report(0.1).output_scale[0] == pytest.approx(np.sqrt((np.abs(K) ** 2).sum()), rel=1e-9)


def test_fine_sampling_shows_that_white_noise_excites_s4d_legs_n_over_two_times_more_than_legs():
    """||V^*B||^2/4 = N^2/4 against N/2: the price of modes that do not converge."""
    N, dt = 16, 1e-7
    assert ht.s4d("legs", N).report(dt).output_scale[0] == pytest.approx(np.sqrt(dt * N**2 / 4), rel=1e-4)
    assert ht.s4(ht.LegS(N)).report(dt).output_scale[0] == pytest.approx(np.sqrt(dt * N / 2), rel=1e-10)


def test_lru_has_the_output_scale_root_n_whatever_its_ring():
    for ring in ((0.0, 1.0), (0.9, 0.999)):
        report = ht.lru(64, *ring, rng=0).report()
        assert report.output_scale == (pytest.approx(8.0, rel=1e-12),)
        assert report.dt == () and report.aliasing == ()


def test_a_mode_that_does_not_decay_has_no_output_scale():
    report = ht.dfout(8, 0.0).report()
    assert not report.stable and report.output_scale == (np.inf,) and report.memory[0].median == np.inf
    assert "MARGINAL" in str(report)


# --------------------------------------------------------------------------------------------- distances


def distance(report, name):
    return next(f.value for f in report.distances if f.name == name)


@pytest.mark.parametrize("N", [2, 16, 63, 64])
def test_the_distance_of_s4d_legs_is_that_of_the_closed_form(N):
    """L6 through G and phi; the report goes through the modes."""
    report, op = ht.s4d("legs", N).report(), ht.LegS(N)
    phi = op.allpass(1j)
    exact = np.linalg.norm(op.transfer(1j)) * abs(phi) / abs(1 + phi)
    assert distance(report, "distance at w = 1") == pytest.approx(exact, rel=1e-11)
    w = np.linspace(-0.5, 0.5, 20001) + ht.s4d("legs", N).lam.imag.max()
    phi = op.allpass(1j * w)
    near = np.max(N / np.hypot(w, N) * np.abs(phi) / np.abs(1 + phi))
    assert distance(report, "largest distance") == pytest.approx(near, rel=1e-6)


def test_the_largest_distances_of_the_theory():
    for N, value in ((16, 10.0246), (64, 40.7028), (1024, 651.896)):
        assert distance(ht.s4d("legs", N).report(), "largest distance") == pytest.approx(value, rel=1e-5)


def test_the_distance_at_one_falls_like_one_over_n():
    values = [N * distance(ht.s4d("legs", N).report(), "distance at w = 1") for N in (16, 64, 256)]
    np.testing.assert_allclose(values, 1.0, rtol=0.02)


def test_s4_is_its_operator_up_to_rounding():
    for op in (ht.LegS(64), ht.FouT(33), ht.LagT(8)):
        assert distance(ht.s4(op).report(), "distance at w = 1") <= 64 * ref.EPS


def test_inv_misses_the_top_by_n_over_pi_and_the_median_mode_by_18_percent():
    """D2."""
    report = ht.s4d("inv", 64).report()
    assert distance(report, "top frequency missed by") == pytest.approx(64 / np.pi - np.pi / 6, abs=1 / 64)
    assert distance(report, "median error of a frequency") == pytest.approx(0.18, abs=5e-3)


# -------------------------------------------------------------------------------------------- deviations


@pytest.mark.parametrize(
    ("init", "switches"),
    [
        (lambda: ht.s4d("legs", 64), []),
        (lambda: ht.s4d("legs", 64, b_scale=1.0), ["missing factor 1/2 on B"]),
        (lambda: ht.s4d("legs", 64, b_clip=2.0), ["B clipped at 2"]),
        (lambda: ht.s4d("legs", 64, b_scale=1.0, b_clip=2.0), ["B clipped at 2", "missing factor 1/2 on B"]),
        (lambda: ht.s4(ht.LegS(64), b_clip=2.0), ["B clipped at 2"]),
        (lambda: ht.s4(ht.LagT(64), b_clip=2.0), ["B clipped at 2"]),
        (lambda: ht.s4(ht.LegT(64), b_clip=4.0), ["B clipped at 4"]),
        (lambda: ht.s4(ht.TakenakaMalmquist(np.arange(16) + 1.5, 0.5)), ["1-based LegS"]),
        (lambda: ht.s5(64), []),
        (lambda: ht.s5(64, 4, inputs=8, rng=0), []),
        (lambda: ht.s4d("inv", 64, alpha=np.pi), ["S4D-Inv without 1/pi"]),
        (lambda: ht.s4d("lin", 64, alpha=1 / 64), ["dead mode 0", "imaginary part divided by the state size"]),
        (lambda: ht.s4d("quad", 64, alpha=0.1), ["frequencies scaled by alpha"]),
        (lambda: ht.s5(64, 4, rng=0), ["repeated eigenvalues"]),
    ],
)
def test_every_switch_that_is_on_is_named_with_its_cost(init, switches):
    report = init().report(1e-4)
    assert [f.name for f in report.deviations] == switches
    for name in switches:
        assert f"deviation: {name}: " in str(report)
        assert f"<b>deviation</b> {name.replace('<', '&lt;')}" in report._repr_html_()
    assert ("none that are known" in str(report)) is not bool(switches)


def test_the_cost_of_the_clip_is_printed():
    assert "||B - V^*B|| / ||V^*B|| = 0.912" in str(ht.s4d("legs", 64, b_scale=1.0, b_clip=2.0).report())


def test_a_loaded_file_has_the_report_of_what_was_exported(tmp_path):
    init = ht.s4d("legs", 16, b_scale=1.0, b_clip=2.0)
    ht.export(init, tmp_path / "x.safetensors")
    assert str(ht.load(tmp_path / "x.safetensors").report()) == str(init.report())


@pytest.mark.parametrize("dt", [0.0, -1.0, np.nan, (0.1, 0.0), "fast", ()])
def test_steps_that_are_none_are_refused(dt):
    with pytest.raises(ht.ParameterError, match="dt"):
        ht.s4d("lin", 8).report(dt)


def test_reports_of_laws_need_numpy_alone():
    code = "import sys, json, hippo_theory as ht; str(ht.mamba(8).report()); str(ht.s4d('inv', 8).report()); "
    code += "print(json.dumps([m for m in ('scipy', 'mpmath', 'matplotlib') if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
