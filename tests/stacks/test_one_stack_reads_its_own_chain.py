"""An infrastructure's stack parses its own chain; other files are searched as text for what walks around a lock."""

import pytest

ACME = {"chaosreg:account": {"id": "acme", "images": {"release": "1.94.4"}, "allow_overrides": True}}
PROJECT = {"chaosreg:parent_stack": "acme", "chaosreg:project": {"id": "checkout"}}
PROD = {"chaosreg:parent_stack": "checkout", "chaosreg:infrastructures": {"eu": {"cluster": {"context": "eu"}}}}
OWNER = {"image_registry": {"server": "h.example", "type": "public"}, "mirror": {"source": "docker.io/harness"}}


@pytest.fixture
def company(project):
    return project.write({"acme": ACME, "checkout": PROJECT, "prod": PROD})


def test_only_the_chain_is_parsed(company):
    company.write({"other": {"chaosreg:parent_stack": "acme", "chaosreg:project": {"id": "ledger", "sever": 1}}})
    reviewed = company.review("prod")
    assert sorted(reviewed.company.files) == ["acme", "checkout", "prod"]
    assert [scope.path for scope in reviewed.company.scopes] == ["acme", "checkout", "checkout/eu"]
    # and a mistake elsewhere is not this stack's: `validate` tells it
    assert reviewed.findings == ()
    assert [finding.code for finding in company.review().findings] == ["CHR0104"]


def test_a_mistake_in_the_chain_is_this_stack_s(company):
    company.write({"checkout": {**PROJECT, "chaosreg:project": {"id": "checkout", "sever": 1}}})
    assert [finding.code for finding in company.review("prod").findings] == ["CHR0104"]


def test_infrastructures_of_the_chain_s_other_stacks_are_not_resolved(company):
    company.write({"checkout": {**PROJECT, "chaosreg:infrastructures": {"dev": {"cluster": {"context": "dev"}}}}})
    assert [scope.path for scope in company.review("prod").resolved] == ["checkout/eu"]


DOUBLES = {
    "a second account": {"chaosreg:account": {"id": "other"}},
    "a second account, spelt with an escape": 'config: {"chaosreg:\\x61ccount": {id: other}}',
    "a project again": {
        "chaosreg:parent_stack": "acme",
        "chaosreg:project": {"id": "checkout", "allow_overrides": True},
    },
    "an infrastructure again": PROD,
    "an infrastructure again, in a file of its own": {
        "chaosreg:parent_stack": "checkout",
        "chaosreg:infrastructures": {"files": "more/*.yaml"},
    },
}


@pytest.mark.parametrize("name", DOUBLES)
def test_a_double_in_another_file_is_found_all_the_same(company, name):
    company.write({"double": DOUBLES[name], "more/all.yaml": "eu: {cluster: {context: x}}"})
    for stack in ("prod", None):
        assert "CHR0210" in {finding.code for finding in company.review(stack).findings}, stack


