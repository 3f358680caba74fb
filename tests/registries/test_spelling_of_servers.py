"""One server, one spelling; and never another server."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_chaosreg.credentials.auths import place_of
from pulumi_chaosreg.credentials.keyring import key_for, matches, unmatched
from pulumi_chaosreg.images.reference import SERVER, Reference, port_problem
from pulumi_chaosreg.images.server_address import base_url
from pulumi_chaosreg.images.servers import HUB_ALIASES
from pulumi_chaosreg.oci.addresses import origin
from pulumi_chaosreg.registries.kinds import all_kinds, registry_kind
from pulumi_chaosreg.registries.servers import account_path, canonical_server
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.stacks.project_file import find_project
from tests.support.company import mirroring_company


@pytest.mark.parametrize(
    ("written", "server"),
    [
        ("docker.io", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("index.docker.io", "docker.io"),
        ("Registry.Hub.Docker.com:443", "docker.io"),
        ("docker.io:443", "docker.io"),
        ("Harbor.Company.COM", "harbor.company.com"),
        ("harbor.company.com:443", "harbor.company.com"),
        ("harbor.company.com:0443", "harbor.company.com"),
        ("harbor.company.com:8443", "harbor.company.com:8443"),
        ("harbor.company.com:05000", "harbor.company.com:5000"),
        ("harbor.company.com:4430", "harbor.company.com:4430"),
        ("[2001:DB8::1]:443", "[2001:db8::1]"),
        ("10.0.0.5:443", "10.0.0.5"),
        ("[2001:db8::443]", "[2001:db8::443]"),
        # the port says something
        ("harbor:443", "harbor:443"),
        ("localhost:443", "localhost:443"),
        ("127.0.0.1:443", "127.0.0.1:443"),
        ("[::1]:443", "[::1]:443"),
        ("lab.localhost:443", "lab.localhost:443"),
        ("[0:0:0:0:0:0:0:1]:443", "[0:0:0:0:0:0:0:1]:443"),
        ("[::ffff:127.0.0.1]:443", "[::ffff:127.0.0.1]:443"),
        ("127.1:443", "127.1:443"),
        # no server at all: somebody else's finding
        ("harbor.company.com:", "harbor.company.com:"),
        ("harbor.company.com:0", "harbor.company.com:0"),
        ("", ""),
    ],
)
def test_a_server_has_one_spelling(written, server):
    assert canonical_server(written) == server


names = st.from_regex(SERVER, fullmatch=True).filter(lambda text: not (port_problem(text) or text.startswith("[")))
addresses = st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(lambda address: f"[{address}]")
known = st.sampled_from(
    ["Docker.io", "registry-1.docker.io", "harbor.x", "harbor", "Localhost", "127.1", "[::1]", "[0::1]"]
)
servers = (
    st.builds(
        "{}{}".format,
        names.filter(lambda text: ":" not in text) | addresses | known,
        st.sampled_from(["", ":443", ":00443", ":5000"]),
    )
    | names
)


@settings(max_examples=100, deadline=None, database=None)
@given(written=servers)
def test_the_spelling_is_of_the_same_server_and_final(written):
    server = canonical_server(written)
    assert canonical_server(server) == server
    if server == "docker.io":
        assert registry_kind(written).name == "dockerhub"
    else:
        assert origin(base_url(server)) == origin(base_url(written))
    assert registry_kind(server).name == registry_kind(written).name
    if "." in server or ":" in server or server == "localhost":  # what else an image reference takes for a server
        image = Reference.parse(f"{server}/chaos/chaos-ddcr:1")
        assert (image.server, image.repository) == (server, "chaos/chaos-ddcr")
        assert matches(key_for(server), f"{server}/chaos/chaos-ddcr")


@pytest.mark.parametrize(
    "written", ["registry-1.docker.io", "INDEX.docker.io", "registry.hub.docker.com", "h.example:443"]
)
def test_what_we_call_a_server_is_what_docker_s_logins_are_kept_under(written):
    assert canonical_server(written) == place_of(written)


def test_image_references_know_docker_hub_by_the_names_that_its_kind_has():
    assert set(HUB_ALIASES) == set(all_kinds()["dockerhub"].aliases)


@pytest.mark.parametrize(
    "written",
    [
        *("Harbor.Company.com", "harbor.company.com:443", "harbor.company.com:0443", "[2001:DB8::1]:443", "Docker.io"),
        *(*HUB_ALIASES, "Registry-1.Docker.io:443", "harbor:443", "localhost:443"),
    ],
)
def test_a_reference_spells_its_server_as_the_settings_do(written):
    image = Reference.parse(f"{written}/chaos/chaos-ddcr:1")
    assert image.server == canonical_server(written)
    assert str(image) == f"{canonical_server(written)}/chaos/chaos-ddcr:1"


@pytest.mark.parametrize(
    "written", ["Docker.io/harness", "docker.io:443/harness", *(f"{name}/harness" for name in HUB_ALIASES)]
)
def test_a_source_that_is_allowed_is_so_in_every_spelling(written, tmp_path):
    project = mirroring_company(tmp_path, "docker.io", "harbor.company.com", {"one": f"sha256:{'a' * 64}"})
    stack = project / "stacks/Pulumi.acme.yaml"
    stack.write_text(stack.read_text().replace('source: "docker.io/harness"', f'source: "{written}"'))
    reviewed = review(find_project(project))
    assert not reviewed.errors
    images = [image for resolved in reviewed.resolved.values() for image in resolved.images]
    assert {str(image.source) for image in images} == {f"docker.io/harness/one:1@sha256:{'a' * 64}"}


@pytest.mark.parametrize(
    ("written", "server"),
    [(name, "docker.io") for name in HUB_ALIASES]
    + [("Harbor.Company.com", "harbor.company.com"), ("harbor.company.com:443", "harbor.company.com")],
)
def test_images_and_their_login_have_the_one_spelling(written, server, tmp_path):
    digest = f"sha256:{'a' * 64}"
    project = mirroring_company(tmp_path, "docker.io", written, {"one": digest})
    stack = project / "stacks/Pulumi.acme.yaml"
    stack.write_text(stack.read_text().replace("account: chaos", "account: /chaos/"))
    for resolved in review(find_project(project)).resolved.values():
        references = [str(image.reference) for image in resolved.images]
        assert references == [f"{server}/chaos/one:1@{digest}"]
        assert unmatched([key_for(resolved.registry.server.value)], references) == []


@pytest.mark.parametrize(
    ("written", "path"), [("/chaos/", "chaos"), ("chaos", "chaos"), ("//a/b//", "a/b"), ("/", ""), ("", "")]
)
def test_a_path_has_no_slashes_around(written, path):
    assert account_path(written) == path
