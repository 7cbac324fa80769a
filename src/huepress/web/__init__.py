"""A page of one's own: what the command does, in a browser on the same machine."""
