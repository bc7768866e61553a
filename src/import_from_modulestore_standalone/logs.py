"""
What is logged, and as what: lines for people, or an object of JSON a line (``LOG_FORMAT=json``) for programs.

An object has what the line says and what belongs to it: the import (``import_id``), the request (``request_id``), the
task of a worker (``task_id``). The ID of a request goes with what it hands to workers, so that all that came of it is
found by one word. What names nobody is logged: users by number, addresses without what is secret in them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from time import monotonic
from typing import Any
from uuid import uuid4

from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun
from celery.utils.log import get_multiprocessing_logger
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

HEADER = "X-Request-ID"

_NAMES = {"asctime": "time", "levelname": "level", "name": "logger", "message": "message"}
"""What an object always has, and under which name."""

_NOT_TOLD = ("request", "server_time")
"""What Django gives records beside: whole requests."""

_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
"""What is taken for the ID of a request. It serves to find things again, and proves nothing."""

_context: ContextVar[dict[str, str] | None] = ContextVar("context", default=None)
"""What this thread is at."""

log = logging.getLogger("import_from_modulestore_standalone.requests")


def objects() -> logging.Formatter:
    """For ``LOGGING``: the formatter of objects."""
    from pythonjsonlogger.core import RESERVED_ATTRS
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(
        list(_NAMES),
        datefmt="%Y-%m-%dT%H:%M:%S%z",
        rename_fields={name: told for name, told in _NAMES.items() if name != told},
        reserved_attrs=[*RESERVED_ATTRS, *_NOT_TOLD],
        json_ensure_ascii=False,
    )


class Context(logging.Filter):
    """
    Gives each record what this thread is at; what the record says itself, of another import say, goes before.

    Of a request that was refused or failed, Django names the address (``Not Found: /…``): here, the route.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let all pass."""
        for name, value in (_context.get() or {}).items():
            if not hasattr(record, name):
                setattr(record, name, value)
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            address = request.path.encode("unicode_escape").decode("ascii")  # As Django has it there.
            record.args = tuple(_route(request) if each == address else each for each in record.args)
        return True


def of_request(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """A middleware: each request has an ID, its own or the one that the proxy gave it, and one line in the log."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        sent = request.headers.get(HEADER, "")
        request_id = sent if _ID.fullmatch(sent) else uuid4().hex
        _context.set({"request_id": request_id})
        began = monotonic()
        response = get_response(request)
        response.headers[HEADER] = request_id
        _tell(request, response, monotonic() - began)
        return response

    return answer


def _route(request: HttpRequest) -> str:
    """Instead of the address: some have a signature in them that opens a file."""
    match = request.resolver_match
    return f"/{match.route}" if match else "no address of this site"


def _tell(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    match = request.resolver_match
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject):  # Nobody has asked yet who it is, unless this is here.
        user = getattr(request, "_cached_user", None)
    facts = {
        "method": request.method,
        "route": match.route if match else None,
        "status": response.status_code,
        "seconds": round(seconds, 4),
        "user_id": user.pk if user is not None else None,
    }
    if match and "import_id" in match.kwargs:
        facts["import_id"] = match.kwargs["import_id"]
    log.info("%s %s", request.method, response.status_code, extra=facts)


@setup_logging.connect
def _leave_it(loglevel: int | None = None, **kwargs: Any) -> None:
    """Have Celery take what ``LOGGING`` says, and say only how much it tells of its own."""
    get_multiprocessing_logger().propagate = True
    if loglevel:
        logging.getLogger("celery").setLevel(loglevel)


@before_task_publish.connect
def _send_along(headers: dict[str, Any] | None = None, **kwargs: Any) -> None:
    context = _context.get()
    if context and headers is not None and "request_id" in context:
        headers["request_id"] = context["request_id"]


@task_prerun.connect
def _begin(task_id: str, task: Any, args: Any = (), **kwargs: Any) -> None:
    context = {"task_id": task_id, "task": task.name}
    if request_id := getattr(task.request, "request_id", None):
        context["request_id"] = request_id
    if task.name.startswith("import_from_modulestore.tasks.") and args:
        context["import_id"] = str(args[0])
    _context.set(context)


@request_finished.connect
@task_postrun.connect
def _end(**kwargs: Any) -> None:
    _context.set(None)
