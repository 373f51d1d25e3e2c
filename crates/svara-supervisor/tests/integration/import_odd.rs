//! Files that supervisord reads and nobody writes on purpose.

use std::process::Command;

use crate::import::import;

#[test]
fn a_script_in_quotes_keeps_its_lines() {
    let conf = "[program:job]\ncommand = sh -c \"\n    if true; then\n        echo yes\n    fi\n    echo $HOME\"\n      --flag\n\
        [program:next]\ncommand = next\n";
    let (config, text, _, _directory) = import(conf, &[]);
    let job = &config.programs.iter().find(|spec| spec.name == "job").unwrap().command;
    assert_eq!(job[2], "\nif true; then\necho yes\nfi\necho $HOME", "{text}");
    assert_eq!(job[3], "--flag");
}

#[test]
fn variables_that_supervisord_would_not_read_are_said() {
    let conf = "[program:a]\ncommand = a\nenvironment = A=1 B=2\n[program:b]\ncommand = b\nenvironment = A=\"x\n\
        [program:c]\ncommand = c\nenvironment = A=it's,B=\"'y'\",C=\"1,2\"\n";
    let (config, text, notes, _directory) = import(conf, &[]);
    for note in
        ["[program:a] environment: `A=1 B=2` isn't NAME=value", "[program:b] environment: `A=\"x` isn't"]
    {
        assert!(notes.contains(note), "missing: {note}\n{notes}");
    }
    let c = config.programs.iter().find(|spec| spec.name == "c").unwrap();
    for (name, value) in [("A", "it's"), ("B", "y"), ("C", "1,2")] {
        assert!(c.environment.contains(&(name.into(), value.into())), "{name}: {text}");
    }
}

#[test]
fn what_works_differently_here_is_said() {
    let conf = "[program:nginx]\ncommand = service nginx start\nstartsecs = 0\nautorestart = false\npriority = 1\n\
        [program:postfix]\ncommand = /usr/bin/pidproxy /run/master.pid postfix start-fg\nstdout_logfile = logs/out.log\n\
        [program:none]\ncommand = a\nnumprocs = 0\n[program:many]\ncommand = a\nnumprocs = 100\n";
    let (config, _, notes, _directory) = import(conf, &[]);
    assert_eq!(config.programs.iter().filter(|spec| spec.program == "many").count(), 64);
    for note in [
        "line 2: [program:nginx] command: what it leaves running when it ends is ended, too",
        "line 3: [program:nginx] startsecs: what it leaves running when it ends is ended, too",
        "line 7: [program:postfix] command: pidproxy comes with supervisord",
        "line 8: [program:postfix] stdout_logfile: is /",
        "line 11: [program:none] numprocs: one replica is the least",
        "line 14: [program:many] numprocs: 64 replicas are the most",
    ] {
        assert!(notes.contains(note), "missing: {note}\n{notes}");
    }
    // It goes on, so it is no daemon's beginning.
    let conf = "[program:a]\ncommand = a\nstartsecs = 0\nautorestart = true\n";
    assert!(!import(conf, &[]).2.contains("startsecs"));
}

#[test]
fn a_program_that_can_not_be_read_is_left_out_everywhere() {
    let conf = "[program:torn]\ncommand = sh -c 'echo\npriority = 1\n[program:bare]\npriority = 2\n\
        [program:well]\ncommand = well\npriority = 3\n[group:g]\nprograms = torn,bare,well\n";
    let (config, text, notes, _directory) = import(conf, &[]);
    let names: Vec<&str> = config.programs.iter().map(|spec| spec.name.as_str()).collect();
    assert_eq!(names, ["well"], "{text}");
    assert_eq!(config.groups["g"], ["well"]);
    for note in [
        "line 2: [program:torn] command: a quote isn't closed",
        "line 1: [program:torn]: left out: it has no command",
        "line 4: [program:bare]: left out: it has no command",
        "[group:g]: there is no program torn, bare",
    ] {
        assert!(notes.contains(note), "missing: {note}\n{notes}");
    }
}

