"""The demo codec: `corpus` generates speech, `network` is the codec, `training` trains it, `onnx_files` exports it."""
