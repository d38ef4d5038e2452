"""`firstmover report`: one page that says what a rule is, what it is worth and what is proved of it."""

import argparse

from firstmover.cli.command import Command, add_code, refuse_game, use_all_cores
from firstmover.cli.commands.evaluate import Model, followers_from, models_from
from firstmover.json_types import Json


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("path", metavar="PATH", help="a run folder, a rule file or a certificate")
    command.add_argument(
        "-o", "--out", metavar="FILE", help="the page (report.html in the run folder, or beside the file)"
    )
    command.add_argument(
        "--followers",
        dest="models",
        action=Model,
        metavar="NAME",
        help="a model of the followers to try, or FILE.py:CLASS; once for each ('all', the default; 'none')",
    )
    command.add_argument(
        "-f", dest="models", action=Model, metavar="KEY=VALUE", help="a parameter of the --followers before it"
    )
    command.add_argument(
        "--behaviours", metavar="NAME,...", help="models in one text, as 'design' has them; rational and noisy are sets"
    )
    command.add_argument("--seeds", default="20", metavar="N", help="independent responses in every cell (20)")
    command.add_argument(
        "--time-limit",
        default="10",
        metavar="S",
        help="seconds for the exact optimum in the matrix; 0 leaves it out (10)",
    )
    command.add_argument(
        "--economics", metavar="DIR", help="buy-box: tables (CSV, LaTeX) and pictures of what economists look at, too"
    )
    command.add_argument(
        "--sessions", default="200", metavar="N", help="buy-box: sessions for each profile of costs in these (200)"
    )
    add_code(command)


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    use_all_cores()
    refuse_game(options.path)
    models = [] if options.models == [("none", [])] else models_from(options.models, options.behaviours)

    from firstmover.cli.progress import Watched
    from firstmover.exact_numbers import number, whole
    from firstmover.jobs.reports import write_report

    with Watched() as progress:
        path = write_report(
            options.path,
            options.out,
            followers=followers_from(models, options.behaviours),
            seeds=whole(options.seeds, "--seeds"),
            optimum_seconds=number(options.time_limit, "--time-limit"),
            sessions=whole(options.sessions, "--sessions"),
            economics=options.economics,
            code=options.code,
            progress=progress.working,
        )
    size = path.stat().st_size
    return {"page": str(path), "bytes": size}, f"wrote {path} ({size / 1000:.0f} kB)"


COMMAND = Command(
    "report", "one page of a rule to hand on: what it is, what it is worth, what is proved", _declare, _run
)
