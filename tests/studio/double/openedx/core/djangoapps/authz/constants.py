"""Platform: openedx/core/djangoapps/authz/constants.py."""

from enum import Enum


class LegacyAuthoringPermission(Enum):
    READ = "read"
    WRITE = "write"
