"""Slow, loop-free NumPy twins of the compiled kernels; they share no code with them."""
