"""The four levels and what each infrastructure ends up with: inheritance, locks, resolution. Pure."""
