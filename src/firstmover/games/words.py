"""What is said about a game: rule-file entries, sentences and parameters, from its spaces and its constructor.

A game overrides what it can say better.
"""

import abc
import functools
import inspect
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from firstmover.exact_numbers import Table, written
from firstmover.json_types import Parsed
from firstmover.spaces import Discrete, Space
from firstmover.wording import constructed

# What a game gives or what follows from it; in other units it is the same.
SIZES = ("sees", "knows", "acts", "leader_obs_sizes", "n_obs", "n_actions")
NOBODY = Discrete(["participant"], "")  # what a follower is that knows nothing of its own


class Words(abc.ABC):
    """The spaces of a game, and what follows from their labels.

    A game gives `leader_space`, and of what is seen, known and done either the spaces or, where there are no names,
    only their sizes (`leader_obs_sizes`, `n_obs`, `n_actions`); the others follow.

    Attributes:
        leader_space: what a decision of the leader is.
        given: the constructor's arguments.
    """

    leader_space: Space
    given: Parsed

    def __new__(cls, *args: object, **kwargs: object) -> Any:
        """Note the constructor's arguments: they are the game's parameters."""
        self = super().__new__(cls)
        signature = inspect.signature(cls.__init__)
        bound = signature.bind_partial(self, *args, **kwargs)  # a copy is made without arguments
        bound.apply_defaults()
        _, *named = [p.name for p in signature.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        self.given = {name: bound.arguments[name] for name in named if name in bound.arguments}
        return self

    @functools.cached_property
    def sees(self) -> tuple[Discrete, ...]:
        """What the leader sees, a space for each component of its observation; none if it sees nothing."""
        sizes = self.leader_obs_sizes
        return () if sizes == (1,) else tuple(Discrete(n, f"observation {k}") for k, n in enumerate(sizes))

    @functools.cached_property
    def knows(self) -> tuple[Discrete, ...]:
        """What every follower observes when it acts: its type, where it acts once."""
        return tuple(Discrete(n, "observation") for n in self.n_obs)

    @functools.cached_property
    def acts(self) -> tuple[Discrete, ...]:
        """What every follower does."""
        return tuple(Discrete(n) for n in self.n_actions)

    @functools.cached_property
    def leader_obs_sizes(self) -> tuple[int, ...]:
        """Number of values of each component of the leader's observation."""
        return tuple(space.n for space in self.sees) or (1,)

    @functools.cached_property
    def n_obs(self) -> tuple[int, ...]:
        """Number of observations of each follower."""
        return tuple(space.n for space in self.knows)

    @functools.cached_property
    def n_actions(self) -> tuple[int, ...]:
        """Number of actions of each follower."""
        return tuple(space.n for space in self.acts)

    @property
    def n_followers(self) -> int:
        """Number of followers."""
        return len(self.n_actions)

    # Parameters.

    def parameters(self) -> Parsed:
        """JSON values from which the constructor builds this game again."""
        return {name: plain(value) for name, value in self.given.items()}

    def written_as(self, **parameters: object) -> None:
        """Note how parameters of the constructor are written, where that is not as given; what is None is left out."""
        for name in self.given.keys() & parameters.keys():
            self.given[name] = parameters[name]
            if parameters[name] is None:
                del self.given[name]

    def __repr__(self) -> str:
        return constructed(type(self), self.parameters())

    # Rules.

    def played(self, action: np.ndarray) -> np.ndarray:
        """What a decision of the leader comes to, where the game reads it otherwise than as it stands."""
        decision = np.asarray(action, np.float64) if self.leader_space.continuous else np.asarray(action)
        return np.asarray(self.leader_space.played(decision))

    def conditions(self, observation: Sequence[int]) -> Parsed:
        """What an entry of a rule file says of the leader's observation (`when`)."""
        when: Parsed = {}
        for space, component in zip(self.sees, observation, strict=False):
            when |= space.entry(component)
        return when

    def entry(self, observation: Sequence[int], action: np.ndarray) -> Parsed:
        """One entry of a rule file, `{"when": {...}, "do": {...}}`."""
        return {"when": self.conditions(observation), "do": self.leader_space.entry(action)}

    def decision(self, when: Parsed, do: Parsed) -> np.ndarray:
        """The action that the `do` of an entry asks for, where `when` describes what the leader observes.

        Raises:
            InputError: it asks for nothing that is possible there.
        """
        del when
        return self.leader_space.read(do)

    def sentence(self, entry: Parsed) -> str:
        """The entry in words, without a full stop."""
        done = self.leader_space.words(self.leader_space.read(entry["do"]))
        seen = [f"{space.word} {entry['when'][space.word]}" for space in self.sees if space.word in entry["when"]]
        return f"on {' and '.join(seen)}: {done}" if seen else done

    # Play.

    def told_observations(self, follower: int) -> Sequence[int]:
        """Observations of a follower at which it is told in words what it does: by default all."""
        return range(self.n_obs[follower])

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        """What a follower of this type does, in words, without a full stop."""
        own, acts = self.knows[follower].words(type_), self.acts[follower]
        who = own if self.n_followers == 1 else f"follower {follower}, {own}"
        return f"{who}: {acts.word + ' ' if acts.named else ''}{acts.mixed(probabilities)}"

    def play_over_types(self, follower: int, table: np.ndarray) -> str | None:
        """What a follower does over all of its types [types, actions], where these are too many for a sentence each."""
        del follower, table
        return None

    def player_labels(self) -> list[str]:
        """What the leader and every follower are called."""
        followers = ["follower"] if self.n_followers == 1 else [f"follower {i}" for i in range(self.n_followers)]
        return ["leader", *followers]

    def type_labels(self, follower: int) -> list[str]:
        """What a follower's types are called, where it acts once."""
        return list(self.knows[follower].labels)

    def action_labels(self, follower: int) -> list[str]:
        """What a follower's actions are called."""
        return list(self.acts[follower].labels)


def plain(given: object) -> object:
    """Arrays as lists, all the way down, for a file."""
    if isinstance(given, dict):
        return {key: plain(value) for key, value in given.items()}
    if isinstance(given, list | tuple | np.ndarray):
        return [plain(value) for value in given]
    if isinstance(given, Table):
        return given.written()
    if isinstance(given, Fraction):
        return written(given)
    return given.item() if isinstance(given, np.generic) else given
