"""A program that says much of what can be said, as users write it."""

from collections.abc import Iterable

import pulumi
from pulumi_kubernetes.batch.v1 import CronJob, CronJobSpecArgsDict
from pulumi_kubernetes.core.v1 import ServiceAccount

import pulumi_chaosreg as chaosreg

HARBOR: chaosreg.ImageRegistryArgs = {
    "server": "harbor.company.com",
    "account": "chaos",
    "kind": "harbor",
    "type": "private",
    "authentication": {"type": "basic", "username": "chaos-user", "password_secret": "harbor-credentials"},
}
password: pulumi.Output[str] = pulumi.Config().require_secret("harbor")

account = chaosreg.Account(
    "acme",
    image_registry=HARBOR,
    images={"release": "1.94.4", "tags": {"chaos-ddcr": "1.94.1"}, "pin": "record"},
    mirror={
        "source": "docker.io/harness",
        "allow_sources": ["docker.io/harness"],
        "platforms": ["linux/amd64"],
        "signatures": "require",
        "verify": {
            "public_keys": ["cosign.pub"],
            "identities": [{"identity": "ci@company.com", "issuer": "https://i"}],
        },
    },
    registries={"dev": {"server": "harbor.dev.example", "type": "public", "mirror": "off"}},
    labels={"team": "chaos"},
    repositories={"create": False, "expire_untagged_after_days": 14},
    allow_overrides={"settings": ["images"], "scopes": ["payments/lab"], "registries": "all"},
    credentials={"harbor-credentials": password},
)
payments = chaosreg.Organization("payments", account=account, mirror={"platforms": "all"})
checkout = chaosreg.Project("checkout", organization=payments, moved_from="checkout", on_destroy="retain")
tools = chaosreg.Project("tools", account=account, moved_from=["a/tools", "b/tools"], cluster={"context": "tools"})


def infrastructures(names: Iterable[str], kubeconfig: pulumi.Output[str]) -> None:
    for name in names:
        made = chaosreg.Infrastructure(
            name,
            project=checkout,
            cluster=chaosreg.Cluster(identifier="prod", kubeconfig=kubeconfig, provider="eks"),
            type="ddcr",
            namespace={"name": "harness-chaos", "create": False},
            custom_images={"log_watcher": "docker.io/harness/chaos-log-watcher:1.94.0", "ddcr_lib": "r.example/l:1"},
            service_accounts=["litmus"],
            pull_secret={"create": True},
            opts=pulumi.ResourceOptions(protect=True),
        )
        pulumi.export(name, made.images)


dev = chaosreg.Infrastructure(
    "dev", account=account, cluster={"context": "dev"}, namespace="harness-chaos", image_registry="dev", mirror=False
)
POD: CronJobSpecArgsDict = {
    "schedule": "0 0 * * *",
    "job_template": {
        "spec": {
            "template": {
                "spec": {
                    "image_pull_secrets": dev.image_pull_secrets,
                    "containers": [{"name": "main", "image": dev.image("chaos-ddcr")}],
                }
            }
        }
    },
}
watch = pulumi.ResourceOptions(transforms=[chaosreg.image_transform(dev)])
CronJob("watch", spec=POD, opts=watch)
ServiceAccount("runner", metadata={"annotations": dev.service_account_annotations}, opts=watch)
pulumi.runtime.register_resource_transform(chaosreg.image_transform(dev))
