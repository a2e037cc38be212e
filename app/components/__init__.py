"""What two pages or more draw, and the browser components."""
