"""`--payoffs +-10%`: payoffs that are estimates, for the commands that can say what follows from that."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from firstmover.errors import InputError
from firstmover.json_types import Parsed
from firstmover.wording import written

if TYPE_CHECKING:
    from firstmover.evaluation.estimates import PayoffErrors


def add_payoffs(command: argparse.ArgumentParser, draws: int) -> None:
    """Add `--payoffs`, `--draws` and `--draws-seed`."""
    command.add_argument(
        "--payoffs", metavar="+-P%", help="what follows if every payoff may be off by up to P per cent (+-10%%)"
    )
    command.add_argument("--draws", default=str(draws), metavar="N", help=f"draws of the true payoffs ({draws})")
    command.add_argument("--draws-seed", default="0", metavar="S", help="of the draws (0)")


def payoff_errors(options: argparse.Namespace) -> "PayoffErrors | None":
    """How payoffs may be off, if the command line says so.

    Raises:
        InputError: it cannot be understood, or is out of range.
    """
    if options.payoffs is None:
        return None
    from firstmover.exact_numbers import number, whole

    text = options.payoffs.strip().removeprefix("+-").removeprefix("±").removeprefix("+/-")
    percent = text.endswith("%")
    try:
        by = number(text.removesuffix("%"), "--payoffs")
    except InputError:
        raise InputError(f"--payoffs takes a share, such as +-10% or 0.1; got {options.payoffs!r}.") from None
    from firstmover.evaluation.estimates import PayoffErrors

    return PayoffErrors(
        by / 100 if percent else by, whole(options.draws, "--draws"), whole(options.draws_seed, "--draws-seed")
    )


def estimated_rules(result: Parsed, payoffs: Sequence[float]) -> list[str]:
    """The rules of `solve --payoffs` and what they are worth, a line each."""
    off, rules = result["off_by"], result["rules"]
    width = max(len(rule["name"]) for rule in rules)
    lines = [
        "",
        f"payoffs    each off by up to {100 * off:g} %: {result['draws']} draws, seed {result['seed']}; followers know "
        "the true ones",
        f"           {'':{width}}  {'as stated':>10}  {'mean':>20}  {'worst draw':>10}  {'at least':>8}",
    ]
    for rule in rules:
        half = max(rule["mean"] - rule["interval"][0], rule["interval"][1] - rule["mean"])
        mean = f"{rule['mean']:.4g} ± {half:.2g}"
        stated, ends = written(rule["value"], *payoffs), f"{rule['worst']:>10.4g}  {rule['guaranteed']:>8.4g}"
        lines.append(f"           {rule['name']:{width}}  {stated:>10}  {mean:>20}  {ends}")
    for rule in rules:
        if rule["name"].startswith("best"):
            price = "" if rule["price"] is None else f" (it costs {rule['price']:.3g} if they are as stated)"
            lines.append(f"{rule['name']}: {rule['rule_text']}{price}")
    return lines


def estimated_value(found: Parsed) -> list[str]:
    """What `certify --payoffs` adds to a certificate."""
    half = max(found["mean"] - found["interval"][0], found["interval"][1] - found["mean"])
    least = "" if found["guaranteed"] is None else f", at least {found['guaranteed']:.4g} against best replies"
    return [
        f"payoffs    each off by up to {100 * found['off_by']:g} %, which {found['followers']['name']} followers know: "
        f"{found['draws']} draws, seed {found['seed']}",
        f"           value {found['mean']:.4g} ± {half:.2g} on average, {found['worst']:.4g} in the worst draw{least}",
    ]
