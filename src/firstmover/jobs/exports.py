"""Games as tables of fractions: a whole game, or what a rule leaves its followers, for other solvers."""

import itertools
import math
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from firstmover import files
from firstmover.catalogue import Parameters
from firstmover.certificates.exact import exact_game
from firstmover.errors import InputError
from firstmover.evaluators import judge_of
from firstmover.games.base import Game
from firstmover.interop.gambit import written
from firstmover.interop.python_files import Code
from firstmover.jobs.build import game_from
from firstmover.rules.rule import Rule
from firstmover.rules.rule_files import read_rule_file
from firstmover.verify import Finite

_MOST = 500_000  # payoffs that are added up
_MIXTURES = 8  # about so many are compared with what they are made of


class StrategicForm(NamedTuple):
    """A game in which everybody chooses once, at the same time.

    Attributes:
        payoffs: fractions, [players, *strategies], the leader's first.
        strategies: their names, for every player; a follower with types has one for every plan of what they do.
        players: what they are called.
    """

    payoffs: np.ndarray
    strategies: list[list[str]]
    players: list[str]


def strategic_form(game: Game) -> StrategicForm:
    """The game whose leader chooses one of its decisions when the followers choose, without a commitment.

    Raises:
        InputError: its leader's rules are no list of decisions, or the table is too large.
    """
    decisions = game.pure_decisions()
    forms = [induced_form(Rule(game, np.asarray(decision)[None])) for decision in decisions.values()]
    payoffs = np.concatenate([form.payoffs for form in forms], axis=1)
    if game.leader_space.continuous:
        _refuse_other_mixtures(game, payoffs)
    return StrategicForm(payoffs, [list(decisions), *forms[0].strategies[1:]], forms[0].players)


def _refuse_other_mixtures(game: Game, payoffs: np.ndarray) -> None:
    """Refuse a game that pays at a mixture something else than its decisions pay in expectation: no table has that.

    Raises:
        InputError: it does at one of a few mixtures.
    """
    floats = payoffs.astype(np.float64)
    for mixture in np.asarray(game.leader_space.spread(_MIXTURES)):
        paid = induced_form(Rule(game, mixture[None])).payoffs[:, 0].astype(np.float64)
        expected = np.moveaxis(floats, 1, -1) @ mixture
        if not np.allclose(paid, expected, rtol=1e-9, atol=1e-9 * np.abs(floats).max()):
            raise InputError(
                f"{game.name} has no table of its leader's decisions: it pays at a mixture something else than these "
                "pay in expectation."
            )


def induced_form(rule: Rule) -> StrategicForm:
    """The followers' game under a rule, and the leader as a player with this one strategy.

    Raises:
        InputError: the table is too large, or the profiles cannot be listed.
    """
    try:
        finite = exact_game(rule, judge_of(rule.game).listing(rule.actions))
    except InputError as error:
        raise InputError(f"the game under the rule cannot be written as a table: {error}") from None
    game = rule.game
    followers = range(game.n_followers)
    types = [sorted({row[i] for row in finite.types}) for i in followers]
    plans = [list(itertools.product(*(finite.allowed[i][t] for t in types[i]))) for i in followers]
    shape = tuple(map(len, plans))
    if math.prod(shape) * len(finite.types) > _MOST:
        raise InputError(
            f"the followers have {math.prod(shape)} profiles of plans by type, too many to write as a table."
        )
    payoffs = np.full((1 + game.n_followers, 1, *shape), Fraction(0), object)
    for at in np.ndindex(shape):
        chosen = [dict(zip(types[i], plans[i][k], strict=True)) for i, k in enumerate(at)]
        payoffs[(slice(None), 0, *at)] = _paid(finite, chosen)
    names = [_plan_names(game, i, types[i], plans[i]) for i in followers]
    return StrategicForm(payoffs, [["the rule"], *names], game.player_labels())


def _paid(finite: Finite, chosen: list[dict[int, int]]) -> list[Fraction]:
    """Expected payoffs of the leader and the followers when every type does what is chosen for it."""
    sums = [Fraction(0)] * (1 + len(chosen))
    for row, (own, chance) in enumerate(zip(finite.types, finite.probabilities, strict=True)):
        profile = finite.profile([plan[t] for plan, t in zip(chosen, own, strict=True)])
        for player, table in enumerate([finite.leader, *finite.followers]):
            sums[player] += chance * table[row][profile]
    return sums


def _plan_names(game: Game, follower: int, types: list[int], plans: list[tuple[int, ...]]) -> list[str]:
    actions, own = game.action_labels(follower), game.type_labels(follower)
    if len(types) == 1:
        return [actions[action] for (action,) in plans]
    return [", ".join(f"{own[t]}: {actions[a]}" for t, a in zip(types, plan, strict=True)) for plan in plans]


def game_file(argument: str, parameters: Parameters, code: Code = None) -> str:
    """A Gambit file: of the game under a rule, or of a whole game.

    Args:
        argument: a run folder or a rule file; or a game, as `build.game_from` reads it.
        parameters: of the game, none with a rule.
        code: the file of a user's own game, for a rule of it.

    Raises:
        InputError: there is no such rule or game, or it is no table of a size that can be written.
    """
    if not files.is_folder(argument) and not argument.endswith(".json"):
        game = game_from(argument, parameters)
        form, title = strategic_form(game), game.name
    else:
        if parameters:
            raise InputError("-g goes with a game; a rule has the parameters of its own.")
        path = Path(argument) / "result.json" if files.is_folder(argument) else Path(argument)
        rule, _ = read_rule_file(path, code)
        form, title = induced_form(rule), f"{rule.game.name} under a rule: {rule.text}"
    return written(form.payoffs, form.strategies, form.players, title)
