"""Makes the bundle that ``model`` serves: four commands, in order: train, calibrate, bundle, evaluate."""
