"""What is proved about a finite game: an end of an interval of the leader's value over a set of equilibria.

- A point proves its end reachable if it satisfies every constraint of the set exactly.
- Multipliers m >= 0 prove a least value by weak duality: for every distribution p in the set,
      E_p[leader]  >=  E_p[leader + sum m * gain] - sum m * limit  >=  min over plays of (...) - sum m * limit,
  where gain(i, t, a) is what follower i of type t gains by switching to action a, and its limit is epsilon times the
  probability of t. A greatest value is minus the least one of minus the payoff.

The sets: `bcce` (and `cce`, without private types) holds a distribution over action profiles for every type profile;
`anf_cce` a distribution over profiles of type -> action maps. Sources: Brero et al., "Stackelberg POMDP", definitions
3.2 and 3.3; weak duality of linear programs.
"""

import itertools
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from .amounts import UnreadableError, fraction, in_words
from .finite import Finite, expected, gains, joint_of_point, weight

MAX_MAPS = 200_000  # profiles of maps, of all followers but one, that are gone through
MAX_SLACK = Fraction(1, 10**9)  # of the leader's payoff range, that may be left between the two proofs of an end

Multipliers = Mapping[tuple[int, int, int], Fraction]  # by follower, type, and action switched to


def why_not_end(game: Finite, which: str, sense: str, epsilon: Fraction, end: Mapping[str, Any]) -> str | None:
    """Why an end of an interval is not proved, or None if it is: both proofs hold, and meet."""
    value, slack = fraction(end["value"]), fraction(end["slack"])
    spread = max(map(max, game.leader)) - min(map(min, game.leader))
    if not 0 <= slack <= MAX_SLACK * spread:
        return "its slack is negative or too wide"
    multipliers = {(i, t, a): fraction(m) for (i, t, a), m in end["multipliers"]}
    pairs = set(game.pairs())
    if any(m < 0 or (i, t) not in pairs or a not in game.allowed[i][t] for (i, t, a), m in multipliers.items()):
        return "a multiplier is negative, or names a deviation that there is not"
    try:
        joint = joint_of_point(game, which, [(column, fraction(p)) for column, p in end["point"]])
    except ValueError as why:
        return str(why)
    for (i, t, a), gain in gains(game, joint).items():
        if gain > epsilon * weight(game, i, t):
            return f"its point is not in the set: follower {i} of type {t} gains by action {a}"
    sign = 1 if sense == "least" else -1
    reached, proved = expected(game, game.leader, joint), bound(game, which, sense, epsilon, multipliers)
    if sign * (proved - value) < 0:
        return f"the multipliers prove {in_words(proved)} only"
    if sign * (value + sign * slack - reached) < 0:
        return f"its point reaches {in_words(reached)} only"
    return None


def bound(game: Finite, which: str, sense: str, epsilon: Fraction, multipliers: Multipliers) -> Fraction:
    """What the multipliers prove: a bound that no point of the set goes beyond, below or above as `sense` says."""
    sign = 1 if sense == "least" else -1
    lagrangian = []
    for row, (types, chance) in enumerate(zip(game.types, game.probabilities, strict=True)):
        own = [
            (i, a, multipliers[i, t, a])
            for i, t in enumerate(types)
            for a in game.allowed[i][t]
            if multipliers.get((i, t, a))
        ]
        lagrangian.append(
            {
                profile: chance
                * (
                    sign * game.leader[row][profile]
                    + sum(
                        m * (game.followers[i][row][game.switched(profile, i, a)] - game.followers[i][row][profile])
                        for i, a, m in own
                    )
                )
                for profile in game.profiles(row)
            }
        )
    limit = sum((m * epsilon * weight(game, i, t) for (i, t, _), m in multipliers.items()), Fraction(0))
    if which == "anf_cce":
        least = _least_over_maps(game, lagrangian)
    else:
        least = sum((min(payoffs.values()) for payoffs in lagrangian), Fraction(0))
    return sign * (least - limit)


def maps_to_go_through(game: Finite) -> tuple[int, int]:
    """The follower with the most maps, which is left out, and the number of profiles of the others' maps."""
    counts = [math.prod(len(game.allowed[j][t]) for j, t in game.pairs() if j == i) for i in range(len(game.sizes))]
    last = max(range(len(counts)), key=counts.__getitem__)
    return last, math.prod(counts) // counts[last]


def _least_over_maps(game: Finite, payoffs: list[dict[int, Fraction]]) -> Fraction:
    """The least total payoff over profiles of type -> action maps: the last follower's part is a minimum per type."""
    last, count = maps_to_go_through(game)
    if count > MAX_MAPS:
        raise UnreadableError(f"{count} profiles of maps are more than the {MAX_MAPS} that are gone through.")
    # Whole numbers over one common denominator are faster than fractions.
    scale = math.lcm(*(p.denominator for row in payoffs for p in row.values()))
    whole = [{k: int(p * scale) for k, p in row.items()} for row in payoffs]
    others = [(i, t) for i, t in game.pairs() if i != last]
    rows_of = {t: [r for r, types in enumerate(game.types) if types[last] == t] for i, t in game.pairs() if i == last}
    best = None
    for choice in itertools.product(*(game.allowed[i][t] for i, t in others)):
        played = dict(zip(others, choice, strict=True))
        base = [game.profile([0 if i == last else played[i, t] for i, t in enumerate(types)]) for types in game.types]
        total = sum(
            min(sum(whole[r][game.switched(base[r], last, a)] for r in rows) for a in game.allowed[last][t])
            for t, rows in rows_of.items()
        )
        best = total if best is None else min(best, total)
    assert best is not None
    return Fraction(best, scale)
