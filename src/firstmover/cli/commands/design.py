"""`firstmover design`: learn a rule, certify it, write a run folder."""

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from firstmover.catalogue import Parameters
from firstmover.cli.command import GAME, Command, add_data, add_goals, add_parameters, add_verbose, pairs, use_all_cores
from firstmover.cli.logs import add_log, logged
from firstmover.errors import InputError
from firstmover.json_types import Json

if TYPE_CHECKING:
    from firstmover.followers.base import Follower
    from firstmover.games.base import Game
    from firstmover.leaders.base import Leader


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("game", metavar="GAME", help=GAME)
    add_parameters(command, "-g", "game")
    command.add_argument("--followers", metavar="NAME", help="how they adapt (the game's usual model)")
    add_parameters(command, "-f", "followers")
    command.add_argument("--leader", metavar="NAME", help="how the leader learns (what fits the size)")
    add_parameters(command, "-l", "leader")
    command.add_argument("--seeds", default="25", metavar="N", help="independent seeds, trained at once (25)")
    command.add_argument("--seed", default="0", metavar="S", help="the first of them (0)")
    command.add_argument("--updates", metavar="N", help="the same as -l updates=N")
    command.add_argument(
        "--behaviours", metavar="NAME,...", help="design for the worst of several models of the followers, or of a set"
    )
    command.add_argument("--no-optimum", action="store_true", help="do not compute the exact optimum beside the design")
    command.add_argument("--max-calls", metavar="N", help="call a market's plain Python at most so often")
    command.add_argument("--frontier", metavar="A,B", help="no design: rules between two measures ('value' is one)")
    add_data(command)
    add_goals(command)
    command.add_argument("--out", metavar="DIR", help="a new run folder (runs/GAME-NNN)")
    add_log(command)
    add_verbose(command)


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    use_all_cores()
    from firstmover.cli import printing
    from firstmover.cli.progress import Watched
    from firstmover.exact_numbers import number, whole
    from firstmover.jobs import build
    from firstmover.jobs.designs import design, parts_for
    from firstmover.jobs.observed import share_or_file
    from firstmover.jobs.runs import free_folder

    leader_parameters = pairs("-l", options.leader_parameters)
    if options.updates is not None:
        if "updates" in leader_parameters:
            raise InputError("--updates and -l updates= say the same thing; give one of them.")
        leader_parameters["updates"] = options.updates
    if options.behaviours is not None:
        if {"target", "behaviours"} & set(leader_parameters):
            raise InputError("--behaviours says what -l target= and -l behaviours= say; give one of them.")
        leader_parameters |= {"target": "behaviours", "behaviours": options.behaviours}
    asked: Parameters = leader_parameters
    if options.at_least:
        from firstmover.jobs.goals import held_to

        asked = held_to(options.leader or "commitment-gradient", leader_parameters, options.at_least)
    game = build.game_from(options.game, pairs("-g", options.game_parameters))
    own = pairs("-f", options.followers_parameters)
    followers, leader, why = parts_for(game, options.followers, options.leader, own, asked)
    seeds, seed = whole(options.seeds, "--seeds"), whole(options.seed, "--seed")
    if options.frontier is not None:
        return _frontier(options, game, followers, leader, seed)
    free = contextlib.nullcontext(Path(options.out)) if options.out else free_folder(Path(options.game).stem)
    with free as out, Watched(out / "config.json", f"resume {out}") as progress, logged(options, out) as callback:
        if why is not None:
            progress.announce(why)
        made = design(
            game,
            followers=followers,
            leader=leader,
            seeds=seeds,
            seed=seed,
            out=out,
            optimum=not options.no_optimum,
            types=options.types,
            holdout=share_or_file(options.holdout),
            holdout_seed=whole(options.holdout_seed, "--holdout-seed"),
            robust=None if options.robust is None else number(options.robust, "--robust"),
            status_quo=options.status_quo,
            max_calls=None if options.max_calls is None else whole(options.max_calls, "--max-calls"),
            progress=progress,
            waiting_since=options.waiting_since,
            callback=callback,
        )
    return made.as_json(), printing.design(made.as_json(), verbose=options.verbose)


def _frontier(
    options: argparse.Namespace, game: "Game", followers: "Follower", leader: "Leader", seed: int
) -> tuple[Json, str]:
    """Rules between two measures: a table, and in the folder of `--out` `frontier.csv` and `frontier.png`."""
    from firstmover import files
    from firstmover.cli.progress import Watched
    from firstmover.jobs.frontiers import frontier
    from firstmover.jobs.observed import estimated

    names = [name.strip() for name in options.frontier.split(",")]
    if len(names) != 2 or not all(names):
        raise InputError(f"--frontier takes two measures with a comma between; got {options.frontier!r}.")
    if options.holdout or options.robust or options.status_quo:
        raise InputError("--frontier draws rules that are not certified; --holdout, --robust, --status-quo do not go.")
    game, _ = estimated(game, options.types)
    out = None if options.out is None else Path(options.out)
    if out is not None and files.exists(out):
        raise InputError(f"{out} exists; name a new folder with --out.")
    with Watched() as progress:
        progress.working("learning a rule for each of ten weights")
        found = frontier(game, (names[0], names[1]), followers, leader, seed=seed)
    if out is not None:
        out.mkdir(parents=True)
        files.write_whole(out / "frontier.csv", found.as_csv().encode(), new=True)
        files.write_whole(out / "frontier.png", found.drawn(), new=True)
    return found.as_json(), found.as_text()


COMMAND = Command("design", "learn a rule, certify it, write a run folder", _declare, _run)
