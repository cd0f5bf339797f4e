"""Perturb-then-diagonalize: (A + E, B) near (A, B), with eigenvectors that are well conditioned."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, finite, frozen, known_name, positive_integer, positive_real, unit_interval
from ..analysis import numerical_abscissa
from ..errors import AccuracyWarning, ParameterError, ParameterTypeError, ShapeError
from ..lossless import homotopy_error, homotopy_modes
from ..operators import OnePort, Operator
from ..systems import Diagonal, StateSpace
from ._base import needed_generator
from .perturbed_diagonalization import PerturbedDiagonalization, state_error
from .perturbed_modes import Modes, diagonalized
from .steering import rho_of_error, rho_of_kappa, steered

__all__ = ["METHODS", "ptd", "restored"]

METHODS = {
    "allpass": ("rho", "kappa", "error"),
    "random": ("size", "field"),
    "optimized": ("gamma", "objective", "structure"),
}


def ptd(
    operator: Operator | StateSpace,
    method: str = "allpass",
    *,
    rho: float | None = None,
    kappa: float | None = None,
    error: float | None = None,
    size: float | None = None,
    field: str | None = None,
    gamma: float | None = None,
    objective: str | None = None,
    structure: str | None = None,
    blocks: int = 1,
    B: ArrayLike | None = None,
    C: ArrayLike | None = None,
    rng: Any = None,
) -> PerturbedDiagonalization:
    r"""Perturb A so that A + E = V diag(lam) V^{-1} with a moderate kappa(V), then store lam, V^{-1} B and C V.

    - "allpass": E = rho/(1 + rho) B B^T and the input B/(1 + rho), 0 < rho <= 1: the transfer function becomes
      G/(1 + rho phi) exactly. rho -> 0 is HiPPO, rho = 1 its diagonal system (S4D). kappa(V) is about 1/rho, the error
      at most rho/(2 (1 - rho)) for LegS at every N. No eigensolver is used. An operator with two ports, and every
      dissipative matrix, has E = -rho/(1 + rho) (A + A^T + 2 shift I), from an eigensolver.
    - "random": E Gaussian, ||E|| = size ||A|| (the existence proof of the paper).
    - "optimized": E minimises kappa(V)^2 + gamma ||E||_F (the code of the paper) or kappa(V) + gamma ||E|| (its text).

    Parameters
    ----------
    operator : Operator or StateSpace
        A real system in continuous time with one input; a StateSpace reads out its state, its C is not used.
    method : {"allpass", "random", "optimized"}
    rho, kappa, error : float, optional
        For "allpass", one of them: rho itself (default .1); the smallest rho found with kappa(V) <= kappa, at least
        1e-12; the largest with sup ||G_ptd - G|| <= error.
    size, field : float and {"real", "complex"}, optional
        For "random": ||E||/||A||, default .1, and the field of the entries of E, default "real".
    gamma, objective, structure : float, {"squared", "plain"} and {"dense", "symmetric", "feedback"}, optional
        For "optimized": the price of E, default 800/||A|| (75/||A|| for "plain"); kappa^2 + gamma ||E||_F is "squared",
        the default, kappa + gamma ||E|| "plain"; and what E may be, default "dense", B f^T for "feedback".
    blocks : int, default 1
        J copies of the system, as S5 has them: N = J operator.N.
    B : array_like, real, shape (N,) or (N, H), optional
        Another input, in operator coordinates; by default the operator's own in every block.
    C : array_like, real, shape (N,) or (p, N), optional
        Output in operator coordinates; by default the state is read out.
    rng : Generator or seed, optional
        Draws E for "random", and the start for "optimized".

    Returns
    -------
    PerturbedDiagonalization
        ``.lam .V .B .C`` as every initialisation, upper halves of conjugate pairs, then real modes with half of their
        weight; all modes where E is complex. ``.rho .kappa .E .perturbation_norm .transfer_error .transfer_peak``, and
        ``.report()`` with the bounds of theory.

    Raises
    ------
    ParameterError
        Options of another method; rho outside (0, 1]; a target that cannot be met; an unstable or complex A.
    UnstableSystemError
        A + E is unstable, as for most random E with more than a few states: the pole is named.
    AccuracyError
        A + E is defective, or too close to it.

    Warns
    -----
    AccuracyWarning
        rho lies at a collision of two eigenvalues (LegS has floor(N/2) of them, N = 16 the largest at .00342): another
        one near by is taken, and said. A search for "squared" that ended without a minimum.

    Notes
    -----
    Cost O(N^2) for "allpass" with one port, and O(N^3) for ``kappa``: .05 s at N = 256, 1.1 s at 1024. "optimized"
    solves an eigenvalue problem at each step.

    References
    ----------
    yu2024ptd; theory P1-P5.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> layer, op, s = ht.ptd(ht.LegS(64), kappa=20), ht.LegS(64), 3j
    >>> round(layer.kappa, 6), bool(layer.transfer_error < 0.03)
    (20.0, True)
    >>> exact = op.transfer(s) / (1 + layer.rho * op.allpass(s))
    >>> bool(np.allclose(layer.transfer(s), exact, rtol=1e-12))
    True
    """
    method = known_name(method, METHODS, "PTD method")
    who = f"ptd({method!r})"
    given = {"rho": rho, "kappa": kappa, "error": error, "size": size, "field": field, "gamma": gamma}
    given |= {"objective": objective, "structure": structure}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    _require_options(method, options, who)
    source = _checked(operator, who)
    if method == "allpass":
        if rng is not None:
            raise ParameterError(f"{who}: nothing is drawn; leave out rng=.")
        modes, E, told = _allpass(source, options, who)
    else:
        from .perturbations import ginibre_perturbation, optimized_perturbation

        draw = needed_generator(rng, who, "entries of E")
        if method == "random":
            E = ginibre_perturbation(source.A, options.pop("size", 0.1), draw, **options)
        else:
            column = source.B if structure == "feedback" else None
            found = optimized_perturbation(source.A, B=column, rng=draw, **options)
            E = found.E
            if not found.converged and E.any() and options.get("objective") != "plain":
                warnings.warn(f"{who}: the search ended without a minimum, {found!r}.", AccuracyWarning, stacklevel=2)
        modes, told = diagonalized(source.A + E, source.B, who), {}
    return _assembled(source, modes, E, {"method": method, **told}, blocks=blocks, B=B, C=C, who=who)


def restored(recipe: dict[str, Any], tensors: dict[str, Array], operator: Operator | None) -> PerturbedDiagonalization:
    """The result that a file holds, from its recipe and tensors: nothing is diagonalised again.

    ``operator`` is that of a family, one block of it. A given input is turned back and forth, up to rounding.
    """
    source = operator if operator is not None else StateSpace(tensors["A"], tensors["input"])
    rho: float | None = recipe.get("rho")
    blocks, n = recipe.get("blocks", 1), len(source.B)
    lam, pairs = tensors["lam"][: tensors["lam"].size // blocks], not np.iscomplexobj(tensors.get("E", 0.0))
    modes, B = Modes(lam, tensors["V"][:n, : lam.size], np.zeros(lam.size, dtype=np.complex128), pairs), None
    if "B" in recipe:
        seen = np.kron(np.eye(blocks), modes.V) @ tensors["B"]
        B = 2 * seen.real if pairs else seen.real
        stored = modes.stored(source.B / (1 if rho is None else 1 + rho))
    else:
        stored = tensors["B"][: lam.size]
    E = tensors["E"] if rho is None or "E" in tensors else rho / (1 + rho) * np.outer(source.B, source.B)
    told: dict[str, Any] = {name: recipe[name] for name in ("method", "rho") if name in recipe}
    modes = replace(modes, weights=stored / modes.halves)
    return _assembled(source, modes, E, told, blocks=blocks, B=B, C=None, who="load")


def _require_options(method: str, options: dict[str, Any], who: str) -> None:
    for name in options:
        if name not in METHODS[method]:
            owner = next(m for m, names in METHODS.items() if name in names)
            raise ParameterError(
                f"{who}: {name}= belongs to method={owner!r}; here {', '.join(METHODS[method])} count."
            )
    if method == "allpass" and len(options) > 1:
        raise ParameterError(f"{who}: rho, kappa and error determine each other; give one, not {', '.join(options)}.")


def _checked(operator: Any, who: str) -> Operator | StateSpace:
    if isinstance(operator, Operator):
        return operator
    if not isinstance(operator, StateSpace):
        raise ParameterTypeError(
            f"{who}: an operator or a StateSpace is needed, got {type(operator).__name__}; wrap matrices in "
            "ht.StateSpace(A, B)."
        )
    if operator.dt is not None or operator.B.ndim != 1 or np.iscomplexobj(operator.A) or np.iscomplexobj(operator.B):
        raise ParameterError(f"{who}: a real system in continuous time with one input is needed, got {operator!r}.")
    return StateSpace(operator.A, operator.B)


def _allpass(source: Operator | StateSpace, options: dict[str, Any], who: str) -> tuple[Modes, Array, dict[str, Any]]:
    """The modes and E = rho/(1 + rho) times the dissipation, B B^T of one port."""
    form, dissipation = _homotopy(source, who)

    def error(rho: float) -> float:
        peak = homotopy_error(source, rho) if isinstance(source, OnePort) else state_error(source, form(rho).system)
        return peak.value

    targets = {name: positive_real(options[name], name, who) for name in ("kappa", "error") if name in options}
    if "kappa" in targets:
        rho = rho_of_kappa(form, targets["kappa"], who)
    elif "error" in targets:
        rho = rho_of_error(error, targets["error"], who)
    else:
        rho = unit_interval(options.get("rho", 0.1), who)
    if isinstance(source, OnePort):
        rho = steered(form, rho, who, **targets)
    return form(rho), rho / (1 + rho) * dissipation, {"rho": rho}


def _homotopy(source: Operator | StateSpace, who: str) -> tuple[Callable[[float], Modes], Array]:
    """rho to modes: in closed form of one port, else by an eigensolver."""
    if isinstance(source, OnePort):

        def closed(rho: float) -> Modes:
            found = homotopy_modes(source, rho)
            return Modes(found.lam, found.V, found.weights, True)

        return closed, np.outer(source.B, source.B)
    dissipation, shift = _dissipation(source, who)

    def dense(rho: float) -> Modes:
        line = -shift if rho == 1 else None
        return diagonalized(source.A + rho / (1 + rho) * dissipation, source.B / (1 + rho), who, line)

    return dense, dissipation


def _dissipation(source: Operator | StateSpace, who: str) -> tuple[Array, float]:
    """-(A + A^T) - 2 shift I >= 0, and the largest such shift."""
    shift = source.shift if isinstance(source, Operator) else -numerical_abscissa(source.A).value
    if shift < 0:
        raise ParameterError(
            f"{who}: A + A^T has the eigenvalue {-2 * shift:.3g} > 0, the matrix is not dissipative and nothing can be "
            'taken from its dissipation. Use method="optimized" or "random", or other coordinates.'
        )
    return np.asarray(-(source.A + source.A.T) - 2 * shift * np.eye(len(source.B))), shift


def _assembled(
    source: Operator | StateSpace,
    modes: Modes,
    E: Array,
    told: dict[str, Any],
    *,
    blocks: int,
    B: ArrayLike | None,
    C: ArrayLike | None,
    who: str,
) -> PerturbedDiagonalization:
    """J copies of a block, told how it was made, with ports of the user."""
    blocks = positive_integer(blocks, "blocks", who)
    N, rho = blocks * len(source.B), told.get("rho")
    V = np.kron(np.eye(blocks), modes.V)
    inputs, outputs = _port(B, "B", N, who), _port(C, "C", N, who)
    if inputs is None:
        modal = np.tile(modes.halves * modes.weights, blocks)
    else:
        modal = np.concatenate([modes.stored(part) for part in np.split(inputs, blocks)])
    identity = source.identity() if isinstance(source, Operator) else {}
    recipe = {"recipe": "ptd", **told, **identity, "N": N} | ({"blocks": blocks} if blocks > 1 else {})
    recipe |= {} if inputs is None else {"B": "given"}
    held = f"{blocks * modes.lam.size} modes stored" + (f", {modes.lam.size} a block" if blocks > 1 else "")
    return PerturbedDiagonalization(
        recipe=recipe,
        system=Diagonal(
            np.tile(modes.lam, blocks),
            modal,
            C=V if outputs is None else outputs.T @ V,
            conjugate_pairs=modes.pairs,
        ),
        N=N,
        V=frozen(V),
        source="yu2024ptd; theory P1-P5" if rho is None else "theory P5; yu2024ptd",
        conventions={
            "N": f"real state size; {held}",
            "B": ("V^{-1} B" if rho is None else "V^{-1} B/(1 + rho)") + ", unit columns of V with B^T V >= 0",
            "sign of Im": "Im lam >= 0; outputs are 2 Re(C x)" if modes.pairs else "all modes; complex outputs C x",
        },
        operator=source,
        E=frozen(np.ascontiguousarray(E)),
        rho=rho,
        block=modes.system,
        kappa=modes.condition,
    )


def _port(values: ArrayLike | None, name: str, N: int, who: str) -> Array | None:
    """A real (N,), (N, H) for B, or (p, N) for C, states first."""
    if values is None:
        return None
    matrix = finite(values, name, who)
    if np.iscomplexobj(matrix):
        raise ParameterError(f"{who}: {name} must be real, it is turned by V into the modal one; give its real form.")
    columns = matrix.T if name == "C" else matrix
    if columns.ndim not in (1, 2) or len(columns) != N or columns.size == 0:
        needed = f"({N}, H)" if name == "B" else f"(p, {N})"
        raise ShapeError(f"{who}: {name} must have shape ({N},) or {needed}, got {matrix.shape}.")
    return np.asarray(columns)
