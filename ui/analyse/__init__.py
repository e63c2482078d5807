"""The page that takes a photo and shows what the model says of it."""
