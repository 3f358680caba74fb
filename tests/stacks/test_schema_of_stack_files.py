"""The JSON Schema of stack files: what people write is valid, mistakes are not, and it agrees with the program.

Patterns run in an engine for ECMA 262, as they do in editors, and not in Python's.
"""

import json
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest
import regress
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import best_match

from pulumi_chaosreg.errors import Place
from pulumi_chaosreg.settings.checking import check_settings
from pulumi_chaosreg.settings.kinds import Flag, Named, Number, Table, Tables, Text, TextMap, Texts
from pulumi_chaosreg.settings.table import SETTINGS
from pulumi_chaosreg.settings.yaml_file import read_yaml
from pulumi_chaosreg.stacks.schema import infrastructures_file_schema, stack_file_schema
from tests.support.examples import examples
from tests.support.product_page import SNIPPETS

STACKS = sorted((Path(__file__).parents[2] / "stacks").glob("Pulumi.*.yaml"))


@cache
def ecma(pattern):
    return regress.Regex(pattern, "u")


def pattern_in_ecma(_, pattern, instance, __):
    if isinstance(instance, str) and ecma(pattern).find(instance) is None:
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


Editor = validators.extend(Draft202012Validator, {"pattern": pattern_in_ecma})
STACK_FILE = Editor(stack_file_schema())
INFRASTRUCTURES_FILE = Editor(infrastructures_file_schema())
SECTION = Editor({"$ref": "#/$defs/section", "$defs": stack_file_schema()["$defs"]})


def complaint(schema, value):
    """`$.path: message` of the error that fits best; None where the value is valid."""
    error = best_match(schema.iter_errors(value))
    return error and f"{error.json_path}: {error.message}"


@pytest.fixture
def parsed(tmp_path):
    """The text as our reader of YAML sees it."""

    def parsed(text):
        path = tmp_path / "Pulumi.x.yaml"
        path.write_text(dedent(text))
        return read_yaml(path)

    return parsed


# the schema itself


