"""What holds for all stack files, by an oracle of a few lines that is written here and knows nothing of the program."""

import json
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_chaosreg.registries.kinds import registry_kind
from tests.support.examples import examples

LEVELS = ("account", "organization", "project", "infrastructure")
IDS = {"account": "acme", "organization": "org", "project": "proj", "infrastructure": "prod-one"}
LAW = examples(40)

# given: what a level may say, as path → value ------------------------------------------------------------------------

SPELLINGS = {
    "chaos-ddcr": ("ddcr", "chaos_ddcr"),
    "chaos-ddcr-faults": ("ddcr_fault", "chaos_ddcr_faults"),
    "chaos-ddcr-lib": ("ddcr_lib",),
    "chaos-log-watcher": ("log_watcher", "chaos_log_watcher"),
    "service-discovery-collector": ("service_discovery_collector",),
}
RELEASES = {
    "1.93.0": {"chaos-ddcr": "1.93.0", "chaos-ddcr-faults": "1.93.0", "chaos-log-watcher": "1.93.0"}
    | {"service-discovery-collector": "0.73.0"},
    "1.94.4": {"chaos-ddcr": "1.94.0", "chaos-ddcr-faults": "1.94.0", "chaos-log-watcher": "1.94.0"}
    | {"service-discovery-collector": "0.74.0"},
}
VALUES = {
    ("image_registry", "server"): ["a.example", "b.example:5000"],
    ("image_registry", "account"): ["one", "two/deep"],
    ("image_registry", "type"): ["public", "private"],
    ("image_registry", "kind"): ["generic", "harbor"],
    ("image_registry", "authentication"): [
        {"secret_name": "theirs"},
        {"username": "u", "password_secret": "n"},
        {"username": "v", "password_secret": "m"},
    ],
    ("images", "release"): list(RELEASES),
    **{("images", "tags", image): ["t1", "t2"] for image in ("chaos-ddcr", "chaos-log-watcher")},
    ("required_images",): [["harness/chaos-ddcr"], ["x/chaos-ddcr:9", "x/probe:1"], ["x/chaos-log-watcher:8"]],
    ("mirror", "source"): ["docker.io/harness", "us-docker.pkg.dev/gar-prod-setup/harness-public/harness"],
    ("namespace", "name"): ["ns1", "ns2"],
    ("namespace", "create"): [True, False],
    ("service_accounts",): [["litmus"], ["litmus", "runner"]],
    ("pull_secret", "name"): ["login"],
    ("pull_secret", "create"): [True, False],
    ("cluster", "context"): ["c1", "c2"],
    ("cluster", "kubeconfig"): ["/k1", "/k2"],
    ("cluster", "identifier"): ["i1", "i2"],
}
for _image, _keys in SPELLINGS.items():  # one spelling of an image per level: see the known defect at the end
    VALUES["custom_images", _image] = [(key, ref) for key in _keys for ref in ("c.example/one:1", "c.example/two:2")]


def _written(fields):
    custom = {("custom_images", value[0]): value[1] for path, value in fields.items() if path[0] == "custom_images"}
    return {path: value for path, value in fields.items() if path[0] != "custom_images"} | custom


def _of(paths):
    return st.fixed_dictionaries({path: st.sampled_from(VALUES[path]) for path in sorted(paths)}).map(_written)


_REGISTRY = sorted(path for path in VALUES if path[0] == "image_registry")
said = st.one_of(  # a little of everything, or much of what belongs together
    st.sets(st.sampled_from(sorted(VALUES)), max_size=5).flatmap(_of),
    st.sets(st.sampled_from(_REGISTRY), min_size=2).flatmap(_of),
)
four = st.tuples(said, said, said, said)


def _nested(fields):
    section = {}
    for path, value in fields.items():
        inner = section
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = value
    return section


def _files(levels, names=("a", "o", "p", "i"), skip=(), allows=(True, True, True, None), shuffle=None):
    """One stack file per level, under these stack names; levels in `skip` have no file."""
    files, parent = {}, None
    for level, name, fields, allow in zip(LEVELS, names, levels, allows, strict=True):
        if level in skip:
            continue
        section = _nested(fields) | ({} if allow is None else {"allow_overrides": allow})
        if level != "infrastructure":
            section = {"id": IDS[level], **section}
        if shuffle:
            section = _shuffled(section, shuffle)
        content = {"chaosreg:parent_stack": parent} if parent else {}
        key = "chaosreg:infrastructures" if level == "infrastructure" else f"chaosreg:{level}"
        files[name] = content | {key: {"prod-one": section} if level == "infrastructure" else section}
        parent = name
    return files


def _shuffled(value, order):
    if not isinstance(value, dict):
        return value
    keys = list(value)
    order.shuffle(keys)
    return {key: _shuffled(value[key], order) for key in keys}


