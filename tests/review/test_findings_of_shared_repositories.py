"""Each mistake about the one repository that all images share, told where it stands, and nothing else."""

import pytest

MISTAKES = {
    "nobody says which repository": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: artifactory.company.com:5001  #! CHR0476
              kind: artifactory
              type: private
              authentication: {secret_name: s}
            images: {release: "1.94.4", pin: "off"}
            mirror: "off"
            repositories: {create: true, login: jfrog}
          chaosreg-credentials:jfrog: {secure: v1:x}
        """,
        ["nobody says which repository of `artifactory.company.com:5001` is to be made", "`account: REPOSITORY`"],
    ),
    "nobody who makes it": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: acme.jfrog.io
              account: docker-local
              type: private
              authentication: {secret_name: s}
            images: {release: "1.94.4", pin: "off"}
            mirror: "off"
            repositories:
              create: true  #! CHR0548
        """,
        ["nobody is named who makes repositories at `acme.jfrog.io` (JFrog Artifactory)", "add `login: NAME`"],
    ),
    "a tag that moves": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: acme.jfrog.io
              account: docker-local
              type: private
              authentication: {secret_name: s}
            images:
              release: "1.94.4"
              pin: "off"
              tags:
                chaos-ddcr: latest  #! CHR0443
            mirror: {source: docker.io/harness}
            repositories: {create: true, login: jfrog}
          chaosreg-credentials:jfrog: {secure: v1:x}
        """,
        ["JFrog Artifactory allows no exceptions from immutable tags", "immutable_tags: false"],
    ),
    "a key of another registry": (
        """
        config:
          chaosreg:account:
            id: acme
            registries:
              eu:
                server: acme.jfrog.io  #! CHR0476
                account: docker-local
                type: private
                authentication: {secret_name: s}
            image_registry: eu
            images: {release: "1.94.4", pin: "off"}
            mirror: "off"
            repositories: {create: true, login: jfrog, repository_key: docker-us}
          chaosreg-credentials:jfrog: {secure: v1:x}
        """,
        ["`repository_key: docker-us` does not count for `acme.jfrog.io`: each registry has its own"],
    ),
    "a host that would leave a whole domain": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: docker.acme.com
              kind: artifactory
              type: private
              authentication: {secret_name: s}
            images: {release: "1.94.4", pin: "off"}
            mirror: "off"
            repositories:
              create: true
              login: jfrog
              repository_key: docker  #! CHR0476
          chaosreg-credentials:jfrog: {secure: v1:x}
        """,
        [
            "`docker.acme.com` does not tell where JFrog's API is: without `docker` it would be `acme.com`",
            "account: docker",
        ],
    ),
    "a remote repository's cache": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: acme.jfrog.io
              account: hub-cache/chaos  #! CHR0477
              type: private
              authentication: {secret_name: s}
            images: {release: "1.94.4", pin: "off"}
            mirror: "off"
            repositories: {create: true, login: jfrog}
          chaosreg-credentials:jfrog: {secure: v1:x}
        """,
        [
            "`hub-cache` cannot be a repository that is made at JFrog Artifactory: it ends with `-cache`",
            "create: false",
        ],
    ),
    "a key that the path does not have": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: acme.jfrog.io
              account: docker-local/chaos
              type: private
              authentication: {secret_name: s}
            images: {release: "1.94.4", pin: "off"}
            mirror: "off"
            repositories:
              create: true
              login: jfrog
              repository_key: other  #! CHR0479
          chaosreg-credentials:jfrog: {secure: v1:x}
        """,
        ["repository `other` would be made, but images go to `acme.jfrog.io/docker-local/chaos`", "`account: other`"],
    ),
    "a key that the host does not have": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: acme-docker-local.jfrog.io
              type: private
              authentication: {secret_name: s}
            images: {release: "1.94.4", pin: "off"}
            mirror: "off"
            repositories:
              create: true
              login: jfrog
              repository_key: docker-prod  #! CHR0479
          chaosreg-credentials:jfrog: {secure: v1:x}
        """,
        ["repository `docker-prod` would be made, but images go to `acme-docker-local.jfrog.io`"],
    ),
    "a key with a slash": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: images.company.com
              kind: artifactory
              type: private
              authentication: {secret_name: s}
            images: {release: "1.94.4", pin: "off"}
            mirror: "off"
            repositories:
              create: true
              login: jfrog
              repository_key: docker/local  #! CHR0477
          chaosreg-credentials:jfrog: {secure: v1:x}
        """,
        ["it has other characters than letters, digits, `.`, `_` and `-`"],
    ),
}
WARNINGS = {
    "a remote repository that is mirrored into": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: acme.jfrog.io
              account: docker-remote/chaos  #! CHR0478
              type: private
              authentication: {secret_name: s}
            images: {release: "1.94.4", pin: "off"}
            mirror: {source: docker.io/harness}
        """,
        ["`docker-remote` at `acme.jfrog.io` is pushed to, but its name says `remote`", 'mirror: "off"'],
    ),
    "a host that sounds like a repository's own": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: acme-docker-local.jfrog.io
              account: chaos  #! CHR0479
              type: private
              authentication: {secret_name: s}
            images: {release: "1.94.4", pin: "off"}
            mirror: "off"
            repositories: {create: true, login: jfrog}
          chaosreg-credentials:jfrog: {secure: v1:x}
        """,
        [
            "repository `chaos` would be made at `acme-docker-local.jfrog.io`, but that host may itself stand for "
            "`docker-local`",
            "`repositories: {repository_key: docker-local}` if it does, or `{repository_key: chaos}`",
        ],
    ),
    "settings that Artifactory lacks": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: artifactory.company.com
              kind: artifactory
              account: docker-local/chaos
              type: private
              authentication: {secret_name: s}
            images: {release: "1.94.4", pin: "off"}
            mirror: "off"
            repositories:
              create: true
              login: jfrog
              expire_untagged_after_days: 3  #! CHR0497
              kms_key: arn:aws:kms:eu-west-1:123456789012:key/1  #! CHR0497
              tags: {team: chaos}  #! CHR0497
          chaosreg-credentials:jfrog: {secure: v1:x}
        """,
        ["`repositories.kms_key` has no effect at `artifactory.company.com`: JFrog Artifactory has nothing like it"],
    ),
}

BELOW = "config: {chaosreg:parent_stack: acme, chaosreg:infrastructures: {x: {cluster: {context: c}}}}"
EVERY = MISTAKES | WARNINGS


@pytest.mark.parametrize("mistake", EVERY)
def test_a_mistake_about_a_shared_repository_is_told_where_it_stands(project, check_marks, mistake):
    files, words = EVERY[mistake]
    reviewed = check_marks(project.write({"acme": files, "below": BELOW}), words)
    assert {finding.severity for finding in reviewed.findings} == {"warning" if mistake in WARNINGS else "error"}


@pytest.mark.parametrize(
    ("registry", "repositories"),
    [
        ({"server": "acme.jfrog.io", "account": "docker-local/chaos"}, {}),
        ({"server": "acme-docker-local.jfrog.io"}, {"repository_key": "docker-local"}),
        ({"server": "a.company.com:5001", "account": "x", "kind": "artifactory"}, {"repository_key": "docker-local"}),
        ({"server": "images.company.com", "account": "x", "kind": "artifactory"}, {"repository_key": "docker-local"}),
        ({"server": "acme-oci.jfrog.io", "account": "docker/chaos"}, {"repository_key": "docker"}),
        ({"server": "docker-inc.jfrog.io", "account": "docker-local"}, {}),
        ({"server": "acme.jfrog.io", "account": "hub-remote"}, {"create": False}),
    ],
    ids=[
        "the path",
        "the host",
        "the port",
        "a host of one's own",
        "the path, by a key",
        "a company",
        "a remote repository that somebody else fills",
    ],
)
def test_a_repository_that_is_named_once_is_no_mistake(project, check_marks, registry, repositories):
    private = {"type": "private", "authentication": {"secret_name": "s"}}
    account = {
        "id": "acme",
        "image_registry": registry | private,
        "images": {"release": "1.94.4", "pin": "off"},
        "mirror": "off",
        "repositories": {"create": True, "login": "jfrog", **repositories},
    }
    if not account["repositories"]["create"]:
        del account["repositories"]
    credentials = {"chaosreg-credentials:jfrog": {"secure": "v1:x"}} if "repositories" in account else {}
    check_marks(project.write({"acme": {"chaosreg:account": account, **credentials}, "below": BELOW}))


@pytest.mark.parametrize(("create", "told"), [(False, []), (True, ["CHR0478"])])
def test_a_virtual_repository_is_pushed_to_and_never_made(project, create, told):
    account = {
        "id": "acme",
        "image_registry": {
            "server": "acme.jfrog.io",
            "account": "docker-virtual",
            "type": "private",
            "authentication": {"secret_name": "s"},
        },
        "images": {"release": "1.94.4", "pin": "off"},
        "mirror": {"source": "docker.io/harness"},
    }
    credentials = {}
    if create:
        account["repositories"] = {"create": True, "login": "jfrog"}
        credentials = {"chaosreg-credentials:jfrog": {"secure": "v1:x"}}
    reviewed = project.write({"acme": {"chaosreg:account": account, **credentials}, "below": BELOW}).review()
    assert [finding.code for finding in reviewed.findings] == told
