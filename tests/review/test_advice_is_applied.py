"""Whoever does what a message advises has fewer errors: each advice is applied, and none leads in a circle."""

import re
from dataclasses import dataclass

import pytest
import yaml

from pulumi_chaosreg.registries.kinds import AUTHENTICATION_TYPES, all_kinds
from pulumi_chaosreg.settings.refresher_identities import EXAMPLES
from tests.registries.test_advice_of_kinds import CLUSTERS, registry
from tests.support.servers_of_kinds import SERVERS

H = {"server": "h.example", "account": "chaos", "type": "public"}
PRIVATE = {"server": "h.example", "type": "private"}
ECR = {"server": "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "account": "chaos", "type": "private"}
GAR = {"server": "europe-docker.pkg.dev", "account": "acme", "type": "public"}
ROLE = "arn:aws:iam::123456789012:role/pull"
LOGIN = {"username": "u", "password_secret": "p"}
SOURCE = {"source": "docker.io/harness"}
EU = {"registries": {"eu": {**H, "mirror": "off"}}}
EVIL = {"custom_images": {"log_watcher": "evil.example/x:1"}}


def at(level="account", **said):
    return {level: said}


@dataclass
class Advised:
    """A mistake, and each thing that its help advises: words of it → what the levels say then."""

    levels: dict
    code: str
    advices: dict


CLOSED = at(allow_overrides=False)
MIRRORED = {"image_registry": H, "mirror": SOURCE}
CASES = {
    "a lock": Advised(
        {**CLOSED, **at("project", images={"release": "1.93.0"})},
        "CHR0203",
        {
            "remove the field": CLOSED,
            "`allow_overrides: true` in account `acme`": at("project", images={"release": "1.93.0"}),
        },
    ),
    "a lock that lets other settings through": Advised(
        {**at(allow_overrides={"settings": ["mirror"]}), **at("project", images={"release": "1.93.0"})},
        "CHR0203",
        {
            "remove the field": at(allow_overrides={"settings": ["mirror"]}),
            "add `images` to `allow_overrides.settings`": {
                **at(allow_overrides={"settings": ["mirror", "images"]}),
                **at("project", images={"release": "1.93.0"}),
            },
        },
    ),
    "a server below a lock, without a login": Advised(
        {**CLOSED, **at("project", image_registry=PRIVATE)}, "CHR0203", {"remove the field": CLOSED}
    ),
    "no type": Advised(
        at(image_registry={"server": "h.example"}),
        "CHR0211",
        {
            "add `type: public`": at(image_registry={"server": "h.example", "type": "public"}),
            "or `type: private` with `authentication`": at(image_registry={**PRIVATE, "authentication": LOGIN}),
        },
    ),
    "a reference for a name": Advised(
        at(image_registry="h.example/chaos"),
        "CHR0213",
        {"`{server: h.example, account: chaos, type: public}`": at(image_registry=H)},
    ),
    "a name that is not there": Advised(
        at(**EU, image_registry="ue"), "CHR0213", {"did you mean `eu`?": at(**EU, image_registry="eu")}
    ),
    "no server": Advised(
        at(registries={"eu": {"type": "public"}}, image_registry="eu"),
        "CHR0214",
        {"add `server: <host>`": at(registries={"eu": {"server": "h.example", "type": "public"}}, image_registry="eu")},
    ),
    "a path beside a name": Advised(
        at(**EU, image_registry={"name": "eu", "account": "x"}),
        "CHR0215",
        {
            "remove it": at(**EU, image_registry="eu"),
            "define another registry": at(
                registries={**EU["registries"], "x": {**H, "account": "x"}}, image_registry="x"
            ),
        },
    ),
    "a release that is not known": Advised(
        at(images={"release": "1.95.0"}),
        "CHR0302",
        {
            "use a release from the catalogue": at(images={"release": "1.94.4"}),
            "or drop it and tag each image": at(
                images={
                    "release": None,
                    "tags": dict.fromkeys(
                        ("chaos-ddcr", "chaos-ddcr-faults", "chaos-log-watcher", "service-discovery-collector"), "1"
                    ),
                },
            ),
        },
    ),
    "dedicated on a release without": Advised(
        at(type="dedicated"),
        "CHR0305",
        {
            "move to `type: ddcr`": at(type="ddcr"),
            "or set `images.release` to": at(type="dedicated", images={"release": "1.53.1"}),
        },
    ),
    "no release": Advised(
        at(images={"release": None}),
        "CHR0307",
        {'`images: {release: "1.94.4"}`': at(images={"release": "1.94.4"})},
    ),
    "no release for dedicated": Advised(
        at(images={"release": None}, type="dedicated"),
        "CHR0307",
        {'`images: {release: "1.53.1"}`': at(type="dedicated", images={"release": "1.53.1"})},
    ),
    "a required image that no release has": Advised(
        at(required_images=["acme/probe"]),
        "CHR0307",
        {"`images: {tags: {probe: <tag>}}`": at(required_images=["acme/probe"], images={"tags": {"probe": "1"}})},
    ),
    "a source that nobody allows": Advised(
        at(image_registry=H, mirror={"source": "quay.io/acme"}),
        "CHR0309",
        {
            "correct `mirror.source`": at(**MIRRORED),
            "`mirror: {allow_sources: [quay.io/acme]}`": at(
                image_registry=H, mirror={"source": "quay.io/acme", "allow_sources": ["quay.io/acme"]}
            ),
        },
    ),
    "a source beside those that are allowed": Advised(
        at(image_registry=H, mirror={"source": "quay.io/acme", "allow_sources": ["docker.io"]}),
        "CHR0309",
        {
            "add `quay.io/acme` to `mirror.allow_sources`": at(
                image_registry=H, mirror={"source": "quay.io/acme", "allow_sources": ["docker.io", "quay.io/acme"]}
            )
        },
    ),
    "a registry that nobody fills": Advised(
        at(image_registry=H),
        "CHR0315",
        {
            "add `mirror: {source: docker.io/harness}`": at(**MIRRORED),
            "or `mirror: off`": at(image_registry=H, mirror="off"),
        },
    ),
    "a place that is not allowed": Advised(
        at(allow_images=[], **EVIL),
        "CHR0334",
        {
            "use one of these": at(allow_images=[]),
            "add `evil.example/x` to `allow_images` in account `acme`": at(allow_images=["evil.example/x"], **EVIL),
        },
    ),
    "no login": Advised(
        at(image_registry=PRIVATE, mirror="off"),
        "CHR0502",
        {
            "{username: chaos-user, password_secret: registry-credentials}": at(
                image_registry={**PRIVATE, "authentication": LOGIN}, mirror="off"
            )
        },
    ),
    "a delivery that is not there yet": Advised(
        at(image_registry={**ECR, "authentication": {"type": "aws_ecr"}}, pull_secret={"delivery": "external_secrets"}),
        "CHR0503",
        {
            ": theirs": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}}, pull_secret={"delivery": "theirs"}
            ),
            ", refresher": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}},
                pull_secret={"delivery": "refresher", "identity": "eks_pod_identity"},
                cluster={"provider": "eks"},
            ),
            ", node_identity": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}},
                pull_secret={"delivery": "node_identity"},
            ),
        },
    ),
    "a Secret whose password ends": Advised(
        at(image_registry={**ECR, "authentication": {"type": "aws_ecr"}}, pull_secret={"delivery": "secret"}),
        "CHR0527",
        {
            "write `delivery: node_identity`": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}},
                pull_secret={"delivery": "node_identity"},
            ),
            "or `delivery: refresher`": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}},
                pull_secret={"delivery": "refresher", "identity": ROLE},
            ),
        },
    ),
    "a refresher of a password that stays": Advised(
        at(image_registry={**PRIVATE, "authentication": LOGIN}, pull_secret={"delivery": "refresher"}),
        "CHR0528",
        {
            "write `delivery: secret`": at(
                image_registry={**PRIVATE, "authentication": LOGIN}, pull_secret={"delivery": "secret"}
            ),
            "or remove `delivery`": at(image_registry={**PRIVATE, "authentication": LOGIN}),
        },
    ),
    "a refresher that is nobody": Advised(
        at(image_registry={**ECR, "authentication": {"type": "aws_ecr"}}),
        "CHR0529",
        {
            "`pull_secret: {identity:": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}}, pull_secret={"identity": ROLE}
            ),
            "or the NAME of keys": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}}, pull_secret={"identity": "puller"}
            ),
            "or `eks_pod_identity`": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}},
                pull_secret={"delivery": "refresher", "identity": "eks_pod_identity"},
                cluster={"provider": "eks"},
            ),
            "`cluster: {provider: eks}` needs none": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}}, cluster={"provider": "eks"}
            ),
        },
    ),
    "a refresher that must wait for itself": Advised(
        at(
            image_registry={**ECR, "authentication": {"type": "aws_ecr"}},
            pull_secret={"identity": ROLE, "refresher_image": f"{ECR['server']}/chaos/python:3.13"},
        ),
        "CHR0530",
        {
            "use an image that needs no login": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}},
                pull_secret={"identity": ROLE, "refresher_image": "docker.io/library/python:3.13"},
            ),
            "or remove `refresher_image`": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}}, pull_secret={"identity": ROLE}
            ),
        },
    ),
    "Pod Identity elsewhere than on EKS": Advised(
        at(image_registry={**ECR, "authentication": {"type": "aws_ecr"}}, pull_secret={"identity": "eks_pod_identity"}),
        "CHR0533",
        {
            "write `cluster: {provider: eks}`": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}},
                pull_secret={"identity": "eks_pod_identity"},
                cluster={"provider": "eks"},
            ),
            "a role's ARN": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr"}}, pull_secret={"identity": ROLE}
            ),
        },
    ),
    "a delivery of a password that is not there yet": Advised(
        at(image_registry={**PRIVATE, "authentication": LOGIN}, pull_secret={"delivery": "external_secrets"}),
        "CHR0503",
        {
            ", secret,": at(image_registry={**PRIVATE, "authentication": LOGIN}, pull_secret={"delivery": "secret"}),
            "or remove `delivery`": at(image_registry={**PRIVATE, "authentication": LOGIN}),
        },
    ),
    "a Secret elsewhere": Advised(
        at(image_registry={**PRIVATE, "authentication": {"secret_name": "s", "namespace": "x"}}, namespace="hce"),
        "CHR0504",
        {
            "remove `authentication.namespace`": at(
                image_registry={**PRIVATE, "authentication": {"secret_name": "s"}}, namespace="hce"
            ),
            "or set the infrastructure's `namespace`": at(
                image_registry={**PRIVATE, "authentication": {"secret_name": "s", "namespace": "x"}}, namespace="x"
            ),
        },
    ),
    "no password": Advised(
        at(image_registry={**PRIVATE, "authentication": {"username": "u"}}),
        "CHR0505",
        {"add `password_secret: ": at(image_registry={**PRIVATE, "authentication": LOGIN})},
    ),
    "another region": Advised(
        at(
            image_registry={**ECR, "authentication": {"type": "aws_ecr", "region": "us-east-1"}},
            cluster={"provider": "eks"},
        ),
        "CHR0510",
        {
            "write `region: eu-west-1`": at(
                image_registry={**ECR, "authentication": {"type": "aws_ecr", "region": "eu-west-1"}},
                cluster={"provider": "eks"},
            )
        },
    ),
    "no credential and a Secret": Advised(
        at(image_registry={**PRIVATE, "authentication": {"type": "node_identity"}}, pull_secret={"delivery": "secret"}),
        "CHR0517",
        {
            "remove `pull_secret.delivery`": at(
                image_registry={**PRIVATE, "authentication": {"type": "node_identity"}}
            ),
            "or give the type of the credential": at(
                image_registry={**PRIVATE, "authentication": LOGIN}, pull_secret={"delivery": "secret"}
            ),
        },
    ),
    "a login for nothing": Advised(
        at(image_registry={**H, "authentication": LOGIN}),
        "CHR0520",
        {
            "write `type: private`": at(image_registry={**PRIVATE, "authentication": LOGIN}),
            "or remove the authentication": at(image_registry=H),
        },
    ),
    "Artifact Registry without a repository": Advised(
        at(image_registry=GAR),
        "CHR0425",
        {"write `account: PROJECT/REPOSITORY`": at(image_registry={**GAR, "account": "acme/chaos"})},
    ),
    "a mirror of somebody else's registry": Advised(
        {**at(**MIRRORED), **at("project", mirror="off")},
        "CHR0336",
        {
            "write it as `mirror` in account `acme`": at(image_registry=H, mirror="off"),
            "or give this level a registry of its own": {
                **at(**MIRRORED),
                **at("project", mirror="off", image_registry={**H, "account": "own"}),
            },
        },
    ),
}


