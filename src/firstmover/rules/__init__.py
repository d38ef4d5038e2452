"""A rule as programs have it: read from a file, and called with a situation. The standard library only.

from firstmover.rules import load

act = load("rule.json")
act({"message": 0})  # {'item': 2}
"""

from firstmover.rules.acting import Acting
from firstmover.rules.reading import load

__all__ = ["Acting", "load"]
