"""Files of commands: received whole, checked without storing anything, then carried out, or refused with a report."""
