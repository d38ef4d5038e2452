"""Security games: a defender covers targets with few resources, an attacker watches, then attacks one target.

Players: a defender (the leader) and one attacker.
Information: the attacker knows how likely each target is to be covered, not what is covered on the day. It has no
private type, and acts once.
Payoffs: each side has two payoffs for an attack on a target, one if it is covered and one if it is not, in units of
the user's own. Coverage enters them in expectation, so nothing is random.
Rule: the coverage of every target, a probability; they sum to at most `resources`. All resources are alike and each can
cover any one target, so that every such vector is what some mixture of assignments covers (a fractional number of
resources is an average). A decision is any vector of numbers in [0, 1]: one that sums to more is scaled down to
`resources` in proportion.
Known optimum: `optimum` computes it, one linear program for each target that may be attacked.

Source: Kiekintveld et al., "Computing optimal randomized resource allocations for massive security games" (AAMAS 2009).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError, require
from firstmover.exact_numbers import Table, as_fractions, table
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.units import Units, centre, in_units, spread, stake
from firstmover.games.words import NOBODY
from firstmover.spaces import Box, Discrete, mixed_words
from firstmover.wording import told_apart

COLUMNS = ("defender_covered", "defender_uncovered", "attacker_covered", "attacker_uncovered")


class _State(NamedTuple):
    playing: Bool[Array, ""]


class SecurityGame(Game):
    """A defender covers targets with few resources; an attacker sees the coverage and attacks one target.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import SecurityGame
        >>> game = SecurityGame([[2, -4, -2, 5], [1, -1, -3, 2]])
        >>> round(solve(game).value, 6)
        0.0
    """

    name = "security"
    horizon = 1
    followers_act = "once"
    has_chance = False
    objective = "the defender's payoff"

    def __init__(self, targets: Annotated[Any, "targets"], resources: float | int = 1):
        """A game with these targets.

        Args:
            targets: a row [defender covered, defender uncovered, attacker covered, attacker uncovered] of payoffs per
                target; or a dict of columns, these four and maybe "target" with names; or on the command line the
                name of a CSV file with the header target,defender_covered,defender_uncovered,attacker_covered,
                attacker_uncovered.
            resources: how many targets can be covered at once, more than 0 and at most all.

        Raises:
            InputError: a column is missing, sizes differ, a payoff is not a finite number, a name is given twice, or
                resources are out of range.
        """
        self.names, self.table = _read(targets)  # [T, 4], columns as in COLUMNS
        self.payoffs = self.table.floats
        n = len(self.payoffs)
        require(0 < resources <= n, f"resources must be more than 0 and at most the number of targets, {n}", resources)
        self.resources = float(resources)
        self.types = TypeDistribution.independent([[1.0]])
        self.written_as(
            targets={"target": self.names, **{column: self.table[:, k] for k, column in enumerate(COLUMNS)}},
            resources=self.resources,
        )
        self.sees, self.knows, self.acts = (), (NOBODY,), (Discrete(self.names, ""),)
        self.leader_space = Box(n, total=self.resources, word="coverage", digits=None)
        self.leader_payoff_range = (float(self.payoffs[:, :2].min()), float(self.payoffs[:, :2].max()))
        self.follower_payoff_ranges = ((float(self.payoffs[:, 2:].min()), float(self.payoffs[:, 2:].max())),)

    def reset(self, types: Int[Array, "1"], key: Key[Array, ""]) -> _State:
        del types, key
        return _State(jnp.bool_(True))

    def observe(self, state: _State) -> Turn:
        return Turn(
            leader_obs=jnp.zeros(1, jnp.int32),
            leader_acts=state.playing,
            follower_obs=jnp.zeros(1, jnp.int32),
            followers_act=state.playing[None],
            follower_mask=jnp.ones((1, len(self.names)), bool),
        )

    def step(
        self, state: _State, action: Float[Array, "T"], follower_actions: Int[Array, "1"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        del key
        attacked = follower_actions[0]
        coverage = jnp.clip(action, 0, 1)
        coverage = coverage * (self.resources / jnp.maximum(coverage.sum(), self.resources))
        covered, uncovered = jnp.moveaxis(jnp.asarray(self.payoffs, float)[attacked].reshape(2, 2), -1, 0)
        paid = jnp.where(state.playing, uncovered + coverage[attacked] * (covered - uncovered), 0)
        return _State(jnp.bool_(False)), Rewards(paid[0], paid[1:])

    def in_standard_units(self) -> Game:
        defender, attacker = self.payoffs[:, :2], self.payoffs[:, 2:]
        # Nothing is covered, or one target fully.
        one = np.eye(len(attacker))
        situations = np.concatenate([attacker[None, :, 1], one * attacker[:, 0] + (1 - one) * attacker[:, 1]])
        scales = spread(*self.leader_payoff_range, "the defender"), stake(situations, "the attacker")
        offsets = centre(defender), centre(attacker)
        defender, attacker = map(in_units, (defender, attacker), offsets, scales)
        return self._changed(
            payoffs=np.concatenate([defender, attacker], axis=1),
            leader_payoff_range=(float(defender.min()), float(defender.max())),
            follower_payoff_ranges=((float(attacker.min()), float(attacker.max())),),
            payoff_units=Units(offsets, scales),
            stakes=(1.0,),
        )

    def frequencies(self, decision: np.ndarray) -> dict[str, Fraction]:
        coverage = as_fractions(np.clip(np.asarray(decision, np.float64), 0, 1)).tolist()
        total, (most,) = sum(coverage, Fraction(0)), as_fractions([self.resources])
        scale = min(Fraction(1), most / total) if total else Fraction(1)
        return {name: c * scale for name, c in zip(self.names, coverage, strict=True)}

    def payoff_tables(self) -> tuple[np.ndarray, ...]:
        return self.payoffs[:, :2], self.payoffs[:, 2:]

    def paying(self, tables: Sequence[Any]) -> Game:
        join = np.concatenate if all(isinstance(table, np.ndarray) for table in tables) else jnp.concatenate
        return self._changed(payoffs=join(list(tables), axis=1))

    def sentence(self, entry: dict[str, Any]) -> str:
        return f"cover {mixed_words(entry['do']['coverage'], self.names) or 'nothing'}"

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        return f"the attacker attacks {self.acts[0].mixed(probabilities)}"

    def player_labels(self) -> list[str]:
        return ["defender", "attacker"]


def _read(targets: Any) -> tuple[tuple[str, ...], Table]:
    """Names and payoffs [T, 4] of the targets."""
    names = None
    if isinstance(targets, dict):
        if set(targets) - {"target"} != set(COLUMNS):
            raise InputError(f"targets need the columns {', '.join(COLUMNS)}, and maybe target; got {list(targets)}.")
        names = targets.get("target")
        columns = [targets[column] for column in COLUMNS]
        if len({len(column) if isinstance(column, list | tuple | np.ndarray) else -1 for column in columns}) > 1:
            raise InputError("the columns of targets must be lists of one length.")
        targets = [list(row) for row in zip(*columns, strict=True)]
    given = table(targets, "targets", "rows of four numbers, or a dict of columns")
    payoffs = given.floats
    if payoffs.ndim != 2 or payoffs.shape[1] != len(COLUMNS) or not len(payoffs):
        raise InputError(f"targets need a row of four payoffs each; got shape {payoffs.shape}.")
    if names is None:
        names = [str(k) for k in range(len(payoffs))]
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise InputError("the names of targets must be a list of names.")
    named = told_apart(names)
    if len(named) != len(payoffs):
        raise InputError(f"{len(payoffs)} targets need as many names; got {list(named)}.")
    return named, given
