"""Where repositories are encrypted with another key than the settings say, which no registry changes."""

from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.provision.protocol import OwnedRegistry, RepositorySettings
from pulumi_chaosreg.settings.yaml_file import locate


def refuse_other_key(
    registry: OwnedRegistry, settings: RepositorySettings, repository: str, found: str, *, vendor: str, own: str
) -> None:
    """RunError (CHR0482). `found` is the key that the repository has; empty for the vendor's `own`."""
    import pulumi

    has, wanted = (f"`{key}`" if key else own for key in (found, settings.kms_key))
    finding = Finding(
        "CHR0482",
        f"repository `{repository}` is encrypted with {has}, but the key should be {wanted}: {vendor} never changes it",
        settings.places.get("kms_key", registry.place),
        help=f"{f'write `kms_key: {found}`' if found else 'remove `kms_key`'}; for another key give the registry "
        "another `account`, let its clusters follow, and delete the old repositories when unused",
    )
    raise pulumi.RunError(str(ChaosregError(locate([finding]))))
