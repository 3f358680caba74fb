"""Every byte outside of the changed values and the added lines is as it was, in every style that YAML has."""

import re
import time

import pytest
import yaml

from pulumi_chaosreg.manifests.document import NotReadable, json_objects
from pulumi_chaosreg.manifests.rendering import Refused, Template, rendered
from tests.manifests.values import DDCR, FAULTS, SECRET, WATCHER

POD = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: {}\n    name: a\n"
ADDED = f"  imagePullSecrets:\n  - name: {SECRET}\n"


def test_line_ends_and_a_byte_order_mark_stay(target):
    text = "\ufeff" + POD.format("harness/chaos-ddcr:1 # é").replace("\n", "\r\n")
    new = "\ufeff" + POD.format(f"{DDCR} # é").replace("  containers", f"{ADDED}  containers").replace("\n", "\r\n")
    assert rendered(text, target).text == new


def test_a_file_without_a_last_line_end(target):
    text = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a} # last"
    assert rendered(text, target).text == f"{text}\nimagePullSecrets:\n  - name: {SECRET}"


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("harness/chaos-ddcr:1", DDCR),
        ("'harness/chaos-ddcr:1'", f"'{DDCR}'"),
        ('"harness/chaos-ddcr:1"', f'"{DDCR}"'),
        ('"harness/chaos\\x2dddcr:1"', f'"{DDCR}"'),
        ('&one "harness/chaos\\x2dddcr:1"', f'&one "{DDCR}"'),
        ("!!str harness/chaos-ddcr:1", f"!!str {DDCR}"),
        ("&one harness/chaos-ddcr:1", f"&one {DDCR}"),
        ("&one !!str 'harness/chaos-ddcr:1'", f"&one !!str '{DDCR}'"),
        ("|-\n      harness/chaos-ddcr:1", f"|-\n      {DDCR}"),
        (">-\n      harness/chaos-ddcr:1\n", f">-\n      {DDCR}\n"),
        ("\n      harness/chaos-ddcr:1", f"\n      {DDCR}"),
    ],
)
def test_a_reference_keeps_its_quotes_anchor_and_tag(target, written, becomes):
    expected = POD.format(becomes).replace("  containers", f"{ADDED}  containers")
    assert rendered(POD.format(written), target).text == expected


