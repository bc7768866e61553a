"""
OLX, the XML that the modulestore speaks: safe parsing, its vocabulary, its tree, its normal form, the files it names.

The one place that knows the words ``chapter``, ``sequential`` and ``vertical``. Nothing here touches the database.
"""
