"""Stack files are read by the core rules of YAML 1.2, whatever PyYAML itself would make of them."""

import math

import pytest

from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.settings.yaml_file import Lines, locate, read_yaml
from tests.support.scalars import NO_NUMBERS


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "file.yaml"
        path.write_text(text, "utf-8")
        return read_yaml(path)

    return read


@pytest.mark.parametrize(
    ("written", "value"),
    [
        # words that YAML 1.1 takes for booleans
        *[(word, word) for word in ("yes", "no", "on", "off", "Yes", "NO", "y", "n", "On", "OFF")],
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        # numbers
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-7", -7),
        ("+7", 7),
        ("1_000", "1_000"),
        ("190:20:30", "190:20:30"),
        ("0b11", "0b11"),
        ("1.10", 1.1),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("1.94.4", "1.94.4"),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        # nothing
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("nULL", "nULL"),
        # dates are words
        ("2026-11-24", "2026-11-24"),
        # quotes always make a string
        ('"1.10"', "1.10"),
        ("'true'", "true"),
        ('""', ""),
        ("'~'", "~"),
        ("|-\n  1.10", "1.10"),
    ],
)
def test_an_unquoted_word_means_what_yaml_1_2_says(read, written, value):
    result = read(f"key: {written}\n")["key"]
    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize("written", [".Inf", ".INF", ".NaN", "-.Inf"])
def test_infinity_may_be_written_in_capitals(read, written):
    assert isinstance(read(f"key: {written}\n")["key"], float)


def test_not_a_number_is_a_float(read):
    assert math.isnan(read("key: .nan\n")["key"])


def test_an_explicit_tag_makes_a_string(read):
    assert read("key: !!str 1.10\n")["key"] == "1.10"


def test_a_very_long_number_is_no_traceback(read):
    assert read(f"key: {'9' * 5000}\n")["key"] == float("inf")


def test_an_alias_of_itself_is_a_finding(read):
    with pytest.raises(ChaosregError):
        read("key: &a [*a]\n")


def test_an_alias_repeats_its_anchor(read):
    assert read("a: &x {k: 1}\nb: *x\n") == {"a": {"k": 1}, "b": {"k": 1}}


def test_keys_are_strings_as_written(read):
    assert read("1: a\ntrue: b\n010: c\n") == {"1": "a", "true": "b", "010": "c"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{<<: *a, x: own}", {"x": "own", "y": 2}),  # wherever it stands, what the mapping says itself wins
        ("{x: own, <<: *a}", {"x": "own", "y": 2}),
        ("{<<: [*b, *a]}", {"x": 3, "y": 2, "z": 4}),  # of several, the first
        ("{<<: []}", {}),
        ("{k: {<<: {<<: *a, z: 5}}}", {"k": {"x": 1, "y": 2, "z": 5}}),
    ],
)
def test_a_mapping_is_merged_in_as_the_engine_does_it(read, text, value):
    assert read(f"a: &a {{x: 1, y: 2}}\nb: &b {{x: 3, z: 4}}\nkey: {text}\n")["key"] == value


@pytest.mark.parametrize(
    "text", ["{<<: 5}", "{<<: }", "{<<: [1]}", "{<<: [[{a: 1}]]}", "&a {<<: *a}", "&a {x: {<<: *a}}"]
)
def test_what_is_no_mapping_is_not_merged(read, text):
    with pytest.raises(ChaosregError) as caught:
        read(f"key: {text}\n")
    assert [finding.code for finding in caught.value.findings] == ["CHR0102"]


def test_two_merges_in_one_mapping_are_a_key_given_twice(read):
    with pytest.raises(ChaosregError, match="`<<` is given twice"):
        read("key: {<<: {a: 1}, <<: {b: 1}}\n")


def test_merges_that_explode_are_no_endless_loop(read, monkeypatch):
    monkeypatch.setattr("pulumi_chaosreg.settings.yaml_file._MAX_VALUES", 5_000)
    lines = ["a0: &a0 {x: 1}", *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 60))]
    with pytest.raises(ChaosregError, match="aliases expand to more than"):
        read("\n".join(lines))


