"""Each mistake about named registries, locks with exceptions and deliveries, told where it stands, and nothing else."""

import pytest

BELOW = "config: {chaosreg:parent_stack: acme, chaosreg:infrastructures: {x: {cluster: {context: c}}}}"
EU = "eu: {server: eu.example, account: chaos, type: public, mirror: off}"

MISTAKES = {
    "tags that Google keeps and somebody wants deleted": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: europe-docker.pkg.dev
              account: acme/chaos
              type: private
              authentication: {type: node_identity}
            mirror: {source: docker.io/acme, allow_sources: [docker.io/acme]}
            images: {release: "1.94.4", pin: "off"}
            on_destroy: delete  #! CHR0498
            repositories: {create: true}
        """,
        ["cannot remove images of `europe-docker.pkg.dev/acme/chaos`", "or `on_destroy: retain`"],
    ),
    "who may pull, as another kind of registry has it": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry: {server: europe-docker.pkg.dev, account: acme/chaos, type: public}
            mirror: off
            images: {release: "1.94.4", pin: "off"}
            repositories:
              create: true
              pullers: {organization: o-a1b2c3d4e5}  #! CHR0497
        """,
        [
            "`repositories.pullers` has no effect at `europe-docker.pkg.dev`: Google Artifact Registry has nothing",
            "Google Artifact Registry takes: `immutable_tags`,",
            "remove it: only Amazon ECR takes it",
        ],
    ),
    "a name that no level has": (
        f"""
        config:
          chaosreg:account:
            id: acme
            registries: {{{EU}}}
            image_registry: ue  #! CHR0213
            images: {{release: "1.94.4"}}
        """,
        ["no registry is named `ue` here", "did you mean `eu`?", "names here: eu"],
    ),
    "a server in the place of a name": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry: harbor.company.com/chaos  #! CHR0213
            images: {release: "1.94.4"}
        """,
        ["`{server: harbor.company.com, account: chaos, type: public}`"],
    ),
    "two names of one registry": (
        f"""
        config:
          chaosreg:account:
            id: acme
            registries:
              {EU}
              also: {{server: eu.example, account: /chaos/, type: public}}  #! CHR0214
            image_registry: eu
            images: {{release: "1.94.4", pin: "off"}}
        """,
        ["`also` and `eu` are two names of one registry, `eu.example/chaos`"],
    ),
    "a name without a server": (
        """
        config:
          chaosreg:account:
            id: acme
            registries:
              eu: {account: chaos}  #! CHR0214
            image_registry: eu
            images: {release: "1.94.4"}
        """,
        ["the registry `eu` has no `server`"],
    ),
    "a path beside a chosen name": (
        f"""
        config:
          chaosreg:account:
            id: acme
            registries: {{{EU}}}
            image_registry: {{name: eu, account: other}}  #! CHR0215
            images: {{release: "1.94.4", pin: "off"}}
        """,
        ["`image_registry.account` may not be set beside the chosen registry `eu`"],
    ),
    "a registry that nobody uses": (
        f"""
        config:
          chaosreg:account:
            id: acme
            registries:
              {EU}
              us: {{server: us.example, type: public}}  #! CHR0216
            image_registry: eu
            images: {{release: "1.94.4", pin: "off"}}
        """,
        ["hint[CHR0216]: registry `us` is not used"],
    ),
    "exceptions for scopes and registries that are nowhere": (
        f"""
        config:
          chaosreg:account:
            id: acme
            registries: {{{EU}}}
            image_registry: eu
            allow_overrides:
              scopes:
                - y  #! CHR0217
              registries:
                - ue  #! CHR0217
            images: {{release: "1.94.4", pin: "off"}}
        """,
        ["names `y`, but no scope below account `acme`", "names `ue`, but no registry", "did you mean `eu`?"],
    ),
    "an exception that says nothing": (
        """
        config:
          chaosreg:account:
            id: acme
            allow_overrides: {}  #! CHR0106
            images: {release: "1.94.4"}
        """,
        ["`allow_overrides` is an empty mapping", "settings, scopes, registries"],
    ),
    "an empty list of exceptions": (
        """
        config:
          chaosreg:account:
            id: acme
            allow_overrides: {settings: []}  #! CHR0106
            images: {release: "1.94.4"}
        """,
        ["`allow_overrides.settings` must be a list of at least 1"],
    ),
    "an exception for a setting that no lock is for": (
        """
        config:
          chaosreg:account:
            id: acme
            allow_overrides: {settings: [namespace]}  #! CHR0107
            images: {release: "1.94.4"}
        """,
        ["valid values: image_registry"],
    ),
    "a delivery where there is no credential": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry: {server: h.example, type: private, authentication: {type: node_identity}}
            mirror: off
            images: {release: "1.94.4", pin: "off"}
            pull_secret: {delivery: secret}  #! CHR0517
        """,
        ["asks for `secret`", "needs no credential"],
    ),
    "two settings that contradict each other": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry: {server: h.example, type: private, authentication: {secret_name: s}}
            mirror: off
            images: {release: "1.94.4", pin: "off"}
            pull_secret: {delivery: theirs, create: true}  #! CHR0517
        """,
        ["`pull_secret.delivery: theirs` and `pull_secret.create: true` contradict each other"],
    ),
    "a delivery that is not in this version": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry: {server: h.example, type: private, authentication: {username: u, password_secret: p}}
            mirror: off
            images: {release: "1.94.4", pin: "off"}
            pull_secret: {delivery: external_secrets}  #! CHR0503
        """,
        ["by `external_secrets` yet"],
    ),
    "a kind that the host contradicts": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: docker.io
              account: mine
              type: public
              kind: harbor  #! CHR0427
            mirror: off
            images: {release: "1.94.4", pin: "off"}
        """,
        ["warning[CHR0427]: `kind: harbor` has no effect: `docker.io` is Docker Hub"],
    ),
    "a kind that the host of a registry with a name contradicts": (
        """
        config:
          chaosreg:account:
            id: acme
            registries:
              quay: {server: quay.io, account: mine, type: public, mirror: off,
                     kind: generic}  #! CHR0427
            image_registry: quay
            images: {release: "1.94.4", pin: "off"}
        """,
        ["`kind: generic` has no effect: `quay.io` is Quay.io"],
    ),
    "a vendor's images for everybody": (
        """
        config:
          chaosreg:account:
            id: acme
            registries:
              ours: {server: h.example, type: public, mirror: {also: &also [docker.io/harness/chaos-exporter:1]}}
              ghcr: {server: ghcr.io, account: acme, type: public}  #! CHR0341
              hub: {server: registry-1.docker.io, account: acme, type: private, authentication: {secret_name: s},
                    mirror: {also: *also}}
              aws: {server: public.ecr.aws, account: acme, type: public, mirror: {also: *also}}  #! CHR0341
              jfrog: {server: art.example, kind: artifactory, account: acme, type: public, mirror: {also: *also}}
            mirror: {source: docker.io/harness}
            image_registry: ghcr
            images: {release: "1.94.4", pin: "off"}
        """,
        [
            "`docker.io/harness/chaos-exporter` would be published again: everybody on the internet can pull from "
            "`public.ecr.aws/acme`",
            "= help: write `type: private` with an `authentication`, or mirror into a registry that asks for a login",
            "= help: mirror into a registry that asks for a login, or pull from the vendor without a mirror",
        ],
    ),
    "a company's own images for everybody, and the vendor's from the vendor": (
        """
        config:
          chaosreg:account:
            id: acme
            registries:
              ghcr:
                server: ghcr.io
                account: acme
                type: public
                mirror: {allow_sources: [h.example], also: [h.example/chaos/a:1]}
            images: {release: "1.94.4", pin: "off"}
        """,
        [],
    ),
    "repositories where a push makes them": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: quay.io
              account: acme
              type: private
              authentication: {type: token, password_secret: p}
            repositories:
              create: true  #! CHR0111
              immutable_tags: true  #! CHR0111
            mirror: off
            images: {release: "1.94.4", pin: "off"}
        """,
        [
            "`repositories.create` has no effect: at Quay.io a push makes repositories there, and their settings are "
            "the vendor's",
            "= help: remove it",
        ],
    ),
    "an owner that GitHub cannot have": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: ghcr.io
              account: acme.corp  #! CHR0426
              type: private
              authentication: {type: token, password_secret: p}
            mirror: off
            images: {release: "1.94.4", pin: "off"}
        """,
        ["`acme.corp/chaos-ddcr` is not a valid name on GitHub Container Registry"],
    ),
    "waiting for scans where none are known": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry: {server: h.example, account: chaos, type: public}
            mirror: {source: docker.io/harness, wait_for_scan: 10m}  #! CHR0466
            images: {release: "1.94.4", pin: "off"}
        """,
        [
            "warning[CHR0466]: `mirror.wait_for_scan` has no effect: no gate for scans is known at `h.example`",
            "known: Harbor (`kind: harbor`)",
        ],
    ),
    "a wait that is no span of time": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry: {server: h.example, account: chaos, type: public, kind: harbor}
            mirror: {source: docker.io/harness, wait_for_scan: 10 minutes}  #! CHR0448
            images: {release: "1.94.4", pin: "off"}
        """,
        ["`mirror.wait_for_scan` is not a span of time", "write a number with `s`, `m` or `h`, as in `10m`"],
    ),
    "a mirror that copies onto itself": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry: {server: h.example, account: chaos, type: public}
            mirror:
              source: h.example/chaos  #! CHR0315
              allow_sources: [h.example/chaos]
            images: {release: "1.94.4", pin: "off"}
        """,
        ["the images of `h.example/chaos` are not mirrored: it is its own `mirror.source`"],
    ),
    "what a registry is filled with, in every cluster": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: h.example
              type: private
              authentication: {username: u, password_secret: p}  #! CHR0518
            mirror: {source: docker.io/harness, push: p}
            images: {release: "1.94.4", pin: "off"}
        """,
        ["warning[CHR0518]: credential `p` can push to `h.example`, but clusters would pull with it"],
    ),
    "a repository that Google cannot have": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: europe-docker.pkg.dev
              account: acme/my_chaos  #! CHR0425
              type: private
              authentication: {username: _json_key, password_env: GAR_KEY}
            images: {release: "1.94.4", pin: "off"}
            mirror: off
        """,
        ["`acme/my_chaos` cannot be a path on `europe-docker.pkg.dev`", "lowercase letters, digits and `-`"],
    ),
    "a user that Google does not know": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: europe-docker.pkg.dev
              account: acme/chaos
              type: private
              authentication: {username: chaos-pull, password_env: GAR_KEY}  #! CHR0510
            images: {release: "1.94.4", pin: "off"}
            mirror: off
        """,
        ["`europe-docker.pkg.dev` (gar) knows no user `chaos-pull`", "users: `_json_key`, `_json_key_base64`"],
    ),
    "a region that Google does not have": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: eu-west1-docker.pkg.dev  #! CHR0424
              account: acme/chaos
              type: private
              authentication: {username: _json_key, password_env: GAR_KEY}
            images: {release: "1.94.4", pin: "off"}
            mirror: off
        """,
        ["`eu-west1-docker.pkg.dev` looks like Google Artifact Registry", "locations: as `gcloud artifacts locations"],
    ),
    "what makes repositories, in every cluster": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry:
              server: acme.jfrog.io
              account: docker-local
              type: private
              authentication: {username: u, password_secret: jf}  #! CHR0518
            repositories: {create: true, login: jf}
            mirror: off
            images: {release: "1.94.4", pin: "off"}
        """,
        ["warning[CHR0518]: credential `jf` makes repositories at `acme.jfrog.io/docker-local`, but clusters"],
    ),
    "platforms that there are not": (
        """
        config:
          chaosreg:account:
            id: acme
            image_registry: {server: h.example, type: public}
            mirror:
              source: docker.io/harness
              platforms:
                - linux/amd46  #! CHR0301
                - arm64  #! CHR0301
                - linux/aarch64  #! CHR0301
                - limux/s390x  #! CHR0301
                - linux/arm/v6
            images: {release: "1.94.4", pin: "off"}
        """,
        [
            "did you mean `linux/amd64`? write `os/architecture`",
            "did you mean `linux/arm64`?",
            "did you mean `linux/s390x`?",
        ],
    ),
    "a label that Kubernetes refuses": (
        """
        config:
          chaosreg:account:
            id: acme
            images: {release: "1.94.4"}
            labels:
              team: "a team"  #! CHR0112
            annotations:  #! CHR0112
              "not a key/": x
        """,
        ["`labels.team` is not a valid Kubernetes label value", "put other text in annotations"],
    ),
    "a label of ours": (
        """
        config:
          chaosreg:account:
            id: acme
            images: {release: "1.94.4"}
            labels:  #! CHR0112
              chaosreg/account: other
        """,
        ["a key of `labels` is not a valid Kubernetes key"],
    ),
}


WAYS_AROUND = {
    "an exception for the account itself": (
        {"allow_overrides": {"scopes": ["acme"]}},
        {"image_registry": {"server": "evil.example", "type": "public"}},
        "CHR0203",
    ),
    "a policy of one's own with a registry of one's own": (
        {"allow_overrides": {"settings": ["image_registry"]}},
        {
            "registries": {"own": {"server": "h.example", "type": "public", "mirror": {"source": "docker.io/harness"}}},
            "image_registry": "own",
        },
        "CHR0203",
    ),
    "another credential for a registry without a name": (
        {
            "allow_overrides": {"registries": "all"},
            "image_registry": {"server": "h.example", "type": "private", "authentication": {"secret_name": "s"}},
        },
        {"image_registry": {"authentication": {"secret_name": "t"}}},
        "CHR0203",
    ),
    "a server that has a name": (
        {"allow_overrides": True, "registries": {"eu": {"server": "eu.example", "account": "a", "type": "public"}}},
        {"image_registry": {"server": "eu.example", "account": "/a/", "type": "public"}},
        "CHR0214",
    ),
    "a credential that pushes, in every cluster": (
        {
            "allow_overrides": True,
            "image_registry": {"server": "h.example", "type": "private", "authentication": {"secret_name": "s"}},
            "mirror": {"source": "docker.io/harness", "push": "pusher"},
        },
        {"image_registry": {"authentication": {"username": "u", "password_secret": "pusher"}}},
        "CHR0518",
    ),
    "a credential that makes repositories, in every cluster": (
        {
            "allow_overrides": True,
            "image_registry": {
                "server": "acme.jfrog.io",
                "account": "docker-local",
                "type": "private",
                "authentication": {"secret_name": "s"},
            },
            "repositories": {"create": True, "login": "jfrog"},
            "mirror": "off",
        },
        {"image_registry": {"authentication": {"username": "u", "password_secret": "jfrog"}}},
        "CHR0518",
    ),
    "the key of Harness's API, in every cluster": (
        {
            "allow_overrides": True,
            "image_registry": {
                "server": "h.example",
                "account": "chaos",
                "type": "private",
                "authentication": {"secret_name": "s"},
            },
            "mirror": "off",
            "harness": {"publish": True, "account_id": "abc", "login": "harness"},
        },
        {"image_registry": {"authentication": {"username": "u", "password_secret": "harness"}}},
        "CHR0518",
    ),
}


@pytest.mark.parametrize("way", WAYS_AROUND)
def test_a_way_around_what_the_levels_above_decided_is_an_error(project, way):
    account, organization, code = WAYS_AROUND[way]
    outcome = project.four_levels(account=account, organization=organization)
    assert code in outcome.codes


def test_the_nearest_level_decides_between_create_and_delivery(project):
    registry = {"server": "h.example", "type": "private", "authentication": {"username": "u", "password_secret": "p"}}
    account = {"image_registry": registry, "pull_secret": {"create": False}}
    outcome = project.four_levels(account=account, infrastructure={"pull_secret": {"delivery": "secret"}})
    assert str(outcome.config.delivery.how.value) == "secret"


def test_two_infrastructures_may_give_one_account_an_entry_each(project):
    registry = {"server": "h.example", "type": "private", "authentication": {"secret_name": "s"}}
    below = {
        name: {"cluster": {"context": "c"}, "service_accounts": ["litmus"], "pull_secret": {"name": name}}
        for name in ("a", "b")
    }
    account = {"id": "acme", "image_registry": registry, "mirror": "off", "images": {"release": "1.94.4", "pin": "off"}}
    reviewed = project.write({"acme": {"chaosreg:account": account, "chaosreg:infrastructures": below}}).review()
    assert [(finding.code, finding.severity) for finding in reviewed.findings] == [("CHR0602", "warning")]
    assert "would both run in namespace `hce` in cluster `c`" in reviewed.findings[0].message


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_where_it_stands_and_nothing_else_is(project, check_marks, mistake):
    account, words = MISTAKES[mistake]
    check_marks(project.write({"acme": account, "i": BELOW}), words)


def test_two_owners_of_one_repository_are_told_the_entry_that_both_may_choose(project):
    registry = {"server": "h.example", "account": "chaos", "type": "private"}
    registry["authentication"] = {"username": "robot$u", "password_secret": "007"}
    registry["kind"] = "harbor"
    below = {"a": {"cluster": {"context": "a"}, "image_registry": registry}}
    below["b"] = {"cluster": {"context": "b"}, "image_registry": registry}
    account = {"id": "acme", "allow_overrides": True, "images": {"release": "1.94.4"}}
    account["mirror"] = {"source": "docker.io/harness"}
    reviewed = project.write({"acme": {"chaosreg:account": account, "chaosreg:infrastructures": below}}).review()
    helps = {finding.help for finding in reviewed.findings if finding.code == "CHR0311"}
    (advice,) = helps
    authentication = '{username: "robot$u", password_secret: "007"}'
    entry = f"{{server: h.example, account: chaos, type: private, kind: harbor, authentication: {authentication}}}"
    assert f"`registries: {{shared: {entry}}}`" in advice
    # who follows it has the mistake no more
    account |= {"registries": {"shared": registry}}
    below = {name: {**one, "image_registry": "shared"} for name, one in below.items()}
    reviewed = project.write({"acme": {"chaosreg:account": account, "chaosreg:infrastructures": below}}).review()
    assert "CHR0311" not in {finding.code for finding in reviewed.findings}


def test_a_hint_fails_no_run_not_even_a_strict_one(project, capsys):
    from pulumi_chaosreg.cli.main import main

    account, _ = MISTAKES["a registry that nobody uses"]
    project.write({"acme": account.replace('pin: "off"', 'pin: "off", tags: {}'), "i": BELOW})
    assert main(["--project", str(project.folder), "validate", "--strict"]) == 0
    assert "0 errors, 0 warnings, 1 hint" in capsys.readouterr().out


REGIONS = """
config:
  chaosreg:account:
    id: acme
    allow_overrides: {{registries: all}}
    registries:
      eu: {{server: {eu}, account: chaos, type: private, authentication: {{type: aws_ecr}}, mirror: off}}{eu_mark}
      us: {{server: 123456789012.dkr.ecr.us-west-2.amazonaws.com, account: chaos, type: private,
            authentication: {{type: aws_ecr}}, mirror: off}}
    image_registry: eu
    images: {{release: "1.94.4", pin: "off"}}
    cluster: {{provider: {provider}}}{mark}
