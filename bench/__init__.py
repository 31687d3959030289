"""Measuring: the product against a bare handler and a plain application, in one run. `make bench`."""
