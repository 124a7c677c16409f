"""What the builder's pages show: plain dicts made from rows and specs, so that templates hold no rule."""
