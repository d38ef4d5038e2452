"""Every public name has an example, and every example in a docstring comes out as it says."""

import doctest
import importlib
from pathlib import Path

import pytest

import firstmover

ROOT = Path(firstmover.__file__).parent
ROOMS = ["firstmover"] + [f"firstmover.{room}" for room in ("followers", "games", "leaders", "rules", "testing")]
# Named in a room for annotations; what makes or uses them has the example.
WITHOUT = {"Turn", "Metrics", "Design", "Evaluation", "refuse_mistakes", "refuse_mistakes_of_parts"}


def _module(path: Path) -> str:
    return ".".join(["firstmover", *path.relative_to(ROOT).with_suffix("").parts]).removesuffix(".__init__")


WITH_EXAMPLES = sorted(_module(p) for p in ROOT.rglob("*.py") if ">>> " in p.read_text() and "templates" not in p.parts)


def _public() -> list[tuple[str, str]]:
    names = [(room, name) for room in ROOMS for name in getattr(importlib.import_module(room), "__all__")]  # noqa: B009
    values = {name: getattr(importlib.import_module(room), name) for room, name in names}
    return sorted({name: value.__doc__ or "" for name, value in values.items() if callable(value)}.items())


def test_every_public_name_has_an_example() -> None:
    public = _public()
    assert len(public) > 40
    assert {name for name, docs in public if ">>> " not in docs} <= WITHOUT


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_come_out_as_they_say(name: str) -> None:
    tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried.attempted
    assert not tried.failed
