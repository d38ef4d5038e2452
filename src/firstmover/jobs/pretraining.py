"""Training followers once, for many designs (`lessons`): from the command line or Python, in a run folder."""

import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from firstmover import files
from firstmover.core.noise import Stream, stream
from firstmover.core.selection import finite
from firstmover.core.traced import Numbers, numbers_of, with_numbers
from firstmover.errors import FailedError, InputError, require
from firstmover.evaluation.reply_quality import quality
from firstmover.followers.contextual import Contextual
from firstmover.followers.trained import Networks, Trained, network_bytes
from firstmover.games.base import Game
from firstmover.interop.python_files import Code
from firstmover.jobs import build
from firstmover.jobs.lessons import Losses, Pretraining, Training, training_of, training_steps
from firstmover.jobs.loop import Lesson, Progress, Silent, learn
from firstmover.jobs.programs import traced_from
from firstmover.jobs.runs import Run, digest
from firstmover.json_types import JsonObject, Parsed

KIND = "pretraining"  # what the configuration of such a run says that it is
NETWORKS = "followers.npz"  # in its folder


@dataclass(frozen=True)
class Pretrained:
    """Trained followers.

    Attributes:
        game: which they were trained for.
        settings: how.
        followers: ready to be used in a design.
        seeds: how many are left.
        failed_seeds: those that ended in numbers that are not finite, and are left out.
        quality: see `reply_quality.quality`; null where the game has no table of states.
        env_steps: steps that one seed took in training.
        seconds: `compile` and `train`, wall clock.
        run: the run folder, if one was written.
    """

    game: Game
    settings: Pretraining
    followers: Trained
    seeds: int
    failed_seeds: list[int]
    quality: JsonObject | None
    env_steps: int
    seconds: dict[str, float]
    run: Path | None = None

    def as_json(self) -> JsonObject:
        """The result as JSON values."""
        return {
            "game": build.description(self.game),
            "followers": build.description(self.followers),
            "settings": asdict(self.settings),
            "seeds": self.seeds,
            "failed_seeds": self.failed_seeds,
            "quality": self.quality,
            "env_steps": self.env_steps,
            "seconds": self.seconds,
            "network": self.followers.network or None,
            "run": None if self.run is None else str(self.run),
        }


def pretrain(
    game: Game,
    settings: Pretraining | None = None,
    *,
    followers: Trained | None = None,
    rules: Array | np.ndarray | None = None,
    seeds: int = 1,
    seed: int = 0,
    out: str | Path | None = None,
    run: str | Path | None = None,
    progress: Progress | None = None,
    waiting_since: float | None = None,
) -> Pretrained:
    """Train followers of a game over random leader rules.

    Args:
        game: the game.
        settings: how to train; what suits the kind of followers if not given.
        followers: which kind; contextual ones if not given. Those that have networks, or a file of them, are trained
            on: their networks are where the seeds start.
        rules: leader rules [rules, observations, ...] that they shall know well, such as those that a leader has
            learnt (`Design.tables`): half of the leaders that they meet, the others are random.
        seeds: independent networks, at least 1, trained at once.
        seed: the first of them, 0 or more.
        out: a new file to write them to; nothing is written if not given.
        run: a new run folder, from which `resume_pretraining` goes on after a kill; none if not given. It holds the
            networks too, in `followers.npz`.
        progress: told of what goes on.
        waiting_since: the reading of `time.perf_counter` since which somebody waits, now if not given.

    Raises:
        InputError: a number is out of range, the game has too many observations, or the file exists or cannot be
            written.
        FailedError: the networks of all seeds ended in numbers that are not finite.

    Example:
        >>> from firstmover import pretrain
        >>> from firstmover.followers import Contextual
        >>> from firstmover.games import Maintain
        >>> from firstmover.jobs.lessons import Pretraining
        >>> made = pretrain(Maintain(), Pretraining(updates=1, contexts=2, passes=1), followers=Contextual())
        >>> made.followers.name
        'contextual'
    """
    waiting_since = time.perf_counter() if waiting_since is None else waiting_since
    build.given("game", game)
    kind = build.given("followers", followers or Contextual())
    settings = settings or Pretraining(**kind.training)
    require(seeds >= 1, "seeds must be at least 1", seeds)
    require(seeds < 2**31, f"seeds must be below {2**31}", seeds)
    require(0 <= seed < 2**31 - seeds, f"seed must be a whole number from 0 to {2**31 - seeds - 1}", seed)
    if out is not None:
        if files.exists(out):
            raise InputError(f"{out} exists; name a new file with --out.")
        files.remove_parts(Path(out).parent)
    (kind.refuse if kind.needs_training else kind.check)(game)
    asked = _Asked(game, settings, kind, None if rules is None else np.asarray(rules), seeds, seed, out)
    folder = None if run is None else Run.create(run, asked.config(Path(run)))
    return _carry_out(asked, folder, progress or Silent(), waiting_since)


