"""Colors as text and as arrays."""
