"""Every example of every docstring runs and shows what it says."""

import doctest
import importlib
import importlib.util
import pkgutil

import pytest

import hippo_theory


def modules():
    found = pkgutil.walk_packages(hippo_theory.__path__, "hippo_theory.", onerror=lambda name: None)
    return ["hippo_theory", *sorted(m.name for m in found if not m.name.endswith("__main__"))]


@pytest.mark.parametrize("name", modules())
def test_examples_run(name):
    if name.startswith("hippo_theory.torch") and importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0
