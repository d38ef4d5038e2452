"""The checks of a learner: it is built, it learns a small game, and what it would commit to are rules of that game."""

import jax
import numpy as np
from jaxtyping import PyTree

from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.followers import BestResponse, MultiplicativeWeights
from firstmover.games import IteratedMatrix, SimpleAllocation
from firstmover.leaders.base import Leader, Metrics
from firstmover.rules.rule import Rule
from firstmover.testing.checks import Check, check_parameters, refuse_other_state, results

_SEEDS = 2


def check_leader(leader: Leader) -> list[Check]:
    """Everything that is tried of a learner, up to what fails first.

    Example:
        >>> from firstmover.leaders import RandomSearch
        >>> all(check.passed for check in check_leader(RandomSearch(updates=1, episodes=2)))
        True
    """
    return results(
        leader, [("parameters", check_parameters), ("games", _games), ("update", _update), ("rules", _rules)]
    )


def _games(leader: Leader) -> None:
    _problem(leader)


def _problem(leader: Leader) -> StackelbergPOMDP:
    """A small problem that the learner takes.

    Raises:
        InputError: it takes none.
    """
    refused = []
    for game in (SimpleAllocation(), IteratedMatrix()):
        for followers in (BestResponse(), MultiplicativeWeights(rounds=2)):
            try:
                return leader.problem(game, followers)
            except InputError as why:
                refused.append(str(why))
    raise InputError(
        f"{type(leader).__name__} takes neither simple-allocation nor the iterated prisoner's dilemma: {refused[0]}"
    )


def _update(leader: Leader) -> None:
    """Rules have the shape of rules, an update makes a state of the same kind, and tells its metrics."""
    name, problem = type(leader).__name__, _problem(leader)
    state = jax.eval_shape(lambda: leader.init(problem, jax.random.key(0)))
    tables = jax.eval_shape(lambda: leader.tables(problem, leader.init(problem, jax.random.key(0))))
    shape = (problem.game.n_observations, *np.shape(problem.game.leader_space.idle()))
    if tables.shape[1:] != shape:
        raise InputError(
            f"tables of {name} must return decisions of shape [candidates, {', '.join(map(str, shape))}]; got the "
            f"shape {tables.shape}."
        )
    given = jax.eval_shape(lambda: leader.update(problem, leader.init(problem, jax.random.key(0))))
    if not isinstance(given, tuple) or len(given) != 2 or not isinstance(given[1], Metrics):
        raise InputError(f"update of {name} must return a state and its Metrics.")
    after, metrics = given
    refuse_other_state(name, "init", state, "update", after)
    for field, figure in metrics._asdict().items():
        if figure.shape != () or figure.dtype.kind not in "fi":
            raise InputError(f"{field} of the metrics of {name} must be one number; got {figure.dtype} {figure.shape}.")


def _rules(leader: Leader) -> None:
    """What it would commit to are rules of the game, the same whenever it is learnt again with the same key."""
    name, problem = type(leader).__name__, _problem(leader)
    game = problem.game
    (program, rules), (same, again) = _learnt(leader, problem), _learnt(leader, problem)
    for table in rules.reshape(-1, *rules.shape[2:]):
        try:
            Rule(game, table).as_told()
        except (InputError, LookupError):  # such as an option that there is not
            raise InputError(
                f"tables of {name} holds no rule of {game.name}: the decisions {table.tolist()}."
            ) from None
    # Numbers that were drawn while it was traced stand in the program, also where few decisions come out the same.
    if program != same or not np.array_equal(rules, again):
        raise InputError(
            f"{name} learns something else when it begins again with the same key: draw from the key that init is "
            "given, not from NumPy or Python."
        )


def _learnt(leader: Leader, problem: StackelbergPOMDP) -> tuple[str, np.ndarray]:
    """The program of an update, traced anew, and the candidates after it, [seeds, candidates, ...]."""

    def one(key: PyTree) -> PyTree:
        state, _ = leader.update(problem, leader.init(problem, key))
        return leader.tables(problem, state)

    keys = jax.random.split(jax.random.key(0), _SEEDS)
    lowered = jax.jit(jax.vmap(one)).lower(keys)
    return lowered.as_text(), np.asarray(lowered.compile()(keys))
