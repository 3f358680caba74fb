"""The policy of `enforce`, judged by the real API server: how a Pod may write an image, and what asking costs."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from lab.kubeapi import call
from lab.state import KubernetesState, load
from pulumi_chaosreg.kubernetes.admission import Admitted, policy
from pulumi_chaosreg.scopes.enforcing import Enforce
from tests.support.admission import Namespace, container, pod

pytestmark = pytest.mark.engine

DIGEST = f"sha256:{'a' * 64}"
OTHER = f"sha256:{'b' * 64}"
REFERENCES = [
    f"harbor.example/chaos/chaos-ddcr:1.94.0@{DIGEST}",
    "harbor.example/chaos/chaos-log-watcher:1.94.0",
    "docker.io/library/busybox:1.36",
    "docker.io/harness/chaos-go-runner:1.53.0",
    "localhost:5000/own",
]
BEGINNINGS = ["quay.io/acme", "registry.example:8443", "docker.io/acme"]
REFRESHER = "public.ecr.aws/docker/library/python:3.13-alpine"
_API = "/apis/admissionregistration.k8s.io/v1"


@pytest.fixture(scope="module")
def cluster() -> KubernetesState:
    state = load().kubernetes
    assert state
    return state


class Cluster:
    """Policies in it, each over a namespace of its own."""

    def __init__(self, state: KubernetesState) -> None:
        self._state = state
        self._made: list[str] = []

    def namespace(self, references: list[str], **admitted: Any) -> Namespace:
        """A new one that refuses what is not admitted."""
        name = f"enforced-{secrets.token_hex(4)}"
        namespace = Namespace(self._state, name)
        namespace.make()
        namespace.let_pods_in()
        spec = policy(Admitted("infrastructure `a/b`", name, "config", Enforce.DENY, **admitted), references)
        made = call(
            self._state, "POST", f"{_API}/validatingadmissionpolicies", {"metadata": {"name": name}, "spec": spec}
        )
        self._made.append(name)
        assert made["spec"]["failurePolicy"] == "Fail"
        selector = {"matchLabels": {"kubernetes.io/metadata.name": name}}
        binding = {
            "policyName": name,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": selector},
        }
        about = {"metadata": {"name": name}, "spec": binding}
        call(self._state, "POST", f"{_API}/validatingadmissionpolicybindings", about)
        namespace.wait_until_refused("foreign.example/x:1")
        return namespace

    def clear(self) -> None:
        for name in self._made:
            for plural in ("validatingadmissionpolicybindings", "validatingadmissionpolicies"):
                call(self._state, "DELETE", f"{_API}/{plural}/{name}")


@pytest.fixture(scope="module")
def policies(cluster: KubernetesState) -> Iterator[Cluster]:
    policies = Cluster(cluster)
    yield policies
    policies.clear()


@pytest.fixture(scope="module")
def namespace(policies: Cluster) -> Namespace:
    return policies.namespace(REFERENCES, beginnings=BEGINNINGS, others=[REFRESHER])


@pytest.mark.parametrize(
    "image",
    [
        f"harbor.example/chaos/chaos-ddcr:1.94.0@{DIGEST}",
        f"harbor.example/chaos/chaos-ddcr@{DIGEST}",
        "harbor.example/chaos/chaos-ddcr:1.94.0",
        "harbor.example/chaos/chaos-log-watcher:1.94.0",
        "docker.io/library/busybox:1.36",
        "busybox:1.36",
        "library/busybox:1.36",
        "docker.io/busybox:1.36",
        "index.docker.io/library/busybox:1.36",
        "harness/chaos-go-runner:1.53.0",
        "localhost:5000/own",
        "localhost:5000/own:latest",
        "quay.io/acme:1",
        f"quay.io/acme@{OTHER}",
        "quay.io/acme/probe:2",
        "registry.example:8443/any/thing",
        "acme/tool:3",
        REFRESHER,
    ],
)
def test_what_the_infrastructure_pulls_is_taken_however_it_is_written(namespace: Namespace, image: str) -> None:
    assert not namespace.refusal(pod(image))


@pytest.mark.parametrize(
    "image",
    [
        "harbor.example/chaos/chaos-ddcr:1.93.0",
        "harbor.example/chaos/chaos-ddcr",
        f"harbor.example/chaos/chaos-ddcr:1.94.0@{OTHER}",
        f"harbor.example/chaos/chaos-ddcr@{OTHER}",
        "harbor.example/chaos/other:1.94.0",
        "docker.io/harness/chaos-ddcr:1.94.0",
        "docker.io/harbor.example/chaos/chaos-log-watcher:1.94.0",
        "busybox",
        "nginx:1.36",
        "chaos/chaos-log-watcher:1.94.0",
        "quay.io/acmes/probe:2",
        "quay.io/acme-probe:2",
        "registry.example/any/thing",
        "registry.example:84430/any/thing",
        "docker.io/acme.evil/tool:3",
        f"{REFRESHER}3",
    ],
)
def test_every_other_image_is_refused_by_its_name(namespace: Namespace, image: str) -> None:
    said = namespace.refusal(pod(image))

    assert image.rpartition("/")[2] in said
    assert "infrastructure `a/b` does not pull " in said
    assert "allowed: harbor.example/chaos/chaos-ddcr:1.94.0@sha256:" in said
    assert "all of `quay.io/acme`" in said
    assert f"see ConfigMap `{namespace.name}/config`" in said


def test_every_place_of_a_pod_that_pulls_is_looked_at(namespace: Namespace) -> None:
    good, foreign = REFERENCES[1], "foreign.example/x:1"
    places = [
        {"containers": [container(good), container(foreign, "d")]},
        {"initContainers": [container(foreign, "i")]},
        {"volumes": [{"name": "v", "image": {"reference": foreign}}]},
    ]

    for place in places:
        assert "does not pull foreign.example/x:1;" in namespace.refusal(pod(good, **place)), place
    good_volume = {"name": "v", "image": {"reference": "quay.io/acme/rules:1"}}
    assert not namespace.refusal(pod(good, volumes=[good_volume, {"name": "w", "emptyDir": {}}]))


def test_a_pod_that_is_there_may_change_but_gets_no_foreign_image(namespace: Namespace) -> None:
    name = namespace.add(pod(REFERENCES[1]))

    foreign = {"spec": {"containers": [container("foreign.example/x:1")]}}
    assert "does not pull foreign.example/x:1;" in namespace.refusal_of_change(name, foreign)
    debugging = {"spec": {"ephemeralContainers": [container("foreign.example/shell:1", "e")]}}
    assert "does not pull foreign.example/shell:1;" in namespace.refusal_of_change(
        name, debugging, "/ephemeralcontainers"
    )
    debugging["spec"]["ephemeralContainers"][0]["image"] = "quay.io/acme/shell:1"
    assert not namespace.refusal_of_change(name, debugging, "/ephemeralcontainers")


def test_where_digests_are_strict_a_tag_is_not_enough(policies: Cluster) -> None:
    namespace = policies.namespace(REFERENCES, by_digest_only=True)

    assert not namespace.refusal(pod(f"harbor.example/chaos/chaos-ddcr@{DIGEST}"))
    assert namespace.refusal(pod("harbor.example/chaos/chaos-ddcr:1.94.0"))


def test_fifty_references_and_a_large_pod_stay_within_what_the_server_lets_an_expression_cost(
    policies: Cluster,
) -> None:
    """By its own measure, which ends a policy at ten million units: then each Pod would be refused."""
    references = [f"harbor.example/a-company/chaos-engineering/chaos-image-{n:02}:1.94.0@{DIGEST}" for n in range(50)]
    beginnings = [f"registry-{n:02}.example/a-company/base-images" for n in range(10)]
    namespace = policies.namespace(references, beginnings=beginnings)

    good = [container(references[-1 - n % 50], f"c{n}") for n in range(100)]
    assert not namespace.refusal(pod(references[0], containers=good))
    bad = [container(f"registry-09.example/a-company/base-image-{n}:1", f"c{n}") for n in range(100)]
    said = namespace.refusal(pod(references[0], containers=bad))
    assert "does not pull registry-09.example/a-company/base-image-0:1 and 99 more; allowed: " in said
    assert "registry-09.example/a-company/base-images` and 40 more; see ConfigMap" in said
