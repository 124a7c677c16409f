"""The tabs of the run page beside Live: what was said, how long it took, what came out, what models were asked."""
