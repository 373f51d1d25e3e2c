//! A supervisor in its own directory, and ways to wait for events instead of time.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use svara_supervisor::{
    control::{Request, Response, ask},
    events::{Event, Kind},
    report::{ProgramReport, Report},
};
use tempfile::TempDir;

/// Longer than anything here takes, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

pub(crate) struct Bed {
    directory: TempDir,
    pub(crate) process: Child,
    events: Receiver<Event>,
    seen: Vec<Event>,
}

/// Path of the fake child, for a command in TOML.
pub(crate) fn fake() -> String {
    example("fake_child").to_str().unwrap().to_owned()
}

/// Path of something in `examples`.
pub(crate) fn example(name: &str) -> PathBuf {
    let deps = std::env::current_exe().unwrap();
    let path = deps.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is missing: `cargo build --examples` makes it", path.display());
    path
}

/// A `[program.NAME]` table that runs the fake child.
pub(crate) fn program(name: &str, behaviours: &[&str], keys: &str) -> String {
    let words: Vec<String> =
        std::iter::once(fake()).chain(behaviours.iter().map(|b| (*b).to_owned())).collect();
    format!("[program.{name}]\ncommand = {words:?}\nready_after = \"10ms\"\n{keys}\n")
}

/// A program as [`program`] makes it, that tells with a file once it has carried out all but its last behaviour; see
/// [`Bed::up`]. That it is ready says only that it was started 10 ms ago.
pub(crate) fn telling(name: &str, behaviours: &[&str], keys: &str) -> String {
    let up = format!("touch:DIR/{name}.up");
    let (last, first) = behaviours.split_last().unwrap();
    let mut behaviours = first.to_vec();
    behaviours.extend([up.as_str(), last]);
    program(name, &behaviours, keys)
}

