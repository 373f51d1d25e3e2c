//! The commands: parsing, requests to the supervisor, output.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{Args, CommandFactory, Parser, Subcommand};
use svara_supervisor::{
    config::DEFAULT_SOCKET,
    control::{Failure, Request, Response, ask_within, table},
    logs::Stream,
    process::{guard_main, shadow_main},
    supervisor::run,
    times::parse_time,
};

use crate::{
    exit_code::{BAD_CONFIGURATION, NOT_READY, UNKNOWN, UNREACHABLE},
    offline::{check, environment, import, read},
    out::put,
};

/// How often `status --watch` looks.
const WATCH_EVERY: Duration = Duration::from_secs(2);

/// How long to wait for an answer that needs no program's doing.
const ANSWER: Duration = Duration::from_secs(10);

/// Keep vLLM and the server running.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// Control socket [default: $SVARA_SUPERVISOR_SOCKET, else /run/svara-supervisor.sock].
    #[arg(long, global = true)]
    socket: Option<PathBuf>,
    /// How long to wait for the answer, as in 30s [default: 10s; 30m where a command waits for programs].
    #[arg(long, global = true, value_parser = time, allow_negative_numbers = true)]
    timeout: Option<Duration>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the programs in a file and keep them running.
    Run(File),
    /// Check a file without starting anything.
    Check {
        #[command(flatten)]
        file: File,
        /// Exit with 1 if this machine lacks something that the file names.
        #[arg(long)]
        strict: bool,
    },
    /// Translate a supervisord.conf; what can't be translated is told on standard error.
    Import {
        /// The supervisord.conf.
        file: PathBuf,
        /// Where to write the result [default: standard output].
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// Show the state of all programs; exits with 0 only if all are ready.
    Status {
        /// Programs to show [default: all].
        programs: Vec<String>,
        /// Print JSON even on a terminal.
        #[arg(long, conflicts_with = "table")]
        json: bool,
        /// Print the table even into a pipe.
        #[arg(long)]
        table: bool,
        /// Show it again every two seconds, until interrupted.
        #[arg(long)]
        watch: bool,
    },
    /// Start programs that are stopped, exited or failed.
    Start(Wish),
    /// Stop programs, dependents first.
    Stop {
        /// Programs to stop [default: all].
        programs: Vec<String>,
    },
    /// Stop programs and start them again.
    Restart {
        #[command(flatten)]
        wish: Wish,
        /// One replica at a time: the next when the last is ready. Implies --wait.
        #[arg(long)]
        rolling: bool,
    },
    /// Change the number of replicas of a program, until the file is reloaded.
    Scale {
        /// The program.
        program: String,
        /// The number of replicas, 1 to 64.
        #[arg(value_parser = number::<u32>, allow_negative_numbers = true)]
        replicas: u32,
    },
    /// Send a signal to programs and their children.
    Signal {
        /// Its name or number, such as HUP.
        signal: String,
        /// Programs; `all` for all.
        #[arg(required = true)]
        programs: Vec<String>,
    },
    /// Show the last lines of a program's output.
    Tail {
        /// The program.
        program: String,
        /// `stdout` or `stderr` [default: both].
        #[arg(value_parser = stream)]
        stream: Option<Stream>,
        /// Keep printing new lines.
        #[arg(short, long)]
        follow: bool,
        /// Number of lines; what memory doesn't have comes from the log files, rotated ones included.
        #[arg(short = 'n', long, default_value_t = 20, value_parser = number::<usize>, allow_negative_numbers = true)]
        lines: usize,
    },
    /// Show the last events.
    Events {
        /// Keep printing new events.
        #[arg(short, long)]
        follow: bool,
        /// Number of events, at most 256.
        #[arg(short = 'n', long, default_value_t = 50, value_parser = number::<usize>, allow_negative_numbers = true)]
        count: usize,
        /// Print JSON even on a terminal.
        #[arg(long)]
        json: bool,
    },
    /// Reload the file and apply changes; unchanged programs keep running.
    Reload {
        /// Only say what would change.
        #[arg(long)]
        dry_run: bool,
    },
    /// Empty the log files of programs; rotated files stay, and so does what isn't a regular file.
    Clear {
        /// Programs; `all` for all.
        #[arg(required = true)]
        programs: Vec<String>,
    },
    /// Reopen the log files after something else has moved them.
    Reopen,
    /// Print the metrics in Prometheus text format.
    Metrics,
    /// Stop all programs and exit.
    Shutdown,
    /// Print a script that completes commands in a shell.
    Completions {
        /// `bash`, `zsh`, `fish`, `elvish` or `powershell`.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
    /// Kill what a killed supervisor leaves behind.
    #[command(hide = true)]
    Guard { token: String },
    /// Do the guard's work if it is killed as well.
    #[command(hide = true)]
    Shadow { token: String, supervisor: i32 },
}

#[derive(Args)]
struct File {
    /// The configuration file.
    #[arg(short, long, default_value = "config/supervisor.toml")]
    config: PathBuf,
}

#[derive(Args)]
struct Wish {
    /// Programs [default: all].
    programs: Vec<String>,
    /// Wait until they are ready or have failed.
    #[arg(short, long)]
    wait: bool,
}

fn time(text: &str) -> Result<Duration, String> {
    parse_time(text, "expected a time such as 500ms, 30s or 5m")
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "expected a whole number")
}

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let code = match cli.command {
        Command::Run(file) => start(&file.config, cli.socket),
        Command::Check { file, strict } => check(&file.config, strict),
        Command::Import { file, output } => import(&file, output.as_deref()),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "svara-supervisor", &mut script);
            put(&script);
            0
        }
        Command::Man => {
            let mut page = Vec::new();
            let made = clap_mangen::Man::new(Cli::command()).render(&mut page);
            put(&page);
            u8::from(made.is_err())
        }
        Command::Guard { token } => {
            guard_main(&token);
            0
        }
        Command::Shadow { token, supervisor } => {
            shadow_main(&token, supervisor);
            0
        }
        command => client(cli.socket, cli.timeout, command),
    };
    ExitCode::from(code)
}

