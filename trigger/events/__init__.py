"""Events: one reader or generator per source, all yielding the same HitBatch."""
