"""The report of an initialisation: what it is in numbers, before a layer is trained from it."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays import Array
from .._precision import working_precision
from ..analysis import Aliasing, ModeMemory, aliasing, memory
from ..errors import ParameterError
from ..lossless import diagonalize_normal_part
from ..lossless import spike as lossless_spike
from ..operators import LegS, LegT, Operator, PoleChain
from ..systems import Diagonal, DiagonalPlusLowRank
from .deviations import checked_steps, deviations
from .findings import Finding
from .perturbed_diagonalization import PerturbedDiagonalization
from .recipes import named_operator

if TYPE_CHECKING:
    from ._base import Initialization

__all__ = ["Report", "report"]


@dataclass(frozen=True)
class Report:
    """What ``Initialization.report`` found; prints as a table.

    Attributes
    ----------
    subject, source : str
        The initialisation and its reference keys.
    dt : tuple of float
        The steps; empty in discrete time.
    stability : float
        Largest Re of a pole; in discrete time the largest modulus.
    stable : bool
        Whether every mode decays.
    memory : tuple of ModeMemory
        Half-lives in steps, one entry a step dt (a single one in discrete time).
    aliasing : tuple of Aliasing
        One entry a step, for zero-order hold (the bilinear map bends frequencies instead); empty in discrete time.
    output_scale : tuple of float
        Root mean square output for white noise of unit variance (on every input) and a standard normal C
        (E|C_n|^2 = 1 for a modal one), after sampling: zero-order hold, for a diagonal plus low rank bilinear.
        Infinite where a mode does not decay.
    distances : tuple of Finding
        How far it is from what it approximates.
    deviations : tuple of Finding
        Switches that are on and slips that are known, with what they cost.
    """

    subject: str
    source: str
    dt: tuple[float, ...]
    stability: float
    stable: bool
    memory: tuple[ModeMemory, ...]
    aliasing: tuple[Aliasing, ...]
    output_scale: tuple[float, ...]
    distances: tuple[Finding, ...]
    deviations: tuple[Finding, ...]

    def _table(self) -> list[tuple[str, ...]]:
        """Heading and rows, one column a step."""
        head = ("", *(f"dt = {dt:g}" for dt in self.dt)) if self.dt else ("", "one step")
        rows: list[tuple[str, ...]] = [
            head,
            ("half-life in steps, median", *(f"{m.median:.4g}" for m in self.memory)),
            ("  shortest to longest", *(f"{m.shortest:.4g} to {m.longest:.4g}" for m in self.memory)),
        ]
        if self.aliasing:
            rows.append(("aliased modes", *(f"{100 * a.fraction:.3g} %" for a in self.aliasing)))
        return [*rows, ("output scale", *(f"{scale:.4g}" for scale in self.output_scale))]

    def _stability(self) -> str:
        name, limit = ("max Re lam", 0.0) if self.dt else ("max |lam|", 1.0)
        marginal = abs(self.stability - limit) <= 4 * np.finfo(np.float64).eps
        verdict = "stable" if self.stable else "MARGINAL, a mode does not decay" if marginal else "NOT STABLE"
        return f"{verdict}; {name} = {self.stability:.6g}"

    def __str__(self) -> str:
        table = self._table()
        first = max(len(row[0]) for row in table)
        wide = max(len(cell) for row in table for cell in row[1:])
        lines = [f"Report: {self.subject}", f"  {self._stability()}"]
        lines += ["  " + row[0].ljust(first) + "".join(cell.rjust(wide + 2) for cell in row[1:]) for row in table]
        lines += [f"  {found.name}: {found.value:.4g}, {found.statement}" for found in self.distances]
        lines += [f"  deviation: {found}" for found in self.deviations]
        if not self.deviations:
            lines.append("  deviations: none that are known")
        return "\n".join([*lines, f"  source: {self.source}"])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def row(cells: tuple[str, ...], tag: str) -> str:
            style = " style='text-align:right'"
            inner = "".join(f"<{tag}{style if k else ''}>{html.escape(cell)}</{tag}>" for k, cell in enumerate(cells))
            return f"<tr>{inner}</tr>"

        head, *rows = self._table()
        body = "".join(row(cells, "td") for cells in rows)
        notes = [f"{found.name}: {found.value:.4g}, {found.statement}" for found in self.distances]
        marked = [f"<b>deviation</b> {html.escape(str(found))}" for found in self.deviations]
        items = "".join(f"<li>{text}</li>" for text in [*map(html.escape, notes), *marked])
        return (
            f"<p><b>Report</b> {html.escape(self.subject)}: {html.escape(self._stability())}</p>"
            f"<table><thead>{row(head, 'th')}</thead><tbody>{body}</tbody></table>"
            f"<ul>{items}<li>source: {html.escape(self.source)}</li></ul>"
        )


def report(init: Initialization, dt: float | Sequence[float]) -> Report:
    """The report of ``init``; behind ``Initialization.report``."""
    steps = checked_steps(dt, "report")
    if not steps:
        raise ParameterError("report: at least one step dt is needed, such as (1e-3, 1e-1).")
    if init.dt is not None:
        steps = ()
    poles = _poles(init)
    size = np.abs(poles) if init.dt is not None else poles.real
    worst = float(size.max())
    return Report(
        subject=repr(init),
        source=init.source,
        dt=steps,
        stability=worst,
        stable=worst < (0 if init.dt is None else 1),
        memory=tuple(memory(poles, step) for step in steps) or (memory(init),),
        aliasing=tuple(aliasing(poles, step) for step in steps),
        output_scale=tuple(_output_scale(init.system, init.recipe, step) for step in steps or (None,)),
        distances=tuple(_distances(init)),
        deviations=deviations(init.system, steps, init.N),
    )


def _poles(init: Initialization) -> Array:
    """The poles, of stored pairs one each; those of S4 as the operator knows them, without an eigensolver."""
    if isinstance(init.system, Diagonal):
        return init.lam
    found = named_operator(init.recipe)
    if isinstance(found, LegT):
        with working_precision(96):
            return np.array([complex(pole) for pole in found.pole_balls()])
    return -(found.a + found.shift) if isinstance(found, PoleChain) else init.poles


def _mode_weights(system: Diagonal) -> Array:
    """E|output|^2 of a mode of size one: pairs give 2 Re(C x), E|C|^2 = 1; a real mode has a real C."""
    if not system.conjugate_pairs:
        return np.ones(system.lam.size)
    return np.where(system.lam.imag == 0, 4.0, 2.0)


def _output_scale(system: Diagonal | DiagonalPlusLowRank, recipe: dict[str, Any], dt: float | None) -> float:
    if isinstance(system, DiagonalPlusLowRank):
        # The bilinear map multiplies the Gramian by dt, exactly.
        return math.sqrt((dt or 1.0) * _trace_of_gramian(system, recipe))
    B = system.B if dt is None else system.discretize(dt).B
    energy = _mode_weights(system) * (np.abs(B) ** 2).reshape(len(B), -1).sum(axis=1)
    if dt is None:
        size = np.abs(system.lam)
        return _root_of_energy(energy, (1 - size) * (1 + size))
    return _root_of_energy(energy, -np.expm1(2 * dt * system.lam.real))


def _root_of_energy(energy: Array, lost: Array) -> float:
    if np.any((lost <= 0) & (energy > 0)):
        return math.inf
    return math.sqrt(float(np.sum(energy[energy > 0] / lost[energy > 0])))


def _trace_of_gramian(system: DiagonalPlusLowRank, recipe: dict[str, Any]) -> float:
    if "b_clip" not in recipe:
        return float(np.trace(named_operator(recipe).gramian()))
    from scipy.linalg import solve_continuous_lyapunov

    dense = system.to_dense()
    return float(np.trace(solve_continuous_lyapunov(dense.A, -np.outer(dense.B, dense.B.conj()))).real)


def _distances(init: Initialization) -> Iterator[Finding]:
    recipe = init.recipe
    if isinstance(init, PerturbedDiagonalization):
        yield from init.findings()
    elif "family" in recipe and recipe["recipe"] in ("s4", "s4d"):
        yield from _transfer_distances(init, named_operator(recipe))
    elif recipe["recipe"] == "s4d" and recipe["kind"] == "inv":
        exact = diagonalize_normal_part(LegS(init.N)).lam.imag
        missed = exact[0] - init.lam.imag[0]
        yield Finding(
            "top frequency missed by", float(missed), f"{init.lam.imag[0]:.6g} in place of {exact[0]:.6g} of S4D-LegS"
        )
        error = float(np.median(np.abs(init.lam.imag / exact - 1)))
        yield Finding("median error of a frequency", error, "relative, mode by mode, against S4D-LegS")


def _transfer_distances(init: Initialization, claimed: Operator) -> Iterator[Finding]:
    """||G - G_init|| on the imaginary axis: at w = 1, and for S4D-LegS where it is largest."""
    state = replace(init.system, C=init.V)

    def distance(w: float) -> float:
        return float(np.linalg.norm(claimed.transfer(1j * w) - state.transfer(1j * w)))

    yield Finding("distance at w = 1", distance(1.0), f"||G - G_{{{claimed!r}}}|| of the state transfer vectors")
    N = init.N
    if isinstance(init.system, DiagonalPlusLowRank) or N < 2:
        return
    # ||G|| |phi| of LegS on the axis is N w/(w^2 + N^2); over |1 + phi| it is the error, largest at the last spike.
    last = lossless_spike(N, 0, lambda w: N * w / (w * w + N * N)).frequency
    if init.recipe["b_scale"] == 0.5 and "b_clip" not in init.recipe:
        statement = f"at w = {last:.6g}, the last resonance: it grows like 2N/pi, there is no convergence in norm"
        yield Finding("largest distance", distance(last), statement)
    else:
        yield Finding("distance at the last resonance", distance(last), f"at w = {last:.6g}")
