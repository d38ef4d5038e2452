"""The site: the same Markdown that the repository shows, and a reference made of the docstrings.

Build it, without the network, by `pip install 'firstmover[docs]'` and `sphinx-build -W docs site`.
"""

import re
import sys
from pathlib import Path
from typing import Any

from myst_parser.sphinx_ import Parser
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.highlighting import lexers

import firstmover

sys.path.insert(0, str(Path(__file__).parent))
from percent import executed

project = "firstmover"
author = "The firstmover developers"
copyright = author
release = version = firstmover.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_heading_anchors = 3
# Pages also link to what is not a page: sources, tests, files of the repository.
suppress_warnings = ["myst.xref_missing"]

# Annotations hold shapes, which are no names that a link could lead to.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"firstmover {release}"
html_theme_options = {"navigation_with_keys": True}

exclude_patterns = ["*.py"]  # of this folder: what builds the site; notebooks are pages

default_role = "code"
lexers["csv"] = TextLexer()


def _escape_stars(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Shapes such as [P, *actions] are no emphasis."""
    lines[:] = [re.sub(r"(?<![\w*])\*(?=\w)", r"\\*", line) for line in lines]


class NotebookParser(Parser):
    """Notebooks in the percent format: they are run while the site is built, and show what comes out then."""

    supported = ("percent",)

    def parse(self, inputstring: str, document: Any) -> None:
        super().parse(executed(inputstring), document)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_source_suffix(".py", "percent")
    app.add_source_parser(NotebookParser)
    app.connect("autodoc-process-docstring", _escape_stars)
