"""What a package index shows: the README, with links that work outside the repository only."""

import importlib.metadata
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\[([^]]*)\]\(([^)]*)\)")


def test_no_link_of_the_description_leads_into_the_repository() -> None:
    shown = importlib.metadata.metadata("firstmover").get_payload()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    inside = [(words, target) for words, target in _LINK.findall(readme) if not target.startswith(("http", "#"))]
    assert len(inside) > 30 and all((ROOT / target.split("#")[0]).exists() for _, target in inside)
    assert all(target.startswith(("http", "#")) for _, target in _LINK.findall(shown))
    for words, target in inside:
        assert f"{words} ({target.split('#')[0]})" in shown
    assert _LINK.sub("", readme).split()[:200] == _LINK.sub("", shown).split()[:200]
