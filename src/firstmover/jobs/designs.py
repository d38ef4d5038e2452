"""The main job: learn a rule, see how its followers settle, certify it.

`design` runs it, `resume` goes on after a kill, and a `finished.Design` is what comes of it.
"""

import time
from collections.abc import Hashable
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING

import jax

from firstmover import catalogue, files
from firstmover.catalogue import Parameters
from firstmover.certificates import certify_play
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.traced import numbers_of
from firstmover.core.trees import LeaderState
from firstmover.deadline import within
from firstmover.errors import FailedError, InputError
from firstmover.exact_numbers import whole
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.interop.python_files import Code
from firstmover.jobs import build, memory
from firstmover.jobs.calls import fitting, told
from firstmover.jobs.defaults import usual
from firstmover.jobs.finished import Design, Optimum, exact_optimum
from firstmover.jobs.fresh_types import on_fresh_types
from firstmover.jobs.loop import Progress, Silent
from firstmover.jobs.memory import compiled_to_fit
from firstmover.jobs.observed import Evidence, Rows, estimated
from firstmover.jobs.programs import program_for
from firstmover.jobs.ready_followers import OWN, beside, ready, train_first, untrained
from firstmover.jobs.records import (
    LEFT_OUT,
    MANY_CALLS,
    SECONDS,
    Outcome,
    configuration,
    parts_of,
    problem_of,
    read_outcome,
    read_result,
    write_outcome,
)
from firstmover.jobs.respond import beyond_one_round
from firstmover.jobs.runs import Run
from firstmover.jobs.settling import LearnedRules, best_seed, of_seed, rules_and_plays, settled
from firstmover.jobs.status_quo import StatusQuo, against
from firstmover.jobs.stored_programs import lowered
from firstmover.jobs.training import Callback, Given, check_memory, shared_by, train
from firstmover.leaders.base import Leader
from firstmover.rules.rule import Rule
from firstmover.testing.refusing import refuse_mistakes, refuse_mistakes_of_parts

if TYPE_CHECKING:
    from firstmover.jobs.network_designs import NetworkDesign

OPTIMUM_SECONDS = 60.0  # what the exact optimum beside a design may take


