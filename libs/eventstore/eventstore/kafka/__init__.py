"""Topics: how an event travels in a record, where it lies, and clients fit for brokers that are away."""
