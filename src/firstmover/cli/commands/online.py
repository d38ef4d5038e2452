"""`firstmover online`: two learners meet, without commitment within a round."""

import argparse
from pathlib import Path

from firstmover.cli.command import GAME, Command, add_parameters, pairs
from firstmover.errors import InputError
from firstmover.json_types import Json, Parsed


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("game", metavar="GAME", help=GAME)
    add_parameters(command, "-g", "game")
    command.add_argument(
        "--leader",
        dest="learner",
        metavar="NAME",
        help="exp3|ucb|ucbe|etc (exp3); of newsvendor optimistic|certainty-equivalent|ucb|exp3|etc (optimistic)",
    )
    add_parameters(command, "-l", "leader")
    command.add_argument(
        "--follower",
        dest="replier",
        metavar="best-response|ucb|fbm|fmucb",
        help="how the follower replies (ucb)",
    )
    add_parameters(command, "-f", "follower")
    command.add_argument("--rounds", default="100000", metavar="N", help="rounds that they meet (100000)")
    command.add_argument("--seeds", default="25", metavar="N", help="independent seeds (25)")
    command.add_argument("--seed", default="0", metavar="S", help="the first of them (0)")
    command.add_argument("--out", metavar="FILE", help="a new file: the picture of the curves, *.png or *.svg")


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    from firstmover import files
    from firstmover.cli.progress import Watched
    from firstmover.exact_numbers import whole
    from firstmover.jobs import build
    from firstmover.jobs.online_sessions import session

    kind = Path(options.out or "").suffix[1:]
    if options.out is not None and (kind not in ("png", "svg") or files.exists(options.out)):
        raise InputError(f"--out takes a new file *.png or *.svg; got {options.out}.")
    game = build.game_from(options.game, pairs("-g", options.game_parameters))
    of_leader, of_follower = pairs("-l", options.leader_parameters), pairs("-f", options.follower_parameters)
    leader, follower, play = session(game, options.learner, of_leader, options.replier, of_follower)
    rounds = whole(options.rounds, "--rounds")
    with Watched() as progress:
        met = play(
            rounds=rounds,
            seeds=whole(options.seeds, "--seeds"),
            seed=whole(options.seed, "--seed"),
            alive=lambda done: progress.working(f"round {done} of {rounds}"),
        )
    names = {"game": build.description(game), "leader": build.description(leader)}
    other = {} if follower is None else {"follower": build.description(follower)}
    result = {**names, **other, **met.as_json()}
    if options.out is not None:
        title = f"{game.name}: {leader.name}" + (f" against {follower.name}" if follower else "")
        files.write_whole(Path(options.out), met.draw(title, kind), new=True)
    return result, _text(result)


def _text(result: Parsed) -> str:
    from firstmover.cli.phrases import item
    from firstmover.wording import written

    def both(paid: list[float]) -> str:
        return f"leader {written(paid[0])}, follower {written(paid[1])}"

    def over_seeds(name: str) -> str:
        mean, low, high = result[f"{name}_interval"]
        return f"{written(mean)} [{written(low)}, {written(high)}]"

    lines = ["", f"game       {item(result['game'])}", f"leader     {item(result['leader'])}"]
    learned = [
        f"learned    {result['rounds']} rounds, {len(result['leader_regret'])} seed(s), means with 95 % intervals",
        f"           the leader's regret {over_seeds('leader_regret')}",
    ]
    if "optimum" in result:
        best = result["optimum"]
        price = f"wholesale price {written(best['wholesale price'])} earns {written(best['value'])} a round"
        growth = f"           it grows like rounds^{result['leader_regret_slope']:.2f}"
        return "\n".join([*lines, f"exact      {price}", *learned, growth])
    late = result["last_tenth"]
    lines += [
        f"follower   {item(result['follower'])}",
        f"exact      honest replies (SE): {both(result['se'])}",
        f"           best manipulation (FBM): {both(result['fbm'])}; "
        f"the leader loses {written(result['loss_to_manipulation']['loss'])}",
        *learned,
        f"           the follower's reward a round {over_seeds('follower_reward')}",
        f"last tenth leader {written(late['leader'])}, follower {written(late['follower'])}; "
        f"{late['share_of_se']:.1%} at the SE, {late['share_of_fbm']:.1%} at the FBM",
    ]
    return "\n".join(lines)


COMMAND = Command("online", "two learners meet in a game of two players, nobody commits", _declare, _run)
