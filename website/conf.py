"""The site of the documentation: `make docs`. Sources are the Markdown files where they lie; nothing is fetched."""

import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_chaosreg import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_KINDS = tuple(f"registries/{page.stem}" for page in sorted(Path(__file__).parents[1].glob("docs/registries/*.md")))
NAVIGATION: Mapping[str, tuple[str, ...]] = {
    "First steps": ("quickstart", "settings", "stacks", "inheritance", "errors"),
    "Every day": ("diff", "releases", "cli", "doctor", "operations", "air-gap", "upgrade", "uninstall"),
    "Images": ("mirror", "digests", "registries", *_KINDS, "made-credentials"),
    "Clusters": ("config-map", "manifests", "enforce", "harness", "gke-autopilot"),
    "Programs": ("python", "api"),
    "Project": ("platforms", "product-page", "architecture", "testing", "/CONTRIBUTING", "/CHANGELOG"),
}
"""The side bar's pages in their order: those of docs/, and others from the checkout on."""

project = "pulumi-chaosreg"
version = release = __version__
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "[A-QS-Z]*.md",  # not README.md, whose place docs/index.md has
    "examples/*/README.md",
    "lab/README.md",
    "lab/*/README.md",
    "lab/plugins/*/README.md",
]

extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_heading_anchors = 4  # the same as GitHub's
suppress_warnings = ["misc.highlighting_failure"]  # a console block with an elision is none of the lexer's

default_role = "code"  # docstrings have single backticks
add_module_names = False
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "exclude-members": "of_scope, of_resolved, of_settings"}
python_maximum_signature_line_length = 100

html_theme = "furo"
html_title = f"pulumi-chaosreg {version}"
html_copy_source = False
html_show_sphinx = False

linkcheck_retries = 2
linkcheck_anchors_ignore_for_url = ["https://github.com/"]  # made by scripts there


def _with_contents(app: "Sphinx", page: str, source: list[str]) -> None:
    """The first page gets the side bar's contents, which people who read it as a file need not see."""
    if page != root_doc:
        return
    contents = {caption: [posixpath.join("/docs", name) for name in names] for caption, names in NAVIGATION.items()}
    named = {name for names in contents.values() for name in names} | {f"/{root_doc}"}
    contents["More"] = sorted({f"/{name}" for name in app.env.found_docs} - named)
    for caption, names in contents.items():
        source[0] += "\n".join(["\n```{toctree}", ":hidden:", f":caption: {caption}\n", *names, "```\n"])


def setup(app: "Sphinx") -> None:
    """What Sphinx calls."""
    app.connect("source-read", _with_contents)
