"""Five markets of different kinds, as a user writes them: the default design of each beside the best there is.

The best is taken over all rules (or, of real decisions, found by a grid and a polish), against the same model of the
followers. Run it with

    python benchmarks/five_markets.py [SEEDS]
"""

import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import firstmover
from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.games import Market
from firstmover.interop.python_files import class_named
from firstmover.jobs import build

ROOM = Path(__file__).parents[1] / "examples" / "markets"
MARKETS = ("shop", "public_good", "procurement", "inspection", "congestion")
_CHUNK = 512
WITHIN = 0.01  # of the payoff range


class Row(NamedTuple):
    """A line of the table.

    Attributes:
        market, followers: what was designed, against whom.
        best: the best value against these followers.
        values: what every seed learned is worth.
        width: the leader's payoff range.
        exact: whether all that was said of the equilibria of the best seed's rule is exact.
        seconds: of the design, compiling included.
    """

    market: str
    followers: str
    best: float
    values: np.ndarray
    width: float
    exact: bool
    seconds: float

    @property
    def near(self) -> int:
        """Seeds within one hundredth of the payoff range of the best."""
        return int((self.values >= self.best - WITHIN * self.width).sum())


def market(name: str, **parameters: Any) -> Market:
    """One of the five markets."""
    made: Market = build.constructed(class_named(str(ROOM / f"{name}.py"), firstmover.games.Game), name, parameters)
    return made


def measured(name: str, seeds: int) -> Row:
    """The default design of a market beside the best there is."""
    own, began = market(name), time.perf_counter()
    made = firstmover.design(own, seeds=seeds, optimum=False)
    seconds = time.perf_counter() - began
    paid, _ = own.paid_at(*own.possible_profiles(), np.asarray(own.decides.played(own.decides.spread(4096))))
    return Row(
        name,
        made.followers.name,
        best_value(own, made.followers),
        np.asarray(made.learned_values),
        float(np.ptp(paid)),
        bool(made.as_json()["certificate"]["exact"]),
        seconds,
    )


def best_value(own: Market, followers: Any) -> float:
    """The best value against these followers: of all rules, or of those that `solve` looks at."""
    if own.decides.n_options is None:
        found = firstmover.solve(own).details()["best_found"]
        return float(found)
    problem = StackelbergPOMDP(own, followers)

    @jax.jit
    def values(rules: jax.Array) -> jax.Array:
        return jax.vmap(lambda rule: problem.episode(table_of(own, rule), jax.random.key(0)).reward)(rules)

    best = -np.inf
    with jax.enable_x64(True):
        for rules in _all_rules(own):
            best = max(best, float(values(jnp.asarray(rules)).max()))
    return best


def _all_rules(own: Market) -> Iterator[np.ndarray]:
    rules = itertools.product(range(own.decides.n_options or 0), repeat=own.n_observations)
    while chunk := list(itertools.islice(rules, _CHUNK)):
        yield np.array(chunk + chunk[-1:] * (_CHUNK - len(chunk)), np.int32)


def main(seeds: int) -> None:
    """Print the table."""
    print("| market | followers | best | learned, least | median | within 1 % of the payoff range | exact | s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in MARKETS:
        row = measured(name, seeds)
        print(
            f"| {name} | `{row.followers}` | {row.best:.4f} | {row.values.min():.4f} | {np.median(row.values):.4f} | "
            f"{row.near} of {seeds} | {'yes' if row.exact else 'no'} | {row.seconds:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 25)
