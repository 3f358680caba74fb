"""What is asked of Artifact Registry, by which calls, and what is said where it refuses.

The API is a stand-in (tests/support/google.py); google-auth, which asks it, is the real one.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pulumi_chaosreg.adoption.adopters import adopter, can_adopt
from pulumi_chaosreg.adoption.protocol import Adopter, Effect
from pulumi_chaosreg.cli.commands import adopt
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provision.protocol import ImageRepository, RepositorySettings
from pulumi_chaosreg.registries.kinds import registry_kind
from tests.support.answering import Asked, Said
from tests.support.google import TOKEN, Google, google, refusal, said
from tests.support.owned_registry import owned_registry

pytestmark = pytest.mark.extra("gcp", "gar", "verify")

HOST, ACCOUNT = "europe-west1-docker.pkg.dev", "acme-prod/chaos"
NAME = "projects/acme-prod/locations/europe-west1/repositories/chaos"
IMAGE = ImageRepository(f"{ACCOUNT}/chaos-ddcr", ("1.94.0",))
NODES, CI = "serviceAccount:nodes@acme-prod.iam.gserviceaccount.com", "group:ci@acme.example"
READER, WRITER = "roles/artifactregistry.reader", "roles/artifactregistry.writer"
SETTINGS = RepositorySettings(create=True, members={"pull": (NODES,), "push": (CI,)})
OURS: dict[str, Any] = {
    "name": NAME,
    "format": "DOCKER",
    "mode": "STANDARD_REPOSITORY",
    "dockerConfig": {"immutableTags": True},
    "cleanupPolicies": {
        "untagged": {
            "id": "untagged",
            "action": "DELETE",
            "condition": {"tagState": "UNTAGGED", "olderThan": "1209600s"},
        }
    },
    "vulnerabilityScanningConfig": {"enablementConfig": "INHERITED", "enablementState": "SCANNING_ACTIVE"},
    "registryUri": f"{HOST}/{ACCOUNT}",
}
"""As Google describes one that `up` has made."""
BINDINGS = [{"role": READER, "members": [NODES]}, {"role": WRITER, "members": [CI]}]


@dataclass
class Project:
    """What the stand-in has."""

    repository: dict[str, Any] | None = None
    bindings: list[dict[str, Any]] = field(default_factory=list)
    packages: tuple[str, ...] = ()
    refuses: dict[str, Said] = field(default_factory=dict)
    """End of a path → what it says there."""

    def answer(self, asked: Asked) -> Said | None:
        if refused := next((said for end, said in self.refuses.items() if asked.path.endswith(end)), None):
            return refused
        if self.repository is None or not asked.path.startswith(f"/v1/{NAME}"):
            return None
        match asked.path.removeprefix(f"/v1/{NAME}"):
            case "":
                return said(self.repository)
            case ":getIamPolicy":
                assert asked.form["options.requestedPolicyVersion"] == "3"
                return said({"version": 3, "bindings": self.bindings})
            case "/packages":
                first, rest = self.packages[:1], self.packages[1:]
                names, more = (
                    (rest, {}) if asked.form.get("pageToken") else (first, {"nextPageToken": "2"} if rest else {})
                )
                return said({"packages": [{"name": f"{NAME}/packages/{one}"} for one in names], **more})
        return None


@pytest.fixture
def there() -> Project:
    return Project(OURS, BINDINGS)


@pytest.fixture
def api(there: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    with google(tmp_path, there.answer) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def ask(api: Google) -> Callable[..., Adopter]:
    def ask(settings: RepositorySettings = SETTINGS, account: str = ACCOUNT) -> Adopter:
        return adopter(owned_registry(HOST, account), settings)

    return ask


def told(found: Any) -> list[tuple[str, str, str, Effect, str]]:
    return [(one.setting, one.there, one.ours, one.effect, one.keep) for one in found.differences]


def test_what_up_would_make_is_adopted_with_its_members_and_differs_in_nothing(
    ask: Callable[..., Adopter], api: Google
) -> None:
    one = ask()
    found = one.look(IMAGE)
    assert one.look(ImageRepository(f"{ACCOUNT}/other", ("1",))) == found  # all images are in it
    assert (found.path, found.differences) == (ACCOUNT, ())
    name = f"acme:{HOST}/{ACCOUNT}"
    assert [(each.type.rpartition(":")[2], each.name, each.id, each.below) for each in found.imports] == [
        ("Repository", name, NAME, None),
        ("RepositoryIamMember", f"{name}/pull/{NODES}", f"{NAME} {READER} {NODES}", (found.imports[0].type, name)),
        ("RepositoryIamMember", f"{name}/push/{CI}", f"{NAME} {WRITER} {CI}", (found.imports[0].type, name)),
    ]
    assert all(each.version for each in found.imports)
    assert [asked.path for asked in api.asked] == [f"/v1/{NAME}", f"/v1/{NAME}:getIamPolicy"]
    assert {asked.method for asked in api.asked} == {"GET"}


def test_without_members_of_ours_nobody_s_roles_are_asked_for(ask: Callable[..., Adopter], api: Google) -> None:
    found = ask(RepositorySettings(create=True)).look(IMAGE)
    assert [each.type.rpartition(":")[2] for each in found.imports] == ["Repository"]
    assert [asked.path for asked in api.asked] == [f"/v1/{NAME}"]


@pytest.mark.parametrize(
    ("change", "settings", "expected"),
    [
        ({"format": "MAVEN"}, SETTINGS, ("format", "MAVEN", "DOCKER", Effect.REFUSE, "")),
        (
            {"mode": "REMOTE_REPOSITORY"},
            SETTINGS,
            ("mode", "REMOTE_REPOSITORY", "STANDARD_REPOSITORY", Effect.REFUSE, ""),
        ),
        (
            {"kmsKeyName": "projects/p/k"},
            SETTINGS,
            ("kms_key", "projects/p/k", "Google's own", Effect.REFUSE, "`kms_key: projects/p/k`"),
        ),
        (
            {},
            replace(SETTINGS, kms_key="projects/p/k"),
            ("kms_key", "Google's own", "projects/p/k", Effect.REFUSE, "no `kms_key`"),
        ),
        ({"dockerConfig": {}}, SETTINGS, ("immutable_tags", "false", "true", Effect.UPDATE, "`immutable_tags: false`")),
        (
            {"vulnerabilityScanningConfig": {"enablementConfig": "DISABLED"}},
            SETTINGS,
            ("scan_on_push", "never", "as the project has it", Effect.UPDATE, "`scan_on_push: false`"),
        ),
        (
            {"cleanupPolicies": {}},
            SETTINGS,
            ("expire_untagged_after_days", "none", "14, untagged only", Effect.MAKE, ""),
        ),
        (
            {},
            replace(SETTINGS, expire_untagged_after_days=30),
            (
                "expire_untagged_after_days",
                "14, untagged only",
                "30, untagged only",
                Effect.OVERWRITE,
                "`expire_untagged_after_days: 14`",
            ),
        ),
        (
            {"cleanupPolicyDryRun": True},
            SETTINGS,
            ("expire_untagged_after_days", "14, untagged only, a dry run", "14, untagged only", Effect.OVERWRITE, ""),
        ),
        (
            {"cleanupPolicies": {"old": {"id": "old", "action": "DELETE", "condition": {"olderThan": "86400s"}}}},
            SETTINGS,
            ("expire_untagged_after_days", "1 other policy", "14, untagged only", Effect.OVERWRITE, ""),
        ),
        ({"labels": {"team": "x"}}, SETTINGS, ("tags.team", "x", "none", Effect.STAY, "")),
        (
            {"labels": {"team": "x"}},
            replace(SETTINGS, tags={"team": "y"}),
            ("tags.team", "x", "y", Effect.UPDATE, '`tags: {"team": "x"}`'),
        ),
        ({}, replace(SETTINGS, tags={"team": "y"}), ("tags.team", "none", "y", Effect.MAKE, "")),
        ({"description": "by hand"}, SETTINGS, ("description", "by hand", "none", Effect.REMOVE, "")),
        ({}, replace(SETTINGS, members={"pull": (NODES,)}), ("members.push", CI, "none", Effect.STAY, "")),
        (
            {},
            replace(SETTINGS, members={**SETTINGS.members, "delete": (CI,)}),
            ("members.delete", "none", CI, Effect.MAKE, ""),
        ),
    ],
)
def test_each_difference_is_told_with_what_up_does_about_it(
    ask: Callable[..., Adopter], there: Project, change: Any, settings: RepositorySettings, expected: Any
) -> None:
    there.repository = OURS | change
    assert told(ask(settings).look(IMAGE)) == [expected]


def test_a_member_in_other_letters_is_the_same_only_where_google_takes_it_so(
    ask: Callable[..., Adopter], there: Project
) -> None:
    pool = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/attribute.repository"
    kind, _, address = NODES.partition(":")
    there.bindings = [
        {"role": READER, "members": [f"{kind}:{address.upper()}"]},
        {"role": WRITER, "members": [f"{pool}/acme/x"]},
    ]
    found = ask(replace(SETTINGS, members={"pull": (NODES,), "push": (f"{pool}/Acme/x",)})).look(IMAGE)
    assert told(found) == [
        ("members.push", "none", f"{pool}/Acme/x", Effect.MAKE, ""),
        ("members.push", f"{pool}/acme/x", "none", Effect.STAY, ""),
    ]


def test_a_role_under_a_condition_is_none_of_ours(ask: Callable[..., Adopter], there: Project) -> None:
    there.bindings = [{**BINDINGS[0], "condition": {"expression": "request.time < x"}}, BINDINGS[1]]
    found = ask().look(IMAGE)
    assert told(found) == [("members.pull", "none", NODES, Effect.MAKE, "")]
    assert [each.name.partition("/chaos/")[2] for each in found.imports] == ["", f"push/{CI}"]


def test_what_is_not_there_is_made(ask: Callable[..., Adopter], there: Project) -> None:
    there.repository = None
    found = ask().look(IMAGE)
    assert (found.path, found.is_there) == (ACCOUNT, False)


def test_other_images_of_the_repository_are_listed_to_the_last_page(
    ask: Callable[..., Adopter], there: Project
) -> None:
    there.packages = ("chaos-ddcr", "team%2Fapp", "web")
    assert ask().others({IMAGE.path}) == (f"{ACCOUNT}/team/app", f"{ACCOUNT}/web")
    assert ask(account=f"{ACCOUNT}/team").others(set()) == (f"{ACCOUNT}/team/app",)
    there.refuses["/packages"] = refusal(403, "PERMISSION_DENIED", "no")
    assert ask().others(set()) is None


def test_refusals_are_told_in_google_s_words_and_without_a_token(ask: Callable[..., Adopter], there: Project) -> None:
    words = f"Permission 'artifactregistry.repositories.getIamPolicy' denied on resource '{NAME}' {TOKEN}aA1bB2cC3"
    there.refuses[":getIamPolicy"] = refusal(403, "PERMISSION_DENIED", words)
    with pytest.raises(
        ChaosregError, match=r"CHR0492.*Google does not allow .*getIamPolicy` on `acme-prod/chaos`"
    ) as no:
        ask().look(IMAGE)
    assert "its API says: Permission 'artifactregistry.repositories.getIamPolicy' denied" in str(no.value)
    assert TOKEN not in str(no.value)
    there.refuses = {"/chaos": refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded")}
    with pytest.raises(ChaosregError, match=r"CHR0493.*repositories.get` for .*RESOURCE_EXHAUSTED"):
        ask().look(IMAGE)


def test_a_machine_that_is_nobody_at_google_is_told(
    ask: Callable[..., Adopter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    with pytest.raises(ChaosregError, match=r"CHR0515.*rejects the machine's identity at Google Cloud"):
        ask()


def test_this_version_can_adopt_there() -> None:
    assert can_adopt(registry_kind("gcr.io"))


ACME = f"""
config:
  chaosreg:account:
    id: acme
    image_registry:
      server: {HOST}
      account: {ACCOUNT}
      type: private
      authentication: {{type: gcp_service_account}}
    required_images: ["harness/chaos-ddcr:1.94.0", "harness/chaos-log-watcher:1.94.0"]
    images: {{release: "1.94.4", pin: "off"}}
    mirror: {{source: docker.io/harness}}
    repositories: {{create: true, members: {{pull: ["{NODES}"], push: ["{CI}"]}}}}
    cluster: {{provider: gke}}
  chaosreg:infrastructures:
    prod: {{cluster: {{context: prod}}}}
