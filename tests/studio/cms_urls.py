"""The addresses of that Studio."""

from django.contrib import admin
from django.urls import path
from edx_django_utils.plugins import get_plugin_url_patterns

admin.autodiscover()

urlpatterns = [path("admin/", admin.site.urls), *get_plugin_url_patterns("cms.djangoapp")]
