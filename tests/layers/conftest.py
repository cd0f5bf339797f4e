"""The layers need torch: without it their tests skip and say so, except in CI, where its absence is a failure."""

from __future__ import annotations

import importlib
import os

if os.environ.get("CI"):
    # A submodule, because a folder of tests named torch on the path would pass for an empty package.
    importlib.import_module("torch.nn")
