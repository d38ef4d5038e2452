"""A crowd of travellers on parallel roads: the leader sets a toll for every road, and each traveller takes one.

Players: a road authority (the leader), and travellers of one or several classes, so many that none of them matters.
What happens: the authority announces its tolls, and every traveller takes a road. A road that the share x of them takes
has the delay a + b x.
Payoffs: a class has a value of time v. A traveller is paid -(v * delay + toll); tolls are handed back to all alike. The
authority is paid the travellers' mean payoff and the tolls (`objective=welfare`: minus the mean of v * delay), or the
tolls alone (`revenue`).
Rule: one toll for every road, `{"do": {"toll 1": 0.5, "toll 2": 0}}`.
Known optimum: travellers that the authority assigns to roads, a convex program, bound welfare from above
(`solvers.crowd_toll`). Tolls of what one traveller costs the others reach it, since all classes pay in the same money.

The default is Pigou's example: a road of delay x beside one of delay 1. Without a toll all take the first, the mean
delay is 1; a toll of 1/2 halves the crowd, and the mean delay is 3/4, the least there is. `network=parallel` has five
roads and two classes, one in three of which values its time three times as much.
"""

from typing import Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.equilibria.crowds import Member
from firstmover.errors import InputError, require
from firstmover.games.mean_field import MeanFieldGame
from firstmover.spaces import Box, Discrete

_NETWORKS = {
    "pigou": {"free": (0.0, 1.0), "slope": (1.0, 0.0), "values": (1.0,), "shares": (1.0,)},
    "parallel": {
        "free": (0.2, 0.3, 0.5, 0.8, 1.0),
        "slope": (2.0, 1.0, 1.5, 0.5, 0.25),
        "values": (1.0, 3.0),
        "shares": (2 / 3, 1 / 3),
    },
}


class CrowdToll(MeanFieldGame):
    """An authority sets tolls on parallel roads; a crowd of travellers fills them up.

    Example:
        >>> CrowdToll("parallel").leader_space.names
        ('toll 1', 'toll 2', 'toll 3', 'toll 4', 'toll 5')
    """

    name = "crowd-toll"
    has_transfers = True

    def __init__(
        self,
        network: Literal["pigou", "parallel"] = "pigou",
        free: tuple[float, ...] = (),
        slope: tuple[float, ...] = (),
        values: tuple[float, ...] = (),
        shares: tuple[float, ...] = (),
        most: float = 0.0,
        temperature: float = 0.0,
        objective: Literal["welfare", "revenue"] = "welfare",
    ):
        """Roads, and who travels.

        Args:
            network: "pigou" or "parallel"; what the other parameters leave out is taken from it.
            free: the delay a of every empty road, at least 0; at least two roads.
            slope: by how much the delay of every road grows with its share of the travellers, b, at least 0.
            values: the value of time of every class, positive.
            shares: how large every class is, positive; they sum to 1.
            most: the largest toll; 0 for what the slowest road costs.
            temperature: how softly travellers choose, at least 0; 0 for the best road.
            objective: what the authority is paid, "welfare" or "revenue".

        Raises:
            InputError: a number is out of range, or the lengths of two lists differ.
        """
        if network not in _NETWORKS:
            raise InputError(f"network must be one of {', '.join(_NETWORKS)}; got {network!r}.")
        if objective not in ("welfare", "revenue"):
            raise InputError(f"objective must be welfare or revenue; got {objective!r}.")
        usual = _NETWORKS[network]
        self.free = np.asarray(free or usual["free"], np.float64)
        self.slope = np.asarray(slope or usual["slope"], np.float64)
        self.time_values = np.asarray(values or usual["values"], np.float64)
        self.shares = np.asarray(shares or usual["shares"], np.float64)
        roads, classes = len(self.free), len(self.shares)
        require(roads >= 2, "there must be at least two roads", roads)
        if len(self.slope) != roads or len(self.time_values) != classes:
            raise InputError(
                f"free and slope must have one number for every road, values and shares one for every class; got "
                f"{roads}, {len(self.slope)}, {len(self.time_values)} and {classes}."
            )
        for what, given in (("free", self.free), ("slope", self.slope)):
            require(bool(np.all(given >= 0) and np.all(np.isfinite(given))), f"{what} must not be negative", given)
        require(bool(np.all(self.time_values > 0)), "values must be positive", self.time_values)
        require(bool(np.all(self.shares > 0)), "shares must be positive", self.shares)
        require(bool(abs(self.shares.sum() - 1) < 1e-9), "shares must sum to 1", self.shares)
        require(0 <= temperature < np.inf, "temperature must be a number of at least 0", temperature)
        require(0 <= most < np.inf, "most must be a number of at least 0", most)
        self.temperature, self.pays_revenue = temperature, objective == "revenue"
        slowest = float(self.time_values.max() * (self.free + self.slope).max())
        self.most = most or slowest
        if objective == "revenue":
            self.objective = "revenue"
        self.states = Discrete([f"class {i + 1}" for i in range(classes)], "traveller")
        self.moves = Discrete([f"road {i + 1}" for i in range(roads)], "takes")
        self.leader_space = Box([f"toll {i + 1}" for i in range(roads)], 0.0, self.most)
        self.leader_payoff_range = (0.0, self.most) if self.pays_revenue else (-slowest, 0.0)
        self.follower_payoff_ranges = ((-slowest - self.most, 0.0),)

    @property
    def start(self) -> Float[np.ndarray, "S"]:
        return self.shares

    @property
    def status_quo(self) -> list[dict]:  # type: ignore[override]
        """No tolls."""
        return [{"when": {}, "do": {f"toll {i + 1}": 0.0 for i in range(self.moves.n)}}]

    def aggregates(self, mu: Float[Array, "S M W"], decision: Array) -> Float[Array, "roads"]:
        """The share of all travellers on each road."""
        del decision
        return mu.sum((0, 2))

    def member(self, aggregates: Float[Array, "roads"], decision: Array) -> Member:
        delays = jnp.asarray(self.free, float) + jnp.asarray(self.slope, float) * aggregates
        return Member.staying(-(jnp.asarray(self.time_values, float)[:, None] * delays + decision)[..., None])

    def transfers(self, mu: Float[Array, "S M W"], decision: Array) -> Float[Array, ""]:
        return mu.sum((0, 2)) @ decision

    def payoff(self, mu: Float[Array, "S M W"], decision: Array) -> Float[Array, ""]:
        tolls = self.transfers(mu, decision)
        return tolls if self.pays_revenue else self.paid(mu, decision) + tolls

    def statistics(self, mu: Float[np.ndarray, "T S M W"], decision: np.ndarray) -> dict[str, float]:
        del decision
        shares = mu[0].sum((0, 2))
        return {"mean delay": float(shares @ (self.free + self.slope * shares))}
