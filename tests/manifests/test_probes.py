"""Probes that watch the registry, as Litmus's engines and as Harness's templates have them."""

from typing import Any

from pulumi_chaosreg.manifests.probes import probe_templates, probes

PROJECT = {"orgId": "payments", "projectId": "checkout"}


def test_probes_ask_the_registry_the_namespace_and_prometheus(target):
    http, pods, errors, seconds = probes(target, "http://prometheus")
    assert http["httpProbe/inputs"]["url"] == "https://harbor.example.com/v2/"
    assert http["httpProbe/inputs"]["method"]["get"] == {"criteria": "oneOf", "responseCode": "200,401"}
    assert pods["k8sProbe/inputs"]["namespace"] == "hce"
    assert {one["promProbe/inputs"]["endpoint"] for one in (errors, seconds)} == {"http://prometheus"}


def test_docker_hub_s_own_address_is_another_than_its_name(target_of):
    hub = {"server": "docker.io", "account": "harness", "type": "public"}
    first = probes(target_of(account={"image_registry": hub, "mirror": "off"}), "")[0]
    assert first["httpProbe/inputs"]["url"] == "https://registry-1.docker.io/v2/"


def test_a_registry_on_this_machine_is_asked_as_the_mirror_asks_it(target_of):
    local = {"server": "localhost:5000", "account": "chaos"}
    first = probes(target_of(account={"image_registry": local}), "")[0]
    assert first["httpProbe/inputs"]["url"] == "http://localhost:5000/v2/"


def test_a_continuous_probe_pauses_and_codes_are_a_list_that_litmus_reads(target):
    http = probes(target, "")[0]
    assert http["mode"] == "Continuous"
    assert http["runProperties"]["probePollingInterval"] == "5s"


def test_a_query_survives_the_double_quotes_of_a_shell(target):
    for one in probes(target, "")[2:]:
        assert not set(one["promProbe/inputs"]["query"]) & set('"$`\\')


TAKEN: dict[str, Any] = {
    "orgId": str,
    "projectId": str,
    "hubIdentity!": str,
    "identity!": str,
    "name": str,
    "description": str,
    "type!": ("httpProbe", "cmdProbe", "k8sProbe", "promProbe", "apmProbe"),
    "infrastructureType": ("Kubernetes", "KubernetesV2"),
    "runProperties": {
        **dict.fromkeys(("timeout", "interval", "pollingInterval", "initialDelay"), str),
        "attempt": int,
    },
    "httpProbe": {
        "url!": str,
        "method": {"getMethod": dict.fromkeys(("criteria", "responseBody", "responseCode"), str)},
    },
    "k8sProbe": {
        **dict.fromkeys(("resource!", "version!"), str),
        **dict.fromkeys(("fieldSelector", "group", "labelSelector", "namespace", "operation", "resourceNames"), str),
    },
    "apmProbe": {
        "apmType!": ("Prometheus",),
        "comparator": dict.fromkeys(("type!", "criteria!", "value!"), str),
        "prometheusInputs": dict.fromkeys(("connectorId!", "query!"), str),
    },
}
"""What `harness.chaos.ProbeTemplate` of pulumi-harness 0.17.4 takes, written down from its types; with `!` it must be
there. The package itself stays out of here: beside it, the engine looks for its plugin in every run.
"""


def wrong(value: Any, taken: Any, where: str = "") -> list[str]:
    """What of a value is not taken, or missing."""
    if isinstance(taken, dict):
        if not isinstance(value, dict):
            return [where]
        known = {key.rstrip("!"): one for key, one in taken.items()}
        missing = [f"{where}.{key[:-1]} is missing" for key in taken if key.endswith("!") and key[:-1] not in value]
        below = [wrong(one, known[key], f"{where}.{key}") for key, one in value.items() if key in known]
        return [
            *missing,
            *(f"{where}.{key}" for key in value if key not in known),
            *(one for each in below for one in each),
        ]
    return [] if (value in taken if isinstance(taken, tuple) else isinstance(value, taken)) else [where]


def test_harness_s_templates_are_what_pulumi_harness_takes(target):
    program = probe_templates(target, PROJECT, "<+input>")
    assert {one["type"] for one in program["resources"].values()} == {"harness:chaos:ProbeTemplate"}
    templates = [one["properties"] for one in program["resources"].values()]
    assert [one["type"] for one in templates] == ["httpProbe", "k8sProbe", "apmProbe", "apmProbe"]
    assert [wrong(one, TAKEN) for one in templates] == [[], [], [], []]
    assert all(one["type"] in one for one in templates)
    assert templates[0]["httpProbe"]["method"]["getMethod"]["responseCode"] == "200,401"
    assert wrong({**templates[0], "mode": "Edge", "httpProbe": {}}, TAKEN) == [".mode", ".httpProbe.url is missing"]


def test_templates_of_two_infrastructures_have_names_of_their_own(target, dedicated):
    names = [probe_templates(one, PROJECT, "")["resources"] for one in (target, dedicated)]
    assert names[0].keys() == names[1].keys()  # the same infrastructure's
    assert all(name.startswith("prod-eu-") for name in names[0])
    assert {one["properties"]["infrastructureType"] for one in names[1].values()} == {"Kubernetes"}