# when ----------------------------------------------------------------------------------------------------------------


def _fields(reviewed, path="org/proj/prod-one"):
    """Field → (value, origin) of the infrastructure; what is missing may be told, and nothing else is wrong."""
    assert {finding.code for finding in reviewed.errors} <= {
        "CHR0211", "CHR0304", "CHR0307", "CHR0425", "CHR0502", "CHR0520", "CHR0601",
    }  # fmt: skip
    configs = [config for config in reviewed.resolved.values() if config.infrastructure.path == path]
    (config,) = configs
    return {one.name: (one.value, str(one.origin)) for one in config.fields()}


# then ----------------------------------------------------------------------------------------------------------------


class Oracle:
    """What the infrastructure must end up with."""

    def __init__(self, levels):
        self.levels = levels

    def nearest(self, *path, within=(0, 4)):
        """(value, number of the level) of the last level that says it."""
        setters = [number for number in range(*within) if path in self.levels[number]]
        return (self.levels[setters[-1]][path], setters[-1]) if setters else (None, None)

    def origin(self, number):
        return "default/harness" if number is None else f"{LEVELS[number]}/{IDS[LEVELS[number]]}"

    def registry(self, key):
        """What belongs to the server counts from the level on that sets it."""
        _, owner = self.nearest("image_registry", "server")
        return self.nearest("image_registry", key, within=(owner or 0, 4))

    def fields(self):
        result = {}

        def decide(name, value, number):
            result[name] = (value, self.origin(number))

        server, owner = self.nearest("image_registry", "server")
        account, by = self.nearest("image_registry", "account")
        type_, typed = self.registry("type")
        decide("server", server or "docker.io", owner)
        decide("account", account or ("" if server else "harness"), owner if account is None else by)
        decide("type", type_ or "public", owner if type_ is None else typed)
        decide("infrastructure_type", "ddcr", None)
        decide("config_map", "chaos-image-registry-prod-one", 3)
        namespace, by = self.nearest("namespace", "name")
        decide("namespace", namespace or "hce", by)
        create, by = self.nearest("namespace", "create")
        decide("namespace.create", "false" if create is False else "true", by)
        accounts, by = self.nearest("service_accounts")
        if accounts:
            decide("service_accounts", ", ".join(accounts), by)
        for key in ("context", "kubeconfig", "identifier"):
            value, by = self.nearest("cluster", key)
            if value:
                decide(f"cluster.{key}", value, by)
        place = "/".join(part for part in (result["server"][0], result["account"][0]) if part)
        for name, (reference, tag, by) in self.images().items():
            decide(f"image.{name}", reference or f"{place}/{name}:{tag}", by)
        authentication, by = self.registry("authentication")
        if type_ == "private" and authentication:
            name, named = self.nearest("pull_secret", "name")
            create, decided = self.nearest("pull_secret", "create")
            name = name or authentication.get("secret_name") or "chaos-image-registry-prod-one"
            made = "username" in authentication if create is None else create
            decide("secret_name", name, by if named is None else named)
            delivery = "secret" if made else "theirs"
            decide("pull_secret.delivery", delivery, by if decided is None else decided)
            if made:
                decide("pull_secret.credential", authentication.get("password_secret") or "theirs", by)
            if made and "username" in authentication:
                decide("pull_secret.username", authentication["username"], by)
        if owner is not None:
            source, by = self.nearest("mirror", "source", within=(0, owner + 1))
            if source and source != place:
                decide("mirror.source", source, by)
        return result

    def untagged(self):
        """The required images that nobody gives a tag to."""
        listed, _ = self.nearest("required_images")
        names = [entry.rpartition("/")[2].partition(":")[0] for entry in listed or RELEASES["1.94.4"]]
        return [name for name in names if name not in self.images()]

    def images(self):
        """Name → (custom reference or None, tag, level)."""
        release, released = self.nearest("images", "release")
        listed, lister = self.nearest("required_images")
        of_release = {name: (tag, released) for name, tag in RELEASES.get(release, {}).items()}
        wanted = {name: of_release.get(name) for name in RELEASES["1.94.4"]}
        if listed:
            entries = dict(entry.rpartition("/")[2].partition(":")[::2] for entry in listed)
            wanted = {name: (tag, lister) if tag else of_release.get(name) for name, tag in entries.items()}
        found = {}
        for name in dict.fromkeys([*wanted, "chaos-ddcr-lib"]):
            said = [
                (level[path], number)
                for number, level in enumerate(self.levels)
                for path in level
                if path[0] == "custom_images" and path[1] in SPELLINGS.get(name, ())
            ]
            tag, by = self.nearest("images", "tags", name)
            tag, by = (tag, by) if tag else wanted.get(name) or (None, None)
            if said:
                found[name] = (said[-1][0], None, said[-1][1])
            elif tag:
                found[name] = (None, tag, by)
        return found


