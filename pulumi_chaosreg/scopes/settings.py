"""What one scope's section in a stack file may say: every key, its type and what it means.

The table below is the only place that knows the keys. Checking, near-miss messages and the documentation read it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.images.catalogue import load_catalogue


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `choices` where only some are valid."""

    doc: str
    choices: tuple[str, ...] = ()
    quote: bool = False
    """A version-like string: YAML reads it as a number when the quotes are forgotten."""
    dns: bool = False
    """A name in Kubernetes."""


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    doc: str


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number, not negative."""

    doc: str


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of strings."""

    doc: str
    or_text: tuple[str, ...] = ()
    """Words that may stand instead of the list."""
    dns: bool = False
    """Names in Kubernetes."""


@dataclass(frozen=True, slots=True)
class TextMap:
    """A mapping of strings to strings; `keys` where only some keys are valid."""

    doc: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping with these fields; `short` is the field that a plain string stands for."""

    doc: str
    fields: Mapping[str, "Kind"] = field(default_factory=dict)
    short: str = ""


Kind = Text | Flag | Number | Texts | TextMap | Table

AUTHENTICATION = Table(
    "how the cluster proves who it is; belongs to its server",
    {
        "type": Text(
            "kubernetes_secret where only `secret_name` is given, basic where `username` is",
            ("kubernetes_secret", "basic", "aws_ecr", "gcp_service_account", "azure", "token"),
        ),
        "secret_name": Text("the pull Secret's name in the cluster", dns=True),
        "namespace": Text("where that Secret is; the infrastructure's namespace, or it is a finding"),
        "username": Text("the user of basic authentication"),
        "password_secret": Text("NAME of the value `chaosreg-credentials:NAME`"),
        "password_env": Text("the environment variable that holds the password where no value is configured"),
        "region": Text("aws_ecr: the registry's region"),
        "key_file": Text("gcp_service_account: the key's file"),
    },
)

SETTINGS = Table(
    "one scope's settings; every field is optional",
    {
        "id": Text("the scope's name: a-z, 0-9 and `-`, unique within its parent"),
        "allow_overrides": Flag("whether levels below may set registry, images or mirror"),
        "image_registry": Table(
            "where the cluster pulls from; the scope that sets `server` owns that registry",
            {
                "server": Text("host, with port if it has one"),
                "account": Text("path between the server and the image"),
                "type": Text("whether pulling needs a credential", ("public", "private")),
                "kind": Text("where the host does not tell", ("generic", "harbor", "artifactory")),
                "authentication": AUTHENTICATION,
            },
        ),
        "images": Table(
            "which tags",
            {
                "release": Text("the release of Harness Chaos Engineering, always written", quote=True),
                "tags": TextMap("image name → tag, where it differs from the release's"),
            },
        ),
        "custom_images": TextMap(
            "image → full reference that is used instead", tuple(load_catalogue().custom_image_keys)
        ),
        "required_images": Texts("the images instead of the infrastructure type's own list"),
        "repositories": Table(
            "how the owner's repositories are made",
            {
                "create": Flag("whether `up` makes them"),
                "immutable_tags": Flag("whether a tag may move"),
                "scan_on_push": Flag("whether pushed images are scanned"),
                "expire_untagged_after_days": Number("when untagged manifests may go, days"),
            },
        ),
        "mirror": Table(
            "what the owner's stack copies into the registry",
            {
                "source": Text("`server/account` to copy from"),
                "allow_sources": Texts("the only sources that may be copied from"),
                "platforms": Texts("which platforms to keep", or_text=("all",)),
                "signatures": Text("what happens to signatures", ("copy", "require", "skip")),
                "push": Text("NAME of the credential that pushes; otherwise the machine's docker config"),
                "pull": Text("NAME of the credential that reads the source"),
                "delete": Text("NAME of the credential that prunes"),
            },
        ),
        "on_destroy": Text("what `destroy` does with images and repositories", ("retain", "delete")),
        "type": Text("the infrastructure's type", ("ddcr", "dedicated")),
        "cluster": Table(
            "which cluster; always given",
            {
                "kubeconfig": Text("path of the kubeconfig; $KUBECONFIG or ~/.kube/config otherwise"),
                "context": Text("context in it"),
                "identifier": Text("the cluster's lasting name; the context otherwise"),
            },
        ),
        "namespace": Table(
            "where the chaos Pods run; made if missing",
            {"name": Text("the namespace", dns=True), "create": Flag("false: it must be there")},
            short="name",
        ),
        "service_accounts": Texts("accounts that get the pull Secret", dns=True),
        "pull_secret": Table(
            "the Secret that the kubelet pulls with",
            {
                "create": Flag("whether we make it"),
                "name": Text("its name", dns=True),
            },
        ),
        "harness_id": Text("Harness's identifier where it differs from ours"),
        "environment": Text("the Harness environment"),
    },
)

NOT_INHERITED = ("id", "allow_overrides", "harness_id")
"""These say something about their own scope only."""

LOCKABLE = ("image_registry", "custom_images", "images", "required_images", "mirror")
"""What a level may set only where every ancestor that sets any of them allows it."""

_DNS_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_ALIASES = {"registry": "image_registry"}
"""Other spellings on Harness's own documentation page."""


def check_settings(value: Any, place: Place) -> tuple[dict[str, Any], list[Finding]]:
    """The section in our spelling, and what is wrong with it (CHR0104 to CHR0108).

    What is wrong is left out of the result, so that one run can go on to find everything else.
    """
    findings: list[Finding] = []
    if isinstance(value, dict):
        findings += [
            Finding(
                "CHR0103",
                f"`{alias}` and `{name}` are two spellings of one setting",
                _below(place, alias),
                help="keep one of the two",
            )
            for alias, name in _ALIASES.items()
            if alias in value and name in value
        ]
        value = _page_spelling(value)
    settings = _check(SETTINGS, value, place, findings)
    return settings or {}, findings


