//! Output that supervisord sends to syslog.

use svara_supervisor::config::{SinkSpec, SinkTarget, SyslogAddress};

use crate::import::import;

#[test]
fn syslog_becomes_a_sink() {
    let conf = r"
[supervisord]
logfile = syslog
[program:one]
command = one
stdout_syslog = true
stderr_syslog = true
[program:two]
command = two
numprocs = 2
process_name = two-%(process_num)d
stdout_logfile = syslog
redirect_stderr = true
[program:three]
command = three
stderr_logfile = syslog
[program:four]
command = four
stdout_syslog = true
[program:five]
command = five
stdout_syslog = false
";
    let (config, text, notes, _directory) = import(conf, &[]);
    let sink = |name: &str| config.log.sinks.iter().find(|sink| sink.name == name).unwrap();
    let has = |sink: &SinkSpec| (sink.programs.join(" "), sink.stdout, sink.stderr, sink.events);
    assert_eq!(has(sink("syslog")), ("one two".into(), true, true, true), "{text}");
    assert_eq!(has(sink("syslog-stderr")), ("three".into(), false, true, false));
    assert_eq!(has(sink("syslog-stdout")), ("four".into(), true, false, false));
    let to = SyslogAddress::Unix("/dev/log".into());
    // Python's syslog() takes this one.
    assert_eq!(sink("syslog").target, SinkTarget::Syslog { to, facility: 1 });
    let logs = |name: &str| config.programs.iter().find(|spec| spec.program == name).unwrap();
    assert!(logs("two").stdout_log.is_none() && logs("two").stderr_log.is_none());
    assert!(logs("three").stdout_log.is_some() && logs("three").stderr_log.is_none());
    assert!(logs("one").stdout_log.is_some(), "it had both");
    assert!(notes.contains("line 3: [supervisord] logfile: goes to /dev/log by RFC 5424"), "{notes}");
    assert!(!notes.contains("left out: send"), "{notes}");
}

#[test]
fn events_alone_go_to_syslog() {
    let (config, text, _, _directory) =
        import("[supervisord]\nlogfile=syslog\n[program:a]\ncommand=a\n", &[]);
    let sink = &config.log.sinks[0];
    assert!(sink.events && !sink.stdout && !sink.stderr, "{text}");
}
