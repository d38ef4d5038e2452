"""`firstmover pretrain`: train followers once, for many designs."""

import argparse
import contextlib
from pathlib import Path

from firstmover.cli.command import GAME, Command, add_parameters, pairs, use_all_cores
from firstmover.errors import InputError
from firstmover.json_types import Json


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("game", metavar="GAME", help=GAME)
    command.add_argument("--followers", default="contextual", metavar="NAME", help="contextual or meta (contextual)")
    command.add_argument("--rules", metavar="RUN", help="a run or a rule file whose rules they shall know well")
    add_parameters(command, "-g", "game")
    add_parameters(command, "-f", "followers")
    add_parameters(command, "-t", "training")
    command.add_argument("--seeds", default="1", metavar="N", help="independent followers, trained at once (1)")
    command.add_argument("--seed", default="0", metavar="S", help="the first of them (0)")
    command.add_argument("--out", default="followers.npz", metavar="FILE", help="a new file (followers.npz)")
    command.add_argument("--run", metavar="DIR", help="a new run folder, to go on from (runs/GAME-followers-NNN)")


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    use_all_cores()
    from firstmover.cli import printing
    from firstmover.cli.progress import Watched
    from firstmover.exact_numbers import whole
    from firstmover.followers.trained import Trained
    from firstmover.jobs import build
    from firstmover.jobs.learnt_rules import learnt_rules
    from firstmover.jobs.lessons import Pretraining
    from firstmover.jobs.pretraining import pretrain
    from firstmover.jobs.runs import free_folder

    game = build.game_from(options.game, pairs("-g", options.game_parameters))
    followers = build.item_from("followers", options.followers, pairs("-f", options.followers_parameters))
    if not isinstance(followers, Trained):
        raise InputError(f"{options.followers} followers are not trained; name 'contextual' or 'meta'.")
    asked = {**followers.training, **pairs("-t", options.training_parameters)}
    settings = build.constructed(Pretraining, "the training", asked)
    free = (
        contextlib.nullcontext(Path(options.run))
        if options.run
        else free_folder(f"{Path(options.game).stem}-followers")
    )
    with free as run, Watched(run / "config.json", f"resume {run}") as progress:
        made = pretrain(
            game,
            settings,
            followers=followers,
            rules=None if options.rules is None else learnt_rules(game, options.rules),
            seeds=whole(options.seeds, "--seeds"),
            seed=whole(options.seed, "--seed"),
            out=options.out,
            run=run,
            progress=progress,
            waiting_since=options.waiting_since,
        )
    return made.as_json(), printing.pretrained(made.as_json())


COMMAND = Command("pretrain", "train followers once, for many designs", _declare, _run)
