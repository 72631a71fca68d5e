"""The language of the service companies, a module for each kind of stream."""
