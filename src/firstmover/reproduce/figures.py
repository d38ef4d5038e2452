"""The figures of Brero et al., "Stackelberg POMDP: a reinforcement learning approach for economic design" (2023).

Step-level learners have the paper's sub-episodes: 100 equilibrium and 10 reward sub-episodes in matrix games, 1000 and
100 in Bayesian ones. One equilibrium sub-episode of the paper evaluates one action of one follower, so that 100 of them
are 33 rounds against one follower of three actions. Followers are sampled multiplicative weights with the step 0.01,
payoffs divided by the largest payoff of the game, and play their likeliest action in the reward phase.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.selection import average
from firstmover.equilibria.polytopes import value_bounds
from firstmover.evaluators import induced_game
from firstmover.followers import MultiplicativeWeights
from firstmover.games import Agrawal, Escape, Game, Maintain, MatrixDesign, SimpleAllocation
from firstmover.jobs.finished import Design
from firstmover.leaders import MAPPO, PPO, CommitmentGradient
from firstmover.report.statistics import mean_interval
from firstmover.reproduce.experiments import Experiment, Figure, Verdict
from firstmover.reproduce.measures import departure, drop, exact, reached, reaches, summary


def paper_followers(rounds: int, largest_payoff: float) -> MultiplicativeWeights:
    """The paper's followers, for so many rounds in a game with this largest payoff."""
    return MultiplicativeWeights(rounds=rounds, epsilon=0.01, update="sampled", play="argmax", scale=largest_payoff)


def step_level(kind: type[PPO] | type[MAPPO], updates: int, steps: int, reward_episodes: int) -> PPO | MAPPO:
    """A step-level learner with the settings of this reproduction."""
    return kind(updates=updates, steps=steps, learning_rate=3e-3, epochs=2, reward_episodes=reward_episodes)


def _three(
    name: str, game: Game, followers: MultiplicativeWeights, updates: int, steps: int, reward_episodes: int
) -> dict[str, Experiment]:
    """MAPPO, PPO, and the commitment level against the same followers."""
    sampled = CommitmentGradient(reward_episodes=reward_episodes)
    return {
        "MAPPO": Experiment(f"{name}-mappo", game, followers, step_level(MAPPO, updates, steps, reward_episodes)),
        "PPO": Experiment(f"{name}-ppo", game, followers, step_level(PPO, updates, steps, reward_episodes)),
        "commitment level": Experiment(f"{name}-commitment", game, followers, sampled),
    }


# Figures 1 and 5: normal-form games.


_NORMAL_FORM_FOLLOWERS = paper_followers(33, 30.0)


def _judge_escape(made: Mapping[str, Design]) -> Sequence[Verdict]:
    return [reaches(label, made[label], exact(Escape()), "at once") for label in ("MAPPO", "PPO")]


ESCAPE = Figure(
    "escape",
    "figure 5",
    "MAPPO and PPO learn row C of Escape at once.",
    "leader's payoff",
    _three("escape", Escape(), _NORMAL_FORM_FOLLOWERS, 40, 550, 10),
    lambda: {"optimum": exact(Escape())},
    _judge_escape,
)


def _judge_maintain(made: Mapping[str, Design]) -> Sequence[Verdict]:
    mixed, e = Maintain("mixed"), 0.01
    best = exact(mixed)
    beyond = value_bounds(induced_game(mixed, np.array([[0.25 + e, 0.75 - e, 0.0]])), "bcce")[1]
    deterministic = "MAPPO, deterministic"
    return [
        reaches(deterministic, made[deterministic], exact(Maintain()), "at once"),
        reaches("MAPPO, randomised", made["MAPPO, randomised"], best, "27.5 after about 100k steps", 0.05),
        reaches("PPO, randomised", made["PPO, randomised"], best, "similar to MAPPO", 0.05),
        Verdict(
            "a mixture of A with probability 1/4 + e earns 27.5 + e",
            "27.5 + e",
            f"at e = {e}: {beyond:.4f}",
            f"optimum {best:.4f}; {best:g} {(beyond - best) / e:+.4g} e at 1/4 + e",
            beyond > best,
            "A is played more, and pays less than B when the follower answers A",
        ),
    ]


