//! ONNX Runtime's CUDA provider: how it is set up, whether it works here, and what its errors mean. Not yet run on a GPU:
//! this follows its documentation and what it does on a stand-in (`scripts/check_gpu_path.sh`).

use ort::ep::{ArenaExtendStrategy, CUDA, ExecutionProviderDispatch, cuda::ConvAlgorithmSearch};

use super::Precision;

/// Settings that only matter on a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GpuSettings {
    /// Limit on the GPU memory of ONNX Runtime's arena, in bytes; `None` for no limit. Set it when an engine shares the
    /// GPU.
    pub memory_bytes: Option<usize>,
    /// Record the calls of stream decoders as CUDA graphs and replay them.
    pub graphs: bool,
    /// How exactly it decodes.
    pub precision: Precision,
}

impl Default for GpuSettings {
    fn default() -> Self {
        Self { memory_bytes: None, graphs: true, precision: Precision::Float32 }
    }
}

/// What small graphs may take of a GPU's memory, beside what they are given.
pub(super) const SMALL_BYTES: usize = 16 << 20;

/// The provider for a CUDA device. `settings.graphs` must be off for sessions whose tensors don't stay in place.
pub(super) fn provider(number: u16, settings: GpuSettings) -> ExecutionProviderDispatch {
    let mut cuda = CUDA::default()
        .with_device_id(i32::from(number))
        // The default search tunes for seconds on every new shape.
        .with_conv_algorithm_search(ConvAlgorithmSearch::Heuristic)
        // All shapes are known before the first listener, so there is no growth to anticipate.
        .with_arena_extend_strategy(ArenaExtendStrategy::SameAsRequested)
        // On by default in the provider.
        .with_tf32(settings.precision == Precision::Tf32)
        .with_cuda_graph(settings.graphs);
    if let Some(bytes) = settings.memory_bytes {
        cuda = cuda.with_memory_limit(bytes);
    }
    // Otherwise a missing GPU would silently fall back to the CPU.
    cuda.build().error_on_failure()
}

/// What to do about an error of CUDA, if that is known.
pub(super) fn advice(message: &str) -> Option<&'static str> {
    const KNOWN: [(&[&str], &str); 6] = [
        (
            &[
                "out of memory",
                "failed to allocate",
                "available memory",
                "cuda failure 2:",
                "bad_alloc",
                "cudnn_status_alloc_failed",
            ],
            "too little of the GPU's memory is free or allowed: lower VLLM_GPU_MEMORY_UTILIZATION or decoder.max_batch, or \
             raise decoder.gpu_memory_bytes (docs/decoder.md says how much it takes)",
        ),
        (
            &["no kernel image", "cuda failure 209", "cudnn_status_arch_mismatch"],
            "this ONNX Runtime has no code for this GPU; decode on the CPU (docs/decoder.md lists the cards)",
        ),
        // The loader's message. Errors of cuDNN itself have its name, too.
        (&["libcudnn"], "it needs cuDNN 9 where the dynamic linker finds it (`ldconfig -p | grep libcudnn`)"),
        (
            &["driver version is insufficient", "cuda failure 35"],
            "the driver is too old for CUDA 13: it must be 580 or newer",
        ),
        (
            &["no cuda-capable device", "cuda failure 100", "invalid device ordinal", "cuda failure 101"],
            "there is no such GPU here; with decoder.device = \"auto\", the decoder takes the CPU then",
        ),
        (
            &["cannot open shared object", "libcuda", "libcublas", "libcurand", "no such file or directory"],
            "it needs the driver and the libraries of CUDA 13 where the dynamic linker finds them",
        ),
    ];
    let message = message.to_ascii_lowercase();
    KNOWN.iter().find(|(words, _)| words.iter().any(|word| message.contains(word))).map(|(_, advice)| *advice)
}

/// Whether an error is CUDA's rather than the model's.
pub(super) fn is_cuda(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["cuda", "cudnn", "cublas", "bfc_arena", "bfcarena", "failed to allocate"]
        .iter()
        .any(|word| message.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_come_with_what_to_do() {
        for (message, word) in [
            (
                "Failed to load library libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file",
                "CUDA 13",
            ),
            ("Failed to load libcudnn.so.9: cannot open shared object file", "cuDNN 9"),
            ("CUDA failure 100: no CUDA-capable device is detected ; GPU=-1", "auto"),
            ("CUDA failure 2: out of memory", "VLLM_GPU_MEMORY_UTILIZATION"),
            (
                "CUDNN failure 2000: CUDNN_STATUS_ALLOC_FAILED ; GPU=0 ; expr=cudnnCreate(&cudnn_handle_);",
                "VLLM_GPU_MEMORY_UTILIZATION",
            ),
            (
                "out of memory while libcudnn_engines_precompiled.so.9 was loaded for CUDA",
                "VLLM_GPU_MEMORY_UTILIZATION",
            ),
            ("CUDNN failure 3008: CUDNN_STATUS_ARCH_MISMATCH ; GPU=0", "no code for this GPU"),
            (
                "BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 4096",
                "gpu_memory_bytes",
            ),
            (
                "CUDA error cudaErrorNoKernelImageForDevice:no kernel image is available for execution",
                "no code for this GPU",
            ),
            ("CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version", "580"),
        ] {
            assert!(is_cuda(message) || message.contains("lib"), "{message}");
            assert!(advice(message).unwrap_or_default().contains(word), "{message}: {:?}", advice(message));
        }
        assert_eq!(advice("Invalid rank for input"), None);
        assert_eq!(advice("CUDNN failure 5000: CUDNN_STATUS_EXECUTION_FAILED ; GPU=0"), None);
    }
}
