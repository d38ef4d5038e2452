"""The contract of a game: who moves when, who sees what, who is paid what. No behaviour in it.

A game is one leader and `n` followers in a sub-episode of at most `horizon` steps. `reset`, `observe` and `step` are
pure functions of arrays, written for one sub-episode; callers batch them with `jax.vmap`. Who acts in a step, and what
is possible, is said in arrays (`Turn`), never by Python branches on the state.

Sizes are static tuples with one entry per follower. The rows of a follower's table are its observations, the columns
its actions. In a game whose followers act once, a follower's observation when it acts is its type.
"""

import abc
import copy
import functools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, ClassVar, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.catalogue import Parameters
from firstmover.core.trees import GameState
from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError
from firstmover.exact_numbers import as_fractions
from firstmover.games.host_calls import HostCalls
from firstmover.games.units import Units
from firstmover.games.words import SIZES, Words
from firstmover.json_types import Parsed
from firstmover.rules.trees import Feature
from firstmover.spaces.observations import Components, Observations, observation_index
from firstmover.verify import Finite

Ties = Literal["strong", "weak"]


class Turn(NamedTuple):
    """What everybody knows and may do in the current step.

    Attributes:
        leader_obs: component k lies in 0..leader_obs_sizes[k]-1, or what `leader_sees` says.
        leader_acts: whether the leader's action counts in this step.
        follower_obs: observation index of each follower, in 0..n_obs[i]-1.
        followers_act: whether each follower's action counts in this step.
        follower_mask: possible actions, padded with false to the largest number of actions.
    """

    leader_obs: Array
    leader_acts: Bool[Array, ""]
    follower_obs: Int[Array, "n"]
    followers_act: Bool[Array, "n"]
    follower_mask: Bool[Array, "n actions"]


class Rewards(NamedTuple):
    """Payments of one step, in the game's units.

    Attributes:
        leader: what the leader is paid: its objective.
        followers: what every follower is paid, money that it pays or receives included.
        transfers: what the followers pay to the leader less what it pays to them; None in games without money. Welfare
            is the followers' total plus the transfers.

    Example:
        >>> import jax.numpy as jnp
        >>> from firstmover.games import Rewards
        >>> paid = Rewards(leader=jnp.float32(1.0), followers=jnp.array([0.5, 0.25]))
        >>> paid.transfers is None
        True
    """

    leader: Float[Array, ""]
    followers: Float[Array, "n"]
    transfers: Float[Array, ""] | None = None