@LAW
@given(levels=four)
def test_every_field_is_that_of_the_nearest_level_that_sets_it_and_so_is_its_origin(new_project, levels):
    reviewed = new_project().write(_files(levels)).review()
    assert _fields(reviewed) == Oracle(levels).fields()
    untagged = Oracle(levels).untagged()
    assert [finding.message for finding in reviewed.errors if finding.code == "CHR0307"] == (
        [
            f"no level gives a tag to {', '.join(f'`{name}`' for name in untagged)}: none sets `images.release` to a "
            f"release that has {'it' if len(untagged) == 1 else 'them'}"
        ]
        if untagged
        else []
    )


@LAW
@given(levels=four)
def test_an_origin_names_a_level_that_says_something_of_the_kind(new_project, levels):
    (config,) = new_project().write(_files(levels)).review().resolved.values()
    for field in config.fields():
        origin = field.origin
        if origin.scope and origin.path:  # the ConfigMap's name comes from no setting
            fields = levels[LEVELS.index(origin.scope.level)]
            assert any(path[0] == origin.path[0] for path in fields), field.name
            assert origin.scope.value_at(origin.path) is not None
            assert origin.path in field.settings


SERVER, TYPE, AUTHENTICATION = (("image_registry", key) for key in ("server", "type", "authentication"))


@LAW
@given(levels=four)
@example(
    levels=({SERVER: "a.example", AUTHENTICATION: {"secret_name": "s"}}, {SERVER: "b.example", TYPE: "private"}, {}, {})
)
@example(levels=({AUTHENTICATION: {"secret_name": "s"}}, {}, {}, {SERVER: "b.example", TYPE: "private"}))
@example(levels=({SERVER: "a.example"}, {TYPE: "private"}, {AUTHENTICATION: {"secret_name": "s"}}, {}))
def test_type_kind_and_authentication_never_come_from_above_their_server(new_project, levels):
    (config,) = new_project().write(_files(levels)).review().resolved.values()
    oracle = Oracle(levels)
    registry = config.registry
    assert registry.kind is registry_kind(registry.server.value, oracle.registry("kind")[0])
    assert registry.type.value == (oracle.registry("type")[0] or "public")
    _, owner = oracle.nearest("image_registry", "server")
    assert (config.delivery is not None) == (
        registry.type.value == "private" and bool(oracle.registry("authentication")[0])
    )
    for decided in (registry.type, config.delivery and config.delivery.authentication):
        if decided and decided.origin.scope and owner is not None:
            assert decided.origin.scope.level.rank >= owner


@LAW
@given(levels=four)
def test_the_owner_of_the_server_mirrors_from_the_source_that_holds_for_the_owner(new_project, levels):
    (config,) = new_project().write(_files(levels)).review().resolved.values()
    oracle = Oracle(levels)
    _, owner = oracle.nearest("image_registry", "server")
    source = None if owner is None else oracle.nearest("mirror", "source", within=(0, owner + 1))[0]
    assert (config.owner.level.rank if config.owner else None) == owner
    expected = {
        name: None if reference or not source else f"{source}/{name}:{tag}"
        for name, (reference, tag, _) in oracle.images().items()
    }
    assert {image.name: image.source and image.source.tagged for image in config.images} == expected


# locks ---------------------------------------------------------------------------------------------------------------

LOCKABLE = {"image_registry", "custom_images", "allow_images", "images", "required_images", "mirror", "enforce"}
flag = st.sampled_from([True, False, None])


def _locked(levels, allows):
    """(level, field, owner) of each field that is forbidden: an ancestor locks that says false, or that sets something
    lockable without saying true; the nearest one is named.
    """
    lockable = [[path for path in fields if path[0] in LOCKABLE] for fields in levels]
    locks = [allow is False or (allow is None and bool(own)) for allow, own in zip(allows, lockable, strict=True)]
    return {
        (LEVELS[below], ".".join(path), LEVELS[max(above for above in range(below) if locks[above])])
        for below in range(4)
        if any(locks[:below])
        for path in lockable[below]
    }


@examples(120)
@given(levels=four, allows=st.tuples(flag, flag, flag, flag))
def test_a_lock_is_never_passed_and_nothing_else_is_forbidden(new_project, levels, allows):
    findings = new_project().write(_files(levels, allows=allows)).review().findings
    told = [finding for finding in findings if finding.code == "CHR0203"]
    found = {
        (finding.place.scope.split()[0], finding.message.split("`")[1], finding.message.split(": ")[1].split()[0])
        for finding in told
    }
    assert found == _locked(levels, allows)
    assert len(told) == len(found)  # each once
    assert all(finding.severity == "error" for finding in told)


