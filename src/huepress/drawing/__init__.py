"""What people look at: sheets, overlays, thumbnails and curves."""
