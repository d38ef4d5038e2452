"""What `firstmover online` plays with a game: two learners of a table, or a supplier that learns demand."""

import functools
from collections.abc import Callable
from typing import NamedTuple, Protocol

from firstmover.catalogue import Parameters
from firstmover.errors import InputError, unknown_name
from firstmover.games.base import Game
from firstmover.games.newsvendor import Newsvendor
from firstmover.jobs.build import constructed
from firstmover.jobs.two_learners import follower_from, leader_from, learn_online
from firstmover.json_types import JsonObject
from firstmover.online.learners import OnlineFollower, OnlineLeader
from firstmover.online.selling import sell
from firstmover.online.suppliers import SUPPLIERS, Supplier


class Outcome(Protocol):
    """What came of it."""

    def as_json(self) -> JsonObject:
        """As JSON values."""

    def draw(self, title: str, kind: str) -> bytes:
        """The picture of its curves."""


class Session(NamedTuple):
    """Who meets, and how they are let to: `play(rounds=, seeds=, seed=, alive=)`."""

    leader: OnlineLeader | Supplier
    follower: OnlineFollower | None
    play: Callable[..., Outcome]


@functools.singledispatch
def session(
    game: Game,
    leader: str | None,
    leader_parameters: Parameters,
    follower: str | None,
    follower_parameters: Parameters,
) -> Session:
    """The learners with these names, or the usual ones of the game.

    Raises:
        InputError: a name or a parameter is not valid.
    """
    own = leader_from(leader or "exp3", leader_parameters)
    other = follower_from(follower or "ucb", follower_parameters)
    return Session(own, other, functools.partial(learn_online, game, leader=own, follower=other))


@session.register
def _of_newsvendor(
    game: Newsvendor,
    leader: str | None,
    leader_parameters: Parameters,
    follower: str | None,
    follower_parameters: Parameters,
) -> Session:
    """A supplier whose retailer knows demand and replies exactly.

    Raises:
        InputError: there is no such supplier, a parameter is not valid, or a follower is named.
    """
    if follower is not None or follower_parameters:
        raise InputError("the retailer of a newsvendor knows demand and replies exactly; leave out --follower and -f.")
    name = leader or "optimistic"
    if name not in SUPPLIERS:
        raise unknown_name("online leader of newsvendor", name, SUPPLIERS)
    supplier: Supplier = constructed(SUPPLIERS[name], name, leader_parameters)
    return Session(supplier, None, functools.partial(sell, game, supplier))
