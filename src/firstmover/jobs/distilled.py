"""A network told in words: two shallow trees in its place, judged as a rule of their own.

One tree scores the options, the other says what is done with the one that is picked. Both are grown from what the
network does in play. The followers respond to the trees anew, and fresh samples say what is lost.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from firstmover.core.commitment import Commitment, Greedy
from firstmover.core.modules import Module, static
from firstmover.core.noise import Stream, stream
from firstmover.core.plays import Play
from firstmover.core.policies import OptionPolicy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import answer
from firstmover.evaluators.at_size import Judging
from firstmover.evaluators.forms import play_noise_size, play_query
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.json_types import JsonObject
from firstmover.rules.trees import Tree, cases, grown

LEAVES = 12
_PLAYED, _SAMPLES = 1_000, 20_000


class TreePair(Module):
    """Two trees in the place of a network that scores options: the score of an option, and its other outputs."""

    feature: Int[Array, "trees nodes"]
    threshold: Float[Array, "trees nodes"]
    low: Int[Array, "trees nodes"]
    high: Int[Array, "trees nodes"]
    scores: Float[Array, "pick 1"]
    outputs: Float[Array, "then width"]
    depth: int = static()

    def __call__(self, x: Float[Array, "features"]) -> Float[Array, "outputs"]:
        """The outputs for one option, as those of the network."""

        def down(k: int) -> Array:
            node = jnp.int32(0)
            for _ in range(self.depth):
                above = x[self.feature[k, node]] > self.threshold[k, node]
                node = jnp.where(above, self.high[k, node], self.low[k, node])
            return node

        return jnp.concatenate([self.scores[down(0)], self.outputs[down(1)]])


def distilled(
    game: Game, followers: Follower, commitment: Commitment, play: Play, value: float, seed: int
) -> JsonObject | None:
    """A network's rule in words, what it is worth and what is lost, as JSON values; None where options have no names.

    Args:
        game: in units of the user.
        followers: who respond to the trees.
        commitment: a rule of the game's standardised copy.
        play: how followers play under it.
        value: what it is worth.
        seed: of the design.
    """
    names = game.option_feature_names()
    policy = getattr(commitment, "policy", None)
    if not names or policy is None or game.leader_space.continuous:
        return None
    standard = game.standardised
    key = jax.random.fold_in(stream(jax.random.key(seed), Stream.CERTIFICATE), 2)
    scoring, offering = _trees(standard, policy, commitment, play, key)
    rule = Greedy(
        OptionPolicy(_pair(scoring, offering), standard.option_kinds, policy.options), standard.leader_space.head()
    )
    settled = StackelbergPOMDP(standard, followers.unhurried(), 1, listed=False)

    @jax.jit
    def respond(rule: Commitment) -> Play:
        return settled.followers.strategy(standard, settled.respond(rule, key).state)

    own, judging = respond(rule), Judging(game)
    worth, regrets = judging.value(rule, own, key, _SAMPLES), judging.regrets(rule, own, key, _SAMPLES)
    space: Any = game.leader_space
    return {
        "pick": [{"when": words, "score": round(float(scoring.values[k, 0]), 4)} for words, k in cases(scoring, names)],
        "then": [
            {"when": words, "do": _told(space, offering.values[k].reshape(-1, space.levels).argmax(axis=1))}
            for words, k in cases(offering, names)
        ],
        "value": worth.value,
        "value_interval": list(worth.interval),
        "regret_bound": regrets.most,
        "lost": value - worth.value,
    }


def _told(space: Any, levels: Int[np.ndarray, "size"]) -> JsonObject:
    """What is done with an option, as a rule file says it."""
    entry = space.entry(np.array([0, *levels]))
    return {name: value for name, value in entry.items() if name == space.word}


def _trees(game: Game, policy: OptionPolicy, commitment: Commitment, play: Play, key: Array) -> tuple[Tree, Tree]:
    """A tree for the scores of options that can be picked, and one for what is done with the one that is."""

    @jax.jit
    def met() -> tuple[Array, Array, Array, Array]:
        noise = jax.random.uniform(key, (_PLAYED, play_noise_size(game)))
        steps = answer(game, commitment, play_query(game, play, noise), key, keep_steps=True).steps
        assert steps is not None
        obs = steps.leader_obs.reshape(-1, steps.leader_obs.shape[-1])
        acted = steps.leader_acts.ravel()
        features = jax.vmap(game.option_features)(obs)
        masks = jax.vmap(game.leader_mask)(obs) & acted[:, None]
        return features, jax.vmap(jax.vmap(policy.network))(features), masks, steps.leader_action.reshape(len(obs), -1)

    features, outputs, masks, actions = (np.asarray(part) for part in met())
    scores = outputs[..., 0]
    centre = (scores * masks).sum(axis=1) / np.maximum(masks.sum(axis=1), 1)
    chosen = masks.any(axis=1)
    picked = np.arange(len(actions))[chosen], actions[chosen, 0].astype(int)
    space: Any = game.leader_space
    best = np.eye(space.levels)[actions[chosen, 1:].astype(int)].reshape(int(chosen.sum()), -1)
    scoring = grown(features[masks], (scores - centre[:, None])[masks][:, None], LEAVES)
    return scoring, grown(features[picked], best, LEAVES)


def _pair(scoring: Tree, offering: Tree) -> TreePair:
    """Both as arrays of one size; nodes that are not there are leaves."""
    size = max(len(scoring.low), len(offering.low))

    def both(part: Callable[[Tree], np.ndarray], kind: type[np.number]) -> Array:
        padded = [np.zeros(size, kind), np.zeros(size, kind)]
        for row, tree in zip(padded, (scoring, offering), strict=True):
            row[: len(tree.low)] = part(tree)
        return jnp.asarray(np.stack(padded))

    return TreePair(
        both(lambda tree: tree.feature, np.int32),
        both(lambda tree: tree.threshold, np.float32),
        both(lambda tree: tree.low, np.int32),
        both(lambda tree: tree.high, np.int32),
        jnp.asarray(scoring.values, jnp.float32),
        jnp.asarray(offering.values, jnp.float32),
        max(scoring.depth, offering.depth),
    )
