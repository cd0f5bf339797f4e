"""Verified files: ``export`` certifies and writes, ``load`` reads what is intact, ``verify`` proves it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .._arrays import Array, known_name
from .._files import as_path
from ..errors import CertificateError, HippoTheoryError, UnstableSystemError
from ..initializations import remake
from ..rigor import (
    DTYPES,
    Certificate,
    Check,
    certify_stored,
    check_form,
    claimed_operator,
    fingerprint,
    from_storage,
    stored_tensors,
    to_storage,
)
from ..systems import Diagonal, DiagonalPlusLowRank, StateSpace
from .container import read_container, write_container

__all__ = ["export", "load", "verify"]

_MAX_BITS = 1024  # a file must not decide how long its verification takes
_LOWER_BOUNDS = ("stability", "eigenvector condition from below")
# What a claim that makes no sense can raise on the way to an object.
_NONSENSE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, MemoryError, RecursionError)


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
        A pole lies on or beyond the limit of stability.
    CertificateError
        Another check failed, or stability could not be proved: nothing is written.
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
    where = as_path(path, "export")
    stored = stored_tensors(obj, dtype)
    certificate = certify_stored(stored, obj.claim(), getattr(obj, "conventions", {}), np.dtype(dtype).name)
    for check in certificate.checks:
        if not check.passed and check.name == "stability" and check.value is not None:
            raise UnstableSystemError(f"Not exported: margin {check.value:.3g}; {check.statement}.")
    if not certificate.passed:
        raise CertificateError(f"Not exported, a check failed:\n{certificate}")
    write_container(where, stored, certificate.to_json(), _read_back)
    return certificate


def _read_back(path: Path) -> None:
    """What ``load`` would refuse is never moved into place."""
    _read(path)


def load(path: str | Path) -> Any:
    """Read an exported object back, after checking every byte against the certificate.

    Integrity is checked here (digest, names, shapes, SHA-256 of every tensor), and that the object
    makes the claim of its file; ``verify`` proves the mathematics again as well.

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
    return _read(as_path(path, "load"))[0]


def verify(path: str | Path) -> Certificate:
    """Prove again, from the file alone, everything that its certificate says.

    Parameters
    ----------
    path : path

    Returns
    -------
    Certificate
        Computed anew on this machine from the claim and the stored tensors; ``passed`` is True. The
        claim and the conventions are those of the object that ``load`` returns.

    Raises
    ------
    CertificateError
        On any failure: a file that is truncated, foreign or altered in one bit, renamed or swapped
        tensors, or numbers that are not what the claim says. Each has its own message.

    Notes
    -----
    Cost: that of ``certify``, 0.2 s for S4D at N = 64, 3 s at N = 256; of ``ptd`` as ``certify`` says.

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
    where = as_path(path, "verify")
    _, recorded, stored = _read(where)
    try:
        proved = certify_stored(stored, recorded.claim, recorded.conventions, recorded.dtype, recorded.bits)
    except HippoTheoryError as error:
        raise CertificateError(f"{where}: {error}") from error
    for check in proved.checks:
        if not check.passed:
            raise CertificateError(f"{where} is not what it claims to be: {check}.")
    if len(proved.checks) != len(recorded.checks) or not all(map(_not_better, recorded.checks, proved.checks)):
        raise CertificateError(f"{where}: the recorded checks say something else than what can be proved.")
    return proved


def _not_better(recorded: Check, proved: Check) -> bool:
    """Whether a recorded check states no more than the proof of today, up to the libraries' last digits."""
    if replace(recorded, value=None) != replace(proved, value=None):
        return False
    if recorded.value is None or proved.value is None:
        return recorded.value is proved.value
    slack = 1e-6 * abs(proved.value)
    if proved.name in _LOWER_BOUNDS:
        return recorded.value <= proved.value + slack
    return recorded.value >= proved.value - slack


def _read(path: Path) -> tuple[Any, Certificate, dict[str, Array]]:
    """The object, its certificate and the stored tensors, once they agree with each other in full."""
    try:
        certificate, stored = _intact(path)
        made = _rebuilt(certificate, stored)
        same = (
            made.claim() == certificate.claim
            and getattr(made, "conventions", {}) == certificate.conventions
            and _equal(to_storage(made.tensors(), certificate.dtype), stored)
        )
    except CertificateError as error:
        raise CertificateError(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    except (HippoTheoryError, *_NONSENSE) as error:
        raise CertificateError(f"{path}: the claim does not describe the tensors ({error}).") from error
    if not same:
        raise CertificateError(f"{path}: the claim, the conventions and the tensors do not describe one object.")
    return made, certificate, stored


def _equal(first: dict[str, Array], second: dict[str, Array]) -> bool:
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


def _intact(path: Path) -> tuple[Certificate, dict[str, Array]]:
    """The certificate and the tensors, once every name, shape and byte agrees with it."""
    stored, text = read_container(path)
    certificate = Certificate.from_json(text)
    known_name(certificate.dtype, DTYPES, "dtype")
    if not (certificate.passed and certificate.bits <= _MAX_BITS):
        raise CertificateError(f"{path}: the certificate has not passed, or asks for {certificate.bits} bits.")
    missing, extra = certificate.tensors.keys() - stored.keys(), stored.keys() - certificate.tensors.keys()
    if missing or extra:
        raise CertificateError(
            f"{path}: tensors were renamed, added or removed; missing {sorted(missing)}, unknown {sorted(extra)}."
        )
    found = {name: fingerprint(array) for name, array in stored.items()}
    for name, record in certificate.tensors.items():
        _check_tensor(path, name, record, found, certificate, stored[name])
    return certificate, stored


def _check_tensor(
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
    """The object of a claim with the stored numbers: the recipe is followed again, then its arrays replaced."""
    claim = certificate.claim
    tensors = from_storage(stored)
    check_form(tensors, claim)
    wide = {name: array.astype(np.result_type(array.dtype, np.float64)) for name, array in tensors.items()}
    if claim["type"] == "Operator":
        return claimed_operator(claim)
    D = wide["D"] if claim["D"] is None else complex(*claim["D"])
    D = D.real if isinstance(D, complex) and not D.imag else D
    if claim["type"] == "Initialization":
        made = remake(claim, wide)
        C = wide.get("C", wide.get("V"))
        arrays: dict[str, Any] = {name: wide[name] for name in ("lam", "P", "B") if name in wide}
        return replace(made, system=replace(made.system, C=C, D=D, **arrays), V=wide.get("V"))
    shared = {"B": wide["B"], "C": wide.get("C"), "D": D, "dt": claim["dt"]}
    if claim["type"] == "StateSpace":
        return StateSpace(wide["A"], **shared)
    if claim["type"] == "DiagonalPlusLowRank":
        return DiagonalPlusLowRank(wide["lam"], P=wide["P"], Q=wide.get("Q"), **shared)
    return Diagonal(wide["lam"], conjugate_pairs=claim["conjugate_pairs"], **shared)
