"""What a kind advises for `authentication:` is delivered: whoever follows it has fewer findings, not other ones."""

import pytest
import yaml

from pulumi_chaosreg.registries.kinds import AUTHENTICATION_TYPES, all_kinds, registry_kind
from tests.support.servers_of_kinds import SERVERS

CLUSTERS = ("eks", "gke", "aks", "openshift", "other")
AUTHENTICATION_CODES = {"CHR0502", "CHR0503", "CHR0505", "CHR0510", "CHR0512"}


def registry(name):
    server, account = SERVERS[name]
    said = {"kind": name} if all_kinds()[name].sayable else {}
    return {"server": server, "account": account, "type": "private", **said}


def codes(project, registry):
    errors = project.four_levels(account={"image_registry": registry}).reviewed.errors
    return {finding.code for finding in errors} & AUTHENTICATION_CODES


def test_there_is_a_server_of_each_kind():
    assert {name: registry_kind(SERVERS[name][0], name).name for name in all_kinds()} == {n: n for n in SERVERS}


@pytest.mark.parametrize("name", SERVERS)
def test_whoever_writes_what_is_advised_has_no_finding_about_authentication(project, name):
    assert codes(project, registry(name)) == {"CHR0502"}
    advised = yaml.safe_load(all_kinds()[name].advised())
    assert codes(project, {**registry(name), "authentication": advised}) == set()


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("name", SERVERS)
def test_the_cloud_s_own_type_is_advised_where_the_nodes_have_its_identity_and_only_there(name, cluster):
    kind = all_kinds()[name]
    type_ = yaml.safe_load(kind.advised(cluster)).get("type")
    assert (type_ not in (None, "token")) == (cluster in kind.node_identity_on)
    assert type_ is None or (type_ in kind.authentication and type_ in AUTHENTICATION_TYPES)


def test_the_help_says_what_to_write_and_what_one_must_have_for_it():
    assert all_kinds()["ecr"].advice() == (
        "write `authentication: {secret_name: ecr-login}` (a Secret in the cluster that you renew: its password lives "
        "for 12 hours); or `{type: aws_ecr}` with `cluster: {provider: eks}` if the nodes run there; elsewhere with "
        "`pull_secret: {identity: ...}`, and a Job in the cluster renews the Secret"
    )
    assert all_kinds()["ecr"].advice("eks") == (
        "write `authentication: {type: aws_ecr}`: the nodes have the identity and need no Secret"
    )
    assert all_kinds()["harbor"].advice("eks") == (
        "write `authentication: {username: robot$chaos+pull, password_secret: harbor-credentials}`"
    )


def test_a_region_other_than_the_host_s_is_an_error_for_every_host_that_tells_one(project):
    authentication = {"type": "gcp_service_account", "region": "us-east1"}
    said = {**registry("gar"), "authentication": authentication}
    assert "CHR0510" in codes(project, said)
    assert "CHR0510" not in codes(project, {**said, "server": "us-east1-docker.pkg.dev"})
