"""`firstmover sample`: what to do on each day, so that it comes to a rule of probabilities."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from firstmover.cli.command import Command, add_code
from firstmover.errors import InputError, on_one_line
from firstmover.json_types import Json

if TYPE_CHECKING:
    from firstmover.jobs.schedules import Assignment, Schedule


_SHOWN = 10  # days, and parts of the decomposition


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("path", metavar="RULE", help="a run folder or a rule file: a coverage, or a mixture")
    command.add_argument("--days", default="30", metavar="N", help="how many days (30)")
    command.add_argument("--seed", default="0", metavar="S", help="of the draw (0); keep it secret if it is used")
    command.add_argument(
        "--override", metavar="DAY=NAME,...", help="what is done on one day instead, and what that costs"
    )
    command.add_argument("-o", "--out", metavar="FILE", help="a new CSV file, a line for every day")
    add_code(command)


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    from firstmover import files
    from firstmover.evaluation.compared import read_rule
    from firstmover.exact_numbers import whole
    from firstmover.jobs.schedules import sample

    if options.out is not None and files.exists(options.out):
        raise InputError(f"{options.out} exists; name a new file with --out.")
    override = None
    if options.override is not None:
        day, equals, names = options.override.partition("=")
        if not equals:
            raise InputError(f"--override takes DAY=NAME,...; got {options.override!r}.")
        override = whole(day, "the overridden day"), [name.strip() for name in names.split(",") if name.strip()]
    found = sample(
        read_rule(options.path, options.code),
        whole(options.days, "--days"),
        seed=whole(options.seed, "--seed"),
        override=override,
    )
    if options.out is not None:
        files.write_whole(Path(options.out), found.as_csv().encode(errors="backslashreplace"), new=True)
    return {**found.as_json(), "out": options.out}, "\n".join(_lines(found, options.out))


def _lines(found: "Schedule", out: str | None) -> list[str]:
    def words(does: "Assignment") -> str:
        return on_one_line(", ".join(found.named(does)) or "nothing")

    lines = ["how often  exactly"]
    parts = sorted(found.parts, reverse=True)
    lines += [f"  {float(part.weight):8.4f}  {words(part.covered)}" for part in parts[:_SHOWN]]
    if len(parts) > _SHOWN:
        lines.append(f"            and {len(parts) - _SHOWN} more (see --json)")
    lines += ["", f"in {len(found.days)} days (seed {found.seed})"]
    for name, p in zip(found.names, found.frequencies, strict=True):
        lines.append(f"  {on_one_line(name)}: {found.counts[name]} ({float(p) * len(found.days):.2f})")
    lines.append("")
    lines += [f"day {number:<4} {words(day)}" for number, day in enumerate(found.played[:_SHOWN], 1)]
    if len(found.days) > _SHOWN:
        lines.append("...")
    if found.override is not None:
        own = found.override
        lines += [
            "",
            f"override   day {own.day}: {words(own.instead)}",
            f"           worth {own.after:.6g} instead of {own.value:.6g} to who sees the frequencies: it costs "
            f"{own.cost:.3g} on every day, {own.cost * len(found.days):.3g} in all",
            f"           the day itself is worth {own.known:.6g} if the override is known beforehand",
        ]
    return [*lines, *([f"written    {on_one_line(out)}"] if out is not None else [])]


COMMAND = Command("sample", "what to do on each day, so that it comes to a coverage or a mixture", _declare, _run)
