"""What the standalone project keeps of its own: a permission of no row, tokens, times of steps, languages."""

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
        verbose_name = _("folder of exports")
        verbose_name_plural = _("folders of exports")
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
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        default_permissions = ()

    def __str__(self) -> str:
        return self.name or str(self.pk)


class StepTime(models.Model):
    """
    How many times a step ended so, having taken so long, what these times come to, and the blocks of these imports; see
    :mod:`.metrics`. Only ever added to.

    .. no_pii:
    """

    step = case_sensitive_char_field(max_length=20)
    outcome = case_sensitive_char_field(
        max_length=20, default="done", help_text=_("Whether they were done, have failed, or were canceled.")
    )
    up_to = models.PositiveIntegerField(
        help_text=_("Milliseconds that each of them took at most; 0 of those that were not done.")
    )
    count = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    blocks = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["step", "outcome", "up_to"]
        verbose_name = _("time of steps")
        verbose_name_plural = _("times of steps")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["step", "outcome", "up_to"], name="one_row_for_each_step_outcome_and_time")
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.outcome} up to {self.up_to} ms"


class UserLanguage(models.Model):
    """
    The language that somebody reads: in which workers, which see no browser, write to them.

    .. no_pii:
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    language = case_sensitive_char_field(max_length=20)

    class Meta:
        verbose_name = _("language of a user")
        verbose_name_plural = _("languages of users")
        default_permissions = ()

    def __str__(self) -> str:
        return self.language
