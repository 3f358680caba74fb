"""What scopes' components are called in a stack: types and names, for whoever makes them and whoever looks for them."""

from pulumi_chaosreg.scopes.model import Level

MIRROR_TYPE = "chaosreg:index:ImageMirror"
IMAGE_TYPE = "chaosreg:index:MirroredImage"
REPOSITORIES_TYPE = "chaosreg:index:Repositories"


def component_type(level: Level) -> str:
    """The type token of a level's component, whose name is the scope's path."""
    return f"chaosreg:index:{level.capitalize()}"


def mirror_name(scope_path: str, path: str) -> str:
    """What the mirror into a registry (`server/account`), and its repositories, are called: never by the registry's
    name, which may change.
    """
    return f"{scope_path}:{path}"
