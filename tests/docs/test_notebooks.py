"""Notebooks in the percent format: read, run as they stand, and shown."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.py"))


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


percent = _module("percent")

SMALL = """# What stands here is no cell.

# %% [markdown]
# # A title
#
# Text.

# %%
x = 20
print("printed")
x + 3

# %%
for _ in range(2):
    x += 1
"""


def test_cells_and_what_they_put_out() -> None:
    assert [cell.kind for cell in percent.cells(SMALL)] == ["markdown", "code", "code"]
    shown = percent.executed(SMALL)
    assert shown.startswith("# A title\n\nText.\n\n```python\nx = 20")
    assert "```text\nprinted\n```\n\n```text\n23\n```" in shown
    assert shown.endswith("    x += 1\n```\n")
    assert "no cell" not in shown
    with pytest.raises(ZeroDivisionError):
        percent.executed("# %%\n1 / 0\n")


def test_what_is_a_picture_is_shown_as_one() -> None:
    class Table:
        def _repr_html_(self) -> str:
            return "<table></table>"

    assert "```{raw} html\n<table></table>" in percent._shown(Table())
    assert "data:image/svg+xml;base64," in percent._shown(b"<svg></svg>")


def test_notebooks_are_on_the_site_and_begin_with_a_title() -> None:
    listed = re.findall(r"^notebooks/([a-z-]+)$", (ROOT / "docs" / "index.md").read_text(), re.M)
    assert sorted(listed) == [notebook.stem for notebook in NOTEBOOKS]
    assert len(NOTEBOOKS) >= 3
    for notebook in NOTEBOOKS:
        first, *others = percent.cells(notebook.read_text())
        assert first.kind == "markdown" and first.source.startswith("# ")
        assert sum(cell.kind == "code" for cell in others) >= 3


def test_the_gallery_has_every_picture_and_says_how_it_was_drawn() -> None:
    page, pictures = (ROOT / "docs" / "gallery.md").read_text(), _module("gallery").PICTURES
    assert pictures
    for name, (command, _) in pictures.items():
        assert f"](gallery/{name}.png)" in page
        drawn = (ROOT / "docs" / "gallery" / f"{name}.png").read_bytes()
        assert drawn.startswith(b"\x89PNG") and len(drawn) < 200_000
        assert re.sub(r" --out \S+$", "", command) in " ".join(page.split())
    assert {path.stem for path in (ROOT / "docs" / "gallery").iterdir()} == set(pictures)


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(notebook: Path) -> None:
    shown = percent.executed(notebook.read_text())
    assert shown.count("```text") + shown.count("```{raw}") >= 3
    assert "nan" not in re.findall(r"```text\n(.*?)```", shown, re.S)[0]
