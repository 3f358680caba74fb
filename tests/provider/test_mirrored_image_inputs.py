"""What `MirroredImage` says to its inputs before anything is copied: check, diff and preview on plain values."""

import pytest

from pulumi_chaosreg.images import signing_policy
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.provider.mirrored_image import MirroredImage
from pulumi_chaosreg.provider.unknown import UNKNOWN
from pulumi_chaosreg.resources.table import ResourceChange

A, B = ("sha256:" + letter * 64 for letter in "ab")
INPUTS = {
    "source": "docker.io/harness/chaos-ddcr:1.94.0",
    "target": "harbor.company.com/chaos/chaos-ddcr:1.94.0",
    "digest": A,
    "push": {"username": "u", "password": "canary"},
    "pull": "canary",
    "onDestroy": "retain",
}
STATE = {
    "source": INPUTS["source"],
    "target": INPUTS["target"],
    "onDestroy": "retain",
    "digest": A,
    "reference": f"{INPUTS['target']}@{A}",
}


@pytest.fixture
def images():
    return MirroredImage(Mirror())


# check


def test_good_inputs_pass_as_they_are(images):
    assert images.check(INPUTS) == (INPUTS, [])


def test_source_and_target_are_enough_and_the_rest_has_defaults(images):
    inputs = {key: INPUTS[key] for key in ("source", "target")}
    assert images.check({**inputs, "digest": None, "push": None}) == ({**inputs, "onDestroy": "retain"}, [])


def test_values_that_are_not_known_yet_pass(images):
    unknown = dict.fromkeys(INPUTS, UNKNOWN)
    assert images.check(unknown) == (unknown, [])


@pytest.mark.parametrize(
    ("wrong", "key", "words"),
    [
        ({"source": None}, "source", "is missing"),
        ({"target": None}, "target", "is missing"),
        ({"source": "docker.io/harness/chaos-ddcr"}, "source", "has no tag"),
        ({"target": "harbor.company.com/chaos/chaos-ddcr"}, "target", "has no tag"),
        ({"source": "docker.io/Harness/x:1"}, "source", "its repository is malformed"),
        ({"target": "https://harbor.company.com/x:1"}, "target", "its server is malformed"),
        ({"target": f"{INPUTS['target']}@{A}"}, "target", "has a digest"),
        ({"target": f"harbor.company.com/x:sha256-{'a' * 64}"}, "target", "the form of a signature's tag"),
        ({"digest": "latest"}, "digest", "is not a digest"),
        ({"digest": A[:-1]}, "digest", "is not a digest"),
        ({"onDestroy": "remove"}, "onDestroy", "must be one of: retain, delete"),
        ({"waitForScan": "10 minutes"}, "waitForScan", "is not a span of time: write a number with"),
        ({"foreignLayers": "drop"}, "foreignLayers", "must be one of: refuse, keep"),
        ({"platforms": []}, "platforms", "must be a list of `os/architecture`"),
        ({"platforms": "linux/amd64"}, "platforms", "must be a list of `os/architecture`"),
        ({"platforms": ["linux/amd64", "arm64"]}, "platforms", "must be a list of `os/architecture`"),
        ({"uniqueTag": "yes"}, "uniqueTag", "must be true or false"),
        ({"sorce": "x"}, "sorce", "is not an input; inputs: source, target, digest, push, pull, delete, onDestroy"),
    ],
)
def test_each_wrong_input_is_one_failure_with_its_name(images, wrong, key, words):
    _, failures = images.check({**INPUTS, **wrong})
    assert [name for name, _ in failures] == [key]
    assert words in failures[0][1]
    assert "canary" not in str(failures)


def test_a_source_may_be_a_digest_alone(images):
    assert images.check({**INPUTS, "source": f"docker.io/harness/x@{A}"})[1] == []


def test_all_wrong_inputs_are_told_together(images):
    _, failures = images.check({"source": "A", "digest": "x", "onDestroy": "y", "z": 1})
    assert {name for name, _ in failures} == {"source", "target", "digest", "onDestroy", "z"}


@pytest.mark.parametrize("wrong", [{"source": 5}, {"target": ["x"]}, {"digest": 5}, {"onDestroy": True}])
def test_an_input_of_the_wrong_type_is_a_failure(images, wrong):
    assert [name for name, _ in images.check({**INPUTS, **wrong})[1]] == list(wrong)


# who must have signed

KEY = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
IDENTITY = {"identity": "release@acme.example", "issuer": "https://login.acme.example"}


@pytest.mark.extra("verify")
def test_signers_pass_as_they_are(images):
    inputs = {**INPUTS, "signatures": "require", "verify": {"public_keys": [KEY]}}
    assert images.check(inputs) == (inputs, [])


