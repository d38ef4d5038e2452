"""Sequential price mechanisms with messages: agents send messages, then are visited in turn and offered prices.

Players: a leader that picks, visit by visit, the next agent and a price for every item; `agents` followers.
Information: an agent knows its values and sends one of `messages` messages, all at once. The leader sees the
messages, who was visited, and what was sold (to whom, or in total only: `history`). A visited agent takes what is best
for it at the prices offered.
Payoffs: an agent is paid its value minus the price. The leader is paid minus the welfare loss (welfare minus the
largest possible welfare of the realised values), the revenue, or a weighted mix, in units of the values.
Known optimum: without messages (`messages=1`) and with independent values, by dynamic programming; with messages, for
two agents and one unit of one item, by a search. `solvers.messages` has both.

Ties: an agent whose surplus is zero buys if `buy_at_tie` says so; surpluses within 5e-7 of the largest value count as
equal, in 32- and in 64-bit numbers; of equally good items the first is taken.

Source: Brero et al., "Stackelberg POMDP: a reinforcement learning approach for economic design", sections 4 and 7.4;
`agrawal` has the values of Agrawal, Sethuraman and Zhang, "On optimal ordering in the optimal stopping problem" (EC
2020), as given there.
"""

import itertools
import math
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.types import MAX_FOLLOWERS, MAX_TYPES, TypeDistribution
from firstmover.errors import InputError
from firstmover.exact_numbers import of_fractions
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.goods import Goods, Valuation
from firstmover.games.price_rules import PriceRules
from firstmover.games.units import Units
from firstmover.games.values import NAMED, read_names, read_values
from firstmover.json_types import Parsed
from firstmover.rules.trees import Feature
from firstmover.spaces import Branching, Discrete

_MAX_STOCKS = 200_000
_FEW = 16  # comparisons with which the best allocation is written out; beyond, a loop compiles in no more time
_TIE = 5e-7  # surpluses this close, in units of the largest value, are equal


class _State(NamedTuple):
    time: Int[Array, ""]
    types: Int[Array, "n"]
    values: Float[Array, "n items"]
    first_best: Float[Array, ""]
    messages: Int[Array, "n"]
    status: Int[Array, "n"]  # 0 until visited, then 1 + the bundle taken
    left: Int[Array, "items"]


