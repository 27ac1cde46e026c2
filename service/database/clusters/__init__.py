"""Links, labels, model versions, and what is read of clusters."""
