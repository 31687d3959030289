"""The engine: definitions, their proof, and decisions. Pure: no database, no clock, no web."""
