"""Several versions of a picture beside the original."""
