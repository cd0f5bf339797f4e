"""Perturb-then-diagonalize: modes in closed form beside LAPACK, a gradient beside torch's, a search beside Adam.

Errors: of eigenvalues the worst, relative, against enclosures; of a gradient g its scalar product with the matrix M,
over ||g|| ||M||, which is zero because kappa(c M) = kappa(M); of a search how far its objective is above the lower one.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence

import numpy as np

import hippo_theory as ht
from hippo_theory._precision import working_precision
from hippo_theory.initializations.perturbations import kappa_and_gradient, optimized_perturbation
from hippo_theory.lossless import homotopy_modes
from hippo_theory.rigor.homotopy import enclose_homotopy
from hippo_theory.rigor.normal_part import enclose_normal_part

from ._table import HEAD, best, row

RHO, GAMMA, BITS = 0.1, 800.0, 200
ADAM = {"steps": 3000, "lr": 0.1}  # of the published search


def perturbed(N: int) -> tuple[np.ndarray, np.ndarray]:
    op = ht.LegS(N)
    return op.A + RHO / (1 + RHO) * np.outer(op.B, op.B), op.B / (1 + RHO)


def by_lapack(N: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    A, B = perturbed(N)
    lam, V = np.linalg.eig(A)
    return lam, V, np.linalg.solve(V, B)


def exact_eigenvalues(N: int) -> np.ndarray:
    """All of them, both halves."""
    op = ht.LegS(N)
    with working_precision(BITS):
        found = enclose_homotopy(
            enclose_normal_part(op, BITS), op.shift, RHO, homotopy_modes(op, RHO).lam.copy(), BITS
        ).lam
    half = np.array([complex(z) for z in found])
    return np.concatenate([half, half[half.imag != 0].conj()])


def worst(lam: np.ndarray, exact: np.ndarray) -> float:
    distance = np.abs(lam[:, None] - exact)
    return float((distance.min(axis=0) / np.abs(exact)).max())


def matrix(N: int) -> np.ndarray:
    A = ht.LegS(N).A
    return A + 1e-3 * np.linalg.norm(A, 2) * np.random.default_rng(N).random((N, N)) / N


def by_torch(M: np.ndarray) -> np.ndarray:
    import torch

    A = torch.tensor(M, requires_grad=True)
    V = torch.linalg.eig(A)[1]
    sigma = torch.linalg.svdvals(V / torch.linalg.vector_norm(V, dim=0))
    (sigma[0] / sigma[-1]).backward()
    return A.grad.numpy()


def along(slope: np.ndarray, M: np.ndarray) -> float:
    return float(abs(np.sum(slope * M)) / (np.linalg.norm(slope) * np.linalg.norm(M)))


def price(A: np.ndarray, E: np.ndarray) -> float:
    return kappa_and_gradient(A + E)[0] ** 2 + GAMMA / np.linalg.norm(A, 2) * float(np.linalg.norm(E))


def by_adam(A: np.ndarray, seed: int = 0) -> np.ndarray:
    """Adam from .1 U[0, 1), with our gradient: what the search costs, not what automatic differentiation does."""
    gamma, E = GAMMA / np.linalg.norm(A, 2), 0.1 * np.random.default_rng(seed).random(A.shape)
    mean, square = np.zeros_like(A), np.zeros_like(A)
    for k in range(1, ADAM["steps"] + 1):
        kappa, slope = kappa_and_gradient(A + E)
        g = 2 * kappa * slope + gamma * E / np.linalg.norm(E)
        mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g * g
        E = E - ADAM["lr"] * (mean / (1 - 0.9**k)) / (np.sqrt(square / (1 - 0.999**k)) + 1e-8)
    return E


class Modes:
    """asv: eigenvalues, eigenvectors and inputs of A_rho."""

    params = ((16, 64, 256),)
    param_names = ("N",)

    def time_homotopy_modes(self, N: int) -> None:
        homotopy_modes(ht.LegS(N), RHO)

    def track_relative_error(self, N: int) -> float:
        return worst(homotopy_modes(ht.LegS(N), RHO).full()[0], exact_eigenvalues(N))


class Gradient:
    """asv: kappa and its gradient."""

    params = ((16, 64, 128),)
    param_names = ("N",)

    def time_kappa_and_gradient(self, N: int) -> None:
        kappa_and_gradient(matrix(N))

    def track_component_along_the_matrix(self, N: int) -> float:
        return along(kappa_and_gradient(matrix(N))[1], matrix(N))


def main(sizes: Sequence[int] = (16, 64, 256), budget: float = 2.0) -> None:
    print(HEAD)
    for N in sizes:
        exact = exact_eigenvalues(N)
        ours, modes = best(lambda N=N: homotopy_modes(ht.LegS(N), RHO), budget)
        theirs, found = best(lambda N=N: by_lapack(N), budget)
        print(row(f"modes of A_rho, LegS({N})", ours, worst(modes.full()[0], exact), theirs, worst(found[0], exact)))
    for N in (n for n in sizes if n <= 128):
        M = matrix(N)
        ours, slope = best(lambda M=M: kappa_and_gradient(M)[1], budget)
        if importlib.util.find_spec("torch") is None or sys.modules.get("torch", M) is None:
            print(f"gradient of kappa, N = {N}: skipped: torch is needed, pip install 'hippo_theory[torch]'")
            continue
        theirs, other = best(lambda M=M: by_torch(M), budget)
        print(row(f"gradient of kappa, N = {N}", ours, along(slope, M), theirs, along(other, M)))
    for N in (n for n in sizes if n <= 64):
        A = ht.LegS(N).A
        ours, found = best(lambda A=A: optimized_perturbation(A, rng=0), 0.0)
        theirs, E = best(lambda A=A: by_adam(A), 0.0)
        lower = min(found.value, price(A, E))
        print(row(f"optimised E, N = {N} (Adam)", ours, found.value - lower, theirs, price(A, E) - lower))


if __name__ == "__main__":
    main()
