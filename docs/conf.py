"""Configuration of the documentation; `make docs` builds it."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Any

from sphinx.application import Sphinx

REPOSITORY = "https://github.com/flask-feedbackchimp/flask-feedbackchimp"

project = "flask-feedbackchimp"
copyright = "2026, the flask-feedbackchimp contributors"
version = release = installed_version(project)

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
    "sphinx_llms_txt",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# What is copied of a console: only the commands.
copybutton_prompt_text = "$ "
copybutton_copy_empty_lines = False

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
nitpicky = True
# Builds run without a network: the inventories are text files that list the names that
# this documentation mentions.
intersphinx_mapping = {
    name: (url, f"_inventories/{name}.inv")
    for name, url in {
        "blinker": "https://blinker.readthedocs.io/en/stable/",
        "click": "https://click.palletsprojects.com/en/stable/",
        "flask": "https://flask.palletsprojects.com/en/stable/",
        "flask-login": "https://flask-login.readthedocs.io/en/latest/",
        "python": "https://docs.python.org/3/",
        "werkzeug": "https://werkzeug.palletsprojects.com/en/stable/",
    }.items()
}
nitpick_ignore = [
    ("py:class", "Flask")
]  # an annotation that is written without its module

# llms.txt lists the pages, and llms-full.txt has them in one file.
llms_txt_summary = (
    "Sign the users of a Flask app in to its FeedbackChimp board. Flask-Login says who "
    "the user is; the browser carries a short-lived JSON Web Token to the board."
)
llms_txt_code_files = ["+:../README.md", "+:../example_app/*.py"]
llms_txt_exclude = ["changes", "performance"]

html_baseurl = "https://flask-feedbackchimp.readthedocs.io/en/latest/"
html_theme = "furo"
html_title = f"flask-feedbackchimp {version}"
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_js_files = ["docs.js"]
html_show_sphinx = False
html_theme_options = {
    "source_repository": REPOSITORY,
    "source_branch": "main",
    "source_directory": "docs/",
    "top_of_page_buttons": [],
    "footer_icons": [
        {"name": "Source on GitHub", "url": REPOSITORY, "html": "Source on GitHub"}
    ],
}


def give_captions_a_level(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Say the level of the headings in the list of pages, which Sphinx leaves out."""
    tree = context.get("furo_navigation_tree", "")
    heading = 'role="heading"'
    context["furo_navigation_tree"] = tree.replace(heading, f'{heading} aria-level="2"')


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    # After the theme, which makes the list of pages.
    app.connect("html-page-context", give_captions_a_level, priority=900)
