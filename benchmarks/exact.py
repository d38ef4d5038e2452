"""Exact answers: what the best price mechanisms lose, and how long exact solvers and proofs take.

    python benchmarks/exact.py [--part mechanisms|larger|revenue|solvers]

Two agents, one item, values uniform on T points from 0 to 1, any prices. `best`: the least loss that a pure Bayes-Nash
equilibrium supports; `worst`: that every pure equilibrium guarantees; `anf_cce`: that all of `anf_cce` guarantees;
`threshold`: `best` with messages that mean intervals of values. Every row is cut off after `LIMIT` seconds.
"""

import argparse
import time
from fractions import Fraction

import numpy as np

from firstmover.certificates.exact import proved_interval
from firstmover.equilibria.bayesian_commitments import bayesian_commitment
from firstmover.equilibria.commitments import mixed_commitment
from firstmover.equilibria.mechanisms import optimal_mechanism
from firstmover.equilibria.security_commitments import by_programs, security_commitment
from firstmover.exact_numbers import as_fractions
from firstmover.verify import Finite

LIMIT = 300.0
_HEAD = "| market | messages | selection | {} | kind | s |\n| --- | --- | --- | --- | --- | --- |"


def _market(types: int) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    grid = [Fraction(k, types - 1) for k in range(types)]
    return [grid, grid], [[Fraction(1, types**2)] * types] * types


AGRAWAL = (
    [[Fraction(1, 2), Fraction(5, 2)], [Fraction(0), Fraction(1)]],
    [[Fraction(2, 5)] * 2, [Fraction(1, 10)] * 2],
)


def _row(name: str, market: tuple, messages: int, selection: str, weight: int = 1) -> None:
    began = time.perf_counter()
    threshold = selection == "threshold"
    found = optimal_mechanism(
        *market,
        messages,
        selection="best" if threshold else selection,
        threshold=threshold,
        welfare_weight=weight,
        time_limit=LIMIT,
    )
    seconds = time.perf_counter() - began
    sign = -1 if weight else 1
    if found.exact:
        kind = "exact" if found.attained else "exact, a supremum"
        answer = f"{sign * found.value} = {float(sign * found.value):.6f}"
    else:
        low, high = sorted(sign * float(end) for end in (found.lower, found.upper))
        kind, answer = "bounds", f"[{low:.6f}, {high:.6f}]"
    print(f"| {name} | {messages} | {selection} | {answer} | {kind} | {seconds:.1f} |", flush=True)


def mechanisms() -> None:
    print(_HEAD.format("loss"))
    for selection in ("best", "worst", "anf_cce"):
        _row("agrawal", AGRAWAL, 2, selection)
    for types in (2, 3, 4, 5, 6, 7):
        for selection in ("best", "worst", "anf_cce"):
            _row(f"T = {types}", _market(types), 2, selection)
    for types in (3, 4, 5, 6, 7):
        _row(f"T = {types}", _market(types), 2, "threshold")


def larger() -> None:
    print(_HEAD.format("loss"))
    for types, selections in {
        8: ("best", "worst", "anf_cce", "threshold"),
        9: ("best", "threshold"),
        10: ("best",),
    }.items():
        for selection in selections:
            _row(f"T = {types}", _market(types), 2, selection)
    for types, selections in {
        5: ("best", "worst", "anf_cce"),
        6: ("best", "worst", "anf_cce"),
        7: ("best", "worst", "threshold"),
        8: ("best", "threshold"),
        9: ("best", "threshold"),
        10: ("threshold",),
    }.items():
        for selection in selections:
            _row(f"T = {types}", _market(types), 3, selection)


def revenue() -> None:
    print(_HEAD.format("revenue"))
    for name, market in {"agrawal": AGRAWAL, **{f"T = {t}": _market(t) for t in (2, 3, 4, 5)}}.items():
        for messages in (1, 2):
            _row(f"{name}, revenue", market, messages, "best", weight=0)


def solvers() -> None:
    rng = np.random.default_rng(0)
    leader, follower = rng.random((2, 100, 100))
    games = {
        f"mixed commitment, 100 x 100, {ties}": lambda ties=ties: mixed_commitment(leader, follower, ties)
        for ties in ("strong", "weak")
    }
    two = rng.random((2, 2, 30, 30))
    targets = np.sort(rng.random((2, 100, 2)), axis=2)
    for ties in ("strong", "weak"):
        games[f"two follower types, 30 x 30, {ties}"] = lambda ties=ties: bayesian_commitment(
            two[0], two[1], np.array([0.4, 0.6]), ties
        )
        games[f"security, 100 targets, 10 resources, {ties}"] = lambda ties=ties: security_commitment(
            targets[0][:, ::-1], targets[1], 10, ties
        )
    many = np.sort(rng.random((2, 1000, 2)), axis=2)
    defender, attacker = as_fractions(many[0][:, ::-1]), as_fractions(many[1])
    for ties in ("strong", "weak"):
        games[f"security, 1000 targets, 200 resources, {ties}"] = lambda ties=ties: security_commitment(
            defender, attacker, 200, ties
        )
    games["the same by a linear program for each target, strong"] = lambda: by_programs(
        defender, attacker, Fraction(200), "strong"
    )
    types, messages = 6, 2
    profiles = [(a, b) for a in range(types) for b in range(types)]

    def payoffs() -> list[list[Fraction]]:
        return [[Fraction(int(p), 100) for p in rng.integers(0, 101, messages**2)] for _ in profiles]

    game = Finite(
        profiles,
        [Fraction(1, types**2)] * types**2,
        [[list(range(messages))] * types] * 2,
        [messages] * 2,
        payoffs(),
        [payoffs(), payoffs()],
    )
    for which in ("bcce", "anf_cce"):
        games[f"{which}, 2 agents, 6 types, 2 messages, both ends with proofs"] = lambda which=which: proved_interval(
            game, which, Fraction(0)
        )
    print("| what | s |\n| --- | --- |")
    for name, solve in games.items():
        began = time.perf_counter()
        solve()
        print(f"| {name} | {time.perf_counter() - began:.2f} |", flush=True)


if __name__ == "__main__":
    parts = {"mechanisms": mechanisms, "larger": larger, "revenue": revenue, "solvers": solvers}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=list(parts))
    chosen = parser.parse_args().part
    for name, part in parts.items():
        if chosen in (None, name):
            part()
            print()
