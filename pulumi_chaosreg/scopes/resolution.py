"""What one infrastructure ends up with: the nearest level wins, field by field, and every value keeps its origin."""

from collections.abc import Mapping
from dataclasses import replace

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope, nearest
from pulumi_chaosreg.scopes.pull_secret import HasValue, bound_to_server, pull_secret
from pulumi_chaosreg.scopes.required_images import required_images
from pulumi_chaosreg.scopes.resolved import ResolvedConfig

DEFAULT_NAMESPACE = "hce"
"""Harness's own default for the namespace of an infrastructure."""


def resolve(
    infrastructure: Scope, locked: Mapping[str, str], has_value: HasValue | None = None
) -> tuple[ResolvedConfig, list[Finding]]:
    """The resolved config of an infrastructure, and what is wrong with it.

    `has_value(scope, name)` tells whether a stack file of the chain holds `chaosreg-credentials:<name>`; without
    it every named credential counts as there.
    """
    catalogue = load_catalogue()
    server = nearest(infrastructure, ("image_registry", "server")) or Decided(catalogue.default_server, Origin())
    account = nearest(infrastructure, ("image_registry", "account"))
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
        type=bound_to_server(infrastructure, server, "type") or Decided("public", server.origin),
        infrastructure_type=kind.value if kind else "ddcr",
        images=(),
        secret=None,
        namespace=namespace.value if namespace else DEFAULT_NAMESPACE,
        create_namespace=create_namespace is None or bool(create_namespace.value),
        service_accounts=tuple(service_accounts.value) if service_accounts else (),
        cluster=_cluster(infrastructure),
    )
    findings = _undecided(resolved)
    images = tuple(required_images(resolved, locked, findings))
    secret = pull_secret(resolved, has_value, findings)
    return replace(resolved, images=images, secret=secret), findings


def _cluster(infrastructure: Scope) -> dict[str, str]:
    keys = ("kubeconfig", "context", "identifier")
    found = {key: nearest(infrastructure, ("cluster", key)) for key in keys}
    return {key: decided.value for key, decided in found.items() if decided}


def _undecided(resolved: ResolvedConfig) -> list[Finding]:
    """What no level says and nobody may guess: the cluster, and whether a registry is private."""
    findings = []
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
    if resolved.owner and bound_to_server(infrastructure, resolved.server, "type") is None:
        findings.append(
            Finding(
                "CHR0211",
                f"the registry `{resolved.server.value}` is neither `public` nor `private`",
                resolved.server.origin.place,
                help="add `type: private` or `type: public` beside `server`; a type belongs to its server and is not "
                "inherited from a level with another one",
            )
        )
    return findings
