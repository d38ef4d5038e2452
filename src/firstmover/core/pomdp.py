"""The Stackelberg POMDP: let the followers respond to a commitment, then pay the leader for how they play.

One episode is a response (rounds of equilibrium sub-episodes) followed by reward sub-episodes, in two views:

- commitment level, here: the whole episode against one frozen commitment, as one compiled function;
- step level, `step_level.py`: every decision of the leader is a transition, for step-level learners.

Both drive the same ask / tell machine with the same noise; a test holds them together.

Source: Brero et al., "Stackelberg POMDP", section 6; gamma is 1 and reward falls in reward sub-episodes only.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.commitment import Commitment
from firstmover.core.declarations import check_chance
from firstmover.core.noise import Stream, stream
from firstmover.core.plays import Play
from firstmover.errors import InputError
from firstmover.evaluators import Evaluator, Target, View, evaluator_for
from firstmover.evaluators.aims import AtLeast, Weights
from firstmover.followers.base import Follower, Response
from firstmover.games.base import Game
from firstmover.spaces.observations import MAX_LISTED


class Episode(NamedTuple):
    """An episode against one commitment.

    Attributes:
        reward: the leader's payoff per reward sub-episode, in the game's units; with `target` "worst", a lower bound on
            its value over equilibria.
        strategy: how the followers played in the reward phase.
        visited: which observations the leader met in the episode.
        env_steps: leader decisions in the sub-episodes whose payoff the response or the reward consumed; float32, so
            exact up to 2**24 and to seven digits beyond.
        simulated_steps: leader decisions that were really stepped.
    """

    reward: Float[Array, ""]
    strategy: Play
    visited: Bool[Array, "observations"]
    env_steps: Float[Array, ""]
    simulated_steps: Float[Array, ""]


@dataclass(frozen=True)
class StackelbergPOMDP:
    """A game, a model of its followers, and the number of reward sub-episodes.

    Attributes:
        game: what is played.
        followers: how the participants adapt.
        reward_episodes: reward sub-episodes of an episode, at least 1; or 0: the expectation in place of a sample,
            over all type and action profiles in games small enough to list, or over all that can happen in games with a
            table of states (commitment level only).
        target: what an episode is rewarded for: the value at the response that the followers learn ("learned"), or a
            lower bound on the value over all coarse correlated equilibria of the agent normal form ("worst";
            commitment level only, reward_episodes 0), or the least over priors within `radius` ("robust"; likewise).
        radius: total-variation distance of the priors, see `evaluators.aims`.
        least: measures that must not fall short, see `evaluators.aims` (commitment level only, reward_episodes 0).
        weighted: measures whose weighted sum is rewarded in place of the target, where there are some.
        parts: in how many parts a learner works off a batch of episodes; more parts need less memory. The numbers are
            the same, up to rounding.
        listed: whether whoever solves it lists the leader's observations, to keep a row for each.
    """

    game: Game
    followers: Follower
    reward_episodes: int = 0
    target: Target = "learned"
    radius: float = 0.0
    least: tuple[AtLeast, ...] = ()
    weighted: Weights | None = None
    parts: int = 1
    listed: bool = True

    def __post_init__(self) -> None:
        """Check that the parts fit.

        Raises:
            InputError: the game uses chance that it does not declare, the follower cannot play it, or an exact reward
                is asked of a game that has none.
        """
        check_chance(self.game)
        self.followers.check(self.game)
        if self.listed and not self.game.observed.listed:
            count = self.game.n_observations or "real-valued"
            raise InputError(
                f"the leader of {self.game.name} has {count} observations; at most {MAX_LISTED} can be listed: use "
                "'--leader commitment-gradient -l policy=network' (or policy=options), ppo, mappo or a2c."
            )
        if self.reward_episodes < 0:
            raise InputError(f"reward_episodes must be 0 (exact) or more; got {self.reward_episodes}.")
        self.evaluator  # noqa: B018 - refuses what it cannot evaluate

    @property
    def evaluator(self) -> Evaluator:
        """What an episode is rewarded with."""
        return evaluator_for(
            self.game,
            self.followers.name,
            pure=self.followers.plays_pure,
            continues=self.followers.continues,
            reward_episodes=self.reward_episodes,
            target=self.target,
            radius=self.radius,
            least=self.least,
            weighted=self.weighted,
        )

    @property
    def noiseless(self) -> bool:
        """Whether an episode earns the same against the same commitment, whatever its key."""
        return self.reward_episodes == 0 and self.followers.noise_size(self.game) == 0

    def of_seed(self, position: Int[Array, ""] | int) -> "StackelbergPOMDP":
        """The problem of the seed at this position (see `Follower.of_seed`)."""
        return replace(self, followers=self.followers.of_seed(position))

    def episode(self, commitment: Commitment, key: Key[Array, ""]) -> Episode:
        """One episode against a frozen commitment."""
        view = View(self.game, commitment, key)
        response = self.followers.respond(view, self.response_noise(key))
        play = self.followers.strategy(self.game, response.state)
        start = self.followers.position(self.game, response.state)
        value = self.evaluator.value(view, play, key, self.followers.asks(self.game), start)
        return Episode(
            value.reward,
            play,
            response.visited | value.visited,
            response.env_steps + value.decisions,
            response.simulated_steps + value.decisions,
        )

    def respond(self, commitment: Commitment, key: Key[Array, ""]) -> Response:
        """Let the followers respond to a frozen commitment, in the episode with this key."""
        return self.followers.respond(View(self.game, commitment, key), self.response_noise(key))

    def response_noise(self, key: Key[Array, ""]) -> Float[Array, "asks u"]:
        """The uniform numbers of a whole response, in one draw."""
        return self.followers.noise(self.game, stream(key, Stream.RESPONSE))
