"""Side by side in one run: the best of several times, the ratio, and the error beside every time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def best(function: Callable[[], Any], budget: float = 2.0) -> tuple[float, Any]:
    """The shortest of the runs that fit into ``budget`` seconds (at least two), and the last result."""
    times: list[float] = []
    start = time.perf_counter()
    while len(times) < 2 or (time.perf_counter() - start < budget and len(times) < 50):
        begin = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - begin)
    return min(times), result


def seconds(t: float) -> str:
    return f"{t:8.2f} s " if t >= 1 else f"{1e3 * t:8.2f} ms"


def row(name: str, ours: float, our_error: float, theirs: float, their_error: float) -> str:
    return (
        f"{name:<34} {seconds(ours)}  {our_error:8.1e}   {seconds(theirs)}  {their_error:8.1e}   {theirs / ours:8.1f} x"
    )


HEAD = f"{'':<34} {'ours':>11}  {'error':>8}   {'theirs':>11}  {'error':>8}   {'ratio':>8}"
