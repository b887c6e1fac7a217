"""The book: lessons, exercises, ledger and API as pages. `python3 run.py site` builds it.

The sources are laid out by kit/course/book.py in a folder of their own: this folder's files, the
notebooks with their explorers drawn, and MathJax. Nothing is fetched, then or when a page is read.
"""

import os
from importlib.metadata import version as installed

from docutils import nodes
from sphinx.application import Sphinx

project = "Know the branch"
author = copyright = "the kit's contributors"
release = version = installed("branch-kit")
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath", "amsmath"]
nb_execution_mode = "off"
nb_merge_streams = True
mathjax_path = "mathjax/tex-chtml.js"
autodoc_default_options = {"members": True, "member-order": "bysource"}
suppress_warnings = ["myst.header"]  # lessons keep their headings as a notebook shows them

html_theme = "sphinx_book_theme"
html_title = "Know the branch, and the set becomes convex"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_js_files = [("book.js", {"defer": "defer"})]
html_context = {"default_mode": "auto"}
html_last_updated_fmt = None
html_theme_options = {
    "home_page_in_toc": True,
    "show_navbar_depth": 1,
    "use_download_button": True,
    "use_fullscreen_button": True,
    "show_toc_level": 2,
}
repository = os.environ.get("KIT_REPOSITORY", "")  # https://github.com/owner/name
if repository:  # Binder and Colab fetch a lesson from there
    html_theme_options |= {
        "repository_url": repository,
        "repository_branch": os.environ.get("KIT_BRANCH", "main"),
        "use_repository_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        },
    }


def as_it_stands(_app, _what, _name, _obj, _options, lines: list[str]) -> None:
    """Docstrings hold formulas in plain characters: the first paragraph as prose, then as typed."""
    gap = lines.index("") if "" in lines else len(lines)
    prose = [line.replace("\\", r"\\") for line in lines[:gap]]
    for sign in "*`|_":
        prose = [line.replace(sign, f"\\{sign}") for line in prose]
    rest = [f"   {line}" for line in lines[gap:]]
    block = ["", ".. code-block:: none", *rest, ""] if any(map(str.strip, rest)) else []
    lines[:] = [*prose, *block]


def formula_as_written(_app, doctree: nodes.document, _name: str) -> None:
    """Hand MathJax what a notebook hands it; Sphinx puts rows in a split, which has no tags."""
    for node in doctree.findall(nodes.math_block):
        if not node.get("no-wrap"):
            node["no-wrap"] = node["nowrap"] = True
            node.children = [nodes.Text(rf"\[{node.astext()}\]")]


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", as_it_stands)
    app.connect("doctree-resolved", formula_as_written)
