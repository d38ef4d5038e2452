"""Values and regrets of rules that are never written out, from fresh samples: with intervals, and with bounds.

The value is a mean with its interval. A regret is bounded from above for every follower, type and action at once, by
the empirical Bernstein bound (Maurer and Pontil 2009, theorem 4) and a union bound: with k claims, N draws of one of
them that lie in an interval of width w, sample variance V and d = (1 - confidence) / k,

    mean <= sample mean + sqrt(2 V ln(2 / d) / N) + 7 w ln(2 / d) / (3 (N - 1))    with probability 1 - d.

Nothing is said of equilibria other than the play that was sampled: a sample has no extremum over them.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from firstmover.core.commitment import Commitment
from firstmover.core.noise import Stream, stream
from firstmover.core.plays import Actions, Play
from firstmover.core.rollout import Step, answer
from firstmover.errors import require
from firstmover.evaluators.forms import play_noise_size, play_query, type_masks
from firstmover.games.base import Game
from firstmover.games.units import Units

CONFIDENCE = 0.95
_Z = 1.959963984540054  # standard normal quantile at 0.975
_BLOCK = 2_000  # sub-episodes that are played at once
_LEAST = 1_000


class SampledValue(NamedTuple):
    """What followers' play earns the leader under a rule.

    Attributes:
        value: the mean over fresh sub-episodes.
        interval: its ends at 95 % confidence, by the normal distribution.
        welfare: the followers' mean total, plus the transfers.
        revenue: the mean transfers, or None without money.
        samples: how many sub-episodes.
    """

    value: float
    interval: tuple[float, float]
    welfare: float
    revenue: float | None
    samples: int


class SampledRegrets(NamedTuple):
    """What followers could gain at most.

    Attributes:
        by_follower: for every follower and type an upper bound on its gain by the best other action; None for a type
            that was not met.
        most: the largest of them, at least 0; all hold at once at `CONFIDENCE`.
        estimated: the largest gain as it was measured, without its margin.
        samples: sub-episodes for each counterfactual.
    """

    by_follower: list[list[float | None]]
    most: float
    estimated: float
    samples: int


class Judging:
    """Judges rules of a game that are commitments; its programs are compiled once for all rules of one kind.

    Attributes:
        game: what is played: the standardised copy, in which rules were learnt; results are in units of the game.
    """

    def __init__(self, game: Game):
        """For a game."""
        self.game = game.standardised
        players = 1 + game.n_followers
        units = self.game.payoff_units or Units((0.0,) * players, (1.0,) * players)
        self._offsets, self._scales = np.array(units.offsets), np.array(units.scales)
        self._means, self._gains = jax.jit(self._block), jax.jit(self._gains_of_block)

    def value(self, commitment: Commitment, play: Play, key: Key[Array, ""], samples: int = 40_000) -> SampledValue:
        """What the play earns under the rule, from about so many sub-episodes."""
        blocks = [self._means(commitment, play, jax.random.fold_in(key, k)) for k in range(_blocks(samples))]
        samples = len(blocks) * _BLOCK
        parts = [
            np.mean([np.asarray(part, np.float64) for part in parts], axis=0) for parts in zip(*blocks, strict=True)
        ]
        leader, squares, followers, money = parts
        half = _Z * self._scales[0] * math.sqrt(max(float(squares - leader**2), 0.0) / samples)
        value = float(self._offsets[0] + self._scales[0] * leader)
        total = float(np.sum(self._offsets[1:] + self._scales[1:] * followers))
        revenue = None if np.isnan(money) else float(self._scales[0] * money)
        return SampledValue(value, (value - half, value + half), total + (revenue or 0.0), revenue, samples)

    def _block(self, commitment: Commitment, play: Play, key: Key[Array, ""]) -> tuple[Array, Array, Array, Array]:
        game = self.game
        noise = jax.random.uniform(key, (_BLOCK, play_noise_size(game)))
        outcome = answer(game, commitment, play_query(game, play, noise), stream(key, Stream.CHANCE))
        money = jnp.float32(jnp.nan) if outcome.transfers is None else outcome.transfers.mean()
        return outcome.leader.mean(), (outcome.leader**2).mean(), outcome.followers.mean(axis=0), money

    def regrets(self, commitment: Commitment, play: Play, key: Key[Array, ""], samples: int = 40_000) -> SampledRegrets:
        """Bounds on what followers could gain by another action, of followers that act once.

        Where exchangeable followers play alike under a rule that treats them alike, one stands for all: they gain the
        same.

        Args:
            commitment: the rule.
            play: how followers play.
            key: of the samples.
            samples: about how many sub-episodes are played for each counterfactual.
        """
        game = self.game
        table = np.stack([np.asarray(own) for own in play.tables_at(0)])
        one_for_all = (
            game.alike and game.options_are_followers and commitment.equivariant and bool(np.all(table == table[0]))
        )
        judged = np.arange(1 if one_for_all else game.n_followers, dtype=np.int32)
        blocks = [self._gains(commitment, play, judged, jax.random.fold_in(key, k)) for k in range(_blocks(samples))]
        samples = len(blocks) * _BLOCK
        # Sums and sums of squares, [judged, types, actions], and counts, [judged, types, 1].
        sums, squares, counts = (
            np.sum([np.asarray(part, np.float64) for part in parts], axis=0) for parts in zip(*blocks, strict=True)
        )
        allowed = np.stack([np.asarray(mask) for mask in type_masks(game)])[judged]
        log = math.log(2 * allowed.sum() / (1 - CONFIDENCE))
        spans = np.array([2 * (high - low) for low, high in game.follower_payoff_ranges])[judged, None, None]
        n = np.maximum(counts, 2)
        means = sums / n
        variances = np.maximum(squares / n - means**2, 0) * n / (n - 1)
        bounds = means + np.sqrt(2 * variances * log / n) + 7 * spans * log / (3 * (n - 1))
        bounds = np.where(allowed & (counts >= 2), bounds, -np.inf).max(axis=2)
        scales = self._scales[1:][judged]
        bounds = bounds * scales[:, None]
        gains = np.where(allowed, means, 0).max(axis=(1, 2)) * scales
        bounds = np.broadcast_to(bounds, (game.n_followers, bounds.shape[1]))
        by_follower = [[max(0.0, b) if b > -np.inf else None for b in row] for row in bounds.tolist()]
        return SampledRegrets(by_follower, float(max(bounds.max(), 0)), float(gains.max()), samples)

    def _gains_of_block(
        self, commitment: Commitment, play: Play, judged: Int[Array, "judged"], key: Key[Array, ""]
    ) -> tuple[Array, Array, Array]:
        """Sums of gains, of their squares, and of draws, by judged follower, type and action."""
        game, n_actions, n_types = self.game, self.game.n_actions[0], self.game.n_types[0]
        noise = jax.random.uniform(key, (_BLOCK, play_noise_size(game)))
        query = play_query(game, play, noise)
        mixed = jnp.stack(play.tables_at(0))

        def of_follower(who: Array) -> tuple[Array, Array, Array]:
            def of_action(action: Array) -> Float[Array, "block types"]:
                acts = jnp.where(jnp.arange(game.n_followers) == who, action, query.play.profiles)
                own = query._replace(play=Actions(acts))
                outcome = answer(game, commitment, own, stream(key, Stream.CHANCE), keep_steps=game.tells_types_apart)
                return _paid(game, outcome.followers, outcome.steps, who, n_types)

            paid = jax.lax.map(of_action, jnp.arange(n_actions, dtype=jnp.int32))  # [actions, block, types]
            gains = jnp.moveaxis(paid - jnp.einsum("ta,abt->bt", mixed[who], paid), 0, -1)  # [block, types, actions]
            drawn = jax.nn.one_hot(query.types[:, who], n_types)
            if game.tells_types_apart:
                drawn = jnp.ones_like(drawn)
            weighted = gains * drawn[..., None]
            return weighted.sum(axis=0), (weighted**2).sum(axis=0), drawn.sum(axis=0)[:, None]

        found: tuple[Array, Array, Array] = jax.lax.map(of_follower, judged)
        return found


def _blocks(samples: int) -> int:
    """How many blocks so many samples are.

    Raises:
        InputError: they are too few.
    """
    require(samples >= _LEAST, f"samples must be at least {_LEAST}", samples)
    return -(-samples // _BLOCK)


def _paid(
    game: Game, followers: Float[Array, "block n"], steps: Step | None, who: Array, n_types: int
) -> Float[Array, "block types"]:
    """What a follower is paid in each sub-episode: for each type, or for the drawn one, whatever the column."""
    if steps is None:
        own = jnp.sum(jnp.where(jnp.arange(followers.shape[1]) == who, followers, 0), axis=1)
        return jnp.broadcast_to(own[:, None], (len(own), n_types))
    by_type = jax.vmap(game.paid_by_type, (0, 0, 0, None))
    return by_type(steps.leader_obs, steps.leader_action, steps.leader_acts, who)
