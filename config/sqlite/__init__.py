"""A database backend for the web process: SQLite connections that outlive the threads of requests."""
