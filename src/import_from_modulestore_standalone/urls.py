"""Addresses of the standalone project."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from .sign_in import SignIn

handler500 = "import_from_modulestore_standalone.unavailable.handler500"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/modulestore_imports/", include("import_from_modulestore.rest_api.urls")),
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(next_page="sign_in"), name="sign_out"),
    path("", include("import_from_modulestore.pages.urls")),
]
