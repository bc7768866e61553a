"""Platform: xmodule/modulestore/__init__.py."""


class ModuleStoreEnum:
    class Branch:
        draft_preferred = "draft-preferred"
        published_only = "published-only"
