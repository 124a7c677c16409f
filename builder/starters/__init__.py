"""The templates of new workflows: project-file fragments, put into a project under names that are free."""

from builder.starters.loading import STARTERS, Starter, starter
from builder.starters.naming import free_names, renamed

__all__ = ("STARTERS", "Starter", "free_names", "renamed", "starter")
