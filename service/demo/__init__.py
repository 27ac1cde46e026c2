"""A simulated retailer: four real source systems, people who do not exist, known truth."""
