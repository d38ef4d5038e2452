"""Training followers once, for many designs: against leader policies drawn at random.

In a context the leader's table is drawn at random, and the followers respond to it as they always do (they ask, or play
to adapt). Their tables are then drawn several times, half of them from what their networks make of the response and
half at random, and each set of tables plays one sub-episode. The networks then raise the likelihood
of what each table did where it came to, the more the better the table paid among those of its context. So the reply to
one leader is never judged by what replies to other leaders earn, and a good reply is learnt from when it is met by
chance: a plain policy gradient settles on what it found first, for good. What a table earned stays true whatever the
networks have become, so that contexts are kept and learnt from again.

Sources: Gerstgrasser and Parkes, "Oracles & Followers" (ICML 2023), section 4, for the setting; Peng et al.,
"Advantage-weighted regression" (2019), for learning by exponential weights.
"""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover import files
from firstmover.core.commitment import draw_table, table_of
from firstmover.core.noise import Stream, inverse_cdf, stream
from firstmover.core.plays import Strategies
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import rollout
from firstmover.core.selection import finite
from firstmover.errors import FailedError, InputError, require
from firstmover.evaluation.reply_quality import quality
from firstmover.followers.contextual import Contextual
from firstmover.followers.trained import Networks, Trained, network_bytes
from firstmover.games.base import Game
from firstmover.interop.python_files import Code
from firstmover.jobs import build
from firstmover.jobs.loop import Lesson, Progress, Silent, learn
from firstmover.jobs.runs import Run, digest

KIND = "pretraining"  # what the configuration of such a run says that it is
NETWORKS = "followers.npz"  # in its folder
_REMEMBERED = 100  # updates whose sub-episodes are learnt from again


@dataclass(frozen=True)
class Pretraining:
    """How a follower is trained.

    Attributes:
        updates: how often there is fresh play to learn from, at least 1.
        contexts: leader policies that are played against in an update, and learnt from in a step of Adam, at least 1.
        draws: sets of follower tables that are played against each, at least 2.
        passes: steps of Adam after each update, on contexts drawn from the last hundred updates, at least 1: play is
            dearer than learning, so what was played once is learnt from often.
        learning_rate: of Adam at the start, positive; it falls to nothing.
        temperature: by how much of its payoff range a table must earn more to count e times as much, positive.
    """

    updates: int = 20
    contexts: int = 16
    draws: int = 16
    passes: int = 20
    learning_rate: float = 0.01
    temperature: float = 0.01

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        for field, least in {"updates": 1, "contexts": 1, "draws": 2, "passes": 1}.items():
            require(getattr(self, field) >= least, f"{field} must be at least {least}", getattr(self, field))
        require(0 < self.learning_rate < float("inf"), "learning_rate must be a positive number", self.learning_rate)
        require(0 < self.temperature < float("inf"), "temperature must be a positive number", self.temperature)


class _Contexts(NamedTuple):
    """What was played against some leaders, [contexts, ...]."""

    states: Any  # of the response
    # For each follower by how much its actions count, where its tables came to.
    targets: tuple[Float[Array, "contexts _observations _actions"], ...]


def random_leader(game: Game, key: Key[Array, ""], rules: Array | None = None) -> Array:
    """A leader's table, every possible action at every observation equally likely; or as often one of these rules."""
    head, observations = game.leader_space.head(), jnp.asarray(game.observations())
    masks = jax.vmap(game.leader_mask)(observations)
    raw = draw_table(head, jnp.zeros((game.n_observations, head.width)), masks, observations, key)
    drawn = jax.vmap(head.action)(raw)
    if rules is None:
        return drawn
    key_which, key_row = jax.random.split(jax.random.fold_in(key, 0))
    chosen = jnp.asarray(rules, drawn.dtype)[jax.random.randint(key_row, (), 0, len(rules))]
    return jnp.where(jax.random.bernoulli(key_which), chosen, drawn)


class Losses(NamedTuple):
    """Metrics of an update of a seed.

    Attributes:
        loss: minus the logarithm of the likelihood of what paid, weighted and summed over observations, the mean over
            the passes.
    """

    loss: Float[Array, ""]


