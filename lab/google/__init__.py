"""Google Cloud, as far as a pull from its registry needs it: stand-ins, since nobody can run it at home."""