"""
HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def regions(below, provider="eks", mark="", eu=HOST, eu_mark=""):
    account = REGIONS.format(provider=provider, mark=mark, eu=eu, eu_mark=eu_mark)
    return {
        "acme": account,
        "i": "config:\n  chaosreg:parent_stack: acme\n  chaosreg:infrastructures:\n"
        "    e: {cluster: {context: e}}\n    u:\n" + "".join(f"      {line}\n" for line in below),
    }


def test_what_others_are_filled_from_needs_no_mirror(project):
    account = {"id": "acme", "allow_overrides": True, "images": {"release": "1.94.4", "pin": "off"}}
    account |= {"image_registry": {"server": "h.example", "account": "chaos", "type": "public"}}
    account |= {"mirror": {"source": "h.example/chaos", "allow_sources": ["h.example"]}}
    near = {"registries": {"near": {"server": "n.example", "type": "public"}}, "image_registry": "near"}
    account |= {"registries": near.pop("registries")}
    below = {"a": {"cluster": {"context": "a"}}, "b": {"cluster": {"context": "b"}, **near}}
    reviewed = project.write({"acme": {"chaosreg:account": account, "chaosreg:infrastructures": below}}).review()
    assert "CHR0315" not in {finding.code for finding in reviewed.findings}


TOLD_BELOW = {
    "a chosen name is misspelt where only names may be chosen": (
        regions(["cluster: {context: u}", "image_registry: uss  #! CHR0213"]),
        ["no registry is named `uss` here", "did you mean `us`?"],
    ),
    "a name that is defined and not in the list of those that may be chosen": (
        {
            **regions(["cluster: {context: u}", "image_registry: us  #! CHR0203"]),
            "acme": REGIONS.format(provider="eks", mark="", eu=HOST, eu_mark="").replace(
                "registries: all", "registries: [eu]"
            ),
        },
        ["choose one of these, or add `us` to `allow_overrides.registries` there"],
    ),
    "a registry of its own where only names may be chosen": (
        regions(["cluster: {context: u}", "image_registry:", "  server: q.example  #! CHR0203", "  type: public"]),
        ["`image_registry.server` may not be set here", "choose one of these, or define it there"],
    ),
    "nodes of another cloud": (
        regions(["cluster: {context: u, provider: gke}  #! CHR0529", "image_registry: us"]),
        ["`pull_secret.identity` is not set"],
    ),
    "a provider in upper case": (
        regions(["cluster: {context: u}", "image_registry: us"], provider="EKS", mark="  #! CHR0107"),
        ["valid values: eks"],
    ),
    "an account's number with a digit too few": (
        regions(["cluster: {context: u}", "image_registry: us"], eu=HOST[1:], eu_mark="  #! CHR0424"),
        ["looks like Amazon ECR, but is not one of its hosts"],
    ),
}


@pytest.mark.parametrize("mistake", TOLD_BELOW)
def test_a_mistake_is_told_where_it_is_mended_and_its_consequences_are_not(project, check_marks, mistake):
    files, words = TOLD_BELOW[mistake]
    check_marks(project.write(files), words)


@pytest.mark.parametrize(
    ("server", "said", "is_told"),
    [
        ("europe-docker.pkg.dev", "create: true, immutable_tags: true", True),
        ("europe-docker.pkg.dev", "create: true, immutable_tags: false", False),
        ("europe-docker.pkg.dev", "create: false", False),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "create: true", False),
    ],
)
def test_tags_can_be_deleted_where_they_are_not_kept(project, server, said, is_told):
    text = MISTAKES["tags that Google keeps and somebody wants deleted"][0]
    project.write({"acme": text.replace("create: true", said).replace("europe-docker.pkg.dev", server), "i": BELOW})
    assert ("CHR0498" in [finding.code for finding in project.review().errors]) is is_told
