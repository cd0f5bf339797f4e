"""Verified files: ``export`` certifies and writes, ``load`` reads what is intact, ``verify`` proves it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .._arrays import Array
from ..errors import CertificateError, UnstableSystemError
from ..initializations import Initialization
from ..rigor import Certificate, certify_stored, claimed_operator, from_storage, to_storage
from ..rigor.certificate import fingerprint
from ..systems import Diagonal, DiagonalPlusLowRank, StateSpace
from .container import read_container, write_container

__all__ = ["export", "load", "verify"]


def export(obj: Any, path: str | Path, *, dtype: str = "float64") -> Certificate:
    """Certify an object and write it with its certificate as a safetensors file, atomically.

    Parameters
    ----------
    obj : Operator, Initialization, StateSpace, Diagonal or DiagonalPlusLowRank
    path : path
        The file; an old one is replaced only by a complete and checked new one.
    dtype : {"float64", "float32"}, default "float64"
        Stored precision: every number is rounded to it once. Complex tensors are stored as
        ``name.real`` and ``name.imag``, all in C order.

    Returns
    -------
    Certificate
        The one inside the file; it has passed.

    Raises
    ------
    UnstableSystemError
        The stability check failed; the message names the pole.
    CertificateError
        Another check failed: nothing is written.
    ExportError
        The path cannot be written to, or the written bytes did not come back.

    Examples
    --------
    >>> import tempfile, pathlib, hippo_theory as ht
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "legs16.safetensors"
    ...     _ = ht.export(ht.s4d("legs", 16), path)
    ...     ht.verify(path).passed, ht.load(path)
    (True, <s4d(kind='legs', family='LegS', N=16, b_scale=0.5): 8 modes stored>)
    """
    if not (hasattr(obj, "claim") and hasattr(obj, "tensors")):
        from ..rigor import certify

        certify(obj)  # raises, saying what can be exported
    stored = to_storage(obj.tensors(), dtype)
    certificate = certify_stored(stored, obj.claim(), getattr(obj, "conventions", {}), dtype)
    for check in certificate.checks:
        if not check.passed and check.name == "stability":
            raise UnstableSystemError(f"Not exported: margin {check.value:.3g}; {check.statement}.")
    if not certificate.passed:
        raise CertificateError(f"Not exported, a check failed:\n{certificate}")
    write_container(Path(path), stored, certificate.to_json())
    return certificate


def load(path: str | Path) -> Any:
    """Read an exported object back, after checking every byte against the certificate.

    Integrity is checked here (digest, names, shapes, SHA-256 of every tensor); ``verify`` proves the
    mathematics again as well.

    Parameters
    ----------
    path : path

    Returns
    -------
    Operator, Initialization, StateSpace, Diagonal or DiagonalPlusLowRank
        What was exported; stored numbers in float64/complex128 arrays. An operator is derived from its
        claim again and compared with the stored tensors.

    Raises
    ------
    CertificateError
        The file is not intact, or was not written by ``export``.

    Examples
    --------
    >>> import tempfile, pathlib, hippo_theory as ht
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "legs8.safetensors"
    ...     _ = ht.export(ht.LegS(8), path)
    ...     ht.load(path) == ht.LegS(8)
    True
    """
    certificate, stored = _intact(Path(path))
    try:
        return _rebuilt(certificate, stored)
    except (KeyError, TypeError, ValueError) as error:
        raise CertificateError(f"{path}: the claim does not describe the tensors ({error}).") from error


def verify(path: str | Path) -> Certificate:
    """Prove again, from the file alone, everything that its certificate says.

    Parameters
    ----------
    path : path

    Returns
    -------
    Certificate
        Computed anew on this machine from the claim and the stored tensors; ``passed`` is True.

    Raises
    ------
    CertificateError
        On any failure: a file that is truncated, foreign or altered in one bit, renamed or swapped
        tensors, or numbers that are not what the claim says. Each has its own message.

    Notes
    -----
    Cost: that of ``certify``, 0.2 s for S4D at N = 64, 2 s at N = 256.

    Examples
    --------
    >>> import tempfile, pathlib, hippo_theory as ht
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "legs8.safetensors"
    ...     _ = ht.export(ht.s4(ht.LegS(8)), path)
    ...     data = bytearray(path.read_bytes())
    ...     data[-1] ^= 1
    ...     _ = path.write_bytes(data)
    ...     try:
    ...         ht.verify(path)
    ...     except ht.HippoTheoryError as error:
    ...         print(str(error).rpartition("/")[2])
    legs8.safetensors: the data of tensor lam.real were changed: their SHA-256 is not the recorded one.
    """
    recorded, stored = _intact(Path(path))
    proved = certify_stored(stored, recorded.claim, recorded.conventions, recorded.dtype, recorded.bits)
    for check in proved.checks:
        if not check.passed:
            limit = "" if check.limit is None else f", the limit is {check.limit:.3g}"
            raise CertificateError(
                f"{path} is not what it claims to be: {check.name} is {check.value:.3g}{limit} ({check.statement})."
            )
    if [c.name for c in proved.checks] != [c.name for c in recorded.checks]:
        raise CertificateError(f"{path}: the recorded checks are not those that its claim calls for.")
    return proved


def _intact(path: Path) -> tuple[Certificate, dict[str, Array]]:
    """The certificate and the tensors, once every name, shape and byte agrees with it."""
    stored, text = read_container(path)
    try:
        certificate = Certificate.from_json(text)
    except CertificateError as error:
        raise CertificateError(f"{path}: {error}") from None
    missing, extra = certificate.tensors.keys() - stored.keys(), stored.keys() - certificate.tensors.keys()
    if missing or extra:
        raise CertificateError(
            f"{path}: tensors were renamed, added or removed; missing {sorted(missing)}, unknown {sorted(extra)}."
        )
    found = {name: fingerprint(array) for name, array in stored.items()}
    for name, record in certificate.tensors.items():
        _compare(path, name, record, found, certificate, stored[name])
    return certificate, stored


def _compare(
    path: Path, name: str, record: dict[str, Any], found: dict[str, Any], certificate: Certificate, array: Array
) -> None:
    if found[name] == record and array.dtype == np.dtype(certificate.dtype):
        return
    if array.dtype != np.dtype(certificate.dtype) or found[name]["shape"] != record["shape"]:
        raise CertificateError(
            f"{path}: tensor {name} is {array.dtype} {found[name]['shape']}, "
            f"the certificate has {certificate.dtype} {record['shape']}."
        )
    twin = [other for other, print_ in certificate.tensors.items() if print_["sha256"] == found[name]["sha256"]]
    if twin:
        raise CertificateError(f"{path}: tensor {name} holds the data of {twin[0]}: tensors were swapped.")
    raise CertificateError(f"{path}: the data of tensor {name} were changed: their SHA-256 is not the recorded one.")


def _rebuilt(certificate: Certificate, stored: dict[str, Array]) -> Any:
    claim = certificate.claim
    wide = {k: v.astype(np.result_type(v.dtype, np.float64)) for k, v in from_storage(stored).items()}
    if claim["type"] == "Operator":
        operator = claimed_operator(claim)
        expected = to_storage(operator.tensors(), certificate.dtype)
        if any(not np.array_equal(expected[name], stored[name]) for name in expected):
            raise CertificateError(f"The tensors are not those of {operator!r}.")
        return operator
    D = complex(*claim["D"])
    D = D if D.imag else D.real
    if claim["type"] == "Initialization":
        return _initialization(certificate, wide, D)
    shared = {"B": wide["B"], "C": wide.get("C"), "D": D, "dt": claim["dt"]}
    if claim["type"] == "StateSpace":
        return StateSpace(wide["A"], **shared)
    if claim["type"] == "DiagonalPlusLowRank":
        return DiagonalPlusLowRank(wide["lam"], P=wide["P"], Q=wide.get("Q"), **shared)
    return Diagonal(wide["lam"], conjugate_pairs=claim["conjugate_pairs"], **shared)


def _initialization(certificate: Certificate, tensors: dict[str, Array], D: complex) -> Initialization:
    claim, V = certificate.claim, tensors.get("V")
    C = tensors.get("C", V)
    system: Diagonal | DiagonalPlusLowRank
    if "P" in tensors:
        system = DiagonalPlusLowRank(tensors["lam"], P=tensors["P"], B=tensors["B"], C=C, D=D)
    else:
        system = Diagonal(tensors["lam"], tensors["B"], C=C, D=D, conjugate_pairs=claim["conjugate_pairs"])
    recipe = {k: v for k, v in claim.items() if k not in ("type", "conjugate_pairs", "D", "source")}
    return Initialization(recipe, system, claim["N"], V, claim["source"], certificate.conventions)
