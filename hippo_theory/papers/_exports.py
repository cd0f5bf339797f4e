"""What reproduce exports: LegS at N = 64 in S4 and S4D form, verified, loaded, and compared with exact systems."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .._arrays import Array, Complex
from ..errors import HippoTheoryError, MissingExtraError
from ..exchange import export, load, verify
from ..initializations import Initialization, s4, s4d
from ..operators import LegS
from ._claims import Claim

__all__ = ["export_verified"]

_N = 64
_STEPS, _LENGTH = (1e-3, 1e-2, 1e-1), 4096
_S = 1j * np.geomspace(0.1, 1e4, 200)
# What the torch layer promises: float32 parameters, dynamics in float64.
_LAYER_BOUND = 5e-7


def export_verified(out: Path) -> tuple[list[Path], list[Claim], str]:
    """Export, verify, load and compare.

    Returns
    -------
    files, claims, note
        The note says why the layer was not compared, or is empty.
    """
    operator = LegS(_N)
    G, first = operator.transfer(_S), np.eye(_N)[0]
    recipes: dict[str, tuple[Initialization, Complex]] = {
        "legs64_s4": (s4(operator), G),
        "legs64_s4d": (s4d("legs", _N, C=first), G[0] / (1 + operator.allpass(_S))),
    }
    files, claims = [], []
    for name, (made, exact) in recipes.items():
        files.append(out / f"{name}.safetensors")
        claims.append(_certified(name, made, files[-1]))
        if claims[-1].passed:
            claims.append(_loaded(name, load(files[-1]), exact))
    if not claims[-1].passed:
        return files, claims, "The torch layer was not compared: a claim on its file fails."
    layer, note = _layer(load(files[-1]))
    return files, claims + layer, note


def _certified(name: str, made: Initialization, path: Path) -> Claim:
    try:
        export(made, path)
        measured = "verified" if verify(path).passed else "not verified"
    except HippoTheoryError as error:
        measured = f"not verified: {error}"
    return Claim.same(
        f"export/{name}",
        f"{name}.safetensors: every check of its certificate is proved again from the file alone.",
        "L3, L4",
        expected="verified",
        measured=measured,
    )


def _loaded(name: str, loaded: Initialization, exact: Complex) -> Claim:
    form = "G" if name.endswith("s4") else "G_0/(1 + phi)"
    return Claim.rounding(
        f"export/{name}-transfer",
        f"The system loaded from {name}.safetensors has the transfer function {form}, 0.1 <= w <= 10^4.",
        "L3",
        bound=1e-12,
        measured=_distance(loaded.transfer(_S), exact),
    )


def _layer(loaded: Initialization) -> tuple[list[Claim], str]:
    try:
        from ..torch import S4D
    except MissingExtraError:
        return [], "The torch layer was not compared: torch is not installed."
    errors = []
    for dt in _STEPS:
        response = S4D.from_initialization(loaded, 1, dt=dt).kernel(_LENGTH).detach().numpy()[0]
        errors.append(_distance(response, loaded.discretize(dt, "zoh").kernel(_LENGTH)))
    claim = Claim.rounding(
        "export/layer",
        f"The torch layer made from legs64_s4d.safetensors has the sampled kernel, C = e_0, {_LENGTH} steps, dt = "
        f"{', '.join(f'{dt:g}' for dt in _STEPS)}.",
        "gu2022s4d; zero-order hold in float64",
        bound=_LAYER_BOUND,
        measured=max(errors),
    )
    return [claim], ""


def _distance(measured: Array, exact: Array) -> float:
    """Largest deviation in units of the largest exact value."""
    return float(np.abs(measured - exact).max() / np.abs(exact).max())
