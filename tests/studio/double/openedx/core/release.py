"""
Which line of the platform this is (platform: openedx/core/release.py).

The double plays the one that goes with the openedx-core that is installed; tests about the difference set the other.
"""

from tests.versions import CORE

VERAWOOD, NEWEST = "verawood", "master"

RELEASE_LINE = VERAWOOD if CORE < (1, 1) else NEWEST
