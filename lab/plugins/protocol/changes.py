"""Differences as the engine is told them, path by path."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pulumi.runtime.proto import provider_pb2 as pb

Path: TypeAlias = tuple[str | int, ...]
Difference: TypeAlias = Literal["ADD", "DELETE", "UPDATE"]


@dataclass(frozen=True)
class Change:
    """One difference."""

    path: Path
    kind: Difference
    replaces: bool = False

    @property
    def dotted(self) -> str:
        """The path as Pulumi writes it: `metadata.labels.x`, `data["a.b"]`, `imagePullSecrets[0].name`."""
        text = ""
        for step in self.path:
            if isinstance(step, int):
                text += f"[{step}]"
            elif any(character in step for character in '."[]'):
                escaped = step.replace('"', '\\"')
                text += f'["{escaped}"]'
            else:
                text += f".{step}" if text else step
        return text


def told(found: Iterable[Change], ignored: Iterable[str], *, delete_before_replace: bool) -> pb.DiffResponse:
    """The engine's answer. It already put the old values in the place of `ignored` ones, but drift is left."""
    ignored = list(ignored)
    changes = [change for change in found if not _is_ignored(change.dotted, ignored)]
    return pb.DiffResponse(
        changes=pb.DiffResponse.DIFF_SOME if changes else pb.DiffResponse.DIFF_NONE,
        replaces=[change.dotted for change in changes if change.replaces],
        deleteBeforeReplace=delete_before_replace,
        detailedDiff={change.dotted: _property_diff(change) for change in changes},
        hasDetailedDiff=True,
    )


def _is_ignored(path: str, ignored: Iterable[str]) -> bool:
    return any(path == field or path.startswith((f"{field}.", f"{field}[")) for field in ignored)


def _property_diff(change: Change) -> pb.PropertyDiff:
    name = f"{change.kind}_REPLACE" if change.replaces else change.kind
    # Only a deletion is told by the inputs alone; everything else was found by looking at the live object.
    return pb.PropertyDiff(kind=pb.PropertyDiff.Kind.Value(name), inputDiff=change.kind == "DELETE")
