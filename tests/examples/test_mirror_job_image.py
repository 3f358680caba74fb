"""The Dockerfile of examples/mirror-job says what the lab does, which makes the image without Docker and runs it."""

import re
import tomllib
from pathlib import Path

from lab.parts.debian_python import RECIPE
from lab.parts.mirror_image import image_config

CHECKOUT = Path(__file__).parents[2]
DOCKERFILE = (RECIPE / "Dockerfile").read_text("utf-8")


def _after(instruction: str) -> list[str]:
    return re.findall(rf"^{instruction} (.*)$", DOCKERFILE, re.MULTILINE)


def test_the_images_configuration_is_the_one_that_runs_in_the_lab() -> None:
    config = image_config()
    assert [word for line in _after("ENV") for word in line.split()] == config["Env"]
    assert _after("USER") == [config["User"]]
    assert _after("ENTRYPOINT") == [str(config["Entrypoint"]).replace("'", '"')]


def test_its_layers_are_made_by_the_scripts_that_the_lab_runs() -> None:
    made = dict(re.findall(r"^RUN sh /build/(\S+) (/\w+)", DOCKERFILE, re.MULTILINE))
    assert made == {"python.sh": "/python", "chaosreg.sh": "/chaosreg"}
    assert _after("COPY --from=build") == [f"{folder} /" for folder in made.values()]
    assert all((RECIPE / script).is_file() for script in made)


def test_its_requirements_are_ours_that_the_command_imports() -> None:
    pinned = re.findall(r"^(\S+==\S+) \\$", (RECIPE / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    tested = (CHECKOUT / "constraints.txt").read_text("utf-8").lower().split()
    assert [pin.partition("==")[0] for pin in pinned] == ["pyyaml", "urllib3"]
    assert set(pinned) <= set(tested)


def test_what_its_readme_adds_to_verify_signatures_is_our_extra() -> None:
    extra = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"][
        "verify"
    ]
    (line,) = re.findall(
        r"^    RUN python3 -m pip install .*$", (RECIPE / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert re.findall(r"'(.*?)'", line) == extra
    assert f"--target {made_by('python.sh')}/usr/lib/python3/dist-packages" in line


def made_by(script: str) -> str:
    """The folder of the build stage that a script fills."""
    return re.findall(rf"^RUN sh /build/{re.escape(script)} (/\w+)", DOCKERFILE, re.MULTILINE)[0]
