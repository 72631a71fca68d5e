"""The event store in PostgreSQL: streams, their events in commit order, and whether it may append."""
