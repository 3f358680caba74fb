"""References are read as Docker reads them, and say which part is malformed."""

import pytest

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.lockfile import pinned
from pulumi_chaosreg.images.reference import Reference

SHA = "sha256:" + "0123456789abcdef" * 4
SHA512 = "sha512:" + "0123456789abcdef" * 8


@pytest.mark.parametrize(
    ("text", "server", "repository", "tag", "digest"),
    [
        # Docker Hub's short forms
        ("nginx", "docker.io", "library/nginx", None, None),
        ("nginx:1.27", "docker.io", "library/nginx", "1.27", None),
        ("harness/chaos-ddcr:1.94.0", "docker.io", "harness/chaos-ddcr", "1.94.0", None),
        ("docker.io/nginx", "docker.io", "library/nginx", None, None),
        ("docker.io/harness/chaos-ddcr", "docker.io", "harness/chaos-ddcr", None, None),
        ("index.docker.io/harness/x:1", "docker.io", "harness/x", "1", None),
        ("registry-1.docker.io/nginx:1", "docker.io", "library/nginx", "1", None),
        # what is a server and what is not
        ("localhost/x:1", "localhost", "x", "1", None),
        ("localhost:5000/a/x", "localhost:5000", "a/x", None, None),
        ("myhost/x", "docker.io", "myhost/x", None, None),
        ("harbor:8443/p/x:1", "harbor:8443", "p/x", "1", None),
        ("10.0.0.1:5000/x:1", "10.0.0.1:5000", "x", "1", None),
        ("[::1]:5000/x:1", "[::1]:5000", "x", "1", None),
        ("Harbor.Company.com/p/x:1", "harbor.company.com", "p/x", "1", None),
        ("1234.dkr.ecr.eu-west-1.amazonaws.com/a/b/c:v1", "1234.dkr.ecr.eu-west-1.amazonaws.com", "a/b/c", "v1", None),
        # digests
        (f"h.example/p/x@{SHA}", "h.example", "p/x", None, SHA),
        (f"h.example/p/x:1@{SHA}", "h.example", "p/x", "1", SHA),
        (f"h.example:5000/p/x:1@{SHA512}", "h.example:5000", "p/x", "1", SHA512),
        # separators
        ("h.example/a_b/c__d/e-f/g--h/i.j:_T.1-x", "h.example", "a_b/c__d/e-f/g--h/i.j", "_T.1-x", None),
        ("h.example/x:" + "a" * 128, "h.example", "x", "a" * 128, None),
    ],
)  # fmt: skip
def test_a_reference_has_these_parts(text, server, repository, tag, digest):
    assert Reference.parse(text) == Reference(server, repository, tag, digest)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "repository"),
        ("h.example/", "repository"),
        ("h.example/Upper/x", "repository"),
        ("UPPER", "repository"),
        ("h.example/a//b", "repository"),
        ("h.example/a/", "repository"),
        ("h.example/-a", "repository"),
        ("h.example/a___b", "repository"),
        ("h.example/a b", "repository"),
        ("-h.example/x", "server"),
        ("h..example/x", "server"),
        ("h.example:port/x", "server"),
        ("h.example:/x", "server"),
        ("https://h.example/x", "server"),
        ("h_h.example/x", "server"),
        ("h.example/x:", "tag"),
        ("h.example/x:.1", "tag"),
        ("h.example/x:-1", "tag"),
        ("h.example/x:1+2", "tag"),
        ("h.example/x:1:2", "tag"),
        ("h.example/x:" + "a" * 129, "tag"),
        ("h.example/x@", "digest"),
        ("h.example/x@sha256:abc", "digest"),
        (f"h.example/x@{SHA.upper()}", "digest"),
        (f"h.example/x@{SHA}0", "digest"),
        (f"h.example/x@{SHA}@{SHA}", "digest"),
        ("h.example/x@md5:" + "0" * 32, "digest"),
    ],
)
def test_a_malformed_part_is_named(text, part):
    with pytest.raises(ChaosregError, match=f"its {part} is malformed") as caught:
        Reference.parse(text)
    assert caught.value.findings[0].code == "CHR0301"


@pytest.mark.parametrize("text", ["h.example/x:1\n", "h.example/x\n", f"h.example/x@{SHA}\n"])
def test_a_line_s_end_is_no_part_of_a_reference(text):
    with pytest.raises(ChaosregError):
        Reference.parse(text)


@pytest.mark.parametrize(
    "text", ["docker.io/library/nginx", f"h.example:1/p/x:1@{SHA}", f"h.example/p/x@{SHA}", "localhost/x:1"]
)
def test_what_is_written_out_reads_the_same_again(text):
    assert str(Reference.parse(text)) == text
    assert Reference.parse(str(Reference.parse(text))) == Reference.parse(text)


def test_a_reference_has_a_name_and_a_tagged_form_without_its_digest():
    reference = Reference.parse(f"h.example/p/x:1@{SHA}")
    assert (reference.name, reference.tagged) == ("h.example/p/x", "h.example/p/x:1")
    assert reference.with_digest(None) == Reference("h.example", "p/x", "1")
    assert Reference.parse("h.example/p/x").tagged == "h.example/p/x"


def test_pinning_takes_the_locked_digest_and_never_changes_one_that_is_written():
    other = "sha256:" + "f" * 64
    locked = {"h.example/x:1": SHA}
    assert pinned(Reference.parse("h.example/x:1"), locked).digest == SHA
    assert pinned(Reference.parse(f"h.example/x:1@{other}"), locked).digest == other
    assert pinned(Reference.parse("h.example/x:2"), locked).digest is None
