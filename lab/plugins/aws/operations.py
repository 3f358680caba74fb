"""Create, update, read and delete, the same for all kinds, with the words of the official plugin."""

from dataclasses import dataclass

from lab.plugins.aws.cloud import AwsError, Cloud
from lab.plugins.aws.ecr import LifecyclePolicy, Repository, RepositoryPolicy
from lab.plugins.aws.iam import Role, RolePolicy
from lab.plugins.aws.resource import Resource
from lab.plugins.aws.settings import Settings
from lab.plugins.protocol.errors import PartialError, PluginError
from lab.plugins.protocol.properties import DEFAULTS, Kind, Property
from lab.plugins.protocol.values import UNKNOWN, Object, Value, reveal, with_secrets_of

_RESOURCES: dict[str, Resource] = {
    "aws:ecr/repository:Repository": Repository(),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": LifecyclePolicy(),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": RepositoryPolicy(),
    "aws:iam/role:Role": Role(),
    "aws:iam/rolePolicy:RolePolicy": RolePolicy(),
}


def planned(kind: Kind, inputs: Object, state: Object | None = None) -> Object:
    """What a preview knows of the outputs: nothing of a new resource but what the program says."""
    unknown: Object = dict.fromkeys(kind.outputs, UNKNOWN)
    return (unknown if state is None else dict(state)) | _without_defaults(inputs)


@dataclass(frozen=True)
class Operations:
    """Everything that one configured provider does in its account."""

    cloud: Cloud
    settings: Settings

    def create(self, kind: Kind, inputs: Object) -> tuple[str, Object]:
        """The id and outputs of a new resource."""
        resource, plain = _RESOURCES[kind.token], reveal(inputs)
        try:
            identity = resource.create(self.cloud, plain.get("region", ""), plain)
        except AwsError as error:
            named = plain.get("name") or plain.get("repository")
            raise PluginError(f"creating {kind.words} ({named}): {error}") from None
        try:
            live = resource.read(self.cloud, plain.get("region", ""), identity)
        except AwsError as error:
            said = f"reading {kind.words} ({identity}): {error}"
            raise PartialError(said, identity, _without_defaults(inputs)) from None
        return identity, self._outputs(kind, inputs, live)

    def update(self, kind: Kind, identity: str, state: Object, inputs: Object) -> Object:
        """The outputs after the change; what failed half-way is told as it is now."""
        resource, old, new = _RESOURCES[kind.token], reveal(state), reveal(inputs)
        region = old.get("region", "")
        try:
            resource.update(self.cloud, region, identity, old, new)
            return self._outputs(kind, inputs, resource.read(self.cloud, region, identity))
        except AwsError as error:
            said = f"updating {kind.words} ({identity}): {error}"
            try:
                now = state | resource.read(self.cloud, region, identity)
            except AwsError:
                now = state
            raise PartialError(said, identity, with_secrets_of(reveal(now), inputs)) from None

    def read(self, kind: Kind, identity: str, state: Object, inputs: Object) -> tuple[str, Object, Object] | None:
        """Id, outputs and inputs of the live resource, or None when it is gone."""
        # An import may name the region: `name@region`.
        identity, _, told = identity.partition("@") if kind.regional else (identity, "", "")
        region = told or reveal(state).get("region") or self.settings.region
        try:
            live = _RESOURCES[kind.token].read(self.cloud, region if kind.regional else "", identity)
        except AwsError as error:
            if error.reason in _RESOURCES[kind.token].gone:
                return None
            raise PluginError(f"reading {kind.words} ({identity}): {error}") from None
        if kind.regional:
            live["region"] = region
        declared = reveal(inputs) if inputs else dict.fromkeys(kind.inputs)
        outputs = self._outputs(kind, with_secrets_of(_settled(kind, state), state), live)
        found = {
            name: _as_declared(kind.inputs[name], outputs.get(name), said)
            for name, said in declared.items()
            if name in kind.inputs
        }
        kept = {name: value for name, value in found.items() if value is not None}
        if DEFAULTS in declared:
            kept[DEFAULTS] = declared[DEFAULTS]
        return identity, outputs, with_secrets_of(reveal(kept), inputs)

    def delete(self, kind: Kind, identity: str, state: Object) -> None:
        """Delete the resource; that it is gone already is no error."""
        plain = reveal(state)
        try:
            _RESOURCES[kind.token].delete(self.cloud, plain.get("region", ""), identity, plain)
        except AwsError as error:
            if error.reason not in _RESOURCES[kind.token].gone:
                raise PluginError(f"deleting {kind.words} ({identity}): {error}") from None

    def _outputs(self, kind: Kind, said: Object, live: Object) -> Object:
        """What goes into the state: the live resource, and what no API tells, such as `forceDelete`."""
        plain = _without_defaults(reveal(said))
        found = {name: value for name, value in live.items() if value is not None}
        for name, about in kind.inputs.items():
            if name in plain and name in found and not isinstance(plain[name], dict | list) and about.document:
                # The same document in other words stays as the program says it.
                found[name] = plain[name] if about.same(found[name], plain[name]) else found[name]
        if kind.tagged:
            own = plain.get("tags") or {}
            found["tags"] = {
                key: value
                for key, value in found["tagsAll"].items()
                if key in own or self.settings.default_tags.get(key) != value
            }
        silent = {name: value for name, value in plain.items() if name in kind.inputs and name not in live}
        return with_secrets_of(silent | found, said)


def _settled(kind: Kind, state: Object) -> Object:
    return {name: value for name, value in reveal(state).items() if name in kind.inputs}


def _without_defaults(inputs: Object) -> Object:
    return {name: value for name, value in inputs.items() if name != DEFAULTS}


def _as_declared(about: Property, live: Value, said: Value) -> Value:
    """`live` cut down to the fields that the program names; the API adds some that are nobody's business."""
    live, said = reveal(live), reveal(said)
    if about.fields and isinstance(live, list) and isinstance(said, list):
        pairs = enumerate(live)
        return [_as_declared(about, each, said[index]) if index < len(said) else each for index, each in pairs]
    if about.fields and isinstance(live, dict) and isinstance(said, dict):
        return {name: value for name, value in live.items() if name in said}
    return live
