"""`chaosreg mirror-job` and `mirror --list`: what is printed, and what is read again; tests/cluster runs it."""

import json
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_chaosreg.cli.commands import mirror_job
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.cli.mirror.job import objects
from pulumi_chaosreg.cli.mirror.list_file import TagCopy, list_text, read_list
from pulumi_chaosreg.cli.notices import listening
from pulumi_chaosreg.cli.yaml_text import yaml_documents
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.signing_policy import Identity, SigningPolicy, checked_trusted_root
from pulumi_chaosreg.mirror import Wanted
from pulumi_chaosreg.settings.yaml_file import read_yaml

DIGEST = f"sha256:{'1f' * 32}"
REAL_ROOT = Path(__file__).parents[1] / "signatures/real_sigstore/trusted_root.json"


def job(repository: str, tag: str = "1", region: str = "eu", *, signatures: bool = True) -> TagCopy:
    source = Reference("docker.io", f"harness/{repository}", tag, DIGEST)
    return TagCopy(source, Reference(f"{region}.example", f"chaos/{repository}", tag), Wanted(signatures=signatures))


def signed(one: TagCopy, verify: SigningPolicy) -> TagCopy:
    return replace(one, wanted=replace(one.wanted, verify=verify))


def options(*words: str) -> Namespace:
    parser = ArgumentParser()
    mirror_job.arguments(parser)
    return parser.parse_args(["--image", "tools.example/chaosreg-mirror:0.1.0", *words])


def job_text(jobs: Iterable[TagCopy], how: Namespace) -> str:
    return yaml_documents(objects([*jobs], how))


