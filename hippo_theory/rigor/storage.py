"""How tensors are stored: real numbers of one precision, complex ones as two tensors, C order."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array, known_name
from ..errors import AccuracyError, CertificateError

__all__ = ["DTYPES", "from_storage", "to_storage"]

DTYPES = ("float64", "float32")


def to_storage(tensors: dict[str, Array], dtype: str) -> dict[str, Array]:
    """Round to ``dtype`` and split: ``lam`` complex becomes ``lam.real`` and ``lam.imag``.

    Whatever the memory order of the input, the results are C-contiguous copies. V may underflow: its columns are
    unit vectors, beside which what float32 cannot hold is nothing.

    Raises
    ------
    UnknownNameError
        A dtype other than float64 and float32.
    AccuracyError
        A number that the dtype cannot hold: it would overflow, or lose digits below the smallest normal.
    """
    real = np.dtype(known_name(dtype if isinstance(dtype, str) else np.dtype(dtype).name, DTYPES, "dtype"))
    stored: dict[str, Array] = {}
    for name, array in tensors.items():
        size = np.abs(array)
        if real != np.float64 and name != "V" and np.any((size > 0) & (size < np.finfo(real).tiny)):
            smallest = float(size[size > 0].min())
            raise AccuracyError(f"{name} holds {smallest:.3g}, which {dtype} cannot; export as float64.")
        parts = {f"{name}.real": array.real, f"{name}.imag": array.imag} if np.iscomplexobj(array) else {name: array}
        for part, values in parts.items():
            with np.errstate(over="ignore", under="ignore"):
                rounded = np.array(values, dtype=real, order="C")
            if not np.isfinite(rounded).all():
                largest = float(np.abs(values).max())
                raise AccuracyError(f"{part} holds {largest:.3g}, which {dtype} cannot; export as float64.")
            stored[part] = rounded
    return stored


def from_storage(stored: dict[str, Array]) -> dict[str, Array]:
    """Join real and imaginary parts again, in the stored precision."""
    tensors: dict[str, Array] = {}
    for name, values in stored.items():
        base, _, part = name.rpartition(".")
        if base in stored and part in ("real", "imag"):
            raise CertificateError(f"Tensors {base} and {name} claim the same name.")
        if part not in ("real", "imag"):
            tensors[name] = values
        elif part == "real":
            tensors[base] = _joined(values, _partner(stored, f"{base}.imag", name, values))
        else:
            _partner(stored, f"{base}.real", name, values)
    return tensors


def _partner(stored: dict[str, Array], name: str, given: str, values: Array) -> Array:
    if name not in stored or stored[name].shape != values.shape:
        raise CertificateError(f"Tensor {given} has no matching {name}: a complex tensor needs both parts.")
    return stored[name]


def _joined(real: Array, imag: Array) -> Array:
    """Real + i imag without arithmetic, so that signed zeros survive."""
    z: Any = np.empty(real.shape, dtype=np.result_type(real.dtype, np.complex64))
    z.real, z.imag = real, imag
    return np.asarray(z)
