"""What a service says of itself: its OpenAPI document, derived from its deciders, and the page that shows it."""
