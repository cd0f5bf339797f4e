"""httyh-delay, httyh-reconstruct, httyh-timescale: the synthetic tasks with the best read-out instead of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Array
from ...analysis import WhiteNoise, delay_task, matched_step, reconstruction_task
from ...operators import FouT, LagT, LegS, LegT, Operator
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["DELAY", "RECONSTRUCT", "TIMESCALE"]

_SEED = 0
_NAMES = ("LegS", "LegT", "FouT")
_FACTORS = np.array([0.25, 0.5, 1.0, 2.0, 4.0])


def _families(N: int) -> tuple[Operator, ...]:
    return LegS(N), LegT(N), FouT(N + 1)


def _steps(ax: Axes, factors: Array, errors: Array, title: str) -> None:
    curves = {name: (factors, row) for name, row in zip(_NAMES, errors, strict=True)}
    plot.errors(ax, curves, base=2, levels={"zero predictor": 1.0})
    ax.set_title(title)
    ax.set_xlabel("step / matched step")
    ax.set_ylabel("RMSE / RMS of the target")
    ax.legend(loc="lower right")


# ------------------------------------------------------------------------------------------------ delay


def _delay_compute(quick: bool) -> Data:
    N, length = (256, 800) if quick else (1024, 4000)
    lag, factors = length // 4, 2.0 ** np.array([-1, -0.5, 0, 0.5, 1])
    noise = WhiteNoise(length, 1.0 / length, length // 4)
    errors, responses = [], []
    for op in _families(N):
        tasks = [delay_task(op, factor / lag, noise, lag, size=2, rng=_SEED) for factor in factors]
        errors.append([task.relative for task in tasks])
        weights = tasks[2].weights
        response = weights[:-1] @ op.system.discretize(1 / lag).kernel(int(2.2 * lag))
        response[0] += weights[-1]
        responses.append(response)
    return {
        "N": np.array(N),
        "lag": np.array(lag),
        "factors": factors,
        "errors": np.array(errors),
        "responses": np.array(responses),
    }


def _delay_draw(data: Data) -> MatplotlibFigure:
    N, lag = int(data["N"]), int(data["lag"])
    k = np.arange(data["responses"].shape[1]) / lag
    with plot.house_style():
        figure, [[first, second], [third, fourth]] = plot.canvas(2, 2, width=9.6, height=5.6)
        _steps(first, data["factors"], data["errors"], f"(a) delay by {lag} samples, $N={N}$ (FouT {N + 1})")
        panels = zip((second, third, fourth), "bcd", _NAMES, data["responses"], strict=True)
        for ax, letter, name, response in panels:
            plot.impulse_weights(ax, k, {name: response}, zoom=(1 - 12 / lag, 1 + 12 / lag))
            ax.set_title(f"({letter}) impulse response of the best read-out, {name}")
            ax.set_xlabel("lag / delay")
    return figure


def _delay_claims(data: Data) -> list[Claim]:
    legs, legt, fout = data["errors"][:, 2]
    return [
        *_best_at_matched("httyh-delay", data, ("LegT", "FouT")),
        Claim.at_most(
            "httyh-delay/legt",
            "Relative error of LegT with the matched step.",
            "gu2023httyh; F3",
            bound=0.01,
            measured=legt,
        ),
        Claim.at_most(
            "httyh-delay/order",
            "Error of FouT over that of LegS, matched steps.",
            "gu2023httyh",
            bound=0.2,
            measured=fout / legs,
        ),
        Claim.at_most(
            "httyh-delay/legt-fout",
            "Error of LegT over that of FouT, matched steps: the Pade approximant against the all-pass.",
            "F3",
            bound=0.3,
            measured=legt / fout,
        ),
    ]


def _best_at_matched(id: str, data: Data, names: Sequence[str]) -> list[Claim]:
    """The grid of steps has its smallest error at the matched one."""
    return [
        Claim.near(
            f"{id}/matched-{name}",
            f"{name}: of the steps tried (powers of 2 or sqrt 2) the one with the smallest error, over the matched.",
            "gu2023httyh; F5",
            expected=1.0,
            measured=data["factors"][int(np.argmin(data["errors"][_NAMES.index(name)]))],
            tolerance=0.1,
        )
        for name in names
    ]


DELAY = Figure(
    id="httyh-delay",
    title="The delay task without training",
    source="gu2023httyh, delay task",
    caption=(
        "White noise (1000 Hz in samples of 0.25 ms, 4000 of them) is to come out 1000 samples later. (a) Error of the "
        "best read-out of one state-space model, least squares over two signals, tested on two others, against the "
        "step over the matched one, for which the window (LegS: the mean memory) is the delay. (b-d) What the "
        "read-outs convolve with at the matched step, and their samples near the delay. The burst of LegS at lags "
        "0.1 to 0.35 oscillates above 1000 Hz, where the noise has no energy; the second spike of FouT is its ghost, "
        "which does the work at twice the step."
    ),
    compute=_delay_compute,
    draw=_delay_draw,
    claims=_delay_claims,
    seed=_SEED,
)


# ------------------------------------------------------------------------------------------------ reconstruct


def _reconstruct_compute(quick: bool) -> Data:
    N, length = (64, 1000) if quick else (256, 4000)
    memory = length // 4
    noise = WhiteNoise(length, 4.0 / length, length // 40)
    tasks = [[reconstruction_task(op, f / memory, noise, memory) for f in _FACTORS] for op in _families(N)]
    return {
        "N": np.array(N),
        "memory": np.array(memory),
        "factors": _FACTORS,
        "errors": np.array([[task.relative for task in row] for row in tasks]),
        "profiles": np.array([row[2].profile / row[2].zero for row in tasks]),
    }


def _reconstruct_draw(data: Data) -> MatplotlibFigure:
    N, memory = int(data["N"]), int(data["memory"])
    with plot.house_style():
        figure, [[left, right]] = plot.canvas(1, 2, width=9.6, height=3.3)
        _steps(left, data["factors"], data["errors"], f"the last {memory} samples, $N={N}$ (FouT {N + 1})")
        lag = (memory - np.arange(memory)) / memory
        plot.profiles(right, lag, dict(zip(_NAMES, data["profiles"], strict=True)))
        right.set_title("where the error is, matched step")
        right.set_xlabel("lag / memory")
        right.set_ylabel("RMSE / RMS of the target")
        right.legend(loc="lower right")
    return figure


def _reconstruct_claims(data: Data) -> list[Claim]:
    legs, legt, fout = data["errors"][:, 2]
    return [
        *_best_at_matched("httyh-reconstruct", data, ("LegT", "FouT")),
        Claim.at_most(
            "httyh-reconstruct/legt-legs",
            "Error of LegT over that of LegS, matched steps.",
            "gu2023httyh",
            bound=0.5,
            measured=legt / legs,
        ),
        Claim.at_most(
            "httyh-reconstruct/fout-legs",
            "Error of FouT over that of LegS, matched steps.",
            "gu2023httyh",
            bound=0.5,
            measured=fout / legs,
        ),
        Claim.at_most(
            "httyh-reconstruct/mismatch",
            "Error of LegT and FouT with the matched step over that with twice the step, the larger of both.",
            "gu2023httyh; F5",
            bound=0.5,
            measured=max(row[2] / row[3] for row in data["errors"][1:]),
        ),
    ]


RECONSTRUCT = Figure(
    id="httyh-reconstruct",
    title="The reconstruction task without training",
    source="gu2023httyh, reconstruct task",
    caption=(
        "The last 1000 of 4000 samples of white noise (100 Hz, samples of 1 ms: 200 degrees of freedom) from the "
        "final state, by the best linear read-out: expected errors, from the covariance of the noise instead of a "
        "training set. Left: against the step over the matched one. Right: which samples are wrong. LegS knows the "
        "latest ones to 1e-7, the resolution of the read-out, and blurs the rest; LegT resolves more than half of the "
        "window, since 256 polynomials are too few for 100 waves; FouT errs alike almost everywhere."
    ),
    compute=_reconstruct_compute,
    draw=_reconstruct_draw,
    claims=_reconstruct_claims,
)


# ------------------------------------------------------------------------------------------------ time scale


def _timescale_compute(quick: bool) -> Data:
    N, memory = 64, 1000
    noise = WhiteNoise(4000, 1e-3, 16)
    steps = 1e-3 * 2.0 ** np.arange(-4, 11, 1.0 if quick else 0.5)
    operators = (*_families(N), LagT(N))
    errors = [[reconstruction_task(op, dt, noise, memory).relative for dt in steps] for op in operators]
    return {
        "steps": steps,
        "errors": np.array(errors),
        "matched": np.array([matched_step(op, memory) for op in operators[:3]]),
    }


def _timescale_draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[ax]] = plot.canvas(1, 1, width=6.4, height=3.6)
        names = (*_NAMES, "LagT")
        curves = {name: (data["steps"], row) for name, row in zip(names, data["errors"], strict=True)}
        plot.errors(ax, curves, levels={"zero predictor": 1.0})
        ax.axvline(float(data["matched"][1]), color="black", linewidth=0.7, linestyle=(0, (4, 2)), zorder=0.5)
        place = (float(data["matched"][1]), 0.06)
        ax.annotate("window = memory", place, (8, 0), xycoords=ax.get_xaxis_transform(), textcoords="offset points")
        ax.set_title("the last 1000 samples, $N=64$ (FouT 65), 16 waves in them")
        ax.set_xlabel("step $\\Delta$ of the state-space model (one per sample)")
        ax.set_ylabel("RMSE / RMS of the target")
        ax.legend(loc="lower right")
    return figure


def _timescale_claims(data: Data) -> list[Claim]:
    best = np.log2(data["steps"][np.argmin(data["errors"], axis=1)] / data["matched"][1])
    places = [
        ("LegT", 1, 0.0, "the window is the memory"),
        ("FouT", 2, 0.0, "the window is the memory"),
        ("LegS", 0, 1.5, "a mean memory of about a third of it"),
        ("LagT", 3, 7.5, "4N units of time are 1.4 times as long"),
    ]
    claims = [
        Claim.near(
            f"httyh-timescale/{name}",
            f"log2 of the best step (in half octaves, quick: octaves) over 1/1000 for {name}: {meaning}.",
            "gu2023httyh; F5",
            expected=expected,
            measured=best[row],
            tolerance=0.55,
        )
        for name, row, expected, meaning in places
    ]
    claims.append(
        Claim.at_most(
            "httyh-timescale/legt-error",
            "Relative error of LegT at that step, where 64 polynomials resolve 16 waves.",
            "F3",
            bound=1e-6,
            measured=data["errors"][1].min(),
        )
    )
    return claims


TIMESCALE = Figure(
    id="httyh-timescale",
    title="What the step decides",
    source="gu2023httyh, ablation of the time scale",
    caption=(
        "Error of the best read-out of the last 1000 samples of white noise against the step of the state-space "
        "model. LegT and FouT forget what leaves their window: the optimum is sharp, where the window is 1000 steps "
        "long (dashed). The measure of LegS fades instead: the optimum is broad, at a mean memory of about 350 steps. "
        "That of LagT neither ends nor fades; what counts there is how far its 64 functions reach, 4N = 256 units."
    ),
    compute=_timescale_compute,
    draw=_timescale_draw,
    claims=_timescale_claims,
)
