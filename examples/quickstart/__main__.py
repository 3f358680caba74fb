"""Chaos images from your own registry: mirrored, pinned, with a pull Secret; and a workload that pulls them."""

import pulumi
from pulumi_kubernetes.batch.v1 import CronJob
from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodSpecArgsDict
from pulumi_kubernetes.provider import Provider

import pulumi_chaosreg as chaosreg

config = pulumi.Config()
source = config.get("source") or "docker.io/harness"
account = chaosreg.Account(
    "acme",
    image_registry={
        "server": config.require("server"),
        "account": "chaos-engineering",
        "type": "private",
        "authentication": {"username": config.require("user"), "password_secret": "pull"},
    },
    images={"release": "1.94.4"},
    mirror={"source": source, "allow_sources": [source]},  # pushes with this machine's `docker login`
    credentials={"pull": config.require_secret("password")},
)
kubernetes = Provider("cluster", context=config.require("context"), enable_secret_mutable=True)
cluster = chaosreg.Cluster(kubernetes_provider=kubernetes, secrets_are_mutable=True)
prod = chaosreg.Infrastructure("prod-eu", account=account, cluster=cluster, namespace=config.require("namespace"))
pulumi.export("images", prod.images)

# What others have written stays as it is, and pulls from your registry: `image_transform` sees to it.
containers: list[ContainerArgsDict] = [{"name": "main", "image": "harness/chaos-log-watcher:1.94.0"}]
pod: PodSpecArgsDict = {"restart_policy": "OnFailure", "containers": containers}
CronJob(
    "watch",
    metadata={"name": "watch", "namespace": prod.namespace},
    spec={"schedule": "*/5 * * * *", "job_template": {"spec": {"template": {"spec": pod}}}},
    opts=pulumi.ResourceOptions(provider=kubernetes, transforms=[chaosreg.image_transform(prod)]),
)
