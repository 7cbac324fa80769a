"""File formats: the only package that knows Pillow and the lossless optimizer."""
