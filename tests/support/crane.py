"""Another implementation's word about the lab's private registry."""

import json
import subprocess

from lab.state import LabState
from lab.workspace import Workspace


def crane(company: Workspace, lab: LabState, verb: str, image: str, *flags: str) -> str:
    """What crane says of the image there, logged in as who pushes."""
    docker = company.folder / "crane"
    docker.mkdir(exist_ok=True)
    login = {"username": lab.registry.push.username, "password": lab.registry.push.password}
    (docker / "config.json").write_text(json.dumps({"auths": {lab.registry.host: login}}))
    environment = {**company.environment, "DOCKER_CONFIG": str(docker)}
    return subprocess.run(
        ["crane", verb, image, *flags], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
