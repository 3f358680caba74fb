"""What one infrastructure ends up with: the nearest level wins, field by field, and every value keeps its origin."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.catalogue import Release, load_catalogue
from pulumi_chaosreg.images.lockfile import pinned
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope, merged, nearest

HasValue = Callable[[Scope, str], bool]

DEFAULT_NAMESPACE = "hce"
"""Harness's own default for the namespace of an infrastructure."""


@dataclass(frozen=True, slots=True)
class ResolvedImage:
    """One required image as the cluster will pull it."""

    name: str
    reference: Reference
    """Pinned by digest where the lockfile, or the setting itself, has one."""
    origin: Origin
    """Who decided its tag."""
    source: Reference | None = None
    """Where the mirror copies it from (pinned like `reference`); None where nobody mirrors it."""


@dataclass(frozen=True, slots=True)
class ResolvedSecret:
    """The pull Secret of one infrastructure; whether it exists is decided by plain settings only."""

    name: str
    create: bool
    credential: str | None = None
    """NAME in `chaosreg-credentials:NAME`."""
    username: str | None = None
    password_env: str | None = None


@dataclass(frozen=True, slots=True)
class ResolvedConfig:
    """Everything that one infrastructure ends up with."""

    infrastructure: Scope
    server: Decided[str]
    account: Decided[str]
    type: Decided[str]
    infrastructure_type: str
    images: tuple[ResolvedImage, ...]
    secret: Decided[ResolvedSecret] | None
    namespace: str
    create_namespace: bool
    service_accounts: tuple[str, ...]
    cluster: Mapping[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> Scope | None:
        """The scope that owns the registry: the one that sets its server; None for Harness's default."""
        return self.server.origin.scope

    def origins(self) -> Iterator[tuple[str, Origin]]:
        """(field, origin) for every value that a cluster gets to see."""
        yield "server", self.server.origin
        yield "account", self.account.origin
        yield "type", self.type.origin
        if self.secret:
            yield "secret_name", self.secret.origin
        for image in self.images:
            yield f"image.{image.name}", image.origin


def resolve(
    infrastructure: Scope, locked: Mapping[str, str], has_value: HasValue | None = None
) -> tuple[ResolvedConfig, list[Finding]]:
    """The resolved config of an infrastructure, and what is wrong with it.

    `has_value(scope, name)` tells whether a stack file of the chain holds `chaosreg-credentials:<name>`; without
    it every named credential counts as there.
    """
    findings: list[Finding] = []
    catalogue = load_catalogue()
    server = _text(infrastructure, ("image_registry", "server")) or Decided(catalogue.default_server, Origin())
    account = _text(infrastructure, ("image_registry", "account"))
    if account is None:
        is_default = server.value == catalogue.default_server
        account = Decided(catalogue.default_account if is_default else "", server.origin)
    namespace = nearest(infrastructure, ("namespace", "name"))
    create_namespace = nearest(infrastructure, ("namespace", "create"))
    service_accounts = nearest(infrastructure, ("service_accounts",))
    kind = nearest(infrastructure, ("type",))
    resolved = ResolvedConfig(
        infrastructure=infrastructure,
        server=server,
        account=account,
        type=_bound_to_server(infrastructure, server, "type") or Decided("public", server.origin),
        infrastructure_type=kind.value if kind else "ddcr",
        images=(),
        secret=None,
        namespace=namespace.value if namespace else DEFAULT_NAMESPACE,
        create_namespace=create_namespace is None or bool(create_namespace.value),
        service_accounts=tuple(service_accounts.value) if service_accounts else (),
        cluster=_cluster(infrastructure),
    )
    return (
        _with_images_and_secret(resolved, locked, has_value, findings),
        findings,
    )


def _text(scope: Scope, path: tuple[str, ...]) -> Decided[str] | None:
    return nearest(scope, path)


def _bound_to_server(scope: Scope, server: Decided[str], key: str) -> Decided[Any] | None:
    """A field that belongs to its server: what was said above the level that sets the server does not count."""
    found = nearest(scope, ("image_registry", key))
    owner = server.origin.scope
    if found and owner and found.origin.scope and not found.origin.scope.within(owner):
        return None
    return found


def _cluster(infrastructure: Scope) -> dict[str, str]:
    keys = ("kubeconfig", "context", "identifier")
    found = {key: nearest(infrastructure, ("cluster", key)) for key in keys}
    return {key: decided.value for key, decided in found.items() if decided}


def _with_images_and_secret(
    resolved: ResolvedConfig, locked: Mapping[str, str], has_value: HasValue | None, findings: list[Finding]
) -> ResolvedConfig:
    infrastructure = resolved.infrastructure
    if not resolved.cluster.get("context") and not resolved.cluster.get("kubeconfig"):
        findings.append(
            Finding(
                "CHR0601",
                f"{infrastructure.title} does not say which cluster it is in",
                infrastructure.place,
                help="add `cluster: {context: <context of your kubeconfig>}`; the current context of a machine is "
                "the wrong cluster in CI",
            )
        )
    if resolved.owner and _bound_to_server(infrastructure, resolved.server, "type") is None:
        findings.append(
            Finding(
                "CHR0211",
                f"the registry `{resolved.server.value}` is neither `public` nor `private`",
                resolved.server.origin.place,
                help="add `type: private` or `type: public` beside `server`; a type belongs to its server and is not "
                "inherited from a level with another one",
            )
        )
    images = tuple(_images(resolved, locked, findings))
    secret = _pull_secret(resolved, has_value, findings)
    return replace(resolved, images=images, secret=secret)


def _images(resolved: ResolvedConfig, locked: Mapping[str, str], findings: list[Finding]) -> Iterator[ResolvedImage]:
    infrastructure = resolved.infrastructure
    custom = _custom_images(infrastructure)
    tags = merged(infrastructure, ("images", "tags"))
    wanted = _wanted(resolved, findings)
    if "chaos-ddcr-lib" in custom:
        wanted.setdefault("chaos-ddcr-lib", None)
    source = nearest(resolved.owner, ("mirror", "source")) if resolved.owner else None
    for name, listed in wanted.items():
        try:
            if name in custom:
                yield ResolvedImage(name, pinned(Reference.parse(custom[name].value), locked), custom[name].origin)
                continue
            tag = tags.get(name) or listed
            if tag is None:
                if not any(finding.code == "CHR0302" for finding in findings):  # that one says it already
                    findings.append(_no_tag(infrastructure, name))
                continue
            path = "/".join(part for part in (resolved.account.value.strip("/"), f"{name}:{tag.value}") if part)
            reference = Reference.parse(f"{resolved.server.value}/{path}")
            origin = (
                reference.tagged if source is None else Reference.parse(f"{source.value}/{name}:{tag.value}").tagged
            )
            digest = locked.get(origin)
            yield ResolvedImage(
                name,
                reference.with_digest(digest),
                tag.origin,
                Reference.parse(origin).with_digest(digest) if source else None,
            )
        except ChaosregError as error:
            decided = custom.get(name) or tags.get(name) or resolved.server
            findings += [replace(finding, place=decided.origin.place) for finding in error.findings]


def _custom_images(infrastructure: Scope) -> dict[str | None, Decided[str]]:
    """Image name → custom reference; the several keys of one image are one field."""
    custom: dict[str | None, Decided[str]] = {}
    for level in infrastructure.chain():
        for key, value in (level.get(("custom_images",)) or {}).items():
            custom[load_catalogue().image_of(key)] = Decided(value, Origin(level, ("custom_images", key)))
    return custom


def _wanted(resolved: ResolvedConfig, findings: list[Finding]) -> dict[str, Decided[str] | None]:
    """Image name → the tag that the list or the release gives it."""
    infrastructure = resolved.infrastructure
    explicit = nearest(infrastructure, ("required_images",))
    release = _release(infrastructure, findings)
    if explicit:
        return _explicit(explicit, release, resolved.infrastructure_type, findings)
    kind = resolved.infrastructure_type
    names = load_catalogue().sets[kind]
    if release and not release.value.tags(kind):
        findings.append(
            Finding(
                "CHR0305",
                f"release `{release.value.version}` has no images for {kind} infrastructures any more",
                infrastructure.at("type") if infrastructure.get(("type",)) else infrastructure.place,
                notes=(("release from", str(release.origin)), ("newest that has", load_catalogue().newest_with(kind))),
                help="move to `type: ddcr`, or set `images.release` to a release that still has them",
            )
        )
        return {}
    tags = release.value.tags(kind) if release else {}
    return {name: Decided(tags[name], release.origin) if release else None for name in names}


def _release(infrastructure: Scope, findings: list[Finding]) -> Decided[Release] | None:
    decided = nearest(infrastructure, ("images", "release"))
    if decided is None:
        return None
    try:
        return Decided(load_catalogue().release(decided.value), decided.origin)
    except ChaosregError as error:
        findings += [replace(finding, place=decided.origin.place) for finding in error.findings]
        return None


def _explicit(
    listed: Decided[list[str]], release: Decided[Release] | None, kind: str, findings: list[Finding]
) -> dict[str, Decided[str] | None]:
    """The images of an explicit list by their last path segment; two that collide are an error (CHR0306)."""
    wanted: dict[str, Decided[str] | None] = {}
    for index, text in enumerate(listed.value):
        assert listed.origin.scope is not None
        place = listed.origin.scope.at("required_images", index)
        try:
            image = Reference.parse(text)
        except ChaosregError as error:
            findings += [replace(finding, place=place) for finding in error.findings]
            continue
        name = image.repository.rpartition("/")[2]
        if name in wanted:
            findings.append(
                Finding(
                    "CHR0306",
                    f"two required images would both become `{name}`",
                    place,
                    help="only the last part of the path goes under the registry's account: list one of them",
                )
            )
        from_release = release.value.tags(kind).get(name) if release else None
        if image.tag:
            wanted[name] = Decided(image.tag, listed.origin)
        else:
            wanted[name] = Decided(from_release, release.origin) if release and from_release else None
    return wanted


def _no_tag(infrastructure: Scope, name: str) -> Finding:
    return Finding(
        "CHR0307",
        f"image `{name}` has no tag: no level sets `images.release` to a release that is known",
        infrastructure.place,
        notes=(("newest known release", load_catalogue().newest),),
        help=f'write `images: {{release: "{load_catalogue().newest}"}}` at the account, or a tag under `images.tags`',
    )


def _pull_secret(
    resolved: ResolvedConfig, has_value: HasValue | None, findings: list[Finding]
) -> Decided[ResolvedSecret] | None:
    infrastructure = resolved.infrastructure
    authentication = _bound_to_server(infrastructure, resolved.server, "authentication")
    if resolved.type.value != "private":
        return None
    if authentication is None:
        findings.append(
            Finding(
                "CHR0502",
                f"{infrastructure.title} pulls from the private `{resolved.server.value}` without authentication",
                resolved.type.origin.place,
                help="add `authentication:` beside `server`, for example "
                "`{username: chaos-user, password_secret: harbor-credentials}`",
            )
        )
        return None
    said: Mapping[str, str] = authentication.value
    kind = said.get("type") or ("basic" if "username" in said else "kubernetes_secret")
    if kind not in ("kubernetes_secret", "basic"):
        findings.append(
            Finding(
                "CHR0503",
                f"this version cannot deliver the authentication type `{kind}` yet",
                authentication.origin.place,
                help="use `basic` (username and password_secret) or `kubernetes_secret` (an existing Secret's name)",
            )
        )
        return None
    secret_name = nearest(infrastructure, ("pull_secret", "name"))
    create = nearest(infrastructure, ("pull_secret", "create"))
    name = secret_name.value if secret_name else said.get("secret_name") or _object_name(infrastructure)
    credential = said.get("password_secret") or said.get("secret_name") or name
    known = bool(credential) and (has_value is None or has_value(infrastructure, str(credential)))
    theirs = kind == "kubernetes_secret" and not known
    if said.get("namespace", resolved.namespace) != resolved.namespace:
        findings.append(
            Finding(
                "CHR0504",
                f"the pull Secret would be in namespace `{said['namespace']}`, and the Pods of {infrastructure.title} "
                f"run in `{resolved.namespace}`",
                authentication.origin.place,
                help="a Pod can use Secrets of its own namespace only: remove `authentication.namespace`, or set the "
                "infrastructure's `namespace` to it",
            )
        )
    problems = _incomplete(kind, said, named=secret_name is not None)
    findings += [Finding("CHR0505", problem, authentication.origin.place, help="add it") for problem in problems]
    return Decided(
        ResolvedSecret(
            name=name,
            create=not theirs if create is None else bool(create.value),
            credential=credential,
            username=said.get("username"),
            password_env=said.get("password_env"),
        ),
        authentication.origin,
    )


def _incomplete(kind: str, said: Mapping[str, str], *, named: bool) -> Iterator[str]:
    if kind == "kubernetes_secret" and "secret_name" not in said and not named:
        yield "authentication by a Kubernetes Secret has no `secret_name`"
    if kind == "basic" and "username" not in said:
        yield "basic authentication has no `username`"
    if kind == "basic" and not {"password_secret", "password_env", "secret_name"} & said.keys():
        yield "basic authentication has no password: neither `password_secret` nor `password_env`"


def _object_name(infrastructure: Scope) -> str:
    return f"chaos-image-registry-{infrastructure.id}"
