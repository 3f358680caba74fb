"""The plugin: a table, recorded."""

from lab.plugins.gcp.kinds import KINDS
from lab.plugins.recording.servicer import Recording


class Plugin(Recording):
    """One provider: the default one, or one explicit Provider resource."""

    name = "gcp"
    kinds = KINDS
    notice = (
        "gcp: this is the lab's stand-in for the official plugin (lab/plugins/gcp): it asks no API, and only records "
        "repositories of Artifact Registry, their members, and service accounts with keys"
    )
