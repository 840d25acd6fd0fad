"""What README and docs/ say can be done, and is true of this very environment."""
