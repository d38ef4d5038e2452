"""What is known of a rule that is a network: from fresh samples, in the form that certificates of other rules have.

The value is a mean with its interval; regrets are bounded for all followers, types and actions at once; nothing is said
of equilibria other than the play that was sampled.
"""

from typing import NamedTuple

import jax
import numpy as np

from firstmover.certificates import BaselineValue, Certificate, PayoffRange
from firstmover.core.commitment import Commitment
from firstmover.core.noise import Stream, stream
from firstmover.core.plays import Play
from firstmover.errors import NO_NUMBER
from firstmover.evaluators import Status
from firstmover.evaluators.at_size import CONFIDENCE, Judging, SampledRegrets, SampledValue
from firstmover.evaluators.base import Regrets
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.jobs import build
from firstmover.leaders.base import Leader
from firstmover.rules.rule import in_sentences
from firstmover.solvers.registry import baseline_value

SAMPLES = 40_000


class Judgement(NamedTuple):
    """What is known of a seed's final rule."""

    value: SampledValue
    regrets: SampledRegrets


def judged_anew(judging: Judging, commitment: Commitment, play: Play, seed: int) -> Judgement:
    """A rule that was chosen as the best of several, on samples that did not choose it."""
    key, samples = jax.random.fold_in(stream(jax.random.key(seed), Stream.CERTIFICATE), 1), 2 * SAMPLES
    return Judgement(judging.value(commitment, play, key, samples), judging.regrets(commitment, play, key, samples))


def in_words(leader: Leader, game: Game) -> str:
    """The rule in a sentence."""
    policy = build.description(leader)["parameters"]["policy"]
    what = "scores the options that are left and picks the best" if policy == "options" else "maps what is seen to it"
    return f"A network {what} ({game.leader_space.head().width} outputs); it is not written out."


def network_certificate(game: Game, followers: Follower, play: Play, final: Judgement, words: str) -> Certificate:
    """What is known of the best seed's rule, as the certificates of other rules say it."""
    gain = None
    try:
        name, value = baseline_value(game)
        baseline = BaselineValue(name, value, over="exact")
        gain = final.value.value - value
    except NO_NUMBER as why:
        baseline = BaselineValue("the game's baseline rule", None, reason=str(why))
    tables = [np.asarray(table, float) for table in play.tables_at(0)]
    shown = tables[:1] if game.alike and all(np.array_equal(table, tables[0]) for table in tables) else tables
    text = in_sentences(game, shown) + (" All others do the same." if len(shown) < len(tables) else "")
    reason = "a sample bounds regrets, never the value over equilibria"
    return Certificate(
        game=game.name,
        parameters=build.description(game)["parameters"],
        rule=[],
        rule_text=words,
        play_text=text,
        followers=build.description(followers),
        value=final.value.value,
        welfare=final.value.welfare,
        revenue=final.value.revenue,
        epsilon=Regrets(final.regrets.by_follower, final.regrets.most, {"estimated": final.regrets.estimated}),
        leader_value_bounds=None,
        leader_value_bounds_at_epsilon=None,
        bounds_epsilon=final.regrets.most,
        reason=reason,
        exact=False,
        confidence=CONFIDENCE,
        payoff_range=PayoffRange.of(game),
        baseline=baseline,
        gain=gain,
        sizes={"samples": final.regrets.samples},
        tolerance=1e-7,
        status={
            "value": Status("sampled", f"the mean of {final.value.samples} fresh sub-episodes"),
            "epsilon": Status("bounded", f"from above, all at once, at confidence {CONFIDENCE:g}"),
            "bounds": Status("unknown", reason),
        },
        proof=None,
    )