def schemas_in(value):
    """Every mapping in the document that is not a mapping of names."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from schemas_in(inner)
    if isinstance(value, list):
        for inner in value:
            yield from schemas_in(inner)


@pytest.mark.parametrize("document", [stack_file_schema(), infrastructures_file_schema()], ids=lambda d: d["title"])
def test_the_document_is_a_json_schema(document):
    assert document["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(document)
    assert json.loads(json.dumps(document)) == document


def test_every_pattern_is_one_of_javascript():
    inner = list(schemas_in(stack_file_schema()))
    patterns = {schema["pattern"] for schema in inner if isinstance(schema.get("pattern"), str)}
    patterns |= {pattern for schema in inner for pattern in schema.get("patternProperties", {})}
    assert len(patterns) > 10
    for pattern in patterns:
        ecma(pattern)
        assert r"\Z" not in pattern, pattern


def documented(kind, schema):
    """(what the table says, what the schema says) of each field."""
    alternatives = [schema, *schema.get("anyOf", [])]
    properties = next((one["properties"] for one in alternatives if "properties" in one), {})
    for key, field in kind.fields.items():
        yield field.doc, properties[key]["description"]
        if isinstance(field, Table):
            yield from documented(field, properties[key])


def test_an_editor_shows_the_documentation_of_every_setting():
    pairs = list(documented(SETTINGS, stack_file_schema()["$defs"]["section"]))
    assert len(pairs) > 40
    assert [ours for ours, _ in pairs] == [shown for _, shown in pairs]


@pytest.mark.parametrize("kind", ["labels", "annotations"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("team", "shop"),
        ("team", ""),
        ("team", "-x"),
        ("team", "x" * 64),
        ("example.com/team", ""),
        ("/team", "x"),
        ("chaosreg/scope", "x"),
        ("chaosreg-x/scope", "x"),
        ("app.kubernetes.io/managed-by", "x"),
        ("app.kubernetes.io/managed-by-us", "x"),
        ("app-kubernetes.io/managed-by", "x"),
        ("secure", "x"),
    ],
)
def test_the_document_and_the_program_agree_on_labels_and_empty_ones_are_labels(kind, key, value):
    section = {kind: {key: value}}
    is_right = not check_settings(section, Place()).findings
    assert SECTION.is_valid(section) is is_right
    if value == "":
        assert is_right


# what people write

DESIGN = {
    "an account": """\
    config:
      chaosreg:account:
        id: acme
        allow_overrides: true
        image_registry:
          server: harbor.company.com
          kind: harbor                        # only where the host does not tell: harbor, artifactory, generic
          account: chaos-engineering          # path prefix on the server
          type: private                       # or public; belongs to its server and is given with it
          authentication: {username: chaos-user, password_secret: harbor-credentials}
        images: {release: "1.94.4", tags: {chaos-ddcr: "1.94.1"}}
        repositories: {create: true, immutable_tags: true, scan_on_push: true, expire_untagged_after_days: 14}
        mirror: {source: docker.io/harness, platforms: all, signatures: copy}
      chaosreg-credentials:harbor-credentials: {secure: v1:…}
    """,
    "an environment": """\
    config:
      chaosreg:parent_stack: checkout         # stacks/Pulumi.checkout.yaml holds the project
      chaosreg:infrastructures:
        prod-eu:
          type: ddcr                          # or dedicated
          cluster: {context: prod-eu}         # kubeconfig, context, identifier; always given: an ambient context is the wrong cluster in CI
          namespace: harness-chaos            # made if missing (left alone on removal); {name: …, create: false}
          harness_id: prod_eu                 # where Harness's identifier differs from ours; environment: the Harness environment
          service_accounts: [litmus]
          image_registry: {server: 123456789012.dkr.ecr.eu-west-1.amazonaws.com, account: chaos, type: private,
                           authentication: {type: aws_ecr, region: eu-west-1}}
        prod-us: {cluster: {context: prod-us}}
    """,  # noqa: E501  # a copy of the design's
}

VALID = {
    "nothing": "",
    "no configuration": "encryptionsalt: v1:x\nsecretsprovider: awskms://x\nencryptedkey: x\nenvironment: [x]\n",
    "an empty configuration": "config:\n",
    "other programs' keys": "config: {aws:region: eu-west-1, kubernetes: 1, chaosregistry:account: x, a:b: {c: [1.5]}}",
    "an infrastructure that inherits everything": "config: {chaosreg:infrastructures: {prod-eu: , prod-us: {}}}",
    "infrastructures in files": 'config: {chaosreg:infrastructures: {files: "prod/*.yaml"}}',
    "infrastructures in files and beside them": """\
    config: {chaosreg:infrastructures: {files: ["prod/*.yaml", a..b/x.yaml], prod-eu: {cluster: {context: c}}}}
    """,
    "every form of a credential": """\
    config:
      chaosreg-credentials:a: plain
      chaosreg-credentials:b: {secure: v1:x}
      chaosreg-credentials:c: {username: u, password: {secure: v1:x}, previous: {username: u, password: p}}
      chaosreg-credentials:d: {auths: {harbor.company.com: {auth: {secure: v1:x}}}}
    """,
    "a scope that was renamed once": "config: {chaosreg:project: {id: checkout, moved_from: payments/basket}}",
    "a scope that was renamed twice": "config: {chaosreg:project: {id: checkout, moved_from: [a/b, payments/basket]}}",
    "a namespace that must be there": """\
    config: {chaosreg:infrastructures: {prod-eu: {namespace: {name: hce, create: false}}}}
    """,
    "all platforms, or some": """\
    config:
      chaosreg:account: {id: acme, mirror: {platforms: all}}
      chaosreg:organization: {id: payments, mirror: {platforms: [linux/amd64, linux/arm/v7]}}
    """,
    "the page's spellings": """\
    config: {chaosreg:account: {id: acme, registry: {server: "[::1]:5000"}, authentication: {secret_name: s}}}
    """,
}


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_our_own_stack_files_are_valid(path):
    assert complaint(STACK_FILE, read_yaml(path)) is None


def test_there_are_stack_files_to_look_at():
    assert len(STACKS) > 3


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_of_the_product_page_is_valid_in_an_account(parsed, name):
    account = {"id": "acme", **parsed(SNIPPETS[name])}
    assert complaint(STACK_FILE, {"config": {"chaosreg:account": account}}) is None


@pytest.mark.parametrize("text", (DESIGN | VALID).values(), ids=(DESIGN | VALID).keys())
def test_a_file_as_people_write_it_is_valid(parsed, text):
    assert complaint(STACK_FILE, parsed(text)) is None


# mistakes, and where an editor underlines them


def in_account(settings):
    return f"config: {{chaosreg:account: {{id: acme, {settings}}}}}"


ACCOUNT = "$.config['chaosreg:account']"
INFRASTRUCTURES = "$.config['chaosreg:infrastructures']"
MISTAKES = {
    "a file that is a list": ("[config]", "$: ['config'] is not of type"),
    "a configuration that is a list": ("config: [x]", "$.config: "),
    "a misspelt section": ("config: {chaosreg:acount: {id: acme}}", "$.config: 'chaosreg:acount' does not match"),
    "a section with a longer name": ("config: {chaosreg:account2: {}}", "$.config: 'chaosreg:account2' does not match"),
    "a section without an id": ("config: {chaosreg:project: {}}", "'id' is a required property"),
    "an empty section": ("config: {chaosreg:organization: }", "$.config['chaosreg:organization']: None is not of"),
    "an id with capitals": ("config: {chaosreg:account: {id: Acme}}", f"{ACCOUNT}.id: 'Acme' does not match"),
    "an id that is a number": ("config: {chaosreg:account: {id: 7}}", f"{ACCOUNT}.id: 7 is not of type"),
    "an infrastructure's id with an underscore": (
        "config: {chaosreg:infrastructures: {prod_eu: {}}}",
        f"{INFRASTRUCTURES}: 'prod_eu' does not match",
    ),
    "no infrastructures": ("config: {chaosreg:infrastructures: }", f"{INFRASTRUCTURES}: None is not of type"),
    "infrastructures in a list": ("config: {chaosreg:infrastructures: [a]}", f"{INFRASTRUCTURES}: ['a'] is not of"),
    "files outside of the folder": (
        "config: {chaosreg:infrastructures: {files: [prod/../../x.yaml]}}",
        f"{INFRASTRUCTURES}.files[0]: 'prod/../../x.yaml' does not match",
    ),
    "files from the root": (
        "config: {chaosreg:infrastructures: {files: [/etc/x.yaml]}}",
        f"{INFRASTRUCTURES}.files[0]: '/etc/x.yaml' does not match",
    ),
    "a parent stack that is a number": ("config: {chaosreg:parent_stack: 1}", "$.config['chaosreg:parent_stack']: 1"),
    "a credential that is a number": ("config: {chaosreg-credentials:a: 1}", "$.config['chaosreg-credentials:a']: 1"),
    "an unknown key": (in_account("imges: {}"), f"{ACCOUNT}: Additional properties are not allowed ('imges' was"),
    "an unknown key, one deeper": (in_account("images: {relase: x}"), f"{ACCOUNT}.images: Additional properties"),
    "an unknown key, two deeper": (
        in_account("image_registry: {authentication: {user: x}}"),
        f"{ACCOUNT}.image_registry.authentication: Additional properties are not allowed ('user' was",
    ),
    "an unknown key under the page's spelling": (in_account("registry: {sever: x}"), f"{ACCOUNT}.registry: Additional"),
    "an unknown key in authentication beside it": (
        in_account("authentication: {user: x}"),
        f"{ACCOUNT}.authentication: Additional properties",
    ),
    "an unknown key of an infrastructure": (
        "config: {chaosreg:infrastructures: {prod-eu: {namspace: hce}}}",
        f"{INFRASTRUCTURES}['prod-eu']: Additional properties are not allowed ('namspace' was",
    ),
    "a custom image that there is not": (in_account("custom_images: {runer: a/b}"), f"{ACCOUNT}.custom_images: Add"),
    "camelCase": (in_account("imageRegistry: {}"), f"{ACCOUNT}: Additional properties"),
    "two spellings of one setting": (in_account("registry: {}, image_registry: {}"), f"{ACCOUNT}: {{'id': 'acme'"),
    "a float for a release": (in_account("images: {release: 1.94}"), f"{ACCOUNT}.images.release: 1.94 is not of type"),
    "a float for a tag": (in_account("images: {tags: {a: 1.1}}"), f"{ACCOUNT}.images.tags.a: 1.1 is not of type"),
    "a tag with a space": (in_account('images: {tags: {a: "1 2"}}'), f"{ACCOUNT}.images.tags.a: '1 2' does not match"),
    "an empty release": (in_account('images: {release: ""}'), f"{ACCOUNT}.images.release: '' should be non-empty"),
    "a word for a flag": (
        in_account("allow_overrides: yes"),
        f"{ACCOUNT}.allow_overrides: 'yes' is not valid under any",
    ),
    "a value that there is not": (in_account("image_registry: {type: privat}"), f"{ACCOUNT}.image_registry.type: "),
    "a server with a scheme": (
        in_account('image_registry: {server: "https://harbor.company.com"}'),
        f"{ACCOUNT}.image_registry.server: 'https://harbor.company.com' does not match",
    ),
    "a server with a path": (in_account("image_registry: {server: a.b/c}"), f"{ACCOUNT}.image_registry.server: "),
    "a secret in a section": (
        in_account("image_registry: {authentication: {username: {secure: v1:x}}}"),
        f"{ACCOUNT}.image_registry.authentication.username: {{'secure': 'v1:x'}} is not of type",
    ),
    "a section that is a secret": ("config: {chaosreg:account: {secure: v1:x}}", f"{ACCOUNT}: "),
    "a negative number": (
        in_account("repositories: {expire_untagged_after_days: -1}"),
        f"{ACCOUNT}.repositories.expire_untagged_after_days: -1 is less than",
    ),
    "half a day": (
        in_account("repositories: {expire_untagged_after_days: 0.5}"),
        f"{ACCOUNT}.repositories.expire_untagged_after_days: 0.5 is not of type",
    ),
    "a string for a list": (in_account("service_accounts: litmus"), f"{ACCOUNT}.service_accounts: 'litmus' is not of"),
    "a namespace that Kubernetes refuses": (in_account("namespace: HCE"), f"{ACCOUNT}.namespace: 'HCE' does not match"),
    "a mirror that keeps no platform": (in_account("mirror: {platforms: []}"), f"{ACCOUNT}.mirror.platforms: "),
    "a word that is no list of platforms": (in_account("mirror: {platforms: most}"), f"{ACCOUNT}.mirror.platforms: "),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_found_where_it_is(parsed, text, expected):
    found = complaint(STACK_FILE, parsed(text))
    assert found is not None
    assert expected in found


# the files that `files:` names


@pytest.mark.parametrize("text", ["", "prod-eu: {cluster: {context: c}}\nprod-us:\n", "files: {namespace: hce}\n"])
def test_a_file_of_infrastructures_is_valid(parsed, text):
    assert complaint(INFRASTRUCTURES_FILE, parsed(text)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[prod-eu]", "$: ['prod-eu'] is not of type"),
        ("Prod: {}", "$: 'Prod' does not match"),
        ("prod-eu: {contxt: c}", "$['prod-eu']: Additional properties are not allowed ('contxt' was"),
        ('files: "prod/*.yaml"', "$.files: 'prod/*.yaml' is not valid under any"),
        ("config: {chaosreg:infrastructures: {}}", "$.config: Additional properties"),
    ],
)
def test_a_mistake_in_a_file_of_infrastructures_is_found(parsed, text, expected):
    assert expected in (complaint(INFRASTRUCTURES_FILE, parsed(text)) or "valid")


# the schema and the program agree


def program_accepts(section):
    findings = check_settings(section, Place()).findings
    return not any(finding.severity == "error" for finding in findings)


WORDS = (
    *("acme", "1.94.4", "harbor.company.com:8443", "[::1]:5000", "docker.io/harness", "linux/amd64", "a/b/c", "/a/"),
    *(
        "harness/chaos-ddcr:latest",
        "public",
        "all",
        "-",
        "a_b",
        "Acme",
        "a b",
        "https://a.b",
        "acme\n",
        "a//b",
        "ä",
        "",
    ),
)


NO_WORDS = (None, True, 0, 7, -1, 1.94, [], [None], [[]], ["acme", 7], {}, {"secure": "v1:x"}, {"name": 7}, {"a": "b"})


def in_doubt(grammar, value):
    """Whether the pattern takes a text that the grammar's second look does not: a schema has no second look."""
    if isinstance(value, list):
        return any(in_doubt(grammar, item) for item in value)
    taken = grammar is not None and isinstance(value, str) and grammar.pattern.match(value)
    return bool(taken) and grammar.problem(value) is not None


