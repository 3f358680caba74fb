"""Print a Kubernetes Indexed Job whose Pods make the copies of `chaosreg mirror`, near the registries.

The Job needs Kubernetes 1.29. It reads what to copy from a ConfigMap and the logins from an existing Secret, meets the
`restricted` Pod security standard, and talks to registries, never to the cluster. WANTED is as in `chaosreg mirror`.
"""

import argparse
import sys
from pathlib import Path

from pulumi_chaosreg.cli.mirror import job
from pulumi_chaosreg.cli.mirror.selection import add_list, copies_of
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.output import add_output, as_json
from pulumi_chaosreg.cli.yaml_text import yaml_documents

ABOUT = "print a Kubernetes Job that mirrors in a cluster"
NEEDS = Needs.NONE
EXITS = {0: "the Job is printed"}
EXAMPLES = """\
examples:
  chaosreg mirror-job --shards 5 --image harbor.company.com/tools/chaosreg-mirror:0.2.0 \\
      --docker-config mirror-logins | kubectl apply --server-side -f -
                                            everything, in five Pods
  chaosreg mirror-job payments --image …    what the infrastructures of an organization pull
  chaosreg mirror-job --dry-run --image …   a Job that only shows what it would copy
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("wanted", nargs="*", metavar="WANTED")
    parser.add_argument("--dry-run", action="store_true", help="the Pods only say what they would copy")
    parser.add_argument("--deep", action="store_true", help="they also check what the targets have already")
    add_list(parser)
    add_output(parser, "yaml", "json")
    job.arguments(parser.add_argument_group("the Job"))
    parser.set_defaults(refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Print it."""
    copies = copies_of(Path(options.project).resolve(), options)
    objects = job.objects(copies, options)
    if options.output == "json":
        sys.stdout.write(as_json({"apiVersion": "v1", "kind": "List", "items": objects}))
    else:
        sys.stdout.write(yaml_documents(objects))
    return 0