def found(project, levels):
    levels = {level: dict(said) for level, said in levels.items()}
    outcome = project.four_levels(**levels)
    return outcome.reviewed


@pytest.mark.parametrize("case", CASES)
def test_whoever_does_what_is_advised_has_fewer_errors(project, case):
    mistake = CASES[case]
    before = found(project, mistake.levels)
    told = [finding for finding in before.findings if finding.code == mistake.code]
    assert told, [finding.code for finding in before.findings]
    for words, levels in mistake.advices.items():
        assert any(words in finding.help for finding in told), (words, [finding.help for finding in told])
        after = found(project, levels)
        assert mistake.code not in {finding.code for finding in after.findings}, words
        fewer = len(after.errors) < len(before.errors) or (told[0].severity == "warning" and not after.errors)
        assert fewer, (words, [str(finding) for finding in after.errors])


def advised_by(text):
    """Each `authentication` that a help names, with the `cluster` that it asks for beside."""
    first = re.search(r"`authentication: (\{.*?\})`", text)
    assert first, text
    yield yaml.safe_load(first[1]), None
    for authentication, cluster in re.findall(r"`(\{type: [a-z_]+\})` with `cluster: (\{.*?\})`", text):
        yield yaml.safe_load(authentication), yaml.safe_load(cluster)


