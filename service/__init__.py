"""The housekeeper: the database, the resolver, the API and the pages."""
