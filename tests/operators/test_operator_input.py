"""Bad input: typed errors that say what was given, what is needed, what to do."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import errors

FAMILIES = [ht.LegS, ht.LegT, ht.LagT, ht.FouT]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("N", [0, -1, -1000])
def test_a_size_below_one_is_refused_and_quoted(family, N):
    with pytest.raises(errors.ParameterError, match=rf"{family.__name__}.*at least 1.*{N}"):
        family(N)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("N", [2.5, 3.0, True, "4", None, np.float64(3), 3 + 0j, [3]], ids=repr)
def test_a_size_of_the_wrong_type_is_refused_and_its_type_named(family, N):
    with pytest.raises(errors.ParameterTypeError, match=rf"N must be an integer.*{type(N).__name__}"):
        family(N)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", [np.int64, np.int8, np.uint32, int])
def test_numpy_integers_are_sizes(family, kind):
    op = family(kind(3))
    assert op == family(3)
    assert type(op.N) is int


@pytest.mark.parametrize("N", [2, 4, 100])
def test_an_even_size_of_fout_is_refused_with_both_neighbours(N):
    with pytest.raises(errors.ParameterError, match=rf"odd.*\b{N}\b.*N={N - 1} or N={N + 1}"):
        ht.FouT(N)


@pytest.mark.parametrize(
    ("name", "meant"), [("fourt", "FouT"), ("Lagt2", "LagT"), ("leggs", "LegS"), ("LegT ", "LegT")]
)
def test_an_unknown_family_is_refused_with_a_suggestion(name, meant):
    with pytest.raises(errors.UnknownNameError, match=f"Did you mean '{meant}'"):
        ht.operator(name, 4)


def test_a_name_like_no_other_gets_the_whole_list():
    with pytest.raises(errors.UnknownNameError, match=r"LegS, LegT, LagT, FouT\.$"):
        ht.operator("zzz", 4)


@pytest.mark.parametrize("name", [3, None, ["LegS"]], ids=repr)
def test_a_family_that_is_no_name_is_refused(name):
    with pytest.raises(ht.HippoTheoryError):
        ht.operator(name, 4)


@pytest.mark.parametrize(
    ("a", "said"),
    [
        ([], "non-empty"),
        ([[1.0, 2.0]], r"\(1, 2\)"),
        ([0.0], r"Re a_k > 0.*a\[0\]"),
        ([1.0, -2.0], r"Re a_k > 0.*a\[1\]"),
        ([1j, -1j], r"Re a_k > 0.*a\[0\]"),
        ([1.0, np.nan], "NaN"),
        ([np.inf], "(?i)inf"),
        ([1 + 1j], r"a\[0\].*conjugate"),
        ([2.0, 1 + 1j, 3.0, 1 - 1j], r"a\[1\].*conjugate"),
        ([1 + 1j, 1 + 1j], r"a\[0\].*conjugate"),
        ([1 + 1j, 1 - 1.0000000000000002j], r"a\[0\].*conjugate"),
        (["x"], "numeric"),
        (None, "numeric"),
    ],
    ids=str,
)
def test_section_parameters_that_make_no_chain_are_refused(a, said):
    with pytest.raises(ht.HippoTheoryError, match=said):
        ht.TakenakaMalmquist(a)


@pytest.mark.parametrize("shift", [-1e-300, -1.0, np.nan, np.inf, 1j, "0", None, [0.5]], ids=repr)
def test_a_shift_that_is_none_is_refused(shift):
    with pytest.raises(ht.HippoTheoryError, match="shift"):
        ht.TakenakaMalmquist([1.0], shift)


@pytest.mark.parametrize("bits", [0, -1, 2.5, "128", None, True], ids=repr)
def test_a_precision_that_is_none_is_refused(bits):
    with pytest.raises(ht.HippoTheoryError, match="bits must be"):
        ht.LegS(3).balls(bits)


@pytest.mark.parametrize("s", ["1j", None, [None], object()], ids=lambda s: type(s).__name__)
def test_points_that_are_no_numbers_are_refused(s):
    with pytest.raises(ht.HippoTheoryError, match="numeric"):
        ht.LegS(3).transfer(s)


@pytest.mark.parametrize(
    "call", [lambda op, x: op.transfer(x), lambda op, x: op.kernel(x), lambda op, x: op.allpass(x)]
)
def test_ragged_points_are_refused_with_a_typed_error(call):
    with pytest.raises(ht.HippoTheoryError):
        call(ht.LegS(3), [[1.0, 2.0], [3.0]])


def test_operators_cannot_be_changed():
    op = ht.LegS(3)
    with pytest.raises((AttributeError, TypeError)):
        op.N = 4


@pytest.mark.parametrize(
    "error",
    [
        errors.ShapeError,
        errors.ParameterError,
        errors.ParameterTypeError,
        errors.UnknownNameError,
        errors.UnstableSystemError,
        errors.AccuracyError,
        errors.CertificateError,
        errors.ExportError,
        errors.MissingExtraError,
    ],
)
def test_every_error_is_a_hippo_theory_error(error):
    assert issubclass(error, ht.HippoTheoryError)


def test_value_and_type_errors_are_also_the_builtin_ones():
    """So that code which knows nothing of us catches what it expects."""
    assert issubclass(errors.ParameterError, ValueError)
    assert issubclass(errors.ShapeError, ValueError)
    assert issubclass(errors.ParameterTypeError, TypeError)
    assert issubclass(errors.MissingExtraError, ImportError)
    assert issubclass(ht.AccuracyWarning, Warning)


def test_copies_of_an_operator_are_the_operator_and_pickles_equal_it():
    import copy
    import pickle

    for op in (ht.LegS(4), ht.FouT(5), ht.TakenakaMalmquist([1.0, 2 + 1j, 2 - 1j], 0.5)):
        assert copy.deepcopy(op) is op
        again = pickle.loads(pickle.dumps(op))
        assert again == op and hash(again) == hash(op) and not again.A.flags.writeable


def test_time_scales_beyond_float64_have_no_gramian_rather_than_a_wrong_one():
    with pytest.raises(ht.AccuracyError, match="time scales"):
        ht.TakenakaMalmquist([1e20, 1.0], 1.0).gramian()


@pytest.mark.parametrize("N", [2**31, 10**19])
def test_sizes_beyond_any_memory_are_refused(N):
    with pytest.raises(ht.ParameterError, match="memory"):
        ht.LegS(N)


@pytest.mark.parametrize("bits", [1, 2**70, 0, 2.5])
def test_strange_precisions_are_refused(bits):
    with pytest.raises(ht.ParameterError, match="bits"):
        ht.LegS(2).balls(bits)


def test_masked_points_are_refused():
    with pytest.raises(ht.ParameterError, match="mask"):
        ht.LegS(2).transfer(np.ma.array([1.0, 2.0], mask=[0, 1]))
