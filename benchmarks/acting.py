"""What a call of a loaded rule takes: `python benchmarks/acting.py` (the standard library alone)."""

import itertools
import json
import random
import tempfile
import time
import timeit
from pathlib import Path

from firstmover.rules import load

CALLS = 20_000


def rules() -> dict[str, list[dict]]:
    """Rules of several shapes, of up to 20,000 entries."""
    return {
        "one action": [{"do": {"action": 2}}],
        "a mixture of 100, drawn": [{"do": {"mixture": [0.01] * 100}}],
        "1,000 messages": [{"when": {"message": m}, "do": {"item": m}} for m in range(1000)],
        "one of 20,000 labels": [{"when": {"bid": f"bid {m}"}, "do": {"price": m}} for m in range(20_000)],
        "price mechanism, 4 agents": [
            {
                "when": {"messages": list(messages), "remaining": remaining, "items": [1], "sold": sold},
                "do": {"agent": remaining[0], "prices": [0.5]},
            }
            for messages in itertools.product(range(3), repeat=4)
            for left in itertools.product([False, True], repeat=4)
            if any(left)
            for remaining in [[i for i in range(4) if left[i]]]
            for sold in [[None if left[i] else [0] for i in range(4)]]
        ],
    }


def main() -> None:
    """Print microseconds a call for every rule, the situations drawn at random from its own."""
    print("| rule | entries | microseconds a call |")
    print("| --- | --- | --- |")
    for name, entries in rules().items():
        path = Path(tempfile.mkdtemp()) / "rule.json"
        path.write_text(json.dumps({"game": "any", "rule": entries}))
        act, rng = load(path), random.Random(0)
        situations = rng.choices([entry.get("when", {}) for entry in entries], k=CALLS)
        play = timeit.Timer(lambda act=act, s=situations, rng=rng: [act(x, rng) for x in s], timer=time.process_time)
        seconds = min(play.repeat(number=1))
        print(f"| {name} | {len(entries):,} | {seconds / CALLS * 1e6:.1f} |", flush=True)


if __name__ == "__main__":
    main()
