"""The web server of ``manage.py serve``: waitress, with bounds on what one client may take of it."""

from __future__ import annotations

import socket
import time
from typing import Any

from django.conf import settings
from waitress.channel import HTTPChannel
from waitress.server import create_server

THREADS = 8
"""How many requests are answered at a time."""

_CONNECTIONS = 400
"""With a file for each and one for its body, they stay below the 1,024 that a process may have open by default."""

_IDLE_SECONDS = 60

_SECONDS = 30
_BYTES_PER_SECOND = 500
"""What a request has time for, and how much of it has to come in each second more; as in Apache's mod_reqtimeout."""


class _Channel(HTTPChannel):
    """
    A connection. It takes no thread before its request is there as a whole.

    waitress closes it when nothing comes; here also when too little does.
    """

    _begun = 0.0

    def received(self, data: bytes) -> bool:
        """Take what has come of a request."""
        if self.request is None:
            self._begun = time.monotonic()
        else:
            size = self.request.header_bytes_received + self.request.body_bytes_received
            if time.monotonic() - self._begun > _SECONDS + size / _BYTES_PER_SECOND:
                self.will_close = True
                return False
        return super().received(data)


def server_at(listener: socket.socket) -> Any:
    """A server for this project, whose ``run`` returns once it is interrupted."""
    from .wsgi import application

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
