"""Slips of public code are recognised from lam and B alone, and what is right is left in peace."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.initializations import deviations

n16, n32 = np.arange(16), np.arange(32)


def pairs(frequencies, re=-0.5, B=None):
    frequencies = np.asarray(frequencies)
    B = np.ones(frequencies.size) if B is None else B
    return ht.Diagonal(re + 1j * frequencies, B, conjugate_pairs=True)


def names(system, **more):
    return [finding.name for finding in deviations(system, **more)]


def off_by_one_normal_part(N):
    """LegS of indices 0..N-1 with a correction of rank one of indices 1..N, which does not make it normal."""
    p = np.sqrt(2 * np.arange(N) + 3.0)
    return ht.Diagonal(np.linalg.eigvals(ht.LegS(N).A + np.outer(p, p) / 2), np.ones(N))


def low_rank(init, **changed):
    return replace(init.system, C=None, **changed)


def with_dead_sine(N):
    """The normal part of the Fourier form with a dead state, by an eigensolver; -P P^* makes it dissipative."""
    dead = ht.convention("fourier2", N)
    y, V = np.linalg.eigh(-1j * (dead.A + np.outer(dead.B, dead.B) / 2))
    B = V.conj().T @ dead.B
    return ht.DiagonalPlusLowRank(1j * y, P=B / np.sqrt(2), B=B)


def with_mixed_constants(M):
    """FouT with a dead sine, its plane of frequency 0 in the modes (1, i)/sqrt2 and (1, -i)/sqrt2."""
    y = 2 * np.pi * np.arange(1, M + 1)
    B = np.r_[np.full(M, 2.0), np.sqrt(2.0)]
    lam, B = 1j * np.r_[y[::-1], 0, -y[::-1], 0], np.tile(B, 2)
    return ht.DiagonalPlusLowRank(lam, P=B / np.sqrt(2), B=B)


def one_based_legs(N):
    """S4D-LegS from matrices whose indices run from 1, by a dense eigensolver."""
    n = np.arange(1, N + 1)
    skew = -np.tril(np.sqrt(np.outer(2 * n + 1, 2 * n + 1)) / 2, -1)
    return np.sort(np.linalg.eigvalsh(-1j * (skew - skew.T)))[::-1][: N // 2]


def odd_lost(init):
    """What halves of pairs keep of an odd N."""
    kept = init.lam.imag != 0
    changed = {"lam": init.lam[kept], "B": init.B[kept], "C": None}
    if init.P is not None:
        changed["P"] = init.P[kept]
    return replace(init.system, **changed)


LEGS, S4, LEGT, FOUT = ht.s4d("legs", 64), ht.s4(ht.LegS(8)), ht.s4(ht.LegT(16)), ht.s4(ht.FouT(17))
SLIPS = {
    "1-based LegS, diagonal": (ht.Diagonal(-(n16 + 2.0), np.ones(16)), "1-based LegS"),
    "1-based LegS, normal part": (pairs(one_based_legs(64)), "1-based LegS"),
    "positive": (ht.Diagonal(n16 + 1.0, np.ones(16)), "positive-sign LegS"),
    "half-integers": (ht.Diagonal(-(2 * n16 + 1) / 2, np.ones(16)), "diagonal -(2i+1)/2"),
    "lin real": (ht.Diagonal(-1.0 * n16, np.ones(16)), '"Lin" meaning -n'),
    "inv without pi": (pairs(64 * (64 / (2 * n32 + 1) - 1)), "S4D-Inv without 1/pi"),
    "lin over N": (pairs(np.pi * n32 / 64), "imaginary part divided by the state size"),
    "inv over N": (pairs((64 / (2 * n32 + 1) - 1) / np.pi), "imaginary part divided by the state size"),
    "inv of N/2": (pairs(32 / np.pi * (32 / (2 * n32 + 1) - 1)), "N versus N/2"),
    "inv of 2N": (pairs(128 / np.pi * (128 / (2 * n32 + 1) - 1)), "N versus N/2"),
    "lin with Re = -1": (pairs(np.pi * n32, re=-1.0), "Re is not -1/2"),
    "floor of FouT": (pairs(2 * np.pi * n32, re=-1e-4), "FouT/LegT/LagT Re = -1e-4"),
    "growing": (pairs(np.pi * n32, re=0.5), "poles in the right half-plane"),
    "whole B": (pairs(LEGS.lam.imag, B=2 * LEGS.B), "missing factor 1/2 on B"),
    "other B": (pairs(LEGS.lam.imag, B=1.5 * LEGS.B), "B scaled"),
    "clip": (ht.s4d("legs", 64, b_clip=2.0).system, "B clipped at 2"),
    "clip in S4": (ht.s4(ht.LegS(64), b_clip=2.0).system, "B clipped at 2"),
    "clip in S4-LegT": (ht.s4(ht.LegT(32), b_clip=4.0).system, "B clipped at 4"),
    "clip of odd N": (ht.s4d("legs", 63, b_clip=2.0).system, "B clipped at 2"),
    "1-based LegS in S4": (ht.s4(ht.TakenakaMalmquist(np.arange(64) + 1.5, 0.5)).system, "1-based LegS"),
    "positive normal part": (pairs(LEGS.lam.imag, re=0.5, B=LEGS.B), "positive-sign LegS"),
    "positive in S4": (low_rank(S4, lam=S4.lam + 1.0, Q=-S4.P), "positive-sign LegS"),
    "off by one": (off_by_one_normal_part(64), "off-by-one normal part of LegS"),
    "halves and their mirrors": (ht.Diagonal(S4.lam, S4.B / 2, conjugate_pairs=True), "N versus N/2"),
    "odd N in pairs": (odd_lost(ht.s4d("legs", 63)), "odd N losing a state"),
    "odd N in S4-LegS": (odd_lost(ht.s4(ht.LegS(63))), "odd N losing a state"),
    "odd N in S4-LegT": (odd_lost(ht.s4(ht.LegT(15))), "odd N losing a state"),
    "odd N in S4-LagT": (odd_lost(ht.s4(ht.LagT(9))), "odd N losing a state"),
    "legs over N": (pairs(LEGS.lam.imag / 64), "imaginary part divided by the state size"),
    "legs twice as fast": (pairs(2 * LEGS.lam.imag, re=-1.0), "time scaled by a factor"),
    "lin half as fast": (pairs(np.pi * n32 / 2, re=-0.25), "time scaled by a factor"),
    "floor of S4-LegT": (low_rank(LEGT, lam=LEGT.lam - 1e-4), "FouT/LegT/LagT Re = -1e-4"),
    "floor of S4-FouT": (low_rank(FOUT, lam=FOUT.lam - 1e-4), "FouT/LegT/LagT Re = -1e-4"),
    "dead sine in two modes": (with_mixed_constants(16), "dead FouT state"),
    "dead sine of S4-FouT": (with_dead_sine(32), "dead FouT state"),
    "rational denominator": (
        ht.Diagonal(np.roots([1.0, -1.2, -0.3]), [1.0, 1.0], dt=1.0),
        "poles outside the unit circle",
    ),
    "clip in S4-LagT": (ht.s4(ht.LagT(32), b_clip=2.0).system, "B clipped at 2"),
    "half B in S4": (
        ht.DiagonalPlusLowRank(S4.lam, P=S4.P, B=S4.B / 2),
        "B scaled",
    ),
    "scaled": (pairs(0.3 * np.pi * n32), "frequencies scaled by alpha"),
    "dead FouT state": (ht.Diagonal([0.0, -0.5, -0.7], [0.0, 1.0, 1.0]), "dead FouT state"),
    "dead": (ht.Diagonal([-0.3, -0.5, -0.7], [0.0, 1.0, 1.0]), "dead mode"),
    "copies": (ht.Diagonal([-0.3, -0.3], [1.0, 2.0]), "repeated eigenvalues"),
    "discrete": (ht.Diagonal([1.01], [1.0], dt=1.0), "poles outside the unit circle"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_known_slip_is_named(slip):
    system, name = SLIPS[slip]
    assert name in names(system)


@pytest.mark.parametrize("slip", [s for s in SLIPS if not s.startswith(("copies", "dead", "growing"))])
def test_a_slip_is_named_alone(slip):
    assert len(names(SLIPS[slip][0])) == 1, names(SLIPS[slip][0])


SINGLE = [
    "inv without pi",
    "clip",
    "whole B",
    "1-based LegS, normal part",
    "lin over N",
    "odd N in pairs",
    "legs over N",
]


@pytest.mark.parametrize("slip", [*SINGLE, "halves and their mirrors", "positive normal part", "legs twice as fast"])
def test_a_slip_survives_float32(slip):
    system, name = SLIPS[slip]
    rounded = ht.Diagonal(system.lam.astype(np.complex64), system.B.astype(np.complex64), conjugate_pairs=True)
    assert names(rounded) == [name]


RIGHT = {
    **{f"{kind} {N}": ht.s4d(kind, N) for kind in ("inv", "inv2", "quad") for N in (2, 4, 6, 64, 256)},
    **{f"legs {N}": ht.s4d("legs", N) for N in (1, 2, 3, 5, 6, 63, 64, 256)},
    **{f"real {N}": ht.s4d("real", N) for N in (1, 2, 3, 64)},
    **{f"s4 {op!r}": ht.s4(op) for op in (ht.LegS(7), ht.LegS(64), ht.LagT(16), ht.FouT(33))},
    **{f"s4 {op!r}": ht.s4(op) for op in (ht.LegT(1), ht.LegT(2), ht.LegT(9), ht.LegT(64), ht.LagT(1), ht.LagT(5))},
    **{f"s5 {H}": ht.s5(16, 1, inputs=H, rng=0) for H in (1, 3)},
    "s5": ht.s5(16),
    "s4 tm": ht.s4(ht.TakenakaMalmquist([0.3, 1 + 2j, 1 - 2j, 4.0, 5.0, 9.0], 0.1)),
    "dss": ht.dss(64),
    "random": ht.s4d("random", 64, rng=0),
    "lin": ht.s4d("lin", 64),
    "foud": ht.s4d("foud", 64),
    "lru": ht.lru(64, rng=0),
    "dfout": ht.dfout(64, 0.0),
}


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_said_of_what_is_as_published(name):
    assert names(RIGHT[name].system) == []


@pytest.mark.parametrize("order", [np.s_[::-1], np.random.default_rng(0).permutation(32)], ids=["reversed", "shuffled"])
def test_the_order_of_the_modes_does_not_matter(order):
    both = ht.s4d("legs", 64, b_scale=1.0, b_clip=2.0)
    shuffled = ht.Diagonal(both.lam[order], both.B[order], conjugate_pairs=True)
    assert names(shuffled) == names(both.system) == ["B clipped at 2", "missing factor 1/2 on B"]


def test_the_sign_of_im_and_the_phase_of_b_do_not_matter():
    """Public code stores the lower halves, and eigenvectors of any phase."""
    both = ht.s4d("legs", 64, b_clip=2.0)
    phases = np.exp(1j * np.arange(32.0))
    assert names(ht.Diagonal(both.lam.conj(), both.B * phases, conjugate_pairs=True)) == ["B clipped at 2"]


@pytest.mark.parametrize(("N", "lost"), [(4, 0.23), (16, 0.74), (64, 0.91), (256, 0.97)])
def test_the_clip_costs_what_was_measured_on_the_public_code(N, lost):
    (finding,) = deviations(ht.s4(ht.LegS(N), b_clip=2.0).system)
    assert finding.value == pytest.approx(lost, abs=0.005)
    op, init = ht.LegS(N), ht.s4(ht.LegS(N), b_clip=2.0)
    assert finding.value == pytest.approx(np.linalg.norm(init.V @ init.B - op.B) / np.linalg.norm(op.B), rel=1e-10)


def test_two_modes_of_frequency_zero_are_fout_with_a_state_that_no_input_reaches():
    mixed, dead = with_mixed_constants(4), ht.convention("fourier2", 10)
    s = np.array([0.3, 1 + 2j, 7j])
    exact = np.linalg.norm(dead.transfer(s), axis=0)
    np.testing.assert_allclose(np.linalg.norm(mixed.transfer(s), axis=0), exact, rtol=1e-13)


@pytest.mark.parametrize(("N", "share"), [(8, 0.14), (64, 0.57)])
def test_uniform_denominators_of_rational_transfer_functions_are_named_where_they_are_unstable(N, share):
    """Coefficients U(-1/sqrt N, 1/sqrt N); second road: Schur and Cohn's recursion on the coefficients."""
    rng, named, draws = np.random.default_rng(0), 0, 400
    for _ in range(draws):
        a = np.r_[1.0, rng.uniform(-1, 1, N) / np.sqrt(N)]
        found = names(ht.Diagonal(np.roots(a), np.ones(N), dt=1.0))
        stable, p = True, a
        while stable and p.size > 1:
            k = p[-1] / p[0]
            stable, p = abs(k) < 1, (p - k * p[::-1])[:-1] / (1 - k * k)
        assert found == ([] if stable else ["poles outside the unit circle"])
        named += len(found)
    assert named / draws == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / draws))


