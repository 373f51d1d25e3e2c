//! The configuration in force and its origin: what `reload`, `reload --dry-run` and `scale` read anew.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use tokio::sync::mpsc;

use super::{
    core::Core,
    reload::Started,
    reply::{refuse, send},
};
use crate::{
    config::{Config, ConfigError, MAX_REPLICAS, ProgramSpec, Variables, load_scaled},
    control::{Failure, Response},
    events::Kind,
};

/// The configuration and its origin.
pub(super) struct File {
    path: PathBuf,
    variables: Variables,
    /// That of the command line, which counts in place of that in the file.
    socket: Option<PathBuf>,
    config: Config,
    /// What stays as it was at the start, whatever the file says by now.
    started: Started,
    /// Numbers of replicas that an operator has asked for since the last reload.
    scaled: BTreeMap<String, u32>,
}

impl File {
    pub(super) fn new(
        path: &Path,
        variables: &Variables,
        mut config: Config,
        socket: Option<PathBuf>,
    ) -> Self {
        config.socket = socket.clone().unwrap_or(config.socket);
        let started = Started::of(&config);
        let (path, variables) = (path.to_owned(), variables.clone());
        Self { path, variables, socket, config, started, scaled: BTreeMap::new() }
    }

    /// What was read last.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    fn load(&self, scaled: &BTreeMap<String, u32>) -> Result<Config, ConfigError> {
        let config = load_scaled(&self.path, &self.variables, scaled)?;
        Ok(Config { socket: self.socket.clone().unwrap_or(config.socket.clone()), ..config })
    }

    /// Reads the file anew, which returns to its numbers of replicas.
    pub(super) fn reload(&mut self, core: &mut Core, reply: &mpsc::Sender<Response>) {
        self.apply(core, BTreeMap::new(), reply);
    }

    /// What a reload would do.
    pub(super) fn compare(&self, core: &Core, reply: &mpsc::Sender<Response>) {
        match self.load(&BTreeMap::new()) {
            Ok(config) => {
                send(reply, Response::Done(core.would_change(&self.config, &config, &self.started)));
            }
            Err(error) => refuse(reply, Failure::Configuration, error.describe(&self.path)),
        }
    }

    pub(super) fn scale(
        &mut self,
        core: &mut Core,
        name: &str,
        replicas: u32,
        reply: &mpsc::Sender<Response>,
    ) {
        if !(1..=MAX_REPLICAS).contains(&replicas) {
            let message =
                format!("`{replicas}`: expected a number from 1 to {MAX_REPLICAS}; `stop` stops all");
            return refuse(reply, Failure::BadRequest, message);
        }
        let programs = &self.config.programs;
        let named =
            |spec: &&ProgramSpec| spec.program == name || spec.aliases.iter().any(|alias| alias == name);
        let Some(program) = programs.iter().find(named).map(|spec| spec.program.clone()) else {
            let mut known: Vec<&str> = programs.iter().map(|spec| spec.program.as_str()).collect();
            known.dedup();
            let message = format!("`{name}` is not a program; programs are: {}", known.join(", "));
            return refuse(reply, Failure::UnknownProgram, message);
        };
        let mut scaled = self.scaled.clone();
        scaled.insert(program, replicas);
        self.apply(core, scaled, reply);
    }

    fn apply(&mut self, core: &mut Core, scaled: BTreeMap<String, u32>, reply: &mpsc::Sender<Response>) {
        match self.load(&scaled) {
            Ok(_) if core.is_shutting_down() => {
                refuse(reply, Failure::Failed, "the supervisor is shutting down".to_owned());
            }
            Ok(config) => {
                let lines = core.reload(&self.config, &config, &self.started);
                self.config = config;
                self.scaled = scaled;
                send(reply, Response::Done(lines));
            }
            Err(error) => {
                let message = error.describe(&self.path);
                core.services.note(Kind::Reload, None, None, Some(format!("refused: {message}")));
                refuse(reply, Failure::Configuration, message);
            }
        }
    }
}
