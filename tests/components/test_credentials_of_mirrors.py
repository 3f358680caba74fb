"""What a mirror logs in with keeps the name that the user gave it, so that messages can say it."""

from typing import Any

import pulumi
import pytest

from pulumi_chaosreg.components.image_mirror import ImageMirror
from pulumi_chaosreg.images.reference import Reference
from tests.support.mocked_program import Recorder, run_program

POLICY = {"source": "docker.io/harness", "push": "harbor-push"}
IMAGE = "chaosreg:index:MirroredImage h.example/chaos/app:1"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""The engine's mark of a secret."""


def mirrored(credential: Any, *, is_secret: bool = False) -> Recorder:
    def program() -> None:
        given = pulumi.Output.secret(credential) if is_secret else credential
        mirror = ImageMirror("m", policy=POLICY, credentials={"harbor-push": given})
        mirror.image(Reference.parse("docker.io/harness/app:1"), Reference.parse("h.example/chaos/app:1"), None)

    return run_program(program)


@pytest.mark.parametrize("is_secret", [False, True])
@pytest.mark.parametrize(
    "credential",
    [
        {"username": 4711, "password": "canary"},  # as `pulumi config set --path` writes it
        '{"username": "4711", "password": "canary"}',
    ],
)
def test_a_credential_reaches_the_plugin_as_a_secret_with_its_name(credential: Any, is_secret: bool) -> None:
    push = mirrored(credential, is_secret=is_secret).made[IMAGE]["push"]
    assert SECRET in push.values()
    assert push["value"] == {"name": "harbor-push", "username": "4711", "password": "canary"}


def test_a_value_that_is_no_credential_is_told_by_the_name_that_the_user_wrote() -> None:
    with pytest.raises(
        pulumi.RunError, match=r"CHR0506\]: `chaosreg-credentials:harbor-push` is not a credential in a known form"
    ) as told:
        mirrored({"username": "u", "pasword": "canary"})
    assert "canary" not in str(told.value)


def test_a_mirror_of_its_own_has_no_registry_that_would_take_a_list() -> None:
    def program() -> None:
        ImageMirror("m", policy={"source": "docker.io/harness", "also": ["harness/delegate:1"]})

    with pytest.raises(pulumi.RunError, match=r"CHR0339\]: `mirror.also` has no effect: an image mirror copies"):
        run_program(program)
