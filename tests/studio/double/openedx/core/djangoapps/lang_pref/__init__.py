"""Platform: openedx/core/djangoapps/lang_pref/__init__.py."""

LANGUAGE_KEY = "pref-lang"
