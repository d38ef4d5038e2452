"""Iterated matrix games: the leader and a follower play one matrix game `steps` times and remember what was played.

Players: a leader and one follower, who choose a row and a column at the same time, in every step.
Information: both see the last `memory` joint actions and nothing else, least of all the time. Nobody has a private
type. Observations are numbered by the length of the history, then by the joint actions in it, the oldest first, each
counted as (leader action, follower action): with memory 1 and two actions each start, 00, 01, 10, 11.
Payoffs: tables in units of the user's own, less `offset`; those of step t count `discount ** t`. Nothing is random but
the draws of a leader that mixes (`commitment` mixed).
Rule: one action, or one mixture of actions, for every observation. In a rule file, `{"when": {"last": [0, 1]}, "do":
{"action": 1}}`: after action 0 of the leader and 1 of the follower. The start is `"last": []`. With memory 2 the
condition is a list of up to two such pairs, the oldest first, and with memory 0 there is none. A number that is null
matches any action. A mixture is told as in normal-form games, `"do": {"mixture": [0.5, 0.5]}`.
Known optima: `firstmover solve`, against a follower that replies exactly and may count the steps
(`memory_optimum`: against one that replies by the best table over its own observations). In the prisoner's dilemma with
10 steps that is 4 (and 6): defect first, then copy, is the only optimal rule of the 32. Playing the best single action
ten times earns -5. With memory 2 it is 8, by one of 512 of the 2,097,152 rules. No exact method is known for rules that
mix (Letchford et al., AAAI 2012).

The twelve named games are the symmetric strict ordinal 2x2 games, iterated as in Gerstgrasser and Parkes, "Oracles &
Followers" (ICML 2023), with 2.5 taken from every payoff.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple, cast, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from firstmover.core.noise import inverse_cdf
from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError, require, unknown_name
from firstmover.exact_numbers import Table, agreed, table
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.names import ActionNames, named_actions
from firstmover.games.normal_form import CommitmentKind
from firstmover.games.units import Units, centre, in_units, spread
from firstmover.json_types import Parsed
from firstmover.spaces import Discrete, Mixture, mixed_words, mixture

MatrixName = Literal[
    "prisoners_dilemma",
    "stag_hunt",
    "assurance",
    "coordination",
    "mixedharmony",
    "harmony",
    "noconflict",
    "deadlock",
    "prisoners_delight",
    "hero",
    "battle",
    "chicken",
]

# [leader action][follower action] (leader, follower)
MATRICES: dict[MatrixName, list[list[tuple[int, int]]]] = {
    "prisoners_dilemma": [[(3, 3), (1, 4)], [(4, 1), (2, 2)]],
    "stag_hunt": [[(4, 4), (1, 3)], [(3, 1), (2, 2)]],
    "assurance": [[(4, 4), (1, 2)], [(2, 1), (3, 3)]],
    "coordination": [[(4, 4), (2, 1)], [(1, 2), (3, 3)]],
    "mixedharmony": [[(4, 4), (3, 1)], [(1, 3), (2, 2)]],
    "harmony": [[(4, 4), (3, 2)], [(2, 3), (1, 1)]],
    "noconflict": [[(4, 4), (2, 3)], [(3, 2), (1, 1)]],
    "deadlock": [[(2, 2), (1, 4)], [(4, 1), (3, 3)]],
    "prisoners_delight": [[(1, 1), (2, 4)], [(4, 2), (3, 3)]],
    "hero": [[(1, 1), (3, 4)], [(4, 3), (2, 2)]],
    "battle": [[(2, 2), (3, 4)], [(4, 3), (1, 1)]],
    "chicken": [[(3, 3), (2, 4)], [(4, 2), (1, 1)]],
}
_MAX_STEPS = 1_000_000
_OFFSET = 2.5  # taken from the payoffs of named games: their mean
_MAX_MEMORY = 2


class _State(NamedTuple):
    time: Int[Array, ""]
    seen: Int[Array, ""]


class IteratedMatrix(Game):
    """A matrix game played many times by a leader and a follower who see what was played last.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import IteratedMatrix
        >>> solve(IteratedMatrix("prisoners_dilemma", steps=4)).value
        1.0
    """

    name = "iterated-matrix"
    followers_act = "every step"
    objective = "the leader's total payoff"

    def __init__(
        self,
        game: MatrixName = "prisoners_dilemma",
        leader_payoffs: Annotated[Any, "matrix"] = None,
        follower_payoffs: Annotated[Any, "matrix"] = None,
        steps: int = 10,
        memory: int = 1,
        discount: float = 1.0,
        offset: float | None = None,
        commitment: CommitmentKind = "deterministic",
        action_names: ActionNames = None,
    ):
        """A matrix game, and how often it is played.

        Args:
            game: one of the twelve named games; not looked at where payoffs are given.
            leader_payoffs: the leader's payoffs [leader actions, follower actions] in any other game: an array, or on
                the command line the name of a CSV file.
            follower_payoffs: the follower's, in the same order; given with leader_payoffs or not at all.
            steps: how often the game is played, at least 1 and at most a million.
            memory: how many joint actions both remember: 0, 1 or 2.
            discount: what a payoff one step later is worth, more than 0 and at most 1.
            offset: any number, taken from every payoff of both; if not given, 2.5 in the named games, else 0.
            commitment: whether the leader plays one action at each observation, or draws from a mixture every time.
            action_names: a list of the names of the leader's actions, and one of the follower's; those that stand in
                the tables, or else numbers, if not given.

        Raises:
            InputError: an unknown name, payoffs that are not two tables of one shape, or a number out of range.
        """
        if (leader_payoffs is None) != (follower_payoffs is None):
            raise InputError("a game of your own needs both leader_payoffs and follower_payoffs.")
        self.game: MatrixName | None = game if leader_payoffs is None else None
        if self.game is None:
            if game != "prisoners_dilemma":
                raise InputError(f"give the name of a game or its payoffs; got game={game} and payoffs.")
            tables = _tables(leader_payoffs, follower_payoffs)
            labels = agreed(tables, "leader_payoffs and follower_payoffs")
            self.leader_payoffs, self.follower_payoffs = (part.floats for part in tables)
        else:
            labels = ()
            if game not in MATRICES:
                raise unknown_name("matrix game", game, get_args(MatrixName))
            self.leader_payoffs, self.follower_payoffs = np.moveaxis(np.array(MATRICES[game], np.float64), -1, 0)
        named = action_names is not None or any(labels)
        shape = self.leader_payoffs.shape
        self.action_names = named_actions(action_names, shape, labels) if named else None
        require(steps >= 1, "steps must be at least 1", steps)
        require(steps <= _MAX_STEPS, f"steps must be at most {_MAX_STEPS}", steps)
        require(0 <= memory <= _MAX_MEMORY, "memory must be 0, 1 or 2", memory)
        require(0 < discount <= 1, "discount must be more than 0 and at most 1", discount)
        self.offset = (0.0 if self.game is None else _OFFSET) if offset is None else float(offset)
        require(bool(np.isfinite(self.offset)), "offset must be a finite number", self.offset)
        self.steps, self.memory, self.discount = steps, memory, float(discount)
        self.commitment, self.has_chance = commitment, commitment == "mixed"
        rows, columns = self.leader_payoffs.shape
        pairs = list(itertools.product(range(rows), range(columns)))
        # What an observation stands for: the joint actions that are remembered.
        self.histories = [h for length in range(memory + 1) for h in itertools.product(pairs, repeat=length)]
        places = {history: k for k, history in enumerate(self.histories)}
        self._following = np.array(
            [[places[(*h, pair)[len(h) + 1 - min(len(h) + 1, memory) :]] for pair in pairs] for h in self.histories],
            np.int32,
        ).reshape(-1, rows, columns)
        self.horizon = steps
        self.types = TypeDistribution.independent([[1.0]])
        own_names = Discrete(columns) if self.action_names is None else Discrete(self.action_names[1], "")
        self.n_obs, self.acts = (len(self.histories),), (own_names,)
        self.leader_space = Mixture(rows) if commitment == "mixed" else Discrete(rows)
        # In a rule file: the one joint action that is remembered, or all that are.
        told = [h[0] if memory == 1 and h else h for h in self.histories]
        self.sees = (Discrete(told, "last"),) if memory else ()
        own = self.game is None
        self.written_as(game=self.game, discount=self.discount, offset=self.offset, action_names=self.action_names)
        self.written_as(leader_payoffs=self.leader_payoffs if own else None)
        self.written_as(follower_payoffs=self.follower_payoffs if own else None)
        # What is paid in a step at full weight: the leader, then the follower.
        self.paid = np.stack([self.leader_payoffs, self.follower_payoffs]) - self.offset
        self.leader_payoff_range, *ranges = self._ranges(self.paid)
        self.follower_payoff_ranges = tuple(ranges)

    @property
    def _weight(self) -> float:
        """What a payment of 1 in every step comes to."""
        return sum(self.discount**t for t in range(self.steps))

    def _ranges(self, paid: Float[np.ndarray, "players rows columns"]) -> list[tuple[float, float]]:
        return [(self._weight * float(table.min()), self._weight * float(table.max())) for table in paid]

    def in_standard_units(self) -> Game:
        offsets = [centre(table) for table in self.paid]
        scales = [
            spread(low, high, who) / self._weight
            for (low, high), who in zip(self._ranges(self.paid), ("the leader", "the follower"), strict=True)
        ]
        paid = np.stack([in_units(*each) for each in zip(self.paid, offsets, scales, strict=True)])
        leader, *followers = self._ranges(paid)
        return self._changed(
            paid=paid,
            leader_payoff_range=leader,
            follower_payoff_ranges=tuple(followers),
            payoff_units=Units(tuple(self._weight * offset for offset in offsets), tuple(scales)),
        )

    def reset(self, types: Int[Array, "1"], key: Key[Array, ""]) -> _State:
        del types, key
        return _State(jnp.int32(0), jnp.int32(0))

    def observe(self, state: _State) -> Turn:
        playing = state.time < self.steps
        return Turn(
            leader_obs=state.seen[None],
            leader_acts=playing,
            follower_obs=state.seen[None],
            followers_act=playing[None],
            follower_mask=jnp.ones((1, self.n_actions[0]), bool),
        )

    def step(
        self, state: _State, action: Array, follower_actions: Int[Array, "1"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        if self.commitment == "mixed":
            action = inverse_cdf(mixture(action), jax.random.uniform(key))
        column = follower_actions[0]
        tables = jnp.asarray(self.paid, float)
        weight = jnp.asarray(self.discount, float) ** state.time
        paid = jnp.where(state.time < self.steps, weight * tables[:, action, column], 0)
        seen = jnp.asarray(self._following)[state.seen, action, column]
        return _State(state.time + 1, seen), Rewards(paid[0], paid[1:])

    @functools.cached_property
    def pure(self) -> "IteratedMatrix":
        """The same game for a leader that does not mix."""
        if self.commitment == "deterministic":
            return self
        pure = IteratedMatrix(**(self.parameters() | {"commitment": "deterministic"}))
        return pure if self.payoff_units is None else cast(IteratedMatrix, pure.standardised)

    def states(self) -> _State:
        """All histories that are remembered, as states at time 0."""
        return _State(jnp.zeros(self.n_observations, jnp.int32), jnp.arange(self.n_observations, dtype=jnp.int32))

    def playing(self, entries: Sequence[Parsed]) -> Game:
        """This game.

        Raises:
            InputError: a condition is null, which would match anything where the start may be meant.
        """
        if any("last" in entry["when"] and entry["when"]["last"] is None for entry in entries):
            raise InputError("'last' must not be null: write [] for the start, or leave it out to match anything.")
        return self

    def sentence(self, entry: Parsed) -> str:
        last = entry["when"].get("last")
        pairs = [last] if last and self.memory == 1 else last
        numbers = [f"action {a}" for a in range(len(self.leader_payoffs))]
        names = numbers if self.action_names is None else self.action_names[0]
        do = entry["do"]
        played = mixed_words(do["mixture"], names) if "mixture" in do else names[do["action"]]
        return f"{self._after(pairs)}, play {played}" if self.memory else f"always play {played}"

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        """What the follower does at one of its observations; it has no types, and `type_` is the observation."""
        said = f"the follower plays {self.acts[0].mixed(probabilities)}"
        return f"{self._after(self.histories[type_])}, {said}" if self.memory else said

    def _after(self, history: Sequence[Sequence[int]] | None) -> str:
        """A situation in words, the joint actions as (leader, follower)."""
        pairs: Sequence[Sequence[object]] = list(history or ())
        if self.action_names is not None:
            pairs = [[own[a] for own, a in zip(self.action_names, pair, strict=True)] for pair in history or ()]
        played = [f"({', '.join(map(str, pair))})" for pair in pairs]
        return f"after {' then '.join(played)}" if played else "at the start"


def _tables(leader: object, follower: object) -> tuple[Table, Table]:
    """Two payoff tables [leader actions, follower actions], checked."""
    tables = table(leader, "leader_payoffs"), table(follower, "follower_payoffs")
    shape = tables[0].floats.shape
    if len(shape) != 2 or 0 in shape or tables[1].floats.shape != shape:
        raise InputError(
            f"both need payoffs of one shape [leader actions, follower actions]; leader_payoffs has {shape}, "
            f"follower_payoffs {tables[1].floats.shape}. Transpose a follower-first matrix."
        )
    return tables
