"""Where the matrices come from: one HiPPO-type family per file, each formula written once."""

from __future__ import annotations

from .._arrays import known_name
from . import gallery
from ._base import OnePort, Operator, PoleChain
from .bases import ExponentialBasis, warped_basis
from .conventions import CONVENTIONS, Convention, convention
from .fout import FouT
from .lagt import LagT
from .legs import LegS
from .legt import LegT
from .projection import Projection, project
from .takenaka_malmquist import TakenakaMalmquist

__all__ = [
    "CONVENTIONS",
    "FAMILIES",
    "Convention",
    "ExponentialBasis",
    "FouT",
    "LagT",
    "LegS",
    "LegT",
    "OnePort",
    "Operator",
    "PoleChain",
    "Projection",
    "TakenakaMalmquist",
    "convention",
    "gallery",
    "operator",
    "project",
    "warped_basis",
]

FAMILIES: dict[str, type[LegS] | type[LegT] | type[LagT] | type[FouT]] = {
    "LegS": LegS,
    "LegT": LegT,
    "LagT": LagT,
    "FouT": FouT,
}


def operator(name: str, N: int) -> Operator:
    """The operator of a family by name, case-insensitively: ``operator("legs", 64)`` is ``LegS(64)``.

    Parameters
    ----------
    name : {"LegS", "LegT", "LagT", "FouT"}
    N : int

    Returns
    -------
    Operator

    Raises
    ------
    UnknownNameError
        The family is not known; the nearest name is suggested.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.operator("legs", 4)
    LegS(4)
    """
    named = {family.lower(): family for family in FAMILIES}
    given = named.get(name.lower(), name) if isinstance(name, str) else name
    return FAMILIES[known_name(given, FAMILIES, "family")](N)
