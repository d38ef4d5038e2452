"""Learned against exact: how many of 25 seeds end at the optimum, game by game.

    python benchmarks/optima.py [FILE.nfg ...]

"At the optimum" is within 5e-4 of the leader's payoff range; for mixed commitments to game files, within 1 % of it.
Every row is the final rule, as committed, under the followers named; nothing is picked from along the way.
"""

import sys
from collections.abc import Iterator

import numpy as np

from firstmover.followers import BestResponse, Follower, MultiplicativeWeights
from firstmover.games import Escape, Game, Maintain, SimpleAllocation
from firstmover.jobs.build import game_from
from firstmover.jobs.designs import design
from firstmover.leaders import MAPPO, PPO, CommitmentGradient, Leader
from firstmover.report.statistics import fraction_interval

PAPER = MultiplicativeWeights(rounds=33, epsilon=0.1, update="sampled", play="argmax")
DEFAULT = MultiplicativeWeights()


def rows(files: list[str]) -> Iterator[tuple[str, Game, Follower, Leader, float | None, float]]:
    """Name, game, followers, leader, value to reach (None: the exact optimum), tolerance as a share of the range."""
    learner = CommitmentGradient()
    yield "escape", Escape(), DEFAULT, learner, None, 5e-4
    yield "maintain", Maintain(), DEFAULT, learner, None, 5e-4
    mixed = Maintain("mixed")
    yield "maintain mixed, argmax followers", mixed, MultiplicativeWeights(play="argmax"), learner, 27.3, 0
    yield "maintain mixed, best responses (strong)", mixed, BestResponse("strong"), learner, 27.4, 0
    for items, messages, prior in ((3, 1, None), (3, 2, None), (3, 3, None), (5, 3, None)):
        name = f"simple-allocation, {items} items, {messages} messages"
        yield name, SimpleAllocation(items, messages, prior), DEFAULT, learner, None, 5e-4
    skewed = (0.35, 0.3, 0.2, 0.1, 0.05)
    yield "simple-allocation, 5 skewed items, 3 messages", SimpleAllocation(5, 3, skewed), DEFAULT, learner, None, 5e-4
    for items, messages in ((3, 1), (3, 2)):
        skewed = (0.5, 0.3, 0.2)
        name = f"simple-allocation, {items} skewed items, {messages} messages"
        yield name, SimpleAllocation(items, messages, skewed), DEFAULT, learner, None, 5e-4
    for file in files:
        two_players = game_from(file, {}).n_followers == 1
        for commitment, tolerance in (("deterministic", 1e-9), ("mixed", 0.01)):
            followers = BestResponse("strong") if two_players else DEFAULT
            yield (
                f"{file.split('/')[-1]} {commitment}",
                game_from(file, {"commitment": commitment}),
                followers,
                learner,
                None,
                tolerance,
            )
    game = SimpleAllocation(3, 3)
    yield (
        "simple-allocation, 3 messages, paper's followers",
        game,
        PAPER,
        CommitmentGradient(reward_episodes=30),
        None,
        5e-4,
    )
    yield "simple-allocation, 3 messages, step-level mappo", game, PAPER, MAPPO(), None, 5e-4
    yield "simple-allocation, 3 messages, step-level ppo", game, PAPER, PPO(), None, 5e-4


def main() -> None:
    """Run every row and print it."""
    columns = "game and followers, reached, seeds, 95 % interval, least, greatest, exact, epsilon, bounds, train s"
    print("| " + columns.replace(", ", " | ") + " |")
    print("| --- " * 10 + "|")
    for name, game, followers, leader, target, tolerance in rows(sys.argv[1:]):
        made = design(game, followers=followers, leader=leader, seeds=25)
        exact = None if made.solution is None else made.solution.value
        goal = exact if target is None else target
        low, high = game.leader_payoff_range
        bounds = made.certificate["leader_value_bounds"] or {}
        shown = "; ".join(f"{key} [{a:.4g}, {b:.4g}]" for key, (a, b) in bounds.items())
        reached, interval = "-", "-"
        if goal is not None:
            count = int(np.sum(made.learned_values >= goal - tolerance * (high - low) - 1e-6))
            reached, interval = str(count), "[{:.2f}, {:.2f}]".format(*fraction_interval(count, 25))
        upper = made.solution.upper_bounds if made.solution else {}
        known = f"{exact:.6g}" if exact is not None else f"at most {max(upper.values()):.6g}"
        print(
            f"| {name} | {reached} | 25 | {interval} | {made.learned_values.min():.6g} | "
            f"{made.learned_values.max():.6g} | {known} | "
            f"{made.certificate['epsilon']['max']:.1e} | {shown} | {made.seconds['train']:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