def _maintain_experiments() -> dict[str, Experiment]:
    mixed = _three("maintain-randomised", Maintain("mixed"), _NORMAL_FORM_FOLLOWERS, 150, 1100, 10)
    plain = Experiment(
        "maintain-deterministic-mappo", Maintain(), _NORMAL_FORM_FOLLOWERS, step_level(MAPPO, 40, 550, 10)
    )
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
    lambda: {"deterministic optimum": exact(Maintain()), "mixed optimum": exact(Maintain("mixed"))},
    _judge_maintain,
)


# Figures 2 and 6: matrix design.

TAU_FOLLOWERS = paper_followers(25, 6.0)
_MATRIX = _three("matrix-design", MatrixDesign(), TAU_FOLLOWERS, 90, 2200, 10)


def payments_table(runs: int = 4000) -> list[dict[str, float]]:
    """What every tau is worth in equilibrium, and after few and many rounds.

    The leader's value over coarse correlated equilibria, and the share of responses of 25 and of 1000 sampled rounds
    that end with different likeliest actions.
    """
    game, shares = MatrixDesign(), {rounds: _differing(rounds, runs) for rounds in (25, 1000)}
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


def _differing(rounds: int, runs: int) -> Float[np.ndarray, "taus"]:
    """For every tau, the share of responses of so many sampled rounds whose likeliest actions differ."""
    game = MatrixDesign()
    problem = StackelbergPOMDP(game, replace(TAU_FOLLOWERS, rounds=rounds), 0)
    keys = jax.random.split(jax.random.key(0), runs)

    def share(tau: Array) -> Array:
        return jax.vmap(lambda key: problem.episode(table_of(game, tau[None]), key).reward)(keys).mean()

    return np.asarray(jax.jit(jax.vmap(share))(jnp.arange(game.max_payment + 1, dtype=jnp.int32)))


def _judge_matrix(made: Mapping[str, Design]) -> Sequence[Verdict]:
    rows = payments_table()
    enough = next(row["tau"] for row in rows if row["cce_low"] > 1 - 1e-6)
    at_25 = ", ".join(f"{row['differ_after_25']:.2f}" for row in rows[:6])
    at_1000 = ", ".join(f"{row['differ_after_1000']:.2f}" for row in rows[:6])
    lows = ", ".join(f"{row['cce_low']:.3g}" for row in rows[:6])
    swing = {name: drop(made[name]) for name in ("MAPPO", "PPO")}
    return [
        reaches("MAPPO", made["MAPPO"], exact(MatrixDesign()), "tau >= 4 after about 200k steps"),
        Verdict(
            "PPO oscillates and does not always end optimal",
            "oscillates",
            f"PPO {summary(made['PPO'], 1.0)}, its evaluated mean falls by up to {swing['PPO']:.3g} "
            f"(MAPPO's by {swing['MAPPO']:.3g})",
            "1",
            swing["PPO"] > 0.05 + swing["MAPPO"] or reached(made["PPO"], 1.0) < made["PPO"].seeds,
            departure(made["PPO"]),
        ),
        Verdict(
            "the designer wins from tau >= 4 on",
            "tau >= 4",
            f"share of responses that differ, tau = 0..5: {at_25} after 25 rounds, {at_1000} after 1000",
            f"worst coarse correlated equilibrium, tau = 0..5: {lows}",
            enough >= 4,
            f"from tau = {enough:.0f} on every coarse correlated equilibrium pays 1; tau >= 4 is where B dominates for "
            "the column player, and what 25 rounds need",
        ),
    ]


MATRIX_DESIGN = Figure(
    "matrix-design",
    "figure 2",
    "MAPPO learns to pay tau >= 4 after about 200k steps; PPO oscillates.",
    "probability that the actions differ",
    _MATRIX,
    lambda: {"optimum": exact(MatrixDesign())},
    _judge_matrix,
)


def _judge_critic(made: Mapping[str, Design]) -> Sequence[Verdict]:
    losses = {name: average(np.asarray(made[name].history.critic_loss), axis=1) for name in ("MAPPO", "PPO")}
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
            "mean squared error in units of the payoff range; " + departure(made["MAPPO"]),
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
    m: _three(f"allocation-{m}", SimpleAllocation(3, m), paper_followers(rounds, 1.0), 150, 2200, 100)
    for m, rounds in _ALLOCATION_ROUNDS.items()
}