@LAW
@given(levels=four, allows=st.tuples(flag, flag, flag, flag), level=st.integers(0, 2))
def test_to_close_a_level_never_allows_more(new_project, levels, allows, level):
    closed = tuple(False if number == level else allow for number, allow in enumerate(allows))

    def forbidden(flags):
        findings = new_project().write(_files(levels, allows=flags)).review().findings
        return {(f.place.scope, f.message.split("`")[1]) for f in findings if f.code == "CHR0203"}

    assert forbidden(allows) <= forbidden(closed)


# what does not matter ------------------------------------------------------------------------------------------------


@LAW
@given(levels=four, empty=st.sets(st.sampled_from(["organization", "project"]), min_size=1))
def test_a_level_that_says_nothing_changes_nothing(new_project, levels, empty):
    quiet = [{} if level in empty else fields for level, fields in zip(LEVELS, levels, strict=True)]
    path = "/".join(IDS[level] for level in LEVELS[1:] if level not in empty)
    without = _fields(new_project().write(_files(quiet, skip=empty)).review(), path)
    assert _fields(new_project().write(_files(quiet)).review()) == without


@LAW
@given(levels=four, names=st.permutations(["a", "b", "k", "z"]), order=st.randoms(use_true_random=False))
def test_names_of_the_files_and_order_of_the_keys_change_nothing(new_project, levels, names, order: random.Random):
    renamed = _shuffled(_files(levels, names, shuffle=order), order)
    assert _fields(new_project().write(_files(levels)).review()) == _fields(new_project().write(renamed).review())


@LAW
@given(levels=four, cuts=st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_neighbouring_levels_in_one_file_are_the_same_as_one_file_each(new_project, levels, cuts):
    apart = _files(levels)
    together, name = {}, ""
    for cut, (own, content) in zip((True, *cuts), apart.items(), strict=True):
        if cut:  # a new file, below the one before
            together[own] = {"chaosreg:parent_stack": name} if name else {}
            name = own
        together[name] |= {key: value for key, value in content.items() if "parent" not in key}
    assert _fields(new_project().write(apart).review()) == _fields(new_project().write(together).review())


@LAW
@given(levels=four, other=said)
def test_another_project_beside_changes_nothing(new_project, levels, other):
    files = _files(levels)
    files["q"] = {"chaosreg:parent_stack": "o", "chaosreg:project": {"id": "quiet", **_nested(other)}}
    assert _fields(new_project().write(files).review()) == _fields(new_project().write(_files(levels)).review())


@LAW
@given(levels=four)
def test_infrastructures_in_a_file_of_their_own_are_the_same_as_in_the_stack_file(new_project, levels):
    apart = _files(levels)
    own = apart["i"]["chaosreg:infrastructures"]
    moved = apart | {"i": apart["i"] | {"chaosreg:infrastructures": {"files": "prod/*.yaml"}}}
    elsewhere = new_project().write({**moved, "prod/x.yaml": json.dumps(own)}).review()
    assert _fields(new_project().write(apart).review()) == _fields(elsewhere)


@LAW
@given(levels=four, sibling=said)
def test_a_sibling_changes_nothing(new_project, levels, sibling):
    alone = _files(levels)
    beside = {"chaosreg:parent_stack": "p", "chaosreg:infrastructures": {"prod-two": _nested(sibling)}}
    project = new_project().write({**alone, "h": beside})
    (config,) = [config for config in project.review().resolved.values() if config.infrastructure.id == "prod-one"]
    found = {one.name: (one.value, str(one.origin)) for one in config.fields()}
    assert found == Oracle(levels).fields()


@LAW
@given(levels=four, sibling=said)
def test_one_stack_alone_resolves_its_infrastructures_as_a_review_of_everything_does(new_project, levels, sibling):
    beside = {"chaosreg:parent_stack": "p", "chaosreg:infrastructures": {"prod-two": _nested(sibling)}}
    project = new_project().write({**_files(levels), "h": beside})

    def of_stack(reviewed):
        return {
            config.infrastructure.path: (
                [(one.name, one.value, str(one.origin)) for one in config.fields()],
                [str(image.source) for image in config.images],
            )
            for config in reviewed.resolved.values()
            if config.infrastructure.stack == "i"
        }

    alone = project.review("i")
    owns = ("image_registry", "server") in levels[3]  # another owner of the same repository may be anywhere
    assert ("h" in alone.company.files) is owns  # otherwise it has read its own chain only
    assert of_stack(alone) == of_stack(project.review())


# a known defect ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [("ddcr", "chaos_ddcr"), ("chaos_ddcr", "ddcr")])
def test_two_spellings_of_one_image_at_one_level_are_told(project, keys):
    images = {key: f"c.example/{key.replace('_', '-')}:1" for key in keys}
    assert project.four_levels(account={"custom_images": images}).codes == ["CHR0103"]
