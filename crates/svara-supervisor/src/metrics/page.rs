//! The metrics page in Prometheus text format.

use std::{collections::BTreeMap, fmt};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, EncodeMetric, prometheus_text},
    metrics::{TypedMetric, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use super::gpu::{GpuReading, GpuState};
use crate::{
    program::State,
    report::{ProgramReport, Report, SinkReport},
};

/// Renders all metrics. Labels are names of programs and sinks, reasons of restarts and indices of GPUs: all bounded.
///
/// `memory_kills` are those of each program, `container_kills` those of the whole container, where it counts them.
pub fn render(
    report: Report,
    memory_kills: BTreeMap<String, u64>,
    container_kills: Option<u64>,
    gpus: GpuState,
) -> String {
    let mut registry = Registry::with_prefix("svara_supervisor");
    registry.register_collector(Box::new(Page { report, memory_kills, container_kills, gpus }));
    let mut text = String::new();
    // Writing to a String can't fail.
    let _ = prometheus_text::encode(&mut text, &registry);
    text
}

/// Everything on the page.
#[derive(Debug)]
struct Page {
    report: Report,
    /// By the name of the program.
    memory_kills: BTreeMap<String, u64>,
    container_kills: Option<u64>,
    gpus: GpuState,
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let page = &mut encoder;
        let report = &self.report;
        let uptime = ConstGauge::new(report.uptime_seconds);
        single(page, "uptime_seconds", "Seconds since the supervisor started.", &uptime)?;
        let orphans = ConstCounter::new(report.orphans_reaped);
        single(page, "orphans_reaped", "Orphaned processes adopted and reaped.", &orphans)?;
        let dropped = ConstCounter::new(report.dropped_log_bytes);
        single(page, "log_dropped_bytes", "Bytes of output lost to full disks or stuck readers.", &dropped)?;
        self.programs(page, "up", "1 if the program has a process, else 0.", |p| flag(p.pid.is_some()))?;
        let is_ready = |p: &ProgramReport| flag(p.state == "ready" || (p.state == "exited" && p.ready));
        let ready = "1 if the program is ready or has ended as it should, else 0.";
        self.programs(page, "ready", ready, is_ready)?;
        family(page, "state", "1 for the state that the program is in, else 0.", self.states())?;
        let degraded = "1 if the program is ready but a dependency is not, else 0.";
        self.programs(page, "degraded", degraded, |p| flag(!p.degraded.is_empty()))?;
        let uptime = |p: &ProgramReport| p.uptime_seconds.map(ConstGauge::new);
        self.programs(
            page,
            "program_uptime_seconds",
            "Seconds since the program's process started.",
            uptime,
        )?;
        let cpu = |p: &ProgramReport| p.cpu_seconds.map(ConstCounter::new);
        self.programs(page, "cpu_seconds", "CPU seconds used by the program's live processes.", cpu)?;
        let memory = |p: &ProgramReport| p.memory_bytes.map(ConstGauge::new);
        self.programs(
            page,
            "resident_memory_bytes",
            "Resident memory of all the program's processes.",
            memory,
        )?;
        self.programs(page, "processes", "Number of the program's processes.", |p| {
            Some(ConstGauge::new(p.processes))
        })?;
        let kills = |p: &ProgramReport| self.memory_kills.get(&p.name).copied().map(ConstCounter::new);
        let help = "Kills of the program's processes by the kernel, for want of memory.";
        self.programs(page, "memory_kills", help, kills)?;
        if let Some(kills) = self.container_kills {
            let help = "Kills by the kernel in the container, for want of memory.";
            single(page, "container_memory_kills", help, &ConstCounter::new(kills))?;
        }
        let blind = |p: &ProgramReport| flag(p.blind.is_some()).filter(|_| p.has_hang_detection);
        let help = "1 if hang detection can't see whether the program makes progress, else 0.";
        self.programs(page, "hang_detection_blind", help, blind)?;
        family(page, "restarts", "Restarts of the program by reason.", self.restarts())?;
        self.sinks(page, "sink_up", "1 if the sink takes lines, else 0.", |sink| {
            ConstGauge::new(u32::from(sink.up))
        })?;
        let waiting = "Bytes that wait for the sink in memory and on disk.";
        self.sinks(page, "sink_waiting_bytes", waiting, |sink| ConstGauge::new(sink.waiting_bytes))?;
        self.sinks(page, "sink_sent_lines", "Lines handed over to the sink.", |sink| {
            ConstCounter::new(sink.sent_lines)
        })?;
        let lost = "Lines left out because the sink was away or too slow.";
        self.sinks(page, "sink_lost_lines", lost, |sink| ConstCounter::new(sink.lost_lines))?;
        let answers = match &self.gpus {
            GpuState::Absent => return Ok(()),
            GpuState::Broken(_) | GpuState::Silent => ConstGauge::new(0_u32),
            GpuState::Read { lost, .. } => ConstGauge::new(u32::from(*lost == 0)),
        };
        single(page, "gpu_driver_up", "1 if the GPU driver answers for every GPU, else 0.", &answers)?;
        self.gpus(page, "gpu_memory_used_bytes", "GPU memory in use.", |gpu| Some(gpu.memory_used_bytes))?;
        self.gpus(page, "gpu_memory_total_bytes", "Total GPU memory.", |gpu| Some(gpu.memory_total_bytes))?;
        self.gpus(page, "gpu_utilisation_ratio", "Fraction of time the GPU was busy.", |gpu| gpu.utilisation)
    }
}

