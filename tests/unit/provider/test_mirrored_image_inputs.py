"""What `MirroredImage` says to its inputs before anything is copied: check, diff and preview on plain values."""

import pytest
from pulumi.output import Unknown

from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.provider.mirrored_image import Change, MirroredImage

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
UNKNOWN = Unknown()  # what only `up` will know


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
        ({"target": f"{INPUTS['target']}@{A}"}, "target", "names a digest"),
        ({"digest": "latest"}, "digest", "is not a digest"),
        ({"digest": A[:-1]}, "digest", "is not a digest"),
        ({"onDestroy": "remove"}, "onDestroy", "must be one of: retain, delete"),
        ({"sorce": "x"}, "sorce", "is not an input; inputs: source, target, digest, push, pull, onDestroy"),
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


# diff: each input changed once


@pytest.mark.parametrize(
    ("changed", "change"),
    [
        ({}, Change()),
        ({"source": "quay.io/other/x:2"}, Change(updates=("source",))),
        ({"target": "harbor.company.com/chaos/chaos-ddcr:2"}, Change(replaces=("target",))),
        ({"digest": B}, Change(updates=("digest",))),
        ({"digest": None}, Change()),  # nobody expects anything: what is there may stay
        ({"onDestroy": "delete"}, Change(updates=("onDestroy",))),
        ({"push": {"username": "u", "password": "rotated"}}, Change()),  # a rotation is not a change of the image
        ({"pull": "rotated"}, Change()),
        ({"push": None, "pull": None}, Change()),
        ({"source": "quay.io/other/x:2", "digest": B}, Change(updates=("source", "digest"))),
    ],
)
def test_a_changed_input_shows_this_in_a_diff(images, changed, change):
    inputs = {key: value for key, value in {**INPUTS, **changed}.items() if value is not None}
    assert images.diff(STATE, inputs) == change


def test_a_target_that_moved_behind_our_back_is_an_update(images):
    # given: refresh has put into the state what the target holds now
    assert images.diff({**STATE, "digest": B}, INPUTS) == Change(updates=("digest",))


# preview


def test_a_locked_digest_makes_all_outputs_known(images):
    assert images.preview(INPUTS) == STATE


def test_without_a_digest_what_the_registry_will_tell_is_left_out(images):
    outputs = images.preview({key: value for key, value in INPUTS.items() if key != "digest"})
    assert outputs == {key: INPUTS[key] for key in ("source", "target", "onDestroy")}


@pytest.mark.parametrize("key", ["target", "digest"])
def test_an_unknown_input_makes_no_reference(images, key):
    assert "reference" not in images.preview({**INPUTS, key: UNKNOWN})


def test_credentials_are_never_outputs(images):
    assert "canary" not in str(images.preview(INPUTS))
    assert not {"push", "pull"} & set(images.preview(INPUTS))
