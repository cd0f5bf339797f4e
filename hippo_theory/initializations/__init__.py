"""What a layer starts from: one recipe per file, one kind of result."""

from ._base import Initialization
from .s4 import s4
from .s4d import S4D_KINDS, s4d

__all__ = ["S4D_KINDS", "Initialization", "s4", "s4d"]
