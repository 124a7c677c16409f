"""The reference work, its drivers, and what it is compared with. `python -m benchmarks` runs them."""
