"""`chaosreg render` as people run it: files, standard input, in place, for CI."""

import errno
import io
import json
import sys

import pytest
import yaml

DDCR = "harbor.company.com/chaos/chaos-ddcr:1.94.0@sha256:" + "b" * 64
POD = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: harness/chaos-ddcr:1 # here\n"
SHARED = """\
apiVersion: v1
kind: Pod
metadata: {labels: {image: &one harness/chaos-ddcr:1}}
spec:
  containers:
  - image: *one
"""
FOREIGN = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: nginx\n"


@pytest.fixture
def manifest(company):
    """A file in the project's folder."""

    def manifest(name: str, text: str):
        path = company.folder / name
        path.write_bytes(text.encode())
        return path

    return manifest


def test_a_manifest_goes_to_standard_output_and_what_is_left_to_standard_error(run, manifest):
    manifest("a.yaml", POD)
    manifest("b.yaml", FOREIGN)
    code, out, err = run("render", "eu", "a.yaml", "b.yaml")
    assert code == 0
    assert f"image: {DDCR} # here" in out
    assert [one["kind"] for one in yaml.safe_load_all(out)] == ["Pod", "Pod"]
    assert err == "b.yaml:5: nginx is left as it is: it is not ours\n"


def test_standard_input_is_a_manifest(run, company, monkeypatch):
    for arguments in (["render", "eu", "-"], ["render", "eu"]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(POD.encode())))
        assert DDCR in run(*arguments)[1]


