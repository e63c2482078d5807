"""Networks, their pretrained weights, and what is done to a trained network."""
