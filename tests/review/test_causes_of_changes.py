"""A cause that `diff` names is one: undone alone, in the files, it undoes the change. Over generated companies."""

from copy import deepcopy

from hypothesis import assume, example, given
from hypothesis import strategies as st

from pulumi_chaosreg.review.difference import compare
from pulumi_chaosreg.review.edits import What
from pulumi_chaosreg.review.facts import CREDENTIAL
from pulumi_chaosreg.review.made import Made
from pulumi_chaosreg.settings.table import LOCKABLE
from tests.support.examples import examples

STACK_OF = {"account": "a", "organization": "o", "project": "p", "infrastructure": "i"}
OPEN = {"allow_overrides": True}
BASE = {
    "account": {
        "id": "acme",
        **OPEN,
        "registries": {
            "eu": {"server": "eu.example", "account": "chaos", "type": "public"},
            "us": {
                "server": "us.example",
                "type": "private",
                "authentication": {"username": "u", "password_secret": "pull"},
            },
        },
        "image_registry": {"name": "eu"},
        "images": {"release": "1.93.0"},
        "mirror": {"source": "docker.io/harness"},
    },
    "organization": {"id": "org", **OPEN},
    "project": {"id": "proj", **OPEN},
    "infrastructure": {"cluster": {"context": "c"}},
    "other": {"id": "other", **OPEN, "images": {"release": "1.94.4"}},
    "lock": {},
    "credentials": {"a": {"pull": "v1:a", "push": "v1:b"}, "o": {}, "p": {}, "i": {}},
    "parent": "p",
}
for _tag, _letter in (("1.93.0", "a"), ("1.94.0", "b")):
    for _name in ("chaos-ddcr", "chaos-log-watcher"):
        BASE["lock"][f"docker.io/harness/{_name}:{_tag}"] = f"sha256:{_letter * 64}"

ANY = ["account", "organization", "project", "infrastructure"]
OWN = {"server": "own.example", "account": "mine", "type": "public"}
CHOICES = [  # where, path, values; None takes it away
    (ANY, ("image_registry",), [{"name": "us"}, {"name": "eu"}, OWN, {**OWN, "server": "own2.example"}, None]),
    (ANY, ("images", "release"), ["1.94.4", "1.93.0", None]),
    (ANY, ("images", "tags", "chaos-ddcr"), ["1.94.0", "t1", None]),
    (ANY, ("images", "pin"), ["record", "off", None]),
    (ANY, ("custom_images", "log_watcher"), ["c.example/one:1", "c.example/two:2", None]),
    (ANY, ("required_images",), [["harness/chaos-ddcr"], ["x/chaos-ddcr:9", "x/probe:1"], None]),
    (ANY, ("namespace", "name"), ["n1", "n2", None]),
    (ANY, ("cluster", "provider"), ["eks", "gke", None]),
    (ANY, ("service_accounts",), [["litmus"], None]),
    (ANY, ("pull_secret", "create"), [True, False, None]),
    (ANY, ("labels", "team"), ["one", "two", None]),
    (ANY[:3], ("mirror",), [False, {"source": "docker.io/harness", "signatures": "skip"}, {"push": "push"}, None]),
    (ANY[:3], ("mirror", "signatures"), ["skip", "copy", None]),
    (ANY[:3], ("allow_overrides",), [True, {"settings": ["images"]}, False, None]),
    (["account"], ("allow_overrides",), [{"scopes": ["org"], "settings": [*LOCKABLE]}]),
    (["account"], ("allow_overrides", "scopes"), [["org", "org/proj"], None]),
    (ANY[:3], ("repositories", "create"), [True, False]),
    (ANY[:3], ("repositories", "azure"), [{"resource_group": "r", "permissions": "rbac"}, {"sku": "Basic"}, None]),
    (ANY[:3], ("repositories", "azure", "resource_group"), ["other"]),
    (ANY[:3], ("on_destroy",), ["delete", None]),
    (["account"], ("registries", "eu", "server"), ["eu2.example"]),
    (["account"], ("registries", "eu", "account"), ["other", None]),
    (["account"], ("registries", "eu", "mirror"), [False, {"platforms": ["linux/amd64"]}, {}]),
    (["account"], ("registries", "us", "authentication"), [{"secret_name": "theirs"}]),
    (["account"], ("registries", "us", "repositories", "create"), [False]),
    (["lock"], ("docker.io/harness/chaos-ddcr:1.93.0",), ["sha256:" + "d" * 64, None]),
    (["lock"], ("docker.io/harness/chaos-log-watcher:1.94.0",), ["sha256:" + "e" * 64, None]),
    (["lock"], ("docker.io/harness/chaos-log-watcher:t9",), ["sha256:" + "f" * 64]),
    (["credentials"], ("i", "theirs"), ["v1:c"]),
    (["credentials"], ("p", "pull"), ["v1:d"]),
    (["organization", "project"], ("id",), ["called"]),
    (["parent"], (), ["o", "q"]),
]
TEXT_EDIT = st.sampled_from(CHOICES).flatmap(
    lambda choice: st.tuples(st.sampled_from(choice[0]), st.just(choice[1]), st.sampled_from(choice[2]))
)


def _said(value, path):
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _with(value, path, said):
    """The value with this at that path; a mapping that gets empty goes, too."""
    if not path:
        return said
    inner = value if isinstance(value, dict) else {}
    new = _with(inner.get(path[0]), path[1:], said)
    left = {key: item for key, item in inner.items() if key != path[0]}
    return left if new is None or (new == {} and said is None) else {**left, path[0]: new}


