"""Tolls on a road that wears: the leader sets a toll in every step, and drivers decide whether to use the road.

Players: a road keeper (the leader) and `drivers` followers, all alike.
What happens: the road has a condition from 0 to `levels` - 1 and holds the cars that used it in the step before. In
every step the keeper sets one of `tolls`, and every driver, at the same time, uses the road or stays away. The
condition then rises by one and falls by one for every user, within its bounds: rest mends the road, one car keeps it,
and more wear it. It starts at its best, empty.
Information: drivers see the condition and the cars of the step before. The keeper sees, as `sight` says, the
condition, the cars of the step before, or both. Nobody has a private type, and nothing is random.
Payoffs, a step: a user is paid the condition (the better the road, the more a trip is worth), less `congestion` for
each other user and `jam` for each car of the step before, less the toll. Who stays away is paid 0. The keeper is paid
the drivers' payoffs and the tolls (`objective=welfare`; a toll is passed on and lost to nobody), or the tolls alone
(`revenue`).
Rule: a toll for every observation: `{"when": {"condition": 3}, "do": {"toll": 2}}`, with `"cars"` in place of
`"condition"`, or beside it, as `sight` says.
Known optimum: `optimum`, by enumeration where the rules are few enough. In every (time, state) the drivers are in a
pure Nash equilibrium of what they are paid now and expect of what follows: the best for the keeper (ties "strong") or
the worst ("weak"), chosen stage by stage from the end. Who of them uses the road is drawn anew in every step, in
public, so that all expect the same; then there always is such an equilibrium (`equilibria.markov` has the proof; if the
same drivers used the road for good there might be none). Choosing stage by stage, "strong" is not the best equilibrium
of the whole: without `jam` it earns 50, and "weak" 53. With the default road the optimum is 49 and 47.5.

Leading matters: a keeper that sets its toll when the drivers decide has no reason to set any, since welfare does not
depend on it. Without tolls the road earns 41.5 ("strong") or 30 ("weak"); the best toll that is always the same, 47.5
or 44. The best rules make the road dear where it is worn a little, so that it is mended.
"""

from typing import Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from firstmover.core.types import MAX_FOLLOWERS, TypeDistribution
from firstmover.errors import InputError, require
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.units import Units, spread
from firstmover.json_types import Parsed
from firstmover.spaces import Discrete
from firstmover.wording import written


class _State(NamedTuple):
    time: Int[Array, ""]
    condition: Int[Array, ""]
    cars: Int[Array, ""]


