"""The web server of ``manage.py serve``: waitress, with bounds on what one client may take of it."""

from __future__ import annotations

import socket
import tempfile
import time
from copy import copy
from typing import Any
from weakref import WeakSet

from django.conf import settings
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server

THREADS = 8
"""How many requests are answered at a time."""

_CONNECTIONS = 400
"""With a file for each and one for its body, they stay below the 1,024 that a process may have open by default."""

_IDLE_SECONDS = 60

_SECONDS = 30
_BYTES_PER_SECOND = 500
"""What a request has time for, and how much of it has to come in each second more; as in Apache's mod_reqtimeout."""

_UPLOADS = 8
"""How many files are taken at a time: who sends one need not be signed in before it is there as a whole."""

_UPLOAD_BYTES_PER_SECOND = 20_000
"""How much of one has to come in each second."""

_BESIDE_A_FILE = 100_000

_uploads: WeakSet[_Parser] = WeakSet()


class _Parser(HTTPRequestParser):
    """The request of a connection. A form with files may be as large as an upload, and no other may."""

    adj: Any
    is_upload = False

    def parse_header(self, header_plus: bytes) -> None:
        """Find out what comes, before anything is taken of its body."""
        super().parse_header(header_plus)
        is_form = self.headers.get("CONTENT_TYPE", "").lower().startswith("multipart/form-data")
        if self.command != "POST" or not is_form or self.content_length < self.adj.max_request_body_size:
            return
        if len(_uploads) < _UPLOADS:
            self.is_upload = True
            _uploads.add(self)
            self.adj = copy(self.adj)
            self.adj.max_request_body_size = settings.MAX_UPLOAD_BYTES + _BESIDE_A_FILE


class _Channel(HTTPChannel):
    """
    A connection. It takes no thread before its request is there as a whole.

    waitress closes it when nothing comes; here also when too little does.
    """

    parser_class = _Parser
    _begun = 0.0

    def received(self, data: bytes) -> bool:
        """Take what has come of a request."""
        if self.request is None:
            self._begun = time.monotonic()
        else:
            size = self.request.header_bytes_received + self.request.body_bytes_received
            pace = _UPLOAD_BYTES_PER_SECOND if self.request.is_upload else _BYTES_PER_SECOND
            if time.monotonic() - self._begun > _SECONDS + size / pace:
                self.will_close = True
                return False
        return super().received(data)


def server_at(listener: socket.socket) -> Any:
    """A server for this project, whose ``run`` returns once it is interrupted."""
    from .wsgi import application

    tempfile.tempdir = str(settings.FILE_UPLOAD_TEMP_DIR)  # waitress keeps there what has come of a body.
    server = create_server(
        application,
        sockets=[listener],
        ident=None,
        threads=THREADS,
        connection_limit=_CONNECTIONS,
        asyncore_use_poll=True,
        channel_timeout=_IDLE_SECONDS,
        max_request_body_size=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        clear_untrusted_proxy_headers=True,
    )
    server.channel_class = _Channel
    return server