def test_no_file_and_an_empty_standard_input_is_2(run, company, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    code, out, err = run("render", "eu")
    assert (code, out) == (2, "")
    assert "error[CHR0706]: no manifest given: no file is named, and standard input is empty" in err


def test_in_place_writes_only_the_files_that_change(run, manifest):
    ours, theirs = manifest("a.yaml", POD.replace("\n", "\r\n")), manifest("b.yaml", FOREIGN)
    before = theirs.stat().st_mtime_ns
    code, out, err = run("render", "eu", "-i", "a.yaml", "b.yaml")
    assert (code, out) == (0, "")
    assert err.endswith("1 of 2 files changed\n")
    assert theirs.stat().st_mtime_ns == before
    assert ours.read_bytes().count(b"\r\n") == ours.read_bytes().count(b"\n") == 7
    assert run("render", "eu", "-i", "a.yaml")[2] == "0 of 1 files changed\n"


def test_check_ends_with_1_where_something_would_change_and_writes_nothing(run, manifest):
    path = manifest("a.yaml", POD)
    code, out, err = run("render", "eu", "--check", "a.yaml")
    assert (code, out) == (1, "")
    assert f"a.yaml:5: harness/chaos-ddcr:1 → {DDCR}\n" in err
    assert "a.yaml:3: spec.imagePullSecrets: + chaos-image-registry-eu\n" in err
    assert path.read_text() == POD
    run("render", "eu", "-i", "a.yaml")
    assert run("render", "eu", "--check", "a.yaml") == (0, "", "")


def test_check_ends_with_2_where_it_cannot_run(run, company, manifest):
    manifest("a.yaml", "a: [\n")
    assert run("render", "eu", "--check", "a.yaml")[0] == 2
    company.edit("acme", "release:", "relaese:")
    manifest("b.yaml", POD)
    code, out, err = run("render", "eu", "--check", "b.yaml")
    assert (code, out) == (2, "")
    assert "relaese" in err
    assert "nothing is rendered" in err


def test_a_digest_where_the_settings_want_tags(run, company, manifest):
    company.edit("acme", 'images: {release: "1.93.0"}', 'images: {release: "1.93.0", pin: record}')
    manifest("a.yaml", POD)
    assert f"image: {DDCR.partition('@')[0]} # here" in run("render", "eu", "a.yaml")[1]
    assert f"image: {DDCR} # here" in run("render", "eu", "--digest", "a.yaml")[1]


def test_a_digest_that_nobody_knows_is_an_error(run, company, manifest):
    company.edit("acme", 'images: {release: "1.93.0"}', 'images: {release: "1.93.0", pin: record}')
    (company.stacks / "chaosreg.lock.yaml").unlink()
    manifest("a.yaml", POD)
    code, out, err = run("render", "eu", "--digest", "a.yaml")
    assert (code, out) == (2, "")
    assert "CHR0704" in err


def test_json_tells_what_changes_and_what_is_left(run, manifest):
    manifest("a.yaml", POD + "---\n" + FOREIGN)
    document = json.loads(run("render", "eu", "a.yaml", "-o", "json", "--check")[1])
    assert document["infrastructure"] == "shop/checkout/eu"
    (file,) = document["files"]
    assert file["changes"][0] == {
        "line": 5,
        "path": "spec.containers[0].image",
        "old": "harness/chaos-ddcr:1",
        "new": DDCR,
    }
    assert file["left"] == [
        {
            "line": 11,
            "path": "spec.containers[0].image",
            "text": "nginx",
            "reason": "foreign",
            "why": "it is not ours",
        }
    ]


@pytest.mark.parametrize(
    ("text", "code", "line", "says"),
    [
        ("a: [\n", "CHR0701", 2, "this file is not YAML"),
        (b"a: \xff", "CHR0701", None, "it is not UTF-8 text"),
        (POD.replace("harness/chaos-ddcr:1", "{{ .Values.image }}"), "CHR0702", 5, "--helm chaos-infra"),
        (SHARED, "CHR0703", 6, "`spec.containers[0].image` cannot be changed"),
    ],
)
def test_each_mistake_has_one_error_with_its_line(run, company, text, code, line, says):
    (company.folder / "a.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    ended, out, err = run("render", "eu", "a.yaml")
    assert (ended, out) == (2, "")
    assert f"error[{code}]" in err
    assert says in err
    assert (f"a.yaml:{line}" if line else "a.yaml") in err


def test_all_files_that_are_wrong_are_told_and_none_is_written(run, manifest):
    first = manifest("a.yaml", POD)
    manifest("b.yaml", "a: [\n")
    err = run("render", "eu", "-i", "a.yaml", "b.yaml", "missing.yaml")[2]
    assert "b.yaml:2" in err
    assert "missing.yaml" in err
    assert first.read_text() == POD


def test_one_infrastructure_is_meant(run, company):
    assert "CHR0118" in run("render", "shop", "a.yaml")[2]
    assert "CHR0118" in run("render", "nobody", "a.yaml")[2]


def test_a_file_that_nobody_would_read_is_refused(run, manifest):
    manifest("a.yaml", POD)
    for option in (["--helm", "delegate"], ["--kustomize"], ["--probes"], ["--from-cluster"]):
        code, _, err = run("render", "eu", "a.yaml", *option)
        assert code == 2
        assert "CHR0706" in err


def test_what_says_more_of_probes_is_refused_without_them(run, manifest):
    manifest("a.yaml", POD)
    for option in (["--for", "harness"], ["--prometheus", "http://there:9090"]):
        code, out, err = run("render", "eu", "a.yaml", *option)
        assert (code, out) == (2, "")
        assert f"error[CHR0706]: `{' '.join(option)}` is given, and nothing reads it" in err


def test_a_byte_order_mark_is_no_letter_of_a_stream(run, manifest):
    for name in ("a.yaml", "b.yaml"):
        manifest(name, "\ufeff" + POD)
    out = run("render", "eu", "a.yaml", "b.yaml")[1]
    assert out.startswith("\ufeff")
    assert [one["kind"] for one in yaml.safe_load_all(out)] == ["Pod", "Pod"]


def test_a_file_that_cannot_be_written_is_told(run, manifest, monkeypatch):
    path = manifest("a.yaml", POD)

    def write(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(type(path), "write_bytes", write)
    code, out, err = run("render", "eu", "-i", "a.yaml")
    assert (code, out) == (2, "")
    assert "error[CHR0707]: this file cannot be written: Permission denied" in err


def test_a_text_of_several_lines_is_told_on_one(run, manifest):
    manifest("a.yaml", POD.replace("harness/chaos-ddcr:1 # here", "|\n      harness/chaos-ddcr:1"))
    err = run("render", "eu", "a.yaml")[2]
    assert err == 'a.yaml:5: "harness/chaos-ddcr:1\\n" is left as it is: it is not an image reference\n'


def test_probes_are_printed_for_litmus_and_for_harness(run, company):
    code, out, _ = run("render", "eu", "--probes", "--prometheus", "http://there:9090")
    assert code == 0
    assert [one["type"] for one in yaml.safe_load(out)["probe"]] == ["httpProbe", "k8sProbe", "promProbe", "promProbe"]
    assert "endpoint: http://there:9090" in out
    code, out, _ = run("render", "eu", "--probes", "--for", "harness")
    template = yaml.safe_load(out)["resources"]["eu-registry-answers"]
    assert code == 0
    assert template["properties"]["hubIdentity"] == "${chaosHub}"
    assert "connectorId: <+input>" in out or "connectorId: '<+input>'" in out or 'connectorId: "<+input>"' in out


def test_a_file_without_an_object_is_told(run, manifest):
    manifest("values.yaml", "image: harness/chaos-ddcr:1\n")
    code, out, err = run("render", "eu", "values.yaml")
    assert (code, out) == (0, "image: harness/chaos-ddcr:1\n")
    assert err == "values.yaml: it has no Kubernetes object\n"


def test_values_of_a_chart_for_another_type_are_refused(run, company):
    code, out, err = run("render", "eu", "--helm", "chaos-infra")
    assert (code, out) == (2, "")
    assert "CHR0705" in err
    assert yaml.safe_load(run("render", "eu", "--helm", "litmus")[1])["image"]["imageRegistryName"] == (
        "harbor.company.com/chaos"
    )


def test_the_help_shows_examples(run, company):
    out = run("render", "--help")[1]
    assert "chaosreg render prod-eu --from-cluster" in out
    assert "values for a chart" in out
