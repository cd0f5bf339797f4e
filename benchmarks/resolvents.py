"""Pseudospectra on 100 x 100 points: the all-pass equation and inverse Lanczos beside numpy's batched SVD.

Errors: for LegS the worst relative error of sigma_min at sampled points, the deepest among them, against balls; for
full matrices the worst absolute one in units of eps sqrt(N) norm(A), against LAPACK.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np

import hippo_theory as ht

from ._table import HEAD, best, row

EPS = float(np.finfo(float).eps)
# Points that numpy's SVD is timed on where all 10^4 would take minutes; its time is linear in their number.
PORTION = {16: 1, 32: 1, 64: 1, 128: 4, 256: 20}


def published_box(N: int) -> tuple[float, float, float, float]:
    return (-N - 10.0, 10.0, -float(N), float(N))


def by_svd(A: np.ndarray, z: np.ndarray) -> np.ndarray:
    """log10 of sigma_min(zI - A): what every code without a Schur form does, in blocks of 8 MB."""
    eye, block = np.eye(len(A)), max(1, (1 << 19) // len(A) ** 2)
    with np.errstate(divide="ignore"):
        return np.concatenate(
            [
                np.log10(np.linalg.svd(z[i : i + block, None, None] * eye - A, compute_uv=False)[:, -1])
                for i in range(0, z.size, block)
            ]
        )


def relative_error(op: ht.LegS, z: np.ndarray, log10_sigma: np.ndarray, count: int) -> float:
    """The worst relative error of sigma at the deepest point and ``count`` - 1 others, spread evenly."""
    chosen = np.unique([int(log10_sigma.argmin()), *np.linspace(0, z.size - 1, count - 1).astype(int)])
    exact = ht.pseudospectrum(op, z.ravel()[chosen], digits=14).log10_sigma
    return float(np.abs(np.expm1((log10_sigma.ravel()[chosen] - exact) * np.log(10))).max())


def grcar(N: int) -> np.ndarray:
    return np.diag(-np.ones(N - 1), -1) + sum(np.diag(np.ones(N - j), j) for j in range(4))


def full_matrices(N: int) -> dict[str, tuple[np.ndarray, tuple[float, float, float, float]]]:
    """Grcar's matrix, a random one, and LegS after a random orthogonal similarity, each with its box."""
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.standard_normal((N, N)))[0]
    return {
        "Grcar": (grcar(N), (-1.0, 3.5, -3.5, 3.5)),
        "random": (rng.standard_normal((N, N)) / np.sqrt(N), (-1.5, 1.5, -1.5, 1.5)),
        "LegS turned": (Q @ ht.LegS(N).A @ Q.T, published_box(N)),
    }


def quiet(A: object, box: tuple[float, float, float, float]) -> ht.analysis.Pseudospectrum:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ht.AccuracyWarning)
        return ht.pseudospectrum(A, box)


class Chains:
    """asv: LegS on the published box."""

    params = (16, 64, 256, 1024)
    param_names = ("N",)

    def time_pseudospectrum(self, N: int) -> None:
        ht.pseudospectrum(ht.LegS(N), published_box(N))

    def track_relative_error(self, N: int) -> float:
        found = ht.pseudospectrum(ht.LegS(min(N, 64)), published_box(min(N, 64)))
        return relative_error(ht.LegS(min(N, 64)), found.z, found.log10_sigma, 6)


class Full:
    """asv: full matrices, N = 128."""

    params = ("Grcar", "random", "LegS turned")
    param_names = ("matrix",)

    def setup(self, name: str) -> None:
        self.matrix, self.box = full_matrices(128)[name]

    def time_pseudospectrum(self, name: str) -> None:
        quiet(self.matrix, self.box)


def main(sizes: tuple[int, ...] = (16, 32, 64, 128, 256), full: tuple[int, ...] = (128, 256)) -> None:
    print(HEAD)
    for N in sizes:
        op = ht.LegS(N)
        ours, found = best(lambda op=op, N=N: ht.pseudospectrum(op, published_box(N)))
        count = {16: 40, 32: 40, 64: 12, 128: 5, 256: 3}.get(N, 3)
        part = found.z.ravel()[:: PORTION.get(N, 1)]
        begin = time.perf_counter()
        theirs = by_svd(op.A, part)
        spent = (time.perf_counter() - begin) * found.z.size / part.size
        lost = np.abs(theirs - found.log10_sigma.ravel()[:: PORTION.get(N, 1)]).max() * np.log(10)
        print(row(f"LegS, N = {N}", ours, relative_error(op, found.z, found.log10_sigma, count), spent, np.expm1(lost)))
        sys.stdout.flush()
    for N in full:
        for name, (A, box) in full_matrices(N).items():
            begin = time.perf_counter()
            found = quiet(A, box)
            ours = time.perf_counter() - begin
            part = np.random.default_rng(1).choice(found.z.size, 10000 // (4 * PORTION.get(N, 1)), replace=False)
            begin = time.perf_counter()
            theirs = by_svd(A, found.z.ravel()[part])
            spent = (time.perf_counter() - begin) * found.z.size / part.size
            error = np.abs(10.0 ** found.log10_sigma.ravel()[part] - 10.0**theirs).max()
            unit = EPS * np.sqrt(N) * np.linalg.norm(A, 2)
            print(row(f"{name}, N = {N}, in eps", ours, error / unit, spent, 0.0))
            sys.stdout.flush()
    for N in (1024, 10_000):
        ours, found = best(lambda N=N: ht.pseudospectrum(ht.LegS(N), published_box(N)))
        print(f"LegS, N = {N:<6} {ours:8.3f} s, down to 10^{found.log10_sigma.min():.1f}   (no other method)")


if __name__ == "__main__":
    main()
