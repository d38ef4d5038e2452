"""How well something is known: one small type, the same for values, regrets and bounds."""

from typing import Literal, NamedTuple

from firstmover.json_types import JsonObject

Known = Literal["exact", "bounded", "sampled", "unknown"]


class Status(NamedTuple):
    """How well something is known.

    Attributes:
        known: "exact" up to rounding; "bounded" from one side; "sampled", with a margin; or "unknown".
        reason: why it is not known better; None where it is exact.
    """

    known: Known
    reason: str | None = None

    def as_json(self) -> JsonObject:
        """As JSON values."""
        return self._asdict()


EXACT = Status("exact")
