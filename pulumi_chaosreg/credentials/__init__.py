"""Registry credentials: their shapes, docker config JSON, and the kubelet's rules for choosing among them. Pure."""
