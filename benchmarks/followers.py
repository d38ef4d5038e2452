"""What the response model decides: the same games learned against followers of several kinds.

    python benchmarks/followers.py [FILE.nfg ...]

For each, the value that the leader counts on, how far the followers still are from equilibrium (epsilon, as a share of
their payoff range), and what every coarse correlated equilibrium of the rule guarantees at least. A rule whose
guarantee is far below its value stands on a tie. First all models with their defaults, then multiplicative weights of
several kinds.
"""

import sys

from firstmover.followers import (
    BestResponse,
    Exp3,
    FictitiousPlay,
    Follower,
    Logit,
    MultiplicativeWeights,
    QLearning,
    RegretMatching,
    SwapRegret,
)
from firstmover.games import Game, Maintain, NormalForm, SimpleAllocation
from firstmover.jobs.build import game_from
from firstmover.jobs.designs import design
from firstmover.leaders import CommitmentGradient

MODELS = {
    "multiplicative-weights": MultiplicativeWeights(),
    "best-response, ties=weak": BestResponse("weak"),
    "regret-matching": RegretMatching(),
    "regret-matching, certified=0.001": RegretMatching(certified=0.001),
    "swap-regret": SwapRegret(),
    "fictitious-play": FictitiousPlay(),
    "fictitious-play, play=last": FictitiousPlay(play="last"),
    "logit": Logit(),
    "logit, damping=0.5": Logit(damping=0.5),
    "q-learning": QLearning(),
    "exp3": Exp3(),
}
WEIGHTS = [
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


def pennies() -> NormalForm:
    """Two followers who chase each other, and a leader who would like them to meet."""
    own = [[1.6, -1.0], [-1.0, 1.0]]
    opposite = [[-1.6, 1.0], [1.0, -1.0]]
    return NormalForm([[[1, 0], [0, 0]], [[0, 0], [0, 1]]], [[own, own], [opposite, opposite]])


def measured(game: Game, followers: Follower) -> list[str]:
    """One design, as the last cells of a row."""
    made = design(game, followers=followers, leader=CommitmentGradient(updates=60), seeds=10)
    least = min(bounds[0] for bounds in made.certificate["leader_value_bounds"].values())
    regret = made.certificate["epsilon"]["max"] / game.follower_payoff_scale
    if made.solution is None:
        exact = "-"
    elif made.solution.value is None:
        exact = f"<= {max(made.solution.upper_bounds.values()):.4g}"
    else:
        exact = f"{made.solution.value:.4g}"
    return [f"{made.value:.4f}", f"{regret:.5f}", f"{least:.4f}", exact, f"{made.seconds['train']:.2f}"]


def table(*columns: str) -> None:
    """The head of a table."""
    row([*columns, "value", "regret left", "guaranteed", "exact optimum", "train s"])
    row(["---"] * (len(columns) + 5))


def row(cells: list[str]) -> None:
    """A row of a table."""
    print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Run every combination and print it."""
    maintain = {"maintain, mixed": Maintain("mixed")}
    table("game", "followers")
    for name, game in {**maintain, "pennies": pennies()}.items():
        for label, followers in MODELS.items():
            row([name, label, *measured(game, followers)])
    print()
    games = {**maintain, "simple-allocation, 2 messages": SimpleAllocation(3, 2)}
    for file in sys.argv[1:]:
        games[f"{file.split('/')[-1]}, mixed"] = game_from(file, {"commitment": "mixed"})
    table("game", "rounds", "epsilon", "play")
    for name, game in games.items():
        for rounds, epsilon, play in WEIGHTS:
            followers = MultiplicativeWeights(rounds=rounds, epsilon=epsilon, play=play)
            row([name, str(rounds), f"{epsilon:g}", play, *measured(game, followers)])


if __name__ == "__main__":
    main()
