"""A password that was written where it does not belong is never repeated: not in the message, not in the excerpt."""

import pytest

CANARY = "canary-4711"

WRITTEN = {
    "as an unknown key": "image_registry:\n      authentication:\n        password: CANARY",
    "in one line with its user": "image_registry: {server: h.example, authentication: {username: u, password: CANARY}}",
    "as a secure value": "image_registry: {authentication: {secure: CANARY}}",
    "as a token": "image_registry: {token: CANARY}",
    "as the whole of authentication": "image_registry: {authentication: CANARY}",
    "as an auth": "image_registry: {authentication: {auth: CANARY}}",
    "as a value that does not exist": "image_registry: {authentication: {type: CANARY}}",
    "as a key file's content": "image_registry: {authentication: {type: gcp_service_account, private_key: CANARY}}",
    "as an alias": "image_registry: {authentication: {password_secret: *CANARY}}",
}


@pytest.mark.parametrize("way", WRITTEN)
def test_a_password_in_a_section_is_not_repeated(project, way):
    section = WRITTEN[way].replace("CANARY", CANARY)
    project.write({"acme": f"config:\n  chaosreg:account:\n    id: acme\n    {section}\n"})
    findings = project.review().findings
    assert findings
    assert CANARY not in "".join(str(finding) for finding in findings)
    assert CANARY not in repr(findings)


@pytest.mark.parametrize("key", ["pwd", "pw"])
def test_a_password_under_a_shorter_name_is_not_repeated(project, key):
    project.write({"acme": f"config:\n  chaosreg:account:\n    id: acme\n    image_registry: {{{key}: {CANARY}}}\n"})
    assert CANARY not in "".join(str(finding) for finding in project.review().findings)


def test_a_password_in_a_server_s_address_is_not_repeated(project):
    registry = {"server": f"https://bob:{CANARY}@h.example", "type": "public"}
    findings = project.four_levels(account={"image_registry": registry}).reviewed.findings
    assert CANARY not in "".join(str(finding) for finding in findings)


def test_credentials_are_known_by_name_only(project):
    reviewed = project.write(
        {
            "acme": {
                "chaosreg:account": {"id": "acme", "unknown": 1},
                "chaosreg-credentials:harbor": CANARY,
                "chaosreg-credentials:push": {"username": "u", "password": CANARY},
            }
        }
    ).review()
    assert reviewed.company.files["acme"].credentials == {"harbor", "push"}
    assert CANARY not in repr(reviewed)


@pytest.mark.parametrize("line", [f"password: {CANARY}", f"'api_key': {CANARY}", f"Secret: {CANARY}"])
def test_an_excerpt_stops_at_the_colon_of_a_key_that_may_be_secret(project, line):
    reviewed = project.write({"acme": f"config:\n  chaosreg:account:\n    id: acme\n    {line}\n"}).review()
    (finding,) = reviewed.findings
    assert finding.excerpt.endswith(": …")
    assert CANARY not in finding.excerpt
