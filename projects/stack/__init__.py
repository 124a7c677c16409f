"""Starting and stopping everything on one machine: the embedded Redis, worker, scheduler and web process."""
