"""Multiplicative weights: every (follower, type) keeps a weight per action and multiplies it up by what it pays.

    w_i[t_i, a] <- w_i[t_i, a] * (1 + epsilon) ** (payoff of a / scale)                  for every action a

`update=sampled` is Algorithm 2 of the paper: in a round one type profile is drawn, every follower draws an action by
its weights, and each action of each follower is evaluated against the others' drawn actions. `update=expected`
evaluates every action against the others' current mixed strategies, for all types in every round.

Source: Brero et al., "Stackelberg POMDP", algorithm 2; Freund and Schapire 1997. Also known as: Hedge.
Differs from the source: payoffs are divided by `scale` (by default the range of the followers' payoffs, so that a
step means the same in every game); the sources' codes divide by the largest payoff of the game.
"""

import functools
import math
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.batching import batch_last, short_average, short_softmax, short_sum
from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.games.base import Game, Ties
from firstmover.noise import inverse_cdf
from firstmover.rollout import (
    Actions,
    JointPlay,
    Outcome,
    Query,
    Strategies,
    all_profiles,
    check_size,
    joint_play,
    type_masks,
)

# Log-weights this close count as equal: sums of a thousand rounds differ by less, in 32- and in 64-bit numbers.
_TIE = {4: 1e-4, 8: 1e-9}


class _State(NamedTuple):
    log_weights: tuple[Float[Array, "_types _actions"], ...]
    leader_totals: tuple[Float[Array, "_types _actions"], ...]  # the leader's payoffs beside each action, for ties
    joint_total: Float[Array, "P profiles"] | None  # sum over rounds of the joint play, for play=average


