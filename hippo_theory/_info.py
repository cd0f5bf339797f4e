"""Where a number was computed: versions, BLAS, platform. Goes into certificates, manifests, notebooks."""

from __future__ import annotations

import importlib.metadata
import platform

__all__ = ["info", "versions"]

_PACKAGES = ("numpy", "scipy", "mpmath", "sympy", "matplotlib", "python-flint", "safetensors", "torch")


def versions() -> dict[str, str]:
    """Version of this package and of every installed dependency, without importing any of them."""
    from . import __version__

    found = {"hippo_theory": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def info() -> dict[str, str]:
    """Versions, platform and the BLAS numpy was built with, as one flat dictionary.

    Returns
    -------
    dict
        Name to text; print it at the top of a notebook.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> sorted(ht.info())[:2]
    ['blas', 'hippo_theory']
    """
    import numpy as np

    build = np.show_config(mode="dicts")
    blas = build.get("Build Dependencies", {}).get("blas", {}) if isinstance(build, dict) else {}
    described = f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
    return {**versions(), "platform": platform.platform(terse=True), "machine": platform.machine(), "blas": described}
