"""What the page is made of: plain modules, one style sheet, no build."""
