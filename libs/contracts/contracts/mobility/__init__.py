"""How the employees of the zones come to work: the events of the service `mobility`."""