class _State(NamedTuple):
    """Of a seed between updates."""

    networks: Networks
    adam: Any
    memory: _Contexts  # of the last updates
    key: Key[Array, ""]
    step: Int[Array, ""]


def training_of(
    game: Game, followers: Trained, settings: Pretraining, rules: Array | None = None
) -> tuple[Callable[[Key[Array, ""], Networks], _State], Callable[[_State], tuple[_State, Losses]]]:
    """How the networks of a game's followers are trained: the state to start from, and an update of it.

    Both are for one seed, and pure functions of arrays.

    Args:
        game: the game.
        followers: their kind.
        settings: how to train.
        rules: of the leader, [rules, observations, ...], met half of the time; only random ones if not given.

    Returns:
        (key of the seed, networks to start from) -> state, and state -> (state, metrics).
    """
    problem = StackelbergPOMDP(game, followers, reward_episodes=1)
    optimiser = optax.adam(optax.linear_schedule(settings.learning_rate, 0.0, settings.updates * settings.passes))
    scale = jnp.asarray([max(high - low, 1e-9) for low, high in game.follower_payoff_ranges])

    def play(leader: Array, drawn: tuple[Array, ...], types: Array, chance: Array) -> tuple[Array, ...]:
        """What every follower earns in a sub-episode, and where it came to."""
        tables = tuple(jax.nn.one_hot(a, n) for a, n in zip(drawn, game.n_actions, strict=True))
        steps = rollout(game, table_of(game, leader), Strategies(tables), None, types, chance)
        acts = steps.followers_act.astype(float)
        visits = [jnp.zeros(n).at[steps.follower_obs[:, i]].max(acts[:, i]) for i, n in enumerate(game.n_obs)]
        return steps.follower_rewards.sum(0), *visits

    def played(networks: Networks, key: Key[Array, ""]) -> _Contexts:
        """Fresh contexts: leaders, the followers' responses, and what some of their tables earn."""
        keys = jax.random.split(key, 5)
        leaders = jax.vmap(lambda k: random_leader(game, k, rules))(jax.random.split(keys[0], settings.contexts))
        responses = jax.vmap(lambda leader, k: problem.respond(table_of(game, leader), k).state)
        states = responses(leaders, jax.random.split(keys[1], settings.contexts))
        logits = jax.vmap(lambda state: followers.logits(game, networks, state))(states)
        # Half of the tables explore: the networks alone would settle on what they happened to find first.
        explore = jnp.arange(settings.draws) < settings.draws // 2
        shape = settings.contexts, settings.draws, sum(game.n_obs)
        tables = _drawn(logits, jax.random.uniform(keys[2], shape), explore)
        types = jax.vmap(game.types.sample)(jax.random.uniform(keys[3], (settings.contexts, game.n_followers)))
        chance = jax.random.split(keys[4], settings.contexts)
        # Tables of one context are compared with each other only, in sub-episodes of the same types and chance.
        payoffs, *visits = jax.vmap(jax.vmap(play, (None, 0, None, None)))(leaders, tables, types, chance)
        share = jax.nn.softmax(payoffs / (settings.temperature * scale), axis=1)
        targets = tuple(
            jnp.einsum("cd,cdo,cdoa->coa", share[..., i], visits[i], jax.nn.one_hot(tables[i], n_actions))
            for i, n_actions in enumerate(game.n_actions)
        )
        return _Contexts(states, targets)

    def loss(networks: Networks, seen: _Contexts) -> Float[Array, ""]:
        logits = jax.vmap(lambda state: followers.logits(game, networks, state))(seen.states)
        total = jnp.float32(0)
        for own, target in zip(logits, seen.targets, strict=True):
            # What is impossible has a logarithm of minus infinity, and counts nothing.
            logp = jnp.where(target > 0, jax.nn.log_softmax(own), 0)
            total = total - jnp.sum(target * logp) / len(target)
        return total

    def start(key: Key[Array, ""], networks: Networks) -> _State:
        shapes = jax.eval_shape(played, networks, key)
        memory = jax.tree.map(lambda leaf: jnp.zeros((room * leaf.shape[0], *leaf.shape[1:]), leaf.dtype), shapes)
        return _State(networks, optimiser.init(networks), memory, stream(key, Stream.PRETRAINING), jnp.int32(0))

    def update(state: _State) -> tuple[_State, Losses]:
        networks, adam, memory, key, step = state
        key_play, key_pass = jax.random.split(jax.random.fold_in(key, step + 1))
        fresh = played(networks, key_play)
        at = jnp.mod(step, room) * settings.contexts
        memory = jax.tree.map(lambda old, new: jax.lax.dynamic_update_slice_in_dim(old, new, at, 0), memory, fresh)
        remembered = jnp.minimum(step + 1, room) * settings.contexts

        def once(carry: Any, key: Key[Array, ""]) -> tuple[Any, Array]:
            networks, adam = carry
            rows = jax.random.randint(key, (settings.contexts,), 0, remembered)
            value, gradient = jax.value_and_grad(loss)(networks, jax.tree.map(lambda leaf: leaf[rows], memory))
            change, adam = optimiser.update(gradient, adam)
            return (optax.apply_updates(networks, change), adam), value

        passes = jax.random.split(key_pass, settings.passes)
        (networks, adam), losses = jax.lax.scan(once, (networks, adam), passes)
        return _State(networks, adam, memory, key, step + 1), Losses(losses.mean())

    room = min(settings.updates, _REMEMBERED)
    return start, update


