"""Files and foreign codes: what leaves the toolkit is verified, what comes in is examined."""

from .verified import export, load, verify

__all__ = ["export", "load", "verify"]
