"""The demo codec: `corpus` makes speech, `network` is the codec, `training` fits it, `onnx_files` writes it out."""