@pytest.mark.parametrize(
    "other",
    [
        {"chaosreg:parent_stack": "acme", "chaosreg:project": {"id": "checkout-2"}},
        {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": {"eu": {"cluster": {"context": "e"}}}},
        {"chaosreg:parent_stack": "checkout", "chaosreg:infrastructures": {"us": {"cluster": {"context": "eu"}}}},
    ],
)
def test_what_only_looks_like_a_double_is_none(company, other):
    company.write({"other": other})
    assert company.review("prod").findings == ()


def test_a_file_that_nobody_can_read_may_hide_anything(company):
    company.write({"broken": "config: {chaosreg:account: [}"})
    assert [finding.code for finding in company.review("prod").findings] == ["CHR0102"]


@pytest.mark.parametrize(
    ("stack", "more"),
    [
        ("acme", {"chaosreg:account": {**ACME["chaosreg:account"], **OWNER}}),
        ("checkout", {"chaosreg-credentials:x": {"secure": "v1:x"}}),  # handed down
    ],
)
def test_who_makes_things_for_stacks_below_reads_all(company, stack, more):
    company.write({stack: {**(ACME if stack == "acme" else PROJECT), **more}})
    reviewed = company.review(stack)
    assert reviewed.company.whole
    assert [scope.path for scope in reviewed.resolved] == ["checkout/eu"]


def test_pulumi_yaml_s_config_counts_for_every_stack(project, places):
    # given: the parent stack of all environments is said once
    (project.folder / "Pulumi.yaml").write_text(
        "name: x\nstackConfigDir: stacks\nconfig:\n  chaosreg:parent_stack: {value: acme}\n"
    )
    below = {"chaosreg:infrastructures": {"eu": {"cluster": {"context": "eu"}}}}
    project.write({"acme": ACME, "prod": below})
    reviewed = project.review()
    # then: it holds for `prod`, and the account's own stack, which the engine gives it too, goes on without
    assert reviewed.findings == ()
    (config,) = reviewed.resolved.values()
    assert config.infrastructure.parent.id == "acme"
    assert project.review("acme", {"chaosreg:parent_stack": "acme"}).findings == ()
    # and a mistake is told where it stands
    (project.folder / "Pulumi.yaml").write_text(
        "name: x\nstackConfigDir: stacks\nconfig:\n  chaosreg:parent_stack: acmee\n"
    )
    assert places(project.review("prod", {"chaosreg:parent_stack": "acmee"})) == [("CHR0207", "Pulumi.yaml", 4)]


@pytest.mark.parametrize("given", ["{value: {id: acme}}", "{type: object, default: {id: acme}}"])
def test_a_whole_section_may_stand_in_pulumi_yaml(project, given):
    (project.folder / "Pulumi.yaml").write_text(
        f"name: x\nstackConfigDir: stacks\nconfig:\n  chaosreg:account: {given}\n"
    )
    release = {"images": {"release": "1.94.4"}, "cluster": {"context": "c"}}
    project.write({"only": {"chaosreg:infrastructures": {"eu": release}}})
    reviewed = project.review()
    assert reviewed.findings == ()
    assert [scope.path for scope in reviewed.company.scopes] == ["acme", "eu"]
    # a stack's own section replaces it as a whole, as the engine has it
    project.write({"only": {"chaosreg:account": {"id": "own"}, "chaosreg:infrastructures": {"eu": release}}})
    assert [scope.path for scope in project.review().company.scopes] == ["own", "eu"]


def test_a_folder_in_the_place_of_a_stack_file_is_a_finding_and_no_traceback(company):
    (company.stacks / "Pulumi.old.yaml").mkdir()
    assert [finding.code for finding in company.review("prod").findings] == ["CHR0101"]


def test_a_second_account_is_seen_in_a_file_with_a_key_given_twice(company):
    company.write({"stray": "config:\n  chaosreg:account: {id: x}\n  chaosreg:account: {id: y}\n"})
    assert [finding.code for finding in company.review("prod").findings] == ["CHR0103"]


def test_an_image_that_a_project_elsewhere_lists_may_have_its_tag_at_the_account(company):
    account = {**ACME["chaosreg:account"], "images": {"release": "1.94.4", "tags": {"my-probe": "1"}}}
    elsewhere = {"chaosreg:parent_stack": "acme", "chaosreg:project": {"id": "b", "required_images": ["acme/my-probe"]}}
    company.write({"acme": {"chaosreg:account": account}, "b": elsewhere})
    assert company.review().findings == ()
    assert company.review("prod").findings == ()


@pytest.mark.parametrize(("key", "code"), [("chaosreg:acount", "CHR0110"), ("chaosreg:parentStack", "CHR0113")])
def test_sections_of_pulumi_yaml_are_checked_like_those_of_stack_files(company, places, key, code):
    (company.folder / "Pulumi.yaml").write_text(f"name: x\nstackConfigDir: stacks\nconfig:\n  {key}: acme\n")
    assert (code, "Pulumi.yaml", 4) in places(company.review())


@pytest.mark.parametrize("text", ["config:\n  account: {id: other}\n", "config: {account: {id: other}}\n"])
def test_a_second_account_without_a_prefix_is_seen_in_a_project_of_our_name(company, text):
    (company.folder / "Pulumi.yaml").write_text("name: chaosreg\nstackConfigDir: stacks\n")
    company.write({"other": text})
    assert "CHR0210" in {finding.code for finding in company.review("prod").findings}
