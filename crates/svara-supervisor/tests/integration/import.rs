//! supervisord.conf files as people have them.

use std::process::Command;

use tempfile::TempDir;

use svara_supervisor::{
    config::{Config, ProgramSpec, Variables, parse},
    policy::RestartPolicy,
};

/// Imports a file with others beside it: the configuration, the text and the notes.
pub(crate) fn import(conf: &str, others: &[(&str, &str)]) -> (Config, String, String, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("conf.d")).unwrap();
    for (name, text) in others {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    let path = directory.path().join("supervisord.conf");
    std::fs::write(&path, conf).unwrap();
    let result = directory.path().join("supervisor.toml");
    let binary = env!("CARGO_BIN_EXE_svara-supervisor");
    let run = |arguments: &[&str]| {
        let output = Command::new(binary)
            .args(arguments)
            .env("APP_PORT", "9000")
            .env_remove("UNSET")
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (code, notes) = run(&["import", path.to_str().unwrap(), "--output", result.to_str().unwrap()]);
    let text = std::fs::read_to_string(&result).unwrap();
    assert_eq!(code, 0, "{notes}\n{text}");
    let (code, checked) = run(&["check", "--config", result.to_str().unwrap()]);
    assert_eq!(code, 0, "{checked}\n{text}");
    let variables = [("APP_PORT", "9000"), ("PATH", "/bin"), ("HOME", "/root")];
    let variables = Variables::new(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let config = parse(&text, &variables).unwrap();
    (config, text, notes, directory)
}

fn spec<'a>(config: &'a Config, name: &str) -> &'a ProgramSpec {
    config.programs.iter().find(|spec| spec.name == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn a_web_container() {
    let conf = r#"
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=/run/supervisord.pid
user=root

[program:php-fpm]
command=php-fpm8 -F
stdout_logfile=/dev/stdout
stdout_logfile_maxbytes=0
stderr_logfile=/dev/stderr
stderr_logfile_maxbytes=0
autorestart=false
startretries=0
priority=5

[program:nginx]
command=nginx -g 'daemon off;'
stdout_logfile=/dev/stdout
stdout_logfile_maxbytes=0
autorestart=true
priority=10
"#;
    let (config, text, notes, _directory) = import(conf, &[]);
    assert_eq!(spec(&config, "nginx").command, ["nginx", "-g", "daemon off;"]);
    assert_eq!(spec(&config, "nginx").after, ["php-fpm"]);
    assert_eq!(spec(&config, "nginx").restart, RestartPolicy::Always);
    assert_eq!(spec(&config, "php-fpm").restart, RestartPolicy::Never);
    assert_eq!(spec(&config, "php-fpm").stdout_log, None);
    assert!(!text.contains("max_size"), "{text}");
    assert!(notes.contains("line 6: [supervisord] pidfile: left out"), "{notes}");
    assert!(notes.contains("[program:nginx] priority: starts when php-fpm is ready"), "{notes}");
    assert!(!text.contains("%("), "{text}");
}

#[test]
fn workers_with_numbers_groups_and_variables() {
    let conf = r#"
[unix_http_server]
file=/tmp/supervisor.sock   ; the path
chmod=0700
[inet_http_server]
port=127.0.0.1:9001
[supervisord]
logfile=/var/log/app/supervisord.log ; main log
logfile_maxbytes=50MB
logfile_backups=10
loglevel=info
environment=LANG="C.UTF-8",KEY="a,b"
minfds=65536
minprocs=200
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix:///tmp/supervisor.sock
[program:worker]
command=python -m app.worker --queue=default --id=%(process_num)02d --cost $5 %(ENV_UNSET)s
process_name=%(program_name)s_%(process_num)02d
numprocs=4
directory=%(here)s
environment=PORT="%(ENV_APP_PORT)s",NAME="%(program_name)s-%(group_name)s"
startsecs=5
startretries=3
stopwaitsecs=600
stopsignal=QUIT
stopasgroup=true
exitcodes=0,2
redirect_stderr=true
stdout_logfile=/var/log/app/worker.log
stdout_logfile_maxbytes=10MB
[program:web]
command=/usr/bin/env gunicorn app.wsgi
    --bind 0.0.0.0:%(ENV_APP_PORT)s
    --workers 3
autostart=false
umask=022
user=nobody
[group:app]
programs=worker,web
priority=20
[eventlistener:alarm]
command=/usr/local/bin/alarm.py --mail ops@example.com
events=PROCESS_STATE_FATAL,PROCESS_STATE_EXITED
buffer_size=100
"#;
    let (config, text, notes, directory) = import(conf, &[]);
    let worker = spec(&config, "worker-3");
    assert_eq!(worker.command[..5], ["python", "-m", "app.worker", "--queue=default", "--id=03"]);
    assert_eq!(worker.command[5..], ["--cost", "$5"]);
    assert_eq!(worker.directory.as_deref(), Some(directory.path().canonicalize().unwrap().as_path()));
    for pair in [("PORT", "9000"), ("NAME", "worker-app"), ("LANG", "C.UTF-8"), ("KEY", "a,b")] {
        assert!(worker.environment.contains(&(pair.0.to_owned(), pair.1.to_owned())), "{pair:?}: {text}");
    }
    assert_eq!(worker.stop.grace.as_secs(), 600);
    assert_eq!(worker.stop.signal, nix::sys::signal::Signal::SIGQUIT);
    assert_eq!(worker.success_codes, [0, 2]);
    assert_eq!((worker.limit.max_restarts, worker.ready_after.as_secs()), (3, 5));
    assert_eq!(worker.stderr_log, worker.stdout_log);
    assert_eq!((worker.limits.nofile, worker.limits.nproc), (Some(65536), None));
    let web = spec(&config, "web");
    assert_eq!(web.command.join(" "), "/usr/bin/env gunicorn app.wsgi --bind 0.0.0.0:9000 --workers 3");
    assert!(!web.autostart && web.limits.umask == Some(0o022));
    assert_eq!(config.groups["app"].len(), 5);
    assert_eq!(config.socket.to_str(), Some("/tmp/supervisor.sock"));
    assert_eq!((config.log.max_size_bytes, config.log.backups), (50 << 20, 10));
    for note in [
        "line 6: [inet_http_server] port: left out",
        "line 11: [supervisord] loglevel: left out",
        "line 20: [program:worker] command: UNSET isn't set here",
        "line 21: [program:worker] process_name: replicas are called worker-0",
        "[program:worker] startretries: counted within restart_window",
        "[group:app] priority: left out",
        "[eventlistener:alarm]: left out: listeners read events from their input",
    ] {
        assert!(notes.contains(note), "missing: {note}\n{notes}");
    }
    assert!(text.contains("# on = [\"backoff\", \"exited\", \"failed\"]"), "{text}");
}

#[test]
fn included_files_and_odd_corners() {
    let conf = "[supervisord]\nchildlogdir = /var/log/kids\nodd line\n[include]\nfiles = conf.d/*.conf missing.conf\n\
        [program:my.app v2]\ncommand = ./run --rate 50%% --name=%(host_node_name)s\n\
        stdout_logfile = NONE\nstdout_events_enabled = true\nserverurl = AUTO\n\
        [fcgi-program:fcgi]\ncommand = fcgi\nsocket = tcp://localhost:9002\n[program:empty]\n[x-custom]\na = 1\n";
    let others = [
        (
            "conf.d/10.conf",
            "[program:one]\ncommand: one ; comment\nautorestart = unexpected\nnumprocs=2\nnumprocs_start=10\nprocess_name=one-%(process_num)s\nenvironment=N=\"%(process_num)d\"\nstdout_syslog=true\n",
        ),
        ("conf.d/20.conf", "[group:g]\nprograms=one, nobody\n"),
    ];
    let (config, text, notes, _directory) = import(conf, &others);
    assert_eq!(config.log.directory.to_str(), Some("/var/log/kids"));
    let app = spec(&config, "my_app_v2");
    assert_eq!(app.command[..3], ["./run", "--rate", "50%"]);
    assert_eq!((app.stdout_log.as_ref(), app.account.as_ref()), (None, None));
    assert!(spec(&config, "one-1").environment.contains(&("N".to_owned(), "11".to_owned())), "{text}");
    assert_eq!(spec(&config, "one-0").restart, RestartPolicy::OnFailure);
    assert_eq!(config.groups["g"], ["one-0", "one-1"]);
    for note in [
        "supervisord.conf: line 3: neither a section nor a key",
        "line 5: [include] files: `missing.conf` means no file",
        "line 6: [program:my.app v2]: is called `my_app_v2`",
        "stdout_events_enabled: left out",
        "[fcgi-program:fcgi]: a socket that processes share isn't offered",
        "[fcgi-program:fcgi] socket: left out",
        "[program:empty]: left out: it has no command",
        "[x-custom] a: unknown section",
        "conf.d/10.conf: line 8: [program:one] stdout_syslog: goes to /dev/log",
        "conf.d/20.conf: line 1: [group:g]: there is no program nobody",
    ] {
        assert!(notes.contains(note), "missing: {note}\n{notes}");
    }
}

#[test]
fn shells_logs_and_odd_keys_of_web_applications() {
    let conf = r#"
[supervisord]
user=root
directory=%(here)s
logfile=%(ENV_UNSET)s/supervisord.log
[inet_http_server]
port=:9001
username=admin
[program:celery]
command=bash -c 'if [ "${DEBUG:-False}" = "True" ]; then L=DEBUG; fi; exec celery --loglevel $L'
stderr_logfile=/data/celery.err
redirect_stderr=true
stdout_logfile=/data/celery.log
username=www-data
umask=0022
[program:gunicorn]
# command=gunicorn old:app
command=gunicorn --bind 0.0.0.0:8081 app:create_app()
environment=PYTHONUNBUFFERED=1,PATH="/venv/bin:%(ENV_PATH)s"
stopsignal=INT
priority=1
redirect_stderr=true
stdout_logfile=/dev/stdout
[program:tail]
command=tail -f %(ENV_UNSET)s/app-%(ENV_UNSET)s.log
"#;
    let (config, text, notes, _directory) = import(conf, &[]);
    let celery = spec(&config, "celery");
    assert!(celery.command[2].starts_with("if [ \"${DEBUG:-False}\" = \"True\" ]"), "{text}");
    assert!(celery.command[2].ends_with("exec celery --loglevel $L"), "{text}");
    assert_eq!(celery.stdout_log, celery.stderr_log);
    assert_eq!(celery.after, ["gunicorn"]);
    let gunicorn = spec(&config, "gunicorn");
    assert_eq!((gunicorn.stdout_log.as_ref(), gunicorn.stderr_log.as_ref()), (None, None));
    assert_eq!(gunicorn.command[3], "app:create_app()");
    let path = &gunicorn.environment.iter().find(|(name, _)| name == "PATH").unwrap().1;
    assert!(path.starts_with("/venv/bin:"), "{path}");
    assert!(notes.contains("[program:celery] username: unknown"), "{notes}");
}

#[test]
fn values_that_variables_tell_stay_open() {
    let conf = "[supervisord]\nminprocs=5000\n[program:a.b]\ncommand=run %(ENV_APP_PORT)s --n %(process_num)d\nautostart=%(ENV_UNSET)s\n\
        numprocs=%(ENV_COUNT)s\nstdout_logfile_maxbytes=0\nstdout_logfile_backups=3\nstartsecs=%(ENV_UNSET)s\nstopwaitsecs=%(ENV_UNSET)s\nautorestart=%(ENV_UNSET)s\n\
        exitcodes=0,x\npriority=high\n[program:a_b]\ncommand=x\n[program:web]\ncommand=web\n[program:web]\numask=027\n\
        [group:web]\nprograms=web,a.b\n[group:a_b]\nprograms=a_b\n";
    let (config, text, notes, _directory) = import(conf, &[]);
    let first = spec(&config, "a_b");
    assert!(
        first.autostart && first.ready_after.as_secs() == 1 && first.stop.grace.as_secs() == 10,
        "{text}"
    );
    assert_eq!(first.command, ["run", "9000", "--n", "0"]);
    assert!(text.contains("replicas = \"${COUNT:-1}\""), "{text}");
    assert_eq!(spec(&config, "a_b_").command, ["x"]);
    assert_eq!(spec(&config, "web").limits.umask, Some(0o027));
    assert_eq!(config.groups["web_group"], ["web", "a_b"]);
    for note in [
        "minprocs: left out: raise the limit",
        "[program:a.b] autorestart: depends on a variable",
        "[program:a.b] exitcodes: `0,x`: not exit codes",
        "[program:a.b] priority: not a number",
        "[program:a_b]: is called `a_b_`",
        "[group:web]: is called `web_group`",
    ] {
        assert!(notes.contains(note), "missing: {note}\n{notes}");
    }
}

/// The file that the Python stack had, by its note: vLLM, the server and a health monitor.
#[test]
fn the_python_stacks_file() {
    let conf = r#"
[supervisord]
nodaemon=true
logfile=/var/log/supervisor/supervisord.log
[program:vllm]
command=python3 -m vllm.entrypoints.openai.api_server --model %(ENV_UNSET)s --port 8000
autostart=true
autorestart=true
startretries=3
startsecs=10
stopwaitsecs=30
priority=100
stopasgroup=true
killasgroup=true
stdout_logfile=/var/log/supervisor/vllm.log
stdout_logfile_maxbytes=50MB
stdout_logfile_backups=10
stderr_logfile=/var/log/supervisor/vllm_error.log
environment=PYTHONUNBUFFERED="1"
[program:fastapi]
command=bash -c "while ! curl -sf http://localhost:8000/health; do sleep 5; done; exec uvicorn server:app --port 8080"
directory=/
priority=200
depends_on=vllm
stdout_logfile=/var/log/supervisor/fastapi.log
[eventlistener:healthcheck]
command=/app/health_monitor.sh
events=TICK_60
priority=300
"#;
    let (config, _, notes, _directory) = import(conf, &[]);
    let vllm = spec(&config, "vllm");
    assert_eq!(
        vllm.stdout_log.as_deref().and_then(|path| path.to_str()),
        Some("/var/log/supervisor/vllm.log")
    );
    assert_eq!(
        (vllm.stop.grace.as_secs(), config.log.max_size_bytes, config.log.backups),
        (30, 50 << 20, 10)
    );
    assert_eq!(spec(&config, "fastapi").after, ["vllm"]);
    assert!(spec(&config, "fastapi").command[2].contains("while ! curl"));
    assert!(
        notes.contains("depends_on: unknown") && notes.contains("[[schedule]] runs a command at times"),
        "{notes}"
    );
}

#[test]
fn a_file_that_is_missing_or_has_nothing_is_told() {
    let run = |path: &str| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_svara-supervisor")).args(["import", path]).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, error) = run("/no/such.conf");
    assert!(code == 1 && error.contains("/no/such.conf: No such file"), "{error}");
    let (code, error) = run("/dev/null");
    assert!(code == 64 && error.contains("no programs"), "{error}");
}
