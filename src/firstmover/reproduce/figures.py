"""The figures of Brero et al., "Stackelberg POMDP: a reinforcement learning approach for economic design" (2023).

Step-level learners have the paper's sub-episodes: 100 equilibrium and 10 reward sub-episodes in matrix games, 1000 and
100 in Bayesian ones. One equilibrium sub-episode of the paper evaluates one action of one follower, so that 100 of them
are 33 rounds against one follower of three actions. Followers are sampled multiplicative weights with the step 0.01,
payoffs divided by the largest payoff of the game, and play their likeliest action in the reward phase.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.certificates import induced_game
from firstmover.commitment import table_of
from firstmover.designs import OPTIMUM_TOLERANCE, Design
from firstmover.equilibria.polytopes import value_bounds
from firstmover.followers import (
    BestResponse,
    Exp3,
    FictitiousPlay,
    Follower,
    Logit,
    MultiplicativeWeights,
    QLearning,
    RegretMatching,
    SwapRegret,
)
from firstmover.games import Agrawal, Escape, Game, Maintain, MatrixDesign, SequentialPrice, SimpleAllocation
from firstmover.leaders import MAPPO, PPO, CommitmentGradient
from firstmover.pomdp import StackelbergPOMDP
from firstmover.report.statistics import mean_interval
from firstmover.reproduce.experiments import Experiment, Figure, Verdict

_DEPARTURE = "departs from the paper in the learner's rate (3e-3) and passes (2), {steps} steps a seed"


def _paper_followers(rounds: int, largest_payoff: float) -> MultiplicativeWeights:
    return MultiplicativeWeights(rounds=rounds, epsilon=0.01, update="sampled", play="argmax", scale=largest_payoff)


def _slug(words: str) -> str:
    """The words as part of a folder's name."""
    return "-".join(words.lower().replace(",", "").replace(":", "").split())


def _step_level(kind: type[PPO] | type[MAPPO], updates: int, steps: int, reward_episodes: int) -> PPO | MAPPO:
    return kind(updates=updates, steps=steps, learning_rate=3e-3, epochs=2, reward_episodes=reward_episodes)


def _three(
    name: str, game: Game, followers: MultiplicativeWeights, updates: int, steps: int, reward_episodes: int
) -> dict[str, Experiment]:
    """MAPPO, PPO, and the commitment level against the same followers."""
    sampled = CommitmentGradient(reward_episodes=reward_episodes)
    return {
        "MAPPO": Experiment(f"{name}-mappo", game, followers, _step_level(MAPPO, updates, steps, reward_episodes)),
        "PPO": Experiment(f"{name}-ppo", game, followers, _step_level(PPO, updates, steps, reward_episodes)),
        "commitment level": Experiment(f"{name}-commitment", game, followers, sampled),
    }


# What is measured of a cohort.


def reached(made: Design, value: float, tolerance: float = OPTIMUM_TOLERANCE) -> int:
    """How many seeds end within a share of the payoff range of a value, or above it."""
    low, high = made.game.leader_payoff_range
    return int(np.sum(made.values >= value - tolerance * (high - low)))


def _summary(made: Design, value: float, tolerance: float = OPTIMUM_TOLERANCE) -> str:
    mean, low, high = mean_interval(made.values)
    count = reached(made, value, tolerance)
    there = f"{count} of {made.seeds} seeds within {tolerance:.2%} of the range of {value:.4g}"
    return f"mean {mean:.4g} [{low:.4g}, {high:.4g}], {there}"


def _first_steps(made: Design, value: float, tolerance: float = OPTIMUM_TOLERANCE) -> float:
    """Mean steps until the mean over seeds of the evaluated rule first is at a value; infinity where it never is."""
    low, high = made.game.leader_payoff_range
    there = np.asarray(made.history.evaluated).mean(axis=1) >= value - tolerance * (high - low)
    steps = np.cumsum(np.asarray(made.history.env_steps, np.float64).mean(axis=1))
    return float(steps[np.argmax(there)]) if there.any() else float("inf")


def _departure(made: Design) -> str:
    steps = float(np.asarray(made.history.env_steps, np.float64).mean(axis=1).sum())
    return _DEPARTURE.format(steps=f"{steps:.3g}")


def _drop(made: Design) -> float:
    """By how much the evaluated mean of the last half of a run falls below its best so far, at the worst."""
    means = np.asarray(made.history.evaluated).mean(axis=1)
    return float(np.max(np.maximum.accumulate(means) - means))


