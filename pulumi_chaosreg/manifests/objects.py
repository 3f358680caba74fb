"""The same as `rendering`, over an object that is no text: a Pulumi resource's inputs, what an API answers."""

from collections.abc import Mapping
from typing import Any

from pulumi_chaosreg.manifests.changes import Left, add, changes_of, put
from pulumi_chaosreg.manifests.document import NotReadable
from pulumi_chaosreg.manifests.rendering import Refused, Template, rendered
from pulumi_chaosreg.manifests.target import Target


def rendered_object(value: Mapping[str, Any], target: Target) -> tuple[dict[str, Any], list[Left]]:
    """The object for this infrastructure, and the references of it that are left. What is neither a mapping, a list nor
    a text (a value that is not known yet) is left as it is; the object that is given is not changed.
    """
    wanted: dict[str, Any] = _copied(value)
    changes = changes_of(wanted, target)
    for one in changes.replaced:
        put(wanted, one.keys, one.new)
    for keys, text, shape in changes.texts:
        try:
            inner = rendered(text, target, shape=shape, depth=1)
        except (NotReadable, Template, Refused):
            continue
        put(wanted, keys, inner.text)
        changes.left += [Left((*keys, *one.keys), one.text, one.reason, one.why) for one in inner.kept]
    for added in changes.added:
        add(wanted, added)
    return wanted, changes.left


def _copied(value: Any) -> Any:
    """Mappings and lists anew, all else itself: a deep copy would ask objects of others to copy themselves."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(item) for item in value]
    return value
