"""A site on the platform itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cms.djangoapps.contentstore.models import ComponentLink, ContainerLink
from cms.djangoapps.course_creators.models import CourseCreator
from cms.lib.xblock.upstream_sync import UpstreamLink
from common.djangoapps.student.models import CourseAccessRole
from common.djangoapps.student.roles import CourseStaffRole, LibraryUserRole
from django.contrib.auth import get_user_model
from django.core.management import call_command
from edx_django_utils.cache import RequestCache
from lxml import etree
from opaque_keys.edx.locator import LibraryLocator, LibraryLocatorV2
from openedx.core.djangoapps.content_libraries import api as libraries_api
from openedx.core.djangoapps.content_libraries import permissions
from openedx.core.djangoapps.content_tagging import api as tagging_api
from openedx.core.djangoapps.safe_sessions.middleware import SafeSessionMiddleware
from openedx.core.djangoapps.waffle_utils.models import WaffleFlagOrgOverrideModel
from openedx_authz import api as authz_api
from organizations.api import ensure_organization
from organizations.models import Organization
from waffle.models import Flag
from xblock.core import XBlock
from xmodule.contentstore.content import StaticContent
from xmodule.contentstore.django import contentstore
from xmodule.modulestore import ModuleStoreEnum
from xmodule.modulestore.django import modulestore
from xmodule.modulestore.tests.django_utils import ModuleStoreIsolationMixin
from xmodule.modulestore.xml_exporter import export_course_to_xml, export_library_to_xml
from xmodule.modulestore.xml_importer import import_course_from_xml, import_library_from_xml

from import_from_modulestore.exports.export import Export
from import_from_modulestore.hosts.cms import FLAG

from .site import Link, Site, context, usage

_USER = ModuleStoreEnum.UserID.test


class PlatformSite(Site):
    """The platform's own modulestore, teams, libraries, tags and flags."""

    def __init__(self, monkeypatch: Any) -> None:
        self._monkeypatch = monkeypatch

    def load(self, folder: Path) -> str:
        export = Export(folder, folder.name)
        ensure_organization(export.key.org)
        import_from_xml = import_library_from_xml if isinstance(export.key, LibraryLocator) else import_course_from_xml
        import_from_xml(
            modulestore(),
            _USER,
            export.folder.parent,
            [export.folder.name],
            static_content_store=contentstore(),
            target_id=export.key,
            create_if_not_present=True,
        )
        return str(export.key)

    def export(self, source_key: str, folder: Path) -> Path:
        key = context(source_key)
        export_to_xml = export_library_to_xml if isinstance(key, LibraryLocator) else export_course_to_xml
        export_to_xml(modulestore(), contentstore(), key, str(folder), "exported")
        return folder / "exported"

    def add_file(self, source_key: str, name: str, data: bytes) -> None:
        location = StaticContent.compute_location(context(source_key), name)
        contentstore().save(StaticContent(location, name, "application/octet-stream", data))

    def edit(self, usage_key: str, olx: str) -> None:
        element = etree.fromstring(olx)
        block = modulestore().get_item(usage(usage_key))
        block.display_name = element.get("display_name")
        inner = (element.text or "") + "".join(etree.tostring(child, encoding="unicode") for child in element)
        block.data = inner if element.tag == "html" else olx
        modulestore().update_item(block, _USER)

    def configure(self, usage_key: str, **fields: Any) -> None:
        block = modulestore().get_item(usage(usage_key))
        for name, value in fields.items():
            setattr(block, name, value)
        modulestore().update_item(block, _USER)

    def lose(self, usage_key: str) -> None:
        raise NotImplementedError

    def break_block(self, usage_key: str) -> None:
        block_class = XBlock.load_class(usage(usage_key).block_type)
        write = block_class.add_xml_to_node

        def fail(block: Any, node: Any) -> None:
            if str(block.usage_key) == usage_key:
                raise ValueError("All strings must be XML compatible")
            write(block, node)

        self._monkeypatch.setattr(block_class, "add_xml_to_node", fail)

    def person(self, username: str, **fields: Any) -> Any:
        return get_user_model().objects.create(username=username, email=f"{username}@example.com", **fields)

    def let_read(self, user: Any, source_key: str) -> None:
        key = context(source_key)
        role = LibraryUserRole if isinstance(key, LibraryLocator) else CourseStaffRole
        role(key).add_users(user)
        RequestCache.clear_all_namespaces()

    def let_change(self, user: Any, source_key: str) -> None:
        CourseStaffRole(context(source_key)).add_users(user)
        RequestCache.clear_all_namespaces()

    def let_edit(self, user: Any, library_key: str) -> None:
        _load_policies()
        level = libraries_api.AccessLevel.AUTHOR_LEVEL
        libraries_api.assign_library_role_to_user(LibraryLocatorV2.from_string(library_key), user, level)

    def let_contribute(self, user: Any, library_key: str) -> None:
        _load_policies()
        assert authz_api.assign_role_to_user_in_scope(user.username, "library_contributor", library_key)

    def let_create_libraries(self, user: Any) -> None:
        """As where ENABLE_CREATOR_GROUP is on. The platform looks at that when it starts; in its tests it is off."""
        _load_policies()
        rule = permissions.is_global_staff | (permissions.is_user_active & permissions.is_course_creator)
        permissions.perms.update({permissions.CAN_CREATE_CONTENT_LIBRARY: rule})
        CourseCreator.objects.create(user=user, state=CourseCreator.GRANTED)

    def take_rights(self, user: Any) -> None:
        CourseAccessRole.objects.filter(user=user).delete()
        CourseCreator.objects.filter(user=user).delete()
        authz_api.unassign_all_roles_from_user(user.username)
        RequestCache.clear_all_namespaces()

    def close_account(self, user: Any) -> None:
        user.is_active = False
        user.save()
        RequestCache.clear_all_namespaces()

    def sign_in(self, client: Any, user: Any) -> None:
        client.force_login(user)
        SafeSessionMiddleware.update_with_safe_session_cookie(client.cookies, user.pk)

    def _delete_library(self, library_key: str) -> None:
        libraries_api.delete_library(LibraryLocatorV2.from_string(library_key))

    def link_of(self, usage_key: str) -> Link | None:
        block = modulestore().get_item(usage(usage_key))
        if not block.upstream:
            return None
        link = UpstreamLink.get_for_block(block)
        return Link(
            item=link.upstream_ref,
            synced=link.version_synced,
            available=link.version_available,
            top=link.top_level_parent_key or "",
            customized=tuple(link.downstream_customized),
        )

    def row_of(self, usage_key: str) -> tuple[str, int, str] | None:
        key = usage(usage_key)
        for model, name in ((ComponentLink, "upstream_usage_key"), (ContainerLink, "upstream_container_key")):
            row = model.objects.filter(downstream_usage_key=key).first()
            if row is not None:
                top = row.top_level_parent
                told = str(top.downstream_usage_key) if top else ""
                return str(getattr(row, name)), row.version_synced, told
        return None

    def has_draft(self, usage_key: str) -> bool:
        return modulestore().has_changes(modulestore().get_item(usage(usage_key)))

    def tag(self, usage_key: str, *values: str, orgs: tuple[str, ...] = ()) -> None:
        name = f"Topics of {', '.join(orgs) or 'all'}"
        taxonomy = tagging_api.get_taxonomies().filter(name=name).first()
        if taxonomy is None:
            taxonomy = tagging_api.create_taxonomy(name)
            tagging_api.set_taxonomy_orgs(
                taxonomy,
                all_orgs=not orgs,
                orgs=[Organization.objects.get_or_create(short_name=org, defaults={"name": org})[0] for org in orgs],
            )
        known = set(taxonomy.tag_set.values_list("value", flat=True))
        for value in set(values) - known:
            tagging_api.add_tag_to_taxonomy(taxonomy, value)
        # Not by the API: it refuses tags of other organizations, which a block may bear since before they were that.
        from openedx_tagging.api import tag_object

        tag_object(usage_key, taxonomy, list(values))

    def switch(self, *, on: bool, org: str = "") -> None:
        if org:
            choice = WaffleFlagOrgOverrideModel.ALL_CHOICES.on if on else WaffleFlagOrgOverrideModel.ALL_CHOICES.off
            WaffleFlagOrgOverrideModel.objects.create(waffle_flag=FLAG, org=org, override_choice=choice, enabled=True)
        else:
            flag, _made = Flag.objects.update_or_create(name=FLAG, defaults={"everyone": on})
            flag.flush()  # As on a site, once it is committed.
        RequestCache.clear_all_namespaces()


def _load_policies() -> None:
    """What the roles of openedx-authz allow; its migrations do this on a site."""
    call_command("load_policies")


class _Modulestore(ModuleStoreIsolationMixin):
    ENABLED_SIGNALS = ["course_published"]  # It makes the overviews that lists of courses are made of.


@contextmanager
def platform_site(monkeypatch: Any) -> Iterator[PlatformSite]:
    """A site with an empty modulestore and contentstore."""
    rules = dict(permissions.perms)
    _Modulestore.start_modulestore_isolation()
    try:
        yield PlatformSite(monkeypatch)
    finally:
        _Modulestore.end_modulestore_isolation()
        permissions.perms.update(rules)
        RequestCache.clear_all_namespaces()
