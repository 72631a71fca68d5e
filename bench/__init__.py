"""Ours and its peers, side by side: `make bench`, or `python -m bench store http` for some of it."""
