"""What is made at a registry in words that every kind shares, and the rules over it.

A kind's module makes all that can be asked of it (`made`), and reads it into these words (`whole`). One more kind is
one more module, its line in `KINDS`, and its plants in tests/provision/test_policies_of_kinds.py.
"""
