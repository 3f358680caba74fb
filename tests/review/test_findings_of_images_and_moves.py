"""Mistakes in what is mirrored, pulled, moved and split over files; marked as in test_every_finding.py."""

import json

import pytest

LOCK = "docker.io/harness/chaos-ddcr:1.94.0: sha256:" + "a" * 64 + "\n"
MIRRORING = """
    config:
      chaosreg:account:
        id: acme
        allow_overrides: true
        images: {release: "1.94.4"}
        required_images: [harness/chaos-ddcr]
        image_registry: {server: h.example, account: chaos, type: public}
        mirror:
          source: docker.io/harness
    """
BELOW = """
    config:
      chaosreg:parent_stack: acme
      chaosreg:infrastructures:
        x: {cluster: {context: c}}
    """
MISTAKES = {
    "camelCase, at every depth": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                imageRegistry:  #! CHR0113
                  server: h.example
                  type: private
                  authentication: {secretName: theirs}  #! CHR0113
                customImages:  #! CHR0113
                  logWatcher: h.example/x:1  #! CHR0113
            """,
            "p": """
            config:
              chaosreg:parentStack: acme  #! CHR0113
              chaosreg:project: {id: p}
            """,
        },
        ["warning[CHR0113]: `imageRegistry` is read as `image_registry`", "write `chaosreg:parent_stack`"],
    ),
    "two spellings of one key": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                onDestroy: retain  #! CHR0103
                on_destroy: delete
            """
        },
        ["`onDestroy` and `on_destroy` are two spellings of one setting"],
    ),
    "an image that is not locked": (
        {"acme": MIRRORING.replace("[harness/chaos-ddcr]", '["harness/chaos-ddcr:2"]  #! CHR0304'), "i": BELOW},
        [
            "no digest for `docker.io/harness/chaos-ddcr:2`",
            "mirrored by: stack `acme`, account `acme`",
            "`chaosreg lock`",
        ],
    ),
    "a source outside of Harness's own": (
        {"acme": MIRRORING.replace("docker.io/harness", "evil.example/harness  #! CHR0309"), "i": BELOW},
        ["by default Harness's own registries", "allow_sources: [evil.example/harness]"],
    ),
    "a source that does not carry an image": (
        {
            "acme": MIRRORING.replace("docker.io/harness", "public.ecr.aws/harness/harness  #! CHR0314").replace(
                "[harness/chaos-ddcr]", '["harness/chaos-runner:1"]'
            ),
            "i": BELOW,
        },
        ["has no `chaos-runner`", "carried by: docker.io/harness"],
    ),
    "a tag that a signature would have": (
        {
            "acme": MIRRORING.replace(
                "[harness/chaos-ddcr]", f'["harness/chaos-ddcr:sha256-{"a" * 64}.sig"]  #! CHR0318 CHR0304'
            ),
            "i": BELOW,
        },
        ["has the form of a signature's tag"],
    ),
    "a floating tag in immutable repositories": (
        {
            "acme": MIRRORING.replace("[harness/chaos-ddcr]", '["harness/chaos-ddcr:latest"]  #! CHR0316').replace(
                "mirror:", "repositories: {immutable_tags: true}  #! CHR0111\n        mirror:"
            ),
            "i": BELOW,
        },
        ["tag `latest` of `chaos-ddcr` moves, but `repositories.immutable_tags` forbids that", "account/acme"],
    ),
    "floating tags that a cluster pulls": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                required_images:
                  - harness/chaos-ddcr:main-latest  #! CHR0313
                  - harness/chaos-ddcr-faults:1.94.0
                custom_images:
                  ddcr_fault: quay.io/acme/faults  #! CHR0313
            """,
            "i": BELOW,
        },
        ["warning[CHR0313]: `docker.io/harness/chaos-ddcr:main-latest` may be another image tomorrow", "no tag means"],
    ),
    "a registry that nobody fills": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  type: public
                  server: h.example  #! CHR0315
            """,
            "i": BELOW,
        },
        ["the images of `h.example` are not mirrored: account `acme` owns it and sets no `mirror.source`"],
    ),
    "two owners of one repository, with different tags": (
        {
            "acme": MIRRORING,
            "i": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:
                x: {cluster: {context: c}}
                y:  #! CHR0311
                  cluster: {context: d}
                  images: {tags: {chaos-ddcr: "1.93.0"}}  #! CHR0304
                  image_registry: {server: h.example, type: public}
            """,
        },
        ["infrastructure `y` and account `acme` would both own the repository `h.example/chaos/chaos-ddcr`"],
    ),
    "authentication that the registry does not accept": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  type: private
                  server: h.example  #! CHR0315
                  authentication: {type: aws_ecr}  #! CHR0510
            """,
            "i": BELOW,
        },
        [
            "`h.example` (generic) does not accept authentication type `aws_ecr`",
            "`basic`, `token`, `node_identity`, `kubernetes_secret`",
        ],
    ),
    "a custom image on another host than the Secret's": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                custom_images:
                  log_watcher: h.example:8443/x/log-watcher:1  #! CHR0511
                  ddcr: h.example/x/ddcr:1
                image_registry:
                  type: private
                  server: h.example  #! CHR0315
                  authentication: {username: u, password_secret: s}
            """,
            "i": BELOW,
        },
        ["would be pulled without a login: the pull Secret has one for `h.example` only"],
    ),
    "moves that cannot be": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
              chaosreg:organization:
                id: shop
                moved_from: a/b  #! CHR0212
              chaosreg:project:
                id: checkout
                moved_from: [shop/checkout, "Shop!"]  #! CHR0212 #! CHR0212
              chaosreg:infrastructures:
                x: {cluster: {context: c}}
                y: {cluster: {context: c}, moved_from: shop/checkout/x}  #! CHR0212 #! CHR0602
                z: {cluster: {context: d}, moved_from: shop/checkout/old}
                w: {cluster: {context: d}, moved_from: shop/checkout/old}  #! CHR0212 #! CHR0602
            """
        },
        [
            "`a/b`: that is not a path at level organization",
            "`shop/checkout`: that is where the scope is now",
            "`shop/checkout/x`: that is still there",
            "`shop/checkout/old`: that is claimed by infrastructure `z`, too",
            "is not the path of a scope",
        ],
    ),
    "moves from the end of a path": (
        {
            "acme": """
            config:
              chaosreg:account: {id: acme, images: {release: "1.94.4"}}
              chaosreg:organization: {id: shop}
              chaosreg:project:
                id: till
                moved_from: checkout  #! CHR0212
              chaosreg:infrastructures:
                one: {cluster: {context: a}, moved_from: prod-1}  #! CHR0212
                two: {cluster: {context: b}, moved_from: till/prod-2}  #! CHR0212
                # these may be what they say: the id is the same, or a longer path says where it went then
                three: {cluster: {context: c}, moved_from: three}
                four: {cluster: {context: d}, moved_from: [prod-4, shop/till/prod-4]}
                five: {cluster: {context: e}, moved_from: lab/prod-5}
            """,
            "lab": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:project: {id: ops, moved_from: shop/sre}
              chaosreg:infrastructures:
                x: {cluster: {context: f}, moved_from: shop/sre/old-x}
            """,
        },
        [
            "project `till` cannot have moved from `checkout`: that leaves out levels above",
            "write `shop/checkout`; list both if it was there",
            "write `shop/till/prod-1`; list both if it was there",
            "write `shop/till/prod-2`",
        ],
    ),
    "files of infrastructures": (
        {
            "acme": """
            config:
              chaosreg:account: {id: acme, images: {release: "1.94.4"}}
              chaosreg:infrastructures:
                inline: {cluster: {context: c}}
                files: [prod/*.yaml, none/*.yaml, ../up.yaml]  #! CHR0116 #! CHR0116
            """,
            "prod/a.yaml": "a:\n  cluster: {context: a}\n  namspace: x  #! CHR0104\n",
            "prod/b.yaml": "- b  #! CHR0106\n",
            "prod/c.yaml": "a: {cluster: {context: other}}  #! CHR0210\n",
            "prod/d.yaml": "",
        },
        ["`none/*.yaml` matches no file", "is not a pattern of files below", "must be a mapping of id to settings"],
    ),
    "names that are no names, and an id where none belongs": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4 "}  #! CHR0301
                mirror: {push: "s3cret pa$$word"}  #! CHR0501
                image_registry:
                  authentication: {username: u}  #! CHR0520
                authentication: {secret_name: s}  #! CHR0103
              chaosreg:infrastructures:
                x: {cluster: {context: c}, id: x}  #! CHR0104
                files: {cluster: {context: c}}  #! CHR0116
            """
        },
        ["`mirror.push` is not the NAME of", "the key above it", "two spellings of one setting"],
    ),
    "passwords in plain text": (
        {
            "acme": """
            config:
              chaosreg:account: {id: acme, images: {release: "1.94.4"}}
              chaosreg-credentials:one: hunter2  #! CHR0512
              chaosreg-credentials:two: {username: u, password: hunter2}  #! CHR0512
              chaosreg-credentials:three: {username: u, password: {secure: v1:x}}
              chaosreg-credentials:four: {secure: v1:x}
            """
        },
        ["`chaosreg-credentials:one` is in plain text", "config set --stack acme --secret chaosreg-credentials:two"],
    ),
    "catalogue additions that contradict": (
        {
            "acme": 'config: {chaosreg:account: {id: acme, images: {release: "1.101.0"}}}',
            "i": BELOW,
            "chaosreg.catalogue.yaml": """
            releases:
              "1.101.0":
                date: Sep 2026
                ddcr: {chaos-ddcr: "1.101.1", service-discovery-collector: "0.82.0"}  #! CHR0328
                without: [chaos-log-watcher]
              "1.94.4":
                ddcr:
                  chaos-ddcr: "1.94.1"  #! CHR0317
                  chaos-log-watcher: "1.94.0"
              "1.102.0":
                ddrc: {}  #! CHR0104
              "1.103.0":
                ddcr: {chaos-ddcr: 1.103}  #! CHR0105
            sources:  #! CHR0301
              mirror.example/harness: [ddcr]
              other.example/harness: [ddrc]  #! CHR0107
              https://x/y: [ddcr]
            surces: {}  #! CHR0104
            """,
        },
        [
            "release `1.94.4` has `chaos-ddcr` at another tag",
            "need: `chaos-ddcr-faults`\n",
            "built in: 1.94.0",
            "did you mean `ddcr`?",
            "`sources`?",
        ],
    ),
    "an environment above other stacks": (
        {
            "acme": """
            environment: [secrets]  #! CHR0114
            config:
              chaosreg:account: {id: acme, images: {release: "1.94.4"}}
            """,
            "i": BELOW.replace("config:", "environment: [fine]\n    config:"),
        },
        ["warning[CHR0114]: an ESC environment may set sections of stack `acme`"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_where_it_stands_and_nothing_else_is(project, check_marks, mistake):
    files, words = MISTAKES[mistake]
    check_marks(project.write(files, lock=LOCK), words)


@pytest.mark.parametrize(("pin", "severity"), [("", "hint"), (", pin: record", "hint"), (", pin: strict", "warning")])
def test_before_the_first_lock_there_is_one_hint_that_strict_makes_a_warning(project, pin, severity):
    project.write({"acme": MIRRORING.replace('"1.94.4"', f'"1.94.4"{pin}'), "i": BELOW})
    assert [(f.code, f.severity) for f in project.review().findings] == [("CHR0304", severity)]


def test_before_the_first_lock_a_program_has_an_error(project):
    project.write({"acme": MIRRORING, "i": BELOW})
    assert [(f.code, f.severity) for f in project.review("i").findings] == [("CHR0304", "error")]


def test_a_floating_tag_is_an_error_for_the_stack_that_acts_and_fine_once_it_is_locked(project):
    account = 'config: {chaosreg:account: {id: acme, required_images: ["harness/chaos-ddcr:latest"]}}'
    project.write({"acme": account, "i": BELOW})
    assert [(f.code, f.severity) for f in project.review("i").findings] == [("CHR0313", "error")]
    project.write({}, lock=LOCK.replace("1.94.0", "latest"))
    reviewed = project.review("i")
    assert reviewed.findings == ()
    (config,) = reviewed.resolved.values()
    assert str(config.images[0].reference).startswith("docker.io/harness/chaos-ddcr:latest@sha256:aaa")


def test_a_source_that_the_project_adds_to_the_catalogue_is_known_but_not_by_that_allowed(project):
    account = MIRRORING.replace("docker.io/harness", "mirror.example/harness")
    added = {"chaosreg.catalogue.yaml": "sources: {mirror.example/harness: [ddcr]}\n"}
    project.write({"acme": account, "i": BELOW, **added}, lock=LOCK.replace("docker.io", "mirror.example"))
    assert {finding.code for finding in project.review().findings} == {"CHR0309"}
    account = account.replace("mirror:", "mirror:\n          allow_sources: [mirror.example]")
    added = {"chaosreg.catalogue.yaml": "sources: {mirror.example/harness: [ddcr]}\n"}
    project.write({"acme": account, "i": BELOW, **added}, lock=LOCK.replace("docker.io", "mirror.example"))
    assert project.review().findings == ()


def test_the_region_of_an_ecr_host_and_of_its_authentication_must_agree(project):
    registry = {
        "server": "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "type": "private",
        "authentication": {"type": "aws_ecr", "region": "us-east-1"},
    }
    outcome = project.four_levels(account={"image_registry": registry})
    (finding,) = (finding for finding in outcome.reviewed.errors if finding.code == "CHR0510")
    assert "is in region `eu-west-1`, but `authentication.region` is `us-east-1`" in finding.message


@pytest.mark.parametrize(("infrastructures", "severity"), [(1500, "warning"), (2600, "error")])
def test_a_file_near_the_engine_s_limit_is_told_before_the_engine_dies(project, infrastructures, severity):
    many = {f"infrastructure-{n:04}": {"cluster": {"context": f"cluster-{n:04}"}} for n in range(infrastructures)}
    content = {"chaosreg:account": {"id": "acme", "images": {"release": "1.94.4"}}, "chaosreg:infrastructures": many}
    (finding,) = project.write({"acme": content}).review().findings
    assert (finding.code, finding.severity) == ("CHR0115", severity)
    assert "files:" in finding.help
    # and in files of their own there is no limit
    split = {**content, "chaosreg:infrastructures": {"files": "prod/*.yaml"}}
    reviewed = project.write({"acme": split, "prod/all.yaml": json.dumps(many)}).review()
    assert reviewed.findings == ()
    assert len(reviewed.resolved) == infrastructures


def test_a_section_that_only_the_engine_changes_is_refused_where_stacks_below_would_not_see_it(project):
    content = {"id": "acme", "images": {"release": "1.94.4"}}
    project.write({"acme": {"chaosreg:account": content}, "i": BELOW})
    changed = {"chaosreg:account": json.dumps({**content, "namespace": "other"})}
    (finding,) = project.review("acme", changed).errors
    assert finding.code == "CHR0114"
    assert finding.notes == (("stacks below", "i"),)


def _with_custom_image(project, **infrastructures):
    private = {"server": "h.example", "type": "private", "authentication": {"username": "u", "password_secret": "s"}}
    account = {"id": "acme", "allow_overrides": True, "images": {"release": "1.94.4"}, "image_registry": private}
    account["custom_images"] = {"log_watcher": "quay.io/acme/log-watcher:1"}
    each = {name: {"cluster": {"context": name}, **said} for name, said in infrastructures.items()}
    return project.write({"acme": {"chaosreg:account": account, "chaosreg:infrastructures": each}}).review()


def test_each_infrastructure_has_a_secret_of_its_own_to_miss_a_login_in(project):
    reviewed = _with_custom_image(project, a={"pull_secret": {"create": False}}, b={})
    assert "CHR0511" in {finding.code for finding in reviewed.findings}


def test_a_registry_that_nobody_fills_is_told_whoever_comes_first(project):
    keys = ("ddcr", "ddcr_fault", "log_watcher", "service_discovery_collector")
    own = {"custom_images": {key: f"h.example/own/{key}:1" for key in keys}}
    reviewed = _with_custom_image(project, a=own, b={})
    assert "CHR0315" in {finding.code for finding in reviewed.findings}


@pytest.mark.parametrize("more", [{}, {"type": "ddcr"}])
def test_an_empty_list_of_images_means_none_whatever_stands_beside_it(project, more):
    outcome = project.four_levels(infrastructure={"required_images": [], **more})
    assert outcome.images == {}


def test_a_kubeconfig_is_a_path_and_its_content_is_never_repeated(project):
    content = "apiVersion: v1\nusers: [{user: {token: CANARY}}]"
    outcome = project.four_levels(infrastructure={"cluster": {"kubeconfig": content, "context": "c"}})
    assert outcome.codes == ["CHR0601"]
    assert "CANARY" not in "".join(map(str, outcome.reviewed.findings))
    assert "kubeconfig" not in outcome.config.cluster


def test_aliases_that_explode_are_a_finding(project):
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    reviewed = project.write({"acme": bomb}).review()
    assert {finding.code for finding in reviewed.findings} == {"CHR0102"}


RUNNER = "{chaos-runner: '1.66.0'}"
ALL_BUT_RUNNER = "[chaos-log-watcher, chaos-workflow-controller, chaos-argoexec, chaos-exporter, chaos-operator, \
chaos-subscriber, chaos-go-runner, k8s-chaos-infrastructure-upgrader]"
CATALOGUE = {
    "a known release gets the type that it lacks": (
        f'{{releases: {{"1.94.4": {{dedicated: {RUNNER}, without: {ALL_BUT_RUNNER}}}}}}}',
        {"type": "dedicated"},
        {"chaos-runner": "docker.io/harness/chaos-runner:1.66.0"},
    ),
    "an older release does not become the newest": (
        '{releases: {"1.10.0": {ddcr: {chaos-ddcr: "1.10.0", chaos-ddcr-faults: "1.10.0", chaos-log-watcher: "1.10.0"},'
        " without: [service-discovery-collector]}}}",
        {"images": {"release": "1.10.0"}},
        {
            name: f"docker.io/harness/{name}:1.10.0"
            for name in ("chaos-ddcr", "chaos-ddcr-faults", "chaos-log-watcher")
        },
    ),
    "a release may need an image that none needed before": (
        '{releases: {"2.0.0": {ddcr: {chaos-ddcr: "2", chaos-ddcr-faults: "2", chaos-log-watcher: "2",'
        ' service-discovery-collector: "2", chaos-agent: "2"}}}}',
        {"images": {"release": "2.0.0"}},
        {
            name: f"docker.io/harness/{name}:2"
            for name in (
                "chaos-ddcr", "chaos-ddcr-faults", "chaos-log-watcher", "service-discovery-collector", "chaos-agent",
            )
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_project_may_add_to_the_catalogue(project, name):
    text, infrastructure, images = CATALOGUE[name]
    project.write({"chaosreg.catalogue.yaml": text})
    outcome = project.four_levels(infrastructure=infrastructure)
    assert (outcome.codes, outcome.images) == ([], images)
    newest = outcome.reviewed.company.catalogue.newest
    assert newest == ("2.0.0" if "2.0.0" in text else "1.94.4")


@pytest.mark.parametrize(
    ("listed", "message", "advice"),
    [
        (
            'chaos-ddcr: "2"',
            "release `2.0.0` lacks images that ddcr infrastructures need: `chaos-ddcr-faults`, `chaos-log-watcher`, "
            "`service-discovery-collector`",
            "add them with their tags",
        ),
        (
            'chaos-ddrc: "2", chaos-ddcr-faults: "2", chaos-log-watcher: "2", service-discovery-collector: "2"',
            "release `2.0.0` lacks images that ddcr infrastructures need: `chaos-ddcr`",
            "did you mean `chaos-ddcr` by `chaos-ddrc`? add them",
        ),
    ],
)
def test_an_added_release_without_all_images_of_a_type_is_an_error(project, listed, message, advice):
    project.write({"chaosreg.catalogue.yaml": f'releases: {{"2.0.0": {{ddcr: {{{listed}}}}}}}\n'})
    outcome = project.four_levels(account={"images": {"release": "2.0.0"}})
    (finding,) = outcome.reviewed.errors
    assert (finding.code, finding.message) == ("CHR0328", message)
    assert finding.help.startswith(advice)
    assert (finding.place.file.name, finding.place.line) == ("chaosreg.catalogue.yaml", 1)


def test_an_added_image_whose_name_is_none_is_an_error(project):
    project.write({"chaosreg.catalogue.yaml": 'releases: {"2.0.0": {ddcr: {"a b": "2"}}}\n'})
    outcome = project.four_levels()
    assert outcome.codes == ["CHR0301"]


def test_a_version_that_is_none_is_a_finding(project, places):
    project.write({"acme": MIRRORING, "chaosreg.catalogue.yaml": 'releases:\n  "": {ddcr: {a: "1"}}\n'}, lock=LOCK)
    assert ("CHR0301", "chaosreg.catalogue.yaml", 2) in places(project.review())


def test_the_size_of_a_configuration_is_counted_as_the_engine_writes_it(project):
    from pulumi_chaosreg.stacks.stack_files import configuration_size

    # JSON in JSON, without blanks, letters as they are, and the three that Go escapes
    config = {"a:b": {"c": ["d", 1, True], "e": "ü<"}}
    assert configuration_size(config) == len(
        'PULUMI_CONFIG={"a:b":"{\\"c\\":[\\"d\\",1,true],\\"e\\":\\"ü\\\\u003c\\"}"}'.encode()
    )