def everything_in(kind, above=lambda value: value, path=""):
    """(path, kind, value → section with only that value at the path) of all that the table has."""
    one = Text(kind.doc, grammar=getattr(kind, "grammar", None))
    yield path, kind, above
    match kind:
        case Table():
            for key, field in kind.fields.items():
                yield from everything_in(field, lambda value, key=key: above({key: value}), f"{path}.{key}")
        case TextMap():
            for key in (*kind.keys[:2], "imges", "secure"):
                yield f"{path}.{key}", one, lambda value, key=key: above({key: value})
        case Tables():
            yield from everything_in(kind.one, lambda value: above([{}, value]), f"{path}[1]")
        case Named():
            yield from everything_in(kind.one, lambda value: above({"eu": value}), f"{path}.eu")
        case Texts():
            yield f"{path}[1]", one, lambda value: above(["acme/a", value])


EVERYTHING = {path: (kind, section) for path, kind, section in everything_in(SETTINGS)}


@pytest.mark.parametrize(("kind", "section"), EVERYTHING.values(), ids=EVERYTHING.keys())
def test_they_agree_on_every_word_at_every_place(kind, section):
    grammar = getattr(kind, "grammar", None)
    values = [*WORDS, *NO_WORDS, *getattr(kind, "choices", ()), *([word] for word in WORDS)]
    sections = [section(value) for value in values if not in_doubt(grammar, value)]
    assert len(sections) > 30
    differ = [one for one in sections if (complaint(SECTION, one) is None) != program_accepts(one)]
    assert differ == []


