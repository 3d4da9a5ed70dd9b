"""Board (employees), desk (recruiters) and go (candidates), server-rendered."""

from rolecast.compiled import extend

extend(__path__, __name__)