def _edited(company, edits):
    company = deepcopy(company)
    for part, path, value in edits:
        company[part] = _with(company[part], path, value)
        if path == ("id",):
            company[part]["moved_from"] = "org" if part == "organization" else "org/proj"
    return company


def _review(new_project, company, beside=None):
    """`beside`: more infrastructures where the company's one is."""
    credentials = {
        stack: {f"chaosreg-credentials:{name}": {"secure": text} for name, text in named.items()}
        for stack, named in company["credentials"].items()
    }
    files = {
        "a": {"chaosreg:account": company["account"]},
        "o": {"chaosreg:parent_stack": "a", "chaosreg:organization": company["organization"]},
        "p": {"chaosreg:parent_stack": "o", "chaosreg:project": company["project"]},
        "q": {"chaosreg:parent_stack": "o", "chaosreg:project": company["other"]},
        "i": {
            "chaosreg:parent_stack": company["parent"],
            # named after where it was, so that it is the same one wherever it is
            "chaosreg:infrastructures": {
                "prod": {**company["infrastructure"], **_moved(company)},
                **(beside or {}),
            },
        },
    }
    lock = "".join(f"{line}: {digest}\n" for line, digest in sorted(company["lock"].items()))
    return (
        new_project().write({stack: said | credentials.get(stack, {}) for stack, said in files.items()}, lock).review()
    )


def _moved(company):
    return {"moved_from": "org/proj/prod"} if company["parent"] != "p" else {}


TOLD = {"CHR0203", "CHR0211", "CHR0212", "CHR0304", "CHR0307", "CHR0308", "CHR0311", "CHR0502", "CHR0503"}
"""Errors with which every setting still counts as it is written."""


def _changes(before, after):
    found = compare(before, after)
    lists = {"infrastructure": found.infrastructures, "registry": found.registries, "level": found.levels}
    return {
        (subject, _owner(subject, change.path), field.field, field.before): field
        for subject, changes in lists.items()
        for change in changes
        if change.kind == "changed"
        for field in change.fields
        if not (field.field == CREDENTIAL and not field.cause.edits)  # another value of the same one
    }


def _owner(subject, path):
    """Whose it is: ids and parents may be undone, too, and so may a registry's address, but for its first letters."""
    if subject == "infrastructure":  # there is one
        return ""
    owner, _, address = path.partition(": ")
    return "acme" if owner == "acme" else owner.count("/"), address[:2]


def _undone(was, now, edits, lock):
    """What the files say without these edits; lines that only older settings asked for are in the lockfile again."""
    company = deepcopy(now)
    company["lock"] = {**lock, **company["lock"]}
    for edit in edits:
        match edit.what:
            case What.SETTING:
                part = "other" if edit.scope.id == "other" else str(edit.scope.level)
                company[part] = _with(company[part], edit.path, _said(was[part], edit.path))
            case What.ID:
                part = str(edit.scope.level)
                company[part] = {**company[part], "id": was[part]["id"]}
                company[part].pop("moved_from", None)
            case What.PARENTS:
                company["parent"] = was["parent"]
            case What.LOCK:
                company["lock"] = _with(company["lock"], edit.path, was["lock"].get(edit.path[0]))
            case What.CREDENTIAL:
                company["credentials"] = _with(company["credentials"], edit.path, _said(was["credentials"], edit.path))
            case other:
                raise AssertionError(other)
    return company


def _left_by_nobody(was, now, reviewed):
    """Lines of the former lockfile that nobody asks for now."""
    asked = {
        (image.source or image.reference).tagged for config in reviewed.resolved.values() for image in config.images
    }
    return {line: digest for line, digest in was["lock"].items() if line not in asked}


@examples(80)
@given(first=st.lists(TEXT_EDIT, max_size=6), second=st.lists(TEXT_EDIT, min_size=1, max_size=8))
@example(  # an edit that is needed beside another one only
    first=[("account", ("image_registry",), {"name": "us"})],
    second=[
        ("lock", ("docker.io/harness/chaos-ddcr:1.93.0",), "sha256:" + "d" * 64),
        ("organization", ("image_registry",), {"name": "us"}),
        ("parent", (), "q"),
        ("account", ("image_registry",), {"name": "eu"}),
    ],
)
@example(  # one key of a lock that has two
    first=[("account", ("allow_overrides",), {"scopes": ["org"], "settings": [*LOCKABLE]})],
    second=[("account", ("allow_overrides", "scopes"), ["org", "org/proj"])],
)
def test_a_cause_undone_alone_undoes_the_change_and_none_of_its_edits_can_be_left_out(new_project, first, second):
    # given: a company, and what somebody makes of it
    was = _edited(BASE, [edit for edit in first if edit[1] != ("id",) and edit[0] != "parent"])
    now = _edited(was, second)
    before, after = Made(_review(new_project, was)), Made(_review(new_project, now))
    for made in (before, after):
        assume({finding.code for finding in made.reviewed.errors} <= TOLD)
        assume(not any(scope.left_out for scope in made.reviewed.company.scopes))  # what is forbidden does not count
    lock = _left_by_nobody(was, now, after.reviewed)
    undone = {}

    def is_still_there(edits, key):
        what = frozenset(id(edit) for edit in edits)
        if what not in undone:
            undone[what] = _changes(before, Made(_review(new_project, _undone(was, now, edits, lock))))
        return key in undone[what]

    # then
    for key, change in _changes(before, after).items():
        edits = change.cause.edits
        told = f"{key}: {change.before} → {change.after} because {change.cause.text}"
        assert edits, told
        assert not is_still_there(edits, key), told
        for edit in edits if len(edits) > 1 else ():
            assert is_still_there([other for other in edits if other is not edit], key), f"{told}: too many edits"
