"""The commands, one module each: a command is registered by being listed here."""

from firstmover.cli.commands import (
    certify,
    completion,
    design,
    export,
    listings,
    pretrain,
    reproduce,
    resume,
    solve,
    verify,
)

COMMANDS = [
    *listings.COMMANDS,
    design.COMMAND,
    solve.COMMAND,
    certify.COMMAND,
    verify.COMMAND,
    pretrain.COMMAND,
    reproduce.COMMAND,
    resume.COMMAND,
    export.COMMAND,
    completion.COMMAND,
]
