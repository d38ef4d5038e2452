"""Bayesian normal-form games: the leader commits to a row or to a mixture, a follower of a private type picks a column.

Players: one leader and one follower, whose type is drawn from `prior`.
Information: the follower knows the commitment and its own type; the leader knows the prior only. All act once.
Payoffs: for each type a normal-form game of two tables, in units of the user's own. A mixture enters the payoffs in
expectation, so that nothing but the type is random.
Known optimum: `solvers.bayesian_normal_form` computes it, for mixtures by a mixed-integer program.

Source: Paruchuri et al., "Playing games for security: an efficient exact algorithm for solving Bayesian Stackelberg
games" (AAMAS 2008).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, Key

from firstmover.core.trees import AnyArray
from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError
from firstmover.exact_numbers import Table, probabilities, table
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.names import ActionNames
from firstmover.games.normal_form import CommitmentKind, NormalForm
from firstmover.games.units import Units, centre, in_units, spread, stake
from firstmover.json_types import Parsed
from firstmover.spaces import Discrete, mixture

Probabilities = Annotated[Any, "probabilities"]  # numbers, or on the command line numbers between commas
Matrices = Annotated[Any, "matrices"]  # an array, nested lists, or on the command line names of CSV files, with commas


class _State(NamedTuple):
    playing: Bool[Array, ""]
    type: Int[Array, ""]


class BayesianNormalForm(Game):
    """A normal-form game against one follower whose payoffs depend on its private type.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import BayesianNormalForm
        >>> game = BayesianNormalForm([[2, 4], [1, 3]], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]], commitment="mixed")
        >>> round(solve(game).value, 6)
        3.5
    """

    name = "bayesian-normal-form"
    horizon = 1
    followers_act = "once"
    has_chance = False
    objective = "the leader's payoff"

    def __init__(
        self,
        leader_payoffs: Matrices,
        follower_payoffs: Matrices,
        prior: Probabilities | None = None,
        commitment: CommitmentKind = "deterministic",
        action_names: ActionNames = None,
    ):
        """A game with these payoffs.

        Args:
            leader_payoffs: a table [leader actions, follower actions] for each type, or one for all of them.
            follower_payoffs: the same for the follower.
            prior: probability of each type, summing to 1; uniform if not given.
            commitment: whether the leader commits to one action or to a mixture.
            action_names: a list of the names of the leader's actions, and one of the follower's; those that stand in
                the tables, or else letters, if not given.

        Raises:
            InputError: shapes or numbers of types differ, a table is empty, a payoff is not a finite number, or the
                prior is not a distribution over the types.
        """
        given = _tables(leader_payoffs, "leader_payoffs"), _tables(follower_payoffs, "follower_payoffs")
        leader, follower = given[0].floats, given[1].floats
        n = max(len(leader), len(follower))
        if not {len(leader), len(follower)} <= {1, n}:
            raise InputError(
                f"leader_payoffs and follower_payoffs need one table per type, or one for all; got {len(leader)} and "
                f"{len(follower)}."
            )
        stated = probabilities([Fraction(1, n)] * n if prior is None else prior, "the prior")
        self.prior, self.stated_prior = stated.floats, stated
        if len(self.prior) != n:
            raise InputError(f"the prior must have one probability per type; got {len(self.prior)} for {n} types.")
        # One normal-form game for each type: these check the payoffs, and put rules into words.
        self.games = [
            NormalForm(given[0][k % len(leader)], given[1][k % len(follower)], commitment, action_names)
            for k in range(n)
        ]
        named = action_names is not None or any(given[0].labels or given[1].labels)
        self.action_names = self.games[0].action_names if named else None
        self.commitment = commitment
        self.types = TypeDistribution.independent([stated])
        self.written_as(
            leader_payoffs=[game.tables[0] for game in self.games],
            follower_payoffs=[game.tables[1][0] for game in self.games],
            prior=stated,
            action_names=self.action_names,
        )
        self.sees, self.knows, self.acts = (), (Discrete(n, "type"),), self.games[0].acts
        self.leader_space = self.games[0].leader_space
        self.leader_payoff_range = (float(leader.min()), float(leader.max()))
        self.follower_payoff_ranges = ((float(follower.min()), float(follower.max())),)

    @property
    def leader_payoffs(self) -> Any:
        """The leader's payoffs, [types, leader actions, follower actions]; a JAX array where they are (`paying`)."""
        return _stacked([game.leader_payoffs for game in self.games])

    @property
    def follower_payoffs(self) -> Any:
        """The follower's payoffs, in the same way."""
        return _stacked([game.follower_payoffs[0] for game in self.games])

    @property
    def fractions(self) -> tuple[np.ndarray, np.ndarray]:
        """The leader's and the follower's payoffs as exact fractions, [types, leader actions, follower actions]."""
        leader, follower = ([game.tables[k].fractions for game in self.games] for k in (0, 1))
        return np.array(leader), np.array(follower)[:, 0]

    def reset(self, types: Int[Array, "1"], key: Key[Array, ""]) -> _State:
        del key
        return _State(jnp.bool_(True), types[0])

    def observe(self, state: _State) -> Turn:
        return Turn(
            leader_obs=jnp.zeros(1, jnp.int32),
            leader_acts=state.playing,
            follower_obs=state.type[None],
            followers_act=state.playing[None],
            follower_mask=jnp.ones((1, *self.n_actions), bool),
        )

    def step(
        self, state: _State, action: Array, follower_actions: Int[Array, "1"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        del key
        both = self.leader_payoffs, self.follower_payoffs
        tables = jnp.stack([jnp.asarray(table, float) for table in both], axis=1)[state.type]
        if self.commitment == "mixed":
            row = jnp.einsum("m,pma->pa", mixture(action).astype(tables.dtype), tables)
        else:
            row = tables[:, action]
        paid = jnp.where(state.playing, row[:, follower_actions[0]], 0)
        return _State(jnp.bool_(False), state.type), Rewards(paid[0], paid[1:])

    def in_standard_units(self) -> Game:
        leader, follower = self.leader_payoffs, self.follower_payoffs
        scales = (
            spread(*self.leader_payoff_range, "the leader"),
            stake(follower.reshape(-1, follower.shape[-1]), "the follower"),
        )
        offsets = centre(leader), centre(follower)
        leader, follower = map(in_units, (leader, follower), offsets, scales)
        return self._changed(
            games=[NormalForm(*tables, self.commitment) for tables in zip(leader, follower, strict=True)],
            leader_payoff_range=(float(leader.min()), float(leader.max())),
            follower_payoff_ranges=((float(follower.min()), float(follower.max())),),
            payoff_units=Units(offsets, scales),
            stakes=(1.0,),
        )

    def with_types(self, types: TypeDistribution) -> Game:
        return type(self)(**{**self.parameters(), "prior": types.fractions[0].tolist()})

    def payoff_tables(self) -> tuple[np.ndarray, ...]:
        return self.leader_payoffs, self.follower_payoffs

    def paying(self, tables: Sequence[np.ndarray | Array]) -> Game:
        of_types = zip(self.games, *tables, strict=True)
        return self._changed(games=[game.paying((leader, follower)) for game, leader, follower in of_types])

    def entry(self, observation: Sequence[int], action: np.ndarray) -> Parsed:
        return self.games[0].entry(observation, action)

    def decision(self, when: Parsed, do: Parsed) -> np.ndarray:
        return self.games[0].decision(when, do)

    def sentence(self, entry: Parsed) -> str:
        return self.games[0].sentence(entry)

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        return self.games[type_].play_sentence(follower, 0, probabilities).replace("the follower", f"type {type_}", 1)

    def pure_decisions(self) -> dict[str, np.ndarray]:
        return self.games[0].pure_decisions()


def _stacked(tables: Sequence[AnyArray]) -> AnyArray:
    """Tables of one kind, NumPy or JAX arrays, one after the other along a new first axis."""
    return np.stack(tables) if all(isinstance(table, np.ndarray) for table in tables) else jnp.stack(tables)


def _tables(values: Matrices, what: str) -> Table:
    """Tables of payoffs [types or 1, leader actions, follower actions]."""
    given = table(values, what, "tables of numbers, all of one shape")
    if given.floats.ndim == 2:
        given = given[None]
    shape = given.floats.shape
    if len(shape) != 3 or given.floats.size == 0:
        raise InputError(f"{what} must be tables [types, leader actions, follower actions]; got shape {shape}.")
    return given
