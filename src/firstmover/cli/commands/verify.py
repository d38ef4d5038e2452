"""`firstmover verify`: an independent check of a certificate."""

import argparse

from firstmover.cli.command import Command
from firstmover.errors import InputError
from firstmover.json_types import Json


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "certificate", metavar="CERTIFICATE", help="a run folder, or a file written by 'firstmover certify'"
    )


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    from firstmover import verify

    try:
        claims = verify.verify(options.certificate)
    except verify.UnreadableError as error:
        raise InputError(str(error)) from None
    result: Json = {"verdict": verify.verdict(claims), "claims": [claim._asdict() for claim in claims]}
    options.status = verify.STATUS[verify.verdict(claims)]
    return result, verify.report(claims)


COMMAND = Command("verify", "check a certificate independently, in exact fractions", _declare, _run)