impl Page {
    /// A metric for each program that has a value.
    fn programs<M: EncodeMetric + TypedMetric>(
        &self,
        page: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        value: impl Fn(&ProgramReport) -> Option<M>,
    ) -> fmt::Result {
        let programs = self.report.programs.iter();
        family(page, name, help, programs.filter_map(|p| Some(([("program", &p.name)], value(p)?))))
    }

    /// A metric for each sink.
    fn sinks<M: EncodeMetric + TypedMetric>(
        &self,
        page: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        value: impl Fn(&SinkReport) -> M,
    ) -> fmt::Result {
        if self.report.sinks.is_empty() {
            return Ok(());
        }
        let sinks = self.report.sinks.iter();
        family(page, name, help, sinks.map(|sink| ([("sink", &sink.name)], value(sink))))
    }

    fn states(&self) -> impl Iterator<Item = ([(&str, &str); 2], ConstGauge<u32>)> {
        self.report.programs.iter().flat_map(|program| {
            let is = |state: &str| ConstGauge::new(u32::from(program.state == state));
            State::NAMES.map(|state| ([("program", program.name.as_str()), ("state", state)], is(state)))
        })
    }

    fn restarts(&self) -> impl Iterator<Item = ([(&str, &String); 2], ConstCounter)> {
        self.report.programs.iter().flat_map(|program| {
            let reasons = program.restarts_by_reason.iter();
            reasons.map(|(reason, count)| {
                ([("program", &program.name), ("reason", reason)], ConstCounter::new(*count))
            })
        })
    }

    /// A gauge for each GPU.
    fn gpus<N: EncodeGaugeValue>(
        &self,
        page: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        value: impl Fn(&GpuReading) -> Option<N>,
    ) -> fmt::Result {
        let GpuState::Read { gpus, .. } = &self.gpus else { return Ok(()) };
        let told = |gpu: &GpuReading| Some(([("gpu", gpu.index)], ConstGauge::new(value(gpu)?)));
        let mut gauges = gpus.iter().filter_map(told).peekable();
        if gauges.peek().is_none() {
            return Ok(());
        }
        family(page, name, help, gauges)
    }
}

/// A metric without labels of its own.
fn single<M: EncodeMetric + TypedMetric>(
    page: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &M,
) -> fmt::Result {
    metric.encode(page.encode_descriptor(name, help, None, M::TYPE)?)
}