@pytest.mark.parametrize("type_", AUTHENTICATION_TYPES)
@pytest.mark.parametrize("name", SERVERS)
def test_no_advice_for_a_kind_leads_to_another_error_whatever_was_written_and_wherever_nodes_run(project, name, type_):
    password = {"username": "u", "password_secret": "p", "secret_name": "s"}
    password = {"lifetime_days": 90} if type_ == "made" else password
    wrong = {**registry(name), "authentication": {"type": type_, **password}}
    for cluster in CLUSTERS[::4] if type_ in all_kinds()[name].authentication else CLUSTERS[:1]:
        errors = found(project, at(image_registry=wrong, mirror="off", cluster={"provider": cluster})).errors
        for finding in errors:
            if finding.code == "CHR0529":
                continue  # who the refresher is; its advice is tried above
            for authentication, asked in advised_by(finding.help):
                right = {**registry(name), "authentication": authentication}
                provider = asked or {"provider": cluster}
                after = found(project, at(image_registry=right, mirror="off", cluster=provider)).errors
                assert len(after) < len(errors), (finding.help, [str(one) for one in after])


CLOUDS = [name for name in SERVERS if all_kinds()[name].cloud_authentication]


@pytest.mark.parametrize(
    ("name", "delivery"),
    [
        *((name, "external_secrets") for name in CLOUDS),
        *(
            (name, delivery)
            for name in CLOUDS
            if not all_kinds()[name].refresher
            for delivery in ("refresher", "secret")
        ),
    ],
)
def test_every_delivery_that_is_advised_for_a_cloud_s_identity_is_one(project, name, delivery):
    type_, identity = all_kinds()[name].cloud_authentication, EXAMPLES[all_kinds()[name].cloud]
    said = {"image_registry": {**registry(name), "authentication": {"type": type_}}, "mirror": "off"}
    (finding,) = found(project, at(**said, pull_secret={"delivery": delivery})).errors
    ways = finding.help.partition(": ")[2].split("; ")[0].split(", ")
    assert finding.code == "CHR0503"
    assert ways
    for way in ways:
        assert found(project, at(**said, pull_secret={"delivery": way, "identity": identity})).errors == ()
    if "remove `delivery`" in finding.help:
        assert found(project, at(**said, pull_secret={"identity": identity})).errors == ()
