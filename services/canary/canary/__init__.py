"""Measures from outside, through the public APIs alone, how long it takes from a command to the figures."""
