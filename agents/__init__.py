"""Agents: who does the work, and with what."""
