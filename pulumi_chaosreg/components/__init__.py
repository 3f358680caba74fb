"""The four levels and their parts as Pulumi components."""
