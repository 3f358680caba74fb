"""The second tag that a mirrored floating tag gets, so that its digest stays alive when the tag moves on."""

import re

_MAX_LENGTH = 128
"""Of a tag, by the distribution specification."""
_DIGITS = 12
"""48 bits: two images of one tag never meet, and people can still read it."""
_FORM = re.compile(rf"(.+)-sha(?:256|512)-[0-9a-f]{{{_DIGITS}}}")


def unique_tag(tag: str, digest: str) -> str:
    """`latest-sha256-3e9612ab34cd`: registries may expire what has no tag, and Pods are still pinned to the old digest.

    The moving tag comes first: what begins with `sha256-` are the tags of referrers and cosign, and a sorted list shows
    it beside the tag that it was made for.
    """
    algorithm, _, digits = digest.partition(":")
    ending = f"-{algorithm}-{digits[:_DIGITS]}"
    return tag[: _MAX_LENGTH - len(ending)] + ending


def made_for(tag: str) -> str | None:
    """The moving tag that a tag of this form was made for; None for any other tag."""
    found = _FORM.fullmatch(tag)
    return found[1] if found else None
