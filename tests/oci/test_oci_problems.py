"""Which of our errors an answer is: one row for each thing that some registry really says."""

import json
import tomllib
from importlib import resources

import pytest

from pulumi_chaosreg.oci import Manifest, Registry, RegistryError
from pulumi_chaosreg.oci.problems import Answer, code_of, excerpt, problem
from tests.support.answering import AnsweringServer, Said

TABLE = resources.files("pulumi_chaosreg.oci").joinpath("problems.toml").read_text("utf-8")
ANSWERS = [
    ("CHR0403", 401, "UNAUTHORIZED", "authentication required", "manifest", False),
    ("CHR0404", 403, "DENIED", "requested access to the resource is denied", "upload", True),
    ("CHR0405", 404, "MANIFEST_UNKNOWN", "manifest unknown", "manifest", False),
    ("CHR0405", 404, "NAME_UNKNOWN", "repository name not known to registry", "manifest", False),
    ("CHR0406", 404, "BLOB_UNKNOWN", "blob unknown to registry", "blob", False),
    ("CHR0407", 400, "DIGEST_INVALID", "provided digest did not match uploaded content", "upload", True),
    ("CHR0408", 404, "NAME_UNKNOWN", "The repository with name 'x' does not exist", "upload", True),
    ("CHR0408", 404, "NOT_FOUND", "project chaos not found", "upload", True),
    ("CHR0409", 500, "UNKNOWN", "unknown error: no space left on device", "upload", True),
    ("CHR0409", 507, "", "", "upload", True),
    (
        "CHR0409",
        403,
        "DENIED",
        "adding 5 GiB will exceed the configured upper limit",
        "upload",
        True,
    ),
    ("CHR0410", 405, "UNSUPPORTED", "The operation is unsupported.", "upload", True),
    ("CHR0411", 400, "TAG_INVALID", "The image tag '1' already exists and cannot be overwritten", "manifest", True),
    ("CHR0411", 412, "PRECONDITION", "configured as immutable", "manifest", True),
    ("CHR0411", 409, "", "", "manifest", True),
    (
        "CHR0463",
        412,
        "PROJECTPOLICYVIOLATION",
        "current image without vulnerability scanning cannot be",
        "manifest",
        False,
    ),
    (
        "CHR0463",
        412,
        "PROJECTPOLICYVIOLATION",
        'current image with "Running" status of vulnerability',
        "manifest",
        False,
    ),
    ("CHR0463", 412, "", "", "manifest", False),
    (
        "CHR0464",
        412,
        "PROJECTPOLICYVIOLATION",
        "current image with 1 vulnerability cannot be pulled",
        "manifest",
        False,
    ),
    ("CHR0464", 412, "PROJECTPOLICYVIOLATION", "The image is not signed by cosign.", "manifest", False),
    ("CHR0412", 429, "TOOMANYREQUESTS", "You have reached your pull rate limit", "manifest", False),
    ("CHR0413", 503, "", "Bad Gateway", "manifest", False),
    ("CHR0422", 404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", "upload", True),
    ("CHR0422", 416, "", "", "upload", True),
    ("CHR0413", 400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", "manifest", True),
]


@pytest.mark.parametrize(("code", "status", "codes", "text", "kind", "writing"), ANSWERS)
def test_what_an_answer_means(code: str, status: int, codes: str, text: str, kind: str, writing: bool) -> None:
    assert code_of(status, codes, text, kind=kind, writing=writing) == code


CAUSES = [
    ("CHR0401", "is_unreachable"),
    ("CHR0403", "is_denied"),
    ("CHR0404", "is_denied"),
    ("CHR0441", "is_denied"),
    ("CHR0405", "is_missing"),
    ("CHR0407", "is_wrong_content"),
    ("CHR0411", "is_immutable"),
    ("CHR0420", "is_shared"),
    ("CHR0463", "is_gated"),
    ("CHR0464", "is_barred"),
    ("CHR0464", "is_gated"),
    ("CHR0465", "is_gated"),
    ("CHR0433", "is_wrong_content"),
    ("CHR0434", "lacks_parts"),
    ("CHR0435", "is_not_carried"),
]
PROPERTIES = sorted({of for _, of in CAUSES})


@pytest.mark.parametrize("code", tomllib.loads(TABLE))
def test_an_error_has_the_property_of_its_cause_and_no_other(code: str) -> None:
    blanks = dict.fromkeys(("repository", "subject", "credentials", "cause", "image", "doing"), "x")
    error = problem(code, server="s", **blanks)
    assert {of for of in PROPERTIES if getattr(error, of)} == {of for one, of in CAUSES if one == code}


@pytest.mark.parametrize(
    ("codes", "lacks"),
    [
        ("BLOB_UNKNOWN", True),
        ("MANIFEST_BLOB_UNKNOWN", True),
        ("BLOB_UPLOAD_UNKNOWN", False),
        ("MANIFEST_UNKNOWN", False),
    ],
)
def test_a_manifest_that_was_refused_for_want_of_its_parts_says_so(codes: str, lacks: bool) -> None:
    body = json.dumps({"errors": [{"code": codes}]}).encode()
    manifest = Manifest.parse(b'{"schemaVersion": 2, "layers": []}')
    with AnsweringServer(lambda asked: Said(404 if asked.method == "GET" else 400, body)) as server:
        registry = Registry(server.host)
        with pytest.raises(RegistryError) as refused:
            registry.put_manifest("app", manifest, "1")
        with pytest.raises(RegistryError) as missing:
            registry.get_manifest("app", "1")
    assert (refused.value.lacks_parts, missing.value.lacks_parts, missing.value.is_missing) == (lacks, False, True)


def test_every_problem_says_what_why_and_what_to_do() -> None:
    table = tomllib.loads(TABLE)
    assert all(entry["message"] and entry["cause"] and entry["help"] for entry in table.values())
    assert all(len(code) == 7 and code.startswith("CHR04") for code in table)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<html><h1>502 Bad\nGateway</h1></html>", ("", "502 Bad Gateway")),
        (b"\x1b[31mred\x00", ("", "[31mred")),
        (b"\xff\xfe", ("", "\ufffd\ufffd")),
        (b'{"errors":[{"code":"A","message":"b","detail":{"c":1}},{"code":"D"}]}', ("A D", 'b ({"c": 1}); D')),
        (b'{"errors":"nonsense"}', ("", "")),
        (b'{"errors":[]}', ("", "")),
        (b"[]", ("", "[]")),
        (b"[" * 100_000, ("", "[" * 100_000)),
    ],
)
def test_a_registrys_words_are_short_and_printable(body: bytes, expected: tuple[str, str]) -> None:
    assert Answer(500, {}, body).errors() == expected


def test_long_words_are_cut() -> None:
    assert len(excerpt(Answer(500, {}, json.dumps("x" * 9999).encode()).errors()[1])) < 310
