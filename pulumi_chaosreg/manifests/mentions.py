"""Images of ours inside of other texts: arguments of programs, scripts."""

import re
from collections.abc import Iterator

from pulumi_chaosreg.images.reference import Reference, reference_problem
from pulumi_chaosreg.manifests.target import Target

_WORD = re.compile(r"[a-z0-9][a-zA-Z0-9._:@/-]*/[a-z0-9][a-zA-Z0-9._:@/-]*")


def mentioned(text: str, target: Target) -> Iterator[str]:
    """References with a tag or digest to images of ours that are not what the infrastructure pulls."""
    if "/" not in text:
        return
    for found in _WORD.finditer(text):
        word = found[0].rstrip(".:/@-")
        if (":" in word or "@" in word) and not reference_problem(word):
            reference = Reference.parse(word)
            if (reference.tag or reference.digest) and target.name_of(reference) and not target.is_here(reference):
                yield word
