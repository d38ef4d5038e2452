"""docs/oracles-and-followers.md."""

import re

from claimed.claim import Claim
from claimed.measurements import Command, Figure, Python
from firstmover.games import IteratedMatrix
from firstmover.solvers.registry import memory_optimum

PAGE = "docs/oracles-and-followers.md"

COUNTED = Command("solve iterated-matrix")
REMEMBERED = Python(
    "memory_optimum(IteratedMatrix(), 'strong')", lambda: memory_optimum(IteratedMatrix(), "strong").value
)
TWELVE, META = Figure("twelve-games", 900), Figure("meta-followers", 900)
MARKOV, MIXED = Figure("markov-games", 400), Figure("mixed-leader", 200)
HIDDEN, MEMORY = Figure("hidden-queries", 150), Figure("leader-memory", 150)
CARRIED, PAID = Figure("carried-followers", 150), Figure("reward-while-learning", 300)
RESPONDING, RELATED = Figure("best-responding", 150), Figure("related-work", 400)


def number(pattern: str, claim: str = ""):
    """The least number that matches in what came out, over the verdicts whose claim begins like this."""

    def least(verdicts: list[dict]) -> float:
        told = [verdict["ours"] for verdict in verdicts if verdict["claim"].startswith(claim)]
        found = [float(match) for ours in told for match in re.findall(pattern, ours)]
        if not found:
            raise RuntimeError(f"no verdict {claim!r} shows {pattern!r}")
        return min(found)

    return least


_SEEDS, _MEAN = r"(\d+) of \d+ seeds", r"mean (-?[\d.]+)"


def _slow(quote: str, figure: Figure, result, claimed: float, within: float = 0.0, sense="is") -> Claim:
    return Claim(PAGE, quote, figure, result, claimed, within, sense, quick=False)


_HIDDEN = "the learner sees the answers | 23 of 25 at 6 | 0 of 25, value -6"
_VISIBLE = "one policy answers and plays | 23 of 25 at 6 | 0 of 25, value -5; 14.8 in training"
_CARRIED = "replies depend on this policy alone | 23 of 25 at 2 | 9 of 25"
_PAID = "the response is paid nothing | 25 of 25 | 0 to 25 of 25, by the payoffs"

CLAIMS = (
    Claim(PAGE, "defects in the last step, and it earns 4", COUNTED, lambda made: made["optimum"], 4, 1e-9),
    Claim(PAGE, "cooperates throughout, and the rule earns 6", REMEMBERED, float, 6, 1e-9),
    _slow("24 or 25 of 25 at the optimum in each of the twelve games", TWELVE, number(_SEEDS), 24, 0, "at least"),
    _slow("25 of 25 within 5 % of the range in all twelve", META, number(_SEEDS), 25),
    _slow("`toll` 49 by 25 of 25", MARKOV, number(r"; (\d+) at it"), 25),
    _slow("`toll` 49 by 25 of 25", MARKOV, number(_MEAN, "toll:"), 49, 1e-2),
    _slow("9.999 against replies by own observations", MIXED, number(_MEAN, "replies by own"), 9.999, 2e-3),
    _slow("against replies by own observations, 8.5 against replies that count steps", MIXED,
          number(_MEAN, "replies that count"), 8.5, 2e-2),
    _slow(_HIDDEN, HIDDEN, number(_SEEDS, "one action map"), 23, 0, "at least"),
    _slow(_HIDDEN, HIDDEN, number(_MEAN, "fresh draws, queries hidden"), -6, 1.0),
    _slow(_VISIBLE, MEMORY, number(_SEEDS, "phase hidden"), 23, 0, "at least"),
    _slow(_VISIBLE, MEMORY, number(_MEAN, "phase visible: the leader misses"), -5, 0.5),
    _slow(_VISIBLE, MEMORY, number(r"paid ([\d.]+)"), 14.8, 0.3),
    _slow(_CARRIED, CARRIED, number(_SEEDS, "followers start anew"), 23, 0, "at least"),
    _slow(_CARRIED, CARRIED, number(_SEEDS, "followers carried over"), 9, 3),
    _slow(_PAID, PAID, number(_SEEDS, "x = 2, c = -5:"), 25),
    _slow(_PAID, PAID, number(_SEEDS), 0),
    _slow("for x = 2 and 1.5 (25 of 25 without the option)", PAID, number(_SEEDS, "x = 1.5, c = -5:"), 25),
    _slow("11 of 25 for x = 1.5, and for x = 2 it does no harm, 25 of 25", PAID,
          number(_SEEDS, "x = 1.5, c = 0, paid"), 11, 3),
    _slow("11 of 25 for x = 1.5, and for x = 2 it does no harm, 25 of 25", PAID,
          number(_SEEDS, "x = 2, c = 0, paid"), 25),
    _slow("0 changes of rule | 13 changes", RESPONDING, number(r"changes ([\d.]+) times"), 13, 3),
    _slow("`escape` 11 of its 25 seeds commit to the optimum", RELATED,
          number(rf"as committed .*?{_SEEDS}", "escape, meta-gradient"), 11, 3),
    _slow("no seed finds the optimum of the dilemma (-5) or of `maintain` (10), and 22 of 25 find that of `escape`",
          RELATED, number(_SEEDS, "escape, side by side"), 22, 3),
)  # fmt: skip