class Game(Words):
    """A leader, `n` followers and the rules between them.

    Subclasses set the attributes below before use where the defaults do not hold, and their spaces (see `Words`), and
    never change them afterwards.

    Attributes:
        name: the registered name.
        types: distribution of the followers' types.
        horizon: largest number of steps in a sub-episode; a game that ends earlier pays nothing from then on and
            asks nobody to act.
        followers_act: "once" in a sub-episode (an observation is a type then), or "every step"; or they are a "crowd"
            (`mean_field.MeanFieldGame`).
        has_chance: whether `step` or `reset` uses its key.
        leader_payoff_range: least and greatest total payment to the leader in a sub-episode.
        follower_payoff_ranges: the same for each follower.
        objective: what the leader is paid, in words.
        value_is_loss: whether the leader's payoff is minus a welfare loss.
        payoff_units: what the payoffs are in, where this is a standardised copy of a game (see `games.units`).
        stakes: what every follower has at stake, where that is known and not the range of its payoffs.
        status_quo: what a rule is compared with, if there is something: an option's name, an action, or entries of a
            rule file.
        usual_followers: the model of the followers where none is named.
        usual_leader: the learner where none is named.
        usual_leader_parameters: those in which it then departs from its defaults.
        calls: how often plain Python of the user's is called, where it is.
        samples: sub-episodes of a sample by which a finished rule is judged, where one is needed.
        restarts: copies that a learner starts where none are asked for; None leaves it to the learner.
        on_many_devices: whether seeds may learn on several devices at once.
        has_measures: whether it names measures (`measured`).
        leader_sees: what the leader observes, where that is not a vector of `leader_obs_sizes`.
        alike: whether the followers are exchangeable: same types, same actions, same payoffs, independent draws; and
            are so under every rule of a network that scores them, which may not tell them apart.
        options_are_followers: whether the options that the leader picks from are the followers, in their order.
        named_status_quo: the rule to beat that somebody has named in place of `status_quo` (see `against`).
        at_least: measures that every rule has to keep up, "MEASURE=NUMBER" each (see `evaluators.aims`).

    Example:
        >>> import jax.numpy as jnp
        >>> from firstmover.core.types import TypeDistribution
        >>> from firstmover.games import Game, Rewards, Turn
        >>> from firstmover.spaces import Discrete
        >>> class Bet(Game):
        ...     '''The leader shows a side of a coin by a rule that is known; the follower bets on one.'''
        ...     name, horizon, max_leader_decisions = "bet", 1, 1
        ...     leader_payoff_range, follower_payoff_ranges = (0.0, 1.0), ((0.0, 1.0),)
        ...     types = TypeDistribution.independent([[1.0]])
        ...     knows, acts = (Discrete(["anybody"]),), (Discrete(["heads", "tails"]),)
        ...     leader_space, leader_obs_sizes = Discrete(["heads", "tails"]), (1,)
        ...     def reset(self, types, key):
        ...         return jnp.int32(0)
        ...     def observe(self, state):
        ...         now = state == 0
        ...         return Turn(jnp.zeros(1, int), now, jnp.zeros(1, int), now[None], jnp.ones((1, 2), bool))
        ...     def step(self, state, action, actions, key):
        ...         same = ((state == 0) & (action == actions[0])).astype(float)
        ...         return state + 1, Rewards(same, same[None])
        >>> from firstmover.testing import check_game
        >>> [check for check in check_game(Bet()) if not check.passed]
        []
    """

    name: ClassVar[str]
    types: TypeDistribution
    horizon: int = 1
    followers_act: Literal["once", "every step", "crowd"] = "once"
    has_chance: bool = False
    leader_payoff_range: tuple[float, float]
    follower_payoff_ranges: tuple[tuple[float, float], ...]
    objective: str = "the leader's payoff"
    value_is_loss: bool = False
    payoff_units: Units | None = None
    stakes: tuple[float, ...] | None = None
    status_quo: ClassVar[Any] = None
    usual_followers: str = "multiplicative-weights"
    usual_leader: str = "commitment-gradient"
    usual_leader_parameters: ClassVar[Parameters] = {}
    calls: HostCalls | None = None
    samples: ClassVar[int] = 100_000
    restarts: ClassVar[int | None] = None
    on_many_devices: ClassVar[bool] = True
    has_measures: bool = False
    leader_sees: Observations | None = None
    alike: bool = False
    options_are_followers: ClassVar[bool] = False
    named_status_quo: "tuple[Game, np.ndarray] | None" = None
    at_least: tuple[str, ...] = ()

    # What is played.

    @abc.abstractmethod
    def reset(self, types: Int[Array, "n"], key: Key[Array, ""]) -> GameState:
        """State at the start of a sub-episode in which the followers have these types."""

    @abc.abstractmethod
    def observe(self, state: GameState) -> Turn:
        """Who acts now, on what information, with which possibilities."""

    @abc.abstractmethod
    def step(
        self, state: GameState, action: Array, follower_actions: Int[Array, "n"], key: Key[Array, ""]
    ) -> tuple[GameState, Rewards]:
        """The next state and the payments; actions of those who do not act are ignored."""

    def leader_mask(self, obs: Array) -> Bool[Array, "leader_actions"]:
        """What the leader may do when it sees this: possible actions or options, or all true for a box.

        A function of the observation alone, since the leader has to know it.
        """
        del obs
        return jnp.ones(self.leader_space.mask_size, bool)

    # What networks and learners at size may ask.

    @property
    def n_option_features(self) -> int:
        """Length of the features of one option of the leader's decision; 0 where options are not like each other."""
        return 0

    def option_features(self, obs: Array) -> Float[Array, "options features"]:
        """What distinguishes the options of the leader's decision when it sees this."""
        raise InputError(f"the leader of {self.name} does not pick one of several like things.")

    def option_kinds(self, obs: Array) -> tuple[Float[Array, "kinds features"], Int[Array, "options"] | None]:
        """The features of options that differ, and of which kind each option is; None: every option is its own.

        Where many are alike, a network is asked once for all of a kind. What an option that cannot be picked is taken
        for does not matter.
        """
        return self.option_features(obs), None

    def follower_images(
        self, follower: int
    ) -> tuple[Float[np.ndarray, "images planes rows columns"], Int[np.ndarray, "observations"]] | None:
        """What a follower sees as images, and which of them each of its observations shows; None: it sees no image."""
        del follower
        return None

    def option_feature_names(self) -> list[Feature]:
        """What the features of an option are, in words; none where they have no names."""
        return []

    @property
    def tells_types_apart(self) -> bool:
        """Whether `paid_by_type` is answered."""
        return False

    def paid_by_type(
        self, observations: Array, actions: Array, acted: Bool[Array, "steps"], follower: Int[Array, ""]
    ) -> Float[Array, "types"]:
        """What a follower is paid in a sub-episode, for each of its types at once.

        Of games in which a follower's type matters to nothing before it is paid, given what it did.

        Args:
            observations: what the leader saw, [steps, ...].
            actions: what it did, [steps, ...].
            acted: in which steps it decided; the rest counts for nothing.
            follower: who is paid.
        """
        raise InputError(f"followers of {self.name} are paid for the type that they have.")

    # What is said about it.

    def in_fractions(self, table: np.ndarray) -> Finite | None:
        """The followers' game under the rule with this table in exact fractions, where the game can tell; else None."""
        del table
        return None

    @property
    def replying(self) -> bool:
        """Whether followers choose in a `Box`, by a reply that the game gives."""
        return False

    def reply_gaps(self, actions: np.ndarray) -> list[list[float | None]] | None:
        """What followers that choose in a `Box` lose at most by their reply to the rule with these actions.

        For each follower and type a proved bound, None where there is none; None where all choose one of a list.
        """
        del actions
        return None

    def measured(
        self, table: np.ndarray, types: Int[np.ndarray, "K n"], actions: Int[np.ndarray, "K n"]
    ) -> dict[str, Float[np.ndarray, "K"]]:
        """What is measured beside the leader's payoff at these profiles, under the rule with this table, by name."""
        del table, types, actions
        return {}

    def payoff_tables(self) -> tuple[Float[np.ndarray, "..."], ...]:
        """The payoffs that the game is given by, the leader's first, then every follower's.

        Raises:
            InputError: it is given by rules, or by a function, and not by tables.
        """
        raise InputError(
            f"{self.name} is not given by tables of payoffs; payoffs that are estimates are for normal-form, "
            "bayesian-normal-form and security games."
        )

    def paying(self, tables: Sequence[np.ndarray | Array]) -> "Game":
        """A copy with other payoffs, NumPy or JAX arrays as in `payoff_tables`; declared ranges stay as they are.

        Raises:
            InputError: as `payoff_tables`.
        """
        self.payoff_tables()
        raise NotImplementedError(f"{self.name} has tables of payoffs, and no copy with others.")

    def measured_in_jax(
        self, decisions: Array, types: Int[Array, "K n"], actions: Int[Array, "K n"]
    ) -> dict[str, Float[Array, "K"]]:
        """The same in JAX, under the rule with these decisions [n_observations, ...]: what leaders are held to.

        Raises:
            InputError: the measures are not written in JAX.
        """
        del decisions, types, actions
        raise InputError(f"a leader cannot be held to the measures of {self.name}: they are not written in JAX.")

    def frequencies(self, decision: np.ndarray) -> dict[str, Fraction]:
        """How often a decision of probabilities has each thing done that can be done on a day, by name, exactly.

        By default those of a mixture of pure decisions.

        Raises:
            InputError: there are other decisions.
        """
        names = list(self.pure_decisions())
        if np.shape(decision) != (len(names),):
            return {name: Fraction(k == int(decision)) for k, name in enumerate(names)}
        given = as_fractions(np.asarray(decision, np.float64)).tolist()
        total = sum(given, Fraction(0))
        return {name: p / total for name, p in zip(names, given, strict=True)}

    def done_at_once(
        self, decision: np.ndarray
    ) -> tuple[tuple[str, ...], list[tuple[Fraction, tuple[int, ...]]]] | None:
        """What is done at once under a decision, and how often, where the decision says that; None where it does not.

        Returns:
            The names of what may be done, and weights that sum to 1 with what of it is done together.
        """
        del decision
        return None

    def doing(self, names: Sequence[str]) -> np.ndarray:
        """The decision to do just these at once, of games that answer `done_at_once`.

        Raises:
            InputError: they cannot be done at once.
        """
        raise InputError(f"{self.name} does not say what can be done at once.")

    def pure_decisions(self) -> dict[str, np.ndarray]:
        """The leader's decisions by name, where all of its rules are one of them, or a mixture.

        Raises:
            InputError: there are other rules.
        """
        pure = self.leader_space.pure()
        if not pure or self.n_observations > 1:
            raise InputError(
                f"{self.name} has no table of its leader's decisions: a rule of it is more than one of them."
            )
        return pure

    @property
    def draws_types(self) -> bool:
        """Whether the types that are listed are a sample, so that nothing that rests on them is exact."""
        return False

    def drawn_anew(self, number: int = 1) -> "Game":
        """The same game with another sample of types, to judge finished rules by; itself where types are no sample."""
        del number
        return self

    # What follows from it.

    @property
    def n_types(self) -> tuple[int, ...]:
        """Number of types of each follower."""
        return self.types.n_types

    @property
    def n_observations(self) -> int:
        """Number of observations of the leader, the rows of a table commitment; 0 where they are no list."""
        return int(self.observed.n) if self.observed.n < math.inf else 0

    @property
    def observed(self) -> Observations:
        """What the leader observes."""
        return Components(self.leader_obs_sizes) if self.leader_sees is None else self.leader_sees

    @property
    def n_rows(self) -> int:
        """By how many rows observations are told apart: all that there are, or one where a table has no room."""
        return self.n_observations if self.observed.listed else 1

    def row(self, obs: Array) -> Int[Array, ""]:
        """The row of an observation of the leader, below `n_rows`."""
        return observation_index(obs, self.leader_obs_sizes) if self.observed.listed else jnp.int32(0)

    @property
    def max_leader_decisions(self) -> int:
        """An upper bound on the leader's decisions in a sub-episode."""
        return self.horizon

    @property
    def follower_payoff_scale(self) -> float:
        """What the followers have at stake, the largest of them: by default the range of their payoffs; never 0."""
        return max(self.stakes or [high - low for low, high in self.follower_payoff_ranges]) or 1.0

    @functools.cached_property
    def standardised(self) -> "Game":
        """The same game with every player's payoffs centred and scaled in 64 bit: what learners play.

        The game itself, where it does not say how to. Actions of the leader may be in other units too (`own_actions`).

        Raises:
            InputError: the payoffs are too far apart for 64-bit numbers.
        """
        if self.payoff_units is not None or not self._steps_as_its_copy_would():
            return self
        standard = self.in_standard_units()
        if self.named_status_quo is None or standard is self or self.named_status_quo[0] is not self:
            return standard
        copied = standard._changed()
        copied.named_status_quo = copied, self.standard_actions(self.named_status_quo[1])
        return copied

    def _steps_as_its_copy_would(self) -> bool:
        """Whether no subclass of the class that says how to make a copy pays otherwise than that class does."""
        lineage = type(self).__mro__
        copies = next(k for k, cls in enumerate(lineage) if "in_standard_units" in vars(cls))
        return not any(name in vars(cls) for cls in lineage[:copies] for name in ("reset", "step"))

    def in_standard_units(self) -> "Game":
        """A standardised copy of the game; the game itself where it has none.

        A subclass with a `step` or a `reset` of its own has to say it anew.

        Raises:
            InputError: as `standardised`.
        """
        return self

    def with_types(self, types: TypeDistribution) -> "Game":
        """The same game whose followers have these types, as many as before.

        Raises:
            InputError: its distribution of types is no parameter of it.
        """
        raise InputError(f"the prior of {self.name} cannot be taken from data: it is no parameter of that game.")

    def observed_with(self, types: TypeDistribution) -> "Game":
        """The same game when types are observed as in this distribution: to value rules in, not to be written down."""
        return self._changed(types=types)

    def against(self, game: "Game", actions: np.ndarray) -> "Game":
        """The same game with another status quo.

        Args:
            game: what the rule to beat is for: this game, or this game with other settings.
            actions: of the rule, [n_observations, ...].
        """
        other = self._changed()
        other.named_status_quo = (other if game is self else game), actions
        return other

    def rule_named(self, name: str) -> np.ndarray | None:
        """The rule that goes by a name in this game, actions [n_observations, ...]; None if none does.

        Raises:
            InputError: it is one that cannot be written as actions.
        """
        return None

    def own_actions(self, actions: np.ndarray) -> np.ndarray:
        """Decisions in the standardised copy, [..., *action], in the units of this game."""
        return actions

    def standard_actions(self, actions: np.ndarray) -> np.ndarray:
        """Decisions in this game, [..., *action], in the units of the standardised copy."""
        return actions

    def _changed(self, **attributes: object) -> "Game":
        """A copy with other attributes, in which nothing is remembered that follows from those that it had."""
        other = copy.copy(self)
        for name in list(vars(other)):
            if isinstance(getattr(type(self), name, None), functools.cached_property) and name not in SIZES:
                del vars(other)[name]
        vars(other).update(attributes)
        return other

    def observations(self) -> np.ndarray:
        """Every observation of the leader, int32 [n_observations, d], in the order of `spaces.observation_index`."""
        return np.stack(np.unravel_index(np.arange(self.n_observations), self.leader_obs_sizes), -1).astype(np.int32)

    def reached(self, table: np.ndarray) -> Iterator[tuple[Sequence[int], int]]:
        """Observations that the rule with these actions can come to, each with its row; by default all there are.

        A row of the table is looked at only after its observation was yielded, so the caller may fill it in then.
        """
        del table
        for row, observation in enumerate(self.observations().tolist()):
            yield observation, row

    def rule(self, table: np.ndarray) -> list[Parsed]:
        """The entries of a rule file for a table of actions [observations, ...]."""
        return [self.entry(observation, np.asarray(table[row])) for observation, row in self.reached(table)]

    def playing(self, entries: Sequence[Parsed]) -> "Game":
        """The game that a rule with these entries is for, where that is not the one whose name it bears."""
        del entries
        return self
