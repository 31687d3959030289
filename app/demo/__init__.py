"""The demo union: invented people, papers and a year of work, loaded through the same doors as real data."""
