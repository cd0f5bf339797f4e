"""Perturb-then-diagonalize: (A + E, B) near (A, B), with eigenvectors that are well conditioned."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, finite, frozen, known_name, positive_integer, positive_real
from ..analysis import hinf_norm, numerical_abscissa
from ..errors import AccuracyError, AccuracyWarning, ParameterError, ParameterTypeError, ShapeError, UnstableSystemError
from ..lossless import Peak, homotopy_error, homotopy_modes, unit_interval
from ..operators import OnePort, Operator
from ..systems import Diagonal, StateSpace
from ._base import Initialization, needed_generator
from .findings import Finding

__all__ = ["METHODS", "PerturbedDiagonalization", "ptd", "restored"]

METHODS = {
    "allpass": ("rho", "kappa", "error"),
    "random": ("size", "field"),
    "optimized": ("gamma", "objective"),
}
_COLLISION = 2.0  # kappa rho of one port beyond which two eigenvalues nearly collide; elsewhere it is about one
_WALK, _STEPS, _SMALLEST = 1.05, 100, 1e-12


@dataclass(frozen=True)
class _Modes:
    """A + E = V diag(lam) V^{-1} and V^{-1} B of one block: upper halves, then real modes; or all modes."""

    lam: Array
    V: Array
    weights: Array
    pairs: bool

    @cached_property
    def condition(self) -> float:
        """||V|| ||V^{-1}|| of all columns."""
        sigma = np.linalg.svd(_real_form(self.V, self.lam) if self.pairs else self.V, compute_uv=False)
        return float(sigma[0] / sigma[-1]) if sigma[-1] else math.inf

    @property
    def system(self) -> Diagonal:
        """The state in the coordinates of the operator."""
        half = np.where(self.lam.imag == 0, 0.5, 1.0) if self.pairs else 1.0
        return Diagonal(self.lam, half * self.weights, C=self.V, conjugate_pairs=self.pairs)


@dataclass(frozen=True, eq=False, repr=False)
class PerturbedDiagonalization(Initialization):
    """An ``Initialization`` that knows its perturbation and what it cost; made by ``ht.ptd``.

    Attributes
    ----------
    operator : Operator or StateSpace
        What was perturbed: one block.
    E : ndarray, shape (n, n)
        A + E = V diag(lam) V^{-1}, of one block.
    rho : float or None
        Of the all-pass homotopy.
    block : Diagonal
        One block that reads out its state in the coordinates of the operator.
    kappa : float
        ||V|| ||V^{-1}|| of unit columns, spectral norms; relative accuracy about N eps kappa.
    """

    operator: Operator | StateSpace = field(kw_only=True)
    E: Array = field(kw_only=True)
    rho: float | None = field(kw_only=True)
    block: Diagonal = field(kw_only=True)
    kappa: float = field(kw_only=True)

    @property
    def method(self) -> str:
        return str(self.recipe["method"])

    @cached_property
    def perturbation_norm(self) -> float:
        """||E||, spectral norm; with one port rho ||B||^2/(1 + rho)."""
        return float(np.linalg.norm(self.E, 2))

    @cached_property
    def transfer_peak(self) -> Peak:
        """sup over w of ||G_result(iw) - G(iw)||, the state of one block read out, and where it is attained.

        G_result has the input that it stands for, B/(1 + rho) of the all-pass homotopy, else B. In closed form for
        the all-pass homotopy of one port, else ``ht.hinf_norm`` of the difference.
        """
        if self.rho is not None and isinstance(self.operator, OnePort):
            return homotopy_error(self.operator, self.rho)
        slowest = self.lam[int(np.argmax(self.lam.real))]
        if slowest.real >= 0:
            return Peak(math.inf, abs(float(slowest.imag)))
        found = hinf_norm(_state(self.operator), self.block)
        return Peak(found.value, found.frequency)

    @property
    def transfer_error(self) -> float:
        """The value of ``transfer_peak``."""
        return self.transfer_peak.value

    def findings(self) -> list[Finding]:
        """What was measured, and next to it what theory bounds it by."""
        op, eps, peak = self.operator, self.perturbation_norm, self.transfer_peak
        n, size = len(self.E), eps / float(np.linalg.norm(op.A, 2))
        found = [
            Finding("eigenvector condition", self.kappa, "||V|| ||V^-1||, unit columns"),
            Finding("perturbation", eps, f"||E||, {100 * size:.3g} % of ||A||"),
            Finding("transfer error", peak.value, f"sup ||G_ptd(iw) - G(iw)||, attained at w = {peak.frequency:.6g}"),
        ]
        if isinstance(op, OnePort):
            found += _bounds(op, eps, self.rho)
        bound = 4 * n**1.5 * (1 + 1 / size) if size else math.inf
        return [
            *found,
            Finding("bound of kappa", bound, "4 n^{3/2} (1 + ||A||/||E||) is reached by some E of this norm"),
        ]

    def tensors(self) -> dict[str, Array]:
        op = self.operator
        derived = self.rho is not None and isinstance(op, OnePort)
        given = {} if "family" in self.recipe else {"A": np.asarray(op.A), "input": np.asarray(op.B)}
        return super().tensors() | ({} if derived else {"E": self.E, **given})


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
    gamma, objective : float and {"squared", "plain"}, optional
        For "optimized": the price of E, default 800/||A|| (75/||A|| for "plain"); kappa^2 + gamma ||E||_F is "squared",
        the default, kappa + gamma ||E|| "plain".
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
        one near by is taken, and said.

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
    options: dict[str, Any] = {k: v for k, v in (given | {"objective": objective}).items() if v is not None}
    _require_options(method, options, who)
    source = _checked(operator, who)
    if method == "allpass":
        if rng is not None:
            raise ParameterError(f"{who}: nothing is drawn; leave out rng=.")
        modes, E, rho = _allpass(source, options, who)
        told: dict[str, Any] = {"rho": rho}
    else:
        from .perturbations import ginibre_perturbation, optimized_perturbation

        draw = needed_generator(rng, who, "entries of E")
        if method == "random":
            E = ginibre_perturbation(source.A, options.pop("size", 0.1), draw, **options)
        else:
            E = optimized_perturbation(source.A, rng=draw, **options).E
        modes, told = _diagonalized(source.A + E, source.B, who), {}
    return _assembled(source, modes, E, rho, {"method": method, **told}, (blocks, B, C), who)


def restored(recipe: dict[str, Any], tensors: dict[str, Array], operator: Operator | None) -> PerturbedDiagonalization:
    """The result that a file holds, from its recipe and tensors: nothing is diagonalised again.

    ``operator`` is that of a family, one block of it. A given input is turned back and forth, up to rounding.
    """
    source = operator if operator is not None else StateSpace(tensors["A"], tensors["input"])
    rho: float | None = recipe.get("rho")
    blocks, n = recipe.get("blocks", 1), len(source.B)
    lam, pairs = tensors["lam"][: tensors["lam"].size // blocks], not np.iscomplexobj(tensors.get("E", 0.0))
    V = tensors["V"][:n, : lam.size]
    half = np.where(lam.imag == 0, 0.5, 1.0) if pairs else np.ones(lam.size)
    modes, B = _Modes(lam, V, np.zeros(lam.size, dtype=np.complex128), pairs), None
    if "B" in recipe:
        seen = np.kron(np.eye(blocks), V) @ tensors["B"]
        B = 2 * seen.real if pairs else seen.real
        weights = _turned(modes, source.B / (1 if rho is None else 1 + rho), 1, np.ones(lam.size))
    else:
        weights = (tensors["B"][: lam.size].T / half).T
    E = tensors["E"] if rho is None or "E" in tensors else rho / (1 + rho) * np.outer(source.B, source.B)
    told: dict[str, Any] = {name: recipe[name] for name in ("method", "rho") if name in recipe}
    return _assembled(source, _Modes(lam, V, weights, pairs), E, rho, told, (blocks, B, None), "load")


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


def _allpass(source: Operator | StateSpace, options: dict[str, Any], who: str) -> tuple[_Modes, Array, float]:
    if isinstance(source, OnePort):
        bound, form = np.outer(source.B, source.B), _closed(source)
    else:
        bound, shift = _dissipation(source, who)
        form = _dense(source, bound, shift, who)
    if "kappa" in options:
        rho = _rho_of_kappa(form, positive_real(options["kappa"], "kappa", who), who)
    elif "error" in options:
        rho = _rho_of_error(form, source, positive_real(options["error"], "error", who), who)
    else:
        rho = unit_interval(options.get("rho", 0.1), who)
    if isinstance(source, OnePort) and _condition(form, rho) * rho > _COLLISION:
        rho = _steered(form, rho, upwards="error" not in options, who=who)
    return form(rho), rho / (1 + rho) * bound, rho


def _closed(operator: OnePort) -> Callable[[float], _Modes]:
    def form(rho: float) -> _Modes:
        found = homotopy_modes(operator, rho)
        return _Modes(found.lam, found.V, found.weights, True)

    return form


def _state(source: Operator | StateSpace) -> StateSpace:
    return source.system if isinstance(source, Operator) else source


def _dense(source: Operator | StateSpace, dissipation: Array, shift: float, who: str) -> Callable[[float], _Modes]:
    def form(rho: float) -> _Modes:
        line = -shift if rho == 1 else None
        return _diagonalized(source.A + rho / (1 + rho) * dissipation, source.B / (1 + rho), who, line)

    return form


def _dissipation(source: Operator | StateSpace, who: str) -> tuple[Array, float]:
    """-(A + A^T) - 2 shift I >= 0, and the largest such shift."""
    shift = source.shift if isinstance(source, Operator) else -numerical_abscissa(source.A).value
    if shift < 0:
        raise ParameterError(
            f"{who}: A + A^T has the eigenvalue {-2 * shift:.3g} > 0, the matrix is not dissipative and nothing can be "
            'taken from its dissipation. Use method="optimized" or "random", or other coordinates.'
        )
    return np.asarray(-(source.A + source.A.T) - 2 * shift * np.eye(len(source.B))), shift


def _condition(form: Callable[[float], _Modes], rho: float) -> float:
    try:
        return form(rho).condition
    except AccuracyError:
        return math.inf


def _rho_of_kappa(form: Callable[[float], _Modes], kappa: float, who: str) -> float:
    """From 1/kappa in the direction of the target, then halvings between the last two tries."""
    if kappa < 1:
        raise ParameterError(f"{who}: a condition number is at least 1, got kappa = {kappa:g}.")
    rho, step = 1 / kappa, 1.25
    good = _condition(form, rho) <= kappa
    while True:
        other = rho / step if good else min(rho * step, 1.0)
        if other < _SMALLEST or rho == other:
            return rho
        if (_condition(form, other) <= kappa) != good:
            break
        rho = other
    met, missed = (rho, other) if good else (other, rho)
    return _searched(lambda rho: _condition(form, rho) <= kappa, met, missed)


def _rho_of_error(form: Callable[[float], _Modes], source: Operator | StateSpace, error: float, who: str) -> float:
    """Both the error and its quotient by rho rise with rho: one evaluation gives a rho that meets the target."""

    def measured(rho: float) -> float:
        if isinstance(source, OnePort):
            return homotopy_error(source, rho).value
        modes = form(rho)
        return math.inf if modes.lam.real.max() >= 0 else hinf_norm(_state(source), modes.system).value

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        if measured(1.0) <= error:
            return 1.0
        missed, found = 1.0, measured(0.5)
        if found <= error:
            met = 0.5
        else:
            met, missed = 0.5 * error / found, 0.5
        if met < _SMALLEST:
            raise ParameterError(
                f"{who}: error = {error:g} asks for rho = {met:.1g}; take the operator itself (ht.s4)."
            )
        return _searched(lambda rho: measured(rho) <= error, met, missed)


def _searched(meets: Callable[[float], bool], met: float, missed: float) -> float:
    """The last rho that meets a target, to nine digits: halvings of the logarithm."""
    while abs(met / missed - 1) > 1e-9:
        middle = math.sqrt(met * missed)
        met, missed = (middle, missed) if meets(middle) else (met, middle)
    return met


def _steered(form: Callable[[float], _Modes], rho: float, upwards: bool, who: str) -> float:
    """The nearest rho away from a collision; only below where a larger one would miss a target."""
    for above in (rho * _WALK**k for k in range(1, _STEPS)):
        for other in (rho * rho / above, above) if upwards else (rho * rho / above,):
            if other <= 1 and (found := _condition(form, other)) * other <= _COLLISION:
                here = _condition(form, rho)
                warnings.warn(
                    f"{who}: at rho = {rho:.6g} two eigenvalues nearly collide, kappa(V) = {here:.3g}; "
                    f"rho = {other:.6g} with kappa(V) = {found:.3g} is used.",
                    AccuracyWarning,
                    stacklevel=4,
                )
                return other
    raise AccuracyError(
        f"{who}: kappa(V) = {_condition(form, rho):.3g} at rho = {rho:.6g}, and no rho within a factor "
        f"{_WALK**_STEPS:.0f} has eigenvectors better than {_COLLISION:g}/rho; give kappa= instead."
    )


def _diagonalized(A: Array, B: Array, who: str, line: float | None = None) -> _Modes:
    """By LAPACK; unit columns in the phase that makes B^T v >= 0. ``line`` is the real part of all, where known."""
    lam, V = np.linalg.eig(A)
    if line is not None:
        lam = line + 1j * lam.imag
    worst = int(np.argmax(lam.real))
    if line is None and lam[worst].real >= 0:
        raise UnstableSystemError(
            f"{who}: A + E has the eigenvalue {lam[worst]:.6g}; only a stable layer can be made of it. Take a smaller "
            'perturbation, another draw, or method="allpass", which is always stable.'
        )
    pairs = not np.iscomplexobj(A)
    if pairs:
        kept = lam.imag >= 0
        lam, V = lam[kept].astype(np.complex128), V[:, kept]
        order = np.lexsort((-lam.real, -lam.imag))
    else:
        order = np.argsort(-lam.imag, kind="stable")
    lam, V = lam[order], V[:, order]
    drive = B @ V
    V = V * np.where(drive == 0, 1.0, drive.conj() / np.where(drive == 0, 1.0, np.abs(drive)))
    weights = np.linalg.solve(_real_form(V, lam), B) if pairs else np.linalg.solve(V, B.astype(np.complex128))
    if pairs:
        weights = _complex_weights(weights, lam)
    if not np.isfinite(weights).all():
        raise AccuracyError(f"{who}: A + E is defective to rounding; perturb it otherwise.")
    return _Modes(lam, V, weights, pairs)


def _real_form(V: Array, lam: Array) -> Array:
    """All columns of V turned by a unitary matrix: sqrt2 Re v and -sqrt2 Im v of a pair in place of v and conj v."""
    paired, root = lam.imag != 0, math.sqrt(2.0)
    return np.hstack([root * V[:, paired].real, -root * V[:, paired].imag, V[:, ~paired].real])


def _complex_weights(real: Array, lam: Array) -> Array:
    """Coordinates with respect to v and conj v, the first of the two, from those in the real form."""
    paired = lam.imag != 0
    pairs = int(paired.sum())
    weights = np.zeros((lam.size, *real.shape[1:]), dtype=np.complex128)
    weights[paired] = (real[:pairs] + 1j * real[pairs : 2 * pairs]) / math.sqrt(2.0)
    weights[~paired] = real[2 * pairs :]
    return weights


def _assembled(
    source: Operator | StateSpace,
    modes: _Modes,
    E: Array,
    rho: float | None,
    told: dict[str, Any],
    ports: tuple[int, ArrayLike | None, ArrayLike | None],
    who: str,
) -> PerturbedDiagonalization:
    blocks, n = positive_integer(ports[0], "blocks", who), len(source.B)
    N, M, half = (
        n * blocks,
        modes.lam.size,
        np.where(modes.lam.imag == 0, 0.5, 1.0) if modes.pairs else np.ones(modes.lam.size),
    )
    V = np.kron(np.eye(blocks), modes.V)
    B, C = _port(ports[1], "B", N, who), _port(ports[2], "C", N, who)
    modal = np.tile(half * modes.weights, blocks) if B is None else _turned(modes, B, blocks, half)
    identity = source.identity() if isinstance(source, Operator) else {}
    recipe = {"recipe": "ptd", **told, **identity, "N": N} | ({"blocks": blocks} if blocks > 1 else {})
    recipe |= {} if B is None else {"B": "given"}
    return PerturbedDiagonalization(
        recipe=recipe,
        system=Diagonal(np.tile(modes.lam, blocks), modal, C=V if C is None else C.T @ V, conjugate_pairs=modes.pairs),
        N=N,
        V=frozen(V),
        source="yu2024ptd; theory P1-P5" if rho is None else "theory P5; yu2024ptd",
        conventions={
            "N": f"real state size; {M * blocks} modes stored" + (f", {M} a block" if blocks > 1 else ""),
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


def _turned(modes: _Modes, B: Array, blocks: int, half: Array) -> Array:
    """V^{-1} B of every block, real modes halved."""
    parts = []
    for part in np.split(B, blocks):
        if modes.pairs:
            turned = _complex_weights(np.linalg.solve(_real_form(modes.V, modes.lam), part), modes.lam)
        else:
            turned = np.linalg.solve(modes.V, part.astype(np.complex128))
        parts.append((turned.T * half).T)
    return np.concatenate(parts)


def _bounds(op: OnePort, eps: float, rho: float | None) -> list[Finding]:
    """What theory says of sup ||G_ptd - G||, B the operator's own."""
    B, shift = float(np.linalg.norm(op.B)), op.shift
    first = (2 * math.log(op.N) + 4) * eps * B
    found = [Finding("bound P1", first, "(2 ln n + 4) ||E|| ||B||, to first order in ||E||")]
    if eps < shift:
        value = eps / ((shift - eps) * math.sqrt(2 * shift))
        found.append(
            Finding(
                "bound P2", value, "||E|| sup||G||/(shift - ||E||): the numerical range stays in the left half plane"
            )
        )
    if rho is not None and rho < 1:
        # 2 shift ||G||^2 = 1 - |phi|^2 on the axis.
        size = 1 / (2 * math.sqrt(2 * shift)) if shift else hinf_norm(op).value
        found.append(Finding("bound P5", size * rho / (1 - rho), "sup(||G|| |phi|) rho/(1 - rho), at every N"))
    return found
