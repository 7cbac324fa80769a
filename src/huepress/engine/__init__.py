"""One stage each, thin over the compiled core: colors, palettes, indices, scores."""
