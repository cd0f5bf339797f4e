"""How far to trust it: ball arithmetic, enclosures and certificates; the second opinion on everything above."""

from .certificate import Certificate, Check, fingerprint
from .certify import certify, certify_stored, check_form, claimed_operator, stored_tensors
from .enclosures import SingularValueBounds, enclose
from .hankel_values import HankelValueBounds, enclose_hankel_singular_values
from .hinf_norm import HInfinityBounds, enclose_hinf_norm
from .regions import EigenvalueCount, FreeRegion
from .storage import DTYPES, from_storage, to_storage

__all__ = [
    "DTYPES",
    "Certificate",
    "Check",
    "EigenvalueCount",
    "FreeRegion",
    "HInfinityBounds",
    "HankelValueBounds",
    "SingularValueBounds",
    "certify",
    "certify_stored",
    "check_form",
    "claimed_operator",
    "enclose",
    "enclose_hankel_singular_values",
    "enclose_hinf_norm",
    "fingerprint",
    "from_storage",
    "stored_tensors",
    "to_storage",
]
