"""The plugin: a table, recorded."""

from lab.plugins.azure_native.kinds import KINDS
from lab.plugins.recording.servicer import Recording


class Plugin(Recording):
    """One provider: the default one, or one explicit Provider resource."""

    name = "azure-native"
    kinds = KINDS
    notice = (
        "azure-native: this is the lab's stand-in for the official plugin (lab/plugins/azure_native): it asks no API, "
        "and only records registries, scope maps, tokens and role assignments"
    )
