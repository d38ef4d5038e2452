"""`firstmover solve`: the exact optimum, or bounds on it."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstmover.cli.command import GAME, Command, add_parameters, pairs, use_all_cores
from firstmover.cli.estimates import add_payoffs, estimated_rules, payoff_errors
from firstmover.errors import InputError
from firstmover.json_types import Json, Parsed
from firstmover.solvers.options import OPTIONS

if TYPE_CHECKING:
    from firstmover.evaluation.estimates import PayoffErrors
    from firstmover.games.base import Game, Ties
    from firstmover.jobs.estimated_payoffs import Estimated
    from firstmover.solvers.solution import Solution


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("game", metavar="GAME", help=GAME)
    add_parameters(command, "-g", "game")
    command.add_argument("--ties", default="strong", metavar="strong|weak", help="for or against the leader (strong)")
    for option in OPTIONS:
        shown = option.metavar or "|".join(option.choices)
        kind: dict[str, Any] = {"metavar": shown} if shown else {"action": "store_true"}
        command.add_argument(f"--{option.name}", default=option.default, help=option.help, **kind)
    command.add_argument("--types", metavar="FILE", help="a table of observed participants, for the prior")
    command.add_argument(
        "--margin",
        metavar="M",
        help="how much worse other replies are to the rule of --out (0.001 of the range)",
    )
    command.add_argument("--time-limit", metavar="S", help="stop after so many seconds, with bounds on the optimum")
    command.add_argument("--compare", metavar="nash", help="what the Nash equilibria earn, where nobody leads")
    add_payoffs(command, draws=10_000)
    command.add_argument(
        "--best",
        default="optimum",
        metavar="optimum|mean|worst",
        help="which rule --out writes: the optimum, or with --payoffs the best on average or at worst",
    )
    command.add_argument("--out", metavar="FILE", help="a new rule file, for 'firstmover certify'")


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    use_all_cores()
    from firstmover import files
    from firstmover.cli import printing
    from firstmover.cli.progress import Watched
    from firstmover.exact_numbers import number
    from firstmover.jobs import build
    from firstmover.jobs.solutions import as_file, as_json, solve

    game = build.game_from(options.game, pairs("-g", options.game_parameters))
    if options.types is not None:
        from firstmover.jobs.observed import estimated

        game, _ = estimated(game, options.types)
    if options.ties not in ("strong", "weak"):
        raise InputError(f"--ties must be strong or weak; got {options.ties!r}.")
    if options.compare not in (None, "nash"):
        raise InputError(f"--compare must be nash; got {options.compare!r}.")
    errors = payoff_errors(options)
    if options.best not in ("optimum", "mean", "worst") or (options.best != "optimum" and errors is None):
        raise InputError(f"--best must be optimum, or with --payoffs mean or worst; got {options.best!r}.")
    own = {option.name: option.of(getattr(options, option.name)) for option in OPTIONS}
    if options.out is not None and files.exists(options.out):
        raise InputError(f"{options.out} exists; name a new file with --out.")
    beside = {} if options.compare is None else _compared(game)
    with Watched() as progress:
        solution = solve(
            game,
            ties=options.ties,
            time_limit=None if options.time_limit is None else number(options.time_limit, "--time-limit"),
            margin=None if options.margin is None else number(options.margin, "--margin"),
            progress=progress.working,
            **{option.name: own[option.name] for option in OPTIONS if own[option.name] != option.default},
        )
        stressed = None if errors is None else _stressed(game, solution, errors, options.ties, progress.working)
    result = as_json(game, solution, options.ties) | beside
    text = printing.solution(result)
    if stressed is not None:
        result["payoffs"] = stressed.as_json()
        text = "\n".join([text, *estimated_rules(result["payoffs"], result["payoff_range"])])
    if options.out is not None:
        if solution.rule is None:
            raise InputError(f"no rule was found, so {options.out} is not written; see the bounds without --out.")
        robust = None if stressed is None else stressed.by_objective(options.best)
        files.write_json(Path(options.out), as_file(game, solution) if robust is None else robust.as_file())
    return result, text


def _stressed(
    game: "Game", solution: "Solution", errors: "PayoffErrors", ties: "Ties", progress: Callable[[str], None]
) -> "Estimated":
    """What `--payoffs` shows beside the optimum."""
    from firstmover.jobs.estimated_payoffs import estimated

    return estimated(game, solution, errors, ties=ties, progress=progress)


def _compared(game: "Game") -> Parsed:
    """What `--compare nash` shows beside the commitment."""
    from firstmover.jobs.comparisons import compare_nash

    return {"nash": compare_nash(game)}


COMMAND = Command("solve", "the exact optimum, where the game is small enough", _declare, _run)
