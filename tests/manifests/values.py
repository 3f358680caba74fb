"""What the tests' infrastructure resolves to."""

ACCOUNT = {
    "image_registry": {
        "server": "harbor.example.com",
        "account": "chaos",
        "type": "private",
        "authentication": {"username": "u", "password_secret": "harbor"},
    },
    "mirror": {"source": "docker.io/harness"},
}
SECRET = "chaos-image-registry-prod-eu"
DDCR = "harbor.example.com/chaos/chaos-ddcr:1.94.0"
FAULTS = "harbor.example.com/chaos/chaos-ddcr-faults:1.94.0"
WATCHER = "harbor.example.com/chaos/chaos-log-watcher:1.94.0"
