"""How far to trust it: ball arithmetic, enclosures and certificates; the second opinion on everything above."""

from .certificate import Certificate, Check, fingerprint
from .certify import certify, certify_stored, check_form, claimed_operator, stored_tensors
from .storage import DTYPES, from_storage, to_storage

__all__ = [
    "DTYPES",
    "Certificate",
    "Check",
    "certify",
    "certify_stored",
    "check_form",
    "claimed_operator",
    "fingerprint",
    "from_storage",
    "stored_tensors",
    "to_storage",
]