class Toll(Game):
    """A keeper sets the toll of a road that wears; drivers decide in every step whether to use it.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import Toll
        >>> solve(Toll()).value
        49.0
    """

    name = "toll"
    followers_act = "every step"
    has_chance = False

    def __init__(
        self,
        drivers: int = 3,
        levels: int = 6,
        tolls: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0),
        steps: int = 10,
        congestion: float = 0.5,
        jam: float = 0.5,
        sight: Literal["condition", "cars", "both"] = "condition",
        objective: Literal["welfare", "revenue"] = "welfare",
    ):
        """A road, its drivers, and what the keeper may do.

        Args:
            drivers: number of followers, at least 1 and at most ten thousand.
            levels: number of conditions of the road, at least 2; the best one is worth levels - 1 to a user.
            tolls: the tolls that can be set, any numbers, all different, in units of payoffs; subsidies are negative.
            steps: how many steps there are, at least 1.
            congestion: what each other user of a step costs a user, at least 0.
            jam: what each car of the step before costs a user, at least 0.
            sight: what the keeper sees: "condition", "cars" or "both".
            objective: what the keeper is paid, "welfare" or "revenue".

        Raises:
            InputError: a size or a number is out of range, or two tolls are the same.
        """
        require(drivers >= 1, "drivers must be at least 1", drivers)
        require(drivers <= MAX_FOLLOWERS, f"drivers must be at most {MAX_FOLLOWERS}", drivers)
        require(levels >= 2, "levels must be at least 2", levels)
        require(steps >= 1, "steps must be at least 1", steps)
        self.tolls = np.array(tolls, np.float64)
        fits = self.tolls.size > 0 and len(set(self.tolls.tolist())) == self.tolls.size
        require(fits and bool(np.isfinite(self.tolls).all()), "tolls must be different finite numbers", list(tolls))
        for what, cost in (("congestion", congestion), ("jam", jam)):
            require(0 <= cost < np.inf, f"{what} must be a number of at least 0", cost)
        if sight not in ("condition", "cars", "both"):
            raise InputError(f"sight must be condition, cars or both; got {sight!r}.")
        if objective not in ("welfare", "revenue"):
            raise InputError(f"objective must be welfare or revenue; got {objective!r}.")
        self.levels, self.steps, self.sight, self.paid_objective = levels, steps, sight, objective
        self.congestion, self.jam = float(congestion), float(jam)
        self._better = 1.0  # what a condition one better is worth to a user
        self.objective = "welfare: what users have of their trips" if objective == "welfare" else "the tolls paid"
        self.horizon = steps
        self.types = TypeDistribution.independent([[1.0]] * drivers)
        self.n_obs, self.n_actions = (levels * (drivers + 1),) * drivers, (2,) * drivers
        self.leader_space = Discrete(self.tolls.tolist(), "toll")
        condition, cars = Discrete(levels, "condition"), Discrete(drivers + 1, "cars")
        self.sees = {"condition": (condition,), "cars": (cars,), "both": (condition, cars)}[sight]
        self.written_as(tolls=self.tolls, congestion=float(congestion), jam=float(jam))
        # The worst trip is on a broken, full and jammed road, the best on a new and empty one.
        worst, best = -self.congestion * (drivers - 1) - self.jam * drivers, float(levels - 1)
        paid = (worst, best) if objective == "welfare" else (float(self.tolls.min()), float(self.tolls.max()))
        self.leader_payoff_range = (min(0.0, steps * drivers * paid[0]), max(0.0, steps * drivers * paid[1]))
        own = (min(0.0, worst - float(self.tolls.max())), max(0.0, best - float(self.tolls.min())))
        self.follower_payoff_ranges = ((steps * own[0], steps * own[1]),) * drivers

    # What is played.

    def reset(self, types: Int[Array, "n"], key: Key[Array, ""]) -> _State:
        del types, key
        return _State(jnp.int32(0), jnp.int32(self.levels - 1), jnp.int32(0))

    def observe(self, state: _State) -> Turn:
        n = self.n_followers
        playing = state.time < self.steps
        seen = {
            "condition": (state.condition,),
            "cars": (state.cars,),
            "both": (state.condition, state.cars),
        }[self.sight]
        return Turn(
            leader_obs=jnp.stack(seen),
            leader_acts=playing,
            follower_obs=jnp.broadcast_to(self.index(state), (n,)),
            followers_act=jnp.broadcast_to(playing, (n,)),
            follower_mask=jnp.ones((n, 2), bool),
        )

    def step(
        self, state: _State, action: Int[Array, ""], follower_actions: Int[Array, "n"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        del key
        users = follower_actions.sum(dtype=jnp.int32)
        toll = jnp.asarray(self.tolls, float)[action]
        trip = self._better * state.condition - self.congestion * (users - 1) - self.jam * state.cars
        playing = state.time < self.steps
        keeper = users * (trip if self.paid_objective == "welfare" else toll)
        condition = jnp.clip(state.condition + 1 - users, 0, self.levels - 1)
        return _State(state.time + 1, condition, users), Rewards(
            jnp.where(playing, keeper, 0.0),
            jnp.where(playing, follower_actions * (trip - toll), 0.0),
            jnp.where(playing, users * toll, 0.0),
        )

    def in_standard_units(self) -> Game:
        # All are paid in one currency, and nobody is paid for staying away.
        low, high = self.follower_payoff_ranges[0]
        scale = spread(low, high, "the drivers")
        players = 1 + self.n_followers
        return self._changed(
            tolls=self.tolls / scale,
            congestion=self.congestion / scale,
            jam=self.jam / scale,
            _better=1 / scale,
            leader_payoff_range=(self.leader_payoff_range[0] / scale, self.leader_payoff_range[1] / scale),
            follower_payoff_ranges=((low / scale, high / scale),) * self.n_followers,
            payoff_units=Units((0.0,) * players, (scale,) * players),
        )

    def states(self) -> _State:
        """All pairs of a condition and a number of cars, as states at time 0, in the order of `index`."""
        rows, columns = np.divmod(np.arange(self.n_obs[0], dtype=np.int32), np.int32(self.n_followers + 1))
        return _State(jnp.zeros(self.n_obs[0], jnp.int32), jnp.asarray(rows), jnp.asarray(columns))

    def index(self, state: _State) -> Int[Array, ""]:
        """The number of a state, whatever its time."""
        return state.condition * (self.n_followers + 1) + state.cars

    # What is said about it.

    def sentence(self, entry: Parsed) -> str:
        words = {"condition": "the road is in condition {}", "cars": "{} car(s) were on it"}
        where = " and ".join(words[part].format(seen) for part, seen in entry["when"].items())
        return f"when {where}, the toll is {written(entry['do']['toll'])}"

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        """What a driver does in one state of the road; it has no types, and `type_` is the state."""
        condition, cars = divmod(type_, self.n_followers + 1)
        return f"driver {follower} uses the road in condition {condition} after {cars} car(s): {probabilities[1]:.0%}"
