"""Questions about a game that are answered by its type: exact optima, tables for exact methods, the rule to beat.

A method is registered beside the game, by the type that it is for; a subclass has the method of its base:

    @optimum.register(Shop)
    def best_of_shop(shop: Shop, ties: Ties) -> Solution: ...
"""

import functools
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

import jax
import numpy as np

from firstmover.errors import NO_NUMBER, InputError
from firstmover.games.base import Game, Ties
from firstmover.games.entries import status_quo_table
from firstmover.solvers.options import OPTIONS
from firstmover.solvers.shipped import load
from firstmover.solvers.solution import Solution

if TYPE_CHECKING:
    from firstmover.equilibria.margins import LinearGame
    from firstmover.equilibria.markov import MarkovGame

P = ParamSpec("P")
R = TypeVar("R")
G = TypeVar("G", bound=Game)
Baseline = tuple[str, Game, np.ndarray]


class ByType(Generic[P, R]):
    """A function of a game (its first argument) with a method for each type of game, and one for all others."""

    def __init__(self, otherwise: Callable[P, R]):
        """A question whose answer is `otherwise` where no method is registered."""
        self._methods = functools.singledispatch(otherwise)
        functools.update_wrapper(self, otherwise)

    def register(self, kind: type) -> Callable[[Callable[..., R]], Callable[..., R]]:
        """Decorator of the method for games of this type and of its subclasses."""
        return self._methods.register(kind)

    def distance(self, game: Game) -> int:
        """How many steps up its lineage the game's method is registered."""
        load(type(game))
        return next(k for k, kind in enumerate(type(game).__mro__) if kind in self._methods.registry)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The answer for this game."""
        load(type(args[0]))
        answer: R = self._methods(*args, **kwargs)
        return answer


class Remembered(ByType[[G], R], Generic[G, R]):
    """A question whose answer is worked out once for each game, also while something else is being traced."""

    def __init__(self, otherwise: Callable[[G], R]):
        """As `ByType`."""
        super().__init__(otherwise)
        self._known: weakref.WeakKeyDictionary[G, R] = weakref.WeakKeyDictionary()

    def __call__(self, game: G) -> R:
        """The answer for this game."""
        if game not in self._known:
            with jax.ensure_compile_time_eval():
                self._known[game] = super().__call__(game)
        return self._known[game]


@ByType
def optimum(game: Game, ties: Ties) -> Solution:
    """The exact optimum, where a method is known and the game small enough.

    Args:
        game: the game.
        ties: whether indifferent followers go for the leader ("strong") or against it ("weak").

    Raises:
        InputError: with the reason, where there is none.
    """
    raise InputError(f"there is no exact method for {game.name} yet; use 'firstmover design' to learn a rule.")


@ByType
def memory_optimum(game: Game, ties: Ties) -> Solution:
    """The exact optimum against followers that go by what they observe, and do not count the steps.

    The same as `optimum`, unless a method is registered.

    Raises:
        InputError: as `optimum`.
    """
    return optimum(game, ties)


class Search(ByType[P, R]):
    """A search, unless the game's `optimum` is registered nearer to its type than any search."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The answer for this game."""
        game: Any = args[0]
        nearer = optimum.distance(game) < self.distance(game)
        method = self._methods.dispatch(object if nearer else type(game))
        answer: R = method(*args, **kwargs)
        return answer


@Search
def search(
    game: Game,
    ties: Ties,
    *,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
    **options: object,
) -> Solution:
    """The exact optimum by a search that may take long; where there is none to make, `optimum`.

    Args:
        game: the game.
        ties: as in `optimum`.
        time_limit: seconds after which the best rule so far and the bounds proved so far are returned.
        progress: told now and then how far the search is.
        options: options of the game's own solver, see `solvers.options`.

    Raises:
        InputError: as `optimum`, or the game's solver has no such option.
    """
    del time_limit, progress
    refuse_options(game, options)
    return optimum(game, ties)


def refuse_options(game: Game, options: Mapping[str, object]) -> None:
    """Refuse options that the solver of a game does not have.

    Raises:
        InputError: there are some.
    """
    for name in options:
        whose = "".join(f"; it is for {option.games}" for option in OPTIONS if option.name == name)
        raise InputError(f"the solver of {game.name} has no option {name}{whose}.")


@ByType
def linear_form(game: Game) -> "LinearGame | None":
    """The game as one whose payoffs are linear in the leader's choice, against one follower; None if it is not.

    The coordinates of a choice are those of a decision, and maybe others after them that are always 1; of a leader that
    picks one of n actions, an indicator of the action.
    """
    del game
    return None


@Remembered
def state_table(game: Game) -> "MarkovGame":
    """The game as a table of its states for exact methods.

    Raises:
        InputError: the game has no such table, or one that is too large.
    """
    raise InputError(f"{game.name} has no table of states.")


class Baselines(ByType[[Game], Baseline]):
    """What rules are compared with: what somebody has named (`Game.against`), else what the game's type says."""

    def __call__(self, game: Game) -> Baseline:
        """The answer for this game."""
        if game.named_status_quo is not None:
            return "the status quo", *game.named_status_quo
        return super().__call__(game)


@Baselines
def baseline(game: Game) -> Baseline:
    """The rule to beat: its name, the game it is played in and its table of actions [observations, ...].

    By default the game's `status_quo`.

    Raises:
        InputError: the game names none.
    """
    return "the status quo", game, status_quo_table(game)


@ByType
def baseline_value(game: Game) -> tuple[str, float]:
    """The name of the rule to beat and what it is worth exactly, also where its table has no room.

    Raises:
        InputError: it is not known.
    """
    raise InputError(f"what the baseline of {game.name} is worth is not known without listing profiles.")


@ByType
def upper_bounds(game: Game) -> dict[str, float]:
    """Named bounds on what any rule can earn, where they are known without listing profiles."""
    return {"first-best": 0.0} if game.value_is_loss else {}


@ByType
def baseline_actions(game: Game) -> np.ndarray | None:
    """The table of the baseline, actions [observations, ...], where it is a rule of this very game, else None."""
    try:
        with jax.ensure_compile_time_eval():  # leaders ask while their first states are compiled
            _, other, actions = baseline(game)
    except NO_NUMBER:
        return None
    same = other is game or (type(other) is type(game) and other.parameters() == game.parameters())
    return np.asarray(actions) if same else None
