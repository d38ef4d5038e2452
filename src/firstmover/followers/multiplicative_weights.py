"""Multiplicative weights: every (follower, type) keeps a weight per action and multiplies it up by what it pays.

    w_i[t_i, a] <- w_i[t_i, a] * (1 + epsilon) ** (payoff of a / scale)                  for every action a

`update=sampled` is Algorithm 2 of the paper: in a round one type profile is drawn, every follower draws an action by
its weights, and each action of each follower is evaluated against the others' drawn actions. `update=expected`
evaluates every action against the others' current mixed strategies, for all types in every round.

Source: Brero et al., "Stackelberg POMDP", algorithm 2; Freund and Schapire 1997. Also known as: Hedge.
Differs from the source: payoffs are divided by `scale` (by default the range of the followers' payoffs, so that a
step means the same in every game); the sources' codes divide by the largest payoff of the game.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.noise import inverse_cdf
from firstmover.rollout import Actions, JointPlay, Outcome, Query, Strategies, all_profiles, joint_play, type_masks

_TIE = 1e-4  # log-weights this close count as equal: float32 sums of a thousand rounds differ by less


class _State(NamedTuple):
    log_weights: tuple[Float[Array, "types actions"], ...]
    leader_totals: tuple[Float[Array, "types actions"], ...]  # the leader's payoffs beside each action, for ties
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
    epsilon: float = 1.0
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
        if self.play != "argmax" and self.ties != "first":
            raise InputError(f"ties={self.ties} has an effect with play=argmax only; here play={self.play}.")

    @property
    def enumerates(self) -> bool:
        return self.update == "expected"

    def check(self, game: Game) -> None:
        super().check(game)
        if self.play == "average" and not self.enumerates:
            all_profiles(game)

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
            [
                inverse_cdf(jax.nn.softmax(log_w[types[i]]), noise[n + i])
                for i, log_w in enumerate(state.log_weights)
            ]
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
        types = query.types[0]
        gains, leader_gains, first = [], [], 0
        for i, (n_types, n_actions) in enumerate(zip(game.n_types, game.n_actions, strict=True)):
            evaluated = slice(first, first + n_actions)
            seen = jax.nn.one_hot(types[i], n_types)[:, None]
            gains.append(seen * outcome.followers[evaluated, i])
            leader_gains.append(seen * outcome.leader[evaluated])
            first += n_actions
        return self._updated(game, state, gains, leader_gains)

    def _tell_expected(self, game: Game, state: _State, outcome: Outcome) -> _State:
        payoffs = jnp.concatenate([outcome.followers, outcome.leader[:, None]], axis=1)
        payoffs = payoffs.T.reshape(-1, len(game.types.profiles[0]), *game.n_actions)
        conditionals = _conditionals(game)

        def round_(state: _State, _: None) -> tuple[_State, None]:
            tables = tuple(jax.nn.softmax(log_w) for log_w in state.log_weights)
            gains = [_utilities(game, payoffs[i], tables, i, c) for i, c in enumerate(conditionals)]
            leader_gains = [_utilities(game, payoffs[-1], tables, i, c) for i, c in enumerate(conditionals)]
            return self._updated(game, state, gains, leader_gains), None

        return jax.lax.scan(round_, state, None, length=self.rounds)[0]

    def _updated(self, game: Game, state: _State, gains: list[Array], leader_gains: list[Array]) -> _State:
        rate = np.log1p(self.epsilon) / (self.scale or game.follower_payoff_scale)
        joint = state.joint_total
        if joint is not None:
            joint = joint + joint_play(game, Strategies(tuple(jax.nn.softmax(w) for w in state.log_weights)))
        totals = state.leader_totals
        if self.ties in ("strong", "weak"):
            totals = tuple(total + gain for total, gain in zip(totals, leader_gains, strict=True))
        log_weights = tuple(w + rate * gain for w, gain in zip(state.log_weights, gains, strict=True))
        return _State(log_weights, totals, joint)

    def strategy(self, game: Game, state: _State) -> Strategies | JointPlay:
        if state.joint_total is not None:
            return JointPlay(state.joint_total / self.rounds)
        if self.play == "argmax":
            return Strategies(tuple(map(self._likeliest, state.log_weights, state.leader_totals)))
        return Strategies(tuple(jax.nn.softmax(log_w) for log_w in state.log_weights))

    def _likeliest(
        self, log_w: Float[Array, "types actions"], leader_totals: Float[Array, "types actions"]
    ) -> Float[Array, "types actions"]:
        tied = log_w >= log_w.max(axis=1, keepdims=True) - _TIE
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
    game: Game,
    payoffs: Float[Array, "P *actions"],
    tables: tuple[Float[Array, "types actions"], ...],
    i_follower: int,
    conditional: np.ndarray,
) -> Float[Array, "types own_actions"]:
    """Expected payoff of each action of one follower, by its type, against the others' mixed strategies."""
    support, _ = game.types.profiles
    for j in reversed(range(game.n_followers)):
        if j != i_follower:
            weights = tables[j][support[:, j]]
            shape = [weights.shape[0]] + [1] * (payoffs.ndim - 1)
            shape[j + 1] = weights.shape[1]
            payoffs = (payoffs * weights.reshape(shape)).sum(axis=j + 1, keepdims=True)
    return jnp.asarray(conditional, payoffs.dtype) @ payoffs.reshape(payoffs.shape[0], -1)
