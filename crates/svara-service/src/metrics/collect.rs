//! Metrics that are read from the engine and the queue at each scrape.

use std::{fmt, sync::Arc};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};
use svara_engine::{Engine, PiecesRedone, source::pool::EngineStatus};

use crate::{Admission, Running};

/// Reads the decoder's slots and queue, the pieces generated again, and the state of the engines.
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

/// Reads how full the server is.
#[derive(Debug)]
pub(super) struct QueueCollector {
    admission: Arc<Admission>,
}

impl QueueCollector {
    pub(super) fn new(admission: &Arc<Admission>) -> Self {
        Self { admission: Arc::clone(admission) }
    }
}

impl Collector for QueueCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let load = self.admission.load();
        for (name, help, value) in [
            ("queue_waiting", "Speech requests waiting for a free stream.", load.waiting as f64),
            (
                "capacity_streams",
                "Streams that may be heard at once: those that the decoder carries in real time with a margin, and at most \
                 as many as are configured.",
                load.streams as f64,
            ),
            ("capacity_used", "The part of the streams in use, from 0 to 1.", load.used()),
        ] {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let help = "Speech being made, by class: live (heard meanwhile), whole (delivered at its end), job.";
        let mut family = encoder.encode_descriptor("running", help, None, MetricType::Gauge)?;
        let Running { live, whole, jobs } = load.running;
        for (class, running) in [("live", live), ("whole", whole), ("job", jobs)] {
            ConstGauge::new(running as f64).encode(family.encode_family(&[("class", class)])?)?;
        }
        let help = "Requests that got no stream, by reason: queue_full, waited_in_vain.";
        let mut family = encoder.encode_descriptor("admission_refused", help, None, MetricType::Counter)?;
        for (reason, count) in self.admission.refused() {
            ConstCounter::new(count).encode(family.encode_family(&[("reason", reason)])?)?;
        }
        Ok(())
    }
}

impl Collector for EngineCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let decoder = self.engine.decoder();
        for (name, help, value) in [
            ("decoder_streams_open", "Decoder slots in use.", decoder.open_streams() as f64),
            ("decoder_streams_max", "Decoder slots in all.", decoder.max_streams() as f64),
            (
                "decoder_slowdown_ratio",
                "How many times longer decode calls take than they did at start.",
                decoder.slowdown(),
            ),
            ("decoder_queue_calls", "Decode calls waiting for a thread.", decoder.waiting_calls() as f64),
        ] {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        encode_redone(self.engine.pieces_redone(), &mut encoder)?;
        encode_loops(self.engine.loops(), &mut encoder)?;
        encode_engines(&self.engine.source().engines(), &mut encoder)
    }
}

fn encode_redone(redone: PiecesRedone, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let PiecesRedone { runaway, looped, length, silent, engine } = redone;
    let help = "Pieces that failed before any of their audio was sent and were generated again, and those that were heard and \
                went on behind a loop: runaway (longer than the text can be), loop (repeated or silent without an end), length (split in two at max_tokens), silent (no audio), engine.";
    let mut family = encoder.encode_descriptor("pieces_redone", help, None, MetricType::Counter)?;
    for (reason, count) in
        [("runaway", runaway), ("loop", looped), ("length", length), ("silent", silent), ("engine", engine)]
    {
        ConstCounter::new(count).encode(family.encode_family(&[("reason", reason)])?)?;
    }
    Ok(())
}

fn encode_loops(loops: [(&'static str, u64); 4], encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let help = "Pieces that the model didn't end but fell into a loop, by what it repeated: frame, period (several frames), \
                code (the coarse ones of each frame), silence.";
    let mut family = encoder.encode_descriptor("loops", help, None, MetricType::Counter)?;
    for (kind, count) in loops {
        ConstCounter::new(count).encode(family.encode_family(&[("kind", kind)])?)?;
    }
    Ok(())
}

fn encode_engines(engines: &[EngineStatus], encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    type Value = fn(&EngineStatus) -> f64;
    let gauges: [(&str, &str, Value); 3] = [
        ("engine_in_flight", "Requests in progress at the engine.", |engine| engine.in_flight as f64),
        (
            "engine_serving",
            "1 while the engine gets requests as usual, 0 while it is ejected or returning.",
            |engine| f64::from(u8::from(engine.state == "serving")),
        ),
        (
            "engine_failed_texts",
            "Different texts that the engine failed since it spoke last. 5, the most that are told apart: it fails whatever \
             it is asked, and health says so.",
            |engine| engine.failed_texts as f64,
        ),
    ];
    for (name, help, value) in gauges {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for engine in engines {
            let gauge = ConstGauge::new(value(engine));
            gauge.encode(family.encode_family(&[("engine", engine.name.as_str())])?)?;
        }
    }
    Ok(())
}