#[test]
fn bytes_of_all_kinds_do_no_harm() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("supervisord.conf");
    let run = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let output =
            Command::new(env!("CARGO_BIN_EXE_svara-supervisor")).arg("import").arg(&path).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    // A comment from before Unicode, and Windows' ends of lines.
    let (code, text, notes) = run(b"; caf\xe9\r\n[program:a]\r\ncommand=sleep 1\r\n");
    assert!(code == 0 && text.contains("command = [\"sleep\", \"1\"]"), "{text}");
    assert!(notes.contains("line 1: isn't UTF-8"), "{notes}");
    let long = [b"[program:a]\ncommand=a\n;".as_slice(), &vec![b'x'; 5 << 20]].concat();
    let (code, _, error) = run(&long);
    assert!(code == 1 && error.contains("is longer than any supervisord.conf"), "{error}");
    let (code, _, notes) = run(b"[include]\nfiles = .\n[program:a]\ncommand = a\n");
    assert_eq!((code, notes.contains("[include] files: ")), (0, true), "{notes}");
    let (code, _, _) = run(b"\xef\xbb\xbf[program:a]\ncommand: a\n");
    assert_eq!(code, 0);
}

#[test]
fn old_names_of_processes_stay_known() {
    let conf = "[program:web]\ncommand = web --port=80%(process_num)02d\nprocess_name = %(program_name)s_%(process_num)02d\n\
        numprocs = 3\nnumprocs_start = 9\nstdout_logfile = /var/log/web_%(process_num)02d.log\n\
        [program:same]\ncommand = a\nnumprocs = 2\nprocess_name = %(program_name)s-%(process_num)d\n\
        [program:shifted]\ncommand = a\nnumprocs = 2\nnumprocs_start = 1\nprocess_name = shifted-%(process_num)s\n\
        [program:one]\ncommand = a\nprocess_name = uno\n[program:other]\ncommand = a\nprocess_name = uno\n\
        [program:odd]\ncommand = a\nprocess_name = an odd.name\n\
        [program:job]\ncommand = a\nnumprocs = %(ENV_UNSET)s\nprocess_name = job_%(process_num)d\n[program:job_9]\ncommand = a\n";
    let (config, text, notes, _directory) = import(conf, &[]);
    let of = |name: &str| config.programs.iter().find(|spec| spec.name == name).unwrap();
    for (name, alias, port) in
        [("web-0", "web_09", "8009"), ("web-1", "web_10", "8010"), ("web-2", "web_11", "8011")]
    {
        let spec = of(name);
        assert_eq!(spec.aliases, [alias], "{text}");
        assert_eq!(spec.command[1], format!("--port={port}"));
        assert!(spec.stdout_log.as_ref().unwrap().ends_with(format!("{alias}.log")), "{text}");
    }
    assert_eq!(of("one").aliases, ["uno"]);
    for name in ["same-0", "shifted-0", "other", "odd", "job"] {
        assert!(of(name).aliases.is_empty(), "{name}: {text}");
    }
    assert!(!notes.contains("leading zeros") && !notes.contains("[program:same]"), "{notes}");
    for note in [
        "[program:web] process_name: replicas are called web-0, web-1 and so on; commands know the old names",
        "[program:shifted] process_name: replicas are called shifted-0, shifted-1 and so on",
        "[program:one] process_name: the process is called one; commands know the old name",
        "[program:other] process_name: the process is called other",
        "[program:odd] process_name: the process is called odd",
        "[program:job] process_name: replicas are called job-0, job-1 and so on",
    ] {
        assert!(notes.contains(note), "missing: {note}\n{notes}");
    }
}

