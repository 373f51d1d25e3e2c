//! Metrics of this process, from the kernel.

use std::fs;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// Reads `/proc/self` at each scrape. Values that can't be read are left out.
#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let read = |name: &str| fs::read_to_string(format!("/proc/{name}")).ok();
        let stat = read("self/stat").and_then(|line| Stat::parse(&line));
        if let Some(stat) = stat {
            let seconds = ConstCounter::new(stat.cpu_seconds);
            let name = "process_cpu_seconds";
            put(&mut encoder, name, "Processor time used.", &seconds)?;
            gauge(&mut encoder, "process_threads", "Threads.", stat.threads as f64)?;
            if let Some(boot) = read("stat").as_deref().and_then(boot_seconds) {
                let at = boot + stat.started_seconds_after_boot;
                let name = "process_start_time_seconds";
                gauge(&mut encoder, name, "Start time of the process, in seconds since 1970.", at)?;
            }
        }
        if let Some(bytes) = read("self/status").as_deref().and_then(resident_bytes) {
            gauge(&mut encoder, "process_resident_memory_bytes", "Resident memory.", bytes)?;
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            // One of them is the open directory itself.
            let open = open.count().saturating_sub(1);
            gauge(&mut encoder, "process_open_fds", "Open file descriptors.", open as f64)?;
        }
        if let Some(limit) = read("self/limits").as_deref().and_then(max_fds) {
            gauge(&mut encoder, "process_max_fds", "Limit of open file descriptors.", limit)?;
        }
        Ok(())
    }
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    value: f64,
) -> Result<(), std::fmt::Error> {
    put(encoder, name, help, &ConstGauge::new(value))
}

fn put(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> Result<(), std::fmt::Error> {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

/// Fields of `/proc/self/stat`.
#[derive(Debug, PartialEq)]
struct Stat {
    cpu_seconds: f64,
    threads: u64,
    started_seconds_after_boot: f64,
}

impl Stat {
    fn parse(line: &str) -> Option<Self> {
        // The name stands in parentheses and may itself hold spaces and parentheses.
        let (_, rest) = line.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        // The kernel's USER_HZ is 100 on every architecture Linux has for userland.
        let seconds = |ticks: u64| ticks as f64 / 100.0;
        Some(Self {
            cpu_seconds: seconds(number(11)? + number(12)?),
            threads: number(17)?,
            started_seconds_after_boot: seconds(number(19)?),
        })
    }
}

fn boot_seconds(stat: &str) -> Option<f64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn resident_bytes(status: &str) -> Option<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(value.trim().strip_suffix(" kB")?.parse::<f64>().ok()? * 1024.0)
}

fn max_fds(limits: &str) -> Option<f64> {
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    soft.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_forms_are_read() {
        let line = "42 (a ) b (c)) S 7 42 42 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 5 0 1234 1000 250 18";
        let stat = Stat { cpu_seconds: 0.3, threads: 5, started_seconds_after_boot: 12.34 };
        assert_eq!(Stat::parse(line), Some(stat));
        assert_eq!(boot_seconds("cpu 1 2\nbtime 1700000000\n"), Some(1.7e9));
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t    10 kB\n"), Some(10_240.0));
        assert_eq!(
            max_fds("Limit  Soft Limit Hard Limit Units\nMax open files  1024  4096  files\n"),
            Some(1024.0)
        );
        assert_eq!(Stat::parse("nonsense"), None);
    }
}
