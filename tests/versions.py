"""What the tests have to know of the openedx-core that is installed; see docs/reference/platform_contract.md."""

from importlib.metadata import version

CORE = tuple(map(int, version("openedx-core").split(".")))

PUBLISHING_AN_ITEM = 0 if CORE >= (1, 15, 1) else 9
"""Statements that each item takes when it is published."""
