"""Tables that people bring, and files that a command writes."""
