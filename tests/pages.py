"""What a page must be, whatever it shows: for the tests of several rooms."""

import re
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Structure(HTMLParser):
    """The tags of a page: what is open, which ids there are, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.refers: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.handle_attributes(tag, attrs)

    def handle_startendtag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.handle_attributes(tag, attrs)

    def handle_attributes(self, tag, attrs) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "xlink:href", "src", "action", "data"):
                (self.refers if value.startswith("#") else self.loads).append(value)
            if name.startswith("on"):
                self.wrong.append(f"{tag} {name}")
            if name in ("style", "clip-path"):
                self.refers += [f"#{own}" for own in re.findall(r"url\(#([^)]*)\)", value)]

    def handle_endtag(self, tag) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")


def check_page(path: Path) -> str:
    """Assert that a page is whole, small and needs nothing beside itself; returns it."""
    text = path.read_text()
    assert len(text.encode()) < 300_000
    structure = Structure()
    structure.feed(text)
    assert structure.open == [] and structure.wrong == []
    assert text.startswith("<!DOCTYPE html>")
    assert not {"script", "iframe", "object", "embed", "link", "img", "form", "base"} & set(structure.tags)
    assert structure.loads == []
    assert "://" not in text and "@import" not in text
    assert len(structure.ids) == len(set(structure.ids))
    assert {refer[1:] for refer in structure.refers} <= set(structure.ids)
    assert not re.search(r"\bnan\b|\binf\b|\{\{|\{%", text)
    return text
