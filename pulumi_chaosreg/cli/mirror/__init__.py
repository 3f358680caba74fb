"""What `chaosreg mirror` copies, from where to where, and what it says meanwhile."""
