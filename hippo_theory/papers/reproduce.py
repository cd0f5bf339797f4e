"""Everything at once: figures, data, ledger of claims, verified files, and a manifest of how they were made."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .._arrays import known_name
from .._files import write
from .._info import info
from ..errors import ExportError
from ._claims import Claim, ledger
from ._exports import export_verified
from ._figure import FigureResult
from ._files import data_bytes, folder, save
from ._gallery import TITLE, gallery
from ._registry import FIGURES, figure

__all__ = ["Reproduction", "reproduce"]


@dataclass(frozen=True, eq=False, repr=False)
class Reproduction:
    """What ``reproduce`` did.

    Attributes
    ----------
    out : Path
    claims : tuple of Claim
        Of all figures, then of the exports.
    seconds : dict
        Wall time of each figure (computing and drawing) and of the exports.
    files : tuple of Path
    note : str
        What was left out and why; empty if nothing was.
    """

    out: Path
    claims: tuple[Claim, ...]
    seconds: dict[str, float]
    files: tuple[Path, ...]
    note: str

    @property
    def passed(self) -> bool:
        """Whether every claim holds."""
        return all(claim.passed for claim in self.claims)

    def __repr__(self) -> str:
        spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.seconds.items())
        lines = [ledger(self.claims), self.note, f"{len(self.files)} files in {self.out} ({spent})."]
        return "\n".join(line for line in lines if line)


def reproduce(
    out: str | Path = "figures", quick: bool = False, ids: Iterable[str] | None = None, progress: bool = True
) -> Reproduction:
    """Compute and draw the figures, judge every claim, export verified files, write it all to a folder.

    Parameters
    ----------
    out : path, default "figures"
        Folder; made if need be. Every file in it is replaced whole or not at all.
    quick : bool, default False
        Smaller sizes where the full ones take more than a second.
    ids : iterable of str, optional
        These figures alone, and no exports.
    progress : bool, default True
        Show a bar on a terminal or in a notebook; never elsewhere.

    Returns
    -------
    Reproduction
        ``.passed`` is False if any claim failed; the files are written all the same.

    Raises
    ------
    UnknownNameError
        No such figure.
    ExportError
        The folder cannot be made or written to, or its README.md is not a gallery and would be lost.

    Notes
    -----
    For each figure ID.png, ID.pdf and ID.npz; legs64_s4.safetensors and legs64_s4d.safetensors; README.md,
    the gallery with the ledger; manifest.json with versions, seeds, seconds, every measured value, SHA-256 of the data.
    Data and text depend on no clock, and random numbers are seeded; times and seeds are in the manifest.

    Examples
    --------
    >>> import tempfile
    >>> from hippo_theory.papers import reproduce
    >>> with tempfile.TemporaryDirectory() as out:
    ...     report = reproduce(out, quick=True, ids=["s4d-3"])
    >>> report.passed, [path.name for path in report.files]
    (True, ['s4d-3.png', 's4d-3.pdf', 's4d-3.npz', 'manifest.json', 'README.md'])
    """
    chosen = [known_name(id, FIGURES, "figure") for id in (FIGURES if ids is None else ids)]
    place, files, seconds = _gallery_folder(out), [], {}
    results: list[FigureResult] = []
    exports: list[Claim] = []
    hashes, note = {}, ""
    for step in _shown([*chosen, "exports"] if ids is None else chosen, progress):
        begin = time.perf_counter()
        if step == "exports":
            exported, exports, note = export_verified(place)
            files += exported
        else:
            results.append(figure(step, quick))
            content = data_bytes(results[-1].data)
            hashes[f"{step}.npz"] = hashlib.sha256(content).hexdigest()
            files += [*save(results[-1], place), write(place / f"{step}.npz", content)]
        seconds[step] = time.perf_counter() - begin
    claims = (*(claim for result in results for claim in result.claims), *exports)
    files.append(_manifest(place, quick, seconds, hashes, claims))
    files.append(write(place / "README.md", gallery(results, exports, note, quick).encode()))
    return Reproduction(place, claims, seconds, tuple(files), note)


def _gallery_folder(out: str | Path) -> Path:
    place = folder(out)
    readme = place / "README.md"
    if readme.is_dir() or (readme.exists() and not readme.read_bytes().startswith(TITLE.encode())):
        raise ExportError(f"{readme} is not a gallery of figures and would be overwritten; give a folder of its own.")
    return place


def _manifest(
    place: Path, quick: bool, seconds: dict[str, float], hashes: dict[str, str], claims: Sequence[Claim]
) -> Path:
    facts = {
        "quick": bool(quick),
        "passed": all(claim.passed for claim in claims),
        "measured": {claim.id: claim.measured for claim in claims},
        "seeds": {name: FIGURES[name].seed for name in seconds if name in FIGURES and FIGURES[name].seed is not None},
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "sha256": hashes,
        "versions": info(),
    }
    return write(place / "manifest.json", (json.dumps(facts, indent=2) + "\n").encode())


def _shown(steps: list[str], progress: bool) -> Iterator[str]:
    """The steps, behind a progress bar where somebody watches."""
    if not (progress and (sys.stderr.isatty() or "ipykernel" in sys.modules)):
        yield from steps
        return
    from tqdm.auto import tqdm

    with tqdm(steps, bar_format="{desc:<8} {bar} {n_fmt}/{total_fmt} [{elapsed}]") as bar:
        for step in bar:
            bar.set_description(step)
            yield step
