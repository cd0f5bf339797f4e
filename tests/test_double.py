"""Numbers in two floats: 96 correct bits, wherever the arguments lie."""

from fractions import Fraction

import flint
import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from hippo_theory._double import arctan2, divide, double, exp, log1p, multiply

BITS = 2.0**-96
floats = st.floats(1e-12, 1e12)


def pair(x):
    """A number in two floats from a fraction, as arrays of one."""
    high, low = double(Fraction(x))
    return np.array([high]), np.array([low])


def exact(x):
    return arb(float(x[0][0])) + arb(float(x[1][0]))


def relative(got, want):
    return float(abs(exact(got) - want) / abs(want))


@given(floats, floats, st.floats(-1, 1))
def test_quotients_and_products_undo_each_other(x, y, tail):
    p, q = pair(Fraction(x) + Fraction(tail) * Fraction(x) / 2**60), pair(y)
    with flint.ctx.workprec(256):
        assert relative(divide(p, q), exact(p) / exact(q)) < BITS
        assert relative(multiply(p, q), exact(p) * exact(q)) < BITS


@given(floats, floats, st.floats(-1, 1))
def test_angles_have_ninety_six_bits_in_the_whole_right_half_plane(y, x, tail):
    p, q = pair(Fraction(y) * (1 + Fraction(tail) / 2**60)), pair(x)
    for sign in (1, -1):
        turned = sign * p[0], sign * p[1]
        with flint.ctx.workprec(256):
            assert relative(arctan2(turned, q), arb.atan2(exact(turned), exact(q))) < BITS


@given(st.floats(-0.99, 1e12).filter(lambda x: abs(x) > 1e-300))
def test_logarithms_keep_their_relative_accuracy_for_small_arguments(x):
    with flint.ctx.workprec(2400):
        assert relative(log1p(pair(x)), (1 + arb(x)).log()) < BITS


@pytest.mark.parametrize("x", [0.0, 1e-300, -3.3, 0.5, 700.0, -740.0])
def test_logarithm_and_exponential_are_inverse(x):
    (high, low), k = exp(np.array([x]))
    with flint.ctx.workprec(256):
        assert abs(float((exact((high, low)) * arb(2) ** int(k[0])).log() - arb(x))) < (1 + abs(x)) * BITS
