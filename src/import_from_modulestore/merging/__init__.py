"""
Merging: what becomes of one item that was changed on two sides, as a pure function of three versions of it.

The *base* is what both sides come from; the two sides are what the library holds, and what the source holds. Title,
settings, body and files are merged each by itself, and of containers title and children. What only one side has changed
is taken from it, exactly as it stands there; what both have changed in different ways is a piece that somebody has to
choose.
"""

from .children import merge_children
from .component import ComponentFile, ComponentTexts, MergedComponent, merge_component, whole_body
from .container import MergedContainer, merge_container
from .pieces import BODY, Choices, UnusableChoice, told, versions_digest

__all__ = [
    "BODY",
    "Choices",
    "ComponentFile",
    "ComponentTexts",
    "MergedComponent",
    "MergedContainer",
    "UnusableChoice",
    "merge_children",
    "merge_component",
    "merge_container",
    "told",
    "versions_digest",
    "whole_body",
]
