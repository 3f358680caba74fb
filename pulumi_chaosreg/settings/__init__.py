"""What a section may say: the one table of settings, and how a section is read and checked against it. Pure."""
