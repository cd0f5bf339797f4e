"""Validation of what users hand in: sizes, points, times, names. One place, one wording."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable
from dataclasses import fields
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ParameterError, ParameterTypeError, ShapeError, UnknownNameError

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Array = NDArray[Any]


def positive_integer(value: Any, name: str, who: str) -> int:
    """``value`` as an int >= 1; bools and floats are refused, numpy integers are welcome."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise ParameterTypeError(
            f"{who}: {name} must be an integer, got {value!r} of type {type(value).__name__}; pass an int."
        ) from None
    if number < 1:
        raise ParameterError(f"{who}: {name} must be at least 1, got {number}.")
    if number >= 2**31:
        raise ParameterError(f"{who}: {name} = {number} is beyond any memory; it must be below 2^31.")
    return number


def finite_real(value: Any, name: str, who: str) -> float:
    """``value`` as a finite float; text, None and complex numbers are refused."""
    array = np.asarray(value)
    if array.ndim or array.dtype.kind not in "iuf":
        raise ParameterTypeError(f"{who}: {name} must be a real number, got {value!r}.")
    if not np.isfinite(array):
        raise ParameterError(f"{who}: {name} must be finite, got {value}.")
    return float(array)


def positive_real(value: Any, name: str, who: str) -> float:
    """``value`` as a finite float > 0."""
    number = finite_real(value, name, who)
    if number <= 0:
        raise ParameterError(f"{who}: {name} must be positive, got {number}.")
    return number


def unit_interval(rho: float, who: str) -> float:
    """rho as a float in (0, 1]."""
    rho = positive_real(rho, "rho", who)
    if rho > 1:
        raise ParameterError(
            f"{who}: rho must lie in (0, 1], between the operator (rho -> 0) and its diagonal system (rho = 1); got "
            f"{rho:g}. Beyond 1 the eigenvalues leave the region of stability."
        )
    return rho


def frequencies(s: ArrayLike, who: str, name: str = "s") -> Complex:
    """Complex evaluation points. Infinity is legal (a proper system vanishes there), NaN is not."""
    points = _numeric(s, name, who).astype(np.complex128)
    if np.isnan(points).any():
        raise ParameterError(f"{who}: {name} contains NaN ({int(np.isnan(points).sum())} of {points.size} points).")
    return points


def times(t: ArrayLike, who: str) -> Real:
    """Real times t >= 0."""
    array = _numeric(t, "t", who)
    if np.iscomplexobj(array):
        raise ParameterTypeError(f"{who}: t must be real, got complex values.")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ParameterError(f"{who}: t must be finite, got NaN or infinity.")
    if (array < 0).any():
        raise ParameterError(f"{who}: t must be >= 0 (kernels are causal), got {float(array.min())}.")
    return array


def _numeric(values: ArrayLike, name: str, who: str) -> Array:
    if isinstance(values, np.ma.MaskedArray):
        raise ParameterTypeError(f"{who}: {name} is a masked array; fill it first, its mask would be lost.")
    try:
        array = np.asarray(values)
    except (ValueError, RuntimeError) as error:
        raise ShapeError(f"{who}: {name} is not a rectangular array of numbers ({error}).") from None
    if array.dtype.kind not in "iufc":
        raise ParameterTypeError(f"{who}: {name} must be numeric, got dtype {array.dtype}.")
    return array


def finite(values: ArrayLike, name: str, who: str) -> Array:
    """A float64 or complex128 copy of ``values``, all of them finite."""
    array = _numeric(values, name, who)
    with np.errstate(over="ignore"):
        array = array.astype(np.complex128 if np.iscomplexobj(array) else np.float64, order="C")
    if not np.isfinite(array).all():
        raise ParameterError(f"{who}: {name} contains NaN or infinity; give finite entries.")
    return array


def vector(values: ArrayLike, name: str, who: str, length: int | None = None) -> Array:
    """A finite one-dimensional array, of the given length where one is asked for."""
    array = finite(values, name, who)
    if array.ndim != 1 or array.size == 0 or (length is not None and array.size != length):
        needed = "be a non-empty 1-D array" if length is None else f"have shape ({length},)"
        raise ShapeError(f"{who}: {name} must {needed}, got shape {array.shape}.")
    return array


def generator(rng: Any, who: str) -> np.random.Generator:
    """The numpy Generator of ``rng``: one itself, a seed, or None for fresh entropy."""
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        raise ParameterTypeError(f"{who}: rng must be a numpy Generator or a seed, got {rng!r} ({error}).") from None


class Immutable:
    """For frozen dataclasses with read-only arrays: copies are the object, pickles call the constructor.

    Otherwise numpy would hand out writable copies of the arrays inside an object that claims to be frozen.
    """

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            if isinstance(value := getattr(self, field.name), np.ndarray):
                frozen(value)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> Any:
        given = [(field.kw_only, field.name, getattr(self, field.name)) for field in fields(self)]  # type: ignore[arg-type]
        named = {name: value for by_name, name, value in given if by_name}
        return partial(type(self), **named), tuple(value for by_name, _, value in given if not by_name)


class Scalar:
    """For results that are one number and what is known of it: ``float(result)`` is its ``value``."""

    value: float

    def __float__(self) -> float:
        return self.value


def frozen(array: Array) -> Array:
    """``array`` itself, marked read-only: cached results are shared, so nobody may write to them."""
    array.flags.writeable = False
    return array


def known_name(name: Any, known: Iterable[str], what: str) -> str:
    """``name`` if it is in ``known``, else an error that suggests the nearest one."""
    names = list(known)
    if isinstance(name, str) and name in names:
        return name
    near = difflib.get_close_matches(str(name).lower(), [n.lower() for n in names], n=1, cutoff=0.4)
    hint = next((f" Did you mean {n!r}?" for n in names if near and n.lower() == near[0]), "")
    raise UnknownNameError(f"{what} {name!r} is not known; choose one of {', '.join(names)}.{hint}")