/// Runs `import`, whatever comes of it: the exit code and all that it says.
fn imported(conf: &str) -> (i32, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("supervisord.conf");
    std::fs::write(&path, conf).unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_svara-supervisor")).arg("import").arg(&path).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn an_account_that_is_not_here_is_kept() {
    // Without it, the program would run as root.
    let (code, said) = imported(
        "[unix_http_server]\nfile=/tmp/s\nchown=nobody-here:staff-there\nchmod=0770\n\
         [program:a]\ncommand=a\nuser=nobody-here\n",
    );
    assert_eq!(code, 0, "{said}");
    for part in [
        "user = \"nobody-here\"",
        "socket_group = \"staff-there\"",
        "line 7: [program:a] user: there is no user `nobody-here` here; `check` and `run` want one",
        "line 3: [unix_http_server] chown: there is no group `staff-there` here; `check` and `run` want one",
    ] {
        assert!(said.contains(part), "missing: {part}\n{said}");
    }
}

#[test]
fn a_group_that_may_not_use_the_old_socket_may_not_use_ours() {
    for mode in ["", "chmod=0700\n", "chmod=0750\n"] {
        let (code, said) = imported(&format!(
            "[unix_http_server]\nfile=/tmp/s\nchown=root:daemon\n{mode}[program:a]\ncommand=a\n"
        ));
        assert!(code == 0 && !said.contains("socket_group ="), "{said}");
        assert!(
            said.contains("[unix_http_server] chown: left out: `chmod` lets only the owner in"),
            "{said}"
        );
    }
    let (_, said) =
        imported("[unix_http_server]\nfile=/tmp/s\nchmod=0770\nchown=root:daemon\n[program:a]\ncommand=a\n");
    assert!(said.contains("socket_group = \"daemon\"") && !said.contains("chown"), "{said}");
}

#[test]
fn what_supervisord_refuses_is_said() {
    let (_, said) = imported(
        "[program:a]\ncommand=a\nautostart=maybe\nautorestart=sometimes\nredirect_stderr=2\nstopasgroup=ja\n\
         [supervisord]\nnodaemon=perhaps\nlogfile=/var/log/one/supervisord.log\nchildlogdir=/var/log/two\n",
    );
    for part in [
        "line 3: [program:a] autostart: `maybe`: neither true nor false; taken as true",
        "line 4: [program:a] autorestart: `sometimes`: expected true, false or unexpected; taken as unexpected",
        "line 5: [program:a] redirect_stderr: `2`: neither true nor false; taken as false",
        "line 6: [program:a] stopasgroup: `ja`: neither true nor false",
        "line 8: [supervisord] nodaemon: `perhaps`: neither true nor false",
        "[supervisord] childlogdir: all logs are in it, also that of the supervisor",
    ] {
        assert!(said.contains(part), "missing: {part}\n{said}");
    }
    assert!(imported("what\n[program:a]\ncommand=a\n").1.contains("line 1: neither a section nor a key"));
}

#[test]
fn the_home_directory_is_meant_by_a_tilde() {
    let (config, text, notes, _directory) = import(
        "[supervisord]\nchildlogdir=~/logs\n[program:a]\ncommand=a ~/x\nstdout_logfile=~/logs/%(program_name)s.log\n\
         stderr_logfile=~root/err.log\n",
        &[],
    );
    assert!(
        text.contains("directory = \"${HOME}/logs\"") && text.contains("\"${HOME}/logs/a.log\""),
        "{text}"
    );
    assert!(text.contains("stderr_log = \"/root/err.log\""), "{text}");
    assert_eq!(config.programs[0].command, ["a", "~/x"], "no shell reads it");
    assert!(notes.is_empty(), "{notes}");
}

#[test]
fn no_retries_of_the_start_are_not_no_restarts() {
    let conf = "[program:a]\ncommand=a\nautorestart=true\nstartretries=0\n[program:b]\ncommand=b\nstartretries=0\n\
        [program:c]\ncommand=c\nautorestart=false\nstartretries=0\n";
    let (config, text, notes, _directory) = import(conf, &[]);
    let limits: Vec<u32> = config.programs.iter().map(|spec| spec.limit.max_restarts).collect();
    assert_eq!(limits, [1, 1, 0], "{text}");
    let note = "line 4: [program:a] startretries: one restart within restart_window (10m): none would mean that it isn't \
                started again when it ends later";
    assert!(notes.contains(note) && !notes.contains("[program:c] startretries: one"), "{notes}");
}
