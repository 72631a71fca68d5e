"""What happens to the companies of the network and to their investments: the events of the service `companies`."""