def _reaches(label: str, made: Design, value: float, published: str, tolerance: float = OPTIMUM_TOLERANCE) -> Verdict:
    agrees = reached(made, value, tolerance) >= 0.9 * made.seeds
    short = "" if agrees else "; this budget is short for episodes so long: each update sees a few commitments only"
    steps = _first_steps(made, value, 0.02)
    when = f"; evaluated mean within 2 % after {steps:.3g} steps" if np.isfinite(steps) else ""
    return Verdict(
        f"{label} learns the optimum",
        published,
        _summary(made, value, tolerance) + when,
        f"{value:.6g}",
        agrees,
        _departure(made) + short,
    )


# Figures 1 and 5: normal-form games.


def _judge_escape(made: Mapping[str, Design]) -> Sequence[Verdict]:
    return [
        _reaches("MAPPO", made["MAPPO"], 30.0, "at once"),
        _reaches("PPO", made["PPO"], 30.0, "at once"),
    ]


_MAINTAIN = _paper_followers(33, 30.0)
ESCAPE = Figure(
    "escape",
    "figure 5",
    "MAPPO and PPO learn row C of Escape at once.",
    "leader's payoff",
    _three("escape", Escape(), _paper_followers(33, 30.0), 40, 550, 10),
    lambda: {"optimum 30": 30.0},
    _judge_escape,
)


def _judge_maintain(made: Mapping[str, Design]) -> Sequence[Verdict]:
    mixed = Maintain("mixed")
    best = mixed.optimum("strong").value
    assert best is not None
    beyond = np.array([[0.26, 0.74, 0.0]])
    at = value_bounds(induced_game(mixed, beyond), "bcce")[1]
    return [
        _reaches("MAPPO, deterministic", made["MAPPO, deterministic"], 20.0, "at once"),
        _reaches("MAPPO, randomised", made["MAPPO, randomised"], best, "27.5 after about 100k steps", 0.05),
        _reaches("PPO, randomised", made["PPO, randomised"], best, "similar to MAPPO", 0.05),
        Verdict(
            "a mixture of A with probability 1/4 + e earns 27.5 + e",
            "27.5 + e",
            f"at e = 0.01: {at:.4f}",
            f"optimum {best:.4f}; 27.5 - 10 e at 1/4 + e",
            False,
            "A is played more, and pays less than B when the follower answers A: the payoff falls by 10 e",
        ),
    ]


def _maintain_experiments() -> dict[str, Experiment]:
    mixed = _three("maintain-randomised", Maintain("mixed"), _MAINTAIN, 150, 1100, 10)
    plain = Experiment("maintain-deterministic-mappo", Maintain(), _MAINTAIN, _step_level(MAPPO, 40, 550, 10))
    return {
        "MAPPO, deterministic": plain,
        "MAPPO, randomised": mixed["MAPPO"],
        "PPO, randomised": mixed["PPO"],
        "commitment level, randomised": mixed["commitment level"],
    }


MAINTAIN = Figure(
    "maintain",
    "figure 1",
    "MAPPO learns row A of Maintain at once, and the optimal mixture after about 100k steps.",
    "leader's payoff",
    _maintain_experiments(),
    lambda: {"deterministic 20": 20.0, "mixed 27.5": 27.5},
    _judge_maintain,
)


# Figures 2 and 6: matrix design.

_TAU_FOLLOWERS = _paper_followers(25, 6.0)
_MATRIX = _three("matrix-design", MatrixDesign(), _TAU_FOLLOWERS, 90, 2200, 10)


def payments_table(runs: int = 4000) -> list[dict[str, float]]:
    """What every tau is worth in equilibrium, and after few and many rounds.

    The leader's value over coarse correlated equilibria, and the share of responses of 25 and of 1000 sampled rounds
    that end with different likeliest actions.
    """
    game = MatrixDesign()
    shares = {}
    for rounds in (25, 1000):
        problem = StackelbergPOMDP(game, replace(_TAU_FOLLOWERS, rounds=rounds), 0)

        def differing(tau: Any, key: Any, problem: StackelbergPOMDP = problem) -> Any:
            return problem.episode(table_of(game, tau[None]), key).reward

        keys = jax.random.split(jax.random.key(0), runs)
        every = jax.jit(jax.vmap(lambda tau, f=differing: jax.vmap(lambda key: f(tau, key))(keys).mean()))  # noqa: B023
        shares[rounds] = np.asarray(every(jnp.arange(game.max_payment + 1, dtype=jnp.int32)))
    rows = []
    for tau in range(game.max_payment + 1):
        low, high = value_bounds(induced_game(game, np.array([tau])), "bcce")
        rows.append(
            {
                "tau": float(tau),
                "cce_low": low,
                "cce_high": high,
                "differ_after_25": float(shares[25][tau]),
                "differ_after_1000": float(shares[1000][tau]),
            }
        )
    return rows


