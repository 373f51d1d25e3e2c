"""SNAC codecs as ONNX graphs, written with numpy and onnx alone; scripts/export_snac.py is the way in.

`config` describes a codec, `weights` reads or makes its parameters, `graph` and `layers` build ONNX nodes, `models`
puts the decoders and the encoder together, and `streaming` runs a stream decoder and compares it with the plain one.
"""
