"""Why two records match, whom a search may mean, who lives together."""
