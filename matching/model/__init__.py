"""A model version: blocking, comparisons, weights, rules and bands, in one bundle."""
