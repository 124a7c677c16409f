"""Pages of the builder, a file per screen."""
