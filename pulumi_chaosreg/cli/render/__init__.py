"""What `chaosreg render` reads: manifests in files, and what runs in a cluster."""
