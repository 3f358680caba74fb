"""docs/product-page.md: each line of Harness's page has its entry, each link leads somewhere, each file validates."""

import re
import textwrap
from itertools import zip_longest

import pytest

from pulumi_chaosreg.settings.table import SETTINGS
from tests.support.documented import ROOT
from tests.support.product_page import PAGE, SNIPPETS

OURS = (ROOT / "docs" / "product-page.md").read_text("utf-8")
FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENTRIES, _, FILES_PART = OURS.partition("\n## The page's snippets")
FILES = FENCE.findall(FILES_PART)
MARK = re.compile(r"(?:-|\d+\.) ")


def _sections(text):
    """Heading of the second level → the lines below it, without those inside fences."""
    heading, inside, found = "", False, {}
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            inside = not inside
        elif line.startswith("## "):
            heading = line.removeprefix("## ")
        elif line.startswith("# "):
            heading = "Overview"  # the page's first sentence belongs to it
        elif not inside:
            found.setdefault(heading, []).append(line.strip())
    return found


def _claims(lines):
    """What the page promises: items of lists, and sentences; what only introduces them is left out."""
    sentences = (line for line in lines if line and not line.startswith("#") and not line.endswith((":", ":**", "?")))
    return [re.sub(r"\]\([^)]*\)", "]", line) for line in sentences if MARK.match(line) or line.endswith(".")]


def _rows(lines):
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in rows[2:] if len(row) > 1]


def _words(text):
    return re.findall(r"[a-z0-9]+", text.lower())


def _is_short_for(short, line):
    """Whether its words are words of the line, in their order."""
    words = iter(_words(line))
    return bool(short) and all(word in words for word in _words(short))


CLAIMS = {heading: _claims(lines) for heading, lines in _sections(PAGE).items()}
ROWS = {heading: _rows(lines) for heading, lines in _sections(ENTRIES).items()}
PAIRS = [
    (heading, line, row) for heading in CLAIMS for line, row in zip_longest(CLAIMS[heading], ROWS.get(heading, []))
]


def test_the_page_has_as_many_lines_as_are_read():
    assert sum(map(len, CLAIMS.values())) == len(re.findall(r"^ *(?:-|\d+\.) (?!\")", PAGE, re.MULTILINE)) + 2


@pytest.mark.parametrize(("heading", "line", "row"), PAIRS, ids=[f"{pair[0]}: {pair[1]}" for pair in PAIRS])
def test_every_line_of_the_page_has_its_entry_in_its_place(heading, line, row):
    assert row, f"no entry below `{heading}` for: {line}"
    assert line, f"the page has no such line below `{heading}`: {row[0]}"
    assert _is_short_for(row[0], line), f"`{row[0]}` is not short for: {line}"
    # a setting, a command, a finding or a page, or that there is nothing yet
    assert re.search(r"`|\]\(", row[1])


# what the entries name is there


def _anchors(text):
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


LINKS = sorted(set(re.findall(r"\]\(([^)\s]+)\)", OURS)))


@pytest.mark.parametrize("link", [link for link in LINKS if "://" not in link])
def test_a_link_leads_to_a_file_and_its_heading(link):
    name, _, anchor = link.partition("#")
    page = ROOT / "docs" / (name or "product-page.md")
    assert page.is_file(), f"{link}: there is no such page"
    assert not anchor or anchor in _anchors(page.read_text("utf-8")), f"{link}: the page has no such heading"


def test_commands_are_ours():
    commands = {path.stem.replace("_", "-") for path in (ROOT / "pulumi_chaosreg" / "cli" / "commands").glob("*.py")}
    assert set(re.findall(r"`chaosreg ([a-z-]+)", OURS)) <= commands


def _is_setting(path):
    """Whether the table knows each key of the path."""
    kind = SETTINGS
    for key in path.split("."):
        kind = getattr(kind, "fields", {}).get(key)
    return kind is not None


def test_settings_are_those_of_the_table():
    named = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)*)(?:`|: )", ENTRIES))
    settings = {path for path in named if "_" in path or path.partition(".")[0] in SETTINGS.fields}
    assert settings
    assert [path for path in settings if not _is_setting(path)] == []


# its files


@pytest.mark.parametrize("text", FILES, ids=[f"{number}" for number in range(len(FILES))])
def test_a_file_has_the_findings_that_it_says_above_an_infrastructure(project, text):
    reviewed = project.write({"acme": text}).review()
    said = re.match(r"# validate: (.*)\n", text).group(1)
    assert len(reviewed.resolved) == 1
    found = {finding.code for finding in reviewed.findings if finding.severity != "hint"}
    assert found == ({*said.split(", ")} if said != "nothing" else set()), "\n".join(map(str, reviewed.findings))


@pytest.mark.parametrize("name", SNIPPETS)
def test_each_snippet_stands_in_a_file_as_the_page_has_it(name):
    snippet = textwrap.indent(SNIPPETS[name], "    ")
    assert any(snippet in text for text in FILES)


@pytest.mark.parametrize("section", FILES_PART.split("\n### ")[1:], ids=lambda section: section.partition("\n")[0])
def test_a_file_s_findings_are_explained_beside_it(section):
    found = re.findall(r"CHR\d+", "".join(re.findall(r"^# validate: .*", section, re.MULTILINE)))
    assert set(found) <= set(re.findall(r"\[(CHR\d+)\]\(errors", section))


def test_a_key_file_is_delivered_whatever_runs_the_nodes(project):
    (text,) = [text for text in FILES if "key_file" in text]
    for provider in ("", ", provider: gke", ", provider: eks"):
        reviewed = project.write({"acme": text.replace("context: prod-eu", f"context: prod-eu{provider}")}).review()
        (resolved,) = reviewed.resolved.values()
        assert resolved.delivery.how.value == "secret"


def test_the_page_s_namespace_is_where_the_pods_run(project):
    (resolved,) = project.write({"acme": FILES[0]}).review().resolved.values()
    field = next(field for field in resolved.fields() if field.name == "namespace")
    assert (field.value, str(field.origin)) == ("harness-chaos", "account/acme")
