"""Designs whose rule is a network that is never written out: how the best is found, judged by samples, kept and read.

The rule of every seed is judged on samples that nothing was learnt from, with an interval for its value and a bound on
its followers' regrets that holds for all followers, types and actions at once.
"""

import io
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from firstmover.certificates import summary
from firstmover.core.commitment import Commitment
from firstmover.core.noise import Stream, stream
from firstmover.core.plays import Play
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.trees import LeaderState
from firstmover.errors import NO_NUMBER, FailedError, InputError
from firstmover.evaluators.at_size import Judging
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.interop.python_files import Code
from firstmover.jobs import build
from firstmover.jobs.distilled import distilled
from firstmover.jobs.finished import OPTIMUM_TOLERANCE, Optimum, exact_optimum
from firstmover.jobs.loop import Progress
from firstmover.jobs.network_certificates import SAMPLES, Judgement, in_words, judged_anew, network_certificate
from firstmover.jobs.ready_followers import ready
from firstmover.jobs.records import parts_of, problem_of, sealed
from firstmover.jobs.runs import Run
from firstmover.jobs.settling import of_seed
from firstmover.jobs.training import Callback, initial_states, train
from firstmover.json_types import JsonObject, Parsed
from firstmover.leaders.base import Leader
from firstmover.report.statistics import fraction_interval, mean_interval
from firstmover.rules.networks import NETWORK, stored
from firstmover.solvers.registry import baseline_value, upper_bounds


@dataclass(frozen=True, eq=False)
class NetworkDesign:
    """A finished design whose rules are networks.

    Attributes:
        game, followers, leader, seeds, seed: what was asked.
        commitments: the final rule of every seed, a commitment whose arrays have a leading axis of seeds; it is a rule
            of the game's standardised copy.
        plays: how the followers play under each, with a leading axis of seeds.
        result: the result as JSON values.
        run: the run folder, if one was written.
    """

    game: Game
    followers: Follower
    leader: Leader
    seeds: int
    seed: int
    commitments: Commitment
    plays: Play
    result: Parsed
    run: Path | None = None

    def __repr__(self) -> str:
        return f"<NetworkDesign of {self.game!r}: value {self.value:.6g}, best of {self.seeds} seeds>"

    @property
    def best(self) -> int:
        """Position of the best seed."""
        return int(self.result["best_seed"]) - self.seed

    @property
    def value(self) -> float:
        """The mean payoff of the leader under the best seed's rule, on fresh samples."""
        return float(self.result["best_value"])

    @property
    def commitment(self) -> Commitment:
        """The best seed's rule."""
        rule: Commitment = of_seed(self.commitments, self.best)
        return rule

    @property
    def play(self) -> Play:
        """How the followers play under the best seed's rule."""
        play: Play = of_seed(self.plays, self.best)
        return play

    def as_json(self) -> JsonObject:
        """The result as JSON values."""
        return self.result


