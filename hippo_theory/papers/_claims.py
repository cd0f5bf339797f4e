"""What a figure has to prove: claims with an expected and a measured value, and the ledger that lists them."""

from __future__ import annotations

import math
import shutil
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Claim", "ledger"]


@dataclass(frozen=True)
class Claim:
    """One statement, the value it demands, the value that was measured, and whether the two agree.

    Built by ``near``, ``at_most``, ``rounding`` or ``same``, which derive ``passed`` from the
    measurement: one number for ``near``; of an array the largest entry is held against a bound. A NaN never passes.

    Attributes
    ----------
    id : str
        "figure-id/name", stable.
    statement : str
        The claim in a sentence; Markdown without mathematics markup.
    source : str
        Reference key and fact.
    expected, measured : float or str
    tolerance : str
        What counts as agreement, in words.
    passed : bool
    expected_text, measured_text : str
        As printed: only digits that another machine reproduces.

    Examples
    --------
    >>> from hippo_theory.papers import Claim
    >>> print(Claim.near("demo/pi", "a bad pi", "Archimedes", expected=3.1416, measured=22 / 7, tolerance=1e-3))
    FAILS demo/pi: expected 3.142, measured 3.143 (tolerance 0.001)
    """

    id: str
    statement: str
    source: str
    expected: float | str
    measured: float | str
    tolerance: str
    passed: bool
    expected_text: str
    measured_text: str

    @property
    def verdict(self) -> str:
        """The word "holds" or "FAILS"."""
        return "holds" if self.passed else "FAILS"

    @classmethod
    def near(
        cls, id: str, statement: str, source: str, *, expected: float, measured: ArrayLike, tolerance: float
    ) -> Claim:
        """Passes if abs(measured - expected) <= tolerance; printed to the last decimal the tolerance sees."""
        expected, found = float(expected), float(np.asarray(measured).item())
        decimals = max(0, math.ceil(-math.log10(tolerance)))
        return cls(
            id,
            statement,
            source,
            expected,
            found,
            f"{tolerance:.2g}",
            abs(found - expected) <= tolerance,
            f"{expected:.{decimals}f}",
            f"{found:.{decimals}f}",
        )

    @classmethod
    def at_most(cls, id: str, statement: str, source: str, *, bound: float, measured: ArrayLike) -> Claim:
        """Passes if measured <= bound; for a quantity with digits of its own, two of which are printed."""
        text, largest = f"{bound:.2g}", float(np.max(measured))
        return cls(
            id, statement, source, bound, largest, "upper bound", largest <= bound, f"<= {text}", f"{largest:.2g}"
        )

    @classmethod
    def rounding(cls, id: str, statement: str, source: str, *, bound: float, measured: ArrayLike) -> Claim:
        """Passes if measured <= bound; for rounding errors, of which no digit is worth printing."""
        largest = float(np.max(measured))
        passed = largest <= bound
        found = "within" if passed else f"{largest:.1e}"
        return cls(id, statement, source, 0.0, largest, f"rounding, < {_round_up(bound)}", passed, "0", found)

    @classmethod
    def same(cls, id: str, statement: str, source: str, *, expected: str, measured: str) -> Claim:
        """Passes if the two words are equal."""
        return cls(id, statement, source, expected, measured, "exact", measured == expected, expected, measured)

    def __str__(self) -> str:
        return (
            f"{self.verdict} {self.id}: expected {self.expected_text}, measured {self.measured_text} "
            f"(tolerance {self.tolerance})"
        )


def _round_up(bound: float) -> str:
    """The bound with one significant digit, rounded up, so that the printed statement stays true."""
    unit = 10.0 ** math.floor(math.log10(bound))
    return f"{math.ceil(bound / unit - 1e-9) * unit:.1g}"


def ledger(claims: Iterable[Claim]) -> str:
    """The claims as a table for the terminal, source in brackets, and a count at the end.

    Parameters
    ----------
    claims : iterable of Claim

    Returns
    -------
    str

    Examples
    --------
    >>> import hippo_theory as ht
    >>> from hippo_theory.papers import ledger
    >>> print(ledger(ht.figure("s4d-3", quick=True).claims).splitlines()[-1])
    9 of 9 claims hold.
    """
    claims = list(claims)
    head = ("verdict", "claim", "expected", "measured", "tolerance")
    rows = [(c.verdict, c.id, c.expected_text, c.measured_text, c.tolerance) for c in claims]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]]
    lines = [table[0].rstrip()]
    indent = " " * (widths[0] + 2)
    columns = max(60, min(100, shutil.get_terminal_size().columns))
    for claim, line in zip(claims, table[1:], strict=True):
        told = f"{claim.statement} [{claim.source}]"
        lines += [line.rstrip(), textwrap.fill(told, columns, initial_indent=indent, subsequent_indent=indent)]
    kept = sum(claim.passed for claim in claims)
    return "\n".join([*lines, f"{kept} of {len(claims)} claims hold."])
