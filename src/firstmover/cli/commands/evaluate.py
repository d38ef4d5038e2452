"""`firstmover evaluate`: what rules are worth under several models of the followers."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from firstmover.cli.command import Command, add_code, add_goals, check_name, pairs, refuse_game
from firstmover.cli.estimates import add_payoffs, payoff_errors
from firstmover.errors import InputError
from firstmover.json_types import Json

if TYPE_CHECKING:
    from firstmover.followers.base import Follower


ALL = "all"


class Model(argparse.Action):
    """Keeps models and their parameters in the order in which they are given, since -f goes with the model before."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        models = list(getattr(namespace, self.dest) or [])
        if option_string == "--followers":
            models.append((values, []))
        elif not models:
            raise InputError("-f goes behind the --followers whose parameter it is.")
        else:
            models[-1] = (models[-1][0], [*models[-1][1], values])
        setattr(namespace, self.dest, models)


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "rules", metavar="RULE", nargs="+", help="run folders and rule files, all of one game, or names of its rules"
    )
    command.add_argument(
        "--followers",
        dest="models",
        action=Model,
        metavar="NAME",
        help="a model of the followers, or FILE.py:CLASS; once for each ('all': every one that fits, the default)",
    )
    command.add_argument(
        "-f", dest="models", action=Model, metavar="KEY=VALUE", help="a parameter of the --followers before it"
    )
    command.add_argument(
        "--behaviours", metavar="NAME,...", help="models in one text, as 'design' has them; rational and noisy are sets"
    )
    command.add_argument("--seeds", default="20", metavar="N", help="independent responses in every cell (20)")
    command.add_argument("--seed", default="0", metavar="S", help="the first of them (0)")
    command.add_argument(
        "--time-limit", default="10", metavar="S", help="seconds for the exact optimum; 0 leaves it out (10)"
    )
    add_goals(command)
    command.add_argument("--types", metavar="FILE", help="a table of observed participants, for the prior")
    command.add_argument("--holdout", metavar="SHARE|FILE", help="rows that are kept out and valued: 0.25, or a file")
    command.add_argument("--holdout-seed", default="0", metavar="S", help="of the rows that are kept out (0)")
    command.add_argument("--keep", metavar="FILE", help="where cells are kept: the same command goes on after a stop")
    command.add_argument("--csv", metavar="FILE", help="a new file: a line for every rule and model")
    command.add_argument("--latex", metavar="FILE", help="a new file: the table")
    add_payoffs(command, draws=500)
    add_code(command)


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    from firstmover import files

    for path in options.rules:
        refuse_game(path)
    errors = payoff_errors(options)
    models = models_from(options.models, options.behaviours)
    written = [path for path in (options.csv, options.latex) if path is not None]
    for path in written:
        if files.exists(path):
            raise InputError(f"{path} exists; name a new file.")
        if not files.is_folder(Path(path).parent):
            raise InputError(f"cannot write {path}: there is no such folder.")
    if len({Path(path).absolute() for path in written}) < len(written):
        raise InputError("--csv and --latex must be two files.")

    from firstmover.cli.progress import Watched
    from firstmover.evaluation.matrix import evaluate
    from firstmover.evaluation.tables import as_csv, as_latex, as_text
    from firstmover.exact_numbers import number, whole
    from firstmover.jobs.observed import share_or_file

    with Watched() as progress:
        found = evaluate(
            *options.rules,
            followers=followers_from(models, options.behaviours),
            seeds=whole(options.seeds, "--seeds"),
            seed=whole(options.seed, "--seed"),
            optimum_seconds=number(options.time_limit, "--time-limit"),
            payoffs=errors,
            status_quo=options.status_quo,
            types=options.types,
            holdout=share_or_file(options.holdout),
            holdout_seed=whole(options.holdout_seed, "--holdout-seed"),
            at_least=options.at_least or (),
            keep=None if options.keep is None else Path(options.keep),
            progress=progress.working,
            code=options.code,
        )
    for path, form in ((options.csv, as_csv), (options.latex, as_latex)):
        if path is not None:
            files.write_whole(Path(path), form(found).encode(errors="backslashreplace"), new=True)
    return found.as_json(), as_text(found)


def models_from(
    given: Sequence[tuple[str, list[str]]] | None, behaviours: str | None = None
) -> list[tuple[str, dict[str, str]]]:
    """The models that --followers names, with their parameters; all if neither it nor --behaviours names any.

    Raises:
        InputError: there is no such model, or it has no such parameter.
    """
    otherwise: list[tuple[str, list[str]]] = [] if behaviours is not None else [(ALL, [])]
    models = [(name, pairs("-f", parameters)) for name, parameters in given or otherwise]
    for name, parameters in models:
        if name == ALL and parameters:
            raise InputError("-f goes with one model; '--followers all' has several.")
        if name != ALL:
            check_name("followers", name, parameters)
    return models


def followers_from(
    models: Sequence[tuple[str, dict[str, str]]], behaviours: str | None = None
) -> "list[Follower | str]":
    """The models themselves, and those of --behaviours; "all" stays a word."""
    from firstmover.followers.named import named_followers
    from firstmover.jobs import build

    listed: list[Follower | str] = [
        name if name == ALL else build.item_from("followers", name, given) for name, given in models
    ]
    return listed if behaviours is None else [*listed, *named_followers(build.own_models(behaviours))]


COMMAND = Command("evaluate", "what rules are worth under several models of the followers", _declare, _run)
