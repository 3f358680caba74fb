"""`images.pin`: which images must be locked, what a cluster's reference says, and who hears of what is missing."""

import json

import pytest

from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.review.difference import compare
from pulumi_chaosreg.review.made import Made

A, B = ("sha256:" + letter * 64 for letter in "ab")
MIRRORING = {
    "image_registry": {"server": "h.example", "account": "chaos", "type": "public"},
    "mirror": {"source": "docker.io/harness"},
}
FIXED, FLOATING = "docker.io/harness/chaos-ddcr:1", "docker.io/harness/chaos-ddcr:latest"


@pytest.fixture
def reviewed(project):
    """One infrastructure that needs one image; `locked`: the lines of the lockfile, None for no file."""

    def review(source, pin, locked, *, is_mirrored, is_acting=False):
        project.write(
            {
                "acme": {
                    "chaosreg:account": {
                        "id": "acme",
                        "required_images": [source.removeprefix("docker.io/")],
                        **(MIRRORING if is_mirrored else {}),
                        **({"images": {"pin": pin}} if pin else {}),
                    }
                },
                "i": {
                    "chaosreg:parent_stack": "acme",
                    "chaosreg:infrastructures": {"x": {"cluster": {"context": "c"}}},
                },
            },
            lock="" if locked is None else f"{source}: {locked}\n",
        )
        return project.review("i" if is_acting else None)

    return review


_MISSING = [
    # pin, mirrored, floating → what `validate` says, what a program says
    (None, True, False, ["error CHR0304"], ["error CHR0304"]),
    (None, True, True, ["error CHR0304"], ["error CHR0304"]),
    (None, False, False, [], []),
    (None, False, True, ["warning CHR0313"], ["error CHR0313"]),
    ("strict", True, False, ["error CHR0304"], ["error CHR0304"]),
    ("strict", True, True, ["error CHR0304"], ["error CHR0304"]),
    ("strict", False, False, ["error CHR0304"], ["error CHR0304"]),
    ("strict", False, True, ["error CHR0304"], ["error CHR0304"]),
    ("record", True, False, ["warning CHR0304"], ["warning CHR0304"]),
    ("record", True, True, ["warning CHR0304"], ["error CHR0304"]),
    ("record", False, False, ["warning CHR0304"], ["warning CHR0304"]),
    ("record", False, True, ["warning CHR0313"], ["error CHR0313"]),
    ("off", True, False, [], []),
    ("off", True, True, [], []),
    ("off", False, False, [], []),
    ("off", False, True, ["warning CHR0313"], ["warning CHR0313"]),
]


@pytest.mark.parametrize(("pin", "is_mirrored", "floats", "validating", "acting"), _MISSING)
def test_what_is_not_locked_is_told_as_firmly_as_the_setting_wants(
    reviewed, pin, is_mirrored, floats, validating, acting
):
    source = FLOATING if floats else FIXED
    for is_acting, expected in ((False, validating), (True, acting)):
        found = reviewed(source, pin, None, is_mirrored=is_mirrored, is_acting=is_acting).findings
        assert [f"{finding.severity} {finding.code}" for finding in found] == expected


@pytest.mark.parametrize(
    ("pin", "reference", "source"),
    [
        (None, f"h.example/chaos/chaos-ddcr:1@{A}", f"{FIXED}@{A}"),
        ("strict", f"h.example/chaos/chaos-ddcr:1@{A}", f"{FIXED}@{A}"),
        ("record", "h.example/chaos/chaos-ddcr:1", f"{FIXED}@{A}"),  # copied by digest, pulled by tag
        ("off", "h.example/chaos/chaos-ddcr:1", FIXED),  # the lockfile is there, and is not asked
    ],
)
def test_a_locked_image_is_copied_and_pulled_like_this(reviewed, pin, reference, source):
    outcome = reviewed(FIXED, pin, A, is_mirrored=True, is_acting=True)
    assert outcome.findings == ()
    (config,) = outcome.resolved.values()
    assert (str(config.images[0].reference), str(config.images[0].source)) == (reference, source)


def test_a_recorded_floating_tag_that_a_cluster_pulls_itself_still_moves_under_it(reviewed):
    (finding,) = reviewed(FLOATING, "record", A, is_mirrored=False, is_acting=True).findings
    assert (finding.severity, finding.code) == ("warning", "CHR0313")
    assert "`images.pin: record` keeps the tag" in finding.message


