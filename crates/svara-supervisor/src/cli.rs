//! The commands: what is parsed, what is asked, how the answer is shown.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use svara_supervisor::{
    config::{Config, ConfigError, Variables, load},
    control::{DEFAULT_SOCKET, Failure, Request, Response, ask, table},
    logs::Stream,
    process::guard_main,
    supervisor::run,
};

/// Not all ready, or a command that failed.
const NOT_READY: u8 = 1;
/// No such program.
const UNKNOWN: u8 = 4;
/// The file has faults (`EX_CONFIG` would be 78; 64 is what our server uses).
const BAD_CONFIGURATION: u8 = 64;
/// No supervisor answers (`EX_UNAVAILABLE`).
const UNREACHABLE: u8 = 69;

/// Keeps vLLM and the server alive.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// Control socket [default: $SVARA_SUPERVISOR_SOCKET, else /run/svara-supervisor.sock].
    #[arg(long, global = true)]
    socket: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the programs of a file and keep them alive.
    Run(File),
    /// Check a file without starting anything.
    Check(File),
    /// Show how everything stands; exits with 0 only when all are ready.
    Status {
        /// Programs; all when none is named.
        programs: Vec<String>,
        /// JSON, also on a terminal.
        #[arg(long)]
        json: bool,
    },
    /// Start programs that are stopped, ended or given up.
    Start(Wish),
    /// Stop programs, those that come after others first.
    Stop {
        /// Programs; all when none is named.
        programs: Vec<String>,
    },
    /// Stop programs and start them anew.
    Restart(Wish),
    /// Show the last lines a program printed.
    Tail {
        /// The program.
        program: String,
        /// `stdout` or `stderr`; both when absent.
        #[arg(value_parser = stream)]
        stream: Option<Stream>,
        /// Go on with every new line.
        #[arg(short, long)]
        follow: bool,
        /// How many lines, 200 at most.
        #[arg(short = 'n', long, default_value_t = 20)]
        lines: usize,
    },
    /// Show the last events.
    Events {
        /// Go on with every new event.
        #[arg(short, long)]
        follow: bool,
        /// How many, 256 at most.
        #[arg(short = 'n', long, default_value_t = 50)]
        count: usize,
        /// JSON, also on a terminal.
        #[arg(long)]
        json: bool,
    },
    /// Read the file again and apply it to the programs that changed.
    Reload,
    /// Open the log files anew, after something else has moved them.
    Reopen,
    /// Print the metrics as Prometheus text.
    Metrics,
    /// Stop everything and end.
    Shutdown,
    /// The process that kills what a killed supervisor leaves behind.
    #[command(hide = true)]
    Guard { token: String },
}

#[derive(Args)]
struct File {
    /// The file.
    #[arg(short, long, default_value = "config/supervisor.toml")]
    config: PathBuf,
}

#[derive(Args)]
struct Wish {
    /// Programs; all when none is named.
    programs: Vec<String>,
    /// Wait until they are ready, or can't be.
    #[arg(short, long)]
    wait: bool,
}

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let code = match cli.command {
        Command::Run(file) => start(&file, cli.socket),
        Command::Check(file) => check(&file),
        Command::Guard { token } => {
            guard_main(&token);
            0
        }
        command => client(cli.socket, command),
    };
    ExitCode::from(code)
}

fn environment() -> Variables {
    // A variable that isn't Unicode can't be named in the file anyway.
    let unicode = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Variables::new(unicode)
}

fn read(file: &File) -> Result<Config, u8> {
    load(&file.config, &environment()).map_err(|error| {
        let path = file.config.display();
        match error {
            ConfigError::Read { .. } => eprintln!("{error}"),
            ConfigError::Faults(faults) => faults.iter().for_each(|fault| eprintln!("{path}: {fault}")),
            ConfigError::Syntax(_) => eprintln!("{path}: {error}"),
        }
        BAD_CONFIGURATION
    })
}

