"""The typed errors of the package: each says what was given, what is needed, and what to do."""

from __future__ import annotations

__all__ = [
    "AccuracyError",
    "AccuracyWarning",
    "CertificateError",
    "ExportError",
    "HippoTheoryError",
    "MissingExtraError",
    "NotClosedError",
    "ParameterError",
    "ParameterTypeError",
    "ShapeError",
    "UnknownNameError",
    "UnstableSystemError",
]


class HippoTheoryError(Exception):
    """Base of every error the package raises on purpose: catch this one to catch them all."""


class ParameterError(HippoTheoryError, ValueError):
    """A parameter has a value outside its meaning (N = 0, dt <= 0, NaN)."""


class ParameterTypeError(ParameterError, TypeError):
    """A parameter has the wrong type (N = 2.5)."""


class ShapeError(HippoTheoryError, ValueError):
    """An array has the wrong shape for the place it was given to."""


class NotClosedError(HippoTheoryError, ValueError):
    """A span of functions is not closed under the flow of time: no matrix is exact. The residual says by how much."""


class UnknownNameError(HippoTheoryError, ValueError):
    """A name (family, kind, method, figure) is not known; the message suggests one."""


class UnstableSystemError(HippoTheoryError, ValueError):
    """A system with a pole outside the stable region was given where stability is needed."""


class AccuracyError(HippoTheoryError, ArithmeticError):
    """The requested accuracy cannot be reached; no digits are returned rather than wrong ones."""


class CertificateError(HippoTheoryError, ValueError):
    """A file or an object is not what its certificate claims."""


class ExportError(HippoTheoryError, OSError):
    """A file could not be written; nothing was left half done."""


class MissingExtraError(HippoTheoryError, ImportError):
    """An optional dependency is needed and not installed; the message gives the command."""


class AccuracyWarning(UserWarning):
    """Digits were lost: the answer stands, with fewer correct digits than usual."""
