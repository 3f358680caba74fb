"""What Argo's and Litmus's public definitions say of the fields that these tests use, written down by hand.

An API server that validates strictly refuses every other field: where a real definition lacks one, so does this one.
"""

from typing import Any

Schema = dict[str, Any]

ANY: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}


def some(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def each(**properties: Schema) -> Schema:
    return {"type": "array", "items": some(**properties)}


NAMES = each(name=TEXT)
TEXTS: Schema = {"type": "array", "items": TEXT}
ENVIRONMENT = each(name=TEXT, value=TEXT)
_SOURCE = some(image=TEXT, imagePullSecrets=NAMES, hostNetwork=FLAG)
_COMPARISON = some(type=TEXT, criteria=TEXT, value=TEXT)
PROBE = each(
    name=TEXT,
    type=TEXT,
    mode=TEXT,
    runProperties=some(
        probeTimeout=TEXT,
        interval=TEXT,
        attempt=NUMBER,
        probePollingInterval=TEXT,
        initialDelay=TEXT,
        stopOnFailure=FLAG,
    ),
    **{
        "cmdProbe/inputs": some(command=TEXT, comparator=_COMPARISON, source=_SOURCE),
        "httpProbe/inputs": some(
            url=TEXT, insecureSkipVerify=FLAG, method=some(get=some(criteria=TEXT, responseCode=TEXT))
        ),
        "k8sProbe/inputs": some(
            group=TEXT,
            version=TEXT,
            resource=TEXT,
            namespace=TEXT,
            fieldSelector=TEXT,
            labelSelector=TEXT,
            operation=TEXT,
        ),
        # no `type` here, other than in a command's comparator
        "promProbe/inputs": some(endpoint=TEXT, query=TEXT, comparator=some(criteria=TEXT, value=TEXT)),
    },
)

DEFINITIONS: dict[tuple[str, str], Schema] = {
    ("argoproj.io", "Workflow"): some(
        spec=some(entrypoint=TEXT, arguments=ANY, imagePullSecrets=NAMES, templates={"type": "array", "items": ANY})
    ),
    ("litmuschaos.io", "ChaosEngine"): some(
        spec=some(
            engineState=TEXT,
            appinfo=some(appns=TEXT, applabel=TEXT, appkind=TEXT),
            chaosServiceAccount=TEXT,
            components=some(
                runner=some(image=TEXT, type=TEXT, imagePullSecrets=NAMES),
                sidecar=each(image=TEXT, imagePullPolicy=TEXT, env=ENVIRONMENT),
            ),
            experiments=each(
                name=TEXT,
                spec=some(
                    components=some(experimentImage=TEXT, experimentImagePullSecrets=NAMES, env=ENVIRONMENT),
                    probe=PROBE,
                ),
            ),
        )
    ),
    ("litmuschaos.io", "ChaosExperiment"): some(
        description=some(message=TEXT),
        spec=some(definition=some(scope=TEXT, image=TEXT, args=TEXTS, command=TEXTS, env=ENVIRONMENT, labels=ANY)),
    ),
}
"""(group, kind) → the schema of its objects."""
