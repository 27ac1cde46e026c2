"""Learn the weights and thresholds of a model from records."""
