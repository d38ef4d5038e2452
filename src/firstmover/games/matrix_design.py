"""Matrix design: the leader adds payments to the payoffs of a game that followers play among themselves.

Players: a leader and any number of followers, who play the base game once.
Information: followers know the payments that the leader has committed to; nobody has a private type.
Payoffs: a follower is paid its base payoff plus its payment. The leader is paid 1 if the actions differ
(`objective=different`), the followers' base welfare (`welfare`), that less the payments made, or minus the payments.
Rules: `tau`: one number from {0, ..., max_payment}, paid to follower i where everybody plays action i (in the 2x2 game:
to the row player at the first, to the column player at the second diagonal profile). `per-follower`: any payment in
[0, max_payment] to each follower at each profile.
Known optimum: for `tau`, the best value over coarse correlated equilibria, payment by payment.

The default base game is the first example of Monderer and Tennenholtz, "k-Implementation" (EC 2003), as in Brero et
al., "Stackelberg POMDP", section 7.2.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError
from firstmover.exact_numbers import table
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.names import ActionNames, PlayerNames, named_actions, named_players
from firstmover.games.units import Units, centre, in_units, own_last, spread, stake
from firstmover.games.words import NOBODY
from firstmover.json_types import Parsed
from firstmover.spaces import Box, Discrete
from firstmover.wording import written

# [follower, row, column]
MONDERER_TENNENHOLTZ = ((3.0, 6.0), (4.0, 2.0)), ((3.0, 4.0), (6.0, 2.0))


_MOST = 10**30


class _State(NamedTuple):
    time: Int[Array, ""]
    actions: Int[Array, "n"]


class MatrixDesign(Game):
    """The leader adds payments to the payoffs of a game that its followers play; by default the paper's 2x2 game.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import MatrixDesign
        >>> solve(MatrixDesign()).value
        1.0
    """

    name = "matrix-design"
    followers_act = "once"
    has_chance = False

    def __init__(
        self,
        payoffs: Annotated[Any, "payoffs"] = MONDERER_TENNENHOLTZ,
        rule: Literal["tau", "per-follower"] = "tau",
        objective: Literal["different", "welfare", "welfare-minus-payments", "minus-payments"] = "different",
        max_payment: int = 10,
        action_names: ActionNames = None,
        player_names: PlayerNames = None,
    ):
        """A base game and what the leader may do to it.

        Args:
            payoffs: the followers' payoffs in the base game, [n, *actions], or a Gambit file or a long table whose
                players all follow.
            rule: "tau" (one payment, see the module) or "per-follower" (a payment per follower and profile).
            objective: what the leader is paid.
            max_payment: the largest payment, at least 0, in units of the payoffs.
            action_names: for every follower a list of the names of its actions; those of the file if not given.
            player_names: the names of the followers; those of the file if not given.

        Raises:
            InputError: the payoffs are not finite tables with one axis per follower, or max_payment is negative.
        """
        self.tables = table(payoffs, "payoffs", "one table of numbers per follower, all of one shape")
        self.payoffs = self.tables.floats
        shape = self.payoffs.shape
        if len(shape) < 2 or len(shape) != shape[0] + 1 or 0 in shape:
            raise InputError(f"payoffs need one table per follower, with one axis per follower; got shape {shape}.")
        if max_payment < 0:
            raise InputError(f"max_payment must not be negative; got {max_payment}.")
        if max_payment > _MOST:
            raise InputError(f"max_payment must be at most 1e30, since payments are 32-bit numbers; got {max_payment}.")
        n, self.payment_rule, self.max_payment = shape[0], rule, max_payment
        self.paid_objective = objective
        self.objective = {
            "different": "probability that the actions differ",
            "welfare": "the followers' welfare without payments",
            "welfare-minus-payments": "the followers' welfare without payments, less the payments",
            "minus-payments": "minus the payments",
        }[objective]
        players, *actions = self.tables.labels or (None,)
        named = action_names is not None or any(actions)
        self.action_names = named_actions(action_names, shape[1:], actions) if named else None
        self.player_names = named_players(players if player_names is None else player_names, n)
        self.written_as(payoffs=self.tables, action_names=self.action_names, player_names=self.player_names)
        numbered = tuple(map(Discrete, shape[1:]))
        self.acts = tuple(Discrete(own, "") for own in self.action_names) if self.action_names else numbered
        self.knows = (NOBODY,) * n
        self.types = TypeDistribution.independent([[1.0]] * n)
        self.horizon = 1 if rule == "tau" else 2
        payments = Box(n, 0.0, float(max_payment), word="payments")
        self.leader_space = Discrete(max_payment + 1, "tau") if rule == "tau" else payments
        self.sees = () if rule == "tau" else self.acts
        self.paid_at, self.aims = self._paid_at(), self._aims()
        least = float(self.aims.min())
        self.charged = objective.endswith("minus-payments")
        if self.charged:
            least -= max_payment * (float(self.paid_at.sum(0).max()) if rule == "tau" else n)
        self.leader_payoff_range = (least, float(self.aims.max()))
        # What a payment of 1 is in the units of the leader's and the followers' payoffs.
        self._money = (1.0, (1.0,) * n)
        self.follower_payoff_ranges = tuple((float(t.min()), float(t.max()) + max_payment) for t in self.payoffs)

    def _paid_at(self) -> np.ndarray:
        """Which follower is paid tau at which profile: 1 or 0, [n, *actions]."""
        n, paid = len(self.n_actions), np.zeros_like(self.payoffs)
        for i in range(n):
            if i < min(self.n_actions):
                paid[(i, *[i] * n)] = 1.0
        return paid

    def _aims(self) -> np.ndarray:
        """What the leader is paid at every profile, payments apart."""
        if self.paid_objective.startswith("welfare"):
            return self.payoffs.sum(axis=0)
        if self.paid_objective == "minus-payments":
            return np.zeros(self.n_actions)
        actions = np.indices(self.n_actions)
        return np.any(actions != actions[0], axis=0).astype(np.float64)

    # What is played.

    def reset(self, types: Int[Array, "n"], key: Key[Array, ""]) -> _State:
        del types, key
        return _State(jnp.int32(0), jnp.zeros(self.n_followers, jnp.int32))

    def observe(self, state: _State) -> Turn:
        n, widest = self.n_followers, max(self.n_actions)
        tau = self.payment_rule == "tau"
        return Turn(
            leader_obs=jnp.zeros(1, jnp.int32) if tau else state.actions,
            leader_acts=state.time == (0 if tau else 1),
            follower_obs=jnp.zeros(n, jnp.int32),
            followers_act=jnp.broadcast_to(state.time == 0, (n,)),
            follower_mask=jnp.asarray(np.arange(widest) < np.array(self.n_actions)[:, None]),
        )

    def step(
        self, state: _State, action: Array, follower_actions: Int[Array, "n"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        del key
        actions = jnp.where(state.time == 0, follower_actions, state.actions)
        profile = tuple(actions)
        if self.payment_rule == "tau":
            payments = action * jnp.asarray(self.paid_at, float)[(slice(None), *profile)]
        else:
            payments = action
        to_leader, to_followers = self._money
        aim = jnp.asarray(self.aims, float)[profile]
        if self.charged:
            aim = aim - payments.sum() * to_leader
        over = state.time == self.horizon - 1
        followers = jnp.asarray(self.payoffs, float)[(slice(None), *profile)]
        followers = followers + payments * jnp.asarray(to_followers, float)
        return _State(state.time + 1, actions), Rewards(
            jnp.where(over, aim, 0), jnp.where(over, followers, 0), -jnp.where(over, payments.sum(), 0)
        )

    def in_standard_units(self) -> Game:
        stakes = [stake(own_last(table[None], i), f"follower {i}") for i, table in enumerate(self.payoffs)]
        scales = spread(*self.leader_payoff_range, "the leader"), *(size + self.max_payment for size in stakes)
        offsets = centre(self.aims), *map(centre, self.payoffs)
        aim, *payoffs = map(in_units, [self.aims, *self.payoffs], offsets, scales)
        ranges = [
            ((low - offset) / scale, (high - offset) / scale)
            for (low, high), offset, scale in zip(
                [self.leader_payoff_range, *self.follower_payoff_ranges], offsets, scales, strict=True
            )
        ]
        return self._changed(
            payoffs=np.stack(payoffs),
            aims=aim,
            _money=(self.charged / scales[0], tuple(bool(self.max_payment) / scale for scale in scales[1:])),
            leader_payoff_range=ranges[0],
            follower_payoff_ranges=tuple(ranges[1:]),
            payoff_units=Units(offsets, scales),
            stakes=(1.0,) * len(payoffs),
        )

    @property
    def max_leader_decisions(self) -> int:
        return 1

    # What is said about it.

    def conditions(self, observation: Sequence[int]) -> Parsed:
        return {"actions": [int(action) for action in observation]} if self.sees else {}

    def sentence(self, entry: Parsed) -> str:
        if self.payment_rule == "tau":
            return f"pay tau = {entry['do']['tau']}"
        payments = ", ".join(written(payment, 0, self.max_payment) for payment in entry["do"]["payments"])
        actions = [own.labels[a] for own, a in zip(self.acts, entry["when"]["actions"], strict=True)]
        return f"at actions {', '.join(actions)}, pay {payments}"

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        who = f"follower {follower}" if self.player_names is None else self.player_names[follower]
        return f"{who} plays {self.acts[follower].mixed(probabilities)}"

    def player_labels(self) -> list[str]:
        return super().player_labels() if self.player_names is None else ["leader", *self.player_names]
