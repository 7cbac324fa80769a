"""The order of the stages: from an input to a finished file."""
