"""How the documentation is built: ``make docs``. What is read off the code is made by the package ``made``."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

import django

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

# The app is asked about itself as the standalone project has it, which writes where it is told to.
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="documentation-")
atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)
os.environ["DJANGO_SETTINGS_MODULE"] = "import_from_modulestore_standalone.settings"
os.environ["COLUMNS"] = "1000"  # What is told in paragraphs is not broken into lines.
django.setup()

import import_from_modulestore  # noqa: E402

project = "import_from_modulestore"
author = "the authors of import_from_modulestore"
copyright = "2026, the authors of import_from_modulestore. Licence: AGPL-3.0"  # noqa: A001
version = release = import_from_modulestore.__version__
language = "en"
smartquotes_action = "q"  # Two hyphens begin an option, and are no dash.

extensions = [
    "made",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
]
exclude_patterns = ["made", "Thumbs.db"]
suppress_warnings = ["config.cache"]  # The functions that make pages are no values to be compared.

# Markdown is read as on GitHub, and a link to what is not there is an error.
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_class_signature = "separated"
autodoc_default_options = {"exclude-members": "__init__"}  # Data classes take what they have as fields.
python_maximum_signature_line_length = 90
python_use_unqualified_type_names = True

html_theme = "sphinx_book_theme"
html_title = "Import from modulestore"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "home_page_in_toc": True,
    "navbar_persistent": [],
    "show_toc_level": 2,
    "path_to_docs": "docs",
    "repository_branch": "main",
    "repository_url": "https://github.com/openedx/import-from-modulestore",
    "use_download_button": False,
    "use_edit_page_button": True,
    "use_fullscreen_button": False,
    "use_issues_button": True,
    "use_repository_button": True,
}
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_here_doc_delimiter = "EOF"

# What a docstring refers to is there. Types of annotations may be anything, and what is below the API is not described.
nitpicky = True
nitpick_ignore_regex = [("py:class", ".*"), ("py:(mod|data)", r"\.?(running|olx)\..*")]

# Addresses of examples; and it is no fault of a page that a site is slow.
linkcheck_ignore = [r"https?://(localhost|127\.0\.0\.1|.*\bexample\.(org|com))\b.*"]
linkcheck_timeout = 15
