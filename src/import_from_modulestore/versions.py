"""
What differs between the versions of ``openedx-core`` that the app runs on, and has to be handled.

``docs/reference/platform_contract.md`` has the whole table. What differs in the platform is in
``hosts/cms/platform.py``.
"""

from __future__ import annotations

from typing import Any


def makes_tag(taxonomy: Any, value: str) -> bool:
    """
    Whether the taxonomy makes this tag itself as soon as something is tagged with it, so that it need not be there yet.

    Up to 1.1, those that the system defines do: that of languages, and those of a plugin. From 1.2 on there are none
    (``openedx_tagging/models/system_defined.py``, and migration 0021).
    """
    return defines_tags(taxonomy) and taxonomy.cast().validate_value(value)


def defines_tags(taxonomy: Any) -> bool:
    """Whether what tags the taxonomy has is up to the system, or to a plugin; since 1.2 it never is."""
    return hasattr(taxonomy, "cast") and taxonomy.cast().system_defined
