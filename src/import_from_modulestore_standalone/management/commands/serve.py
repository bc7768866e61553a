"""One command for a whole site: the web server, a worker, and the clock that keeps house."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from kombu.exceptions import KombuError

from import_from_modulestore import api
from import_from_modulestore.command_line.terminal.text import printable
from import_from_modulestore.quoting import joined

from ...celery import SERVED, app
from ...database import is_up_to_date
from ...environment import in_addresses
from ...first_use import set_up
from ...server import server_at
from ..base import SiteCommand

_FAILED = 1


class _WorkerEnded(SystemExit):
    """The worker has ended by itself."""


class Command(SiteCommand):
    """``manage.py serve``."""

    def told(self) -> str:
        """What it is for."""
        return _(
            "Start the web server and a worker in one command, after bringing the database up to date. Ctrl-C stops "
            "both once what is under way is done; a second Ctrl-C does not wait."
        )

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the options."""
        parser.add_argument("--host", default="127.0.0.1", help=_("address to listen at (default: 127.0.0.1)"))
        parser.add_argument("--port", type=int, default=8000, help=_("port to listen at (default: 8000)"))
        parser.add_argument(
            "--workers",
            type=int,
            default=2,
            metavar="N",
            help=_("how many steps of imports run at a time (default: 2)"),
        )
        parser.add_argument(
            "--no-worker", action="store_true", help=_("start the web server alone; workers run elsewhere")
        )

    def handle(self, *args: Any, host: str, port: int, workers: int, no_worker: bool, **options: Any) -> None:
        """Run until stopped."""
        if not 0 <= port <= 65535:
            raise CommandError(
                _("{port} is not a port. Choose one from 0 to 65535; 0 takes any that is free.").format(port=port),
                returncode=2,
            )
        if workers < 1:
            raise CommandError(_("--workers needs 1 or more; --no-worker starts none."), returncode=2)
        for name in ("SIGTERM", "SIGHUP"):
            signal.signal(getattr(signal, name), signal.default_int_handler)
        try:
            with _listening(host, port) as listener:
                self._update_database()
                self._check_broker()
                address, bound_port, *_more = listener.getsockname()
                answers_as = None if ip_address(address).is_unspecified else in_addresses(host)
                if answers_as and answers_as not in settings.ALLOWED_HOSTS:
                    settings.ALLOWED_HOSTS.append(answers_as)
                sign_in = how_to_sign_in()
                with self._worker(0 if no_worker else workers) as worker:
                    self._say_hello(answers_as, bound_port, sign_in, workers if worker else 0)
                    _serve(listener, worker)
        except KeyboardInterrupt:
            pass
        self.stdout.write(_("Stopped."))

    def _update_database(self) -> None:
        set_up(self.stdout.write)
        if not is_up_to_date():  # One that the project has not made, which no other command sees to.
            self.stdout.write(_("Bringing the database up to date…"))
            call_command("migrate", verbosity=0, interactive=False)

    def _check_broker(self) -> None:
        with app.connection_for_write() as broker:
            try:
                broker.ensure_connection(max_retries=1, interval_start=0)
                app.amqp.queues[app.conf.task_default_queue](broker.default_channel).declare()
            except (KombuError, OSError) as error:
                told = _(
                    "The message broker {broker} cannot be reached: {error}. Its address is in CELERY_BROKER_URL; "
                    "without one, a folder serves."
                ).format(broker=broker.as_uri(), error=str(error).rstrip("."))
                raise CommandError(printable(told)) from error

    @contextmanager
    def _worker(self, count: int) -> Iterator[subprocess.Popen[bytes] | None]:
        """A Celery worker with its clock, in a process of its own that Ctrl-C does not reach."""
        if not count:
            yield None
            return
        options = ["--beat", f"--concurrency={count}", f"--hostname=serve-{os.getpid()}@%h", "--loglevel=WARNING"]
        options += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        worker = subprocess.Popen(  # noqa: S603 - no part of it comes from outside
            [sys.executable, "-m", "celery", "--quiet", "--app", app.main, "worker", *options],
            env={**os.environ, SERVED: str(os.getpid())},
            stdout=subprocess.DEVNULL,  # What it has to say is logged.
            start_new_session=True,
        )
        try:
            yield worker
        finally:
            self._stop(worker)

    def _stop(self, worker: subprocess.Popen[bytes]) -> None:
        """Let the worker end what it does, or, when asked again, make it end."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            if worker.poll() is None:
                worker.terminate()
                try:
                    worker.wait(4)
                except subprocess.TimeoutExpired:
                    self.stdout.write(
                        _("Stopping, once what is under way is done. Ctrl-C breaks it off: then it can be tried again.")
                    )
                    worker.wait()
        except KeyboardInterrupt:
            pass
        finally:
            try:
                os.killpg(worker.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            else:
                worker.wait()
                api.recover_imports()

    def _say_hello(self, name: str | None, port: int, sign_in: str, workers: int) -> None:
        public, this_machine = settings.PUBLIC_ADDRESS, socket.gethostname()
        shown = name or _name_of(this_machine, () if public else settings.ALLOWED_HOSTS)
        here = f"http://{shown}:{port}"
        site = public.origin if public else here
        rows = [
            (_("Open"), f"{site}{reverse('modulestore_imports:home')}"),
            (_("API"), f"{site}{reverse('modulestore_imports_api:v1:docs')}"),
            (_("Sign in"), sign_in),
            (_("Work"), _work(workers)),
            *([(_("Proxy"), _("is to pass on to {address}").format(address=here))] if public else []),
        ]
        width = max(len(title) for title, _told in rows) + 2
        lines = "".join(f"\n  {title:<{width}}{printable(told)}" for title, told in rows)
        told = _("Sign in, choose a course, and look at what would come of it. Ctrl-C stops it.")
        self.stdout.write(f"{lines}\n\n{told}")
        if shown not in (name, this_machine):
            names = joined(settings.ALLOWED_HOSTS)
            told = _("It answers only to the names in ALLOWED_HOSTS: {names}.").format(names=names)
            self.stdout.write(f"{printable(told)}\n")
        self.stdout.flush()


def _name_of(this_machine: str, answers_to: Sequence[str]) -> str:
    """
    What browsers find a server by that listens everywhere: this machine, or a name of the site.

    >>> _name_of("laptop", ["laptop"])
    'laptop'
    >>> _name_of("3fa2b1c0", ["localhost", "127.0.0.1"])  # As in a container.
    'localhost'
    """
    return this_machine if not answers_to or {this_machine, "*"} & {*answers_to} else answers_to[0]


def how_to_sign_in() -> str:
    """
    How to sign in, after making sure that somebody can.

    The project's own user gets a password on the first start; one that it has is left alone.
    """
    name = settings.IMPORT_FROM_MODULESTORE_USERNAME
    user, made = get_user_model()._default_manager.get_or_create(
        username=name, defaults={"is_superuser": True, "is_staff": True}
    )
    file = Path(settings.VAR_DIR) / "password"
    if made or not user.has_usable_password():
        password = secrets.token_urlsafe(12)
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(password + "\n")
        user.set_password(password)
        user.save()
        told = _("{name}, password {password} (made just now, and kept in {file})")
        return told.format(name=name, password=password, file=file)
    if file.exists() and user.check_password(file.read_text().strip()):
        return _("{name}, with the password in {file}").format(name=name, file=file)
    told = _("{name}, with the password that you gave; `{command} {name}` sets another")
    return told.format(name=name, command=f"{settings.IMPORT_FROM_MODULESTORE_MANAGE} changepassword")


def _work(workers: int) -> str:
    broker = _("a folder") if app.conf.broker_url.startswith("folder:") else app.connection_for_write().as_uri()
    if not workers:
        return _("is left to other workers, which hear of it through {broker}").format(broker=broker)
    told = ngettext(
        "{count} step of imports at a time; messages go through {broker}",
        "{count} steps of imports at a time; messages go through {broker}",
        workers,
    )
    return told.format(count=workers, broker=broker)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    bare = host.removeprefix("[").removesuffix("]")  # An IPv6 number may stand as it does in addresses.
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and socket.has_dualstack_ipv6():  # `::` is for IPv4 as well, whatever the system.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
        listener.listen()
    except (OSError, OverflowError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            told = _("Port {port} is taken, perhaps by another `serve`. Stop that, or choose another: --port {next}.")
            raise CommandError(printable(told.format(port=port, next=port + 1)), returncode=_FAILED) from error
        told = _("The server cannot listen at {host}, port {port}: {error}. Choose another: --host, --port.")
        raise CommandError(printable(told.format(host=host, port=port, error=error)), returncode=_FAILED) from error
    with listener:
        yield listener


def _serve(listener: socket.socket, worker: subprocess.Popen[bytes] | None) -> None:
    """Answer requests until interrupted, or until the worker ends by itself."""
    ended: list[int] = []

    def on_child(*args: Any) -> None:
        if worker is not None and worker.poll() is not None:
            ended.append(worker.returncode)
            raise _WorkerEnded

    signal.signal(signal.SIGCHLD, on_child)
    with suppress(_WorkerEnded):
        on_child()  # Before there was somebody to be told.
        server_at(listener).run()  # An interrupt makes it return.
    if ended:
        told = _("The worker ended by itself, with code {code}. What it said last stands above.")
        raise CommandError(told.format(code=ended[0]))
