"""The company that registries by name are for: regions, a development registry, replication, an exception from a lock.

Written in the obvious way, it has nothing wrong with it, and every command knows all of it.
"""

import json
from collections import Counter

import pytest

from pulumi_chaosreg.cli.lock_sources import sources_of
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.cli.mirror.selection import select_copies
from pulumi_chaosreg.review.difference import compare
from pulumi_chaosreg.review.made import Made
from pulumi_chaosreg.review.touched import touched

FILES = {
    "acme": """
        config:
          chaosreg:account:
            id: acme
            allow_overrides: {scopes: [payments, retail/shop], registries: all}
            registries:
              eu: {server: 123456789012.dkr.ecr.eu-west-1.amazonaws.com, account: chaos, type: private,
                   authentication: {type: aws_ecr}}
              us: {server: 123456789012.dkr.ecr.us-west-2.amazonaws.com, account: chaos, type: private,
                   authentication: {type: aws_ecr}}
              apac: {server: 123456789012.dkr.ecr.ap-southeast-1.amazonaws.com, account: chaos, type: private,
                     authentication: {type: aws_ecr}, mirror: off}
              dev: {server: harbor.dev.example, account: chaos, type: public,
                    mirror: {platforms: [linux/amd64]}, repositories: {create: false}}
            image_registry: eu
            images: {release: "1.94.4"}
            mirror: {source: docker.io/harness, push: mirror-push}
            cluster: {provider: eks}
            namespace: harness-chaos
          chaosreg-credentials:mirror-push: {secure: v1:aaaa}
        """,
    "payments": """
        config:
          chaosreg:parent_stack: acme
          chaosreg:organization: {id: payments, allow_overrides: true}
        """,
    "retail": """
        config:
          chaosreg:parent_stack: acme
          chaosreg:organization: {id: retail}
        """,
    "checkout": """
        config:
          chaosreg:parent_stack: payments
          chaosreg:project: {id: checkout, image_registry: us, allow_overrides: true}
          chaosreg:infrastructures:
            us-1: {cluster: {context: us-1}}
            us-2: {cluster: {context: us-2}}
            us-3: {cluster: {context: us-3}}
            us-dev: {cluster: {context: us-dev}, image_registry: dev}
        """,
    "ledger": """
        config:
          chaosreg:parent_stack: payments
          chaosreg:project: {id: ledger, image_registry: us}
          chaosreg:infrastructures:
            us-4: {cluster: {context: us-4}}
            us-5: {cluster: {context: us-5}}
            us-6: {cluster: {context: us-6}}
        """,
    "shop": """
        config:
          chaosreg:parent_stack: retail
          chaosreg:project: {id: shop}
          chaosreg:infrastructures:
            prod: {cluster: {context: shop-prod}, image_registry: {name: eu, authentication: {secret_name: prod-pull}}}
            test: {cluster: {context: shop-test}, image_registry: {name: eu, authentication: {secret_name: test-pull}}}
            asia: {cluster: {context: shop-asia}, image_registry: apac}
            play: {cluster: {context: shop-play}, image_registry: dev}
        """,
    "core": """
        config:
          chaosreg:parent_stack: retail
          chaosreg:project: {id: core}
          chaosreg:infrastructures:
            prod-eu: {cluster: {context: core-eu}}
        """,
}


@pytest.fixture
def company(project):
    return project.write(FILES)


def _with(files, stack, before, after):
    assert before in files[stack]
    return {**files, stack: files[stack].replace(before, after)}


def test_written_in_the_obvious_way_it_has_nothing_wrong_with_it_but_a_missing_lockfile(company):
    reviewed = company.review()
    assert [(finding.severity, finding.code) for finding in reviewed.findings] == [("hint", "CHR0304")]


def test_each_infrastructure_pulls_from_its_region_and_nobody_needs_a_secret_on_eks(company):
    configs = company.review().resolved.values()
    assert Counter(config.registry.name for config in configs) == {"us": 6, "eu": 3, "dev": 2, "apac": 1}
    how = {config.infrastructure.id: config.delivery and str(config.delivery.how.value) for config in configs}
    assert how == {
        **{f"us-{number}": "node_identity" for number in range(1, 7)},
        "prod": "theirs",
        "test": "theirs",
        "asia": "node_identity",
        "prod-eu": "node_identity",
        "us-dev": None,
        "play": None,
    }
    names = {config.infrastructure.id: config.secret_name and config.secret_name.value for config in configs}
    assert (names["prod"], names["test"], names["prod-eu"]) == ("prod-pull", "test-pull", None)


