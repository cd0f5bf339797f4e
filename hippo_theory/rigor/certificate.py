"""A certificate: what an object claims to be, and what was proved about the numbers that are stored."""

from __future__ import annotations

import hashlib
import html
import json
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from .._arrays import Array
from ..errors import CertificateError

__all__ = ["Certificate", "Check", "fingerprint"]

_SCHEMA = 1
_GIVEN = (
    "a",
    "shift",
    "alpha",
    "b_clip",
    "b_scale",
    "blocks",
    "dt",
    "max_phase",
    "method",
    "r_max",
    "r_min",
    "rho",
    "xi",
    "D",
)


@dataclass(frozen=True)
class Check:
    """One proved statement: ``value`` is a rigorous upper bound (a lower one for the stability margin).

    ``value`` is None where nothing could be proved. ``limit`` is what the value must not pass; None
    means that the check informs and cannot fail.
    """

    name: str
    statement: str
    value: float | None
    limit: float | None
    passed: bool

    def __str__(self) -> str:
        limit = "" if self.limit is None else f" ({_limit(self)})"
        return f"{self.name} {_value(self)}{limit}: {self.statement}"


@dataclass(frozen=True)
class Certificate:
    """What is claimed about a set of tensors and what has been proved; travels inside the file.

    Attributes
    ----------
    claim : dict
        The recipe: type, family, N and parameters; enough to derive the exact object again.
    conventions : dict
        In words: what N counts, the scale of B, the sign of Im.
    dtype : str
        Stored precision of every real number, "float64" or "float32".
    tensors : dict
        Name to {"shape", "sha256"} of the stored bytes (C order, little endian).
    checks : tuple of Check
    versions : dict
        Packages that made it.
    bits : int
        Working precision of the ball arithmetic.
    """

    claim: dict[str, Any]
    conventions: dict[str, str]
    dtype: str
    tensors: dict[str, dict[str, Any]]
    checks: tuple[Check, ...]
    versions: dict[str, str] = field(default_factory=dict)
    bits: int = 128

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(check.passed for check in self.checks)

    def __getitem__(self, name: str) -> Check:
        """The check of that name."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(f"{name!r}; this certificate has: {', '.join(c.name for c in self.checks)}")

    def to_json(self) -> str:
        """Canonical JSON (sorted keys, ASCII) with a digest of itself: no byte of it can change unseen.

        The digest guards against damage, not against a forger: against him stands ``verify``, which
        derives every statement again.
        """
        body = {"schema": _SCHEMA, **asdict(self)}
        return json.dumps({**body, "digest": _digest(body)}, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Certificate:
        """Read a certificate back; a changed byte or an unknown schema is refused.

        Raises
        ------
        CertificateError
        """
        try:
            body = json.loads(text)
            digest = body.pop("digest")
        except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
            raise CertificateError(f"The certificate is not readable JSON with a digest ({error}).") from None
        if digest != _digest(body):
            raise CertificateError("The certificate was altered: its digest does not match its text.")
        if body.pop("schema", None) != _SCHEMA:
            raise CertificateError(f"The certificate has another schema than {_SCHEMA}; update hippo_theory.")
        try:
            body["checks"] = tuple(Check(**check) for check in body["checks"])
            certificate = cls(**body)
        except (TypeError, KeyError) as error:
            raise CertificateError(f"The certificate has unexpected fields ({error}).") from None
        if certificate.to_json() != text:
            # 1e-15 and 1E-15 are the same number to the digest, but not the same bytes.
            raise CertificateError("The certificate was altered: it is not in its canonical form.")
        return certificate

    def summary(self) -> str:
        """One line: what it is, and the verdict."""
        told = ("recipe", "kind", "family") if self.claim["type"] in ("Operator", "Initialization") else ()
        what = " ".join(str(self.claim[k]) for k in told if k in self.claim) or self.claim["type"]
        size = f" N={self.claim['N']}" if told else ""
        return f"{what}{size} {self.dtype}: {'passed' if self.passed else 'FAILED'}"

    def __str__(self) -> str:
        width = max((len(c.name) for c in self.checks), default=0)
        lines = [f"Certificate: {self.summary()}"]
        for c in self.checks:
            limit = "" if c.limit is None else f"  ({_limit(c)})"
            lines.append(f"  {'ok  ' if c.passed else 'FAIL'} {c.name:<{width}}  {_value(c)}{limit}  {c.statement}")
        lines += [f"  {name}: {text}" for name, text in sorted(self.conventions.items())]
        given = ", ".join(f"{k} = {v}" for k, v in sorted(self.claim.items()) if k in _GIVEN)
        if given:
            lines.append(f"  given: {given if len(given) < 200 else given[:200] + ' ...'}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{'&#10003;' if c.passed else '&#10007;'}</td><td>{html.escape(c.name)}</td>"
            f"<td style='text-align:right'>{_value(c)}</td>"
            f"<td style='text-align:right'>{'' if c.limit is None else html.escape(_limit(c))}</td>"
            f"<td style='text-align:left'>{html.escape(c.statement)}</td></tr>"
            for c in self.checks
        )
        words = "".join(
            f"<li><b>{html.escape(k)}</b>: {html.escape(v)}</li>" for k, v in sorted(self.conventions.items())
        )
        return (
            f"<p><b>Certificate</b> {html.escape(self.summary())}</p><table><thead><tr><th></th><th>check</th>"
            f"<th>proved</th><th>limit</th><th style='text-align:left'>meaning</th></tr></thead>"
            f"<tbody>{rows}</tbody></table><ul>{words}</ul>"
        )


def _value(check: Check) -> str:
    return "open" if check.value is None else f"{check.value:.3g}"


def _limit(check: Check) -> str:
    return f"{'>' if check.name == 'stability' else '<='} {check.limit:.3g}"


def _digest(body: dict[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def fingerprint(array: Array) -> dict[str, Any]:
    """Shape and SHA-256 of the bytes in C order, little endian."""
    data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {"shape": list(array.shape), "sha256": hashlib.sha256(data.tobytes()).hexdigest()}
