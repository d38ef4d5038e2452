"""The figures of Gerstgrasser and Parkes, "Oracles & Followers" (ICML 2023): the twelve iterated games.

For each game a contextual follower is trained once, per seed, over random leader rules, and a leader learns against it.
Beside it the same leader learns against followers that start anew for every rule and learn by tabular Q-learning. Steps
are counted until the mean evaluated value stays within 5 % of the leader's payoff range of the exact optimum. The
Q-learning is the default one, of 1,000 sub-episodes: its replies are then nearly as good as those of the contextual
follower (the verdicts say how good they are). A short one, of 100, is cheaper and worse. In further figures meta-learnt
followers take the place of contextual ones, and leaders that mix that of deterministic ones.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from firstmover.core.selection import average
from firstmover.equilibria.markov_replies import best_response, memoryless_response
from firstmover.evaluation.reply_quality import quality
from firstmover.evaluators import solvable
from firstmover.followers import BestResponse, Contextual, Meta, PolicyGradient, QLearning
from firstmover.followers.trained import Trained
from firstmover.games import IteratedMatrix
from firstmover.games.base import Ties
from firstmover.games.iterated_matrix import MATRICES, MatrixName
from firstmover.jobs.finished import Design
from firstmover.jobs.lessons import Pretraining, training_steps
from firstmover.leaders import CommitmentGradient
from firstmover.report.statistics import mean_interval
from firstmover.reproduce.experiments import Experiment, Figure, Verdict
from firstmover.reproduce.measures import exact, remembered, summary
from firstmover.solvers.registry import state_table

_SOURCE = "Gerstgrasser and Parkes 2023"
_CLOSE = 0.05  # share of the leader's payoff range
_LEADER = CommitmentGradient(updates=15, restarts=2)
_TRAINING = Pretraining()


def _slug(name: MatrixName) -> str:
    return name.replace("_", "-")


def _contextual(name: MatrixName) -> Experiment:
    return Experiment(f"twelve-{_slug(name)}-contextual", IteratedMatrix(name), Contextual(), _LEADER, _TRAINING)


def _q_learning(name: MatrixName) -> Experiment:
    return Experiment(f"twelve-{_slug(name)}-q-learning", IteratedMatrix(name), QLearning(), _LEADER)


def _short(name: MatrixName) -> Experiment:
    """A tenth of the sub-episodes, with rates to match."""
    followers = QLearning(rounds=100, learning_rate=0.3, decay=0.03)
    return Experiment(f"twelve-{_slug(name)}-short-q-learning", IteratedMatrix(name), followers, _LEADER)


def against_exact(made: Design, reply: str, ties: Ties = "strong") -> Float[np.ndarray, "seeds"]:
    """What the leader earns by every seed's rule against an exact reply, "memoryless" or "timed"."""
    respond = {"memoryless": memoryless_response, "timed": best_response}[reply]
    table = state_table(made.game)
    return np.array([respond(table, solvable(made.game, rule), ties).leader for rule in made.tables])


def steps_until_close(made: Design, value: float) -> float:
    """Environment steps of a seed until the mean evaluated value stays close to a value; infinite if it does not."""
    low, high = made.game.leader_payoff_range
    close = average(np.asarray(made.history.evaluated), axis=1) >= value - _CLOSE * (high - low)
    stays = np.logical_and.accumulate(close[::-1])[::-1]
    return float(made.env_steps[np.argmax(stays)]) if stays.any() else np.inf


def _judge_twelve(made: Mapping[str, Design]) -> Sequence[Verdict]:
    verdicts = []
    for name in MATRICES:
        contextual, inner = made[name], made[f"{name}, Q-learning"]
        optimum = remembered(contextual.game)
        there = int(np.sum(against_exact(contextual, "memoryless") >= optimum - 1e-6))
        verdicts.append(
            Verdict(
                f"{name}: the leader reaches the best value",
                "reached in all twelve games",
                f"contextual: {summary(contextual, optimum)}; against the exact reply by own observations "
                f"{there} of {contextual.seeds} reach it, against the one that counts steps "
                f"{np.mean(against_exact(contextual, 'timed')):.4g}; Q-learning: {summary(inner, optimum)}",
                f"{optimum:g}, best deterministic rule against the best reply by own observations",
                there >= 0.9 * contextual.seeds,
                f"steps to within 5 % of the range: contextual {steps_until_close(contextual, optimum):.3g} (and "
                f"{_training_steps(contextual):.3g} of training, once), Q-learning "
                f"{steps_until_close(inner, optimum):.3g}",
            )
        )
    return [*verdicts, _saving(made, "Q-learning", True), _saving(made, "short Q-learning", False)]