@pytest.mark.parametrize(
    "verify", [UNKNOWN, {"public_keys": UNKNOWN}, {"public_keys": [UNKNOWN]}, {"identities": [{"issuer": UNKNOWN}]}]
)
def test_signers_that_are_not_known_yet_pass(images, verify):
    assert images.check({**INPUTS, "signatures": "require", "verify": verify})[1] == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"signatures": "require"}, "needs signers"),
        ({"verify": {"public_keys": [KEY]}}, "has no effect without `signatures: require`"),
        ({"signatures": "copy", "verify": {"public_keys": [KEY]}}, "has no effect without"),
        ({"signatures": "require", "verify": {}}, "it names no key and no identity"),
        ({"signatures": "require", "verify": {"public_keys": ["cosign.pub"]}}, "it is not PEM"),
        ({"signatures": "require", "verify": {"identities": [IDENTITY]}}, "no trusted root"),
        ({"signatures": "require", "verify": {"publicKeys": [KEY]}}, "`publicKeys` is not a valid key"),
    ],
)
def test_signers_that_cannot_be_asked_for_are_a_failure_of_the_preview(images, wrong, words):
    ((name, why),) = images.check({**INPUTS, **wrong})[1]
    assert (name, words in why) == ("verify", True), why


def test_missing_packages_are_a_failure_of_the_preview(images, monkeypatch):
    # a stand-in for an environment without the extra `verify`
    monkeypatch.setattr(signing_policy, "find_spec", lambda name: None)
    inputs = {**INPUTS, "signatures": "require", "verify": {"public_keys": [KEY]}}
    ((name, why),) = images.check(inputs)[1]
    assert (name, "pip install 'pulumi-chaosreg[verify]'" in why) == ("verify", True)


def test_other_signers_are_no_change_of_the_image(images):
    state = {**STATE}
    inputs = {**INPUTS, "signatures": "require", "verify": {"public_keys": [KEY]}}
    assert images.diff(state, inputs) == ResourceChange()


# diff: each input changed once


@pytest.mark.parametrize(
    ("changed", "change"),
    [
        ({}, ResourceChange()),
        ({"source": "quay.io/other/x:2"}, ResourceChange(updates=("source",))),
        ({"target": "harbor.company.com/chaos/chaos-ddcr:2"}, ResourceChange(replaces=("target",))),
        ({"digest": B}, ResourceChange(updates=("digest",))),
        ({"digest": None}, ResourceChange()),  # nobody expects anything: what is there may stay
        ({"onDestroy": "delete"}, ResourceChange(updates=("onDestroy",))),
        (
            {"push": {"username": "u", "password": "rotated"}},
            ResourceChange(),
        ),  # a rotation is no change
        ({"pull": "rotated"}, ResourceChange()),
        ({"push": None, "pull": None}, ResourceChange()),
        ({"uniqueTag": True}, ResourceChange(updates=("uniqueTag",))),
        ({"uniqueTag": False}, ResourceChange()),
        ({"platforms": ["linux/amd64"]}, ResourceChange(updates=("platforms",))),
        ({"platforms": ["linux/amd64"], "digest": B}, ResourceChange(updates=("digest", "platforms"))),
        ({"source": "quay.io/other/x:2", "digest": B}, ResourceChange(updates=("source", "digest"))),
    ],
)
def test_a_changed_input_shows_this_in_a_diff(images, changed, change):
    inputs = {key: value for key, value in {**INPUTS, **changed}.items() if value is not None}
    assert images.diff(STATE, inputs) == change


def test_a_target_that_moved_behind_our_back_is_an_update(images):
    # given: refresh has put into the state what the target holds now
    assert images.diff({**STATE, "digest": B}, INPUTS) == ResourceChange(updates=("digest",))


# preview


def test_a_locked_digest_makes_all_outputs_known(images):
    assert images.preview(INPUTS) == STATE


def test_a_preview_names_the_second_tag_of_a_tag_that_moves(images):
    outputs = images.preview({**INPUTS, "target": "h.example/x:latest", "uniqueTag": True})
    assert outputs["uniqueReference"] == "h.example/x:latest-sha256-" + "a" * 12


def test_without_a_digest_what_the_registry_will_tell_is_left_out(images):
    outputs = images.preview({key: value for key, value in INPUTS.items() if key != "digest"})
    assert outputs == {key: INPUTS[key] for key in ("source", "target", "onDestroy")}


@pytest.mark.parametrize("key", ["target", "digest"])
def test_an_unknown_input_makes_no_reference(images, key):
    assert "reference" not in images.preview({**INPUTS, key: UNKNOWN})


def test_credentials_are_never_outputs(images):
    assert "canary" not in str(images.preview(INPUTS))
    assert not {"push", "pull"} & set(images.preview(INPUTS))