def _page_spelling(section: dict[str, Any]) -> dict[str, Any]:
    renamed = {_ALIASES.get(key, key): value for key, value in section.items()}
    if isinstance(renamed.get("authentication"), dict):  # the page writes it beside the registry that it belongs to
        registry = renamed.get("image_registry")
        if registry is None or isinstance(registry, dict):
            renamed["image_registry"] = {**(registry or {}), "authentication": renamed.pop("authentication")}
    return renamed


def _check(kind: Kind, value: Any, place: Place, findings: list[Finding]) -> Any:
    match kind:
        case Table():
            return _check_table(kind, value, place, findings)
        case TextMap():
            return _check_text_map(kind, value, place, findings)
        case Texts():
            if isinstance(value, str) and value in kind.or_text:
                return value
            if not isinstance(value, list):
                return _wrong_type("a list of strings", value, place, findings)
            checked = [
                _check(Text(kind.doc, dns=kind.dns), item, _below(place, index), findings)
                for index, item in enumerate(value)
            ]
            return [item for item in checked if item is not None]
        case Flag():
            return value if isinstance(value, bool) else _wrong_type("true or false", value, place, findings)
        case Number():
            whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
            return value if whole else _wrong_type("a whole number", value, place, findings)
        case Text():
            return _check_text(kind, value, place, findings)


def _check_text(kind: Text, value: Any, place: Place, findings: list[Finding]) -> str | None:
    if isinstance(value, dict) and "secure" in value:
        findings.append(_secure(place))
        return None
    if not isinstance(value, str) or not value:
        _wrong_type("a string", value, place, findings)
        return None
    if kind.dns and not _DNS_LABEL.match(value):
        findings.append(
            Finding(
                "CHR0112",
                f"`{_dotted(place)}` is not a name that Kubernetes accepts",
                place,
                help="names are made of a-z, 0-9 and `-`, at most 63, and begin and end with a letter or digit",
            )
        )
        return None
    if kind.choices and value not in kind.choices:
        findings.append(
            Finding(
                "CHR0107",
                f"`{_dotted(place)}` has a value that does not exist",
                place,
                help=f"valid values: {', '.join(_nearest_first(value, kind.choices))}",
            )
        )
        return None
    return value


def _check_text_map(kind: TextMap, value: Any, place: Place, findings: list[Finding]) -> dict[str, str] | None:
    if not isinstance(value, dict):
        _wrong_type("a mapping", value, place, findings)
        return None
    checked: dict[str, str] = {}
    for key, item in value.items():
        if kind.keys and key not in kind.keys:
            findings.append(_unknown_key(key, kind.keys, _below(place, key)))
            continue
        text = _check(Text(kind.doc, quote=True), item, _below(place, key), findings)
        if text is not None:
            checked[key] = text
    return checked


def _check_table(kind: Table, value: Any, place: Place, findings: list[Finding]) -> dict[str, Any] | None:
    if kind.short and isinstance(value, str):
        value = {kind.short: value}
    if not isinstance(value, dict):
        _wrong_type("a mapping", value, place, findings)
        return None
    checked: dict[str, Any] = {}
    for key, item in value.items():
        below = _below(place, key)
        if key == "secure":
            findings.append(_secure(below))
        elif key not in kind.fields:
            findings.append(_unknown_key(key, tuple(kind.fields), below))
        elif (result := _check(kind.fields[key], item, below, findings)) is not None:
            checked[key] = result
    return checked


def _secure(place: Place) -> Finding:
    return Finding(
        "CHR0108",
        "a `secure:` value may not stand inside a section: stacks below could not decrypt it",
        place,
        help="move it to `chaosreg-credentials:NAME` and name it here by NAME",
    )


def _wrong_type(wanted: str, value: Any, place: Place, findings: list[Finding]) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and wanted == "a string":
        code, message = "CHR0105", f"`{_dotted(place)}` is a number, so that `1.10` and `1.1` would be the same"
        advice = 'write it in quotes, as in `release: "1.94.4"`'
    else:
        code, message = "CHR0106", f"`{_dotted(place)}` must be {wanted}, and is {_type_name(value)}"
        advice = f"write {wanted}"
    findings.append(Finding(code, message, place, help=advice))


def _type_name(value: Any) -> str:
    names = {
        dict: "a mapping",
        list: "a list",
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a string",
    }
    return "empty" if value is None or value == "" else names.get(type(value), "something else")


def _unknown_key(key: str, valid: tuple[str, ...], place: Place) -> Finding:
    ordered = _nearest_first(key, valid)
    near = get_close_matches(key, valid, n=1, cutoff=0.6)
    advice = f"did you mean `{near[0]}`? " if near else ""
    return Finding("CHR0104", f"`{key}` is not a key here", place, help=f"{advice}valid keys: {', '.join(ordered)}")


def _nearest_first(word: str, valid: tuple[str, ...]) -> list[str]:
    near = get_close_matches(word, valid, n=len(valid), cutoff=0.6)
    return [*near, *(name for name in valid if name not in near)]


def _below(place: Place, key: str | int) -> Place:
    return Place(place.scope, place.file, (*place.keys, key))


def _dotted(place: Place) -> str:
    """The key path within the section, as people write it."""
    inside = [str(key) for key in place.keys if not str(key).startswith(("config", "chaosreg:"))]
    return ".".join(inside[-3:]) or "the section"


def leaves(settings: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of every field that these settings give a value to."""
    for key, value in settings.items():
        if isinstance(value, dict) and key != "authentication":
            yield from ((key, *path) for path in leaves(value))
        else:
            yield (key,)
