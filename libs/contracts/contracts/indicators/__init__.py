"""What the programme's committee aims at, and what is done about it: the events of the service `indicators`."""
