"""The whole programme on servers of its own, which a test may destroy; clients that remember what they were told; and
who compares that with what stores, topics and figures hold."""
