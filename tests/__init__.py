"""Tests of Gongkai. A package, so that `tests.fixtures` and the factories are found before anybody else's `tests`."""
