"""Configuration of the documentation; `make docs` builds it."""

from importlib.metadata import version as installed_version

project = "flask-feedbackchimp"
copyright = "2026, the flask-feedbackchimp contributors"
version = release = installed_version(project)

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
nitpicky = True
# Types of other projects, whose documentation is not read when this one is built.
nitpick_ignore_regex = [
    ("py:.*", r"(blinker|click|collections|flask|markupsafe|werkzeug)\..*"),
    ("py:class", r"Any|Callable|Flask"),
]

html_theme = "furo"
html_title = "flask-feedbackchimp"
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_show_sphinx = False
