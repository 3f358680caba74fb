"""Which values of which kinds of objects change, and where the pull Secret goes."""

import pytest
import yaml

from pulumi_chaosreg.manifests.target import Reason
from tests.manifests.values import DDCR, FAULTS, SECRET, WATCHER

NAMED = [{"name": SECRET}]


def at(value, path):
    for key in path.split("."):
        value = value[int(key) if isinstance(value, list) else key]
    return value


def test_a_deployment_gets_the_images_and_the_secret_and_keeps_every_other_byte(render):
    result = render(
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: ddcr   # the runner
        spec:
          template:
            spec:
              serviceAccountName: litmus
              containers:
              - name: a
                image: docker.io/harness/chaos-ddcr:main-latest # keep this
                env:
                  - {name: LIB_IMAGE, value: "harness/chaos-ddcr-faults:1"}
              - image: nginx:1.25
                name: b
        """
    )
    assert result.text == (
        f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ddcr   # the runner
spec:
  template:
    spec:
      serviceAccountName: litmus
      imagePullSecrets:
      - name: {SECRET}
      containers:
      - name: a
        image: {DDCR} # keep this
        env:
          - {{name: LIB_IMAGE, value: "{FAULTS}"}}
      - image: nginx:1.25
        name: b
"""
    )
    assert [(one.line, one.text, one.why) for one in result.kept] == [(14, "nginx:1.25", "it is not ours")]


POD = {"containers": [{"name": "a", "image": "harness/chaos-ddcr:1"}]}


@pytest.mark.parametrize(
    ("api", "kind", "path"),
    [
        ("v1", "Pod", "spec"),
        ("v1", "PodTemplate", "template.spec"),
        ("v1", "ReplicationController", "spec.template.spec"),
        ("apps/v1", "Deployment", "spec.template.spec"),
        ("apps/v1", "DaemonSet", "spec.template.spec"),
        ("apps/v1", "StatefulSet", "spec.template.spec"),
        ("apps/v1", "ReplicaSet", "spec.template.spec"),
        ("batch/v1", "Job", "spec.template.spec"),
        ("batch/v1", "CronJob", "spec.jobTemplate.spec.template.spec"),
        ("argoproj.io/v1alpha1", "Rollout", "spec.template.spec"),
        ("example.com/v1", "Agent", "spec.nodes.0.pod"),
    ],
)
def test_a_pod_s_spec_is_found_in_every_kind_and_by_its_shape_in_unknown_ones(render, api, kind, path):
    value = POD
    for key in reversed(path.split(".")):
        value = [value] if key == "0" else {key: value}
    result = render(yaml.safe_dump({"apiVersion": api, "kind": kind, "metadata": {"name": "a"}, **value}))
    pod = at(yaml.safe_load(result.text), path)
    assert pod == {"imagePullSecrets": NAMED, "containers": [{"name": "a", "image": DDCR}]}


def test_every_list_of_a_pod_s_containers_counts_and_an_image_as_a_volume(render):
    pod = {
        "initContainers": [{"name": "a", "image": "harness/chaos-ddcr:1"}],
        "containers": [{"name": "b", "image": "busybox"}],
        "ephemeralContainers": [{"name": "c", "image": "harness/chaos-log-watcher"}],
        "volumes": [{"name": "d", "image": {"reference": "harness/chaos-ddcr-faults:2"}}],
    }
    result = render(yaml.safe_dump({"apiVersion": "v1", "kind": "Pod", "spec": pod}, sort_keys=False))
    changed = yaml.safe_load(result.text)["spec"]
    assert next(iter(changed)) == "imagePullSecrets"
    assert changed["initContainers"][0]["image"] == DDCR
    assert changed["ephemeralContainers"][0]["image"] == WATCHER
    assert changed["volumes"][0]["image"]["reference"] == FAULTS


def test_a_pod_that_pulls_nothing_of_ours_is_not_touched(render):
    text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: nginx:1.25\n"
    assert render(text).text == text


def test_a_pod_that_pulls_something_else_from_the_registry_needs_the_secret(render):
    text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: harbor.example.com/chaos/our-own:3\n"
    result = render(text)
    assert yaml.safe_load(result.text)["spec"]["imagePullSecrets"] == NAMED
    assert "harbor.example.com/chaos/our-own:3" in result.text


