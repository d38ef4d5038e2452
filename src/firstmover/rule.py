"""A rule that a person can read and a program can call: a commitment table, and the game that gives it words."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.rollout import JointPlay, Strategies


class Rule:
    """The leader's rule.

    Attributes:
        game: what it is a rule for.
        actions: one action per observation, shape [n_observations, ...].
    """

    def __init__(self, game: Game, actions: np.ndarray):
        """A rule from its table of actions."""
        self.game, self.actions = game, np.asarray(actions)

    def __call__(self, observation: Sequence[int] | int = 0) -> Any:
        """The action on this observation: an int, or an array for a continuous decision.

        Args:
            observation: the components of the leader's observation, or the only one; none in games where the leader
                sees nothing.

        Raises:
            InputError: the observation does not exist.
        """
        components = np.atleast_1d(np.asarray(observation))
        sizes = self.game.leader_obs_sizes
        if components.shape != (len(sizes),) or np.any(components < 0) or np.any(components >= sizes):
            raise InputError(f"an observation has {len(sizes)} component(s) below {sizes}; got {observation!r}.")
        action = self.game.played(np.asarray(self.actions[np.ravel_multi_index(tuple(components), sizes)]))
        return int(action) if action.ndim == 0 else action

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The entries of a rule file."""
        return self.game.rule(self.actions)

    @property
    def text(self) -> str:
        """The rule in sentences."""
        return " ".join(_capitalised(self.game.sentence(entry)) + "." for entry in self.entries)

    def as_file(self) -> dict[str, Any]:
        """The content of a rule file."""
        return {"game": self.game.name, "parameters": self.game.parameters(), "rule": self.entries}


def play_text(game: Game, play: Strategies | JointPlay) -> str:
    """What the followers do under a rule, in sentences; of correlated play, each follower's own part."""
    sentences = []
    for i, table in enumerate(_marginals(game, play)):
        for t in range(game.n_types[i]):
            sentences.append(_capitalised(game.play_sentence(i, t, table[t])) + ".")
    return " ".join(sentences)


def _marginals(game: Game, play: Strategies | JointPlay) -> list[np.ndarray]:
    if isinstance(play, Strategies):
        return [np.asarray(table) for table in play.tables]
    support, probs = game.types.profiles
    joint = np.asarray(play.probabilities).reshape(-1, *game.n_actions)
    tables = []
    for i, n_types in enumerate(game.n_types):
        own = joint.sum(axis=tuple(j + 1 for j in range(joint.ndim - 1) if j != i))
        weights = (support[:, i] == np.arange(n_types)[:, None]) * probs
        tables.append(weights @ own / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300))
    return tables


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
