"""What a rule does in a situation. It stands alone: `firstmover export --to python` writes this text beside a rule."""

import bisect
import itertools
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeGuard

_TRUE, _FALSE, _NOTHING = object(), object(), object()
_SUM = 1e-6  # how far from 1 the probabilities of a mixture may sum
_Done = dict[str, Any]  # what is done, in the words of the game
_Draw = Callable[[float], _Done]  # from a number in [0, 1)


class Acting:
    """A rule that can be called with what the leader sees.

    Entries are indexed by what they go by, so that a call takes microseconds whatever their number.

    Attributes:
        entries: what the rule does, `{"when": {...}, "do": {...}}`; the first whose `when` matches decides.
        conditions: what the rule goes by: the keys that a situation must have.

    Example:
        >>> act = Acting([{"when": {"message": 0}, "do": {"item": 2}}, {"when": {}, "do": {"item": 1}}])
        >>> act({"message": 0}), act({"message": 5})
        ({'item': 2}, {'item': 1})
    """

    refused: type[ValueError] = ValueError

    def __init__(self, entries: object, targets: Sequence[str] | None = None):
        """A rule with these entries.

        Args:
            entries: a list of `{"when": {...}, "do": {...}}`; what `when` leaves out, or gives as null, matches
                anything.
            targets: what coverage is given to, where the rule covers targets.

        Raises:
            ValueError: they are no such entries.
        """
        self.entries = [self._checked(entry, k) for k, entry in enumerate(entries, 1)] if _is_list(entries) else []
        if not self.entries:
            raise self.refused("a rule is a list of entries {'when': {...}, 'do': {...}}, at least one.")
        self.conditions = tuple(dict.fromkeys(key for entry in self.entries for key in entry["when"]))
        # By the keys that entries are definite about (no null in them): what they say of these, to where they stand.
        self._index: dict[tuple[str, ...], dict[tuple[Hashable, ...], list[int]]] = {}
        for k, entry in enumerate(self.entries):
            when = entry["when"]
            definite = tuple(key for key in self.conditions if key in when and _is_definite(when[key]))
            said = tuple(_frozen(when[key]) for key in definite)
            self._index.setdefault(definite, {}).setdefault(said, []).append(k)
        self._open = [[pair for pair in entry["when"].items() if not _is_definite(pair[1])] for entry in self.entries]
        self._draws = [self._draw(entry["do"], targets) for entry in self.entries]

    def __call__(self, situation: Any = None, rng: Any = None) -> _Done:
        """What the rule does.

        Args:
            situation: what the leader sees, by the keys of `conditions`; nothing where the rule goes by nothing.
            rng: what mixtures are drawn with: a `random.Random`, a NumPy generator, or anything else whose `random()`
                is in [0, 1). Without it a mixture is returned as the rule states it.

        Returns:
            The `do` of the entry that decides; of a mixture, with a generator, one action that is drawn from it.

        Raises:
            ValueError: the rule does not know this situation, or this generator.
        """
        situation = {} if situation is None else situation
        try:
            seen = {key: _frozen(situation[key]) for key in self.conditions}
            if len(situation) != len(seen):
                raise KeyError
        except (KeyError, TypeError):
            raise self.refused(self._why_not(situation)) from None
        found = len(self.entries)
        for definite, index in self._index.items():
            for k in index.get(tuple([seen[key] for key in definite]), ()):
                if k >= found or not self._open[k] or all(_fits(own, seen[key]) for key, own in self._open[k]):
                    found = min(found, k)
                    break
        if found == len(self.entries):
            raise self.refused(f"the rule says nothing for {_cut(dict(situation))}.")
        draw = self._draws[found]
        if rng is None or draw is None:
            return dict(self.entries[found]["do"])
        return draw(self._number(rng))

    def _number(self, rng: Any) -> float:
        try:
            number = float(rng.random())
        except (AttributeError, TypeError, ValueError):
            raise self.refused(f"rng must be a random.Random or a NumPy generator; got {_cut(rng)}.") from None
        if not 0 <= number < 1:
            raise self.refused(f"rng.random() must be in [0, 1); it gave {number}.")
        return number

    def _why_not(self, situation: object) -> str:
        if not isinstance(situation, Mapping):
            return f"a situation is a dict of what the leader sees; got {_cut(situation)}."
        asks = f"it goes by {', '.join(self.conditions)}" if self.conditions else "it does the same everywhere"
        unknown = [str(key) for key in situation if key not in self.conditions]
        missing = [key for key in self.conditions if key not in situation]
        wrong = f"does not know {', '.join(unknown)}" if unknown else f"has to be told {', '.join(missing)}"
        return f"the rule {wrong}: {asks}."

    def _checked(self, entry: object, k: int) -> _Done:
        if not isinstance(entry, Mapping) or not {"do"} <= set(entry) <= {"when", "do"}:
            raise self.refused(f"entry {k} of the rule must have 'do', and maybe 'when', and nothing else.")
        when, do = entry.get("when", {}), entry["do"]
        if not isinstance(when, Mapping) or not isinstance(do, Mapping) or not do:
            raise self.refused(f"'when' and 'do' in entry {k} of the rule must be objects, and 'do' not empty.")
        if not all(_is_condition(value) for value in when.values()):
            raise self.refused(f"the conditions of entry {k} of the rule must be words, numbers and lists of them.")
        return {"when": dict(when), "do": dict(do)}

    def _draw(self, do: _Done, targets: Sequence[str] | None) -> _Draw | None:
        """How an action is drawn from what an entry does; None where nothing is left to chance."""
        if set(do) == {"mixture"}:
            mixture = do["mixture"]
            named = mixture if isinstance(mixture, Mapping) else dict(enumerate(mixture)) if _is_list(mixture) else {}
            return self._one_of([{"action": name} for name in named], list(named.values()))
        if set(do) == {"coverage"}:
            return self._covered(do["coverage"], targets)
        return None

    def _one_of(self, results: list[_Done], mixture: object) -> _Draw:
        if not _are_probabilities(mixture) or abs(math.fsum(mixture) - 1) > _SUM:
            raise self.refused(f"the mixture must be probabilities that sum to 1; got {_cut(mixture)}.")
        sums = list(itertools.accumulate(mixture))
        last = max(k for k, p in enumerate(mixture) if p > 0)

        def draw(number: float) -> _Done:
            return dict(results[min(bisect.bisect_right(sums, number * sums[-1]), last)])

        return draw

    def _covered(self, coverage: object, targets: Sequence[str] | None) -> _Draw:
        """Which targets are covered on a day: each as often as it should be, and as many as there are resources."""
        if not _are_probabilities(coverage) or (targets is not None and len(targets) != len(coverage)):
            raise self.refused(f"the coverage must be a probability for every target; got {_cut(coverage)}.")
        names = list(range(len(coverage))) if targets is None else list(targets)
        sums = [0.0, *itertools.accumulate(coverage)]
        sums = [round(total) if abs(total - round(total)) < 1e-9 else total for total in sums]

        def draw(number: float) -> _Done:
            reached = [math.ceil(total - number) for total in sums]
            pairs = zip(names, itertools.pairwise(reached), strict=True)
            return {"cover": [name for name, (before, after) in pairs if after > before]}

        return draw


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


