"""From images on disk to batches: manifest, splits, classes, balance, augmentation."""
