//! Writing the text format.

use std::{collections::BTreeMap, fmt::Write};

use super::gpu::GpuReading;
use crate::supervisor::{ProgramReport, Report};

/// All metrics. Labels are the names of programs, the reasons of restarts and the numbers of GPUs: all bounded.
pub fn render(report: &Report, memory_kills: &BTreeMap<String, u64>, gpus: &[GpuReading]) -> String {
    let mut page = Page::default();
    page.family("uptime_seconds", "gauge", "time since the supervisor started");
    page.value("uptime_seconds", "", report.uptime_seconds);
    page.family("orphans_reaped_total", "counter", "adopted orphans that were reaped");
    page.value("orphans_reaped_total", "", report.orphans_reaped as f64);
    page.family("log_dropped_bytes_total", "counter", "output lost to full disks or stuck readers");
    page.value("log_dropped_bytes_total", "", report.dropped_log_bytes as f64);
    page.programs(report, "up", "gauge", "whether it has a process", |p| Some(flag(p.pid.is_some())));
    page.programs(report, "ready", "gauge", "whether it is ready", |p| Some(flag(p.state == "ready")));
    page.programs(report, "degraded", "gauge", "whether one it comes after is not ready", |p| {
        Some(flag(!p.degraded.is_empty()))
    });
    page.programs(report, "program_uptime_seconds", "gauge", "age of its process", |p| p.uptime_seconds);
    page.programs(report, "cpu_seconds_total", "counter", "processor time of its living processes", |p| {
        p.cpu_seconds
    });
    page.programs(report, "resident_memory_bytes", "gauge", "memory of all its processes", |p| {
        p.memory_bytes.map(|bytes| bytes as f64)
    });
    page.programs(report, "processes", "gauge", "number of its processes", |p| Some(p.processes as f64));
    page.programs(report, "memory_kills_total", "counter", "kills by the kernel at its memory limit", |p| {
        memory_kills.get(&p.name).map(|kills| *kills as f64)
    });
    page.family("restarts_total", "counter", "restarts by reason");
    for program in &report.programs {
        for (reason, count) in &program.restarts_by_reason {
            let labels = format!("program=\"{}\",reason=\"{reason}\"", program.name);
            page.value("restarts_total", &labels, *count as f64);
        }
    }
    if !gpus.is_empty() {
        page.gpus(gpus, "gpu_memory_used_bytes", "memory in use", |gpu| gpu.memory_used_bytes as f64);
        page.gpus(gpus, "gpu_memory_total_bytes", "memory it has", |gpu| gpu.memory_total_bytes as f64);
        page.gpus(gpus, "gpu_utilisation_ratio", "share of time it was busy", |gpu| gpu.utilisation);
    }
    page.text
}

fn flag(value: bool) -> f64 {
    if value { 1.0 } else { 0.0 }
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // A String takes every write.
        let _ = write!(
            self.text,
            "# HELP svara_supervisor_{name} {help}\n# TYPE svara_supervisor_{name} {kind}\n"
        );
    }

    fn value(&mut self, name: &str, labels: &str, value: f64) {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let _ = writeln!(self.text, "svara_supervisor_{name}{labels} {value}");
    }

    fn programs(
        &mut self,
        report: &Report,
        name: &str,
        kind: &str,
        help: &str,
        value: impl Fn(&ProgramReport) -> Option<f64>,
    ) {
        self.family(name, kind, help);
        for program in &report.programs {
            if let Some(value) = value(program) {
                self.value(name, &format!("program=\"{}\"", program.name), value);
            }
        }
    }

    fn gpus(&mut self, gpus: &[GpuReading], name: &str, help: &str, value: impl Fn(&GpuReading) -> f64) {
        self.family(name, "gauge", help);
        for gpu in gpus {
            self.value(name, &format!("gpu=\"{}\"", gpu.index), value(gpu));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(name: &str) -> ProgramReport {
        ProgramReport {
            name: name.to_owned(),
            state: "stopped".to_owned(),
            ready: false,
            degraded: Vec::new(),
            pid: None,
            uptime_seconds: None,
            restarts: 0,
            restarts_by_reason: BTreeMap::from([("exit".to_owned(), 0), ("hung".to_owned(), 0)]),
            last_exit: None,
            detail: String::new(),
            memory_bytes: None,
            cpu_seconds: None,
            processes: 0,
            last_line: None,
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
        }
    }

    #[test]
    fn the_page_has_every_metric_in_order() {
        let memory_kills = BTreeMap::from([("vllm".to_owned(), 1)]);
        let gpus = [0, 1].map(|index| GpuReading {
            index,
            memory_used_bytes: 5 << 30,
            memory_total_bytes: 80 << 30,
            utilisation: 0.5,
        });
        let expected = include_str!("../../tests/golden/metrics.txt");
        assert_eq!(render(&report(), &memory_kills, &gpus), expected);
    }

    #[test]
    fn without_gpus_there_are_no_gpu_metrics() {
        assert!(!render(&report(), &BTreeMap::new(), &[]).contains("gpu"));
    }
}
