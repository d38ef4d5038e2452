"""The commands, one module each: a command is registered by being listed here."""

from firstmover.cli.commands import (
    certify,
    check,
    completion,
    design,
    evaluate,
    export,
    listings,
    new,
    online,
    pretrain,
    report,
    reproduce,
    resume,
    solve,
    sweep,
    verify,
)

COMMANDS = [
    *listings.COMMANDS,
    design.COMMAND,
    solve.COMMAND,
    check.COMMAND,
    new.COMMAND,
    certify.COMMAND,
    evaluate.COMMAND,
    verify.COMMAND,
    report.COMMAND,
    online.COMMAND,
    pretrain.COMMAND,
    reproduce.COMMAND,
    resume.COMMAND,
    sweep.COMMAND,
    export.COMMAND,
    completion.COMMAND,
]
