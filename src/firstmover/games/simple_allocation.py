"""Simple allocation: one participant wants one of several items and may send one of a few messages about it.

Players: a leader that gives away one item; one follower whose type is the item that it wants, drawn from `prior`.
Information: the follower knows its type and sends a message; the leader sees the message only.
Payoffs: both are paid 1 if the follower gets the item that it wants, otherwise 0.
Known optimum: with m messages, the sum of the m largest prior probabilities (min(m, items) / items for a uniform
prior): a rule names at most m items, and a follower that wants a named one has a message that gets it.

Source: Brero et al., "Stackelberg POMDP: a reinforcement learning approach for economic design", section 7.3.
"""

from fractions import Fraction
from typing import Annotated, Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from firstmover.core.types import MAX_TYPES, TypeDistribution
from firstmover.errors import InputError
from firstmover.exact_numbers import probabilities
from firstmover.games.base import Game, Rewards, Turn
from firstmover.json_types import Parsed
from firstmover.spaces import Discrete


class _State(NamedTuple):
    time: Int[Array, ""]
    wanted: Int[Array, ""]
    message: Int[Array, ""]


class SimpleAllocation(Game):
    """One follower, `items` types, `messages` actions; the leader maps the message to an item.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import SimpleAllocation
        >>> round(solve(SimpleAllocation(items=3, messages=2)).value, 6)
        0.666667
    """

    name = "simple-allocation"
    horizon = 2
    leader_payoff_range = (0.0, 1.0)
    follower_payoff_ranges = ((0.0, 1.0),)
    objective = "probability that the participant gets the item it wants"

    def __init__(self, items: int = 3, messages: int = 2, prior: Annotated[Any, "probabilities"] | None = None):
        """A game with these sizes.

        Args:
            items: number of items, at least 1.
            messages: number of messages, at least 1.
            prior: probability of each item being the wanted one, summing to 1; uniform if not given.

        Raises:
            InputError: a size is not positive, or the prior is not a distribution over the items.
        """
        if items < 1 or messages < 1:
            raise InputError(f"items and messages must be at least 1; got items={items}, messages={messages}.")
        if items > MAX_TYPES:
            raise InputError(f"items, of which a participant wants one, must be at most {MAX_TYPES}; got {items}.")
        stated = probabilities([Fraction(1, items)] * items if prior is None else prior, "the prior")
        self.prior, self.stated_prior = stated.floats, stated
        if len(self.prior) != items:
            raise InputError(f"the prior must have one probability per item; got {len(self.prior)} for {items} items.")
        self.items, self.messages = items, messages
        self.types = TypeDistribution.independent([stated])
        self.written_as(prior=stated.written())
        self.knows, self.acts = (Discrete(items, "item"),), (Discrete(messages, "message"),)
        self.sees, self.leader_space = self.acts, Discrete(items, "item")

    def reset(self, types: Int[Array, "1"], key: Key[Array, ""]) -> _State:
        del key
        return _State(jnp.int32(0), types[0], jnp.int32(0))

    def observe(self, state: _State) -> Turn:
        return Turn(
            leader_obs=state.message[None],
            leader_acts=state.time == 1,
            follower_obs=state.wanted[None],
            followers_act=(state.time == 0)[None],
            follower_mask=jnp.ones((1, self.messages), bool),
        )

    def step(
        self, state: _State, action: Int[Array, ""], follower_actions: Int[Array, "1"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        del key
        message = jnp.where(state.time == 0, follower_actions[0], state.message)
        paid = ((state.time == 1) & (action == state.wanted)).astype(float)
        return _State(state.time + 1, state.wanted, message), Rewards(paid, paid[None])

    @property
    def max_leader_decisions(self) -> int:
        return 1

    def with_types(self, types: TypeDistribution) -> Game:
        return type(self)(**{**self.parameters(), "prior": types.fractions[0].tolist()})

    def sentence(self, entry: Parsed) -> str:
        return f"on message {entry['when']['message']}, give item {entry['do']['item']}"

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        return f"a participant who wants item {type_} sends {self.acts[0].mixed(probabilities)}"
