//! What is wrong in a supervisord.conf is told with its own line, and doesn't spoil the rest.

use crate::import::import;

#[test]
fn what_is_wrong_is_left_out_with_its_line() {
    let well = "[program:well]\ncommand = well\n";
    for (conf, note) in [
        (
            "[program:a]\ncommand = '\nstdout_logfile = syslog\n",
            "line 3: [program:a]: left out: it has no command",
        ),
        (
            "[program:a]\ncommand = a\numask = 9x\n",
            "line 5: [program:a] umask: `9x`: not octal digits; left out",
        ),
        ("[supervisord]\numask = 0999\n", "line 4: [supervisord] umask: `0999`: not octal digits; left out"),
        ("[unix_http_server]\nfile =\n", "line 4: [unix_http_server] file: left out: it is empty"),
        (
            "[program:a]\ncommand = a\nstopwaitsecs = 99999999999\nstartsecs = 99999999999\n",
            "line 5: [program:a] stopwaitsecs: 3650 days are the most",
        ),
        (
            "[program:a]\ncommand = a %(ENV_A-B)s\n",
            "line 4: [program:a] command: %(ENV_A-B)s has no counterpart",
        ),
        ("[program:a]\ncommand = a\0b\n", "line 4: isn't UTF-8 or has a zero byte"),
        (
            "[eventlistener:b\u{1}\u{7f}\u{85}d]\ncommand = b\u{1}\nevents = PROCESS_STATE_EXITED\n",
            "left out: listeners",
        ),
    ] {
        let (config, text, notes, _directory) = import(&format!("{well}{conf}"), &[]);
        assert!(config.programs.iter().any(|spec| spec.name == "well"), "{text}");
        assert!(notes.contains(note), "missing: {note}\n{notes}\n{text}");
    }
}
