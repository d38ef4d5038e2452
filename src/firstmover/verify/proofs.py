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

import math
from collections.abc import Mapping
from fractions import Fraction

from .amounts import Json, fraction, in_words, keyed
from .finite import Finite, expected, gains, joint_of_point, multipliers_of, point_of, weight
from .limits import LimitError, common_denominator, look_at_the_time, total

MAX_MAPS = 200_000  # profiles of maps, of all followers but one, that are gone through
MAX_SLACK = Fraction(1, 10**9)  # of the leader's payoffs that can be played, that may be left between the two proofs

Multipliers = Mapping[tuple[int, int, int], Fraction]  # by follower, type, and action switched to


def sets_of(game: Finite) -> tuple[str, ...]:
    """The sets that differ: without private types all are one."""
    return ("cce",) if len(game.types) == 1 else ("bcce", "anf_cce")


def why_not_end(game: Finite, which: str, sense: str, epsilon: Fraction, stated: Json) -> str | None:
    """Why an end of an interval is not proved, or None if it is: both proofs hold, and meet.

    Raises:
        UnreadableError: it is malformed.
        LimitError: it takes too much time or memory.
    """
    end = keyed(stated, ("value", "slack", "point", "multipliers"), "an end of an interval")
    value, slack = fraction(end["value"]), fraction(end["slack"])
    if not 0 <= slack <= MAX_SLACK * game.spread():
        return "its slack is negative or too wide"
    try:
        multipliers = multipliers_of(end["multipliers"])
        joint = joint_of_point(game, "bcce" if which == "cce" else which, point_of(end["point"]))
    except ValueError as why:
        return str(why)
    pairs = set(game.pairs())
    if any(m < 0 or (i, t) not in pairs or a not in game.allowed[i][t] for (i, t, a), m in multipliers.items()):
        return "a multiplier is negative, or names a deviation that there is not"
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
        worth = {}
        for profile in game.profiles(row):
            gained = total(
                m * (game.followers[i][row][game.switched(profile, i, a)] - game.followers[i][row][profile])
                for i, a, m in own
            )
            worth[profile] = chance * (sign * game.leader[row][profile] + gained)
            look_at_the_time()
        lagrangian.append(worth)
    limit = total(m * epsilon * weight(game, i, t) for (i, t, _), m in multipliers.items())
    if which == "anf_cce":
        least = _least_over_maps(game, lagrangian)
    else:
        least = total(min(payoffs.values()) for payoffs in lagrangian)
    return sign * (least - limit)


def maps_to_go_through(game: Finite) -> tuple[int, int]:
    """The follower with the most maps, which is left out, and the number of profiles of the others' maps."""
    counts = [math.prod(len(game.allowed[j][t]) for j, t in game.pairs() if j == i) for i in range(len(game.sizes))]
    last = max(range(len(counts)), key=counts.__getitem__)
    return last, math.prod(counts) // counts[last]


def _least_over_maps(game: Finite, payoffs: list[dict[int, Fraction]]) -> Fraction:
    """The least total payoff over profiles of type -> action maps: the last follower's part is a minimum per type.

    Raises:
        LimitError: there are too many to go through.
    """
    last, count = maps_to_go_through(game)
    if count > MAX_MAPS:
        raise LimitError(f"{in_words(count)} profiles of maps are more than the {MAX_MAPS} that are gone through")
    # Whole numbers over one common denominator are faster than fractions.
    scale = common_denominator(p for row in payoffs for p in row.values())
    whole = [{k: int(p * scale) for k, p in row.items()} for row in payoffs]
    start: dict[int, int] = {}  # of the last follower's actions by type, in one list
    width = 0
    for t in (t for i, t in game.pairs() if i == last):
        start[t], width = width, width + len(game.allowed[last][t])
    ends = [(low, low + len(game.allowed[last][t])) for t, low in start.items()]
    choices = [(pair, game.allowed[pair[0]][pair[1]]) for pair in game.pairs() if pair[0] != last]
    choices.sort(key=lambda item: len(item[1]) > 1)  # those without a choice first
    place = {pair: k for k, (pair, _) in enumerate(choices)}
    # A type profile is paid once the last of the others' actions in it is chosen: by then the sum of what each of the
    # last follower's maps earns grows by a row of the table.
    rows_at: list[list[int]] = [[] for _ in range(len(choices) + 1)]
    for r, types in enumerate(game.types):
        rows_at[1 + max((place[i, t] for i, t in enumerate(types) if i != last), default=-1)].append(r)
    played: dict[tuple[int, int], int] = {}
    others = [[(i, t) for i, t in enumerate(types) if i != last] for types in game.types]
    known: list[dict[tuple[int, ...], list[int]]] = [{} for _ in game.types]

    def paid(r: int) -> list[int]:
        """What the last follower's actions lead to in a type profile, given what the others do there."""
        actions = tuple([played[pair] for pair in others[r]])
        if actions not in known[r]:
            base = game.profile([*actions[:last], 0, *actions[last:]])
            allowed = game.allowed[last][game.types[r][last]]
            known[r][actions] = [whole[r][game.switched(base, last, a)] for a in allowed]
        return known[r][actions]

    def grown(earned: list[int], depth: int) -> list[int]:
        earned = list(earned)
        for r in rows_at[depth]:
            for k, p in enumerate(paid(r), start[game.types[r][last]]):
                earned[k] += p
        return earned

    best: int | None = None
    # Depth first: what is still to be tried, with what was earned before.
    stack = [(0, -1, grown([0] * width, 0))]
    while stack:
        depth, action, earned = stack.pop()
        look_at_the_time()
        if action >= 0:
            played[choices[depth - 1][0]] = action
            earned = grown(earned, depth)
        if depth < len(choices):
            stack += [(depth + 1, a, earned) for a in choices[depth][1]]
        else:
            least = sum(min(earned[low:high]) for low, high in ends)
            best = least if best is None else min(best, least)
    assert best is not None
    return Fraction(best, scale)
