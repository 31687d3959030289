"""The offline verifier: one file, copied into every review pack."""