@pytest.mark.parametrize(
    "written",
    [
        "docker.io/harness/chaos-ddcr:1.90.0",
        "harness/chaos-ddcr:1.90.0",
        "index.docker.io/harness/chaos-ddcr",
        "us-docker.pkg.dev/gar-prod-setup/harness-public/harness/chaos-ddcr:1.90.0",
        "public.ecr.aws/harness/harness/chaos-ddcr:1.90.0",
        "docker.io/harnesssecure/chaos-ddcr:1.90.0",
        "old-mirror.example.com:5000/x/chaos-ddcr:1.90.0",
        "harness/chaos-ddcr:1.90.0@sha256:" + "a" * 64,
    ],
)
def test_an_image_is_ours_by_its_name_wherever_it_is_now(render, written):
    result = render(f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: {written}\n")
    assert yaml.safe_load(result.text)["spec"]["containers"][0]["image"] == DDCR


def test_the_litmus_project_s_images_of_the_same_name_are_other_programs(render, dedicated):
    text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: litmuschaos/chaos-operator:3.0.0\n"
    result = render(text, dedicated)
    assert result.text == text
    assert [one.why for one in result.kept] == ["it is the Litmus project's own"]


def test_images_have_had_other_names(render):
    text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: chaosnative/harness-chaos-log-watcher:1\n"
    assert WATCHER in render(text).text


def test_an_image_of_another_type_is_told_with_the_reason(render):
    result = render("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: harness/chaos-operator:1.53.0\n")
    (kept,) = result.kept
    assert kept.reason is Reason.UNRESOLVED
    assert kept.why == "it is an image of dedicated infrastructures, but payments/checkout/prod-eu is ddcr"


@pytest.mark.parametrize("kind", ["List", "DeploymentList"])
def test_lists_and_several_documents(render, kind):
    result = render(
        f"""
        # first
        ---
        apiVersion: v1
        kind: {kind}
        items:
        - apiVersion: v1
          kind: Pod
          spec:
            containers: [{{image: harness/chaos-ddcr:1}}]
        ---
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata: {{name: litmus}}
        ...
        """
    )
    listed, nothing, account = yaml.safe_load_all(result.text)
    assert listed["items"][0]["spec"] == {"imagePullSecrets": NAMED, "containers": [{"image": DDCR}]}
    assert nothing is None
    assert account["imagePullSecrets"] == NAMED


def test_a_service_account_keeps_the_secrets_of_others(render):
    result = render(
        """
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: litmus
        imagePullSecrets:
        - name: theirs  # of another team
        automountServiceAccountToken: true
        """
    )
    assert f"- name: theirs  # of another team\n- name: {SECRET}\nautomount" in result.text


def test_several_pull_secrets_are_all_added(render, target_of):
    other = {
        "server": "other.example.com",
        "account": "x",
        "type": "private",
        "authentication": {"secret_name": "made-by-others"},
    }
    target = target_of(
        account={"registries": {"other": other}}, custom_images={"chaos_ddcr": "other.example.com/x/mine:1"}
    )
    assert target.secrets == (SECRET, "made-by-others")
    result = render("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: harness/chaos-ddcr:1\n", target)
    spec = yaml.safe_load(result.text)["spec"]
    assert [one["name"] for one in spec["imagePullSecrets"]] == list(target.secrets)
    assert spec["containers"][0]["image"] == "other.example.com/x/mine:1"
    own = render("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: other.example.com/x/tool:1\n", target)
    assert "made-by-others" in own.text


def test_node_identity_adds_no_secret(render, target_of):
    registry = {
        "server": "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "account": "chaos",
        "type": "private",
        "authentication": {"type": "aws_ecr"},
    }
    target = target_of(account={"image_registry": registry}, cluster={"context": "prod-eu", "provider": "eks"})
    result = render("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: harness/chaos-ddcr:1\n", target)
    assert "imagePullSecrets" not in result.text
    assert "image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/chaos/chaos-ddcr:1.94.0" in result.text


def test_pods_in_another_namespace_do_not_find_the_secret(render):
    result = render("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: elsewhere}\n")
    (kept,) = result.kept
    assert kept.reason is Reason.ELSEWHERE
    assert kept.why == f"Pods there do not find `{SECRET}` of `hce`"


def test_a_config_map_s_values_that_are_images(render):
    result = render(
        """
        apiVersion: v1
        kind: ConfigMap
        data:
          LOG_WATCHER_IMAGE: docker.io/harness/chaos-log-watcher:main-latest
          SOME_IMAGE: nginx
          WORKLOAD: deployment/chaos-ddcr
          INFRA_ID: chaos-ddcr
          script: |
            # pulls docker.io/harness/chaos-ddcr:1.0, says the script
            run
        """
    )
    data = yaml.safe_load(result.text)["data"]
    assert data["LOG_WATCHER_IMAGE"] == WATCHER
    assert data["WORKLOAD"] == "deployment/chaos-ddcr"
    assert data["INFRA_ID"] == "chaos-ddcr"
    assert {(one.text, one.reason) for one in result.kept} == {
        ("nginx", Reason.FOREIGN),
        ("docker.io/harness/chaos-ddcr:1.0", Reason.UNREAD),
    }


def test_argo_s_defaults_in_its_controller_s_config_map(render):
    result = render(
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: workflow-controller-configmap, namespace: hce}
        data:
          instanceID: abc
          workflowDefaults: |
            spec:
              podGC:
                strategy: OnWorkflowCompletion
        """
    )
    defaults = yaml.safe_load(yaml.safe_load(result.text)["data"]["workflowDefaults"])
    assert defaults["spec"]["imagePullSecrets"] == NAMED
    assert defaults["spec"]["podGC"] == {"strategy": "OnWorkflowCompletion"}


def test_the_helper_s_image_is_a_slot_of_its_own(render, target_of):
    target = target_of(custom_images={"ddcr_lib": "harbor.example.com/chaos/helper:7"})
    result = render(
        """
        apiVersion: litmuschaos.io/v1alpha1
        kind: KubernetesChaosExperiment
        metadata: {name: a, namespace: hce}
        spec:
          tasks:
          - name: pod-delete
            definition:
              chaos:
                experiment: pod-delete
                image: docker.io/harness/chaos-ddcr-faults:1.90.0
                imagePullPolicy: Always
                env:
                - name: LIB_IMAGE
                  value: docker.io/harness/chaos-ddcr-faults:1.90.0
                - name: TARGET
                  value: chaos-ddcr
                components:
                  sidecar:
                  - image: docker.io/harness/chaos-log-watcher:1.90.0
        """,
        target,
    )
    chaos = yaml.safe_load(result.text)["spec"]["tasks"][0]["definition"]["chaos"]
    assert chaos["image"] == FAULTS
    assert chaos["env"][0]["value"] == "harbor.example.com/chaos/helper:7"
    assert chaos["components"] == {"imagePullSecrets": NAMED, "sidecar": [{"image": WATCHER}]}


def test_a_chaos_engine_gets_secrets_for_its_runner_and_its_experiments(render, dedicated):
    result = render(
        """
        apiVersion: litmuschaos.io/v1alpha1
        kind: ChaosEngine
        metadata: {name: engine, namespace: hce}
        spec:
          chaosServiceAccount: litmus-admin
          components:
            runner:
              image: harness/chaos-runner:1.40.0
          experiments:
          - name: pod-delete
            spec:
              components:
                experimentImage: harness/chaos-go-runner:1.40.0
                env:
                - {name: LIB_IMAGE, value: 'harness/chaos-go-runner:1.40.0'}
              probe:
              - name: ours
                cmdProbe/inputs:
                  source: {image: harness/chaos-go-runner:1.40.0}
              - name: inline
                cmdProbe/inputs: {source: inline}
              - name: theirs
                cmdProbe/inputs: {source: {image: 'busybox:1'}}
          - name: bare
            spec: {}
        """,
        dedicated,
    )
    spec = yaml.safe_load(result.text)["spec"]
    runner, go_runner = (f"harbor.example.com/chaos/{name}:1.53.0" for name in ("chaos-runner", "chaos-go-runner"))
    assert spec["components"]["runner"] == {"image": runner, "imagePullSecrets": NAMED}
    first, bare = (one["spec"] for one in spec["experiments"])
    assert first["components"] == {
        "experimentImage": go_runner,
        "experimentImagePullSecrets": NAMED,
        "env": [{"name": "LIB_IMAGE", "value": go_runner}],
    }
    assert [one["cmdProbe/inputs"]["source"] for one in first["probe"]] == [
        {"image": go_runner, "imagePullSecrets": NAMED},
        "inline",
        {"image": "busybox:1"},
    ]
    assert bare == {"components": {"experimentImagePullSecrets": NAMED}}


def test_a_chaos_experiment_has_no_place_for_secrets(render, dedicated):
    result = render(
        """
        apiVersion: litmuschaos.io/v1alpha1
        kind: ChaosExperiment
        metadata: {name: pod-delete}
        spec:
          definition:
            image: "harness/chaos-go-runner:latest"
            env:
            - name: LIB_IMAGE
              value: ''
        """,
        dedicated,
    )
    definition = yaml.safe_load(result.text)["spec"]["definition"]
    assert definition["image"] == "harbor.example.com/chaos/chaos-go-runner:1.53.0"
    assert "Secret" not in result.text


def test_a_program_that_is_told_an_image(render, dedicated):
    result = render(
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: workflow-controller}
        spec:
          template:
            spec:
              containers:
              - image: harness/chaos-workflow-controller:v3.4.10
                command: [workflow-controller]
                args:
                - --executor-image
                - docker.io/harness/chaos-argoexec:v3.4.10
                - --other-image=docker.io/harness/chaos-argoexec:v3.4.10
                - "--note=deployment/chaos-operator"
        """,
        dedicated,
    )
    argoexec = "harbor.example.com/chaos/chaos-argoexec:v3.4.16"
    assert f"- --executor-image\n        - {argoexec}\n        - --other-image={argoexec}\n" in result.text
    assert '"--note=deployment/chaos-operator"' in result.text


