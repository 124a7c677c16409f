"""The pure engine: state and a fact in; new state, rows to write and events out. No ORM, clock, network or chance."""
