"""What layers start from, as peers store it: float32 frequencies and abs(V^* B) of LegS, four recipes side by side.

Every recipe is written here from the description of a public code, none of its lines is used. Errors are relative,
the worst over all modes up to N = 256 and over 20 of them beyond, against roots and weights in 200-bit arithmetic.

- "phase, cast once": ``ht.s4d("legs", N, b_scale=1.0)``, rounded to complex64.
- "eigh in double, cast": the recipe of annotated-s4 and s5-pytorch, numpy in float64, rounded at the end.
- "eigh in single": that of S5 under jax's default dtype, matrix and eigensolver in single precision; LAPACK's cheevd.
- "A in single, eigh in double": state-spaces/s4, which rounds A to float32 before torch diagonalises it, and then
  clips Im(V^* B) at 2; both shown, without and with the clip.
"""

from __future__ import annotations

from collections.abc import Callable

import flint
import numpy as np
import scipy.linalg

import hippo_theory as ht
from hippo_theory._optional import require

from ._table import best, seconds
from .spectra import exact_frequencies

SIZES = (64, 256, 1024)
Stored = tuple[np.ndarray, np.ndarray]
"""Frequencies, falling, and V^* B in the same order; float32 and complex64."""


def normal_part(N: int, dtype: type = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """A + B B^T/2 of LegS and B, every entry rounded to ``dtype`` and added up in it."""
    r = np.sqrt(2 * np.arange(N) + 1.0)
    A = (-np.tril(np.outer(r, r), -1) - np.diag(np.arange(N) + 1.0)).astype(dtype)
    half = np.sqrt(np.arange(N) + 0.5).astype(dtype)
    return A + np.outer(half, half), r.astype(dtype)


def upper_half(y: np.ndarray, B: np.ndarray) -> Stored:
    kept = np.argsort(-y)[: y.size // 2]
    return y[kept].astype(np.float32), B[kept].astype(np.complex64)


def by_phase(N: int) -> Stored:
    init = ht.s4d("legs", N, b_scale=1.0)
    return init.lam.astype(np.complex64).imag, init.B.astype(np.complex64)


def by_double(N: int) -> Stored:
    S, B = normal_part(N)
    y, V = np.linalg.eigh(-1j * S)
    return upper_half(y, V.conj().T @ B)


def by_single(N: int) -> Stored:
    S, B = normal_part(N, np.float32)
    # scipy's: numpy's eigh computes in double precision whatever it is given.
    y, V = scipy.linalg.eigh(np.complex64(-1j) * S, driver="evd")
    return upper_half(y, V.conj().T @ B)


def by_torch(N: int, clip: float | None = None) -> Stored:
    """``MissingExtraError`` without torch."""
    torch = require("torch")
    S, B = normal_part(N, np.float32)
    y, V = torch.linalg.eigh(torch.from_numpy(S).double() * -1j)
    # The lower halves are stored, V in single precision.
    y, V = y[: N // 2], V[:, : N // 2].to(torch.complex64)
    b = V.mH @ torch.from_numpy(B).to(torch.complex64)
    if clip is not None:
        b = torch.complex(b.real, b.imag.clamp(-clip, clip))
    return -y.float().numpy(), b.numpy()


PEERS: dict[str, Callable[[int], Stored]] = {
    "eigh in double, cast": by_double,
    "eigh in single": by_single,
    "A in single, eigh in double": by_torch,
    "the same, B clipped at 2": lambda N: by_torch(N, 2.0),
}


def sampled(N: int) -> np.ndarray:
    """All modes up to N = 256, else 20 of them, the fastest and the slowest among them."""
    return np.arange(N // 2) if N <= 256 else np.unique(np.linspace(0, N // 2 - 1, 20).astype(int))


def exact_modes(N: int) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and abs(V^* B) = 2/sqrt(Theta') of the sampled modes, rounded from 200 bits."""
    y, weights = exact_frequencies(N, sampled(N)), []
    with flint.ctx.workprec(260):
        for t in y:
            s = flint.acb(0.5, float(t))
            weights.append(float(2 / (2 * ((s + N).digamma() - s.digamma()).real).sqrt()))
    return y, np.array(weights)


def worst(stored: Stored, N: int, exact: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    """The largest relative errors of a frequency and of an abs(V^* B)."""
    index = sampled(N)
    y, size = stored[0].astype(np.float64)[index], np.abs(stored[1].astype(np.complex128))[index]
    return float(np.abs(y / exact[0] - 1).max()), float(np.abs(size / exact[1] - 1).max())


class Recipes:
    """asv: times of the recipes, and the errors of ours."""

    params = SIZES
    param_names = ("N",)

    def time_phase(self, N: int) -> None:
        by_phase(N)

    def time_double(self, N: int) -> None:
        by_double(N)

    def time_single(self, N: int) -> None:
        by_single(N)

    def track_frequency_error(self, N: int) -> float:
        return worst(by_phase(N), N, exact_modes(N))[0]

    def track_input_error(self, N: int) -> float:
        return worst(by_phase(N), N, exact_modes(N))[1]


class WithTorch:
    """asv: the recipe that needs torch; skipped without it."""

    params = SIZES
    param_names = ("N",)

    def setup(self, N: int) -> None:
        try:
            require("torch")
        except ht.MissingExtraError as error:
            raise NotImplementedError(str(error)) from error

    def time_torch(self, N: int) -> None:
        by_torch(N)


def main(sizes: tuple[int, ...] = SIZES, budget: float = 2.0) -> None:
    print(f"{'float32 files of LegS':<34} {'time':>11}  {'ratio':>8}   {'Im lam':>8}  {'abs(V^*B)':>9}")
    for N in sizes:
        exact = exact_modes(N)
        ours, stored = best(lambda N=N: by_phase(N), budget)
        _print(f"phase, cast once, N = {N}", ours, "", worst(stored, N, exact))
        for name, recipe in PEERS.items():
            try:
                theirs, stored = best(lambda N=N, recipe=recipe: recipe(N), budget)
            except ht.MissingExtraError as error:
                print(f"{name:<34} skipped: {error}")
                continue
            _print(name, theirs, f"{theirs / ours:6.1f} x", worst(stored, N, exact))


def _print(name: str, t: float, ratio: str, errors: tuple[float, float]) -> None:
    print(f"{name:<34} {seconds(t):>11}  {ratio:>8}   {errors[0]:8.1e}  {errors[1]:9.1e}")


if __name__ == "__main__":
    main()