@pytest.mark.parametrize(
    ("has", "becomes"),
    [
        ("imagePullSecrets: []", "imagePullSecrets: [{{name: {0}}}]"),
        ("imagePullSecrets:", "imagePullSecrets: [{{name: {0}}}]"),
        ("imagePullSecrets: # none", "imagePullSecrets: [{{name: {0}}}] # none"),
        ("imagePullSecrets: null", "imagePullSecrets: [{{name: {0}}}]"),
        ("imagePullSecrets: [{{name: a}}]", "imagePullSecrets: [{{name: a}}, {{name: {0}}}]"),
        ('imagePullSecrets: [{{"name": "a"}}]', 'imagePullSecrets: [{{"name": "a"}}, {{"name": "{0}"}}]'),
        ("imagePullSecrets:\n  - name: a # b", "imagePullSecrets:\n  - name: a # b\n  - name: {0}"),
        ("imagePullSecrets:\n    - name: a", "imagePullSecrets:\n    - name: a\n    - name: {0}"),
        ("imagePullSecrets:\n  - {{name: a}}\n  # c", "imagePullSecrets:\n  - {{name: a}}\n  - name: {0}\n  # c"),
        ("imagePullSecrets:\n  - name: {0}", "imagePullSecrets:\n  - name: {0}"),
    ],
)
def test_a_list_of_secrets_that_is_there_is_added_to(target, has, becomes):
    text = POD.format(DDCR).replace("  containers", f"  {has.format(SECRET)}\n  containers")
    assert rendered(text, target).text == text.replace(has.format(SECRET), becomes.format(SECRET))


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        (
            "{apiVersion: v1, kind: Pod, spec: {containers: [{image: harness/chaos-ddcr:1}]}}",
            "{apiVersion: v1, kind: Pod, spec: {imagePullSecrets: [{name: SECRET}], containers: [{image: DDCR}]}}",
        ),
        (
            '{"kind": "Pod", "apiVersion": "v1", "spec": {"containers": [{"image": "harness/chaos-ddcr:1"}]}}',
            '{"kind": "Pod", "apiVersion": "v1", "spec": {"imagePullSecrets": [{"name": "SECRET"}], '
            '"containers": [{"image": "DDCR"}]}}',
        ),
        (
            '{"apiVersion": "v1", "kind": "Pod",\n "spec": {\n  "restartPolicy": "Never",\n  "containers": []}}',
            '{"apiVersion": "v1", "kind": "Pod",\n "spec": {\n  "restartPolicy": "Never",\n  "containers": []}}',
        ),
        (
            '{"apiVersion": "v1", "kind": "Pod", "spec": {\n\t"hostPID": true,\n\t"containers": '
            '[{"image": "harness/chaos-ddcr:1"}]}}',
            '{"apiVersion": "v1", "kind": "Pod", "spec": {\n\t"hostPID": true,\n\t"imagePullSecrets": '
            '[{"name": "SECRET"}],\n\t"containers": [{"image": "DDCR"}]}}',
        ),
        (
            "{apiVersion: v1, kind: ServiceAccount}",
            "{imagePullSecrets: [{name: SECRET}], apiVersion: v1, kind: ServiceAccount}",
        ),
        # the entry above is a block whose lines nobody may come between
        (
            "apiVersion: v1\nkind: Pod\nspec:\n"
            "  hostname: |+\n    a\n\n  containers: [{image: harness/chaos-ddcr:1}]\n",
            "apiVersion: v1\nkind: Pod\nspec:\n"
            "  hostname: |+\n    a\n\n  imagePullSecrets:\n    - name: SECRET\n"
            "  containers: [{image: DDCR}]\n",
        ),
        # a comment belongs to what is below it
        (
            "apiVersion: v1\nkind: Pod\nspec:\n"
            "  # all\n  containers: [{image: harness/chaos-ddcr:1}] # of them\n\n---\n",
            "apiVersion: v1\nkind: Pod\nspec:\n"
            "  # all\n  containers: [{image: DDCR}] # of them\n"
            "  imagePullSecrets:\n    - name: SECRET\n\n---\n",
        ),
        # an alias above
        (
            "x: &x [a]\napiVersion: v1\nkind: Pod\nspec:\n  y: *x # c\n  containers: [{image: harness/chaos-ddcr:1}]\n",
            "x: &x [a]\napiVersion: v1\nkind: Pod\nspec:\n  y: *x # c\n  imagePullSecrets:\n    - name: SECRET\n"
            "  containers: [{image: DDCR}]\n",
        ),
        # a list of objects whose first key stands behind the dash
        (
            "apiVersion: example/v1\nkind: Some\npods:\n- containers:\n  - image: harness/chaos-ddcr:1\n",
            "apiVersion: example/v1\nkind: Some\npods:\n- imagePullSecrets:\n  - name: SECRET\n  containers:\n"
            "  - image: DDCR\n",
        ),
        (
            "apiVersion: v1\nkind: Pod\nspec:\n"
            "  hostPID: &p true\n\n\n  'containers':\n    -   image: harness/chaos-ddcr:1\n",
            "apiVersion: v1\nkind: Pod\nspec:\n"
            "  hostPID: &p true\n  imagePullSecrets:\n    - name: SECRET\n\n\n"
            "  'containers':\n    -   image: DDCR\n",
        ),
    ],
)
def test_new_lines_are_in_the_style_of_what_is_around_them(target, text, becomes):
    assert rendered(text, target).text == becomes.replace("SECRET", SECRET).replace("DDCR", DDCR)


def test_an_anchor_is_changed_once_where_all_its_aliases_mean_an_image(target):
    text = (
        "apiVersion: v1\nkind: Pod\nspec:\n  initContainers: [{image: &one harness/chaos-ddcr:1}]\n"
        "  containers:\n  - image: *one\n"
    )
    assert rendered(text, target).text.count(DDCR) == 1


def test_what_containers_merge_is_changed_where_it_stands(target):
    text = (
        "x-common: &common\n  image: harness/chaos-ddcr:1\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
        "  - <<: *common\n    name: a\n  - <<: *common\n    name: b\n"
    )
    with pytest.raises(Refused):  # `x-common` itself says an image where no Pod's is: it is not ours to change
        rendered(text, target)
    result = rendered(
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - &common\n    image: harness/chaos-ddcr:1\n"
        "    name: a\n  - <<: *common\n    name: b\n",
        target,
    )
    assert [one["image"] for one in yaml.safe_load(result.text)["spec"]["containers"]] == [DDCR, DDCR]


def test_an_alias_that_means_something_else_too_is_refused(target):
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {labels: {image: &one harness/chaos-ddcr:1}}\nspec:\n"
        "  containers:\n  - image: *one\n"
    )
    with pytest.raises(Refused):
        rendered(text, target)


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: {{ .Values.image }}\n",
        'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: "{{ .Values.image }}"\n',
        'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: "{{ image }}:{{ tag }}"\n',
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}-a\n",
        "{{- if .Values.enabled }}\napiVersion: v1\nkind: Pod\n{{- end }}\n",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: '{{ include \"name\" . }}'\n",
    ],
)
def test_templates_are_refused(target, text):
    with pytest.raises(Template):
        rendered(text, target)


