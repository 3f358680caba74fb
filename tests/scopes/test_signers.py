"""`signatures: require` and `mirror.verify`: what is read, and every way in which it can be wrong, with its line."""

import json
from importlib import util

import pytest

from pulumi_chaosreg.images import signing_policy as policies
from pulumi_chaosreg.images.signing_policy import Identity, MalformedPolicy, SigningPolicy
from pulumi_chaosreg.scopes.model import Level

KEY = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4rwTZ4BexampleZHqO4v1hTgFqJ2
-----END PUBLIC KEY-----
"""
CANARY = "MIGHAgEAMBMGByqGSM49AgEGCANARY"
ROOT = {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": []}
GITHUB = "https://token.actions.githubusercontent.com"


@pytest.fixture
def company(project):
    """The account's `mirror` settings → review of a company that mirrors; files beside Pulumi.yaml."""
    (project.folder / "keys").mkdir()
    (project.folder / "keys/release.pub").write_text(KEY)
    (project.folder / "keys/root.json").write_text(json.dumps(ROOT, indent=2))

    def company(mirror):
        account = {
            "id": "acme",
            "image_registry": {"server": "harbor.acme.example", "type": "public"},
            "required_images": ["harness/chaos-ddcr:1.94.0"],
            "mirror": {"source": "docker.io/harness", **mirror},
        }
        lock = f"docker.io/harness/chaos-ddcr:1.94.0: sha256:{'a' * 64}\n"
        files = {
            "acme": {"chaosreg:account": account, "chaosreg:infrastructures": {"eu": {"cluster": {"context": "c"}}}}
        }
        return project.write(files, lock).review()

    return company


def _policy(reviewed):
    (config,) = reviewed.resolved.values()
    return config.registry.policy.signers


def _require(**verify):
    return {"signatures": "require", "verify": verify}


@pytest.mark.extra("verify")
def test_keys_from_files_and_as_text_identities_and_a_trusted_root_make_a_policy(company) -> None:
    one, other = {"identity": "a@acme.example", "issuer": GITHUB}, {"identity_regexp": "https://.*", "issuer": GITHUB}
    reviewed = company(
        _require(
            public_keys=["keys/release.pub", KEY],
            identities=[one, other],
            trusted_root="keys/root.json",
            each_platform=True,
        )
    )
    assert reviewed.findings == ()
    policy = _policy(reviewed)
    assert policy == SigningPolicy(
        (KEY, KEY),
        (Identity(GITHUB, "a@acme.example"), Identity(GITHUB, None, "https://.*")),
        json.dumps(ROOT, separators=(",", ":")),
        each_platform=True,
    )
    assert SigningPolicy.parse(json.loads(json.dumps(policy.as_inputs()))) == policy


def test_nothing_is_required_where_signatures_are_only_copied(company) -> None:
    assert _policy(company({"signatures": "copy"})) is None
    assert _policy(company({})) is None


@pytest.mark.extra("verify")
def test_who_must_have_signed_is_said_at_one_level_and_never_mixed(company, project) -> None:
    company(_require(public_keys=["keys/release.pub"]))
    below = {"identities": [IDENTITY], "trusted_root": "keys/root.json"}
    organization = {
        "id": "payments",
        "image_registry": {"server": "harbor.payments.example", "type": "public"},
        "mirror": {"verify": below},
    }
    files = {
        "payments": {
            "chaosreg:parent_stack": "acme",
            "chaosreg:organization": organization,
            "chaosreg:infrastructures": {"us": {"cluster": {"context": "u"}}},
        }
    }
    account = project.stacks / "Pulumi.acme.yaml"
    account.write_text(account.read_text().replace('"id": "acme"', '"id": "acme", "allow_overrides": true'))
    reviewed = project.write(files).review()
    assert reviewed.findings == ()
    owned = {config.owner.level: config.registry.policy.signers for config in reviewed.resolved.values()}
    policy = owned[Level.ORGANIZATION]
    assert (policy.public_keys, len(policy.identities)) == ((), 1)


IDENTITY = {"identity": "a@acme.example", "issuer": GITHUB}

