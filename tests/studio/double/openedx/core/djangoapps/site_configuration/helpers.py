"""Platform: openedx/core/djangoapps/site_configuration/helpers.py."""

from typing import Any

values: dict[str, Any] = {}
"""For the tests: the configuration of the current site."""


def get_value(val_name: str, default: Any = None, **kwargs: Any) -> Any:
    return values.get(val_name, default)
