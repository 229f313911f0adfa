"""Compile an int8 TensorFlow Lite model to dependency-free C99, byte-exact with TensorFlow Lite Micro."""
