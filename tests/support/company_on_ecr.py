"""A company whose account makes and fills a registry of ECR, and an environment that pulls from it."""

from pathlib import Path

from lab.state import LabState, load
from lab.workspace import Workspace

ACME = """\
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    registries:
      eu: {{server: {server}, account: {space}, type: private, authentication: {{type: aws_ecr}}}}
    image_registry: eu
    images: {{release: "1.93.0", tags: {{chaos-log-watcher: "1.94.0"}}}}
    mirror: {{source: {upstream}/harness, also: ["{upstream}/harness/chaos-exporter:1.53.0"],
      allow_sources: [{upstream}/harness]}}
    repositories: {{create: true, pullers: {{organization: o-a1b2c3d4e5}}}}
    {pulls}
"""
ON_EKS = "cluster: {provider: eks}"

PROD = """\
config:
  chaosreg:parent_stack: acme
  chaosreg:infrastructures:
    prod-eu: {{cluster: {{context: prod-eu}}, namespace: {space}-h, service_accounts: [litmus]}}
"""


def company_on_ecr(folder: Path, space: str, server: str, pulls: str = ON_EKS) -> Workspace:
    """Locked, its stacks `acme` and `prod` initialised. `space` is the path on the registry, and the namespace's name
    begins with it; `pulls` is what the account says about how clusters do.
    """
    lab = load()
    assert lab.aws
    assert lab.upstream
    workspace = Workspace(folder)
    workspace.add_project()
    workspace.environment |= lab.aws.environment
    (folder / "stacks").mkdir()
    for stack, text in (("acme", ACME), ("prod", PROD)):
        said = text.format(server=server, space=space, upstream=lab.upstream.host, pulls=pulls)
        (folder / f"stacks/Pulumi.{stack}.yaml").write_text(said, "utf-8")
    workspace.run("chaosreg", "lock")
    workspace.init("acme", "prod")
    return workspace


def set_keys(company: Workspace, lab: LabState) -> None:
    """The lab's keys of AWS as `chaosreg-credentials:keys` of the stack `prod`: who a refresher may be."""
    for part, variable in (("access_key_id", "AWS_ACCESS_KEY_ID"), ("secret_access_key", "AWS_SECRET_ACCESS_KEY")):
        words = ("--stack", "prod", "--secret", "--path", f"chaosreg-credentials:keys.{part}")
        company.run("pulumi", "config", "set", *words, lab.aws.environment[variable])
