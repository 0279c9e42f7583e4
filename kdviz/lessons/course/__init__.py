"""What each lesson of the course asks, a module each; its words are in its notebook."""
