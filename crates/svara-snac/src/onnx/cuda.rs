//! ONNX Runtime's CUDA provider. No run on a GPU has been made with it: what is here follows its documentation.

use ort::ep::{ArenaExtendStrategy, CUDA, ExecutionProviderDispatch, cuda::ConvAlgorithmSearch};

/// What only matters on a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GpuSettings {
    /// Most bytes of its memory that ONNX Runtime's arena may take; `None`: as many as there are. An engine on the same
    /// GPU wants to be left the rest.
    pub memory_bytes: Option<usize>,
    /// Whether calls are recorded as CUDA graphs and replayed.
    pub graphs: bool,
}

/// The provider for a device by number. What isn't run in fixed places, again and again, can't have `graphs`.
pub(super) fn provider(number: u16, settings: GpuSettings) -> ExecutionProviderDispatch {
    let mut cuda = CUDA::default()
        .with_device_id(i32::from(number))
        // The default search tunes for seconds on every new shape.
        .with_conv_algorithm_search(ConvAlgorithmSearch::Heuristic)
        // All shapes are known before the first listener: there is no growth to be ahead of.
        .with_arena_extend_strategy(ArenaExtendStrategy::SameAsRequested)
        .with_cuda_graph(settings.graphs);
    if let Some(bytes) = settings.memory_bytes {
        cuda = cuda.with_memory_limit(bytes);
    }
    // Otherwise a missing GPU means the CPU without a word.
    cuda.build().error_on_failure()
}
