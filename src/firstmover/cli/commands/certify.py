"""`firstmover certify`: what can be proved about a rule."""

import argparse
from typing import TYPE_CHECKING

from firstmover.cli.command import (
    Command,
    add_code,
    add_data,
    add_goals,
    add_parameters,
    add_verbose,
    pairs,
    refuse_game,
    use_all_cores,
)
from firstmover.cli.estimates import add_payoffs, estimated_value, payoff_errors
from firstmover.errors import InputError
from firstmover.json_types import Json, JsonObject

if TYPE_CHECKING:
    from firstmover.evaluation.estimates import PayoffErrors
    from firstmover.followers.base import Follower
    from firstmover.interop.python_files import Code


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("path", metavar="PATH", help="a run folder, or a rule file")
    command.add_argument("--epsilon", metavar="E", help="bound the value at this regret too (the measured one)")
    command.add_argument(
        "--followers", metavar="NAME", help="who responds to a rule file (the game's usual model); a run has its own"
    )
    add_parameters(command, "-f", "followers")
    command.add_argument("--out", metavar="FILE", help="the certificate (in the run folder, or beside the rule file)")
    add_payoffs(command, draws=1000)
    add_data(command)
    add_goals(command)
    add_code(command)
    add_verbose(command)


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    use_all_cores()
    from firstmover import files
    from firstmover.cli.certified import written_certificate
    from firstmover.cli.printing import held_out, measured
    from firstmover.exact_numbers import number, whole
    from firstmover.jobs.certifications import certificate_path, certify
    from firstmover.jobs.observed import share_or_file

    refuse_game(options.path)
    errors = payoff_errors(options)
    given = pairs("-f", options.followers_parameters)
    if files.is_folder(options.path) and (given or options.followers):
        raise InputError(
            "a run is certified with the play of its own followers; --followers and -f go with rule files."
        )
    followers = _responding(options.followers, given)
    off = None if errors is None else _when_off(options.path, followers, errors, options.code)
    certificate = certify(
        options.path,
        followers=followers,
        epsilon=None if options.epsilon is None else number(options.epsilon, "--epsilon"),
        out=options.out,
        types=options.types,
        holdout=share_or_file(options.holdout),
        holdout_seed=whole(options.holdout_seed, "--holdout-seed"),
        robust=None if options.robust is None else number(options.robust, "--robust"),
        at_least=options.at_least,
        status_quo=options.status_quo,
        code=options.code,
    )
    path = options.out or certificate_path(options.path, certificate.get("changed_code", ()))
    text = written_certificate(certificate, path, verbose=options.verbose)
    lines = measured(certificate["measures"], certificate["constraints"], verbose=options.verbose)
    lines += held_out(certificate["holdout"], certificate["robust"], certificate["payoff_range"]["leader"])
    text = "\n".join([text, *lines])
    if off is None:
        return certificate, text
    return {**certificate, "payoffs": off}, "\n".join([text, *estimated_value(off)])


def _when_off(path: str, followers: "Follower | None", errors: "PayoffErrors", code: "Code") -> JsonObject:
    """What the rule is worth if payoffs are off; before a certificate is written, since it may be refused."""
    from firstmover.evaluation.when_off import when_off

    return when_off(path, errors, followers=followers, code=code)


def _responding(name: str | None, given: dict[str, str]) -> "Follower | None":
    """Who responds to a rule file: whom the command names, or None for the play that the file states, if any."""
    from firstmover.jobs import build

    return build.item_from("followers", name or "multiplicative-weights", given) if name or given else None


COMMAND = Command("certify", "certify the best rule of a run, or the rule of a file", _declare, _run)
