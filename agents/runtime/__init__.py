"""The agent runtime: one model request, then its tools. It knows no runs and no builder."""