def _judge_matrix(made: Mapping[str, Design]) -> Sequence[Verdict]:
    rows = payments_table()
    enough = next(row["tau"] for row in rows if row["cce_low"] > 1 - 1e-6)
    at_25 = ", ".join(f"{row['differ_after_25']:.2f}" for row in rows[:6])
    at_1000 = ", ".join(f"{row['differ_after_1000']:.2f}" for row in rows[:6])
    lows = ", ".join(f"{row['cce_low']:.3g}" for row in rows[:6])
    swing = {name: _drop(made[name]) for name in ("MAPPO", "PPO")}
    return [
        _reaches("MAPPO", made["MAPPO"], 1.0, "tau >= 4 after about 200k steps"),
        Verdict(
            "PPO oscillates and does not always end optimal",
            "oscillates",
            f"PPO {_summary(made['PPO'], 1.0)}, its evaluated mean falls by up to {swing['PPO']:.3g} "
            f"(MAPPO's by {swing['MAPPO']:.3g})",
            "1",
            swing["PPO"] > 0.05 + swing["MAPPO"] or reached(made["PPO"], 1.0) < made["PPO"].seeds,
            _departure(made["PPO"]),
        ),
        Verdict(
            "the designer wins from tau >= 4 on",
            "tau >= 4",
            f"share of responses that differ, tau = 0..5: {at_25} after 25 rounds, {at_1000} after 1000",
            f"worst coarse correlated equilibrium, tau = 0..5: {lows}",
            False,
            f"from tau > 1 on (in whole numbers {enough:.0f}) every coarse correlated equilibrium pays 1; tau >= 4 is "
            "where B dominates for the column player, and what 25 rounds need",
        ),
    ]


MATRIX_DESIGN = Figure(
    "matrix-design",
    "figure 2",
    "MAPPO learns to pay tau >= 4 after about 200k steps; PPO oscillates.",
    "probability that the actions differ",
    _MATRIX,
    lambda: {"optimum 1": 1.0},
    _judge_matrix,
)