def texts(grammar):
    """Texts of all sorts, but for those of which only a second look tells that they are wrong."""
    if grammar is None:
        return st.sampled_from(WORDS)
    fitting = st.from_regex(grammar.pattern, alphabet=st.characters(max_codepoint=127))
    return (st.sampled_from(WORDS) | fitting).filter(lambda text: not in_doubt(grammar, text))


def fitting_texts(grammar):
    return texts(grammar).filter(lambda text: text and (grammar is None or grammar.problem(text) is None))


def good(kind):
    """Values that the table's words allow."""
    match kind:
        case Text():
            return st.sampled_from(kind.choices) if kind.choices else fitting_texts(kind.grammar)
        case Flag():
            return st.booleans()
        case Number():
            return st.integers(0, 400)
        case Texts():
            one = good(Text(kind.doc, kind.choices, kind.grammar))
            other = [st.sampled_from(kind.or_text)] if kind.or_text else []
            return st.one_of(st.lists(one, min_size=kind.least, max_size=2), *other, *([one] if kind.or_one else []))
        case Tables():
            of_table = good(kind.one)
            return st.one_of(st.lists(of_table, min_size=kind.least, max_size=2), *([of_table] if kind.or_one else []))
        case TextMap():
            named = fitting_texts(kind.key_grammar) if kind.key_grammar else st.sampled_from(("chaos-ddcr", "other"))
            keys = st.sampled_from(kind.keys) if kind.keys else named.filter(lambda key: key != "secure")
            return st.dictionaries(keys, fitting_texts(kind.grammar), max_size=2)
        case Table():
            fields = {key: good(field) for key, field in kind.fields.items()}
            table = st.fixed_dictionaries({}, optional=fields).filter(lambda given: len(given) >= kind.least)
            forms = [good(kind.fields[kind.short])] if kind.short else []
            forms += [st.booleans()] if kind.or_flag else []
            forms += [st.sampled_from(["off", False])] if kind.or_off else []
            return st.one_of(table, *forms)
        case Named():
            names = fitting_texts(kind.grammar).filter(lambda name: name != "secure")
            return st.dictionaries(names, good(kind.one), max_size=2)