def carry_out(
    game: Game,
    problem: StackelbergPOMDP,
    leader: Leader,
    seeds: int,
    seed: int,
    run: Run | None,
    progress: Progress,
    optimum: bool,
    waiting_since: float,
    callback: Callback | None = None,
) -> NetworkDesign:
    """Train, let the followers settle under the final rule of every seed, and judge what they play.

    Raises:
        FailedError: no seed has a rule whose numbers are finite.
    """
    learnt = train(problem, leader, seeds, seed, run, progress, waiting_since, callback)
    progress.stage("letting the followers settle, and judging the rules on fresh samples")
    judging = Judging(game)
    commitments, plays, judged = _settled(judging, problem, leader, learnt.state, seeds, progress)
    values = np.array([np.nan if one is None else one.value.value for one in judged])
    if np.isnan(values).all():
        raise FailedError(f"nothing was learnt: in all {seeds} seeds the learner ended in numbers that are not finite.")
    best = int(np.nanargmax(values))
    # The best of several is flattered by having been chosen: it is judged anew.
    best_commitment, best_play = of_seed((commitments, plays), best)
    final = judged_anew(judging, best_commitment, best_play, seed)
    certificate = network_certificate(game, problem.followers, best_play, final, in_words(leader, game)).as_json()
    progress.stage("telling the network in words, and judging that")
    trees = distilled(game, problem.followers, best_commitment, best_play, final.value.value, seed)
    known = _optimum(game, problem.followers) if optimum else Optimum(reason="it was not asked for")
    seconds = {
        "total": learnt.waited_before + time.perf_counter() - waiting_since,
        "compile": learnt.compile_seconds,
        "train": learnt.train_seconds,
    }
    steps = int(np.sum(learnt.history.env_steps, dtype=np.int64))
    result = {
        **_result(game, problem.followers, leader, seeds, seed, judged, best, final, known),
        "rule_text": certificate["rule_text"],
        "play_text": certificate["play_text"],
        "certificate": summary(certificate),
        "distilled": trees,
        "updates": len(learnt.history.value),
        "env_steps": steps,
        "simulated_steps": steps,
        "seconds": seconds,
        "run": None if run is None else str(run.path),
        "network": None if run is None else NETWORK,
    }
    result = sealed(result, certificate)
    design = NetworkDesign(game, problem.followers, leader, seeds, seed, commitments, plays, result, _path(run))
    if run is not None:
        _write(run, design, certificate)
    return design


def _path(run: Run | None) -> Path | None:
    return None if run is None else run.path


