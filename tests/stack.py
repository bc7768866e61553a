"""
Room for calls, on Python's own stack.

Python 3.12 keeps what functions have in chunks of 16 KB, some 100 calls in each. Whoever stands at the end of one has
the system give and take back a chunk with each call, and many tests stand there: that took them a fifth of their time
(https://github.com/python/cpython/issues/142183; the last 3.13 and 3.14 keep one chunk at hand).
"""

from collections.abc import Callable


def with_room[T](call: Callable[[], T]) -> T:
    """Call this where the calls that it leads to have a chunk of half a megabyte left."""
    return call()


with_room.__code__ = with_room.__code__.replace(co_stacksize=2**16)
"""So many words of eight bytes: a chunk is as large as what begins it needs, rounded up to a power of two."""
