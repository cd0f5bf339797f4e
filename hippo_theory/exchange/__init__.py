"""Files and foreign codes: what leaves the toolkit is verified, what comes in is examined."""

from .foreign_systems import as_system, to_control, to_pymor, to_scipy
from .verified import export, load, verify

__all__ = ["as_system", "export", "load", "to_control", "to_pymor", "to_scipy", "verify"]