def test_templates_of_programs_that_read_them_later_are_none_of_ours(render):
    result = render(
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          annotations: {note: '{{ if .Values.x }}'}
        data:
          alert.tmpl: '{{ define "slack" }}{{ range .Alerts }}x{{ end }}{{ end }}'
          LOG_WATCHER_IMAGE: harness/chaos-log-watcher:1
        ---
        apiVersion: monitoring.coreos.com/v1
        kind: PrometheusRule
        spec: {annotations: {summary: '{{ $labels.pod }}'}}
        ---
        apiVersion: litmuchaos.io/v1alpha2
        kind: K8sFault
        spec:
          definition:
            chaos:
              image: harness/chaos-ddcr-faults:1.54.0
              env: [{name: LIB_IMAGE, value: '{{ .LIB_IMAGE }}'}, {name: X, value: '<+input>'}]
        """
    )
    assert WATCHER in result.text
    assert FAULTS in result.text


@pytest.mark.parametrize("text", ["a: [", "a: &a [*a]", "[" * 200, "kind: Pod\n  b: c\n", "\x00"])
def test_what_is_no_yaml_is_told(target, text):
    with pytest.raises(NotReadable):
        rendered(text, target)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "image: harness/chaos-ddcr:1\n", "- a\n", "kind: [a]\n"])
def test_what_is_no_object_is_left_alone(target, text):
    assert rendered(text, target).text == text


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Pod\nspec: text\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers: text\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers: [text, {image: [a]}, {env: b}, {env: [c, {name: [d]}]}]\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  imagePullSecrets: text\n  containers: [{image: harness/chaos-ddcr:1}]\n",
        "apiVersion: [v1]\nkind: {a: b}\nmetadata: text\n",
        "apiVersion: v1\nkind: List\nitems: [text, [a], {kind: List, items: [b]}]\n",
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: [a]\n",
        "apiVersion: litmuschaos.io/v1alpha1\nkind: ChaosEngine\nspec: {experiments: [a, {spec: b}], components: c}\n",
        "apiVersion: v1\nkind: ConfigMap\ndata: {a: [b], c: {d: e}}\n",
    ],
)
def test_malformed_objects_do_not_end_the_run(target, text):
    result = rendered(text, target)
    assert re.sub(r"harbor\S*", "", result.text)


@pytest.mark.parametrize("between", ["", "\n", " \n\n"])
def test_json_objects_one_after_the_other_are_changed_each(target, between):
    one = '{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": "harness/chaos-ddcr:1"}]}}'
    secrets, image = f'"imagePullSecrets": [{{"name": "{SECRET}"}}], "containers"', DDCR
    new = one.replace('"containers"', secrets).replace("harness/chaos-ddcr:1", image)
    result = rendered(f"{one}{between}{one}\n", target)
    assert result.text == f"{new}{between}{new}\n"
    assert {change.line for change in result.changed} == {1, 1 + between.count("\n")}
    assert rendered(result.text, target).text == result.text


def test_what_is_not_json_all_through_is_no_manifest(target):
    for text in ('{"a": 1} {"b"', '{"a": 1} x: 1', '{"a": 1} [1]'):
        with pytest.raises(NotReadable):
            rendered(text, target)


def test_json_in_single_quotes_stays_there(target):
    spec = '{"containers": [{"image": "harness/chaos-ddcr:1"}]}'
    pod = f"""{{"kind": "Pod", "apiVersion": "v1", "a": "it''s", "spec": {spec}}}"""
    text = f"apiVersion: v1\nkind: ConfigMap\ndata:\n  pod.json: '{pod}'\n"
    secrets = f'"imagePullSecrets": [{{"name": "{SECRET}"}}], "containers"'
    expected = text.replace("harness/chaos-ddcr:1", DDCR).replace('"containers"', secrets)
    assert rendered(text, target).text == expected


def test_a_list_that_ends_with_an_alias_is_refused_or_right(target):
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {x: &s {name: a}}\nspec:\n  imagePullSecrets:\n  - *s\n"
        "  containers: [{image: harness/chaos-ddcr:1}]\n"
    )
    with pytest.raises(Refused):
        rendered(text, target)


def test_what_kubectl_applied_last_is_no_mention(target):
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n"
        "    kubectl.kubernetes.io/last-applied-configuration: |\n"
        '      {"spec":{"containers":[{"image":"harness/chaos-ddcr:1"}]}}\nspec: {containers: [{image: nginx}]}\n'
    )
    result = rendered(text, target)
    assert result.text == text
    assert [one.text for one in result.kept] == ["nginx"]


def test_many_json_objects_take_linear_time() -> None:
    """Four megabytes took ten seconds, each object looking through all that came after it."""
    text = '{"kind": "ConfigMap", "data": {"a": "b"}}\n' * 100_000
    began = time.process_time()
    assert len(json_objects(text)) == 100_000
    assert time.process_time() - began < 3
