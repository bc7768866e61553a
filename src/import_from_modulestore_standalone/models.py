"""What the standalone project keeps of its own: a permission that belongs to no row, and tokens."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from openedx_django_lib.fields import case_sensitive_char_field


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


class Token(models.Model):
    """
    A token with which scripts sign in over REST as one user; see :mod:`.tokens`.

    It goes with its user. What has expired stays until it is revoked, so that one sees why a script is refused.

    .. no_pii:
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = case_sensitive_char_field(max_length=100, blank=True, default="", help_text=_("What it is for."))
    digest = case_sensitive_char_field(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True)
    last_used = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name or str(self.pk)
