"""Patrols: guards cover lanes of a grid, row by row, against a crosser who knows the rule and wants to pass.

Players: a patroller (the leader) and one crosser.
What happens: the crosser stands in lane `entry` before the first of `length` rows. In every step the patroller covers
`guards` of the lanes of the next row, and the crosser, at the same time, enters that row: in the same lane or in one
beside it. In a covered lane it is caught, takes nothing there, and goes on.
Information: the crosser knows where it is. The patroller sees, as `sight` says, the lane that the crosser is in now
(not the row), the row (not the lane), or both. Nobody has a private type, and nothing is random.
Payoffs: for each row that the crosser enters uncaught it is paid the lane's `values`, and the patroller pays the lane's
`losses`. For each row where it is caught it pays `penalty`, and the patroller is paid `bounty`. Units are the user's
own.
Rule: the lanes to cover, for every observation: `{"when": {"lane": 1}, "do": {"cover": [2]}}`, with `"row"` in place of
`"lane"`, or beside it, as `sight` says.
Known optimum: `optimum`, by enumeration where the rules are few enough.

Leading matters: with the default lanes the best rule earns -4. It catches the crosser once, on its way into lane 3,
where it does least harm, and keeps it there by covering lane 4. Always covering a dearest lane earns -26. If both chose
at the same time in every step, knowing where the crosser is, the patroller would earn -7.21 (a Nash equilibrium of
every stage, from the end): it would catch the crosser more often, but not cover a lane that is not used.
"""

import itertools
from typing import Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError, require
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.units import Units, centre, in_units, spread
from firstmover.json_types import Parsed
from firstmover.spaces import Discrete, asked

_MOVES = np.array([-1, 0, 1], np.int32)  # lanes to the side, by the crosser's action
_PLAYERS = "the patroller", "the crosser"


class _State(NamedTuple):
    row: Int[Array, ""]
    lane: Int[Array, ""]


