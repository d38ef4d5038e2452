"""Finite Markov games as tables, and the games that a leader's memoryless rules leave the followers.

Arrays are indexed [state, leader action, joint follower action]; a joint action is one number, with the last
follower's action varying fastest. Players: the leader first, then the followers. What is random is the state at the
start, and the leader's action under a mixed rule; nothing else. Payments of step t count `discount ** t`. Everyone
maximises, over `horizon` steps, in the units of the payments.

A rule is one action (or one mixture) for each of the leader's observations, whatever the time. What followers
reply is found in `markov_replies`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from firstmover.errors import InputError, require

MAX_WORK = 2_000_000_000  # numbers looked at in an enumeration: about half a minute


@dataclass(frozen=True, eq=False)
class MarkovGame:
    """A finite Markov game with one leader and n followers, as tables.

    Attributes:
        start: probability of every state at the start, summing to 1.
        leader_obs: what the leader observes in every state, below `n_observations`.
        follower_obs: what every follower observes in every state, below `n_obs[i]`.
        next_states: the state that follows; where there is chance, of each of its K branches.
        leader: payments to the leader.
        followers: payments to every follower.
        possible: joint actions that the followers may take in every state.
        n_actions: number of actions of each follower.
        n_observations: number of the leader's observations.
        n_obs: number of observations of each follower.
        horizon: number of steps, at least 1.
        discount: what a payment one step later is worth, more than 0 and at most 1.
        symmetric: whether followers are interchangeable, and roles are drawn anew in every step (see the module).
        transfers: what followers pay to the leader less what it pays to them, or None in games without money.
        chance: how likely each branch of chance is after a step in every state; None where nothing is left to chance.

    Raises:
        InputError: shapes do not fit together, an index is out of range, or a number is not what is said here.
    """

    start: Float[np.ndarray, "S"]
    leader_obs: Int[np.ndarray, "S"]
    follower_obs: Int[np.ndarray, "n S"]
    next_states: Int[np.ndarray, "S A B"] | Int[np.ndarray, "K S A B"]
    leader: Float[np.ndarray, "S A B"]
    followers: Float[np.ndarray, "n S A B"]
    possible: Bool[np.ndarray, "S B"]
    n_actions: tuple[int, ...]
    n_observations: int
    n_obs: tuple[int, ...]
    horizon: int
    discount: float = 1.0
    symmetric: bool = False
    transfers: Float[np.ndarray, "S A B"] | None = None
    chance: Float[np.ndarray, "K S"] | None = None

    def __post_init__(self) -> None:
        states, _, joint = shape = self.next_states.shape[-3:]
        n = len(self.n_actions)
        fits = self.leader.shape == shape and self.followers.shape == (n, *shape) and len(self.n_obs) == n
        fits &= self.start.shape == self.leader_obs.shape == (states,) and self.follower_obs.shape == (n, states)
        fits &= self.possible.shape == (states, joint) and joint == math.prod(self.n_actions)
        require(bool(fits) and min(shape) > 0, "the tables of a Markov game must have shapes that fit together", shape)
        require(_within(self.next_states, states), f"next states must be from 0 to {states - 1}", "others")
        seen = _within(self.leader_obs, self.n_observations)
        seen &= all(_within(obs, size) for obs, size in zip(self.follower_obs, self.n_obs, strict=True))
        require(seen, "observations must be below their number", "others")
        fits = self.transfers is None or self.transfers.shape == shape
        require(fits, "transfers must have the shape of the leader's payments", shape)
        money = self.leader if self.transfers is None else self.transfers
        finite = all(np.isfinite(paid).all() for paid in (self.leader, self.followers, money))
        require(bool(finite), "the payments of a Markov game must be finite numbers", "NaN or infinity")
        require(bool(self.possible.any(axis=1).all()), "something must be possible in every state", "a state without")
        chances = bool((self.start >= 0).all() and abs(self.start.sum() - 1) <= 1e-9)
        require(chances, "the probabilities of the start must sum to 1", self.start.sum())
        if self.chance is None:
            require(self.next_states.ndim == 3, "without chance one state follows", self.next_states.ndim)
        else:
            fits = (*self.chance.shape, *shape[1:]) == self.next_states.shape
            require(fits, "chance must have a probability for each branch and state", self.chance.shape)
            sums = bool((self.chance >= 0).all() and np.allclose(self.chance.sum(axis=0), 1, rtol=0, atol=1e-9))
            require(sums, "the probabilities of chance must sum to 1 in every state", "others")
        require(self.horizon >= 1, "a Markov game needs a step", self.horizon)
        require(0 < self.discount <= 1, "the discount must be more than 0 and at most 1", self.discount)

    @property
    def rewards(self) -> Float[np.ndarray, "players S A B"]:
        """Payments to everybody, the leader first."""
        return np.concatenate([self.leader[None], self.followers])

    @property
    def branches(self) -> tuple[Int[np.ndarray, "K S A B"], Float[np.ndarray, "K S"]]:
        """What may follow, and how likely it is: one branch where nothing is left to chance."""
        if self.chance is None:
            return self.next_states[None], np.ones((1, len(self.start)))
        return self.next_states, self.chance

    @property
    def spans(self) -> Float[np.ndarray, "players"]:
        """No two plays differ by more than this in what they pay a player in total; 1 where that is 0."""
        total = sum(self.discount**t for t in range(self.horizon))
        spans = total * np.ptp(self.rewards.reshape(1 + len(self.n_actions), -1), axis=1)
        return np.where(spans > 0, spans, 1.0)

    def reachable(self) -> Bool[np.ndarray, "S"]:
        """States that some play comes to in time to act there."""
        seen = self.start > 0
        for _ in range(self.horizon - 1):
            grown = seen | self.after(seen)
            if (grown == seen).all():
                break
            seen = grown
        return seen

    def after(self, here: Bool[np.ndarray, "S"]) -> Bool[np.ndarray, "S"]:
        """States that may follow on some of these."""
        ahead = np.zeros_like(here)
        for following, likely in zip(*self.branches, strict=True):
            may = here & (likely > 0)
            ahead[following[may].swapaxes(1, 2)[self.possible[may]].ravel()] = True
        return ahead


def joint_strategy(game: MarkovGame, tables: Sequence[np.ndarray]) -> Float[np.ndarray, "S B"]:
    """Probabilities of joint actions in every state, for followers that play these tables independently.

    Args:
        game: the game.
        tables: for each follower the probability of its actions at its observations, shape [n_obs[i], n_actions[i]].
    """
    joint = np.ones((len(game.start), 1))
    for table, obs in zip(tables, game.follower_obs, strict=True):
        joint = (joint[:, :, None] * np.asarray(table, np.float64)[obs][:, None, :]).reshape(len(joint), -1)
    return joint


class Induced(NamedTuple):
    """The games that R rules leave the followers; `weights` of K branches where the leader mixes, or chance does.

    Joint actions come first, so that what is best is found along a long inner axis.
    """

    paid: Float[np.ndarray, "players B R S"]
    follows: Int[np.ndarray, "K B R S"]
    weights: Float[np.ndarray, "K R S"] | None

    def sizes(self) -> "Induced":
        """The same games with the sizes of all payments."""
        return self._replace(paid=np.abs(self.paid))

    def ahead(self, values: Float[np.ndarray, "players Q S"], discount: float) -> Float[np.ndarray, "players B Q S"]:
        """What every joint action pays now and later, if these are the values of what follows; R may be 1 or Q."""
        flat, first = values.reshape(len(values), -1), np.arange(values.shape[1])[:, None] * values.shape[2]
        if self.weights is None:
            return self.paid + discount * flat.take(first + self.follows[0], axis=1)
        total = np.repeat(self.paid, values.shape[1] // self.paid.shape[2], axis=2)
        for follows, weight in zip(self.follows, self.weights, strict=True):
            # A branch of probability 0 counts nothing, not even where nothing is known of it (NaN).
            total += np.where(weight > 0, discount * weight * flat.take(first + follows, axis=1), 0.0)
        return total


def induced(game: MarkovGame, rules: Int[np.ndarray, "R O"] | Float[np.ndarray, "R O A"]) -> Induced:
    """The games that these rules leave the followers.

    Raises:
        InputError: a rule has not one entry for each of the leader's observations.
    """
    require(rules.shape[1] == game.n_observations, f"a rule needs {game.n_observations} actions", rules.shape[1])
    decided = rules[:, game.leader_obs]
    states = np.arange(len(game.start))
    following, likely = game.branches
    if rules.dtype.kind != "f":
        paid, follows = game.rewards[:, states, decided], following[:, states, decided]
        joint_first = np.ascontiguousarray(np.moveaxis(follows, -1, 1))
        weights = None if game.chance is None else np.repeat(likely[:, None], len(rules), axis=1)
        return Induced(np.ascontiguousarray(np.moveaxis(paid, -1, 1)), joint_first, weights)
    # A branch for each of chance and each action that the leader may draw.
    weights = (likely[:, None, None] * np.moveaxis(decided, -1, 0)).reshape(-1, *decided.shape[:2])
    joint_first = following.transpose(0, 2, 3, 1).reshape(len(weights), -1, 1, len(states))
    return Induced(np.einsum("rsa,psab->pbrs", decided, game.rewards), joint_first, weights)


def _within(indices: Int[np.ndarray, "..."], size: int) -> bool:
    return bool(((indices >= 0) & (indices < size)).all())


def check_work(game: MarkovGame, what: str, work: float) -> None:
    """Refuse an enumeration of more than `MAX_WORK` numbers.

    Raises:
        InputError: it would look at more.
    """
    if work > MAX_WORK:
        raise InputError(
            f"{what} over {game.horizon} steps are too many: {work:.3g} numbers to look at, more than {MAX_WORK:.3g}."
        )
