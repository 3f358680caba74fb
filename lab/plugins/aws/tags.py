"""Tags: AWS has lists of keys and values, Pulumi an object; and which must be set or removed."""

from lab.plugins.protocol.values import Object


def as_list(tags: Object) -> list[Object]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def as_object(tags: list[Object]) -> Object:
    """Without those that AWS itself sets."""
    return {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")}


def tag_changes(old: Object, new: Object) -> tuple[Object, list[str]]:
    """What to set, and the keys to remove, between two objects with `tagsAll`."""
    before, after = old.get("tagsAll") or {}, new.get("tagsAll") or {}
    return {key: after[key] for key in after if before.get(key) != after[key]}, sorted(before.keys() - after.keys())
