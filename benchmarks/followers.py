"""What the response model decides: the same games learned against multiplicative weights of several kinds.

    python benchmarks/followers.py [FILE.nfg ...]

For each, the value that the leader counts on, how far the followers still are from equilibrium (epsilon, as a share of
their payoff range), and what every coarse correlated equilibrium of the rule guarantees at least. A rule whose
guarantee is far below its value stands on a tie.
"""

import sys

from firstmover.build import game_from
from firstmover.designs import design
from firstmover.followers import MultiplicativeWeights
from firstmover.games import Maintain, SimpleAllocation
from firstmover.leaders import CommitmentGradient

KINDS = [
    (100, 0.1, "last"),
    (100, 1.0, "last"),
    (100, 10.0, "last"),
    (100, 100.0, "last"),
    (1000, 0.1, "last"),
    (100, 10.0, "argmax"),
    (1000, 0.1, "argmax"),
    (100, 10.0, "average"),
    (1000, 0.1, "average"),
]


def main() -> None:
    """Run every combination and print it."""
    games = {"maintain, mixed": Maintain("mixed"), "simple-allocation, 2 messages": SimpleAllocation(3, 2)}
    for file in sys.argv[1:]:
        games[f"{file.split('/')[-1]}, mixed"] = game_from(file, {"commitment": "mixed"})
    print("| game | rounds | epsilon | play | value | regret left | guaranteed | exact optimum | train s |")
    print("| --- " * 9 + "|")
    for name, game in games.items():
        for rounds, epsilon, play in KINDS:
            followers = MultiplicativeWeights(rounds=rounds, epsilon=epsilon, play=play)
            made = design(game, followers=followers, leader=CommitmentGradient(updates=60), seeds=10)
            least = min(bounds[0] for bounds in made.certificate["leader_value_bounds"].values())
            regret = made.certificate["epsilon"]["max"] / game.follower_payoff_scale
            bounds = made.solution.upper_bounds.values()
            exact = f"<= {max(bounds):.4g}" if made.solution.value is None else f"{made.solution.value:.4g}"
            row = (name, rounds, f"{epsilon:g}", play, f"{made.value:.4f}", f"{regret:.5f}", f"{least:.4f}", exact)
            print("| " + " | ".join(map(str, row)) + f" | {made.seconds['train']:.2f} |", flush=True)


if __name__ == "__main__":
    main()
