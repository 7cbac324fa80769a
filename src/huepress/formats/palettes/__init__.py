"""Palette files: from bytes to colors and back."""
