"""What every stand-in of a Pulumi plugin needs: the engine's protocol, and being found by the engine."""
