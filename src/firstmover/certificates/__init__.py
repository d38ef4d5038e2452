"""Checks of a claimed outcome. Nothing here learns, or imports what does."""

from firstmover.certificates.certificate import Certificate, certify_play, summary

__all__ = ["Certificate", "certify_play", "summary"]