@pytest.mark.parametrize("N", [1, 2, 3, 64])
def test_the_missing_half_is_found_at_every_size(N):
    (finding,) = deviations(ht.s4d("legs", N, b_scale=1.0).system)
    assert finding.name == "missing factor 1/2 on B" and finding.value == pytest.approx(1.0)


def test_a_state_that_is_counted_and_not_there_is_named():
    (finding,) = deviations(ht.s4d("lin", 64).system, N=64)
    assert finding.name == "dead mode 0" and finding.value == 1 / 64
    assert "63 differ" in str(finding)


def test_aliased_modes_are_named_at_each_step():
    found = deviations(ht.s4d("inv", 64).system, dt=(1e-3, 1e-2, 1e-1))
    assert [(f.name, f.value) for f in found] == [("aliased modes", 2 / 32), ("aliased modes", 13 / 32)]


numbers = st.sampled_from([0.0, -0.5, 1.0, 2 * np.pi, -1e-4, 1e-300, 1e300]) | st.floats(-1e6, 1e6)
modes = st.lists(st.tuples(*[numbers] * 6), min_size=1, max_size=9)


@given(
    modes, st.sampled_from(["full", "pairs", "low rank", "low rank two", "two inputs"]), st.none() | st.integers(1, 9)
)
def test_whatever_a_file_holds_is_examined_without_an_error(entries, form, N):
    x = np.array(entries)
    lam, B = x[:, 0] + 1j * x[:, 1], x[:, 2] + 1j * x[:, 3]
    if form.startswith("low"):
        P = x[:, 4] if form == "low rank" else x[:, 4:]
        system = ht.DiagonalPlusLowRank(lam, P=P, B=B)
    else:
        system = ht.Diagonal(lam, x[:, 2:4] if form == "two inputs" else B, conjugate_pairs=form != "full")
    for finding in deviations(system, dt=0.1, N=N):
        assert finding.name and finding.statement and not np.isnan(finding.value)


def test_only_systems_are_examined():
    with pytest.raises(ht.ParameterError, match="Diagonal"):
        deviations(np.ones(3))
