"""Kinds of registry: how each is recognised, and what it accepts."""
