"""What a kind takes as a path, a repository and a filter; where AWS publishes the limits, they are AWS's."""

import botocore.session
import pytest

from pulumi_chaosreg.images.reference import REPOSITORY
from pulumi_chaosreg.registries.kinds import all_kinds, registry_kind

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GAR, GCR = "europe-docker.pkg.dev", "eu.gcr.io"


def shapes(service):
    return botocore.session.get_session().get_service_model(service)._service_description["shapes"]


@pytest.mark.parametrize(
    ("server", "said", "account", "problem"),
    [
        (GAR, None, "acme/chaos", ""),
        (GAR, None, "acme/chaos/images", ""),
        (GAR, None, "example.com/acme/chaos", ""),
        (GAR, None, "acme", f"`{GAR}` needs `PROJECT/REPOSITORY` as the path, but `acme` is not enough"),
        (GAR, None, "", f"`{GAR}` needs `PROJECT/REPOSITORY` as the path, but there is none"),
        (GCR, None, "acme", ""),
        (GCR, None, "/", f"`{GCR}` needs `PROJECT` as the path, but there is none"),
        (ECR, None, "", ""),
        ("docker.io", None, "harness", ""),
        ("registry-1.docker.io", None, "", "`registry-1.docker.io` needs `NAMESPACE` as the path, but there is none"),
        ("docker.io", None, "a/b", "`docker.io` has images at `NAMESPACE/IMAGE` only, but the path is `a/b`"),
        ("harbor.company.com", "harbor", "", "`harbor.company.com` needs `PROJECT` as the path, but there is none"),
        ("harbor.company.com", None, "", ""),
        ("registry.gitlab.com", None, "acme/chaos", ""),
    ],
)
def test_a_path_has_what_the_kind_needs_before_the_images(server, said, account, problem):
    assert registry_kind(server, said).account_problem(server, account) == problem


@pytest.mark.parametrize(("service", "kind"), [("ecr", "ecr"), ("ecr-public", "ecr_public")])
def test_the_names_of_repositories_at_aws_are_as_aws_says(service, kind):
    names, aws = all_kinds()[kind].repository, shapes(service)["RepositoryName"]
    grammar = names.pattern.pattern if names.pattern else REPOSITORY.pattern.removeprefix("^").removesuffix(r"\Z")
    assert (names.shortest, names.longest) == (aws["min"], aws["max"])
    assert grammar.replace("(?:", "(") == aws["pattern"].replace("(?:", "(").replace(r"\/", "/")


def test_a_repository_that_the_kind_would_refuse_is_told():
    ecr, public = all_kinds()["ecr"], all_kinds()["ecr_public"]
    assert ecr.repository_problem("chaos/chaos-ddcr") == ""
    assert "has 257 characters, but Amazon ECR allows 256" in ecr.repository_problem("c" * 257)
    assert "`c` is too short for Amazon ECR" in ecr.repository_problem("c")
    assert ecr.repository_problem("chaos__ddcr") == ""
    assert public.repository_problem("chaos__ddcr") == "`chaos__ddcr` is not a valid name on Amazon ECR Public"
    assert all_kinds()["generic"].repository_problem("c") == ""


@pytest.mark.parametrize(("service", "kind"), [("ecr", "ecr"), ("ecr-public", "ecr_public")])
def test_the_rights_at_aws_are_actions_that_there_are(service, kind):
    model = botocore.session.get_session().get_service_model(service)
    rights = all_kinds()[kind].rights
    actions = {f"{service}:{operation}" for operation in model.operation_names}
    uploads = {"InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"}
    assert {right for words in rights.values() for right in words} - actions <= {"sts:GetServiceBearerToken"}
    assert uploads <= {right.partition(":")[2] for right in rights["push"]}
    assert not {f"{service}:{name}" for name in uploads} & {*rights.get("pull", ()), *rights["delete"]}
    assert f"{service}:BatchDeleteImage" not in {*rights.get("pull", ()), *rights["push"]}


@pytest.mark.parametrize("kind", all_kinds().values(), ids=all_kinds())
def test_no_two_identities_of_a_kind_have_the_same_rights(kind):
    words = [kind.rights[who] for who in ("pull", "push", "delete") if who in kind.rights]
    if kind.name != "quay":  # whose robots either write, which includes removal, or do not
        assert len(set(words)) == len(words)
