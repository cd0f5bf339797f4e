"""Orders of approximation: fitted against theory on functions whose smoothness is known."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.errors import ParameterError, ShapeError, UnknownNameError

C = 0.3
SINGULAR = [
    (lambda tau: np.sign(np.exp(-tau) - C), 0.5),
    (lambda tau: np.abs(np.exp(-tau) - C), 1.5),
    (lambda tau: (np.exp(-tau) - C) * np.abs(np.exp(-tau) - C), 2.5),
    (lambda tau: np.abs(np.exp(-tau) - C) ** 3, 3.5),
]
SIZES = [16, 32, 64, 128, 256]


@pytest.mark.parametrize(("f", "order"), SINGULAR)
def test_a_jump_in_the_kth_derivative_gives_the_order_k_plus_one_half(f, order):
    study = ht.approximation_study("LegS", f, SIZES, breaks=[-np.log(C)])
    found, uncertainty = study.order()
    assert abs(found - order) < 0.05 * order
    assert uncertainty < 0.05 * order
    np.testing.assert_allclose(study.error, study.best, rtol=1e-6)  # K_n = p_n omega


def test_the_errors_of_legs_are_those_of_legendre_coefficients():
    """Second road: int_c^1 L_n - int_0^c L_n in closed form, and Parseval."""
    n = np.arange(1, 4097)
    P = legendre_at(2 * C - 1, 4098)
    coefficients = -(P[2:] - P[:-2])[: n.size] / np.sqrt(2 * n + 1)
    study = ht.approximation_study("LegS", SINGULAR[0][0], [8, 32, 128], breaks=[-np.log(C)])
    for N, error in zip(study.N, study.error, strict=True):
        tail = (coefficients[N - 1 :] ** 2).sum()
        # the tail beyond 4096 is about 1/4096 of the first term's scale
        assert error**2 == pytest.approx(tail, rel=2.5 * N / 4096)


def legendre_at(y, count):
    P = np.empty(count)
    P[0], P[1] = 1.0, y
    for n in range(1, count - 1):
        P[n + 1] = ((2 * n + 1) * y * P[n] - n * P[n - 1]) / (n + 1)
    return P


def test_a_past_that_grows_with_the_lag_has_the_order_one():
    """tau = -log x: its Legendre coefficients fall like n^{-3/2}."""
    found, _ = ht.approximation_study("LegS", lambda tau: tau, SIZES).order()
    assert found == pytest.approx(1.0, abs=0.02)


def test_legt_remembers_smooth_pasts_to_rounding_although_its_kernels_do_not_converge_fast():
    study = ht.approximation_study("LegT", lambda tau: np.sin(5 * tau + 0.3), [8, 16, 32])
    assert study.error[2] < 1e-12 and study.kernel_error[2] > 0.02
    assert study.order("kernel_error")[0] == pytest.approx(0.55, abs=0.06)


def test_fout_has_order_one_half_whatever_the_smoothness():
    smooth = ht.approximation_study("FouT", lambda tau: np.exp(np.cos(2 * np.pi * tau)), [17, 33, 65, 129])
    assert smooth.best[1] < 1e-14
    assert smooth.order("kernel_error")[0] == pytest.approx(0.5, abs=0.03)
    assert smooth.order("leakage")[0] == pytest.approx(0.5, abs=0.03)
    assert (smooth.error > 1e-3).all()


def test_published_numbers_of_the_fout_floor():
    """exp(cos 2 pi t): .36, .17, .086 at about N = 16, 64, 256."""
    study = ht.approximation_study("FouT", lambda tau: np.exp(np.cos(2 * np.pi * tau)), [17, 65, 257])
    np.testing.assert_allclose(study.kernel_error, [0.34, 0.17, 0.086], rtol=0.02)


def test_laguerre_functions_take_in_what_decays():
    study = ht.approximation_study("LagT", lambda tau: np.exp(-tau), [8, 16, 32])
    # int e^-tau e^-tau/2 Lag_n = (1/3)^n / 1.5 in closed form
    assert study.error[0] == pytest.approx(np.sqrt(0.5) * 3.0**-8, rel=1e-6)
    assert study.error[2] < 1e-14


def test_an_order_needs_three_positive_errors():
    study = ht.approximation_study("LegS", lambda tau: np.abs(np.exp(-tau) - 0.5), [4, 8])
    with pytest.raises(ParameterError, match="three or more"):
        study.order()
    with pytest.raises(ParameterError, match="positive"):
        ht.approximation_study("LegS", lambda tau: 0 * tau, [4, 8, 16]).order()


def test_a_study_prints_as_a_table():
    text = repr(ht.approximation_study("LegS", lambda tau: np.exp(-tau), [2, 3]))
    assert text.splitlines()[0] == "LegS" and len(text.splitlines()) == 4 and "leakage" in text


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"family": "Legs2"}, UnknownNameError),
        ({"family": "FouT", "sizes": [16]}, ParameterError),
        ({"sizes": []}, ShapeError),
        ({"sizes": [0]}, ParameterError),
        ({"f": lambda tau: 1.0}, ShapeError),
        ({"f": lambda tau: np.nan * tau}, ParameterError),
        ({"f": lambda tau: np.exp(1j * tau)}, ShapeError),
        ({"breaks": [np.nan]}, ParameterError),
    ],
)
def test_bad_input_is_a_typed_error(arguments, error):
    with pytest.raises(error):
        ht.approximation_study(**{"family": "LegS", "f": lambda tau: tau, "sizes": [4], **arguments})
