"""A verdict follows from the measurement, and the ledger prints only digits that carry over."""

import math

import numpy as np
import pytest

from hippo_theory.papers import Claim, ledger

ABOUT = ("room/claim", "A statement.", "a source")


def test_near_holds_up_to_its_tolerance_and_not_beyond():
    verdicts = [
        Claim.near(*ABOUT, expected=1.0, measured=m, tolerance=0.1).verdict for m in (0.89, 0.91, 1.0, 1.09, 1.11)
    ]
    assert verdicts == ["FAILS", "holds", "holds", "holds", "FAILS"]


def test_bounds_hold_below_and_not_above():
    for kind in (Claim.at_most, Claim.rounding):
        assert kind(*ABOUT, bound=1e-3, measured=9e-4).passed
        assert not kind(*ABOUT, bound=1e-3, measured=2e-3).passed


def test_a_word_holds_if_it_is_the_same_word():
    assert Claim.same(*ABOUT, expected="verified", measured="verified").passed
    assert not Claim.same(*ABOUT, expected="verified", measured="not verified: no").passed


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_nan_and_infinity_never_hold(broken):
    assert not Claim.near(*ABOUT, expected=1.0, measured=broken, tolerance=0.1).passed
    assert not Claim.at_most(*ABOUT, bound=1.0, measured=broken).passed
    assert not Claim.rounding(*ABOUT, bound=1.0, measured=broken).passed


def test_printed_digits_end_where_the_tolerance_begins():
    claim = Claim.near(*ABOUT, expected=math.pi, measured=math.pi + 1e-9, tolerance=1e-3)
    assert (claim.expected_text, claim.measured_text) == ("3.142", "3.142")


def test_rounding_errors_are_printed_as_a_bound_unless_they_exceed_it():
    assert Claim.rounding(*ABOUT, bound=3.2e-13, measured=1.234e-14).measured_text == "within"
    assert Claim.rounding(*ABOUT, bound=3.2e-13, measured=1.234e-11).measured_text == "1.2e-11"


def test_the_ledger_counts_what_holds_and_shows_what_fails():
    claims = [
        Claim.near("a/good", "Good.", "x", expected=1.0, measured=1.0, tolerance=0.1),
        Claim.near("a/bad", "Bad.", "x", expected=1.0, measured=2.0, tolerance=0.1),
    ]
    text = ledger(claims)
    assert text.endswith("1 of 2 claims hold.")
    assert "FAILS" in text and "a/bad" in text and "Bad." in text
    assert str(claims[1]) == "FAILS a/bad: expected 1.0, measured 2.0 (tolerance 0.1)"


def test_of_an_array_the_largest_entry_is_held_against_the_bound():
    for kind in (Claim.at_most, Claim.rounding):
        below = kind(*ABOUT, bound=1e-3, measured=np.array([[9e-4, -5.0]]))
        assert below.passed and below.measured == 9e-4
        assert not kind(*ABOUT, bound=1e-3, measured=[1e-4, 2e-3, 0.0]).passed
        assert not kind(*ABOUT, bound=1e-3, measured=[1e-4, math.nan, 0.0]).passed


def test_a_value_is_one_number():
    assert Claim.near(*ABOUT, expected=1.0, measured=np.array(1.05), tolerance=0.1).measured == 1.05
    with pytest.raises(ValueError, match="size 1"):
        Claim.near(*ABOUT, expected=1.0, measured=[1.0, 1.0], tolerance=0.1)