def places_in(kind, value):
    """(mapping or list, key, kind of the value there) of everything in a good value."""
    if isinstance(kind, Table) and isinstance(value, dict):
        for key, inner in value.items():
            yield value, key, kind.fields[key]
            yield from places_in(kind.fields[key], inner)
    elif isinstance(kind, TextMap):
        yield from ((value, key, Text(kind.doc, grammar=kind.grammar)) for key in value)
    elif isinstance(kind, Named):
        for name, inner in value.items():
            yield value, name, kind.one
            yield from places_in(kind.one, inner)
    elif isinstance(kind, Tables) and isinstance(value, list):
        for index, inner in enumerate(value):
            yield value, index, kind.one
            yield from places_in(kind.one, inner)
    elif isinstance(kind, Texts) and isinstance(value, list):
        one = Text(kind.doc, kind.choices, kind.grammar)
        yield from ((value, index, one) for index in range(len(value)))


def mappings_in(value):
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from mappings_in(inner)
    if isinstance(value, list):
        for inner in value:
            yield from mappings_in(inner)


def anything(kind):
    grammar = getattr(kind, "grammar", None)
    return texts(grammar) | st.sampled_from(NO_WORDS) | st.lists(texts(grammar), max_size=2)


@st.composite
def page_spelling(draw, section):
    """The same section, perhaps in the words of Harness's documentation page."""
    registry = section.get("image_registry")
    if isinstance(registry, dict) and "authentication" in registry and draw(st.booleans()):
        section["authentication"] = registry.pop("authentication")
    if "image_registry" in section and draw(st.booleans()):
        section["registry"] = section.pop("image_registry")
    return section


good_sections = good(SETTINGS).flatmap(page_spelling)


@st.composite
def spoilt_sections(draw):
    """Good but for one value of any kind, or one more key."""
    section = draw(good(SETTINGS).filter(bool))
    if draw(st.integers(0, 3)):
        inside, key, kind = draw(st.sampled_from(list(places_in(SETTINGS, section))))
        inside[key] = draw(anything(kind))
    else:
        inside = draw(st.sampled_from(list(mappings_in(section))))
        inside.setdefault(draw(st.sampled_from(["imges", "secure", "kind", "name", "server"])), "a")
    return draw(page_spelling(section))


@examples(30)
@given(good_sections)
def test_what_the_table_allows_is_accepted_by_both(section):
    assert program_accepts(section)
    assert complaint(SECTION, section) is None


@examples(30)
@given(spoilt_sections())
@example({"registry": {}, "image_registry": {}})
@example({"authentication": "harbor-credentials"})
@example({"authentication": {"secure": "v1:x"}})
def test_the_schema_rejects_a_section_exactly_where_the_program_finds_an_error(section):
    assert (complaint(SECTION, section) is None) == program_accepts(section)
