"""The README keeps its word: its example runs and prints what it says, its links and commands exist."""

import contextlib
import io
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_example_prints_what_the_readme_says(tmp_path, monkeypatch):
    code = re.search(r"```python\n(.*?)```", README, re.S).group(1)
    said = re.search(r"```text\n(.*?)```", README, re.S).group(1)
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == said
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 12  # short enough to read at a glance


def test_every_link_leads_to_a_file_of_the_repository():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_every_make_target_it_names_exists():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    for name in re.findall(r"^make (\w+)", README, re.M):
        assert name in targets


def test_every_fact_and_reference_that_is_cited_is_explained():
    """A label such as L6 or gu2022s4d in a claim or a docstring must lead somewhere."""
    theory = (ROOT / "THEORY.md").read_text()
    sources = [*ROOT.glob("hippo_theory/**/*.py"), ROOT / "figures" / "README.md"]
    text = "\n".join(path.read_text() for path in sources)
    facts = set(re.findall(r"\b([FLPDH]\d{1,2})\b", text))
    keys = set(re.findall(r"\b([a-z]+20\d\d[a-z]+)\b", text))
    assert facts and keys
    assert {name for name in facts | keys if f"**{name}**" not in theory} == set()
