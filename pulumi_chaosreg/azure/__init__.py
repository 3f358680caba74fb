"""Azure's resource manager, as far as no provider of Pulumi speaks it: passwords of a container registry's tokens."""
