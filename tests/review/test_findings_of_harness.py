"""What Harness would be told wrong of images is told once, where the level or the infrastructure says it."""

import pytest

ACME = """
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    image_registry: {server: harbor.example, account: chaos, type: public}
    images: {release: "1.94.4", pin: "off"}
    mirror: {source: docker.io/harness}
    harness:
      publish: true%s
      account_id: acc
      login: key
  chaosreg-credentials:key: {secure: "v1:x"}
"""
BELOW = """
config:
  chaosreg:parent_stack: acme
  chaosreg:infrastructures:
    x:%s
      cluster: {context: c}
      images: {release: "1.93.0"}
"""
MISTAKES = {
    "an infrastructure with another release than its record": (
        {"acme": ACME % "", "below": BELOW % "  #! CHR0805"},
        ["its `log_watcher` is `harbor.example/chaos/chaos-log-watcher:1.93.0`", "or the images at account `acme`"],
    ),
    "images that nobody pulls": (
        {"acme": ACME % "  #! CHR0822", "below": (BELOW % "") + "      harness: {publish: false}\n"},
        ["(and 2 more) to Harness, and nothing mirrors it", "also: [docker.io/harness/chaos-log-watcher:1.94.0, "],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_harness_would_be_told_wrong_is_told(project, check_marks, mistake):
    files, words = MISTAKES[mistake]
    check_marks(project.write(files), words)