def resume_pretraining(
    path: str | Path,
    *,
    game: Game | None = None,
    code: Code = None,
    progress: Progress | None = None,
    waiting_since: float | None = None,
) -> Pretrained:
    """Go on with a pretraining that was stopped or killed; a finished one is read back.

    Args:
        path: the run folder.
        game: its game, where that is at hand.
        code: the file of a user's own game or followers, which is executed.
        progress: told of what goes on.
        waiting_since: the reading of `time.perf_counter` since which somebody waits, now if not given.

    Raises:
        InputError: there is no such run, it is damaged, edited, or of another version, or the networks that it began
            with have changed.
    """
    waiting_since = time.perf_counter() if waiting_since is None else waiting_since
    run = Run.open(path, KIND)
    asked = _Asked.of(run, game, code)
    if run.has("result.json"):
        return _read(asked, run)
    files.remove_parts(run.path)
    return _carry_out(asked, run, progress or Silent(), waiting_since)


class _Asked(NamedTuple):
    """What a pretraining was asked for."""

    game: Game
    settings: Pretraining
    followers: Trained
    rules: np.ndarray | None
    seeds: int
    seed: int
    out: str | Path | None

    def config(self, folder: Path) -> JsonObject:
        """As a run folder keeps it: the file to write, as it is seen from there."""
        rules = None if self.rules is None else self.rules.tolist()
        return {
            "kind": KIND,
            "game": build.description(self.game),
            "followers": build.description(self.followers),
            "training": asdict(self.settings),
            "rules": rules,
            "seeds": self.seeds,
            "seed": self.seed,
            "out": None if self.out is None else os.path.relpath(self.out, folder),
            "brought": None if self.followers.needs_training else self.followers.fingerprint(),
        }

    @classmethod
    def of(cls, run: Run, game: Game | None, code: Code) -> "_Asked":
        """What a run was asked for.

        Raises:
            InputError: the configuration is damaged, or what the run began with has changed.
        """
        config = run.config
        try:
            described = config["game"]
            game = build.again("game", described, code) if game is None else build.at_hand(game, described)
            followers = build.again("followers", config["followers"], code)
            settings = Pretraining(**config["training"])
            rules = None if config["rules"] is None else np.array(config["rules"])
            out = None if config["out"] is None else os.path.normpath(run.path / config["out"])
            asked = cls(game, settings, followers, rules, config["seeds"], config["seed"], out)
        except InputError:
            raise  # what has changed since is told
        except (KeyError, TypeError, AttributeError, ValueError):
            raise InputError(
                f"{run.path / 'config.json'} is damaged: it is not what a pretraining began with."
            ) from None
        if config["brought"] is not None:
            followers.check(game)
            if followers.fingerprint() != config["brought"]:
                raise InputError(f"the followers of {run.path} have other networks than when the run began.")
        return asked


class _Given(NamedTuple):
    """What the compiled programs take as arguments: keys and first networks of all seeds, and traced numbers."""

    keys: Key[Array, "seeds"]
    networks: Networks
    settings: Numbers


