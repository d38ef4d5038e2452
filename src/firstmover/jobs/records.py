"""What a design leaves in its run folder, and how it is read back: what was asked, what came of it, and its digests."""

import math
from typing import Any, NamedTuple

import jax
import numpy as np

from firstmover import catalogue
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.interop.python_files import Code, names_code
from firstmover.jobs import build
from firstmover.jobs.observed import NO_EVIDENCE, Evidence
from firstmover.jobs.runs import Run, digest
from firstmover.jobs.settling import Settled, merit_of, rules_and_plays
from firstmover.jobs.status_quo import against, status_quo_named
from firstmover.jobs.training import blank_history, in_own_units, initial_states
from firstmover.json_types import JsonObject, Parsed
from firstmover.leaders.base import Leader, Metrics

LEFT_OUT = "it was not asked for"
MANY_CALLS = "it would take many calls of plain Python; 'firstmover solve' makes them"
SECONDS = ("total", "compile", "train")
_STOPPED = "stopped.json"
_ASKED = ("game", "followers", "leader", "seeds", "seed")
_BESIDE = {"seconds", "run", "digests"}  # what the digest of a result leaves out: it differs where the numbers do not


class Outcome(NamedTuple):
    """What is saved before it is certified: see `Design`."""

    final: Settled
    history: Metrics


def sealed(result: JsonObject, certificate: JsonObject) -> JsonObject:
    """A result with digests of itself, as far as it is the same whenever it is computed, and of its certificate."""
    return result | {"digests": {"result": _own_digest(result), "certificate": digest(certificate)}}


def _own_digest(result: JsonObject) -> str:
    return digest({key: value for key, value in result.items() if key not in _BESIDE})


def read_result(run: Run) -> Parsed:
    """The result of a finished run.

    Raises:
        InputError: the run is not finished, or its result is damaged, edited, or of another run.
    """
    if not run.has("result.json"):
        raise InputError(f"the run in {run.path} is not finished; go on with 'firstmover resume {run.path}'.")
    result = run.read_json("result.json")
    try:
        whole = result["digests"]["result"] == _own_digest(result)
        whole = whole and all(result[key] == run.config[key] for key in _ASKED)
        whole = whole and all(math.isfinite(result["seconds"][part]) for part in SECONDS)
    except (KeyError, TypeError):
        whole = False
    if not whole:
        raise InputError(
            f"{run.path / 'result.json'} is damaged, was edited, or belongs to another run; without it, "
            f"'firstmover resume {run.path}' writes it anew."
        )
    return result


def write_outcome(run: Run, outcome: Outcome, leader: Leader) -> None:
    """Write the outcome, and beside it how many updates were made, if a callback has stopped the run early.

    Raises:
        InputError: it cannot be written.
    """
    made = len(outcome.history.value)
    if made < leader.updates:
        run.write_json(_STOPPED, {"updates": made})
    else:
        (run.path / _STOPPED).unlink(missing_ok=True)
    run.write_arrays("outcome.npz", outcome)


def _updates_made(run: Run, leader: Leader) -> int:
    """How many updates the outcome of a run is of."""
    most: int = leader.updates
    made = run.read_json(_STOPPED).get("updates") if run.has(_STOPPED) else most
    if not isinstance(made, int) or not 0 < made <= most:
        raise InputError(f"{run.path / _STOPPED} is damaged: it holds no number of updates that were made.")
    return made


def read_outcome(run: Run, game: Game, problem: StackelbergPOMDP, leader: Leader, seeds: int, seed: int) -> Outcome:
    """The outcome of a run.

    Raises:
        InputError: it is missing, damaged, edited, or of another run.
    """
    states = jax.eval_shape(lambda: initial_states(problem, leader, seeds, seed))
    with jax.enable_x64(True):
        tables, plays, *_ = jax.eval_shape(lambda state: rules_and_plays(problem, leader, state), states)
    tables, values = game.own_actions(np.zeros(tables.shape, tables.dtype)), np.zeros(seeds)
    worst = values if problem.target in ("worst", "behaviours") else None
    merits = None if merit_of(game, problem) is None else values
    final = Settled(tables, plays, values, worst, values, np.zeros(seeds, bool), np.zeros(seeds, int), merits)
    like = Outcome(final, in_own_units(blank_history(_updates_made(run, leader), seeds), problem.game.payoff_units))
    outcome: Outcome = run.read_arrays("outcome.npz", like)
    return outcome


def configuration(
    game: Game,
    followers: Follower,
    leader: Leader,
    seeds: int,
    seed: int,
    left_out: str | None,
    trained: str | None = None,
    evidence: Evidence = NO_EVIDENCE,
) -> JsonObject:
    """What a run folder records of what was asked, as JSON values."""
    return {
        "game": build.description(game),
        "followers": build.description(followers),
        "leader": build.description(leader),
        "seeds": seeds,
        "seed": seed,
        "optimum": left_out is None,
        **({} if left_out in (None, LEFT_OUT) else {"optimum_reason": left_out}),
        "brought": None if followers.needs_training else followers.fingerprint(),
        **({} if trained is None else {"trained": trained}),
        **status_quo_named(game),
        **evidence.as_json(),
    }


def parts_of(
    run: Run, code: Code, game: Game | None = None, *, changed_too: bool = False
) -> tuple[Game, Follower, Leader, int, int]:
    """What a run's configuration asks for; of its game, the one at hand if one is.

    Raises:
        InputError: the configuration is damaged, names what this version does not have, or what has changed since.
    """
    config = run.config

    def item(kind: str) -> Any:
        if kind == "game" and game is not None:
            return build.at_hand(game, config[kind], changed_too=changed_too)
        name = config[kind]["name"]
        if not (names_code(name) or catalogue.named(kind, name)):
            raise InputError(
                f"{run.path} is a run of the {kind} {name!r}, which is not one of this version: a game made in Python "
                "is handed over with Design.load(..., game=...); one that 'design FILE.py:CLASS' names is found again."
            )
        return build.again(kind, config[kind], code, changed_too=changed_too)

    try:
        items = [item(kind) for kind in build.KINDS]
        items[0] = against(items[0], config.get("status_quo"))
        seeds, seed = int(config["seeds"]), int(config["seed"])
    except (KeyError, TypeError, AttributeError):
        raise InputError(f"{run.path / 'config.json'} is damaged: it is not the configuration of a run.") from None
    return items[0], items[1], items[2], seeds, seed


def problem_of(run: Run, game: Game, followers: Follower, leader: Leader) -> StackelbergPOMDP:
    """The problem of a run.

    Raises:
        InputError: the followers are not those that the run began with.
    """
    problem = leader.problem(game, followers)
    if run.config.get("trained") is None and followers.fingerprint() != run.config.get("brought"):
        raise InputError(f"the followers of {run.path} have other networks than when the run began.")
    return problem
