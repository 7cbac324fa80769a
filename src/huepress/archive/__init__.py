"""Many images at once: what to do (`plan`), by whom (`workers`), what was done (`ledger`, `reports`)."""
