"""A service as a process: its commands, settings and log, its work in the background, its health."""