@pytest.mark.parametrize("pin", ["strict", "record", "off"])
def test_a_digest_that_a_custom_image_names_itself_stays(project, pin):
    project.write({}, lock="")
    account = {
        "custom_images": {"ddcr": f"q.example/x:latest@{A}"},
        "required_images": ["harness/chaos-ddcr"],
        "images": {"pin": pin},
    }
    outcome = project.four_levels(account=account)
    assert (outcome.codes, outcome.warnings) == ([], [])
    assert outcome.images["chaos-ddcr"] == f"q.example/x:latest@{A}"


def test_the_reviewer_of_an_upgrade_sees_digests_that_no_reference_shows(new_project, scope_of):
    sides = []
    for digest in (A, B):
        project = new_project().write({}, lock=f"{FIXED}: {digest}\n")
        account = {**MIRRORING, "required_images": ["harness/chaos-ddcr:1"], "images": {"pin": "record"}}
        sides.append(Made(project.four_levels(account=account).reviewed))
    (change,) = compare(*sides).infrastructures
    (field,) = change.fields
    assert (field.field, field.before, field.after) == ("digest.chaos-ddcr", A, B)
    assert field.cause.text == f"chaosreg.lock.yaml: {FIXED} has another digest"


def test_a_reference_that_loses_its_digest_names_the_setting_that_took_it(new_project):
    sides = []
    for pin in ("strict", "record"):
        project = new_project().write({}, lock=f"{FIXED}: {A}\n")
        account = {**MIRRORING, "required_images": ["harness/chaos-ddcr:1"], "images": {"pin": pin}}
        sides.append(Made(project.four_levels(account=account).reviewed))
    (change,) = compare(*sides).infrastructures
    causes = {field.field: field.cause.text for field in change.fields}
    assert causes["image.chaos-ddcr"] == causes["images.pin"] == "account `acme` `images.pin`: strict → record"


def test_a_digest_that_changes_with_the_kept_platforms_names_that_setting(new_project):
    sides = []
    for platforms in ("all", ["linux/amd64"]):
        project = new_project().write({}, lock=f"{FIXED}: {A}\n{FIXED}#linux/amd64: {B}\n")
        mirror = {**MIRRORING["mirror"], "platforms": platforms}
        account = {**MIRRORING, "mirror": mirror, "required_images": ["harness/chaos-ddcr:1"]}
        sides.append(Made(project.four_levels(account=account).reviewed))
    (change,) = compare(*sides).infrastructures
    (field,) = change.fields
    assert (field.before, field.after) == tuple(f"h.example/chaos/chaos-ddcr:1@{digest}" for digest in (A, B))
    assert field.cause.text == "account `acme` `mirror.platforms`: all → [linux/amd64]"


def test_of_two_infrastructures_with_one_target_the_locked_digest_holds(project, run_mirror_selection):
    infrastructures = {
        "a": {"cluster": {"context": "a"}, "images": {"pin": "off"}},
        "b": {"cluster": {"context": "b"}, "images": {"pin": "strict"}},
    }
    account = {"id": "acme", **MIRRORING, "allow_overrides": True, "required_images": ["harness/chaos-ddcr:1"]}
    stack = {"config": {"chaosreg:account": account, "chaosreg:infrastructures": infrastructures}}
    project.write({"acme": json.dumps(stack)}, lock=f"{FIXED}: {A}\n")
    (job,) = run_mirror_selection(project.review())
    assert job.source == Reference.parse(f"{FIXED}@{A}")


def test_the_command_keeps_what_the_owner_s_mirror_keeps(project, run_mirror_selection):
    mirror = {**MIRRORING["mirror"], "platforms": ["linux/arm64", "linux/amd64"], "foreign_layers": "keep"}
    account = {**MIRRORING, "mirror": mirror, "required_images": ["harness/chaos-ddcr:1"]}
    (job,) = run_mirror_selection(project.four_levels(account=account).reviewed)
    assert (job.wanted.platforms, job.wanted.keep_foreign) == (("linux/amd64", "linux/arm64"), True)


@pytest.fixture
def run_mirror_selection():
    from pulumi_chaosreg.cli.mirror.selection import select_copies

    return lambda reviewed: select_copies(reviewed, [])
