"""A generated company with realistic sections: one account, some organizations and projects, many infrastructures."""

from collections.abc import Iterator
from pathlib import Path

ACCOUNT = """\
# The account: one registry for everybody.
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    image_registry:
      server: harbor.company.com
      kind: harbor
      account: chaos-engineering
      type: private
      authentication: {username: chaos-user, password_secret: harbor-credentials}
    images: {release: "1.93.0"}
    mirror:
      source: docker.io/harness
      push: harbor-push
  chaosreg-credentials:harbor-credentials: {secure: v1:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}
  chaosreg-credentials:harbor-push: {secure: v1:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}
"""


def write_company(project: Path, infrastructures: int, files: int) -> None:
    """Pulumi.yaml, `files` stack files and a lockfile. Every tenth project tests a newer image, every tenth
    infrastructure has a custom image, every fifth a ServiceAccount list of its own.
    """
    stacks = project / "stacks"
    stacks.mkdir(parents=True)
    (project / "Pulumi.yaml").write_text("name: company\nruntime: python\nstackConfigDir: stacks\n")
    (stacks / "Pulumi.acme.yaml").write_text(ACCOUNT)
    organizations = max(1, files // 60)
    projects = max(1, (files - 1 - organizations) // 3)
    environments = max(1, files - 1 - organizations - projects)
    for number in range(organizations):
        _write(stacks, f"org-{number}", "acme", "organization", f"organization-{number}", "")
    for number in range(projects):
        more = '    images:\n      tags: {chaos-ddcr: "1.94.0"}\n' if number % 10 == 0 else ""
        _write(stacks, f"project-{number}", f"org-{number % organizations}", "project", f"project-{number}", more)
    for number in range(environments):
        mine = range(number, infrastructures, environments)
        text = "".join(_infrastructure(index) for index in mine)
        head = f"# Environment {number}\nconfig:\n  chaosreg:parent_stack: project-{number % projects}\n"
        (stacks / f"Pulumi.environment-{number}.yaml").write_text(f"{head}  chaosreg:infrastructures:\n{text}")
    (stacks / "chaosreg.lock.yaml").write_text("".join(sorted(_lock())))


def _write(stacks: Path, stack: str, parent: str, level: str, name: str, more: str) -> None:
    text = (
        f"config:\n  chaosreg:parent_stack: {parent}\n  chaosreg:{level}:\n    id: {name}\n    allow_overrides: true\n"
    )
    (stacks / f"Pulumi.{stack}.yaml").write_text(text + more)


def _infrastructure(index: int) -> str:
    name = f"cluster-{index:05}"
    text = f"    {name}:\n      cluster: {{context: {name}}}\n      namespace: harness-chaos\n"
    if index % 5 == 0:
        text += "      service_accounts: [litmus, chaos-runner]\n"
    if index % 10 == 0:
        text += "      custom_images:\n        log_watcher: harbor.company.com/observability/log-watcher:2.1.0\n"
    return text


def _lock() -> Iterator[str]:
    tags = {"chaos-ddcr": ("1.93.0", "1.94.0"), "chaos-ddcr-faults": ("1.93.0",), "chaos-log-watcher": ("1.93.0",)}
    for name, versions in {**tags, "service-discovery-collector": ("0.73.0",)}.items():
        for version in versions:
            yield f"docker.io/harness/{name}:{version}: sha256:{'a' * 64}\n"
