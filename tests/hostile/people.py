"""
Who comes to a site: one person of each kind, each with a way to sign in, good or not.

Run within a site (``python -m tests.hostile.people``), this module makes their accounts, and the libraries that some of
them have roles of; it prints the key of the session of :data:`VISITOR`.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

LIBRARIES = ("lib:Acme:L0", "lib:Acme:L1", "lib:Acme:L2")
ISSUER = "https://lms.example.com/oauth2"
VISITOR = "sam"
"""Somebody who is signed in to the site, and sends no CSRF token."""


@dataclass(frozen=True)
class Person:
    """
    Roles are names of :class:`.grants.Role`; ``enters`` is whether the site lets them in at all, ``writes`` whether
    there is anything that they may change.
    """

    name: str
    roles: tuple[str, ...] = ()
    account: dict[str, bool] = field(default_factory=dict)
    enters: bool = True
    writes: bool = False


PEOPLE = (
    Person("ada", account={"is_superuser": True, "is_staff": True}, writes=True),
    Person("bob", ("editor", "reader"), writes=True),
    Person("olga", ("editor",), writes=True),
    Person("vera", ("viewer",)),
    Person("rita", ("viewer", "reader")),
    Person("cleo", ("creator", "reader"), writes=True),
    Person("rex", ("reader",)),
    Person("eve"),
    Person("stan", account={"is_staff": True}),
    Person("clara", ("editor", "reader"), account={"is_active": False}),
    Person(VISITOR, ("editor", "reader")),
    Person("nobody", enters=False),
    Person("late", ("editor", "reader"), enters=False),
    Person("forger", ("editor", "reader"), enters=False),
)
AUTHORS = ("ada", "bob", "cleo")
"""Those who import."""


class Issuer:
    """Who signs tokens that the site takes."""

    def __init__(self) -> None:
        self._key, self._other = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048) for _number in range(2)
        )
        public = {**jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True), "kid": "hostile"}
        self.environment = {"JWT_ISSUER": ISSUER, "JWT_PUBLIC_KEYS": json.dumps({"keys": [public]})}

    def headers(self, name: str, session: str = "") -> dict[str, str]:
        """What the person of this name sends with each request."""
        if name == "nobody":
            return {}
        if name == VISITOR:
            return {"Cookie": f"sessionid={session}"}
        now = int(time.time())
        life = -60 if name == "late" else 12 * 3600
        claims = {"iss": ISSUER, "iat": now - 120, "exp": now + life, "preferred_username": name}
        key = self._other if name == "forger" else self._key
        return {"Authorization": f"JWT {jwt.encode(claims, key, 'RS512')}"}


def _make() -> None:
    import django

    django.setup()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore
    from openedx_content.models_api import LearningPackage

    from import_from_modulestore import api
    from import_from_modulestore_standalone.grants import Role, give

    accounts = {
        person.name: get_user_model()._default_manager.create(username=person.name, **person.account)
        for person in PEOPLE
        if person.name != "nobody"
    }
    for key in LIBRARIES:
        api.create_library(user=accounts["ada"], library_key=key, title=key)
    packages = LearningPackage.objects.filter(package_ref__in=LIBRARIES)
    for person in PEOPLE:
        for role in map(Role, person.roles):
            for package in packages if role.is_of_library else [None]:
                give(accounts[person.name], role, package)
    session = SessionStore()
    session[SESSION_KEY] = str(accounts[VISITOR].pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = accounts[VISITOR].get_session_auth_hash()
    session.create()
    sys.stdout.write(session.session_key)


if __name__ == "__main__":
    _make()
