"""`firstmover online`: two learners meet, without commitment within a round."""

import argparse
from pathlib import Path
from typing import Any

from firstmover.cli.command import GAME, Command, add_parameters, pairs
from firstmover.errors import InputError


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("game", metavar="GAME", help=GAME)
    add_parameters(command, "-g", "game")
    command.add_argument(
        "--leader", dest="learner", default="exp3", metavar="exp3|ucb|ucbe|etc", help="how the leader learns (exp3)"
    )
    add_parameters(command, "-l", "leader")
    command.add_argument(
        "--follower",
        dest="replier",
        default="ucb",
        metavar="best-response|ucb|fbm|fmucb",
        help="how the follower replies (ucb)",
    )
    add_parameters(command, "-f", "follower")
    command.add_argument("--rounds", default="100000", metavar="N", help="rounds that they meet (100000)")
    command.add_argument("--seeds", default="25", metavar="N", help="independent seeds (25)")
    command.add_argument("--seed", default="0", metavar="S", help="the first of them (0)")
    command.add_argument("--out", metavar="FILE", help="a new file: the picture of the curves, *.png or *.svg")


def _run(options: argparse.Namespace) -> tuple[Any, str]:
    from firstmover import files
    from firstmover.cli.progress import Watched
    from firstmover.exact_numbers import whole
    from firstmover.jobs import build
    from firstmover.jobs.two_learners import follower_from, leader_from, learn_online
    from firstmover.online.pictures import draw_meeting

    kind = Path(options.out or "").suffix[1:]
    if options.out is not None and (kind not in ("png", "svg") or files.exists(options.out)):
        raise InputError(f"--out takes a new file *.png or *.svg; got {options.out}.")
    leader = leader_from(options.learner, pairs("-l", options.leader_parameters))
    follower = follower_from(options.replier, pairs("-f", options.follower_parameters))
    game = build.game_from(options.game, pairs("-g", options.game_parameters))
    rounds = whole(options.rounds, "--rounds")
    with Watched() as progress:
        met = learn_online(
            game,
            leader=leader,
            follower=follower,
            rounds=rounds,
            seeds=whole(options.seeds, "--seeds"),
            seed=whole(options.seed, "--seed"),
            alive=lambda done: progress.working(f"round {done} of {rounds}"),
        )
    names = {"game": build.description(game), "leader": build.description(leader)}
    result = {**names, "follower": build.description(follower), **met.as_json()}
    if options.out is not None:
        title = f"{game.name}: {leader.name} against {follower.name}"
        files.write_whole(Path(options.out), draw_meeting(met, title, kind), new=True)
    return result, _text(result)


def _text(result: dict[str, Any]) -> str:
    from firstmover.cli.phrases import item
    from firstmover.wording import written

    def both(paid: list[float]) -> str:
        return f"leader {written(paid[0])}, follower {written(paid[1])}"

    def over_seeds(name: str) -> str:
        mean, low, high = result[f"{name}_interval"]
        return f"{written(mean)} [{written(low)}, {written(high)}]"

    late, rounds = result["last_tenth"], result["rounds"]
    lines = [
        "",
        f"game       {item(result['game'])}",
        f"leader     {item(result['leader'])}",
        f"follower   {item(result['follower'])}",
        f"exact      honest replies (SE): {both(result['se'])}",
        f"           best manipulation (FBM): {both(result['fbm'])}; "
        f"the leader loses {written(result['loss_to_manipulation']['loss'])}",
        f"learned    {rounds} rounds, {len(result['leader_regret'])} seed(s), means with 95 % intervals",
        f"           the leader's regret {over_seeds('leader_regret')}",
        f"           the follower's reward a round {over_seeds('follower_reward')}",
        f"last tenth leader {written(late['leader'])}, follower {written(late['follower'])}; "
        f"{late['share_of_se']:.1%} at the SE, {late['share_of_fbm']:.1%} at the FBM",
    ]
    return "\n".join(lines)


COMMAND = Command("online", "two learners meet in a game of two players, nobody commits", _declare, _run)
