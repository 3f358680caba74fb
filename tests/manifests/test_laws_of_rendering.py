"""Whatever an object says and however it is written: its images and Secrets become right, and no other byte changes."""

import re
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from pulumi_chaosreg.manifests.document import NotReadable, documents
from pulumi_chaosreg.manifests.rendering import Refused, Template, rendered
from tests.manifests.values import DDCR, FAULTS, SECRET
from tests.support.examples import examples
from tests.support.yaml_writer import written

OURS = {"harness/chaos-ddcr:1": DDCR, "docker.io/harness/chaos-ddcr-faults:main-latest": FAULTS, DDCR: DDCR}
THEIRS = ("nginx", "quay.io/a/b:1", "example.com:5000/x@sha256:" + "a" * 64)
images = st.sampled_from((*OURS, *THEIRS))
words = st.sampled_from(("a", "some text", "null", "", "x: y", "# no", "-"))
environment = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(("LIB_IMAGE", "OTHER", "X_IMAGE")), "value": images | words}),
    max_size=2,
)
containers = st.lists(
    st.fixed_dictionaries({"name": words, "image": images}, optional={"env": environment, "note": words}),
    min_size=1,
    max_size=3,
)
pods = st.fixed_dictionaries(
    {"containers": containers},
    optional={
        "hostname": words | st.just("several\n\n  lines\n"),
        "initContainers": containers,
        "imagePullSecrets": st.lists(st.sampled_from(({"name": "x"}, {"name": SECRET})), max_size=2, unique_by=str),
        "volumes": st.lists(st.fixed_dictionaries({"name": words}), max_size=2),
    },
)


@st.composite
def objects(draw: Any) -> dict[str, Any]:
    pod = draw(pods)
    keys = draw(st.permutations(list(pod)))
    pod = {key: pod[key] for key in keys}
    kind = draw(st.sampled_from(("Pod", "Job", "Unknown", "ServiceAccount")))
    if kind == "ServiceAccount":
        account = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}}
        return {**account, **({"imagePullSecrets": pod["imagePullSecrets"]} if "imagePullSecrets" in pod else {})}
    api = {"Pod": "v1", "Job": "batch/v1"}.get(kind, "example.com/v1")
    spec = pod if kind == "Pod" else {"template": {"metadata": {"labels": {"a": "b"}}, "spec": pod}}
    return {"apiVersion": api, "kind": kind, "spec": spec}


@st.composite
def texts(draw: Any) -> tuple[dict[str, Any], str]:
    value = draw(objects())
    random = draw(st.randoms(use_true_random=False, note_method_calls=False))
    return value, written(value, lambda *options: random.choice(options))


def expected(value: Any) -> Any:
    """The same object with what has to change, by other means: images wherever they are, Secrets by kind."""
    if isinstance(value, list):
        return [expected(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {key: expected(item) for key, item in value.items()}
    for key in ("image", "value"):
        if result.get(key) in OURS:
            result[key] = OURS[result[key]]
    every = [*result.get("containers", ()), *result.get("initContainers", ())]
    if result.get("kind") == "ServiceAccount" or any(one["image"] in OURS.values() for one in every):
        has = result.get("imagePullSecrets", [])
        result["imagePullSecrets"] = has if {"name": SECRET} in has else [*has, {"name": SECRET}]
    return result


@given(texts())
@examples(100)
def test_images_and_secrets_become_right_and_a_second_run_changes_nothing(target, drawn):
    value, text = drawn
    assert yaml.load(text, yaml.BaseLoader) == value  # the writer writes what it should
    result = rendered(text, target)
    assert yaml.load(result.text, yaml.BaseLoader) == expected(value)
    again = rendered(result.text, target)
    assert (again.text, again.changed) == (result.text, [])


def without_what_is_new(text: str) -> str:
    """Both texts of a rendering come to the same where nothing else changed: every image of ours as one word, and no
    list of our Secret.
    """
    for old, new in OURS.items():
        text = text.replace(new, "IMAGE").replace(old, "IMAGE")
    text = re.sub(r",? ?\{\"?name\"?: [\"']?" + SECRET + r"[\"']?\}", "", text)
    text = re.sub(r"(?m)^ *- *[\"']?name[\"']?: *[\"']?" + SECRET + r"[\"']?\r?\n?", "", text)
    text = re.sub(r"[\"']?imagePullSecrets[\"']?: ?\[ *\],? ?", "", text)
    text = re.sub(r"[\"']?imagePullSecrets[\"']?:\r?\n? *", "", text)
    return re.sub(r"\s+", "", text)


@given(texts())
@examples(100)
def test_every_other_byte_stays(target, drawn):
    text = drawn[1].replace('"' + SECRET + '"', SECRET)
    result = rendered(text, target)
    assert without_what_is_new(result.text) == without_what_is_new(text)
    if "\r\n" in text:
        assert "\n" not in result.text.replace("\r\n", "")
    check_lines(text, result.text)


def check_lines(before: str, after: str) -> None:
    """The lines of before are there, in their order and to the last space, but those that have what changes."""
    there, position = after.splitlines(), 0
    for line in before.splitlines():
        if "imagePullSecrets" not in line and not any(image in line for image in OURS):
            position = there.index(line, position) + 1


@given(texts(), st.randoms(use_true_random=False, note_method_calls=False))
@examples(150)
def test_a_damaged_text_is_refused_or_rendered_and_once_is_enough(target, drawn, random):
    text = drawn[1]
    for _ in range(random.randint(1, 3)):
        position = random.randrange(len(text) + 1)
        noise = random.choice(
            (":", "\n", " ", "  ", "- ", "&x ", "*x", "{", "]", "'", '"', "|", "#", "<<: ", "\t", "{{ x }}", "? ")
        )
        text = text[:position] + noise + text[position + random.randint(0, 3) :]
    try:
        result = rendered(text, target)
    except (NotReadable, Refused, Template):
        return
    again = rendered(result.text, target)
    assert again.text == result.text
    before, after = (documents(one.removeprefix("\ufeff")) for one in (text, result.text))
    assert len(before) == len(after)


@given(texts(), st.randoms(use_true_random=False, note_method_calls=False))
@examples(80)
def test_an_object_inside_of_a_text_becomes_what_it_becomes_alone(target, drawn, random):
    inner = drawn[1].removeprefix("\ufeff").replace("\r\n", "\n").lstrip()
    if "\n" not in inner.rstrip("\n"):
        return
    outer = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"first": "x", "manifest": inner, "last": "y"}}
    text = written(outer, lambda *options: random.choice(options))
    carried = yaml.safe_load(text)["data"]["manifest"]  # a blank line below it may be its own
    result = rendered(text, target)
    assert yaml.safe_load(result.text)["data"]["manifest"] == rendered(carried, target).text
    lines = text.splitlines()
    for one in result.changed:
        if one.old and "manifest: |" in result.text:
            assert one.old in lines[one.line - 1]
