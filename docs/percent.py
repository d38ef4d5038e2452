"""Notebooks in the percent format (what jupytext reads and writes): run them, and show them as Markdown.

A cell begins with a line `# %%`; one of text with `# %% [markdown]`, and its lines are comments. What a cell prints
comes below it, and the value of its last expression: as HTML or a picture (bytes of an SVG), where it is one, else
as text.
"""

import ast
import base64
import contextlib
import io
import re
from pathlib import Path
from typing import Any, NamedTuple


class Cell(NamedTuple):
    """A cell of a notebook.

    Attributes:
        kind: "markdown" or "code".
        source: its text, without comment signs.
    """

    kind: str
    source: str


def cells(text: str) -> list[Cell]:
    """The cells of a notebook, in order; what stands before the first mark is none."""
    found = []
    for mark, body in re.findall(r"^# %%(.*)\n((?:(?!# %%).*\n?)*)", text, re.M):
        if "[markdown]" in mark:
            found.append(Cell("markdown", re.sub(r"^# ?", "", body, flags=re.M).strip()))
        else:
            found.append(Cell("code", body.strip()))
    return found


def executed(text: str, name: str = "notebook") -> str:
    """The notebook as Markdown, with what its cells have put out."""
    names: dict[str, Any] = {"__name__": name}
    shown = []
    for kind, source in cells(text):
        if kind == "markdown":
            shown.append(source)
        else:
            shown += [f"```python\n{source}\n```", *_outputs(source, names)]
    return "\n\n".join(shown) + "\n"


def _outputs(source: str, names: dict[str, Any]) -> list[str]:
    tree = ast.parse(source)
    last = tree.body.pop().value if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, names["__name__"], "exec"), names)
        value = None if last is None else eval(compile(ast.Expression(last), names["__name__"], "eval"), names)
    text = printed.getvalue().rstrip()
    return ([f"```text\n{text}\n```"] if text else []) + ([] if value is None else [_shown(value)])


def _shown(value: Any) -> str:
    if hasattr(value, "_repr_html_"):
        return f"```{{raw}} html\n{value._repr_html_()}\n```"
    if type(value) is bytes and value.lstrip().startswith((b"<?xml", b"<svg")):
        picture = base64.b64encode(value).decode()
        return f'```{{raw}} html\n<img alt="picture" src="data:image/svg+xml;base64,{picture}">\n```'
    return f"```text\n{value!r}\n```"


def notebooks() -> list[Path]:
    """The files with notebooks."""
    return sorted((Path(__file__).parent / "notebooks").glob("*.py"))