"""


def test_the_command_writes_the_one_repository_of_all_images_once(
    project: Any,
    there: Project,
    api: Google,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    there.repository = OURS | {"dockerConfig": {}}
    there.packages = ("chaos-ddcr", "web")
    project.write({"acme": ACME})
    monkeypatch.chdir(project.folder)
    monkeypatch.setattr(adopt, "resources", lambda _project, _stack: [])  # a stack that was never `up`
    assert main(["adopt", "acme", "--file", "import.json"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        f"{HOST}/{ACCOUNT}\n"
        f"  {ACCOUNT}\n"
        "    setting         there  ours  `pulumi up`\n"
        "    immutable_tags  false  true  changed in place; keep theirs with `immutable_tags: false`\n"
        f"  left alone, without an image of ours: {ACCOUNT}/web\n"
        "\n"
        "1 repository to adopt. Next"
    )
    written = json.loads(Path("import.json").read_text("utf-8"))["resources"]
    assert [(one["type"].rpartition(":")[2], one.get("id")) for one in written] == [
        ("Account", None),
        ("Repositories", None),
        ("Repository", NAME),
        ("RepositoryIamMember", f"{NAME} {READER} {NODES}"),
        ("RepositoryIamMember", f"{NAME} {WRITER} {CI}"),
    ]
    assert TOKEN not in out
