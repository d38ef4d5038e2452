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
    sample,
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
    evaluate.COMMAND,
    verify.COMMAND,
    report.COMMAND,
    online.COMMAND,
    pretrain.COMMAND,
    reproduce.COMMAND,
    resume.COMMAND,
    export.COMMAND,
    sample.COMMAND,
    completion.COMMAND,
]
