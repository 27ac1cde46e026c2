"""A simulated retailer: four real systems, people who do not exist, known truth."""
