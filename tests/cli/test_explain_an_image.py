"""`chaosreg explain IMAGE`: who wants an image, where it comes from and goes, which digest it has."""

import pytest

DELEGATE = "docker.io/harness/delegate:24.11"
DIGEST = f"sha256:{'d' * 64}"


@pytest.fixture
def listed(company):
    """The account lists an image beside what infrastructures need."""
    company.edit("acme", "{source: docker.io/harness}", "{source: docker.io/harness, also: [harness/delegate:24.11]}")
    lockfile = company.stacks / "chaosreg.lock.yaml"
    lockfile.write_text(f"{lockfile.read_text()}{DELEGATE}: {DIGEST}\n")
    return company


@pytest.mark.parametrize(
    "name",
    [
        "harness/delegate:24.11",
        "docker.io/harness/delegate",
        "harbor.company.com/chaos/delegate:24.11",
        "delegate",
        "delegate:24.11",
    ],
)
def test_it_is_named_as_source_or_copy_with_or_without_its_tag(listed, run, name):
    code, out, err = run("explain", name)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "harbor.company.com/chaos/delegate:24.11",
        f"  source = {DELEGATE}",
        f"  digest = {DIGEST}",
        "  mirrored by = account `acme`, stack `acme`",
        "  pulled by = no infrastructure of this project",
        "  needed by = mirror.also  stacks/Pulumi.acme.yaml:11  account `acme`",
        "",
    ]


def test_what_infrastructures_pull_is_known_with_all_of_them(listed, run):
    _, out, _ = run("explain", "harness/chaos-ddcr")
    assert [line for line in out.splitlines() if not line.startswith(" ")] == [
        "docker.io/harness/chaos-ddcr:1.93.0",
        "",
        "harbor.company.com/chaos/chaos-ddcr:1.94.0",
        "",
    ]
    assert "  mirrored by = nothing: it is pulled directly\n  pulled by = shop/lab\n" in out
    assert "  pulled by = shop/checkout/eu, shop/checkout/us\n" in out
    assert "needed by = images.tags.chaos-ddcr  stacks/Pulumi.checkout.yaml" in out


def test_an_infrastructure_s_name_goes_first(listed, run):
    assert run("explain", "eu")[1].startswith("shop/checkout/eu\n")


def test_what_is_not_locked_yet_is_said(listed, run):
    listed.edit("acme", "delegate:24.11", "delegate:24.12")
    code, out, _ = run("explain", "delegate")
    assert code == 1  # the stack files have an error
    assert "  digest = not locked: `chaosreg lock`\n" in out


def test_one_that_nobody_wants_is_an_error_with_those_that_are_near(listed, run):
    code, _, err = run("explain", "harness/delegat:24.11")
    assert code == 2
    assert "error[CHR0118]: nothing needs an image `harness/delegat:24.11`" in err
    assert f"did you mean `{DELEGATE}`" in err
