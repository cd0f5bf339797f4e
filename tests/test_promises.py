"""What the package promises as a whole: a light import, documented names, directions that hold."""

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys

import pytest

import hippo_theory as ht

HEAVY = ("torch", "matplotlib", "sympy", "mpmath", "flint", "scipy", "safetensors", "tqdm")


def loaded_by(statement: str) -> list[str]:
    code = f"import sys, json\n{statement}\nprint(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_importing_the_package_loads_numpy_and_nothing_heavy():
    assert loaded_by("import hippo_theory") == []


def test_operators_and_transfer_functions_need_numpy_alone():
    assert loaded_by("import hippo_theory as ht; op = ht.LegS(8); op.A, op.transfer(1j), op.kernel([1.0])") == []


def test_initialisations_need_numpy_alone():
    assert loaded_by("import hippo_theory as ht; ht.s4d('legs', 16).transfer(1j); ht.s4(ht.LegS(16)).lam") == []


def test_the_command_line_starts_without_the_plotting_stack():
    silent = "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()): "
    assert loaded_by(silent + "from hippo_theory.cli import main; main(['info'])") == []


def public_objects():
    return [name for name in ht.__all__ if name != "__version__"]


@pytest.mark.parametrize("name", public_objects())
def test_every_public_name_is_documented_with_what_it_returns_and_an_example(name):
    thing = getattr(ht, name)
    if not callable(thing):
        assert name in ("CONVENTIONS", "gallery")
        return
    doc = inspect.getdoc(thing) or ""
    if inspect.isclass(thing) and issubclass(thing, Exception | Warning):
        assert len(doc) > 40, name
        return
    if inspect.isclass(thing):
        assert "Attributes" in doc or "Parameters" in doc, name
    else:
        assert "Returns" in doc and ">>>" in doc, name


def test_every_module_says_what_it_is_in_one_sentence():
    for module in pkgutil.walk_packages(ht.__path__, "hippo_theory."):
        if module.name.startswith("hippo_theory.torch") and importlib.util.find_spec("torch") is None:
            continue
        if module.name == "hippo_theory.__main__":
            continue
        doc = importlib.import_module(module.name).__doc__
        assert doc and doc.split("\n")[0].rstrip().endswith((".", ":", "``.")), module.name


def test_unknown_attributes_are_attribute_errors_and_known_ones_are_listed():
    with pytest.raises(AttributeError, match="no attribute 'Legs'"):
        ht.Legs  # noqa: B018
    assert set(ht.__all__) <= set(dir(ht))


def test_info_names_the_versions_that_numbers_depend_on():
    facts = ht.info()
    assert {"hippo_theory", "numpy", "python", "python-flint", "blas", "platform"} <= facts.keys()


def test_the_version_is_the_one_of_the_citation_file():
    from pathlib import Path

    text = (Path(__file__).parents[1] / "CITATION.cff").read_text()
    assert f"\nversion: {ht.__version__}\n" in text
