"""A home for what Django cannot keep anywhere else: a permission that belongs to no row."""

from django.db import models


class Shelf(models.Model):
    """
    The folder of exports. It has no table and no rows: only the permission to read it.

    Everything on the shelf is for everybody who may read it; a course of its own shelf is a project of its own.

    .. no_pii:
    """

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [("read_shelf", "Can read the courses on the shelf")]

    def __str__(self) -> str:
        return "shelf"
