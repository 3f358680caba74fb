"""GKE Autopilot admits chaos Pods by digest: references carry one there, and what would change or hide it is told."""

import pytest

from pulumi_chaosreg.manifests.target import Target

DIGEST = "sha256:" + "a" * 64


def lock(at="docker.io/harness"):
    return f"{at}/chaos-ddcr:1.94.0: {DIGEST}\n".encode()


SUBSET = f"docker.io/harness/chaos-ddcr:1.94.0#linux/amd64: {DIGEST}\n".encode()

MISTAKES = {
    "tags that everybody keeps": (
        """
        config:
          chaosreg:account:
            id: acme
            required_images: [harness/chaos-ddcr]
            image_registry: {server: eu.example, account: chaos, type: public}
            images: {release: "1.94.4", pin: record}
            mirror: {source: docker.io/harness}
          chaosreg:infrastructures:
            standard: {cluster: {context: s, provider: gke}}
            one:
              cluster: {context: a, provider: gke_autopilot}  #! CHR0346
        """,
        ["`images.pin: record` leaves tags in references", "images.pin: account/acme", "write `images: {pin: strict}`"],
    ),
    "tags that the infrastructure itself keeps": (
        """
        config:
          chaosreg:account:
            id: acme
            required_images: [harness/chaos-ddcr]
            allow_overrides: true
            image_registry: {server: eu.example, account: chaos, type: public}
            images: {release: "1.94.4"}
            mirror: off
            cluster: {provider: gke_autopilot}
          chaosreg:infrastructures:
            one:
              cluster: {context: a}
              images: {pin: "off"}  #! CHR0346
        """,
        ["cluster.provider: account/acme"],
    ),
    "a part of the platforms": (
        """
        config:
          chaosreg:account:
            id: acme
            required_images: [harness/chaos-ddcr]
            image_registry: {server: eu.example, account: chaos, type: public}
            images: {release: "1.94.4"}
            mirror: {source: docker.io/harness, platforms: [linux/amd64]}
          chaosreg:infrastructures:
            standard: {cluster: {context: s, provider: gke}}
            one:
              cluster: {context: a, provider: gke_autopilot}  #! CHR0347
        """,
        ["`eu.example/chaos` has images with linux/amd64 alone", "mirror.platforms: account/acme"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_where_it_stands_and_nothing_else_is(project, check_marks, mistake):
    text, words = MISTAKES[mistake]
    check_marks(project.write({"acme": text}, lock=lock() + SUBSET), words)


CUSTOM = """
config:
  chaosreg:account:
    id: acme
    required_images: [harness/chaos-ddcr, harness/chaos-go-runner, harness/chaos-log-watcher]
    images: {release: "1.94.4"}
    custom_images:
      log_watcher: docker.io/harness/chaos-log-watcher:1.94.1
      go_runner: other.example/ours/go-runner:1@DIGEST
      ddcr: other.example/ours/ddcr:1  #! CHR0346
  chaosreg:infrastructures:
    standard: {cluster: {context: s, provider: gke}}
    one: {cluster: {context: a, provider: gke_autopilot}}
""".replace("DIGEST", DIGEST)


def test_an_image_of_another_registry_that_nobody_locks_is_a_warning(project, check_marks):
    found = check_marks(
        project.write({"acme": CUSTOM}), ["`other.example/ours/ddcr:1` has no digest", "infrastructure/one"]
    )
    assert {finding.severity for finding in found.findings} == {"warning"}
    project.write({"acme": CUSTOM.replace("gke_autopilot", "gke").replace("  #! CHR0346", "")})
    assert project.review().findings == ()


COMPANY = """
config:
  chaosreg:account:
    id: acme
    required_images: [harness/chaos-ddcr]
    image_registry: {server: eu.example, account: chaos, type: public}
    images: {release: "1.94.4"}
    mirror: MIRROR
  chaosreg:infrastructures:
    standard: {cluster: {context: s, provider: gke}}
    one: {cluster: {context: a, provider: gke_autopilot}}
    two: {cluster: {context: b, provider: gke_autopilot}}
"""


def reviewed(project, mirror, locked):
    found = project.write({"acme": COMPANY.replace("MIRROR", mirror)}, lock=locked).review()
    return found, {scope.id: config for scope, config in found.resolved.items()}


@pytest.mark.parametrize("mirror", ["{source: docker.io/harness}", "off"])
def test_references_carry_digests_and_all_must_be_locked(project, mirror):
    found, configs = reviewed(project, mirror, lock("eu.example/chaos" if mirror == "off" else "docker.io/harness"))
    assert [finding.code for finding in found.errors] == []
    assert {image.reference.digest for image in configs["one"].images} == {DIGEST}
    assert (str(configs["one"].pin.value), str(configs["one"].pin.origin)) == ("strict", "infrastructure/one")
    assert str(configs["two"].pin.origin) == "infrastructure/two"
    assert configs["standard"].pin is None


def test_what_is_not_locked_is_an_error_for_these_clusters_alone(project):
    found, _ = reviewed(project, "off", b"")
    (told,) = [finding for finding in found.errors if finding.code == "CHR0304"]
    assert ("images.pin", "strict, by infrastructure/one; strict, by infrastructure/two") in told.notes or (
        "images.pin",
        "strict, by infrastructure/one",
    ) in told.notes
    alone = COMPANY.replace("MIRROR", "off").replace("gke_autopilot", "gke")
    assert project.write({"acme": alone}, lock=b"").review().errors == ()


def test_harness_s_own_registry_needs_no_digest(project):
    text = COMPANY.replace("    image_registry: {server: eu.example, account: chaos, type: public}\n", "")
    found = project.write({"acme": text.replace("    mirror: MIRROR\n", "")}, lock=b"").review()
    assert [finding.code for finding in found.errors] == []


def test_manifests_are_rendered_by_digest_also_where_someone_keeps_tags(project):
    found, configs = reviewed(project, "{source: docker.io/harness}", lock())
    target = Target.of(configs["one"], found.company.catalogue)
    assert target.verdict("harness/chaos-ddcr:1.94.0").new == f"eu.example/chaos/chaos-ddcr:1.94.0@{DIGEST}"
