"""The life of adverts against a model: random edits, closes, crashes, lost answers, clocks."""
