"""What no recipe and no system can mean is refused by a typed error that names the parameter; numpy's never surface."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.errors import ParameterTypeError
from hippo_theory.initializations import S4D_KINDS, deviations
from hippo_theory.systems import DISCRETIZATIONS

NAN, INF = np.nan, np.inf

SIZED = {
    **{f"s4d {kind}": (lambda N, kind=kind: ht.s4d(kind, N, rng=0)) for kind in S4D_KINDS},
    "dss": ht.dss,
    "s5": ht.s5,
    "lru": lambda N: ht.lru(N, rng=0),
    "mamba": ht.mamba,
    "dfout": lambda N: ht.dfout(N, 0.1),
    "s5 blocks": lambda N: ht.s5(64, N),
    "s5 inputs": lambda N: ht.s5(64, inputs=N, rng=0),
    "s5 outputs": lambda N: ht.s5(64, outputs=N, rng=0),
    "operator": lambda N: ht.operator("legs", N),
}


@pytest.mark.parametrize("N", [0, -1, -(2**70), 2**31], ids=str)
@pytest.mark.parametrize("recipe", SIZED)
def test_a_count_is_at_least_one_and_fits_into_memory(recipe, N):
    with pytest.raises(ht.ParameterError, match=r"(N|blocks|inputs|outputs) (must be at least 1|= \d+ is beyond)"):
        SIZED[recipe](N)


@pytest.mark.parametrize("N", [1.5, 4.0, True, "4", NAN, [4], 4 + 0j, np.float64(4)], ids=repr)
@pytest.mark.parametrize("recipe", SIZED)
def test_a_count_is_an_integer(recipe, N):
    with pytest.raises(ParameterTypeError, match=r"(N|blocks|inputs|outputs) must be an integer"):
        SIZED[recipe](N)


@pytest.mark.parametrize("N", [1, 7, 63])
@pytest.mark.parametrize(
    "recipe", ["dss", "s5", "lru", "s4d lin", "s4d inv", "s4d inv2", "s4d quad", "s4d foud", "s4d random"]
)
def test_what_is_made_of_pairs_needs_an_even_size_and_names_the_neighbours(recipe, N):
    with pytest.raises(ht.ParameterError, match=rf"use {N - 1} or {N + 1}|use 2"):
        SIZED[recipe](N)


@pytest.mark.parametrize("recipe", ["s4d legs", "s4d real", "mamba", "dfout"])
def test_what_is_not_made_of_pairs_takes_an_odd_size(recipe):
    assert SIZED[recipe](7).N == 7


CHAINS = {
    "a pole in the right half-plane": ([1.0, -0.5], r"Re a_k > 0 .*a\[1\] = \(-0.5"),
    "a pole on the axis": ([0.0], r"Re a_k > 0"),
    "a pair on the axis": ([1j, -1j], r"Re a_k > 0"),
    "NaN": ([1.0, NAN], "NaN"),
    "infinity": ([INF], "infinity"),
    "half a pair": ([1 + 1j], "adjacent conjugate pairs"),
    "another pair": ([1 + 1j, 1 - 2j], "adjacent conjugate pairs"),
    "a pair apart": ([1 + 1j, 2.0, 1 - 1j], "adjacent conjugate pairs"),
    "nothing": ([], "non-empty"),
    "a matrix": ([[1.0]], "1-D"),
    "words": (["a"], "numeric"),
    "truth": ([True], "numeric"),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_unstable_and_unpaired_poles_of_a_chain_are_refused(chain):
    a, says = CHAINS[chain]
    with pytest.raises(ht.HippoTheoryError, match=says):
        ht.TakenakaMalmquist(a)


@pytest.mark.parametrize("shift", [-0.1, NAN, INF, "0", True, None, 1j, [0.5]], ids=repr)
def test_a_shift_is_a_finite_number_that_is_not_negative(shift):
    with pytest.raises(ht.ParameterError, match="shift"):
        ht.TakenakaMalmquist([1.0], shift)


@pytest.mark.parametrize("op", [ht.LagT(4), ht.TakenakaMalmquist([0.5, 0.5, 2.0])], ids=repr)
def test_repeated_poles_are_allowed_in_a_chain_and_no_eigenvectors_are_made_up_for_them(op):
    """A is defective and kappa(V) infinite; its normal part has distinct eigenvalues, and S4 a unitary V."""
    assert ht.eigenvector_condition(op).value == INF
    init = ht.s4(op)
    assert np.unique(init.lam).size == op.N
    np.testing.assert_allclose(init.V.conj().T @ init.V, np.eye(op.N), atol=1e-14)
    assert "repeated" not in str(init.report())


def test_repeated_modes_are_allowed_in_a_system_and_named():
    (finding,) = deviations(ht.Diagonal([-1.0, -1.0], [1.0, 2.0]))
    assert finding.name == "repeated eigenvalues" and finding.value == 0.5


STEPPED = {
    **{
        f"{form} {method}": (lambda dt, s=s, m=method: s.discretize(dt, m, alpha=0.5 if m[:3] == "gen" else None))
        for form, s in {
            "dense": ht.StateSpace(-np.eye(2), [1.0, 1.0]),
            "dense, two inputs": ht.StateSpace(-np.eye(2), np.eye(2)),
            "low rank": ht.DiagonalPlusLowRank([-1.0, -2.0], [0.1, 0.1], [1.0, 1.0]),
            "diagonal": ht.Diagonal([-1.0, -2.0], [1.0, 1.0]),
            "initialisation": ht.s4d("legs", 4),
        }.items()
        for method in DISCRETIZATIONS
    },
    "aliasing": lambda dt: ht.aliasing(ht.s4d("lin", 4), dt),
    "memory": lambda dt: ht.memory(ht.s4d("lin", 4), dt),
    "report": lambda dt: ht.s4d("lin", 4).report(dt),
    "report among others": lambda dt: ht.s4d("lin", 4).report((0.1, dt)),
    "report in discrete time": lambda dt: ht.dfout(4, 0.1).report(dt),
    "deviations": lambda dt: deviations(ht.s4d("lin", 4).system, dt=dt),
    "Diagonal": lambda dt: ht.Diagonal([0.5], [1.0], dt=dt),
    "StateSpace": lambda dt: ht.StateSpace([[0.5]], [1.0], dt=dt),
    "DiagonalPlusLowRank": lambda dt: ht.DiagonalPlusLowRank([0.5], [0.1], [1.0], dt=dt),
}


@pytest.mark.parametrize("dt", [0, -0.1, -0.0, NAN, INF, -INF, "fast", True, 0.1j], ids=repr)
@pytest.mark.parametrize("what", STEPPED)
def test_a_step_is_positive_and_finite(what, dt):
    with pytest.raises(ht.ParameterError, match="dt must be"):
        STEPPED[what](dt)


SWITCHES = {
    "b_scale": lambda x: ht.s4d("legs", 4, b_scale=x),
    "b_clip": lambda x: ht.s4d("legs", 4, b_clip=x),
    "b_clip of s4": lambda x: ht.s4(ht.LegS(4), b_clip=x),
    "alpha": lambda x: ht.s4d("lin", 4, alpha=x),
    "xi": lambda x: ht.dfout(4, x),
    "r_min": lambda x: ht.lru(4, x, 0.9, rng=0),
    "r_max": lambda x: ht.lru(4, 0.1, x, rng=0),
    "max_phase": lambda x: ht.lru(4, max_phase=x, rng=0),
}


@pytest.mark.parametrize("x", [NAN, INF, -INF, "1", True, 1j, [1.0]], ids=repr)
@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_is_a_finite_number(switch, x):
    with pytest.raises(ht.ParameterError, match=rf"{switch.split()[0]} must be"):
        SWITCHES[switch](x)


OUTPUTS = {
    "s4": lambda C: ht.s4(ht.LegS(2), C=C),
    "s4d legs": lambda C: ht.s4d("legs", 2, C=C),
    "s4d lin": lambda C: ht.s4d("lin", 4, C=C),
    "dss": lambda C: ht.dss(4, C=C),
    "s5": lambda C: ht.s5(2, C=C),
    "s5 input": lambda B: ht.s5(2, B=B),
    "lru": lambda C: ht.lru(4, C=C, rng=0),
    "mamba": lambda C: ht.mamba(2, C=C),
    "dfout": lambda C: ht.dfout(2, 0.1, C=C),
}


@pytest.mark.parametrize(
    "C", [np.ones(3), "x", [NAN, 1.0], [None, 1.0], [[1.0], [1.0, 2.0]], 1.0, [], np.ones((1, 1, 2))], ids=repr
)
@pytest.mark.parametrize("recipe", OUTPUTS)
def test_an_output_that_fits_nothing_is_refused(recipe, C):
    with pytest.raises(ht.HippoTheoryError, match=r"[BC] (must|contains|is not a rectangular)"):
        OUTPUTS[recipe](C)


@pytest.mark.parametrize("operator", [4, "LegS", None, np.eye(3), ht.StateSpace([[-1.0]], [1.0])], ids=repr)
def test_s4_needs_an_operator(operator):
    with pytest.raises(ParameterTypeError, match="operator is needed, such as LegS"):
        ht.s4(operator)


@pytest.mark.parametrize("kind", [None, 1, "lins", "", ["lin"], "LEGS"], ids=repr)
def test_a_kind_that_is_none_is_refused_with_the_list_of_all(kind):
    with pytest.raises(ht.UnknownNameError, match="legs, lin, inv"):
        ht.s4d(kind, 8)


@pytest.mark.parametrize("N", [0, 1.5, "8"], ids=repr)
def test_the_size_that_deviations_are_counted_against_is_a_size(N):
    with pytest.raises(ht.ParameterError, match="N must be"):
        deviations(ht.s4d("lin", 8).system, N=N)


def test_a_claimed_size_without_a_real_mode_to_blame_is_no_error():
    assert deviations(ht.Diagonal([-0.5 + 1j, -0.5 + 3j], [1.0, 1.0], conjugate_pairs=True), N=5) == ()
