"""The commands, one module each: a command is registered by being listed here."""

from firstmover.cli.commands import (
    certify,
<<<<<<< HEAD
    check,
    completion,
    design,
    listings,
    new,
=======
    completion,
    design,
    export,
    listings,
>>>>>>> main
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
