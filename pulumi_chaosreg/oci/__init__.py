"""A client of the OCI distribution specification, on urllib3: streams, proves, retries, and says what went wrong.

Copies nothing by itself: that is `pulumi_chaosreg.mirror`.
"""

from pulumi_chaosreg.oci.blob import Upload
from pulumi_chaosreg.oci.host import Host
from pulumi_chaosreg.oci.manifest import Descriptor, Manifest
from pulumi_chaosreg.oci.patience import Patience
from pulumi_chaosreg.oci.problems import Cancelled, RegistryError
from pulumi_chaosreg.oci.registry import Registry
from pulumi_chaosreg.oci.store import Store

__all__ = ["Cancelled", "Descriptor", "Host", "Manifest", "Patience", "Registry", "RegistryError", "Store", "Upload"]