@dataclass(frozen=True)
class MultiplicativeWeights(Follower):
    """No-regret learners with full counterfactual feedback.

    Attributes:
        rounds: updates of every follower's weights, at least 1.
        epsilon: step size, positive; a weight grows by the factor 1 + epsilon per unit of scaled payoff.
        update: "sampled" as in the paper, or "expected".
        play: what is played in the reward phase: the last mixed strategy, its likeliest action, or the time average
            (with several followers: of their joint play, which is what tends to an equilibrium).
        ties: which of several likeliest actions `play=argmax` takes: the first, all with equal probability, the best
            or the worst for the leader (by the payoffs met on the way). The other plays have no ties to break.
        scale: what payoffs are divided by; 0 stands for the range of the followers' payoffs in the game.
    """

    rounds: int = 100
    epsilon: float = 10.0
    update: Literal["expected", "sampled"] = "expected"
    play: Literal["last", "argmax", "average"] = "last"
    ties: Literal["first", "uniform", "strong", "weak"] = "first"
    scale: float = 0.0

    name: ClassVar[str] = "multiplicative-weights"
    converges_to: ClassVar[str] = "anf_cce"

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        if self.rounds < 1:
            raise InputError(f"rounds must be at least 1; got {self.rounds}.")
        if not (np.isfinite(self.epsilon) and self.epsilon > 0):
            raise InputError(f"epsilon must be a positive number; got {self.epsilon}.")
        if not (np.isfinite(self.scale) and self.scale >= 0):
            raise InputError(f"scale must be a positive number, or 0 for the payoff range; got {self.scale}.")

    @property
    def enumerates(self) -> bool:
        return self.update == "expected"

    @property
    def optimum_ties(self) -> Ties:
        return "weak" if self.play == "argmax" and self.ties == "weak" else "strong"

    def check(self, game: Game) -> None:
        super().check(game)
        if self.play == "average":
            check_size(game)

    def asks(self, game: Game) -> int:
        return 1 if self.enumerates else self.rounds

    def rounds_per_ask(self, game: Game) -> int:
        return self.rounds if self.enumerates else 1

    def noise_size(self, game: Game) -> int:
        return 0 if self.enumerates else 2 * game.n_followers

    def init(self, game: Game) -> _State:
        masks = type_masks(game)
        log_weights = tuple(jnp.where(mask, 0.0, -jnp.inf) for mask in masks)
        joint = None
        if self.play == "average":
            joint = jnp.zeros((len(game.types.profiles[0]), math.prod(game.n_actions)))
        return _State(log_weights, tuple(jnp.zeros(mask.shape) for mask in masks), joint)

    def ask(self, game: Game, state: _State, noise: Float[Array, "u"]) -> Query:
        if self.enumerates:
            return all_profiles(game)
        n = game.n_followers
        types = game.types.sample(noise[:n])
        actions = jnp.stack(
            [inverse_cdf(jax.nn.softmax(log_w[types[i]]), noise[n + i]) for i, log_w in enumerate(state.log_weights)]
        )
        # Every action of every follower against the others' drawn ones, in one query.
        deviator = np.repeat(np.arange(n), game.n_actions)
        deviation = np.concatenate([np.arange(a) for a in game.n_actions]).astype(np.int32)
        queried = jnp.where(np.arange(n) == deviator[:, None], deviation[:, None], actions)
        return Query(
            jnp.broadcast_to(types, queried.shape), Actions(queried), None, jnp.zeros(len(deviator), jnp.int32)
        )

    def tell(self, game: Game, state: _State, query: Query, outcome: Outcome) -> _State:
        if self.enumerates:
            return self._tell_expected(game, state, outcome)
        types, first = query.types[0], 0
        log_weights, totals = list(state.log_weights), list(state.leader_totals)
        joint = state.joint_total
        if joint is not None:
            joint = joint + joint_play(game, Strategies(tuple(jax.nn.softmax(w) for w in state.log_weights)))
        for i, (n_types, n_actions) in enumerate(zip(game.n_types, game.n_actions, strict=True)):
            evaluated = slice(first, first + n_actions)
            drawn = jax.nn.one_hot(types[i], n_types)[:, None]
            log_weights[i] += self._rate(game) * drawn * outcome.followers[evaluated, i]
            if self.ties in ("strong", "weak"):
                totals[i] += drawn * outcome.leader[evaluated]
            first += n_actions
        return _State(tuple(log_weights), tuple(totals), joint)

    def _tell_expected(self, game: Game, state: _State, outcome: Outcome) -> _State:
        """All rounds at once; arrays inside have the batch axis last, see `batch_last`."""
        support, _ = game.types.profiles
        conditionals = _conditionals(game)
        rate = self._rate(game)
        follow_leader = self.ties in ("strong", "weak")

        def rounds(state: _State, payoffs: Float[Array, "players P *actions"]) -> _State:
            def one(state: _State, _: None) -> tuple[_State, None]:
                rows = [short_softmax(w, 1)[support[:, i]] for i, w in enumerate(state.log_weights)]
                gains = [short_average(c, _utilities(payoffs[i], rows, i)) for i, c in enumerate(conditionals)]
                log_weights = tuple(w + rate * gain for w, gain in zip(state.log_weights, gains, strict=True))
                totals, joint = state.leader_totals, state.joint_total
                if follow_leader:
                    leader = [short_average(c, _utilities(payoffs[-1], rows, i)) for i, c in enumerate(conditionals)]
                    totals = tuple(total + gain for total, gain in zip(totals, leader, strict=True))
                if joint is not None:
                    joint = joint + functools.reduce(_outer, rows)
                return _State(log_weights, totals, joint), None

            return jax.lax.scan(one, state, None, length=self.rounds)[0]

        payoffs = jnp.concatenate([outcome.followers, outcome.leader[:, None]], axis=1).T
        return batch_last(rounds)(state, payoffs.reshape(-1, len(support), *game.n_actions))

    def _rate(self, game: Game) -> float:
        """What a unit of payoff adds to a log-weight."""
        return float(np.log1p(self.epsilon) / (self.scale or game.follower_payoff_scale))

    def strategy(self, game: Game, state: _State) -> Strategies | JointPlay:
        if state.joint_total is not None:
            return JointPlay(state.joint_total / self.rounds)
        if self.play == "argmax":
            return Strategies(tuple(map(self._likeliest, state.log_weights, state.leader_totals)))
        return Strategies(tuple(jax.nn.softmax(log_w) for log_w in state.log_weights))

    def _likeliest(
        self, log_w: Float[Array, "types actions"], leader_totals: Float[Array, "types actions"]
    ) -> Float[Array, "types actions"]:
        tied = log_w >= log_w.max(axis=1, keepdims=True) - _TIE[log_w.dtype.itemsize]
        if self.ties == "uniform":
            return tied / tied.sum(axis=1, keepdims=True)
        # A total that no tied action exceeds: the first such action is taken.
        sign = {"first": 0.0, "strong": 1.0, "weak": -1.0}[self.ties]
        chosen = jnp.argmax(jnp.where(tied, sign * leader_totals, -jnp.inf), axis=1)
        return jax.nn.one_hot(chosen, log_w.shape[1])

    def features(self, game: Game, state: _State) -> Float[Array, "F"]:
        """The normalised weights of every follower and type."""
        return jnp.concatenate([jax.nn.softmax(log_w).ravel() for log_w in state.log_weights])


def _conditionals(game: Game) -> list[np.ndarray]:
    """For each follower, P(type profile | own type), shape [types, P]; zero rows for types that never occur."""
    support, probs = game.types.profiles
    conditionals = []
    for i, n_types in enumerate(game.n_types):
        joint = (support[:, i] == np.arange(n_types)[:, None]) * probs
        total = joint.sum(axis=1, keepdims=True)
        conditionals.append(joint / np.where(total > 0, total, 1))
    return conditionals


def _utilities(
    payoffs: Float[Array, "P *actions B"], rows: list[Float[Array, "P _actions B"]], i_follower: int
) -> Float[Array, "P own_actions B"]:
    """Expected payoff of each action of one follower at every type profile, against the others' mixed strategies."""
    n = len(rows)
    for j in reversed(range(n)):
        if j != i_follower:
            shape = [1] * payoffs.ndim
            shape[0], shape[j + 1], shape[-1] = rows[j].shape
            weighed = payoffs * rows[j].reshape(shape)
            payoffs = jnp.expand_dims(short_sum(weighed, j + 1), j + 1)
    return payoffs.reshape(payoffs.shape[0], -1, payoffs.shape[-1])


def _outer(joint: Float[Array, "P a B"], row: Float[Array, "P b B"]) -> Float[Array, "P ab B"]:
    """Joint probabilities of independent choices; the last follower's action varies fastest."""
    return (joint[:, :, None] * row[:, None]).reshape(joint.shape[0], -1, joint.shape[-1])
