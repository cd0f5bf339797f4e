"""Torch layers that start from a verified initialisation: S4D, one diagonal model per channel."""

from .._optional import require

require("torch")  # before the layers import it themselves: a missing torch is answered with the command

from .s4d import S4D  # noqa: E402

__all__ = ["S4D"]
