"""What goes into a cluster, as Kubernetes objects: how a credential arrives, the ConfigMap, whom `enforce` admits."""
