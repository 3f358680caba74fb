"""Makes what a registry must have before images can go there: one module for each kind that has something to make."""
