"""
Exports and archives as somebody hostile would make them, and what then has to hold.

They are made by harming good ones where it hurts (:mod:`.exports`, :mod:`.archives`), and go the whole way of an import
(:mod:`.journey`). A few are tried in every run of the tests; ``make fuzz EXAMPLES=5000`` tries as many as one likes.
"""
