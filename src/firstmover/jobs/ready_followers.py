"""Followers that a design trains first, where they need it and come without networks.

A run trains them in a folder of its own within its folder; the next design of the same game finds them there, as it
finds those that `firstmover pretrain` has trained in a run folder beside.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import jax

from firstmover import files
from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.followers.trained import Trained
from firstmover.games.base import Game
from firstmover.jobs import build
from firstmover.jobs.loop import Progress
from firstmover.jobs.runs import Run

OWN = "followers"  # the folder within the run's


def untrained(game: Game, followers: Follower) -> Trained:
    """The followers with networks that know nothing yet, for looking whether all fits before anything is trained.

    Raises:
        InputError: followers of this kind cannot play the game.
    """
    kind = cast(Trained, followers)  # which alone need training
    kind.refuse(game)
    networks = kind.untrained(game, jax.random.key(0))
    return kind.having(jax.tree.map(lambda leaf: leaf[None], networks))


def train_first(game: Game, followers: Follower, run: Path | None, progress: Progress) -> Trained:
    """Train followers for a game, as much as their kind needs."""
    from firstmover.jobs.pretraining import pretrain  # which imports optax

    return pretrain(game, followers=cast(Trained, followers), run=run, progress=progress).followers


def beside(folder: Path, game: Game, followers: Follower) -> str | None:
    """Where such followers were trained for such a game, seen from a run folder: the newest beside it; None if nowhere.

    With whatever settings, and for random rules only.
    """
    runs = sorted(_finished(folder.parent), key=lambda run: (run.path / "result.json").stat().st_mtime)
    asked = {"game": build.as_stored(game), "followers": build.as_stored(followers), "rules": None, "brought": None}
    alike = [run.path for run in runs if all(run.config.get(key) == value for key, value in asked.items())]
    return os.path.relpath(alike[-1], folder) if alike else None


def _finished(above: Path) -> Iterator[Run]:
    """Finished pretrainings in a folder of runs, and within these."""
    from firstmover.jobs.pretraining import KIND

    for folder in (*above.glob("*"), *above.glob(f"*/{OWN}")):
        if files.is_file(folder / "result.json"):
            try:
                yield Run.open(folder, KIND)
            except InputError:  # another kind of run, or none that can be read
                continue


def ready(run: Run, game: Game, followers: Follower, progress: Progress | None = None) -> Follower:
    """The followers that a run meets: trained, or gone on with, where its configuration says so.

    Args:
        run: the run.
        game: its game.
        followers: as its configuration describes them.
        progress: told of their training; if not given they are trained already.

    Raises:
        InputError: they are not, or what was trained is damaged or was edited.
    """
    where = run.config.get("trained")
    if where is None:
        return followers
    folder = run.path / where
    if where == OWN and progress is not None and not files.is_file(folder / "config.json"):
        return train_first(game, followers, folder, progress)
    if progress is None and not files.is_file(folder / "result.json"):
        raise InputError(f"the followers of {run.path} are not there any more: {folder} is no finished pretraining.")
    from firstmover.jobs.pretraining import resume_pretraining

    return resume_pretraining(folder, game=game, progress=progress).followers
