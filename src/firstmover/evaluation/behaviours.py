"""The models of followers that a rule is stressed with, where nobody names others: from rational to noisy and slow.

Every registered model that needs no trained network is here, some with several parameters. `docs/choosing-followers.md`
says what each stands for.
"""

from firstmover.followers.base import Follower
from firstmover.jobs import build
from firstmover.wording import written

PRESETS: tuple[tuple[str, dict[str, float | str | list[float]]], ...] = (
    ("best-response", {}),  # rational, ties for the leader
    ("best-response", {"ties": "weak"}),  # rational, ties against it
    ("partly-rational", {}),  # one in five plays at random
    ("level-k", {}),  # replies to random play
    ("level-k", {"level": 2}),
    ("unmoved", {}),  # goes on as under the status quo
    ("multiplicative-weights", {}),
    ("multiplicative-weights", {"epsilon": 0.1}),  # the same, slow: it is far from done when it is played
    ("multiplicative-weights", {"update": "sampled"}),  # the papers' learners, who meet one sub-episode at a time
    ("sampled-weights", {}),  # the same in games of any size
    ("regret-matching", {}),
    ("swap-regret", {}),
    ("fictitious-play", {}),
    ("logit", {"rationality": 1.0}),  # nearly at random
    ("logit", {"rationality": 3.0}),
    ("logit", {}),  # rationality 10
    ("logit", {"rationality": 30.0}),  # rare mistakes
    ("exp3", {}),
    ("q-learning", {}),
    ("policy-gradient", {}),
    ("population", {}),  # crowds only
    ("repeated-q-learning", {"beta": [0.002], "rounds": 2500}),  # remembers the last round, and may collude
)


def presets() -> list[Follower]:
    """The models of `PRESETS`, each made."""
    return [build.build("followers", name, parameters) for name, parameters in PRESETS]


def label(followers: Follower) -> str:
    """A model's name, with its parameters that are not at their defaults.

    Example:
        >>> from firstmover.followers import Logit
        >>> label(Logit(rationality=3.0))
        'logit (rationality=3)'
    """
    own = {name: (getattr(followers, name), default) for name, default in build.settings(type(followers)).items()}
    settings = [f"{name}={_short(value)}" for name, (value, default) in own.items() if value != default]
    return f"{followers.name} ({', '.join(settings)})" if settings else followers.name


def _short(value: object) -> str:
    return written(value) if isinstance(value, float) else str(value)
