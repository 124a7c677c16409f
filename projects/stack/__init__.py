"""Starting and stopping everything on one machine: the embedded Redis, the worker, the scheduler and the web process."""
