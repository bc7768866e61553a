"""
The host for Studio, in Studio.

Where the platform is importable, these tests run in it (docs/how-to/studio.md says how). Elsewhere they run on a double
of what the host uses of it (``double/``), and those that ask for the real thing are skipped.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

DOUBLE = Path(__file__).parent / "double"
_found = find_spec("xmodule")
ON_PLATFORM = _found is not None and str(DOUBLE) not in str(_found.origin)
if not ON_PLATFORM and str(DOUBLE) not in sys.path:
    sys.path.append(str(DOUBLE))