fn start(file: &Path, socket: Option<PathBuf>) -> u8 {
    let config = match read(file) {
        Ok(config) => config,
        Err(code) => return code,
    };
    match run(file, &environment(), config, socket) {
        Ok(code) => code,
        Err(error) => {
            warn!("svara-supervisor: {error}");
            1
        }
    }
}

fn client(socket: Option<PathBuf>, timeout: Option<Duration>, command: Command) -> u8 {
    let json = match &command {
        Command::Status { json, table, .. } => *json || !(*table || io::stdout().is_terminal()),
        Command::Events { json, .. } => *json || !io::stdout().is_terminal(),
        _ => false,
    };
    let watch = matches!(command, Command::Status { watch: true, .. });
    let request = match command {
        Command::Status { programs, .. } => Request::Status { programs },
        Command::Start(Wish { programs, wait }) => Request::Start { programs, wait },
        Command::Stop { programs } => Request::Stop { programs },
        Command::Restart { wish, rolling: true } => Request::Roll { programs: wish.programs },
        Command::Restart { wish: Wish { programs, wait }, .. } => Request::Restart { programs, wait },
        Command::Scale { program, replicas } => Request::Scale { program, replicas },
        Command::Signal { signal, programs } => Request::Signal { programs, signal },
        Command::Tail { program, stream, follow, lines } => Request::Tail { program, lines, stream, follow },
        Command::Events { follow, count, .. } => Request::Events { count, follow },
        Command::Reload { dry_run } => Request::Reload { dry_run },
        Command::Clear { programs } => Request::Clear { programs },
        Command::Reopen => Request::Reopen,
        Command::Metrics => Request::Metrics,
        Command::Shutdown => Request::Shutdown,
        Command::Run(_)
        | Command::Check { .. }
        | Command::Import { .. }
        | Command::Completions { .. }
        | Command::Man
        | Command::Guard { .. }
        | Command::Shadow { .. } => return UNKNOWN,
    };
    let socket = match socket.map_or_else(|| environment().expand(DEFAULT_SOCKET).map(PathBuf::from), Ok) {
        Ok(socket) => socket,
        Err(error) => {
            warn!("{error}");
            return UNREACHABLE;
        }
    };
    loop {
        // Home, and clear to the end of the screen.
        if watch && io::stdout().is_terminal() && !put(b"\x1b[H\x1b[J") {
            return 0;
        }
        let (code, is_read) = exchange(&socket, timeout, &request, json);
        if !watch || !is_read || code == UNREACHABLE {
            return code;
        }
        std::thread::sleep(WATCH_EVERY);
    }
}

/// Sends a request and prints the answer; returns the exit code, and whether somebody reads.
fn exchange(socket: &Path, timeout: Option<Duration>, request: &Request, json: bool) -> (u8, bool) {
    // Without any answer: the supervisor exited before it could give one.
    let (mut code, mut is_read) = (UNREACHABLE, true);
    let limit = timeout.or(Some(ANSWER).filter(|_| !request.follows() && !request.waits()));
    let asked = ask_within(socket, request, limit, |response| {
        code = exit_code_of(&response);
        // A reader that is gone (`| head`) wants no more.
        is_read = show(&response, json).is_ok();
        is_read
    });
    let code = match asked {
        Ok(()) if code == UNREACHABLE && matches!(request, Request::Tail { .. } | Request::Events { .. }) => {
            0
        }
        Ok(()) => code,
        Err(error) => {
            warn!("{error}");
            UNREACHABLE
        }
    };
    (code, is_read)
}

/// The exit code after one line of the answer.
fn exit_code_of(response: &Response) -> u8 {
    match response {
        Response::Status(report) if !report.ready => NOT_READY,
        Response::Error { failure, .. } => match failure {
            Failure::UnknownProgram => UNKNOWN,
            Failure::Configuration => BAD_CONFIGURATION,
            Failure::BadRequest | Failure::Failed => NOT_READY,
        },
        _ => 0,
    }
}

/// Prints one line of the answer.
fn show(response: &Response, json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match response {
        Response::Status(report) if json => writeln!(out, "{}", serde_json::to_string(report)?)?,
        Response::Status(report) => write!(out, "{}", table(report))?,
        Response::Done(lines) => lines.iter().try_for_each(|line| writeln!(out, "{line}"))?,
        Response::Line(line) => writeln!(out, "{}", line.text)?,
        Response::LeftOut(lines) => writeln!(out, "[{lines} lines left out]")?,
        Response::Event(event) if json => writeln!(out, "{}", serde_json::to_string(event)?)?,
        Response::Event(event) => write!(out, "{}", event.to_text())?,
        Response::Metrics(text) => write!(out, "{text}")?,
        Response::Error { message, .. } => warn!("{message}"),
    }
    out.flush()
}

fn stream(text: &str) -> Result<Stream, String> {
    match text {
        "stdout" => Ok(Stream::Stdout),
        "stderr" => Ok(Stream::Stderr),
        _ => Err("expected stdout or stderr".to_owned()),
    }
}
