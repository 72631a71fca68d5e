"""Metrics of a process: what there is (`declared`), what a running service tells (`telling`), and `/metrics`."""
