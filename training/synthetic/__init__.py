"""Pictures drawn by rule: lesions, structures, corruptions, and pictures that are no photo of a lesion."""
