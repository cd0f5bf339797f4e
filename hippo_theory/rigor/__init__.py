"""How far to trust it: ball arithmetic, enclosures and certificates; the second opinion on everything above."""

from .certificate import Certificate, Check
from .certify import certify, certify_stored, claimed_operator
from .storage import from_storage, to_storage

__all__ = ["Certificate", "Check", "certify", "certify_stored", "claimed_operator", "from_storage", "to_storage"]
