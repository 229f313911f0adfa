"""Compile an int8 TensorFlow Lite model to C99 without dependencies, byte-exact with TFLM."""