def _training_steps(made: Design) -> int:
    assert isinstance(made.followers, Trained)
    return training_steps(made.game, made.followers, _TRAINING)


def _saving(made: Mapping[str, Design], inner: str, claimed: bool) -> Verdict:
    """How many times fewer steps a leader needs against contextual followers than with this inner loop."""
    ratios, shares = [], []
    for name in MATRICES:
        pair = made[name], made[f"{name}, {inner}"]
        optimum = remembered(pair[0].game)
        few, many = (steps_until_close(done, optimum) for done in pair)
        ratios.append((many / few, many / (few + _training_steps(pair[0]))))
        shares.append([_replies(done)[1] for done in pair])
    (trained, least), (_, most) = np.min(ratios, axis=0), np.max(ratios, axis=0)
    own, other = np.mean(shares, axis=0)
    (_, worst), (_, best) = np.min(shares, axis=0), np.max(shares, axis=0)
    return Verdict(
        f"a contextual follower saves steps, compared with {inner}",
        "greatly improved sample efficiency",
        f"at least {trained:.3g} times fewer steps once it is trained; {least:.3g} to {most:.3g} times with all of its "
        "training counted for a single leader",
        "none",
        bool(least >= 10) if claimed else None,
        f"replies are exact by own observations on {own:.1%} of rules (contextual) and {other:.1%} ({inner}; "
        f"{worst:.1%} to {best:.1%} by game)",
    )


_CONTEXTUAL = {str(name): _contextual(name) for name in MATRICES}
_SHORT = {f"{name}, short Q-learning": _short(name) for name in MATRICES}
_Q_LEARNING = {f"{name}, Q-learning": _q_learning(name) for name in MATRICES}

TWELVE_GAMES = Figure(
    "twelve-games",
    _SOURCE,
    "A leader learns the best value of all twelve iterated games against a contextual follower, in few steps.",
    "value of the rule as committed",
    _CONTEXTUAL | _Q_LEARNING | _SHORT,
    lambda: {},
    _judge_twelve,
)


def _replies(done: Design, rules: np.ndarray | None = None) -> tuple[str, float]:
    """How good a seed's followers are, in words, and how often they are exact by their own observations."""
    found = quality(done.game, done.followers, seeds=done.seeds, rules=rules)
    assert found is not None
    words = "; ".join(
        f"{word}: exact on {np.mean(found[kind]['exact']):.1%} of {found['rules']} rules, regret "
        f"{np.mean(found[kind]['mean_regret']):.3g} on average, {np.max(found[kind]['worst_regret']):.3g} at worst"
        for word, kind in (("by own observations", "memoryless"), ("counting steps", "timed"))
    )
    return words, float(np.mean(found["memoryless"]["exact"]))


def _judge_quality(made: Mapping[str, Design]) -> Sequence[Verdict]:
    verdicts = []
    for label, done in made.items():
        words, share = _replies(done)
        contextual = isinstance(done.followers, Contextual)
        verdicts.append(
            Verdict(
                f"{label}: {done.followers.name} followers reply best",
                "a best response after training" if contextual else "not published",
                words,
                "regret 0 by own observations",
                share >= 0.97 if contextual else None,
                f"under the rules that the leaders learnt, {_replies(done, done.tables)[0]}",
            )
        )
    return verdicts


