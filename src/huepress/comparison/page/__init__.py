"""The comparison page: one HTML file that needs nothing else."""
