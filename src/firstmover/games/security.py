"""Security games: a defender covers targets with few resources, an attacker watches, then attacks one target.

Players: a defender (the leader) and one attacker, of one kind or of several (its private type, drawn from `prior`).
Information: the attacker knows how likely each target is to be covered, not what is covered on the day. It knows its
type, and acts once.
Payoffs: each side has two payoffs for an attack on a target, one if it is covered and one if it is not, for each type
of attacker, in units of the user's own. Coverage enters them in expectation, so nothing is random.
Rule: the coverage of every target, a probability; they sum to at most `resources`. All resources are alike and each can
cover any one target, so that every such vector is what some mixture of assignments covers (a fractional number of
resources is an average). A decision is any vector of numbers in [0, 1]: one that sums to more is scaled down to
`resources` in proportion.
Known optimum: `optimum` computes it, one linear program for each target that may be attacked by each type, or a
mixed-integer program.

Source: Kiekintveld et al., "Computing optimal randomized resource allocations for massive security games" (AAMAS 2009).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.types import TypeDistribution
from firstmover.errors import require
from firstmover.exact_numbers import as_fractions, probabilities
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.bayesian_normal_form import Probabilities
from firstmover.games.targets import Targets, read_targets
from firstmover.games.units import Units, centre, in_units, spread, stake
from firstmover.games.words import NOBODY
from firstmover.json_types import Parsed
from firstmover.spaces import Box, Discrete, mixed_words


class _State(NamedTuple):
    playing: Bool[Array, ""]
    type: Int[Array, ""]


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

    def __init__(self, targets: Targets, resources: float | int = 1, prior: Probabilities | None = None):
        """A game with these targets.

        Args:
            targets: a row [defender covered, defender uncovered, attacker covered, attacker uncovered] of payoffs per
                target; or a dict of columns, these four and maybe "target" with names and "type" with the type of
                attacker that a row is for; or on the command line the name of a CSV file with the header
                target,defender_covered,defender_uncovered,attacker_covered,attacker_uncovered and maybe type, or
                the names of several files with commas, one for each type.
            resources: how many targets can be covered at once, more than 0 and at most all.
            prior: probability of each type of attacker, summing to 1; uniform if not given.

        Raises:
            InputError: a column is missing, sizes differ, a payoff is not a finite number, a name is given twice,
                resources are out of range, or the prior is not a distribution over the types.
        """
        given = read_targets(targets)
        self.names, self.attackers, self.table = given
        self.payoffs = self.table.floats  # [K, T, 4], columns as in targets.COLUMNS
        n, kinds = len(self.names), len(self.attackers)
        require(0 < resources <= n, f"resources must be more than 0 and at most the number of targets, {n}", resources)
        self.resources = float(resources)
        stated = probabilities([Fraction(1, kinds)] * kinds if prior is None else prior, "the prior")
        require(
            len(stated.floats) == kinds,
            f"the prior must have one probability per type of attacker, {kinds}",
            len(stated.floats),
        )
        self.types = TypeDistribution.independent([stated])
        self.written_as(
            targets=given.written(), resources=self.resources, prior=stated if kinds > 1 or prior is not None else None
        )
        self.sees, self.acts = (), (Discrete(self.names, ""),)
        self.knows = (Discrete(self.attackers, "attacker") if kinds > 1 else NOBODY,)
        self.leader_space = Box(n, total=self.resources, word="coverage", digits=None)
        self.leader_payoff_range = (float(self.payoffs[..., :2].min()), float(self.payoffs[..., :2].max()))
        self.follower_payoff_ranges = ((float(self.payoffs[..., 2:].min()), float(self.payoffs[..., 2:].max())),)

    def reset(self, types: Int[Array, "1"], key: Key[Array, ""]) -> _State:
        del key
        return _State(jnp.bool_(True), types[0])

    def observe(self, state: _State) -> Turn:
        return Turn(
            leader_obs=jnp.zeros(1, jnp.int32),
            leader_acts=state.playing,
            follower_obs=state.type[None],
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
        payoffs = jnp.asarray(self.payoffs, float)[state.type, attacked]
        covered, uncovered = jnp.moveaxis(payoffs.reshape(2, 2), -1, 0)
        paid = jnp.where(state.playing, uncovered + coverage[attacked] * (covered - uncovered), 0)
        return _State(jnp.bool_(False), state.type), Rewards(paid[0], paid[1:])

    def in_standard_units(self) -> Game:
        defender, attacker = self.payoffs[..., :2], self.payoffs[..., 2:]
        # Nothing is covered, or one target fully.
        one = np.eye(len(self.names))
        situations = np.concatenate(
            [attacker[:, None, :, 1], one * attacker[:, None, :, 0] + (1 - one) * attacker[:, None, :, 1]], axis=1
        )
        scales = (
            spread(*self.leader_payoff_range, "the defender"),
            stake(situations.reshape(-1, len(self.names)), "the attacker"),
        )
        offsets = centre(defender), centre(attacker)
        defender, attacker = map(in_units, (defender, attacker), offsets, scales)
        return self._changed(
            payoffs=np.concatenate([defender, attacker], axis=-1),
            leader_payoff_range=(float(defender.min()), float(defender.max())),
            follower_payoff_ranges=((float(attacker.min()), float(attacker.max())),),
            payoff_units=Units(offsets, scales),
            stakes=(1.0,),
        )

    def with_types(self, types: TypeDistribution) -> Game:
        return type(self)(**{**self.parameters(), "prior": types.fractions[0].tolist()})

    def frequencies(self, decision: np.ndarray) -> dict[str, Fraction]:
        coverage = as_fractions(np.clip(np.asarray(decision, np.float64), 0, 1)).tolist()
        total, (most,) = sum(coverage, Fraction(0)), as_fractions([self.resources])
        scale = min(Fraction(1), most / total) if total else Fraction(1)
        return {name: c * scale for name, c in zip(self.names, coverage, strict=True)}

    def payoff_tables(self) -> tuple[np.ndarray, ...]:
        return self.payoffs[..., :2], self.payoffs[..., 2:]

    def paying(self, tables: Sequence[np.ndarray | Array]) -> Game:
        join = np.concatenate if all(isinstance(table, np.ndarray) for table in tables) else jnp.concatenate
        return self._changed(payoffs=join(list(tables), axis=-1))

    def sentence(self, entry: Parsed) -> str:
        return f"cover {mixed_words(entry['do']['coverage'], self.names) or 'nothing'}"

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        who = "the attacker" if len(self.attackers) == 1 else f"attacker {self.attackers[type_]}"
        return f"{who} attacks {self.acts[0].mixed(probabilities)}"

    def player_labels(self) -> list[str]:
        return ["defender", "attacker"]
