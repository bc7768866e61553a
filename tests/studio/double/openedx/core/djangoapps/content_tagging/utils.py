"""Platform: openedx/core/djangoapps/content_tagging/utils.py."""

from typing import Any

orgs: dict[int, set[str]] = {}
"""For the tests: the organizations of taxonomies that are not for all, by primary key."""


def check_taxonomy_context_key_org(taxonomy: Any, context_key: Any) -> bool:
    return taxonomy.pk not in orgs or context_key.org in orgs[taxonomy.pk]
