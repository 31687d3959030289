"""The trail (留痕): append-only, hash-chained, Merkle-checkpointed; and the verifier that needs nothing of ours."""
