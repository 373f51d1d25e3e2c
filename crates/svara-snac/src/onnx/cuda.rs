//! ONNX Runtime's CUDA provider. Not yet run on a GPU: this follows its documentation.

use ort::ep::{ArenaExtendStrategy, CUDA, ExecutionProviderDispatch, cuda::ConvAlgorithmSearch};

/// Settings that only matter on a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GpuSettings {
    /// Limit on the GPU memory of ONNX Runtime's arena, in bytes; `None` for no limit. Set it when an engine shares the
    /// GPU.
    pub memory_bytes: Option<usize>,
    /// Record calls as CUDA graphs and replay them.
    pub graphs: bool,
}

/// The provider for a CUDA device. `settings.graphs` must be off for sessions whose tensors don't stay in place.
pub(super) fn provider(number: u16, settings: GpuSettings) -> ExecutionProviderDispatch {
    let mut cuda = CUDA::default()
        .with_device_id(i32::from(number))
        // The default search tunes for seconds on every new shape.
        .with_conv_algorithm_search(ConvAlgorithmSearch::Heuristic)
        // All shapes are known before the first listener, so there is no growth to anticipate.
        .with_arena_extend_strategy(ArenaExtendStrategy::SameAsRequested)
        .with_cuda_graph(settings.graphs);
    if let Some(bytes) = settings.memory_bytes {
        cuda = cuda.with_memory_limit(bytes);
    }
    // Otherwise a missing GPU would silently fall back to the CPU.
    cuda.build().error_on_failure()
}
