"""The command line: ``hippo-theory reproduce | figures | ledger | export | verify | spectral-portrait | info``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from . import __version__
from ._arrays import known_name
from .errors import HippoTheoryError, ParameterError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit status is 0, 1 (something failed or was refused) or 2 (usage).

    Parameters
    ----------
    arguments : sequence of str, optional
        ``sys.argv[1:]`` by default.

    Returns
    -------
    int

    Examples
    --------
    >>> from hippo_theory.cli import main
    >>> main(["figures"])  # doctest: +ELLIPSIS
    httyh-1 ...
    0
    """
    options = _parser().parse_args(arguments)
    try:
        status = int(options.run(options))
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader (`| head`) has had enough: nothing more to say, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except HippoTheoryError as error:
        print(f"hippo-theory {options.command}: {error}", file=sys.stderr)
        return 1
    except MemoryError as error:
        print(f"hippo-theory {options.command}: not enough memory ({error}); take a smaller N.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nhippo-theory: interrupted; finished files are whole, no other was touched.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hippo-theory",
        description="The mathematics of state-space-model matrices: figures, ledger of claims, verified files.",
    )
    parser.add_argument("--version", action="version", version=f"hippo_theory {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[Any], int], help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=help)
        made.set_defaults(run=run)
        return made

    made = command("reproduce", _reproduce, "Regenerate figures, ledger and verified exports into a folder.")
    made.add_argument("--quick", action="store_true", help="smaller sizes, under a minute")
    made.add_argument("--out", type=Path, default=Path("figures"), help="folder (default: figures)")

    made = command("figures", _figures, "List the figures, or make those whose ids are given.")
    made.add_argument("ids", nargs="*", metavar="ID", help="as listed by `hippo-theory figures`")
    made.add_argument("--quick", action="store_true", help="smaller sizes")
    made.add_argument("--out", type=Path, default=Path(), help="folder for ID.png, ID.pdf (default: the current one)")

    made = command("ledger", _ledger, "Judge the claims of all figures, or of those given, and print them.")
    made.add_argument("ids", nargs="*", metavar="ID", help="as listed by `hippo-theory figures`")
    made.add_argument("--quick", action="store_true", help="smaller sizes")

    made = command("export", _export, "Certify an operator or initialisation and write it to a safetensors file.")
    made.add_argument("recipe", help="an operator (legs, legt, lagt, fout) or s4-FAMILY, s4d-KIND")
    made.add_argument("N", type=int, help="real state size")
    made.add_argument("path", type=Path)
    made.add_argument("--dtype", choices=("float64", "float32"), default="float64")

    made = command("verify", _verify, "Prove again, from the files alone, what their certificates say.")
    made.add_argument("paths", nargs="+", type=Path, metavar="FILE")
    made.add_argument("--quiet", action="store_true", help="one line a file")

    made = command(
        "spectral-portrait", _portrait, "Pseudospectra and non-normality of a matrix: a table and a picture."
    )
    made.add_argument("what", metavar="FILE|RECIPE", help="an exported file, a .npy matrix, or what `export` takes")
    made.add_argument("N", type=int, nargs="?", help="real state size, for a recipe")
    made.add_argument(
        "--box", type=float, nargs=4, metavar=("RE0", "RE1", "IM0", "IM1"), help="default: the eigenvalues"
    )
    made.add_argument("--points", type=_two_or_more, default=100, help="along each side (default: 100)")
    made.add_argument("--out", type=Path, help="picture to write, .png or .pdf (default: NAME-portrait.png)")

    command("info", _info, "Versions, platform and BLAS.")
    return parser


def _two_or_more(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"a picture needs a number of points along each side, 2 at least, got {text}")
    return int(text)


def _recipes() -> dict[str, Callable[[int], Any]]:
    from .initializations import S4D_KINDS, dss, mamba, s4, s4d
    from .operators import FAMILIES

    def dplr(family: str) -> Callable[[int], Any]:
        return lambda N: s4(FAMILIES[family](N))

    return {
        **{name.lower(): family for name, family in FAMILIES.items()},
        **{f"s4-{name.lower()}": dplr(name) for name in FAMILIES},
        **{f"s4d-{kind}": partial(s4d, kind) for kind in S4D_KINDS if kind != "random"},
        "dss": dss,
        "mamba": mamba,
    }


def _reproduce(options: argparse.Namespace) -> int:
    from .papers import reproduce

    report = reproduce(options.out, quick=options.quick)
    print(report)
    return 0 if report.passed else 1


def _figures(options: argparse.Namespace) -> int:
    from .papers import FIGURES, figure, save

    if not options.ids:
        for known in FIGURES.values():
            print(f"{known.id:<18} {known.title}  [{known.source}]")
        return 0
    for name in options.ids:
        for path in save(figure(name, quick=options.quick), options.out):
            print(path)
    return 0


def _ledger(options: argparse.Namespace) -> int:
    from .papers import FIGURES, figure, ledger

    claims = [claim for name in options.ids or FIGURES for claim in figure(name, quick=options.quick).claims]
    print(ledger(claims))
    return 0 if all(claim.passed for claim in claims) else 1


def _export(options: argparse.Namespace) -> int:
    from .exchange import export

    recipes = _recipes()
    made = recipes[known_name(options.recipe, recipes, "recipe")](options.N)
    print(export(made, options.path, dtype=options.dtype))
    print(f"written to {options.path}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from .exchange import verify

    failed = 0
    for path in options.paths:
        try:
            certificate = verify(path)
        except HippoTheoryError as error:
            print(f"FAILED {error}", file=sys.stderr)
            failed += 1
        else:
            print(f"{path}: {certificate.summary()}" if options.quiet else f"{path}\n{certificate}")
    return 1 if failed else 0


def _portrait(options: argparse.Namespace) -> int:
    from ._files import write
    from .analysis import spectral_portrait
    from .plot import render

    made = _matrix(options.what, options.N)
    portrait = spectral_portrait(made, None if options.box is None else tuple(options.box), options.points)
    size = "" if options.N is None else f"{options.N}"
    path = options.out or Path(f"{Path(options.what).stem}{size}-portrait.png")
    write(path, render(portrait.plot(), known_name(path.suffix[1:], ("png", "pdf"), "picture format")))
    print(portrait)
    print(f"written to {path}")
    return 0


def _matrix(what: str, N: int | None) -> Any:
    """A recipe with its size, an exported file, or a matrix in numpy's format."""
    recipes = _recipes()
    if N is not None:
        return recipes[known_name(what, recipes, "recipe")](N)
    if Path(what).suffix != ".npy":
        if what in recipes:
            raise ParameterError(f"The recipe {what} needs its state size: hippo-theory spectral-portrait {what} 64.")
        from .exchange import load

        return load(what)
    import numpy as np

    try:
        return np.load(what, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ParameterError(f"{what} cannot be read as a matrix of numbers ({error}).") from error


def _info(options: argparse.Namespace) -> int:
    from ._info import info

    facts = info()
    for name, value in facts.items():
        print(f"{name:<{max(map(len, facts))}}  {value}")
    return 0
