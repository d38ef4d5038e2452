"""What breaks outside the conditions of the second paper, each beside the same learner within them.

Followers have to respond to the leader's policy by queries alone, and the queries have to be part of the leader's
episode. Each figure takes away one of these conditions by an option of the learner, and changes nothing else, or what
it says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from firstmover.core.selection import average
from firstmover.followers import BestResponse, QLearning
from firstmover.games import IteratedMatrix
from firstmover.jobs.finished import Design
from firstmover.leaders import DQN, Reinforce
from firstmover.reproduce.experiments import Experiment, Figure, Verdict
from firstmover.reproduce.measures import reached, remembered, summary

_SOURCE = "Gerstgrasser and Parkes 2023"
_DILEMMA = IteratedMatrix("prisoners_dilemma")
_REPLY = BestResponse(policies="memoryless")
_REINFORCE = Reinforce(updates=150)


def _once(payoffs: Sequence[Sequence[tuple[float | int, float | int]]]) -> IteratedMatrix:
    """A matrix game played once, entries (leader, follower)."""
    tables = np.array(payoffs, np.float64)
    return IteratedMatrix(leader_payoffs=tables[..., 0], follower_payoffs=tables[..., 1], steps=1, memory=0)


def _works(label: str, made: Design, published: str, why: str) -> Verdict:
    """Within the conditions, nine tenths of the seeds reach the optimum."""
    best = remembered(made.game)
    agrees = reached(made, best) >= 0.9 * made.seeds
    return Verdict(f"{label}: the leader learns the optimum", published, summary(made, best), f"{best:g}", agrees, why)


def _fails(label: str, made: Design, published: str, why: str) -> Verdict:
    """Outside them, no more than half do."""
    best = remembered(made.game)
    training = f"; paid {average(np.asarray(made.history.value)[-1]):.4g} in its last update"
    agrees = reached(made, best) <= 0.5 * made.seeds
    return Verdict(
        f"{label}: the leader misses the optimum", published, summary(made, best) + training, f"{best:g}", agrees, why
    )


# The leader's learner does not see the queries.

_HIDDEN = {
    "one action map": Experiment("breaks-dilemma", _DILEMMA, _REPLY, _REINFORCE),
    "fresh draws": Experiment("breaks-fresh", _DILEMMA, _REPLY, replace(_REINFORCE, action_map=False)),
    "fresh draws, queries hidden": Experiment(
        "breaks-hidden", _DILEMMA, _REPLY, replace(_REINFORCE, action_map=False, response_steps=0.0)
    ),
}


def _judge_hidden(made: Mapping[str, Design]) -> Sequence[Verdict]:
    seen, hidden = made["fresh draws"], made["fresh draws, queries hidden"]
    means = float(average(seen.learned_values)), float(average(hidden.learned_values))
    return [
        _works("one action map", made["one action map"], "learns", "queries are decisions of its episode"),
        Verdict(
            "fresh draws: the leader learns to answer queries well",
            "learns",
            f"{summary(seen, remembered(seen.game))}; "
            f"paid {average(np.asarray(seen.history.value)[-1]):.4g} in its last update",
            f"{remembered(seen.game):g} by a deterministic rule, more by one that mixes",
            means[0] > means[1],
            "answers and play are drawn apart, so that it learns a mixture; its likeliest actions are worth less",
        ),
        _fails(
            "fresh draws, queries hidden",
            hidden,
            "does not learn that its answers move the follower",
            "what it answers is never paid for in what it sees: it takes the follower as given, and both end up "
            "defecting. Published for memory on one side; here both remember the last joint action",
        ),
    ]


HIDDEN_QUERIES = Figure(
    "hidden-queries",
    _SOURCE,
    "A leader whose learner does not see the queries defects, and so does its follower.",
    "value of the rule as committed",
    _HIDDEN,
    lambda: {},
    _judge_hidden,
)


# The leader can tell queries from play.

_VISIBLE = {
    "phase hidden": _HIDDEN["one action map"],
    "phase visible": Experiment("breaks-visible", _DILEMMA, _REPLY, replace(_REINFORCE, phase_visible=True)),
}


def _judge_visible(made: Mapping[str, Design]) -> Sequence[Verdict]:
    visible = made["phase visible"]
    paid, best = float(average(np.asarray(visible.history.value)[-1])), remembered(visible.game)
    return [
        _works("phase hidden", made["phase hidden"], "learns", "one policy answers and plays"),
        _fails(
            "phase visible",
            visible,
            "answers the queries in one way and plays in another",
            "it promises to cooperate and defects; the rule that it would commit to is what it plays",
        ),
        Verdict(
            "phase visible: its reward in training is no value of a commitment",
            "more than any commitment earns",
            f"paid {paid:.4g} in its last update",
            f"{best:g} by the best deterministic rule",
            paid > best,
            "the follower replies to answers that are not what is played",
        ),
    ]


LEADER_MEMORY = Figure(
    "leader-memory",
    _SOURCE,
    "A leader that can tell queries from play promises one thing and does another.",
    "value of the rule as committed",
    _VISIBLE,
    lambda: {},
    _judge_visible,
)


# Followers do not start anew.

_BATTLE = _once([[(2, 1), (0, 0)], [(0, 0), (1, 2)]])
_TEN_ROUNDS = QLearning(rounds=10, learning_rate=0.1, decay=0.2, ties="uniform")
# About ten leaders' decisions of an update share an episode with a follower of their own, 55,000 steps in all.
_CARRYING = Reinforce(updates=500, steps=110, learning_rate=0.02, action_map=False)
_CARRIED = {
    "followers start anew": Experiment("breaks-battle-anew", _BATTLE, _TEN_ROUNDS, _CARRYING),
    "followers carried over": Experiment(
        "breaks-battle-carried", _BATTLE, _TEN_ROUNDS, replace(_CARRYING, carry_followers=True)
    ),
}


def _judge_carried(made: Mapping[str, Design]) -> Sequence[Verdict]:
    return [
        _works("followers start anew", made["followers start anew"], "learns", "10 rounds of Q-learning each episode"),
        _fails(
            "followers carried over",
            made["followers carried over"],
            "settles for the follower's favourite",
            "what a follower has learnt of an earlier policy outlives it, so that leader and follower adapt to each "
            "other; at first the follower's own favourite pays it more",
        ),
    ]


CARRIED_FOLLOWERS = Figure(
    "carried-followers",
    _SOURCE,
    "In the Battle of the Sexes, followers that keep what they learnt lead the leader to their favourite.",
    "value of the rule as committed",
    _CARRIED,
    lambda: {},
    _judge_carried,
)


# The leader is paid while its followers learn.

# A follower that expects half of its best payoff everywhere takes long to find out that a thousandth is more than none.
_SLOW = QLearning(rounds=50, learning_rate=0.3, exploration=0.1, decay=0.1, initial=0.5)
_PAID = DQN(updates=60, steps=357)


def _coordination(best: float, apart: float) -> IteratedMatrix:
    return _once([[(apart, 0), (best, 0.001)], [(1, 2), (apart, 0)]])


def _paid_experiments() -> dict[str, Experiment]:
    experiments = {}
    for best in (2.0, 1.5):
        for apart in (0.0, -5.0):
            game, where = _coordination(best, apart), f"x = {best:g}, c = {apart:g}"
            slug = f"breaks-paid-x{best:g}-c{abs(apart):g}".replace(".", "-")
            experiments[where] = Experiment(slug, game, _SLOW, _PAID)
            paid = replace(_PAID, reward_while_learning=True)
            experiments[f"{where}, paid while learning"] = Experiment(f"{slug}-all", game, _SLOW, paid)
    return experiments


def _judge_paid(made: Mapping[str, Design]) -> Sequence[Verdict]:
    why = "the followers learn slowly where their own payoff is small, and the leader pays for their mistakes"
    verdicts = []
    for label, done in made.items():
        if "paid" not in label:
            verdicts.append(_works(label, done, "learns", "paid when the followers have learnt"))
        elif label.startswith("x = 2, c = 0"):
            best = remembered(done.game)
            verdicts.append(
                Verdict(
                    f"{label}: mistakes cost the leader too little to matter",
                    "settles for the wrong equilibrium for some x and c",
                    summary(done, best),
                    f"{best:g}",
                    None,
                    "half of x is as good as the other equilibrium",
                )
            )
        else:
            verdicts.append(_fails(label, done, "settles for the wrong equilibrium", why))
    return verdicts


REWARD_WHILE_LEARNING = Figure(
    "reward-while-learning",
    _SOURCE,
    "A leader that is paid while its followers learn settles for an equilibrium that they learn fast.",
    "value of the rule as committed",
    _paid_experiments(),
    lambda: {},
    _judge_paid,
)


# Opponents that best-respond at once to a learner that does not know it.

_CHASE = _once([[(3, 0), (1, 1)], [(0, 1), (2, 0)]])  # no pure equilibrium
_CHASING = DQN(updates=200, steps=64, memory=5)
_RESPONDING = {
    "queries seen": Experiment("breaks-chase", _CHASE, _REPLY, _CHASING),
    "queries hidden": Experiment(
        "breaks-chase-hidden", _CHASE, _REPLY, replace(_CHASING, action_map=False, response_steps=0.0)
    ),
}


def changes_of_mind(made: Design) -> float:
    """How often the value of a seed's rule changes in the second half of a run, on average."""
    values = np.asarray(made.history.evaluated)
    late = values[len(values) // 2 :]
    return float((np.abs(np.diff(late, axis=0)) > 1e-6).sum(axis=0).mean())


def _judge_responding(made: Mapping[str, Design]) -> Sequence[Verdict]:
    often = {label: changes_of_mind(done) for label, done in made.items()}
    return [
        _works("queries seen", made["queries seen"], "learns", "an answer and what is played are one decision"),
        Verdict(
            "queries hidden: the leader never settles",
            "learning can diverge",
            f"its rule changes {often['queries hidden']:.3g} times a seed in the last half of the run, "
            f"{often['queries seen']:.3g} times with queries seen",
            "no pure equilibrium of simultaneous play",
            often["queries hidden"] >= 5 and often["queries seen"] < 1,
            "each row is the leader's best reply to a column that is the follower's best reply to the other row",
        ),
    ]


BEST_RESPONDING = Figure(
    "best-responding",
    _SOURCE,
    "A learner that takes a best-responding opponent as given goes round in circles.",
    "value of the rule as committed",
    _RESPONDING,
    lambda: {},
    _judge_responding,
)

BREAKS = (HIDDEN_QUERIES, LEADER_MEMORY, CARRIED_FOLLOWERS, REWARD_WHILE_LEARNING, BEST_RESPONDING)
