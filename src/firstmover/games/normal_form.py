"""Normal-form games: the leader commits to a row or to a mixture of rows, each follower picks an action.

Players: one leader (player 1 of a game file) and any number of followers.
Information: followers know the commitment; nobody has a private type; all act once.
Payoffs: tables in units of the user's own. A mixture enters the payoffs in expectation, so nothing is random.
Known optima: `solvers.normal_form` computes them (Conitzer and Sandholm 2006 for one follower).

`escape` and `maintain` are the two games of Zhang et al., "Bi-level actor-critic for multi-agent coordination" (AAAI
2020), as given in Brero et al., "Stackelberg POMDP", section 7.1 and appendix E.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, Key

from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError, unknown_name
from firstmover.exact_numbers import agreed, table
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.names import ActionNames, PlayerNames, lettered, named_actions, named_players
from firstmover.games.units import Units, centre, in_units, own_last, spread, stake
from firstmover.games.words import NOBODY
from firstmover.json_types import Parsed
from firstmover.spaces import Discrete, Mixture, mixed_words, mixture

CommitmentKind = Literal["deterministic", "mixed"]
Matrix = Annotated[Any, "matrix"]  # an array, nested lists, or on the command line the name of a CSV file


class _State(NamedTuple):
    playing: Bool[Array, ""]


class NormalForm(Game):
    """A finite one-shot game with tables of payoffs.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import NormalForm
        >>> game = NormalForm([[2, 4], [1, 3]], [[1, 0], [0, 2]], "mixed", [["up", "down"], ["left", "right"]])
        >>> solution = solve(game)
        >>> round(solution.value, 6), solution.rule
        (3.666667, [{'when': {}, 'do': {'mixture': {'up': 0.6666666666666666, 'down': 0.3333333333333333}}}])
    """

    name = "normal-form"
    horizon = 1
    followers_act = "once"
    has_chance = False
    objective = "the leader's payoff"

    def __init__(
        self,
        leader_payoffs: Matrix,
        follower_payoffs: Matrix,
        commitment: CommitmentKind = "deterministic",
        action_names: ActionNames = None,
        player_names: PlayerNames = None,
    ):
        """A game with these payoffs.

        Args:
            leader_payoffs: shape [leader actions, actions of follower 1, ..., actions of follower n].
            follower_payoffs: the same shape for one follower; with n followers, n such tables, shape [n, ...].
            commitment: whether the leader commits to one action or to a mixture.
            action_names: for the leader and every follower a list of the names of its actions, with numbers where they
                are empty or equal; those that stand in the tables, or else letters, if not given.
            player_names: what the leader and every follower are called, in a list.

        Raises:
            InputError: shapes differ, a table is empty, or a payoff is not a finite number.
        """
        given = table(leader_payoffs, "leader_payoffs"), table(follower_payoffs, "follower_payoffs")
        leader, followers = given[0].floats, given[1].floats
        labels = agreed(given, "leader_payoffs and follower_payoffs")
        if leader.ndim < 2 or leader.size == 0:
            raise InputError(
                f"leader_payoffs must be a table [leader actions, follower actions, ...]; got shape {leader.shape}."
            )
        n = leader.ndim - 1
        if n == 1 and followers.ndim == 2:
            given = given[0], given[1][None]
            followers = followers[None]
        if followers.shape != (n, *leader.shape):
            raise InputError(
                f"every player needs payoffs of one shape, {leader.shape} as in leader_payoffs; follower_payoffs has "
                f"{followers.shape if n > 1 else followers.shape[-2:]}. Transpose a follower-first matrix."
            )
        self.leader_payoffs, self.follower_payoffs, self.commitment = leader, followers, commitment
        self.tables = given  # the same payoffs, leader and followers, as they were given
        self.action_names = named_actions(action_names, leader.shape, labels)
        self.player_names = named_players(player_names, 1 + n)
        self.written_as(leader_payoffs=given[0], follower_payoffs=given[1])
        self.written_as(action_names=self.action_names, player_names=self.player_names)
        self.types = TypeDistribution.independent([[1.0]] * n)
        rows, *columns = self.action_names
        self.sees, self.knows, self.acts = (), (NOBODY,) * n, tuple(Discrete(names, "") for names in columns)
        self.leader_space = Mixture(len(rows)) if commitment == "mixed" else Discrete(len(rows))
        self.leader_payoff_range = (float(leader.min()), float(leader.max()))
        self.follower_payoff_ranges = tuple((float(f.min()), float(f.max())) for f in followers)

    def reset(self, types: Int[Array, "n"], key: Key[Array, ""]) -> _State:
        del types, key
        return _State(jnp.bool_(True))

    def observe(self, state: _State) -> Turn:
        n, widest = self.n_followers, max(self.n_actions)
        return Turn(
            leader_obs=jnp.zeros(1, jnp.int32),
            leader_acts=state.playing,
            follower_obs=jnp.zeros(n, jnp.int32),
            followers_act=jnp.full(n, state.playing),
            follower_mask=jnp.asarray(np.arange(widest) < np.array(self.n_actions)[:, None]),
        )

    def step(
        self, state: _State, action: Array, follower_actions: Int[Array, "n"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        del key
        join = np.concatenate if isinstance(self.leader_payoffs, np.ndarray) else jnp.concatenate
        tables = jnp.asarray(join([self.leader_payoffs[None], self.follower_payoffs]))
        if self.commitment == "mixed":
            row = jnp.einsum("a,pa...->p...", mixture(action).astype(tables.dtype), tables)
        else:
            row = tables[:, action]
        paid = jnp.where(state.playing, row[(slice(None), *follower_actions)], 0)
        return _State(jnp.bool_(False)), Rewards(paid[0], paid[1:])

    def in_standard_units(self) -> Game:
        tables = self.follower_payoffs
        stakes = [stake(own_last(table, i), f"follower {i}") for i, table in enumerate(tables)]
        scales = spread(*self.leader_payoff_range, "the leader"), *stakes
        offsets = centre(self.leader_payoffs), *map(centre, tables)
        leader, *followers = map(in_units, [self.leader_payoffs, *tables], offsets, scales)
        return self._changed(
            leader_payoffs=leader,
            follower_payoffs=np.stack(followers),
            leader_payoff_range=(float(leader.min()), float(leader.max())),
            follower_payoff_ranges=tuple((float(f.min()), float(f.max())) for f in followers),
            payoff_units=Units(offsets, scales),
            stakes=(1.0,) * len(followers),
        )

    def payoff_tables(self) -> tuple[np.ndarray, ...]:
        return self.leader_payoffs, *self.follower_payoffs

    def paying(self, tables: Sequence[np.ndarray | Array]) -> Game:
        leader, *followers = tables
        join = np.stack if isinstance(leader, np.ndarray) else jnp.stack
        return self._changed(leader_payoffs=leader, follower_payoffs=join(followers))

    def decision(self, when: Parsed, do: Parsed) -> np.ndarray:
        """As the contract says; an action may be called by its name, and a mixture give probabilities by name."""
        names, named = self.action_names[0], dict(do)
        if isinstance(do.get("action"), str):
            if do["action"] not in names:
                raise unknown_name("action", do["action"], names)
            named["action"] = names.index(do["action"])
        if isinstance(do.get("mixture"), Mapping):
            unknown = [name for name in do["mixture"] if name not in names]
            if unknown:
                raise unknown_name("action", str(unknown[0]), names)
            named["mixture"] = [do["mixture"].get(name, 0) for name in names]
        return super().decision(when, named)

    def entry(self, observation: Sequence[int], action: np.ndarray) -> Parsed:
        """One entry of a rule file, with the names of the actions where they have some that are not letters."""
        told = super().entry(observation, action)
        names = self.action_names[0]
        if names == lettered(len(names)):
            return told
        if self.commitment == "mixed":
            return {**told, "do": {"mixture": dict(zip(names, told["do"]["mixture"], strict=True))}}
        return {**told, "do": {"action": names[told["do"]["action"]]}}

    def sentence(self, entry: Parsed) -> str:
        names, action = self.action_names[0], np.asarray(self.decision(entry["when"], entry["do"]))
        if self.commitment == "mixed":
            return f"play {mixed_words(mixture(action), names)}"
        return f"always play {names[int(action)]}"

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        who = "the follower" if self.n_followers == 1 else f"follower {follower}"
        if self.player_names is not None:
            who = self.player_names[1 + follower]
        return f"{who} plays {self.acts[follower].mixed(probabilities)}"

    def player_labels(self) -> list[str]:
        return super().player_labels() if self.player_names is None else list(self.player_names)

    def pure_decisions(self) -> dict[str, np.ndarray]:
        names = self.action_names[0]
        rows = np.eye(len(names)) if self.commitment == "mixed" else np.arange(len(names), dtype=np.int32)
        return {name: np.asarray(row) for name, row in zip(names, rows, strict=True)}


class _Named(NormalForm):
    """A published game: only the kind of commitment is left to choose."""

    payoffs: ClassVar[list[list[tuple[float, float]]]]

    def __init__(self, commitment: CommitmentKind = "deterministic"):
        """The game with this kind of commitment."""
        tables = np.array(self.payoffs, np.float64)
        super().__init__(tables[..., 0], tables[..., 1], commitment)


class Escape(_Named):
    """Escape: the leader's best row is the follower's best column (value 30, row C).

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import Escape
        >>> solve(Escape()).value
        30.0
    """

    name = "escape"
    payoffs: ClassVar = [
        [(15, 15), (10, 10), (0, 0)],
        [(10, 10), (10, 10), (0, 0)],
        [(0, 0), (0, 0), (30, 30)],
    ]


class Maintain(_Named):
    """Maintain: the simultaneous equilibria are worse than leading (value 20 by row A, 27.5 by a mixture).

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import Maintain
        >>> solve(Maintain()).value, solve(Maintain("mixed")).value
        (20.0, 27.5)
    """

    name = "maintain"
    payoffs: ClassVar = [
        [(20, 15), (0, 0), (0, 0)],
        [(30, 0), (10, 5), (0, 0)],
        [(0, 0), (0, 0), (5, 10)],
    ]
