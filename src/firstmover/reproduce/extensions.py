"""Beyond the figures of the paper: its method on more values, without its parts, against other followers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

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
from firstmover.games import Agrawal, Game, MatrixDesign, SequentialPrice, SimpleAllocation
from firstmover.jobs import build
from firstmover.jobs.finished import Design
from firstmover.leaders import MAPPO, PPO, CommitmentGradient
from firstmover.report.statistics import mean_interval
from firstmover.reproduce.experiments import Experiment, Figure, Verdict
from firstmover.reproduce.figures import TAU_FOLLOWERS, paper_followers, step_level
from firstmover.reproduce.measures import departure, exact, summary


def _slug(words: str) -> str:
    """The words as part of a folder's name."""
    return "-".join(words.lower().replace(",", "").replace(":", "").split())


_TYPES = (3, 4, 5, 6)


def _scaling_experiments() -> dict[str, Experiment]:
    leader = CommitmentGradient(updates=80, episodes=48)
    return {
        f"T = {types}": Experiment(f"mspm-{types}", SequentialPrice(types=types), MultiplicativeWeights(), leader)
        for types in _TYPES
    }


def _silent_losses() -> dict[int, float]:
    """The exact welfare loss of the best mechanism without messages, by the number of values."""
    return {types: -exact(SequentialPrice(types=types, messages=1)) for types in _TYPES}


def _judge_scaling(made: Mapping[str, Design]) -> Sequence[Verdict]:
    verdicts = []
    for types, silent in _silent_losses().items():
        done = made[f"T = {types}"]
        below = int(np.sum(-done.learned_values < silent - 1e-6))
        mean, low, high = mean_interval(-done.learned_values)
        verdicts.append(
            Verdict(
                f"two messages beat none with {types} values",
                "below the best without messages",
                f"loss {mean:.5f} [{low:.5f}, {high:.5f}], worst seed {-done.learned_values.min():.5f}; "
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
        "allocation": (SimpleAllocation(3, 3), replace(paper_followers(33, 1.0), epsilon=0.1)),
        "matrix": (MatrixDesign(), TAU_FOLLOWERS),
    }
    experiments = {}
    for name, (game, followers) in games.items():
        for kind in (MAPPO, PPO):
            for response_steps in (1.0, 0.0):
                for action_map in (True, False):
                    words = [kind.name, "all steps" if response_steps else "reward phase only"]
                    label = f"{name}: {', '.join(words)}, {'map' if action_map else 'no map'}"
                    leader = replace(
                        step_level(kind, 40, 2048, 30), response_steps=response_steps, action_map=action_map
                    )
                    experiments[label] = Experiment(
                        f"ablation-{_slug(label)}",
                        game,
                        followers,
                        leader,
                    )
    return experiments


def _response(done: Design) -> str:
    """How the followers of an ablation respond."""
    settings = build.description(done.followers)["parameters"]
    return f"{settings['rounds']} rounds with step {settings['epsilon']:g}"


def _judge_ablations(made: Mapping[str, Design]) -> Sequence[Verdict]:
    return [
        Verdict(
            label,
            "-",
            summary(done, exact(done.game)),
            f"{exact(done.game):g}",
            None,
            f"{departure(done)}; {_response(done)}",
        )
        for label, done in made.items()
    ]


ABLATIONS = Figure(
    "ablations",
    "section 7",
    "What the centralised critic, the response phase and the observation-action map are each worth.",
    "leader's payoff",
    _ablation_experiments(),
    lambda: {"allocation: optimum": exact(SimpleAllocation(3, 3)), "matrix: optimum": exact(MatrixDesign())},
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
        # With messages the market's optimum is not known here; no rule loses less than nothing.
        best = exact(done.game) if label.startswith("allocation") else 0.0
        verdicts.append(
            Verdict(
                label,
                "-",
                f"{summary(done, best, 0.01)}, remaining regret {done.certificate['epsilon']['max']:.3g}",
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
    lambda: {"allocation: optimum": exact(SimpleAllocation(3, 3)), "agrawal: first best": 0.0},
    _judge_followers,
)


EXTENSIONS = (MSPM_SCALING, ABLATIONS, FOLLOWERS)
