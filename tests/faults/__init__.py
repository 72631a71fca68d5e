"""What the platform must survive: each fault, on real servers, under the programme's daily work."""
