"""The page that takes a photo and shows the model's answer to it."""
