"""Hankel singular values beside two Lyapunov equations, H-infinity norms beside the textbook's iteration.

Errors are against proofs: of Hankel values the worst in units of the largest, of the norm relative, where 0 is within
1e-12. A full matrix with N > 64 is compared with what it is similar to, N eps away.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy.linalg import solve_continuous_lyapunov

import hippo_theory as ht
from hippo_theory.rigor.hankel_values import HankelValueBounds
from hippo_theory.rigor.hinf_norm import HInfinityBounds, enclose_hinf_norm

from ._table import HEAD, best, row

FULL_PROVED = 64
SYSTEMS = "LegS", "LegS turned", "S4D-LegS"


def system(name: str, N: int) -> ht.StateSpace | ht.Diagonal:
    """LegS with a random output, a full matrix similar to it, and its diagonal relative."""
    op, rng = ht.LegS(N), np.random.default_rng(N)
    C = rng.standard_normal(N)
    if name == "S4D-LegS":
        return ht.s4d("legs", N, C=C).system
    triangular = ht.StateSpace(op.A, op.B, C)
    return triangular.transformed(np.linalg.qr(rng.standard_normal((N, N)))[0]) if "turned" in name else triangular


def by_two_lyapunov_equations(S: ht.StateSpace) -> np.ndarray:
    """Singular values of a product of roots of the Gramians, negative eigenvalues dropped: rounding to eps^{1/2}."""
    B, C = S.B.reshape(S.N, -1), np.atleast_2d(S.C)
    roots = []
    for A, W in ((S.A, B @ B.conj().T), (S.A.conj().T, C.conj().T @ C)):
        values, vectors = np.linalg.eigh(solve_continuous_lyapunov(A, -W))
        roots.append(vectors * np.sqrt(np.maximum(values, 0.0)))
    return np.linalg.svd(roots[1].conj().T @ roots[0], compute_uv=False)


def by_level_sets(S: ht.StateSpace, rel: float = 1e-10) -> float:
    """Bruinsma and Steinbuch for D = 0: from midpoints of the cuts of a level to a higher one, until none is cut."""
    A, B, C = S.A, S.B.reshape(S.N, -1), np.atleast_2d(S.C)
    eye, poles = np.eye(S.N), np.linalg.eigvals(A)

    def gain(w: float) -> float:
        return float(np.linalg.norm(C @ np.linalg.solve(1j * w * eye - A, B), 2))

    start = poles[np.argmax(np.abs(poles.imag / (poles.real * np.abs(poles))))]
    found = max(gain(0.0), gain(abs(start)))
    while True:
        level = found * (1 + 2 * rel)
        H = np.block([[A, B @ B.conj().T / level], [-C.conj().T @ C / level, -A.conj().T]])
        z = np.linalg.eigvals(H)
        # What counts as imaginary is the guess of every code of this kind.
        cuts = np.sort(z[np.abs(z.real) < 1e-8 * np.abs(z).max()].imag)
        if cuts.size < 2:
            return found * (1 + rel)
        higher = max(gain(w) for w in (cuts[1:] + cuts[:-1]) / 2)
        if higher <= found:
            return found
        found = higher


def by_control(S: ht.StateSpace) -> float:
    """python-control: slycot where it is installed, else bisection."""
    import control

    return float(control.system_norm(control.ss(S.A, S.B[:, None], S.C[None], 0.0), "inf", tol=1e-10))


def hankel_error(values: np.ndarray, proved: HankelValueBounds) -> float:
    return float(np.maximum(values - proved.upper, proved.lower - values).max() / proved.upper[0])


def proved_values(name: str, N: int) -> HankelValueBounds:
    if name == "LegS" or (name == "LegS turned" and N > FULL_PROVED):
        return ht.enclose_hankel_singular_values(ht.LegS(N), system("LegS", N).C)
    return ht.enclose_hankel_singular_values(system(name, N))


def norm_error(value: float, proved: HInfinityBounds) -> float:
    """Relative, beyond bounds 1e-12 wide."""
    return max(value / proved.upper - 1, 1 - value / proved.lower, 0.0)


def proved_norm(name: str, N: int) -> HInfinityBounds:
    return enclose_hinf_norm(system("LegS" if name == "LegS turned" and N > FULL_PROVED else name, N), rel=1e-12)


def quiet(function: Callable, *arguments: object) -> Callable:
    """Without the warnings of python-control and of ill-conditioned equations."""

    def called() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments)

    return called


class HankelValues:
    """asv: all values, and how far the worst is off."""

    params = (SYSTEMS, (16, 64))
    param_names = ("system", "N")

    def setup(self, name: str, N: int) -> None:
        self.system = system(name, N)

    def time_hankel_singular_values(self, name: str, N: int) -> None:
        ht.hankel_singular_values(self.system)

    def track_error(self, name: str, N: int) -> float:
        return hankel_error(ht.hankel_singular_values(system(name, N)).values, proved_values(name, N))


class LargestGain:
    """asv: the H-infinity norm."""

    params = (SYSTEMS, (16, 64))
    param_names = ("system", "N")

    def setup(self, name: str, N: int) -> None:
        self.system = system(name, N)

    def time_hinf_norm(self, name: str, N: int) -> None:
        ht.hinf_norm(self.system)

    def track_error(self, name: str, N: int) -> float:
        return norm_error(ht.hinf_norm(system(name, N)).value, proved_norm(name, N))


def main(sizes: Sequence[int] = (16, 32, 64, 128, 256), budget: float = 2.0) -> None:
    print(f"Hankel singular values, scipy's two Lyapunov equations\n{HEAD}")
    for name in SYSTEMS:
        for N in sizes:
            S, proved = system(name, N), proved_values(name, N)
            spent, found = best(lambda S=S: ht.hankel_singular_values(S), budget)
            their_time, values = best(quiet(by_two_lyapunov_equations, S.to_dense()), budget)
            errors = hankel_error(found.values, proved), hankel_error(values, proved)
            estimate = found.error / found.values[0]
            print(row(f"{name}, N = {N}", spent, errors[0], their_time, errors[1]), f"  estimated {estimate:.0e}")
            sys.stdout.flush()
    # python-control takes no complex matrices.
    real = [name for name in SYSTEMS if name != "S4D-LegS"]
    rivals = [("the textbook's iteration", by_level_sets, SYSTEMS, sizes)]
    if importlib.util.find_spec("control"):
        rivals.append(("python-control", by_control, real, [N for N in sizes if N <= 64]))
    for title, theirs, names, tried in rivals:
        print(f"H-infinity norm, {title}\n{HEAD}")
        for name in names:
            for N in tried:
                S, proved = system(name, N), proved_norm(name, N)
                spent, found = best(lambda S=S: ht.hinf_norm(S), budget)
                their_time, value = best(quiet(theirs, S.to_dense()), budget)
                errors = norm_error(found.value, proved), norm_error(value, proved)
                print(row(f"{name}, N = {N}", spent, errors[0], their_time, errors[1]))
                sys.stdout.flush()


if __name__ == "__main__":
    main()
