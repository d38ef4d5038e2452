"""The names of the equilibrium sets, and which of them a game has.

In a game without private types:

- `ce`, correlated equilibria (Aumann 1974): a distribution over action profiles, so that no follower gains by another
  action whenever it is told a certain one.
- `cce`, coarse correlated equilibria (Moulin and Vial 1978): no follower gains by switching to one action before it is
  told its own.

With private types, however they are correlated; the deviations are the same, conditional on the type:

- `bce`, Bayes correlated equilibria (Bergemann and Morris 2016), and `bcce`, Bayesian coarse correlated equilibria
  (Brero et al., "Stackelberg POMDP", Definition 3.2): for every type profile a distribution over action profiles. An
  action may be correlated with the types of others, which its player cannot know.
- `anf_ce` and `anf_cce`, correlated and coarse correlated equilibria of the agent normal form (Forges 1993 names the
  form): a distribution over profiles of type -> action maps, every (follower, type) pair a player. They are what the
  time average of independent learners without swap regret, or without regret, tends to.

`anf_ce` lies in `anf_cce` and `bce`, and both of these in `bcce`. Without private types `ce`, `bce` and `anf_ce` are
the same set, and so are `cce`, `bcce` and `anf_cce`.

The regret that `epsilon` allows is always conditional on the type alone (Definition 3.3 of Brero et al.). For `ce`,
`bce` and `anf_ce` that is: by another action whenever a certain one is told, expected over all that is told, as in
`swap_regrets`; not conditional on being told that action.
"""

from typing import Literal, get_args

from firstmover.equilibria.finite_game import FiniteGame
from firstmover.errors import InputError, require, unknown_name

EquilibriumSet = Literal["cce", "ce", "bcce", "bce", "anf_cce", "anf_ce"]

_COARSE = ("cce", "bcce", "anf_cce")
_OF_MAPS = ("anf_cce", "anf_ce")


def is_coarse(which: EquilibriumSet) -> bool:
    """Whether deviations are to one action whatever is told, not by the action that is told."""
    return which in _COARSE


def is_of_maps(which: EquilibriumSet) -> bool:
    """Whether the set consists of distributions over profiles of type -> action maps."""
    return which in _OF_MAPS


def check_set(game: FiniteGame, which: str, epsilon: float = 0.0) -> None:
    """Refuse a set that the game does not have, and an epsilon that is none.

    Raises:
        InputError: there is no such set, the game has types and the set is for games without, or epsilon is negative
            or not a finite number.
    """
    if which not in get_args(EquilibriumSet):
        raise unknown_name("equilibrium set", which, get_args(EquilibriumSet))
    if game.has_types and which in ("cce", "ce"):
        than = "larger" if which == "cce" else "smaller"
        raise InputError(
            f"{which} is for games without private types; with them take b{which} or anf_{which} (the {which} of the "
            f"strategic form, whose players choose whole maps from types to actions, is another set, {than} than "
            f"anf_{which})."
        )
    require(bool(0 <= epsilon < float("inf")), "epsilon must be a finite number of at least 0", epsilon)
