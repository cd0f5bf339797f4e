"""The phase of LegS on the imaginary axis in O(1), and spikes to full accuracy."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.lossless.imaginary_axis import amplification_near, axis_phase, resolved_axis, spike

EPS = np.finfo(float).eps


def first_mode(w):
    return 1 / np.hypot(1.0, w)


@given(N=st.integers(1, 300), log_w=st.floats(-3, 9))
def test_the_phase_in_closed_form_is_the_sum_of_arctangents(N, log_w):
    w = 10.0**log_w
    with mpmath.workdps(30):
        exact = 2 * mpmath.fsum(mpmath.atan(mpmath.mpf(k) / w) for k in range(1, N)) + mpmath.atan(mpmath.mpf(N) / w)
    # An integral and its end corrections: half a dozen roundings of quantities no larger than twice the result.
    assert abs(axis_phase(N, np.array([w]))[0] / float(exact) - 1) < 12 * EPS


@pytest.mark.parametrize("N", [2, 3, 10, 257])
def test_the_resolved_axis_is_the_product_of_the_factors(N):
    w, amplification = resolved_axis(N, start=1.0, stop=10.0 * N * N)
    gap = np.abs(1 + ht.LegS(N).allpass(1j * w))
    assert np.all(np.diff(w) >= 0)
    assert np.all(np.abs(amplification * gap - 1) < 10 * N * EPS * amplification)


@pytest.mark.parametrize("N", [10, 100, 1000])
def test_the_resolved_axis_has_a_point_at_every_resonance(N):
    w, amplification = resolved_axis(N, start=1.0, stop=10.0 * N * N)
    tops = ht.s4d("legs", N).lam.imag
    tops = tops[tops > 2]
    inside = np.interp(tops, w, amplification)
    # phi(iw) is close to -1 within half a unit of each eigenvalue: there 1/|1 + phi| is at least 1/2.
    assert np.all(inside > 0.5)
    peaks = (amplification[1:-1] > amplification[:-2]) & (amplification[1:-1] > amplification[2:])
    assert peaks.sum() >= np.sum(tops > N)


def exact_spike(N, order):
    """Frequency and height by mpmath: the zero of the derivative of log |G_0/(1 + phi)|."""
    m = 2 * order + 1

    def alpha(w):
        return 2 * mpmath.fsum(mpmath.atan(mpmath.mpf(k) / w) for k in range(1, N)) + mpmath.atan(mpmath.mpf(N) / w)

    def log_height(w):
        phi = w / mpmath.sqrt(w * w + N * N) * mpmath.expj(alpha(w))
        return -mpmath.log(abs(1 + phi)) - mpmath.log(1 + w * w) / 2

    with mpmath.workdps(40):
        start = mpmath.mpf(N) ** 2 / (m * mpmath.pi) - m * mpmath.pi / 6
        w = mpmath.findroot(lambda w: mpmath.diff(log_height, w), start)
        return float(w), float(mpmath.exp(log_height(w)))


@pytest.mark.parametrize(("N", "order"), [(10, 0), (10, 1), (64, 0), (64, 1)])
def test_a_spike_has_its_exact_height_and_place(N, order):
    found = spike(N, order, first_mode)
    frequency, height = exact_spike(N, order)
    assert abs(found.height / height - 1) < 20 * EPS
    # A maximum of curvature 1 is located to the square root of the rounding.
    assert abs(found.frequency - frequency) < 2 * np.sqrt(EPS)


def test_the_shape_of_a_spike_is_a_resonance_of_half_width_one_half():
    top = spike(1000, 0, first_mode)
    d = np.array([-0.5, 0.0, 0.5]) + (top.frequency - top.root)
    shape = first_mode(top.root + d) * amplification_near(1000, top.root, d) / top.height
    np.testing.assert_allclose(shape, [np.sqrt(0.5), 1.0, np.sqrt(0.5)], rtol=1e-5)


def test_the_deviation_at_the_root_is_the_closed_form_of_the_top_resonance():
    N = 64
    top = spike(N, 0, lambda w: N * w / (w * w + N * N))
    R = np.hypot(N, top.root)
    law = N * top.root / (R * (R - top.root))
    assert law <= top.height < law * (1 + 1e-6)
