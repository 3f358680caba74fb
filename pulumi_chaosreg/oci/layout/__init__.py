"""An OCI image layout, a folder or a tar, as a store of images: what is carried over an air gap."""

from pulumi_chaosreg.oci.layout.files import SUMS
from pulumi_chaosreg.oci.layout.layout import Layout

__all__ = ["SUMS", "Layout"]
