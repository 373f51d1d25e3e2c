"""Writes SNAC codecs as ONNX graphs, with numpy and onnx only; scripts/export_snac.py is the entry point.

`config` describes a codec, `weights` reads or generates its parameters, `graph` and `layers` build ONNX nodes, `models`
assembles the decoders and the encoder, and `streaming` runs a stream decoder and compares it with the plain one.
"""
