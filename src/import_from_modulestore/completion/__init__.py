"""Completing an import: what is staged becomes a plan, the plan becomes content, and both become history."""

from .complete import write
from .plans import plan_of, undecided, with_forwarding

__all__ = ["plan_of", "undecided", "with_forwarding", "write"]
