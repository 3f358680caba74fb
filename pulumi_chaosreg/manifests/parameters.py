"""`{{…}}` in manifests: Argo's parameters and Harness's variables, which are filled in when an object runs, and the
templates of Helm and others, which are no manifests yet.

A Workflow carries objects as text whose parameters stand there without quotes, so that the text is YAML only once
they are filled in. `masked` makes it readable: each becomes a word of the same length, so that every place stays.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from pulumi_chaosreg.manifests.places import load_places

_ANY = re.compile(r"\{\{(?P<inside>.*?)\}\}|<\+.*?>", re.DOTALL)
_OF_HELM = re.compile(
    r"\{\{-|-\}\}|\{\{\s*(?:\.(?:Values|Release|Chart|Files|Capabilities|Template)\b|/\*"
    r"|(?:include|template|define|block|if|else|end|range|with|toYaml|tpl|default|required|printf)\b)"
)
_TEXTS_OF_OTHERS = ("data", "stringData", "annotations")
"""Keys below which templates are for programs that read them later: dashboards, alerts."""
_FIRST, _LAST = 0x20, 0x7F
_MASK = {code: 0xE000 + code for code in range(_FIRST, _LAST)}
_UNMASK = {masked: code for code, masked in _MASK.items()}


def masked(text: str) -> str:
    """The text with every Argo parameter as a word of private letters, of the same length."""
    return _ANY.sub(lambda found: found[0].translate(_MASK) if _is_argo(found) else found[0], text)


def unmasked(text: str) -> str:
    """As it was before `masked`."""
    return text.translate(_UNMASK)


def has_parameter(text: str) -> bool:
    """Whether a part of the text turns out later."""
    return _ANY.search(unmasked(text)) is not None


def is_template(text: str) -> bool:
    """Whether a part of it is filled in by somebody whom no manifest knows."""
    return any(not _is_argo(found) for found in _ANY.finditer(unmasked(text)) if found["inside"] is not None)


def _is_argo(found: re.Match[str]) -> bool:
    inside = (found["inside"] or "").strip()
    head = re.split(r"[.\[]", inside, maxsplit=1)[0]
    return inside.startswith("=") or head in load_places().parameters


def template_in_text(text: str) -> int | None:
    """The line (from 1) of the first template of a text that is no YAML; None where it has none."""
    for found in _ANY.finditer(text):
        if found["inside"] is not None and not _is_argo(found):
            return text.count("\n", 0, found.start()) + 1
    return None


def template_in(node: Any) -> int | None:
    """The line of the first value that Helm would fill in; None where there is none."""
    return next((one.start_mark.line + 1 for one in _templates(node, set())), None)


def _templates(node: Any, seen: set[int]) -> Iterator[Any]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        if _OF_HELM.search(node.value):
            yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _templates(item, seen)
    else:
        for key, value in node.value:
            if isinstance(key, yaml.MappingNode) and key.flow_style:  # `name: {{ .Values.name }}` without quotes
                yield key
            yield from _templates(key, seen)
            if getattr(key, "value", None) not in _TEXTS_OF_OTHERS:
                yield from _templates(value, seen)
