"""NAMEs of credentials that nobody gave a value, and values that stand where a NAME belongs; marked as elsewhere."""

import pytest

ACME = """
    config:
      chaosreg:account:
        id: acme
        allow_overrides: true
        images: {release: "1.94.4"}
        required_images: [harness/chaos-ddcr]
        image_registry:
          server: h.example
          account: chaos
          type: private
          authentication:
            username: chaos-user
            password_secret: harbor-credentials
        mirror:
          source: docker.io/harness
          push: harbor-push
      chaosreg-credentials:harbor-credentials: {secure: v1:x}
      chaosreg-credentials:harbor-push: {secure: v1:y}
    """
BELOW = """
    config:
      chaosreg:parent_stack: acme
      chaosreg:infrastructures:
        x: {cluster: {context: c}}
        y: {cluster: {context: d}}
    """
LOCK = f"docker.io/harness/chaos-ddcr:1.94.4: sha256:{'a' * 64}\n"
LOCK += f"docker.io/harness/chaos-ddcr:1.94.0: sha256:{'a' * 64}\n"


def edited(*edits):
    text = ACME
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return {"acme": text, "i": BELOW}


PULL = ("password_secret: harbor-credentials", "password_secret: harbor-credental  #! CHR0501")
PUSH = ("push: harbor-push", "push: harbor-pusch  #! CHR0501")
MISTAKES = {
    "a misspelt name beside the right one": (
        edited(PULL),
        ["`password_secret` names a credential that has no value", "did you mean `harbor-credentials`?"],
    ),
    "a misspelt name of who pushes": (
        edited(PUSH),
        ["`push` names a credential that has no value", "did you mean `harbor-push`?", "looked at: Pulumi.acme.yaml\n"],
    ),
    "a value under a prefix that is almost ours": (
        edited(
            ("          push: harbor-push\n", ""),
            ("chaosreg-credentials:harbor-push: {secure: v1:y}", "chaosreg-credential:p: hunter2  #! CHR0110"),
        ),
        ["`chaosreg-credential:p` is not a credential", "write `chaosreg-credentials:p`"],
    ),
    "a value that nobody names": (
        edited(("          push: harbor-push\n", ""), ("{secure: v1:y}", "{secure: v1:y}  #! CHR0526")),
        ["hint[CHR0526]: credential `harbor-push` is not used", "chaosreg-credentials:harbor-push: …"],
    ),
    "a value with another name than the only one that is needed": (
        edited(
            ("          push: harbor-push\n", ""),
            ("            password_secret: harbor-credentials\n", "            secret_name: harbor-credential\n"),
            ("            username: chaos-user\n", ""),
            ("chaosreg-credentials:harbor-push: {secure: v1:y}", ""),
            ("{secure: v1:x}", "{secure: v1:x}  #! CHR0526"),
        ),
        ["did you mean `harbor-credential`?"],
    ),
    "a misspelt name of what a Secret of ours would hold": (
        edited(("username: chaos-user", "secret_name: pull"), PULL),
        ["`password_secret` names a credential that has no value", "did you mean `harbor-credentials`?"],
    ),
    "both": (edited(PULL, PUSH), []),
    "a name that is like no other": (
        edited(("password_secret: harbor-credentials", "password_secret: Z  #! CHR0501")),
        ["names there: harbor-credentials, harbor-push", "help: set it with `pulumi config set --stack acme --secret"],
    ),
    "a value that only a stack below has, and its mirror does not see": (
        {
            "acme": edited(("push: harbor-push", "push: of-below  #! CHR0501"))["acme"],
            "i": BELOW + "  chaosreg-credentials:of-below: {secure: v1:z}\n",
        },
        [],
    ),
    "a password in the place of its variable": (
        edited(("password_secret: harbor-credentials", "password_env: hunter2  #! CHR0519")),
        ["`image_registry.authentication.password_env` is not the NAME of an environment variable", "HARBOR_PASSWORD"],
    ),
    "a password under its own key": (
        edited(("password_secret: harbor-credentials", "password: hunter2  #! CHR0104")),
        [
            "set the value with `pulumi config set --secret chaosreg-credentials:NAME`",
            "and write `password_secret: NAME`; change it first: it is in the file's history",
        ],
    ),
    "a password without its user": (
        edited(
            ("authentication:", "authentication:  #! CHR0505"),
            ("            username: chaos-user\n", ""),
        ),
        ["basic authentication has no `username`"],
    ),
    "no password at all": (
        edited(
            ("authentication:", "authentication:  #! CHR0505"),
            ("            password_secret: harbor-credentials\n", ""),
        ),
        ["and add `password_secret: NAME`"],
    ),
    "a token that belongs to a user": (
        edited(
            ("authentication:", "authentication:  #! CHR0505"),
            ("            username: chaos-user\n", "            type: token\n"),
        ),
        [
            "a token of `h.example` belongs to a user, and there is no `username`",
            "add `username: <user>`, such as `chaos-user`: whoever the token was made for",
        ],
    ),
    "a token without a value": (
        edited(
            ("authentication:", "authentication:  #! CHR0505"),
            ("            password_secret: harbor-credentials\n", "            type: token\n"),
        ),
        ["a token has no value", "and add `password_secret: NAME`"],
    ),
    "a password without its user, where a token needs none": (
        edited(
            ("server: h.example", "server: ghcr.io"),
            ("authentication:", "authentication:  #! CHR0505"),
            ("            username: chaos-user\n", ""),
        ),
        ["add `username: <user>`, or `type: token`, which needs none there"],
    ),
    "a robot of another organization": (
        edited(
            ("server: h.example", "server: quay.io"),
            ("account: chaos", "account: acme"),
            ("username: chaos-user", "username: lab+pull  #! CHR0550"),
        ),
        ["`lab+pull` is a robot of `lab`, and pulls nothing from `quay.io/acme`", "such as `acme+chaos_pull`"],
    ),
    "a token under its own key": (
        edited(("password_secret: harbor-credentials", "accessToken: hunter2  #! CHR0104")),
        ["unknown key `accessToken`", "write `password_secret: NAME`"],
    ),
    "a key that begins like the right one": (
        {
            "acme": ACME.replace("authentication:", "auth:  #! CHR0104")
            .replace("push: harbor-push", "push: harbor-credentials")
            .replace("  chaosreg-credentials:harbor-push: {secure: v1:y}\n", ""),
            "i": BELOW,
        },
        ["did you mean `authentication`?"],
    ),
    "a misspelt key for the name": (
        edited(("password_secret: harbor-credentials", "password_secrt: hunter2  #! CHR0104")),
        ["did you mean `password_secret`?"],
    ),
    "a number in the place of a name": (
        edited(("password_secret: harbor-credentials", "password_secret: 4711  #! CHR0105")),
        ["and write NAME here"],
    ),
    "a login in the place of a name": (
        edited(("push: harbor-push", "push: {username: u, password: hunter2}  #! CHR0106")),
        ["and write NAME here"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_about_a_credential_is_told_where_it_is_named_and_no_value_is_repeated(project, check_marks, mistake):
    files, words = MISTAKES[mistake]
    reviewed = check_marks(project.write(files, lock=LOCK), words)
    printed = "\n".join(str(finding) for finding in reviewed.findings)
    assert not [secret for secret in ("hunter2", "4711", "harbor-credental ", "pusch") if secret in printed]


@pytest.mark.parametrize("mistake", [name for name in MISTAKES if "CHR0501" in str(MISTAKES[name])])
def test_a_stack_s_own_check_finds_the_same(project, mistake):
    project.write(MISTAKES[mistake][0], lock=LOCK)
    codes = [finding.code for stack in ("acme", "i") for finding in project.review(stack).errors]
    assert set(codes) == {"CHR0501"}


ANSWERS = {
    "the name is right": {},
    "it is given in Pulumi.yaml": {"Pulumi.yaml": "config: {chaosreg-credentials:elsewhere: {value: x}}"},
    "a stack below gives it itself": {"i": BELOW + "  chaosreg-credentials:elsewhere: {secure: v1:z}\n"},
    "an environment may give it": {"i": BELOW.replace("    config:", "    environment: [e]\n    config:", 1)},
    "a variable may hold it": {"acme": "password_env: HARBOR"},
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_value_that_somebody_has_or_may_have_is_not_missed(project, answer):
    secret = "harbor-credentials" if answer == "the name is right" else "elsewhere"
    more = "\n            password_env: HARBOR" if "acme" in ANSWERS[answer] else ""
    files = edited(("password_secret: harbor-credentials", f"password_secret: {secret}{more}"))
    files |= {stack: text for stack, text in ANSWERS[answer].items() if stack == "i"}
    pulumi = project.folder / "Pulumi.yaml"
    pulumi.write_text(pulumi.read_text() + ANSWERS[answer].get("Pulumi.yaml", "") + "\n")
    reviewed = project.write(files, lock=LOCK).review()
    assert "CHR0501" not in [finding.code for finding in reviewed.findings]


def test_in_a_company_without_any_value_only_a_stack_s_own_check_misses_them(project):
    project.write({"acme": ACME.partition("  chaosreg-credentials")[0], "i": BELOW}, lock=LOCK)
    assert project.review().errors == ()
    assert [finding.code for finding in project.review("acme").errors] == ["CHR0501"]  # it mirrors
    assert [finding.code for finding in project.review("i").errors] == ["CHR0501"]


def test_a_program_that_has_the_values_is_left_to_look_for_them(project):
    project.write(edited(PULL), lock=LOCK)
    assert project.review("i", {"chaosreg-credentials:harbor-credental": "x"}).errors == ()
