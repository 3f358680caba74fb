"""What goes into a cluster: namespace, pull Secret, ServiceAccount entry, ConfigMap."""
