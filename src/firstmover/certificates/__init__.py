"""Checks of a claimed outcome. Nothing here learns, or imports what does."""

from typing import TYPE_CHECKING

from firstmover.source import lazily

if TYPE_CHECKING:
    from firstmover.certificates.certificate import BaselineValue, Certificate, PayoffRange, certify_play, summary

__all__ = ["BaselineValue", "Certificate", "PayoffRange", "certify_play", "summary"]

__getattr__, __dir__ = lazily(__name__)
