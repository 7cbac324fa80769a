"""The page of a segmentation: one HTML file that needs nothing else."""
