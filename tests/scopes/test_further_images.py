"""`mirror.also`: which registries take the list, what each image becomes, and what is wrong with a list."""

import pytest

from pulumi_chaosreg.cli.lock_sources import sources_of, subsets_of
from pulumi_chaosreg.cli.mirror.selection import select_copies
from pulumi_chaosreg.review.difference import compare
from pulumi_chaosreg.review.made import Made
from pulumi_chaosreg.review.marks import Sign
from pulumi_chaosreg.review.touched import touched

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
HARBOR = {"server": "harbor.example", "account": "chaos", "type": "public"}
DELEGATE, PROBE = "harness/delegate:24.11.84304", "quay.io/acme/source-probe:1.4.0"
ALLOWED = ["docker.io/harness", "quay.io/acme"]
MIRROR = {"source": "docker.io/harness", "also": [DELEGATE, PROBE], "allow_sources": ALLOWED}
LOCKED = "".join(
    f"{line}: {A}\n" for line in ("docker.io/harness/chaos-ddcr:1", "docker.io/harness/delegate:24.11.84304", PROBE)
)


def files(account, infrastructures=None):
    """An account that needs one image, and an environment where there is one."""
    one = {"id": "acme", "allow_overrides": True, "required_images": ["harness/chaos-ddcr:1"], **account}
    below = {name: {"cluster": {"context": name}, **said} for name, said in (infrastructures or {}).items()}
    prod = {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": below}
    return {"acme": {"chaosreg:account": one}, **({"prod": prod} if below else {})}


@pytest.fixture
def reviewed(new_project):
    def review(account, infrastructures=None, lock=LOCKED):
        return new_project().write(files(account, infrastructures), lock=lock).review()

    return review


def copies(reviewed):
    """(source, target) of everything that `chaosreg mirror` would copy."""
    return [(str(job.source), job.target.tagged) for job in select_copies(reviewed, [])]


def codes(reviewed):
    return [(finding.code, finding.severity) for finding in reviewed.findings]


# --- what is mirrored


def test_the_last_part_of_the_path_goes_under_the_account_beside_what_is_needed(reviewed):
    found = reviewed({"image_registry": HARBOR, "mirror": MIRROR}, {"eu": {}})
    assert found.findings == ()
    assert copies(found) == [
        (f"docker.io/harness/chaos-ddcr:1@{A}", "harbor.example/chaos/chaos-ddcr:1"),
        (f"docker.io/harness/delegate:24.11.84304@{A}", "harbor.example/chaos/delegate:24.11.84304"),
        (f"{PROBE}@{A}", "harbor.example/chaos/source-probe:1.4.0"),
    ]
    assert [source.tagged for source in sources_of(found)] == [line.split(": ")[0] for line in LOCKED.splitlines()]


def test_a_registry_without_infrastructures_is_filled_and_no_source_is_needed_for_that(reviewed):
    for mirror in (MIRROR, {"also": [DELEGATE]}):
        found = reviewed({"image_registry": HARBOR, "mirror": mirror})
        assert found.findings == ()
        assert next(target for _, target in copies(found)) == "harbor.example/chaos/delegate:24.11.84304"
        assert len(copies(found)) == len(mirror["also"])


def test_without_a_source_what_is_needed_is_still_nobody_s_to_mirror(reviewed):
    found = reviewed({"image_registry": HARBOR, "mirror": {"also": [DELEGATE]}}, {"eu": {}})
    assert codes(found) == [("CHR0315", "warning")]
    assert [target for _, target in copies(found)] == ["harbor.example/chaos/delegate:24.11.84304"]


def test_every_registry_of_the_owner_takes_the_list_or_has_one_of_its_own(reviewed):
    registries = {
        "eu": HARBOR,
        "us": {**HARBOR, "server": "us.example"},
        "tools": {**HARBOR, "account": "tools", "mirror": {"also": [PROBE]}},
        "bare": {**HARBOR, "account": "bare", "mirror": {"also": []}},
        "theirs": {**HARBOR, "account": "theirs", "mirror": "off"},
    }
    account = {"registries": registries, "image_registry": "eu", "mirror": {**MIRROR, "also": [DELEGATE]}}
    chosen = {name: {"image_registry": name} for name in ("eu", "bare", "theirs")}
    found = reviewed(account, chosen)
    assert {target for _, target in copies(found) if "chaos-ddcr" not in target} == {
        "harbor.example/chaos/delegate:24.11.84304",
        "harbor.example/tools/source-probe:1.4.0",
    }
    # `us` is chosen by nobody: it may be there for a login; `tools` is meant for just that
    assert [(f.code, f.message) for f in found.findings] == [
        ("CHR0216", "registry `us` is not used, so nothing is made or mirrored for it")
    ]


def test_the_nearest_level_s_list_counts_as_a_whole(new_project):
    project = {"image_registry": HARBOR, "mirror": {"also": [PROBE]}}
    outcome = new_project().four_levels(account={"mirror": MIRROR}, project=project)
    (further,) = outcome.reviewed.further
    assert [image.reference.tagged for image in further.images] == ["harbor.example/chaos/source-probe:1.4.0"]


def test_harness_s_own_registry_is_nobody_s_to_fill(reviewed):
    """Who goes back to the public images below does not push there what the account lists."""
    public = {"image_registry": {"server": "docker.io", "account": "harness", "type": "public"}}
    for mirror in (MIRROR, {"also": [PROBE], "allow_sources": ALLOWED}):
        found = reviewed({"image_registry": HARBOR, "mirror": mirror}, {"lab": public, "eu": {}})
        assert [target for _, target in copies(found) if not target.startswith("harbor.example/")] == []
        assert not found.errors


def test_the_policy_of_the_registry_holds_for_them(reviewed):
    mirror = {**MIRROR, "platforms": ["linux/amd64"], "signatures": "skip"}
    subsets = "".join(f"{line.split(': ')[0]}#linux/amd64: {B}\n" for line in LOCKED.splitlines())
    found = reviewed({"image_registry": HARBOR, "mirror": mirror}, lock=LOCKED + subsets)
    job = select_copies(found, ["delegate"])[0]
    assert (job.wanted.digest, job.wanted.platforms, job.wanted.signatures) == (B, ("linux/amd64",), False)
    assert job.source.digest == A


def test_a_digest_that_the_list_names_counts_and_needs_no_line_but_that_of_a_subset(reviewed):
    also = [f"{DELEGATE}@{C}"]
    found = reviewed({"image_registry": HARBOR, "mirror": {"also": also}}, lock="")
    assert found.findings == ()
    assert sources_of(found) == []
    assert [job.wanted.digest for job in select_copies(found, [])] == [C]
    account = {"image_registry": HARBOR, "mirror": {"also": also, "platforms": ["linux/amd64"]}}
    key = f"docker.io/{DELEGATE}@{C}#linux/amd64"
    lacking = reviewed(account, lock="")
    assert [(finding.code, key in finding.message) for finding in lacking.findings] == [("CHR0304", True)]
    assert list(subsets_of(lacking)) == [key]
    assert [job.wanted.digest for job in select_copies(reviewed(account, lock=f"{key}: {B}\n"), [])] == [B]


@pytest.mark.parametrize(("pin", "digest"), [("off", None), ("record", A), ("strict", A), (None, A)])
def test_how_firmly_digests_hold_is_what_the_owner_says(reviewed, pin, digest):
    images = {"images": {"pin": pin}} if pin else {}
    found = reviewed({"image_registry": HARBOR, "mirror": MIRROR, **images})
    assert {(job.wanted.digest, job.must_be_locked) for job in select_copies(found, [])} == {
        (digest, pin in (None, "strict"))
    }


def test_a_tag_that_moves_gets_a_unique_one_beside_it(reviewed):
    also = {"also": ["harness/delegate:latest"]}
    found = reviewed({"image_registry": HARBOR, "mirror": also}, lock=f"docker.io/harness/delegate:latest: {A}\n")
    assert [job.wanted.unique for job in select_copies(found, [])] == [True]


def test_scopes_and_names_choose_them(reviewed):
    found = reviewed({"image_registry": HARBOR, "mirror": MIRROR}, {"eu": {}})
    assert [job.target.image for job in select_copies(found, ["source-*"])] == ["source-probe"]
    assert [job.target.image for job in select_copies(found, ["acme"])] == ["chaos-ddcr", "delegate", "source-probe"]
    assert [job.target.image for job in select_copies(found, ["eu"])] == ["chaos-ddcr"]


def test_the_stack_of_an_environment_does_not_ask_for_its_owner_s_list(new_project):
    """What its clusters pull is locked; what else the owner mirrors is the owner's."""
    project = new_project().write(
        files({"image_registry": HARBOR, "mirror": MIRROR}, {"eu": {}}), lock=LOCKED.splitlines()[0] + "\n"
    )
    assert project.review("prod").findings == ()
    assert [finding.code for finding in project.review("acme").findings] == ["CHR0304", "CHR0304"]


# --- a custom image that is one of them


def test_a_custom_image_that_points_there_is_mirrored_locked_and_verified(reviewed):
    custom = {"custom_images": {"ddcr": "harbor.example/chaos/source-probe:1.4.0"}}
    found = reviewed({"image_registry": HARBOR, "mirror": {**MIRROR, "signatures": "copy"}}, {"eu": custom})
    (config,) = found.resolved.values()
    (image,) = config.images
    assert str(image.reference) == f"harbor.example/chaos/source-probe:1.4.0@{A}"
    assert str(image.source) == f"{PROBE}@{A}"
    assert (str(image.origin), image.is_custom) == ("infrastructure/eu", True)
    assert found.findings == ()


def test_one_that_points_elsewhere_or_to_other_bytes_is_not(reviewed):
    for reference in ("harbor.example/chaos/source-probe:1.5.0", f"harbor.example/chaos/source-probe:1.4.0@{C}"):
        found = reviewed({"image_registry": HARBOR, "mirror": MIRROR}, {"eu": {"custom_images": {"ddcr": reference}}})
        (config,) = found.resolved.values()
        assert [str(image.reference) for image in config.images] == [reference]
        assert config.images[0].source is None


def test_signatures_that_are_required_are_looked_at_where_it_is_mirrored(reviewed):
    custom = {"custom_images": {"ddcr": "harbor.example/chaos/source-probe:1.4.0"}}
    verify = {"signatures": "require", "verify": {"identities": [{"identity": "a@b.c", "issuer": "https://x.example"}]}}
    lists = {"yes": MIRROR, "no": {**MIRROR, "also": []}}
    passing = {}
    for name, mirror in lists.items():
        found = reviewed({"image_registry": HARBOR, "mirror": {**mirror, **verify}}, {"eu": custom})
        passing[name] = "CHR0335" in [finding.code for finding in found.findings]
    assert passing == {"yes": False, "no": True}


# --- what is wrong


@pytest.mark.parametrize(
    ("also", "words", "advice"),
    [
        (["harness/delegate"], "`harness/delegate` has no tag", "write `docker.io/harness/delegate:<tag>`"),
        ([f"harness/delegate@{A}"], "has no tag", f"write `docker.io/harness/delegate:<tag>@{A}`"),
    ],
)
def test_an_image_without_a_tag_is_told_where_it_stands(reviewed, also, words, advice):
    (finding,) = reviewed({"image_registry": HARBOR, "mirror": {**MIRROR, "also": [PROBE, *also]}}).findings
    assert (finding.code, finding.help) == ("CHR0337", advice)
    assert words in finding.message
    assert finding.place.keys[-3:] == ("mirror", "also", 1)


@pytest.mark.parametrize(
    ("also", "words"),
    [
        ([PROBE, "harness/source-probe:2"], "`quay.io/acme/source-probe` and `docker.io/harness/source-probe` would"),
        ([PROBE, PROBE], f"`{PROBE}` is listed twice"),
        ([DELEGATE, f"docker.io/{DELEGATE}@{A}"], f"`docker.io/{DELEGATE}` is listed twice"),
        (["quay.io/acme/chaos-ddcr:1"], "`quay.io/acme/chaos-ddcr` and `docker.io/harness/chaos-ddcr` would both"),
        ([f"harness/chaos-ddcr:1@{B}"], "would both become `chaos-ddcr:1`"),
    ],
)
def test_two_that_would_be_one_are_an_error_also_with_what_an_infrastructure_needs(reviewed, also, words):
    lock = LOCKED + f"quay.io/acme/chaos-ddcr:1: {A}\ndocker.io/harness/source-probe:2: {A}\n"
    found = reviewed({"image_registry": HARBOR, "mirror": {**MIRROR, "also": also}}, {"eu": {}}, lock)
    assert codes(found) == [("CHR0338", "error")]
    assert words in found.findings[0].message


@pytest.mark.parametrize(
    "also", [["harness/delegate:1", "harness/delegate:2"], ["harness/chaos-ddcr:1"], ["harness/chaos-ddcr:0"]]
)
def test_other_tags_of_one_source_and_what_is_needed_anyway_are_none(reviewed, also):
    lock = LOCKED + "".join(f"docker.io/{text}: {A}\n" for text in also if text != "harness/chaos-ddcr:1")
    found = reviewed({"image_registry": HARBOR, "mirror": {**MIRROR, "also": also}}, {"eu": {}}, lock)
    assert found.findings == ()
    assert len(copies(found)) == len({*also, "harness/chaos-ddcr:1"})


def test_a_source_that_is_not_allowed_is_told_once_with_all_that_would_have_to_be(reviewed):
    also = [DELEGATE, "quay.io/acme/a:1", "quay.io/acme/a:2", "ghcr.io/acme/b:1"]
    mirror = {"source": "docker.io/harness", "also": also}
    found = reviewed({"image_registry": HARBOR, "mirror": mirror})
    assert codes(found) == [("CHR0309", "error")] * 2
    every = "write `mirror: {allow_sources: [docker.io/harness, quay.io/acme/a, ghcr.io/acme/b]}`"
    assert [finding.help for finding in found.findings] == [
        f"take `quay.io/acme/a:1` out of `mirror.also`, or {every}",
        f"take `ghcr.io/acme/b:1` out of `mirror.also`, or {every}",
    ]
    allowed = ["docker.io/harness", "quay.io/acme/a", "ghcr.io/acme/b"]
    lock = LOCKED + "".join(f"{text}: {A}\n" for text in also[1:])
    assert reviewed({"image_registry": HARBOR, "mirror": {**mirror, "allow_sources": allowed}}, lock=lock).errors == ()


def test_what_is_in_the_registry_already_is_not_copied_onto_itself(reviewed):
    mirror = {"also": ["harbor.example/chaos/watcher:1"]}
    assert codes(reviewed({"image_registry": HARBOR, "mirror": mirror})) == [("CHR0340", "error")]


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ({"mirror": MIRROR}, "no registry is defined at account `acme` or below"),
        (
            {"registries": {"eu": {**HARBOR, "mirror": "off"}}, "image_registry": "eu", "mirror": MIRROR},
            "every registry is filled otherwise at account `acme` or below",
        ),
    ],
)
def test_a_list_that_no_registry_takes_is_told(reviewed, account, words):
    warnings = [finding for finding in reviewed(account, {"eu": {}}).findings if finding.code == "CHR0339"]
    assert [(finding.severity, words in finding.message) for finding in warnings] == [("warning", True)]


