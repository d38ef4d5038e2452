"""What came of a sweep, in one table: CSV, JSON, a page, and Parquet where pyarrow is there."""

import csv
import html
import importlib.util
import io
import json
from collections.abc import Sequence
from pathlib import Path

from firstmover import files
from firstmover.jobs.records import read_result
from firstmover.jobs.runs import Run
from firstmover.json_types import Json, JsonObject
from firstmover.sweeps.task import Answer, Task

FORMAT = 1
Row = JsonObject  # columns by name: text, numbers or None
_OF_A_RESULT = (
    "best_value",
    "mean_value",
    "mean_learned_value",
    "welfare_loss",
    "optimum",
    "seeds_at_optimum",
    "env_steps",
    "simulated_steps",
)


def row(task: Task, answer: Answer) -> Row:
    """The row of a design: what was asked, how it ended, and of a finished one the numbers of its `result.json`."""
    told: Row = {"design": task.name, "status": answer.status, "reason": answer.reason}
    for kind, item in (("game", task.game), ("followers", task.followers), ("leader", task.leader)):
        told[kind] = item.name
        told |= {f"{kind}.{key}": _cell(value) for key, value in item.parameters.items()}
    told |= {"seeds": task.seeds, "seed": task.seed}
    if answer.status == "finished":
        result = read_result(Run.open(task.folder))
        told |= {key: result[key] for key in _OF_A_RESULT}
        told["interval_low"], told["interval_high"] = result["mean_value_interval"]
        told["epsilon"], told["exact"] = result["certificate"]["epsilon"]["max"], result["certificate"]["exact"]
        told |= {f"{key}_seconds": value for key, value in result["seconds"].items()}
    return told


def _cell(value: Json) -> Json:
    return value if isinstance(value, str | int | float) else json.dumps(value)


def columns(rows: Sequence[Row]) -> list[str]:
    """The names of all columns, those that say what was asked before those that say what came of it."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    asked = [n for n in names if n.partition(".")[0] in ("game", "followers", "leader", "seeds", "seed")]
    asked.sort(key=lambda n: ("game", "followers", "leader", "seeds", "seed").index(n.partition(".")[0]))
    first = ["design", "status", "reason"]
    return [*first, *asked, *(n for n in names if n not in first and n not in asked)]


def write_table(folder: Path, title: str, rows: Sequence[Row]) -> list[Path]:
    """Write `results.csv`, `results.json`, `results.html`, and `results.parquet` where pyarrow is installed.

    Returns:
        The files.

    Raises:
        InputError: one cannot be written.
    """
    names = columns(rows)
    written = {
        "results.csv": _as_csv(names, rows),
        "results.json": (json.dumps({"format": FORMAT, "rows": rows}, allow_nan=False) + "\n").encode(),
        "results.html": _as_page(title, names, rows).encode(errors="xmlcharrefreplace"),
    }
    if importlib.util.find_spec("pyarrow") is not None:
        written["results.parquet"] = _as_parquet(names, rows)
    for name, content in written.items():
        files.write_whole(folder / name, content)
    return [folder / name for name in written]


def _as_csv(names: Sequence[str], rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(errors="backslashreplace")


def _as_parquet(names: Sequence[str], rows: Sequence[Row]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    def column(name: str) -> list[Json]:
        values = [row.get(name) for row in rows]
        mixed = len({type(value) for value in values if not isinstance(value, int | float) and value is not None}) > 0
        return [None if v is None else str(v) for v in values] if mixed else values

    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({name: column(name) for name in names}), buffer)
    return buffer.getvalue()


def _as_page(title: str, names: Sequence[str], rows: Sequence[Row]) -> str:
    """One page that needs nothing else: columns in which all rows agree stand above the table."""
    shown = [row for row in rows if row["status"] == "finished"]
    same = {n for n in names if len(rows) > 1 and len({str(row.get(n)) for row in rows}) == 1}
    differing = [n for n in names if n not in same]
    above = "".join(f"<tr><th>{_text(n)}<td>{_text(rows[0].get(n))}" for n in names if n in same and rows[0].get(n))
    head = "".join(f"<th>{_text(n)}" for n in differing)
    body = "".join("<tr>" + "".join(f"<td>{_text(row.get(n))}" for n in differing) for row in rows)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{_text(title)}</title><style>{_STYLE}</style>'
        f"<h1>{_text(title)}</h1><p>{len(shown)} of {len(rows)} designs are finished.</p>"
        f"<table>{above}</table><div><table><thead><tr>{head}</thead><tbody>{body}</tbody></table></div></html>\n"
    )


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem}div{overflow-x:auto}table{border-collapse:collapse;"
    "margin:1rem 0}th,td{text-align:left;padding:.2rem .7rem;border-bottom:1px solid #8884;white-space:nowrap}"
)


def _text(value: Json) -> str:
    if isinstance(value, float):
        value = f"{value:.6g}"
    return "" if value is None else html.escape(str(value))