def design(
    game: Game | str,
    *,
    followers: Follower | str | None = None,
    leader: Leader | str | None = None,
    seeds: int = 25,
    seed: int = 0,
    game_parameters: Parameters | None = None,
    out: str | Path | None = None,
    optimum: bool = True,
    types: Rows | None = None,
    holdout: Rows | float | None = None,
    holdout_seed: int = 0,
    robust: float | None = None,
    status_quo: StatusQuo | None = None,
    max_calls: int | None = None,
    progress: Progress | None = None,
    waiting_since: float | None = None,
    callback: Callback | None = None,
) -> "Design | NetworkDesign":
    """Design the rule of a game: learn it with every seed, let the followers settle, certify the best.

    Args:
        game: a game, the name of one, or a Gambit file.
        followers: how participants adapt, or the name of a model with its defaults; if not given, what fits the game
            and its size (`defaults.usual`).
        leader: the learner, or the name of one with its defaults; if not given, what fits the size of the game.
        seeds: number of independent seeds, at least 1, trained at once.
        seed: the first of them, 0 or more.
        game_parameters: parameters for a game given by name.
        out: a new folder to write the run to; nothing is written if not given.
        optimum: whether the exact optimum is computed beside, where there is a method; it is given up after
            `OPTIMUM_SECONDS`, and left out where it would take many calls of plain Python.
        types: observed participants, or a file of them, from which the prior is estimated (see
            `interop.observed_types.read_types`).
        holdout: the share of those rows that is kept out and on which the rule is valued, or other rows, or a file.
        holdout_seed: of the rows that are kept out.
        robust: total-variation distance within which the prior may be off: the worst case is reported, and with
            `target=robust` designed for.
        status_quo: the rule that has to be beaten, in place of the game's own: a rule, a rule file or a run folder.
        max_calls: how often a user's plain Python may be called, in a market whose payoffs are no table; the number of
            updates is what gives way.
        progress: told of what goes on.
        waiting_since: the reading of `time.perf_counter` since which somebody waits, now if not given.
        callback: called as `callback(update, metrics)` for every update, counted from 1, with arrays [seeds] in the
            game's units; several updates are made in one program and told of afterwards. If it returns True the run
            ends early, with the rules that there are then.

    Raises:
        InputError: something does not exist, does not fit, or is out of range.

    Example:
        >>> from firstmover import design
        >>> from firstmover.games import Maintain
        >>> made = design(Maintain(), seeds=3)
        >>> made.value, made.rule.text
        (20.0, 'Always play A.')
        >>> made.certificate["value"]
        20.0
    """
    waiting_since = time.perf_counter() if waiting_since is None else waiting_since
    if isinstance(game, str):
        game = build.game_from(game, game_parameters or {})
    elif game_parameters:
        raise InputError("game_parameters go with a game's name; a game object has its parameters already.")
    progress = progress or Silent()
    asked: Game = build.given("game", game)
    responding, learner, why = parts_for(asked, followers, leader)
    if why is not None:
        progress.announce(why)
    seeds, seed = whole(seeds, "seeds"), whole(seed, "seed")
    refuse_mistakes(asked)
    refuse_mistakes_of_parts(responding, learner)
    played, evidence = estimated(asked, types, holdout, robust=robust, seed=holdout_seed)
    played = against(played, status_quo)
    if robust is not None and learner.target == "robust":
        learner = replace(learner, radius=robust)  # type: ignore[type-var]
    if seeds < 1:
        raise InputError(f"seeds must be at least 1; got {seeds}.")
    if seeds >= 2**31:
        raise InputError(f"seeds must be below {2**31}; got {seeds}.")
    if not 0 <= seed < 2**31 - seeds:
        raise InputError(f"seed must be a whole number from 0 to {2**31 - seeds - 1}; got {seed}.")
    problem = learner.problem(played, untrained(played, responding) if responding.needs_training else responding)
    if asked.draws_types and (responding.needs_training or not problem.listed):
        raise InputError(
            f"the types of {asked.name} are drawn; networks that are trained for a list of types, those of "
            f"{responding.name} or the leader's, cannot be judged by types drawn anew."
        )
    if not problem.listed and (holdout is not None or robust is not None):
        raise InputError("a rule that is a network is judged on samples of its own; leave out holdout and robust.")
    check_memory(problem, learner, seeds)
    left_out = None if optimum else LEFT_OUT
    learner, calling = fitting(problem, learner, seeds, max_calls)
    if calling is not None:
        progress.announce(calling.words)
        left_out = MANY_CALLS if left_out is None and calling.more else left_out
    run = None
    if out is not None:
        trained = _trained(played, responding, out)
        run = Run.create(out, configuration(played, responding, learner, seeds, seed, left_out, trained, evidence))
    with told(played, responding):
        if responding.needs_training:
            responding = (
                ready(run, played, responding, progress) if run else train_first(played, responding, None, progress)
            )
            problem = learner.problem(played, responding)
        if not problem.listed:
            from firstmover.jobs import network_designs  # its rooms are for large markets only

            return network_designs.carry_out(
                played, problem, learner, seeds, seed, run, progress, optimum, waiting_since, callback
            )
        return _carry_out(
            played, problem, learner, seeds, seed, run, progress, left_out, waiting_since, evidence, callback
        )


