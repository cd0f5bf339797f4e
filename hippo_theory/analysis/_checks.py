"""The argument that every analysis shares, checked with one wording."""

from __future__ import annotations

from typing import Any

from ..errors import ParameterTypeError
from ..operators import Operator

__all__ = ["checked_operator"]


def checked_operator(value: Any, who: str) -> Operator:
    """``value`` where it is an operator."""
    if not isinstance(value, Operator):
        raise ParameterTypeError(f"{who}: an operator is needed, such as ht.LegS(64), got {value!r}.")
    return value