def _carry_out(asked: _Asked, run: Run | None, progress: Progress, waiting_since: float) -> Pretrained:
    """Train, compare with exact replies, and write."""
    game, settings, seeds, seed = asked.game, asked.settings, asked.seeds, asked.seed
    keys = jax.vmap(jax.random.key)(seed + jnp.arange(seeds))
    kind, networks = _start(game, asked.followers, keys)
    standard = game.standardised
    fixed = None if asked.rules is None else jnp.asarray(game.standard_actions(asked.rules))

    def training(given: _Given) -> Training:
        return training_of(standard, kind, with_numbers(settings, given.settings), fixed)

    lesson = Lesson(
        who="the followers",
        doing="training the followers",
        updates=settings.updates,
        given=_Given(keys, networks, numbers_of(settings)),
        start=lambda given: jax.vmap(training(given)[0])(given.keys, given.networks),
        update=lambda parts, side_by_side, given: lambda state, position: training(given)[1](state),
        blank=Losses._make([np.zeros((settings.updates, seeds), np.float32)]),
        shown=lambda history, step: (history.loss[step], "loss"),
        traced_from=None if game.calls is not None else traced_from(standard, kind, settings, fixed),
    )
    learnt = learn(lesson, run, progress, waiting_since)
    left = np.asarray(finite(learnt.state.networks, 1))
    if not left.any():
        raise FailedError(
            "nothing was trained: the networks of all seeds ended in numbers that are not finite; try a smaller "
            "learning_rate."
        )
    networks = jax.tree.map(lambda leaf: jnp.asarray(leaf)[left], learnt.state.networks)
    trained = replace(kind, network="" if asked.out is None else str(asked.out)).having(networks)
    progress.stage("comparing with exact replies")
    made = Pretrained(
        game,
        settings,
        trained,
        int(left.sum()),
        [seed + int(k) for k in np.flatnonzero(~left)],
        quality(game, trained, seeds=int(left.sum())),
        training_steps(game, trained, settings),
        {"compile": learnt.compile_seconds, "train": learnt.train_seconds},
        None if run is None else run.path,
    )
    content = network_bytes(trained.kind, networks)
    if asked.out is not None:
        files.write_whole(Path(asked.out), content)
    if run is not None:
        run.write_bytes(NETWORKS, content)
        # Not where else they were written, which depends on where the process stood.
        result = replace(made, followers=replace(trained, network="")).as_json()
        run.write_json("result.json", _sealed(result | {"networks": trained.fingerprint()}))
    return made


def _sealed(result: JsonObject | Parsed) -> JsonObject:
    """A result with a digest of all in it but times and its place."""
    kept = {key: value for key, value in result.items() if key not in ("seconds", "run", "digest")}
    return {**result, "digest": digest(kept)}


def _read(asked: _Asked, run: Run) -> Pretrained:
    """A finished pretraining.

    Raises:
        InputError: it is damaged, or was edited.
    """
    result = run.read_json("result.json")
    trained = replace(asked.followers, network=str(run.path / NETWORKS))
    trained.check(asked.game)
    if result != _sealed(result) or result.get("networks") != trained.fingerprint():
        raise InputError(f"{run.path} is damaged, or was edited: its networks are not those of its result.json.")
    keys = ("seeds", "failed_seeds", "quality", "env_steps", "seconds")
    trained = replace(trained, network=str(asked.out or "")).having(trained.networks)
    return Pretrained(asked.game, asked.settings, trained, **{key: result[key] for key in keys}, run=run.path)


def _start(game: Game, followers: Trained, keys: Key[Array, "seeds"]) -> tuple[Trained, Networks]:
    """The followers, and the networks that the seeds start from: those that they have, or untrained ones.

    Raises:
        InputError: their file cannot be read, or they cannot play the game.
    """
    if followers.network or followers.networks:
        followers.check(game)
        networks = followers.networks
        return followers, jax.tree.map(lambda leaf: leaf[np.arange(len(keys)) % len(leaf)], networks)
    streams = jax.vmap(lambda key: stream(key, Stream.PRETRAINING))(keys)
    networks = jax.vmap(lambda key: followers.untrained(game, jax.random.fold_in(key, 0)))(streams)
    return followers.having(networks), networks
