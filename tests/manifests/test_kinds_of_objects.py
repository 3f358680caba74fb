"""Which values of which kinds of objects change."""

from tests.manifests.conftest import DDCR, FAULTS, SECRET


def test_a_deployment_gets_the_images_and_the_secret_and_keeps_every_other_byte(render):
    result = render(
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: ddcr   # the runner
        spec:
          template:
            spec:
              serviceAccountName: litmus
              containers:
              - name: a
                image: docker.io/harness/chaos-ddcr:main-latest # keep this
                env:
                  - {name: LIB_IMAGE, value: "harness/chaos-ddcr-faults:1"}
              - image: nginx:1.25
                name: b
        """
    )
    assert result.text == (
        f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ddcr   # the runner
spec:
  template:
    spec:
      serviceAccountName: litmus
      imagePullSecrets:
      - name: {SECRET}
      containers:
      - name: a
        image: {DDCR} # keep this
        env:
          - {{name: LIB_IMAGE, value: "{FAULTS}"}}
      - image: nginx:1.25
        name: b
"""
    )
    assert [(one.line, one.text, one.why) for one in result.kept] == [(14, "nginx:1.25", "it is not ours")]
