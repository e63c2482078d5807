"""The outline of a lesion, learnt on the network's own maps: photos with masks, the small network, and its figures."""
