"""A stand-in for providers whose cloud nobody can have here: it asks no API, and keeps what it is told in the state.

What it knows of a kind is a table, read in the provider's sources: its properties, what replaces, what is computed.
"""
