"""Platform: cms/djangoapps/modulestore_migrator/data.py."""

from enum import Enum


class CompositionLevel(Enum):
    Component = "component"
    Unit = "unit"
    Subsection = "subsection"
    Section = "section"


class RepeatHandlingStrategy(Enum):
    Skip = "skip"
    Fork = "fork"
    Update = "update"