def test_lists_of_plain_names_stay_lists_of_plain_names(render):
    result = render(
        """
        apiVersion: litmuschaos.io/v1alpha1
        kind: KubernetesChaosExperiment
        spec:
          tasks:
          - definition: {chaos: {image: harness/chaos-ddcr-faults:1, components: {imagePullSecrets: [theirs]}}}
            probes:
            - containerProbe/inputs: {image: harness/chaos-ddcr:1}
        """
    )
    task = yaml.safe_load(result.text)["spec"]["tasks"][0]
    assert task["definition"]["chaos"]["components"]["imagePullSecrets"] == ["theirs", SECRET]
    assert task["probes"] == [{"containerProbe/inputs": {"imagePullSecrets": [SECRET], "image": DDCR}}]


def test_of_a_release_s_two_tags_the_one_that_is_written_stays(render, target_of):
    target = target_of(account={"images": {"release": "smp-0.28.1"}})
    pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: harness/chaos-ddcr:{}\n"
    for written, becomes in (("1.57.0", "1.57.0"), ("1.57.1", "1.57.1"), ("1.40.0", "1.57.0")):
        assert f"image: harbor.example.com/chaos/chaos-ddcr:{becomes}\n" in render(pod.format(written), target).text


def test_a_custom_image_that_has_another_image_s_name_is_what_it_is(render, target_of):
    target = target_of(custom_images={"ddcr": "harbor.example.com/chaos/chaos-ddcr-faults:9"})
    result = render("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: harness/chaos-ddcr:1\n", target)
    assert "image: harbor.example.com/chaos/chaos-ddcr-faults:9\n" in result.text


