"""Training on a machine with a GPU that holds nothing but PyTorch: pack here, train there, unpack here.

python -m training.accelerator.pack      images and starting weights, in parts small enough to be carried
python -m training.accelerator.train     several recipes one after the other, within a time
python -m training.accelerator.unpack    run folders as `training.train` leaves them
"""
