"""The YAML snippets of Harness's documentation page, from `product-page.md`, a copy of it."""

import textwrap
from pathlib import Path

PAGE = (Path(__file__).parent / "product-page.md").read_text("utf-8")


def _snippets():
    """Heading above it → each YAML block of the page, only its own indentation gone."""
    heading, inside, blocks = "", None, {}
    for line in PAGE.splitlines(keepends=True):
        if line.lstrip().startswith("```"):
            if inside is not None:
                blocks[heading] = textwrap.dedent("".join(inside))
            inside = [] if line.strip() == "```yaml" else None
        elif inside is not None:
            inside.append(line)
        elif line.startswith("#"):
            heading = line.strip("# \n")
    return blocks


SNIPPETS = _snippets()
