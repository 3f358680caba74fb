"""Serve the plugin."""

import sys

from lab.plugins.protocol.serving import serve

if __name__ == "__main__":
    serve("lab.plugins.azure_native.servicer", sys.argv[1:])
