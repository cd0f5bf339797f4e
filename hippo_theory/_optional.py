"""Optional and slow dependencies, imported on first use through one door."""

from __future__ import annotations

import importlib
from types import ModuleType

from .errors import MissingExtraError

_EXTRA = {
    "torch": "pip install 'hippo_theory[torch]' (or a CPU wheel: pip install torch==2.13.0)",
    "matplotlib": "pip install matplotlib",
    "flint": "pip install python-flint",
    "control": "pip install 'hippo_theory[interop]'",
    "pymor": "pip install 'hippo_theory[interop]'",
}


def require(name: str) -> ModuleType:
    """Import ``name``, or say which command installs it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        command = _EXTRA.get(name.partition(".")[0], f"pip install {name}")
        raise MissingExtraError(f"{name} is needed here and could not be imported ({error}); {command}.") from error
