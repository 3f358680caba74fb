"""Client of Harbor's REST API v2.0 (Harbor 2.10 to 2.16): projects, their immutability rules and their robots."""
