"""What JSON holds: results are classes of their own inside the program, and become this at the edge (`as_json`)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
else:  # what checks types while the tests run knows no type that holds itself
    Json = bool | int | float | str | Sequence | Mapping | None

JsonObject: TypeAlias = dict[str, Json]
"""What is written."""
Parsed: TypeAlias = dict[str, Any]
"""What was read, or is handed to Python users as it would be read: who reads a key knows what it holds, or checks."""
