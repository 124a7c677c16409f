"""The builder: workflows are designed, checked and frozen into versions here."""
