"""Addresses of the standalone project."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.utils.translation import gettext_lazy
from django.views.generic import RedirectView

from .languages import choose_language
from .sign_in import SignIn

handler404 = "import_from_modulestore_standalone.nowhere.handler404"
handler500 = "import_from_modulestore_standalone.unavailable.handler500"

admin.autodiscover()
admin.site.site_title = admin.site.site_header = gettext_lazy("Import from modulestore: administration")
admin.site.index_title = gettext_lazy("What the site holds")
admin.site.index_template = "import_from_modulestore_standalone/admin_index.html"

urlpatterns = [
    path("admin/", admin.site.urls),
    # Where browsers look for it on pages that name none.
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}modulestore_imports/icon.svg")),
    path("api/modulestore_imports/", include("import_from_modulestore.rest_api.urls")),
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("language/", choose_language, name="choose_language"),
    path("sign-out/", LogoutView.as_view(next_page="sign_in"), name="sign_out"),
    path("", include("import_from_modulestore.pages.urls")),
]
