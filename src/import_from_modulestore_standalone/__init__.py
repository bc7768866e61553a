"""
The standalone setting of import_from_modulestore: no Studio, a folder of OLX exports for a modulestore.

It has what Studio would otherwise give: a host (:mod:`.host`), the ``content_staging`` app, settings. The app itself
never imports it.
"""

from .celery import app as celery_app

__all__ = ["celery_app"]
