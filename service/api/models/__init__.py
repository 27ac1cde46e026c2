"""What the API is asked and answers, as models."""
