//! What is read from the engine when somebody asks.

use std::{fmt, sync::Arc};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::gauge::ConstGauge,
};
use svara_engine::Engine;

/// The decoder's slots and queue.
pub(super) struct EngineCollector {
    engine: Arc<Engine>,
}

impl EngineCollector {
    pub(super) fn new(engine: &Arc<Engine>) -> Self {
        Self { engine: Arc::clone(engine) }
    }
}

impl fmt::Debug for EngineCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EngineCollector")
    }
}

impl Collector for EngineCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let decoder = self.engine.decoder();
        for (name, help, value) in [
            ("decoder_streams_open", "Streams that hold a decoder slot.", decoder.open_streams()),
            ("decoder_streams_max", "Decoder slots.", decoder.max_streams()),
            ("decoder_queue_calls", "Decode calls that wait for a thread.", decoder.waiting_calls()),
        ] {
            let gauge = ConstGauge::new(value as f64);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}
