"""What every test starts from: one precision, one backend, reproducible examples."""

from __future__ import annotations

import os

import flint
import matplotlib
import mpmath
import numpy as np
import pytest
from hypothesis import HealthCheck, settings

matplotlib.use("Agg")

settings.register_profile("dev", max_examples=20, derandomize=True, deadline=None)
settings.register_profile(
    "ci", max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("nightly", max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_report_header() -> str:
    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    threads = {name: os.environ[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS") if name in os.environ}
    return (
        f"numpy {np.__version__}, BLAS {blas.get('name', '?')} {blas.get('version', '')}, "
        f"{os.cpu_count()} cores, threads {threads or 'default'}"
    )


@pytest.fixture(autouse=True)
def _default_precision() -> None:
    """Precision in mpmath and flint is process-wide: no test may see what another left behind."""
    mpmath.mp.dps = 15
    flint.ctx.prec = 53
