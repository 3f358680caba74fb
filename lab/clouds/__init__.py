"""What the stand-ins of Google and Azure share: what they are asked and say, and the server under their names."""
