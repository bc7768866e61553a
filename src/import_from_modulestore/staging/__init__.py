"""Staging: a source goes into ``content_staging``, and an index of its blocks is made."""

from .stage import discard, stage

__all__ = ["discard", "stage"]