fn check(file: &File) -> u8 {
    match read(file) {
        Ok(config) => {
            let names: Vec<_> = config.programs.iter().map(|spec| spec.name.as_str()).collect();
            println!("{}: valid; start order: {}", file.config.display(), names.join(", "));
            for name in &config.disabled {
                println!("{name}: switched off by `enabled`");
            }
            0
        }
        Err(code) => code,
    }
}

fn start(file: &File, socket: Option<PathBuf>) -> u8 {
    let config = match read(file) {
        Ok(config) => Config { socket: socket.unwrap_or(config.socket.clone()), ..config },
        Err(code) => return code,
    };
    match run(&file.config, &environment(), config) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("svara-supervisor: {error}");
            1
        }
    }
}

fn client(socket: Option<PathBuf>, command: Command) -> u8 {
    let json = match &command {
        Command::Status { json, .. } | Command::Events { json, .. } => *json || !io::stdout().is_terminal(),
        _ => false,
    };
    let request = match command {
        Command::Status { programs, .. } => Request::Status { programs },
        Command::Start(Wish { programs, wait }) => Request::Start { programs, wait },
        Command::Stop { programs } => Request::Stop { programs },
        Command::Restart(Wish { programs, wait }) => Request::Restart { programs, wait },
        Command::Tail { program, stream, follow, lines } => Request::Tail { program, lines, stream, follow },
        Command::Events { follow, count, .. } => Request::Events { count, follow },
        Command::Reload => Request::Reload,
        Command::Reopen => Request::Reopen,
        Command::Metrics => Request::Metrics,
        Command::Shutdown => Request::Shutdown,
        Command::Run(_) | Command::Check(_) | Command::Guard { .. } => return UNKNOWN,
    };
    let socket = match socket.map_or_else(|| environment().expand(DEFAULT_SOCKET).map(PathBuf::from), Ok) {
        Ok(socket) => socket,
        Err(error) => {
            eprintln!("{error}");
            return UNREACHABLE;
        }
    };
    // An answer that never came: the supervisor ended before it could give one.
    let mut code = UNREACHABLE;
    let asked = ask(&socket, &request, |response| match show(&response, json) {
        Ok(shown) => {
            code = shown;
            true
        }
        // Whoever reads our output has gone (`| head`).
        Err(_) => {
            code = 0;
            false
        }
    });
    match asked {
        Ok(()) if code == UNREACHABLE && matches!(request, Request::Tail { .. } | Request::Events { .. }) => {
            0
        }
        Ok(()) => code,
        Err(error) => {
            eprintln!("{error}");
            UNREACHABLE
        }
    }
}

/// Prints one line of the answer and gives the exit code that goes with it.
fn show(response: &Response, json: bool) -> io::Result<u8> {
    let mut out = io::stdout().lock();
    match response {
        Response::Status(report) => {
            if json {
                writeln!(out, "{}", serde_json::to_string(report)?)?;
            } else {
                write!(out, "{}", table(report))?;
            }
            return Ok(if report.ready { 0 } else { NOT_READY });
        }
        Response::Done(lines) => lines.iter().try_for_each(|line| writeln!(out, "{line}"))?,
        Response::Line(line) => writeln!(out, "{}", line.text)?,
        Response::Event(event) if json => writeln!(out, "{}", serde_json::to_string(event)?)?,
        Response::Event(event) => write!(out, "{}", event.to_text())?,
        Response::Metrics(text) => write!(out, "{text}")?,
        Response::Error { failure, message } => {
            eprintln!("{message}");
            return Ok(match failure {
                Failure::UnknownProgram => UNKNOWN,
                Failure::Configuration => BAD_CONFIGURATION,
                Failure::BadRequest | Failure::Failed => NOT_READY,
            });
        }
    }
    out.flush()?;
    Ok(0)
}

fn stream(text: &str) -> Result<Stream, String> {
    match text {
        "stdout" => Ok(Stream::Stdout),
        "stderr" => Ok(Stream::Stderr),
        _ => Err("expected stdout or stderr".to_owned()),
    }
}
