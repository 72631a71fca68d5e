"""The drill of docs/runbooks.md: how servers are saved, lost and restored."""
