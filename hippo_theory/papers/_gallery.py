"""The README of a gallery: pictures with captions, and the ledger of claims, the same text on every machine."""

from __future__ import annotations

from collections.abc import Sequence

from ._claims import Claim
from ._figure import FigureResult

__all__ = ["TITLE", "gallery"]

TITLE = "# Figures and claims"
_HEAD = (
    TITLE
    + """

Written by `hippo-theory reproduce{option}`{size}. {kept} of {total} claims hold. For every figure the table says
which value is expected, what was measured on the data of the picture, and what counts as agreement. Expected is
what a paper or the theory demands, or, where the source says "measured before", what an earlier run found. Of
rounding errors it says only that they stay within their bound, since their digits differ from machine to machine
(manifest.json has them). Sources are reference keys and facts, listed in
[THEORY.md](../THEORY.md).
"""
)

_TABLE = "| verdict | claim | source | expected | measured | tolerance |\n|---|---|---|---|---|---|\n"


def gallery(results: Sequence[FigureResult], exports: Sequence[Claim], note: str, quick: bool) -> str:
    """Markdown text: per figure a heading, the picture, its caption and its claims; then the exports."""
    claims = [claim for result in results for claim in result.claims] + list(exports)
    parts = [
        _HEAD.format(
            option=" --quick" if quick else "",
            size=", at small sizes" if quick else "",
            kept=sum(claim.passed for claim in claims),
            total=len(claims),
        )
    ]
    for result in results:
        figure = result.figure
        parts.append(
            f"## {figure.id}: {figure.title}\n\n![{figure.title}]({figure.id}.png)\n\n"
            f"*{figure.source}.* {figure.caption}\n\n{_table(result.claims)}"
        )
    if exports:
        parts.append(
            "## Verified files\n\n"
            "LegS at N = 64, written with certificates, proved again, loaded and compared with the exact systems.\n\n"
            f"{_table(exports)}"
        )
    if note:
        parts.append(f"{note}\n")
    return "\n".join(parts)


def _table(claims: Sequence[Claim]) -> str:
    return _TABLE + "".join(
        _row(c.verdict, f"`{c.id}`: {c.statement}", c.source, c.expected_text, c.measured_text, c.tolerance)
        for c in claims
    )


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"
