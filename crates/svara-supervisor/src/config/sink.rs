//! Resolves a `[sink.NAME]` table.

use std::{path::PathBuf, time::Duration};

use super::{
    field::{Fields, SHORTEST},
    file,
    program::is_word,
    types::{SinkSpec, SinkTarget, SyslogAddress},
};

/// Each has a thread, and a name in the metrics.
const MAX_SINKS: usize = 16;

/// Less holds no more than memory does.
const LEAST_SPOOL_BYTES: u64 = 1 << 20;

/// syslog's facilities, by number.
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "security", "console", "clock", "local0", "local1", "local2", "local3", "local4", "local5",
    "local6", "local7",
];

/// The sinks of a file; those that are switched off are left out.
pub(super) fn sinks(file: &file::File, json: bool, fields: &mut Fields<'_>) -> Vec<SinkSpec> {
    if file.sink.len() > MAX_SINKS {
        fields.fault("sink", format!("must not be more than {MAX_SINKS} sinks"));
    }
    let mut sinks = Vec::new();
    for (name, sink) in &file.sink {
        let mut fields = fields.below(&format!("sink.{name}"));
        if !is_word(name) {
            fields.fault("name", "a name must have 1 to 64 letters, digits, `_` or `-`");
        }
        let is_enabled = fields.switch("enabled", sink.enabled.as_ref(), true);
        let spec = resolve(name, sink, file, json, &mut fields);
        if is_enabled {
            sinks.push(spec);
        }
    }
    sinks
}

fn resolve(
    name: &str,
    sink: &file::Sink,
    file: &file::File,
    json: bool,
    fields: &mut Fields<'_>,
) -> SinkSpec {
    for program in sink.programs.iter().filter(|program| !file.program.contains_key(*program)) {
        let known: Vec<&str> = file.program.keys().map(String::as_str).collect();
        let message = format!("there is no program `{program}`; programs are: {}", known.join(", "));
        fields.fault("programs", message);
    }
    let target = match (&sink.syslog, &sink.command) {
        (Some(address), None) => SinkTarget::Syslog {
            to: address_of(address, fields),
            facility: facility(sink.facility.as_deref().unwrap_or("daemon"), fields),
        },
        (None, Some(command)) => {
            if sink.facility.is_some() {
                fields.fault("facility", "is for syslog only");
            }
            SinkTarget::Command(fields.words("command", command))
        }
        _ => {
            fields.fault("syslog", "needs either syslog or command");
            SinkTarget::Command(Vec::new())
        }
    };
    let streams: Vec<String> = match &sink.streams {
        None => vec!["stdout".to_owned(), "stderr".to_owned()],
        Some(streams) => streams.iter().map(|stream| fields.text("streams", stream)).collect(),
    };
    for stream in streams.iter().filter(|stream| !matches!(stream.as_str(), "stdout" | "stderr")) {
        fields.fault("streams", format!("`{stream}`: expected stdout or stderr"));
    }
    let has = |name: &str| streams.iter().any(|stream| stream == name);
    let (stdout, stderr) = (has("stdout"), has("stderr"));
    let events = fields.switch("events", sink.events.as_ref(), true);
    if !(stdout || stderr || events) {
        fields.fault("streams", "must name at least one of stdout and stderr, since events is false");
    }
    let spool_bytes = fields.bytes("spool", sink.spool.as_deref()).unwrap_or(16 << 20);
    if spool_bytes < LEAST_SPOOL_BYTES {
        fields.fault("spool", "must be at least 1MiB");
    }
    SinkSpec {
        name: name.to_owned(),
        target,
        programs: sink.programs.clone(),
        stdout,
        stderr,
        events,
        json: fields.json("format", sink.format.as_deref(), json),
        spool_bytes,
        timeout: fields.duration_in(
            "timeout",
            sink.timeout.as_deref(),
            Duration::from_secs(5),
            SHORTEST..=Duration::from_secs(600),
        ),
    }
}

fn facility(name: &str, fields: &mut Fields<'_>) -> u8 {
    let name = fields.text("facility", name);
    let found = (0..).zip(FACILITIES).find(|(_, known)| *known == name).map(|(number, _)| number);
    found.unwrap_or_else(|| {
        fields.fault("facility", format!("`{name}`: expected one of {}", FACILITIES.join(", ")));
        0
    })
}

fn address_of(value: &str, fields: &mut Fields<'_>) -> SyslogAddress {
    let address = fields.text("syslog", value);
    parse(&address).unwrap_or_else(|| {
        let expected = "expected unix:///dev/log, udp://host[:514] or tcp://host[:601]";
        fields.fault("syslog", format!("`{address}`: {expected}"));
        SyslogAddress::Unix(PathBuf::new())
    })
}

/// Reads `unix:///path`, `udp://host[:port]` or `tcp://host[:port]`.
fn parse(address: &str) -> Option<SyslogAddress> {
    let (scheme, rest) = address.split_once("://")?;
    if scheme == "unix" {
        // The kernel takes no longer path.
        return (rest.starts_with('/') && rest.len() < 108).then(|| SyslogAddress::Unix(rest.into()));
    }
    let authority: http::uri::Authority = rest.parse().ok()?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let is_plain = !host.is_empty() && !rest.contains('@');
    let written = rest.len() > authority.host().len();
    let port = |usual: u16| match authority.port_u16() {
        None if written => None,
        Some(0) => None,
        other => Some(other.unwrap_or(usual)),
    };
    match scheme {
        "udp" if is_plain => Some(SyslogAddress::Udp { port: port(514)?, host }),
        "tcp" if is_plain => Some(SyslogAddress::Tcp { port: port(601)?, host }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_or_refused() {
        let udp = |host: &str, port| Some(SyslogAddress::Udp { host: host.into(), port });
        let tcp = |host: &str, port| Some(SyslogAddress::Tcp { host: host.into(), port });
        assert_eq!(parse("unix:///dev/log"), Some(SyslogAddress::Unix("/dev/log".into())));
        assert_eq!(parse("udp://logs"), udp("logs", 514));
        assert_eq!(parse("tcp://127.0.0.1:1514"), tcp("127.0.0.1", 1514));
        assert_eq!(parse("tcp://[::1]:1514"), tcp("::1", 1514));
        assert_eq!(parse("tcp://[::1]"), tcp("::1", 601));
        for wrong in [
            "",
            "/dev/log",
            "unix://dev/log",
            "udp://",
            "udp://:5",
            "tcp://h:0",
            "tcp://h:99999",
            "tcp://h:",
            "tls://h",
            "tcp://a@h",
            "tcp://h/x",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
