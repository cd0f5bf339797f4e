"""The references are themselves held against the plainest road there is."""

from fractions import Fraction

import flint
import numpy as np
import pytest
import references as ref
from hypothesis import given
from hypothesis import strategies as st

POLES = [1 + 2j, 1 - 2j, 0.3, 5.0, 2 - 1j, 2 + 1j]


@pytest.mark.parametrize("family", ["LegS", "LegT", "LagT", "FouT", "TM"])
@pytest.mark.parametrize("s", [0.3 + 2j, -0.1 + 1j, 1e-6j, 3e5])
def test_structured_solves_agree_with_the_dense_solve(family, s):
    N = 6 if family == "TM" else 9
    with flint.ctx.workprec(ref.BITS):
        dense = ref.to_complex(ref.dense_transfer(*ref.balls(family, N, POLES, 0.25), s))
    assert ref.relative_error(ref.to_complex(ref.transfer_balls(family, s, N, POLES, 0.25)), dense) <= ref.EPS


@given(st.floats(5e-324, 1e308) | st.integers(1, 2**22).map(float))
def test_nearest_root_agrees_with_ieee_square_root_and_with_the_midpoint_inequality(x):
    root = ref.nearest_root(Fraction(x))
    assert root == float(np.sqrt(x))  # IEEE 754 demands a correctly rounded square root
    assert ref.half_ulps(root, Fraction(x))
    assert not ref.half_ulps(float(np.nextafter(root, 0.0)), Fraction(x))
    assert not ref.half_ulps(float(np.nextafter(root, np.inf)), Fraction(x))


def test_o_one_phase_of_legs_agrees_with_the_sum_of_arctangents():
    with flint.ctx.workprec(ref.BITS):
        for y in (1e-3, 1.0, 50.0, 1e4):
            for one, other in zip(ref.legs_phase_ball(17, y), ref.phase_ball(np.arange(17) + 0.5, y), strict=True):
                assert abs(one - other) < 1e-60
