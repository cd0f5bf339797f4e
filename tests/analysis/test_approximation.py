"""Orders of approximation: fitted against theory on functions whose smoothness is known."""

import numpy as np
import pytest
from scipy.special import polygamma
from scipy.stats import linregress

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


def test_the_four_errors_of_one_state_in_closed_form():
    """N = 1, f = e^-tau: LegS remembers int x dx = 1/2, LegT's kernel is e^-t, FouT's 2 e^-2t, LagT's e^-t/2.

    Inputs of the window families are seen up to the lag 4.
    """
    e = np.exp
    c = 1 - e(-1)
    state = {"LegT": (1 - e(-8)) / 2, "FouT": 2 * (1 - e(-12)) / 3}

    def misfit(y):  # int_0^1 (e^-t - y)^2
        return np.sqrt((1 - e(-2)) / 2 - 2 * y * c + y**2)

    fout = (1 - e(-2)) / 2 - 4 * c * (1 - e(-3)) / 3 + c**2 * (1 - e(-4))  # int_0^1 (e^-t - 2c e^-2t)^2
    want = {
        "LegS": (12**-0.5, 12**-0.5, 24**-0.5, 0.0),
        "LegT": (
            misfit(state["LegT"]),
            misfit(c),
            (1 - c) * np.sqrt((1 - e(-2)) / 2),
            c * np.sqrt((e(-2) - e(-8)) / 2),
        ),
        "FouT": (misfit(state["FouT"]), misfit(c), np.sqrt(fout), c * np.sqrt(e(-4) - e(-16))),
        "LagT": (18**-0.5, 18**-0.5, 18**-0.5, 0.0),
    }
    for family, (error, best, kernel, leakage) in want.items():
        study = ht.approximation_study(family, lambda tau: e(-tau), [1])
        found = (study.error[0], study.best[0], study.kernel_error[0], study.leakage[0])
        # squares below 0.02 with 1e-16 each, and the quadrature
        np.testing.assert_allclose(found, (error, best, kernel, leakage), rtol=1e-12, atol=1e-13, err_msg=family)


@pytest.mark.parametrize("c", [0.5, 0.2])
def test_the_best_window_approximation_of_a_jump_is_known(c):
    """f = 1 for tau < c: int_0^c L_n = (P_{n+1} - P_{n-1})(2c - 1)/(2 r_n), and Parseval."""
    P, n = legendre_at(2 * c - 1, 130), np.arange(1, 128)
    squares = np.concatenate([[c**2], ((P[2:129] - P[:127]) ** 2) / (4 * (2 * n + 1))])
    study = ht.approximation_study("LegT", lambda tau: (tau < c) * 1.0, [1, 8, 64], breaks=[c])
    np.testing.assert_allclose(study.best**2, [c - squares[:N].sum() for N in study.N], rtol=1e-11)


def test_the_best_fourier_approximation_of_a_ramp_is_the_tail_of_zeta():
    """tau = 1/2 - sum sin(2 pi m tau)/(pi m): the squared error is psi'(M + 1)/(2 pi^2)."""
    study = ht.approximation_study("FouT", lambda tau: tau, [1, 9, 65])
    want = polygamma(1, (study.N - 1) // 2 + 1) / (2 * np.pi**2)
    np.testing.assert_allclose(study.best**2, want, rtol=1e-11)


def test_equal_sizes_and_unknown_errors_have_no_order():
    study = ht.approximation_study("LegS", lambda tau: np.abs(np.exp(-tau) - 0.5), [4, 4, 4])
    with pytest.raises(ParameterError, match="different sizes"):
        study.order()
    with pytest.raises(UnknownNameError, match="kernel_error"):
        study.order("kernel")


def test_an_order_comes_with_the_standard_error_of_a_straight_line():
    study = ht.approximation_study("LegS", lambda tau: np.abs(np.exp(-tau) - C), [8, 12, 20, 33], breaks=[-np.log(C)])
    line = linregress(np.log(study.N), np.log(study.error))
    np.testing.assert_allclose(study.order(), (-line.slope, line.stderr), rtol=1e-9)