MISTAKES = {
    "require, and nobody is named": ({"signatures": "require"}, "CHR0320", '"signatures"', "names none"),
    "an empty verify": (_require(each_platform=True), "CHR0320", '"verify"', "names none"),
    "a key file that is not there": (
        _require(public_keys=["keys/release.pub", "keys/gone.pub"]),
        "CHR0321",
        "keys/gone.pub",
        "No such file or directory",
    ),
    "a folder in the place of a file": (_require(public_keys=["keys"]), "CHR0321", '"keys"', "Is a directory"),
    "a trusted root that is not there": (
        _require(identities=[IDENTITY], trusted_root="keys/gone.json"),
        "CHR0321",
        "keys/gone.json",
        "`mirror.verify.trusted_root` names cannot be read",
    ),
    "a file that is no key": (_require(public_keys=["Pulumi.yaml"]), "CHR0322", "Pulumi.yaml", "it is not PEM"),
    "a private key as text": (
        _require(public_keys=[f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n"]),
        "CHR0322",
        '"public_keys"',
        "it is a private key, which nobody else may have: make a new pair",
    ),
    "a certificate": (
        _require(public_keys=[KEY.replace("PUBLIC KEY", "CERTIFICATE")]),
        "CHR0322",
        '"public_keys"',
        "it is a `certificate`",
    ),
    "two keys in one text": (_require(public_keys=[KEY + KEY]), "CHR0322", '"public_keys"', "several keys"),
    "not base64 in it": (
        _require(public_keys=[KEY.replace("MFk", "ä!")]),
        "CHR0322",
        '"public_keys"',
        "is not base64",
    ),
    "an identity without issuer": (
        _require(identities=[{"identity": "a@acme.example"}], trusted_root="keys/root.json"),
        "CHR0323",
        '"identities"',
        "it has no `issuer`",
    ),
    "an identity twice": (
        _require(identities=[{**IDENTITY, "identity_regexp": "x"}], trusted_root="keys/root.json"),
        "CHR0323",
        '"identities"',
        "needs exactly one of",
    ),
    "a regular expression that is none": (
        _require(identities=[{"identity_regexp": "a(", "issuer": GITHUB}], trusted_root="keys/root.json"),
        "CHR0323",
        '"identities"',
        "its regular expression is malformed",
    ),
    "identities and no trusted root": (_require(identities=[IDENTITY]), "CHR0324", '"identities"', "no `trusted_root`"),
    "a trusted root that is none": (
        _require(identities=[IDENTITY], trusted_root="keys/release.pub"),
        "CHR0325",
        '"trusted_root"',
        "not the JSON of a sigstore trusted root",
    ),
}


@pytest.mark.parametrize(("mirror", "code", "line", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_found_with_its_line_before_anything_runs(company, mirror, code, line, words) -> None:
    reviewed = company(mirror)
    (finding,) = reviewed.errors
    assert (finding.code, words in finding.message) == (code, True), finding
    assert finding.help
    lines = finding.place.file.read_text().splitlines()
    at = finding.place.line - 1
    assert line in "".join(lines[at - 1 : at + 1]), lines[at]
    assert CANARY not in str(finding)
    assert _policy(reviewed) is None


def test_signers_that_nobody_asks_for_are_told(company) -> None:
    (finding,) = company({"signatures": "copy", "verify": {"public_keys": ["keys/release.pub"]}}).findings
    assert (finding.code, finding.severity) == ("CHR0326", "warning")
    assert "`mirror.signatures` is `copy`" in finding.message


@pytest.mark.parametrize(("missing", "named"), [({"sigstore"}, "`sigstore`"), ({"cryptography"}, "`cryptography`")])
def test_missing_packages_are_told_with_the_command_that_installs_them(company, monkeypatch, missing, named) -> None:
    # a stand-in for an environment without the extra `verify`
    monkeypatch.setattr(policies, "find_spec", lambda name: None if name in missing else util.find_spec(name))
    (finding,) = company(_require(identities=[IDENTITY], trusted_root="keys/root.json")).findings
    assert (finding.code, named in finding.message) == ("CHR0327", True)
    assert finding.help.startswith("pip install 'pulumi-chaosreg[verify]'")


@pytest.mark.extra("verify")
def test_keys_need_no_sigstore(company, monkeypatch) -> None:
    monkeypatch.setattr(policies, "find_spec", lambda name: None if name == "sigstore" else util.find_spec(name))
    assert company(_require(public_keys=["keys/release.pub"])).findings == ()


@pytest.mark.parametrize(
    ("pattern", "identity", "is_meant"),
    [
        ("https://github.com/acme/.*", "https://github.com/acme/x", True),
        ("https://github.com/acme/.*", "https://evil.example/?https://github.com/acme/x", False),
        ("acme", "https://github.com/acme/x", False),
        ("a@acme[.]example", "a@acme.example.evil", False),
    ],
)
def test_a_regular_expression_must_match_the_whole_identity(pattern, identity, is_meant) -> None:
    assert Identity(GITHUB, None, pattern).names(identity) is is_meant


@pytest.mark.parametrize(
    "inputs",
    [
        None,
        [],
        {},
        {"public_keys": KEY},
        {"keys": [KEY]},
        {"public_keys": [5]},
        {"identities": {}},
        {"trusted_root": "x"},
    ],
)
def test_inputs_that_are_no_policy_are_refused(inputs) -> None:
    with pytest.raises(MalformedPolicy):
        SigningPolicy.parse(inputs)


@pytest.mark.parametrize(
    "entry",
    [
        {"public_keys": 5},
        {"public_keys": [], "each_platform": "true"},
        {"public_keys": ""},
        {"public_keys": [KEY], "identities": True},
        {"public_keys": [KEY], "identities": {"issuer": GITHUB}},
        {"public_keys": [KEY], 1: "a", "b": "c"},
        {"identities": [{"issuer": GITHUB, "identity_regexp": "a{99999999999}"}]},
        {"identities": [{"issuer": GITHUB, 1: "a", "b": "c"}]},
    ],
)
def test_whatever_stands_in_a_policy_of_a_wrong_type_is_named(entry) -> None:
    with pytest.raises(MalformedPolicy) as caught:
        SigningPolicy.parse(entry)
    assert caught.value.code == "CHR0323"