class Patrol(Game):
    """Guards cover lanes of a grid against a crosser who knows the patroller's rule.

    Example:
        >>> from firstmover.games import Patrol
        >>> Patrol().horizon
        6
    """

    name = "patrol"
    followers_act = "every step"
    has_chance = False
    objective = "the patroller's payoff: bounty for a catch, less the losses of the lanes that were crossed"

    def __init__(
        self,
        values: tuple[float, ...] = (4.0, 1.0, 1.0, 2.0, 4.0),
        losses: tuple[float, ...] = (5.0, 3.0, 3.0, 1.0, 5.0),
        length: int = 6,
        entry: int | None = None,
        guards: int = 1,
        sight: Literal["lane", "row", "both"] = "lane",
        penalty: float = 3.0,
        bounty: float = 1.0,
    ):
        """A grid, and what is at stake.

        Args:
            values: what the crosser is paid for entering a row in each lane; at least two lanes.
            losses: what the patroller pays for that; any numbers.
            length: number of rows, at least 1; the game lasts that many steps.
            entry: the lane before which the crosser stands at the start, from 0; the middle one if not given.
            guards: how many lanes of a row are covered, at least 1 and fewer than there are lanes.
            sight: what the patroller sees: "lane", "row" or "both".
            penalty: what the crosser pays for each row where it is caught; any number.
            bounty: what the patroller is paid for that; any number.

        Raises:
            InputError: values and losses differ in number, a number is not finite, or a size is out of range.
        """
        width = len(values)
        require(
            width >= 2 and len(losses) == width,
            "values and losses need one number for each of two lanes or more",
            f"{width} and {len(losses)}",
        )
        self.values, self.losses = np.array(values, np.float64), np.array(losses, np.float64)
        stakes = np.array([penalty, bounty], np.float64)
        finite = all(np.isfinite(array).all() for array in (self.values, self.losses, stakes))
        require(bool(finite), "values, losses, penalty and bounty must be finite numbers", "NaN or infinity")
        require(length >= 1, "length must be at least 1", length)
        require(1 <= guards < width, f"guards must be at least 1 and fewer than the {width} lanes", guards)
        entry = width // 2 if entry is None else entry
        require(0 <= entry < width, f"entry must be a lane from 0 to {width - 1}", entry)
        if sight not in ("lane", "row", "both"):
            raise InputError(f"sight must be lane, row or both; got {sight!r}.")
        self.length, self.entry_lane, self.guards, self.sight = length, entry, guards, sight
        self.penalty, self.bounty = float(penalty), float(bounty)
        # What the leader's actions cover: every set of `guards` lanes, [action, lane].
        self.covers = [list(lanes) for lanes in itertools.combinations(range(width), guards)]
        self._covered = np.array([[lane in lanes for lane in range(width)] for lanes in self.covers])
        self.horizon = length
        self.types = TypeDistribution.independent([[1.0]])
        self.n_obs, self.n_actions = (length * width,), (len(_MOVES),)
        self.leader_space = Discrete(self.covers, "cover")
        lane, row = Discrete(width, "lane"), Discrete(length, "row")
        self.sees = {"lane": (lane,), "row": (row,), "both": (row, lane)}[sight]
        self.written_as(
            values=self.values, losses=self.losses, entry=entry, penalty=float(penalty), bounty=float(bounty)
        )
        extremes = [[*-self.losses, self.bounty], [*self.values, -self.penalty]]
        ranges = [(length * float(min(paid)), length * float(max(paid))) for paid in extremes]
        self.leader_payoff_range, self.follower_payoff_ranges = ranges[0], (ranges[1],)

    def in_standard_units(self) -> Game:
        paid = np.append(-self.losses, self.bounty), np.append(self.values, -self.penalty)
        offsets = [centre(own) for own in paid]
        scales = [spread(float(own.min()), float(own.max()), who) for own, who in zip(paid, _PLAYERS, strict=True)]
        leader, crosser = map(in_units, paid, offsets, scales)
        return self._changed(
            losses=-leader[:-1],
            bounty=float(leader[-1]),
            values=crosser[:-1],
            penalty=-float(crosser[-1]),
            leader_payoff_range=(self.length * float(leader.min()), self.length * float(leader.max())),
            follower_payoff_ranges=((self.length * float(crosser.min()), self.length * float(crosser.max())),),
            payoff_units=Units(tuple(self.length * offset for offset in offsets), tuple(scales)),
        )

    # What is played.

    def reset(self, types: Int[Array, "1"], key: Key[Array, ""]) -> _State:
        del types, key
        return _State(jnp.int32(0), jnp.int32(self.entry_lane))

    def observe(self, state: _State) -> Turn:
        width = len(self.values)
        row = jnp.minimum(state.row, self.length - 1)
        crossing = state.row < self.length
        seen = {"lane": (state.lane,), "row": (row,), "both": (row, state.lane)}[self.sight]
        to = state.lane + jnp.asarray(_MOVES)
        return Turn(
            leader_obs=jnp.stack(seen),
            leader_acts=crossing,
            follower_obs=(row * width + state.lane)[None],
            followers_act=crossing[None],
            follower_mask=((to >= 0) & (to < width))[None],
        )

    def step(
        self, state: _State, action: Int[Array, ""], follower_actions: Int[Array, "1"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        del key
        lane = jnp.clip(state.lane + jnp.asarray(_MOVES)[follower_actions[0]], 0, len(self.values) - 1)
        caught = jnp.asarray(self._covered)[action, lane]
        lost, gained = jnp.asarray(self.losses, float)[lane], jnp.asarray(self.values, float)[lane]
        paid = jnp.where(caught, jnp.array([self.bounty, -self.penalty]), jnp.stack([-lost, gained]))
        paid = jnp.where(state.row < self.length, paid, 0.0)
        return _State(state.row + 1, lane), Rewards(paid[0], paid[1:])

    def states(self) -> _State:
        """The places before each row, and one behind the last, in the order of `index`."""
        width = np.int32(len(self.values))
        rows, lanes = np.divmod(np.arange(self.length * width + 1, dtype=np.int32), width)
        return _State(jnp.asarray(rows), jnp.asarray(lanes))

    def index(self, state: _State) -> Int[Array, ""]:
        """The number of a place."""
        width = len(self.values)
        return jnp.minimum(state.row * width + state.lane, self.length * width)

    # What is said about it.

    def decision(self, when: Parsed, do: Parsed) -> np.ndarray:
        del when
        (lanes,) = asked(do, "cover")
        if not isinstance(lanes, list | tuple) or any(isinstance(x, bool) or not isinstance(x, int) for x in lanes):
            raise InputError(f"cover must be a list of lanes; got {lanes!r}.")
        if sorted(lanes) not in self.covers:
            raise InputError(
                f"cover must name {self.guards} different lane(s) from 0 to {len(self.values) - 1}; got {list(lanes)}."
            )
        return np.asarray(self.covers.index(sorted(lanes)))

    def sentence(self, entry: Parsed) -> str:
        where = " and ".join(
            {"lane": f"the crosser is in lane {seen}", "row": f"row {seen} is next"}[part]
            for part, seen in entry["when"].items()
        )
        lanes = entry["do"]["cover"]
        return f"when {where}, cover lane{'s' * (len(lanes) > 1)} {' and '.join(map(str, lanes))}"

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        """What the crosser does in one of its places; it has no types, and `type_` is the place."""
        row, lane = divmod(type_, len(self.values))
        goes = [f"lane {lane + move} ({p:.0%})" for move, p in zip(_MOVES, probabilities, strict=True) if p >= 0.005]
        return f"from lane {lane} the crosser enters row {row} in {' or '.join(goes)}"