/// Delays short enough for tests.
pub(crate) const QUICK: &str = "backoff = { initial = \"10ms\", cap = \"50ms\" }\n";

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A port that was free a moment ago, as was the next one.
pub(crate) fn free_pair() -> u16 {
    loop {
        let port = free_port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

/// Says that a test can't test what it should, for want of a right or of something of the machine. It fails where all must be
/// tested (`SVARA_ALL_TESTS`); else it is noted in the file `SVARA_SKIPPED`, as runners hide what passed tests print.
pub(crate) fn skip(why: &str) {
    assert!(std::env::var_os("SVARA_ALL_TESTS").is_none(), "not tested: {why}");
    eprintln!("skipped: {why}");
    let Some(list) = std::env::var_os("SVARA_SKIPPED") else { return };
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let mut list = fs::File::options().append(true).create(true).open(list).unwrap();
    // In one write: tests run at once.
    list.write_all(format!("{test}: {}\n", why.trim()).as_bytes()).unwrap();
}

pub(crate) fn alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// A process that doesn't outlive the test, however that ends.
pub(crate) struct Killed(pub(crate) Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Polls for a condition that no event reports.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let limit = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < limit, "{what}: not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

impl Bed {
    /// Starts a supervisor with these programs; `DIR` in the text stands for its directory.
    pub(crate) fn start(programs: &str) -> Self {
        Self::start_with(programs, Stdio::null())
    }

    pub(crate) fn start_with(programs: &str, stdout: Stdio) -> Self {
        Self::start_as(programs, |command, _| {
            command.stdout(stdout);
        })
    }

    /// Starts a supervisor whose command is changed first; the closure also gets the directory.
    pub(crate) fn start_as(programs: &str, change: impl FnOnce(&mut Command, &Path)) -> Self {
        let directory = Self::prepare(programs);
        let mut command = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"));
        command.args(["run", "--config"]).arg(directory.path().join("supervisor.toml")).stdout(Stdio::null());
        change(&mut command, directory.path());
        let process = command.spawn().unwrap();
        Self::attach(directory, process)
    }

    /// Starts a supervisor on a prepared directory.
    pub(crate) fn run(directory: TempDir) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"));
        command.args(["run", "--config"]).arg(directory.path().join("supervisor.toml")).stdout(Stdio::null());
        let process = command.spawn().unwrap();
        Self::attach(directory, process)
    }

    /// Writes the file without starting a supervisor.
    pub(crate) fn prepare(programs: &str) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        write_file(directory.path(), programs);
        directory
    }

    /// Attaches to a supervisor that was started on a prepared directory.
    pub(crate) fn attach(directory: TempDir, process: Child) -> Self {
        let events = follow(directory.path());
        Self { directory, process, events, seen: Vec::new() }
    }

    /// Starts another supervisor with the same file, after the first has ended.
    pub(crate) fn start_again(&mut self) {
        let directory = std::mem::replace(&mut self.directory, tempfile::tempdir().unwrap());
        // The old value is dropped, with its process, which has ended.
        *self = Self::run(directory);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub(crate) fn rewrite(&self, programs: &str) {
        write_file(self.directory.path(), programs);
    }

    /// Waits for the next event of this kind about this program (`""`: about none). Those before it are passed over.
    pub(crate) fn event(&mut self, program: &str, kind: Kind) -> Event {
        self.events(kind, &[program]).remove(0)
    }

    /// Waits for the next event of this kind about each of these programs, in whatever order they come.
    pub(crate) fn events(&mut self, kind: Kind, programs: &[&str]) -> Vec<Event> {
        let limit = Instant::now() + PATIENCE;
        let mut found = vec![None; programs.len()];
        while found.iter().any(Option::is_none) {
            match self.events.recv_timeout(limit.saturating_duration_since(Instant::now())) {
                Ok(event) => {
                    self.seen.push(event.clone());
                    let about = event.program.as_deref().unwrap_or_default();
                    let place = found.iter_mut().zip(programs).find(|(_, program)| **program == about);
                    if let Some((place, _)) = place.filter(|_| event.event == kind) {
                        place.get_or_insert(event);
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let seen: String = self.seen.iter().map(Event::to_text).collect();
                    panic!("no event `{}` of all of {programs:?}; seen:\n{seen}", kind.name());
                }
            }
        }
        found.into_iter().flatten().collect()
    }

    /// Waits until these programs, which are [`telling`], are ready and have carried out all but their last behaviour.
    pub(crate) fn up(&mut self, programs: &[&str]) -> Vec<Event> {
        let ready = self.events(Kind::Ready, programs);
        for name in programs.iter().map(|program| format!("{program}.up")) {
            eventually(&name, || self.path(&name).exists());
            // The next process of the program tells anew.
            fs::remove_file(self.path(&name)).unwrap();
        }
        ready
    }

    /// All events received so far by [`Bed::event`].
    pub(crate) fn seen(&self) -> &[Event] {
        &self.seen
    }

    pub(crate) fn ask(&self, request: &Request) -> Vec<Response> {
        let mut answers = Vec::new();
        ask(&self.path("socket"), request, |answer| {
            answers.push(answer);
            true
        })
        .unwrap();
        answers
    }

    pub(crate) fn done(&self, request: &Request) -> Vec<String> {
        match self.ask(request).pop() {
            Some(Response::Done(lines)) => lines,
            other => panic!("{request:?}: {other:?}"),
        }
    }

    pub(crate) fn stop(&self, program: &str) {
        self.done(&Request::Stop { programs: vec![program.into()] });
    }

    pub(crate) fn report(&self) -> Report {
        match self.ask(&Request::Status { programs: vec![] }).pop() {
            Some(Response::Status(report)) => report,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn status(&self, program: &str) -> ProgramReport {
        let report = self.report();
        report.programs.into_iter().find(|p| p.name == program).unwrap_or_else(|| panic!("no {program}"))
    }

    /// Runs a command as an operator would: returns exit code, standard output and standard error.
    pub(crate) fn command(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
            .arg("--socket")
            .arg(self.path("socket"))
            .args(arguments)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.process.id()).unwrap()
    }

    /// Waits for the supervisor to exit.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let limit = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < limit, "the supervisor doesn't end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for a process id that a fake child writes to a file.
    pub(crate) fn pid_in(&self, name: &str) -> i32 {
        eventually(name, || self.read(name).parse::<i32>().is_ok());
        self.read(name).parse().unwrap()
    }

    /// Children of the supervisor, including zombies.
    pub(crate) fn children(&self) -> BTreeSet<i32> {
        let tasks = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.pid())).unwrap();
        tasks.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
    }
}

/// Follows the events of the supervisor in this directory, once it answers.
fn follow(directory: &Path) -> Receiver<Event> {
    let socket = directory.join("socket");
    let (sender, events) = sync_channel(4096);
    thread::spawn(move || {
        let limit = Instant::now() + PATIENCE;
        let follow = Request::Events { count: 256, follow: true };
        let each = |answer| match answer {
            Response::Event(event) => sender.send(event).is_ok(),
            _ => true,
        };
        while ask(&socket, &follow, each).is_err() && Instant::now() < limit {
            thread::sleep(Duration::from_millis(5));
        }
    });
    events
}

impl Drop for Bed {
    fn drop(&mut self) {
        // The guard kills its children.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn write_file(directory: &Path, programs: &str) {
    let at = directory.display();
    let head = format!("[supervisor]\nsocket = \"{at}/socket\"\n[log]\ndirectory = \"{at}/log\"\n");
    // A bed may set its own [supervisor] and [log] keys.
    let (extra_supervisor, extra_log, programs) = split_extras(programs);
    let head = head.replace("[log]\n", &format!("{extra_supervisor}[log]\n{extra_log}"));
    let text = format!("{head}{programs}").replace("DIR", &at.to_string());
    fs::write(directory.join("supervisor.toml"), text).unwrap();
}

/// Lines that start with `supervisor.` or `log.` belong to those tables.
fn split_extras(programs: &str) -> (String, String, String) {
    let (mut supervisor, mut log, mut rest) = (String::new(), String::new(), String::new());
    for line in programs.lines() {
        let (to, line) = match (line.strip_prefix("supervisor."), line.strip_prefix("log.")) {
            (Some(line), _) => (&mut supervisor, line),
            (_, Some(line)) => (&mut log, line),
            _ => (&mut rest, line),
        };
        to.push_str(line);
        to.push('\n');
    }
    (supervisor, log, rest)
}
