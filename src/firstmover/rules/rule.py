"""A rule that a person can read and a program can call: a commitment table, and the game that gives it words."""

import itertools
from collections.abc import Sequence

import numpy as np

from firstmover.core.plays import Play
from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.games.entries import read_entries
from firstmover.json_types import Parsed

_LONGEST = 200  # characters of a rule in its short form


class Rule:
    """The leader's rule.

    Attributes:
        game: what it is a rule for.
        actions: one action per observation, shape [n_observations, ...].
    """

    def __init__(self, game: Game, actions: np.ndarray):
        """A rule from its table of actions."""
        self.game, self.actions = game, np.asarray(actions)

    def __repr__(self) -> str:
        text = self.text
        short = text if len(text) <= _LONGEST else f"{text[:_LONGEST].rpartition(' ')[0]} ..."
        return f"<Rule of {self.game!r}: {short}>"

    def _repr_html_(self) -> str:
        """The rule in words and as a table, for notebooks."""
        from firstmover.report.page import fragment
        from firstmover.report.sections import rule_page

        return fragment(rule_page(self))

    @classmethod
    def read(cls, game: Game, entries: object) -> "Rule":
        """A rule from the entries of a rule file, of which the first that matches a situation decides there.

        Args:
            game: what it is a rule for.
            entries: a list of `{"when": {...}, "do": {...}}`; what `when` leaves out, or gives as null, matches
                anything.

        Raises:
            InputError: an entry is malformed or asks for what is not possible, or a situation that the rule can come
                to has none.
        """
        return cls(*read_entries(game, entries))

    def __call__(self, observation: Sequence[int] | int = 0) -> int | np.ndarray:
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

    def as_told(self) -> "Rule":
        """The rule as its entries tell it, which may be rounded: prices are told to nine digits."""
        table = self.actions.astype(np.float64 if self.game.leader_space.continuous else np.int32)
        for observation, row in self.game.reached(self.actions):
            entry = self.game.entry(observation, np.asarray(self.actions[row]))
            table[row] = self.game.decision(entry["when"], entry["do"])
        return Rule(self.game, table)

    @property
    def entries(self) -> list[Parsed]:
        """The entries of a rule file."""
        return self.game.rule(self.actions)

    @property
    def text(self) -> str:
        """The rule in sentences."""
        return " ".join(self.sentences)

    @property
    def sentences(self) -> list[str]:
        """A sentence for every entry."""
        return [_capitalised(self.game.sentence(entry)) + "." for entry in self.entries]

    def as_file(self) -> Parsed:
        """The content of a rule file."""
        return {"game": self.game.name, "parameters": self.game.parameters(), "rule": self.entries}


def play_text(game: Game, play: Play) -> str:
    """What the followers do under a rule, in sentences; of correlated play, each follower's own part."""
    told = play.in_words(game)
    if told is not None:
        return told
    sentences = []
    for i, table in enumerate(play.by_step(game)):
        over_types = game.play_over_types(i, table[0])
        if over_types is not None:
            sentences.append(_capitalised(over_types) + ".")
            continue
        for o in game.told_observations(i):
            sentences += _over_time(game, i, o, table[:, o])
    return " ".join(sentences)


def in_sentences(game: Game, tables: Sequence[np.ndarray]) -> str:
    """What followers do who play these actions, [observations, actions] each, in sentences."""
    return " ".join(
        _capitalised(game.play_sentence(i, o, table[o])) + "."
        for i, table in enumerate(tables)
        for o in range(game.n_obs[i])
    )


def _over_time(game: Game, i: int, o: int, rows: np.ndarray) -> list[str]:
    """What a follower does at an observation, for every stretch of steps in which it does the same."""
    starts = [0, *(np.flatnonzero(np.any(rows[1:] != rows[:-1], axis=-1)) + 1).tolist(), len(rows)]
    if len(starts) == 2:
        return [_capitalised(game.play_sentence(i, o, rows[0])) + "."]
    return [
        f"{'In step' if end - begin == 1 else 'From step'} {begin + 1}"
        f"{'' if end - begin == 1 else f' to {end}'}, {game.play_sentence(i, o, rows[begin])}."
        for begin, end in itertools.pairwise(starts)
    ]


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
