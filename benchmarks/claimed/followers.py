"""docs/choosing-followers.md."""

import functools

from claimed.certificates import STRONG, WEAK, WEIGHTS
from claimed.claim import Claim, Rows, Table, printed
from claimed.measurements import Benchmark, Python
from claimed.readme import end
from firstmover import design
from firstmover.followers import MultiplicativeWeights
from firstmover.games import NormalForm

PAGE = "docs/choosing-followers.md"


def _pennies(epsilon: float, rounds: int, play: str) -> dict:
    """The certificate of the page's matching pennies with these multiplicative weights."""
    own, opposite = [[1.6, -1], [-1, 1]], [[-1.6, 1], [1, -1]]
    game = NormalForm([[[1, 0], [0, 0]], [[0, 0], [0, 1]]], [[own, own], [opposite, opposite]])
    followers = MultiplicativeWeights(epsilon=epsilon, rounds=rounds, play=play)
    return design(game, followers=followers, seeds=1).certificate


SMALL_STEPS = Python("pennies, small steps", functools.partial(_pennies, 0.1, 1000, "average"))
LARGE_STEPS = Python("pennies, large steps", functools.partial(_pennies, 10, 100, "last"))


def _epsilon(certificate: dict) -> float:
    return certificate["epsilon"]["max"]


def _at_epsilon(position: int):
    return lambda certificate: certificate["leader_value_bounds_at_epsilon"]["cce"][position]


_AVERAGE = "epsilon is 0.012 and the value at that epsilon lies in [0.310, 0.328]"
_LAST = "epsilon is 0.86, a third of the payoff range of 2.6, and the interval is [0, 0.75]"

MODELS_AND_WEIGHTS = Benchmark("followers.py", games=True, seconds=900)
WITHIN = {"value": 5e-3, "regret left": 5e-4, "guaranteed": 5e-3, "exact optimum": 1e-4, "train s": None}


def rows(number: int, *games: str):
    """The rows of a table of the benchmark, of all games or of those named."""

    def chosen(output: str) -> Rows:
        return [row for row in printed(output, number) if not games or row["game"] in games]

    return chosen


def _guaranteed(output: str) -> float:
    """What `deg1.nfg` guarantees with argmax followers."""
    (row,) = (
        row
        for row in rows(1, "deg1.nfg, mixed")(output)
        if (row["rounds"], row["epsilon"], row["play"]) == ("100", "10", "argmax")
    )
    return float(row["guaranteed"])


CLAIMS = (
    Claim(PAGE, _AVERAGE, SMALL_STEPS, _epsilon, 0.012, 5e-4),
    Claim(PAGE, _AVERAGE, SMALL_STEPS, _at_epsilon(0), 0.310, 1e-3),
    Claim(PAGE, _AVERAGE, SMALL_STEPS, _at_epsilon(1), 0.328, 1e-3),
    Claim(PAGE, _LAST, LARGE_STEPS, _epsilon, 0.86, 5e-3),
    Claim(PAGE, _LAST, LARGE_STEPS, _at_epsilon(0), 0, 1e-6),
    Claim(PAGE, _LAST, LARGE_STEPS, _at_epsilon(1), 0.75, 5e-3),
    Claim(PAGE, "learns exactly (1/2, 1/2), value 2.5", STRONG, lambda made: made["best_value"], 2.5, 1e-3),
    Claim(PAGE, "The certificate says `cce: [0.5, 2.5]`", STRONG, end("cce", 0), 0.5, 5e-3),
    Claim(PAGE, "stops just short of it, value 2.5 to six digits", WEAK, lambda made: made["best_value"], 2.5, 1e-3),
    Claim(PAGE, "`cce: [2.5, 2.5]`", WEAK, end("cce", 0), 2.5, 1e-3),
    Claim(PAGE, "(0.4595, 0.5405), value 2.45", WEIGHTS, lambda made: made["best_value"], 2.45, 5e-3),
    Claim(PAGE, "`cce: [2.45948, 2.45948]`", WEIGHTS, end("cce", 0), 2.45948, 2e-3),
    Claim(PAGE, "`deg1.nfg` is guaranteed 1 of 3", MODELS_AND_WEIGHTS, _guaranteed, 1, 5e-3, quick=False),
)


TABLES = (
    Table("followers-models", PAGE, MODELS_AND_WEIGHTS, rows(0), WITHIN),
    Table(
        "followers-weights",
        PAGE,
        MODELS_AND_WEIGHTS,
        rows(1, "maintain, mixed", "deg1.nfg, mixed", "3x3x3.nfg, mixed"),
        WITHIN,
    ),
)
