"""The rows of a run. Only `runs.store` writes them."""

from runs.models.agent_run import AgentRun, AgentTurn
from runs.models.approval_link import ApprovalLink
from runs.models.event import Event
from runs.models.gate import Gate
from runs.models.heartbeat import Heartbeat
from runs.models.rerun import Rerun
from runs.models.saved_view import SavedView
from runs.models.scheduled_start import ScheduledStart
from runs.models.stage_run import StageRun
from runs.models.taken_route import TakenRoute
from runs.models.workflow_call import WorkflowCall
from runs.models.workflow_run import RunCounter, WorkflowRun

__all__ = [
    "AgentRun",
    "AgentTurn",
    "ApprovalLink",
    "Event",
    "Gate",
    "Heartbeat",
    "Rerun",
    "RunCounter",
    "SavedView",
    "ScheduledStart",
    "StageRun",
    "TakenRoute",
    "WorkflowCall",
    "WorkflowRun",
]
