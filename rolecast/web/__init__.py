"""Board (employees), desk (recruiters) and go (candidates), server-rendered."""
