"""What works against itself in a Harbor's project that we make: told offline, each where it stands."""

from typing import Any

import pytest

SERVER = "harbor.company.com"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture
def findings(project):
    """Ours, of an account that makes a Harbor's project."""

    def findings(*, server: str = SERVER, said: dict[str, Any] | None = None, **repositories: Any) -> list[Any]:
        registry = {"server": server, "account": "chaos", "type": "private"}
        registry |= (
            {"kind": "harbor", "authentication": {"username": "robot$chaos+pull", "password_secret": "pull"}}
            if server == SERVER
            else {"authentication": {"type": "aws_ecr"}}
        )
        account = {
            "id": "acme",
            "image_registry": registry,
            "images": {"release": "1.94.4"},
            "mirror": {"source": "docker.io/harness"},
            "repositories": {"create": True, **({"login": "admin"} if server == SERVER else {}), **repositories},
            **(said or {}),
        }
        infrastructures = {"eu": {"cluster": {"context": "eu", "provider": "eks"}}}
        project.write({"acme": {"chaosreg:account": account, "chaosreg:infrastructures": infrastructures}})
        return [
            one
            for one in project.review().findings
            if one.code in ("CHR0488", "CHR0497", "CHR0498", "CHR0301", "CHR0107")
        ]

    return findings


def test_what_fits_is_not_told(findings):
    every = {"public": False, "quota": "50GiB", "prevent_vulnerable": "high", "adopt": True, "robot_days": 2}
    assert findings(harbor=every, immutable_tags=True, scan_on_push=True) == []
    assert findings(said={"on_destroy": "delete"}, immutable_tags=False) == []


@pytest.mark.parametrize(
    ("repositories", "said", "words"),
    [
        ({"scan_on_push": False, "harbor": {"prevent_vulnerable": "low"}}, {}, "no image could be pulled"),
        ({"harbor": {"robot_days": 1}}, {}, "`robot_days` is 1"),
        ({"kms_key": "arn:aws:kms:eu-west-1:123456789012:key/a"}, {}, "`repositories.kms_key` has no effect at"),
        ({"members": {"pull": ["group:a@b.example"]}}, {}, "Harbor has nothing like it"),
        ({"expire_untagged_after_days": 3}, {}, "`repositories.expire_untagged_after_days` has no effect"),
        ({"harbor": {"quota": "50GB"}}, {}, "is not a quota"),
        ({"harbor": {"quota": "2000TiB"}}, {}, "Harbor takes at most 1024 TiB"),
        ({"harbor": {"prevent_vulnerable": "severe"}}, {}, "prevent_vulnerable"),
    ],
)
def test_what_does_not_fit_is_told_where_it_stands(findings, repositories, said, words):
    (finding,) = findings(said=said, **repositories)
    assert words in finding.message
    assert set(finding.place.keys) & set(repositories)
    assert finding.help


def test_tags_that_stay_are_never_deleted(findings):
    for repositories in ({}, {"immutable_tags": True}):
        (finding,) = findings(said={"on_destroy": "delete"}, **repositories)
        assert finding.code == "CHR0498"
        assert "Harbor keeps every tag" in finding.message


def test_what_only_harbor_knows_has_no_effect_elsewhere(findings):
    (finding,) = findings(server=ECR, harbor={"quota": "50GiB"})
    assert finding.message == f"`repositories.harbor` has no effect at `{ECR}`: Amazon ECR has nothing like it"
    assert finding.code == "CHR0497"
    assert finding.severity == "warning"


def test_a_project_that_nobody_may_see_is_no_public_registry(project):
    account = {
        "id": "acme",
        "image_registry": {"server": SERVER, "account": "chaos", "type": "public", "kind": "harbor"},
        "images": {"release": "1.94.4"},
        "mirror": {"source": "docker.io/harness"},
        "repositories": {"create": True, "harbor": {"public": False}},
    }
    project.write(
        {"acme": {"chaosreg:account": account, "chaosreg:infrastructures": {"eu": {"cluster": {"context": "c"}}}}}
    )
    (finding,) = [one for one in project.review().findings if one.code == "CHR0488"]
    assert "are to pull from `harbor.company.com/chaos` without a credential" in finding.message


@pytest.mark.parametrize("account", ["chaos__x", "chaos--x/y", "a..b"])
def test_a_project_s_name_is_checked_offline(project, account):
    registry = {"server": SERVER, "account": account, "type": "public", "kind": "harbor"}
    said = {"id": "acme", "image_registry": registry, "images": {"release": "1.94.4", "pin": "off"}, "mirror": "off"}
    project.write(
        {"acme": {"chaosreg:account": said, "chaosreg:infrastructures": {"eu": {"cluster": {"context": "c"}}}}}
    )
    assert [one.code for one in project.review().errors]
