"""How far to trust it: ball arithmetic, enclosures and certificates; the second opinion on everything above."""

from .certificate import Certificate, Check, fingerprint
from .certify import certify, certify_stored, check_form, claimed_operator, stored_tensors
from .enclosures import SingularValueBounds, enclose
from .regions import EigenvalueCount, FreeRegion
from .storage import DTYPES, from_storage, to_storage

__all__ = [
    "DTYPES",
    "Certificate",
    "Check",
    "EigenvalueCount",
    "FreeRegion",
    "SingularValueBounds",
    "certify",
    "certify_stored",
    "check_form",
    "claimed_operator",
    "enclose",
    "fingerprint",
    "from_storage",
    "stored_tensors",
    "to_storage",
]
