"""List the releases that the catalogue knows, with the tags of their images.

First those of the self-managed platform (`smp-` and the version of its Helm chart), then all others, each newest last.

In a project, also those that its stacks/chaosreg.catalogue.yaml adds. `--check` asks Harness's registry for newer tags
than the newest known release's, and prints how to add one.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.output import add_output
from pulumi_chaosreg.cli.releases_check import check
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.catalogue import Catalogue, Release, load_catalogue
from pulumi_chaosreg.settings.grammars import SOURCE
from pulumi_chaosreg.stacks.catalogue_additions import add_to_catalogue
from pulumi_chaosreg.stacks.project_file import ProjectFile, find_project

ABOUT = "list the releases that the catalogue knows, and their images' tags"
NEEDS = Needs.NONE
EXITS = {1: "with --check: there are newer tags, or one of ours does not exist"}
EXAMPLES = """\
examples:
  chaosreg releases                            all of them
  chaosreg releases 1.94.4 smp-0.44.0          these
  chaosreg releases -o json | jq '.[].version'
  chaosreg releases --check                    is anything newer on docker.io/harness? 1 if so
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("versions", nargs="*", metavar="RELEASE")
    parser.add_argument("--check", action="store_true", help="ask for newer tags (needs the network); 1 if any exist")
    parser.add_argument("--source", metavar="SERVER/ACCOUNT", help="the registry to ask (default: Harness's own)")
    add_output(parser, "text", "json")


def run(options: argparse.Namespace) -> int:
    """Print the catalogue, or what it lacks."""
    catalogue = _catalogue(Path(options.project).resolve())
    if options.source is not None and SOURCE.problem(options.source) is not None:
        raise ChaosregError.of("CHR0301", "`--source` is not `server/account`", help=SOURCE.advice)
    if options.check:
        source = options.source or f"{catalogue.default_server}/{catalogue.default_account}"
        return check(catalogue, source, options.versions, options.output)
    releases = [catalogue.release(version) for version in options.versions] or list(catalogue.releases.values())
    if options.output == "json":
        print(json.dumps([_plain(release, catalogue) for release in releases], indent=2))
    else:
        print("\n".join(line for release in releases for line in _lines(release, catalogue)))
    return 0


def _catalogue(folder: Path) -> Catalogue:
    """The built-in one, and what the project adds where there is one."""
    findings: list[Finding] = []
    try:
        project = find_project(folder)
    except ChaosregError:
        return load_catalogue()
    catalogue = add_to_catalogue(load_catalogue(), ProjectFile.read(project).stacks, findings)
    if findings:
        raise ChaosregError(findings)
    return catalogue


def _lines(release: Release, catalogue: Catalogue) -> Iterator[str]:
    about = ", ".join(part for part in (release.date, release.source) if part)
    yield f"{release.version}{f'  ({about})' if about else ''}"
    for kind in _kinds(release, catalogue):
        images = release.images(kind)
        yield f"  {kind:<12}  {', '.join(f'{name} {_shown(tags)}' for name, tags in images.items())}"


def _kinds(release: Release, catalogue: Catalogue) -> list[str]:
    return [kind for kind in (*catalogue.sets, *catalogue.groups) if release.images(kind)]


def _shown(tags: Sequence[str]) -> str:
    return " and ".join(tags)


def _plain(release: Release, catalogue: Catalogue) -> dict[str, object]:
    return {
        "version": release.version,
        "date": release.date,
        "source": release.source,
        "types": {
            kind: {name: list(tags) for name, tags in release.images(kind).items()}
            for kind in _kinds(release, catalogue)
        },
    }
