"""What holds for all stack files: the nearest level decides, and neither file names nor empty levels matter."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

LEVELS = ("account", "organization", "project", "infrastructure")
QUICK = settings(max_examples=25, deadline=None, database=None)

word = st.sampled_from(["one", "two", "three"])
section = st.fixed_dictionaries(
    {},
    optional={
        "server": word.map(lambda name: f"{name}.example"),
        "account": word,
        "tag": word,
        "custom": word.map(lambda name: f"c.example/{name}:1"),
        "namespace": word,
    },
)
four = st.tuples(section, section, section, section)
NEST = {
    "server": ("image_registry", "server"),
    "account": ("image_registry", "account"),
    "tag": ("images", "tags", "chaos-ddcr"),
    "custom": ("custom_images", "log_watcher"),
    "namespace": ("namespace", "name"),
}


def _settings(said: Mapping[str, str]) -> dict:
    result: dict = {}
    for field, value in said.items():
        inner = result
        *above, last = NEST[field]
        for key in above:
            inner = inner.setdefault(key, {})
        inner[last] = value
    if "server" in said:
        result["image_registry"]["type"] = "public"
    return result


def _files(levels, names=("a", "o", "p", "i"), skip=()):
    """One stack file per level, under these stack names; levels in `skip` have no file."""
    ids = {"account": "acme", "organization": "org", "project": "proj", "infrastructure": "x"}
    files, parent = {}, None
    for level, name, said in zip(LEVELS, names, levels, strict=True):
        if level in skip:
            continue
        content = {"chaosreg:parent_stack": parent} if parent else {}
        if level == "infrastructure":
            content["chaosreg:infrastructures"] = {"x": {"cluster": {"context": "c"}, **_settings(said)}}
        else:
            own = _settings(said)
            if level == "account":
                own.setdefault("images", {})["release"] = "1.94.4"
            content[f"chaosreg:{level}"] = {"id": ids[level], "allow_overrides": True, **own}
        files[name] = content
        parent = name
    return files


def _result(project, files):
    """What the infrastructure ends up with: values, and the level that decided each."""
    reviewed = project.write(files).review()
    assert reviewed.errors == ()
    (config,) = reviewed.resolved.values()
    images = {image.name: image for image in config.images}
    values = {
        "server": config.server.value,
        "account": config.account.value,
        "tag": images["chaos-ddcr"].reference.tag,
        "custom": str(images["chaos-log-watcher"].reference),
        "namespace": config.namespace.value,
    }
    return values, {field: str(origin) for field, _, origin in config.published()}


@QUICK
@given(levels=four)
def test_a_value_is_that_of_the_nearest_level_that_sets_it_and_so_is_its_origin(new_project, levels):
    values, origins = _result(new_project(), _files(levels))
    named = {"server": "server", "account": "account", "tag": "image.chaos-ddcr", "custom": "image.chaos-log-watcher"}
    for field in NEST:
        setters = [(level, said[field]) for level, said in zip(LEVELS, levels, strict=True) if field in said]
        if setters:
            level, value = setters[-1]
            assert values[field] == value
            if field in named:
                assert origins[named[field]].startswith(level + "/")


@QUICK
@given(levels=four, empty=st.sets(st.sampled_from(["organization", "project"]), min_size=1))
def test_a_level_that_says_nothing_changes_nothing(new_project, levels, empty):
    quiet = [{} if level in empty else said for level, said in zip(LEVELS, levels, strict=True)]
    assert _result(new_project(), _files(quiet)) == _result(new_project(), _files(quiet, skip=empty))


@QUICK
@given(levels=four, names=st.permutations(["a", "b", "k", "z"]))
def test_names_and_order_of_the_stack_files_change_nothing(new_project, levels, names):
    assert _result(new_project(), _files(levels)) == _result(new_project(), _files(levels, names))


@QUICK
@given(levels=four)
def test_all_levels_in_one_file_are_the_same_as_one_file_each(new_project, levels):
    together = {
        key: value
        for content in _files(levels).values()
        for key, value in content.items()
        if key != "chaosreg:parent_stack"
    }
    assert _result(new_project(), _files(levels)) == _result(new_project(), {"all": together})