def _judge_critic(made: Mapping[str, Design]) -> Sequence[Verdict]:
    losses = {name: np.asarray(made[name].history.critic_loss).mean(axis=1) for name in ("MAPPO", "PPO")}
    late = {name: float(loss[len(loss) // 2 :].mean()) for name, loss in losses.items()}
    early = float(losses["MAPPO"][len(losses["MAPPO"]) // 10])
    return [
        Verdict(
            "a centralised critic is far more accurate",
            "value loss below 0.2 from early on with it",
            f"second half of training: {late['MAPPO']:.3g} with it, {late['PPO']:.3g} without; "
            f"{early:.3g} after a tenth with it",
            "-",
            late["MAPPO"] < late["PPO"] and early < 0.2,
            "mean squared error in units of the payoff range; " + _departure(made["MAPPO"]),
        )
    ]


CRITIC_LOSS = Figure(
    "critic-loss",
    "figure 6",
    "With a centralised critic the value loss drops below 0.2 early on.",
    "value loss",
    {name: _MATRIX[name] for name in ("MAPPO", "PPO")},
    lambda: {"published level 0.2": 0.2},
    _judge_critic,
    metric="critic_loss",
)


# Figure 3: simple allocation.

_ALLOCATION_ROUNDS = {1: 1000, 2: 500, 3: 333}
_ALLOCATION = {
    m: _three(f"allocation-{m}", SimpleAllocation(3, m), _paper_followers(rounds, 1.0), 150, 2200, 100)
    for m, rounds in _ALLOCATION_ROUNDS.items()
}


def _judge_messages(made: Mapping[str, Design]) -> Sequence[Verdict]:
    published = {1: "1/3", 2: "2/3", 3: "1"}
    return [_reaches(f"MAPPO, {m} messages", made[f"MAPPO, {m} messages"], m / 3, published[m]) for m in (1, 2, 3)]


ALLOCATION_MESSAGES = Figure(
    "allocation-messages",
    "figure 3a",
    "With 1, 2, 3 messages MAPPO reaches 1/3, 2/3, 1.",
    "probability of the wanted item",
    {
        **{f"MAPPO, {m} messages": _ALLOCATION[m]["MAPPO"] for m in (1, 2, 3)},
        "commitment level, 3 messages": _ALLOCATION[3]["commitment level"],
    },
    lambda: {"optimum 1/3": 1 / 3, "optimum 2/3": 2 / 3, "optimum 1": 1.0},
    _judge_messages,
)


def _better(first: str, second: str, made: Mapping[str, Design], claim: str, exact: str) -> Verdict:
    """Whether one cohort ends above another, seed by seed."""
    difference, low, high = mean_interval(made[first].values - made[second].values)
    return Verdict(
        claim,
        f"{first} far above {second}",
        f"{first} {_summary(made[first], 0.0 + float(exact))}; {second} {_summary(made[second], float(exact))}; "
        f"difference {difference:.4g} [{low:.4g}, {high:.4g}]",
        exact,
        low > 0,
        _departure(made[first]),
    )


ALLOCATION_CRITIC = Figure(
    "allocation-critic",
    "figure 3b",
    "With 3 messages MAPPO is far above PPO.",
    "probability of the wanted item",
    _ALLOCATION[3],
    lambda: {"optimum 1": 1.0},
    lambda made: [_better("MAPPO", "PPO", made, "the centralised critic is needed with 3 messages", "1")],
)


# Figure 4: sequential price mechanisms with messages.


def agrawal_loss(price: float) -> tuple[float, float]:
    """Least and greatest welfare loss over `anf_cce` of the paper's rule, with the price P after message 1."""
    game = Agrawal(prices="continuous")
    table = np.zeros((game.n_observations, 2))
    for row, (message, _, first_status, second_status) in enumerate(game.observations().tolist()):
        first = 0 if message == 1 else 1
        agent = first if (first_status, second_status)[first] == 0 else 1 - first
        table[row] = agent, price if message == 1 and agent == 0 else 0.1
    low, high = value_bounds(induced_game(game, table), "anf_cce")
    return -high, -low


def _judge_mspm(made: Mapping[str, Design]) -> Sequence[Verdict]:
    silent = Agrawal(messages=1)
    best_silent = silent.optimum("strong").value
    assert best_silent is not None
    free = np.array([[1, 0] if status == 0 else [0, 0] for _, _, _, status in silent.observations().tolist()])
    finite = induced_game(silent, free)
    price_zero = -float(finite.probs @ finite.leader.ravel())
    losses = {price: agrawal_loss(price)[1] for price in (0.25, 0.5, 1.0, 1.25, 1.5, 2.4)}
    return [
        _reaches("MAPPO", made["MAPPO"], 0.0, "zero welfare loss", 0.01),
        Verdict(
            "PPO is not stable at the end",
            "unstable",
            _summary(made["PPO"], 0.0, 0.01),
            "0",
            reached(made["PPO"], 0.0, 0.01) < 0.9 * made["PPO"].seeds,
            _departure(made["PPO"]),
        ),
        Verdict(
            "any first price between 1/2 and 2.5 after message 1 works",
            "1/2 to 2.5",
            "worst loss over anf_cce at P = " + ", ".join(f"{p:g}: {loss:.3g}" for p, loss in losses.items()),
            "0 exactly for P in (0.3, 1.3)",
            False,
            "above 1.3 the high type does better by hiding",
        ),
        Verdict(
            "without messages price zero twice, agent 2 first, is best",
            "price zero in both cases",
            f"loss {price_zero:.3g} if agents buy at price = value",
            f"best without messages: {-best_silent:.3g}",
            False,
            "at price zero the zero type takes the item; any price in (0, 1] first avoids that",
        ),
    ]


MSPM = Figure(
    "mspm",
    "figure 4",
    "MAPPO reaches zero welfare loss in the Agrawal et al. market; PPO is unstable.",
    "minus the welfare loss",
    _three("mspm", Agrawal(), _paper_followers(250, 2.5), 100, 4000, 100),
    lambda: {"optimum 0": 0.0, "best without messages": -0.15},
    _judge_mspm,
)


# Beyond the figures.

_CONVERGED = MultiplicativeWeights()


def _scaling_experiments() -> dict[str, Experiment]:
    return {
        f"T = {types}": Experiment(
            f"mspm-{types}", SequentialPrice(types=types), _CONVERGED, CommitmentGradient(updates=80, episodes=48)
        )
        for types in (3, 4, 5, 6)
    }


def _silent_losses() -> dict[int, float]:
    losses = {}
    for types in (3, 4, 5, 6):
        value = SequentialPrice(types=types, messages=1).optimum("strong").value
        assert value is not None
        losses[types] = -value
    return losses


def _judge_scaling(made: Mapping[str, Design]) -> Sequence[Verdict]:
    verdicts = []
    for types, silent in _silent_losses().items():
        done = made[f"T = {types}"]
        below = int(np.sum(-done.values < silent - 1e-6))
        mean, low, high = mean_interval(-done.values)
        verdicts.append(
            Verdict(
                f"two messages beat none with {types} values",
                "below the best without messages",
                f"loss {mean:.5f} [{low:.5f}, {high:.5f}], worst seed {-done.values.min():.5f}; "
                f"{below} of {done.seeds} seeds below",
                f"best without messages {silent:.5f}",
                below == done.seeds,
                "commitment level, last mixed play of 100 expected rounds of multiplicative weights",
            )
        )
    return verdicts


MSPM_SCALING = Figure(
    "mspm-scaling",
    "the follow-up's scaling table",
    "With 3 to 6 values per agent, two messages beat the best mechanism without.",
    "minus the welfare loss",
    _scaling_experiments(),
    lambda: {f"no messages, T = {types}": -loss for types, loss in _silent_losses().items()},
    _judge_scaling,
)


def _ablation_experiments() -> dict[str, Experiment]:
    games: dict[str, tuple[Game, Follower]] = {
        "allocation": (SimpleAllocation(3, 3), replace(_paper_followers(33, 1.0), epsilon=0.1)),
        "matrix": (MatrixDesign(), _TAU_FOLLOWERS),
    }
    experiments = {}
    for name, (game, followers) in games.items():
        for kind in (MAPPO, PPO):
            for response_steps in (1.0, 0.0):
                for action_map in (True, False):
                    words = [kind.name, "all steps" if response_steps else "reward phase only"]
                    label = f"{name}: {', '.join(words)}, {'map' if action_map else 'no map'}"
                    leader = replace(
                        _step_level(kind, 40, 2048, 30), response_steps=response_steps, action_map=action_map
                    )
                    experiments[label] = Experiment(
                        f"ablation-{_slug(label)}",
                        game,
                        followers,
                        leader,
                    )
    return experiments


def _judge_ablations(made: Mapping[str, Design]) -> Sequence[Verdict]:
    return [
        Verdict(
            label,
            "-",
            _summary(done, 1.0),
            "1",
            None,
            _departure(done) + "; 33 rounds with step 0.1" if label.startswith("allocation") else _departure(done),
        )
        for label, done in made.items()
    ]


ABLATIONS = Figure(
    "ablations",
    "section 7",
    "What the centralised critic, the response phase and the observation-action map are each worth.",
    "leader's payoff",
    _ablation_experiments(),
    lambda: {"optimum 1": 1.0},
    _judge_ablations,
)


_MODELS: dict[str, Follower] = {
    "multiplicative weights": MultiplicativeWeights(),
    "best response, strong": BestResponse("strong"),
    "best response, weak": BestResponse("weak"),
    "regret matching": RegretMatching(),
    "swap regret": SwapRegret(),
    "fictitious play": FictitiousPlay(),
    "logit": Logit(),
    "Q-learning": QLearning(),
    "exp3": Exp3(),
}


def _follower_experiments() -> dict[str, Experiment]:
    games: dict[str, Game] = {"allocation": SimpleAllocation(3, 3), "agrawal": Agrawal()}
    leader = CommitmentGradient(updates=60, episodes=32, restarts=2)
    return {
        f"{name}: {words}": Experiment(f"followers-{name}-{_slug(words)}", game, model, leader)
        for name, game in games.items()
        for words, model in _MODELS.items()
    }


def _judge_followers(made: Mapping[str, Design]) -> Sequence[Verdict]:
    verdicts = []
    for label, done in made.items():
        best = 1.0 if label.startswith("allocation") else 0.0
        verdicts.append(
            Verdict(
                label,
                "-",
                f"{_summary(done, best, 0.01)}, remaining regret {done.certificate['epsilon']['max']:.3g}",
                f"{best:g}",
                None,
                "the value is what these followers make of the rule; promise: " + done.followers.converges_to,
            )
        )
    return verdicts


FOLLOWERS = Figure(
    "followers",
    "observation 6.1",
    "The same rules learned against every model of the followers.",
    "leader's payoff",
    _follower_experiments(),
    lambda: {"allocation: optimum 1": 1.0, "agrawal: optimum 0": 0.0},
    _judge_followers,
)

FIGURES = {
    figure.name: figure
    for figure in (
        MAINTAIN,
        ESCAPE,
        MATRIX_DESIGN,
        ALLOCATION_MESSAGES,
        ALLOCATION_CRITIC,
        MSPM,
        CRITIC_LOSS,
        MSPM_SCALING,
        ABLATIONS,
        FOLLOWERS,
    )
}
