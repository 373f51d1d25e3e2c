//! What well-known listeners of supervisord do.

use crate::import::import;

#[test]
fn programs_that_a_listener_starts_after_others_wait_for_them() {
    let conf = r"
[supervisord]
nodaemon = true
[eventlistener:dependent-startup]
command = python3 -m supervisord_dependent_startup
events = PROCESS_STATE
[program:rsyslogd]
command = /usr/sbin/rsyslogd -n
priority = 1
autostart = false
dependent_startup = true
[program:start.sh]
command = /usr/bin/start.sh
priority = 2
autostart = false
autorestart = false
dependent_startup = true
dependent_startup_wait_for = rsyslogd:running
[program:lldpd]
command = /usr/sbin/lldpd -d
priority = 3
autostart = false
dependent_startup = true
dependent_startup_wait_for = start.sh:exited rsyslogd:running nobody:running
[program:by-hand]
command = by-hand
autostart = false
dependent_startup = false
";
    let (config, text, notes, _directory) = import(conf, &[]);
    let spec = |name: &str| config.programs.iter().find(|spec| spec.name == name).unwrap();
    assert_eq!(spec("start_sh").after, ["rsyslogd"], "{text}");
    assert_eq!(spec("lldpd").after, ["start_sh", "rsyslogd"]);
    assert!(
        ["rsyslogd", "start_sh", "lldpd"].iter().all(|name| spec(name).autostart)
            && !spec("by-hand").autostart
    );
    assert!(
        notes.contains("line 4: [eventlistener:dependent-startup]: left out: listeners read events from their input; `after` does its work"),
        "{notes}"
    );
    assert!(notes.contains("dependent_startup_wait_for: there is no program nobody"), "{notes}");
    assert!(!notes.contains("unknown"), "{notes}");
}

#[test]
fn a_listener_that_ends_supervisord_is_what_essential_is() {
    let conf = r#"
[program:web]
command = web
[eventlistener:processes]
command = bash -c "printf 'READY\n' && while read line; do kill -SIGQUIT $PPID; done < /dev/stdin"
events = PROCESS_STATE_STOPPED,PROCESS_STATE_EXITED,PROCESS_STATE_FATAL
"#;
    let (_, text, notes, _directory) = import(conf, &[]);
    assert!(
        notes.contains("[eventlistener:processes]: left out: listeners read events from their input; `essential = true` of a program does its work"),
        "{notes}"
    );
    assert!(!text.contains("hook"), "{text}");
}