/// A metric for each label set.
fn family<L: EncodeLabelSet, M: EncodeMetric + TypedMetric>(
    page: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    members: impl Iterator<Item = (L, M)>,
) -> fmt::Result {
    let mut family = page.encode_descriptor(name, help, None, M::TYPE)?;
    for (labels, metric) in members {
        metric.encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

/// 1 for true, 0 for false.
fn flag(value: bool) -> Option<ConstGauge<u32>> {
    Some(ConstGauge::new(u32::from(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(name: &str) -> ProgramReport {
        ProgramReport {
            name: name.to_owned(),
            state: "stopped".to_owned(),
            autostart: true,
            ready: false,
            degraded: Vec::new(),
            pid: None,
            uptime_seconds: None,
            restarts: 0,
            restarts_by_reason: BTreeMap::from([("exit".to_owned(), 0), ("hung".to_owned(), 0)]),
            last_exit: None,
            detail: String::new(),
            blind: None,
            has_hang_detection: name == "vllm",
            memory_bytes: None,
            cpu_seconds: None,
            processes: 0,
            last_line: None,
            stdout_log: None,
            stderr_log: None,
        }
    }

    fn report() -> Report {
        let vllm = ProgramReport {
            state: "ready".to_owned(),
            ready: true,
            pid: Some(7),
            uptime_seconds: Some(12.5),
            restarts_by_reason: BTreeMap::from([("exit".to_owned(), 2), ("hung".to_owned(), 1)]),
            memory_bytes: Some(3_200_000_000),
            cpu_seconds: Some(0.25),
            processes: 3,
            ..program("vllm")
        };
        let server = ProgramReport { degraded: vec!["vllm".to_owned()], ..program("server-0") };
        Report {
            ready: true,
            version: String::new(),
            pid: 1,
            uptime_seconds: 300.125,
            orphans_reaped: 3,
            dropped_log_bytes: 1024,
            programs: vec![vllm, server],
            schedules: Vec::new(),
            sinks: vec![SinkReport {
                name: "syslog".to_owned(),
                up: true,
                reason: None,
                sent_lines: 12,
                lost_lines: 3,
                waiting_bytes: 4096,
            }],
        }
    }

    #[test]
    fn the_page_has_every_metric_in_order() {
        let memory_kills = BTreeMap::from([("vllm".to_owned(), 1)]);
        let gpus = [0, 1].map(|index| GpuReading {
            index,
            memory_used_bytes: 5 << 30,
            memory_total_bytes: 80 << 30,
            utilisation: Some(0.5),
        });
        let expected = include_str!("../../tests/golden/metrics.txt");
        assert_eq!(
            render(report(), memory_kills, Some(2), GpuState::Read { gpus: gpus.to_vec(), lost: 0 }),
            expected
        );
    }

    #[test]
    fn a_silent_driver_is_a_metric() {
        let page = render(report(), BTreeMap::new(), None, GpuState::Silent);
        assert!(
            page.contains("svara_supervisor_gpu_driver_up 0\n") && !page.contains("gpu_memory"),
            "{page}"
        );
    }

    #[test]
    fn a_gpu_in_parts_tells_its_memory_and_a_lost_one_is_missed() {
        let in_parts = GpuReading {
            index: 0,
            memory_used_bytes: 5 << 30,
            memory_total_bytes: 80 << 30,
            utilisation: None,
        };
        let state = GpuState::Read { gpus: vec![in_parts], lost: 1 };
        let page = render(report(), BTreeMap::new(), None, state);
        assert!(page.contains("gpu_memory_used_bytes{gpu=\"0\"} 5368709120\n"), "{page}");
        assert!(
            page.contains("svara_supervisor_gpu_driver_up 0\n") && !page.contains("gpu_utilisation"),
            "{page}"
        );
    }

    #[test]
    fn without_gpus_there_are_no_gpu_metrics() {
        assert!(!render(report(), BTreeMap::new(), None, GpuState::Absent).contains("gpu"));
    }

    #[test]
    fn alert_rules_use_metrics_that_there_are() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docker/grafana/supervisor-alerts.yaml");
        let rules = std::fs::read_to_string(path).unwrap();
        let page = include_str!("../../tests/golden/metrics.txt");
        let words = rules.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let named: Vec<&str> = words.filter(|word| word.starts_with("svara_supervisor_")).collect();
        assert!(named.len() > 8, "{named:?}");
        for name in named {
            let is_there = page
                .lines()
                .any(|line| line.starts_with(&format!("{name}{{")) || line.starts_with(&format!("{name} ")));
            assert!(is_there, "{name}");
        }
    }
}
