"""What `chaosreg diff` prints, in each of its formats."""
