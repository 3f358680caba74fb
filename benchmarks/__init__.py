"""Measurements; each module is a program of its own and prints its machine, the date and the figures."""
