"""
What somebody hostile, or bad luck, would do to the project, and what then has to hold.

* Sources: good exports and archives, harmed where it hurts (:mod:`.exports`, :mod:`.archives`), go the whole way of an
  import (:mod:`.journey`). ``make fuzz EXAMPLES=5000``.
* Sites: a whole one (:mod:`.site`, :mod:`.servers`), with several users at work (:mod:`.histories`) and people of all
  kinds at its door (:mod:`.people`, :mod:`.rest`), is killed, starved and cut off in parts (:mod:`.disturbances`).
  Left in peace, it comes to rest and holds what its history says (:mod:`.judges`). ``make soak MINUTES=20``
  (:mod:`.soak`).

A few seconds of both are in every run of CI.
"""