@pytest.mark.parametrize("word", NO_NUMBERS)
def test_what_the_engine_cannot_write_is_refused(tmp_path, word):
    path = tmp_path / "file.yaml"
    path.write_text(f"here: {word}\nelsewhere: {word}\n")
    with pytest.raises(ChaosregError) as caught:
        read_yaml(path, lambda keys: keys[0] == "here")
    assert [(finding.code, finding.place.line) for finding in caught.value.findings] == [("CHR0123", 1)]


@pytest.mark.parametrize("text", ['! "007"', "! '1.10'", '! ""'])
def test_a_text_in_quotes_is_a_text_whatever_stands_before_it(read, text):
    assert isinstance(read(f"key: {text}\n")["key"], str)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n", 2, "merge conflict markers"),
        ("a:\n  - 1\n||||||| base\n", 3, "merge conflict markers"),
        ('a: "x\nb: 1\nc: 2\n', 1, "a quote that opens here"),
        ("a: 1\nb: 'x\nc: 2\n", 2, "a quote that opens here"),
        ('a: "x\nb: "1"\n', 1, "a quote that opens here"),
        ("a: {b: 'x,\n  c: 1, d: 'e'}\n", 1, "a quote that opens here"),
        ('a: "two\n  lines"\nb: [\n', 4, "expected"),  # a quote that is closed is not to blame
    ],
)
def test_a_mistake_in_the_syntax_is_told_where_it_begins(read, text, line, said):
    with pytest.raises(ChaosregError) as caught:
        read(text)
    (finding,) = caught.value.findings
    assert (finding.code, finding.place.line, said in finding.message) == ("CHR0102", line, True)


def test_an_empty_file_is_nothing(read):
    assert read("") is None
    assert read("# only a comment\n") is None


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: [1\n", 2), ("a: 1\n b: 2\n", 2), ("a: 1\n\tb: 2\n", 2), ("a: 1\n---\nb: 2\n", 2), ("a: *nobody\n", 1)],
)
def test_what_is_not_yaml_is_told_with_its_line(read, text, line):
    with pytest.raises(ChaosregError) as caught:
        read(text)
    (finding,) = caught.value.findings
    assert (finding.code, finding.place.line) == ("CHR0102", line)


def test_a_file_that_cannot_be_opened_is_told(tmp_path):
    with pytest.raises(ChaosregError, match=r"CHR0101.*it is a folder or a device"):
        read_yaml(tmp_path)


DOCUMENT = """\
config:
  # a comment
  chaosreg:account:
    images: {release: "1", tags: {
      a: "1", b: "2"}}
    required_images:
      - one

      - two
    "quoted": x
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("config",), 1),
        (("config", "chaosreg:account"), 3),
        (("config", "chaosreg:account", "images", "release"), 4),
        (("config", "chaosreg:account", "images", "tags", "b"), 5),
        (("config", "chaosreg:account", "required_images", 0), 7),
        (("config", "chaosreg:account", "required_images", 1), 9),
        (("config", "chaosreg:account", "quoted"), 10),
        (("config", "chaosreg:account", "required_images", 7), 6),  # the deepest that there is
        (("config", "chaosreg:account", "missing", "deeper"), 3),
        (("nothing",), None),
    ],
)
def test_the_line_of_a_key_path_is_that_of_its_deepest_key(tmp_path, keys, line):
    path = tmp_path / "file.yaml"
    path.write_text(DOCUMENT)
    assert _line_of(path, keys) == line
    (located,) = locate([Finding("CHR0000", "x", Place(file=path, keys=keys))])
    assert located.place.line == line
    assert located.excerpt == (DOCUMENT.splitlines()[line - 1].strip() if line else "")


def _line_of(path, keys):
    return Lines().located(Place(file=path, keys=tuple(keys))).line
