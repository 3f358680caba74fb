"""Argo's objects: their templates, their parameters, and the objects that they carry as text."""

import yaml

from pulumi_chaosreg.manifests.target import Reason
from tests.manifests.values import DDCR, FAULTS, SECRET

NAMED = [{"name": SECRET}]

WORKFLOW = """\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  name: w
  namespace: hce
spec:
  entrypoint: main
  arguments:
    parameters:
      - name: adminModeNamespace
        value: hce
      - {name: image, value: docker.io/harness/chaos-ddcr-faults:1.0}
  templates:
    - name: main
      steps:
        - - name: install
            template: install
        - - name: inline
            inline:
              script: {image: harness/chaos-ddcr:2, source: "echo {{inputs.parameters.x}}"}
    - name: install
      inputs:
        artifacts:
          - name: engine
            path: /tmp/e.yaml
            raw:
              data: |
                # {{workflow.name}} is the workflow's
                apiVersion: litmuschaos.io/v1alpha1
                kind: ChaosEngine
                metadata:
                  namespace: {{workflow.parameters.adminModeNamespace}}
                  generateName: {{workflow.name}}-pod-delete
                spec:
                  experiments:
                    - name: pod-delete
                      spec:
                        components:
                          env:
                            - name: LIB_IMAGE
                              value: harness/chaos-ddcr-faults:1.0   # helper

                            - name: OTHER
                              value: '{{workflow.parameters.other}}'
      sidecars:
        - {name: s, image: "harness/chaos-ddcr:3"}
      container:
        name: ''
        image: "{{workflow.parameters.image}}"
        args: [-file=/tmp/e.yaml, --image=docker.io/harness/chaos-ddcr:2.0]
"""


def test_a_workflow_and_the_engine_that_it_carries(render):
    result = render(WORKFLOW)
    expected = WORKFLOW
    secret = "imagePullSecrets:\n{0}  - name: " + SECRET + "\n{0}"
    for old, new in (
        ("docker.io/harness/chaos-ddcr-faults:1.0", FAULTS),
        ("value: harness/chaos-ddcr-faults:1.0 ", f"value: {FAULTS} "),
        ("harness/chaos-ddcr:2,", f"{DDCR},"),
        ("harness/chaos-ddcr:3", DDCR),
        ("--image=docker.io/harness/chaos-ddcr:2.0]", f"--image={DDCR}]"),
        ("templates:", secret.format("  ") + "templates:"),
        (
            "\n                          env:",
            "\n                          experimentImagePullSecrets:\n"
            f"                            - name: {SECRET}\n                          env:",
        ),
    ):
        assert expected.count(old) == 1
        expected = expected.replace(old, new)
    last = "                              value: '{{workflow.parameters.other}}'\n"
    runner = ("components:", "  runner:", "    imagePullSecrets:", f"      - name: {SECRET}")
    expected = expected.replace(last, last + "".join(f"{' ' * 18}{line}\n" for line in runner))
    assert result.text == expected
    assert [(one.line, one.text, one.reason) for one in sorted(result.kept, key=lambda one: one.line)] == [
        (49, "{{workflow.parameters.image}}", Reason.PARAMETER),
    ]


def test_lines_are_those_of_the_file_also_inside_of_a_text(render):
    lines = WORKFLOW.splitlines()
    for one in render(WORKFLOW).changed:
        if one.old:
            assert one.old in lines[one.line - 1]


def test_other_kinds_of_workflows(render):
    for kind, path in (
        ("WorkflowTemplate", ["spec"]),
        ("ClusterWorkflowTemplate", ["spec"]),
        ("CronWorkflow", ["spec", "workflowSpec"]),
    ):
        value = {"templates": [{"name": "a", "container": {"image": "harness/chaos-ddcr:1"}}]}
        for key in reversed(path):
            value = {key: value}
        text = yaml.safe_dump({"apiVersion": "argoproj.io/v1alpha1", "kind": kind, **value})
        spec = yaml.safe_load(render(text).text)
        for key in path:
            spec = spec[key]
        assert spec == {
            "imagePullSecrets": NAMED,
            "templates": [{"name": "a", "container": {"image": DDCR}}],
        }


def test_text_in_quotes_is_written_anew(render):
    inner = (
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
        "  - image: harness/chaos-ddcr:1\n    name: {{workflow.name}}\n"
    )
    for style in ('"', ">"):
        workflow = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "spec": {"templates": [{"inputs": {"artifacts": [{"name": "a", "raw": {"data": inner}}]}}]},
        }
        text = yaml.dump(workflow, default_style=style, width=1000)
        changed = yaml.safe_load(render(text).text)["spec"]["templates"][0]["inputs"]["artifacts"][0]["raw"]["data"]
        assert changed == (
            "apiVersion: v1\nkind: Pod\nspec:\n  imagePullSecrets:\n  - name: " + SECRET + "\n"
            f"  containers:\n  - image: {DDCR}\n    name: {{{{workflow.name}}}}\n"
        )


def test_a_patch_of_the_pod_and_a_resource_s_manifest(render):
    result = render(
        """
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        spec:
          podSpecPatch: |
            initContainers:
              - name: init
                image: harness/chaos-ddcr:1
          templates:
            - name: a
              resource:
                action: create
                manifest: |-
                  apiVersion: batch/v1
                  kind: Job
                  metadata: {generateName: "{{workflow.name}}-"}
                  spec:
                    template:
                      spec: {containers: [{name: a, image: harness/chaos-ddcr:1}]}
        """
    )
    spec = yaml.safe_load(result.text)["spec"]
    assert yaml.safe_load(spec["podSpecPatch"])["initContainers"] == [{"name": "init", "image": DDCR}]
    job = yaml.safe_load(spec["templates"][0]["resource"]["manifest"])
    assert job["spec"]["template"]["spec"] == {
        "imagePullSecrets": NAMED,
        "containers": [{"name": "a", "image": DDCR}],
    }


def test_text_in_quotes_in_a_block_keeps_its_parameters(render):
    inner = (
        '"kind: Pod\\napiVersion: v1\\nspec:\\n  nodeName: {{item}}\\n  containers: [{image: harness/chaos-ddcr:1}]\\n"'
    )
    result = render(
        f"""
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        spec:
          templates:
          - name: a
            resource:
              manifest: |
                apiVersion: v1
                kind: ConfigMap
                metadata: {{name: {{{{workflow.name}}}}-a}}
                data:
                  pod: {inner}
        """
    )
    assert "metadata: {name: {{workflow.name}}-a}" in result.text
    assert "nodeName: {{item}}" in result.text
    assert DDCR in result.text
    assert not [letter for letter in result.text if "\ue000" <= letter <= "\uf8ff"]
