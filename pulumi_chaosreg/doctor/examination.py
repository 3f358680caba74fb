"""All steps of one infrastructure, in order; what follows from a failed one is not asked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pulumi_chaosreg.doctor.case import Case, Surroundings
from pulumi_chaosreg.doctor.step import Failed, Result, Step, Unseen
from pulumi_chaosreg.doctor.steps import OF_INFRASTRUCTURE, OF_REGISTRY
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage


@dataclass(frozen=True, slots=True)
class Seen:
    """One step, and what it found."""

    step: str
    registry: str
    """The server; empty for what is asked once for the infrastructure."""
    result: Result


def examine(around: Surroundings) -> Iterator[Seen]:
    """One result for each step, as they come: the infrastructure's own, then those of each registry.

    A step whose need has failed, or was not asked, is Unseen without being asked.
    """
    servers = _by_server(around.config)
    main = around.config.registry.server.value
    blocked: dict[str, str] = {}
    for step, result in _asked(OF_INFRASTRUCTURE, Case(around, main, servers.get(main, ())), blocked):
        yield Seen(step.NAME, "", result)
    for server, images in servers.items():
        for step, result in _asked(OF_REGISTRY, Case(around, server, images), dict(blocked)):
            yield Seen(step.NAME, server, result)


def _asked(steps: Iterable[Step], case: Case, blocked: dict[str, str]) -> Iterator[tuple[Step, Result]]:
    """`blocked` has the steps that nothing can build on, each with the one that failed; more are added."""
    for step in steps:
        failed = next((blocked[need] for need in step.NEEDS if need in blocked), None)
        result = Unseen(f"not asked, as `{failed}` failed") if failed else _looked(step, case)
        if failed or isinstance(result, Failed):
            blocked[step.NAME] = failed or step.NAME
        yield step, result


def _looked(step: Step, case: Case) -> Result:
    """What stops a step (an environment that nothing can be asked with) is its failure."""
    try:
        return step.look(case)
    except ChaosregError as error:
        return Failed(tuple(error.findings))


def _by_server(config: ResolvedConfig) -> dict[str, tuple[ResolvedImage, ...]]:
    """The images that the cluster pulls, by the server that they are on; the chosen registry's first."""
    servers: dict[str, tuple[ResolvedImage, ...]] = {config.registry.server.value: ()}
    for image in config.images:
        servers[image.reference.server] = (*servers.get(image.reference.server, ()), image)
    return {server: images for server, images in servers.items() if images}
