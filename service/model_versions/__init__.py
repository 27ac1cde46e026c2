"""From one model version to the next: shadow run, difference, switch."""