def test_the_account_mirrors_into_three_registries_each_by_its_own_policy(company):
    jobs = select_copies(company.review(), [])
    per_server = Counter(job.target.server for job in jobs)
    assert {server.split(".")[0] + server.split(".")[-3]: count for server, count in per_server.items()} == {
        "123456789012eu-west-1": 4,
        "123456789012us-west-2": 4,
        "harborharbor": 4,
    }
    assert {job.wanted.platforms for job in jobs if job.target.server == "harbor.dev.example"} == {("linux/amd64",)}
    assert {job.wanted.platforms for job in jobs if job.target.server != "harbor.dev.example"} == {()}


def test_a_level_that_the_lock_does_not_except_may_choose_nothing(company):
    files = _with(FILES, "core", "{id: core}", "{id: core, image_registry: us}")
    (error,) = company.write(files).review().errors
    assert error.code == "CHR0203"
    assert "allows overrides only in `payments`, `retail/shop`" in error.message


def _made(new_project, files=FILES):
    return Made(new_project().write(files).review())


def test_an_edit_of_one_registry_is_told_of_that_registry_and_touches_its_owner(new_project):
    dev = "mirror: {platforms: [linux/amd64]}"
    before = _made(new_project)
    after = _made(new_project, _with(FILES, "acme", dev, "mirror: {platforms: [linux/amd64, linux/arm64]}"))
    found = compare(before, after)
    assert [change.path for change in found.registries] == ["acme: harbor.dev.example/chaos"]
    assert [field.field for change in found.registries for field in change.fields] == ["mirror.platforms"]
    assert found.infrastructures == ()  # what their clusters get is the same
    assert [one.stack for one in touched(before, after)] == ["acme"]


@pytest.mark.extra("verify")
def test_a_rotated_push_credential_and_another_signer_touch_the_owner(new_project):
    rotated = _made(new_project, _with(FILES, "acme", "v1:aaaa", "v1:bbbb"))
    assert [one.stack for one in touched(_made(new_project), rotated)] == ["acme"]
    source = "mirror: {source: docker.io/harness, push: mirror-push}"
    key = "-----BEGIN PUBLIC KEY-----\\n{}\\n-----END PUBLIC KEY-----"
    signed = [
        source.replace(", push", f', signatures: require, verify: {{public_keys: ["{key.format(text)}"]}}, push')
        for text in ("AAAA", "BBBB")
    ]
    one, other = (_made(new_project, _with(FILES, "acme", source, text)) for text in signed)
    assert [change.stack for change in touched(one, other)] == ["acme"]


def test_another_default_moves_only_who_follows_it(new_project):
    after = _made(new_project, _with(FILES, "acme", "image_registry: eu", "image_registry: us"))
    assert [change.path for change in compare(_made(new_project), after).infrastructures] == ["retail/core/prod-eu"]


def test_explain_names_who_chose_a_registry_and_who_owns_it(company, capsys):
    assert main(["--project", str(company.folder), "explain", "us-1", "server"]) == 0
    said = capsys.readouterr().out
    assert "image_registry.name: us" in said
    assert "registries.us: {server: 123456789012.dkr.ecr.us-west-2.amazonaws.com" in said
    assert main(["--project", str(company.folder), "explain", "asia", "mirror"]) == 0
    assert "registries.apac.mirror: false" in capsys.readouterr().out


def test_what_somebody_else_fills_is_locked_where_it_is_and_never_copied(company):
    reviewed = company.review()
    apac = "123456789012.dkr.ecr.ap-southeast-1.amazonaws.com"
    assert apac not in {job.target.server for job in select_copies(reviewed, [])}
    locked = [source.tagged for source in sources_of(reviewed) if source.server == apac]
    assert f"{apac}/chaos/chaos-ddcr:1.94.0" in locked


def test_resolve_shows_owner_and_name(company, capsys):
    assert main(["--project", str(company.folder), "resolve", "us-1", "-o", "json"]) == 0
    ((shown,),) = (json.loads(capsys.readouterr().out),)
    assert shown["fields"]["registry.name"] == {"value": "us", "origin": "project/checkout"}
    assert shown["fields"]["registry.owner"] == {"value": "account/acme", "origin": "account/acme"}