def parts_for(
    game: Game,
    followers: Follower | str | None = None,
    leader: Leader | str | None = None,
    followers_parameters: Parameters | None = None,
    leader_parameters: Parameters | None = None,
) -> tuple[Follower, Leader, str | None]:
    """Followers and leader of a design, where neither is given those that fit the size of the game, and why.

    Raises:
        InputError: something does not exist, or is out of range.
    """
    try:
        fitting, why = usual(game), None
    except AttributeError:  # a game that lacks a part has no size; the checks say which
        refuse_mistakes(game)
        raise
    own, learned = dict(followers_parameters or {}), dict(leader_parameters or {})
    if followers is None and not set(own) <= set(catalogue.item("followers", fitting.followers).parameters):
        followers = game.usual_followers  # whose parameters these may be
    elif followers is None:
        followers, own, why = fitting.followers, {**fitting.followers_parameters, **own}, fitting.why
    if leader is None:
        leader, learned, why = fitting.leader, {**fitting.leader_parameters, **learned}, fitting.why
    if isinstance(followers, str):
        followers = build.item_from("followers", followers, own)
    if isinstance(leader, str):
        leader = build.item_from("leader", leader, learned)
    responding: Follower = build.given("followers", followers)
    learner: Leader = build.given("leader", leader)
    return responding, learner, why


def resume(
    path: str | Path,
    *,
    code: Code = None,
    game: Game | None = None,
    progress: Progress | None = None,
    waiting_since: float | None = None,
    callback: Callback | None = None,
) -> "Design | NetworkDesign":
    """Go on with a run that was stopped or killed; a finished one is read back (see `Design.load`).

    Args:
        path: the run folder.
        code: the file of a user's own game, followers or leader, which is executed; if the run is not finished it must
            be what it was, or the numbers would be of neither.
        game: its game, where that is at hand.
        progress: told of what goes on.
        waiting_since: the reading of `time.perf_counter` since which somebody waits, now if not given.
        callback: as in `design`, for the updates that are still to be made.

    Raises:
        InputError: there is no run, or it is damaged, edited, or of another version.

    Example:
        >>> import tempfile
        >>> from firstmover import design, resume
        >>> from firstmover.games import Maintain
        >>> folder = tempfile.mkdtemp() + "/run"
        >>> made = design(Maintain(), seeds=1, out=folder)
        >>> resume(folder).value == made.value  # what is finished is read back
        True
    """
    waiting_since = time.perf_counter() if waiting_since is None else waiting_since
    run = Run.open(path)
    if run.has("result.json"):
        return loaded(path, code=code, game=game)
    files.remove_parts(run.path)
    progress = progress or Silent()
    game, followers, leader, seeds, seed = parts_of(run, code, game)
    left_out = None if run.config.get("optimum") is True else str(run.config.get("optimum_reason", LEFT_OUT))
    evidence = Evidence.from_json(run.config)
    with told(game, followers):
        problem = problem_of(run, game, ready(run, game, followers, progress), leader)
        if not problem.listed:
            from firstmover.jobs import network_designs  # its rooms are for large markets only

            return network_designs.carry_out(
                game, problem, leader, seeds, seed, run, progress, left_out is None, waiting_since, callback
            )
        return _carry_out(
            game, problem, leader, seeds, seed, run, progress, left_out, waiting_since, evidence, callback
        )


def loaded(path: str | Path, *, code: Code = None, game: Game | None = None) -> "Design | NetworkDesign":
    """A finished run, whatever its rules are; see `Design.load`.

    Raises:
        InputError: as `Design.load`.
    """
    run = Run.open(path)
    result = read_result(run)
    if "network" not in result:
        return Design.load(path, code=code, game=game)
    from firstmover.jobs import network_designs

    return network_designs.loaded_network(run, result, code, game)


def _of_settling(judged: StackelbergPOMDP, leader: Leader, seeds: int) -> Hashable:
    """What the program of `_settles` is kept by."""
    shared = shared_by(judged, leader)
    return None if shared is None else (shared, "settling", seeds, memory.ENOUGH)


def _settles(
    key: Hashable, judged: StackelbergPOMDP, leader: Leader, state: LeaderState, given: Given
) -> jax.stages.Compiled:
    """The program that lets the followers settle: (state, what is given) -> `rules_and_plays`."""

    def settles(parts: int, state: LeaderState, given: Given) -> LearnedRules:
        own, learner = given.parts(judged, leader)
        return rules_and_plays(own, learner, state, parts)

    def lower(parts: int) -> jax.stages.Lowered:
        return lowered(key, f"{parts} parts", wraps(settles)(partial(settles, parts)), (state, given))

    return compiled_to_fit(lower, "the followers' response")