def _judge_messages(made: Mapping[str, Design]) -> Sequence[Verdict]:
    verdicts = []
    for m, published in {1: "1/3", 2: "2/3", 3: "1"}.items():
        label = f"MAPPO, {m} messages"
        verdicts.append(reaches(label, made[label], exact(SimpleAllocation(3, m)), published))
    return verdicts


ALLOCATION_MESSAGES = Figure(
    "allocation-messages",
    "figure 3a",
    "With 1, 2, 3 messages MAPPO reaches 1/3, 2/3, 1.",
    "probability of the wanted item",
    {
        **{f"MAPPO, {m} messages": _ALLOCATION[m]["MAPPO"] for m in (1, 2, 3)},
        "commitment level, 3 messages": _ALLOCATION[3]["commitment level"],
    },
    lambda: {f"optimum, {m} messages": exact(SimpleAllocation(3, m)) for m in (1, 2, 3)},
    _judge_messages,
)


def _judge_allocation_critic(made: Mapping[str, Design]) -> Sequence[Verdict]:
    mappo, ppo, best = made["MAPPO"], made["PPO"], exact(SimpleAllocation(3, 3))
    difference, low, high = mean_interval(mappo.learned_values - ppo.learned_values)
    return [
        Verdict(
            "the centralised critic is needed with 3 messages",
            "MAPPO far above PPO",
            f"MAPPO {summary(mappo, best)}; PPO {summary(ppo, best)}; "
            f"difference {difference:.4g} [{low:.4g}, {high:.4g}]",
            f"{best:g}",
            low > 0,
            departure(mappo),
        )
    ]


ALLOCATION_CRITIC = Figure(
    "allocation-critic",
    "figure 3b",
    "With 3 messages MAPPO is far above PPO.",
    "probability of the wanted item",
    _ALLOCATION[3],
    lambda: {"optimum": exact(SimpleAllocation(3, 3))},
    _judge_allocation_critic,
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
    best_silent = -exact(silent)
    free = np.array([[1, 0] if status == 0 else [0, 0] for _, _, _, status in silent.observations().tolist()])
    finite = induced_game(silent, free)
    price_zero = -float(finite.probs @ finite.leader.ravel())
    losses = {price: agrawal_loss(price)[1] for price in np.round(np.arange(0.05, 2.5, 0.1), 2).tolist()}
    lossless = [price for price, loss in losses.items() if loss < 1e-9]
    claimed = max(loss for price, loss in losses.items() if price >= 0.5)
    return [
        reaches("MAPPO", made["MAPPO"], 0.0, "zero welfare loss", 0.01),
        Verdict(
            "PPO is not stable at the end",
            "unstable",
            summary(made["PPO"], 0.0, 0.01),
            "0",
            reached(made["PPO"], 0.0, 0.01) < 0.9 * made["PPO"].seeds,
            departure(made["PPO"]),
        ),
        Verdict(
            "any first price between 1/2 and 2.5 after message 1 works",
            "1/2 to 2.5",
            f"worst loss over anf_cce of the claimed prices {claimed:.3g}",
            f"of {len(losses)} prices in steps of 0.1, those from {min(lossless)} to {max(lossless)} have no loss",
            claimed < 1e-9,
            "at higher prices the high type does better by hiding, at lower ones the low type by pretending",
        ),
        Verdict(
            "without messages price zero twice, agent 2 first, is best",
            "price zero in both cases",
            f"loss {price_zero:.3g} if agents buy at price = value",
            f"best without messages: {best_silent:.3g}",
            price_zero < best_silent + 1e-9,
            "at price zero the zero type takes the item; a positive price up to 1 first avoids that",
        ),
    ]


MSPM = Figure(
    "mspm",
    "figure 4",
    "MAPPO reaches zero welfare loss in the Agrawal et al. market; PPO is unstable.",
    "minus the welfare loss",
    _three("mspm", Agrawal(), paper_followers(250, 2.5), 100, 4000, 100),
    lambda: {"first best": 0.0, "best without messages": exact(Agrawal(messages=1))},
    _judge_mspm,
)


PAPER_FIGURES = (MAINTAIN, ESCAPE, MATRIX_DESIGN, ALLOCATION_MESSAGES, ALLOCATION_CRITIC, MSPM, CRITIC_LOSS)
