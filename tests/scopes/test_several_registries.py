"""Custom images on other registries than the chosen one: which login each gets, and in which Secret it arrives."""

from typing import Any

import pytest

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def login(server: str, name: str, **more: str) -> dict[str, Any]:
    authentication = {"username": name, "password_secret": f"of-{name}"}
    return {"server": server, "type": "private", "authentication": authentication, **more}


OTHERS = {
    "team": login("harbor.example", "team", account="team"),
    "own": login("quay.example", "own"),
    "aws": {"server": ECR, "account": "chaos", "type": "private", "authentication": {"type": "aws_ecr"}},
    "theirs": {"server": "registry.example", "type": "private", "authentication": {"secret_name": "made-by-others"}},
    "open": {"server": "open.example", "type": "public"},
}
CHOSEN = login("harbor.example", "chaos", account="chaos")
NAME = "chaos-image-registry-prod-eu"


@pytest.fixture
def resolved(project: Any) -> Any:
    """What an infrastructure with these custom images ends up with."""

    def resolve(*images: str, chosen: Any = CHOSEN, **infrastructure: Any) -> Any:
        keys = ("log_watcher", "ddcr_lib", "ddcr_fault", "ddcr")
        account = {"registries": OTHERS, "image_registry": chosen, "pull_secret": {"identity": "of-aws"}}
        custom = dict(zip(keys, images, strict=False))
        return project.four_levels(account=account, infrastructure={"custom_images": custom, **infrastructure})

    return resolve


def told(outcome: Any) -> list[tuple[str, str, str]]:
    """(server key, way, Secret) of each other login."""
    return [
        (one.key, str(one.delivery.how.value), one.delivery.secret_name.value if one.delivery.secret_name else "")
        for one in outcome.config.others
    ]


def test_all_logins_that_last_are_in_one_secret(resolved: Any) -> None:
    outcome = resolved("quay.example/x:1", "quay.example/y:1", "harbor.example/team/z:1")

    assert told(outcome) == [("harbor.example/team", "secret", NAME), ("quay.example", "secret", NAME)]
    assert [one.images for one in outcome.config.others] == [
        ("harbor.example/team/z:1",),
        ("quay.example/x:1", "quay.example/y:1"),
    ]
    assert outcome.config.secret_names == (NAME,)
    assert outcome.codes == []


def test_each_token_that_ends_has_a_secret_and_a_refresher_of_its_own(resolved: Any) -> None:
    outcome = resolved(f"{ECR}/chaos/x:1", "quay.example/y:1")

    assert told(outcome) == [(f"{ECR}/chaos", "refresher", f"{NAME}-{ECR}"), ("quay.example", "secret", NAME)]
    fields = {field.name: field.value for field in outcome.config.fields()}
    assert fields["secret_names"] == f"{NAME}, {NAME}-{ECR}"


def test_beside_a_registry_without_a_lasting_login_the_others_have_a_secret_of_their_own(resolved: Any) -> None:
    outcome = resolved("quay.example/x:1", chosen="aws", cluster={"context": "c", "provider": "eks"})

    assert outcome.config.secret_name is None
    assert told(outcome) == [("quay.example", "secret", f"{NAME}-logins")]


def test_nodes_somebody_else_and_nobody(resolved: Any) -> None:
    on_eks = {"context": "c", "provider": "eks"}
    outcome = resolved(f"{ECR}/chaos/x:1", "registry.example/y:1", "open.example/z:1", cluster=on_eks)

    assert told(outcome) == [(f"{ECR}/chaos", "node_identity", ""), ("registry.example", "theirs", "made-by-others")]
    assert outcome.config.secret_names == (NAME, "made-by-others")
    assert "CHR0511" not in outcome.warnings


def test_an_image_on_no_known_registry_is_a_warning(resolved: Any) -> None:
    outcome = resolved("nowhere.example/x:1", "harbor.example/chaos-2/y:1")

    assert told(outcome) == []  # the second: the chosen registry's login is good for all of its server
    assert "CHR0511" in outcome.warnings
    (warning,) = [one for one in outcome.reviewed.findings if one.code == "CHR0511"]
    assert "`nowhere.example/x:1`" in warning.message


def test_the_longest_path_decides(project: Any) -> None:
    registries = {"all": login("quay.example", "all"), "part": login("quay.example", "part", account="part")}
    account = {"registries": registries, "image_registry": CHOSEN}
    custom = {"log_watcher": "quay.example/part/x:1", "ddcr_lib": "quay.example/party/y:1"}
    outcome = project.four_levels(account=account, infrastructure={"custom_images": custom})

    assert {one.key: one.delivery.credential for one in outcome.config.others} == {
        "quay.example": "of-all",
        "quay.example/part": "of-part",
    }


def test_what_is_wrong_with_an_other_login_is_told(resolved: Any) -> None:
    assert resolved(f"{ECR}/chaos/x:1", pull_secret={"delivery": "secret"}).codes == []  # it is about the chosen one


@pytest.mark.parametrize(
    ("chosen", "others"), [(CHOSEN, [(f"{ECR}/a", "refresher", f"{NAME}-{ECR}")]), ("a", [])], ids=["other", "chosen"]
)
def test_one_refresher_renews_the_login_for_all_of_a_server(project: Any, chosen: Any, others: Any) -> None:
    ecr = {"server": ECR, "type": "private", "authentication": {"type": "aws_ecr"}}
    registries = {"a": ecr | {"account": "a"}, "b": ecr | {"account": "b"}}
    account = {"registries": registries, "image_registry": chosen, "pull_secret": {"identity": "of-aws"}}
    custom = {"log_watcher": f"{ECR}/a/x:1", "ddcr_lib": f"{ECR}/b/y:1"}
    outcome = project.four_levels(account=account, infrastructure={"custom_images": custom})

    assert told(outcome) == others  # two would be resources of one name, which `up` refuses


@pytest.mark.parametrize(
    ("account", "infrastructure", "way"),
    [
        ({"identity": "keys"}, {}, "node_identity"),  # for clusters elsewhere
        ({}, {"identity": "arn:aws:iam::123456789012:role/pull"}, "refresher"),
        ({"identity": "eks_pod_identity"}, {}, "refresher"),
    ],
)
def test_on_eks_a_refresher_is_what_somebody_asks_for(
    project: Any, account: Any, infrastructure: Any, way: str
) -> None:
    said = {"registries": OTHERS, "image_registry": "aws", "cluster": {"provider": "eks"}, "pull_secret": account}
    outcome = project.four_levels(
        account=said, infrastructure={"pull_secret": infrastructure} if infrastructure else {}
    )
    assert str(outcome.config.delivery.how.value) == way
    assert outcome.codes == []
