"""Unions, the people in them, the offices they hold for a term, how they sign in, and who may see what."""
