"""Azure, as far as a registry on it needs it: stand-ins, since nobody can run it at home."""
