"""`python -m firstmover`."""

from firstmover.cli import process

process()
