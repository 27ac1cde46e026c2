"""The words: models of what travels between the rooms; imports nothing of ours."""