def _is_condition(value: object) -> bool:
    return all(map(_is_condition, value)) if _is_list(value) else value is None or isinstance(value, str | int | float)


def _are_probabilities(values: object) -> TypeGuard[Sequence[float]]:
    return (
        isinstance(values, list | tuple)
        and bool(values)
        and all(type(p) in (int, float) and 0 <= p <= 1 for p in values)
    )


def _is_definite(condition: object) -> bool:
    """Whether null, which matches anything, stands nowhere in a condition."""
    return all(map(_is_definite, condition)) if _is_list(condition) else condition is not None


def _frozen(value: Any) -> Hashable:
    """A value that can be looked up: equal where it is the same in a rule file, where true is not 1."""
    kind = value.__class__
    if kind is int or kind is str:
        return value
    if kind is list or kind is tuple:
        return tuple([_frozen(part) for part in value])
    if kind is bool:
        return _TRUE if value else _FALSE
    if hasattr(value, "tolist"):  # NumPy's
        return _frozen(value.tolist())
    return value if isinstance(value, Hashable) else _NOTHING


def _fits(condition: object, seen: Hashable) -> bool:
    """Whether a condition holds of what is seen, as `_frozen` gives it."""
    if condition is None:
        return True
    if not _is_list(condition):
        return bool(_frozen(condition) == seen)
    return (
        isinstance(seen, tuple)
        and len(condition) == len(seen)
        and all(_fits(part, own) for part, own in zip(condition, seen, strict=True))
    )


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"
