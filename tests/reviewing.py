"""What a reviewer says of a course, in one line."""

from __future__ import annotations

from typing import Any

from import_from_modulestore import api
from import_from_modulestore.data import Contents

from .builders import usage_key

OLX = '<html display_name="Tides"><![CDATA[<p>Better.</p>]]></html>'


def review(user: Any, run: str) -> None:
    """Leave a module out, edit a text and a unit, and choose what becomes of a bank's contents."""
    common = {"user": user, "import_id": run}
    api.select_blocks(**common, usage_keys=[usage_key("chapter", "m5")], selected=False)
    api.edit_block(**common, usage_key=usage_key("html", "t1"), olx=OLX)
    api.edit_block(**common, usage_key=usage_key("vertical", "u"), title="The Moon")
    api.choose_contents(**common, usage_keys=[usage_key("itembank", "bank")], contents=Contents.UNIT)