class SequentialPrice(PriceRules):
    """Agents send messages, then are visited one by one and offered prices; the leader picks whom, and the prices.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import SequentialPrice
        >>> round(solve(SequentialPrice(agents=2, messages=1)).value, 6)
        -0.055556
    """

    name = "sequential-price"

    def __init__(
        self,
        agents: int = 2,
        items: int = 1,
        messages: int = 2,
        types: int = 3,
        values: Annotated[Any, "values"] = None,
        units: tuple[int, ...] | None = None,
        valuation: Valuation = "unit",
        prices: int | Literal["continuous"] = 11,
        buy_at_tie: bool = True,
        objective: float | Literal["welfare", "revenue"] = "welfare",
        history: Literal["sold", "left"] = "sold",
        anonymous: bool = True,
    ):
        """A mechanism of these sizes.

        Args:
            agents: number of agents, at least 1.
            items: number of distinct items, at least 1.
            messages: messages that each agent may send, at least 1 (1: none).
            types: points of the grid {0, 1/(types-1), ..., 1} from which every agent's value of every item is drawn,
                independently and uniformly; at least 2. Not used with `values`.
            values: the agents' values and their probabilities, or a CSV file with them, see `docs/game-files.md`:
                {"values": per agent, the values of each type [types, items], "probabilities": per agent, those of its
                types} for independent values, {"realisations": rows [agents * items], "probabilities": one a row} for
                correlated ones.
            units: units of every item, at least 1; one each if not given.
            valuation: "unit": an agent wants one item; "additive": it takes every item that is worth its price.
            prices: points of the price grid from 0 to the largest value, at least 2, or "continuous".
            buy_at_tie: whether an agent buys at a price equal to its value.
            objective: "welfare" (minus the welfare loss), "revenue", or the weight of welfare in a mix, in [0, 1].
            history: whether the leader sees who bought what ("sold"), or only who and what is left ("left").
            anonymous: whether a network that scores agents (`policy=options`) knows agents of the same values by their
                messages only; false tells them apart, which may earn more, and takes longer to learn. Tables and other
                networks tell them apart anyhow.

        Raises:
            InputError: a number is out of range, or the values are not a distribution.
        """
        for what, number, least in (("agents", agents, 1), ("items", items, 1), ("messages", messages, 1)):
            if number < least:
                raise InputError(f"{what} must be at least {least}; got {number}.")
        if types < 2:
            raise InputError(f"types must be at least 2, for a grid from 0 to 1; got {types}.")
        if agents > MAX_FOLLOWERS:
            raise InputError(f"agents must be at most {MAX_FOLLOWERS}; got {agents}.")
        if items * math.log(types) > math.log(MAX_TYPES):
            raise InputError(
                f"an agent may have at most {MAX_TYPES} types, which are types to the power items; got {types} to the "
                f"power {items}."
            )
        if prices != "continuous" and prices < 2:
            raise InputError(f"prices must be at least 2 points, or continuous; got {prices}.")
        if not isinstance(objective, str) and not 0 <= objective <= 1:
            raise InputError(f"the weight of welfare in a mixed objective must lie in [0, 1]; got {objective}.")
        self.units = (1,) * items if units is None else tuple(units)
        if len(self.units) != items or min(self.units) < 1:
            raise InputError(f"units must be {items} numbers of at least 1, one per item; got {list(self.units)}.")
        if sum(math.log(own + 1) for own in self.units) > math.log(_MAX_STOCKS):
            raise InputError(f"units may be left in at most {_MAX_STOCKS} ways; got {list(self.units)}.")
        self.value_grid = types if values is None else None  # points of the grid that values are drawn from
        if values is None:
            grid = np.linspace(0, 1, types)
            vectors = np.array(list(itertools.product(grid, repeat=items)))
            self.values = (vectors,) * agents
            stated = (of_fractions(np.array(list(itertools.product(_grid(types), repeat=items)), object)),) * agents
            self.types = TypeDistribution.independent([np.full(len(vectors), 1 / len(vectors))] * agents)
        else:
            stated, self.types = read_values(values, agents, items)
            self.values = tuple(own.floats for own in stated)
        self.stated_values = stated
        self.agent_names, self.item_names = read_names(values, agents, items)
        self._settings = {
            "agents": agents,
            "items": items,
            "messages": messages,
            "types": types,
            "values": values,
            "units": self.units,
            "valuation": valuation,
            "prices": prices,
            "buy_at_tie": buy_at_tie,
            "objective": objective,
            "history": history,
            "anonymous": anonymous,
        }
        self.written_as(units=self.units)
        self.items, self.messages, self.history, self.prices = items, messages, history, prices
        self.highest = float(max(table.max() for table in self.values)) or 1.0
        # What part of welfare, the rest being revenue, the leader is paid.
        words = {"welfare": 1.0, "revenue": 0.0}
        self.welfare_weight = words[objective] if isinstance(objective, str) else objective
        self.objective = {1.0: "minus the welfare loss", 0.0: "the revenue"}.get(
            self.welfare_weight, f"{self.welfare_weight:.4g} of minus the welfare loss, the rest of the revenue"
        )
        self.value_is_loss = self.welfare_weight == 1.0
        self.goods = Goods(self.units, valuation, buy_at_tie, _TIE * self.highest)
        self.bundles = self.goods.bundles()
        self.n_obs, self.acts = self.n_types, (Discrete(messages, "message"),) * agents
        self.horizon = agents + 1
        self.leader_space = self._space(self.highest)
        if history == "sold":
            self.leader_obs_sizes = (messages,) * agents + (1 + len(self.bundles),) * agents
        else:
            self.leader_obs_sizes = (messages,) * agents + (2,) * agents + tuple(u + 1 for u in self.units)
        most = float(self.goods.first_best(np.array([table.max(axis=0) for table in self.values]), np))
        self.leader_payoff_range = (-self.welfare_weight * most, (1 - self.welfare_weight) * most)
        wanted = [t.sum(axis=1) if valuation == "additive" else t.max(axis=1) for t in self.values]
        self.follower_payoff_ranges = tuple((0.0, float(worth.max())) for worth in wanted)
        first, chances = self.values[0], self.types.tables[0]
        self._same_values = all(own.shape == first.shape and np.array_equal(own, first) for own in self.values) and all(
            own.shape == chances.shape and np.array_equal(own, chances) for own in self.types.tables
        )
        self.alike = anonymous and self._same_values

    def _space(self, highest: float) -> Branching:
        """What the leader decides, where this is the highest price."""
        levels = None if self.prices == "continuous" else self.prices
        return Branching(Discrete(self.n_followers, "agent"), self.items, levels, 0.0, highest, "prices")

    # What is played.

    def reset(self, types: Int[Array, "n"], key: Key[Array, ""]) -> _State:
        del key
        # With a dtype: JAX remembers what an array was made into, across 32- and 64-bit modes.
        values = self._values_of(types)
        nothing = jnp.zeros(self.n_followers, jnp.int32)
        left = jnp.asarray(self.units, jnp.int32)
        return _State(jnp.int32(0), types, values, self._first_best(values), nothing, nothing, left)

    def _values_of(self, types: Int[Array, "n"]) -> Float[Array, "n items"]:
        if self._same_values:
            return jnp.asarray(self.values[0], float)[types]
        return jnp.stack([jnp.asarray(table, float)[types[i]] for i, table in enumerate(self.values)])

    def _first_best(self, values: Float[Array, "n items"]) -> Float[Array, ""]:
        stocks = math.prod(u + 1 for u in self.units)
        few = self.goods.valuation == "additive" or self.n_followers * stocks * self.items <= _FEW
        return self.goods.first_best(values, jnp) if few else self.goods.first_best_in_a_loop(values)

    def observe(self, state: _State) -> Turn:
        if self.history == "sold":
            seen = jnp.concatenate([state.messages, state.status])
        else:
            seen = jnp.concatenate([state.messages, (state.status > 0).astype(jnp.int32), state.left])
        return Turn(
            leader_obs=seen,
            leader_acts=(state.time > 0) & jnp.any(state.status == 0) & jnp.any(state.left > 0),
            follower_obs=state.types,
            followers_act=jnp.broadcast_to(state.time == 0, (self.n_followers,)),
            follower_mask=jnp.ones((self.n_followers, self.messages), bool),
        )

    def leader_mask(self, obs: Int[Array, "d"]) -> Bool[Array, "agents"]:
        """Agents not yet visited; all, where nobody is left to visit."""
        n = self.n_followers
        remaining = obs[n : 2 * n] == 0
        return remaining | ~jnp.any(remaining)

    def step(
        self, state: _State, action: Array, follower_actions: Int[Array, "n"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        del key
        talking, visiting = state.time == 0, self.observe(state).leader_acts
        agent = action[0].astype(jnp.int32)
        # Selection by comparison: gathers and scatters of single numbers are slow in batches.
        mine = (jnp.arange(self.n_followers) == agent) & visiting & (state.status == 0)
        values, prices = jnp.sum(jnp.where(mine[:, None], state.values, 0), axis=0), self.prices_of(action[1:])
        bundle = self.goods.taken(values, prices, state.left, jnp) * jnp.any(mine)
        taken = jnp.asarray(self.bundles, jnp.int32)[bundle]
        welfare, revenue = jnp.sum(values * taken), jnp.sum(prices * taken)
        # The first best is charged with the first visit: there always is one.
        loss = jnp.where(state.time == 1, state.first_best, 0) - welfare
        weight = self.welfare_weight
        after = state._replace(
            time=state.time + 1,
            messages=jnp.where(talking, follower_actions, state.messages),
            status=jnp.where(mine, 1 + bundle, state.status),
            left=state.left - taken,
        )
        leader = jnp.where(visiting, -weight * loss + (1 - weight) * revenue, 0)
        return after, Rewards(leader, jnp.where(mine, welfare - revenue, 0), revenue)

    # What networks and learners at size ask.

    def _left(self, obs: Int[Array, "d"]) -> Int[Array, "items"]:
        """Units of every item that are left."""
        n = self.n_followers
        if self.history == "left":
            return obs[2 * n :]
        sold = jnp.asarray(self.bundles, jnp.int32)[jnp.maximum(obs[n : 2 * n] - 1, 0)]  # the first bundle is empty
        return jnp.asarray(self.units, jnp.int32) - sold.sum(axis=0)

    options_are_followers = True

    @property
    def n_option_features(self) -> int:
        return 3 * self.messages + self.items + (0 if self.alike else self.n_followers)

    def option_features(self, obs: Int[Array, "d"]) -> Float[Array, "agents features"]:
        """Of every agent: its message, how many others left have sent each, how many in all, and the items left."""
        n = self.n_followers
        own = (obs[:n, None] == jnp.arange(self.messages)).astype(jnp.float32)
        waiting = own * (obs[n : 2 * n, None] == 0)
        everybody = waiting.sum(axis=0)
        stock = self._left(obs) / np.array(self.units, np.float32)
        scale = jnp.float32(2 / n)
        parts = [
            own,
            (everybody - waiting) * scale,
            jnp.broadcast_to(everybody * scale, own.shape),
            jnp.broadcast_to(stock.astype(jnp.float32), (n, self.items)),
        ]
        return jnp.concatenate(parts if self.alike else [*parts, jnp.eye(n)], axis=1)

    def option_kinds(self, obs: Int[Array, "d"]) -> tuple[Float[Array, "kinds features"], Int[Array, "agents"] | None]:
        """Agents of the same message that are left are of one kind; of those who have left nothing is asked."""
        if not self.alike or self.messages >= self.n_followers:
            return self.option_features(obs), None
        n = self.n_followers
        sent = (obs[:n, None] == jnp.arange(self.messages)) & (obs[n : 2 * n, None] == 0)
        everybody = sent.sum(axis=0).astype(jnp.float32)
        own = jnp.eye(self.messages, dtype=jnp.float32)
        scale, stock = jnp.float32(2 / n), (self._left(obs) / np.array(self.units, np.float32)).astype(jnp.float32)
        features = [
            own,
            (everybody - own) * scale,
            jnp.broadcast_to(everybody * scale, own.shape),
            jnp.broadcast_to(stock, (self.messages, self.items)),
        ]
        return jnp.concatenate(features, axis=1), obs[:n]

    def option_feature_names(self) -> list[Feature]:
        messages, n = range(self.messages), self.n_followers
        return [
            *(Feature(f"it sent {m}", 0) for m in messages),
            *(Feature(f"others waiting that sent {m}", 2 / n) for m in messages),
            *(Feature(f"waiting that sent {m}", 2 / n) for m in messages),
            *(Feature(f"left of item {j}", 1 / units) for j, units in enumerate(self.units)),
            *(() if self.alike else (Feature(f"it is {self._agent(i)}", 0) for i in range(n))),
        ]

    def network_words(self) -> Parsed:
        """What a network that scores agents takes and gives, for `rules.networks`."""
        return {
            "agents": self.n_followers,
            "messages": self.messages,
            "units": list(self.units),
            "alike": self.alike,
            "prices": [] if self.prices == "continuous" else self.prices_of(np.arange(self.prices)).tolist(),
        }

    @property
    def tells_types_apart(self) -> bool:
        """Whether types are independent, and as many for every agent: nobody's type matters before it is visited."""
        return len({own.shape for own in self.values}) == 1 and all(t.ndim == 1 for t in self.types.tables)

    def paid_by_type(
        self, observations: Int[Array, "steps d"], actions: Array, acted: Bool[Array, "steps"], follower: Int[Array, ""]
    ) -> Float[Array, "types"]:
        # An agent is visited once at most, and paid nothing before: one step is looked at in place of all.
        n = self.n_followers
        waiting = jnp.sum(jnp.where(jnp.arange(n) == follower, observations[:, n : 2 * n], 0), axis=1) == 0
        visits = acted & waiting & (actions[:, 0].astype(jnp.int32) == follower)
        obs, action = (
            jnp.sum(jnp.where(visits[:, None], of, 0), axis=0, dtype=of.dtype) for of in (observations, actions)
        )
        values = (
            jnp.asarray(self.values[0], float) if self._same_values else jnp.asarray(np.stack(self.values))[follower]
        )
        prices = self.prices_of(action[1:])
        surplus = values - prices
        bundle = self.goods.taken(values, prices, self._left(obs), jnp)
        gained = sum(jnp.where(self.goods.has(bundle, j), surplus[:, j], 0) for j in range(self.items))
        return jnp.where(jnp.any(visits), gained, 0)

    @property
    def max_leader_decisions(self) -> int:
        return min(self.n_followers, self.horizon - 1)

    def in_standard_units(self) -> Game:
        # All are paid in one currency, prices are in it too, and who buys nothing has nothing.
        scale, players = self.highest, 1 + self.n_followers
        low, high = self.leader_payoff_range
        return self._changed(
            values=tuple(table / scale for table in self.values),
            highest=1.0,
            goods=replace(self.goods, tie=_TIE),
            leader_space=self._space(1.0),
            leader_payoff_range=(low / scale, high / scale),
            follower_payoff_ranges=tuple((low / scale, high / scale) for low, high in self.follower_payoff_ranges),
            payoff_units=Units((0.0,) * players, (scale,) * players),
        )

    def own_actions(self, actions: np.ndarray) -> np.ndarray:
        if self.prices != "continuous":
            return actions
        return np.asarray(actions, np.float64) * np.append(1.0, np.full(self.items, self.highest))

    def standard_actions(self, actions: np.ndarray) -> np.ndarray:
        if self.prices != "continuous":
            return actions
        return np.asarray(actions, np.float64) / np.append(1.0, np.full(self.items, self.highest))

    # What is said about it.

    def with_settings(self, **changes: object) -> "SequentialPrice":
        """The same market with other settings."""
        return SequentialPrice(**{**self._settings, **changes})

    def with_types(self, types: TypeDistribution) -> Game:
        if types.n_types != self.n_types:
            raise InputError(f"the agents have {self.n_types} types, but probabilities for {types.n_types}.")
        worth: list[list[list[Fraction]]] = [own.fractions.tolist() for own in self.stated_values]
        named = {key: list(n) for key, n in zip(NAMED, (self.agent_names, self.item_names), strict=True) if n}
        if all(table.ndim == 1 for table in types.fractions):
            marginals = [table.tolist() for table in types.fractions]
            return self.with_settings(values={"values": worth, "probabilities": marginals, **named})
        joint = types.table()
        profiles = [tuple(profile) for profile in np.argwhere(joint > 0).tolist()]
        # Types that nobody has stay types: otherwise they would be numbered anew.
        for i, own in enumerate(worth):
            for t in set(range(len(own))) - {profile[i] for profile in profiles}:
                profiles.append((*profiles[0][:i], t, *profiles[0][i + 1 :]))
        rows = [[v for i, t in enumerate(profile) for v in worth[i][t]] for profile in profiles]
        chances = [joint[profile] for profile in profiles]
        return self.with_settings(values={"realisations": rows, "probabilities": chances, **named})


def _grid(types: int) -> list[Fraction]:
    return [Fraction(k, types - 1) for k in range(types)]
