"""Measuring Couture on this machine, with simulated people."""
