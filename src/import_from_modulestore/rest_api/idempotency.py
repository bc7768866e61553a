"""
POSTs that can be sent again: the ``Idempotency-Key`` header.

The first request with a key makes a row before it does anything; the database lets only one do so. Once the work is
done, its answer is kept with the row, for a day, and given again to whoever sends the same request under the same key.
A request that was refused, or broke, has changed nothing; its key is free again.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from .. import api
from ..models import IdempotentRequest
from ..trouble import in_full, recognized
from .errors import InvalidHeader

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEY_PATTERN = r"^[!-~]{1,255}$"

KEPT_FOR = timedelta(days=1)

ABANDONED_AFTER = timedelta(minutes=10)
"""When a request that has not been answered counts as one whose process was killed. No request takes that long."""

_KEPT_HEADERS = ("Location",)

log = logging.getLogger("django.request")


class AlreadyAnswered(Exception):
    """The same request was answered before; ``response`` is that answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class StillUnderWay(APIException):
    """The same request is being worked on."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = gettext_lazy("The same request is under way. Send it again in a moment to get its answer.")
    default_code = "request_under_way"


class KeyReused(APIException):
    """The key stands for another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = gettext_lazy("This Idempotency-Key was sent with another request. A new request needs a new key.")
    default_code = "idempotency_key_reused"


class Claim:
    """The right to carry out one request under its key."""

    def __init__(self, request: Request, key: str) -> None:
        """Raises :class:`AlreadyAnswered`, :class:`StillUnderWay`, :class:`KeyReused`, ``InvalidHeader``."""
        if not re.fullmatch(KEY_PATTERN, key):
            told = _("An Idempotency-Key has 1 to 255 visible ASCII characters, and no spaces.")
            raise InvalidHeader({HEADER: [told]}, "invalid")
        now = timezone.now()
        IdempotentRequest.objects.filter(created__lt=now - KEPT_FOR).delete()
        fingerprint = _fingerprint(request)
        user: Any = request.user
        self._row, made = IdempotentRequest.objects.get_or_create(
            user=user, key=key, defaults={"fingerprint": fingerprint}
        )
        if not made:
            self._meet(fingerprint, now)

    def _meet(self, fingerprint: str, now: Any) -> None:
        """What to do where the key has a row already."""
        row = self._row
        if row.fingerprint != fingerprint:
            raise KeyReused
        if row.status is not None:
            answer: Any = row.answer
            raise AlreadyAnswered(
                Response(answer["data"], status=row.status, headers={**answer["headers"], REPLAYED: "true"})
            )
        abandoned = IdempotentRequest.objects.filter(
            pk=row.pk, status=None, created=row.created, created__lt=now - ABANDONED_AFTER
        )
        if not abandoned.update(created=now):
            raise StillUnderWay

    def settle(self, response: Response) -> None:
        """Keep the answer to a request that did something; give the key of any other free."""
        if not status.is_success(response.status_code):
            self.release()
            return
        self._row.status = response.status_code
        self._row.answer = {
            "data": json.loads(JSONRenderer().render(response.data) or "null"),
            "headers": {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
        }
        with _as_well_as_it_can():
            self._row.save(update_fields=["status", "answer"])

    def release(self) -> None:
        """Give the key free."""
        with _as_well_as_it_can():
            IdempotentRequest.objects.filter(pk=self._row.pk).delete()


@contextmanager
def _as_well_as_it_can() -> Iterator[None]:
    """
    Let the answer go out where the database does not take what is to be kept of it: the request is dealt with.

    The key then stands for a request that is under way, until that counts as abandoned.
    """
    try:
        with recognized():
            yield
    except api.DatabaseUnavailable as error:
        log.warning("An %s could not be settled: %s", HEADER, in_full(error))


def _fingerprint(request: Request) -> str:
    """What tells requests apart; of a form with files not the body, which has a boundary of its own each time."""
    media_type = request.content_type or ""
    is_form = media_type.partition(";")[0].strip() == "multipart/form-data"
    parts = [str(request.method), request.get_full_path(), "multipart/form-data" if is_form else media_type]
    digest = blake2b("\n".join(parts).encode() + b"\n", digest_size=20)
    if not is_form:
        digest.update(request.body)
        return digest.hexdigest()
    for name, value in sorted(request.POST.lists()):
        digest.update(json.dumps([name, value]).encode())
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            digest.update(json.dumps([name, file.name, file.size]).encode())
            for piece in file.chunks():
                digest.update(piece)
            file.seek(0)
    return digest.hexdigest()
