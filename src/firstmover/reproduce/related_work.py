"""Other ways to lead, which the second paper compares with or builds on: their own designs on three small games.

A leader that lets its followers respond anew to every commitment (the Stackelberg POMDP), one that differentiates
through a model of their learning, one that learns its follower's replies with its own values, and one that learns side
by side with its followers, more slowly. Whatever they
learnt with, their rules are then held to the same measure: the best reply by the follower's own observations.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from firstmover.equilibria.markov_commitments import markov_commitment
from firstmover.equilibria.markov_replies import memoryless_response
from firstmover.evaluators import solvable
from firstmover.evaluators.forms import table_of_play
from firstmover.followers import BestResponse, MultiplicativeWeights, PolicyGradient
from firstmover.games import Escape, Game, IteratedMatrix, Maintain
from firstmover.jobs.finished import Design
from firstmover.leaders import BiLevelActorCritic, CommitmentGradient, MetaGradient, Reinforce
from firstmover.reproduce.experiments import Experiment, Figure, Verdict
from firstmover.reproduce.measures import reached, summary
from firstmover.reproduce.oracles import MIXED_LEADER, TWELVE_GAMES, steps_until_close

_CLOSE = 0.01  # share of the leader's payoff range
_SIDE = "side by side"
_DILEMMA, _ESCAPE, _MAINTAIN = IteratedMatrix("prisoners_dilemma"), Escape(), Maintain()


def _one_shot(name: str, game: Game) -> dict[str, Experiment]:
    leaders = {
        "inner loop": CommitmentGradient(updates=30, restarts=2),
        "meta-gradient": MetaGradient(),
        "bi-level actor-critic": BiLevelActorCritic(),
    }
    experiments = {
        f"{name}, {way}": Experiment(f"related-{name}-{way.replace(' ', '-')}", game, MultiplicativeWeights(), leader)
        for way, leader in leaders.items()
    }
    return experiments | {f"{name}, {_SIDE}": _side_by_side(name, game, 85)}


def _side_by_side(name: str, game: Game, steps: int) -> Experiment:
    """Both learn from the same play, the follower ten times as fast, and nobody starts anew."""
    leader = Reinforce(
        updates=300, steps=steps, learning_rate=0.03, action_map=False, response_steps=0.0, carry_followers=True
    )
    return Experiment(f"related-{name}-side-by-side", game, PolicyGradient(rounds=1, learning_rate=0.3), leader)


_EXPERIMENTS = {
    "dilemma, inner loop": TWELVE_GAMES.experiments["prisoners_dilemma, Q-learning"],
    "dilemma, meta-gradient": Experiment(
        "related-dilemma-meta-gradient", _DILEMMA, BestResponse(policies="memoryless"), MetaGradient()
    ),
    "mixed dilemma, inner loop": MIXED_LEADER.experiments["replies by own observations"],
    "mixed dilemma, meta-gradient": Experiment(
        "related-mixed-dilemma-meta-gradient",
        IteratedMatrix("prisoners_dilemma", commitment="mixed"),
        BestResponse(policies="memoryless"),
        MetaGradient(),
    ),
    f"dilemma, {_SIDE}": _side_by_side("dilemma", _DILEMMA, 850),
    **_one_shot("escape", _ESCAPE),
    **_one_shot("maintain", _MAINTAIN),
}


def _committed(made: Design) -> Float[np.ndarray, "seeds"]:
    """What every seed's rule is worth against the exact reply."""
    game, table = made.game, table_of_play(made.game)
    return np.array([memoryless_response(table, solvable(game, rule), "strong").leader for rule in made.tables])


def _modelled(made: Design) -> Float[np.ndarray, "seeds"]:
    """What every seed's mixed rule earns from the followers that the leader models."""
    return np.asarray(made.history.value)[-1]


class _Claim(NamedTuple):
    """What is claimed of a way to lead.

    Attributes:
        claim, published, why: as in `Verdict`.
        earned: what has to reach the optimum, for every seed.
        claimed: whether the source claims it.
    """

    claim: str
    published: str
    why: str
    earned: Callable[[Design], Float[np.ndarray, "seeds"]] = _committed
    claimed: bool = True


_CLAIMS = {
    "inner loop": _Claim(
        "a leader whose followers respond anew to every commitment finds the best one",
        "finds it (Brero et al. 2023; Gerstgrasser and Parkes 2023)",
        "commitment level; for every commitment expected multiplicative weights, 1,000 sub-episodes of Q-learning, or "
        "where the leader mixes exact replies",
    ),
    "meta-gradient": _Claim(
        "a leader that learns through its followers' learning leads them to favourable outcomes",
        "shepherds learners towards outcomes that it favours (Balaguer et al. 2022)",
        "favourable: at least the best deterministic value, for the mixed rule and the naive followers that it was "
        "learnt with; the rule as committed is its likeliest actions, or itself where the leader mixes. Expected "
        "payoffs, from a table of the game, in place of episodes; the leader is paid when its followers have learnt",
        _modelled,
    ),
    _SIDE: _Claim(
        "training both at once, at two time scales, finds the best commitment",
        "no guarantee (Zheng et al. 2022, 'The AI Economist')",
        "policy gradient for both, the follower's rate ten times the leader's; what they settle at is a simultaneous "
        "equilibrium, since the leader takes its follower as given in every step",
        claimed=False,
    ),
    "bi-level actor-critic": _Claim(
        "the leader and its follower converge to the Stackelberg equilibrium",
        "converges to Stackelberg equilibria in matrix games (Zhang et al. 2020)",
        "tables in place of networks, no replay buffer",
    ),
}


def _best(game: Game) -> float:
    """The best deterministic rule against the best reply by own observations."""
    value = markov_commitment(table_of_play(game), "strong", "memoryless").value
    assert value is not None
    return value


def _judge(made: Mapping[str, Design]) -> Sequence[Verdict]:
    return [_verdict(label, done) for label, done in made.items()]


def _verdict(label: str, done: Design) -> Verdict:
    claim, optimum = _CLAIMS[label.split(", ")[1]], _best(done.game)
    committed = f"as committed {summary(done, optimum, _CLOSE, _committed(done))}"
    if claim.earned is _modelled:
        modelled = summary(done, optimum, _CLOSE, _modelled(done))
        committed = f"mixed, from the followers it models, {modelled}; {committed}"
    return Verdict(
        f"{label}: {claim.claim}",
        claim.published,
        f"{committed}; {steps_until_close(done, optimum):.3g} steps until the evaluated mean stays within 5 %",
        f"{optimum:g}, best deterministic rule against the best reply by own observations",
        reached(done, optimum, _CLOSE, claim.earned(done)) >= 0.9 * done.seeds if claim.claimed else None,
        claim.why,
    )


RELATED_WORK = Figure(
    "related-work",
    "Balaguer et al. 2022, Zhang et al. 2020, Zheng et al. 2022",
    "Meta-gradient leads learners to favourable outcomes, bi-level actor-critic finds Stackelberg equilibria.",
    "value of the rule as committed",
    _EXPERIMENTS,
    lambda: {"dilemma": _best(_DILEMMA), "escape": _best(_ESCAPE), "maintain": _best(_MAINTAIN)},
    _judge,
)
