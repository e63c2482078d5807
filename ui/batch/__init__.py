"""The page that takes many photos and shows the model's answers as a table."""
