"""What happens between companies and young people: the events of the service `youth-events`."""