def _drawn(
    logits: tuple[Float[Array, "contexts _observations _actions"], ...],
    uniform: Float[Array, "contexts draws u"],
    explore: Bool[Array, "draws"],
) -> tuple[Int[Array, "contexts draws _observations"], ...]:
    """An action for every follower at every observation, by inversion; all equally likely in draws that explore."""
    drawn, start = [], 0
    for own in logits:
        noise = uniform[..., start : start + own.shape[1]]
        start += own.shape[1]
        probabilities = jnp.where(explore[:, None, None], jnp.isfinite(own)[:, None], jax.nn.softmax(own)[:, None])
        drawn.append(jax.vmap(jax.vmap(jax.vmap(inverse_cdf)))(probabilities, noise))
    return tuple(drawn)


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
    quality: dict[str, Any] | None
    env_steps: int
    seconds: dict[str, float]
    run: Path | None = None

    def as_json(self) -> dict[str, Any]:
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
        settings: how to train; the defaults if not given.
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
        >>> from firstmover.jobs.pretraining import Pretraining
        >>> made = pretrain(Maintain(), Pretraining(updates=1, contexts=2, passes=1), followers=Contextual())
        >>> made.followers.name
        'contextual'
    """
    waiting_since = time.perf_counter() if waiting_since is None else waiting_since
    build.given("game", game)
    settings, kind = settings or Pretraining(), build.given("followers", followers or Contextual())
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

    def config(self, folder: Path) -> dict[str, Any]:
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


def _carry_out(asked: _Asked, run: Run | None, progress: Progress, waiting_since: float) -> Pretrained:
    """Train, compare with exact replies, and write."""
    game, settings, seeds, seed = asked.game, asked.settings, asked.seeds, asked.seed
    keys = jax.vmap(jax.random.key)(seed + jnp.arange(seeds))
    kind, networks = _start(game, asked.followers, keys)
    standard = game.standardised
    fixed = None if asked.rules is None else jnp.asarray(game.standard_actions(asked.rules))
    start, update = training_of(standard, kind, settings, fixed)
    lesson = Lesson(
        who="the followers",
        doing="training the followers",
        updates=settings.updates,
        start=lambda: jax.vmap(start)(keys, networks),
        update=lambda parts, side_by_side: lambda state, position: update(state),
        blank=Losses._make([np.zeros((settings.updates, seeds), np.float32)]),
        shown=lambda history, step: (history.loss[step], "loss"),
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


def _sealed(result: dict[str, Any]) -> dict[str, Any]:
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


def training_steps(game: Game, followers: Trained, settings: Pretraining) -> int:
    """Environment steps that one seed of these followers takes in training."""
    leader, key = random_leader(game, jax.random.key(0)), jax.random.key(0)
    response = StackelbergPOMDP(game, followers, reward_episodes=1).respond(table_of(game, leader), key)
    each = settings.draws * game.max_leader_decisions + float(response.env_steps)
    return round(settings.updates * settings.contexts * each)