def printed(jobs: Iterable[TagCopy], *words: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The ConfigMap and the Job."""
    config_map, the_job = yaml.safe_load_all(job_text([*jobs], options(*words)))
    return config_map, the_job


JOBS = [job("ddcr", "1"), job("ddcr", "2"), job("ddcr", "2", "us"), job("runner"), job("watcher", signatures=False)]


def test_what_the_lists_say_is_what_was_planned(tmp_path: Path) -> None:
    config_map, the_job = printed(JOBS, "--shards", "2")
    found = []
    for name, text in config_map["data"].items():
        (tmp_path / name).write_text(text)
        found += read_list(tmp_path / name)
    assert sorted(found, key=str) == sorted(JOBS, key=str)
    assert the_job["spec"]["completions"] == len(config_map["data"]) == 2


@pytest.mark.parametrize("name", ["25921e05", "1e3", "0x1f", "007", "on", "null", "y"])
def test_names_that_look_like_numbers_or_words_are_texts_to_every_reader(name: str, tmp_path: Path) -> None:
    text = job_text([job("ddcr", "1e3")], options("--namespace", name, "--service-account", name))
    for number, document in enumerate(text.split("---\n")[1:]):
        (tmp_path / f"{number}.yaml").write_text(document)
        read = read_yaml(tmp_path / f"{number}.yaml", lambda _: True)
        assert read == yaml.safe_load(document)
        assert read["metadata"]["namespace"] == name
        (tmp_path / "list.yaml").write_text(read.get("data", {}).get("0.yaml", "[]"))
        assert [one.target.tag for one in read_list(tmp_path / "list.yaml")] == ["1e3"] * ("data" in read)


def test_a_source_repository_stays_together_and_no_shard_is_empty() -> None:
    config_map, the_job = printed(JOBS, "--shards", "9")
    assert list(config_map["data"]) == ["0.yaml", "1.yaml", "2.yaml"]
    assert the_job["spec"]["completions"] == the_job["spec"]["parallelism"] == 3
    assert [text.count("- source:") for text in config_map["data"].values()] == [3, 1, 1]


def test_its_objects_say_who_made_them_as_all_of_ours_do() -> None:
    said = {document["metadata"]["labels"]["app.kubernetes.io/managed-by"] for document in printed(JOBS)}
    assert said == {"pulumi-chaosreg"}


def test_shards_are_of_one_size_where_repositories_allow() -> None:
    config_map, _ = printed([job(f"image-{number}") for number in range(10)], "--shards", "3")
    assert [text.count("- source:") for text in config_map["data"].values()] == [4, 3, 3]


def test_the_same_arguments_print_the_same_and_any_others_another_name() -> None:
    text = job_text(JOBS, options())
    assert job_text(JOBS, options()) == text
    others = [
        printed(JOBS[1:]),
        printed(JOBS, "--shards", "2"),
        printed(JOBS, "--retries", "0"),
        printed(JOBS, "--docker-config", "logins"),
        printed(JOBS, "--image", "tools.example/chaosreg-mirror:0.2.0"),
    ]
    names = {the_job["metadata"]["name"] for _, the_job in [printed(JOBS), *others]}
    assert len(names) == 6
    for config_map, the_job in others:
        assert config_map["metadata"]["name"] == the_job["metadata"]["name"]
        assert config_map["immutable"]


def test_logins_trust_and_accounts_are_named_and_left_out_where_not_given() -> None:
    def pod(*words: str) -> dict[str, Any]:
        _, the_job = printed(JOBS, *words)
        spec: dict[str, Any] = the_job["spec"]["template"]["spec"]
        return spec

    bare, full = pod(), pod("--docker-config", "d", "--ca-bundle", "c", "--pull-secret", "p", "--service-account", "s")
    assert [volume["name"] for volume in bare["volumes"]] == ["lists", "tmp"]
    assert not {"env"} & set(bare["containers"][0])
    assert not {"imagePullSecrets", "serviceAccountName"} & set(bare)
    assert full["imagePullSecrets"] == [{"name": "p"}]
    assert full["serviceAccountName"] == "s"
    assert full["volumes"][1]["secret"]["secretName"] == "d"
    assert full["volumes"][2]["configMap"]["name"] == "c"
    for one in (bare, full):
        assert one["automountServiceAccountToken"] is False


def test_its_pods_can_write_a_little_into_memory_and_nothing_else() -> None:
    _, the_job = printed(JOBS, "--docker-config", "d", "--ca-bundle", "c")
    pod = the_job["spec"]["template"]["spec"]
    mounts = pod["containers"][0]["volumeMounts"]
    assert [mount["mountPath"] for mount in mounts if not mount.get("readOnly")] == ["/tmp"]
    assert pod["volumes"][-1] == {"name": mounts[-1]["name"], "emptyDir": {"medium": "Memory", "sizeLimit": "4Mi"}}
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_its_pods_look_as_deep_as_we_are_told_to() -> None:
    _, plain = printed(JOBS)
    _, deep = printed(JOBS, "--deep", "--dry-run")
    arguments = [each["spec"]["template"]["spec"]["containers"][0]["args"] for each in (plain, deep)]
    assert arguments[1] == [*arguments[0], "--deep", "--dry-run"]


def test_more_than_a_config_map_holds_is_said() -> None:
    jobs = [job(f"{'x' * 200}-{number}") for number in range(2_000)]
    with pytest.raises(ChaosregError, match=r"CHR0461.*list of 2000 images has \d+ bytes.* holds 1048576"):
        job_text(jobs, options())


def policy(identity: str) -> SigningPolicy:
    root = checked_trusted_root(REAL_ROOT.read_text())
    return SigningPolicy(identities=(Identity("https://issuer.example", identity),), trusted_root=root)


def test_a_trusted_root_is_carried_once_for_all_images_of_its_policy(tmp_path: Path) -> None:
    # given two owners, whose policies would fill a ConfigMap if each image had its own copy
    policies = [policy("a@x.example"), policy("b@x.example")]
    jobs = [signed(job(f"image-{number}"), policies[number % 2]) for number in range(1_000)]
    jobs += [job("nobody-asks")]

    config_map, _ = printed(jobs, "--shards", "1")

    text = config_map["data"]["0.yaml"]
    assert text.count("trusted_root:") == 2
    (tmp_path / "list.yaml").write_text(text)
    found = read_list(tmp_path / "list.yaml")
    assert sorted(found, key=str) == sorted(jobs, key=str)
    assert len({id(one.wanted.verify) for one in found}) == 3


def test_aliases_of_a_list_cannot_explode(tmp_path: Path) -> None:
    nested = "".join(f"- &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]\n" for number in range(1, 9))
    (tmp_path / "list.yaml").write_text(f"- &a0 x\n{nested}")
    with pytest.raises(ChaosregError, match=r"CHR0102.*aliases expand to more than 500,000 values"):
        read_list(tmp_path / "list.yaml")


def test_who_requires_signatures_is_told_what_the_image_must_have(capsys) -> None:
    printed(JOBS)
    assert capsys.readouterr().err == ""
    with listening(0):
        printed([*JOBS, signed(job("signed"), policy("a@x.example"))])
    told = capsys.readouterr().err
    needs = "needs `pulumi-chaosreg[verify]` in image `tools.example/chaosreg-mirror:0.1.0`"
    assert f"warning[CHR0327]: `signatures: require` {needs}" in told


def test_without_images_there_is_no_job() -> None:
    with pytest.raises(ChaosregError, match="CHR0462"):
        job_text([], options())


def test_what_cannot_be_is_refused_before_anything_is_printed(project, capsys) -> None:
    for words, said in (
        (["mirror-job"], "--image"),
        (["mirror-job", "--image", "x:1", "--shards", "0"], "write a number above 0"),
        (["mirror-job", "--image", "x:1", "--namespace", "a_b"], "write a Kubernetes name"),
        (["mirror-job", "--image", "x:1", "--list", "x.yaml", "wanted"], "the file says everything"),
        (["mirror", "--as-job"], "--image is missing"),
        (["mirror", "--as-job", "--image", "x:1", "--to", "x.tar"], "--as-job knows no layout"),
        (["mirror", "--docker-config", "logins"], "--docker-config belongs to `chaosreg mirror-job`"),
        (["mirror", "--list", "x.yaml", "wanted"], "the file says everything"),
        (["mirror", "--list", "x.yaml", "--from", "x.tar"], "--list knows no layout"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["--project", str(project.folder), *words])
        assert ended.value.code == 2
        assert said in capsys.readouterr().err


def test_the_former_spelling_prints_the_same_with_a_notice_of_the_new_one(company, run) -> None:
    words = ("chaos-ddcr", "--image", "tools.example/chaosreg-mirror:0.1.0", "--shards", "2", "--dry-run")
    code, out, said = run("mirror-job", *words)
    assert (code, said) == (0, "")
    assert "kind: Job" in out
    former = run("mirror", "--as-job", *words)
    assert former == (0, out, "chaosreg: `mirror --as-job` is now spelled `chaosreg mirror-job`\n")
    assert run("-q", "mirror", "--as-job", *words) == (0, out, "")


def test_as_json_it_is_one_list_of_the_same_objects(company, run) -> None:
    words = ("mirror-job", "--image", "tools.example/chaosreg-mirror:0.1.0")
    _, text, _ = run(*words)
    _, document, _ = run(*words, "-o", "json")
    assert json.loads(document) == {"apiVersion": "v1", "kind": "List", "items": [*yaml.safe_load_all(text)]}


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("images: []", ["it is not a list"]),
        ("[docker.io/harness/a:1]", ["entry 1: it has no `source` and no `target`"]),
        ("[{source: 1, target: r.example/a:1}]", ["entry 1: `source`: it is not a string"]),
        (f"[{{source: 'r.example/a:1@{DIGEST}', target: r.example/a}}]", ["entry 1: `target`: it has no tag"]),
        (
            f"[{{source: 'r.example/A:1@{DIGEST}'}}]",
            ["`source`: its repository is malformed", "`target`: it is missing"],
        ),
        (
            f"[{{source: 'r.example/a:1@{DIGEST}', target: r.example/a:1, signatures: no, sign: 1}}]",
            ["unknown key `sign`", "`signatures`: it is neither true nor false"],
        ),
        (
            f"[{{source: 'r.example/a:1@{DIGEST}', target: r.example/a:1, wait_for_scan: true}}]",
            ["`wait_for_scan`: it is no number of seconds"],
        ),
    ],
)
def test_a_list_that_is_none_is_refused_as_a_whole(tmp_path: Path, text: str, problems: list[str]) -> None:
    (tmp_path / "list.yaml").write_text(text)
    with pytest.raises(ChaosregError) as refused:
        read_list(tmp_path / "list.yaml")
    assert {finding.code for finding in refused.value.findings} == {"CHR0460"}
    assert len(refused.value.findings) == len(problems)
    for problem in problems:
        assert problem in str(refused.value)


def test_a_list_by_hand_needs_no_more_than_a_source_with_its_digest_and_a_target(tmp_path: Path, capsys) -> None:
    """Nobody listens there: it got as far as asking."""
    entry = f"{{source: 'localhost:1/harness/a:1@sha256:{'a' * 64}', target: 'localhost:1/a:1'}}"
    (tmp_path / "list.yaml").write_text(f"[{entry}]")
    assert main(["mirror", "--list", str(tmp_path / "list.yaml")]) == 1
    assert "CHR0401" in capsys.readouterr().out


def test_a_list_without_digests_is_not_copied(tmp_path: Path, capsys) -> None:
    (tmp_path / "list.yaml").write_text("[{source: docker.io/harness/a:1, target: r.example/a:1}]")
    assert main(["mirror", "--list", str(tmp_path / "list.yaml")]) == 2
    assert "error[CHR0304]: nothing is locked yet" in capsys.readouterr().err


def test_a_list_needs_neither_a_project_nor_pulumi(tmp_path: Path) -> None:
    # given a Python in which neither Pulumi nor its Kubernetes SDK can be imported, as in the Job's image
    (tmp_path / "list.yaml").write_text(list_text([]))
    program = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('pulumi', 'pulumi_kubernetes', 'grpc')))\n"
        "from pulumi_chaosreg.cli.main import main\n"
        "sys.exit(main(['mirror', '--list', 'list.yaml', '-o', 'json']))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"event": "end"' in done.stdout
