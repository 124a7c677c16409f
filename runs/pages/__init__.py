"""What the pages show: plain dicts and lists made from rows, so that templates hold no rule."""
