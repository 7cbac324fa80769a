"""Segmentation: pictures cut into regions of like color, by k-means and a smoothing term."""
