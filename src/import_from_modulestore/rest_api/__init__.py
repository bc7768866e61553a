"""
The REST API: a thin door onto :mod:`import_from_modulestore.api`.

It brings with it all that it needs of Django REST Framework (:mod:`.base`), and so behaves alike in Studio and
standalone, whatever their settings say. Each version is a package of its own.
"""
