"""A one-shot market from what it is made of: types, what followers do, what the leader sees and decides, one payoff.

A subclass calls `Market.__init__` with its spaces and gives `payoff`; everything else of the game's contract follows.
From the labels of the spaces come rule files, sentences and play in words; from the constructor's parameters the
parameters of the command line and of run folders.

Players: one leader and one or several followers, each with a private type (independent or correlated).
Information: followers know the commitment and their own type, and act once; the leader decides before anybody acts, or
(with `sees`) after it has seen something of what they did.
Payoffs: what `payoff` returns, in units of the user's own. Followers stay away where an action of theirs says so.
"""

import abc
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from firstmover.core.trees import AnyArray
from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError
from firstmover.exact_numbers import shortened
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.drawn_types import Drawn, Sample, drawn_ones, in_words, sample
from firstmover.games.market_payoffs import MarketPayoffs
from firstmover.games.words import NOBODY
from firstmover.spaces import Discrete, Space, one_or_several
from firstmover.user_code import told
from firstmover.verify import Finite

TYPES = "type_probabilities"  # a parameter of every market: its distribution of types, where it is taken from data


class _State(NamedTuple):
    time: Int[Array, ""]
    types: Int[Array, "n"]
    actions: Int[Array, "n"]


class Market(Game):
    """A one-shot market of the user's own: a few spaces and one payoff function.

    With one follower `payoff(type, action, decision)` is given int32 scalars, with several int32 arrays [n]. A decision
    is an int32 index for `Discrete`, and a float vector for `Box` and `Mixture`. It returns the leader's payoff and the
    followers' (a scalar for one follower, else [n]); a third value is what the leader receives from them, less what it
    pays them. Written in JAX, or in plain Python and NumPy with `plain = True`.

    Attributes:
        plain: whether `payoff` is plain Python or NumPy rather than JAX.
        status_quo: what a rule is compared with, if there is something: a decision (an index or a label, or a vector),
            or the entries of a rule file, `[{"when": {...}, "do": {...}}, ...]`.

    Example:
        >>> from firstmover import Box, Discrete, Market
        >>> class Toll(Market):
        ...     '''One driver pays a toll or goes round.'''
        ...     def __init__(self, worth: float = 3.0):
        ...         self.worth = worth
        ...         super().__init__(acts=Discrete(["goes round", "pays"]), decides=Box(["toll"], 0.0, 5.0))
        ...     def payoff(self, driver, action, decision):
        ...         return action * decision[0], action * (self.worth - decision[0])
        >>> Toll(worth=2.0).parameters()
        {'worth': 2.0}
    """

    plain: ClassVar[bool] = False
    name = "market"

    def __init__(
        self,
        *,
        acts: Space | Sequence[Discrete],
        decides: Space,
        types: Discrete | Drawn | Sequence[Discrete | Drawn] | None = None,
        prior: Any = None,
        joint: Any = None,
        sees: Discrete | Sequence[Discrete] | None = None,
    ):
        """A market with these spaces.

        Args:
            acts: what a follower does; a list for several followers. Of one follower it may be a `Box`: then `reply`
                says which vector it chooses, and `payoff` is given that.
            decides: what the leader decides.
            types: private types, a space or a list like `acts`, or `Drawn` where they are real numbers; none if
                followers know nothing of their own.
            prior: probabilities of the types, a list for one follower, else a list per follower; uniform if not given.
            joint: in place of `prior`, probabilities of all type profiles, shape [types of follower 0, ...].
            sees: what the leader sees of the actions before it decides (see `seen`): a space or several, named by
                their words; nothing if not given.

        Raises:
            InputError: the parts do not fit together.
        """
        self._replying = bool(getattr(acts, "continuous", False))
        if self._replying and sees is not None:
            raise InputError("of a follower that replies in a Box the leader sees nothing; leave out sees.")
        self.acts, self.alone = one_or_several(Discrete(["best reply"]) if self._replying else acts, "acts")
        self._sample: Sample | None = None
        self._drawn = drawn_ones(types)
        if self._drawn is not None:
            self._refuse_for_drawn(prior, joint)
            self._sample = sample(type(self), self._drawn[0], 0, calls=self.plain)
            self.knows = self._sample.spaces
        else:
            self.knows = (NOBODY,) * len(self.acts) if types is None else one_or_several(types, "types")[0]
        self.sees = () if sees is None else one_or_several(sees, "sees")[0]
        if not isinstance(decides, Space):
            raise InputError(
                f"decides must be a space, such as Box(['price'], 0.0, 10.0) or Discrete(['no', 'yes'], 'word'); got "
                f"{shortened(decides)}."
            )
        self.decides = decides
        if len(self.knows) != len(self.acts):
            raise InputError(f"types and acts need one space per follower; got {len(self.knows)} and {len(self.acts)}.")
        if len({space.word for space in self.sees}) < len(self.sees):
            raise InputError("what the leader sees needs spaces with different words: Discrete(labels, word).")
        self.types = self._distribution(prior, joint)
        self.leader_space = decides
        self.horizon = 2 if self.sees else 1
        self.masks = self._possible()
        self._refuse_strange_sights()
        self._pay()
        self.has_measures = type(self).measures is not Market.measures
        # A single follower that knows the rule and its own type has nothing to find out by learning.
        self.usual_followers = "best-response" if self.alone else type(self).usual_followers

    # What the user gives.

    @abc.abstractmethod
    def payoff(self, types: Any, actions: Any, decision: Any) -> Any:
        """The leader's payoff and the followers', and maybe the transfers to the leader."""

    def seen(self, actions: Any) -> Any:
        """What the leader sees of the actions: an index, or one per space of `sees`; the actions by default."""
        return actions

    def reply(self, type_: Any, decision: Any) -> Any:
        """The vector that a follower whose `acts` is a `Box` chooses: its best reply to a decision.

        Raises:
            NotImplementedError: it is not given.
        """
        raise NotImplementedError(f"{type(self).__name__} needs reply(type, decision): its followers choose in a Box.")

    def reply_gap(self, type_: Any, decision: Any) -> float | None:
        """A proved bound on what a follower loses by `reply` against its best vector; None where there is none."""
        del type_, decision
        return None

    # In place of None: a function like `payoff`, given and returning whole numbers and fractions. Proofs start there.
    exact_payoff: ClassVar[Any] = None

    def measures(self, types: Any, actions: Any, decision: Any) -> dict[str, Any]:
        """What else is to be measured, numbers by name, given what `payoff` is given in plain Python; nothing here."""
        del types, actions, decision
        return {}

    def mask(self, type_: Any, follower: int = 0) -> Any:
        """Which actions a type of a follower has, bool [actions]; all by default."""
        del type_
        return np.ones(self.acts[follower].n, bool)

    # What is played.

    def reset(self, types: Int[Array, "n"], key: Key[Array, ""]) -> _State:
        del key
        return _State(jnp.int32(0), types, jnp.zeros_like(types))

    def observe(self, state: _State) -> Turn:
        acting, last = state.time == 0, self.horizon - 1
        looked = self._look(state.actions) if self.sees else jnp.zeros(1, jnp.int32)
        masks = [jnp.asarray(mask)[state.types[i]] for i, mask in enumerate(self.masks)]
        widest = max(self.n_actions)
        return Turn(
            leader_obs=jnp.where(state.time == last, looked, 0),
            leader_acts=state.time == last,
            follower_obs=state.types,
            followers_act=jnp.full(self.n_followers, acting),
            follower_mask=jnp.stack([jnp.pad(mask, (0, widest - mask.shape[0])) for mask in masks]),
        )

    def step(
        self, state: _State, action: Array, follower_actions: Int[Array, "n"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        del key
        actions = jnp.where(state.time == 0, follower_actions, state.actions)
        over = state.time == self.horizon - 1
        paid = self._pays(state.types, actions, self.decides.played(action), over)
        after = _State(state.time + 1, state.types, actions)
        return after, jax.tree.map(lambda part: jnp.where(over, part, 0), paid)

    @property
    def max_leader_decisions(self) -> int:
        return 1

    def in_standard_units(self) -> Game:
        units = self._standard_units
        players = zip(
            [self.leader_payoff_range, *self.follower_payoff_ranges], units.offsets, units.scales, strict=True
        )
        ranges = [((low - offset) / scale, (high - offset) / scale) for (low, high), offset, scale in players]
        return self._changed(
            _pays=self._pays.in_units(units),
            leader_payoff_range=ranges[0],
            follower_payoff_ranges=tuple(ranges[1:]),
            payoff_units=units,
            stakes=(1.0,) * self.n_followers,
        )

    @property
    def draws_types(self) -> bool:
        return self._sample is not None

    def drawn_anew(self, number: int = 1) -> Game:
        if self._drawn is None:
            return self
        drawn = sample(type(self), self._drawn[0], number, calls=self.plain)
        other = cast(
            Market,
            self._changed(_sample=drawn, knows=drawn.spaces, n_obs=tuple(space.n for space in drawn.spaces)),
        )
        other.types = TypeDistribution.independent([np.full(n, 1 / n) for n in other.n_obs])
        other.masks = other._possible()
        other._pay()
        return other

    def given_types(self, types: AnyArray | list[int]) -> Any:
        """What `payoff` is given of a type profile: the one follower's type, or all; the numbers of those drawn."""
        if self._sample is None:
            return types[0] if self.alone else types
        arrays = np if isinstance(types, np.ndarray) else jnp
        own = [arrays.asarray(table)[types[i]] for i, table in enumerate(self._sample.values)]
        return own[0] if self.alone else arrays.stack(own)

    def play_over_types(self, follower: int, table: np.ndarray) -> str | None:
        if self._sample is None:
            return None
        told_of = in_words(self._sample.values[follower], self.knows[follower], self.acts[follower], np.asarray(table))
        return told_of if self.alone else f"follower {follower}, {told_of}"

    def with_types(self, types: TypeDistribution) -> Game:
        if self.draws_types:
            raise InputError(
                f"the types of {self.name} are drawn; a prior from data, or one nearby, needs listed types."
            )
        if types.n_types != self.n_types:
            raise InputError(f"the types have {self.n_types} labels, but probabilities for {types.n_types}.")
        joint = types.table()
        changed = self._changed(types=TypeDistribution.correlated(joint), given={**self.given, TYPES: joint})
        other = cast(Market, changed)
        other._pays = self._pays.of(other)
        return other

    @property
    def replying(self) -> bool:
        return self._replying

    def paid(self, types: object, actions: object, decision: object) -> Any:
        """What `payoff` returns, given actions or, where a follower chooses in a `Box`, its reply."""
        return self.payoff(types, self.reply(types, decision) if self.replying else actions, decision)

    def reply_gaps(self, actions: np.ndarray) -> list[list[float | None]] | None:
        known = range(self.n_types[0]) if self._sample is None else self._sample.values[0]
        return [[self.reply_gap(t, actions[0]) for t in known]] if self.replying else None

    # What follows from the user's parts.

    def _pay(self) -> None:
        """Look at the payoffs, and note what they range over."""
        self._pays = MarketPayoffs(self)
        self.calls = self._pays.calls
        looked = self._pays.looked_at()
        self.leader_payoff_range, self.follower_payoff_ranges = looked.leader_range, looked.follower_ranges
        self.stakes, self._standard_units = looked.stakes, looked.units

    def _refuse_for_drawn(self, prior: object, joint: object) -> None:
        """Refuse what goes with listed types only.

        Raises:
            InputError: it is given.
        """
        if prior is not None or joint is not None:
            raise InputError(
                "types that are Drawn have their probabilities from the draw, independently of each other; leave out "
                "prior and joint, or list the types (correlated ones as ranges, with a joint table)."
            )
        if self.exact_payoff is not None:
            raise InputError("exact_payoff proves what is listed; types that are Drawn are a sample: leave it out.")

    def _distribution(self, prior: Any, joint: object) -> TypeDistribution:
        sizes = tuple(space.n for space in self.knows)
        if joint is not None and prior is not None:
            raise InputError("give a prior (independent types) or a joint table of probabilities, not both.")
        if joint is not None:
            distribution = TypeDistribution.correlated(joint)
        elif prior is not None:
            distribution = TypeDistribution.independent([prior] if self.alone else prior)
        else:
            distribution = TypeDistribution.independent([np.full(n, 1 / n) for n in sizes])
        if distribution.n_types != sizes:
            raise InputError(f"the types have {sizes} labels, but probabilities for {distribution.n_types}.")
        return distribution

    def _possible(self) -> tuple[np.ndarray, ...]:
        """What every type of every follower may do, bool [types, actions] each."""
        masks = []
        for i, (own, acts) in enumerate(zip(self.knows, self.acts, strict=True)):
            with told(type(self), f"mask of {type(self).__name__} fails"):
                known = range(own.n) if self._sample is None else self._sample.values[i]
                given = [self.mask(t) if self.alone else self.mask(t, i) for t in known]
                rows = np.stack([np.asarray(row, bool) for row in given])
            if rows.shape != (own.n, acts.n):
                raise InputError(
                    f"mask of {type(self).__name__} must say of each of {acts.n} actions whether a type has it; it has "
                    f"shape {rows.shape[1:]}."
                )
            if not rows.any(axis=1).all():
                raise InputError(f"mask must leave every type of follower {i} one of its {acts.n} actions or more.")
            masks.append(rows)
        return tuple(masks)

    def _look(self, actions: Int[Array, "n"]) -> Int[Array, "d"]:
        seen = self.seen(actions[0] if self.alone else actions)
        return jnp.atleast_1d(jnp.asarray(seen)).astype(jnp.int32)

    def _refuse_strange_sights(self) -> None:
        """Refuse what the leader would see outside the spaces of `sees`.

        Raises:
            InputError: it would, or `seen` fails.
        """
        if not self.sees:
            return
        every = np.indices(self.n_actions).reshape(self.n_followers, -1).T.astype(np.int32)
        with told(type(self), f"seen of {type(self).__name__} fails"):
            seen = np.asarray(jax.vmap(self._look)(jnp.asarray(every)))
        sizes = self.leader_obs_sizes
        if seen.shape[1:] != (len(sizes),):
            raise InputError(
                f"seen of {type(self).__name__} returns {seen.shape[1]} index(es), but sees has {len(sizes)} space(s)."
            )
        for k, what in np.argwhere((seen < 0) | (seen >= sizes))[:1]:
            raise InputError(
                f"seen of {type(self).__name__} returns {seen[k, what]} at actions {every[k].tolist()}; "
                f"{self.sees[what].word} has the values 0 to {sizes[what] - 1}."
            )

    def rows(self, actions: Int[np.ndarray, "K n"]) -> Int[np.ndarray, "K"]:
        """The row of what the leader observes when it decides, for each of these action profiles."""
        if not self.sees:
            return np.zeros(len(actions), np.int64)
        looked = np.asarray(jax.vmap(self._look)(jnp.asarray(actions)))
        return np.ravel_multi_index(tuple(looked.T), self.leader_obs_sizes)

    def in_fractions(self, table: np.ndarray) -> Finite | None:
        if self.exact_payoff is None:
            return None
        support, _ = self.types.profiles
        every = np.indices(self.n_actions).reshape(self.n_followers, -1).T
        decisions = [self.decides.in_fractions(table[row]) for row in self.rows(every.astype(np.int32))]
        with told(type(self), f"exact_payoff of {type(self).__name__} fails"):
            paid = [
                [self._pays.exactly(self.exact_payoff, t, a, d) for a, d in zip(every.tolist(), decisions, strict=True)]
                for t in support.tolist()
            ]
        return Finite(
            [tuple(row) for row in support.tolist()],
            list(self.types.profile_fractions),
            [[np.flatnonzero(own).tolist() for own in mask] for mask in self.masks],
            list(self.n_actions),
            [[leader for leader, _, _ in row] for row in paid],
            [[[own[i] for _, own, _ in row] for row in paid] for i in range(self.n_followers)],
            [[money for _, _, money in row] for row in paid] if self._pays.transfers else None,
        )

    def measured(
        self, table: np.ndarray, types: Int[np.ndarray, "K n"], actions: Int[np.ndarray, "K n"]
    ) -> dict[str, Float[np.ndarray, "K"]]:
        decisions = np.asarray(self.decides.played(np.asarray(table)))[self.rows(actions)]
        with told(type(self), f"measures of {type(self).__name__} fails"):
            profiles = zip(types, actions, map(np.asarray, decisions), strict=True)
            found = [self._pays.plainly(self.measures, *profile) for profile in profiles]
            if not all(isinstance(own, dict) for own in found):
                raise InputError(f"measures of {type(self).__name__} must return numbers by name, {{'name': number}}.")
            return {name: np.array([float(measures[name]) for measures in found]) for name in found[0]}

    def measured_in_jax(
        self, decisions: Array, types: Int[Array, "K n"], actions: Int[Array, "K n"]
    ) -> dict[str, Float[Array, "K"]]:
        def one(who: Array, what: Array, decision: Array) -> dict[str, Array]:
            own = (who[0], what[0]) if self.alone else (who, what)
            return {name: jnp.asarray(value, float) for name, value in self.measures(*own, decision).items()}

        rows = jnp.zeros(len(actions), jnp.int32)
        if self.sees:
            looked = jax.vmap(self._look)(actions)
            rows = jnp.ravel_multi_index(tuple(looked.T), self.leader_obs_sizes, mode="clip")
        try:
            return jax.vmap(one)(types, actions, jax.vmap(self.decides.played)(decisions)[rows])
        except (jax.errors.JAXTypeError, TypeError, ValueError, IndexError) as why:
            raise InputError(
                f"a leader cannot be held to measures of {type(self).__name__} that JAX cannot follow: write measures "
                f"with jnp in place of Python's float, if and lists ({str(why).partition(chr(10))[0][:120]})."
            ) from None

    def possible_profiles(self) -> tuple[Int[np.ndarray, "K n"], Int[np.ndarray, "K n"]]:
        """Every type profile that occurs with every action profile that it allows."""
        return self._pays.possible_profiles()

    def paid_at(
        self, types: Int[np.ndarray, "K n"], actions: Int[np.ndarray, "K n"], decisions: np.ndarray
    ) -> tuple[Float[np.ndarray, "K D"], Float[np.ndarray, "K D n"]]:
        """What the leader and the followers are paid at these profiles and each of these decisions, in 64 bit."""
        return self._pays.at(types, actions, decisions)

    def profile_words(self, types: np.ndarray, actions: np.ndarray) -> str:
        """A type profile and an action profile in words."""
        parts = []
        for i, (t, a) in enumerate(zip(types.tolist(), actions.tolist(), strict=True)):
            who = f"{self.knows[i].words(t)}, " if self.knows[i].word else ""
            parts.append(f"{'' if self.alone else f'follower {i}: '}{who}{self.acts[i].words(a)}")
        return "; ".join(parts)