_LONG = Pretraining(updates=150, contexts=32, passes=8)
_META = {
    str(name): Experiment(f"twelve-{_slug(name)}-meta", IteratedMatrix(name), Meta(), _LEADER, _LONG)
    for name in MATRICES
}
_DILEMMA = IteratedMatrix("prisoners_dilemma")
# Every other way to reply, in one game.
_OTHERS = {
    "prisoners_dilemma, Q-learning": _Q_LEARNING["prisoners_dilemma, Q-learning"],
    "prisoners_dilemma, policy gradient": Experiment(
        "quality-dilemma-policy-gradient", _DILEMMA, PolicyGradient(), _LEADER
    ),
    "prisoners_dilemma, PPO": Experiment("quality-dilemma-ppo", _DILEMMA, PolicyGradient(clip=0.2, epochs=4), _LEADER),
    "prisoners_dilemma, meta": _META["prisoners_dilemma"],
    "prisoners_dilemma, best response": Experiment(
        "quality-dilemma-best-response", _DILEMMA, BestResponse(policies="memoryless"), _LEADER
    ),
}

FOLLOWER_QUALITY = Figure(
    "follower-quality",
    _SOURCE,
    "A contextual follower, trained once on random leaders, replies best to every leader rule.",
    "value of the rule as committed",
    _CONTEXTUAL | _OTHERS,
    lambda: {},
    _judge_quality,
)


def _judge_meta(made: Mapping[str, Design]) -> Sequence[Verdict]:
    verdicts = []
    for name, done in made.items():
        assert isinstance(done.followers, Meta)
        optimum, (low, high) = remembered(done.game), done.game.leader_payoff_range
        mean = float(average(done.learned_values))
        verdicts.append(
            Verdict(
                f"{name}: the leader comes within 5 % after {done.followers.episodes} episodes of adaptation",
                "reached in all twelve games",
                f"{summary(done, optimum, _CLOSE)}; against the exact reply by own observations "
                f"{against_exact(done, 'memoryless').mean():.4g}",
                f"{optimum:g}, best deterministic rule against the best reply by own observations",
                mean >= optimum - _CLOSE * (high - low),
                f"the follower {_replies(done)[0]}; play while adapting is random",
            )
        )
    return verdicts


META_FOLLOWERS = Figure(
    "meta-followers",
    _SOURCE,
    "A leader learns the best value of the iterated games against followers that adapt within a few episodes.",
    "value of the rule as committed",
    _META,
    lambda: {},
    _judge_meta,
)


_MIXING = IteratedMatrix("prisoners_dilemma", commitment="mixed")


def _judge_mixed(made: Mapping[str, Design]) -> Sequence[Verdict]:
    verdicts = []
    for label, done in made.items():
        assert isinstance(done.followers, BestResponse)
        reply = done.followers.policies
        strong, weak = (against_exact(done, reply, ties) for ties in ("strong", "weak"))
        pure = remembered(_DILEMMA) if reply == "memoryless" else exact(_DILEMMA)
        mean, low, high = mean_interval(strong)
        beyond = int(np.sum(strong > pure + 1e-6))
        verdicts.append(
            Verdict(
                f"{label}: a rule that mixes earns more than any deterministic one",
                "not published",
                f"mean {mean:.4g} [{low:.4g}, {high:.4g}], least {strong.min():.4g}, ties strong; {beyond} of "
                f"{done.seeds} seeds earn more; the same rules under weak ties: mean {weak.mean():.4g}, least "
                f"{weak.min():.4g}, {int(np.sum(weak > pure))} of {done.seeds} earn more",
                f"{pure:g} by the best deterministic rule",
                beyond >= 0.9 * done.seeds,
                "no exact method is known for rules that mix; their value under strong ties is a supremum that rules "
                "safe under weak ties come close to",
            )
        )
    return verdicts


MIXED_LEADER = Figure(
    "mixed-leader",
    _SOURCE,
    "In the iterated prisoner's dilemma a leader that mixes earns more than one that does not.",
    "value of the rule as committed",
    {
        "replies by own observations": Experiment(
            "mixed-dilemma-memoryless", _MIXING, BestResponse(policies="memoryless"), CommitmentGradient()
        ),
        "replies that count steps": Experiment("mixed-dilemma-timed", _MIXING, BestResponse(), CommitmentGradient()),
    },
    lambda: {},
    _judge_mixed,
)

ORACLES = (TWELVE_GAMES, FOLLOWER_QUALITY, META_FOLLOWERS, MIXED_LEADER)