def test_below_the_registry_s_owner_that_alone_is_told(reviewed):
    found = reviewed({"image_registry": HARBOR, "mirror": MIRROR}, {"eu": {"mirror": {"also": [DELEGATE]}}})
    assert codes(found) == [("CHR0336", "warning")]


def test_one_path_with_two_owners_is_told_also_where_nobody_pulls(reviewed):
    own = {"image_registry": HARBOR, "mirror": MIRROR}
    found = reviewed(own, {"eu": {"image_registry": {**HARBOR, "type": "public"}}})
    assert "CHR0311" in [finding.code for finding in found.findings]


def test_what_a_kind_of_registry_refuses_of_its_repositories_holds_for_them(reviewed):
    """Amazon ECR makes a few exceptions only from tags that stay."""
    ecr = {"server": "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "account": "tools", "type": "private"}
    also = [f"harness/delegate:{tag}" for tag in ("latest", "a-latest", "b-latest", "c-latest", "d-latest", "e-latest")]
    account = {
        "registries": {"tools": {**ecr, "authentication": {"type": "aws_ecr"}, "mirror": {"also": also}}},
        "repositories": {"create": True},
    }
    found = reviewed(account, lock="".join(f"docker.io/{text}: {A}\n" for text in also))
    assert codes(found) == [("CHR0443", "error")]
    assert found.findings[0].place.keys[-3:-1] == ("mirror", "also")


# --- what an edit of it does


def difference(new_project, before, after, locks=(LOCKED, LOCKED)):
    made = [
        Made(new_project().write(files(said, {"eu": {}}), lock=lock).review())
        for said, lock in zip((before, after), locks, strict=True)
    ]
    return compare(*made), [one.stack for one in touched(*made)]


def test_an_image_more_is_told_of_the_registry_and_touches_its_owner_alone(new_project):
    shorter = {"image_registry": HARBOR, "mirror": {**MIRROR, "also": [DELEGATE]}}
    found, stacks = difference(new_project, shorter, {"image_registry": HARBOR, "mirror": MIRROR})
    (change,) = found.registries
    assert found.infrastructures == ()
    assert {field.field: (field.before, field.after) for field in change.fields} == {
        "mirror.also": (DELEGATE, f"{DELEGATE}, {PROBE}"),
        "digest.source-probe:1.4.0": (None, A),
    }
    assert {field.cause.text for field in change.fields} == {
        f"account `acme` `mirror.also`: [{DELEGATE}] → [{DELEGATE}, {PROBE}]"
    }
    assert stacks == ["acme"]


def test_other_bytes_under_its_tag_are_marked(new_project):
    said = {"image_registry": HARBOR, "mirror": MIRROR}
    moved = LOCKED.replace(f"{PROBE}: {A}", f"{PROBE}: {B}")
    found, stacks = difference(new_project, said, said, (LOCKED, moved))
    (change,) = found.registries
    assert [(f.field, f.before, f.after, f.cause.text) for f in change.fields] == [
        ("digest.source-probe:1.4.0", A, B, f"chaosreg.lock.yaml: {PROBE} has another digest")
    ]
    assert [(mark.sign, mark.text) for mark in found.marks] == [
        (Sign.OTHER_CONTENT, "`source-probe:1.4.0` has another digest")
    ]
    assert stacks == ["acme"]


def test_a_credential_that_only_such_a_mirror_needs_must_have_a_value(new_project):
    tools = {**HARBOR, "mirror": {"also": [DELEGATE], "push": "pusher"}}
    content = files({"registries": {"tools": tools}})
    content["acme"]["chaosreg-credentials:other"] = {"secure": "v1:x"}
    found = new_project().write(content, lock=LOCKED).review("acme")
    assert [finding.code for finding in found.errors] == ["CHR0501"]
