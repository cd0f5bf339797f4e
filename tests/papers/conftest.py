"""One quick reproduction, shared by all tests of the room."""

from __future__ import annotations

import numpy as np
import pytest

from hippo_theory.papers import FIGURES, Reproduction, reproduce


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Reproduction:
    return reproduce(tmp_path_factory.mktemp("gallery") / "figures", quick=True)


@pytest.fixture(params=list(FIGURES))
def figure_id(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def data(report: Reproduction, figure_id: str) -> dict[str, np.ndarray]:
    """The arrays as they were written: what a reader of the .npz has."""
    with np.load(report.out / f"{figure_id}.npz") as archive:
        return dict(archive)
