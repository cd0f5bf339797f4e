"""Diagonal: the form of S4D, independent modes, in full or as halves of conjugate pairs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from .._arrays import Array, Complex, vector
from ..errors import ParameterError, ParameterTypeError
from ._base import System, inputs
from ._discretization import sampled_modes
from .dense import StateSpace

__all__ = ["Diagonal"]


@dataclass(frozen=True, eq=False, repr=False)
class Diagonal(System):
    """Diagonal system x_j' = lam_j x_j + B_j u, full or as the upper halves of conjugate pairs.

    Parameters
    ----------
    lam : array_like, shape (M,)
    B : array_like, shape (M,) or (M, H)
        A vector is one input; of a matrix every column is one, and results have an axis for them.
    C : array_like, shape (M,) or (p, M), optional
        None reads out the modal state; of pairs the M stored states alone, not their mirror images.
    D : scalar or array_like, default 0
        A scalar is added to every output of one input; an array has the shape (p,), (H,) or (p, H) of the outputs
        and inputs.
    conjugate_pairs : bool, default False
        True: every stored mode has a mirror image, outputs are 2 Re(C x). A real mode of an odd N is
        stored once with half its B, so that the same rule gives it weight one (N counts it once).
    dt : float, optional

    Raises
    ------
    ShapeError
        Shapes that do not fit.
    ParameterError
        NaN or infinite entries, or abs(lam); dt <= 0; a real mode of stored pairs that several inputs drive with
        complex weights (its 2 Re(C x) would be two states).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> pair = ht.Diagonal([-0.5 + 3j], [1.0], C=[1.0], conjugate_pairs=True)
    >>> bool(np.allclose(pair.kernel([0.7]), 2 * np.exp(-0.35) * np.cos(2.1)))
    True
    >>> ht.Diagonal([-1.0, -2.0], np.eye(2), C=np.ones((3, 2))).transfer([0.0, 1j]).shape
    (3, 2, 2)
    """

    lam: Array
    B: Array
    C: Array | None = None
    D: complex | Array = 0.0
    conjugate_pairs: bool = False
    dt: float | None = None

    def __post_init__(self) -> None:
        lam = vector(self.lam, "lam", "Diagonal")
        with np.errstate(over="ignore"):
            if not np.isfinite(np.abs(lam)).all():
                raise ParameterError("Diagonal: abs(lam) exceeds the float range; rescale time.")
        self._validated(lam=lam, B=inputs(self.B, "Diagonal", lam.size))
        if not isinstance(self.conjugate_pairs, bool | np.bool_):
            raise ParameterTypeError(f"Diagonal: conjugate_pairs must be True or False, got {self.conjugate_pairs!r}.")
        object.__setattr__(self, "conjugate_pairs", bool(self.conjugate_pairs))
        if self.conjugate_pairs and self.B.ndim == 2 and self.B.imag[lam.imag == 0].any():
            mode = int(np.flatnonzero((lam.imag == 0) & self.B.imag.any(axis=1))[0])
            raise ParameterError(
                f"Diagonal: mode {mode} of the stored pairs is real (lam = {lam[mode]:g}) and several inputs drive it "
                "with complex weights, which 2 Re(C x) makes two states; give its row of B real."
            )

    @property
    def N(self) -> int:
        """State size: all modes, mirror images included."""
        return self.lam.size + int(self._paired.sum())

    @property
    def poles(self) -> Array:
        """All eigenvalues (N,): the stored ones, then the mirror images of those off the real axis."""
        return np.concatenate([self.lam, self.lam[self._paired].conj()]).astype(np.complex128)

    @property
    def _paired(self) -> Array:
        """Which stored modes have a mirror image, (M,)."""
        paired: Array = self.conjugate_pairs & (self.lam.imag != 0)
        return paired

    def full(self) -> Self:
        """The same system with every mode written out: stored modes first, then the mirror images.

        Transfer function and kernel stay. Without C the stored states are still what is read out: the mirror images
        have columns of zeros in a C of shape (M, N), and a real mode, whose B is doubled here, an entry of modulus 1/2.
        """
        if not self.conjugate_pairs:
            return self
        paired, B = self._paired, self.B

        def mirrored(x: Array) -> Array:
            return np.concatenate([x, x[..., paired].conj()], axis=-1)

        turn = np.ones(paired.size)
        if B.ndim == 1:
            # 2 Re(C B) of a real mode is one real residue: turn a complex B there into its modulus.
            turned = ~paired & (B.imag != 0)
            if turned.any():
                turn = np.where(turned, np.exp(1j * np.angle(B)), turn)
            B = np.where(turned, np.abs(B), B)
        B = np.where(paired, B.T, 2 * B.T)
        if self.C is None:
            C = np.eye(paired.size, self.N) * np.where(paired, turn, turn / 2)[:, None]
        else:
            C = mirrored(np.where(paired, self.C, (self.C * turn).real))
        return replace(self, lam=mirrored(self.lam), B=mirrored(B).T, C=C, conjugate_pairs=False)

    def to_dense(self) -> StateSpace:
        """diag(lam), B, C, D of ``full()``: the same outputs; of stored pairs N states, with or without C."""
        system = self.full()
        return StateSpace(np.diag(system.lam), system.B, system.C, system.D, system.dt)

    def to_real(self) -> StateSpace:
        """The same system in real numbers: a stored pair is a block of two real states, a real mode is one.

        A pair x, conj(x) is seen as (sqrt(2) Re x, -sqrt(2) Im x), a unitary turn. With lam = a + i w,

            A_j = [[a, w], [-w, a]],  B_j = sqrt(2) (Re B, -Im B),  C_j = sqrt(2) (Re C, Im C).

        Returns
        -------
        StateSpace
            Real A, B, C, D with N states in the order of the stored modes; axes of inputs and outputs as they are.
            A is exact, and so is what belongs to a real mode; B and C of a pair are right to one eps, that of sqrt(2).

        Raises
        ------
        ParameterError
            Outputs that no real matrices have: modes that are not stored as pairs with complex lam, B or C; pairs
            without C, whose stored complex states are read out; a complex D.

        Notes
        -----
        A unitary turn keeps the norms of A, e^{tA}, B and C, and turns the Gramians and A + A^* + B B^* (theory F5) of
        ``full()``. Cost O(N^2), for the zeros of A.

        Examples
        --------
        >>> import hippo_theory as ht
        >>> layer = ht.s4d("legs", 8, C=[1.0] * 8).system.to_real()
        >>> layer, layer.A.dtype
        (StateSpace(N=8, 1 output(s), D=0, dt=None), dtype('float64'))
        >>> ht.Diagonal([-0.5 + 3j], [1.0], C=[1.0], conjugate_pairs=True).to_real().A.tolist()
        [[-0.5, 3.0], [-3.0, -0.5]]
        """
        full, M, paired = self.full(), self.lam.size, self._paired
        lam, B = full.lam[:M], full.B.T[..., :M]
        C = None if full.C is None else full.C[..., :M]
        if self.C is None and paired.any():
            raise ParameterError(
                "Diagonal.to_real: without C the stored complex states are read out; give C, whose output is 2 Re(C x)."
            )
        D = np.asarray(self.D)
        alone = {name: x[..., ~paired] for name, x in (("lam", lam), ("B", B), ("C", C)) if x is not None}
        names = [name for name, x in (*alone.items(), ("D", D)) if x.imag.any()]
        if names:
            raise ParameterError(
                f"Diagonal.to_real: imaginary parts in {', '.join(names)}, outside of stored pairs, have no place in a "
                "real form; where the kernel is real, store halves, ht.Diagonal(lam, B, C, conjugate_pairs=True)."
            )
        kept = np.stack([np.ones(M, dtype=bool), paired], axis=1).ravel()
        weight = np.sqrt(np.where(paired, 2.0, 1.0))

        def turned(x: Array, sign: int) -> Array:
            both = np.stack([weight * x.real, sign * weight * x.imag], axis=-1)
            return both.reshape(*x.shape[:-1], 2 * M)[..., kept]

        A, k = np.zeros((M, 2, M, 2)), np.arange(M)
        A[k, 0, k, 0] = A[k, 1, k, 1] = lam.real
        A[k, 0, k, 1], A[k, 1, k, 0] = lam.imag, -lam.imag
        A = A.reshape(2 * M, 2 * M)[np.ix_(kept, kept)]
        return StateSpace(A, turned(B, -1).T, None if C is None else turned(C, 1), D.real, self.dt)

    def discretize(self, dt: float, method: str = "zoh", *, alpha: float | None = None) -> Self:
        """The sampled modes; methods, conventions and errors are those of ``StateSpace.discretize``.

        With z = dt lam: lambar = e^z and Bbar = dt B (e^z - 1)/z ("zoh") or B ("dirac"), else
        lambar = (1 + (1 - alpha) z)/(1 - alpha z), Bbar = dt B/(1 - alpha z).

        Returns
        -------
        Diagonal
            Complex modes, in the same order; stored halves stay halves.

        Notes
        -----
        Accuracy: zoh goes through expm1, so that a small z loses no digits. lambar has an error of a few eps, times
        1 + abs(z) for the exponentials (relative for e^z); Bbar a relative one, times (1 + alpha abs(z)) /
        abs(1 - alpha z) near the singular point. Cost O(M).

        Examples
        --------
        >>> import hippo_theory as ht
        >>> ht.Diagonal([-1.0], [1.0]).discretize(1e-9).B[0].real  # e^z - 1 would be 9.9999997e-10
        np.float64(9.999999995e-10)
        """
        rule = self._rule(dt, method, alpha)
        lam, B = sampled_modes(self.lam, self.B, rule)
        return replace(self, lam=lam, B=B, dt=rule.dt)

    def _output_transfer(self, s: Complex) -> Array:
        if self.C is None or not self.conjugate_pairs:
            return super()._output_transfer(s)
        mirror = _over(self.B.conj()[..., None], s - self._rows(self.lam.conj()))
        return np.asarray(super()._output_transfer(s) + np.tensordot(self.C.conj(), mirror, 1))

    def _output_kernel(self, X: Array) -> Array:
        if self.C is None or not self.conjugate_pairs:
            return super()._output_kernel(X)
        return np.asarray(2 * self._read(X).real)

    def _rows(self, modes: Array) -> Array:
        """One value or one row a mode, (M,) or (M, L), shaped to meet B[..., None]."""
        rows: Array = modes.reshape(len(modes), *[1] * (self.B.ndim - 1), -1)
        return rows

    def _state_transfer(self, s: Complex) -> Array:
        return _over(self.B[..., None], s - self._rows(self.lam))

    def _state_kernel(self, t: Array) -> Array:
        return np.asarray(self._rows(np.exp(self.lam[:, None] * t)) * self.B[..., None])

    def _state_powers(self, length: int) -> Array:
        # l = i M + j: about 2 sqrt(L) powers by repeated products, all others by one product each.
        M = int(np.ceil(np.sqrt(length)))
        ones = np.ones((self.lam.size, 1))
        near = np.cumprod(np.hstack([ones, np.repeat(self.lam[:, None], M, axis=1)]), axis=1)
        far = np.cumprod(np.hstack([ones, np.repeat(near[:, M:], M - 1, axis=1)]), axis=1)
        powers = (far[:, :, None] * near[:, None, :M]).reshape(self.lam.size, -1)
        return np.asarray(self._rows(powers[:, :length]) * self.B[..., None])


def _over(drive: Array, gap: Array) -> Array:
    """drive/gap, and 0 where nothing drives: no input reaches such a mode, not even at its pole."""
    return np.asarray(np.where(drive == 0, 0.0, drive / gap))
