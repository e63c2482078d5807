"""The answer to a photo, part by part."""
