"""How large things are, in words."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

_UNITS = (_("{size} B"), _("{size} kB"), _("{size} MB"), _("{size} GB"))


def size_told(size: int) -> str:
    """
    So many bytes, in units of 1,000, as limits are set and as disks are sold.

    >>> size_told(999), size_told(79_012), size_told(15_433_000), size_told(2_000_000_000)
    ('999 B', '79 kB', '15.4 MB', '2 GB')
    """
    place, value = 0, float(size)
    while value >= 1000 and place + 1 < len(_UNITS):
        place, value = place + 1, value / 1000
    value = round(value, 1 if place > 1 else 0)
    return _UNITS[place].format(size=number_format(value, 0 if value.is_integer() else 1))
