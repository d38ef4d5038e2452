"""How well can a rule of this game, and the play under it, be known? It is decided here, once."""

from typing import Literal

import jax

from firstmover.errors import InputError
from firstmover.evaluators.aims import AtLeast, Constrained, Robust, WeightedMeasures, Weights
from firstmover.evaluators.base import Evaluator, Judge
from firstmover.evaluators.flow import Flow
from firstmover.evaluators.forms import all_profiles
from firstmover.evaluators.listed import Listed, WorstCase
from firstmover.evaluators.of_sample import SampleOfTypes
from firstmover.evaluators.pure_play import PurePlay
from firstmover.evaluators.sampled import Sampled, SampledJudge, SampledProfiles
from firstmover.evaluators.state_table import StateTable
from firstmover.evaluators.worst_case import check_worst_case
from firstmover.games.base import Game
from firstmover.games.mean_field import of_crowd
from firstmover.solvers.registry import state_table

Target = Literal["learned", "worst", "robust", "behaviours"]


def evaluator_for(
    game: Game,
    followers: str,
    *,
    pure: bool,
    continues: bool = False,
    reward_episodes: int,
    target: Target = "learned",
    radius: float = 0.0,
    least: tuple[AtLeast, ...] = (),
    weighted: Weights | None = None,
) -> Evaluator:
    """What an episode is rewarded with.

    Args:
        game: what is played.
        followers: the followers' name, for messages.
        pure: whether their play has no chance in it.
        continues: whether reward sub-episodes start where the response ended.
        reward_episodes: how many sub-episodes are sampled; 0 for the exact expectation.
        target: the value at the followers' play (with "behaviours" it is asked for one model at a time), a lower bound
            over equilibria, or the least over nearby priors.
        radius: how far priors may be off, where the target is the least over them.
        least: measures that must not fall short.
        weighted: measures whose weighted sum is rewarded in place of the target.

    Raises:
        InputError: an exact reward, or a worst case, is asked of a game that has none.
    """
    if game.followers_act == "crowd":
        if target != "learned" or reward_episodes or least:
            raise InputError(
                f"{game.name} pays for what its crowd as a whole does, which is not sampled step by step: design it "
                "with a leader such as commitment-gradient, reward_episodes=0 and target=learned; got "
                f"{reward_episodes} and {target}."
            )
        return Flow(of_crowd(game))
    if game.draws_types and (target in ("worst", "robust") or least or weighted is not None):
        raise InputError(
            f"the types of {game.name} are drawn: a sample bounds no worst case and no measure, so leave out target="
            "worst or robust, weights and constraints, or list the types."
        )
    if (target != "learned" or least) and (reward_episodes or continues):
        what = f"target={target}" if target != "learned" else "a constraint"
        raise InputError(f"{what} needs exact rewards, reward_episodes=0; got {reward_episodes}.")
    if least:
        base = evaluator_for(
            game, followers, pure=pure, reward_episodes=0, target=target, radius=radius, weighted=weighted
        )
        return Constrained(game, base, least)
    if weighted is not None:
        return WeightedMeasures(game, weighted)
    if target == "worst":
        check_worst_case(game)
        return WorstCase(game)
    if target == "robust":
        return Robust(game, radius)
    if reward_episodes:
        return Sampled(game, reward_episodes)
    if continues:
        raise InputError(
            f"{followers} followers go on where their response ended, so that the reward has to be sampled: "
            "reward_episodes must be at least 1."
        )
    if game.followers_act == "once":
        jax.eval_shape(lambda: all_profiles(game))  # refuses
        return Listed(game)
    if pure and not game.has_chance:
        return PurePlay(game)
    try:
        state_table(game)
    except InputError as why:
        raise InputError(
            f"the reward of {followers} followers in {game.name} has to be sampled, "
            f"reward_episodes must be at least 1: {why}"
        ) from None
    return StateTable(game)


def judge_of(game: Game, *, samples: int | None = None, seed: int = 0) -> Judge:
    """What finished rules are judged by: the flow of a crowd, or all profiles, else all states, else a sample of play.

    Args:
        game: what is played.
        samples: sub-episodes of a sample, where one is needed; as many as the game says if None.
        seed: of the sample.
    """
    if game.followers_act == "crowd":
        return Flow(of_crowd(game))
    try:
        if game.followers_act == "once":
            jax.eval_shape(lambda: all_profiles(game))  # refuses
            return SampleOfTypes(game) if game.draws_types else Listed(game)
        state_table(game)
        return StateTable(game)
    except InputError as why:
        return sampled_judge(game, str(why), samples=samples, seed=seed)


def steps_to_judge(game: Game) -> int:
    """Steps that are played to judge a finished rule once, at most; one for every profile where these are listed."""
    try:
        return len(all_profiles(game).types)
    except InputError:
        replies = 1 + sum(game.n_actions) if game.followers_act == "once" else 1
        return game.samples * (game.horizon + 1) * replies


def sampled_judge(game: Game, reason: str = "", *, samples: int | None = None, seed: int = 0) -> SampledJudge:
    """A judge by a sample of play, for any game.

    Args:
        game: what is played.
        reason: why it is not judged by more.
        samples: sub-episodes of the sample; as many as the game says if None.
        seed: of the sample.
    """
    samples = game.samples if samples is None else samples
    if game.followers_act == "once":
        return SampledProfiles(game, reason, samples, seed)
    return SampledJudge(game, f"regrets and bounds need a table of states: {reason}", samples, seed)
