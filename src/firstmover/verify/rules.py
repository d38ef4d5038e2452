"""Rules as entries: which one decides in a situation, and whether each asks for something that is possible."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from .amounts import Decimal, Json

Decided = tuple[Mapping[str, Json], Mapping[str, Json]]  # a situation, and what the rule does there


def matches(condition: Mapping[str, Json], situation: Mapping[str, Json]) -> bool:
    """Whether an entry's `when` holds in a situation: what is left out, and null, match anything."""

    def fits(wanted: Json, there: Json) -> bool:
        if isinstance(wanted, list | tuple) and isinstance(there, list | tuple) and len(wanted) == len(there):
            return all(fits(w, t) for w, t in zip(wanted, there, strict=True))
        if isinstance(wanted, Decimal):
            wanted = Fraction(wanted)
        return wanted is None or (isinstance(wanted, bool) == isinstance(there, bool) and bool(wanted == there))

    return all(key in situation and fits(wanted, situation[key]) for key, wanted in condition.items())


class Entries:
    """The entries of a rule, of which the first that matches a situation decides there."""

    def __init__(self, rule: Json):
        """Entries in their form; what they ask for is looked at where they decide.

        Raises:
            ValueError: they are no list of objects with `do`, and maybe `when`.
        """
        if not isinstance(rule, list) or not rule:
            raise ValueError("the rule must be a list of entries, at least one")
        self.entries: list[tuple[dict[str, Json], dict[str, Json]]] = []
        for entry in rule:
            if not isinstance(entry, dict) or not {"do"} <= set(entry) <= {"when", "do"}:
                raise ValueError("an entry of the rule must have 'do', and maybe 'when', and nothing else")
            when, do = entry.get("when", {}), entry["do"]
            if not isinstance(when, dict) or not isinstance(do, dict):
                raise ValueError("'when' and 'do' in an entry of the rule must be objects")
            self.entries.append((when, do))

    def decide(self, situation: Mapping[str, Json], keys: Sequence[str]) -> dict[str, Json]:
        """What the rule does in a situation: an object with these keys.

        Raises:
            ValueError: no entry matches, it has other keys, or a condition before it is none of this game.
        """
        for when, do in self.entries:
            if not set(when) <= set(situation):
                raise ValueError(f"the rule has the conditions {sorted(when)}; the game has {sorted(situation)}")
            if matches(when, situation):
                if set(do) != set(keys):
                    raise ValueError(f"the rule must say {' and '.join(keys)}, and says {sorted(do)}")
                return do
        raise ValueError(f"the rule says nothing for {dict(situation)}")