def _carry_out(
    game: Game,
    problem: StackelbergPOMDP,
    leader: Leader,
    seeds: int,
    seed: int,
    run: Run | None,
    progress: Progress,
    left_out: str | None,
    waiting_since: float,
    evidence: Evidence,
    callback: Callback | None,
) -> Design:
    """Solve the problem that a leader has in a game, which is in units of its own where the problem is in none.

    The exact optimum is not computed where there is a reason why it is `left_out`.
    """
    learnt = train(problem, leader, seeds, seed, run, progress, waiting_since, callback)
    compile_seconds = learnt.compile_seconds
    if run is not None and run.has("outcome.npz"):
        outcome = read_outcome(run, game, problem, leader, seeds, seed)
    else:
        progress.stage("letting the followers settle")
        settle = time.perf_counter()
        judged = replace(problem, followers=problem.followers.judging)
        given = Given(seed, numbers_of(leader), numbers_of(judged.followers))
        # In 64-bit numbers: a rule that stands on a cliff must not be held there by the rounding of 32-bit ones.
        with jax.enable_x64(True):
            key = _of_settling(judged, leader, seeds)
            compiled = program_for(key, lambda: _settles(key, judged, leader, learnt.state, given))
            compile_seconds += time.perf_counter() - settle
            learned_rules = compiled(learnt.state, given)
        outcome = Outcome(settled(game, problem, learned_rules, seed), learnt.history)
        if run is not None:
            write_outcome(run, outcome, leader)
    final, history = outcome
    progress.stage("certifying")
    best = best_seed(final.values, final.worst_values, final.merits)
    model = build.description(problem.followers)
    rule, play = on_fresh_types(Rule(game, final.tables[best]), of_seed(final.plays, best), problem.followers, seed)
    certificate = certify_play(rule.game, rule.actions, play, followers=model, seed=seed).as_json()
    certificate |= beyond_one_round(game, final.tables[best], problem.followers, seed)
    best_known = Optimum(reason=left_out)
    if left_out is None:
        progress.stage(f"computing the exact optimum, for at most {OPTIMUM_SECONDS:g} s")
        best_known = _optimum(game, problem.followers, progress)
    seconds = (learnt.waited_before + time.perf_counter() - waiting_since, compile_seconds, learnt.train_seconds)
    finished = Design(
        game,
        problem.followers,
        leader,
        seeds,
        seed,
        **final._asdict(),
        certificate=certificate,
        optimum=best_known,
        history=history,
        seconds=dict(zip(SECONDS, seconds, strict=True)),
        run=None if run is None else run.path,
        trained=None if run is None else run.config.get("trained"),
        evidence=evidence,
    )
    if evidence.held is not None:
        progress.stage("valuing the rule on the rows that were held out")
        finished.holdout  # noqa: B018 - said before it is computed
    if run is not None:
        progress.stage("writing")
        finished.write_results(run)
    return finished


def _optimum(game: Game, followers: Follower, progress: Progress) -> Optimum:
    """The exact optimum, if it can be had in `OPTIMUM_SECONDS`."""
    try:
        solution = within(OPTIMUM_SECONDS, lambda: exact_optimum(game, followers), progress.alive)
    except InputError:  # there is no method
        return Optimum()
    except FailedError as why:
        return Optimum(reason=str(why))
    except TimeoutError:
        return Optimum(reason=f"it takes more than {OPTIMUM_SECONDS:g} s; 'firstmover solve' has no limit")
    return Optimum(solution.value, solution.followers, solution.upper_bounds)


def _trained(game: Game, followers: Follower, out: str | Path) -> str | None:
    """Where followers that need training have had it, or are to have it, seen from the run folder."""
    return (beside(Path(out), game, followers) or OWN) if followers.needs_training else None
