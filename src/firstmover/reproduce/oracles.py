"""The figures of Gerstgrasser and Parkes, "Oracles & Followers" (ICML 2023): the twelve iterated games.

For each game a contextual follower is trained once, per seed, over random leader rules, and a leader learns against it.
Beside it the same leader learns against followers that start anew for every rule and learn by tabular Q-learning. Steps
are counted until the mean evaluated value stays within 5 % of the leader's payoff range of the exact optimum.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from firstmover.certificates import certified_reply
from firstmover.designs import Design
from firstmover.equilibria.markov import best_response
from firstmover.followers import QLearning
from firstmover.followers.trained import Trained
from firstmover.games import IteratedMatrix
from firstmover.games.iterated_matrix import MATRICES, MatrixName
from firstmover.leaders import CommitmentGradient
from firstmover.pretraining import Pretraining, training_steps
from firstmover.reply_quality import quality
from firstmover.reproduce.experiments import Experiment, Figure, Verdict
from firstmover.reproduce.measures import summary
from firstmover.rollout import Strategies
from firstmover.rule import Rule

_SOURCE = "Gerstgrasser and Parkes 2023"
_CLOSE = 0.05  # share of the leader's payoff range
_LEADER = CommitmentGradient(updates=30, restarts=2)
_TRAINING = Pretraining()


def _contextual(name: MatrixName) -> Experiment:
    return Experiment(f"twelve-{name.replace('_', '-')}-contextual", IteratedMatrix(name), _TRAINING, _LEADER)


def _q_learning(name: MatrixName) -> Experiment:
    followers = QLearning(rounds=100, learning_rate=0.3, decay=0.03)
    return Experiment(f"twelve-{name.replace('_', '-')}-q-learning", IteratedMatrix(name), followers, _LEADER)


def _optimum(name: MatrixName) -> float:
    """The best deterministic rule against the best reply by the follower's own observations."""
    value = IteratedMatrix(name).memory_optimum("strong").value
    assert value is not None
    return value


def steps_until_close(made: Design, value: float) -> float:
    """Environment steps of a seed until the mean evaluated value stays close to a value; infinite if it does not."""
    low, high = made.game.leader_payoff_range
    close = np.asarray(made.history.evaluated).mean(axis=1) >= value - _CLOSE * (high - low)
    stays = np.logical_and.accumulate(close[::-1])[::-1]
    return float(made.env_steps[np.argmax(stays)]) if stays.any() else np.inf


def _judge_twelve(made: Mapping[str, Design]) -> Sequence[Verdict]:
    verdicts, faster, faster_in_all = [], [], []
    for name in MATRICES:
        contextual, inner, optimum = made[name], made[f"{name}, Q-learning"], _optimum(name)
        true = [best_response(contextual.game.markov(), rule, "strong").leader for rule in contextual.tables]
        reached = int(np.sum(contextual.values >= optimum - 1e-6))
        steps = steps_until_close(contextual, optimum), steps_until_close(inner, optimum)
        assert isinstance(contextual.followers, Trained)
        training = training_steps(contextual.game, contextual.followers, _TRAINING)
        faster.append(steps[1] / steps[0])
        faster_in_all.append(steps[1] / (steps[0] + training))
        verdicts.append(
            Verdict(
                f"{name}: the leader reaches the best value",
                "reached in all twelve games",
                f"contextual: {summary(contextual, optimum)}; against the exact reply that counts steps "
                f"{np.mean(true):.4g}; Q-learning: {summary(inner, optimum)}",
                f"{optimum:g}, best deterministic rule against the best reply by own observations",
                reached >= 0.9 * contextual.seeds,
                f"steps to within 5 % of the range: contextual {steps[0]:.3g} (and {training:.3g} of training, once), "
                f"Q-learning {steps[1]:.3g}",
            )
        )
    verdicts.append(
        Verdict(
            "a contextual follower saves steps",
            "greatly improved sample efficiency",
            f"{np.min(faster):.3g} to {np.max(faster):.3g} times fewer steps than Q-learning followers once it is "
            f"trained; {np.min(faster_in_all):.3g} to {np.max(faster_in_all):.3g} times with its training",
            "none",
            bool(np.min(faster) >= 10),
            "a ratio below 1 with the training counted in full, for a single leader, means that it costs more: the "
            "commitment-level leader needs few commitments, whoever follows. Training is paid once for all leaders",
        )
    )
    return verdicts


_CONTEXTUAL = {str(name): _contextual(name) for name in MATRICES}

TWELVE_GAMES = Figure(
    "twelve-games",
    _SOURCE,
    "A leader learns the best value of all twelve iterated games against a contextual follower, in few steps.",
    "value of the rule as committed",
    _CONTEXTUAL | {f"{name}, Q-learning": _q_learning(name) for name in MATRICES},
    lambda: {},
    _judge_twelve,
)


def _judge_quality(made: Mapping[str, Design]) -> Sequence[Verdict]:
    verdicts = []
    for name, done in made.items():
        found = quality(done.game, done.followers, seeds=done.seeds)
        assert found is not None
        kinds = found["memoryless"], found["timed"]
        learnt = [
            best_response(done.game.markov(), rule, "strong").followers[0] - float(played)
            for rule, played in zip(done.tables, _follower_values(done), strict=True)
        ]
        verdicts.append(
            Verdict(
                f"{name}: the contextual follower replies best",
                "a best response after training",
                "; ".join(
                    f"{word}: exact on {np.mean(kind['exact']):.1%} of {found['rules']} rules, regret "
                    f"{np.mean(kind['mean_regret']):.3g} on average, {np.max(kind['worst_regret']):.3g} at worst"
                    for word, kind in zip(("by own observations", "counting steps"), kinds, strict=True)
                ),
                "regret 0 by own observations",
                bool(np.mean(kinds[0]["exact"]) >= 0.97),
                f"under the learned rules its regret against the reply that counts steps is {np.mean(learnt):.3g} on "
                f"average, {np.max(learnt):.3g} at worst",
            )
        )
    return verdicts


def _follower_values(done: Design) -> list[float]:
    """What the follower earns under every seed's rule."""
    assert isinstance(done.plays, Strategies)
    plays = [Strategies(tuple(table[k] for table in done.plays.tables)) for k in range(done.seeds)]
    return [
        certified_reply(Rule(done.game, rule), play)["welfare"] for rule, play in zip(done.tables, plays, strict=True)
    ]


FOLLOWER_QUALITY = Figure(
    "follower-quality",
    _SOURCE,
    "A contextual follower, trained once on random leaders, replies best to every leader rule.",
    "value of the rule as committed",
    _CONTEXTUAL,
    lambda: {},
    _judge_quality,
)

ORACLES = (TWELVE_GAMES, FOLLOWER_QUALITY)
