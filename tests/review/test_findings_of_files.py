"""What is wrong with a file as a whole is told once, in that file, and nowhere below it; marked as elsewhere."""

import pytest

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.stacks.project_file import find_project

ACME = """
    config:
      chaosreg:account:
        id: acme
        allow_overrides: true
        images: {release: "1.94.4"}
    """
SHOP = """
    config:
      chaosreg:parent_stack: acme
      chaosreg:organization: {id: shop}
    """
BELOW = "config: {{chaosreg:parent_stack: {0}, chaosreg:infrastructures: {{{1}: {{cluster: {{context: {1}}}}}}}}}\n"
THREE_BELOW = {name: BELOW.format("acme", name) for name in ("x", "y", "z")}

MISTAKES = {
    "words that the engine reads otherwise": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                namespace: 2024-01-15  #! CHR0123
                images: {release: 0b101, tags: {chaos-ddcr: 1_0}}  #! CHR0123 #! CHR0123
                service_accounts:
                  - 2024-1-5  #! CHR0123
              chaosreg:infrastructures:
                007: {cluster: {context: c}}  #! CHR0123
                8: {cluster: {context: d}}
              chaosreg-credentials:harbor: {previous: 1_0}  #! CHR0123
              gcp:project: 007
              zone: 2024-01-15
            common:
              not-read: 007
            """,
            "x": BELOW.format("acme", "x"),
        },
        [
            "without quotes the engine reads `namespace` as a date",
            "without quotes the engine reads `release` as a number",
            "without quotes the engine reads a key of `chaosreg:infrastructures` as another number",
            "chaosreg-credentials:harbor: …",
        ],
    ),
    "a tag of YAML": (
        {"acme": ACME + "    namespace: !!int '7'  #! CHR0123\n", "x": BELOW.format("acme", "x")},
        ["only the engine knows the tag before this"],
    ),
    "merge conflict markers": (
        {
            "acme": """
            config:
            <<<<<<< HEAD  #! CHR0102
              chaosreg:account: {id: acme}
            =======
              chaosreg:account: {id: other}
            >>>>>>> branch
            """,
            **THREE_BELOW,
        },
        ["this file has merge conflict markers"],
    ),
    "a quote that nobody closes": (
        {
            "acme": "config:\n  chaosreg:account:\n    id: 'acme  #! CHR0102\n    namespace: chaos\n",
            **THREE_BELOW,
        },
        ["a quote that opens here is not closed"],
    ),
    "a quote that the next one closes": (
        {
            "acme": 'config:\n  chaosreg:account:\n    id: "acme  #! CHR0102\n    images: {release: "1.94.4"}\n',
            **THREE_BELOW,
        },
        ["a quote that opens here is not closed", "close it on this line"],
    ),
    "a catalogue that cannot be read": (
        {
            "acme": ACME.replace("1.94.4", "1.101.0"),
            "chaosreg.catalogue.yaml": "releases:\n  '1.101.0: {}  #! CHR0102\n",
            "y": BELOW.format("acme", "y").replace("cluster", "images: {release: 1.102.0}, cluster"),
        },
        ["a quote that opens here is not closed"],
    ),
    "a parent whose file is empty": (
        {"acme": "# nothing yet  #! CHR0126\n", **THREE_BELOW},
        ["Pulumi.acme.yaml is empty"],
    ),
    "an environment's file that was emptied": (
        {"acme": ACME, "x": BELOW.format("acme", "x"), "y": "# nothing  #! CHR0126\n"},
        ["Pulumi.y.yaml is empty", "restore it"],
    ),
    "sections without `config:` above them": (
        {
            "acme": ACME,
            "x": BELOW.format("acme", "x"),
            "y": "chaosreg:parent_stack: acme  #! CHR0125\nchaosreg:infrastructures: {y: {}}\n",
        },
        ["`chaosreg:parent_stack` is outside `config:`, with 1 more", "directly below `config:`"],
    ),
    "a section below a `config:` that is misspelt": (
        {
            "acme": ACME,
            "x": BELOW.format("acme", "x"),
            "y": "configs:\n  chaosreg:infrastructures: {y: {}}  #! CHR0125\n",
        },
        ["`chaosreg:infrastructures` is outside `config:`, so it is ignored"],
    ),
    "a section beside `config:`": (
        {
            "acme": ACME,
            "y": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:project: {id: y}
            infrastructures: {y: {}}  #! CHR0125
            """,
        },
        ["write `chaosreg:infrastructures` directly below `config:`"],
    ),
    "environments without our prefix in a project of another name": (
        {
            "acme": ACME,
            "x": BELOW.format("acme", "x"),
            "y": "config:\n  chaosreg:parent_stack: acme\n  infrastructures: {y: {}}  #! CHR0127\n",
        },
        ["stack `y` has a parent but no level", "write `chaosreg:infrastructures`"],
    ),
    "a parent and nothing else": (
        {"acme": ACME, "x": BELOW.format("acme", "x"), "y": "config:\n  chaosreg:parent_stack: acme  #! CHR0127\n"},
        ["warning[CHR0127]: stack `y` has a parent but no level"],
    ),
    "sections in a file of infrastructures": (
        {
            "acme": ACME,
            "x": "config:\n  chaosreg:parent_stack: acme\n  chaosreg:infrastructures: {files: 'prod/*.yaml'}\n",
            "prod/a.yaml": "chaosreg:infrastructures:  #! CHR0106\n  a: {cluster: {context: a}}\n",
            "prod/b.yaml": "config:  #! CHR0106\n  chaosreg:infrastructures:\n    b: {cluster: {context: b}}\n",
            "prod/c.yaml": "config: {cluster: {context: c}}\n",
        },
        ["a file of infrastructures begins with their ids, without `chaosreg:infrastructures` above them"],
    ),
    "a credential outside of `config:`": (
        {"acme": ACME + "chaosreg-credentials:harbor: {secure: v1:x}  #! CHR0125\n"},
        ["chaosreg-credentials:harbor: …"],
    ),
    "a `config:` that is a list": (
        {"acme": ACME, "y": "config:  #! CHR0106\n  - chaosreg:infrastructures: {y: {}}\n"},
        ["`config` must be a mapping, but is a list"],
    ),
    "a file that is a list": (
        {"acme": ACME, "y": "- config: {}  #! CHR0106\n"},
        ["a stack file must be a mapping with `config:`, but is a list"],
    ),
    "a parent whose sections have no prefix": (
        {"acme": "config:\n  account: {id: acme}  #! CHR0207\n", **THREE_BELOW},
        ["has no chaosreg section in its file", "write `chaosreg:account` below `config:`"],
    ),
    "a parent whose sections have the prefix of something else": (
        {"acme": "config:\n  gcp:project: x\n  harness:account: {id: acme}  #! CHR0207\n", **THREE_BELOW},
        ["write `chaosreg:account` below `config:`"],
    ),
    "a prefix that is almost ours": (
        {
            "acme": "config:\n  chaosrge:account: {id: acme}  #! CHR0110\n",
            "y": "config:\n  chaos-reg:infrastructures: {y: {}}  #! CHR0110\n",
            "x": BELOW.format("acme", "x"),
        },
        ["`chaosrge:account` is not a section", "write `chaosreg:account`"],
    ),
    "a parent that is misspelt": (
        {
            "acme": ACME,
            "other": SHOP,
            "x": "config:\n  chaosreg:parent_stack: acmee  #! CHR0207\n  chaosreg:project: {id: x}\n",
        },
        ["parent stack `acmee` has no stack file", "did you mean `acme`? stack files: acme, other"],
    ),
    "an organization that is written again to stand below it": (
        {
            "acme": ACME,
            "shop": SHOP,
            "till": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:organization: {id: shop}  #! CHR0210
              chaosreg:project: {id: till}
            """,
        },
        ["remove it here, and write `chaosreg:parent_stack: shop`; or give it another id"],
    ),
    "an account that is written again": (
        {"acme": ACME, "shop": "config:\n  chaosreg:account: {id: acme}  #! CHR0210\n  chaosreg:project: {id: p}\n"},
        ["remove it here, and write `chaosreg:parent_stack: acme`"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_file_is_told_there_and_only_there(project, check_marks, mistake):
    files, words = MISTAKES[mistake]
    check_marks(project.write(files), words)


@pytest.mark.parametrize(
    ("mistake", "edits"),
    [
        (
            "an organization that is written again to stand below it",
            {"till": "config: {chaosreg:parent_stack: shop, chaosreg:project: {id: till}}"},
        ),
        (
            "an account that is written again",
            {"shop": "config: {chaosreg:parent_stack: acme, chaosreg:project: {id: p}}"},
        ),
        ("a parent whose sections have no prefix", {"acme": "config: {chaosreg:account: {id: acme}}"}),
    ],
)
def test_what_is_advised_leaves_no_finding_of_the_levels(project, mistake, edits):
    reviewed = project.write({**MISTAKES[mistake][0], **edits}).review()
    assert [finding.code for finding in reviewed.errors if finding.code.startswith("CHR02")] == []


def test_a_stack_file_with_another_ending_is_told_and_not_its_children(project):
    project.write(THREE_BELOW)
    path = project.stacks / "Pulumi.acme.yml"
    path.write_text("config: {chaosreg:account: {id: acme}}\n")
    (finding,) = project.review().findings
    assert (finding.code, finding.place.file, finding.help) == ("CHR0124", path, "rename it to Pulumi.acme.yaml")
    project.write({"acme": ACME})
    (finding,) = project.review().errors
    assert finding.help == "Pulumi.acme.yaml also exists: keep one"


@pytest.mark.parametrize("name", ["catalogue", "lock"])
def test_additions_and_a_lockfile_with_another_ending_are_told(project, name):
    project.write({"acme": ACME})
    (project.stacks / f"chaosreg.{name}.yml").write_text("releases: {}\n")
    (finding,) = project.review().findings
    assert (finding.code, finding.help) == ("CHR0124", f"rename it to chaosreg.{name}.yaml")


def test_a_project_file_with_another_ending_is_told(project, monkeypatch):

    (project.folder / "Pulumi.yaml").rename(project.folder / "Pulumi.yml")
    with pytest.raises(ChaosregError, match=r"CHR0109.*only a Pulumi.yml"):
        find_project(project.stacks)


def test_what_is_ours_in_pulumi_yaml_is_read_as_the_engine_reads_it(project):

    project.write({"acme": ACME})
    pulumi = project.folder / "Pulumi.yaml"
    pulumi.write_text(f"{pulumi.read_text()}config:\n  aws:region: 007\n  chaosreg:parent_stack: {{value: 010}}\n")
    with pytest.raises(ChaosregError, match=r"CHR0123.*`value` as another number\n.*Pulumi.yaml:5\n"):
        project.review()


MERGED = """
    common:
      image: &image {server: h.example, type: public, acount: x}  #! CHR0104
      base: &base
        cluster: {context: c}
        service_acounts: [a]  #! CHR0104
    config:
      chaosreg:account:
        id: acme
        images: {release: "1.94.4"}
        image_registry: {<<: *image, mirror: off}  #! CHR0104
      chaosreg:infrastructures:
        x: {<<: *base, namespace: own}
    """


def test_what_a_merge_brings_is_told_where_it_stands(project, places):
    reviewed = project.write({"acme": MERGED}).review()
    assert sorted(place for place in places(reviewed) if place[0] == "CHR0104") == [
        ("CHR0104", "Pulumi.acme.yaml", 2),
        ("CHR0104", "Pulumi.acme.yaml", 5),
        ("CHR0104", "Pulumi.acme.yaml", 10),
    ]


def test_a_section_that_is_merged_in_counts(project):
    text = "x: &x {chaosreg:parent_stack: acme, chaosreg:project: {id: hidden}}\nconfig: {<<: *x}\n"
    reviewed = project.write({"acme": ACME, "shop": text}).review()
    assert [scope.path for scope in reviewed.company.scopes] == ["acme", "hidden"]
    # also for a stack that reads its own chain only: it cannot hide a second account
    project.write({"b": "x: &x {chaosreg:account: {id: b}}\nconfig: {<<: *x}\n", "y": BELOW.format("acme", "y")})
    assert "CHR0210" in [finding.code for finding in project.review("y").errors]


def test_a_stack_file_without_anything_of_ours_is_no_mistake(project, check_marks):
    check_marks(
        project.write(
            {
                "acme": ACME,
                "new": "encryptionsalt: v1:x\n",
                "emptied-by-pulumi": "{}\n",
                "other": "config:\n  aws:region: eu-west-1\nenvironment:\n  values: {account: {id: x}}\n",
            }
        ),
        [],
    )
