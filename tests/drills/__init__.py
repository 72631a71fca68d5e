"""What the drill of docs/runbooks.md is made of: the whole programme on servers that it may destroy."""
