"""The network as ONNX and TFLite files, and the engines that run them."""
