"""One reader a set of images, found in the registry."""
