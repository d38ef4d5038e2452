"""The commands, one module each: a command is registered by being listed here."""

from firstmover.cli.commands import (
    certify,
    check,
    completion,
    design,
    export,
    listings,
    new,
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
    check.COMMAND,
    new.COMMAND,
    certify.COMMAND,
    verify.COMMAND,
    pretrain.COMMAND,
    reproduce.COMMAND,
    resume.COMMAND,
    export.COMMAND,
    completion.COMMAND,
]