def test_argo_s_controller_is_configured_in_two_ways(render, dedicated):
    result = render(
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: workflow-controller-configmap}
        data:
          executor: |
            image: harness/chaos-argoexec:v3.4.10
            imagePullPolicy: Always
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: workflow-controller-configmap}
        data:
          config: |
            executorImage: harness/chaos-argoexec:v3.4.10  # since ever
            workflowDefaults:
              spec:
                entrypoint: main
        ---
        apiVersion: v1
        kind: ConfigMap
        data:
          config: |
            apiVersion: v1
            kind: Pod
            spec: {containers: [{image: harness/chaos-operator:1}]}
        ---
        apiVersion: v1
        kind: ConfigMap
        data:
          config: |
            server: nginx
        """,
        dedicated,
    )
    one, other, pod, theirs = (each["data"] for each in yaml.safe_load_all(result.text))
    argoexec = "harbor.example.com/chaos/chaos-argoexec:v3.4.16"
    assert one["executor"] == f"image: {argoexec}\nimagePullPolicy: Always\n"
    config = yaml.safe_load(other["config"])
    assert config["executorImage"] == argoexec
    assert config["workflowDefaults"]["spec"] == {"entrypoint": "main", "imagePullSecrets": NAMED}
    assert yaml.safe_load(pod["config"])["spec"]["imagePullSecrets"] == NAMED
    assert theirs["config"] == "server: nginx\n"
