"""What each command makes of a workflow's block, a file per noun. Pure: nothing here reads or writes rows."""

from builder.changes.draft import Draft
from builder.changes.registry import change

__all__ = ("Draft", "change")
