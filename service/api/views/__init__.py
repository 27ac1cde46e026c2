"""The routes of the API, a noun each."""
