"""From a claim back to the initialisation: what a file needs to be read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._arrays import Array, known_name
from ..operators import Operator, TakenakaMalmquist, operator
from ._base import Initialization
from .dfout import dfout
from .dss import dss
from .lru import lru
from .mamba import mamba
from .ptd import restored
from .s4 import s4
from .s4d import s4d
from .s5 import s5

__all__ = ["named_operator", "remake"]


def named_operator(recipe: dict[str, Any]) -> Operator:
    """The operator that a recipe is about."""
    if recipe["family"] != "TakenakaMalmquist":
        return operator(recipe["family"], recipe["N"])
    return TakenakaMalmquist([complex(*pair) for pair in recipe["a"]], recipe["shift"])


def _s4d(recipe: dict[str, Any]) -> Initialization:
    switches = {name: recipe[name] for name in ("b_scale", "b_clip", "alpha") if name in recipe}
    return s4d(recipe["kind"], recipe["N"], **switches, rng=0 if recipe["kind"] == "random" else None)


_RECIPES: dict[str, Callable[[dict[str, Any]], Initialization]] = {
    "s4": lambda r: s4(named_operator(r), b_clip=r.get("b_clip")),
    "s4d": _s4d,
    "dss": lambda r: dss(r["N"]),
    "s5": lambda r: s5(r["N"], r["blocks"]),
    "lru": lambda r: lru(r["N"], r["r_min"], r["r_max"], r["max_phase"], rng=0),
    "mamba": lambda r: mamba(r["N"]),
    "dfout": lambda r: dfout(r["N"], r["xi"]),
}


def remake(claim: dict[str, Any], tensors: dict[str, Array]) -> Initialization:
    """The initialisation of a claim, reading out the state; what its recipe draws is drawn anew from seed 0.

    Of ``tensors`` only a perturbed operator is made, whose E no recipe can tell.

    Raises
    ------
    UnknownNameError
        A recipe that is none of ours.
    ParameterError
        Parameters that the recipe refuses.
    """
    if claim["recipe"] == "ptd":
        block = claim | {"N": claim["N"] // claim.get("blocks", 1)}
        return restored(claim, tensors, named_operator(block) if "family" in claim else None)
    return _RECIPES[known_name(claim["recipe"], _RECIPES, "recipe")](claim)