def _settled(
    judging: Judging, problem: StackelbergPOMDP, leader: Leader, states: LeaderState, seeds: int, progress: Progress
) -> tuple[Commitment, Play, list[Judgement | None]]:
    """Of every seed the best candidate, how its followers play once they have settled, and what is known of it."""
    candidates = jax.vmap(lambda state: leader.rules(problem, state))(states)
    sound = np.asarray(jax.vmap(leader.sound)(states))
    patient = StackelbergPOMDP(problem.game, problem.followers.unhurried(), problem.reward_episodes, listed=False)

    @jax.jit
    def respond(commitment: Commitment, key: Key[Array, ""]) -> Play:
        return patient.followers.strategy(patient.game, patient.respond(commitment, key).state)

    chosen: list[tuple[Commitment, Play]] = []
    judged: list[Judgement | None] = []
    for k in range(seeds):
        progress.alive()
        key = stream(states.key[k], Stream.EVALUATION)
        own = [of_seed(of_seed(candidates, k), c) for c in range(sound.shape[1])]
        plays = [respond(one, key) for one in own]
        well = [
            float("nan") if not sound[k, c] else judging.value(own[c], plays[c], key, SAMPLES // 4).value
            for c in range(len(own))
        ]
        at = int(np.argmax(np.where(np.isfinite(well), well, -np.inf)))
        chosen.append((own[at], plays[at]))
        fresh = jax.random.fold_in(stream(states.key[k], Stream.CERTIFICATE), 0)
        judged.append(
            Judgement(judging.value(*chosen[-1], fresh, SAMPLES), judging.regrets(*chosen[-1], fresh, SAMPLES))
            if np.isfinite(well[at])
            else None
        )
    commitments, plays = jax.tree.map(lambda *leaves: jnp.stack(leaves), *chosen)
    return commitments, plays, judged


def _result(
    game: Game,
    followers: Follower,
    leader: Leader,
    seeds: int,
    seed: int,
    judged: list[Judgement | None],
    best: int,
    final: Judgement,
    known: Optimum,
) -> JsonObject:
    """What `Design.as_json` says of every design, as far as it is known of a network, and the intervals."""
    values = np.array([np.nan if one is None else one.value.value for one in judged])
    learned = [None if one is None else one.value.value for one in judged]
    mean, *interval = mean_interval(values)
    low, high = game.leader_payoff_range
    above = None if known.value is None else (values - known.value) / (OPTIMUM_TOLERANCE * ((high - low) or 1.0))
    count = None if above is None else int(np.sum(above >= -1))
    try:
        silent = baseline_value(game)[1]
    except NO_NUMBER:
        silent = None
    return {
        "game": build.description(game),
        "followers": build.description(followers),
        "leader": build.description(leader),
        "objective": game.objective,
        "measures": {},
        "constraints": [],
        "holdout": None,
        "robust": None,
        "seeds": seeds,
        "seed": seed,
        "value": learned,
        "value_interval": [None if one is None else list(one.value.interval) for one in judged],
        "regret_bound": [None if one is None else one.regrets.most for one in judged],
        "regret_estimate": [None if one is None else one.regrets.estimated for one in judged],
        "mean_value": mean,
        "mean_value_interval": interval,
        "learned_value": learned,
        "mean_learned_value": mean,
        "mean_learned_value_interval": interval,
        "from_baseline": [False] * seeds,
        "seeds_above_baseline": None if silent is None else int(np.sum(values > silent)),
        "dropped": [int(one is None) for one in judged],
        "failed_seeds": [seed + k for k, one in enumerate(judged) if one is None],
        "best_seed": seed + best,
        "best_value": final.value.value,
        "best_value_interval": list(final.value.interval),
        "welfare_loss": -final.value.value if game.value_is_loss else None,
        "worst_value": None,
        "best_worst_value": None,
        "rule": None,
        "optimum": known.value,
        "optimum_followers": known.followers,
        "optimum_reason": known.reason,
        "upper_bounds": known.upper_bounds,
        "seeds_at_optimum": count,
        "seeds_beyond_optimum": 0,
        "seeds_at_optimum_interval": None if count is None else fraction_interval(count, seeds),
        "trained": None,
    }


def _optimum(game: Game, followers: Follower) -> Optimum:
    """The exact optimum where it is at hand, and bounds that do not list profiles."""
    bounds = upper_bounds(game)
    try:
        found = exact_optimum(game, followers)
    except InputError:  # there is no method
        return Optimum(upper_bounds=bounds)
    except FailedError as why:
        return Optimum(reason=str(why), upper_bounds=bounds)
    return Optimum(found.value, found.followers, {**bounds, **found.upper_bounds})


class _Outcome(NamedTuple):
    commitments: Commitment
    plays: Play


def _write(run: Run, design: NetworkDesign, certificate: JsonObject) -> None:
    run.write_arrays("outcome.npz", _Outcome(design.commitments, design.plays))
    policy = getattr(design.commitment, "policy", None)
    words = getattr(design.game, "network_words", None)
    if policy is not None and words is not None and design.game.n_option_features:
        layers = [(np.asarray(layer.weight), np.asarray(layer.bias)) for layer in policy.network.layers]
        buffer = io.BytesIO()
        np.savez(buffer, **stored(words(), layers))  # type: ignore[arg-type]
        run.write_bytes(NETWORK, buffer.getvalue())
    run.write_json("certificate.json", certificate)
    run.write_json("result.json", design.result)


def loaded_network(run: Run, result: Parsed, code: Code = None, given: Game | None = None) -> NetworkDesign:
    """A finished run of this kind, from its result.

    Raises:
        InputError: its files are missing, damaged, or of another run.
    """
    game, followers, leader, seeds, seed = parts_of(run, code, given, changed_too=True)
    problem = problem_of(run, game, ready(run, game, followers), leader)
    states = jax.eval_shape(lambda: initial_states(problem, leader, seeds, seed))

    def one(state: LeaderState) -> _Outcome:
        rule = of_seed(leader.rules(problem, state), 0)
        return _Outcome(rule, problem.followers.strategy(problem.game, problem.followers.init(problem.game)))

    like = jax.eval_shape(jax.vmap(one), states)
    plays = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((seeds, *leaf.shape[1:]), leaf.dtype), like.plays)
    outcome = run.read_arrays("outcome.npz", like._replace(plays=plays))
    rules, plays = jax.tree.map(jnp.asarray, outcome)
    return NetworkDesign(game, problem.followers, leader, seeds, seed, rules, plays, result, run.path)
